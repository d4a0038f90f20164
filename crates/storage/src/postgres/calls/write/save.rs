//! Rows that are written with one statement for each table, in ascending order of their keys.
//!
//! Rows that were found are locked, so they are replaced where they lie. A row that was not found may have been added
//! by somebody else since: then all is repeated, and what is found the next time decides.

use super::super::super::commit::execute;
use super::super::super::error::Fault;
use super::super::rows::indexed;
use crate::calls::{CallColumns, ContactColumns, Deltas, encode_number};
use crate::encoding::counter_to_column;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::StoreResult;
use muster_domain::calls::call::LedgerDay;
use muster_domain::calls::client::NumberRecord;
use std::collections::BTreeMap;

/// All rows that were to be added must have been.
fn all_added(added: u64, rows: usize) -> Result<(), Fault> {
    if added == rows as u64 { Ok(()) } else { Err(Fault::Overtaken) }
}

/// Rows of contacts.
#[derive(Default)]
pub(super) struct ContactRows {
    added: ContactArrays,
    replaced: ContactArrays,
    /// Contacts whose numbers lead to them no longer.
    forgotten: Vec<i64>,
    number_clients: Vec<i64>,
    numbers: Vec<Vec<u8>>,
    number_contacts: Vec<i64>,
}

#[derive(Default)]
struct ContactArrays {
    ids: Vec<i64>,
    campaigns: Vec<i64>,
    clients: Vec<i64>,
    sort_names: Vec<Vec<u8>>,
    user_data: Vec<Option<Vec<u8>>>,
    statuses: Vec<i16>,
    results: Vec<Option<i64>>,
    queues: Vec<i16>,
    bound: Vec<Vec<u8>>,
    first: Vec<i64>,
    second: Vec<i64>,
    due: Vec<i64>,
    masks: Vec<i16>,
    tries: Vec<i64>,
    leases: Vec<Option<i64>>,
    numbers: Vec<Vec<u8>>,
    versions: Vec<i64>,
    bodies: Vec<Vec<u8>>,
}

/// Parameters 1 to 18 as rows of call_contact.
macro_rules! contact_rows {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO call_contact
                 (id, campaign, client, sort_name, user_data, status, result, queue, bound, first, second, due,
                  mask, tries, lease_until, numbers, version, body)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[],
                 $6::smallint[], $7::bigint[], $8::smallint[], $9::bytea[], $10::bigint[], $11::bigint[],
                 $12::bigint[], $13::smallint[], $14::bigint[], $15::bigint[], $16::bytea[], $17::bigint[],
                 $18::bytea[])
             ON CONFLICT (id) DO ",
            $conflict
        )
    };
}

const ADD_CONTACTS: &str = contact_rows!("NOTHING");
const REPLACE_CONTACTS: &str = contact_rows!(
    "UPDATE SET campaign = excluded.campaign, client = excluded.client,
         sort_name = excluded.sort_name, user_data = excluded.user_data, status = excluded.status,
         result = excluded.result, queue = excluded.queue, bound = excluded.bound, first = excluded.first,
         second = excluded.second, due = excluded.due, mask = excluded.mask, tries = excluded.tries,
         lease_until = excluded.lease_until, numbers = excluded.numbers, version = excluded.version,
         body = excluded.body"
);

impl ContactArrays {
    fn push(&mut self, columns: ContactColumns, numbers: Vec<u8>, version: i64) {
        self.ids.push(columns.id);
        self.campaigns.push(columns.campaign);
        self.clients.push(columns.client);
        self.sort_names.push(indexed(&columns.sort_name).to_vec());
        self.user_data.push(columns.user_data.map(|text| indexed(&text).to_vec()));
        self.statuses.push(i16::from(columns.status));
        self.results.push(columns.result);
        self.queues.push(i16::from(columns.queue));
        self.bound.push(indexed(&columns.bound).to_vec());
        self.first.push(columns.first);
        self.second.push(columns.second);
        self.due.push(columns.due);
        self.masks.push(i16::from(columns.mask));
        self.tries.push(columns.tries);
        self.leases.push(columns.lease_until);
        self.numbers.push(numbers);
        self.versions.push(version);
        self.bodies.push(columns.body);
    }

