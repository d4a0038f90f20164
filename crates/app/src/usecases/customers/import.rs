//! Many customers at once: those that exist are changed, the others created.

use super::change::rename;
use super::{StandingPatch, birth, email_name, new_tracking_id};
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CommitRefusal, CustomerName, CustomerWrite, StoreResult, StoredCustomer};
use crate::usecases::change_customer::{MAX_TRIES, replace};
use crate::{AppError, AppResult, Services};
use futures_util::StreamExt;
use muster_domain::customer::{Customer, Patch, ProfilePatch, limits};
use muster_domain::ids::CustomerId;
use muster_domain::time::UnixMillis;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Most rows that share one transaction.
pub const IMPORT_BATCH_MAX: usize = 500;

/// Look-ups under way at a time, well below what a store's readers take.
const LOOKUPS_MAX: usize = 16;

/// One customer of an import.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportRow {
    /// The internal id, for customers who keep the one they had elsewhere; `None` finds the customer by external id
    /// or e-mail, and gives a new one a random id.
    pub id: Option<CustomerId>,
    /// The profile, or as much of it as shall change.
    pub patch: ProfilePatch,
    /// Whether the customer may be reached and rewarded.
    pub standing: StandingPatch,
    /// Tags to have, without expiry. One that is there already is not counted up, so that an import can be repeated.
    pub tags: Vec<String>,
    /// Spendable points to begin with; has no effect on a customer who exists.
    pub points: Option<i64>,
    /// Whether a creation raises the platform event, as it does through the API. Moving customers in from
    /// elsewhere usually does not: they are not new, and would all be welcomed.
    pub announce: bool,
}

/// What an import did to one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upserted {
    /// The customer.
    pub id: CustomerId,
    /// What was done.
    pub kind: UpsertKind,
}

/// What an import did to one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpsertKind {
    /// There was none before.
    Created,
    /// Something is different now.
    Updated,
    /// All was as the row says.
    Unchanged,
}

/// Creates or changes customers, at most [`IMPORT_BATCH_MAX`] in a transaction; each row succeeds or fails on its own,
/// and answers come in the order of the rows. Rows about the same customer follow each other. When this returns,
/// what succeeded is durable, and repeating it changes nothing.
pub async fn upsert_customers(
    services: &Services,
    organization: &OrganizationSnapshot,
    rows: Vec<ImportRow>,
) -> Vec<AppResult<Upserted>> {
    let mut answers: Vec<Option<AppResult<Upserted>>> = Vec::with_capacity(rows.len());
    answers.resize_with(rows.len(), || None);
    let mut waiting: VecDeque<Waiting> = rows
        .into_iter()
        .enumerate()
        .map(|(index, row)| Waiting { index, row, tries: 0, raced: false })
        .collect();
    while !waiting.is_empty() {
        let batch = next_batch(&mut waiting);
        for (mut row, answer) in commit_batch(services, organization, batch).await {
            match answer {
                Some(answer) => answers[row.index] = Some(answer),
                None if row.tries >= MAX_TRIES => answers[row.index] = Some(Err(AppError::Contended)),
                None => {
                    row.tries += 1;
                    waiting.push_front(row);
                }
            }
        }
    }
    answers.into_iter().map(|answer| answer.expect("a row leaves the queue with its answer")).collect()
}

struct Waiting {
    index: usize,
    row: ImportRow,
    /// How often somebody else was faster.
    tries: u32,
    /// A name of the new customer was taken after it had not been found. If it happens again, nobody was faster:
    /// the name is somebody else's.
    raced: bool,
}

/// Takes rows from the front that are about different customers as far as one can tell; the rest keeps its order.
fn next_batch(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut taken = Vec::new();
    let mut later = VecDeque::new();
    let mut keys = FxHashSet::default();
    while let Some(row) = waiting.pop_front() {
        if taken.len() == IMPORT_BATCH_MAX {
            later.push_back(row);
            break;
        }
        let own: FxHashSet<RowKey> = row_keys(&row.row).collect();
        let alone = own.is_disjoint(&keys);
        keys.extend(own);
        if alone { taken.push(row) } else { later.push_back(row) }
    }
    while let Some(row) = later.pop_back() {
        waiting.push_front(row);
    }
    taken
}

#[derive(PartialEq, Eq, Hash)]
enum RowKey {
    Id(CustomerId),
    Name(CustomerName),
}

/// Everything a row says that may name a customer.
fn row_keys(row: &ImportRow) -> impl Iterator<Item = RowKey> {
    let further = match &row.patch.identifiers {
        Patch::Set(identifiers) => identifiers.as_slice(),
        _ => &[],
    };
    let further = further.iter().map(|identifier| CustomerName::External(identifier.external_id.clone()));
    let names = [external_name(&row.patch), email_name_of(&row.patch)].into_iter().flatten().chain(further);
    row.id.map(RowKey::Id).into_iter().chain(names.map(RowKey::Name))
}

fn external_name(patch: &ProfilePatch) -> Option<CustomerName> {
    match &patch.external_id {
        Patch::Set(external_id) => Some(CustomerName::External(external_id.clone())),
        _ => None,
    }
}

