//! The phones without their sockets.

mod agents;
mod asking;
mod auth;
mod begin;
mod call;
mod during;
mod script;
#[cfg(test)]
mod tests;

use super::media::{Command, Event, Start};
use super::mix::Chance;
use super::record::{CallRecord, Counters};
use super::settings::{PhonesSettings, TrunkState};
use super::sip::message::{Composer, Message, Start as FirstLine};
use crate::agenda::Agenda;
use crate::rng::SplitMix64;
use agents::Agent;
use asking::Ask;
use auth::Nonces;
use call::Call;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Retransmissions of RFC 3261 §17: first and longest time between two, and when they stop.
pub(super) const T1_MS: u64 = 500;
pub(super) const T2_MS: u64 = 4_000;
pub(super) const GIVE_UP_MS: u64 = 64 * T1_MS;

/// What phones can do, for `Allow`.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK";

/// A call, numbered by the phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallId(pub(crate) u64);

/// Who is at the other end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Desk {
    /// Callees behind the trunk.
    Trunk,
    /// Agents' phones.
    Agents,
}

/// By which way a message came, and answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    Udp(Desk, SocketAddr),
    /// A connection to the trunk, by its number.
    Stream(u64, SocketAddr, Wire),
}

/// What a connection runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    Tcp,
    Tls,
}

/// Where the phones listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    /// By UDP and TCP.
    pub(crate) trunk: SocketAddr,
    /// The trunk by TLS.
    pub(crate) tls: Option<SocketAddr>,
    pub(crate) agents: SocketAddr,
}

impl Link {
    pub(super) const fn desk(self) -> Desk {
        match self {
            Self::Udp(desk, _) => desk,
            Self::Stream(..) => Desk::Trunk,
        }
    }

    pub(super) const fn peer(self) -> SocketAddr {
        match self {
            Self::Udp(_, peer) | Self::Stream(_, peer, _) => peer,
        }
    }

    /// Whether what is sent may be lost.
    const fn loses(self) -> bool {
        matches!(self, Self::Udp(..))
    }

    const fn transport(self) -> &'static str {
        match self {
            Self::Udp(..) => "UDP",
            Self::Stream(_, _, Wire::Tcp) => "TCP",
            Self::Stream(_, _, Wire::Tls) => "TLS",
        }
    }
}

/// What the shell shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Send {
        link: Link,
        octets: Vec<u8>,
    },
    /// The port that was opened for the call begins to speak.
    Speak {
        call: CallId,
        start: Start,
    },
    Tell {
        call: CallId,
        command: Command,
    },
    /// The port is not needed any more, and nothing ever spoke.
    Close {
        call: CallId,
    },
}

/// What is due at a time. Work for a call that has gone on since finds that out by itself.
#[derive(Debug)]
enum Work {
    Step(CallId, usize),
    Resend(CallId, u64),
    Repeat(CallId, u8),
    HangUp(CallId),
    Vanish(CallId),
    Mute(CallId),
    Hold(CallId, bool),
    Press(CallId),
    Move(CallId),
    Patience(CallId),
    TalkOver(CallId, u64),
    GiveUp(CallId, u64),
    Limit(CallId),
    Forget(CallId),
    Ask(u64),
    Register(usize, u64),
}

/// Opens a port for a call's sound, or cannot.
pub(crate) type OpenPort = Box<dyn FnMut(CallId) -> Option<SocketAddr> + Send>;

/// Phones without clock and sockets. Times are milliseconds and may not go back.
///
/// Every call may add [`Action`]s, which [`PhonesCore::actions`] takes out. What comes later is asked for with
/// [`PhonesCore::advance`] at the time that [`PhonesCore::next_due_ms`] names.
pub(crate) struct PhonesCore {
    settings: PhonesSettings,
    addresses: Addresses,
    open_port: OpenPort,
    state: TrunkState,
    calls: FxHashMap<CallId, Call>,
    by_key: FxHashMap<(Desk, String, String), CallId>,
    next_call: u64,
    agenda: Agenda<Work>,
    asks: FxHashMap<u64, Ask>,
    next_ask: u64,
    agents: Vec<Agent>,
    agent_names: FxHashMap<String, usize>,
    nonces: Nonces,
    /// How often each number was called.
    times: FxHashMap<String, u64>,
    /// When calls of the last second came.
    recent: VecDeque<u64>,
    /// Calls to callees that are open, for the limit.
    open_callees: u64,
    records: Vec<CallRecord>,
    /// Records that will not change any more, in that order.
    closed: Vec<usize>,
    counters: Counters,
    chance: Chance,
    actions: Vec<Action>,
}

