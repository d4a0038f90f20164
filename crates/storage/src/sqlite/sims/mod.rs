//! Accounts, SIM cards, SIM campaigns and their participants in the embedded store.

mod accounts;
mod answers;
mod campaigns;
mod cards;
mod claims;
mod offers;
mod paging;
mod participants;
#[cfg(test)]
mod plans;
mod steps;
mod write;

use super::error::Fault;
use super::readers::Readers;
use super::writer::{Writer, lost};
use crate::sims::{StepResults, prepare_steps};
use crate::{BATCH_MAX, blocking};
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
use rusqlite::Connection;
use std::sync::Arc;
use steps::StepTask;
use uuid::Uuid;

/// Things that are looked up where they are asked for; more of them go to the blocking pool.
const INLINE_MAX: usize = 8;

/// The connectivity side of the store in one file.
pub(super) struct SqliteSims {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteSims {
    /// Shares the connections of the store.
    pub(super) fn new(readers: &Arc<Readers>, writer: &Arc<Writer>) -> Self {
        Self { readers: Arc::clone(readers), writer: Arc::clone(writer) }
    }

    /// A read of several rows at one moment, off the async threads.
    async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let readers = Arc::clone(&self.readers);
        blocking(move || readers.snapshot(work)).await
    }

    /// A read about each of several things: where it is asked for if they are few.
    async fn each<K, T>(
        &self,
        keys: &[K],
        work: impl FnOnce(&Connection, &[K]) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T>
    where
        K: Clone + Send + 'static,
        T: Send + 'static,
    {
        if keys.len() <= INLINE_MAX {
            return self.readers.snapshot(|connection| work(connection, keys));
        }
        let keys = keys.to_vec();
        self.scan(move |connection| work(connection, &keys)).await
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
impl SimStore for SqliteSims {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Versioned<Account>>> {
        self.readers.read(|connection| accounts::account(connection, id))
    }

    async fn child_accounts(&self, parent: AccountId, page: PageOf) -> StoreResult<Paged<Account>> {
        self.scan(move |connection| accounts::children(connection, parent, page)).await
    }

    async fn root_accounts(&self, organization: OrganizationId) -> StoreResult<Vec<Account>> {
        self.scan(move |connection| accounts::roots(connection, organization)).await
    }

    async fn api_user(&self, username: &str) -> StoreResult<Option<ApiUser>> {
        self.readers.read(|connection| accounts::user(connection, username))
    }

    async fn api_token(&self, sha256: &str) -> StoreResult<Option<(ApiToken, ApiUser)>> {
        self.readers.read(|connection| accounts::token(connection, sha256))
    }

    async fn request(&self, id: Uuid) -> StoreResult<Option<Request>> {
        self.readers.read(|connection| accounts::request(connection, id))
    }

    async fn sims_by_names(&self, names: &[SimName]) -> StoreResult<Vec<Option<Versioned<Sim>>>> {
        self.each(names, cards::by_names).await
    }

    async fn page_sims(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Sim>> {
        self.scan(move |connection| cards::page(connection, account, page)).await
    }

    async fn key_sets(&self, sim: SimNumber) -> StoreResult<Vec<KeySet>> {
        self.readers.read(|connection| cards::key_sets(connection, sim.0))
    }

    async fn card_profile(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> StoreResult<Option<CardProfile>> {
        self.readers.read(|connection| cards::profile(connection, organization, name))
    }

    async fn card_profiles(&self, organization: OrganizationId) -> StoreResult<Vec<CardProfile>> {
        self.scan(move |connection| cards::profiles(connection, organization)).await
    }

    async fn template(&self, id: TemplateId) -> StoreResult<Option<Template>> {
        self.readers.read(|connection| campaigns::template(connection, id))
    }

    async fn page_templates(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Template>> {
        self.scan(move |connection| campaigns::page_templates(connection, account, page)).await
    }

    async fn tariffs(&self, ids: &[TariffId]) -> StoreResult<Vec<Option<Tariff>>> {
        self.each(ids, offers::tariffs).await
    }

    async fn page_tariffs(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<Tariff>> {
        self.scan(move |connection| offers::page_tariffs(connection, account, page)).await
    }

    async fn package(&self, id: PackageId) -> StoreResult<Option<Versioned<Package>>> {
        self.readers.read(|connection| offers::package(connection, id))
    }

    async fn page_packages(&self, of: PackagesOf, page: PageOf) -> StoreResult<Paged<Package>> {
        self.scan(move |connection| offers::page_packages(connection, of, page)).await
    }

    async fn sim_campaign(&self, id: SimCampaignId) -> StoreResult<Option<Versioned<SimCampaign>>> {
        self.readers.read(|connection| campaigns::campaign(connection, id))
    }

    async fn is_connected(&self, campaign: SimCampaignId, account: AccountId) -> StoreResult<bool> {
        self.readers.read(|connection| campaigns::is_connected(connection, campaign, account))
    }

    async fn page_sim_campaigns(&self, account: AccountId, page: PageOf) -> StoreResult<Paged<SimCampaign>> {
        self.scan(move |connection| campaigns::page(connection, account, page)).await
    }

    async fn page_participants(
        &self,
        campaign: SimCampaignId,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        self.scan(move |connection| participants::page(connection, campaign, page)).await
    }

    async fn scan_participants(
        &self,
        campaign: SimCampaignId,
        from: u64,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        self.scan(move |connection| participants::scan(connection, campaign, from, limit)).await
    }

    async fn participations(
        &self,
        sim: SimNumber,
        campaign: Option<SimCampaignId>,
        page: PageOf,
    ) -> StoreResult<Paged<ParticipantRow>> {
        self.scan(move |connection| participants::of_sim(connection, sim, campaign, page)).await
    }

    async fn campaign_counts(&self, campaign: SimCampaignId) -> StoreResult<CampaignCounts> {
        self.readers.snapshot(|connection| campaigns::counts(connection, campaign))
    }

    async fn next_number(&self, sequence: Sequence) -> StoreResult<i64> {
        self.write(move |connection| campaigns::next_number(connection, sequence)).await
    }

    async fn write_sims(&self, writes: Vec<SimWrite>) -> Result<(), SimRefusal> {
        let weight = writes.iter().map(write::weight).sum::<usize>().clamp(1, BATCH_MAX);
        self.writer.single(weight, move |connection| write::apply_all(connection, &writes)).await
    }

    async fn live_sim_campaigns(&self) -> StoreResult<Vec<Versioned<SimCampaign>>> {
        self.scan(campaigns::live).await
    }

    async fn claim_participants(&self, claim: Claim) -> StoreResult<Vec<LoadedParticipant>> {
        let weight = (claim.limit as usize).clamp(1, BATCH_MAX);
        let claimed = self
            .writer
            .single(weight, move |connection| claims::claim(connection, &claim).map(Ok::<_, StoreError>))
            .await?;
        // With the claim durable, the cards are read where reading does not keep the writer waiting.
        self.scan(move |connection| participants::with_cards(connection, claimed)).await
    }

    async fn due_timers(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: u32,
    ) -> StoreResult<Vec<LoadedParticipant>> {
        // Most of the time nothing is due, and then nobody need wait for the writer.
        if !self.readers.read(|connection| claims::any_timer(connection, now))? {
            return Ok(Vec::new());
        }
        let weight = (limit as usize).clamp(1, BATCH_MAX);
        let taken = self
            .writer
            .single(weight, move |connection| {
                claims::timers(connection, now, lease_until, limit).map(Ok::<_, StoreError>)
            })
            .await?;
        self.scan(move |connection| participants::with_cards(connection, taken)).await
    }

    async fn participants_by_msisdn(
        &self,
        msisdns: &[String],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        self.each(msisdns, |connection, msisdns| {
            msisdns.iter().map(|msisdn| participants::in_flight(connection, msisdn)).collect()
        })
        .await
    }

    async fn resting_participants(&self, msisdn: &str) -> StoreResult<Vec<LoadedParticipant>> {
        self.readers.snapshot(|connection| participants::resting(connection, msisdn))
    }

    async fn load_participants(
        &self,
        keys: &[(SimCampaignId, u64)],
    ) -> StoreResult<Vec<Option<LoadedParticipant>>> {
        self.each(keys, |connection, keys| {
            keys.iter()
                .map(|&(campaign, ordinal)| participants::load(connection, campaign, ordinal))
                .collect()
        })
        .await
    }

    async fn commit_participants(&self, writes: Vec<ParticipantWrite>) -> Vec<Result<(), StepRefusal>> {
        prepare_steps(writes, async |prepared| {
            let count = prepared.len();
            let all_failed = |error: StoreError| -> StepResults {
                (0..count).map(|_| Err(error.clone().into())).collect()
            };
            let (task, answered) = StepTask::new(prepared);
            match self.writer.submit(task) {
                Ok(()) => answered.await.unwrap_or_else(|_| all_failed(lost())),
                Err(error) => all_failed(error),
            }
        })
        .await
    }

    async fn add_answer_part(&self, part: AnswerPart) -> StoreResult<Vec<AnswerPart>> {
        self.write(move |connection| answers::add(connection, &part)).await
    }

    async fn forget_answer_parts(&self, source: &str, reference: u16) -> StoreResult<()> {
        let source = source.to_owned();
        self.write(move |connection| answers::forget(connection, &source, reference)).await
    }

    async fn sweep_sims(
        &self,
        now: UnixMillis,
        parts_before: UnixMillis,
        requests_before: UnixMillis,
    ) -> StoreResult<u64> {
        let mut swept = 0;
        loop {
            let step = self
                .write(move |connection| answers::sweep(connection, now, parts_before, requests_before))
                .await?;
            swept += step;
            // Between two steps other writes have their turn.
            if step < answers::SWEEP_MAX {
                return Ok(swept);
            }
        }
    }
}
