//! Templates and SIM campaigns, what is connected to them, and what has been counted of them.

use super::paging;
use super::write::{Stop, check_expected, stale};
use crate::encoding::{counter_from_column, from_json, to_json};
use crate::sqlite::error::{Fault, is_duplicate};
use muster_app::ports::{
    CampaignCounts, Expected, PageOf, Paged, Sequence, SimRefusal, StoreError, Versioned,
};
use muster_domain::ids::{AccountId, SimCampaignId, TemplateId};
use muster_domain::sim::Template;
use muster_domain::sim_campaign::{SimCampaign, WaveCounts};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) const TEMPLATES: (&str, &str) = (
    "SELECT count(*) FROM sim_template WHERE account = ?1",
    "SELECT body FROM sim_template WHERE account = ?1 ORDER BY id LIMIT ?2 OFFSET ?3",
);
pub(super) const CAMPAIGNS: (&str, &str) = (
    "SELECT count(*) FROM campaign_connection WHERE account = ?1",
    "SELECT sim_campaign.body FROM campaign_connection
     JOIN sim_campaign ON sim_campaign.id = campaign_connection.campaign
     WHERE campaign_connection.account = ?1 ORDER BY campaign_connection.campaign LIMIT ?2 OFFSET ?3",
);
pub(super) const LIVE: &str = "SELECT version, body FROM sim_campaign INDEXED BY sim_campaign_live
     WHERE status IN ('SCHEDULED', 'PROCESS', 'SUSPEND') ORDER BY id";

pub(super) const BY_STATUS: &str = "SELECT status, participants FROM campaign_count WHERE campaign = ?1";
pub(super) const BY_WAVE: &str = "SELECT wave, succeeded, failed, attempts_ok, attempts_failed, config_errors
     FROM wave_count WHERE campaign = ?1 ORDER BY wave";

/// A sequence's key.
const fn kind(sequence: Sequence) -> &'static str {
    match sequence {
        Sequence::Template => "template",
        Sequence::SimCampaign => "sim_campaign",
    }
}

pub(super) fn next_number(connection: &Connection, sequence: Sequence) -> Result<i64, Fault> {
    Ok(connection
        .prepare_cached("UPDATE sim_sequence SET last = last + 1 WHERE kind = ?1 RETURNING last")?
        .query_row(params![kind(sequence)], |row| row.get(0))?)
}

/// A number that somebody chose is never given to another.
fn move_past(connection: &Connection, sequence: Sequence, number: i64) -> Result<(), Stop> {
    connection
        .prepare_cached("UPDATE sim_sequence SET last = max(last, ?2) WHERE kind = ?1")?
        .execute(params![kind(sequence), number])?;
    Ok(())
}

pub(super) fn template(connection: &Connection, id: TemplateId) -> Result<Option<Template>, Fault> {
    connection
        .prepare_cached("SELECT body FROM sim_template WHERE id = ?1")?
        .query_row(params![id.0], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| Ok(from_json(&body, "template")?))
        .transpose()
}

pub(super) fn page_templates(
    connection: &Connection,
    account: AccountId,
    page: PageOf,
) -> Result<Paged<Template>, Fault> {
    paging::page(connection, TEMPLATES, &[account.0.as_bytes()], page, |row| paging::json(row, "template"))
}

pub(super) fn write_template(connection: &Connection, template: &Template) -> Result<(), Stop> {
    connection
        .prepare_cached("INSERT INTO sim_template (id, account, body) VALUES (?1, ?2, ?3)")?
        .execute(params![template.id.0, template.account.0.as_bytes(), to_json(template, "template")?])
        .map_err(|error| taken(error, "template", template.id.0))?;
    move_past(connection, Sequence::Template, template.id.0)
}

fn taken(error: rusqlite::Error, what: &'static str, id: i64) -> Stop {
    if is_duplicate(&error) { duplicate(what, id) } else { error.into() }
}

fn duplicate(what: &'static str, id: i64) -> Stop {
    Stop::Refused(SimRefusal::Duplicate { what, value: id.to_string(), index: 0 })
}

fn versioned((version, body): (i64, String)) -> Result<Versioned<SimCampaign>, Fault> {
    Ok(Versioned { value: from_json(&body, "SIM campaign")?, version: counter_from_column(version) })
}

