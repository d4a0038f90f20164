//! How the phones are set up.

use super::mix::Mix;
use super::plan::Plan;
use super::sip::digest::Algorithm;
use super::sip::sdp::Codec;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How the phones are set up.
#[derive(Debug, Clone)]
pub struct PhonesSettings {
    /// Where the trunk listens, by UDP and TCP. Port 0 takes a free one. The address is written into messages, so it
    /// has to be a certain one, not `0.0.0.0`.
    pub listen: SocketAddr,
    /// Where the trunk listens by TLS as well, if at all.
    pub tls: Option<TlsSettings>,
    /// What the first moment is called in the records, in milliseconds.
    pub started_at_ms: u64,
    /// Decides everything that is drawn.
    pub seed: u64,
    /// Ring and talk times are divided by this; 0.01 to 1,000.
    pub speed: f64,
    /// Whether numbers that end in 9 and two more digits do as the table says.
    pub table: bool,
    /// What certain numbers (digits only) do, before any table.
    pub plans: BTreeMap<String, Plan>,
    /// What all other numbers do.
    pub mix: Mix,
    /// The codecs that phones know.
    pub codecs: Vec<Codec>,
    /// What a caller has to prove; nothing if absent.
    pub challenge: Option<Challenge>,
    /// Calls in any second that are taken; more get 503 with `Retry-After: 1`.
    pub cps_max: Option<u32>,
    /// Calls at a time that are taken; more get 503 with cause 34.
    pub channels_max: Option<u32>,
    /// Calls that can be recorded; more get 503.
    pub calls_max: usize,
    /// TCP connections that are served at a time.
    pub connections_max: usize,
    /// Longest time that a call may be up, in milliseconds.
    pub call_ms_max: u64,
    /// File for the records: one JSON object a line, written when a call is over.
    pub log: Option<PathBuf>,
    /// Phones of agents.
    pub agents: Option<AgentsSettings>,
}

impl Default for PhonesSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            started_at_ms: 0,
            seed: 1,
            speed: 1.0,
            table: true,
            plans: BTreeMap::new(),
            mix: Mix::default(),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            challenge: None,
            cps_max: None,
            channels_max: None,
            calls_max: 200_000,
            connections_max: 64,
            call_ms_max: 8 * 3_600_000,
            log: None,
            agents: None,
        }
    }
}

/// SIP over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// PEM file with the certificate and what leads to its root.
    pub certificates: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
}

/// Digest authentication that the trunk asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Whose proof is taken.
    pub username: String,
    /// With which password.
    pub password: String,
    /// Realm of the challenge.
    pub realm: String,
    /// Hashes that are offered, in order; one challenge for each.
    pub algorithms: Vec<Algorithm>,
    /// Whether INVITEs are challenged as a proxy does (407) instead of as a server does (401). REGISTER always gets
    /// 401.
    pub as_proxy: bool,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .field("algorithms", &self.algorithms)
            .field("as_proxy", &self.as_proxy)
            .finish_non_exhaustive()
    }
}

/// Phones on agents' desks. They share one UDP socket, which is not the trunk's.
#[derive(Debug, Clone)]
pub struct AgentsSettings {
    /// Where they register.
    pub registrar: SocketAddr,
    /// Host part of their addresses; the registrar's address if absent.
    pub domain: Option<String>,
    /// Where they listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// For how many seconds they register.
    pub expires_s: u32,
    /// The phones.
    pub phones: Vec<AgentPhone>,
}

impl AgentsSettings {
    /// Phones for `count` agents of a client with uids from `first_uid` on. In both patterns `{client}` and `{uid}`
    /// stand for theirs.
    pub fn of_client(
        registrar: SocketAddr,
        client: &str,
        uids: std::ops::Range<u64>,
        username: &str,
        password: &str,
    ) -> Self {
        let fill =
            |pattern: &str, uid: u64| pattern.replace("{client}", client).replace("{uid}", &uid.to_string());
        let phones = uids.map(|uid| AgentPhone::new(fill(username, uid), fill(password, uid))).collect();
        Self {
            registrar,
            domain: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            expires_s: 300,
            phones,
        }
    }
}

/// One agent's phone, and its agent's habits.
#[derive(Clone, PartialEq)]
pub struct AgentPhone {
    /// User part of its address, and name in its proofs.
    pub username: String,
    /// What it proves to know.
    pub password: String,
    /// What it does.
    pub habits: AgentHabits,
}

impl AgentPhone {
    /// A phone that answers at once and a diligent agent.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into(), habits: AgentHabits::default() }
    }
}

impl fmt::Debug for AgentPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentPhone")
            .field("username", &self.username)
            .field("habits", &self.habits)
            .finish_non_exhaustive()
    }
}

/// What an agent does with calls.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentHabits {
    /// The call is answered after so many milliseconds; at 0 without ringing.
    pub answer_after_ms: u64,
    /// The call is refused with this status instead.
    pub reject: Option<u16>,
    /// Share of conversations that the agent ends, with `*`, after talking for a time that is drawn; the others go
    /// on until the customer hangs up. A conversation lasts from the first sound to 0.6 s of silence.
    pub star_share: f64,
    /// Mean seconds of that time; a lognormal distribution, divided by the speed.
    pub talk_mean_s: f64,
    /// Its standard deviation divided by its mean.
    pub talk_cv: f64,
    /// The phone says nothing more, not even BYE, so many milliseconds after its answer, and does not come back.
    pub vanish_after_ms: Option<u64>,
    /// The phone hangs up so many milliseconds after its answer.
    pub hang_up_after_ms: Option<u64>,
}

impl Default for AgentHabits {
    fn default() -> Self {
        Self {
            answer_after_ms: 0,
            reject: None,
            star_share: 0.0,
            talk_mean_s: 90.0,
            talk_cv: 1.0,
            vanish_after_ms: None,
            hang_up_after_ms: None,
        }
    }
}

/// What an agent's phone is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentOrder {
    /// Registers again, after [`AgentOrder::Vanish`] too.
    Register,
    /// Takes its registration back.
    Unregister,
    /// Presses keys in its call.
    Press(String),
    /// Ends its call.
    HangUp,
    /// Says nothing more to anybody.
    Vanish,
}

/// How the trunk as a whole is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TrunkState {
    /// It works.
    #[default]
    Up,
    /// It says nothing, to nobody; calls that are up stay up as far as it can tell.
    Silent,
    /// It answers every new call with 503 and this many seconds of `Retry-After`.
    Congested(u32),
}
