//! A client that speaks just enough SMPP, written apart from the centre's own codec.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const BIND_RECEIVER: u32 = 1;
pub(crate) const BIND_TRANSMITTER: u32 = 2;
pub(crate) const QUERY_SM: u32 = 3;
pub(crate) const UNBIND: u32 = 6;
pub(crate) const CANCEL_SM: u32 = 8;
pub(crate) const BIND_TRANSCEIVER: u32 = 9;
pub(crate) const ENQUIRE_LINK: u32 = 0x15;
pub(crate) const SUBMIT_SM: u32 = 4;
pub(crate) const DELIVER_SM: u32 = 5;
pub(crate) const RESPONSE: u32 = 0x8000_0000;

/// A PDU as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pdu {
    pub(crate) command: u32,
    pub(crate) status: u32,
    pub(crate) sequence: u32,
    pub(crate) body: Vec<u8>,
}

impl Pdu {
    /// Message id of an answer.
    pub(crate) fn message_id(&self) -> String {
        String::from_utf8(self.body.split(|octet| *octet == 0).next().unwrap().to_vec()).unwrap()
    }

    /// What a deliver_sm says.
    pub(crate) fn delivered(&self) -> Delivered {
        assert_eq!(self.command, DELIVER_SM, "{self:?}");
        let mut rest = &self.body[..];
        let mut text = |skip: usize| {
            rest = &rest[skip..];
            let end = rest.iter().position(|octet| *octet == 0).unwrap();
            let text = String::from_utf8(rest[..end].to_vec()).unwrap();
            rest = &rest[end + 1..];
            text
        };
        text(0);
        let source = text(2);
        let destination = text(2);
        let esm_class = rest[0];
        rest = &rest[3..];
        // Two empty times, then four octets and the length.
        let length = usize::from(rest[6]);
        let message = rest[7..7 + length].to_vec();
        let mut rest = &rest[7 + length..];
        let mut tlvs = Vec::new();
        while rest.len() >= 4 {
            let (tag, length) =
                (u16::from_be_bytes([rest[0], rest[1]]), usize::from(u16::from_be_bytes([rest[2], rest[3]])));
            tlvs.push((tag, rest[4..4 + length].to_vec()));
            rest = &rest[4 + length..];
        }
        Delivered { source, destination, esm_class, message, tlvs }
    }
}

#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) source: String,
    pub(crate) destination: String,
    pub(crate) esm_class: u8,
    pub(crate) message: Vec<u8>,
    pub(crate) tlvs: Vec<(u16, Vec<u8>)>,
}

impl Delivered {
    pub(crate) fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|(own, _)| *own == tag).map(|(_, value)| &value[..])
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.message.clone()).unwrap()
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    sequence: u32,
}

pub(crate) fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    for word in [16 + body.len() as u32, command, status, sequence] {
        octets.extend(word.to_be_bytes());
    }
    octets.extend(body);
    octets
}

pub(crate) fn submit_body(destination: &str, user_data: &[u8], validity: &str, registered: u8) -> Vec<u8> {
    let mut body = vec![0, 1, 1];
    body.extend(b"4900123\0");
    body.extend([1, 1]);
    body.extend(destination.as_bytes());
    body.extend([0, 0x40, 0x7F, 0, 0]);
    body.extend(validity.as_bytes());
    body.extend([0, registered, 0, 0xF6, 0, user_data.len() as u8]);
    body.extend(user_data);
    body
}

impl Client {
    pub(crate) async fn connect(address: std::net::SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), sequence: 0 }
    }

    /// Connects and binds as a transceiver.
    pub(crate) async fn bound(address: std::net::SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        let answer = client.bind(BIND_TRANSCEIVER, "muster", "secret").await;
        assert_eq!((answer.command, answer.status), (BIND_TRANSCEIVER | RESPONSE, 0));
        client
    }

    pub(crate) async fn bind(&mut self, command: u32, system_id: &str, password: &str) -> Pdu {
        let body = format!("{system_id}\0{password}\0\0\x34\0\0\0");
        self.request(command, body.as_bytes()).await
    }

    pub(crate) async fn send(&mut self, command: u32, body: &[u8]) -> u32 {
        self.sequence += 1;
        let octets = pdu(command, 0, self.sequence, body);
        self.write(&octets).await;
        self.sequence
    }

    pub(crate) async fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// Writes what the centre may not want any more.
    pub(crate) async fn try_write(&mut self, octets: &[u8]) {
        let _ = self.stream.write_all(octets).await;
    }

    /// The next 16 octets, or `None` at the end of the connection.
    pub(crate) async fn head(&mut self) -> Option<[u8; 16]> {
        let mut head = [0; 16];
        self.stream.read_exact(&mut head).await.ok()?;
        Some(head)
    }

    pub(crate) async fn request(&mut self, command: u32, body: &[u8]) -> Pdu {
        let sequence = self.send(command, body).await;
        let answer = self.next().await;
        assert_eq!(answer.sequence, sequence);
        answer
    }

    pub(crate) async fn submit(&mut self, destination: &str, user_data: &[u8]) -> Pdu {
        self.request(SUBMIT_SM, &submit_body(destination, user_data, "", 1)).await
    }

    /// The next PDU. Nothing within ten seconds is a failure.
    pub(crate) async fn next(&mut self) -> Pdu {
        self.next_or_end().await.expect("the connection ended")
    }

    /// The next PDU, or `None` at the end of the connection.
    pub(crate) async fn next_or_end(&mut self) -> Option<Pdu> {
        tokio::time::timeout(Duration::from_secs(10), async {
            let head = self.head().await?;
            let word = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
            let mut body = vec![0; (word(0) as usize).saturating_sub(16).min(100_000)];
            self.stream.read_exact(&mut body).await.ok()?;
            Some(Pdu { command: word(4), status: word(8), sequence: word(12), body })
        })
        .await
        .expect("nothing came")
    }

    /// The next deliver_sm, acknowledged.
    pub(crate) async fn delivery(&mut self) -> Delivered {
        self.delivery_answered(0).await
    }

    /// The next deliver_sm, answered with a status.
    pub(crate) async fn delivery_answered(&mut self, status: u32) -> Delivered {
        let delivery = self.next().await;
        let octets = pdu(DELIVER_SM | RESPONSE, status, delivery.sequence, &[0]);
        self.write(&octets).await;
        delivery.delivered()
    }
}
