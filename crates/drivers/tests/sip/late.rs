//! What comes too late, or never, from a far side that is no telephone.

use crate::bench::{Bench, Judge, LIMIT, trunk, until};
use muster_app::ports::{CallPhase, LegEvent, Party, Telephony as _};
use muster_drivers::sip::{TrunkAuth, TrunkSettings};
use muster_drivers::sms::Password;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

/// A far side that does only what it is told.
struct Far {
    socket: UdpSocket,
}

impl Far {
    async fn new() -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap() }
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().unwrap().port()
    }

    /// The next request with that method; others are dropped.
    async fn next(&self, method: &str) -> (String, SocketAddr) {
        let mut buffer = [0; 4096];
        let waiting = async {
            loop {
                let (length, from) = self.socket.recv_from(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.starts_with(method) {
                    return (text, from);
                }
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("no {method} came"))
    }

    /// How many requests with that method are waiting to be read.
    fn waiting(&self, method: &str) -> usize {
        let mut buffer = [0; 4096];
        let mut count = 0;
        while let Ok((length, _)) = self.socket.try_recv_from(&mut buffer) {
            count += usize::from(buffer[..length].starts_with(method.as_bytes()));
        }
        count
    }

    async fn answer(&self, request: &(String, SocketAddr), status: &str, tag: &str, sdp: bool) {
        let port = self.port();
        let head = format!("Contact: <sip:far@127.0.0.1:{port}>\r\n");
        if !sdp {
            return self.answer_with(request, status, tag, &head).await;
        }
        let body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n";
        let head =
            format!("{head}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        self.answer_with(request, status, tag, &head).await;
    }

    async fn answer_with(&self, (request, to): &(String, SocketAddr), status: &str, tag: &str, more: &str) {
        let kept = request.lines().filter(|line| {
            ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
        });
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in kept {
            let tagged = line.starts_with("To:") && !line.contains("tag=") && !tag.is_empty();
            let tag = if tagged { format!(";tag={tag}") } else { String::new() };
            let _ = write!(text, "{line}{tag}\r\n");
        }
        text.push_str(more);
        if !more.contains("\r\n\r\n") {
            text.push_str("Content-Length: 0\r\n\r\n");
        }
        self.socket.send_to(text.as_bytes(), to).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_after_we_gave_up_is_acknowledged_and_ended() {
    let far = Far::new().await;
    let mut bench = Bench::with(|settings| {
        settings.timers.first_response_ms = 200;
        settings.trunks = vec![trunk("t", far.port())];
    })
    .await;
    let leg = bench.call("4930222").await.unwrap();
    let invite = far.next("INVITE").await;
    let events = bench.rest_of(leg).await;
    assert!(matches!(
        events[..],
        [LegEvent::Failed { status: None, phase: CallPhase::Silent, by_us: true, .. }]
    ));
    far.waiting("INVITE");
    far.answer(&invite, "200 OK", "late", true).await;
    far.next("ACK").await;
    let bye = far.next("BYE").await;
    far.answer(&bye, "200 OK", "", false).await;
    bench.quiet().await;
}

#[tokio::test]
async fn what_rings_only_after_we_hung_up_is_cancelled() {
    let far = Far::new().await;
    let mut bench = Bench::start(vec![trunk("t", far.port())]).await;
    let leg = bench.call("4930222").await.unwrap();
    let invite = far.next("INVITE").await;
    bench.driver.hang_up(leg).await;
    let events = bench.rest_of(leg).await;
    assert!(matches!(
        events[..],
        [LegEvent::Failed { status: None, phase: CallPhase::Silent, by_us: true, .. }]
    ));
    assert_eq!(far.waiting("CANCEL"), 0, "nothing may be cancelled before it was heard of");
    far.answer(&invite, "180 Ringing", "x", false).await;
    let cancel = far.next("CANCEL").await;
    far.answer(&cancel, "200 OK", "x", false).await;
    far.answer(&invite, "487 Request Terminated", "x", false).await;
    far.next("ACK").await;
}

#[tokio::test]
async fn a_registration_is_as_long_as_the_trunk_wants_kept_up_and_taken_back() {
    let far = Far::new().await;
    let register = TrunkSettings {
        auth: TrunkAuth::Register,
        username: "muster".to_owned(),
        password: Some(Password::new("right")),
        register_expires_s: 10,
        ..trunk("t", far.port())
    };
    let bench = Bench::start(vec![register]).await;
    let up = || bench.driver.trunks()[0].up;
    let first = far.next("REGISTER").await;
    assert!(first.0.contains("\r\nExpires: 10\r\n"), "{}", first.0);
    far.answer_with(&first, "503 Service Unavailable", "x", "").await;
    let again = far.next("REGISTER").await;
    assert!(!up());
    far.answer_with(&again, "423 Interval Too Brief", "x", "Min-Expires: 20\r\n").await;
    let longer = far.next("REGISTER").await;
    assert!(longer.0.contains("\r\nExpires: 20\r\n"), "{}", longer.0);
    // Granted for one second only, so that the refresh can be waited for: it comes after 0.8.
    far.answer_with(&longer, "200 OK", "x", "Expires: 1\r\n").await;
    let granted = Instant::now();
    until("the trunk is registered", up).await;
    let refresh = far.next("REGISTER").await;
    assert!(granted.elapsed() >= Duration::from_millis(700));
    far.answer_with(&refresh, "200 OK", "x", "Expires: 3600\r\n").await;
    let ((), taken_back) = tokio::join!(bench.driver.stop(LIMIT), async {
        let last = far.next("REGISTER").await;
        far.answer_with(&last, "200 OK", "x", "").await;
        last.0
    });
    assert!(taken_back.contains("\r\nExpires: 0\r\n"), "{taken_back}");
}

#[tokio::test]
async fn a_session_that_cannot_be_refreshed_is_ended() {
    for (scenario, party) in [("refreshed", Party::Far), ("forgotten", Party::Lost)] {
        let judge = Judge::called(scenario, 1).await;
        let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
        let leg = bench.call("4930222").await.unwrap();
        bench.answered(leg).await;
        let events = bench.rest_of(leg).await;
        assert!(
            matches!(&events[..], [LegEvent::Ended { by, .. }] if *by == party),
            "{scenario}: {events:?}"
        );
        judge.agrees().await;
        bench.quiet().await;
    }
}

#[tokio::test]
async fn nonsense_does_not_stop_the_driver() {
    let mut bench = Bench::start(Vec::new()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let head = "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: n\r\n";
    for text in [
        String::new(),
        "\0\u{1}\u{2}".to_owned(),
        "INVITE\r\n\r\n".to_owned(),
        "INVITE sip: SIP/2.0\r\n\r\n".to_owned(),
        format!("INVITE sip:x SIP/2.0\r\n{head}CSeq: 99999999999999 INVITE\r\n\r\n"),
        format!(
            "REGISTER sip:x SIP/2.0\r\n{head}CSeq: 1 REGISTER\r\nAuthorization: Digest username=\"\r\n\r\n"
        ),
        format!("REGISTER sip:x SIP/2.0\r\n{head}CSeq: 2 REGISTER\r\nContact: <<<>\r\nExpires: -1\r\n\r\n"),
        format!("OPTIONS sip:x SIP/2.0\r\n{head}CSeq: 1 OPTIONS\r\nContent-Length: 99999\r\n\r\n"),
        format!(
            "BYE sip:x SIP/2.0\r\n{}CSeq: 1 BYE\r\n\r\n",
            head.replace("<sip:c@d>", "<sip:c@d>;tag=;tag")
        ),
        "SIP/2.0 200 OK\r\n\r\n".to_owned(),
        "SIP/2.0 999\r\nCSeq: x\r\n\r\n".to_owned(),
    ] {
        socket.send_to(text.as_bytes(), bench.driver.address()).await.unwrap();
    }
    let judge = Judge::caller("incoming", &bench, &[]);
    while !matches!(bench.next().await, muster_app::ports::TelephonyEvent::Incoming { ref caller, .. } if caller == "4930222")
    {
    }
    judge.agrees().await;
}
