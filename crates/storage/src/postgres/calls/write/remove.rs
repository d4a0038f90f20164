//! Contacts that are removed with their calls.

use super::super::super::commit::{execute, query};
use super::super::locks;
use super::{Stop, save};
use crate::calls::Deltas;
use crate::encoding::counter_to_column;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::CallWrite;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// Removes contacts in the versions read; those of deleted campaigns are gone.
pub(super) async fn contacts(client: &ClientWrapper, writes: &[CallWrite]) -> Result<(), Stop> {
    let mut versions: BTreeMap<i64, i64> = BTreeMap::new();
    for write in writes {
        if let CallWrite::RemoveContact { id, version } = write
            && versions.insert(id.0, counter_to_column(*version)).is_some()
        {
            return Err(Stop::stale("contact"));
        }
    }
    let ids: Vec<i64> = versions.keys().copied().collect();
    let found = query(
        client,
        "SELECT id, version, campaign, status, result FROM call_contact
         WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
        ids.len(),
        &[&ids],
    )
    .await?;
    let campaigns = found.iter().map(|row| row.try_get(2)).collect::<Result<BTreeSet<i64>, _>>()?;
    let campaigns: Vec<i64> = campaigns.into_iter().collect();
    locks::share(client, campaigns.clone()).await?;
    let live = query(
        client,
        "SELECT id FROM call_campaign WHERE id = ANY ($1) AND NOT coalesce(deleted, true)",
        campaigns.len(),
        &[&campaigns],
    )
    .await?;
    if found.len() < ids.len() || live.len() < campaigns.len() {
        return Err(Stop::stale("contact"));
    }
    let mut deltas = Deltas::default();
    for row in &found {
        if versions.get(&row.try_get(0)?) != Some(&row.try_get(1)?) {
            return Err(Stop::stale("contact"));
        }
        deltas.contact(row.try_get(2)?, number(row, 3)?, row.try_get(4)?, -1);
    }
    let calls = query(
        client,
        "DELETE FROM call_attempt WHERE contact = ANY ($1) RETURNING campaign, outcome, result",
        ids.len(),
        &[&ids],
    )
    .await?;
    for row in &calls {
        let outcome: Option<i16> = row.try_get(1)?;
        deltas.call(
            row.try_get(0)?,
            outcome.and_then(|outcome| outcome.try_into().ok()),
            row.try_get(2)?,
            -1,
        );
    }
    execute(client, "DELETE FROM call_contact_number WHERE contact = ANY ($1)", ids.len(), &[&ids]).await?;
    execute(client, "DELETE FROM call_contact WHERE id = ANY ($1)", ids.len(), &[&ids]).await?;
    save::counts(client, deltas).await?;
    Ok(())
}

/// A number that was stored from one octet.
fn number(row: &Row, column: usize) -> Result<u8, Stop> {
    Ok(u8::try_from(row.try_get::<_, i16>(column)?).unwrap_or(u8::MAX))
}
