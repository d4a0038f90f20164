//! The store: what must survive, in coarse operations that each implementation makes atomic.
//!
//! Two implementations answer alike and one conformance suite holds them to it. Whatever a method acknowledges
//! is durable. Writes about a customer are compare-and-swap on the aggregate's version, so a use case may load,
//! decide and commit without a transaction open in between.

use super::{CallStore, SimStore};
use async_trait::async_trait;
use muster_domain::campaign::Campaign;
use muster_domain::customer::Customer;
use muster_domain::event::{Event, EventKey};
use muster_domain::ids::{ApiKey, CampaignId, CreativeId, CustomerId, OrganizationId};
use muster_domain::organization::{App, Division, Organization};
use muster_domain::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// What can go wrong with the store itself. It can be cloned: one failed transaction answers many writers.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds it and did not let go in time. Trying again can help.
    #[error("the store is locked by another process: {0}")]
    Locked(String),
    /// No space left. Nothing was changed.
    #[error("the store is full: {0}")]
    Full(String),
    /// It can be read but not written. Nothing was changed.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// It cannot be reached. Trying again can help.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// A newer Muster wrote it.
    #[error("the store has schema version {found}, this program knows up to {known}: run a newer version")]
    NewerSchema {
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// Its contents cannot be read.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// More work is queued than the store accepts. Trying again can help.
    #[error("the store has {queued} writes waiting, its limit")]
    Overloaded {
        /// How many are waiting.
        queued: usize,
    },
    /// The outcome is unknown: the connection broke between the write and its answer.
    #[error("the store did not say whether the write happened: {0}")]
    Unknown(String),
    /// Anything else.
    #[error("the store failed: {0}")]
    Internal(String),
}

/// Result of a store operation.
pub type StoreResult<T> = Result<T, StoreError>;

/// An organization's configuration as stored.
#[derive(Debug, Clone)]
pub struct OrganizationCatalog {
    /// The organization.
    pub organization: Organization,
    /// Version of its configuration; grows by one with each write to it.
    pub version: u64,
    /// Its divisions.
    pub divisions: Vec<Division>,
    /// Its apps.
    pub apps: Vec<App>,
    /// Its campaigns with the entity version of each, in order of id.
    pub campaigns: Vec<(Arc<Campaign>, u64)>,
    /// Definitions of custom attributes, by model name.
    pub models: Vec<AttributeModel>,
}

/// Definitions of the attributes of a custom model (`user_profiles`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeModel {
    /// The model's name.
    pub name: String,
    /// Version, growing by one with each change.
    pub version: u64,
    /// Attribute name → definition, as given.
    pub attributes: serde_json::Map<String, Value>,
}

/// A token of the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementToken {
    /// SHA-256 of the token, hexadecimal.
    pub sha256: String,
    /// The only organization it opens; `None` opens all.
    pub organization: Option<OrganizationId>,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: UnixMillis,
}

/// What must be true of an entity before a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It does not exist.
    Absent,
    /// It exists with this version.
    Version(u64),
    /// Nothing is asked.
    Any,
}

/// One write to the configuration. Several go in one transaction, all or none.
#[derive(Debug, Clone)]
pub enum CatalogWrite {
    /// Changes nothing, and refuses the whole transaction as stale (`organization`) unless the organization's
    /// configuration has this version.
    IfVersion(u64),
    /// Creates or replaces the organization itself (its name is unique).
    Organization(Organization),
    /// Creates or replaces a division.
    Division(Division),
    /// Creates or replaces an app (`api_key` is unique over all organizations, `name` in its own).
    App(App),
    /// Creates or replaces a campaign (name and permalink are unique in the organization).
    Campaign {
        /// The campaign.
        campaign: Box<Campaign>,
        /// What must be true of the stored one.
        expected: Expected,
    },
    /// Deletes a campaign.
    DeleteCampaign {
        /// Which.
        id: CampaignId,
        /// What must be true of it.
        expected: Expected,
    },
    /// Creates or replaces an attribute model.
    Model(AttributeModel),
    /// Adds a management token.
    Token(ManagementToken),
    /// Deletes the management token of that digest; one that does not exist is no error.
    RevokeToken {
        /// SHA-256 of the token, hexadecimal.
        sha256: String,
    },
    /// Starts a job.
    Job(Job),
    /// Remembers the answer to an idempotent request.
    Reply(StoredReply),
}

