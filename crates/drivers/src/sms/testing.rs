//! What the tests of this driver share.

use super::gateway::SmppGateway;
use super::session::{Connect, Stream};
use super::settings::RouteSettings;
use async_trait::async_trait;
use muster_app::ports::{
    PacketOutcome, RouteState, RouteStatus, SeededEntropy, SmsGateway, SmsPacket, SubmitOutcome,
};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The octets that hexadecimal text writes; blanks are left out.
pub(crate) fn octets(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A packet that updates EF_HPPLMN on a card with test keys, and the `submit_sm` with sequence number 7 that
/// carries it from 4900123 with a validity of one day.
pub(crate) fn worked_example() -> (SmsPacket, Vec<u8>) {
    let user_data = octets(
        "02700000301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497",
    );
    let mut pdu = octets(
        "00000079 00000004 00000000 00000007
         00 01 01 3439303031323300 01 01 34393137303030303030303100
         40 7F 00 00 3030303030313030303030303030305200 01 00 F6 00 35",
    );
    pdu.extend_from_slice(&user_data);
    let packet = SmsPacket {
        destination: "491700000001".to_owned(),
        segments: vec![user_data],
        validity_s: 86_400,
        reference: 0,
        route: None,
    };
    (packet, pdu)
}

/// A message centre that a test plays octet by octet. Connections are made in memory, so that paused time
/// runs on only when both sides wait for it.
pub(crate) struct Centre {
    connections: mpsc::UnboundedReceiver<(String, DuplexStream)>,
}

struct Connector(mpsc::UnboundedSender<(String, DuplexStream)>);

#[async_trait]
impl Connect for Connector {
    async fn connect(&self, host: &str, _: u16) -> io::Result<Box<dyn Stream>> {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        self.0.send((host.to_owned(), theirs)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(ours))
    }
}

/// One PDU as a centre hears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pdu {
    pub(crate) id: u32,
    pub(crate) status: u32,
    pub(crate) sequence: u32,
    pub(crate) body: Vec<u8>,
}

impl Pdu {
    /// Where the body holds these octets.
    pub(crate) fn holds(&self, octets: &[u8]) -> bool {
        self.body.windows(octets.len()).any(|window| window == octets)
    }
}

/// One connection as the centre sees it.
pub(crate) struct Session {
    stream: DuplexStream,
}

pub(crate) const BIND: u32 = 0x09;
pub(crate) const SUBMIT: u32 = 0x04;
pub(crate) const DELIVER: u32 = 0x05;
pub(crate) const ENQUIRE: u32 = 0x15;
pub(crate) const UNBIND: u32 = 0x06;
pub(crate) const RESPONSE: u32 = 0x8000_0000;

impl Centre {
    /// A gateway over `routes` and the centre that it connects to.
    pub(crate) fn with(routes: Vec<RouteSettings>) -> (Arc<SmppGateway>, Self) {
        let (sender, connections) = mpsc::unbounded_channel();
        let entropy = Arc::new(SeededEntropy::new(1));
        let gateway = SmppGateway::start_over(routes, entropy, Arc::new(Connector(sender))).unwrap();
        (Arc::new(gateway), Self { connections })
    }

    /// The next connection, not bound yet.
    pub(crate) async fn connection(&mut self) -> Session {
        self.connection_to().await.1
    }

    /// The next connection and the host that it was made to.
    pub(crate) async fn connection_to(&mut self) -> (String, Session) {
        let (host, stream) = self.connections.recv().await.expect("the gateway lives");
        (host, Session { stream })
    }

    /// The next connection, bound.
    pub(crate) async fn bound(&mut self) -> Session {
        let mut session = self.connection().await;
        session.accept_bind().await;
        session
    }

    /// Whether nobody connects for so long.
    pub(crate) async fn is_left_alone_for(&mut self, time: Duration) -> bool {
        timeout(time, self.connections.recv()).await.is_err()
    }
}

impl Session {
    pub(crate) async fn accept_bind(&mut self) {
        let bind = self.hear().await;
        assert_eq!(bind.id, BIND);
        self.say(BIND | RESPONSE, 0, bind.sequence, b"centre\0").await;
    }

    /// The next PDU; the connection must last.
    pub(crate) async fn hear(&mut self) -> Pdu {
        self.hear_or_end().await.expect("the connection lasts")
    }

