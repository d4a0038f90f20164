//! What goes on right now, for readers beside the board.

use muster_app::ports::LiveCampaign;
use muster_domain::ids::CallCampaignId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The last picture of every campaign that this node conducts.
#[derive(Clone, Default)]
pub(super) struct LiveBoard(Arc<Mutex<BTreeMap<CallCampaignId, LiveCampaign>>>);

impl LiveBoard {
    /// Replaces all pictures.
    pub(super) fn show(&self, pictures: BTreeMap<CallCampaignId, LiveCampaign>) {
        *self.0.lock() = pictures;
    }

    /// One campaign's.
    pub(super) fn of(&self, campaign: CallCampaignId) -> Option<LiveCampaign> {
        self.0.lock().get(&campaign).cloned()
    }
}
