//! Client accounts, call campaigns, contacts and calls in the embedded store.

mod attempts;
mod campaigns;
mod clients;
mod contacts;
mod numbers;
#[cfg(test)]
mod plans;
mod purge;
mod rows;
mod selection;
mod write;

use super::error::Fault;
use super::readers::Readers;
use super::writer::Writer;
use crate::{BATCH_MAX, blocking};
use async_trait::async_trait;
use muster_app::ports::{
    AfterContact, CallCounts, CallRefusal, CallSequence, CallStore, CallWrite, ContactsOf, DocumentKind,
    Ownership, StoreError, StoreResult, Versioned,
};
use muster_domain::calls::call::{Call, LedgerDay};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::client::{Agent, Client, NumberRecord};
use muster_domain::calls::contact::Contact;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::calls::selection::Probe;
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId, OrganizationId};
use muster_domain::time::UnixMillis;
use rusqlite::Connection;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// Most numbers that are looked up where they are asked for; more of them go to the blocking pool.
const INLINE_MAX: usize = 8;

/// The dialler side of the store in one file.
pub(super) struct SqliteCalls {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteCalls {
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

    /// A piece of work of the writing thread that cannot be refused.
    async fn write<T: Send + 'static>(
        &self,
        weight: u32,
        mut work: impl FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let weight = (weight as usize).clamp(1, BATCH_MAX);
        self.writer.single(weight, move |connection| work(connection).map(Ok::<T, StoreError>)).await
    }
}

#[async_trait]
impl CallStore for SqliteCalls {
    async fn take_ids(&self, kind: CallSequence, count: u32) -> StoreResult<i64> {
        self.write(1, move |connection| clients::take_ids(connection, kind, count)).await
    }

    async fn raise_ids(&self, kind: CallSequence, id: i64) -> StoreResult<()> {
        self.write(1, move |connection| clients::raise_ids(connection, kind, id)).await
    }

    async fn commit(&self, writes: Vec<CallWrite>) -> Result<(), CallRefusal> {
        if writes.is_empty() {
            return Ok(());
        }
        let weight = writes.len().min(BATCH_MAX);
        self.writer.single(weight, move |connection| write::apply_all(connection, &writes)).await
    }

    async fn client(&self, id: ClientId) -> StoreResult<Option<Versioned<Client>>> {
        self.readers.read(|connection| clients::client(connection, id))
    }

    async fn client_by_token(&self, sha256: &str) -> StoreResult<Option<Client>> {
        self.readers.read(|connection| clients::by_token(connection, sha256))
    }

    async fn clients(&self, organization: Option<OrganizationId>) -> StoreResult<Vec<Client>> {
        self.scan(move |connection| clients::clients(connection, organization)).await
    }

    async fn agents(&self, client: ClientId) -> StoreResult<Vec<Agent>> {
        self.scan(move |connection| clients::agents(connection, client)).await
    }

    async fn agent(&self, client: ClientId, uid: &str) -> StoreResult<Option<Agent>> {
        self.readers.read(|connection| clients::agent(connection, client, uid))
    }

    async fn documents(&self, client: ClientId, kind: DocumentKind) -> StoreResult<Vec<(String, Value)>> {
        self.scan(move |connection| clients::documents(connection, client, kind)).await
    }

    async fn prompts(&self, client: ClientId) -> StoreResult<Vec<(String, u64)>> {
        self.scan(move |connection| clients::prompts(connection, client)).await
    }

    async fn prompt(&self, client: ClientId, name: &str) -> StoreResult<Option<Vec<u8>>> {
        let name = name.to_owned();
        self.scan(move |connection| clients::prompt(connection, client, &name)).await
    }

    async fn campaigns(&self, client: ClientId) -> StoreResult<Vec<Versioned<CallCampaign>>> {
        self.scan(move |connection| campaigns::of_client(connection, client)).await
    }

    async fn campaign(&self, id: CallCampaignId) -> StoreResult<Option<Versioned<CallCampaign>>> {
        self.readers.read(|connection| campaigns::campaign(connection, id))
    }

    async fn campaign_named(
        &self,
        client: ClientId,
        name: &str,
    ) -> StoreResult<Option<Versioned<CallCampaign>>> {
        self.readers.read(|connection| campaigns::named(connection, client, name))
    }

    async fn active_campaigns(&self) -> StoreResult<Vec<Versioned<CallCampaign>>> {
        self.scan(campaigns::active).await
    }

    async fn result_codes(&self, campaign: CallCampaignId) -> StoreResult<Vec<ResultCode>> {
        self.readers.read(|connection| campaigns::result_codes(connection, campaign))
    }

    async fn counts(&self, campaign: CallCampaignId) -> StoreResult<CallCounts> {
        self.readers.read(|connection| campaigns::counts(connection, campaign))
    }

    async fn ledger(&self, campaign: CallCampaignId, from: i32) -> StoreResult<Vec<LedgerDay>> {
        self.readers.read(|connection| campaigns::ledger(connection, campaign, from))
    }

