//! The phones over real sockets.

mod client;

use client::{Client, Heard, offer, tag_of};
use muster_peers::phones::{
    AgentHabits, AgentOrder, AgentsSettings, CallRecord, End, Mix, Phones, PhonesSettings, Side, TlsSettings,
    agent_tone, tone_of,
};
use rustls::{ClientConfig, RootCertStore};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

async fn phones(change: impl FnOnce(&mut PhonesSettings)) -> Phones {
    let mut settings = PhonesSettings { speed: 10.0, ..PhonesSettings::default() };
    change(&mut settings);
    Phones::start(settings).await.unwrap()
}

/// Phones of agents `7-1` and `7-2`, names that look like numbers, whose registrar is the client.
async fn agents(client: &Client, habits: AgentHabits) -> Phones {
    let mut settings = AgentsSettings::of_client(client.address(), "7", 1..3, "{client}-{uid}", "pw-{uid}");
    for phone in &mut settings.phones {
        phone.habits = habits.clone();
    }
    phones(|phones| phones.agents = Some(settings)).await
}

/// Calls a number until it is answered and acknowledged.
async fn up(client: &mut Client, number: &str, port: u16) -> (client::Call, Heard) {
    let call = client.call(number, offer(port));
    client.send(&call.invite()).await;
    let answer = client.response(200, "INVITE").await;
    client.send(&call.ack(&answer)).await;
    (call, answer)
}

async fn until(phones: &Phones, what: &str, wanted: impl Fn(&[CallRecord]) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), phones.until(|calls, _| wanted(calls))).await;
    assert!(waited.is_ok(), "{what}: {:#?}", phones.calls());
}

#[tokio::test]
async fn a_call_is_answered_heard_and_hung_up() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    let sound = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let call = client.call("+4930123902", offer(sound.local_addr().unwrap().port()));
    client.send(&call.invite()).await;
    client.response(100, "INVITE").await;
    let ringing = client.response(180, "INVITE").await;
    let answer = client.response(200, "INVITE").await;
    assert_eq!(tag_of(&ringing), tag_of(&answer));
    assert!(
        answer.body().contains("m=audio ") && answer.body().contains(" RTP/AVP 0 101"),
        "{}",
        answer.text
    );
    client.send(&call.ack(&answer)).await;
    let mut packet = [0; 400];
    for _ in 0..5 {
        let (length, from) = sound.recv_from(&mut packet).await.unwrap();
        assert_eq!((length, packet[1] & 0x7F, from.port()), (172, 0, answer.audio_port()));
        sound.send_to(&packet[..length], from).await.unwrap();
    }
    until(&phones, "five packets", |calls| calls[0].rtp_received == 5).await;
    client.send(&call.bye(&answer)).await;
    client.response(200, "BYE").await;
    let calls = phones.stop().await;
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((&*call.number, &*call.caller, &*call.behaviour), ("4930123902", "49301000", "answers"));
    assert_eq!((call.end, call.status), (Some(End::CallerHungUp), Some(200)));
    assert!(call.rang_ms() >= Some(200) && call.acknowledged_ms.is_some() && call.waited_ms().is_some());
    assert!(call.rtp_sent >= 5 && call.heard.len() == 1 && !call.heard_tone(tone_of("4930123902")));
}

#[tokio::test]
async fn a_call_that_nobody_answers_is_cancelled() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    let call = client.call("4930123943", offer(9));
    client.send(&call.invite()).await;
    client.response(180, "INVITE").await;
    client.send(&call.cancel()).await;
    client.response(200, "CANCEL").await;
    let ended = client.response(487, "INVITE").await;
    client.send(&call.ack(&ended)).await;
    until(&phones, "cancelled", |calls| calls[0].end == Some(End::Cancelled)).await;
}

#[tokio::test]
async fn a_phone_that_hangs_up_learns_that_it_was_heard() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    up(&mut client, "4930123911", 9).await;
    let bye = client.request("BYE").await;
    assert_eq!(bye.header("from").unwrap().split_once(";tag=").is_some(), bye.header("to").is_some());
    client.ok(&bye, "").await;
    until(&phones, "BYE answered", |calls| calls[0].bye_status == Some(200)).await;
    assert_eq!(phones.calls()[0].end, Some(End::PhoneHungUp));
}

/// Two callees whose sound goes to each other, by re-INVITE.
#[tokio::test]
async fn the_tones_prove_a_bridge() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    let (first, first_answer) = up(&mut client, "4930123996", 9).await;
    let (_, second_answer) = up(&mut client, "4931555996", first_answer.audio_port()).await;
    client.send(&first.again(&first_answer, &offer(second_answer.audio_port()))).await;
    client.response(200, "INVITE").await;
    let tone = tone_of("996");
    until(&phones, "each hears the other", |calls| calls.iter().all(|call| call.heard_tone(tone))).await;
    assert!(!phones.calls()[0].heard_tone(tone_of("4930123900")));
}

