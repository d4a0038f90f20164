//! Which event leads where (connectivity contract §1.4, OTA rules §8).

use super::attempt::{Attempt, Outcome};
use super::packet::{NextSend, Packet, Phase, Purpose};
use super::{Participant, ParticipantStatus};
use crate::sim::{CardFlags, PorRequest};
use crate::sim_campaign::{Backoff, SimCampaignStatus, shown_status};
use crate::time::{UnixMillis, Window};

/// Due before everything else: never sent to yet.
pub const DUE_FIRST: UnixMillis = UnixMillis(0);
/// Not due until the card is free again.
pub const DUE_HELD: UnixMillis = UnixMillis(i64::MAX);

/// How far our counter is raised when a card turns out to be ahead of it.
const COUNTER_RAISE: u64 = 1000;
/// Sends of one packet that a message centre may put off before the attempt has failed.
const QUEUE_FULL_MAX: u8 = 5;
const TRANSIENT_MAX: u8 = 3;
const UNKNOWN_MAX: u8 = 1;
/// How often a card may ask for more time.
const BUSY_MAX: u8 = 2;

/// Waiting times that are the same for all campaigns, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// After handing over: how long the fate of a submission may be unknown before the octets are sent again.
    pub response_s: u32,
    /// After a packet could not leave at all.
    pub not_sent_s: u32,
    /// After a passing fault of the message centre.
    pub transient_s: u32,
    /// After its queue was full; grows with each time.
    pub queue_full_s: u32,
    /// After a card asked for more time.
    pub busy_s: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self { response_s: 60, not_sent_s: 5, transient_s: 30, queue_full_s: 60, busy_s: 60 }
    }
}

/// What a transition depends on beside the participant and the event.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The campaign's status as it is now.
    pub campaign: SimCampaignStatus,
    /// The campaign's window.
    pub window: Window,
    /// Sends after the first.
    pub max_retries: u32,
    /// Seconds to wait for a card's answer.
    pub por_timeout_s: u32,
    /// Waiting times between tries.
    pub backoff: &'a Backoff,
    /// Waiting times that are the same for all campaigns.
    pub timing: Timing,
    /// Packets that the template is made of.
    pub steps: u32,
    /// The step from which the template begins again when a command of the step at work failed.
    pub restart_step: u32,
    /// Whether the card takes only the very next counter, so that ours must not be raised at a guess.
    pub counts_by_one: bool,
    /// Whether what was written can be read back.
    pub can_read_back: bool,
    /// Whether an authenticated "counter low" after a resend counts as done.
    pub accept_replay_as_done: bool,
    /// Whether answers that tell of wrong keys, TAR or card end the participant at once.
    pub fail_fast: bool,
    /// Now.
    pub now: UnixMillis,
    /// Evenly spread over all values; one for each event.
    pub random: u32,
}

impl Context<'_> {
    /// Whether what cannot leave now may leave later.
    fn may_go_on(&self) -> bool {
        !self.campaign.is_terminal() && !self.window.is_over(self.now)
    }
}

/// Why a message centre refused a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Its queue is full.
    QueueFull,
    /// A passing fault.
    Transient,
    /// The number is wrong.
    Address,
    /// Our request is wrong: no card's fault.
    Request,
    /// The operator forbids it.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// What became of a segment that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentFate {
    /// The message centre has it, under this name.
    Accepted(String),
    /// It did not leave.
    NotSent,
    /// It left; the answer did not come.
    Unknown,
    /// It was refused.
    Refused(Refusal),
}

/// What a delivery receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// The phone has it.
    Delivered,
    /// It was not delivered in time, or cannot be.
    Undelivered,
    /// It was refused or deleted on its way.
    Rejected,
}

/// What a card's answer says, after it was matched to the packet at work and its protection was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The answer follows by other means (status 0B, 0C).
    Interim,
    /// All commands ran well. `read_back` says, for a packet that reads back, whether what was read is what was
    /// written. Only an answer protected as asked may be told as this.
    Ran {
        /// Status word of the last command.
        sw: u16,
        /// Whether the contents are as written; `true` for packets that do not read back.
        as_written: bool,
    },
    /// The script ran and stopped at a command. Only an answer protected as asked may be told as this.
    CommandFailed {
        /// Status word.
        sw: u16,
        /// Number of the command, from 1.
        command: u32,
    },
    /// The card refused the packet.
    Refused {
        /// Status octet, not 00, 0B or 0C.
        status: u8,
        /// Whether the answer was protected as asked.
        authenticated: bool,
    },
}

