//! Requests of the phones' own, and the answers to them.

use super::super::sip::message::{Composer, Message, parameter};
use super::super::sip::sdp;
use super::script::{contact, destination};
use super::{Action, CallId, GIVE_UP_MS, Link, PhonesCore, T1_MS, T2_MS, Work};
use crate::phones::media::Command;

/// Beginning of every branch of ours; a number follows.
const BRANCH: &str = "z9hG4bKphones";

/// Why something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Bye(CallId),
    Hold(CallId),
    Info,
    /// An agent's registration.
    Register(usize),
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Ask {
    octets: Vec<u8>,
    link: Link,
    purpose: Purpose,
    interval_ms: u64,
    until_ms: u64,
    /// It is not sent any more: something was heard that allows to stop.
    quiet: bool,
    /// What acknowledges the final answer.
    ack: Option<Vec<u8>>,
}

impl PhonesCore {
    /// A fresh Via, and its number.
    pub(super) fn via(&mut self, link: Link) -> (u64, String) {
        let number = self.next_ask;
        self.next_ask += 1;
        let (local, transport) = (self.local_address(link), link.transport());
        (number, format!("SIP/2.0/{transport} {local};rport;branch={BRANCH}{number:x}"))
    }

    /// Sends a request, and again until it is answered.
    pub(super) fn ask(&mut self, now_ms: u64, number: u64, link: Link, purpose: Purpose, octets: Vec<u8>) {
        self.send(link, octets.clone());
        let until_ms = now_ms.saturating_add(GIVE_UP_MS);
        self.asks.insert(
            number,
            Ask { octets, link, purpose, interval_ms: T1_MS, until_ms, quiet: !link.loses(), ack: None },
        );
        let first_ms = if link.loses() { now_ms.saturating_add(T1_MS) } else { until_ms };
        self.agenda.plan(first_ms, Work::Ask(number));
    }

    /// A request in a call.
    pub(super) fn ask_in_call(
        &mut self,
        now_ms: u64,
        id: CallId,
        method: &str,
        purpose: Purpose,
        headers: &[(&str, String)],
        body: Option<(&str, &str)>,
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.cseq += 1;
        let (cseq, link) = (call.cseq, call.way());
        let (number, via) = self.via(link);
        let Some(mut request) = self.request_in_call(id, method, cseq, &via, link) else { return };
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let octets = match body {
            Some((kind, body)) => request.with_body(Some(kind), body),
            None => request.end(),
        };
        self.ask(now_ms, number, link, purpose, octets);
    }

    fn request_in_call(
        &self,
        id: CallId,
        method: &str,
        cseq: u32,
        via: &str,
        link: Link,
    ) -> Option<Composer> {
        let call = self.calls.get(&id)?;
        let mut request =
            Composer::request(method, &call.target).header("Via", via).header("Max-Forwards", "70");
        for route in &call.route {
            request = request.header("Route", route);
        }
        let to = call.invite.header("to").unwrap_or_default();
        let from = match parameter(to, "tag") {
            Some(_) => to.to_owned(),
            None => format!("{to};tag={}", call.tag),
        };
        let own = contact(link, self.local_address(link), &self.records[call.record].number);
        Some(
            request
                .header("From", &from)
                .header("To", call.invite.header("from").unwrap_or_default())
                .header("Call-ID", call.invite.call_id())
                .header("CSeq", &format!("{cseq} {method}"))
                .header("Contact", &own),
        )
    }

    /// Sends a request again, or gives it up.
    pub(super) fn ask_again(&mut self, now_ms: u64, number: u64) {
        let Some(ask) = self.asks.get_mut(&number) else { return };
        if now_ms >= ask.until_ms {
            let ask = self.asks.remove(&number);
            if let Some(Purpose::Register(at)) = ask.filter(|ask| ask.ack.is_none()).map(|ask| ask.purpose) {
                self.registration_failed(now_ms, at);
            }
            return;
        }
        if ask.quiet {
            return self.agenda.plan(ask.until_ms, Work::Ask(number));
        }
        let (link, octets, until_ms) = (ask.link, ask.octets.clone(), ask.until_ms);
        ask.interval_ms = match ask.purpose {
            // The time between two INVITEs doubles without limit (RFC 3261 §17.1.1.2).
            Purpose::Hold(_) => ask.interval_ms * 2,
            _ => (ask.interval_ms * 2).min(T2_MS),
        };
        let next_ms = now_ms.saturating_add(ask.interval_ms).min(until_ms);
        let gone = match ask.purpose {
            Purpose::Register(at) => self.agents[at].gone,
            Purpose::Bye(_) | Purpose::Hold(_) | Purpose::Info => false,
        };
        if !gone {
            self.send(link, octets);
        }
        self.agenda.plan(next_ms, Work::Ask(number));
    }

    /// A response came.
    pub(super) fn answered(&mut self, now_ms: u64, status: u16, response: &Message) {
        let branch = response.branch();
        let Some(number) =
            branch.strip_prefix(BRANCH).and_then(|number| u64::from_str_radix(number, 16).ok())
        else {
            self.counters.unknown += 1;
            return;
        };
        let Some(ask) = self.asks.get_mut(&number) else { return };
        if status < 200 {
            // An INVITE is not sent again after this; everything else only seldom.
            ask.quiet = matches!(ask.purpose, Purpose::Hold(_));
            ask.interval_ms = T2_MS;
            return;
        }
        if let Some(ack) = ask.ack.clone() {
            let link = ask.link;
            return self.send(link, ack);
        }
        let (purpose, link) = (ask.purpose, ask.link);
        match purpose {
            Purpose::Hold(id) => self.held(number, id, link, status, response),
            Purpose::Bye(id) => {
                self.asks.remove(&number);
                if let Some(record) = self.record_of(id) {
                    record.bye_status.get_or_insert(status);
                }
            }
            Purpose::Info => {
                self.asks.remove(&number);
            }
            Purpose::Register(at) => {
                self.asks.remove(&number);
                self.registered(now_ms, at, status, response);
            }
        }
    }

    /// The final answer to a re-INVITE.
    fn held(&mut self, number: u64, id: CallId, link: Link, status: u16, response: &Message) {
        let Some((cseq, _)) = response.cseq() else { return };
        // The ACK of a failure belongs to its INVITE and shares the branch (RFC 3261 §17.1.1.3).
        let via = if status < 300 {
            self.via(link).1
        } else {
            let (local, transport) = (self.local_address(link), link.transport());
            format!("SIP/2.0/{transport} {local};rport;branch={BRANCH}{number:x}")
        };
        let Some(ack) = self.request_in_call(id, "ACK", cseq, &via, link).map(Composer::end) else { return };
        if let Some(ask) = self.asks.get_mut(&number) {
            ask.quiet = true;
            ask.ack = Some(ack.clone());
        }
        self.send(link, ack);
        if let Some(audio) = sdp::read(&response.body).filter(|_| status < 300)
            && let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_up() && call.speaking)
        {
            let remote = destination(&audio);
            call.remote = Some(audio);
            self.actions.push(Action::Tell { call: id, command: Command::Remote(remote) });
        }
    }
}
