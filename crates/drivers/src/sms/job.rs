//! A packet on its way through a route.

use super::meters::Meters;
use muster_app::ports::{SmsPacket, SubmitOutcome};
use std::fmt;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// What came of handing a packet to a route.
pub(crate) enum Verdict {
    /// Each segment's fate.
    Done(Vec<SubmitOutcome>),
    /// Nothing of it was sent and this route will not; another one may.
    Back(SmsPacket, String),
}

/// A packet on its way.
pub(crate) struct Job {
    pub(crate) packet: SmsPacket,
    pub(crate) since: Instant,
    outcomes: Vec<SubmitOutcome>,
    done: oneshot::Sender<Verdict>,
}

impl Job {
    pub(crate) fn new(packet: SmsPacket, since: Instant) -> (Self, oneshot::Receiver<Verdict>) {
        let (done, verdict) = oneshot::channel();
        let outcomes = Vec::with_capacity(packet.segments.len());
        (Self { packet, since, outcomes, done }, verdict)
    }

    /// The segment to send next.
    pub(crate) fn segment(&self) -> usize {
        self.outcomes.len()
    }

    pub(crate) fn has_begun(&self) -> bool {
        !self.outcomes.is_empty()
    }

    /// Segments not sent yet, the one at hand included.
    pub(crate) fn remaining(&self) -> usize {
        self.packet.segments.len() - self.outcomes.len()
    }

    /// Whether its sender gave up.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.done.is_closed()
    }

    /// Seconds of validity that are left.
    pub(crate) fn validity_s(&self, now: Instant) -> u32 {
        let waited = u32::try_from(now.duration_since(self.since).as_secs()).unwrap_or(u32::MAX);
        self.packet.validity_s.saturating_sub(waited)
    }

    /// The centre has a segment. Gives the packet back when there is more of it to send.
    pub(crate) fn accepted(mut self, message_id: String) -> Option<Self> {
        self.outcomes.push(SubmitOutcome::Accepted { message_id });
        if self.remaining() > 0 {
            return Some(self);
        }
        self.tell();
        None
    }

    /// A segment ended otherwise; the following ones are not sent.
    pub(crate) fn ended(mut self, outcome: SubmitOutcome, meters: &Meters) {
        self.outcomes.push(outcome);
        let left = self.remaining();
        meters.not_sent.increment(left as u64);
        let reason = "a segment before it was not accepted";
        self.outcomes.extend((0..left).map(|_| SubmitOutcome::NotSent { reason: reason.to_owned() }));
        self.tell();
    }

    /// Neither the segment at hand nor the following ones are sent.
    pub(crate) fn not_sent(mut self, reason: &str, meters: &Meters) {
        let left = self.remaining();
        meters.not_sent.increment(left as u64);
        self.outcomes.extend((0..left).map(|_| SubmitOutcome::NotSent { reason: reason.to_owned() }));
        self.tell();
    }

    /// This route will not send it. What has begun cannot go elsewhere.
    pub(crate) fn back(self, reason: &str, meters: &Meters) {
        if self.has_begun() {
            return self.not_sent(reason, meters);
        }
        let Self { packet, done, .. } = self;
        // Nobody waits any more for a packet whose sender gave up.
        let _ = done.send(Verdict::Back(packet, reason.to_owned()));
    }

    fn tell(self) {
        let Self { outcomes, done, .. } = self;
        let _ = done.send(Verdict::Done(outcomes));
    }
}

/// Without number and content, which belong into no log.
impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Job")
            .field("segments", &self.packet.segments.len())
            .field("outcomes", &self.outcomes.len())
            .finish_non_exhaustive()
    }
}
