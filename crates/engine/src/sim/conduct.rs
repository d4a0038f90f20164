//! Campaigns start, pause, pass to the next wave and end by clock and counts.

use super::SimEngine;
use muster_app::ports::{CampaignCounts, Expected, RouteState, SimRefusal, SimWrite, StoreResult, Versioned};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus, Verdict, tick};
use muster_domain::time::UnixMillis;
use std::sync::Arc;

impl SimEngine {
    /// Looks at every live campaign once.
    pub async fn conduct(&self) -> StoreResult<()> {
        let now = self.services.clock.now();
        let routes = self.route_fault();
        let live = self.services.sims.live_sim_campaigns().await?;
        let before = self.campaigns.live();
        let mut read = Vec::with_capacity(live.len());
        let mut changed = Vec::new();
        for stored in live {
            let counts = self.services.sims.campaign_counts(stored.value.id).await?;
            super::meters::campaign(&stored.value, &counts);
            match next(&stored.value, &counts, routes.as_deref(), now) {
                Some(next) => changed.push((stored, next)),
                None => read.push(Arc::new(stored.value)),
            }
        }
        self.cancel_gone(&before, &read, &changed).await;
        self.campaigns.set_live(read);
        for (stored, next) in changed {
            self.change(stored, next).await?;
        }
        Ok(())
    }

    async fn change(&self, stored: Versioned<SimCampaign>, next: SimCampaign) -> StoreResult<()> {
        let (before, after) = (stored.value.status, next.status);
        let write = SimWrite::Campaign {
            campaign: Box::new(next.clone()),
            expected: Expected::Version(stored.version),
        };
        match self.services.sims.write_sims(vec![write]).await {
            Ok(()) => {
                if before != after {
                    tracing::info!(
                        campaign = %next.id,
                        from = before.name(),
                        to = after.name(),
                        reason = next.reason,
                        "a campaign changed its status"
                    );
                    super::meters::campaign_changed(after);
                }
                if !after.is_terminal() {
                    self.campaigns.put(Arc::new(next));
                }
                self.stir.notify_one();
                Ok(())
            }
            // Somebody else was faster; the next look sees it.
            Err(SimRefusal::Stale { .. }) => {
                self.campaigns.put(Arc::new(stored.value));
                Ok(())
            }
            Err(SimRefusal::Store(error)) => Err(error),
            Err(refusal) => {
                tracing::error!(campaign = %stored.value.id, %refusal, "a campaign could not be changed");
                Ok(())
            }
        }
    }

    /// Asks message centres to forget what they have not delivered of campaigns that were cancelled; best effort.
    async fn cancel_gone(
        &self,
        before: &[Arc<SimCampaign>],
        live: &[Arc<SimCampaign>],
        changed: &[(Versioned<SimCampaign>, SimCampaign)],
    ) {
        for gone in before {
            let is_live = live.iter().any(|campaign| campaign.id == gone.id)
                || changed.iter().any(|(stored, _)| stored.value.id == gone.id);
            if is_live {
                continue;
            }
            let now = self.services.clock.now();
            let found = self.campaigns.get(&*self.services.sims, gone.id, now).await;
            let canceled = match found {
                Ok(Some(campaign)) => campaign.status == SimCampaignStatus::Canceled,
                _ => false,
            };
            if canceled {
                for (route, message_id, destination) in self.flights.undelivered(gone.id) {
                    self.gateway.cancel(&route, &message_id, &destination).await;
                }
            }
        }
    }

    /// Why nothing can leave by any route, in words; `None` while one is bound.
    fn route_fault(&self) -> Option<String> {
        let routes = self.gateway.routes();
        let usable = |state| matches!(state, RouteState::Bound | RouteState::Throttled);
        if routes.iter().any(|route| usable(route.state)) {
            return None;
        }
        if routes.is_empty() {
            return Some("no route to a message centre is configured".to_owned());
        }
        let reasons: Vec<_> =
            routes.iter().map(|route| format!("{}: {}", route.name, route.reason)).collect();
        Some(format!("no route is bound ({})", reasons.join("; ")))
    }
}

/// What the reason of a running campaign begins with while nothing can leave.
const NO_ROUTE: &str = "waiting: ";

/// What a campaign becomes; `None` if it stays as it is.
fn next(
    campaign: &SimCampaign,
    counts: &CampaignCounts,
    route_fault: Option<&str>,
    now: UnixMillis,
) -> Option<SimCampaign> {
    let participants = counts.participants();
    let mut next = campaign.clone();
    if let Some(status) = tick(campaign.status, campaign.window, now, participants, counts.open()) {
        next.status = status;
        next.status_changed_at = now;
        next.reason = match status {
            SimCampaignStatus::Expired => "the window ended".to_owned(),
            _ => String::new(),
        };
        return Some(next);
    }
    if campaign.status != SimCampaignStatus::Process {
        return None;
    }
    match campaign.runtime.judge(&campaign.plan, &counts.waves, participants) {
        Verdict::GoOn => {
            // A running campaign's reason tells why it does not move.
            let reason = route_fault.map_or_else(String::new, |fault| format!("{NO_ROUTE}{fault}"));
            (next.reason != reason).then(|| {
                next.reason = reason;
                next
            })
        }
        Verdict::NextWave => {
            next.runtime.wave += 1;
            Some(next)
        }
        Verdict::PauseAfterWave(reason) => {
            next.runtime.wave += 1;
            Some(pause(next, reason, now))
        }
        Verdict::PauseForErrors(reason) => Some(pause(next, reason, now)),
    }
}

fn pause(mut campaign: SimCampaign, reason: String, now: UnixMillis) -> SimCampaign {
    campaign.status = SimCampaignStatus::Suspend;
    campaign.status_changed_at = now;
    campaign.reason = reason;
    campaign
}
