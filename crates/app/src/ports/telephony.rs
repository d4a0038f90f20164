//! The port through which calls are placed, bridged and heard of.
//!
//! What every driver keeps: each leg that was begun reports exactly one terminal event ([`LegEvent::Failed`] or
//! [`LegEvent::Ended`]), always, within its limits and 40 seconds more; [`LegEvent::Answered`] is told for a final
//! answer only, never for early media; events of one leg come in order; after a start no leg of the process before is
//! still up as far as the driver can tell.

use async_trait::async_trait;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use uuid::Uuid;

/// A leg of a call, numbered by the driver; a number is never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub u64);

/// A prompt that is being played, numbered by the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayId(pub u64);

/// A call to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originate {
    /// The attempt it belongs to; part of the Call-ID on the wire.
    pub attempt: Uuid,
    /// Whom to call: digits of the E.164 number, without `+`.
    pub to: String,
    /// The number shown, digits without `+`; `None` shows the trunk's own.
    pub caller_id: Option<String>,
    /// Trunks that may carry it, by name; empty means any that fits the number.
    pub trunks: Vec<String>,
    /// How long it may ring, from the first 180 or 183.
    pub ring_limit: Duration,
    /// How long until it rings or fails.
    pub setup_limit: Duration,
    /// Whether to listen who answers: [`LegEvent::Heard`] then tells what the voice is taken for.
    pub listen: bool,
}

/// The phone of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentPhone {
    /// The name under which the phone has registered.
    pub username: String,
    /// How long it may ring.
    pub ring_limit: Duration,
}

/// Sound at 8,000 samples a second, 16 bit, one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Its name, for the log.
    pub name: String,
    /// Linear samples.
    pub samples: Vec<i16>,
}

impl Prompt {
    /// How long it plays.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.samples.len() as u64 * 125)
    }
}

/// Why a call cannot be placed now. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginateError {
    /// Every trunk that fits has all its lines busy, or is at its calls per second.
    #[error("no trunk has a free line")]
    NoCapacity,
    /// Every trunk that fits is down.
    #[error("no trunk is up")]
    NoTrunk,
    /// No trunk takes numbers like this one, or calling it is forbidden by the driver's settings.
    #[error("no trunk may call {0}")]
    Refused(String),
    /// The agent's phone has not registered.
    #[error("the phone of {0} has not registered")]
    NotRegistered(String),
    /// The driver is ending.
    #[error("the telephony driver is stopping")]
    Stopping,
}

/// The leg has ended, or never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call has ended")]
pub struct LegGone;

/// How far a call was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallPhase {
    /// Nothing was heard of the far side.
    Silent,
    /// A provisional answer without ringing.
    Proceeding,
    /// It rang, or sent early media.
    Alerting,
}

/// Who ended an answered call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The far side.
    Far,
    /// We.
    Us,
    /// Nobody: no more sound came, or the session was not refreshed.
    Lost,
}

/// Counts of a leg's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaStats {
    /// RTP packets received.
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets that the sequence numbers say were lost on the way to us.
    pub lost: u64,
}

/// What a voice at the other end is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heard {
    /// A person.
    Human,
    /// A mailbox or another machine.
    Machine,
    /// A fax or a modem.
    Fax,
}

/// What happened to a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// The far side works on it (1xx without ringing).
    Proceeding,
    /// It rings (180), or sends early media (183).
    Alerting,
    /// It was answered. `late` tells that the answer crossed our CANCEL: the driver has ended the call already, and
    /// [`LegEvent::Ended`] follows.
    Answered {
        /// Whether it crossed our CANCEL.
        late: bool,
    },
    /// A key was pressed: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// What the voice is taken for, where the driver listens for it.
    Heard(Heard),
    /// A prompt was played to its end.
    PlayDone(PlayId),
    /// Terminal: it was never answered.
    Failed {
        /// Status of the final answer; `None` where none came.
        status: Option<u16>,
        /// Cause of ITU-T Q.850, where a Reason header told one.
        q850: Option<u8>,
        /// Seconds of a Retry-After header.
        retry_after: Option<u32>,
        /// How far it was.
        phase: CallPhase,
        /// Whether it was we who gave up (CANCEL, or nothing was heard within the limit).
        by_us: bool,
        /// Reason phrase, or what went wrong on our side.
        text: String,
    },
    /// Terminal: it had been answered.
    Ended {
        /// Who ended it.
        by: Party,
        /// Cause of ITU-T Q.850, where one was told.
        q850: Option<u8>,
        /// Counts of its media.
        media: MediaStats,
    },
}

