//! The compiled configuration: one immutable snapshot of each organization, replaced as a whole.
//!
//! Readers take a snapshot and keep it for the request. A write to an organization's configuration reloads its
//! snapshot before it is answered, so that a node reads its own writes; other nodes follow by hint or by polling
//! the version.

use crate::ports::{AttributeModel, OrganizationCatalog, Store, StoreResult};
use arc_swap::ArcSwap;
use muster_domain::audience::{CompiledSet, Facts, Scratch};
use muster_domain::behavior::{Behavior, map_keys};
use muster_domain::campaign::{Campaign, CampaignStatus, may_qualify, qualifies};
use muster_domain::ids::{ApiKey, CampaignId, CreativeId, DivisionId, OrganizationId};
use muster_domain::organization::{App, Division, Organization};
use muster_domain::time::{UnixMillis, Window};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

thread_local! {
    /// Working memory of the index, kept between decisions.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// A campaign as the catalog holds it.
#[derive(Debug)]
pub struct CatalogCampaign {
    /// The campaign.
    pub campaign: Arc<Campaign>,
    /// Its version in the store.
    pub version: u64,
    /// The behaviors map's key of each behavior, in the order of `campaign.behaviors`.
    pub behavior_keys: Vec<String>,
}

/// A behavior that listens to an event, by place.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// Index into [`OrganizationSnapshot::campaigns`].
    pub campaign: usize,
    /// Index into that campaign's behaviors.
    pub behavior: usize,
}

/// A live campaign by place. Windows lie together here, so that a look at all of them stays in the cache.
#[derive(Debug, Clone, Copy)]
struct Live {
    slot: u32,
    window: Window,
}

/// Everything configured in one organization, compiled for reading.
#[derive(Debug)]
pub struct OrganizationSnapshot {
    /// The organization.
    pub organization: Organization,
    /// Version of its configuration.
    pub version: u64,
    /// Its divisions by id.
    pub divisions: FxHashMap<DivisionId, Division>,
    /// Its apps.
    pub apps: Vec<App>,
    /// Attribute models.
    pub models: Vec<AttributeModel>,
    /// Its campaigns in list order: weight descending, then id (contract rule C3-R4).
    pub campaigns: Vec<CatalogCampaign>,
    by_id: FxHashMap<CampaignId, usize>,
    by_permalink: FxHashMap<String, usize>,
    by_creative: FxHashMap<CreativeId, usize>,
    live: Vec<Live>,
    live_index: CompiledSet,
    listeners: FxHashMap<String, Vec<Listener>>,
    asked_events: Vec<String>,
}

impl OrganizationSnapshot {
    /// Compiles what the store holds.
    pub fn compile(loaded: OrganizationCatalog) -> Self {
        let mut campaigns: Vec<CatalogCampaign> = loaded
            .campaigns
            .into_iter()
            .map(|(campaign, version)| CatalogCampaign {
                behavior_keys: map_keys(&campaign.behaviors),
                campaign,
                version,
            })
            .collect();
        campaigns.sort_by_key(|entry| (std::cmp::Reverse(entry.campaign.weight), entry.campaign.id));
        let mut by_id = FxHashMap::default();
        let mut by_permalink = FxHashMap::default();
        let mut by_creative = FxHashMap::default();
        let mut listeners: FxHashMap<String, Vec<Listener>> = FxHashMap::default();
        let mut asked_events: Vec<String> = Vec::new();
        let mut live = Vec::new();
        for (index, entry) in campaigns.iter().enumerate() {
            let campaign = &entry.campaign;
            by_id.insert(campaign.id, index);
            by_permalink.insert(campaign.permalink.clone(), index);
            for group in campaign.groups() {
                by_creative.insert(group.creative.id, index);
            }
            let targetings = campaign
                .bundle
                .targeting
                .iter()
                .chain(campaign.groups().filter_map(|group| group.targeting.as_ref()));
            for targeting in targetings {
                asked_events.extend(targeting.event_names().into_iter().map(|demand| demand.name));
            }
            if campaign.status == CampaignStatus::Live {
                live.push(Live { slot: index as u32, window: campaign.window });
                for (behavior, definition) in campaign.behaviors.iter().enumerate() {
                    for name in definition.event_names() {
                        let listener = Listener { campaign: index, behavior };
                        listeners.entry(name.to_owned()).or_default().push(listener);
                    }
                }
            }
        }
        asked_events.sort_unstable();
        asked_events.dedup();
        let live_index = CompiledSet::compile(
            live.iter()
                .map(|live| (live.slot, campaigns[live.slot as usize].campaign.bundle.targeting.as_ref())),
        );
        Self {
            organization: loaded.organization,
            version: loaded.version,
            divisions: loaded.divisions.into_iter().map(|division| (division.id.clone(), division)).collect(),
            apps: loaded.apps,
            models: loaded.models,
            campaigns,
            by_id,
            by_permalink,
            by_creative,
            live,
            live_index,
            listeners,
            asked_events,
        }
    }

