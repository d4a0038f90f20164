//! How a call begins.

use super::super::plan::{Plan, Reject, Step, Talk, Then};
use super::super::record::{CallRecord, End, Side};
use super::super::settings::TrunkState;
use super::super::sip::message::{Composer, Message};
use super::super::sip::sdp::{self, Codec};
use super::super::sip::uri::{self, Uri};
use super::super::table;
use super::call::{Call, Stage};
use super::{CallId, Desk, Link, PhonesCore, Work};
use crate::phones::media::Sound;

/// Longest text that is kept of a number or name.
const NAME_MAX: usize = 64;

/// What happens to a call that has come.
enum Fate {
    Planned(Box<Plan>, Option<usize>),
    /// The trunk does not take it.
    Refused(Reject),
}

impl PhonesCore {
    /// An INVITE that begins a call.
    pub(super) fn begin(&mut self, now_ms: u64, link: Link, invite: Message, key: (Desk, String, String)) {
        let desk = link.desk();
        if desk == Desk::Agents && self.agent_is_gone(&invite) {
            return;
        }
        let Some(target) = invite
            .header("contact")
            .filter(|contact| Uri::parse(contact).is_some())
            .map(|contact| uri::inner(contact).to_owned())
        else {
            // Without it nobody could end the call (RFC 3261 §8.1.1.8).
            self.counters.malformed += 1;
            return self.reply(link, &invite, 400);
        };
        if desk == Desk::Trunk && !self.proven(link, &invite) {
            return;
        }
        if self.records.len() >= self.settings.calls_max {
            // Not recorded, therefore not begun: a judge that forgets calls is worse than one that refuses them.
            self.counters.refused_channels += 1;
            return self.reply(link, &invite, 503);
        }
        let number = cut(if desk == Desk::Trunk { called(&invite) } else { named(&invite) });
        let fate = match desk {
            Desk::Trunk => self.fate_of_callee(now_ms, &number),
            Desk::Agents => self.fate_of_agent(&number),
        };
        let (plan, agent, refused) = match fate {
            Fate::Planned(plan, agent) => (*plan, agent, false),
            Fate::Refused(reject) => {
                let step = Step { after_ms: 0, then: Then::Reject(reject) };
                (Plan { name: "refused".into(), steps: vec![step], ..Plan::default() }, None, true)
            }
        };
        let id = CallId(self.next_call);
        self.next_call += 1;
        self.counters.calls += 1;
        let side = if desk == Desk::Trunk { Side::Callee } else { Side::Agent };
        let counted = side == Side::Callee && !refused;
        if counted {
            self.open_callees += 1;
            self.counters.open_max = self.counters.open_max.max(self.open_callees);
        }
        if !refused {
            self.counters.open += 1;
        }
        let caller = invite.header("from").and_then(Uri::parse).map(|uri| uri.user).unwrap_or_default();
        let asserted = ["p-asserted-identity", "p-preferred-identity"]
            .into_iter()
            .find_map(|name| Uri::parse(invite.header(name)?));
        self.records.push(CallRecord {
            ordinal: self.records.len() as u64,
            side,
            number,
            caller: cut(caller),
            asserted: asserted.map(|uri| cut(uri.user)),
            call_id: invite.call_id().to_owned(),
            behaviour: plan.name.clone(),
            invited_ms: now_ms,
            ringing_ms: None,
            answered_ms: None,
            acknowledged_ms: None,
            cancelled_ms: None,
            ended_ms: None,
            end: refused.then_some(End::Refused),
            status: None,
            bye_status: None,
            reason: None,
            retransmissions: 0,
            fork_ended: plan.talk.fork.then_some(false),
            keys_heard: String::new(),
            keys_pressed: String::new(),
            rtp_received: 0,
            rtp_sent: 0,
            first_packet_ms: None,
            heard: Vec::new(),
        });
        let route = invite.values("record-route");
        let target_address =
            Uri::parse(route.first().unwrap_or(&target)).and_then(|uri| uri.socket_address());
        let tag = format!("{:016x}", self.chance.0.next_u64());
        let call = Call {
            agent,
            link,
            tag,
            fork_tag: None,
            stage: Stage::Setup,
            response: None,
            resend: None,
            acknowledged: false,
            renewed: None,
            renewal_open: false,
            remote: sdp::read(&invite.body),
            codec: Codec::Pcmu,
            port: None,
            speaking: false,
            closed: false,
            target,
            route,
            target_address,
            cseq: 0,
            version: 1,
            sounding: false,
            spells: 0,
            pressed: false,
            vanished: false,
            record: self.records.len() - 1,
            serial: 0,
            opened: !refused,
            counted,
            plan,
            invite,
        };
        self.plan_step(now_ms, id, &call.plan, 0);
        self.calls.insert(id, call);
        self.by_key.insert(key, id);
        self.advance(now_ms);
    }

