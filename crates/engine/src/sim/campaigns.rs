//! The campaigns as last read, for passes that need one for each of hundreds of participants.

use muster_app::ports::{SimStore, StoreResult};
use muster_domain::ids::SimCampaignId;
use muster_domain::sim_campaign::SimCampaign;
use muster_domain::time::UnixMillis;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// How long a campaign that is not live any more is believed to be as it was read.
const REST_MS: i64 = 1000;

#[derive(Default)]
struct Known {
    live: HashMap<SimCampaignId, Arc<SimCampaign>>,
    resting: HashMap<SimCampaignId, (Arc<SimCampaign>, UnixMillis)>,
}

/// Campaigns by id. A pass may see one as it was a moment ago: whatever lets a message leave is checked by the store
/// in the transaction that allows it.
#[derive(Default)]
pub(super) struct Campaigns(RwLock<Known>);

impl Campaigns {
    /// Replaces the live ones.
    pub(super) fn set_live(&self, campaigns: impl IntoIterator<Item = Arc<SimCampaign>>) {
        let live = campaigns.into_iter().map(|campaign| (campaign.id, campaign)).collect();
        let mut known = self.0.write();
        known.live = live;
        known.resting.clear();
    }

    /// Replaces one that has just been written.
    pub(super) fn put(&self, campaign: Arc<SimCampaign>) {
        self.0.write().live.insert(campaign.id, campaign);
    }

    /// Forgets one that turned out to be otherwise: it is read again when it is asked for.
    pub(super) fn forget(&self, id: SimCampaignId) {
        let mut known = self.0.write();
        known.live.remove(&id);
        known.resting.remove(&id);
    }

    /// The live ones, in order of id.
    pub(super) fn live(&self) -> Vec<Arc<SimCampaign>> {
        let mut campaigns: Vec<_> = self.0.read().live.values().cloned().collect();
        campaigns.sort_by_key(|campaign| campaign.id);
        campaigns
    }

    /// One campaign, live or not; `None` if it does not exist.
    pub(super) async fn get(
        &self,
        sims: &dyn SimStore,
        id: SimCampaignId,
        now: UnixMillis,
    ) -> StoreResult<Option<Arc<SimCampaign>>> {
        {
            let known = self.0.read();
            if let Some(campaign) = known.live.get(&id) {
                return Ok(Some(Arc::clone(campaign)));
            }
            if let Some((campaign, read_at)) = known.resting.get(&id)
                && now.since(*read_at).abs() < REST_MS
            {
                return Ok(Some(Arc::clone(campaign)));
            }
        }
        let Some(found) = sims.sim_campaign(id).await? else { return Ok(None) };
        let campaign = Arc::new(found.value);
        self.0.write().resting.insert(id, (Arc::clone(&campaign), now));
        Ok(Some(campaign))
    }
}