    /// The organization's id.
    pub fn id(&self) -> OrganizationId {
        self.organization.id
    }

    /// The campaign of that id.
    pub fn campaign(&self, id: CampaignId) -> Option<&CatalogCampaign> {
        self.by_id.get(&id).map(|&index| &self.campaigns[index])
    }

    /// The campaign of that permalink.
    pub fn campaign_by_permalink(&self, permalink: &str) -> Option<&CatalogCampaign> {
        self.by_permalink.get(permalink).map(|&index| &self.campaigns[index])
    }

    /// The campaign that holds the creative.
    pub fn campaign_of_creative(&self, creative: CreativeId) -> Option<&CatalogCampaign> {
        self.by_creative.get(&creative).map(|&index| &self.campaigns[index])
    }

    /// The behaviors of live campaigns that listen to an event name.
    pub fn listeners(&self, event_name: &str) -> &[Listener] {
        self.listeners.get(event_name).map_or(&[], Vec::as_slice)
    }

    /// Event names whose past counts targeting asks for; usually none.
    pub fn asked_events(&self) -> &[String] {
        &self.asked_events
    }

    /// Campaigns that are live and inside their run window, in list order.
    pub fn active(&self, now: UnixMillis) -> impl Iterator<Item = &CatalogCampaign> {
        self.live
            .iter()
            .filter(move |live| live.window.contains(now))
            .map(|live| &self.campaigns[live.slot as usize])
    }

    /// How many campaigns are active.
    pub fn count_active(&self, now: UnixMillis) -> usize {
        self.live.iter().filter(|live| live.window.contains(now)).count()
    }

    /// Active campaigns with the verdict of targeting for one customer, in list order. This is the decision: one
    /// look into the compiled index answers for all campaigns at once.
    pub fn decide<'a>(
        &'a self,
        facts: &Facts<'_>,
    ) -> impl Iterator<Item = (&'a CatalogCampaign, bool)> + use<'a> {
        let mut qualified = Vec::new();
        if may_qualify(facts.customer) {
            SCRATCH.with_borrow_mut(|scratch| self.live_index.matches(facts, scratch, &mut qualified));
        }
        let now = facts.now;
        let mut next = 0;
        self.live.iter().filter_map(move |live| {
            while qualified.get(next).is_some_and(|&hit| hit < live.slot) {
                next += 1;
            }
            let hit = qualified.get(next) == Some(&live.slot);
            live.window.contains(now).then(|| (&self.campaigns[live.slot as usize], hit))
        })
    }

    /// The verdict of targeting and standing for one campaign of whatever status.
    pub fn qualifies(&self, entry: &CatalogCampaign, facts: &Facts<'_>) -> bool {
        qualifies(&entry.campaign, facts)
    }

    /// The app of a key.
    pub fn app(&self, key: &ApiKey) -> Option<&App> {
        self.apps.iter().find(|app| &app.api_key == key)
    }
}

