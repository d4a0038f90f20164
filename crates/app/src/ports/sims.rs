//! The store of accounts, SIM cards, tariffs, packages, SIM campaigns and their participants.
//!
//! Like [`super::Store`] it is coarse: each write is one transaction, all or nothing, and durable when acknowledged.
//! Changes that depend on what was read carry the version or revision that was read.

use super::{Expected, StoreError, StoreResult, StoredReply};
use async_trait::async_trait;
use muster_domain::account::{Account, ApiToken, ApiUser, Request};
use muster_domain::ids::{
    AccountId, OrganizationId, PackageId, ParticipantId, SimCampaignId, SimNumber, TariffId, TemplateId,
};
use muster_domain::participant::{Participant, ParticipantStatus};
use muster_domain::sim::{CardFlags, CardProfile, Iccid, KeySet, Sim, SimName, Template};
use muster_domain::sim_campaign::{SimCampaign, WaveCounts};
use muster_domain::tariff::{Package, Tariff};
use muster_domain::time::UnixMillis;
use uuid::Uuid;

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOf {
    /// From 1.
    pub number: u64,
    /// Rows of a page, at least 1.
    pub size: u32,
}

impl PageOf {
    /// Rows before the page, saturating.
    pub const fn skip(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size as u64)
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The rows of the page; empty behind the last page.
    pub rows: Vec<T>,
    /// Rows of the whole list.
    pub total: u64,
}

/// Something stored with the version to expect when writing it back.
#[derive(Debug, Clone)]
pub struct Versioned<T> {
    /// What is stored.
    pub value: T,
    /// Grows by one with each write.
    pub version: u64,
}

/// Which packages a list shows. Deleted ones are never in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackagesOf {
    /// Made by the account.
    CreatedBy(AccountId),
    /// Made by the account's parent and open to the account.
    OpenTo {
        /// The sub-account.
        account: AccountId,
        /// Its parent.
        parent: AccountId,
    },
    /// Attached to at least one SIM of the account.
    AttachedIn(AccountId),
}

/// Kinds of numbers that are handed out in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sequence {
    /// Of templates.
    Template,
    /// Of SIM campaigns.
    SimCampaign,
}