/// What the engine does after a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    None,
    /// Hands over the packet at work once more, the same octets.
    SendAgain,
    /// Makes the packet of the next step, in the same attempt.
    NextStep,
}

/// What becomes of the card's reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hold {
    /// It stays with this participant.
    Keep,
    /// Other campaigns may send to the card.
    Release,
}

/// How an attempt ended, for the campaign's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ended {
    /// Well, or not.
    pub ok: bool,
    /// The answer tells of wrong keys, a wrong TAR or a wrong card.
    pub config: bool,
}

/// What a transition asks for beside the participant's new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What the engine does next.
    pub action: Action,
    /// What becomes of the card's reservation.
    pub hold: Hold,
    /// Set when an attempt ended.
    pub ended: Option<Ended>,
    /// Flags to set on the key set.
    pub flags: CardFlags,
    /// How far to raise the key set's next counter.
    pub raise_counter: u64,
}

impl Change {
    const fn keep(action: Action) -> Self {
        let flags = CardFlags { blocked: false, resync: false };
        Self { action, hold: Hold::Keep, ended: None, flags, raise_counter: 0 }
    }
}

/// Why an attempt failed.
struct Failure {
    outcome: Outcome,
    code: &'static str,
    /// Nothing was heard of the card: long waits.
    unreachable: bool,
    config: bool,
    next: NextSend,
    /// Ends the participant whatever is left of its tries.
    last: bool,
    /// The next try is due at once.
    at_once: bool,
    /// The template begins again at [`Context::restart_step`].
    restarts: bool,
    reason: String,
}

impl Failure {
    fn new(outcome: Outcome, code: &'static str, next: NextSend, reason: impl Into<String>) -> Self {
        Self {
            outcome,
            code,
            unreachable: matches!(outcome, Outcome::NoAnswer | Outcome::TransportError),
            config: false,
            next,
            last: false,
            at_once: false,
            restarts: false,
            reason: reason.into(),
        }
    }
}

impl Participant {
    /// A packet was made for it and is handed over: a new attempt begins, or the next step of the present one.
    ///
    /// The caller has taken the card's reservation and stores all of it before the first octet leaves.
    pub fn start(&mut self, packet: Packet, context: &Context<'_>) {
        let now = context.now;
        if matches!(self.status, ParticipantStatus::Pending | ParticipantStatus::Retry) {
            self.attempt += 1;
            self.work.busy = 0;
            self.work.put_off = 0;
            self.attempts.push(Attempt {
                number: self.attempt,
                started_at: now,
                ended_at: None,
                outcome: None,
                counter: 0,
                kvn: 0,
                tar: [0; 3],
                segments: 0,
                route: String::new(),
                por_status: None,
                sw: None,
                failed_command: None,
                authenticated: false,
                reason: String::new(),
                late_answer: false,
            });
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.counter = packet.counter;
            attempt.kvn = packet.kvn;
            attempt.tar = packet.tar;
            attempt.segments = packet.segments.len() as u8;
        }
        self.work.packet = Some(packet);
        self.hand_over(context);
    }

    /// The packet at work is handed over (again).
    fn hand_over(&mut self, context: &Context<'_>) {
        if let Some(packet) = &mut self.work.packet {
            packet.sends += 1;
            for segment in &mut packet.segments {
                segment.delivered = false;
            }
        }
        self.status = ParticipantStatus::Progress;
        self.work.phase = Phase::Submitting;
        self.work.prolonged = false;
        self.updated_at = context.now;
        self.timer_at = Some(context.now.plus_seconds(i64::from(context.timing.response_s)));
    }

    /// Makes ready to send the kept packet again as a new attempt.
    pub fn restart(&mut self, context: &Context<'_>) {
        if let Some(packet) = self.work.packet.take() {
            self.start(packet, context);
        }
    }

    /// What became of the segments that were handed over by `route`; `None` if it changes nothing.
    pub fn submitted(&mut self, route: &str, fates: &[SegmentFate], context: &Context<'_>) -> Option<Change> {
        let in_flight = self.status.is_in_flight();
        if in_flight {
            self.remember_route(route, fates);
        }
        if self.status != ParticipantStatus::Progress || self.work.phase != Phase::Submitting {
            // The card's answer was faster than the message centre's.
            return in_flight.then(|| Change::keep(Action::None));
        }
        Some(self.handed_over(fates, context))
    }

