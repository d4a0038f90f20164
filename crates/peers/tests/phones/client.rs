//! A caller that knows just enough SIP for the tests, and shares nothing with the phones.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message as its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) from: SocketAddr,
}

impl Heard {
    pub(crate) fn status(&self) -> u16 {
        self.text.strip_prefix("SIP/2.0 ").map_or(0, |rest| rest[..3].parse().unwrap())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap();
        head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }

    /// The port of the audio line.
    pub(crate) fn audio_port(&self) -> u16 {
        let line = self.body().lines().find(|line| line.starts_with("m=audio ")).unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// A socket that calls and is called.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) socket: UdpSocket,
    pub(crate) to: SocketAddr,
    count: u32,
}

impl Client {
    pub(crate) async fn new(to: SocketAddr) -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), to, count: 0 }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) async fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.to).await.unwrap();
    }

    /// The next message, within reason.
    pub(crate) async fn next(&self) -> Heard {
        let mut buffer = vec![0; 65_535];
        let (length, from) = tokio::time::timeout(PATIENCE, self.socket.recv_from(&mut buffer))
            .await
            .expect("a message within 20 s")
            .unwrap();
        Heard { text: String::from_utf8(buffer[..length].to_vec()).unwrap(), from }
    }

    /// The next response with this status to a request of this method; others are passed over.
    pub(crate) async fn response(&self, status: u16, method: &str) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.status() == status && heard.header("cseq").unwrap().ends_with(method) {
                return heard;
            }
            assert!(heard.status() < 200 || heard.status() == status, "{}", heard.text);
        }
    }

    /// The next request of this method; others are passed over.
    pub(crate) async fn request(&self, method: &str) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.text.starts_with(method) {
                return heard;
            }
        }
    }

    /// Answers a request with 200.
    pub(crate) async fn ok(&self, request: &Heard, body: &str) {
        let mut text = "SIP/2.0 200 OK\r\n".to_owned();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let _ = write!(text, "{name}: {}\r\n", request.header(name).unwrap());
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
        self.socket.send_to(text.as_bytes(), request.from).await.unwrap();
    }

    /// A call to a number, with this description of audio.
    pub(crate) fn call(&mut self, number: &str, body: String) -> Call {
        self.count += 1;
        Call {
            number: number.to_owned(),
            body,
            id: format!("call-{}@test", self.count),
            local: self.address(),
            to: self.to,
            cseq: 1,
            extra: String::new(),
        }
    }
}

/// The offer of a caller whose sound comes to this port.
pub(crate) fn offer(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
    )
}

/// One call's requests.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    number: String,
    body: String,
    pub(crate) id: String,
    local: SocketAddr,
    to: SocketAddr,
    pub(crate) cseq: u32,
    /// Header lines that go into the INVITE.
    pub(crate) extra: String,
}

impl Call {
    fn text(&self, method: &str, to_tag: Option<&str>, cseq: u32, branch: &str, body: &str) -> String {
        let Self { number, id, local, to, .. } = self;
        let tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let extra = if method == "INVITE" { &*self.extra } else { "" };
        let cseq_method = method;
        format!(
            "{method} sip:{number}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK{branch}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:49301000@127.0.0.1>;tag=from-{id}\r\nTo: <sip:{number}@{to}>{tag}\r\n\
             Call-ID: {id}\r\nCSeq: {cseq} {cseq_method}\r\nContact: <sip:driver@{local}>\r\n{extra}\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    pub(crate) fn invite(&self) -> String {
        self.text("INVITE", None, self.cseq, &format!("i{}", self.cseq), &self.body)
    }

    pub(crate) fn cancel(&self) -> String {
        self.text("CANCEL", None, self.cseq, &format!("i{}", self.cseq), "")
    }

    /// The ACK of this final response.
    pub(crate) fn ack(&self, response: &Heard) -> String {
        let branch = if response.status() < 300 { "ack".into() } else { format!("i{}", self.cseq) };
        self.text("ACK", Some(&tag_of(response)), self.cseq, &branch, "")
    }

    pub(crate) fn bye(&self, response: &Heard) -> String {
        self.text("BYE", Some(&tag_of(response)), self.cseq + 1, "bye", "")
    }

    /// A re-INVITE with this description.
    pub(crate) fn again(&self, response: &Heard, body: &str) -> String {
        self.text("INVITE", Some(&tag_of(response)), self.cseq + 1, "again", body)
    }
}

pub(crate) fn tag_of(response: &Heard) -> String {
    response.header("to").unwrap().split_once(";tag=").unwrap().1.to_owned()
}
