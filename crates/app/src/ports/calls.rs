//! The store of client accounts, call campaigns, contacts and calls.
//!
//! Like [`super::Store`] it is coarse: [`CallStore::commit`] is one transaction, all or nothing, and durable when
//! acknowledged. Whoever changes what was read names the version that was read.

use super::{Expected, StoreError, StoreResult, StoredReply, Versioned};
use async_trait::async_trait;
use muster_domain::calls::call::{Call, CallOutcome, LedgerDay};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::client::{Agent, Client, NumberRecord};
use muster_domain::calls::contact::Contact;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::calls::selection::Probe;
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId, OrganizationId, ResultCodeId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::time::UnixMillis;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Kinds of numbers that are handed out in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallSequence {
    /// `ClientsID`.
    Client,
    /// `DiallerCampaignsID`.
    Campaign,
    /// `DiallerCampaignsResultCodesID`.
    ResultCode,
    /// `DiallerContactsID`.
    Contact,
    /// `ID` of an attempt.
    Call,
}

/// One change. Several go in one transaction, all or none, in their order.
#[derive(Debug, Clone)]
pub enum CallWrite {
    /// Creates or replaces a client account. Its token's digest must be no other one's.
    Client {
        /// The account.
        client: Box<Client>,
        /// What must be true of the stored one.
        expected: Expected,
    },
    /// Creates or replaces an agent.
    Agent(Box<Agent>),
    /// Removes an agent; one that is not there is no error.
    RemoveAgent {
        /// The client account.
        client: ClientId,
        /// The agent.
        uid: String,
    },
    /// Creates or replaces a named document of a client account; `None` removes it.
    Document {
        /// The client account.
        client: ClientId,
        /// What it is.
        kind: DocumentKind,
        /// Its name, unique in its kind.
        name: String,
        /// What it says.
        body: Option<Value>,
    },
    /// Creates or replaces a prompt: sound of 8,000 linear samples a second, 16 bit, little end first; `None` removes it.
    Prompt {
        /// The client account.
        client: ClientId,
        /// Its name.
        name: String,
        /// The samples.
        samples: Option<Vec<u8>>,
    },
    /// Creates or replaces a campaign. `name` is unique in the client account, deleted ones aside.
    Campaign {
        /// The campaign.
        campaign: Box<CallCampaign>,
        /// What must be true of the stored one.
        expected: Expected,
    },
    /// Deletes a campaign: from now on nothing of it is found by any read, and its name is free. What belongs to it is
    /// removed by [`CallStore::purge`].
    DeleteCampaign {
        /// The campaign.
        id: CallCampaignId,
        /// Version read.
        version: u64,
    },
    /// Creates or replaces a result code. Refused as [`CallRefusal::NoCampaign`] where its campaign is not there.
    ResultCode(Box<ResultCode>),
    /// Removes a result code; refused as [`CallRefusal::InUse`] while a contact or a call of the campaign has it.
    RemoveResultCode {
        /// The campaign.
        campaign: CallCampaignId,
        /// The code.
        id: ResultCodeId,
    },
    /// Adds a contact (`version` 0), or replaces one that has this version. Refused as
    /// [`CallRefusal::NoCampaign`] where its campaign is deleted. The index columns are those of
    /// [`Contact::place`] and [`Contact::callable`] at `now`.
    Contact {
        /// The contact.
        contact: Box<Contact>,
        /// Version read; 0 for one that is not there yet.
        version: u64,
        /// Now.
        now: UnixMillis,
    },
    /// Removes a contact with its calls.
    RemoveContact {
        /// The contact.
        id: ContactId,
        /// Version read.
        version: u64,
    },
    /// Adds a call, or replaces the one of its id. Once it has an outcome its outcome stays. Where its campaign is not
    /// there nothing is kept.
    Call(Box<Call>),
    /// Creates or replaces what is remembered of a number.
    Number {
        /// The record.
        record: Box<NumberRecord>,
        /// Version read; 0 for one that is not there yet.
        version: u64,
    },
    /// Adds to a campaign's ledger of a day. Where the campaign is not there nothing is kept.
    Ledger {
        /// The campaign.
        campaign: CallCampaignId,
        /// What to add.
        add: LedgerDay,
    },
    /// Changes nothing; refused as [`CallRefusal::NotOwner`] unless the campaign's present ownership has this fence.
    Owned {
        /// The campaign.
        campaign: CallCampaignId,
        /// As [`CallStore::own_campaign`] gave it.
        fence: u64,
    },
    /// Changes nothing; refused as [`CallRefusal::NotActive`] unless the campaign is there and active.
    Active(CallCampaignId),
    /// Remembers the answer to an idempotent request, beside those of [`super::CatalogWrite::Reply`].
    Reply(StoredReply),
}

