//! What each event makes of a contact (dialling rules §3.1, §4.3).

use super::{Contact, ContactNumber, Due, Lease, numbers};
use crate::calls::call::{Call, CallOutcome};
use crate::calls::campaign::CallCampaign;
use crate::calls::result_code::{ResultCode, ResultKind};
use crate::participant::ParticipantStatus;
use crate::time::UnixMillis;

/// Longest wait after nobody answered.
const NO_ANSWER_MAX_S: i64 = 24 * 3600;
const REJECTED_S: i64 = 24 * 3600;
const MACHINE_S: i64 = 4 * 3600;
const UNREACHABLE_S: i64 = 2 * 3600;
const UNKNOWN_S: i64 = 3600;
const SHORT_CALL_S: i64 = 3600;
/// Waits after failures of the network; the last one is for all that follow.
const NETWORK_S: [i64; 3] = [30, 120, 600];
/// Failures of the network in a row that are worth one try.
const NETWORK_FAILURES_MAX: u32 = 5;

/// What the outcome of a call depends on beside the contact and the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Tries of a contact.
    pub max_tries: u32,
    /// Tries of one number; 0 is no limit of its own.
    pub max_tries_per_number: u32,
    /// Minutes after the first call that nobody answered.
    pub retry_delay_min: u32,
    /// Calls of a busy series.
    pub busy_tries: u32,
    /// Minutes between them.
    pub busy_retry_delay_min: u32,
    /// Seconds before somebody who was left without an agent is called again.
    pub redial_after_abandon_s: i64,
    /// Whether a heard script without a result closes the contact as done.
    pub heard_is_done: bool,
}

impl Rules {
    /// Those of a campaign; `redial_after_abandon_s` is its policy's.
    pub fn of(campaign: &CallCampaign, redial_after_abandon_s: i64) -> Self {
        Self {
            max_tries: campaign.max_tries,
            max_tries_per_number: campaign.dialling.max_tries_per_number,
            retry_delay_min: campaign.retry_delay_min,
            busy_tries: campaign.busy_tries,
            busy_retry_delay_min: campaign.busy_retry_delay_min,
            redial_after_abandon_s,
            heard_is_done: campaign.dialling.heard_is_done,
        }
    }
}

/// What a call's end made of its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aftermath {
    /// It is called again at `next_try_at`.
    Again,
    /// The agent's result is awaited.
    AwaitsResult,
    /// Closed as done: the script was heard.
    Heard,
    /// Closed as aborted: no usable number is left.
    NoNumber,
    /// Closed as aborted: the tries are used up.
    TriesUsedUp,
    /// It was changed by somebody else meanwhile and stays as it is.
    Unchanged,
}

/// Why a result is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResultRefusal {
    /// The code is another campaign's.
    #[error("the result code belongs to another campaign")]
    OtherCampaign,
    /// An appointment needs a time.
    #[error("an appointment needs a time")]
    NoTime,
    /// The time has passed.
    #[error("the time of the appointment has passed")]
    Past,
    /// The follow-up stays with an agent, and none is named.
    #[error("the result code binds the contact to an agent, and none is named")]
    NoAgent,
}

impl Contact {
    /// Takes it in hand.
    pub fn take(&mut self, agent: Option<&str>, until: UnixMillis, now: UnixMillis) {
        self.status = ParticipantStatus::Progress;
        self.lease = Some(Lease { agent: agent.map(str::to_owned), until });
        if let Some(agent) = agent {
            self.last_agent = Some(agent.to_owned());
        }
        self.updated_at = now;
    }

    /// Gives it back as it was; not before `not_before`, where that is given.
    pub fn give_back(&mut self, not_before: Option<UnixMillis>, now: UnixMillis) {
        if !self.is_in_hand() {
            return;
        }
        self.lease = None;
        self.open_call = None;
        self.status = self.open_status();
        if let Some(at) = not_before {
            self.next_try_at = Some(at.max(self.next_try_at.unwrap_or(at)));
        }
        self.updated_at = now;
    }

