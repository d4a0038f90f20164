//! Messages: read, and written.

use std::fmt::Write as _;

/// Longest header part that is read. What is longer is no message of a telephone.
const HEAD_MAX: usize = 32 * 1024;
/// Longest body that is read.
pub(crate) const BODY_MAX: usize = 64 * 1024;
/// Most header lines that are read.
const HEADERS_MAX: usize = 256;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Request { method: String, uri: String },
    Response { status: u16 },
}

/// A message. Names of headers are in lower case and long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start: Start,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the octets on a stream are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framed {
    /// Not all is there yet.
    More,
    /// An empty line between messages (RFC 5626 §4.4.1), of so many octets.
    KeepAlive(usize),
    /// A message of so many octets.
    Message(usize),
    /// No SIP: the connection is of no use any more.
    Broken,
}

/// How long the first message of a stream is.
pub(crate) fn frame(octets: &[u8]) -> Framed {
    let blank = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    if blank > 0 {
        return Framed::KeepAlive(blank);
    }
    let Some(head) = head_end(octets) else {
        return if octets.len() > HEAD_MAX { Framed::Broken } else { Framed::More };
    };
    let Some(message) = read_head(&octets[..head]) else { return Framed::Broken };
    let length = match message.header("content-length").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(length)) if length <= BODY_MAX => length,
        Some(_) => return Framed::Broken,
    };
    if octets.len() < head + length { Framed::More } else { Framed::Message(head + length) }
}

/// Where the empty line after the headers ends.
fn head_end(octets: &[u8]) -> Option<usize> {
    octets.windows(4).take(HEAD_MAX).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn read_head(head: &[u8]) -> Option<Message> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let start = read_start(lines.next()?)?;
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut()?;
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        if headers.len() == HEADERS_MAX {
            return None;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((long_name(name.trim()), value.trim().to_owned()));
    }
    Some(Message { start, headers, body: Vec::new() })
}

fn read_start(line: &str) -> Option<Start> {
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        let status = rest.get(..3)?.parse().ok()?;
        return (100..700).contains(&status).then_some(Start::Response { status });
    }
    let mut parts = line.split(' ');
    let (method, uri, version) = (parts.next()?, parts.next()?, parts.next()?);
    if version != "SIP/2.0" || parts.next().is_some() || method.is_empty() || uri.is_empty() {
        return None;
    }
    Some(Start::Request { method: method.to_owned(), uri: uri.to_owned() })
}

/// Compact forms (RFC 3261 §7.3.3) and capitals are the same name.
fn long_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match &*name {
        "v" => "via",
        "f" => "from",
        "t" => "to",
        "i" => "call-id",
        "m" => "contact",
        "l" => "content-length",
        "c" => "content-type",
        "k" => "supported",
        "s" => "subject",
        "e" => "content-encoding",
        _ => return name,
    }
    .to_owned()
}

impl Message {
    /// Reads one whole message. `None` for what is no SIP.
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let head = head_end(octets)?;
        let mut message = read_head(&octets[..head])?;
        let rest = &octets[head..];
        let length = match message.header("content-length") {
            // In a datagram the body ends with it (RFC 3261 §18.3).
            None => rest.len(),
            Some(length) => length.parse().ok()?,
        };
        if length > BODY_MAX {
            return None;
        }
        message.body = rest.get(..length)?.to_vec();
        // Without these nothing can be said about a message (RFC 3261 §8.1.1).
        let whole =
            ["via", "from", "to", "call-id", "cseq"].iter().all(|name| message.header(name).is_some());
        (whole && message.cseq().is_some()).then_some(message)
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// All headers of this name, in order.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// All values of this name, also those that share a line.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        self.headers(name).flat_map(split_at_commas).map(str::to_owned).collect()
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> Option<&str> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// Number and method of the CSeq header.
    pub(crate) fn cseq(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("cseq")?.split_once([' ', '\t'])?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// `Call-ID`.
    pub(crate) fn call_id(&self) -> &str {
        self.header("call-id").unwrap_or_default()
    }

    /// Tag of the From header; empty where there is none.
    pub(crate) fn caller_tag(&self) -> String {
        self.header("from").and_then(|from| parameter(from, "tag")).unwrap_or_default()
    }

    /// Tag of the To header.
    pub(crate) fn to_tag(&self) -> Option<String> {
        self.header("to").and_then(|to| parameter(to, "tag"))
    }

    /// Branch of the topmost Via.
    pub(crate) fn branch(&self) -> String {
        self.values("via").first().and_then(|via| parameter(via, "branch")).unwrap_or_default()
    }
}

/// Splits at commas that are neither in quotes nor in angle brackets.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut quoted, mut bracketed, mut escaped) = (Vec::new(), 0, false, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            ',' if !quoted && !bracketed => {
                parts.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[begin..].trim());
    parts
}