/// Kinds of named documents of a client account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// A calling policy.
    Policy,
}

impl DocumentKind {
    /// Its name in the store. Never changed once given.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
        }
    }
}

/// Why a list of changes was refused; nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallRefusal {
    /// A unique value is taken.
    #[error("{what} {value:?} is already in use")]
    Duplicate {
        /// Which: `client`, `token`, `campaign`.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// The object was changed since it was read, or is gone.
    #[error("the {what} was changed by somebody else")]
    Stale {
        /// Which kind: `client`, `campaign`, `contact`, `number`.
        what: &'static str,
    },
    /// The campaign was deleted, or never was.
    #[error("the call campaign does not exist")]
    NoCampaign,
    /// Something refers to the result code.
    #[error("the result code is in use")]
    InUse,
    /// Another node conducts the campaign.
    #[error("the campaign is conducted by another node")]
    NotOwner,
    /// The campaign is not active.
    #[error("the campaign is not active")]
    NotActive,
    /// An answer is already remembered under the idempotency key.
    #[error("a request with the same idempotency key was already answered")]
    ReplyExists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which contacts a list shows; those of deleted campaigns are in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactsOf {
    /// All of a client account.
    Client(ClientId),
    /// Those of one campaign.
    Campaign(CallCampaignId),
}

/// Where the next page of a list by name begins: behind this contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterContact {
    /// Its name as sorted: [`sort_name`].
    pub name: String,
    /// Its id.
    pub id: ContactId,
}

/// The form of a name by which lists are sorted and searched: in lower case.
pub fn sort_name(name: &str) -> String {
    name.to_lowercase()
}

/// What has been counted of a campaign. Kept with every change, never counted by a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Contacts by [`ParticipantStatus::number`].
    pub contacts: [u64; 9],
    /// Calls by outcome.
    pub outcomes: BTreeMap<CallOutcome, u64>,
    /// Calls that are not over.
    pub open_calls: u64,
    /// Contacts by the result code recorded last.
    pub results: BTreeMap<ResultCodeId, u64>,
}

impl CallCounts {
    /// All contacts.
    pub fn total(&self) -> u64 {
        self.contacts.iter().sum()
    }

    /// Those in a status.
    pub fn of(&self, status: ParticipantStatus) -> u64 {
        self.contacts[usize::from(status.number())]
    }
}

/// A campaign that a node conducts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// Names this ownership; grows with each change of the owner.
    pub fence: u64,
    /// Whether the owner changed by this call: calls that the one before left open are nobody's.
    pub is_new: bool,
}

/// The store of the dialler side.
#[async_trait]
pub trait CallStore: Send + Sync {
    /// Hands out `count` numbers in order, the first of which is returned. They are never handed out again.
    async fn take_ids(&self, kind: CallSequence, count: u32) -> StoreResult<i64>;

    /// Makes sure that numbers handed out from now on lie above `id`.
    async fn raise_ids(&self, kind: CallSequence, id: i64) -> StoreResult<()>;

    /// One transaction of changes.
    async fn commit(&self, writes: Vec<CallWrite>) -> Result<(), CallRefusal>;

    // --- Client accounts ---

    /// One client account.
    async fn client(&self, id: ClientId) -> StoreResult<Option<Versioned<Client>>>;

    /// The client account that has the token of this digest.
    async fn client_by_token(&self, sha256: &str) -> StoreResult<Option<Client>>;

    /// The client accounts of an organization, or all, in order of their ids.
    async fn clients(&self, organization: Option<OrganizationId>) -> StoreResult<Vec<Client>>;

    /// The agents of a client account, by uid.
    async fn agents(&self, client: ClientId) -> StoreResult<Vec<Agent>>;

    /// One agent.
    async fn agent(&self, client: ClientId, uid: &str) -> StoreResult<Option<Agent>>;

    /// The named documents of a kind, by name.
    async fn documents(&self, client: ClientId, kind: DocumentKind) -> StoreResult<Vec<(String, Value)>>;

    /// Names of the prompts with the number of their samples, by name.
    async fn prompts(&self, client: ClientId) -> StoreResult<Vec<(String, u64)>>;

    /// The samples of a prompt, as in [`CallWrite::Prompt`].
    async fn prompt(&self, client: ClientId, name: &str) -> StoreResult<Option<Vec<u8>>>;

    // --- Campaigns and result codes ---