    fn handed_over(&mut self, fates: &[SegmentFate], context: &Context<'_>) -> Change {
        let timing = context.timing;
        let refused = fates.iter().find_map(|fate| match fate {
            SegmentFate::Refused(refusal) => Some(*refusal),
            _ => None,
        });
        let part_left =
            fates.iter().any(|fate| matches!(fate, SegmentFate::Accepted(_) | SegmentFate::Unknown));
        if !fates.iter().all(|fate| matches!(fate, SegmentFate::Accepted(_) | SegmentFate::Unknown)) {
            // Without all of its messages no card can run it.
            self.work.phase = Phase::Idle;
        }
        // A packet of several messages of which one was refused cannot run; one with an unknown part may.
        let next = if part_left { NextSend::Resend } else { self.work.next_unsent() };
        let wait = |participant: &mut Self, seconds: u32| {
            participant.timer_at = Some(context.now.plus_seconds(i64::from(seconds)));
            Change::keep(Action::None)
        };
        let put_off = |participant: &mut Self, limit: u8, seconds: u32, word: &str| {
            participant.work.put_off += 1;
            if participant.work.put_off > limit {
                let reason = format!("the message centre {word} {limit} times");
                participant.fail(Failure::new(Outcome::TransportError, "404", next, reason), context)
            } else {
                wait(participant, seconds)
            }
        };
        match refused {
            Some(Refusal::QueueFull) => {
                let seconds = timing.queue_full_s.saturating_mul(u32::from(self.work.put_off) + 1);
                put_off(self, QUEUE_FULL_MAX - 1, seconds, "had a full queue more than")
            }
            Some(Refusal::Transient) => put_off(self, TRANSIENT_MAX, timing.transient_s, "failed more than"),
            Some(Refusal::Unknown) => {
                put_off(self, UNKNOWN_MAX, timing.transient_s, "gave an unknown status more than")
            }
            Some(Refusal::Request) => wait(self, timing.response_s),
            Some(Refusal::Address) => {
                let reason = "the message centre does not know the number";
                self.fail(Failure::new(Outcome::TransportError, "404", next, reason), context)
            }
            Some(Refusal::Refused) => {
                let reason = "the operator refuses the message";
                self.fail(Failure::new(Outcome::TransportError, "500", next, reason), context)
            }
            None if fates.contains(&SegmentFate::Unknown) => wait(self, timing.response_s),
            None if fates.contains(&SegmentFate::NotSent) || fates.is_empty() => {
                wait(self, timing.not_sent_s)
            }
            None => {
                self.status = ParticipantStatus::Wait;
                self.work.phase = Phase::Accepted;
                self.updated_at = context.now;
                wait(self, context.por_timeout_s)
            }
        }
    }

    fn remember_route(&mut self, route: &str, fates: &[SegmentFate]) {
        let Some(packet) = &mut self.work.packet else { return };
        for (segment, fate) in packet.segments.iter_mut().zip(fates) {
            if let SegmentFate::Accepted(id) = fate {
                segment.message_id = Some(id.clone());
            }
        }
        if !route.is_empty() {
            route.clone_into(&mut packet.route);
            if let Some(attempt) = self.attempts.last_mut() {
                route.clone_into(&mut attempt.route);
            }
        }
    }

    /// Whether a receipt under one of these names is about the packet at work.
    pub fn knows_message(&self, message_ids: &[String]) -> bool {
        let packet = self.work.packet.as_ref();
        packet.is_some_and(|packet| packet.segments.iter().any(|segment| segment.is_called(message_ids)))
    }

