//! What happens in a call: requests of the other side, keys, sounds, and habits.

use super::super::media::{Command, Report};
use super::super::plan::{OnCancel, PressHow, PressWhen, Reject};
use super::super::record::End;
use super::super::sip::message::{Composer, Message};
use super::super::sip::sdp::{self, Direction};
use super::asking::Purpose;
use super::call::{Call, Stage};
use super::script::{contact, destination};
use super::{Action, CallId, Link, PhonesCore, Work};

/// Most keys that are kept of a call.
const KEYS_MAX: usize = 256;
/// How long a phone that was not acknowledged yet waits before it hangs up.
const NOT_YET_MS: u64 = 50;
/// How long a phone that is deaf to BYE speaks on.
const SPEAKS_ON_MS: u64 = 5_000;

impl PhonesCore {
    /// A request in a call that is known.
    pub(super) fn in_call(&mut self, now_ms: u64, id: CallId, link: Link, request: &Message) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.vanished {
            return;
        }
        let (Some((number, _)), Some(method)) = (request.cseq(), request.method()) else { return };
        let to_tag = request.to_tag();
        let forked = to_tag.is_some() && to_tag == call.fork_tag;
        if to_tag.as_ref().is_some_and(|tag| *tag != call.tag && !forked) {
            if method != "ACK" {
                self.counters.unknown += 1;
                self.reply(link, request, 481);
            }
            return;
        }
        match method {
            "ACK" if !forked => self.acknowledged(now_ms, id, number, request),
            "ACK" => {}
            "INVITE" if to_tag.is_none() => {
                // Once more the same.
                let response = call.response.clone().filter(|_| !call.is_over() || call.resend.is_some());
                self.counters.retransmissions += 1;
                if let Some(record) = self.record_of(id) {
                    record.retransmissions += 1;
                }
                if let Some(response) = response {
                    self.send(link, response);
                }
            }
            "CANCEL" => self.cancelled(now_ms, id, link, request),
            "BYE" if forked => {
                if let Some(record) = self.record_of(id) {
                    record.fork_ended = Some(true);
                }
                self.answer_request(id, link, request, 200);
            }
            "BYE" => self.bye(now_ms, id, link, request),
            _ if call.is_over() => self.reply(link, request, 481),
            "INVITE" | "UPDATE" => self.renewed(now_ms, id, link, number, request),
            "INFO" => {
                for key in keys_of_info(request) {
                    self.key_heard(id, key);
                }
                self.answer_request(id, link, request, 200);
            }
            "PRACK" | "OPTIONS" | "NOTIFY" | "MESSAGE" => self.answer_request(id, link, request, 200),
            _ => self.answer_request(id, link, request, 405),
        }
    }

    /// An answer with the call's own tag.
    fn answer_request(&mut self, id: CallId, link: Link, request: &Message, status: u16) {
        let Some(call) = self.calls.get(&id) else { return };
        let response = Composer::response(status, request, &call.tag, link.peer()).end();
        self.send(link, response);
    }

    fn acknowledged(&mut self, now_ms: u64, id: CallId, number: u32, request: &Message) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if number != call.invite_cseq() {
            if call.renewed.as_ref().is_some_and(|(renewed, _)| *renewed == number) {
                call.renewal_open = false;
            }
            return;
        }
        call.resend = None;
        if call.acknowledged {
            return;
        }
        call.acknowledged = true;
        let late_answer = if call.invite.body.is_empty() { sdp::read(&request.body) } else { None };
        if let Some(audio) = late_answer {
            let remote = destination(&audio);
            call.remote = Some(audio);
            self.actions.push(Action::Tell { call: id, command: Command::Remote(remote) });
        }
        if self.calls.get(&id).is_some_and(Call::is_up)
            && let Some(record) = self.record_of(id)
        {
            record.acknowledged_ms.get_or_insert(now_ms);
        }
    }

    fn cancelled(&mut self, now_ms: u64, id: CallId, link: Link, request: &Message) {
        let Some(call) = self.calls.get(&id) else { return };
        let (on_cancel, setup) = (call.plan.on_cancel, call.stage == Stage::Setup);
        if setup && let Some(record) = self.record_of(id) {
            record.cancelled_ms.get_or_insert(now_ms);
            record.reason = record.reason.take().or_else(|| request.header("reason").map(str::to_owned));
        }
        if on_cancel == OnCancel::Ignore && setup {
            return;
        }
        self.answer_request(id, link, request, 200);
        if !setup {
            return;
        }
        match on_cancel {
            OnCancel::Terminate => {
                let reject = Reject { status: 487, ..Reject::default() };
                self.reject(now_ms, id, &reject, End::Cancelled);
            }
            OnCancel::Cross => self.answer(now_ms, id),
            OnCancel::Stall => {
                self.agenda.plan(now_ms.saturating_add(super::GIVE_UP_MS), Work::GiveUp(id, u64::MAX));
            }
            OnCancel::Ignore => {}
        }
    }

    fn bye(&mut self, now_ms: u64, id: CallId, link: Link, request: &Message) {
        let Some(call) = self.calls.get(&id) else { return };
        let (deaf, setup) = (call.plan.talk.deaf_to_bye, call.stage == Stage::Setup);
        if !call.is_over()
            && let Some(record) = self.record_of(id)
        {
            record.reason = request.header("reason").map(str::to_owned);
        }
        if deaf && !setup {
            // Its trunk has understood all the same; only the phone speaks on, until it is told to stop.
            let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_up()) else { return };
            call.vanished = true;
            self.agenda.plan(now_ms.saturating_add(SPEAKS_ON_MS), Work::Limit(id));
            if let Some(record) = self.record_of(id) {
                record.ended_ms = Some(now_ms);
                record.end = Some(End::CallerHungUp);
            }
            return;
        }
        self.answer_request(id, link, request, 200);
        if setup {
            // Before the answer it ends the call as well (RFC 3261 §15.1.2).
            let reject = Reject { status: 487, ..Reject::default() };
            return self.reject(now_ms, id, &reject, End::Cancelled);
        }
        self.end(now_ms, id, End::CallerHungUp);
    }

    /// A re-INVITE or UPDATE: another description, or the same once more.
    fn renewed(&mut self, now_ms: u64, id: CallId, link: Link, number: u32, request: &Message) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some((known, response)) = &call.renewed
            && *known == number
        {
            let response = response.clone();
            return self.send(link, response);
        }
        let mut offered = false;
        if !request.body.is_empty() {
            let Some(audio) = sdp::read(&request.body) else {
                return self.answer_request(id, link, request, 488);
            };
            let remote = destination(&audio);
            call.remote = Some(audio);
            offered = true;
            if call.speaking {
                self.actions.push(Action::Tell { call: id, command: Command::Remote(remote) });
            }
        }
        let invite = request.method() == Some("INVITE");
        let sdp = call.plan.talk.sdp;
        let body = if offered || invite { self.description(id, sdp, None) } else { None };
        let local = self.local_address(link);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let own = contact(link, local, &self.records[call.record].number);
        let response = Composer::response(200, request, &call.tag, link.peer()).header("Contact", &own);
        let response = match body {
            Some(body) => response.with_body(Some("application/sdp"), &body),
            None => response.end(),
        };
        call.renewed = Some((number, response.clone()));
        call.renewal_open = invite;
        self.send(link, response);
        // Its caller sends the re-INVITE again where this is lost, or its ACK does not matter to us.
        let _ = now_ms;
    }

    pub(super) fn tell_if_up(&mut self, id: CallId, command: Command) {
        if self.calls.get(&id).is_some_and(|call| call.is_up() && call.speaking) {
            self.actions.push(Action::Tell { call: id, command });
        }
    }

    /// The phone hangs up, as soon as it may (RFC 3261 §15).
    pub(super) fn hang_up(&mut self, now_ms: u64, id: CallId) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_up()) else { return };
        if call.vanished {
            // What it should have said long ago is not said now either.
            let end = self.record_of(id).and_then(|record| record.end);
            let ended_ms = self.record_of(id).and_then(|record| record.ended_ms);
            self.end(ended_ms.unwrap_or(now_ms), id, end.unwrap_or(End::Vanished));
            return;
        }
        if !call.acknowledged {
            return self.agenda.plan(now_ms.saturating_add(NOT_YET_MS), Work::HangUp(id));
        }
        self.say_bye(now_ms, id);
        self.end(now_ms, id, End::PhoneHungUp);
    }

    pub(super) fn say_bye(&mut self, now_ms: u64, id: CallId) {
        let reason = [("Reason", "Q.850;cause=16".to_owned())];
        self.ask_in_call(now_ms, id, "BYE", Purpose::Bye(id), &reason, None);
    }

    /// From now on the phone is as good as switched off.
    pub(super) fn vanish(&mut self, now_ms: u64, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_up()) else { return };
        call.vanished = true;
        call.resend = None;
        let agent = call.agent;
        if let Some(agent) = agent {
            self.switch_off(agent);
        }
        self.end(now_ms, id, End::Vanished);
    }

    pub(super) fn lose_patience(&mut self, now_ms: u64, id: CallId) {
        if self.calls.get(&id).is_some_and(|call| call.is_up() && call.spells == 0) {
            self.hang_up(now_ms, id);
        }
    }

    pub(super) fn hold(&mut self, now_ms: u64, id: CallId, on: bool) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_up() && !call.vanished) else { return };
        if !call.acknowledged {
            return self.agenda.plan(now_ms.saturating_add(NOT_YET_MS), Work::Hold(id, on));
        }
        let direction = if on { Direction::SendOnly } else { Direction::SendReceive };
        let sdp = call.plan.talk.sdp;
        let Some(body) = self.description(id, sdp, Some(direction)) else { return };
        self.tell_if_up(id, Command::Mute(on));
        self.ask_in_call(now_ms, id, "INVITE", Purpose::Hold(id), &[], Some(("application/sdp", &body)));
    }

    /// The keys of the plan.
    pub(super) fn press_planned(&mut self, now_ms: u64, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_up() && !call.vanished) else {
            return;
        };
        let Some(press) = call.plan.talk.press.clone() else { return };
        if !std::mem::replace(&mut call.pressed, true) {
            self.press(now_ms, id, &press.keys, press.how);
        }
    }

    /// Keys are pressed.
    pub(super) fn press(&mut self, now_ms: u64, id: CallId, keys: &str, how: PressHow) {
        if !self.calls.get(&id).is_some_and(|call| call.is_up() && !call.vanished) {
            return;
        }
        if let Some(record) = self.record_of(id)
            && record.keys_pressed.len() < KEYS_MAX
        {
            record.keys_pressed.push_str(keys);
        }
        match how {
            PressHow::Rtp | PressHow::RtpEndLost => {
                let lossy = how == PressHow::RtpEndLost;
                self.tell_if_up(id, Command::Press { keys: keys.to_owned(), lossy });
            }
            PressHow::Info => {
                for key in keys.chars() {
                    let body = format!("Signal={key}\r\nDuration=160\r\n");
                    let body = Some(("application/dtmf-relay", &*body));
                    self.ask_in_call(now_ms, id, "INFO", Purpose::Info, &[], body);
                }
            }
        }
    }

    pub(super) fn key_heard(&mut self, id: CallId, key: char) {
        self.counters.keys_heard += 1;
        if let Some(record) = self.record_of(id)
            && record.keys_heard.len() < KEYS_MAX
        {
            record.keys_heard.push(key);
        }
    }

    /// Sound after silence: for an agent, a conversation may have begun.
    pub(super) fn sound_heard(&mut self, now_ms: u64, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_up()) else { return };
        call.sounding = true;
        call.spells += 1;
        let (spell, agent) = (call.spells, call.agent);
        let Some(habits) = agent.map(|at| self.agents[at].phone.habits.clone()) else { return };
        if self.chance.share() < habits.star_share {
            let talk_ms = (self.chance.lognormal(habits.talk_mean_s, habits.talk_cv) * 1_000.0) as u64;
            let talk_ms = self.scaled(talk_ms).max(100);
            self.agenda.plan(now_ms.saturating_add(talk_ms), Work::TalkOver(id, spell));
        }
    }

    /// Silence after sound: a prompt may be over.
    pub(super) fn quiet_heard(&mut self, now_ms: u64, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_up()) else { return };
        call.sounding = false;
        if call.plan.talk.press.as_ref().is_some_and(|press| press.when == PressWhen::AfterPrompt) {
            self.press_planned(now_ms, id);
        }
    }

    /// The agent has talked long enough, if it is still the same conversation.
    pub(super) fn talk_over(&mut self, id: CallId, spell: u64) {
        if self.calls.get(&id).is_some_and(|call| call.sounding && call.spells == spell) {
            self.press(0, id, "*", PressHow::Rtp);
        }
    }

    pub(super) fn report(&mut self, id: CallId, report: Report, last: bool) {
        if let Some(record) = self.record_of(id) {
            record.rtp_received = report.received;
            record.rtp_sent = report.sent;
            record.first_packet_ms = report.first_packet_ms;
            record.heard = report.spells;
        }
        if last {
            self.close_record(id);
        }
    }
}

/// Keys in an INFO request: `Signal=5` of `application/dtmf-relay`, or the bare key of `application/dtmf`.
fn keys_of_info(request: &Message) -> Vec<char> {
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let body = String::from_utf8_lossy(&request.body);
    let text = if kind.starts_with("application/dtmf-relay") {
        body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim().to_owned())
        })
    } else if kind.starts_with("application/dtmf") {
        Some(body.trim().to_owned())
    } else {
        None
    };
    text.and_then(|text| text.chars().next())
        .into_iter()
        .filter(|key| "0123456789*#ABCD".contains(*key))
        .collect()
}