    /// The campaigns of a client account, by [`sort_name`], then id.
    async fn campaigns(&self, client: ClientId) -> StoreResult<Vec<Versioned<CallCampaign>>>;

    /// One campaign.
    async fn campaign(&self, id: CallCampaignId) -> StoreResult<Option<Versioned<CallCampaign>>>;

    /// The campaign of exactly that name.
    async fn campaign_named(
        &self,
        client: ClientId,
        name: &str,
    ) -> StoreResult<Option<Versioned<CallCampaign>>>;

    /// All active campaigns of all client accounts.
    async fn active_campaigns(&self) -> StoreResult<Vec<Versioned<CallCampaign>>>;

    /// The result codes of a campaign, by id.
    async fn result_codes(&self, campaign: CallCampaignId) -> StoreResult<Vec<ResultCode>>;

    /// What was counted of a campaign; all zero for one that is not there.
    async fn counts(&self, campaign: CallCampaignId) -> StoreResult<CallCounts>;

    /// The ledger of a campaign from day `from` on, by day.
    async fn ledger(&self, campaign: CallCampaignId, from: i32) -> StoreResult<Vec<LedgerDay>>;

    /// Takes or keeps the conduct of a campaign until `until` for `node`; `None` while another node has it.
    async fn own_campaign(
        &self,
        campaign: CallCampaignId,
        node: Uuid,
        now: UnixMillis,
        until: UnixMillis,
    ) -> StoreResult<Option<Ownership>>;

    /// Gives the conduct of a campaign back, if `fence` is still its ownership.
    async fn disown_campaign(&self, campaign: CallCampaignId, fence: u64) -> StoreResult<()>;

    /// Removes up to `limit` rows of deleted campaigns, where a contact with its numbers is one. How many it removed; 0
    /// when nothing is left to remove.
    async fn purge(&self, limit: u32) -> StoreResult<u64>;

    // --- Contacts and calls ---

    /// One contact.
    async fn contact(&self, id: ContactId) -> StoreResult<Option<Versioned<Contact>>>;

    /// A page of contacts by [`sort_name`] of their name, then id.
    async fn contacts(
        &self,
        of: ContactsOf,
        after: Option<AfterContact>,
        limit: u32,
    ) -> StoreResult<Vec<Contact>>;

    /// The contacts with exactly this user data, by id; only of `campaign` where it is given.
    async fn contacts_with_user_data(
        &self,
        client: ClientId,
        campaign: Option<CallCampaignId>,
        user_data: &str,
    ) -> StoreResult<Vec<Versioned<Contact>>>;

    /// Open contacts that have one of these numbers (digits), and contacts in hand that have it, by id.
    async fn contacts_with_number(
        &self,
        client: ClientId,
        number: &str,
    ) -> StoreResult<Vec<Versioned<Contact>>>;

    /// Lets contacts of a campaign whose next try has come pass from waiting to ready: at most `limit`. How many.
    async fn promote(&self, campaign: CallCampaignId, now: UnixMillis, limit: u32) -> StoreResult<u64>;

    /// The first contacts that answer a question, at most `limit`.
    async fn probe(&self, probe: &Probe, limit: u32) -> StoreResult<Vec<Versioned<Contact>>>;

    /// When the next contact of a campaign that is waiting or follows up falls due; `None` where none does.
    async fn next_due(&self, campaign: CallCampaignId) -> StoreResult<Option<UnixMillis>>;

    /// Contacts in hand whose lease has run out, of all campaigns, oldest first.
    async fn run_out(&self, now: UnixMillis, limit: u32) -> StoreResult<Vec<Versioned<Contact>>>;

    /// The calls of a contact, by id.
    async fn calls(&self, contact: ContactId) -> StoreResult<Vec<Call>>;

    /// One call.
    async fn call(&self, id: CallId) -> StoreResult<Option<Call>>;

    /// The calls of a campaign that are not over.
    async fn open_calls(&self, campaign: CallCampaignId) -> StoreResult<Vec<Call>>;

    /// A page of a campaign's calls by id, behind `after`.
    async fn page_calls(
        &self,
        campaign: CallCampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> StoreResult<Vec<Call>>;

    /// What is remembered of numbers, one answer for each.
    async fn numbers(
        &self,
        client: ClientId,
        numbers: &[String],
    ) -> StoreResult<Vec<Option<Versioned<NumberRecord>>>>;

    /// A page of the suppressed numbers of a client account, by number, behind `after`.
    async fn suppressed(
        &self,
        client: ClientId,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<NumberRecord>>;
}