/// Why a configuration write was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogRefusal {
    /// A unique value is taken.
    #[error("{what} {value:?} is already in use")]
    Duplicate {
        /// Which attribute, such as `name` or `permalink`.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// The entity is not in the expected version.
    #[error("the {what} was changed by somebody else")]
    Stale {
        /// Which kind of entity.
        what: &'static str,
    },
    /// The organization does not exist.
    #[error("the organization does not exist")]
    NoOrganization,
    /// An answer is already remembered under the idempotency key.
    #[error("a request with the same idempotency key was already answered")]
    ReplyExists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to an idempotent request, replayed when the request is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// Who asked (digest of the token) and the `Idempotency-Key`.
    pub key: String,
    /// SHA-256 of method, path and body, hexadecimal: a different request under the same key is refused.
    pub fingerprint: String,
    /// HTTP status.
    pub status: u16,
    /// Body, without secrets.
    pub body: String,
    /// When it was given; replies older than the retention may be forgotten.
    pub created_at: UnixMillis,
}

/// Names by which a customer can be found; each is unique in its organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CustomerName {
    /// An external id, of whatever type.
    External(String),
    /// An e-mail address, in lower case.
    Email(String),
    /// A phone number, digits with a leading plus sign where one was given.
    Phone(String),
}

/// A customer with the version to expect when writing it back.
#[derive(Debug, Clone)]
pub struct StoredCustomer {
    /// Its identifier.
    pub id: CustomerId,
    /// Grows by one with each write.
    pub version: u64,
    /// The aggregate.
    pub customer: Customer,
}

/// A change of one customer: aggregate, names, events, outcomes, places and counters, all or none.
#[derive(Debug, Clone)]
pub struct CustomerWrite {
    /// The tenant.
    pub organization: OrganizationId,
    /// The customer.
    pub id: CustomerId,
    /// What must be true of the stored aggregate; `Any` is not allowed here and is refused as stale.
    pub expected: Expected,
    /// The new aggregate; `None` deletes the customer with events, names, tokens and all.
    pub customer: Option<Customer>,
    /// Names to add.
    pub add_names: Vec<CustomerName>,
    /// Names to remove.
    pub remove_names: Vec<CustomerName>,
    /// Events to append. Their keys are new; the version guards it.
    pub events: Vec<Event>,
    /// Outcomes to hand to the outbox.
    pub outcomes: Vec<OutboxEntry>,
    /// Places under opt-in limits to take or give back.
    pub places: Vec<PlaceChange>,
    /// Views and clicks to count.
    pub counts: Vec<CreativeCount>,
    /// A client token to add.
    pub token: Option<ClientToken>,
    /// The answer to remember.
    pub reply: Option<StoredReply>,
}

impl CustomerWrite {
    /// A write of the aggregate alone; the other parts start empty.
    pub fn new(
        organization: OrganizationId,
        id: CustomerId,
        expected: Expected,
        customer: Option<Customer>,
    ) -> Self {
        Self {
            organization,
            id,
            expected,
            customer,
            add_names: Vec::new(),
            remove_names: Vec::new(),
            events: Vec::new(),
            outcomes: Vec::new(),
            places: Vec::new(),
            counts: Vec::new(),
            token: None,
            reply: None,
        }
    }
}

/// Why a customer write was refused; nothing of it was changed. Of several reasons the first in this order is told:
/// the reply exists, the version is stale, a name is taken, no place is left.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitRefusal {
    /// The customer was changed since it was loaded, or is gone. Load again and retry.
    #[error("the customer was changed by somebody else")]
    Stale,
    /// A name belongs to another customer.
    #[error("the name is taken by another customer")]
    NameTaken(CustomerName),
    /// The campaign has no place left.
    #[error("campaign {0} has no place left")]
    LimitReached(CampaignId),
    /// An answer is already remembered under the idempotency key.
    #[error("a request with the same idempotency key was already answered")]
    ReplyExists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One place of a campaign taken (+1) or given back (−1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceChange {
    /// The campaign.
    pub campaign: CampaignId,
    /// +1 or −1.
    pub delta: i32,
    /// The limit that must hold after a +1; `None` only counts.
    pub limit: Option<u32>,
}

/// Views or clicks of one creative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreativeCount {
    /// The campaign.
    pub campaign: CampaignId,
    /// The creative.
    pub creative: CreativeId,
    /// Views to add.
    pub seen: u64,
    /// Clicks to add.
    pub clicked: u64,
}