#[tokio::test]
async fn keys_go_from_phone_to_phone() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    let (_, answer) = up(&mut client, "4930123907", 9).await;
    up(&mut client, "4930123932", answer.audio_port()).await;
    up(&mut client, "4930123933", answer.audio_port()).await;
    until(&phones, "keys", |calls| calls[0].keys_heard.len() == 4).await;
    let mut keys: Vec<_> = phones.calls()[0].keys_heard.chars().collect();
    keys.sort_unstable();
    assert_eq!(keys, ['#', '1', '2', '5']);
}

#[tokio::test]
async fn a_silent_phone_sends_no_sound_and_a_moved_one_from_elsewhere() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    let sound = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = sound.local_addr().unwrap().port();
    up(&mut client, "4930123982", port).await;
    let (_, answer) = up(&mut client, "4930123991", port).await;
    let mut packet = [0; 400];
    let mut from = Vec::new();
    while from.len() < 2 {
        let (_, peer) = tokio::time::timeout(Duration::from_secs(20), sound.recv_from(&mut packet))
            .await
            .unwrap()
            .unwrap();
        if !from.contains(&peer.port()) {
            from.push(peer.port());
        }
    }
    assert_eq!(from[0], answer.audio_port(), "only the second speaks");
    let calls = phones.stop().await;
    assert!(calls[0].rtp_sent == 0 && calls[1].rtp_sent > 50, "{calls:?}");
}

#[tokio::test]
async fn calls_come_over_tcp_as_well() {
    let phones = phones(|_| ()).await;
    let mut stream = TcpStream::connect(phones.addr()).await.unwrap();
    let mut client = Client::new(phones.addr()).await;
    let call = client.call("4930123940", offer(9));
    let text = format!("\r\n\r\n{}{}", call.invite(), call.invite());
    // In two pieces: a stream knows no messages.
    stream.write_all(&text.as_bytes()[..100]).await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(&text.as_bytes()[100..]).await.unwrap();
    let heard = read_until(&mut stream, "SIP/2.0 486").await;
    let mut buffer = [0; 4_096];
    assert!(heard.starts_with("\r\n") && heard.contains("SIP/2.0 100"), "{heard}");
    assert_eq!(phones.calls().len(), 1);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    loop {
        match tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.unwrap() {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    assert_eq!(phones.counters().malformed, 1);
}

#[tokio::test]
async fn calls_come_over_tls_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificates, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificates, issued.cert.pem()).unwrap();
    std::fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let phones = phones(|settings| settings.tls = Some(TlsSettings { listen, certificates, key })).await;
    let address = phones.tls_addr().unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(issued.cert.der().clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let plain = TcpStream::connect(address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), plain).await.unwrap();
    let mut client = Client::new(address).await;
    stream.write_all(client.call("4930123900", offer(9)).invite().as_bytes()).await.unwrap();
    let heard = read_until(&mut stream, "SIP/2.0 200").await;
    assert!(heard.contains(&format!("<sip:4930123900@{address};transport=tls>")), "{heard}");

    // Whoever does not shake hands is not served, and disturbs nobody.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"OPTIONS sip:a SIP/2.0\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), plain.read_to_end(&mut rest)).await;
    assert!(closed.is_ok() && !rest.starts_with(b"SIP"));
}

/// Reads until this was heard.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), wanted: &str) -> String {
    let mut heard = String::new();
    let mut buffer = [0; 4_096];
    while !heard.contains(wanted) {
        let read =
            tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "{heard}");
        heard.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    heard
}

#[tokio::test]
async fn what_is_no_sip_is_counted_and_passed_over() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    for rubbish in ["x", "INVITE", "INVITE sip:a SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\nVia: x\r\n\r\n"] {
        client.send(rubbish).await;
    }
    let call = client.call("4930123940", offer(9));
    client.send(&call.invite()).await;
    client.response(486, "INVITE").await;
    assert_eq!(phones.counters().malformed, 4);
}

#[tokio::test]
async fn the_log_has_a_line_for_each_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.ndjson");
    let phones = phones(|settings| settings.log = Some(path.clone())).await;
    let mut client = Client::new(phones.addr()).await;
    let (call, answer) = up(&mut client, "4930123901", 9).await;
    client.send(&call.bye(&answer)).await;
    client.response(200, "BYE").await;
    up(&mut client, "4930123902", 9).await;
    let calls = phones.stop().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let logged: Vec<CallRecord> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(logged, calls);
    assert_eq!((logged[0].end, logged[1].end), (Some(End::CallerHungUp), None), "the second was not over");
}

