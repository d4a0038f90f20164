//! Accounts, SIM cards, SIM campaigns and their participants.
//!
//! Participants' changes are gathered into transactions by two writers with a connection each, chosen by card;
//! everything else takes a connection of the pool. What is claimed is passed over by all other nodes.

mod accounts;
mod answers;
mod campaigns;
mod cards;
mod claim;
mod commit;
mod load;
mod locks;
mod offers;
mod rows;
mod write;

use super::lane::Lanes;
use super::on_pool;
use super::server::Server;
use super::transaction::in_transaction;
use super::upkeep::SWEEP_MAX;
use crate::sims::{PreparedStep, prepare_steps};
use async_trait::async_trait;
use muster_app::ports::{
    AnswerPart, CampaignCounts, Claim, LoadedParticipant, PackagesOf, PageOf, Paged, ParticipantRow,
    ParticipantWrite, Sequence, SimRefusal, SimStore, SimWrite, StepRefusal, StoreError, StoreResult,
    Versioned,
};
use muster_domain::account::{Account, ApiToken, ApiUser, Request};
use muster_domain::ids::{
    AccountId, OrganizationId, PackageId, SimCampaignId, SimNumber, TariffId, TemplateId,
};
use muster_domain::sim::{CardProfile, KeySet, Sim, SimName, Template};
use muster_domain::sim_campaign::SimCampaign;
use muster_domain::tariff::{Package, Tariff};
use muster_domain::time::UnixMillis;
use std::sync::Arc;
use uuid::Uuid;

/// The SIM side of the store in one database.
pub(super) struct PostgresSims {
    server: Arc<Server>,
    lanes: Lanes<PreparedStep>,
}

impl PostgresSims {
    /// Starts the writers.
    pub(super) fn start(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), lanes: Lanes::start(server) }
    }

    /// Takes no more changes of participants and finishes those accepted.
    pub(super) async fn close(&self) {
        self.lanes.close().await;
    }
}

#[async_trait]
impl SimStore for PostgresSims {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Versioned<Account>>> {
        on_pool!(self.server, accounts::account, id)
    }

    async fn child_accounts(&self, parent: AccountId, page: PageOf) -> StoreResult<Paged<Account>> {
        on_pool!(self.server, accounts::child_accounts, parent, page)
    }

    async fn root_accounts(&self, organization: OrganizationId) -> StoreResult<Vec<Account>> {
        on_pool!(self.server, accounts::root_accounts, organization)
    }

    async fn api_user(&self, username: &str) -> StoreResult<Option<ApiUser>> {
        on_pool!(self.server, accounts::api_user, username)
    }

    async fn api_token(&self, sha256: &str) -> StoreResult<Option<(ApiToken, ApiUser)>> {
        on_pool!(self.server, accounts::api_token, sha256)
    }

    async fn request(&self, id: Uuid) -> StoreResult<Option<Request>> {
        on_pool!(self.server, accounts::request, id)
    }

    async fn sims_by_names(&self, names: &[SimName]) -> StoreResult<Vec<Option<Versioned<Sim>>>> {
        on_pool!(self.server, cards::sims_by_names, names)
    }

