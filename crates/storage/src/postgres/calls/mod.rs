//! Client accounts, call campaigns, contacts and calls.
//!
//! A commit looks its rows up and locks them in one order on all nodes: campaigns, numbers, contacts, calls. Whoever
//! changes a campaign as such waits for the commits about it that are under way (see [`locks`]).

mod attempts;
mod campaigns;
mod clients;
mod contacts;
mod locks;
mod numbers;
mod ownership;
mod purge;
mod rows;
mod selection;
mod sequences;
mod write;

use super::on_pool;
use super::server::Server;
use super::transaction::in_transaction;
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
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// The dialler side of the store in one database.
pub(super) struct PostgresCalls {
    server: Arc<Server>,
}

impl PostgresCalls {
    /// On the connections of this server.
    pub(super) fn new(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

#[async_trait]
impl CallStore for PostgresCalls {
    async fn take_ids(&self, kind: CallSequence, count: u32) -> StoreResult<i64> {
        on_pool!(self.server, sequences::take, kind, count)
    }

    async fn raise_ids(&self, kind: CallSequence, id: i64) -> StoreResult<()> {
        on_pool!(self.server, sequences::raise, kind, id)
    }

    async fn commit(&self, writes: Vec<CallWrite>) -> Result<(), CallRefusal> {
        if writes.is_empty() {
            return Ok(());
        }
        in_transaction!(self.server, write::apply, &writes)
    }

    async fn client(&self, id: ClientId) -> StoreResult<Option<Versioned<Client>>> {
        on_pool!(self.server, clients::client, id)
    }

    async fn client_by_token(&self, sha256: &str) -> StoreResult<Option<Client>> {
        on_pool!(self.server, clients::client_by_token, sha256)
    }

    async fn clients(&self, organization: Option<OrganizationId>) -> StoreResult<Vec<Client>> {
        on_pool!(self.server, clients::clients, organization)
    }

    async fn agents(&self, client: ClientId) -> StoreResult<Vec<Agent>> {
        on_pool!(self.server, clients::agents, client)
    }

    async fn agent(&self, client: ClientId, uid: &str) -> StoreResult<Option<Agent>> {
        on_pool!(self.server, clients::agent, client, uid)
    }

    async fn documents(&self, client: ClientId, kind: DocumentKind) -> StoreResult<Vec<(String, Value)>> {
        on_pool!(self.server, clients::documents, client, kind)
    }

    async fn prompts(&self, client: ClientId) -> StoreResult<Vec<(String, u64)>> {
        on_pool!(self.server, clients::prompts, client)
    }

    async fn prompt(&self, client: ClientId, name: &str) -> StoreResult<Option<Vec<u8>>> {
        on_pool!(self.server, clients::prompt, client, name)
    }

    async fn campaigns(&self, client: ClientId) -> StoreResult<Vec<Versioned<CallCampaign>>> {
        on_pool!(self.server, campaigns::campaigns, client)
    }

    async fn campaign(&self, id: CallCampaignId) -> StoreResult<Option<Versioned<CallCampaign>>> {
        on_pool!(self.server, campaigns::campaign, id)
    }

    async fn campaign_named(
        &self,
        client: ClientId,
        name: &str,
    ) -> StoreResult<Option<Versioned<CallCampaign>>> {
        on_pool!(self.server, campaigns::campaign_named, client, name)
    }

    async fn active_campaigns(&self) -> StoreResult<Vec<Versioned<CallCampaign>>> {
        on_pool!(self.server, campaigns::active_campaigns)
    }

    async fn result_codes(&self, campaign: CallCampaignId) -> StoreResult<Vec<ResultCode>> {
        on_pool!(self.server, campaigns::result_codes, campaign)
    }

    async fn counts(&self, campaign: CallCampaignId) -> StoreResult<CallCounts> {
        on_pool!(self.server, campaigns::counts, campaign)
    }

    async fn ledger(&self, campaign: CallCampaignId, from: i32) -> StoreResult<Vec<LedgerDay>> {
        on_pool!(self.server, campaigns::ledger, campaign, from)
    }

    async fn own_campaign(
        &self,
        campaign: CallCampaignId,
        node: Uuid,
        now: UnixMillis,
        until: UnixMillis,
    ) -> StoreResult<Option<Ownership>> {
        let kept: StoreResult<Option<Ownership>> =
            on_pool!(self.server, ownership::keep, campaign, node, until);
        let kept = kept?;
        if kept.is_some() {
            return Ok(kept);
        }
        let is_free: StoreResult<bool> = on_pool!(self.server, ownership::is_free, campaign, now);
        if !is_free? {
            return Ok(None);
        }
        in_transaction!(self.server, ownership::take, campaign, node, now, until)
    }

    async fn disown_campaign(&self, campaign: CallCampaignId, fence: u64) -> StoreResult<()> {
        on_pool!(self.server, ownership::give_back, campaign, fence)
    }

    async fn purge(&self, limit: u32) -> StoreResult<u64> {
        in_transaction!(self.server, purge::purge, limit)
    }

    async fn contact(&self, id: ContactId) -> StoreResult<Option<Versioned<Contact>>> {
        on_pool!(self.server, contacts::contact, id)
    }

    async fn contacts(
        &self,
        of: ContactsOf,
        after: Option<AfterContact>,
        limit: u32,
    ) -> StoreResult<Vec<Contact>> {
        on_pool!(self.server, contacts::contacts, of, after.as_ref(), limit)
    }

    async fn contacts_with_user_data(
        &self,
        client: ClientId,
        campaign: Option<CallCampaignId>,
        user_data: &str,
    ) -> StoreResult<Vec<Versioned<Contact>>> {
        on_pool!(self.server, contacts::with_user_data, client, campaign, user_data)
    }

    async fn contacts_with_number(
        &self,
        client: ClientId,
        number: &str,
    ) -> StoreResult<Vec<Versioned<Contact>>> {
        on_pool!(self.server, contacts::with_number, client, number)
    }

    async fn promote(&self, campaign: CallCampaignId, now: UnixMillis, limit: u32) -> StoreResult<u64> {
        on_pool!(self.server, selection::promote, campaign, now, limit)
    }

    async fn probe(&self, probe: &Probe, limit: u32) -> StoreResult<Vec<Versioned<Contact>>> {
        on_pool!(self.server, selection::probe, probe, limit)
    }

    async fn next_due(&self, campaign: CallCampaignId) -> StoreResult<Option<UnixMillis>> {
        on_pool!(self.server, selection::next_due, campaign)
    }

    async fn run_out(&self, now: UnixMillis, limit: u32) -> StoreResult<Vec<Versioned<Contact>>> {
        on_pool!(self.server, selection::run_out, now, limit)
    }

    async fn calls(&self, contact: ContactId) -> StoreResult<Vec<Call>> {
        on_pool!(self.server, attempts::of_contact, contact)
    }

    async fn call(&self, id: CallId) -> StoreResult<Option<Call>> {
        on_pool!(self.server, attempts::call, id)
    }

    async fn open_calls(&self, campaign: CallCampaignId) -> StoreResult<Vec<Call>> {
        on_pool!(self.server, attempts::open, campaign)
    }

    async fn page_calls(
        &self,
        campaign: CallCampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> StoreResult<Vec<Call>> {
        on_pool!(self.server, attempts::page, campaign, after, limit)
    }

    async fn numbers(
        &self,
        client: ClientId,
        numbers: &[String],
    ) -> StoreResult<Vec<Option<Versioned<NumberRecord>>>> {
        on_pool!(self.server, numbers::numbers, client, numbers)
    }

    async fn suppressed(
        &self,
        client: ClientId,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<NumberRecord>> {
        on_pool!(self.server, numbers::suppressed, client, after, limit)
    }
}
