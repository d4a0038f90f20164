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
use tokio::sync::watch;

/// The campaigns that this node conducts, as last read.
#[derive(Clone, Default)]
pub(super) struct Conducted {
    pub(super) campaigns: BTreeMap<CallCampaignId, Arc<Loaded>>,
}

pub(super) struct Conductor {
    shared: Arc<Shared>,
    tell: watch::Sender<Conducted>,
    known: BTreeMap<CallCampaignId, Arc<Loaded>>,
}

impl Conductor {
    pub(super) fn new(shared: Arc<Shared>, tell: watch::Sender<Conducted>) -> Self {
        Self { shared, tell, known: BTreeMap::new() }
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
        let campaigns = self.known.clone();
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
        for found in active {
            let id = found.value.id;
            let known = self.known.get(&id).cloned();
            if stopping && known.is_none() {
                continue;
            }
            let now = self.shared.services.clock.now();
            let until = now.plus_seconds(i64::from(self.shared.settings.ownership_s));
            let Some(own) = store.own_campaign(id, self.shared.node, now, until).await? else { continue };
            let same = |known: &&Arc<Loaded>| known.version == found.version && known.fence == own.fence;
            if let Some(known) = known.as_ref().filter(same) {
                // A policy or a prompt that changes does not change the campaign; what was lacking is looked at again.
                if known.lacks.is_empty() {
                    kept.insert(id);
                    continue;
                }
            }
            let Some(loaded) = Loaded::read(&self.shared, found, own.fence).await? else { continue };
            if own.is_new || known.as_ref().is_none_or(|known| known.fence != own.fence) {
                close::left_open(&self.shared, &loaded).await?;
            }
            self.known.insert(id, Arc::new(loaded));
            kept.insert(id);
        }
        let gone: Vec<_> = self.known.keys().copied().filter(|id| !kept.contains(id)).collect();
        for id in gone {
            if let Some(loaded) = self.known.remove(&id) {
                self.retire(&loaded).await?;
            }
        }
        self.show();
        Ok(())
    }

    /// A campaign that is not active any more, or not ours: given back once none of its calls lasts.
    async fn retire(&mut self, loaded: &Arc<Loaded>) -> StoreResult<()> {
        let store = &self.shared.services.calls;
        if store.open_calls(loaded.id()).await?.is_empty() {
            store.disown_campaign(loaded.id(), loaded.fence).await?;
        }
        Ok(())
    }
}
