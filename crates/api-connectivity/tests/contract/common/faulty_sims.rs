//! A store that fails when told to, and otherwise passes everything on.

use async_trait::async_trait;
use muster_app::ports::*;
use muster_domain::account::{Account, ApiToken, ApiUser, Request};
use muster_domain::ids::{
    AccountId, OrganizationId, PackageId, SimCampaignId, SimNumber, TariffId, TemplateId,
};
use muster_domain::sim::{CardProfile, KeySet, Sim, SimName, Template};
use muster_domain::sim_campaign::SimCampaign;
use muster_domain::tariff::{Package, Tariff};
use muster_domain::time::UnixMillis;
use parking_lot::Mutex;
use std::sync::Arc;
use uuid::Uuid;

/// What is to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Every read fails like this.
    pub(crate) reads: Mutex<Option<StoreError>>,
    /// Reads of sub-accounts and packages fail like this.
    pub(crate) lists: Mutex<Option<StoreError>>,
    /// Writes fail like this.
    pub(crate) writes: Mutex<Option<StoreError>>,
    /// Somebody else is faster: before a write, the last of these is done.
    pub(crate) overtaken_by: Mutex<Vec<Vec<SimWrite>>>,
    /// Accounts are never read to an end.
    pub(crate) hangs: Mutex<bool>,
    /// A read panics, as no real store does.
    pub(crate) panics: Mutex<bool>,
}

impl Faults {
    fn read(&self) -> StoreResult<()> {
        assert!(!*self.panics.lock(), "told to panic");
        self.reads.lock().clone().map_or(Ok(()), Err)
    }

    fn list(&self) -> StoreResult<()> {
        self.read()?;
        self.lists.lock().clone().map_or(Ok(()), Err)
    }

    fn write(&self) -> StoreResult<()> {
        self.writes.lock().clone().map_or(Ok(()), Err)
    }
}

/// See [`Faults`].
pub(crate) struct FaultySims {
    inner: Arc<dyn SimStore>,
    faults: Arc<Faults>,
}

