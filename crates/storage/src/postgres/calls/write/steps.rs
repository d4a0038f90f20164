//! Contacts, calls, numbers and ledgers: what is written with every call.
//!
//! All that a list of changes is about is looked up and locked first; then the changes are judged in memory, in the order
//! given, each seeing what the earlier ones did; then what became of each row is written once, with one statement for
//! each table.

use super::super::super::commit::query;
use super::super::super::error::Fault;
use super::super::locks;
use super::{Stop, save};
use crate::calls::{CallColumns, ContactColumns, Deltas, expected_of, is_as_expected};
use crate::encoding::counter_to_column;
use deadpool_postgres::ClientWrapper;
use futures_util::try_join;
use muster_app::ports::{CallRefusal, CallWrite, StoreError, StoreResult};
use muster_domain::calls::call::{Call, CallOutcome, LedgerDay};
use muster_domain::calls::client::NumberRecord;
use muster_domain::calls::contact::Contact;
use muster_domain::time::UnixMillis;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// Whether a write is of those that are judged here.
pub(super) const fn is_step(write: &CallWrite) -> bool {
    matches!(
        write,
        CallWrite::Contact { .. }
            | CallWrite::Call(_)
            | CallWrite::Number { .. }
            | CallWrite::Ledger { .. }
            | CallWrite::Owned { .. }
            | CallWrite::Active(_)
    )
}

/// Applies them.
pub(super) async fn apply(client: &ClientWrapper, writes: &[CallWrite]) -> Result<(), Stop> {
    let mut state = State::look(client, writes).await?;
    for write in writes {
        state.judge(write)?;
    }
    state.save(client).await
}

/// A campaign that is there.
struct CampaignState {
    active: bool,
    /// The fence of whoever conducts it.
    fence: Option<i64>,
}

/// A contact, as it was found and as it is left.
#[derive(Default)]
struct ContactState<'a> {
    found: Option<FoundContact>,
    version: Option<i64>,
    last: Option<(&'a Contact, UnixMillis)>,
}

struct FoundContact {
    campaign: i64,
    client: i64,
    status: u8,
    result: Option<i64>,
    numbers: Vec<u8>,
}

/// A call, as it was found and as it is left.
#[derive(Default)]
struct CallState<'a> {
    found: Option<(i64, Option<u8>, Option<i64>)>,
    /// The outcome that stays.
    outcome: Option<u8>,
    last: Option<&'a Call>,
}

/// What is remembered of a number, as it was found and as it is left.
#[derive(Default)]
struct NumberState<'a> {
    was_there: bool,
    version: Option<i64>,
    last: Option<&'a NumberRecord>,
}

/// What a list of changes is about.
#[derive(Default)]
struct State<'a> {
    campaigns: BTreeMap<i64, CampaignState>,
    numbers: BTreeMap<(i64, &'a str), NumberState<'a>>,
    contacts: BTreeMap<i64, ContactState<'a>>,
    calls: BTreeMap<i64, CallState<'a>>,
    ledger: BTreeMap<(i64, i32), LedgerDay>,
}

fn octet(row: &Row, column: usize) -> Result<Option<u8>, Fault> {
    let number: Option<i16> = row.try_get(column)?;
    number.map(u8::try_from).transpose().map_err(|_| {
        StoreError::Corrupt("a contact or call is stored with a status or outcome that is none".to_owned())
            .into()
    })
}

const CONTACTS: &str = "SELECT id, version, campaign, client, status, result, numbers FROM call_contact
     WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
const CALLS: &str = "SELECT id, campaign, outcome, result FROM call_attempt
     WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

async fn locked(client: &ClientWrapper, statement: &str, ids: &[i64]) -> Result<Vec<Row>, Fault> {
    query(client, statement, ids.len(), &[&ids]).await
}

async fn live_campaigns(client: &ClientWrapper, ids: &[i64]) -> Result<Vec<Row>, Fault> {
    query(
        client,
        "SELECT id, active, CASE WHEN owner IS NOT NULL THEN fence END FROM call_campaign
         WHERE id = ANY ($1) AND NOT coalesce(deleted, true)",
        ids.len(),
        &[&ids],
    )
    .await
}

