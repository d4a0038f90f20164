//! Accounts, SIM cards and SIM campaigns on PostgreSQL: not there yet. Every call fails.

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
use uuid::Uuid;

/// The connectivity side of a store on PostgreSQL.
pub(super) struct PostgresSims;

fn missing() -> StoreError {
    StoreError::Internal("SIM cards and SIM campaigns cannot be kept on PostgreSQL yet".to_owned())
}

#[async_trait]
impl SimStore for PostgresSims {
    async fn account(&self, _id: AccountId) -> StoreResult<Option<Versioned<Account>>> {
        Err(missing())
    }

    async fn child_accounts(&self, _parent: AccountId, _page: PageOf) -> StoreResult<Paged<Account>> {
        Err(missing())
    }

    async fn root_accounts(&self, _organization: OrganizationId) -> StoreResult<Vec<Account>> {
        Err(missing())
    }

    async fn api_user(&self, _username: &str) -> StoreResult<Option<ApiUser>> {
        Err(missing())
    }

    async fn api_token(&self, _sha256: &str) -> StoreResult<Option<(ApiToken, ApiUser)>> {
        Err(missing())
    }

    async fn request(&self, _id: Uuid) -> StoreResult<Option<Request>> {
        Err(missing())
    }

    async fn sims_by_names(&self, _names: &[SimName]) -> StoreResult<Vec<Option<Versioned<Sim>>>> {
        Err(missing())
    }

    async fn page_sims(&self, _account: AccountId, _page: PageOf) -> StoreResult<Paged<Sim>> {
        Err(missing())
    }

    async fn key_sets(&self, _sim: SimNumber) -> StoreResult<Vec<KeySet>> {
        Err(missing())
    }

    async fn card_profile(
        &self,
        _organization: OrganizationId,
        _name: &str,
    ) -> StoreResult<Option<CardProfile>> {
        Err(missing())
    }

    async fn card_profiles(&self, _organization: OrganizationId) -> StoreResult<Vec<CardProfile>> {
        Err(missing())
    }

    async fn template(&self, _id: TemplateId) -> StoreResult<Option<Template>> {
        Err(missing())
    }

    async fn page_templates(&self, _account: AccountId, _page: PageOf) -> StoreResult<Paged<Template>> {
        Err(missing())
    }

    async fn tariffs(&self, _ids: &[TariffId]) -> StoreResult<Vec<Option<Tariff>>> {
        Err(missing())
    }

    async fn page_tariffs(&self, _account: AccountId, _page: PageOf) -> StoreResult<Paged<Tariff>> {
        Err(missing())
    }

    async fn package(&self, _id: PackageId) -> StoreResult<Option<Versioned<Package>>> {
        Err(missing())
    }

    async fn page_packages(&self, _of: PackagesOf, _page: PageOf) -> StoreResult<Paged<Package>> {
        Err(missing())
    }

    async fn sim_campaign(&self, _id: SimCampaignId) -> StoreResult<Option<Versioned<SimCampaign>>> {
        Err(missing())
    }

    async fn is_connected(&self, _campaign: SimCampaignId, _account: AccountId) -> StoreResult<bool> {
        Err(missing())
    }

    async fn page_sim_campaigns(
        &self,
        _account: AccountId,
        _page: PageOf,
    ) -> StoreResult<Paged<SimCampaign>> {
        Err(missing())
    }

    async fn page_participants(
        &self,
        _campaign: SimCampaignId,
        _page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        Err(missing())
    }

    async fn scan_participants(
        &self,
        _campaign: SimCampaignId,
        _from: u64,
        _limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        Err(missing())
    }

    async fn participations(
        &self,
        _sim: SimNumber,
        _campaign: Option<SimCampaignId>,
        _page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        Err(missing())
    }

    async fn campaign_counts(&self, _campaign: SimCampaignId) -> StoreResult<CampaignCounts> {
        Err(missing())
    }

    async fn next_number(&self, _sequence: Sequence) -> StoreResult<i64> {
        Err(missing())
    }

    async fn write_sims(&self, _writes: Vec<SimWrite>) -> Result<(), SimRefusal> {
        Err(missing().into())
    }

    async fn live_sim_campaigns(&self) -> StoreResult<Vec<Versioned<SimCampaign>>> {
        Err(missing())
    }

    async fn claim_participants(&self, _claim: Claim) -> StoreResult<Vec<LoadedParticipant>> {
        Err(missing())
    }

    async fn due_timers(
        &self,
        _now: UnixMillis,
        _lease_until: UnixMillis,
        _limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        Err(missing())
    }

    async fn participants_by_msisdn(
        &self,
        _msisdns: &[String],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        Err(missing())
    }

    async fn resting_participants(&self, _msisdn: &str) -> StoreResult<Vec<LoadedParticipant>> {
        Err(missing())
    }

    async fn load_participants(
        &self,
        _keys: &[(SimCampaignId, u64)],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        Err(missing())
    }

    async fn commit_participants(&self, writes: Vec<ParticipantWrite>) -> Vec<Result<(), StepRefusal>> {
        writes.iter().map(|_| Err(missing().into())).collect()
    }

    async fn add_answer_part(&self, _part: AnswerPart) -> StoreResult<Vec<AnswerPart>> {
        Err(missing())
    }

    async fn forget_answer_parts(&self, _source: &str, _reference: u16) -> StoreResult<()> {
        Err(missing())
    }

    async fn sweep_sims(
        &self,
        _now: UnixMillis,
        _parts_before: UnixMillis,
        _requests_before: UnixMillis,
    ) -> StoreResult<u64> {
        Err(missing())
    }
}