/// A parameter of a header value: behind the angle brackets where there are any.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let parameters = match value.rsplit_once('>') {
        Some((_, behind)) => behind,
        None => value.split_once(';').map_or("", |(_, behind)| behind),
    };
    parameters.split(';').find_map(|part| {
        let (known, value) = part.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Writes a message.
#[derive(Debug)]
pub(crate) struct Composer {
    text: String,
}

impl Composer {
    /// A request.
    pub(crate) fn request(method: &str, uri: &str) -> Self {
        Self { text: format!("{method} {uri} SIP/2.0\r\n") }
    }

    /// A response to `request`: Via, From, To, Call-ID and CSeq are its own (RFC 3261 §8.2.6.2). `tag` is added to
    /// To unless one is there.
    pub(crate) fn response(status: u16, request: &Message, tag: &str, source: std::net::SocketAddr) -> Self {
        let mut composer = Self { text: format!("SIP/2.0 {status} {}\r\n", reason_phrase(status)) };
        for (index, via) in request.values("via").iter().enumerate() {
            if index == 0 {
                composer = composer.header("Via", &with_source(via, source));
            } else {
                composer = composer.header("Via", via);
            }
        }
        let to = request.header("to").unwrap_or_default();
        let to = match request.to_tag() {
            None if status > 100 => format!("{to};tag={tag}"),
            _ => to.to_owned(),
        };
        composer
            .header("From", request.header("from").unwrap_or_default())
            .header("To", &to)
            .header("Call-ID", request.call_id())
            .header("CSeq", request.header("cseq").unwrap_or_default())
    }

    /// One more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        // A line break in a value would begin another header.
        let value: String = value.chars().filter(|character| !character.is_control()).collect();
        let _ = write!(self.text, "{name}: {value}\r\n");
        self
    }

    /// The end, without a body.
    pub(crate) fn end(self) -> Vec<u8> {
        self.with_body(None, "")
    }

    /// The end, with a body of this type.
    pub(crate) fn with_body(mut self, kind: Option<&str>, body: &str) -> Vec<u8> {
        if let Some(kind) = kind {
            self = self.header("Content-Type", kind);
        }
        let length = body.len();
        let mut text = self.header("Content-Length", &length.to_string()).text;
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}

/// The topmost Via with where the request really came from (RFC 3581 §4).
fn with_source(via: &str, source: std::net::SocketAddr) -> String {
    let mut parts: Vec<String> = via
        .split(';')
        .map(str::trim)
        .filter(|part| {
            let name = part.split('=').next().unwrap_or_default();
            !name.eq_ignore_ascii_case("received") && !name.eq_ignore_ascii_case("rport")
        })
        .map(str::to_owned)
        .collect();
    if via.split(';').any(|part| part.trim().eq_ignore_ascii_case("rport")) {
        parts.push(format!("rport={}", source.port()));
    }
    parts.push(format!("received={}", source.ip()));
    parts.join(";")
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        183 => "Session Progress",
        200 => "OK",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        500 => "Server Internal Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        607 => "Unwanted",
        608 => "Rejected",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INVITE: &[u8] = b"INVITE sip:+4930123901@127.0.0.1:5090 SIP/2.0\r\n\
        v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK0\r\n\
        f: \"Shop, the\" <sip:49301@127.0.0.1>;tag=a1\r\n\
        To: <sip:+4930123901@127.0.0.1>\r\n\
        i: c1@here\r\nCSeq: 7 INVITE\r\nSubject: one\r\n two\r\nl: 4\r\n\r\nv=0\nrest";

    #[test]
    fn compact_folded_and_shared_lines() {
        let message = Message::parse(INVITE).unwrap();
        assert_eq!(message.method(), Some("INVITE"));
        assert_eq!(message.values("via").len(), 2);
        assert_eq!(message.branch(), "z9hG4bK1");
        assert_eq!((message.caller_tag(), message.to_tag()), ("a1".into(), None));
        assert_eq!(message.values("from").len(), 1, "a comma in quotes splits nothing");
        assert_eq!(message.header("subject"), Some("one two"));
        assert_eq!((message.cseq(), message.call_id()), (Some((7, "INVITE")), "c1@here"));
        assert_eq!(message.body, b"v=0\n");
    }

    #[test]
    fn a_response_says_where_the_request_came_from() {
        let message = Message::parse(INVITE).unwrap();
        let octets = Composer::response(180, &message, "b2", "127.0.0.1:9".parse().unwrap()).end();
        let response = Message::parse(&octets).unwrap();
        assert_eq!(response.start, Start::Response { status: 180 });
        assert_eq!(
            response.values("via")[0],
            "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1;rport=9;received=127.0.0.1"
        );
        assert_eq!(response.to_tag().as_deref(), Some("b2"));
    }

    #[test]
    fn streams_are_cut_into_messages() {
        let length = INVITE.len() - 4;
        assert_eq!(frame(INVITE), Framed::Message(length));
        assert_eq!(frame(&INVITE[..length - 1]), Framed::More);
        assert_eq!(frame(b"\r\n\r\nINV"), Framed::KeepAlive(4));
        assert_eq!(frame(b"GET / HTTP/1.1\r\n\r\n"), Framed::Broken);
        assert_eq!(frame(&vec![b'x'; HEAD_MAX + 1]), Framed::Broken);
        assert_eq!(frame(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n"), Framed::Broken);
    }

    #[test]
    fn a_value_cannot_begin_another_header() {
        let octets = Composer::request("BYE", "sip:a").header("X", "1\r\nY: 2").end();
        assert!(String::from_utf8(octets).unwrap().contains("X: 1Y: 2\r\n"));
    }

    proptest! {
        #[test]
        fn no_octets_break_it(octets in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = Message::parse(&octets);
            let _ = frame(&octets);
        }

        #[test]
        fn no_mutilated_message_breaks_it(at in 0..INVITE.len(), octet in any::<u8>(), cut in 0..INVITE.len()) {
            let mut octets = INVITE.to_vec();
            octets[at] = octet;
            octets.truncate(cut);
            if let Some(message) = Message::parse(&octets) {
                let _ = (message.branch(), message.caller_tag(), message.to_tag(), message.values("contact"));
            }
            let _ = frame(&octets);
        }
    }
}
