//! A store that fails when told to, and otherwise passes everything on.

use async_trait::async_trait;
use muster_app::ports::*;
use muster_domain::event::Event;
use muster_domain::ids::{ApiKey, CampaignId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// What is to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Reads of customers fail.
    pub(crate) reads: AtomicBool,
    /// Customer writes fail.
    pub(crate) commits: AtomicBool,
    /// Customer writes are refused because too many wait.
    pub(crate) overloaded: AtomicBool,
    /// Every unknown key is said to belong to an organization that does not exist.
    pub(crate) orphan_keys: AtomicBool,
    /// A customer read panics, as no real store does.
    pub(crate) panics: AtomicBool,
}

impl Faults {
    fn has(flag: &AtomicBool) -> bool {
        flag.load(Ordering::SeqCst)
    }

    fn read(&self) -> StoreResult<()> {
        assert!(!Self::has(&self.panics), "told to panic");
        if Self::has(&self.reads) { Err(StoreError::Internal("told to fail".to_owned())) } else { Ok(()) }
    }
}

/// See [`Faults`].
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
}

impl FaultyStore {
    pub(crate) fn new(inner: Arc<dyn Store>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn organizations(&self) -> StoreResult<Vec<(OrganizationId, u64)>> {
        self.inner.organizations().await
    }

    async fn load_catalog(&self, organization: OrganizationId) -> StoreResult<Option<OrganizationCatalog>> {
        self.inner.load_catalog(organization).await
    }

    async fn allocate_organization_id(&self) -> StoreResult<OrganizationId> {
        self.inner.allocate_organization_id().await
    }

    async fn allocate_ids(&self, organization: OrganizationId, count: u32) -> StoreResult<i64> {
        self.inner.allocate_ids(organization, count).await
    }

    async fn reserve_ids_through(&self, organization: OrganizationId, last: i64) -> StoreResult<()> {
        self.inner.reserve_ids_through(organization, last).await
    }

    async fn write_catalog(
        &self,
        organization: OrganizationId,
        writes: Vec<CatalogWrite>,
    ) -> Result<u64, CatalogRefusal> {
        self.inner.write_catalog(organization, writes).await
    }

    fn catalog_hints(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.catalog_hints()
    }

    async fn find_app(&self, key: &ApiKey) -> StoreResult<Option<OrganizationId>> {
        if Faults::has(&self.faults.orphan_keys) {
            return Ok(Some(OrganizationId(999_999)));
        }
        self.inner.find_app(key).await
    }

    async fn management_token(&self, sha256: &str) -> StoreResult<Option<ManagementToken>> {
        self.inner.management_token(sha256).await
    }

    async fn management_tokens(
        &self,
        organization: Option<OrganizationId>,
    ) -> StoreResult<Vec<ManagementToken>> {
        self.inner.management_tokens(organization).await
    }

    async fn stored_reply(&self, key: &str) -> StoreResult<Option<StoredReply>> {
        self.inner.stored_reply(key).await
    }

    async fn customer(
        &self,
        organization: OrganizationId,
        id: CustomerId,
    ) -> StoreResult<Option<StoredCustomer>> {
        self.faults.read()?;
        self.inner.customer(organization, id).await
    }

    async fn customer_by_name(
        &self,
        organization: OrganizationId,
        name: &CustomerName,
    ) -> StoreResult<Option<StoredCustomer>> {
        self.faults.read()?;
        self.inner.customer_by_name(organization, name).await
    }

    async fn customers_by_prefix(
        &self,
        organization: OrganizationId,
        prefix: Uuid,
    ) -> StoreResult<Vec<StoredCustomer>> {
        self.inner.customers_by_prefix(organization, prefix).await
    }

    async fn page_customers(
        &self,
        organization: OrganizationId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> StoreResult<Vec<StoredCustomer>> {
        self.inner.page_customers(organization, after, limit).await
    }

    async fn count_customers(&self, organization: OrganizationId) -> StoreResult<u64> {
        self.inner.count_customers(organization).await
    }

    async fn load_for_events(&self, loads: &[EventLoad]) -> StoreResult<Vec<Option<EventLoaded>>> {
        self.inner.load_for_events(loads).await
    }

    async fn events_of(
        &self,
        organization: OrganizationId,
        id: CustomerId,
        names: &[String],
    ) -> StoreResult<Vec<Event>> {
        self.inner.events_of(organization, id, names).await
    }

    async fn commit(&self, writes: Vec<CustomerWrite>) -> Vec<Result<(), CommitRefusal>> {
        let refusal = if Faults::has(&self.faults.commits) {
            Some(StoreError::Internal("told to fail".to_owned()))
        } else if Faults::has(&self.faults.overloaded) {
            Some(StoreError::Overloaded { queued: 1 })
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return writes.iter().map(|_| Err(CommitRefusal::Store(refusal.clone()))).collect();
        }
        self.inner.commit(writes).await
    }

    async fn client_token(
        &self,
        organization: OrganizationId,
        sha256: &str,
    ) -> StoreResult<Option<ClientToken>> {
        self.inner.client_token(organization, sha256).await
    }

    async fn places_taken(&self, organization: OrganizationId, campaign: CampaignId) -> StoreResult<u64> {
        self.inner.places_taken(organization, campaign).await
    }

    async fn creative_totals(
        &self,
        organization: OrganizationId,
        campaign: CampaignId,
    ) -> StoreResult<Vec<CreativeTotals>> {
        self.inner.creative_totals(organization, campaign).await
    }

    async fn page_outbox(
        &self,
        organization: OrganizationId,
        after: Option<Uuid>,
        limit: u32,
    ) -> StoreResult<Vec<OutboxEntry>> {
        self.inner.page_outbox(organization, after, limit).await
    }

    async fn job(&self, organization: OrganizationId, id: Uuid) -> StoreResult<Option<Job>> {
        self.inner.job(organization, id).await
    }

    async fn jobs(&self, organization: OrganizationId, limit: u32) -> StoreResult<Vec<Job>> {
        self.inner.jobs(organization, limit).await
    }

    async fn claim_job(
        &self,
        owner: Uuid,
        now: UnixMillis,
        lease_until: UnixMillis,
    ) -> StoreResult<Option<Job>> {
        self.inner.claim_job(owner, now, lease_until).await
    }

    async fn save_job(&self, owner: Uuid, job: &Job, lease_until: UnixMillis) -> StoreResult<bool> {
        self.inner.save_job(owner, job, lease_until).await
    }

    async fn sweep(&self, now: UnixMillis, replies_before: UnixMillis) -> StoreResult<u64> {
        self.inner.sweep(now, replies_before).await
    }

    fn sims(&self) -> Arc<dyn SimStore> {
        self.inner.sims()
    }

    fn calls(&self) -> Arc<dyn CallStore> {
        self.inner.calls()
    }

    async fn ping(&self) -> StoreResult<()> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