fn email_name_of(patch: &ProfilePatch) -> Option<CustomerName> {
    match &patch.email {
        Patch::Set(email) => Some(email_name(email)),
        _ => None,
    }
}

/// Decides and commits the rows together; no answer for one whose customer somebody else changed meanwhile.
async fn commit_batch(
    services: &Services,
    organization: &OrganizationSnapshot,
    batch: Vec<Waiting>,
) -> Vec<(Waiting, Option<AppResult<Upserted>>)> {
    let lookups: Vec<_> = batch.iter().map(|waiting| find(services, organization, &waiting.row)).collect();
    let found: Vec<_> = futures_util::stream::iter(lookups).buffered(LOOKUPS_MAX).collect().await;
    let mut answered = Vec::with_capacity(batch.len());
    let mut writes = Vec::with_capacity(batch.len());
    let mut written = Vec::with_capacity(batch.len());
    for (waiting, found) in batch.into_iter().zip(found) {
        let decided = found
            .map_err(AppError::from)
            .and_then(|found| decide(services, organization, &waiting.row, found));
        match decided {
            Ok((Some(write), upserted)) => {
                writes.push(write);
                written.push((waiting, upserted));
            }
            Ok((None, upserted)) => answered.push((waiting, Some(Ok(upserted)))),
            Err(error) => answered.push((waiting, Some(Err(error)))),
        }
    }
    let results = if writes.is_empty() { Vec::new() } else { services.store.commit(writes).await };
    for ((mut waiting, upserted), result) in written.into_iter().zip(results) {
        let answer = match result {
            Ok(()) => Some(Ok(upserted)),
            Err(CommitRefusal::Stale) => None,
            Err(CommitRefusal::NameTaken(_)) if upserted.kind == UpsertKind::Created && !waiting.raced => {
                waiting.raced = true;
                None
            }
            Err(refusal) => Some(Err(refusal.into())),
        };
        answered.push((waiting, answer));
    }
    answered
}

/// The customer a row is about: by internal id, else by external id, else by e-mail. Somebody who has the e-mail
/// address but another external id than the row is somebody else.
async fn find(
    services: &Services,
    organization: &OrganizationSnapshot,
    row: &ImportRow,
) -> StoreResult<Option<StoredCustomer>> {
    if let Some(id) = row.id {
        return services.store.customer(organization.id(), id).await;
    }
    let external = external_name(&row.patch);
    if let Some(found) = look_up(services, organization, external.as_ref()).await? {
        return Ok(Some(found));
    }
    let found = look_up(services, organization, email_name_of(&row.patch).as_ref()).await?;
    Ok(found.filter(|found| external.is_none() || found.customer.profile.external_id.is_none()))
}

async fn look_up(
    services: &Services,
    organization: &OrganizationSnapshot,
    name: Option<&CustomerName>,
) -> StoreResult<Option<StoredCustomer>> {
    match name {
        // No store is asked for what the rules of the profile refuse.
        Some(name) if !is_refused(name) => services.store.customer_by_name(organization.id(), name).await,
        _ => Ok(None),
    }
}

fn is_refused(name: &CustomerName) -> bool {
    let (CustomerName::External(text) | CustomerName::Email(text) | CustomerName::Phone(text)) = name;
    text.contains('\0') || text.len() > limits::EXTERNAL_ID_BYTES_MAX
}

fn decide(
    services: &Services,
    organization: &OrganizationSnapshot,
    row: &ImportRow,
    found: Option<StoredCustomer>,
) -> AppResult<(Option<CustomerWrite>, Upserted)> {
    row.standing.check()?;
    let now = services.clock.now();
    let Some(found) = found else {
        let id = row.id.unwrap_or_else(|| CustomerId(services.entropy.uuid()));
        let mut customer = Customer::create(&row.patch, new_tracking_id(services, id), now)?;
        row.standing.apply(&mut customer.standing);
        customer.points.available = row.points.unwrap_or_default();
        add_tags(&mut customer, &row.tags, now)?;
        let (write, _) = birth(services, organization, id, customer, row.announce)?;
        return Ok((Some(write), Upserted { id, kind: UpsertKind::Created }));
    };
    let mut next = found.customer.clone();
    next.change(&row.patch, now)?;
    row.standing.apply(&mut next.standing);
    add_tags(&mut next, &row.tags, now)?;
    if next == found.customer {
        return Ok((None, Upserted { id: found.id, kind: UpsertKind::Unchanged }));
    }
    next.updated_at = now;
    let (mut write, stored) = replace(organization, &found, next);
    rename(&mut write, &found.customer.profile, &stored.customer.profile);
    Ok((Some(write), Upserted { id: found.id, kind: UpsertKind::Updated }))
}

fn add_tags(customer: &mut Customer, tags: &[String], now: UnixMillis) -> AppResult<()> {
    for tag in tags {
        if !customer.live_tags(now).any(|live| live == tag) {
            customer.tag(tag, None, 1, now)?;
        }
    }
    Ok(())
}