/// A participant to be enrolled. The store gives the ordinal, and the id where none is given.
#[derive(Debug, Clone)]
pub struct NewParticipant {
    /// Its id, for participants that are taken over from elsewhere; ids given by the store lie above all of these.
    pub id: Option<ParticipantId>,
    /// The card.
    pub sim: SimNumber,
    /// The card's serial number.
    pub iccid: Iccid,
    /// Status to begin with; `Pending` except for participants that are taken over. One taken over while in flight has
    /// a timer that has come: no answer will ever find it here.
    pub status: ParticipantStatus,
    /// Attempts so far.
    pub attempt: u32,
    /// Result code of the last message.
    pub code: String,
    /// Result line of the last message.
    pub message: String,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// One change. Several go in one transaction, all or none.
#[derive(Debug, Clone)]
pub enum SimWrite {
    /// Creates or replaces an account.
    Account {
        /// The account.
        account: Box<Account>,
        /// What must be true of the stored one.
        expected: Expected,
    },
    /// Creates or replaces a user (`username` is unique over all accounts).
    User(ApiUser),
    /// Adds a token of a user.
    Token(ApiToken),
    /// Remembers an accepted request.
    Request(Request),
    /// Loads SIMs with their key sets. Each `Sim::number` is given by the store; the one passed is ignored, and so
    /// is that in the key sets. Every name of every SIM must be free.
    LoadSims(Vec<(Sim, Vec<KeySet>)>),
    /// Replaces a SIM; its names may change, its number, account and ICCID not. Attaching a package (a `package`
    /// that was not there before) marks that package as ever used, and is refused where it is deleted.
    Sim {
        /// The SIM.
        sim: Box<Sim>,
        /// Version read.
        version: u64,
    },
    /// Adds or replaces a key set of a SIM. `next_counter` of an existing one never falls: the greater one stays.
    /// Replacing clears the flags; holder and counter are the stored ones.
    KeySet(KeySet),
    /// Creates or replaces a card profile (`name` is unique in the organization).
    Profile {
        /// The tenant.
        organization: OrganizationId,
        /// The profile.
        profile: Box<CardProfile>,
    },
    /// Adds a template. Its id must be free; the sequence moves past it.
    Template(Box<Template>),
    /// Adds a tariff.
    Tariff(Box<Tariff>),
    /// Creates or replaces a package (`name` is unique among the undeleted ones of its account). Marking one as
    /// deleted is refused while a SIM has it.
    Package {
        /// The package. `is_ever_used` of an existing one is never cleared.
        package: Box<Package>,
        /// What must be true of the stored one.
        expected: Expected,
    },
    /// Adds a campaign and connects it to its account, or replaces one. A new one's id must be free; the sequence
    /// moves past it.
    Campaign {
        /// The campaign.
        campaign: Box<SimCampaign>,
        /// What must be true of the stored one.
        expected: Expected,
    },
    /// Connects a campaign to a further account; one that is connected already is no error.
    Connect {
        /// The campaign.
        campaign: SimCampaignId,
        /// The account.
        account: AccountId,
    },
    /// Enrols SIMs, in order. Refused if one of them takes part already, or where the campaign is in a terminal
    /// status.
    Enrol {
        /// The campaign.
        campaign: SimCampaignId,
        /// The participants, in order.
        participants: Vec<NewParticipant>,
    },
    /// Remembers the answer to an idempotent request, beside those of [`super::CatalogWrite::Reply`].
    Reply(StoredReply),
}

/// Why a list of changes was refused; nothing was changed. `index` is the position in the list of what is at fault:
/// of the SIM in [`SimWrite::LoadSims`], of the participant in [`SimWrite::Enrol`], else 0.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SimRefusal {
    /// A unique value is taken.
    #[error("{what} {value:?} is already in use")]
    Duplicate {
        /// Which: `username`, `iccid`, `imsi`, `msisdn`, `imei`, `package`, `template`, `campaign`, `participant`.
        what: &'static str,
        /// The value.
        value: String,
        /// Which entry of the write's list.
        index: usize,
    },
    /// The object was changed since it was read, or is gone.
    #[error("the {what} was changed by somebody else")]
    Stale {
        /// Which kind.
        what: &'static str,
    },
    /// The package is attached to a SIM.
    #[error("the package is attached to a SIM")]
    PackageInUse,
    /// The package is deleted, or never existed.
    #[error("the package does not exist")]
    NoPackage,
    /// The campaign has ended.
    #[error("the campaign has ended")]
    CampaignEnded,
    /// An answer is already remembered under the idempotency key.
    #[error("a request with the same idempotency key was already answered")]
    ReplyExists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page row of a campaign's participants, as far as readers need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantRow {
    /// Its place in the campaign.
    pub ordinal: u64,
    /// `id` on the wire.
    pub id: ParticipantId,
    /// The campaign.
    pub campaign: SimCampaignId,
    /// The card's serial number.
    pub iccid: Iccid,
    /// Stored status.
    pub status: ParticipantStatus,
    /// Sends so far.
    pub attempt: u32,
    /// Result code of the last message.
    pub code: String,
    /// Result line of the last message.
    pub message: String,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// What has been counted of a campaign. Kept with every change, never counted by a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignCounts {
    /// Participants by [`ParticipantStatus::number`].
    pub by_status: [u64; 9],
    /// By wave; as many entries as waves have any count.
    pub waves: Vec<WaveCounts>,
}

impl CampaignCounts {
    /// All participants.
    pub fn participants(&self) -> u64 {
        self.by_status.iter().sum()
    }

    /// Those in a stored status.
    pub fn of(&self, status: ParticipantStatus) -> u64 {
        self.by_status[usize::from(status.number())]
    }

    /// Those without an outcome.
    pub fn open(&self) -> u64 {
        ParticipantStatus::ALL
            .into_iter()
            .filter(|status| !status.is_terminal())
            .map(|status| self.of(status))
            .sum()
    }

    /// Those with a message on its way.
    pub fn in_flight(&self) -> u64 {
        ParticipantStatus::ALL
            .into_iter()
            .filter(|status| status.is_in_flight())
            .map(|status| self.of(status))
            .sum()
    }
}

/// A participant with its card, as the engine works on it.
#[derive(Debug, Clone)]
pub struct LoadedParticipant {
    /// The participant.
    pub participant: Participant,
    /// Grows by one with each write; expected when writing back.
    pub revision: u64,
    /// The card.
    pub card: Sim,
    /// The card's key sets.
    pub key_sets: Vec<KeySet>,
}

/// How fast a campaign may claim: evenly spaced cards, over all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Cards a second.
    pub per_s: u32,
    /// Cards that may be claimed at once after a rest.
    pub burst: u32,
}

/// What to claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The campaign. Nothing is claimed unless it is in status `PROCESS`.
    pub campaign: SimCampaignId,
    /// Only cards with an ordinal below, as far as they were never sent to.
    pub below: Option<u64>,
    /// Only what is due by now.
    pub now: UnixMillis,
    /// Until when nobody else claims them.
    pub lease_until: UnixMillis,
    /// At most so many.
    pub limit: u32,
    /// The campaign's pace, if it has one. What it does not allow now is not claimed.
    pub pace: Option<Pace>,
}

