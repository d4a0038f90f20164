//! Small values with good defaults, and a store with a campaign.

use crate::fixtures::{ORG, T0};
use crate::harness::Harness;
use muster_app::ports::{CallRefusal, CallStore, CallWrite, Expected};
use muster_domain::calls::call::{Call, CallOutcome};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::client::{Client, NumberRecord};
use muster_domain::calls::contact::{Contact, Due, Lease};
use muster_domain::calls::result_code::{ResultCode, ResultKind};
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId, ResultCodeId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::time::UnixMillis;
use std::sync::Arc;
use uuid::Uuid;

/// The client account that most tests work in.
pub(crate) const CLIENT: ClientId = ClientId(1);
/// The campaign that most tests work in; every world has it, active.
pub(crate) const CAMPAIGN: CallCampaignId = CallCampaignId(1);

/// So many seconds after the tests' beginning.
pub(crate) fn at(seconds: i64) -> UnixMillis {
    T0.plus_seconds(seconds)
}

/// A client account without a token.
pub(crate) fn client(id: i64) -> Client {
    Client {
        id: ClientId(id),
        organization: ORG,
        name: format!("client {id}"),
        zone: "Europe/Berlin".to_owned(),
        region: "DE".to_owned(),
        policy: Some("de".to_owned()),
        token_sha256: None,
        created_at: T0,
    }
}

/// An active campaign of [`CLIENT`].
pub(crate) fn campaign(id: i64) -> CallCampaign {
    let mut campaign = CallCampaign::new(CallCampaignId(id), CLIENT, format!("campaign {id}"), T0);
    campaign.active = true;
    campaign
}

/// The telephone number of contact `n`.
pub(crate) fn number(n: i64) -> String {
    format!("4930{n:07}")
}

/// Contact `n` of a campaign, never called, with one number.
pub(crate) fn contact(n: i64, campaign: CallCampaignId) -> Contact {
    let mut contact = Contact::new(ContactId(n), CLIENT, campaign, n * 10, T0);
    contact.details.name = format!("contact {n:05}");
    contact.numbers[0].number = Some(number(n));
    contact
}

/// Contact `n` of [`CAMPAIGN`], changed.
pub(crate) fn changed(n: i64, change: impl FnOnce(&mut Contact)) -> Contact {
    let mut contact = contact(n, CAMPAIGN);
    change(&mut contact);
    contact
}

/// Puts a contact into somebody's hand.
pub(crate) fn in_hand(contact: &mut Contact, until: UnixMillis) {
    contact.status = ParticipantStatus::Progress;
    contact.lease = Some(Lease { agent: Some("ann".to_owned()), until });
}

/// Makes a contact follow up.
pub(crate) fn follow_up(contact: &mut Contact, due: Due, agent: Option<&str>, next: UnixMillis) {
    contact.status = ParticipantStatus::Retry;
    contact.due = due;
    contact.follow_up_agent = agent.map(str::to_owned);
    contact.last_agent = agent.map(str::to_owned);
    contact.next_try_at = Some(next);
}

/// A call to a contact of [`CAMPAIGN`] that is not over.
pub(crate) fn call(id: i64, contact: i64) -> Call {
    Call {
        id: CallId(id),
        uuid: Uuid::from_u128(id as u128),
        client: CLIENT,
        campaign: CAMPAIGN,
        contact: ContactId(contact),
        number: number(contact),
        index: 1,
        agent: None,
        started_at: T0,
        ringing_at: None,
        answered_at: None,
        connected_at: None,
        ended_at: None,
        outcome: None,
        cause: None,
        sip_status: None,
        result_code: None,
        digits: String::new(),
        reason: String::new(),
    }
}

/// The same call, over.
pub(crate) fn over(call: Call, outcome: CallOutcome) -> Call {
    Call { outcome: Some(outcome), ended_at: Some(at(60)), ..call }
}

/// A result code of [`CAMPAIGN`].
pub(crate) fn code(id: i64) -> ResultCode {
    ResultCode {
        id: ResultCodeId(id),
        campaign: CAMPAIGN,
        export_key: format!("K{id}"),
        english: Some(format!("code {id}")),
        german: None,
        kind: ResultKind::Done,
        agent_bound: None,
        time_offset: None,
        allow_delete: true,
        suppresses: false,
    }
}

/// A number of [`CLIENT`] of which nothing is known.
pub(crate) fn record(number: &str) -> NumberRecord {
    NumberRecord::new(CLIENT, number.to_owned())
}

/// A write of a contact at the tests' beginning.
pub(crate) fn put(contact: Contact, version: u64) -> CallWrite {
    put_at(contact, version, T0)
}

/// A write of a contact.
pub(crate) fn put_at(contact: Contact, version: u64, now: UnixMillis) -> CallWrite {
    CallWrite::Contact { contact: Box::new(contact), version, now }
}

/// A write of a campaign.
pub(crate) fn put_campaign(campaign: CallCampaign, expected: Expected) -> CallWrite {
    CallWrite::Campaign { campaign: Box::new(campaign), expected }
}

/// A write of a client account.
pub(crate) fn put_client(client: Client, expected: Expected) -> CallWrite {
    CallWrite::Client { client: Box::new(client), expected }
}

/// A write of a call.
pub(crate) fn put_call(call: Call) -> CallWrite {
    CallWrite::Call(Box::new(call))
}

/// A store with [`CLIENT`] and [`CAMPAIGN`].
pub(crate) struct World {
    pub(crate) harness: Harness,
    pub(crate) calls: Arc<dyn CallStore>,
}

impl World {
    pub(crate) async fn new(harness: Harness) -> Self {
        let world = Self { calls: harness.store.calls(), harness };
        world.write(put_client(client(1), Expected::Absent)).await;
        world.write(put_campaign(campaign(1), Expected::Absent)).await;
        world
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopen(&mut self) {
        self.harness.reopen().await;
        self.calls = self.harness.store.calls();
    }

    /// Commits changes that must succeed.
    pub(crate) async fn commit(&self, writes: Vec<CallWrite>) {
        self.calls.commit(writes).await.expect("the changes are accepted");
    }

    /// Commits one change that must succeed.
    pub(crate) async fn write(&self, write: CallWrite) {
        self.commit(vec![write]).await;
    }

    /// Commits changes that must be refused.
    pub(crate) async fn refused(&self, writes: Vec<CallWrite>) -> CallRefusal {
        self.calls.commit(writes).await.expect_err("the changes are refused")
    }

    /// Adds contacts.
    pub(crate) async fn add(&self, contacts: impl IntoIterator<Item = Contact>) {
        self.commit(contacts.into_iter().map(|contact| put(contact, 0)).collect()).await;
    }

    /// The version of a contact.
    pub(crate) async fn version(&self, contact: i64) -> u64 {
        self.calls.contact(ContactId(contact)).await.unwrap().expect("the contact is there").version
    }

    /// Deletes a campaign in whatever version it has.
    pub(crate) async fn delete(&self, campaign: CallCampaignId) {
        let version = self.calls.campaign(campaign).await.unwrap().expect("the campaign is there").version;
        self.write(CallWrite::DeleteCampaign { id: campaign, version }).await;
    }
}

/// The ids of contacts.
pub(crate) fn ids<'a>(contacts: impl IntoIterator<Item = &'a Contact>) -> Vec<i64> {
    contacts.into_iter().map(|contact| contact.id.0).collect()
}