/// Counters of one creative, as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CreativeTotals {
    /// The campaign.
    pub campaign: CampaignId,
    /// The creative.
    pub creative: CreativeId,
    /// Views.
    pub seen: u64,
    /// Clicks.
    pub clicked: u64,
}

/// A token by which a client speaks for one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientToken {
    /// SHA-256 of the token, hexadecimal.
    pub sha256: String,
    /// The customer.
    pub customer: CustomerId,
    /// First instant at which it is no longer valid.
    pub expires_at: UnixMillis,
}

/// Something that happened and that others want to know, written with the change that caused it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Time-ordered (version 7) identifier; delivery is idempotent by it.
    pub id: Uuid,
    /// The customer it is about.
    pub customer: CustomerId,
    /// Kind, such as `behavior.achieved` or `campaign.opted_in`.
    pub kind: String,
    /// Details by kind.
    pub payload: Value,
    /// When it happened.
    pub created_at: UnixMillis,
}

/// What one event ingest asks the store to load.
#[derive(Debug, Clone)]
pub struct EventLoad {
    /// The tenant.
    pub organization: OrganizationId,
    /// The customer.
    pub id: CustomerId,
    /// Keys whose presence in the log is asked.
    pub keys: Vec<EventKey>,
}

/// The answer to an [`EventLoad`].
#[derive(Debug, Clone)]
pub struct EventLoaded {
    /// The customer.
    pub stored: StoredCustomer,
    /// For each key asked, whether the log has it.
    pub known: Vec<bool>,
}

/// Long work done in the background, resumable after a crash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its identifier.
    pub id: Uuid,
    /// The tenant.
    pub organization: OrganizationId,
    /// Kind, such as `behavior.replay`.
    pub kind: String,
    /// Parameters by kind.
    pub parameters: Value,
    /// Where it stands.
    pub state: JobState,
    /// Customers handled.
    pub done: u64,
    /// Customers to handle, as counted when it started; `None` before that.
    pub total: Option<u64>,
    /// The last customer handled; work resumes after it.
    pub cursor: Option<CustomerId>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: UnixMillis,
    /// When it last moved.
    pub updated_at: UnixMillis,
}

/// A job's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waiting for a worker.
    Pending,
    /// A worker holds its lease.
    Running,
    /// Finished.
    Completed,
    /// Given up; `error` says why.
    Failed,
}

/// The store. Every operation names the tenant first.
#[async_trait]
pub trait Store: Send + Sync {
    /// Organizations with the version of each one's configuration.
    async fn organizations(&self) -> StoreResult<Vec<(OrganizationId, u64)>>;

    /// An organization's whole configuration in one consistent read; `None` if it does not exist.
    async fn load_catalog(&self, organization: OrganizationId) -> StoreResult<Option<OrganizationCatalog>>;

    /// Reserves an organization id; ids are never given twice.
    async fn allocate_organization_id(&self) -> StoreResult<OrganizationId>;

    /// Reserves `count` consecutive ids of the organization for campaigns and everything below, and returns the
    /// first. Ids given explicitly by authors move the counter past them (see [`Store::reserve_ids_through`]).
    async fn allocate_ids(&self, organization: OrganizationId, count: u32) -> StoreResult<i64>;

    /// Makes sure that [`Store::allocate_ids`] never returns `last` or anything below it.
    async fn reserve_ids_through(&self, organization: OrganizationId, last: i64) -> StoreResult<()>;

    /// Applies the writes in one transaction, adds one to the organization's version and returns it. Tokens that
    /// open all organizations, revocations and remembered answers need no organization: where it does not exist, and the
    /// writes hold nothing else, they are applied and the version returned is 0.
    async fn write_catalog(
        &self,
        organization: OrganizationId,
        writes: Vec<CatalogWrite>,
    ) -> Result<u64, CatalogRefusal>;

    /// A receiver that changes when some configuration may have changed, on this node or another; a hint, the
    /// guarantee is polling [`Store::organizations`].
    fn catalog_hints(&self) -> tokio::sync::watch::Receiver<u64>;

    /// The organization and app of a key.
    async fn find_app(&self, key: &ApiKey) -> StoreResult<Option<OrganizationId>>;

    /// The management token of that digest.
    async fn management_token(&self, sha256: &str) -> StoreResult<Option<ManagementToken>>;

