//! Session descriptions (RFC 4566) in offers and answers (RFC 3264): one audio stream of G.711 and telephone events.

use super::settings::CodecName;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// Payload type under which telephone events (RFC 4733) are offered.
const EVENTS_OFFERED: u8 = 101;
/// The longest description that is read; one of ours has 300 octets.
const LONGEST: usize = 16 * 1024;

/// Which way sound goes, as the side that wrote the description sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.word() == word)
    }

    pub(crate) const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub(crate) const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// What the far side said of its audio stream, as far as we can use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Far {
    /// Where it wants sound. The address may be 0.0.0.0, an old way to say that it wants none.
    pub(crate) rtp: SocketAddr,
    /// The first of its codecs that we know.
    pub(crate) codec: CodecName,
    /// The payload type of that codec.
    pub(crate) payload_type: u8,
    /// The payload type of telephone events.
    pub(crate) events: Option<u8>,
    /// Which way it sends.
    pub(crate) direction: Direction,
    /// Kinds and transports of all its streams in order; ours is the first usable audio stream.
    pub(crate) streams: Vec<Stream>,
}

impl Far {
    /// Whether it wants to hear us.
    pub(crate) fn hears(&self) -> bool {
        self.direction.receives() && !self.rtp.ip().is_unspecified()
    }
}

/// A line `m=` of an offer; an answer has one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    kind: String,
    protocol: String,
    formats: String,
    ours: bool,
}

/// Why a description cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SdpError {
    #[error("the session description cannot be read")]
    Malformed,
    #[error("no audio stream with G.711 over RTP is offered")]
    NoCodec,
    #[error("the audio stream was refused (port 0)")]
    Refused,
}

/// Our side of a session.
#[derive(Debug, Clone)]
pub(crate) struct Ours {
    /// Address that sound is sent to.
    pub(crate) address: IpAddr,
    /// Its port.
    pub(crate) port: u16,
    /// Names the session; the same in all its descriptions.
    pub(crate) session: u64,
    /// Raised by one with each description that differs.
    pub(crate) version: u64,
    /// Codecs, best first.
    pub(crate) codecs: Vec<CodecName>,
}

const fn static_type(codec: CodecName) -> u8 {
    match codec {
        CodecName::Pcmu => 0,
        CodecName::Pcma => 8,
    }
}

const fn encoding(codec: CodecName) -> &'static str {
    match codec {
        CodecName::Pcmu => "PCMU",
        CodecName::Pcma => "PCMA",
    }
}

impl Ours {
    fn head(&self) -> String {
        let family = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        format!(
            "v=0\r\no=- {} {} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n",
            self.session,
            self.version,
            address = self.address,
        )
    }

    fn audio(&self, text: &mut String, codecs: &[(CodecName, u8)], events: Option<u8>, direction: Direction) {
        let _ = write!(text, "m=audio {} RTP/AVP", self.port);
        for payload_type in codecs.iter().map(|(_, payload_type)| *payload_type).chain(events) {
            let _ = write!(text, " {payload_type}");
        }
        text.push_str("\r\n");
        for (codec, payload_type) in codecs {
            let _ = write!(text, "a=rtpmap:{payload_type} {}/8000\r\n", encoding(*codec));
        }
        if let Some(events) = events {
            let _ = write!(text, "a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-16\r\n");
        }
        let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.word());
    }

    /// An offer of every codec.
    pub(crate) fn offer(&self) -> String {
        let mut text = self.head();
        let codecs: Vec<_> = self.codecs.iter().map(|codec| (*codec, static_type(*codec))).collect();
        self.audio(&mut text, &codecs, Some(EVENTS_OFFERED), Direction::SendRecv);
        text
    }

    /// The answer to an offer; streams that we do not use are refused.
    pub(crate) fn answer(&self, far: &Far) -> String {
        let mut text = self.head();
        for stream in &far.streams {
            if stream.ours {
                // Towards 0.0.0.0 nothing can be sent; RFC 3264 §8.4 lets the answer be what the offer allows.
                let direction = Direction::new(far.hears(), far.direction.sends());
                self.audio(&mut text, &[(far.codec, far.payload_type)], far.events, direction);
            } else {
                let _ = write!(text, "m={} 0 {} {}\r\n", stream.kind, stream.protocol, stream.formats);
            }
        }
        text
    }
}