    /// The rules do not let it be called now: not before `at`. What it waits for stays the same.
    pub fn wait_until(&mut self, at: UnixMillis, now: UnixMillis) {
        self.lease = None;
        self.status = self.open_status();
        self.next_try_at = Some(at);
        self.updated_at = now;
    }

    fn open_status(&self) -> ParticipantStatus {
        if self.due == Due::New { ParticipantStatus::Pending } else { ParticipantStatus::Retry }
    }

    /// A call to it begins; the caller stores both before anything leaves.
    pub fn call_begins(&mut self, call: &Call, until: UnixMillis) {
        self.status = ParticipantStatus::Progress;
        self.open_call = Some(call.id);
        self.lease = Some(Lease { agent: call.agent.clone(), until });
        if let Some(agent) = &call.agent {
            self.last_agent = Some(agent.clone());
        }
        if let Some(number) = self.number_mut(call.index) {
            number.last_try_at = Some(call.started_at);
        }
        self.updated_at = call.started_at;
    }

    fn number_mut(&mut self, index: u8) -> Option<&mut ContactNumber> {
        self.numbers.get_mut(usize::from(index).checked_sub(1)?)
    }

    /// Its call is over. `random` is evenly spread over all values and spreads the waits.
    pub fn call_ended(&mut self, call: &Call, rules: &Rules, now: UnixMillis, random: u32) -> Aftermath {
        let (Some(outcome), true) = (call.outcome, self.open_call == Some(call.id)) else {
            return Aftermath::Unchanged;
        };
        self.open_call = None;
        self.updated_at = now;
        self.last_result_mailbox = Some(outcome == CallOutcome::Machine);
        if let Some(number) = self.number_mut(call.index) {
            number.last_cause = call.cause.or(number.last_cause);
            number.reached = match outcome {
                CallOutcome::Answered | CallOutcome::ShortCall | CallOutcome::Abandoned => true,
                CallOutcome::Invalid | CallOutcome::Fax => false,
                _ => number.reached,
            };
        }
        let in_series = self.in_busy_series(call, outcome, rules);
        if self.is_worth_a_try(outcome) && !in_series {
            self.tries = self.tries.saturating_add(1);
        }
        if outcome.counts() {
            let limit = rules.max_tries_per_number;
            if let Some(number) = self.number_mut(call.index) {
                number.tries = number.tries.saturating_add(1);
                number.exhausted = limit > 0 && number.tries >= limit;
            }
        }
        if matches!(outcome, CallOutcome::Invalid | CallOutcome::Fax | CallOutcome::Unwanted)
            && let Some(number) = self.number_mut(call.index)
        {
            number.invalid = Some(true);
        }
        if outcome == CallOutcome::Answered {
            return self.answered(call, rules);
        }
        self.again(call, outcome, in_series, rules, now, random)
    }

    fn answered(&mut self, call: &Call, rules: &Rules) -> Aftermath {
        if call.connected_at.is_some() {
            self.status = ParticipantStatus::Wait;
            return Aftermath::AwaitsResult;
        }
        self.lease = None;
        if rules.heard_is_done {
            self.close(ParticipantStatus::Completed);
            return Aftermath::Heard;
        }
        self.due = Due::Retry;
        self.status = ParticipantStatus::Retry;
        self.next_try_at = Some(call.ended_at.unwrap_or(call.started_at).plus_seconds(SHORT_CALL_S));
        Aftermath::Again
    }

    /// Counts failures of the network; every fifth in a row is worth a try.
    fn is_worth_a_try(&mut self, outcome: CallOutcome) -> bool {
        if !outcome.is_networks() {
            if outcome != CallOutcome::Blocked {
                self.network_failures = 0;
            }
            return outcome.counts();
        }
        self.network_failures += 1;
        if self.network_failures < NETWORK_FAILURES_MAX {
            return false;
        }
        self.network_failures = 0;
        true
    }