    async fn own_campaign(
        &self,
        campaign: CallCampaignId,
        node: Uuid,
        now: UnixMillis,
        until: UnixMillis,
    ) -> StoreResult<Option<Ownership>> {
        self.write(1, move |connection| campaigns::own(connection, campaign, node, now, until)).await
    }

    async fn disown_campaign(&self, campaign: CallCampaignId, fence: u64) -> StoreResult<()> {
        self.write(1, move |connection| campaigns::disown(connection, campaign, fence)).await
    }

    async fn purge(&self, limit: u32) -> StoreResult<u64> {
        let mut removed = 0;
        // Mostly nothing is left to remove, and then nobody need wait for the writer.
        if self.readers.read(purge::first)?.is_none() {
            return Ok(removed);
        }
        loop {
            let left = u64::from(limit) - removed;
            let most = purge::STEP_MAX.min(u32::try_from(left).unwrap_or(u32::MAX));
            let step = self.write(most, move |connection| purge::step(connection, most)).await?;
            removed += step;
            // Between two steps other writes have their turn.
            if step < u64::from(purge::STEP_MAX) {
                return Ok(removed);
            }
        }
    }

    async fn contact(&self, id: ContactId) -> StoreResult<Option<Versioned<Contact>>> {
        self.readers.read(|connection| contacts::contact(connection, id))
    }

    async fn contacts(
        &self,
        of: ContactsOf,
        after: Option<AfterContact>,
        limit: u32,
    ) -> StoreResult<Vec<Contact>> {
        self.scan(move |connection| match of {
            ContactsOf::Client(client) => contacts::of_client(connection, client, after.as_ref(), limit),
            ContactsOf::Campaign(campaign) => {
                contacts::of_campaign(connection, campaign, after.as_ref(), limit)
            }
        })
        .await
    }

    async fn contacts_with_user_data(
        &self,
        client: ClientId,
        campaign: Option<CallCampaignId>,
        user_data: &str,
    ) -> StoreResult<Vec<Versioned<Contact>>> {
        let user_data = user_data.to_owned();
        self.scan(move |connection| contacts::with_user_data(connection, client, campaign, &user_data)).await
    }

    async fn contacts_with_number(
        &self,
        client: ClientId,
        number: &str,
    ) -> StoreResult<Vec<Versioned<Contact>>> {
        let number = number.to_owned();
        self.scan(move |connection| contacts::with_number(connection, client, &number)).await
    }

    async fn promote(&self, campaign: CallCampaignId, now: UnixMillis, limit: u32) -> StoreResult<u64> {
        // Mostly nobody has become due, and then nobody need wait for the writer.
        if !self.readers.read(|connection| selection::is_any_waiting(connection, campaign, now))? {
            return Ok(0);
        }
        self.write(limit, move |connection| selection::promote(connection, campaign, now, limit)).await
    }

    async fn probe(&self, probe: &Probe, limit: u32) -> StoreResult<Vec<Versioned<Contact>>> {
        let probe = probe.clone();
        self.scan(move |connection| selection::probe(connection, &probe, limit)).await
    }

    async fn next_due(&self, campaign: CallCampaignId) -> StoreResult<Option<UnixMillis>> {
        self.readers.snapshot(|connection| selection::next_due(connection, campaign))
    }

    async fn run_out(&self, now: UnixMillis, limit: u32) -> StoreResult<Vec<Versioned<Contact>>> {
        self.scan(move |connection| selection::run_out(connection, now, limit)).await
    }

    async fn calls(&self, contact: ContactId) -> StoreResult<Vec<Call>> {
        self.readers.read(|connection| attempts::of_contact(connection, contact))
    }

    async fn call(&self, id: CallId) -> StoreResult<Option<Call>> {
        self.readers.read(|connection| attempts::call(connection, id))
    }

    async fn open_calls(&self, campaign: CallCampaignId) -> StoreResult<Vec<Call>> {
        self.scan(move |connection| attempts::open(connection, campaign)).await
    }

    async fn page_calls(
        &self,
        campaign: CallCampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> StoreResult<Vec<Call>> {
        self.scan(move |connection| attempts::page(connection, campaign, after, limit)).await
    }

    async fn numbers(
        &self,
        client: ClientId,
        numbers: &[String],
    ) -> StoreResult<Vec<Option<Versioned<NumberRecord>>>> {
        let each = move |connection: &Connection, numbers: &[String]| {
            numbers.iter().map(|number| numbers::number(connection, client, number)).collect()
        };
        if numbers.len() <= INLINE_MAX {
            return self.readers.snapshot(|connection| each(connection, numbers));
        }
        let numbers = numbers.to_vec();
        self.scan(move |connection| each(connection, &numbers)).await
    }

    async fn suppressed(
        &self,
        client: ClientId,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<NumberRecord>> {
        let after = after.map(str::to_owned);
        self.scan(move |connection| numbers::suppressed(connection, client, after.as_deref(), limit)).await
    }
}
