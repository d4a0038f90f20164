//! The store on a PostgreSQL server, shared by any number of nodes.
//!
//! Customer writes are gathered into transactions by two writers with a connection each; everything else takes a
//! connection of a pool. Nothing is waited for without a bound, and a server that goes away and comes back needs
//! no restart of ours.

mod calls;
mod catalog;
mod commit;
mod customers;
mod error;
mod inspect;
mod jobs;
mod lane;
mod listener;
mod server;
mod sims;
mod transaction;
mod upkeep;

pub(crate) use inspect::inspect;

use crate::config::PostgresConfig;
use crate::prepared::{Prepared, commit};
use async_trait::async_trait;
use calls::PostgresCalls;
use lane::Lanes;
use muster_app::ports::{
    CallStore, CatalogRefusal, CatalogWrite, ClientToken, CommitRefusal, CreativeTotals, CustomerName,
    CustomerWrite, EventLoad, EventLoaded, Job, ManagementToken, OrganizationCatalog, OutboxEntry, SimStore,
    Store, StoreError, StoreResult, StoredCustomer, StoredReply,
};
use muster_domain::event::Event;
use muster_domain::ids::{ApiKey, CampaignId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use server::Server;
use sims::PostgresSims;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Runs a function of a connection, one that may be repeated, on the pool: once more on a fresh connection when the
/// first turns out to be gone, as all are after a restart of the server. A macro, because a closure that borrows
/// its connection across an await is not yet `Send` for every lifetime.
macro_rules! on_pool {
    ($server:expr, $work:path $(, $argument:expr)*) => {{
        let mut again = true;
        loop {
            let client = $server.client().await?;
            match $server.bounded($work(&client $(, $argument)*)).await {
                Err(fault) if again && fault.is_lost_connection() => {
                    again = false;
                    $server.forget(client);
                }
                outcome => break outcome.map_err(StoreError::from),
            }
        }
    }};
}
use on_pool;

/// The store in one database.
pub(crate) struct PostgresStore {
    server: Arc<Server>,
    lanes: Lanes<Prepared>,
    sims: Arc<PostgresSims>,
    hints: watch::Sender<u64>,
    listener: JoinHandle<()>,
}

impl PostgresStore {
    /// Connects, brings the schema up to date, and starts to listen.
    pub(crate) async fn open(config: PostgresConfig) -> StoreResult<Self> {
        let place = config.place();
        let server = Arc::new(Server::new(config)?);
        server.migrate().await?;
        let hints = watch::Sender::new(0);
        let listener = tokio::spawn(listener::listen(Arc::clone(&server), hints.clone()));
        tracing::info!(place, "the store is open");
        Ok(Self {
            lanes: Lanes::start(&server),
            sims: Arc::new(PostgresSims::start(&server)),
            server,
            hints,
            listener,
        })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn organizations(&self) -> StoreResult<Vec<(OrganizationId, u64)>> {
        on_pool!(self.server, catalog::organizations)
    }

    async fn load_catalog(&self, organization: OrganizationId) -> StoreResult<Option<OrganizationCatalog>> {
        catalog::load(&self.server, organization).await
    }

    async fn allocate_organization_id(&self) -> StoreResult<OrganizationId> {
        on_pool!(self.server, catalog::allocate_organization)
    }

    async fn allocate_ids(&self, organization: OrganizationId, count: u32) -> StoreResult<i64> {
        on_pool!(self.server, catalog::allocate, organization, count)
    }

    async fn reserve_ids_through(&self, organization: OrganizationId, last: i64) -> StoreResult<()> {
        on_pool!(self.server, catalog::reserve_through, organization, last)
    }

    async fn write_catalog(
        &self,
        organization: OrganizationId,
        writes: Vec<CatalogWrite>,
    ) -> Result<u64, CatalogRefusal> {
        let version = catalog::write(&self.server, organization, &writes).await?;
        listener::bump(&self.hints);
        Ok(version)
    }

    fn catalog_hints(&self) -> watch::Receiver<u64> {
        self.hints.subscribe()
    }

    async fn find_app(&self, key: &ApiKey) -> StoreResult<Option<OrganizationId>> {
        on_pool!(self.server, catalog::find_app, key)
    }

    async fn management_token(&self, sha256: &str) -> StoreResult<Option<ManagementToken>> {
        on_pool!(self.server, catalog::management_token, sha256)
    }

    async fn management_tokens(
        &self,
        organization: Option<OrganizationId>,
    ) -> StoreResult<Vec<ManagementToken>> {
        on_pool!(self.server, catalog::management_tokens, organization)
    }

    async fn stored_reply(&self, key: &str) -> StoreResult<Option<StoredReply>> {
        on_pool!(self.server, catalog::stored_reply, key)
    }

    async fn customer(
        &self,
        organization: OrganizationId,
        id: CustomerId,
    ) -> StoreResult<Option<StoredCustomer>> {
        on_pool!(self.server, customers::customer, organization, id)
    }

    async fn customer_by_name(
        &self,
        organization: OrganizationId,
        name: &CustomerName,
    ) -> StoreResult<Option<StoredCustomer>> {
        on_pool!(self.server, customers::customer_by_name, organization, name)
    }

    async fn customers_by_prefix(
        &self,
        organization: OrganizationId,
        prefix: Uuid,
    ) -> StoreResult<Vec<StoredCustomer>> {
        on_pool!(self.server, customers::customers_by_prefix, organization, prefix)
    }

    async fn page_customers(
        &self,
        organization: OrganizationId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> StoreResult<Vec<StoredCustomer>> {
        on_pool!(self.server, customers::page_customers, organization, after, limit)
    }

    async fn count_customers(&self, organization: OrganizationId) -> StoreResult<u64> {
        on_pool!(self.server, customers::count_customers, organization)
    }

    async fn load_for_events(&self, loads: &[EventLoad]) -> StoreResult<Vec<Option<EventLoaded>>> {
        on_pool!(self.server, customers::load_for_events, loads)
    }

    async fn events_of(
        &self,
        organization: OrganizationId,
        id: CustomerId,
        names: &[String],
    ) -> StoreResult<Vec<Event>> {
        on_pool!(self.server, customers::events_of, organization, id, names)
    }

    async fn commit(&self, writes: Vec<CustomerWrite>) -> Vec<Result<(), CommitRefusal>> {
        commit(writes, async |prepared| self.lanes.commit(prepared).await).await
    }

    async fn client_token(
        &self,
        organization: OrganizationId,
        sha256: &str,
    ) -> StoreResult<Option<ClientToken>> {
        on_pool!(self.server, customers::client_token, organization, sha256)
    }

    async fn places_taken(&self, organization: OrganizationId, campaign: CampaignId) -> StoreResult<u64> {
        on_pool!(self.server, customers::places_taken, organization, campaign)
    }

    async fn creative_totals(
        &self,
        organization: OrganizationId,
        campaign: CampaignId,
    ) -> StoreResult<Vec<CreativeTotals>> {
        on_pool!(self.server, customers::creative_totals, organization, campaign)
    }

    async fn page_outbox(
        &self,
        organization: OrganizationId,
        after: Option<Uuid>,
        limit: u32,
    ) -> StoreResult<Vec<OutboxEntry>> {
        on_pool!(self.server, customers::page_outbox, organization, after, limit)
    }

    async fn job(&self, organization: OrganizationId, id: Uuid) -> StoreResult<Option<Job>> {
        on_pool!(self.server, jobs::job, organization, id)
    }

    async fn jobs(&self, organization: OrganizationId, limit: u32) -> StoreResult<Vec<Job>> {
        on_pool!(self.server, jobs::jobs, organization, limit)
    }

    async fn claim_job(
        &self,
        owner: Uuid,
        now: UnixMillis,
        lease_until: UnixMillis,
    ) -> StoreResult<Option<Job>> {
        on_pool!(self.server, jobs::claim, owner, now, lease_until)
    }

    async fn save_job(&self, owner: Uuid, job: &Job, lease_until: UnixMillis) -> StoreResult<bool> {
        on_pool!(self.server, jobs::save, owner, job, lease_until)
    }

    async fn sweep(&self, now: UnixMillis, replies_before: UnixMillis) -> StoreResult<u64> {
        let mut swept = 0;
        loop {
            let step: StoreResult<u64> = on_pool!(self.server, upkeep::sweep, now, replies_before);
            let step = step?;
            swept += step;
            if step < upkeep::SWEEP_MAX {
                return Ok(swept);
            }
        }
    }

    fn sims(&self) -> Arc<dyn SimStore> {
        Arc::clone(&self.sims) as _
    }

    fn calls(&self) -> Arc<dyn CallStore> {
        Arc::new(PostgresCalls::new(&self.server))
    }

    async fn ping(&self) -> StoreResult<()> {
        on_pool!(self.server, upkeep::beat)
    }

    async fn close(&self) {
        self.listener.abort();
        self.lanes.close().await;
        self.sims.close().await;
        self.server.close();
    }
}
