//! From the INVITE to the final answer, and the end.

use super::super::media::{Command, Sound, Start};
use super::super::plan::{AnswerSdp, PressWhen, Reject, Then};
use super::super::record::{CallRecord, End, Side};
use super::super::sip::sdp::{self, Audio, Codec, Direction, Local};
use super::call::{Resend, Stage, session_of};
use super::{ALLOW, Action, CallId, Desk, GIVE_UP_MS, Link, PhonesCore, T1_MS, T2_MS, Wire, Work};
use std::net::{Ipv4Addr, SocketAddr};

/// Payload type of telephone events where it is ours to choose.
const EVENTS: u8 = 101;
/// How long a call is remembered after its end, for what comes late.
const REMEMBERED_MS: u64 = GIVE_UP_MS;
/// Between two of the answers that are repeated on purpose.
const REPEAT_MS: u64 = 500;
/// How long a vanished phone's call stays in the books of the trunk.
const ECHO_MS: u64 = 10_000;

impl PhonesCore {
    pub(super) fn record_of(&mut self, id: CallId) -> Option<&mut CallRecord> {
        let at = self.calls.get(&id)?.record;
        self.records.get_mut(at)
    }

    /// The step of the plan that is due.
    pub(super) fn step(&mut self, now_ms: u64, id: CallId, index: usize) {
        let Some(call) = self.calls.get(&id).filter(|call| call.stage == Stage::Setup && !call.vanished)
        else {
            return;
        };
        let Some(step) = call.plan.steps.get(index).cloned() else { return };
        let plan = call.plan.clone();
        match step.then {
            Then::Trying => self.provisional(id, 100, None),
            Then::Ringing => {
                self.note_ringing(now_ms, id);
                self.provisional(id, 180, None);
            }
            Then::Forwarded => {
                self.note_ringing(now_ms, id);
                self.provisional(id, 181, None);
            }
            Then::EarlyMedia(sound) => {
                if !self.open(now_ms, id) {
                    return;
                }
                self.note_ringing(now_ms, id);
                let body = self.description(id, AnswerSdp::Usable, None);
                self.provisional(id, 183, body);
                self.speak(id, Some(sound));
            }
            Then::Reject(reject) => return self.reject(now_ms, id, &reject, End::Rejected),
            Then::Answer => return self.answer(now_ms, id),
        }
        self.plan_step(now_ms, id, &plan, index + 1);
    }

    fn note_ringing(&mut self, now_ms: u64, id: CallId) {
        if let Some(record) = self.record_of(id) {
            record.ringing_ms.get_or_insert(now_ms);
        }
    }

    fn provisional(&mut self, id: CallId, status: u16, body: Option<String>) {
        let Some(link) = self.calls.get(&id).map(|call| call.link) else { return };
        let local = self.local_address(link);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut response = call.response_to_invite(status, &call.tag);
        if status > 100 {
            response =
                response.header("Contact", &contact(call.link, local, &self.records[call.record].number));
        }
        let octets = match body {
            Some(body) => response.with_body(Some("application/sdp"), &body),
            None => response.end(),
        };
        call.response = Some(octets.clone());
        self.send(link, octets);
    }

