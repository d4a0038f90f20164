//! What a media engine is told, and what it tells.

use muster_app::ports::Heard;
use muster_codecs::voice::g711::Law;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaSettings {
    /// The address its sockets are bound to. It must be one of this machine's own, and one that far sides reach.
    pub ip: IpAddr,
    /// UDP ports that it may take. A leg takes two: an even one for media and the next one for reports.
    pub ports: RangeInclusive<u16>,
}

/// Spans of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaLimits {
    /// How long a far side may send nothing before [`MediaEvent::Lost`] is told.
    pub inactivity: Duration,
    /// Between two reports about a leg (RFC 3550 §6.2).
    pub report_interval: Duration,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self { inactivity: Duration::from_secs(20), report_interval: Duration::from_secs(5) }
    }
}

/// How sound is written into packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
}

impl Codec {
    /// The payload type that stands for it without being agreed upon (RFC 3551 §6).
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    pub(super) const fn law(self) -> Law {
        match self {
            Self::Pcmu => Law::Mu,
            Self::Pcma => Law::A,
        }
    }
}

/// What was agreed with the far side of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// Where it wants its packets. Where it really sends from goes before that (see [`super::MediaLeg::set_remote`]).
    pub rtp: SocketAddr,
    /// How sound is written, both ways.
    pub codec: Codec,
    /// The payload type of sound, both ways.
    pub payload_type: u8,
    /// The payload type of key presses (`telephone-event/8000`), both ways; `None` where there are none. Then keys
    /// are listened for in the sound.
    pub dtmf_payload_type: Option<u8>,
    /// Whether it wants to hear us; not while it holds us.
    pub send: bool,
    /// Whether it is going to send; not while it holds us. Only then is it missed when it does not.
    pub receive: bool,
}

/// What happened to a leg's sound. The channel ends when the leg is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// The first packet from the far side that makes sense.
    First,
    /// A key was pressed: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// The prompt of that number was played to its end. A prompt that was stopped, or took another's place, tells
    /// nothing.
    PlayDone(u64),
    /// What the voice is taken for; once after each [`super::MediaLeg::listen`].
    Heard(Heard),
    /// Nothing came from the far side within [`MediaLimits::inactivity`], though it is not on hold. Told again only
    /// after something came in between.
    Lost,
}

/// Why a leg could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// No two neighbouring ports of the range are free.
    #[error("no media ports are free in {first} to {last}; widen the range or wait for calls to end")]
    NoPorts {
        /// First of the range.
        first: u16,
        /// Last of the range.
        last: u16,
    },
    /// The operating system refused a socket or a thread.
    #[error("open media sockets on {ip}")]
    Io {
        /// The address they were to be bound to.
        ip: IpAddr,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
}