    async fn page_sims(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Sim>> {
        on_pool!(self.server, cards::page_sims, account, page)
    }

    async fn key_sets(&self, sim: SimNumber) -> StoreResult<Vec<KeySet>> {
        on_pool!(self.server, cards::key_sets, sim)
    }

    async fn card_profile(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> StoreResult<Option<CardProfile>> {
        on_pool!(self.server, cards::card_profile, organization, name)
    }

    async fn card_profiles(&self, organization: OrganizationId) -> StoreResult<Vec<CardProfile>> {
        on_pool!(self.server, cards::card_profiles, organization)
    }

    async fn template(&self, id: TemplateId) -> StoreResult<Option<Template>> {
        on_pool!(self.server, offers::template, id)
    }

    async fn page_templates(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Template>> {
        on_pool!(self.server, offers::page_templates, account, page)
    }

    async fn tariffs(&self, ids: &[TariffId]) -> StoreResult<Vec<Option<Tariff>>> {
        on_pool!(self.server, offers::tariffs, ids)
    }

    async fn page_tariffs(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Tariff>> {
        on_pool!(self.server, offers::page_tariffs, account, page)
    }

    async fn package(&self, id: PackageId) -> StoreResult<Option<Versioned<Package>>> {
        on_pool!(self.server, offers::package, id)
    }

    async fn page_packages(&self, of: PackagesOf, page: PageOf) -> StoreResult<Paged<Package>> {
        on_pool!(self.server, offers::page_packages, of, page)
    }

    async fn sim_campaign(&self, id: SimCampaignId) -> StoreResult<Option<Versioned<SimCampaign>>> {
        on_pool!(self.server, campaigns::sim_campaign, id)
    }

    async fn is_connected(&self, campaign: SimCampaignId, account: AccountId) -> StoreResult<bool> {
        on_pool!(self.server, campaigns::is_connected, campaign, account)
    }

    async fn page_sim_campaigns(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<SimCampaign>> {
        on_pool!(self.server, campaigns::page_sim_campaigns, account, page)
    }

    async fn page_participants(
        &self,
        campaign: SimCampaignId,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        on_pool!(self.server, campaigns::page_participants, campaign, page)
    }

    async fn scan_participants(
        &self,
        campaign: SimCampaignId,
        from: u64,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        on_pool!(self.server, load::scan_participants, campaign, from, limit)
    }

    async fn participations(
        &self,
        sim: SimNumber,
        campaign: Option<SimCampaignId>,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        on_pool!(self.server, campaigns::participations, sim, campaign, page)
    }

    async fn campaign_counts(&self, campaign: SimCampaignId) -> StoreResult<CampaignCounts> {
        on_pool!(self.server, campaigns::campaign_counts, campaign)
    }

    async fn next_number(&self, sequence: Sequence) -> StoreResult<i64> {
        on_pool!(self.server, accounts::next_number, write::sequence_key(sequence))
    }

    async fn write_sims(&self, writes: Vec<SimWrite>) -> Result<(), SimRefusal> {
        in_transaction!(self.server, write::apply, &writes)
    }

    async fn live_sim_campaigns(&self) -> StoreResult<Vec<Versioned<SimCampaign>>> {
        on_pool!(self.server, campaigns::live_sim_campaigns)
    }

    async fn claim_participants(&self, claim: Claim) -> StoreResult<Vec<LoadedParticipant>> {
        match claim.pace {
            None => on_pool!(self.server, claim::claim, claim),
            Some(pace) => in_transaction!(self.server, claim::claim_paced, claim, pace),
        }
    }

    async fn due_timers(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        on_pool!(self.server, claim::due_timers, now, lease_until, limit)
    }

    async fn participants_by_msisdn(
        &self,
        msisdns: &[String],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        on_pool!(self.server, load::participants_by_msisdn, msisdns)
    }

    async fn resting_participants(&self, msisdn: &str) -> StoreResult<Vec<LoadedParticipant>> {
        on_pool!(self.server, load::resting_participants, msisdn)
    }

    async fn load_participants(
        &self,
        keys: &[(SimCampaignId, u64)],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        on_pool!(self.server, load::load_participants, keys)
    }

    async fn commit_participants(&self, writes: Vec<ParticipantWrite>) -> Vec<Result<(), StepRefusal>> {
        prepare_steps(writes, async |prepared| self.lanes.commit(prepared).await).await
    }

    async fn add_answer_part(&self, part: AnswerPart) -> StoreResult<Vec<AnswerPart>> {
        in_transaction!(self.server, answers::add, &part)
    }

    async fn forget_answer_parts(&self, source: &str, reference: u16) -> StoreResult<()> {
        on_pool!(self.server, answers::forget, source, reference)
    }

    async fn sweep_sims(
        &self,
        now: UnixMillis,
        parts_before: UnixMillis,
        requests_before: UnixMillis,
    ) -> StoreResult<u64> {
        let mut swept = 0;
        loop {
            let step: StoreResult<u64> =
                on_pool!(self.server, accounts::sweep, now, parts_before, requests_before);
            let step = step?;
            swept += step;
            if step < SWEEP_MAX {
                return Ok(swept);
            }
        }
    }
}