    /// A final answer that is no success.
    pub(super) fn reject(&mut self, now_ms: u64, id: CallId, reject: &Reject, end: End) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut response = call.response_to_invite(reject.status, &call.tag);
        if let Some(cause) = reject.cause {
            response = response.header("Reason", &format!("Q.850;cause={cause}"));
        }
        if let Some(seconds) = reject.retry_after_s {
            response = response.header("Retry-After", &seconds.to_string());
        }
        let octets = response.end();
        call.response = Some(octets.clone());
        let link = call.link;
        if let Some(record) = self.record_of(id) {
            record.status = Some(reject.status);
        }
        self.send(link, octets.clone());
        if link.loses() {
            self.keep_sending(now_ms, id, octets);
        }
        let end = self.record_of(id).and_then(|record| record.end).unwrap_or(end);
        self.end(now_ms, id, end);
    }

    /// Opens a port for sound; the call is refused where there is none, or where what was offered is of no use.
    fn open(&mut self, now_ms: u64, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if call.port.is_some() {
            return true;
        }
        let offered = !call.invite.body.is_empty();
        let common = call
            .remote
            .as_ref()
            .and_then(|audio| audio.codecs.iter().find(|codec| self.settings.codecs.contains(codec)));
        let usable = call.remote.as_ref().is_some_and(|audio| audio.remote.port() > 0);
        match (offered, common) {
            (true, Some(codec)) if usable => call.codec = *codec,
            // No offer: ours comes with the answer, and theirs with the ACK (RFC 3264 §5, RFC 3261 §13.2.1).
            (false, _) => call.codec = self.settings.codecs.first().copied().unwrap_or(Codec::Pcmu),
            _ => {
                let reject = Reject { status: 488, cause: Some(88), retry_after_s: None };
                self.reject(now_ms, id, &reject, End::Rejected);
                return false;
            }
        }
        call.port = (self.open_port)(id);
        if call.port.is_none() {
            let reject = Reject { status: 503, cause: Some(47), retry_after_s: None };
            self.reject(now_ms, id, &reject, End::Refused);
            return false;
        }
        true
    }

    /// The description of our side. `direction` tells what we want; without it, whatever was offered is answered.
    pub(super) fn description(
        &mut self,
        id: CallId,
        sdp: AnswerSdp,
        direction: Option<Direction>,
    ) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        let mut address = call.port?;
        let mut codec = Some(call.codec);
        match sdp {
            AnswerSdp::Usable => {}
            AnswerSdp::PortZero => address.set_port(0),
            AnswerSdp::OtherCodec => codec = None,
            AnswerSdp::Missing => return None,
            AnswerSdp::NoAddress => address.set_ip(Ipv4Addr::UNSPECIFIED.into()),
        }
        let events = match &call.remote {
            Some(audio) => audio.events,
            None => Some(EVENTS),
        };
        let offered = call.remote.as_ref().map_or(Direction::SendReceive, |audio| audio.direction);
        let local = Local {
            address,
            codec,
            events,
            direction: direction.unwrap_or(offered.answer()),
            session: session_of(id),
            version: call.version,
        };
        call.version += 1;
        Some(sdp::write(&local))
    }

    /// The sound begins, or becomes another.
    fn speak(&mut self, id: CallId, sound: Option<Sound>) {
        let tone_hz = self.tone_of_call(id);
        let seed = self.chance.0.next_u64();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let sound = sound.unwrap_or(call.plan.talk.sound);
        if call.speaking {
            return self.actions.push(Action::Tell { call: id, command: Command::Sound(sound) });
        }
        call.speaking = true;
        let start = Start {
            remote: call.remote.as_ref().and_then(destination),
            codec: call.codec,
            events: call.remote.as_ref().map_or(Some(EVENTS), |audio| audio.events),
            sound,
            tone_hz,
            seed,
            mute: call.plan.talk.mute,
        };
        self.actions.push(Action::Speak { call: id, start });
    }

    /// The tone of the phone in a call.
    fn tone_of_call(&self, id: CallId) -> u32 {
        let Some(call) = self.calls.get(&id) else { return 0 };
        match call.agent {
            Some(at) => super::super::agent_tone(at),
            None => super::super::tone_of(&self.records[call.record].number),
        }
    }

    /// 200, and all that is planned after it.
    pub(super) fn answer(&mut self, now_ms: u64, id: CallId) {
        if !self.open(now_ms, id) {
            return;
        }
        let Some(call) = self.calls.get(&id) else { return };
        let (talk, tag) = (call.plan.talk.clone(), call.tag.clone());
        let body = self.description(id, talk.sdp, None);
        let Some(octets) = self.answer_as(id, &tag, body.as_deref()) else { return };
        let call_ms_max = self.settings.call_ms_max;
        let fork = talk.fork.then(|| format!("{:016x}", self.chance.0.next_u64()));
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Up;
        call.response = Some(octets.clone());
        call.fork_tag.clone_from(&fork);
        let link = call.link;
        self.counters.answered += 1;
        self.counters.up += 1;
        if let Some(record) = self.record_of(id) {
            record.answered_ms = Some(now_ms);
            record.status = Some(200);
        }
        self.send(link, octets.clone());
        // Over any transport: the ACK comes from the other end, past all that is in between (RFC 3261 §13.3.1.4).
        self.keep_sending(now_ms, id, octets);
        if let Some(fork) = fork
            && let Some(octets) = self.answer_as(id, &fork, body.as_deref())
        {
            self.send(link, octets);
        }
        self.speak(id, None);
        let mut plan = |after_ms: Option<u64>, work| {
            if let Some(after_ms) = after_ms {
                self.agenda.plan(now_ms.saturating_add(after_ms), work);
            }
        };
        plan(talk.patience_ms, Work::Patience(id));
        plan(talk.mute_after_ms, Work::Mute(id));
        plan(talk.vanish_after_ms, Work::Vanish(id));
        plan(talk.hold_after_ms, Work::Hold(id, true));
        plan(talk.hold_after_ms.map(|after_ms| after_ms.saturating_mul(2)), Work::Hold(id, false));
        plan(talk.move_after_ms, Work::Move(id));
        plan((talk.repeat_answer > 0).then_some(REPEAT_MS), Work::Repeat(id, talk.repeat_answer));
        plan(Some(call_ms_max), Work::Limit(id));
        if let Some(PressWhen::After(after_ms)) = talk.press.map(|press| press.when) {
            plan(Some(after_ms), Work::Press(id));
        }
        if let Some(after_ms) = talk.hang_up_after_ms {
            let after_ms = self.scaled(after_ms);
            self.agenda.plan(now_ms.saturating_add(after_ms), Work::HangUp(id));
        }
    }

    fn answer_as(&self, id: CallId, tag: &str, body: Option<&str>) -> Option<Vec<u8>> {
        let call = self.calls.get(&id)?;
        let local = self.local_address(call.link);
        let response = call
            .response_to_invite(200, tag)
            .header("Contact", &contact(call.link, local, &self.records[call.record].number))
            .header("Allow", ALLOW);
        Some(match body {
            Some(body) => response.with_body(Some("application/sdp"), body),
            None => response.end(),
        })
    }

    fn keep_sending(&mut self, now_ms: u64, id: CallId, octets: Vec<u8>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.serial += 1;
        let serial = call.serial;
        let until_ms = now_ms.saturating_add(GIVE_UP_MS);
        call.resend = Some(Resend { octets, interval_ms: T1_MS, until_ms, serial });
        self.agenda.plan(now_ms.saturating_add(T1_MS), Work::Resend(id, serial));
        self.agenda.plan(until_ms, Work::GiveUp(id, serial));
    }

    pub(super) fn resend(&mut self, now_ms: u64, id: CallId, serial: u64) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| !call.vanished) else { return };
        let link = call.link;
        let Some(resend) = call.resend.as_mut().filter(|resend| resend.serial == serial) else { return };
        if now_ms >= resend.until_ms {
            return;
        }
        resend.interval_ms = (resend.interval_ms * 2).min(T2_MS);
        let next_ms = now_ms.saturating_add(resend.interval_ms);
        let octets = resend.octets.clone();
        self.send(link, octets);
        self.agenda.plan(next_ms, Work::Resend(id, serial));
    }

    /// The 200 once more, though nobody asked.
    pub(super) fn repeat_answer(&mut self, now_ms: u64, id: CallId, left: u8) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_up() && !call.vanished) else { return };
        let (link, octets) = (call.link, call.response.clone());
        if let Some(octets) = octets {
            self.send(link, octets);
        }
        if left > 1 {
            self.agenda.plan(now_ms.saturating_add(REPEAT_MS), Work::Repeat(id, left - 1));
        }
    }

    /// Nothing came any more that was waited for.
    pub(super) fn give_up(&mut self, now_ms: u64, id: CallId, serial: u64) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.stage {
            Stage::Setup if serial == u64::MAX => self.end(now_ms, id, End::GivenUp),
            Stage::Up if call.resend.as_ref().is_some_and(|resend| resend.serial == serial) => {
                call.resend = None;
                if !call.vanished {
                    self.say_bye(now_ms, id);
                }
                self.end(now_ms, id, End::Unacknowledged);
            }
            Stage::Over if call.resend.as_ref().is_some_and(|resend| resend.serial == serial) => {
                call.resend = None;
            }
            _ => {}
        }
    }

    /// The call is over.
    pub(super) fn end(&mut self, now_ms: u64, id: CallId, end: End) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| !call.is_over()) else { return };
        let was_up = call.is_up();
        call.stage = Stage::Over;
        let counted = std::mem::take(&mut call.counted);
        let opened = std::mem::take(&mut call.opened);
        let (speaking, has_port) = (call.speaking, call.port.is_some());
        if counted {
            self.open_callees -= 1;
        }
        if opened {
            self.counters.open -= 1;
        }
        if was_up {
            self.counters.up -= 1;
        }
        match end {
            End::Rejected => self.counters.rejected += 1,
            End::Refused => {}
            End::Cancelled => self.counters.cancelled += 1,
            End::CallerHungUp => self.counters.caller_hung_up += 1,
            End::PhoneHungUp => self.counters.phone_hung_up += 1,
            End::Vanished | End::Unacknowledged | End::GivenUp => self.counters.lost += 1,
        }
        if let Some(record) = self.record_of(id) {
            record.ended_ms = Some(now_ms);
            record.end = Some(end);
        }
        if speaking {
            self.actions.push(Action::Tell { call: id, command: Command::Stop });
        } else {
            if has_port {
                self.actions.push(Action::Close { call: id });
            }
            self.close_record(id);
        }
        let remembered_ms = if end == End::Vanished { ECHO_MS } else { 0 } + REMEMBERED_MS;
        self.agenda.plan(now_ms.saturating_add(remembered_ms), Work::Forget(id));
    }

    /// The record will not change any more.
    pub(super) fn close_record(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !std::mem::replace(&mut call.closed, true) {
            self.closed.push(call.record);
        }
    }

    /// Nothing will change any more.
    pub(crate) fn close_all(&mut self) {
        let mut open: Vec<CallId> = self.calls.keys().copied().collect();
        open.sort_unstable();
        for id in open {
            self.close_record(id);
        }
    }

    pub(super) fn forget(&mut self, id: CallId) {
        if let Some(call) = self.calls.remove(&id) {
            let side = self.records[call.record].side;
            let desk = if side == Side::Callee { Desk::Trunk } else { Desk::Agents };
            let key = (desk, call.invite.call_id().to_owned(), call.invite.caller_tag());
            if self.by_key.get(&key) == Some(&id) {
                self.by_key.remove(&key);
            }
        }
    }
}

/// Where sound goes, if any is wanted.
pub(super) fn destination(audio: &Audio) -> Option<SocketAddr> {
    let wanted = matches!(audio.direction, Direction::SendReceive | Direction::ReceiveOnly);
    let there = audio.remote.port() > 0 && !audio.remote.ip().is_unspecified();
    (wanted && there).then_some(audio.remote)
}

/// The address of a phone, as requests and responses name it.
pub(super) fn contact(link: Link, local: SocketAddr, number: &str) -> String {
    // Only what may stand in a user part without escapes.
    let user: String = number
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || "-_.".contains(*character))
        .collect();
    let transport = match link {
        Link::Udp(..) => "",
        Link::Stream(_, _, Wire::Tcp) => ";transport=tcp",
        Link::Stream(_, _, Wire::Tls) => ";transport=tls",
    };
    format!("<sip:{user}@{local}{transport}>")
}