/// The versions of those numbers, which come in ascending order, that are remembered.
async fn known_numbers<'a>(
    client: &ClientWrapper,
    keys: Vec<(i64, &'a str)>,
) -> Result<Vec<((i64, &'a str), i64)>, Fault> {
    let mut by_client: BTreeMap<i64, Vec<&'a str>> = BTreeMap::new();
    for (of, number) in keys {
        by_client.entry(of).or_default().push(number);
    }
    let mut known = Vec::new();
    for (of, numbers) in by_client {
        let octets: Vec<&[u8]> = numbers.iter().map(|number| number.as_bytes()).collect();
        let rows = query(
            client,
            "SELECT n.number, n.version FROM unnest($2::bytea[]) AS w (number)
             CROSS JOIN LATERAL (
                 SELECT number, version FROM call_number WHERE client = $1 AND number = w.number LIMIT 1
                 FOR NO KEY UPDATE
             ) n",
            octets.len(),
            &[&of, &octets],
        )
        .await?;
        for row in &rows {
            let found: &[u8] = row.try_get(0)?;
            if let Ok(place) = numbers.binary_search_by(|number| number.as_bytes().cmp(found)) {
                known.push(((of, numbers[place]), row.try_get(1)?));
            }
        }
    }
    Ok(known)
}

impl<'a> State<'a> {
    /// Looks everything up and locks it, in the order that all writers keep: numbers, contacts, calls.
    async fn look(client: &ClientWrapper, writes: &'a [CallWrite]) -> Result<Self, Fault> {
        let mut state = Self::default();
        let mut campaigns: BTreeSet<i64> = BTreeSet::new();
        for write in writes {
            match write {
                CallWrite::Contact { contact, .. } => {
                    campaigns.insert(contact.campaign.0);
                    state.contacts.entry(contact.id.0).or_default();
                }
                CallWrite::Call(call) => {
                    campaigns.insert(call.campaign.0);
                    state.calls.entry(call.id.0).or_default();
                }
                CallWrite::Number { record, .. } => {
                    state.numbers.entry((record.client.0, &record.number)).or_default();
                }
                CallWrite::Ledger { campaign, .. }
                | CallWrite::Owned { campaign, .. }
                | CallWrite::Active(campaign) => {
                    campaigns.insert(campaign.0);
                }
                _ => {}
            }
        }
        let campaigns: Vec<i64> = campaigns.into_iter().collect();
        let numbers = state.numbers.keys().copied().collect();
        let contacts: Vec<i64> = state.contacts.keys().copied().collect();
        let calls: Vec<i64> = state.calls.keys().copied().collect();
        // They travel together, and are answered in this order.
        let (campaigns, numbers, contacts, calls) = try_join!(
            live_campaigns(client, &campaigns),
            known_numbers(client, numbers),
            locked(client, CONTACTS, &contacts),
            locked(client, CALLS, &calls),
        )?;
        state.found_campaigns(&campaigns)?;
        state.found_numbers(numbers);
        state.found_contacts(&contacts)?;
        state.found_calls(&calls)?;
        state.look_where_contacts_were(client).await?;
        Ok(state)
    }

    fn found_campaigns(&mut self, rows: &[Row]) -> Result<(), Fault> {
        for row in rows {
            let state = CampaignState { active: row.try_get(1)?, fence: row.try_get(2)? };
            self.campaigns.insert(row.try_get(0)?, state);
        }
        Ok(())
    }

    fn found_numbers(&mut self, found: Vec<((i64, &'a str), i64)>) {
        for (key, version) in found {
            self.numbers.insert(key, NumberState { was_there: true, version: Some(version), last: None });
        }
    }

    fn found_contacts(&mut self, rows: &[Row]) -> Result<(), Fault> {
        for row in rows {
            let found = FoundContact {
                campaign: row.try_get(2)?,
                client: row.try_get(3)?,
                status: octet(row, 4)?.unwrap_or_default(),
                result: row.try_get(5)?,
                numbers: row.try_get(6)?,
            };
            let state = ContactState { found: Some(found), version: Some(row.try_get(1)?), last: None };
            self.contacts.insert(row.try_get(0)?, state);
        }
        Ok(())
    }

    fn found_calls(&mut self, rows: &[Row]) -> Result<(), Fault> {
        for row in rows {
            let outcome = octet(row, 2)?;
            let found = Some((row.try_get(1)?, outcome, row.try_get(3)?));
            self.calls.insert(row.try_get(0)?, CallState { found, outcome, last: None });
        }
        Ok(())
    }

    /// A contact that moves to another campaign was in one that the changes do not name.
    async fn look_where_contacts_were(&mut self, client: &ClientWrapper) -> Result<(), Fault> {
        let others: BTreeSet<i64> = self
            .contacts
            .values()
            .filter_map(|state| Some(state.found.as_ref()?.campaign))
            .filter(|campaign| !self.campaigns.contains_key(campaign))
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<i64> = others.into_iter().collect();
        locks::share(client, others.clone()).await?;
        self.found_campaigns(&live_campaigns(client, &others).await?)
    }

    /// Accepts or refuses a change.
    fn judge(&mut self, write: &'a CallWrite) -> Result<(), Stop> {
        match write {
            CallWrite::Contact { contact, version, now } => self.contact(contact, *version, *now),
            CallWrite::Call(call) => {
                if self.campaigns.contains_key(&call.campaign.0) {
                    let state = self.calls.entry(call.id.0).or_default();
                    state.outcome = state.outcome.or(call.outcome.map(CallOutcome::number));
                    state.last = Some(call);
                }
                Ok(())
            }
            CallWrite::Number { record, version } => {
                let state = self.numbers.entry((record.client.0, &record.number)).or_default();
                if !is_as_expected(state.version, expected_of(*version)) {
                    return Err(Stop::stale("number"));
                }
                state.version = Some(state.version.unwrap_or_default() + 1);
                state.last = Some(record);
                Ok(())
            }
            CallWrite::Ledger { campaign, add } => {
                if self.campaigns.contains_key(&campaign.0) {
                    let sum = self.ledger.entry((campaign.0, add.day)).or_default();
                    sum.live = sum.live.saturating_add(add.live);
                    sum.abandoned = sum.abandoned.saturating_add(add.abandoned);
                }
                Ok(())
            }
            CallWrite::Owned { campaign, fence } => {
                let fence = Some(counter_to_column(*fence));
                match self.campaigns.get(&campaign.0) {
                    Some(state) if state.fence == fence => Ok(()),
                    _ => Err(Stop::Refused(CallRefusal::NotOwner)),
                }
            }
            CallWrite::Active(campaign) => match self.campaigns.get(&campaign.0) {
                Some(state) if state.active => Ok(()),
                _ => Err(Stop::Refused(CallRefusal::NotActive)),
            },
            _ => Err(StoreError::Internal("a write came to the wrong place".to_owned()).into()),
        }
    }

    fn contact(&mut self, contact: &'a Contact, version: u64, now: UnixMillis) -> Result<(), Stop> {
        if !self.campaigns.contains_key(&contact.campaign.0) {
            return Err(Stop::Refused(CallRefusal::NoCampaign));
        }
        let state = self.contacts.entry(contact.id.0).or_default();
        if !is_as_expected(state.version, expected_of(version)) {
            return Err(Stop::stale("contact"));
        }
        // One of a deleted campaign is gone.
        let was = state.found.as_ref().map_or(contact.campaign.0, |found| found.campaign);
        if !self.campaigns.contains_key(&was) {
            return Err(Stop::stale("contact"));
        }
        state.version = Some(state.version.unwrap_or_default() + 1);
        state.last = Some((contact, now));
        Ok(())
    }

    /// Writes what became of everything. The counts come last, because all transactions of a campaign want them: whoever
    /// waits for them holds them only from here to the commit.
    async fn save(self, client: &ClientWrapper) -> Result<(), Stop> {
        let mut deltas = Deltas::default();
        let contacts = changed_contacts(self.contacts, &mut deltas)?;
        let calls = changed_calls(self.calls, &mut deltas)?;
        let numbers = self
            .numbers
            .into_values()
            .filter_map(|state| Some((state.was_there, state.version.unwrap_or(1), state.last?)));
        let numbers = save::NumberRows::of(numbers)?;
        try_join!(
            numbers.save(client),
            contacts.save(client),
            calls.save(client),
            save::ledger(client, self.ledger),
            save::counts(client, deltas),
        )?;
        Ok(())
    }
}

fn changed_contacts(
    contacts: BTreeMap<i64, ContactState<'_>>,
    deltas: &mut Deltas,
) -> StoreResult<save::ContactRows> {
    let mut rows = save::ContactRows::default();
    for state in contacts.into_values() {
        let Some((contact, now)) = state.last else { continue };
        let columns = ContactColumns::of(contact, now)?;
        if let Some(found) = &state.found {
            deltas.contact(found.campaign, found.status, found.result, -1);
        }
        deltas.contact(columns.campaign, columns.status, columns.result, 1);
        let found = state.found.map(|found| (found.client, found.numbers));
        rows.push(columns, found.as_ref(), state.version.unwrap_or(1));
    }
    Ok(rows)
}

fn changed_calls(calls: BTreeMap<i64, CallState<'_>>, deltas: &mut Deltas) -> StoreResult<save::CallRows> {
    let mut rows = save::CallRows::default();
    for state in calls.into_values() {
        let Some(call) = state.last else { continue };
        let columns = CallColumns::of(call, state.outcome)?;
        if let Some((campaign, outcome, result)) = state.found {
            deltas.call(campaign, outcome, result, -1);
        }
        deltas.call(columns.campaign, columns.outcome, columns.result, 1);
        rows.push(columns, state.found.is_some());
    }
    Ok(rows)
}