impl LegEvent {
    /// Whether nothing follows it.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Ended { .. })
    }
}

/// What a driver tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TelephonyEvent {
    /// Something happened to a leg.
    Leg {
        /// The leg.
        leg: LegId,
        /// When its packet arrived.
        at: Instant,
        /// What happened.
        event: LegEvent,
    },
    /// An agent's phone registered from a new address, or came back.
    PhoneUp {
        /// Its name.
        username: String,
    },
    /// An agent's phone took its registration back, or let it run out.
    PhoneDown {
        /// Its name.
        username: String,
    },
    /// Somebody calls us. The driver has declined the call (486).
    Incoming {
        /// Digits of the caller's number; empty where withheld.
        caller: String,
        /// Digits or name of the number called.
        called: String,
    },
}

/// How a trunk does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkHealth {
    /// Its name in the settings.
    pub name: String,
    /// Whether calls may be placed over it.
    pub up: bool,
    /// Why not, for people.
    pub reason: String,
    /// Legs now.
    pub busy: u32,
    /// Most legs at a time.
    pub max_channels: u32,
    /// Calls that may be begun this second at the present rate.
    pub tokens: u32,
    /// Calls a minute now; below the setting after the trunk was congested.
    pub calls_per_minute: u32,
}

/// What an agent's phone has to prove in digest authentication (RFC 7616), for the realm that the driver was given:
/// `H(username:realm:password)` in lower-case hexadecimal digits. The password itself is nowhere kept.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentDigest {
    /// With MD5.
    pub md5: String,
    /// With SHA-256.
    pub sha256: String,
}

impl std::fmt::Debug for AgentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AgentDigest(***)")
    }
}

/// Who may register a phone.
#[async_trait]
pub trait AgentDirectory: Send + Sync {
    /// The digests of an agent; `None` where nobody has that name, or the directory cannot be read now.
    async fn digest(&self, username: &str) -> Option<AgentDigest>;
}

/// Places calls and carries their sound.
#[async_trait]
pub trait Telephony: Send + Sync {
    /// Begins a call and returns once its INVITE is on its way; what becomes of it comes as events.
    async fn originate(&self, call: Originate) -> Result<LegId, OriginateError>;

    /// Calls an agent's phone. After its answer the leg stays up, parked: it hears silence until it is bridged.
    async fn call_agent(&self, phone: AgentPhone) -> Result<LegId, OriginateError>;

    /// Ends a leg: CANCEL before the answer, BYE after it. Ending it twice is no error.
    async fn hang_up(&self, leg: LegId);

    /// Lets two answered legs hear each other. A prompt on either is stopped. A leg that is bridged already leaves
    /// its other bridge.
    async fn bridge(&self, a: LegId, b: LegId) -> Result<(), LegGone>;

    /// Takes a leg out of its bridge; both legs stay up, parked. No error where it is in none.
    async fn unbridge(&self, leg: LegId) -> Result<(), LegGone>;

    /// Plays a prompt to a leg instead of whatever it hears; [`LegEvent::PlayDone`] follows unless it is stopped.
    async fn play(&self, leg: LegId, prompt: Arc<Prompt>) -> Result<PlayId, LegGone>;

    /// Stops what is played to a leg, if anything is.
    async fn stop_playing(&self, leg: LegId) -> Result<(), LegGone>;

    /// Whether an agent's phone is registered now.
    fn is_registered(&self, username: &str) -> bool;

    /// How the trunks do now.
    fn trunks(&self) -> Vec<TrunkHealth>;

    /// The events. Given to the first who asks; `None` after that. The channel never drops an event.
    fn events(&self) -> Option<mpsc::UnboundedReceiver<TelephonyEvent>>;
}
