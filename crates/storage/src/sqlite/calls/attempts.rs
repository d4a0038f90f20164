//! Calls.

use super::campaigns::{live, of_live};
use super::rows::{all, bytes, one};
use super::write::{Batch, Stop};
use crate::calls::{CallColumns, decode_call};
use crate::sqlite::error::Fault;
use muster_domain::calls::call::Call;
use muster_domain::ids::{CallCampaignId, CallId, ContactId};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) const CALL: &str =
    concat!("SELECT body FROM call_attempt WHERE id = ?1 AND ", of_live!("call_attempt"));
pub(super) const OF_CONTACT: &str = concat!(
    "SELECT body FROM call_attempt INDEXED BY call_attempt_contact WHERE contact = ?1 AND ",
    of_live!("call_attempt"),
    " ORDER BY id"
);
pub(super) const OPEN: &str = concat!(
    "SELECT body FROM call_attempt INDEXED BY call_attempt_open WHERE campaign = ?1 AND outcome IS NULL AND ",
    live!(),
    " ORDER BY id"
);
pub(super) const PAGE: &str = concat!(
    "SELECT body FROM call_attempt INDEXED BY call_attempt_list WHERE campaign = ?1 AND id > ?2 AND ",
    live!(),
    " ORDER BY id LIMIT ?3"
);

pub(super) fn call(connection: &Connection, id: CallId) -> Result<Option<Call>, Fault> {
    one(connection, CALL, params![id.0], |row| bytes(row, 0, decode_call))
}

pub(super) fn of_contact(connection: &Connection, contact: ContactId) -> Result<Vec<Call>, Fault> {
    all(connection, OF_CONTACT, params![contact.0], |row| bytes(row, 0, decode_call))
}

pub(super) fn open(connection: &Connection, campaign: CallCampaignId) -> Result<Vec<Call>, Fault> {
    all(connection, OPEN, params![campaign.0], |row| bytes(row, 0, decode_call))
}

pub(super) fn page(
    connection: &Connection,
    campaign: CallCampaignId,
    after: Option<CallId>,
    limit: u32,
) -> Result<Vec<Call>, Fault> {
    let after = after.map_or(i64::MIN, |id| id.0);
    all(connection, PAGE, params![campaign.0, after, limit], |row| bytes(row, 0, decode_call))
}

pub(super) fn write(connection: &Connection, batch: &mut Batch, call: &Call) -> Result<(), Stop> {
    if !batch.is_live(connection, call.campaign.0)? {
        return Ok(());
    }
    let found: Option<(i64, Option<u8>, Option<i64>)> = connection
        .prepare_cached("SELECT campaign, outcome, result FROM call_attempt WHERE id = ?1")?
        .query_row(params![call.id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let row = CallColumns::of(call, found.and_then(|(_, outcome, _)| outcome))?;
    connection
        .prepare_cached(
            "INSERT INTO call_attempt (id, campaign, contact, outcome, result, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET campaign = excluded.campaign, contact = excluded.contact,
             outcome = excluded.outcome, result = excluded.result, body = excluded.body",
        )?
        .execute(params![row.id, row.campaign, row.contact, row.outcome, row.result, row.body])?;
    if let Some((campaign, outcome, result)) = found {
        batch.deltas.call(campaign, outcome, result, -1);
    }
    batch.deltas.call(row.campaign, row.outcome, row.result, 1);
    Ok(())
}

/// Removes the calls of a contact.
pub(super) fn remove_of(connection: &Connection, batch: &mut Batch, contact: ContactId) -> Result<(), Stop> {
    let gone = all(
        connection,
        "DELETE FROM call_attempt WHERE contact = ?1 RETURNING campaign, outcome, result",
        params![contact.0],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    for (campaign, outcome, result) in gone {
        batch.deltas.call(campaign, outcome, result, -1);
    }
    Ok(())
}
