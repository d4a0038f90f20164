//! The embedded store.
//!
//! One thread writes, everybody else reads: point look-ups run where they are asked for, because they take
//! microseconds and a hop to another thread would cost more; pages and scans go to the blocking pool.

mod calls;
mod catalog;
mod checkpoint;
mod commit;
mod customers;
mod error;
mod file;
mod inspect;
mod jobs;
mod readers;
mod sims;
mod upkeep;
mod writer;

pub(crate) use inspect::inspect;

use crate::blocking;
use crate::config::SqliteConfig;
use crate::prepared::{all_failed, commit};
use async_trait::async_trait;
use checkpoint::Checkpointer;
use commit::CommitTask;
use error::Fault;
use muster_app::ports::{
    CallStore, CatalogRefusal, CatalogWrite, ClientToken, CommitRefusal, CreativeTotals, CustomerName,
    CustomerWrite, EventLoad, EventLoaded, Job, ManagementToken, OrganizationCatalog, OutboxEntry, SimStore,
    Store, StoreError, StoreResult, StoredCustomer, StoredReply,
};
use muster_domain::event::Event;
use muster_domain::ids::{ApiKey, CampaignId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use readers::Readers;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;
use writer::{Writer, lost};

/// Event loads that are read where they are asked for; more of them go to the blocking pool.
const INLINE_LOADS_MAX: usize = 8;

/// The store in one file.
pub(crate) struct SqliteStore {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
    hints: watch::Sender<u64>,
}

impl SqliteStore {
    /// Opens or makes the file.
    pub(crate) fn open(config: &SqliteConfig) -> StoreResult<Self> {
        file::prepare_directory(&config.directory)?;
        let mut connection = file::open_writer(config)?;
        file::migrate(&mut connection, &config.file())?;
        let checkpointer = Checkpointer::start(config, &mut connection)?;
        let readers = Arc::new(Readers::open(config)?);
        let writer = Arc::new(Writer::start(connection, checkpointer, config.queue_max)?);
        tracing::info!(file = %config.file().display(), "the store is open");
        Ok(Self { readers, writer, hints: watch::Sender::new(0) })
    }

    /// A read that may take long, off the async threads.
    async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let readers = Arc::clone(&self.readers);
        blocking(move || readers.read(work)).await
    }

    /// A piece of work of the writing thread that cannot be refused.
    async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        self.writer.single(1, move |connection| work(connection).map(Ok::<T, StoreError>)).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn organizations(&self) -> StoreResult<Vec<(OrganizationId, u64)>> {
        self.readers.read(catalog::organizations)
    }

    async fn load_catalog(&self, organization: OrganizationId) -> StoreResult<Option<OrganizationCatalog>> {
        let readers = Arc::clone(&self.readers);
        blocking(move || readers.snapshot(|connection| catalog::load(connection, organization))).await
    }

    async fn allocate_organization_id(&self) -> StoreResult<OrganizationId> {
        self.write(catalog::allocate_organization).await
    }

    async fn allocate_ids(&self, organization: OrganizationId, count: u32) -> StoreResult<i64> {
        self.write(move |connection| catalog::allocate(connection, organization, count)).await
    }

    async fn reserve_ids_through(&self, organization: OrganizationId, last: i64) -> StoreResult<()> {
        self.write(move |connection| catalog::reserve_through(connection, organization, last)).await
    }

    async fn write_catalog(
        &self,
        organization: OrganizationId,
        writes: Vec<CatalogWrite>,
    ) -> Result<u64, CatalogRefusal> {
        let version = self
            .writer
            .single(1, move |connection| catalog::write(connection, organization, &writes))
            .await?;
        self.hints.send_modify(|hint| *hint = hint.wrapping_add(1));
        Ok(version)
    }

    fn catalog_hints(&self) -> watch::Receiver<u64> {
        self.hints.subscribe()
    }

    async fn find_app(&self, key: &ApiKey) -> StoreResult<Option<OrganizationId>> {
        self.readers.read(|connection| catalog::find_app(connection, key))
    }

    async fn management_token(&self, sha256: &str) -> StoreResult<Option<ManagementToken>> {
        self.readers.read(|connection| catalog::management_token(connection, sha256))
    }

    async fn management_tokens(
        &self,
        organization: Option<OrganizationId>,
    ) -> StoreResult<Vec<ManagementToken>> {
        self.scan(move |connection| catalog::management_tokens(connection, organization)).await
    }

    async fn stored_reply(&self, key: &str) -> StoreResult<Option<StoredReply>> {
        self.readers.read(|connection| catalog::stored_reply(connection, key))
    }

    async fn customer(
        &self,
        organization: OrganizationId,
        id: CustomerId,
    ) -> StoreResult<Option<StoredCustomer>> {
        self.readers.read(|connection| customers::customer(connection, organization, id))
    }

    async fn customer_by_name(
        &self,
        organization: OrganizationId,
        name: &CustomerName,
    ) -> StoreResult<Option<StoredCustomer>> {
        self.readers.read(|connection| customers::customer_by_name(connection, organization, name))
    }

    async fn customers_by_prefix(
        &self,
        organization: OrganizationId,
        prefix: Uuid,
    ) -> StoreResult<Vec<StoredCustomer>> {
        self.readers.read(|connection| customers::customers_by_prefix(connection, organization, prefix))
    }

    async fn page_customers(
        &self,
        organization: OrganizationId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> StoreResult<Vec<StoredCustomer>> {
        self.scan(move |connection| customers::page_customers(connection, organization, after, limit)).await
    }

    async fn count_customers(&self, organization: OrganizationId) -> StoreResult<u64> {
        self.scan(move |connection| customers::count_customers(connection, organization)).await
    }

    async fn load_for_events(&self, loads: &[EventLoad]) -> StoreResult<Vec<Option<EventLoaded>>> {
        if loads.len() <= INLINE_LOADS_MAX {
            return self.readers.snapshot(|connection| customers::load_for_events(connection, loads));
        }
        let (readers, loads) = (Arc::clone(&self.readers), loads.to_vec());
        blocking(move || readers.snapshot(|connection| customers::load_for_events(connection, &loads))).await
    }

    async fn events_of(
        &self,
        organization: OrganizationId,
        id: CustomerId,
        names: &[String],
    ) -> StoreResult<Vec<Event>> {
        let names = names.to_vec();
        self.scan(move |connection| customers::events_of(connection, organization, id, &names)).await
    }

    async fn commit(&self, writes: Vec<CustomerWrite>) -> Vec<Result<(), CommitRefusal>> {
        commit(writes, async |prepared| {
            let count = prepared.len();
            let (task, answered) = CommitTask::new(prepared);
            match self.writer.submit(task) {
                Ok(()) => answered.await.unwrap_or_else(|_| all_failed(count, &lost())),
                Err(error) => all_failed(count, &error),
            }
        })
        .await
    }

    async fn client_token(
        &self,
        organization: OrganizationId,
        sha256: &str,
    ) -> StoreResult<Option<ClientToken>> {
        self.readers.read(|connection| customers::client_token(connection, organization, sha256))
    }

    async fn places_taken(&self, organization: OrganizationId, campaign: CampaignId) -> StoreResult<u64> {
        self.readers.read(|connection| customers::places_taken(connection, organization, campaign))
    }

    async fn creative_totals(
        &self,
        organization: OrganizationId,
        campaign: CampaignId,
    ) -> StoreResult<Vec<CreativeTotals>> {
        self.readers.read(|connection| customers::creative_totals(connection, organization, campaign))
    }

    async fn page_outbox(
        &self,
        organization: OrganizationId,
        after: Option<Uuid>,
        limit: u32,
    ) -> StoreResult<Vec<OutboxEntry>> {
        self.scan(move |connection| customers::page_outbox(connection, organization, after, limit)).await
    }

    async fn job(&self, organization: OrganizationId, id: Uuid) -> StoreResult<Option<Job>> {
        self.readers.read(|connection| jobs::job(connection, organization, id))
    }

    async fn jobs(&self, organization: OrganizationId, limit: u32) -> StoreResult<Vec<Job>> {
        self.scan(move |connection| jobs::jobs(connection, organization, limit)).await
    }

    async fn claim_job(
        &self,
        owner: Uuid,
        now: UnixMillis,
        lease_until: UnixMillis,
    ) -> StoreResult<Option<Job>> {
        self.write(move |connection| jobs::claim(connection, owner, now, lease_until)).await
    }

    async fn save_job(&self, owner: Uuid, job: &Job, lease_until: UnixMillis) -> StoreResult<bool> {
        let job = job.clone();
        self.write(move |connection| jobs::save(connection, owner, &job, lease_until)).await
    }

    async fn sweep(&self, now: UnixMillis, replies_before: UnixMillis) -> StoreResult<u64> {
        let mut swept = 0;
        loop {
            let step = self.write(move |connection| upkeep::sweep(connection, now, replies_before)).await?;
            swept += step;
            // Between two steps other writes have their turn.
            if step < upkeep::SWEEP_MAX {
                return Ok(swept);
            }
        }
    }

    fn sims(&self) -> Arc<dyn SimStore> {
        Arc::new(sims::SqliteSims::new(&self.readers, &self.writer))
    }

    fn calls(&self) -> Arc<dyn CallStore> {
        Arc::new(calls::SqliteCalls::new(&self.readers, &self.writer))
    }

    async fn ping(&self) -> StoreResult<()> {
        self.readers.read(upkeep::look)?;
        self.write(upkeep::beat).await
    }

    async fn close(&self) {
        let (writer, readers) = (Arc::clone(&self.writer), Arc::clone(&self.readers));
        let closed = blocking(move || {
            // Readers first, so that the writer's is the last connection and leaves no log behind.
            readers.close();
            writer.close();
            Ok(())
        });
        if let Err(error) = closed.await {
            tracing::error!(%error, "the store did not close cleanly");
        }
    }
}