    /// A delivery receipt about a message of the packet at work; `None` if it changes nothing.
    pub fn receipt(
        &mut self,
        message_ids: &[String],
        receipt: Receipt,
        context: &Context<'_>,
    ) -> Option<Change> {
        if !self.status.is_in_flight() {
            return None;
        }
        let packet = self.work.packet.as_mut()?;
        let segment = packet.segments.iter_mut().find(|segment| segment.is_called(message_ids))?;
        match receipt {
            Receipt::Delivered => {
                if std::mem::replace(&mut segment.delivered, true) {
                    return None;
                }
                let (delivered, por) = (packet.is_delivered(), packet.por);
                if !delivered || self.work.phase == Phase::Interim {
                    return Some(Change::keep(Action::None));
                }
                if por == PorRequest::None {
                    return Some(self.step_done(Outcome::Ok, context));
                }
                self.work.phase = Phase::Delivered;
                self.updated_at = context.now;
                Some(Change::keep(Action::None))
            }
            Receipt::Undelivered | Receipt::Rejected => {
                // The card never saw all of it. The octets are kept, so that a receipt that lies does no harm.
                let reason = match receipt {
                    Receipt::Rejected => "the network refused the message",
                    _ => "the card could not be reached",
                };
                Some(
                    self.fail(
                        Failure::new(Outcome::TransportError, "404", NextSend::Resend, reason),
                        context,
                    ),
                )
            }
        }
    }

    /// Whether a packet whose fate is unknown is kept to be sent again: its answer may still come.
    pub fn awaits_late_answer(&self) -> bool {
        self.status == ParticipantStatus::Retry
            && self.work.next == NextSend::Resend
            && self.work.packet.is_some()
    }

    /// The card's answer to the packet at work, or to one kept to be sent again; `None` if it changes nothing.
    pub fn answer(&mut self, answer: &Answer, context: &Context<'_>) -> Option<Change> {
        let shown = shown_status(self.status, context.campaign);
        if self.awaits_late_answer() && !shown.is_terminal() {
            // Only proof of what the card did changes a try that has been given up; all else would come again.
            let proof = matches!(answer, Answer::Ran { .. } | Answer::CommandFailed { .. });
            if !proof {
                return None;
            }
        } else if !self.status.is_in_flight() {
            let attempt = self.attempts.last_mut()?;
            return (!std::mem::replace(&mut attempt.late_answer, true)).then(|| Change::keep(Action::None));
        }
        let packet = self.work.packet.as_ref()?;
        let purpose = packet.purpose;
        let (idempotent, replay_safe) = (packet.idempotent, packet.replay_safe);
        let attempt = self.attempts.last_mut()?;
        match *answer {
            Answer::Interim => {
                attempt.por_status = Some(0x0B);
                if std::mem::replace(&mut self.work.prolonged, true) {
                    return None;
                }
                self.status = ParticipantStatus::Wait;
                self.work.phase = Phase::Interim;
                self.updated_at = context.now;
                self.timer_at = Some(context.now.plus_seconds(i64::from(context.por_timeout_s)));
                Some(Change::keep(Action::None))
            }
            Answer::Ran { sw, as_written } => {
                (attempt.por_status, attempt.sw, attempt.authenticated) = (Some(0), Some(sw), true);
                if purpose == Purpose::ReadBack && !as_written {
                    // It never ran after all; what the steps before it did stands.
                    self.work.may_have_run = false;
                    let reason = "reading back shows that nothing was written";
                    let failure = Failure::new(Outcome::CardError, "500", NextSend::Fresh, reason);
                    return Some(self.fail(Failure { at_once: true, ..failure }, context));
                }
                Some(self.step_done(Outcome::Ok, context))
            }
            Answer::CommandFailed { sw, command } => {
                (attempt.por_status, attempt.sw, attempt.authenticated) = (Some(0), Some(sw), true);
                attempt.failed_command = Some(command);
                let config = matches!(sw, 0x6D00 | 0x6E00);
                let failure = Failure::new(Outcome::CardError, "500", NextSend::Fresh, String::new());
                let restarts = purpose == Purpose::Run;
                Some(self.fail(Failure { config, restarts, ..failure }, context))
            }
            Answer::Refused { status, authenticated } => {
                (attempt.por_status, attempt.authenticated) = (Some(status), authenticated);
                // What anyone may have forged does not prove that the packet did not run.
                let next = if authenticated || idempotent { NextSend::Fresh } else { NextSend::Resend };
                match status {
                    0x02 => Some(self.counter_low(authenticated, context)),
                    0x03 => {
                        let failure = Failure::new(
                            Outcome::SecurityError,
                            "500",
                            next,
                            "the counter is ahead of the card's",
                        );
                        let mut change = self.fail(failure, context);
                        change.flags.resync = true;
                        Some(change)
                    }
                    0x04 => {
                        let failure = Failure::new(
                            Outcome::SecurityError,
                            "500",
                            next,
                            "the card's counter is at its end: nothing more can be sent under these keys",
                        );
                        let mut change = self.fail(Failure { last: true, ..failure }, context);
                        change.flags.blocked = true;
                        Some(change)
                    }
                    // What would run twice is not sent again on the word of an answer that anyone may have sent.
                    0x08 if self.work.busy < BUSY_MAX && (authenticated || idempotent || replay_safe) => {
                        self.work.busy += 1;
                        self.status = ParticipantStatus::Wait;
                        self.work.phase = Phase::Busy;
                        self.updated_at = context.now;
                        self.timer_at = Some(context.now.plus_seconds(i64::from(context.timing.busy_s)));
                        Some(Change::keep(Action::None))
                    }
                    0x08 => {
                        let failure =
                            Failure::new(Outcome::CardError, "500", NextSend::Resend, "the card stayed busy");
                        Some(self.fail(failure, context))
                    }
                    _ => {
                        let failure = Failure::new(Outcome::SecurityError, "500", next, String::new());
                        let last = context.fail_fast;
                        Some(self.fail(Failure { config: true, last, ..failure }, context))
                    }
                }
            }
        }
    }