#[tokio::test]
async fn a_thousand_drawn_calls_at_once() {
    // So slow that nobody answers meanwhile, however busy the machine is.
    let mix = Mix { human: 1.0, mailbox: 0.0, busy: 0.0, invalid: 0.0, unreachable: 0.0, ..Mix::default() };
    let phones = phones(|settings| {
        settings.channels_max = Some(800);
        settings.speed = 0.01;
        settings.mix = mix;
    })
    .await;
    let mut client = Client::new(phones.addr()).await;
    for number in 0..1_000 {
        let invite = client_invite(&mut client, number);
        client.send(&invite).await;
        if number % 50 == 49 {
            // No faster than the socket's buffer is read.
            until(&phones, "read", |calls| calls.len() as u32 > number).await;
        }
    }
    let counters = phones.counters();
    assert_eq!((counters.refused_channels, counters.open_max, counters.open), (200, 800, 800));
}

fn client_invite(client: &mut Client, number: u32) -> String {
    client.call(&format!("49301{number:06}"), offer(9)).invite().replace("49301000@", "49300@")
}

#[tokio::test]
async fn agents_register_answer_and_hear() {
    let nowhere = Client::new("127.0.0.1:9".parse().unwrap()).await;
    let phones = agents(&nowhere, AgentHabits::default()).await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let register = nowhere.request("REGISTER").await;
        assert_eq!(register.from, phones.agents_addr());
        nowhere.ok(&register, "").await;
        let to = register.header("to").unwrap().to_owned();
        if !seen.contains(&to) {
            seen.push(to);
        }
    }
    phones.until(|_, counters| counters.registered == 2).await;
    assert!(phones.is_registered("7-1") && !phones.is_registered("7-3"));

    // Both are called, and hear each other.
    let mut caller = Client::new(phones.agents_addr()).await;
    let (first, first_answer) = up(&mut caller, "7-1", 9).await;
    let (_, second_answer) = up(&mut caller, "7-2", first_answer.audio_port()).await;
    caller.send(&first.again(&first_answer, &offer(second_answer.audio_port()))).await;
    caller.response(200, "INVITE").await;
    until(&phones, "tones", |calls| calls[0].heard_tone(agent_tone(1)) && calls[1].heard_tone(agent_tone(0)))
        .await;
    assert!(phones.calls().iter().all(|call| call.side == Side::Agent));

    assert!(phones.order("7-2", &AgentOrder::Press("*".into())));
    until(&phones, "the star key", |calls| calls[0].keys_heard == "*").await;
    assert!(phones.order("7-1", &AgentOrder::HangUp));
    caller.request("BYE").await;
    assert!(!phones.order("7-1", &AgentOrder::HangUp), "it has no call any more");
    assert!(phones.order("7-2", &AgentOrder::Vanish));
    assert!(!phones.is_registered("7-2"));
    until(&phones, "vanished", |calls| calls[1].end == Some(End::Vanished)).await;
}

#[tokio::test]
async fn agents_end_conversations_by_themselves() {
    let nowhere = Client::new("127.0.0.1:9".parse().unwrap()).await;
    let habits = AgentHabits { star_share: 1.0, talk_mean_s: 3.0, talk_cv: 0.0, ..AgentHabits::default() };
    let phones = agents(&nowhere, habits).await;
    let mut caller = Client::new(phones.agents_addr()).await;
    let (_, answer) = up(&mut caller, "7-1", 9).await;
    let mut client = Client::new(phones.addr()).await;
    let (_, callee) = up(&mut client, "4930123996", answer.audio_port()).await;
    assert_ne!(callee.audio_port(), answer.audio_port());
    until(&phones, "the star key", |calls| calls[0].keys_pressed == "*").await;
    // What was heard is told a little later than what was pressed.
    until(&phones, "the tone", |calls| calls[0].heard_tone(tone_of("4930123996"))).await;
}

#[tokio::test]
async fn phones_do_not_start_where_they_cannot() {
    let taken = phones(|_| ()).await;
    let address = taken.addr();
    for (change, message) in [
        (
            Box::new(|settings: &mut PhonesSettings| settings.listen = "0.0.0.0:0".parse().unwrap())
                as Box<dyn FnOnce(&mut PhonesSettings)>,
            "stands for every address",
        ),
        (Box::new(|settings: &mut PhonesSettings| settings.speed = 0.0), "speed"),
        (Box::new(|settings: &mut PhonesSettings| settings.mix.human = 2.0), "share"),
        (Box::new(move |settings: &mut PhonesSettings| settings.listen = address), "cannot listen"),
    ] {
        let mut settings = PhonesSettings::default();
        change(&mut settings);
        let error = Phones::start(settings).await.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