    async fn save(&self, client: &ClientWrapper, statement: &str) -> Result<u64, Fault> {
        execute(
            client,
            statement,
            self.ids.len(),
            &[
                &self.ids,
                &self.campaigns,
                &self.clients,
                &self.sort_names,
                &self.user_data,
                &self.statuses,
                &self.results,
                &self.queues,
                &self.bound,
                &self.first,
                &self.second,
                &self.due,
                &self.masks,
                &self.tries,
                &self.leases,
                &self.numbers,
                &self.versions,
                &self.bodies,
            ],
        )
        .await
    }
}

impl ContactRows {
    /// Adds a contact, or replaces one that is found by the client account and the numbers in `found`.
    pub(super) fn push(&mut self, columns: ContactColumns, found: Option<&(i64, Vec<u8>)>, version: i64) {
        let numbers = columns.numbers.join(" ").into_bytes();
        let is_same = found.is_some_and(|found| found.0 == columns.client && found.1 == numbers);
        if !is_same {
            if found.is_some() {
                self.forgotten.push(columns.id);
            }
            for number in &columns.numbers {
                self.number_clients.push(columns.client);
                self.numbers.push(number.clone().into_bytes());
                self.number_contacts.push(columns.id);
            }
        }
        let rows = if found.is_some() { &mut self.replaced } else { &mut self.added };
        rows.push(columns, numbers, version);
    }

    pub(super) async fn save(&self, client: &ClientWrapper) -> Result<(), Fault> {
        all_added(self.added.save(client, ADD_CONTACTS).await?, self.added.ids.len())?;
        self.replaced.save(client, REPLACE_CONTACTS).await?;
        execute(
            client,
            "DELETE FROM call_contact_number WHERE contact = ANY ($1)",
            self.forgotten.len(),
            &[&self.forgotten],
        )
        .await?;
        execute(
            client,
            "INSERT INTO call_contact_number (client, number, contact)
             SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[])",
            self.numbers.len(),
            &[&self.number_clients, &self.numbers, &self.number_contacts],
        )
        .await?;
        Ok(())
    }
}

/// Rows of calls.
#[derive(Default)]
pub(super) struct CallRows {
    added: CallArrays,
    replaced: CallArrays,
}

#[derive(Default)]
struct CallArrays {
    ids: Vec<i64>,
    campaigns: Vec<i64>,
    contacts: Vec<i64>,
    outcomes: Vec<Option<i16>>,
    results: Vec<Option<i64>>,
    bodies: Vec<Vec<u8>>,
}

/// Parameters 1 to 6 as rows of call_attempt.
macro_rules! call_rows {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO call_attempt (id, campaign, contact, outcome, result, body)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[],
                 $6::bytea[])
             ON CONFLICT (id) DO ",
            $conflict
        )
    };
}

const ADD_CALLS: &str = call_rows!("NOTHING");
const REPLACE_CALLS: &str = call_rows!(
    "UPDATE SET campaign = excluded.campaign, contact = excluded.contact, outcome = excluded.outcome,
         result = excluded.result, body = excluded.body"
);

impl CallArrays {
    async fn save(&self, client: &ClientWrapper, statement: &str) -> Result<u64, Fault> {
        let rows = self.ids.len();
        execute(
            client,
            statement,
            rows,
            &[&self.ids, &self.campaigns, &self.contacts, &self.outcomes, &self.results, &self.bodies],
        )
        .await
    }
}

impl CallRows {
    /// Adds a call, or replaces one.
    pub(super) fn push(&mut self, columns: CallColumns, was_there: bool) {
        let rows = if was_there { &mut self.replaced } else { &mut self.added };
        rows.ids.push(columns.id);
        rows.campaigns.push(columns.campaign);
        rows.contacts.push(columns.contact);
        rows.outcomes.push(columns.outcome.map(i16::from));
        rows.results.push(columns.result);
        rows.bodies.push(columns.body);
    }

    pub(super) async fn save(&self, client: &ClientWrapper) -> Result<(), Fault> {
        all_added(self.added.save(client, ADD_CALLS).await?, self.added.ids.len())?;
        self.replaced.save(client, REPLACE_CALLS).await?;
        Ok(())
    }
}