    /// The card has seen this counter, or a higher one (OTA rules §8.3).
    fn counter_low(&mut self, authenticated: bool, context: &Context<'_>) -> Change {
        let (purpose, sends, replay_safe, idempotent) =
            self.work.packet.as_ref().map_or((Purpose::Run, 1, true, true), |packet| {
                (packet.purpose, packet.sends, packet.replay_safe, packet.idempotent)
            });
        let reads_back = purpose == Purpose::ReadBack;
        // What is sent for the first time has a counter of its own, which no earlier packet can have used up. Where being
        // wrong does no harm that is believed.
        let earlier_copy = sends > 1 || (self.work.may_have_run && !idempotent);
        if earlier_copy && replay_safe {
            // The likely truth: an earlier copy ran and its answer was lost.
            if authenticated && context.accept_replay_as_done && !reads_back {
                return self.step_done(Outcome::Ok, context);
            }
            self.work.may_have_run = true;
            let reason = "the counter was seen before: an earlier copy may have run";
            // What cannot be read back is run once more where that does no harm, and its answer tells.
            let next = if context.can_read_back { NextSend::ReadBack } else { NextSend::Fresh };
            let failure = Failure::new(Outcome::Unverified, "500", next, reason);
            let blind = !context.can_read_back && !idempotent;
            return self.fail(Failure { at_once: true, last: blind, ..failure }, context);
        }
        let first = !std::mem::replace(&mut self.work.raised, true);
        let failure = if !authenticated && !idempotent {
            // Anyone may have sent it, and the packet may have run: a new one could make it run twice.
            let reason = "an answer without protection says that the card's counter was ahead";
            Failure::new(Outcome::SecurityError, "500", NextSend::Resend, reason)
        } else {
            let next = if reads_back { NextSend::ReadBack } else { NextSend::Fresh };
            let reason = if first && !context.counts_by_one {
                "the card's counter was ahead: another server uses its keys, or a backup was restored"
            } else {
                "the card's counter is far ahead"
            };
            let at_once = first && !context.counts_by_one;
            Failure { at_once, ..Failure::new(Outcome::SecurityError, "500", next, reason) }
        };
        let mut change = self.fail(failure, context);
        if context.counts_by_one {
            // Beyond the very next counter the card would refuse everything.
            change.flags.resync = true;
        } else {
            change.flags.resync = !first;
            change.raise_counter = COUNTER_RAISE;
        }
        change
    }

