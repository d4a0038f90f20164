//! A call.

use super::super::plan::Plan;
use super::super::sip::message::{Composer, Message};
use super::super::sip::sdp::{Audio, Codec};
use super::{CallId, Link};
use std::net::SocketAddr;

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No final answer yet.
    Setup,
    /// It was answered, and the ACK may be missing yet.
    Up,
    /// It is over; the rest is for what comes late.
    Over,
}

/// What is sent again until it is acknowledged.
#[derive(Debug)]
pub(super) struct Resend {
    pub(super) octets: Vec<u8>,
    pub(super) interval_ms: u64,
    pub(super) until_ms: u64,
    pub(super) serial: u64,
}

/// What a call knows.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) plan: Plan,
    pub(super) agent: Option<usize>,
    pub(super) link: Link,
    pub(super) invite: Message,
    pub(super) tag: String,
    pub(super) fork_tag: Option<String>,
    pub(super) stage: Stage,
    /// The last response to the INVITE.
    pub(super) response: Option<Vec<u8>>,
    pub(super) resend: Option<Resend>,
    pub(super) acknowledged: bool,
    /// The last re-INVITE or UPDATE and its answer.
    pub(super) renewed: Option<(u32, Vec<u8>)>,
    pub(super) renewal_open: bool,
    pub(super) remote: Option<Audio>,
    pub(super) codec: Codec,
    /// Our port for sound.
    pub(super) port: Option<SocketAddr>,
    pub(super) speaking: bool,
    pub(super) closed: bool,
    /// Request-URI, route and address for requests of ours.
    pub(super) target: String,
    pub(super) route: Vec<String>,
    pub(super) target_address: Option<SocketAddr>,
    pub(super) cseq: u32,
    pub(super) version: u64,
    /// Sound is to be heard now; how many spells there were.
    pub(super) sounding: bool,
    pub(super) spells: u64,
    pub(super) pressed: bool,
    pub(super) vanished: bool,
    /// Where its record is.
    pub(super) record: usize,
    pub(super) serial: u64,
    /// Counts among open calls.
    pub(super) opened: bool,
    /// Counts among the callees' open calls.
    pub(super) counted: bool,
}

impl Call {
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    pub(super) fn invite_cseq(&self) -> u32 {
        self.invite.cseq().map_or(0, |(number, _)| number)
    }

    /// A response to the INVITE, with what all of them carry.
    pub(super) fn response_to_invite(&self, status: u16, tag: &str) -> Composer {
        let mut composer = Composer::response(status, &self.invite, tag, self.link.peer());
        if (101..300).contains(&status) {
            for route in self.invite.values("record-route") {
                composer = composer.header("Record-Route", &route);
            }
        }
        composer
    }

    /// Where requests of ours go: to the first proxy that asked for it, to the Contact otherwise, and where that is a
    /// name, to where the INVITE came from.
    pub(super) fn way(&self) -> Link {
        match (self.link, self.target_address) {
            (Link::Udp(desk, _), Some(address)) => Link::Udp(desk, address),
            (link, _) => link,
        }
    }
}

/// A number that names the call on the wire.
pub(super) const fn session_of(id: CallId) -> u64 {
    id.0 + 1
}