/// What becomes of a key set with a participant's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySetWrite {
    /// Key version number.
    pub kvn: u8,
    /// Takes the counter: refused as [`StepRefusal::CounterMoved`] unless `next_counter` has this value; it grows
    /// by one.
    pub take_counter: Option<u64>,
    /// Raises `next_counter` by so much (as far as it goes).
    pub raise_by: u64,
    /// What becomes of the reservation.
    pub hold: HoldWrite,
    /// Flags to set; none is ever cleared here.
    pub flags: CardFlags,
}

/// What becomes of a card's reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldWrite {
    /// Nothing.
    Keep,
    /// The participant takes it. Where another one holds it the write is refused as [`StepRefusal::Held`], and in
    /// the same transaction the participant's `due_at` becomes `DUE_HELD` (its revision grows by one).
    Take,
    /// The participant gives it back, if it holds it. Of the participants that wait for the card, the one of the
    /// oldest campaign becomes due now, and the further ones one after the other a minute apart, each with its revision
    /// grown by one: the first one's campaign may pause before it takes the card, and nobody else would wake them.
    Release,
}

/// A participant's change, compare-and-swap on its revision.
#[derive(Debug, Clone)]
pub struct ParticipantWrite {
    /// The new state.
    pub participant: Participant,
    /// Revision read.
    pub revision: u64,
    /// Status read: the counts move from it to the new one.
    pub from: ParticipantStatus,
    /// The wave that `counts` go to.
    pub wave: u32,
    /// What to add to the wave's counts.
    pub counts: WaveCounts,
    /// The key set's part.
    pub key_set: Option<KeySetWrite>,
    /// Refused as [`StepRefusal::NotRunning`] unless the campaign is in status `PROCESS`.
    pub while_running: bool,
    /// Now, for whoever becomes due by it.
    pub now: UnixMillis,
}

/// Why a participant's change was refused; nothing of it was changed. Where several reasons hold, the first of these
/// is told: stale, not running, held, counter moved. A key set that is not stored has no counter and cannot be held, so
/// asking for either is refused as [`StepRefusal::CounterMoved`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum StepRefusal {
    /// Changed since it was read.
    #[error("the participant was changed by somebody else")]
    Stale,
    /// Another packet took the counter.
    #[error("the counter was taken by another packet")]
    CounterMoved,
    /// Another campaign's message is on its way to the card.
    #[error("the card is held by another participant")]
    Held,
    /// The campaign does not run.
    #[error("the campaign does not run")]
    NotRunning,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A part of a card's answer that came in several messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerPart {
    /// The card's number.
    pub source: String,
    /// Reference of the message it is a part of.
    pub reference: u16,
    /// Parts of the message.
    pub total: u8,
    /// Which one, from 1.
    pub sequence: u8,
    /// User data, header included.
    pub user_data: Vec<u8>,
    /// When it came.
    pub received_at: UnixMillis,
}

/// The store of the connectivity side.
#[async_trait]
pub trait SimStore: Send + Sync {
    // --- Accounts, users, requests ---

    /// One account.
    async fn account(&self, id: AccountId) -> StoreResult<Option<Versioned<Account>>>;

    /// Accounts right below `parent`, in order of making.
    async fn child_accounts(&self, parent: AccountId, page: PageOf) -> StoreResult<Paged<Account>>;

    /// Root accounts of an organization, in order of making.
    async fn root_accounts(&self, organization: OrganizationId) -> StoreResult<Vec<Account>>;

    /// A user by name.
    async fn api_user(&self, username: &str) -> StoreResult<Option<ApiUser>>;

    /// The token of that digest with its user, whether or not it has expired.
    async fn api_token(&self, sha256: &str) -> StoreResult<Option<(ApiToken, ApiUser)>>;

    /// An accepted request.
    async fn request(&self, id: Uuid) -> StoreResult<Option<Request>>;

    // --- Cards ---

    /// The SIMs of these names, one answer for each.
    async fn sims_by_names(&self, names: &[SimName]) -> StoreResult<Vec<Option<Versioned<Sim>>>>;

