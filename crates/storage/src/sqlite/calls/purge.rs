//! Removing what belongs to deleted campaigns, a little at a time.

use super::contacts::erase;
use super::rows::all;
use crate::sqlite::error::Fault;
use rusqlite::{Connection, OptionalExtension, params};

/// Most rows that one step removes. A contact's numbers go with it and are not counted.
pub(super) const STEP_MAX: u32 = 500;

pub(super) const DELETED: &str = "SELECT id FROM call_campaign INDEXED BY call_campaign_deleted
     WHERE deleted = 1 ORDER BY id LIMIT 1";
pub(super) const CONTACTS: &str =
    "SELECT id, client, numbers FROM call_contact INDEXED BY call_contact_list WHERE campaign = ?1 LIMIT ?2";
/// What else belongs to a campaign.
pub(super) const OTHERS: [&str; 4] = [
    "DELETE FROM call_attempt WHERE id IN
     (SELECT id FROM call_attempt INDEXED BY call_attempt_list WHERE campaign = ?1 LIMIT ?2)",
    "DELETE FROM call_result_code WHERE (campaign, id) IN
     (SELECT campaign, id FROM call_result_code WHERE campaign = ?1 LIMIT ?2)",
    "DELETE FROM call_count WHERE (campaign, kind, key) IN
     (SELECT campaign, kind, key FROM call_count WHERE campaign = ?1 LIMIT ?2)",
    "DELETE FROM call_ledger WHERE (campaign, day) IN
     (SELECT campaign, day FROM call_ledger WHERE campaign = ?1 LIMIT ?2)",
];

/// The first campaign of which something is left.
pub(super) fn first(connection: &Connection) -> Result<Option<i64>, Fault> {
    Ok(connection.prepare_cached(DELETED)?.query_row([], |row| row.get(0)).optional()?)
}

/// Removes up to `limit` rows; how many.
pub(super) fn step(connection: &Connection, limit: u32) -> Result<u64, Fault> {
    let limit = u64::from(limit);
    let mut removed = 0;
    while removed < limit
        && let Some(campaign) = first(connection)?
    {
        let contacts = all(connection, CONTACTS, params![campaign, (limit - removed) as i64], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        removed += contacts.len() as u64;
        for (id, client, numbers) in contacts {
            erase(connection, client, &numbers, id)?;
        }
        for statement in OTHERS {
            if removed < limit {
                let left = (limit - removed) as i64;
                removed += connection.prepare_cached(statement)?.execute(params![campaign, left])? as u64;
            }
        }
        // With room left there is nothing else of it.
        if removed < limit {
            connection
                .prepare_cached("DELETE FROM call_campaign WHERE id = ?1 AND deleted = 1")?
                .execute(params![campaign])?;
            removed += 1;
        }
    }
    Ok(removed)
}