impl CatalogCampaign {
    /// The behaviors with their map keys.
    pub fn behaviors(&self) -> impl Iterator<Item = (&str, &Behavior)> {
        self.behavior_keys.iter().map(String::as_str).zip(&self.campaign.behaviors)
    }
}

#[derive(Debug, Default)]
struct Snapshots {
    organizations: FxHashMap<OrganizationId, Arc<OrganizationSnapshot>>,
    by_key: FxHashMap<ApiKey, OrganizationId>,
}

/// All organizations' snapshots.
pub struct Catalog {
    store: Arc<dyn Store>,
    current: ArcSwap<Snapshots>,
    reload: tokio::sync::Mutex<()>,
}

impl Catalog {
    /// Loads every organization.
    pub async fn load(store: Arc<dyn Store>) -> StoreResult<Self> {
        let catalog = Self {
            store,
            current: ArcSwap::from_pointee(Snapshots::default()),
            reload: tokio::sync::Mutex::new(()),
        };
        catalog.refresh().await?;
        Ok(catalog)
    }

    /// The snapshot of an organization.
    pub fn organization(&self, id: OrganizationId) -> Option<Arc<OrganizationSnapshot>> {
        self.current.load().organizations.get(&id).cloned()
    }

    /// All snapshots, in order of id.
    pub fn organizations(&self) -> Vec<Arc<OrganizationSnapshot>> {
        let mut all: Vec<_> = self.current.load().organizations.values().cloned().collect();
        all.sort_by_key(|snapshot| snapshot.id());
        all
    }

    /// The organization that owns an `api_key`.
    pub fn by_key(&self, key: &ApiKey) -> Option<Arc<OrganizationSnapshot>> {
        let current = self.current.load();
        current.by_key.get(key).and_then(|id| current.organizations.get(id)).cloned()
    }

    /// Reads what changed since the last look, of all organizations.
    pub async fn refresh(&self) -> StoreResult<()> {
        let _guard = self.reload.lock().await;
        let versions = self.store.organizations().await?;
        let mut organizations = FxHashMap::default();
        let mut changed = false;
        for (id, version) in versions {
            if let Some(snapshot) = self.organization(id).filter(|snapshot| snapshot.version >= version) {
                organizations.insert(id, snapshot);
            } else {
                changed = true;
                if let Some(loaded) = self.store.load_catalog(id).await? {
                    organizations.insert(id, Arc::new(OrganizationSnapshot::compile(loaded)));
                }
            }
        }
        if changed || organizations.len() != self.current.load().organizations.len() {
            self.publish(organizations);
        }
        Ok(())
    }

    /// Reads one organization again, after a write to it.
    pub async fn reload(&self, id: OrganizationId) -> StoreResult<()> {
        let _guard = self.reload.lock().await;
        let mut organizations = self.current.load().organizations.clone();
        match self.store.load_catalog(id).await? {
            Some(loaded) => {
                organizations.insert(id, Arc::new(OrganizationSnapshot::compile(loaded)));
            }
            None => {
                organizations.remove(&id);
            }
        }
        self.publish(organizations);
        Ok(())
    }

    fn publish(&self, organizations: FxHashMap<OrganizationId, Arc<OrganizationSnapshot>>) {
        let by_key = organizations
            .values()
            .flat_map(|snapshot| snapshot.apps.iter().map(|app| (app.api_key.clone(), snapshot.id())))
            .collect();
        self.current.store(Arc::new(Snapshots { organizations, by_key }));
    }

    /// Follows changes made by other nodes and processes until the future is dropped: on a hint at once, else
    /// every `poll`. A failing store is reported and asked again.
    pub async fn follow(&self, poll: Duration) {
        let mut hints = self.store.catalog_hints();
        loop {
            let hinted = tokio::time::timeout(poll, hints.changed()).await;
            if matches!(hinted, Ok(Err(_))) {
                // The store has gone away for good and sends no more hints; go on polling at leisure.
                tokio::time::sleep(poll).await;
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "could not look for configuration changes; the last known one stays in force");
            }
        }
    }
}
