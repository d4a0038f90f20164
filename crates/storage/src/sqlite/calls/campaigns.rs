//! Call campaigns, their result codes, counts and ledgers, and who conducts them.

use super::rows::{all, json, one};
use super::write::{Batch, Stop, stale, taken};
use crate::calls::{Conduct, CountKind, conducted_by, is_as_expected, told};
use crate::encoding::{counter_from_column, counter_to_column, to_json};
use crate::sqlite::error::Fault;
use muster_app::ports::{CallCounts, CallRefusal, Expected, Ownership, Versioned, sort_name};
use muster_domain::calls::call::LedgerDay;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ClientId, ResultCodeId};
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

/// Whether the campaign of the first parameter is there.
macro_rules! live {
    () => {
        "EXISTS (SELECT 1 FROM call_campaign WHERE id = ?1 AND deleted = 0)"
    };
}

/// Whether the campaign of a row is there.
macro_rules! of_live {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM call_campaign WHERE call_campaign.id = ",
            $table,
            ".campaign AND call_campaign.deleted = 0)"
        )
    };
}

pub(super) use {live, of_live};

pub(super) const CAMPAIGN: &str = "SELECT version, body FROM call_campaign WHERE id = ?1 AND deleted = 0";
pub(super) const OF_CLIENT: &str = "SELECT version, body FROM call_campaign INDEXED BY call_campaign_list
     WHERE client = ?1 AND deleted = 0 ORDER BY sort_name, id";
pub(super) const NAMED: &str = "SELECT version, body FROM call_campaign INDEXED BY call_campaign_name
     WHERE client = ?1 AND name = ?2 AND deleted = 0";
pub(super) const ACTIVE: &str = "SELECT version, body FROM call_campaign INDEXED BY call_campaign_active
     WHERE active = 1 AND deleted = 0 ORDER BY id";
pub(super) const RESULT_CODES: &str =
    concat!("SELECT body FROM call_result_code WHERE campaign = ?1 AND ", live!(), " ORDER BY id");
pub(super) const COUNTS: &str =
    concat!("SELECT kind, key, n FROM call_count WHERE campaign = ?1 AND ", live!());
pub(super) const LEDGER: &str = concat!(
    "SELECT day, live, abandoned FROM call_ledger WHERE campaign = ?1 AND day >= ?2 AND ",
    live!(),
    " ORDER BY day"
);

pub(super) fn is_live(connection: &Connection, campaign: i64) -> Result<bool, Fault> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM call_campaign WHERE id = ?1 AND deleted = 0")?
        .exists(params![campaign])?)
}

fn versioned(row: &Row<'_>) -> Result<Versioned<CallCampaign>, Fault> {
    Ok(Versioned { value: json(row, 1, "call campaign")?, version: counter_from_column(row.get(0)?) })
}

pub(super) fn campaign(
    connection: &Connection,
    id: CallCampaignId,
) -> Result<Option<Versioned<CallCampaign>>, Fault> {
    one(connection, CAMPAIGN, params![id.0], versioned)
}

pub(super) fn of_client(
    connection: &Connection,
    client: ClientId,
) -> Result<Vec<Versioned<CallCampaign>>, Fault> {
    all(connection, OF_CLIENT, params![client.0], versioned)
}

pub(super) fn named(
    connection: &Connection,
    client: ClientId,
    name: &str,
) -> Result<Option<Versioned<CallCampaign>>, Fault> {
    one(connection, NAMED, params![client.0, name], versioned)
}

pub(super) fn active(connection: &Connection) -> Result<Vec<Versioned<CallCampaign>>, Fault> {
    all(connection, ACTIVE, [], versioned)
}