/// Rows of what is remembered of numbers.
#[derive(Default)]
pub(super) struct NumberRows {
    added: NumberArrays,
    replaced: NumberArrays,
}

#[derive(Default)]
struct NumberArrays {
    clients: Vec<i64>,
    numbers: Vec<Vec<u8>>,
    suppressed: Vec<bool>,
    versions: Vec<i64>,
    bodies: Vec<Vec<u8>>,
}

/// Parameters 1 to 5 as rows of call_number.
macro_rules! number_rows {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO call_number (client, number, suppressed, version, body)
             SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::boolean[], $4::bigint[], $5::bytea[])
             ON CONFLICT (client, number) DO ",
            $conflict
        )
    };
}

const ADD_NUMBERS: &str = number_rows!("NOTHING");
const REPLACE_NUMBERS: &str = number_rows!(
    "UPDATE SET suppressed = excluded.suppressed, version = excluded.version, body = excluded.body"
);

impl NumberArrays {
    async fn save(&self, client: &ClientWrapper, statement: &str) -> Result<u64, Fault> {
        let rows = self.clients.len();
        execute(
            client,
            statement,
            rows,
            &[&self.clients, &self.numbers, &self.suppressed, &self.versions, &self.bodies],
        )
        .await
    }
}

impl NumberRows {
    /// Of records with their new versions, and whether there was one before.
    pub(super) fn of<'a>(records: impl Iterator<Item = (bool, i64, &'a NumberRecord)>) -> StoreResult<Self> {
        let mut all = Self::default();
        for (was_there, version, record) in records {
            let rows = if was_there { &mut all.replaced } else { &mut all.added };
            rows.clients.push(record.client.0);
            rows.numbers.push(record.number.clone().into_bytes());
            rows.suppressed.push(record.suppressed.is_some());
            rows.versions.push(version);
            rows.bodies.push(encode_number(record)?);
        }
        Ok(all)
    }

    pub(super) async fn save(&self, client: &ClientWrapper) -> Result<(), Fault> {
        all_added(self.added.save(client, ADD_NUMBERS).await?, self.added.clients.len())?;
        self.replaced.save(client, REPLACE_NUMBERS).await?;
        Ok(())
    }
}

/// Adds to ledgers, by campaign and day.
pub(super) async fn ledger(
    client: &ClientWrapper,
    days: BTreeMap<(i64, i32), LedgerDay>,
) -> Result<(), Fault> {
    let (mut campaigns, mut dates) = (Vec::new(), Vec::new());
    let (mut live, mut abandoned) = (Vec::new(), Vec::new());
    for ((campaign, day), add) in days {
        campaigns.push(campaign);
        dates.push(day);
        live.push(counter_to_column(add.live));
        abandoned.push(counter_to_column(add.abandoned));
    }
    execute(
        client,
        "INSERT INTO call_ledger AS l (campaign, day, live, abandoned)
         SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[])
         ON CONFLICT (campaign, day) DO UPDATE SET live = l.live + excluded.live,
             abandoned = l.abandoned + excluded.abandoned",
        dates.len(),
        &[&campaigns, &dates, &live, &abandoned],
    )
    .await?;
    Ok(())
}

/// Moves counts. Each has eight shares, so that connections mostly change different ones.
pub(super) async fn counts(client: &ClientWrapper, mut deltas: Deltas) -> Result<(), Fault> {
    let (mut campaigns, mut kinds) = (Vec::new(), Vec::new());
    let (mut keys, mut added) = (Vec::new(), Vec::new());
    for (campaign, kind, key, by) in deltas.take() {
        campaigns.push(campaign);
        kinds.push(kind.number());
        keys.push(key);
        added.push(by);
    }
    execute(
        client,
        "INSERT INTO call_count AS c (campaign, kind, key, share, n)
         SELECT w.campaign, w.kind, w.key, (pg_backend_pid() % 8)::smallint, w.n
         FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[]) AS w (campaign, kind, key, n)
         ON CONFLICT (campaign, kind, key, share) DO UPDATE SET n = c.n + excluded.n",
        keys.len(),
        &[&campaigns, &kinds, &keys, &added],
    )
    .await?;
    Ok(())
}
