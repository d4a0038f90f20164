//! Descriptions of sessions (RFC 4566, RFC 3264): an offer read, an answer written.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// How the voice is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

impl Codec {
    /// Its static payload type (RFC 3551 §6).
    pub(crate) const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }
}

/// Which way the sound goes, seen by whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// What answers it when both ways are wanted (RFC 3264 §6.1).
    pub(crate) const fn answer(self) -> Self {
        match self {
            Self::SendReceive => Self::SendReceive,
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }
}

/// What the other side says about its audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audio {
    /// Where it wants to get it; port 0 where it wants none.
    pub(crate) remote: SocketAddr,
    /// The codecs of ours that it knows, in its order.
    pub(crate) codecs: Vec<Codec>,
    /// Payload type of telephone events (RFC 4733), if it knows them.
    pub(crate) events: Option<u8>,
    pub(crate) direction: Direction,
}

/// Reads the first audio line of a description.
pub(crate) fn read(body: &[u8]) -> Option<Audio> {
    let text = std::str::from_utf8(body).ok()?;
    let (mut session_ip, mut ip, mut port, mut formats) = (None, None, None, Vec::new());
    let (mut events, mut direction) = (None, None);
    for line in text.lines().take(512) {
        let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
        match kind {
            "m" if port.is_some() => break,
            "m" => {
                let mut parts = value.split(' ');
                if parts.next() != Some("audio") {
                    continue;
                }
                port = Some(parts.next()?.split('/').next()?.parse::<u16>().ok()?);
                if !parts.next()?.starts_with("RTP/") {
                    return None;
                }
                formats = parts.filter_map(|format| format.parse::<u8>().ok()).collect();
            }
            "c" => {
                let address = value.rsplit(' ').next()?.split('/').next()?.parse::<IpAddr>().ok();
                if port.is_some() { ip = address } else { session_ip = address }
            }
            "a" => match value {
                "sendrecv" => direction = Some(Direction::SendReceive),
                "sendonly" => direction = Some(Direction::SendOnly),
                "recvonly" => direction = Some(Direction::ReceiveOnly),
                "inactive" => direction = Some(Direction::Inactive),
                _ => {
                    if let Some((format, name)) =
                        value.strip_prefix("rtpmap:").and_then(|map| map.split_once(' '))
                        && name.to_ascii_lowercase().starts_with("telephone-event/8000")
                    {
                        events = format.parse::<u8>().ok().filter(|format| (96..128).contains(format));
                    }
                }
            },
            _ => {}
        }
    }
    let codecs = formats
        .iter()
        .filter_map(|format| match format {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            _ => None,
        })
        .collect();
    Some(Audio {
        remote: SocketAddr::new(ip.or(session_ip)?, port?),
        codecs,
        events: events.filter(|event| formats.contains(event)),
        direction: direction.unwrap_or(Direction::SendReceive),
    })
}

/// What is to be said about our audio.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local {
    pub(crate) address: SocketAddr,
    /// `None` writes a codec that nobody offered.
    pub(crate) codec: Option<Codec>,
    pub(crate) events: Option<u8>,
    pub(crate) direction: Direction,
    /// Identifies the session and its version.
    pub(crate) session: u64,
    pub(crate) version: u64,
}

/// Writes a description.
pub(crate) fn write(local: &Local) -> String {
    let Local { address, codec, events, direction, session, version } = *local;
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (address.ip(), address.port());
    let mut text = format!(
        "v=0\r\no=phone {session} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n"
    );
    let (format, map) = match codec {
        Some(Codec::Pcmu) => (0, "PCMU/8000"),
        Some(Codec::Pcma) => (8, "PCMA/8000"),
        None => (18, "G729/8000"),
    };
    let _ = write!(text, "m=audio {port} RTP/AVP {format}");
    if let Some(events) = events {
        let _ = write!(text, " {events}");
    }
    let _ = write!(text, "\r\na=rtpmap:{format} {map}\r\n");
    if let Some(events) = events {
        let _ = write!(text, "a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-15\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.name());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 9 8 0 101\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n\
        m=video 4002 RTP/AVP 31\r\na=inactive\r\n";

    #[test]
    fn the_first_audio_line_counts() {
        let audio = read(OFFER.as_bytes()).unwrap();
        assert_eq!(audio.remote, "127.0.0.1:4000".parse().unwrap());
        assert_eq!(audio.codecs, [Codec::Pcma, Codec::Pcmu]);
        assert_eq!((audio.events, audio.direction), (Some(101), Direction::SendOnly));
        assert_eq!(audio.direction.answer(), Direction::ReceiveOnly);
    }

    #[test]
    fn what_is_written_can_be_read() {
        for codec in [Some(Codec::Pcmu), Some(Codec::Pcma), None] {
            let local = Local {
                address: "127.0.0.1:6".parse().unwrap(),
                codec,
                events: Some(101),
                direction: Direction::Inactive,
                session: 5,
                version: 6,
            };
            let audio = read(write(&local).as_bytes()).unwrap();
            assert_eq!(audio.codecs, codec.into_iter().collect::<Vec<_>>());
            assert_eq!((audio.remote, audio.events), (local.address, Some(101)));
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(at in 0..OFFER.len(), text in "[ -~\r\n]{0,8}") {
            let mut offer = OFFER.to_owned();
            offer.insert_str(at, &text);
            let _ = read(offer.as_bytes());
        }
    }
}
