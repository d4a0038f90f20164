//! Participants: enrolling, pages, and loading them with their cards.

use super::campaigns::standing;
use super::write::{Stop, stale};
use super::{cards, paging};
use crate::encoding::{counter_from_column, counter_to_column};
use crate::sims::{ParticipantColumns, due_of_enrolled, enrolled_timer};
use crate::sqlite::error::{Fault, is_duplicate};
use muster_app::ports::{
    LoadedParticipant, NewParticipant, PageOf, Paged, ParticipantRow, SimRefusal, StoreError,
};
use muster_domain::ids::{SimCampaignId, SimNumber};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::SimCampaignStatus;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The columns of a participant, in the order of [`columns_of`].
macro_rules! columns {
    () => {
        "campaign, ordinal, id, sim, iccid, status, attempt, code, message, updated_at, due_at, timer_at, revision, \
         body"
    };
}
pub(super) use columns;

/// The same without the body, which pages do not show.
macro_rules! row_columns {
    () => {
        "campaign, ordinal, id, sim, iccid, status, attempt, code, message, updated_at, due_at, timer_at, revision, \
         NULL"
    };
}

pub(super) const PAGE: &str = concat!(
    "SELECT ",
    row_columns!(),
    " FROM participant WHERE campaign = ?1 AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3"
);
pub(super) const SCAN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM participant WHERE campaign = ?1 AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3"
);
pub(super) const ONE: &str =
    concat!("SELECT ", columns!(), " FROM participant WHERE campaign = ?1 AND ordinal = ?2");
pub(super) const OF_SIM: (&str, &str) = (
    "SELECT count(*) FROM participant WHERE sim = ?1",
    concat!(
        "SELECT ",
        row_columns!(),
        " FROM participant WHERE sim = ?1 ORDER BY campaign LIMIT ?2 OFFSET ?3"
    ),
);
pub(super) const OF_SIM_IN_CAMPAIGN: (&str, &str) = (
    "SELECT count(*) FROM participant WHERE sim = ?1 AND campaign = ?2",
    concat!(
        "SELECT ",
        row_columns!(),
        " FROM participant WHERE sim = ?1 AND campaign = ?2 LIMIT ?3 OFFSET ?4"
    ),
);
/// All participations of a card with what tells in flight from at rest; there are few.
pub(super) const STANDINGS: &str =
    "SELECT campaign, ordinal, status, updated_at FROM participant WHERE sim = ?1";

pub(super) fn columns_of(row: &Row<'_>) -> rusqlite::Result<ParticipantColumns> {
    Ok(ParticipantColumns {
        campaign: row.get(0)?,
        ordinal: row.get(1)?,
        id: row.get(2)?,
        sim: row.get(3)?,
        iccid: row.get(4)?,
        status: row.get(5)?,
        attempt: row.get(6)?,
        code: row.get(7)?,
        message: row.get(8)?,
        updated_at: row.get(9)?,
        due_at: row.get(10)?,
        timer_at: row.get(11)?,
        revision: row.get(12)?,
        body: row.get(13)?,
    })
}

pub(super) fn page(
    connection: &Connection,
    campaign: SimCampaignId,
    page: PageOf,
) -> Result<Paged<ParticipantRow>, Fault> {
    let total = standing(connection, campaign.0)?.map_or(0, |(_, participants)| participants);
    let rows = connection
        .prepare_cached(PAGE)?
        .query_map(params![campaign.0, counter_to_column(page.skip()), page.size], columns_of)?
        .map(|columns| Ok(columns?.into_row()?))
        .collect::<Result<_, Fault>>()?;
    Ok(Paged { rows, total: counter_from_column(total) })
}

pub(super) fn of_sim(
    connection: &Connection,
    sim: SimNumber,
    campaign: Option<SimCampaignId>,
    page: PageOf,
) -> Result<Paged<ParticipantRow>, Fault> {
    let row = |row: &Row<'_>| Ok(columns_of(row)?.into_row()?);
    match campaign {
        None => paging::page(connection, OF_SIM, &[&sim.0], page, row),
        Some(campaign) => paging::page(connection, OF_SIM_IN_CAMPAIGN, &[&sim.0, &campaign.0], page, row),
    }
}

/// A participant with its card.
fn with_card(connection: &Connection, columns: ParticipantColumns) -> Result<LoadedParticipant, Fault> {
    let (participant, revision) = columns.into_participant()?;
    let card = cards::card(connection, participant.sim.0)?;
    let key_sets = cards::key_sets(connection, participant.sim.0)?;
    Ok(LoadedParticipant { participant, revision, card, key_sets })
}

