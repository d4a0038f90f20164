//! Which campaigns this node conducts.
//!
//! An active campaign belongs to one node at a time, under a fence that grows with each change; whatever begins a call
//! names the fence in the same transaction. A node that takes a campaign over finds the calls that the one before left
//! open, and closes them before it begins its own.

use super::loaded::Loaded;
use super::{Shared, close};
use muster_app::ports::StoreResult;
use muster_domain::ids::CallCampaignId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The campaigns that this node conducts, as last read.
#[derive(Clone, Default)]
pub(super) struct Conducted {
    pub(super) campaigns: BTreeMap<CallCampaignId, Arc<Loaded>>,
}

pub(super) struct Conductor {
    shared: Arc<Shared>,
    tell: watch::Sender<Conducted>,
    known: BTreeMap<CallCampaignId, Known>,
    /// Not active any more, and not given back.
    retiring: BTreeMap<CallCampaignId, Known>,
}

/// A campaign of this node.
struct Known {
    loaded: Arc<Loaded>,
    /// When this node last said that it conducts it.
    owned_at: Instant,
    /// When what belongs to it was last read.
    read_at: Instant,
}

/// How old what belongs to a campaign may become: a policy or a prompt that changes does not change the campaign.
const READ_AGAIN: Duration = Duration::from_secs(3);
/// How often it is looked whether calls of a campaign that was stopped still last.
const RETIRE_LOOK: Duration = Duration::from_millis(500);

impl Conductor {
    pub(super) fn new(shared: Arc<Shared>, tell: watch::Sender<Conducted>) -> Self {
        Self { shared, tell, known: BTreeMap::new(), retiring: BTreeMap::new() }
    }

    /// Reads, keeps and tells. Goes on after `stop`, so that calls that last stay this node's; nothing new is taken
    /// then.
    pub(super) async fn run(mut self, stop: watch::Receiver<bool>) {
        loop {
            let stopping = *stop.borrow();
            if let Err(error) = self.pass(stopping).await {
                tracing::warn!(%error, "call campaigns could not be read; nothing is dialled until they can");
                // What cannot be kept may be somebody else's by now.
                self.forget_all();
            }
            tokio::time::sleep(self.shared.settings.poll).await;
        }
    }

    fn forget_all(&mut self) {
        self.known.clear();
        self.show();
    }

    fn show(&self) {
        let campaigns: BTreeMap<_, _> =
            self.known.iter().map(|(id, known)| (*id, Arc::clone(&known.loaded))).collect();
        self.tell.send_if_modified(|shown| {
            let same = shown.campaigns.len() == campaigns.len()
                && shown
                    .campaigns
                    .iter()
                    .all(|(id, old)| campaigns.get(id).is_some_and(|new| Arc::ptr_eq(old, new)));
            shown.campaigns = campaigns;
            !same
        });
    }

    async fn pass(&mut self, stopping: bool) -> StoreResult<()> {
        let store = Arc::clone(&self.shared.services.calls);
        let active = store.active_campaigns().await?;
        let mut kept = BTreeSet::new();
        // Said again long before it runs out, and not with every look: it is a write.
        let renew = Duration::from_secs(u64::from(self.shared.settings.ownership_s)) / 3;
        for found in active {
            let id = found.value.id;
            let at = tokio::time::Instant::now().into_std();
            let known = self.known.get(&id);
            if stopping && known.is_none() {
                continue;
            }
            if let Some(known) = known
                && known.loaded.version == found.version
                && known.loaded.lacks.is_empty()
                && at.saturating_duration_since(known.owned_at) < renew
                && at.saturating_duration_since(known.read_at) < READ_AGAIN
            {
                kept.insert(id);
                continue;
            }
            let now = self.shared.services.clock.now();
            let until = now.plus_seconds(i64::from(self.shared.settings.ownership_s));
            let Some(own) = store.own_campaign(id, self.shared.node, now, until).await? else { continue };
            let Some(loaded) = Loaded::read(&self.shared, found, own.fence).await? else { continue };
            if own.is_new {
                close::left_open(&self.shared, &loaded).await?;
            }
            let loaded = Arc::new(loaded);
            self.known.insert(id, Known { loaded, owned_at: at, read_at: at });
            kept.insert(id);
        }
        let gone: Vec<_> = self.known.keys().copied().filter(|id| !kept.contains(id)).collect();
        for id in gone {
            if let Some(known) = self.known.remove(&id) {
                self.retiring.insert(id, known);
            }
        }
        self.retiring.retain(|id, _| !kept.contains(id));
        self.retire(renew).await?;
        self.show();
        Ok(())
    }

    /// Campaigns that are not active any more stay this node's while calls of them last: whoever took one meanwhile
    /// would close these calls. After that they are given back.
    async fn retire(&mut self, renew: Duration) -> StoreResult<()> {
        let store = Arc::clone(&self.shared.services.calls);
        let at = tokio::time::Instant::now().into_std();
        let due: Vec<_> = self
            .retiring
            .iter()
            .filter(|(_, known)| at.saturating_duration_since(known.read_at) >= RETIRE_LOOK)
            .map(|(id, known)| (*id, known.loaded.fence))
            .collect();
        for (id, fence) in due {
            if store.open_calls(id).await?.is_empty() {
                store.disown_campaign(id, fence).await?;
                self.retiring.remove(&id);
                continue;
            }
            let Some(known) = self.retiring.get_mut(&id) else { continue };
            known.read_at = at;
            if at.saturating_duration_since(known.owned_at) >= renew {
                let now = self.shared.services.clock.now();
                let until = now.plus_seconds(i64::from(self.shared.settings.ownership_s));
                store.own_campaign(id, self.shared.node, now, until).await?;
                known.owned_at = at;
            }
        }
        Ok(())
    }
}