    /// Whether a busy call is followed by another one of its series.
    fn in_busy_series(&self, call: &Call, outcome: CallOutcome, rules: &Rules) -> bool {
        let done = match self.due {
            Due::BusySeries { index, done, .. } if index == call.index => done,
            _ => 0,
        };
        outcome == CallOutcome::Busy && done + 1 < rules.busy_tries
    }

    fn again(
        &mut self,
        call: &Call,
        outcome: CallOutcome,
        in_series: bool,
        rules: &Rules,
        now: UnixMillis,
        random: u32,
    ) -> Aftermath {
        self.lease = None;
        if self.usable() == 0 {
            self.close(ParticipantStatus::Exception);
            return Aftermath::NoNumber;
        }
        if self.tries >= rules.max_tries.max(1) {
            self.close(ParticipantStatus::Exception);
            return Aftermath::TriesUsedUp;
        }
        self.status = ParticipantStatus::Retry;
        if in_series {
            let (done, since) = match self.due {
                Due::BusySeries { index, done, since } if index == call.index => (done, since),
                _ => (0, now),
            };
            self.due = Due::BusySeries { index: call.index, done: done + 1, since };
            self.next_try_at = Some(now.plus_seconds(i64::from(rules.busy_retry_delay_min) * 60));
            return Aftermath::Again;
        }
        // Whatever a follow-up was for, its call has taken place; what failed by the network's doing keeps its kind.
        if !outcome.is_networks() && outcome != CallOutcome::Blocked {
            self.due = Due::Retry;
            self.follow_up_at = None;
        } else if self.due == Due::New {
            self.due = Due::Retry;
        }
        self.next_try_at = Some(now.plus_seconds(self.wait_s(outcome, rules, random)));
        Aftermath::Again
    }

    /// Seconds to wait after an outcome.
    fn wait_s(&self, outcome: CallOutcome, rules: &Rules, random: u32) -> i64 {
        let base = i64::from(rules.retry_delay_min) * 60;
        match outcome {
            CallOutcome::Busy => base,
            CallOutcome::NoAnswer | CallOutcome::CancelledRing => {
                // Half as long again with each try.
                let grown = (1..self.tries.min(16)).fold(base, |wait, _| wait * 3 / 2);
                spread(grown.min(NO_ANSWER_MAX_S), random)
            }
            CallOutcome::Rejected | CallOutcome::Intercepted => REJECTED_S,
            CallOutcome::Machine => MACHINE_S,
            CallOutcome::Fax | CallOutcome::Invalid | CallOutcome::Unwanted | CallOutcome::Blocked => 0,
            CallOutcome::Unreachable => UNREACHABLE_S,
            CallOutcome::Abandoned | CallOutcome::LateAnswer => rules.redial_after_abandon_s,
            CallOutcome::Congestion
            | CallOutcome::TrunkFailure
            | CallOutcome::SetupTimeout
            | CallOutcome::NoCapacity
            | CallOutcome::MediaMismatch => {
                let place = (self.network_failures.max(1) as usize - 1).min(NETWORK_S.len() - 1);
                spread(NETWORK_S[place], random)
            }
            CallOutcome::ShortCall => SHORT_CALL_S.max(base),
            CallOutcome::Answered | CallOutcome::Unknown => UNKNOWN_S,
        }
    }

    fn close(&mut self, status: ParticipantStatus) {
        self.status = status;
        self.lease = None;
        self.open_call = None;
        self.next_try_at = None;
        self.follow_up_at = None;
    }

    /// Closes it with a code of the campaign, or without one, as aborted (`done` false) or done.
    pub fn close_with(&mut self, code: Option<&ResultCode>, done: bool, now: UnixMillis) {
        let done = code.map_or(done, |code| code.kind == ResultKind::Done);
        self.close(if done { ParticipantStatus::Completed } else { ParticipantStatus::Exception });
        self.note_code(code);
        self.updated_at = now;
    }

    fn note_code(&mut self, code: Option<&ResultCode>) {
        self.result_code = code.map(|code| code.id);
        self.export_key = code.filter(|_| self.status.is_terminal()).map(|code| code.export_key.clone());
    }