/// Participants that were taken, with their cards. One that cannot be read is left out and told in the log: it comes
/// again when its lease ends, and must not keep the others from going on.
pub(super) fn with_cards(
    connection: &Connection,
    taken: Vec<ParticipantColumns>,
) -> Result<Vec<LoadedParticipant>, Fault> {
    let mut loaded = Vec::with_capacity(taken.len());
    for columns in taken {
        let (campaign, ordinal) = (columns.campaign, columns.ordinal);
        match with_card(connection, columns) {
            Ok(participant) => loaded.push(participant),
            Err(Fault::Store(error @ StoreError::Corrupt(_))) => {
                tracing::error!(campaign, ordinal, %error, "a participant cannot be read and is left out");
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(loaded)
}

pub(super) fn scan(
    connection: &Connection,
    campaign: SimCampaignId,
    from: u64,
    limit: u32,
) -> Result<Vec<LoadedParticipant>, Fault> {
    connection
        .prepare_cached(SCAN)?
        .query_map(params![campaign.0, counter_to_column(from), limit], columns_of)?
        .map(|columns| with_card(connection, columns?))
        .collect()
}

pub(super) fn load(
    connection: &Connection,
    campaign: SimCampaignId,
    ordinal: u64,
) -> Result<Option<LoadedParticipant>, Fault> {
    connection
        .prepare_cached(ONE)?
        .query_row(params![campaign.0, counter_to_column(ordinal)], columns_of)
        .optional()?
        .map(|columns| with_card(connection, columns))
        .transpose()
}

/// A participation as far as it matters which one is meant.
struct Standing {
    campaign: i64,
    ordinal: i64,
    in_flight: bool,
    updated_at: i64,
}

fn standings(connection: &Connection, sim: i64) -> Result<Vec<Standing>, Fault> {
    Ok(connection
        .prepare_cached(STANDINGS)?
        .query_map(params![sim], |row| {
            let status = ParticipantStatus::from_number(row.get(2)?);
            Ok(Standing {
                campaign: row.get(0)?,
                ordinal: row.get(1)?,
                in_flight: status.is_some_and(ParticipantStatus::is_in_flight),
                updated_at: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

fn load_standing(connection: &Connection, found: &Standing) -> Result<Option<LoadedParticipant>, Fault> {
    load(connection, SimCampaignId(found.campaign), counter_from_column(found.ordinal))
}

/// The participant whose message is on its way to the card: first of all one that holds the card.
pub(super) fn in_flight(connection: &Connection, msisdn: &str) -> Result<Option<LoadedParticipant>, Fault> {
    let Some(sim) = cards::number_of(connection, msisdn)? else { return Ok(None) };
    let holders = connection
        .prepare_cached("SELECT holder_campaign, holder_ordinal FROM key_set WHERE sim = ?1")?
        .query_map(params![sim], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(Option<i64>, Option<i64>)>>>()?;
    let found = standings(connection, sim)?.into_iter().filter(|standing| standing.in_flight).max_by_key(
        |standing| {
            let holds = holders.contains(&(Some(standing.campaign), Some(standing.ordinal)));
            (holds, standing.updated_at, standing.campaign)
        },
    );
    match found {
        Some(found) => load_standing(connection, &found),
        None => Ok(None),
    }
}

/// The last participation of the card that is not in flight.
pub(super) fn resting(connection: &Connection, msisdn: &str) -> Result<Vec<LoadedParticipant>, Fault> {
    let Some(sim) = cards::number_of(connection, msisdn)? else { return Ok(Vec::new()) };
    let found = standings(connection, sim)?
        .into_iter()
        .filter(|standing| !standing.in_flight)
        .max_by_key(|standing| (standing.updated_at, standing.campaign));
    match found {
        Some(found) => Ok(load_standing(connection, &found)?.into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

pub(super) fn enrol(
    connection: &Connection,
    campaign: SimCampaignId,
    participants: &[NewParticipant],
) -> Result<(), Stop> {
    let Some((status, enrolled)) = standing(connection, campaign.0)? else { return Err(stale("campaign")) };
    if SimCampaignStatus::from_name(&status).is_none_or(SimCampaignStatus::is_terminal) {
        return Err(Stop::Refused(SimRefusal::CampaignEnded));
    }
    let before: i64 = connection
        .prepare_cached("SELECT last FROM sim_sequence WHERE kind = 'participant'")?
        .query_row([], |row| row.get(0))?;
    let mut last = before;
    let mut counts = [0_i64; 9];
    for ((index, participant), ordinal) in participants.iter().enumerate().zip(enrolled..) {
        let id = participant.id.map_or(last.saturating_add(1), |id| id.0);
        last = last.max(id);
        counts[usize::from(participant.status.number())] += 1;
        insert(connection, campaign, ordinal, id, participant).map_err(|error| {
            if is_duplicate(&error) {
                let value = participant.iccid.to_string();
                Stop::Refused(SimRefusal::Duplicate { what: "participant", value, index })
            } else {
                error.into()
            }
        })?;
    }
    if last != before {
        connection
            .prepare_cached("UPDATE sim_sequence SET last = ?1 WHERE kind = 'participant'")?
            .execute(params![last])?;
    }
    connection
        .prepare_cached("UPDATE sim_campaign SET participants = participants + ?2 WHERE id = ?1")?
        .execute(params![campaign.0, participants.len() as i64])?;
    for (status, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        add_to_count(connection, campaign.0, status as i64, count)?;
    }
    Ok(())
}

fn insert(
    connection: &Connection,
    campaign: SimCampaignId,
    ordinal: i64,
    id: i64,
    participant: &NewParticipant,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO participant
             (campaign, ordinal, id, sim, iccid, status, attempt, code, message, updated_at, due_at, timer_at, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1)",
        )?
        .execute(params![
            campaign.0,
            ordinal,
            id,
            participant.sim.0,
            participant.iccid.as_str(),
            participant.status.number(),
            participant.attempt,
            participant.code,
            participant.message,
            participant.updated_at.0,
            due_of_enrolled(participant.status, participant.updated_at),
            enrolled_timer(participant.status, participant.updated_at)
        ])
        .map(drop)
}

/// Moves a count of participants by status.
pub(super) fn add_to_count(
    connection: &Connection,
    campaign: i64,
    status: i64,
    by: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO campaign_count (campaign, status, participants) VALUES (?1, ?2, ?3)
             ON CONFLICT (campaign, status) DO UPDATE SET participants = participants + ?3",
        )?
        .execute(params![campaign, status, by])
        .map(drop)
}