    fn fate_of_callee(&mut self, now_ms: u64, number: &str) -> Fate {
        while self.recent.front().is_some_and(|at| at + 1_000 <= now_ms) {
            self.recent.pop_front();
        }
        let refused = |cause, seconds| Fate::Refused(Reject { status: 503, cause, retry_after_s: seconds });
        if let TrunkState::Congested(seconds) = self.state {
            self.counters.refused_rate += 1;
            return refused(Some(42), Some(seconds));
        }
        if self.settings.cps_max.is_some_and(|most| self.recent.len() >= most as usize) {
            self.counters.refused_rate += 1;
            return refused(Some(42), Some(1));
        }
        if self.settings.channels_max.is_some_and(|most| self.open_callees >= u64::from(most)) {
            self.counters.refused_channels += 1;
            return refused(Some(34), None);
        }
        if self.settings.cps_max.is_some() {
            self.recent.push_back(now_ms);
        }
        let time = self.times.entry(number.to_owned()).or_default();
        let plan = if let Some(plan) = self.settings.plans.get(number) {
            plan.clone()
        } else if let Some(plan) = table::plan_of(number).filter(|_| self.settings.table) {
            plan
        } else if number.is_empty() || !number.bytes().all(|octet| octet.is_ascii_digit()) {
            Plan::fails("no_number", 404, Some(1))
        } else {
            self.settings.mix.plan_of(self.settings.seed, number, *time)
        };
        *time += 1;
        Fate::Planned(Box::new(plan), None)
    }

    fn fate_of_agent(&mut self, name: &str) -> Fate {
        let Some(at) = self.agent_names.get(name).copied() else {
            return Fate::Planned(Box::new(Plan::fails("nobody", 404, None)), None);
        };
        let busy = self.calls.values().any(|call| call.agent == Some(at) && !call.is_over());
        let habits = &self.agents[at].phone.habits;
        let last = match habits.reject {
            _ if busy => super::super::plan::reject(486, Some(17)),
            Some(status) if (300..700).contains(&status) => super::super::plan::reject(status, None),
            _ => Then::Answer,
        };
        let mut steps = vec![(0, Then::Trying)];
        if habits.answer_after_ms > 0 && !busy {
            steps.push((0, Then::Ringing));
        }
        steps.push((if busy { 0 } else { habits.answer_after_ms }, last));
        let talk = Talk {
            sound: Sound::Tone,
            vanish_after_ms: habits.vanish_after_ms,
            hang_up_after_ms: habits.hang_up_after_ms,
            ..Talk::default()
        };
        Fate::Planned(Box::new(Plan { talk, ..Plan::of("agent", &steps) }), Some(at))
    }

    pub(super) fn plan_step(&mut self, now_ms: u64, id: CallId, plan: &Plan, index: usize) {
        if let Some(step) = plan.steps.get(index) {
            let at_ms = now_ms.saturating_add(self.scaled(step.after_ms));
            self.agenda.plan(at_ms, Work::Step(id, index));
        } else {
            // Nothing follows: it waits to be cancelled, but not for ever.
            let wait_ms = self.settings.call_ms_max.min(600_000);
            let wait_ms = if plan.steps.is_empty() { super::GIVE_UP_MS } else { wait_ms };
            self.agenda.plan(now_ms.saturating_add(wait_ms), Work::GiveUp(id, u64::MAX));
        }
    }

    /// Where a REGISTER of the other side's succeeds: trunks may ask their users to.
    pub(super) fn registrar(&mut self, link: Link, request: &Message) {
        if !self.proven(link, request) {
            return;
        }
        self.counters.registrations += 1;
        let contact = request.values("contact").into_iter().next();
        let expires = contact
            .as_deref()
            .and_then(uri::contact_expires)
            .or_else(|| request.header("expires")?.parse().ok())
            .unwrap_or(3_600);
        let mut response: Composer = self.response(200, request, link);
        if let Some(contact) = contact.filter(|contact| expires > 0 && contact != "*") {
            response = response.header("Contact", &format!("<{}>;expires={expires}", uri::inner(&contact)));
        }
        let response = response.end();
        self.send(link, response);
    }
}

/// The number of the Request-URI.
pub(super) fn called(message: &Message) -> String {
    use super::super::sip::message::Start;
    match &message.start {
        Start::Request { uri, .. } => Uri::parse(uri).map(|uri| uri.number()).unwrap_or_default(),
        Start::Response { .. } => String::new(),
    }
}

/// The name in the Request-URI, as it stands: names of phones may look like numbers.
pub(super) fn named(message: &Message) -> String {
    use super::super::sip::message::Start;
    match &message.start {
        Start::Request { uri, .. } => Uri::parse(uri).map(|uri| uri.user).unwrap_or_default(),
        Start::Response { .. } => String::new(),
    }
}

fn cut(text: String) -> String {
    if text.len() <= NAME_MAX { text } else { text.chars().take(NAME_MAX).collect() }
}
