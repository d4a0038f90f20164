//! Due participants to packets.

use super::SimEngine;
use super::outgoing::Outgoing;
use muster_app::ports::{Claim, Pace, StoreResult};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus, Zone};
use muster_domain::time::UnixMillis;

/// How much of a second's pace may be claimed at once.
const BURST_MS: u32 = 200;

impl SimEngine {
    /// Claims participants of the running campaigns, as many as the routes have room for, and stores their packets.
    /// What is returned may leave, and has to.
    pub async fn dispatch(&self) -> StoreResult<Vec<Outgoing>> {
        let now = self.services.clock.now();
        let running: Vec<_> = self
            .campaigns
            .live()
            .into_iter()
            .filter(|campaign| {
                campaign.status == SimCampaignStatus::Process
                    && campaign.window.contains(now)
                    && is_open(campaign, now)
            })
            .collect();
        let mut left = running.len();
        let mut outgoing = Vec::new();
        let mut budget = self.gateway.room(None).min(self.settings.batch as usize);
        for campaign in running {
            // Campaigns share alike; what one does not use goes to the next.
            let share = budget.div_ceil(left.max(1));
            left -= 1;
            let room = campaign
                .plan
                .route
                .as_deref()
                .map_or(share, |route| self.gateway.room(Some(route)).min(share));
            if room == 0 {
                continue;
            }
            let packets = self.dispatch_campaign(&campaign, room, now).await?;
            budget = budget.saturating_sub(packets.iter().map(|packet| packet.packet.segments.len()).sum());
            outgoing.extend(packets);
        }
        Ok(outgoing)
    }

    async fn dispatch_campaign(
        &self,
        campaign: &SimCampaign,
        room: usize,
        now: UnixMillis,
    ) -> StoreResult<Vec<Outgoing>> {
        let lease_ms = i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX);
        let claim = Claim {
            campaign: campaign.id,
            below: campaign.runtime.sendable_below(),
            now,
            lease_until: UnixMillis(now.0.saturating_add(lease_ms)),
            limit: u32::try_from(room).unwrap_or(u32::MAX).min(self.settings.batch),
            pace: campaign.plan.pace_per_s.map(|per_s| Pace {
                per_s,
                burst: (u64::from(per_s) * u64::from(BURST_MS) / 1000).max(1) as u32,
            }),
        };
        let claimed = self.services.sims.claim_participants(claim).await?;
        let mut steps = Vec::with_capacity(claimed.len());
        for loaded in claimed {
            let Some(mut step) = self.step(loaded, now).await? else { continue };
            let opening = campaign
                .plan
                .hours
                .as_ref()
                .map_or(now, |hours| hours.next_opening(now, step.loaded.card.time_zone.as_deref()));
            if opening > now {
                step.participant().due_at = opening;
                step.changed = true;
            } else {
                step.begin(&self.services);
            }
            steps.push(step);
        }
        let written = self.write(steps).await;
        if let Some(error) = written.error {
            // What was not written is claimed again when its lease has run out.
            tracing::warn!(campaign = %campaign.id, %error, "packets could not be stored; none of them leaves");
        }
        Ok(written.outgoing)
    }
}

/// Whether anybody may be sent to at this hour.
fn is_open(campaign: &SimCampaign, now: UnixMillis) -> bool {
    campaign
        .plan
        .hours
        .as_ref()
        .is_none_or(|hours| hours.zone == Zone::Card || hours.next_opening(now, None) <= now)
}
