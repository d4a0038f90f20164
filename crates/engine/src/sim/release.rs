//! Cards that participants of ended campaigns kept to themselves.
//!
//! A packet whose fate is unknown and that must not be overtaken keeps its card while it waits to be sent again. When
//! its campaign ends it is never sent again, and other campaigns wait for the card.

use super::SimEngine;
use super::flights::key_of;
use muster_app::ports::StoreResult;
use muster_domain::participant::ParticipantStatus;

impl SimEngine {
    /// Looks through the next page of the campaigns that ended.
    pub(super) async fn release_rested(&self) -> StoreResult<()> {
        let Some((campaign, from)) = self.ended.lock().front().copied() else { return Ok(()) };
        let sims = &self.services.sims;
        let waiting = sims.campaign_counts(campaign).await?.of(ParticipantStatus::Retry);
        let page = if waiting == 0 {
            Vec::new()
        } else {
            sims.scan_participants(campaign, from, self.settings.batch).await?
        };
        let next = page.last().map(|last| (campaign, last.participant.ordinal + 1));
        let now = self.services.clock.now();
        let mut steps = Vec::new();
        for loaded in page {
            let key = key_of(&loaded.participant);
            let rests = loaded.participant.status == ParticipantStatus::Retry;
            if rests
                && loaded.key_sets.iter().any(|keys| keys.holder == Some(key))
                && let Some(mut step) = self.step(loaded, now).await?
            {
                step.release();
                steps.push(step);
            }
        }
        // What somebody else changed meanwhile is at work, and gives its card back by itself.
        if let Some(error) = self.write(steps).await.error {
            return Err(error);
        }
        let mut ended = self.ended.lock();
        if ended.front() == Some(&(campaign, from)) {
            ended.pop_front();
            ended.extend(next);
        }
        Ok(())
    }
}