    /// The account's SIMs in order of loading, at a cost that does not depend on the page.
    async fn page_sims(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Sim>>;

    /// A card's key sets.
    async fn key_sets(&self, sim: SimNumber) -> StoreResult<Vec<KeySet>>;

    /// A card profile.
    async fn card_profile(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> StoreResult<Option<CardProfile>>;

    /// All card profiles of an organization, by name.
    async fn card_profiles(&self, organization: OrganizationId) -> StoreResult<Vec<CardProfile>>;

    // --- Templates, tariffs, packages ---

    /// One template.
    async fn template(&self, id: TemplateId) -> StoreResult<Option<Template>>;

    /// An account's templates, in order of id.
    async fn page_templates(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Template>>;

    /// These tariffs, one answer for each.
    async fn tariffs(&self, ids: &[TariffId]) -> StoreResult<Vec<Option<Tariff>>>;

    /// An account's tariffs, in order of making.
    async fn page_tariffs(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Tariff>>;

    /// One package, deleted or not.
    async fn package(&self, id: PackageId) -> StoreResult<Option<Versioned<Package>>>;

    /// Packages, in order of making.
    async fn page_packages(&self, of: PackagesOf, page: PageOf) -> StoreResult<Paged<Package>>;

    // --- Campaigns and participants, as read ---

    /// One campaign.
    async fn sim_campaign(&self, id: SimCampaignId) -> StoreResult<Option<Versioned<SimCampaign>>>;

    /// Whether a campaign is connected to an account.
    async fn is_connected(&self, campaign: SimCampaignId, account: AccountId) -> StoreResult<bool>;

    /// Campaigns connected to an account, in order of id.
    async fn page_sim_campaigns(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<SimCampaign>>;

    /// A campaign's participants in order of ordinal (and so of id), at a cost that does not depend on the page.
    async fn page_participants(
        &self,
        campaign: SimCampaignId,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>>;

    /// Participants with all that is known of them, from ordinal `from` on, at most `limit`: for exports and dry
    /// runs.
    async fn scan_participants(
        &self,
        campaign: SimCampaignId,
        from: u64,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>>;

    /// A SIM's participations in order of campaign id; only that of one campaign if it is given.
    async fn participations(
        &self,
        sim: SimNumber,
        campaign: Option<SimCampaignId>,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>>;

    /// What has been counted of a campaign.
    async fn campaign_counts(&self, campaign: SimCampaignId) -> StoreResult<CampaignCounts>;

    // --- Writes ---

    /// Reserves the next number of a sequence.
    async fn next_number(&self, sequence: Sequence) -> StoreResult<i64>;

    /// Applies changes in one transaction.
    async fn write_sims(&self, writes: Vec<SimWrite>) -> Result<(), SimRefusal>;

    // --- The engine's part ---

    /// Campaigns in status `SCHEDULED`, `PROCESS` and `SUSPEND`, in order of id.
    async fn live_sim_campaigns(&self) -> StoreResult<Vec<Versioned<SimCampaign>>>;

    /// Takes participants that are due: first those never sent to, in order of ordinal, then those whose try is
    /// due, the longest due first. Nobody else is given them before `lease_until`, unless they are written.
    async fn claim_participants(&self, claim: Claim) -> StoreResult<Vec<LoadedParticipant>>;

    /// Takes participants in flight whose timer has come, of whatever campaign, the longest due first. Their timers
    /// move to `lease_until`.
    async fn due_timers(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>>;

    /// The participant whose message is on its way to the card of each number, one answer for each: one that holds the
    /// card, or else the one in flight that changed last.
    async fn participants_by_msisdn(&self, msisdns: &[String])
    -> StoreResult<Vec<Option<LoadedParticipant>>>;

    /// The last participation (by update) of the card of a number that is not in flight, for signs of reachability
    /// and late answers.
    async fn resting_participants(&self, msisdn: &str) -> StoreResult<Vec<LoadedParticipant>>;

    /// These participants, one answer for each.
    async fn load_participants(
        &self,
        keys: &[(SimCampaignId, u64)],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>>;

    /// Commits participants' changes. Each succeeds or is refused on its own; those given together share a
    /// transaction where they can. When the future resolves, what succeeded is durable, and its revision is one
    /// above the one it was given with.
    async fn commit_participants(&self, writes: Vec<ParticipantWrite>) -> Vec<Result<(), StepRefusal>>;

    /// Stores a part of an answer and returns all parts stored of the same message, in order of sequence.
    async fn add_answer_part(&self, part: AnswerPart) -> StoreResult<Vec<AnswerPart>>;

    /// Forgets the parts of one message.
    async fn forget_answer_parts(&self, source: &str, reference: u16) -> StoreResult<()>;

    /// Deletes expired tokens, parts of answers older than `parts_before`, and requests older than
    /// `requests_before`; returns how many rows went.
    async fn sweep_sims(
        &self,
        now: UnixMillis,
        parts_before: UnixMillis,
        requests_before: UnixMillis,
    ) -> StoreResult<u64>;
}