/// Reads an offer or an answer of the far side.
pub(crate) fn read(body: &[u8], codecs: &[CodecName]) -> Result<Far, SdpError> {
    if body.len() > LONGEST {
        return Err(SdpError::Malformed);
    }
    let text = std::str::from_utf8(body).map_err(|_| SdpError::Malformed)?;
    let mut lines = text.lines().filter(|line| !line.is_empty());
    if lines.next() != Some("v=0") {
        return Err(SdpError::Malformed);
    }
    let mut address = None;
    let mut direction = Direction::default();
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in lines {
        let Some((kind, value)) = line.split_once('=') else { return Err(SdpError::Malformed) };
        match (kind, sections.last_mut()) {
            ("m", _) => sections.push(Section::read(value)?),
            ("c", None) => address = Some(connection(value)?),
            ("c", Some(section)) => section.address = Some(connection(value)?),
            ("a", None) => direction = Direction::read(value).unwrap_or(direction),
            ("a", Some(section)) => section.attribute(value),
            _ => {}
        }
    }
    let usable = |section: &Section<'_>| section.kind == "audio" && section.protocol == "RTP/AVP";
    let chosen = sections
        .iter()
        .enumerate()
        .filter(|(_, section)| usable(section) && section.port != 0)
        .find_map(|(index, section)| section.codec(codecs).map(|codec| (index, section, codec)));
    let Some((index, section, (codec, payload_type))) = chosen else {
        let refused = sections.iter().any(|section| usable(section) && section.port == 0);
        return Err(if refused { SdpError::Refused } else { SdpError::NoCodec });
    };
    let mut streams: Vec<Stream> = sections.iter().map(Section::stream).collect();
    streams[index].ours = true;
    Ok(Far {
        rtp: SocketAddr::new(section.address.or(address).ok_or(SdpError::Malformed)?, section.port),
        codec,
        payload_type,
        events: section.events(),
        direction: section.direction.unwrap_or(direction),
        streams,
    })
}

/// `IN IP4 192.0.2.1`, perhaps with `/ttl`. A name is not looked up: it would make us wait in the middle of a call.
fn connection(value: &str) -> Result<IpAddr, SdpError> {
    let address = value.split_ascii_whitespace().nth(2).ok_or(SdpError::Malformed)?;
    let address = address.split('/').next().unwrap_or(address);
    address.parse().map_err(|_| SdpError::Malformed)
}

struct Section<'a> {
    kind: &'a str,
    port: u16,
    protocol: &'a str,
    formats: Vec<&'a str>,
    maps: Vec<(u8, &'a str)>,
    address: Option<IpAddr>,
    direction: Option<Direction>,
}

