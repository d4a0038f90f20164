//! Campaigns start, pause, pass to the next wave and end by clock and counts.

use super::SimEngine;
use muster_app::ports::{
    CampaignCounts, Expected, RouteState, RouteStatus, SimRefusal, SimWrite, StoreResult, Versioned,
};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus, Verdict, tick};
use muster_domain::time::UnixMillis;
use std::sync::Arc;

impl SimEngine {
    /// Looks at every live campaign once.
    pub async fn conduct(&self) -> StoreResult<()> {
        let now = self.services.clock.now();
        let routes = self.gateway.routes();
        let live = self.services.sims.live_sim_campaigns().await?;
        let before = self.campaigns.live();
        let mut read = Vec::with_capacity(live.len());
        let mut changed = Vec::new();
        for stored in live {
            let counts = self.services.sims.campaign_counts(stored.value.id).await?;
            super::meters::campaign(&stored.value, &counts);
            let fault = route_fault(&routes, stored.value.plan.route.as_deref());
            match next(&stored.value, &counts, fault.as_deref(), now) {
                Some(next) => changed.push((stored, next)),
                None => read.push(Arc::new(stored.value)),
            }
        }
        let is_live = |id| {
            read.iter().any(|campaign| campaign.id == id)
                || changed.iter().any(|(stored, _)| stored.value.id == id)
        };
        let gone: Vec<_> = before.into_iter().filter(|campaign| !is_live(campaign.id)).collect();
        self.campaigns.set_live(read);
        self.cancel_gone(&gone).await;
        for (stored, next) in changed {
            self.change(stored, next).await?;
        }
        self.release_rested().await
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
                if after.is_terminal() {
                    super::meters::campaign_over(&next);
                    self.ended.lock().push_back((next.id, 0));
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
    async fn cancel_gone(&self, gone: &[Arc<SimCampaign>]) {
        for gone in gone {
            super::meters::campaign_over(gone);
            self.ended.lock().push_back((gone.id, 0));
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
}

/// Why nothing can leave by any route, or by the only one that may be used, in words; `None` while one is bound.
fn route_fault(routes: &[RouteStatus], only: Option<&str>) -> Option<String> {
    let usable = |state| matches!(state, RouteState::Bound | RouteState::Throttled);
    let may: Vec<_> = routes.iter().filter(|route| only.is_none_or(|name| route.name == name)).collect();
    if may.iter().any(|route| usable(route.state)) {
        return None;
    }
    if let (true, Some(name)) = (may.is_empty(), only) {
        return Some(format!("there is no route {name:?}, the only one that the plan allows"));
    }
    if may.is_empty() {
        return Some("no route to a message centre is configured".to_owned());
    }
    let reasons: Vec<_> = may.iter().map(|route| format!("{}: {}", route.name, route.reason)).collect();
    Some(format!("no route is bound ({})", reasons.join("; ")))
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