impl FaultySims {
    pub(crate) fn new(inner: Arc<dyn SimStore>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl SimStore for FaultySims {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Versioned<Account>>> {
        self.faults.read()?;
        let hangs = *self.faults.hangs.lock();
        if hangs {
            std::future::pending::<()>().await;
        }
        self.inner.account(id).await
    }

    async fn child_accounts(&self, parent: AccountId, page: PageOf) -> StoreResult<Paged<Account>> {
        self.faults.list()?;
        self.inner.child_accounts(parent, page).await
    }

    async fn root_accounts(&self, organization: OrganizationId) -> StoreResult<Vec<Account>> {
        self.faults.read()?;
        self.inner.root_accounts(organization).await
    }

    async fn api_user(&self, username: &str) -> StoreResult<Option<ApiUser>> {
        self.faults.read()?;
        self.inner.api_user(username).await
    }

    async fn api_token(&self, sha256: &str) -> StoreResult<Option<(ApiToken, ApiUser)>> {
        self.faults.read()?;
        self.inner.api_token(sha256).await
    }

    async fn request(&self, id: Uuid) -> StoreResult<Option<Request>> {
        self.faults.read()?;
        self.inner.request(id).await
    }

    async fn sims_by_names(&self, names: &[SimName]) -> StoreResult<Vec<Option<Versioned<Sim>>>> {
        self.faults.read()?;
        self.inner.sims_by_names(names).await
    }

    async fn page_sims(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Sim>> {
        self.faults.read()?;
        self.inner.page_sims(account, page).await
    }

    async fn key_sets(&self, sim: SimNumber) -> StoreResult<Vec<KeySet>> {
        self.faults.read()?;
        self.inner.key_sets(sim).await
    }

    async fn card_profile(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> StoreResult<Option<CardProfile>> {
        self.faults.read()?;
        self.inner.card_profile(organization, name).await
    }

    async fn card_profiles(&self, organization: OrganizationId) -> StoreResult<Vec<CardProfile>> {
        self.faults.read()?;
        self.inner.card_profiles(organization).await
    }

    async fn template(&self, id: TemplateId) -> StoreResult<Option<Template>> {
        self.faults.read()?;
        self.inner.template(id).await
    }

    async fn page_templates(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Template>> {
        self.faults.read()?;
        self.inner.page_templates(account, page).await
    }

    async fn tariffs(&self, ids: &[TariffId]) -> StoreResult<Vec<Option<Tariff>>> {
        self.faults.read()?;
        self.inner.tariffs(ids).await
    }

    async fn page_tariffs(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Tariff>> {
        self.faults.read()?;
        self.inner.page_tariffs(account, page).await
    }

    async fn package(&self, id: PackageId) -> StoreResult<Option<Versioned<Package>>> {
        self.faults.read()?;
        self.inner.package(id).await
    }

    async fn page_packages(&self, of: PackagesOf, page: PageOf) -> StoreResult<Paged<Package>> {
        self.faults.list()?;
        self.inner.page_packages(of, page).await
    }

    async fn sim_campaign(&self, id: SimCampaignId) -> StoreResult<Option<Versioned<SimCampaign>>> {
        self.faults.read()?;
        self.inner.sim_campaign(id).await
    }

    async fn is_connected(&self, campaign: SimCampaignId, account: AccountId) -> StoreResult<bool> {
        self.faults.read()?;
        self.inner.is_connected(campaign, account).await
    }

    async fn page_sim_campaigns(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<SimCampaign>> {
        self.faults.read()?;
        self.inner.page_sim_campaigns(account, page).await
    }

    async fn page_participants(
        &self,
        campaign: SimCampaignId,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        self.faults.read()?;
        self.inner.page_participants(campaign, page).await
    }

    async fn scan_participants(
        &self,
        campaign: SimCampaignId,
        from: u64,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        self.faults.read()?;
        self.inner.scan_participants(campaign, from, limit).await
    }

    async fn participations(
        &self,
        sim: SimNumber,
        campaign: Option<SimCampaignId>,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        self.faults.read()?;
        self.inner.participations(sim, campaign, page).await
    }

    async fn campaign_counts(&self, campaign: SimCampaignId) -> StoreResult<CampaignCounts> {
        self.faults.read()?;
        self.inner.campaign_counts(campaign).await
    }

    async fn next_number(&self, sequence: Sequence) -> StoreResult<i64> {
        self.faults.read()?;
        self.inner.next_number(sequence).await
    }

    async fn write_sims(&self, writes: Vec<SimWrite>) -> Result<(), SimRefusal> {
        self.faults.write()?;
        let overtaking = self.faults.overtaken_by.lock().pop();
        if let Some(overtaking) = overtaking {
            self.inner.write_sims(overtaking).await?;
        }
        self.inner.write_sims(writes).await
    }

    async fn live_sim_campaigns(&self) -> StoreResult<Vec<Versioned<SimCampaign>>> {
        self.faults.read()?;
        self.inner.live_sim_campaigns().await
    }

    async fn claim_participants(&self, claim: Claim) -> StoreResult<Vec<LoadedParticipant>> {
        self.faults.read()?;
        self.inner.claim_participants(claim).await
    }

    async fn due_timers(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        self.faults.read()?;
        self.inner.due_timers(now, lease_until, limit).await
    }

    async fn participants_by_msisdn(
        &self,
        msisdns: &[String],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        self.faults.read()?;
        self.inner.participants_by_msisdn(msisdns).await
    }

    async fn resting_participants(&self, msisdn: &str) -> StoreResult<Vec<LoadedParticipant>> {
        self.faults.read()?;
        self.inner.resting_participants(msisdn).await
    }

    async fn load_participants(
        &self,
        keys: &[(SimCampaignId, u64)],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        self.faults.read()?;
        self.inner.load_participants(keys).await
    }

    async fn commit_participants(&self, writes: Vec<ParticipantWrite>) -> Vec<Result<(), StepRefusal>> {
        self.inner.commit_participants(writes).await
    }

    async fn add_answer_part(&self, part: AnswerPart) -> StoreResult<Vec<AnswerPart>> {
        self.faults.read()?;
        self.inner.add_answer_part(part).await
    }

    async fn forget_answer_parts(&self, source: &str, reference: u16) -> StoreResult<()> {
        self.faults.read()?;
        self.inner.forget_answer_parts(source, reference).await
    }

    async fn sweep_sims(
        &self,
        now: UnixMillis,
        parts_before: UnixMillis,
        requests_before: UnixMillis,
    ) -> StoreResult<u64> {
        self.faults.read()?;
        self.inner.sweep_sims(now, parts_before, requests_before).await
    }
}