impl<'a> Section<'a> {
    fn read(value: &'a str) -> Result<Self, SdpError> {
        let mut words = value.split_ascii_whitespace();
        let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
            return Err(SdpError::Malformed);
        };
        let port = port.split('/').next().unwrap_or(port).parse().map_err(|_| SdpError::Malformed)?;
        let (formats, maps) = (words.collect(), Vec::new());
        Ok(Self { kind, port, protocol, formats, maps, address: None, direction: None })
    }

    fn attribute(&mut self, value: &'a str) {
        if let Some(map) = value.strip_prefix("rtpmap:") {
            if let Some((payload_type, name)) = map.split_once(' ')
                && let Ok(payload_type) = payload_type.trim().parse()
                && payload_type < 128
            {
                self.maps.push((payload_type, name.trim()));
            }
        } else if let Some(direction) = Direction::read(value.trim()) {
            self.direction = Some(direction);
        }
    }

    fn stream(&self) -> Stream {
        Stream {
            kind: self.kind.to_owned(),
            protocol: self.protocol.to_owned(),
            formats: if self.formats.is_empty() { "0".to_owned() } else { self.formats.join(" ") },
            ours: false,
        }
    }

    /// The encoding of a payload type: what a=rtpmap says, or what RFC 3551 §6 fixes.
    fn encoding(&self, payload_type: u8) -> Option<&str> {
        let mapped = self.maps.iter().find(|(mapped, _)| *mapped == payload_type).map(|(_, name)| *name);
        mapped.or(match payload_type {
            0 => Some("PCMU/8000"),
            8 => Some("PCMA/8000"),
            _ => None,
        })
    }

    fn payload_types(&self) -> impl Iterator<Item = u8> + '_ {
        self.formats
            .iter()
            .filter_map(|format| format.parse().ok())
            .filter(|payload_type| *payload_type < 128)
    }

    fn codec(&self, known: &[CodecName]) -> Option<(CodecName, u8)> {
        self.payload_types().find_map(|payload_type| {
            let name = self.encoding(payload_type)?;
            let codec = known.iter().find(|codec| {
                let mut parts = name.split('/');
                parts.next().is_some_and(|part| part.eq_ignore_ascii_case(encoding(**codec)))
                    && parts.next() == Some("8000")
                    && matches!(parts.next(), None | Some("1"))
            })?;
            Some((*codec, payload_type))
        })
    }

    fn events(&self) -> Option<u8> {
        self.payload_types().find(|payload_type| {
            self.encoding(*payload_type).is_some_and(|name| name.eq_ignore_ascii_case("telephone-event/8000"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOTH: [CodecName; 2] = [CodecName::Pcma, CodecName::Pcmu];

    fn ours() -> Ours {
        Ours {
            address: "127.0.0.1".parse().unwrap(),
            port: 4000,
            session: 7,
            version: 1,
            codecs: BOTH.to_vec(),
        }
    }

    fn far(media: &str) -> Result<Far, SdpError> {
        read(
            format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}")
                .as_bytes(),
            &BOTH,
        )
    }

    #[test]
    fn an_offer_of_ours_can_be_read_back() {
        let far = read(ours().offer().as_bytes(), &BOTH).unwrap();
        assert_eq!(far.rtp, "127.0.0.1:4000".parse().unwrap());
        assert_eq!((far.codec, far.payload_type, far.events), (CodecName::Pcma, 8, Some(101)));
        assert_eq!(far.direction, Direction::SendRecv);
    }

    #[test]
    fn descriptions_are_understood() {
        for (name, media, expected) in [
            ("static types need no map", "m=audio 4002 RTP/AVP 0\r\n", Ok((CodecName::Pcmu, 0, None, true))),
            (
                "the far side's order counts",
                "m=audio 4002 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n",
                Ok((CodecName::Pcmu, 0, Some(96), true)),
            ),
            (
                "a dynamic type may carry G.711",
                "m=audio 4002 RTP/AVP 18 97\r\na=rtpmap:97 pcma/8000/1\r\n",
                Ok((CodecName::Pcma, 97, None, true)),
            ),
            (
                "a map of another encoding on a static type counts",
                "m=audio 4002 RTP/AVP 0\r\na=rtpmap:0 OPUS/48000/2\r\n",
                Err(SdpError::NoCodec),
            ),
            ("another codec alone is of no use", "m=audio 4002 RTP/AVP 18\r\n", Err(SdpError::NoCodec)),
            ("encrypted sound is not ours", "m=audio 4002 RTP/SAVP 0\r\n", Err(SdpError::NoCodec)),
            ("a refused stream", "m=audio 0 RTP/AVP 0\r\n", Err(SdpError::Refused)),
            ("no stream", "", Err(SdpError::NoCodec)),
            ("a port that is none", "m=audio x RTP/AVP 0\r\n", Err(SdpError::Malformed)),
            ("held", "m=audio 4002 RTP/AVP 0\r\na=sendonly\r\n", Ok((CodecName::Pcmu, 0, None, false))),
            (
                "held in the old way",
                "m=audio 4002 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
                Ok((CodecName::Pcmu, 0, None, false)),
            ),
        ] {
            let found = far(media).map(|far| (far.codec, far.payload_type, far.events, far.hears()));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn an_answer_refuses_what_is_not_audio_and_mirrors_the_direction() {
        for (said, answered) in [
            ("sendrecv", "sendrecv"),
            ("sendonly", "recvonly"),
            ("recvonly", "sendonly"),
            ("inactive", "inactive"),
        ] {
            let far = far(&format!(
                "m=video 5000 RTP/AVP 96\r\nm=audio 4002 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na={said}\r\n"
            ))
            .unwrap();
            let answer = ours().answer(&far);
            assert!(answer.contains("m=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 8 101\r\n"), "{answer}");
            assert!(answer.contains(&format!("a={answered}\r\n")), "{said}: {answer}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&body, &BOTH);
        }

        #[test]
        fn whatever_text_comes_is_read_or_refused(lines in proptest::collection::vec("(m|c|a|v)=[ -~]{0,60}", 0..12)) {
            let body = format!("v=0\r\n{}", lines.join("\r\n"));
            if let Ok(far) = read(body.as_bytes(), &BOTH) {
                // What we answer to it can be read again.
                prop_assert!(read(ours().answer(&far).as_bytes(), &BOTH).is_ok());
            }
        }
    }
}