pub(super) fn write_campaign(
    connection: &Connection,
    campaign: &CallCampaign,
    expected: Expected,
) -> Result<(), Stop> {
    let found: Option<(i64, bool)> = connection
        .prepare_cached("SELECT version, deleted FROM call_campaign WHERE id = ?1")?
        .query_row(params![campaign.id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // The id of a deleted campaign never names another one.
    let is_deleted = found.is_some_and(|(_, deleted)| deleted);
    if is_deleted || !is_as_expected(found.map(|(version, _)| version), expected) {
        return Err(stale("campaign"));
    }
    connection
        .prepare_cached(
            "INSERT INTO call_campaign (id, client, name, sort_name, active, version, body)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)
             ON CONFLICT (id) DO UPDATE SET client = excluded.client, name = excluded.name,
             sort_name = excluded.sort_name, active = excluded.active, version = version + 1,
             body = excluded.body",
        )?
        .execute(params![
            campaign.id.0,
            campaign.client.0,
            campaign.name,
            sort_name(&campaign.name),
            campaign.active,
            to_json(campaign, "call campaign")?
        ])
        .map_err(|error| taken(error, "campaign", &campaign.name))?;
    Ok(())
}

pub(super) fn delete_campaign(connection: &Connection, id: CallCampaignId, version: u64) -> Result<(), Stop> {
    let changed = connection
        .prepare_cached(
            "UPDATE call_campaign SET deleted = 1, active = 0, owner = NULL
             WHERE id = ?1 AND version = ?2 AND deleted = 0",
        )?
        .execute(params![id.0, counter_to_column(version)])?;
    if changed == 1 { Ok(()) } else { Err(stale("campaign")) }
}

pub(super) fn result_codes(
    connection: &Connection,
    campaign: CallCampaignId,
) -> Result<Vec<ResultCode>, Fault> {
    all(connection, RESULT_CODES, params![campaign.0], |row| json(row, 0, "result code"))
}

pub(super) fn write_result_code(
    connection: &Connection,
    batch: &mut Batch,
    code: &ResultCode,
) -> Result<(), Stop> {
    if !batch.is_live(connection, code.campaign.0)? {
        return Err(Stop::Refused(CallRefusal::NoCampaign));
    }
    connection
        .prepare_cached(
            "INSERT INTO call_result_code (campaign, id, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (campaign, id) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![code.campaign.0, code.id.0, to_json(code, "result code")?])?;
    Ok(())
}

pub(super) fn remove_result_code(
    connection: &Connection,
    campaign: CallCampaignId,
    id: ResultCodeId,
) -> Result<(), Stop> {
    let in_use = connection
        .prepare_cached(
            "SELECT 1 FROM call_count WHERE campaign = ?1 AND kind IN (?2, ?3) AND key = ?4 AND n > 0",
        )?
        .exists(params![campaign.0, CountKind::Result.number(), CountKind::CallResult.number(), id.0])?;
    if in_use {
        return Err(Stop::Refused(CallRefusal::InUse));
    }
    connection
        .prepare_cached("DELETE FROM call_result_code WHERE campaign = ?1 AND id = ?2")?
        .execute(params![campaign.0, id.0])?;
    Ok(())
}

pub(super) fn counts(connection: &Connection, campaign: CallCampaignId) -> Result<CallCounts, Fault> {
    let rows =
        all(connection, COUNTS, params![campaign.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(told(rows))
}

pub(super) fn ledger(
    connection: &Connection,
    campaign: CallCampaignId,
    from: i32,
) -> Result<Vec<LedgerDay>, Fault> {
    all(connection, LEDGER, params![campaign.0, from], |row| {
        Ok(LedgerDay {
            day: row.get(0)?,
            live: counter_from_column(row.get(1)?),
            abandoned: counter_from_column(row.get(2)?),
        })
    })
}

pub(super) fn add_to_ledger(
    connection: &Connection,
    batch: &mut Batch,
    campaign: CallCampaignId,
    add: LedgerDay,
) -> Result<(), Stop> {
    if !batch.is_live(connection, campaign.0)? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO call_ledger (campaign, day, live, abandoned) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (campaign, day) DO UPDATE SET live = live + ?3, abandoned = abandoned + ?4",
        )?
        .execute(params![
            campaign.0,
            add.day,
            counter_to_column(add.live),
            counter_to_column(add.abandoned)
        ])?;
    Ok(())
}

pub(super) fn own(
    connection: &Connection,
    campaign: CallCampaignId,
    node: Uuid,
    now: UnixMillis,
    until: UnixMillis,
) -> Result<Option<Ownership>, Fault> {
    let found: Option<Conduct> = connection
        .prepare_cached("SELECT owner, owner_until, fence FROM call_campaign WHERE id = ?1 AND deleted = 0")?
        .query_row(params![campaign.0], |row| {
            let owner = row.get::<_, Option<[u8; 16]>>(0)?.map(Uuid::from_bytes);
            Ok(Conduct { owner, until: row.get(1)?, fence: row.get(2)? })
        })
        .optional()?;
    let Some(ownership) = found.and_then(|found| conducted_by(found, node, now)) else { return Ok(None) };
    connection
        .prepare_cached("UPDATE call_campaign SET owner = ?2, owner_until = ?3, fence = ?4 WHERE id = ?1")?
        .execute(params![campaign.0, node.as_bytes(), until.0, counter_to_column(ownership.fence)])?;
    Ok(Some(ownership))
}

pub(super) fn disown(connection: &Connection, campaign: CallCampaignId, fence: u64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE call_campaign SET owner = NULL WHERE id = ?1 AND fence = ?2")?
        .execute(params![campaign.0, counter_to_column(fence)])?;
    Ok(())
}

pub(super) fn check_owned(connection: &Connection, campaign: CallCampaignId, fence: u64) -> Result<(), Stop> {
    let is_owned = connection
        .prepare_cached(
            "SELECT 1 FROM call_campaign WHERE id = ?1 AND fence = ?2 AND owner IS NOT NULL AND deleted = 0",
        )?
        .exists(params![campaign.0, counter_to_column(fence)])?;
    if is_owned { Ok(()) } else { Err(Stop::Refused(CallRefusal::NotOwner)) }
}

pub(super) fn check_active(connection: &Connection, campaign: CallCampaignId) -> Result<(), Stop> {
    let is_active = connection
        .prepare_cached("SELECT 1 FROM call_campaign WHERE id = ?1 AND active = 1 AND deleted = 0")?
        .exists(params![campaign.0])?;
    if is_active { Ok(()) } else { Err(Stop::Refused(CallRefusal::NotActive)) }
}