    /// Records a result (dialler contract §4.2). Whatever state it is in, the code decides the next one.
    pub fn record(
        &mut self,
        code: &ResultCode,
        follow_up_at: Option<UnixMillis>,
        agent: Option<&str>,
        now: UnixMillis,
    ) -> Result<(), ResultRefusal> {
        if code.campaign != self.campaign {
            return Err(ResultRefusal::OtherCampaign);
        }
        let bound = code.agent_bound == Some(true);
        let due_at = match code.kind {
            ResultKind::Done | ResultKind::Abort => {
                self.close_with(Some(code), false, now);
                return Ok(());
            }
            ResultKind::Delay => now.plus_seconds(i64::from(code.time_offset.unwrap_or(0)) * 60),
            ResultKind::Appointment => match follow_up_at {
                None => return Err(ResultRefusal::NoTime),
                Some(at) if at <= now => return Err(ResultRefusal::Past),
                Some(at) => at,
            },
        };
        if bound && agent.is_none() {
            return Err(ResultRefusal::NoAgent);
        }
        self.due = if code.kind == ResultKind::Delay { Due::Delay } else { Due::Appointment };
        self.status = ParticipantStatus::Retry;
        self.next_try_at = Some(due_at);
        self.follow_up_at = Some(due_at);
        self.follow_up_agent = agent.filter(|_| bound).map(str::to_owned);
        if let Some(agent) = agent {
            self.last_agent = Some(agent.to_owned());
        }
        self.lease = None;
        self.open_call = None;
        self.updated_at = now;
        self.note_code(Some(code));
        Ok(())
    }

    /// Nobody recorded a result in time, and no code stands for that: it is called again.
    pub fn result_missed(&mut self, rules: &Rules, now: UnixMillis) -> Aftermath {
        if self.status != ParticipantStatus::Wait {
            return Aftermath::Unchanged;
        }
        self.lease = None;
        if self.tries >= rules.max_tries.max(1) {
            self.close(ParticipantStatus::Exception);
            self.updated_at = now;
            return Aftermath::TriesUsedUp;
        }
        self.due = Due::Retry;
        self.status = ParticipantStatus::Retry;
        self.next_try_at = Some(now.plus_seconds(i64::from(rules.retry_delay_min) * 60));
        self.updated_at = now;
        Aftermath::Again
    }

    /// Forgets what the dialler found out (`ResetContact`).
    pub fn reset(&mut self, now: UnixMillis) {
        for number in &mut self.numbers {
            number.reset();
        }
        self.due = Due::New;
        self.status = ParticipantStatus::Pending;
        self.next_try_at = None;
        self.follow_up_at = None;
        self.follow_up_agent = None;
        self.last_result_mailbox = None;
        self.last_end_reason = None;
        self.result_code = None;
        self.export_key = None;
        self.lease = None;
        self.open_call = None;
        self.last_agent = None;
        self.tries = 0;
        self.network_failures = 0;
        self.updated_at = now;
    }

    /// Whether one of its numbers is `number` (digits).
    pub fn has_number(&self, number: &str) -> bool {
        self.numbers.iter().any(|own| own.number.as_deref() == Some(number))
    }

    /// Marks a number as not to be called; closes the contact where it was the last.
    pub fn drop_number(&mut self, index: u8, now: UnixMillis) -> Aftermath {
        if numbers::bit(index) == 0 {
            return Aftermath::Unchanged;
        }
        if let Some(number) = self.number_mut(index) {
            number.invalid = Some(true);
        }
        self.updated_at = now;
        if let Due::BusySeries { index: busy, .. } = self.due
            && busy == index
        {
            self.due = Due::Retry;
        }
        if self.usable() == 0 {
            self.close(ParticipantStatus::Exception);
            return Aftermath::NoNumber;
        }
        Aftermath::Again
    }
}

/// A tenth more or less.
fn spread(seconds: i64, random: u32) -> i64 {
    let tenth = seconds / 10;
    seconds - tenth + i64::from(random) * (2 * tenth) / i64::from(u32::MAX)
}
