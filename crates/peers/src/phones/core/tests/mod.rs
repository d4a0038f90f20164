//! The phones in virtual time.

mod agents;
mod calls;
mod hostile;
mod media;
mod trunk;

use super::super::media::{Command, Event, Report};
use super::super::record::{CallRecord, End, Side};
use super::super::settings::{
    AgentHabits, AgentOrder, AgentPhone, AgentsSettings, Challenge, PhonesSettings, TrunkState,
};
use super::super::sip::digest::{self, Algorithm};
use super::super::sip::message::{Message, Start as FirstLine, parameter};
use super::super::sip::uri;
use super::{Action, Addresses, CallId, Desk, Link, PhonesCore, Wire};
use proptest::prelude::*;
use std::net::SocketAddr;

const TRUNK: &str = "127.0.0.1:5090";
const AGENTS: &str = "127.0.0.1:5091";
const CALLER: &str = "127.0.0.1:5060";
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Phones, a clock that is set, and everything they sent.
struct Rig {
    core: PhonesCore,
    now_ms: u64,
    sent: Vec<(u64, Message)>,
    told: Vec<(u64, Action)>,
    link: Link,
}

impl Rig {
    fn new(settings: PhonesSettings) -> Self {
        let open_port =
            Box::new(|call: CallId| Some(SocketAddr::from(([127, 0, 0, 1], 10_000 + call.0 as u16))));
        let addresses = Addresses { trunk: address(TRUNK), tls: None, agents: address(AGENTS) };
        let core = PhonesCore::new(settings, addresses, open_port);
        let link = Link::Udp(Desk::Trunk, address(CALLER));
        Self { core, now_ms: 0, sent: Vec::new(), told: Vec::new(), link }
    }

    fn collect(&mut self) {
        for action in self.core.actions() {
            match action {
                Action::Send { octets, .. } => {
                    self.sent.push((
                        self.now_ms,
                        Message::parse(&octets)
                            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&octets))),
                    ));
                }
                other => self.told.push((self.now_ms, other)),
            }
        }
    }

    /// Lets time pass up to then.
    fn until(&mut self, end_ms: u64) {
        while let Some(due) = self.core.next_due_ms().filter(|due| *due <= end_ms) {
            self.now_ms = self.now_ms.max(due);
            self.core.advance(self.now_ms);
            self.collect();
        }
        self.now_ms = end_ms;
    }

    fn say(&mut self, text: &str) {
        self.core.receive(self.now_ms, self.link, text.as_bytes());
        self.collect();
    }

    fn request(&mut self, method: &str, number: &str, cseq: u32, body: &str) {
        let text = request(method, number, number, cseq, self.tag(number).as_deref(), "", body);
        self.say(&text);
    }

    fn invite(&mut self, number: &str) {
        self.say(&request("INVITE", number, number, 1, None, "", OFFER));
    }

    /// The tag that a call to a number was given with its 200 or any response.
    fn tag(&self, number: &str) -> Option<String> {
        self.sent
            .iter()
            .filter(|(_, message)| message.call_id() == number)
            .find_map(|(_, message)| message.to_tag())
    }

    /// What was sent since the last time somebody asked: times, and statuses or methods.
    fn heard(&mut self) -> Vec<(u64, String)> {
        let name = |message: &Message| match &message.start {
            FirstLine::Request { method, .. } => method.clone(),
            FirstLine::Response { status } => format!("{status} {}", message.cseq().unwrap().1),
        };
        std::mem::take(&mut self.sent).iter().map(|(at_ms, message)| (*at_ms, name(message))).collect()
    }

    fn record(&self) -> &CallRecord {
        self.core.records().last().unwrap()
    }
}

fn request(
    method: &str,
    number: &str,
    call_id: &str,
    cseq: u32,
    to_tag: Option<&str>,
    extra: &str,
    body: &str,
) -> String {
    let tag = to_tag.filter(|_| method != "CANCEL").map(|tag| format!(";tag={tag}")).unwrap_or_default();
    let branch = if matches!(method, "CANCEL" | "ACK") { "INVITE" } else { method };
    format!(
        "{method} sip:{number}@{TRUNK} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER};branch=z9hG4bK{call_id}{branch}{cseq}\r\n\
         From: <sip:49301@{CALLER}>;tag=f\r\nTo: <sip:{number}@{TRUNK}>{tag}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:me@{CALLER}>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// `"0 100, 50 180"` for what was heard.
fn told(heard: &[(u64, String)]) -> String {
    let parts: Vec<_> =
        heard.iter().map(|(at_ms, name)| format!("{at_ms} {}", name.trim_end_matches(" INVITE"))).collect();
    parts.join(", ")
}
