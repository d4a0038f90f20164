//! Participants of which nothing was heard.

use super::SimEngine;
use super::outgoing::Outgoing;
use muster_app::ports::StoreResult;
use muster_domain::participant::{Action, Participant};
use muster_domain::time::UnixMillis;

impl SimEngine {
    /// Looks after participants in flight whose timer has come, of this node or of one that is gone. What is returned
    /// may leave, and has to; the flag tells that there are more.
    pub async fn timers(&self) -> StoreResult<(Vec<Outgoing>, bool)> {
        let now = self.services.clock.now();
        let lease_ms = i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX);
        let lease_until = UnixMillis(now.0.saturating_add(lease_ms));
        let due = self.services.sims.due_timers(now, lease_until, self.settings.batch).await?;
        let more = due.len() as u64 >= u64::from(self.settings.batch);
        let mut steps = Vec::with_capacity(due.len());
        for loaded in due {
            let Some(mut step) = self.step(loaded, now).await? else { continue };
            let operation = step.last_operation();
            let change = step.with(Participant::timer);
            step.keep(&self.services, change, operation, &[]);
            if change.action == Action::SendAgain {
                super::meters::sent_again();
            }
            steps.push(step);
        }
        let written = self.write(steps).await;
        if let Some(error) = written.error {
            tracing::warn!(%error, "participants whose timers came could not be stored; they are looked at again");
        }
        Ok((written.outgoing, more))
    }
}