    /// The instant of [`Participant::timer_at`] has come.
    pub fn timer(&mut self, context: &Context<'_>) -> Change {
        let sending_allowed =
            context.campaign == SimCampaignStatus::Process && context.window.contains(context.now);
        let again = match self.status {
            ParticipantStatus::Progress => true,
            ParticipantStatus::Wait => self.work.phase == Phase::Busy,
            _ => false,
        };
        if again {
            let started = self.work.packet.as_ref().is_some_and(|packet| packet.sends > 0);
            let runs_twice =
                self.work.packet.as_ref().is_some_and(|packet| !packet.replay_safe && !packet.idempotent);
            if started && runs_twice && self.work.phase == Phase::Submitting {
                let reason = "nobody knows whether it left, and it must not run twice";
                let failure = Failure::new(Outcome::Unverified, "408", NextSend::Resend, reason);
                return self.fail(failure, context);
            }
            return match context.campaign {
                _ if sending_allowed && started => {
                    self.hand_over(context);
                    Change::keep(Action::SendAgain)
                }
                _ if sending_allowed => {
                    self.timer_at = Some(context.now.plus_seconds(i64::from(context.timing.response_s)));
                    Change::keep(Action::NextStep)
                }
                _ if context.may_go_on() => {
                    // Nothing may leave, and nothing is lost: it waits for the campaign.
                    self.timer_at = Some(context.now.plus_seconds(i64::from(context.timing.not_sent_s)));
                    Change::keep(Action::None)
                }
                _ => {
                    let reason = "the campaign ended before the message could leave";
                    self.fail(Failure::new(Outcome::TransportError, "404", NextSend::Resend, reason), context)
                }
            };
        }
        if let Some(packet) = &self.work.packet
            && packet.por == PorRequest::OnError
            && self.work.phase == Phase::Delivered
        {
            // Silence is what success sounds like here, and proves nothing.
            return self.step_done(Outcome::Unverified, context);
        }
        let failure = Failure::new(Outcome::NoAnswer, "408", NextSend::Resend, "no answer in time");
        self.fail(failure, context)
    }

    /// A sign that the card can be reached: a waiting try is due at once. `false` if there is none.
    pub fn reachable(&mut self, context: &Context<'_>) -> bool {
        let waits = self.status == ParticipantStatus::Retry
            && self.due_at != DUE_HELD
            && self.attempts.last().is_some_and(|attempt| {
                matches!(attempt.outcome, Some(Outcome::NoAnswer | Outcome::TransportError))
            });
        // A few seconds of jitter, so that a network that comes back is not met by all at once.
        let due = UnixMillis(context.now.0 + i64::from(context.random % 5000));
        if waits && due < self.due_at {
            self.due_at = due;
            return true;
        }
        false
    }

    /// No packet can be made for it: no keys, no number, a template that does not fit the card.
    pub fn cannot_send(&mut self, reason: &str, context: &Context<'_>) -> Change {
        if matches!(self.status, ParticipantStatus::Pending | ParticipantStatus::Retry) {
            // It counts as a try: a participant never ends without one. The version of the key set stays known, so
            // that the card is given back.
            let packet = Packet {
                purpose: Purpose::Run,
                step: self.work.step,
                kvn: self.work.packet.as_ref().map_or(0, |packet| packet.kvn),
                counter: 0,
                tar: [0; 3],
                segments: Vec::new(),
                route: String::new(),
                sends: 0,
                replay_safe: true,
                idempotent: true,
                sticky: false,
                por: PorRequest::Always,
            };
            self.start(packet, context);
        }
        let failure = Failure::new(Outcome::TransportError, "500", NextSend::Fresh, reason);
        self.fail(Failure { last: true, config: true, ..failure }, context)
    }

    /// The packet at work has done what it was for: the next step, or the end.
    fn step_done(&mut self, outcome: Outcome, context: &Context<'_>) -> Change {
        if self.work.step + 1 < context.steps {
            self.next_step(context)
        } else {
            self.succeed(outcome, context)
        }
    }

    fn next_step(&mut self, context: &Context<'_>) -> Change {
        self.work.step += 1;
        self.work.next = NextSend::Fresh;
        self.work.packet = None;
        self.work.phase = Phase::Idle;
        self.work.may_have_run = false;
        self.work.raised = false;
        self.updated_at = context.now;
        match context.campaign {
            SimCampaignStatus::Process if context.window.contains(context.now) => {
                self.status = ParticipantStatus::Progress;
                // Should this process end here, somebody makes the next packet when the timer ends.
                self.timer_at = Some(context.now.plus_seconds(i64::from(context.timing.response_s)));
                Change::keep(Action::NextStep)
            }
            _ if context.may_go_on() => {
                // A pause between two steps uses no try: the timer looks whether it is over.
                self.status = ParticipantStatus::Progress;
                self.timer_at = Some(context.now.plus_seconds(i64::from(context.timing.not_sent_s)));
                Change::keep(Action::None)
            }
            _ => {
                let reason = "the campaign ended between two steps";
                let failure = Failure::new(Outcome::TransportError, "500", NextSend::Fresh, reason);
                self.fail(Failure { at_once: true, ..failure }, context)
            }
        }
    }