    /// Management tokens, oldest first: those of one organization, or with `None` those that open all.
    async fn management_tokens(
        &self,
        organization: Option<OrganizationId>,
    ) -> StoreResult<Vec<ManagementToken>>;

    /// The remembered answer under an idempotency key.
    async fn stored_reply(&self, key: &str) -> StoreResult<Option<StoredReply>>;

    /// One customer.
    async fn customer(
        &self,
        organization: OrganizationId,
        id: CustomerId,
    ) -> StoreResult<Option<StoredCustomer>>;

    /// The customer of a name, read with its aggregate in one step.
    async fn customer_by_name(
        &self,
        organization: OrganizationId,
        name: &CustomerName,
    ) -> StoreResult<Option<StoredCustomer>>;

    /// The customers whose id begins with the first twelve bytes of `prefix` (`xsid` look-up; almost always one).
    async fn customers_by_prefix(
        &self,
        organization: OrganizationId,
        prefix: Uuid,
    ) -> StoreResult<Vec<StoredCustomer>>;

    /// Customers in order of id after `after`, at most `limit`.
    async fn page_customers(
        &self,
        organization: OrganizationId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> StoreResult<Vec<StoredCustomer>>;

    /// How many customers the organization has.
    async fn count_customers(&self, organization: OrganizationId) -> StoreResult<u64>;

    /// Loads what ingest needs, one answer for each request, `None` where the customer does not exist.
    async fn load_for_events(&self, loads: &[EventLoad]) -> StoreResult<Vec<Option<EventLoaded>>>;

    /// A customer's events in order of arrival; only those named, all if `names` is empty.
    async fn events_of(
        &self,
        organization: OrganizationId,
        id: CustomerId,
        names: &[String],
    ) -> StoreResult<Vec<Event>>;

    /// Commits customer writes. Each succeeds or is refused on its own; those given together share a
    /// transaction where they can. When the future resolves, what succeeded is durable.
    async fn commit(&self, writes: Vec<CustomerWrite>) -> Vec<Result<(), CommitRefusal>>;

    /// The customer behind a client token, whether or not it has expired.
    async fn client_token(
        &self,
        organization: OrganizationId,
        sha256: &str,
    ) -> StoreResult<Option<ClientToken>>;

    /// Places taken in a campaign.
    async fn places_taken(&self, organization: OrganizationId, campaign: CampaignId) -> StoreResult<u64>;

    /// View and click counters of a campaign's creatives.
    async fn creative_totals(
        &self,
        organization: OrganizationId,
        campaign: CampaignId,
    ) -> StoreResult<Vec<CreativeTotals>>;

    /// Outbox entries in the order in which they were committed, after the entry `after`, at most `limit`. No entry
    /// ever appears before one that a page has shown, so whoever goes on from the last id misses nothing. An
    /// `after` that is in no entry stands for the greatest id below it.
    async fn page_outbox(
        &self,
        organization: OrganizationId,
        after: Option<Uuid>,
        limit: u32,
    ) -> StoreResult<Vec<OutboxEntry>>;

    /// One job.
    async fn job(&self, organization: OrganizationId, id: Uuid) -> StoreResult<Option<Job>>;

    /// The organization's jobs, newest first, at most `limit`.
    async fn jobs(&self, organization: OrganizationId, limit: u32) -> StoreResult<Vec<Job>>;

    /// Takes the oldest job that waits, or whose lease ran out before `now`, and leases it to `owner`.
    async fn claim_job(
        &self,
        owner: Uuid,
        now: UnixMillis,
        lease_until: UnixMillis,
    ) -> StoreResult<Option<Job>>;

    /// Saves a job's progress and renews its lease; `false` if `owner` no longer holds it.
    async fn save_job(&self, owner: Uuid, job: &Job, lease_until: UnixMillis) -> StoreResult<bool>;

    /// Deletes expired client tokens and replies older than `replies_before`; returns how many rows went.
    async fn sweep(&self, now: UnixMillis, replies_before: UnixMillis) -> StoreResult<u64>;

    /// The same database's side of accounts, SIM cards and SIM campaigns.
    fn sims(&self) -> Arc<dyn SimStore>;

    /// The same database's side of client accounts, call campaigns, contacts and calls.
    fn calls(&self) -> Arc<dyn CallStore>;

    /// Answers if the store can be read and written now.
    async fn ping(&self) -> StoreResult<()>;

    /// Finishes what was accepted and releases files and connections. Later writes fail as unreachable.
    async fn close(&self);
}
