//! The centre's answers to our requests.

use super::{FIRST_PAUSE, Link, Outstanding};
use crate::sms::link::Heard;
use crate::sms::pdu::{Header, id, read};
use crate::sms::status::{self, Answer};
use muster_app::ports::{RefusalClass, SubmitOutcome};
use rusmpp_core::tlvs::TlvTag;
use std::time::Duration;
use tokio::time::Instant;

/// Pause when the centre says that its load is at the limit.
const CONGESTION_PAUSE: Duration = Duration::from_secs(1);

/// Answers gathered while reading, told to the route at once.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    segments: usize,
    round_trip: Option<Duration>,
}

impl Link {
    /// Tells the route about the answers gathered, and the writer that the window has room.
    pub(crate) fn tell(&self, answers: &mut Answers) {
        if answers.segments > 0 {
            self.route.answered(answers.segments, answers.round_trip.take());
            answers.segments = 0;
            self.wake.notify_one();
        }
    }

    pub(super) fn answer(&self, header: Header, body: &[u8], answers: &mut Answers) -> Heard {
        let now = Instant::now();
        let mut state = self.state.lock();
        let fits = match state.outstanding.get(&header.sequence) {
            Some(Outstanding::Submit { .. }) => header.id != id::CANCEL_SM_RESP,
            Some(Outstanding::Cancel { .. }) => header.id != id::SUBMIT_SM_RESP,
            None => false,
        };
        let outstanding = if fits { state.outstanding.remove(&header.sequence) } else { None };
        let Some(outstanding) = outstanding else {
            drop(state);
            tracing::debug!(
                route = %self.route.name,
                status = header.status,
                "an answer to nothing that is outstanding was ignored"
            );
            return Heard::Nothing;
        };
        self.notify_if_idle(&state);
        let Outstanding::Submit { job, sent } = outstanding else { return Heard::Nothing };
        let round_trip = now.duration_since(sent);
        answers.segments += 1;
        answers.round_trip = Some(round_trip);
        let said = read::name_and_tlvs(if header.id == id::SUBMIT_SM_RESP { body } else { &[] });
        if let Some(congestion) = said.tlvs.octet(TlvTag::CongestionState)
            && self.route.congestion(congestion, now)
        {
            let until = state.paused.unwrap_or(now).max(now + CONGESTION_PAUSE);
            state.paused = Some(until);
            self.route.paused(self.bind, until);
        }
        let reason = said.tlvs.octet(TlvTag::DeliveryFailureReason);
        let answer = match status::answer(header.status, reason, &self.route.settings.transient_statuses) {
            // A refusal without a reason is still none that accepts.
            Answer::Accepted if header.id == id::GENERIC_NACK => Answer::Refused(RefusalClass::Unknown),
            answer => answer,
        };
        let meters = &self.route.meters;
        match answer {
            Answer::Accepted => {
                meters.accepted(round_trip);
                if state.throttled.is_none_or(|throttled| sent > throttled) {
                    state.next_pause = FIRST_PAUSE;
                }
                let message_id = String::from_utf8_lossy(said.name).into_owned();
                if let Some(job) = job.accepted(message_id) {
                    state.cut_or_continue(job, meters);
                }
                Heard::Nothing
            }
            Answer::Throttled => {
                meters.throttled.increment(1);
                if let Some(until) = state.pause(sent, now) {
                    self.route.paused(self.bind, until);
                }
                self.route.throttled(sent, now);
                if job.has_begun() {
                    state.cut_or_continue(job, meters);
                } else {
                    drop(state);
                    self.route.put_back(job);
                }
                Heard::Nothing
            }
            Answer::Session => {
                drop(state);
                let words = status::describe(header.status);
                if job.has_begun() {
                    // Its other segments went over this session, which ends.
                    let outcome = SubmitOutcome::Refused {
                        class: RefusalClass::Transient,
                        command_status: header.status,
                    };
                    job.ended(outcome, meters);
                } else {
                    self.route.put_back(job);
                }
                Heard::End(format!("the centre does not take this session as bound: {words}"))
            }
            Answer::Refused(class) => {
                drop(state);
                meters.refused(class, round_trip);
                match class {
                    RefusalClass::Request => {
                        let words = status::describe(header.status);
                        self.route.stop(&format!("the centre refuses our requests as malformed: {words}"));
                    }
                    RefusalClass::QueueFull => self.route.ease(now),
                    _ => {}
                }
                job.ended(SubmitOutcome::Refused { class, command_status: header.status }, meters);
                Heard::Nothing
            }
        }
    }
}