pub(super) fn campaign(
    connection: &Connection,
    id: SimCampaignId,
) -> Result<Option<Versioned<SimCampaign>>, Fault> {
    connection
        .prepare_cached("SELECT version, body FROM sim_campaign WHERE id = ?1")?
        .query_row(params![id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .map(versioned)
        .transpose()
}

pub(super) fn live(connection: &Connection) -> Result<Vec<Versioned<SimCampaign>>, Fault> {
    connection
        .prepare_cached(LIVE)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .map(|row| versioned(row?))
        .collect()
}

/// The status of a campaign in the contract's spelling, and how many participants it has.
pub(super) fn standing(
    connection: &Connection,
    campaign: i64,
) -> Result<Option<(String, i64)>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT status, participants FROM sim_campaign WHERE id = ?1")?
        .query_row(params![campaign], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

pub(super) fn is_connected(
    connection: &Connection,
    campaign: SimCampaignId,
    account: AccountId,
) -> Result<bool, Fault> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM campaign_connection WHERE account = ?1 AND campaign = ?2")?
        .exists(params![account.0.as_bytes(), campaign.0])?)
}

pub(super) fn page(
    connection: &Connection,
    account: AccountId,
    page: PageOf,
) -> Result<Paged<SimCampaign>, Fault> {
    paging::page(connection, CAMPAIGNS, &[account.0.as_bytes()], page, |row| {
        paging::json(row, "SIM campaign")
    })
}

pub(super) fn write_campaign(
    connection: &Connection,
    campaign: &SimCampaign,
    expected: Expected,
) -> Result<(), Stop> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT version FROM sim_campaign WHERE id = ?1")?
        .query_row(params![campaign.id.0], |row| row.get(0))
        .optional()?;
    if found.is_some() && expected == Expected::Absent {
        return Err(duplicate("campaign", campaign.id.0));
    }
    check_expected(found, expected, "campaign")?;
    let body = to_json(campaign, "SIM campaign")?;
    if found.is_some() {
        connection
            .prepare_cached(
                "UPDATE sim_campaign SET status = ?2, version = version + 1, body = ?3 WHERE id = ?1",
            )?
            .execute(params![campaign.id.0, campaign.status.name(), body])?;
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO sim_campaign (id, status, participants, pace_tat, version, body)
             VALUES (?1, ?2, 0, 0, 1, ?3)",
        )?
        .execute(params![campaign.id.0, campaign.status.name(), body])?;
    move_past(connection, Sequence::SimCampaign, campaign.id.0)?;
    insert_connection(connection, campaign.id, campaign.account)
}

pub(super) fn connect(
    connection: &Connection,
    campaign: SimCampaignId,
    account: AccountId,
) -> Result<(), Stop> {
    if standing(connection, campaign.0)?.is_none() {
        return Err(stale("campaign"));
    }
    insert_connection(connection, campaign, account)
}

fn insert_connection(
    connection: &Connection,
    campaign: SimCampaignId,
    account: AccountId,
) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO campaign_connection (account, campaign) VALUES (?1, ?2)
             ON CONFLICT (account, campaign) DO NOTHING",
        )?
        .execute(params![account.0.as_bytes(), campaign.0])?;
    Ok(())
}

pub(super) fn counts(connection: &Connection, campaign: SimCampaignId) -> Result<CampaignCounts, Fault> {
    let mut counts = CampaignCounts::default();
    let mut statement = connection.prepare_cached(BY_STATUS)?;
    let mut rows = statement.query(params![campaign.0])?;
    while let Some(row) = rows.next()? {
        let status: u8 = row.get(0)?;
        let count = counts.by_status.get_mut(usize::from(status)).ok_or_else(|| {
            StoreError::Corrupt(format!("SIM campaign {campaign} has a count of status {status}"))
        })?;
        *count = counter_from_column(row.get(1)?);
    }
    let mut statement = connection.prepare_cached(BY_WAVE)?;
    let mut rows = statement.query(params![campaign.0])?;
    while let Some(row) = rows.next()? {
        let wave: u32 = row.get(0)?;
        let count = |column| row.get(column).map(counter_from_column);
        counts.waves.resize(wave as usize, WaveCounts::default());
        counts.waves.push(WaveCounts {
            succeeded: count(1)?,
            failed: count(2)?,
            attempts_ok: count(3)?,
            attempts_failed: count(4)?,
            config_errors: count(5)?,
        });
    }
    Ok(counts)
}