    /// The next PDU, or `None` when the gateway ended the connection.
    pub(crate) async fn hear_or_end(&mut self) -> Option<Pdu> {
        let mut header = [0; 16];
        self.stream.read_exact(&mut header).await.ok()?;
        let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; word(0) as usize - 16];
        self.stream.read_exact(&mut body).await.ok()?;
        Some(Pdu { id: word(4), status: word(8), sequence: word(12), body })
    }

    /// The next PDU that is no test of the link.
    pub(crate) async fn hear_beyond_enquiries(&mut self) -> Pdu {
        loop {
            let pdu = self.hear().await;
            if pdu.id != ENQUIRE {
                return pdu;
            }
            self.say(ENQUIRE | RESPONSE, 0, pdu.sequence, b"").await;
        }
    }

    /// The next PDU, which submits.
    pub(crate) async fn submission(&mut self) -> Pdu {
        let pdu = self.hear().await;
        assert_eq!(pdu.id, SUBMIT, "{pdu:?}");
        pdu
    }

    /// Whether nothing is heard for so long.
    pub(crate) async fn is_silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.stream.read_u8()).await.is_err()
    }

    pub(crate) async fn say(&mut self, id: u32, status: u32, sequence: u32, body: &[u8]) {
        let mut pdu = Vec::new();
        for word in [16 + body.len() as u32, id, status, sequence] {
            pdu.extend_from_slice(&word.to_be_bytes());
        }
        pdu.extend_from_slice(body);
        self.say_octets(&pdu).await;
    }

    pub(crate) async fn say_octets(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.expect("the connection lasts");
    }

    /// Says something to a peer that may be gone.
    pub(crate) async fn try_say_octets(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await
    }

    /// Answers a submission.
    pub(crate) async fn answer(&mut self, submission: &Pdu, status: u32, message_id: &str) {
        let body = [message_id.as_bytes(), b"\0"].concat();
        self.say(SUBMIT | RESPONSE, status, submission.sequence, &body).await;
    }

    /// Sends a `deliver_sm` from a card.
    pub(crate) async fn deliver(&mut self, sequence: u32, esm_class: u8, octets: &[u8], tlvs: &[u8]) {
        let mut body = b"\0\x01\x01491700000001\0\x01\x014900123\0".to_vec();
        body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 0, 0, 0, 0, octets.len() as u8]);
        body.extend_from_slice(octets);
        body.extend_from_slice(tlvs);
        self.say(DELIVER, 0, sequence, &body).await;
    }
}

/// A route called `name` with every default.
pub(crate) fn route(name: &str) -> RouteSettings {
    RouteSettings::new(name, (name, 2775), ("me", "secret"), "4900123")
}

/// A packet of so many segments to a card.
pub(crate) fn packet(destination: &str, segments: usize) -> SmsPacket {
    SmsPacket {
        destination: destination.to_owned(),
        segments: (1..=segments).map(|number| vec![2, 0x70, 0, number as u8]).collect(),
        validity_s: 3600,
        reference: 1,
        route: None,
    }
}

/// Sends in the background.
pub(crate) fn send(gateway: &Arc<SmppGateway>, packet: SmsPacket) -> JoinHandle<PacketOutcome> {
    let gateway = Arc::clone(gateway);
    tokio::spawn(async move { gateway.send(packet).await })
}

/// Waits until the only route stands so.
pub(crate) async fn stands(gateway: &SmppGateway, state: RouteState) -> RouteStatus {
    until(gateway, |status| status.state == state).await
}

/// Waits until the only route gives a reason that holds `part`.
pub(crate) async fn told(gateway: &SmppGateway, part: &str) -> RouteStatus {
    until(gateway, |status| status.reason.contains(part)).await
}

async fn until(gateway: &SmppGateway, wanted: impl Fn(&RouteStatus) -> bool) -> RouteStatus {
    for _ in 0..10_000 {
        let status = gateway.routes().remove(0);
        if wanted(&status) {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came to that: {:?}", gateway.routes());
}

/// Closes in the background.
pub(crate) fn close(gateway: &Arc<SmppGateway>) -> JoinHandle<()> {
    let gateway = Arc::clone(gateway);
    tokio::spawn(async move { gateway.close().await })
}

pub(crate) fn accepted(message_id: &str) -> SubmitOutcome {
    SubmitOutcome::Accepted { message_id: message_id.to_owned() }
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