impl std::fmt::Debug for PhonesCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhonesCore").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl PhonesCore {
    /// Phones at these addresses. Agents begin to register at once.
    pub(crate) fn new(settings: PhonesSettings, addresses: Addresses, open_port: OpenPort) -> Self {
        let mut core = Self {
            addresses,
            open_port,
            state: TrunkState::Up,
            calls: FxHashMap::default(),
            by_key: FxHashMap::default(),
            next_call: 0,
            agenda: Agenda::default(),
            asks: FxHashMap::default(),
            next_ask: 0,
            agents: Vec::new(),
            agent_names: FxHashMap::default(),
            nonces: Nonces::default(),
            times: FxHashMap::default(),
            recent: VecDeque::new(),
            open_callees: 0,
            records: Vec::new(),
            closed: Vec::new(),
            counters: Counters::default(),
            chance: Chance(SplitMix64::new(settings.seed ^ 0x7068_6F6E_6573)),
            actions: Vec::new(),
            settings,
        };
        core.set_up_agents();
        core
    }

    /// When there is something to do.
    pub(crate) fn next_due_ms(&self) -> Option<u64> {
        self.agenda.next_ms()
    }

    /// Takes out what the shell shall do.
    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// All records, in the order of their INVITEs.
    pub(crate) fn records(&self) -> &[CallRecord] {
        &self.records
    }

    /// Records that were closed after the first `known` of them.
    pub(crate) fn closed_since(&self, known: usize) -> Vec<CallRecord> {
        self.closed.get(known..).unwrap_or_default().iter().map(|at| self.records[*at].clone()).collect()
    }

    /// Numbers since the start.
    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    /// Changes how the trunk is.
    pub(crate) fn set_state(&mut self, state: TrunkState) {
        self.state = state;
    }

    /// A datagram, or a whole message from a stream.
    pub(crate) fn receive(&mut self, now_ms: u64, link: Link, octets: &[u8]) {
        if link.desk() == Desk::Trunk && self.state == TrunkState::Silent {
            return;
        }
        // Keep-alives (RFC 5626 §4.4.1) mean nothing.
        if octets.iter().all(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return;
        }
        let Some(message) = Message::parse(octets) else {
            self.counters.malformed += 1;
            return;
        };
        match &message.start {
            FirstLine::Response { status } => {
                let status = *status;
                self.answered(now_ms, status, &message);
            }
            FirstLine::Request { .. } => self.asked(now_ms, link, message),
        }
    }

    /// Octets that were no SIP came on a stream.
    pub(crate) fn note_malformed(&mut self) {
        self.counters.malformed += 1;
    }

    fn asked(&mut self, now_ms: u64, link: Link, message: Message) {
        let key = (link.desk(), message.call_id().to_owned(), message.caller_tag());
        let method = message.method().unwrap_or_default().to_owned();
        if let Some(id) = self.by_key.get(&key).copied() {
            let again = method == "INVITE" && message.to_tag().is_none();
            let newer = self.calls.get(&id).is_some_and(|call| {
                call.is_over() && message.cseq().is_some_and(|(number, _)| number > call.invite_cseq())
            });
            if !(again && newer) {
                return self.in_call(now_ms, id, link, &message);
            }
        }
        match &*method {
            "INVITE" if message.to_tag().is_none() => self.begin(now_ms, link, message, key),
            "ACK" => {}
            "OPTIONS" => {
                let response = self.response(200, &message, link).header("Allow", ALLOW).end();
                self.send(link, response);
            }
            "REGISTER" if link.desk() == Desk::Trunk => self.registrar(link, &message),
            "INVITE" | "BYE" | "CANCEL" | "INFO" | "UPDATE" | "PRACK" | "NOTIFY" | "REFER" => {
                self.counters.unknown += 1;
                self.reply(link, &message, 481);
            }
            _ => self.reply(link, &message, 405),
        }
    }

    /// A response whose tag says nothing, because no call stands behind it.
    fn response(&mut self, status: u16, request: &Message, link: Link) -> Composer {
        let tag = format!("{:016x}", self.chance.0.next_u64());
        Composer::response(status, request, &tag, link.peer())
    }

    fn reply(&mut self, link: Link, request: &Message, status: u16) {
        let response = self.response(status, request, link).end();
        self.send(link, response);
    }

    fn send(&mut self, link: Link, octets: Vec<u8>) {
        if link.desk() == Desk::Trunk && self.state == TrunkState::Silent {
            return;
        }
        self.actions.push(Action::Send { link, octets });
    }

    fn local_address(&self, link: Link) -> SocketAddr {
        match link {
            Link::Udp(Desk::Agents, _) => self.addresses.agents,
            Link::Udp(Desk::Trunk, _) | Link::Stream(_, _, Wire::Tcp) => self.addresses.trunk,
            Link::Stream(_, _, Wire::Tls) => self.addresses.tls.unwrap_or(self.addresses.trunk),
        }
    }

    /// A time of the plan at the simulation's speed.
    fn scaled(&self, planned_ms: u64) -> u64 {
        (planned_ms as f64 / self.settings.speed.clamp(0.01, 1_000.0)) as u64
    }

    /// Does what is due.
    pub(crate) fn advance(&mut self, now_ms: u64) {
        while let Some(work) = self.agenda.due(now_ms) {
            match work {
                Work::Step(id, index) => self.step(now_ms, id, index),
                Work::Resend(id, serial) => self.resend(now_ms, id, serial),
                Work::Repeat(id, left) => self.repeat_answer(now_ms, id, left),
                Work::HangUp(id) | Work::Limit(id) => self.hang_up(now_ms, id),
                Work::Vanish(id) => self.vanish(now_ms, id),
                Work::Mute(id) => self.tell_if_up(id, Command::Mute(true)),
                Work::Hold(id, on) => self.hold(now_ms, id, on),
                Work::Press(id) => self.press_planned(now_ms, id),
                Work::Move(id) => self.tell_if_up(id, Command::Move),
                Work::Patience(id) => self.lose_patience(now_ms, id),
                Work::TalkOver(id, spell) => self.talk_over(id, spell),
                Work::GiveUp(id, serial) => self.give_up(now_ms, id, serial),
                Work::Forget(id) => self.forget(id),
                Work::Ask(number) => self.ask_again(now_ms, number),
                Work::Register(at, serial) => self.register_due(now_ms, at, serial),
            }
        }
    }

    /// What a call's sound tells.
    pub(crate) fn heard(&mut self, now_ms: u64, id: CallId, event: Event) {
        match event {
            Event::Key(key) => self.key_heard(id, key),
            Event::Sound => self.sound_heard(now_ms, id),
            Event::Quiet => self.quiet_heard(now_ms, id),
            Event::Report(report) => self.report(id, report, false),
            Event::Final(report) => self.report(id, report, true),
        }
    }
}