    fn succeed(&mut self, outcome: Outcome, context: &Context<'_>) -> Change {
        // Where its campaign ended by a fault a participant has its outcome already.
        self.status = match context.campaign {
            SimCampaignStatus::Exception => ParticipantStatus::Exception,
            _ => ParticipantStatus::Completed,
        };
        "200".clone_into(&mut self.code);
        self.updated_at = context.now;
        self.timer_at = None;
        self.work = super::Work { step: self.work.step, ..super::Work::default() };
        self.end_attempt(outcome, String::new(), context.now);
        Change {
            hold: Hold::Release,
            ended: Some(Ended { ok: true, config: false }),
            ..Change::keep(Action::None)
        }
    }

    fn end_attempt(&mut self, outcome: Outcome, reason: String, now: UnixMillis) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = Some(now);
            attempt.outcome = Some(outcome);
            attempt.reason = reason;
        }
    }

    fn fail(&mut self, failure: Failure, context: &Context<'_>) -> Change {
        let packet = self.work.packet.as_ref();
        let (replay_safe, idempotent) =
            packet.map_or((true, true), |packet| (packet.replay_safe, packet.idempotent));
        let sticky = packet.is_some_and(|packet| packet.sticky);
        // What may have run, would run again, and cannot be told from what did not, is not tried again.
        let blind = failure.next == NextSend::Resend && !replay_safe && !idempotent;
        let outcome = if blind { Outcome::Unverified } else { failure.outcome };
        let canceled =
            context.campaign == SimCampaignStatus::Canceled || self.status == ParticipantStatus::Canceling;
        let over = context.campaign.is_terminal() || context.window.is_over(context.now);
        self.status = if canceled {
            ParticipantStatus::Canceled
        } else if over || failure.last || blind || self.attempt > context.max_retries {
            ParticipantStatus::Exception
        } else {
            ParticipantStatus::Retry
        };
        failure.code.clone_into(&mut self.code);
        self.updated_at = context.now;
        self.timer_at = None;
        self.work.phase = Phase::Idle;
        self.end_attempt(outcome, failure.reason, context.now);
        let ended = Some(Ended { ok: false, config: failure.config });
        if self.status != ParticipantStatus::Retry {
            self.work = super::Work { step: self.work.step, ..super::Work::default() };
            return Change { hold: Hold::Release, ended, ..Change::keep(Action::None) };
        }
        self.work.next = match failure.next {
            // Nothing to send again: it never was a packet.
            NextSend::Resend if self.work.packet.is_none() => NextSend::Fresh,
            next => next,
        };
        if self.work.next == NextSend::Resend {
            self.work.may_have_run = true;
        }
        if failure.restarts {
            // A failed step of several leaves the card half-way: as much of the template begins anew as may run again.
            self.work.step = self.work.step.min(context.restart_step);
            self.work.may_have_run = false;
        }
        self.due_at = if failure.at_once {
            context.now
        } else {
            UnixMillis(context.now.0 + self.wait_ms(failure.unreachable, context))
        };
        let hold = if self.work.next == NextSend::Resend && sticky { Hold::Keep } else { Hold::Release };
        Change { hold, ended, ..Change::keep(Action::None) }
    }

    /// `min(cap, base × 2^(n−1)) × uniform(0.5, 1)`.
    fn wait_ms(&self, unreachable: bool, context: &Context<'_>) -> i64 {
        let backoff = context.backoff;
        let (base, cap) = if unreachable {
            (backoff.unreachable_base_s, backoff.unreachable_cap_s)
        } else {
            (backoff.error_base_s, backoff.error_cap_s)
        };
        let doubled = u64::from(base) << self.attempt.saturating_sub(1).min(20);
        let longest_ms = doubled.min(u64::from(cap)) * 1000;
        let cut = longest_ms / 2 * u64::from(context.random) / u64::from(u32::MAX);
        i64::try_from(longest_ms - cut).unwrap_or(i64::MAX)
    }
}

impl super::Work {
    /// What comes next when no octet of the packet at work has left now.
    fn next_unsent(&self) -> NextSend {
        match &self.packet {
            // Reserved octets are kept: they may have left at an earlier time.
            Some(_) => NextSend::Resend,
            None => NextSend::Fresh,
        }
    }
}
