//! Taking participants under a lease: those that may be sent to, and those whose timer has come.

use super::participants::{columns, columns_of};
use crate::encoding::counter_to_column;
use crate::sims::{ParticipantColumns, admit, stored_due};
use crate::sqlite::error::Fault;
use muster_app::ports::Claim;
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};

// A condition names the index's own words, so that the statement fails rather than scans where they come apart.
pub(super) const NEVER_SENT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM participant INDEXED BY participant_due
     WHERE campaign = ?1 AND status IN (0, 1) AND due_at = 0 AND ordinal < ?2 ORDER BY ordinal LIMIT ?3"
);
pub(super) const TRY_DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM participant INDEXED BY participant_due
     WHERE campaign = ?1 AND status IN (0, 1) AND due_at > 0 AND due_at <= ?2 AND (attempt > 0 OR ordinal < ?3)
     ORDER BY due_at, ordinal LIMIT ?4"
);
pub(super) const TIMERS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM participant INDEXED BY participant_timer
     WHERE timer_at IS NOT NULL AND timer_at <= ?1 ORDER BY timer_at LIMIT ?2"
);
pub(super) const ANY_TIMER: &str = "SELECT 1 FROM participant INDEXED BY participant_timer WHERE timer_at IS NOT NULL AND timer_at <= ?1 LIMIT 1";

pub(super) const LEASE: &str =
    "UPDATE participant SET due_at = ?3, revision = ?4 WHERE campaign = ?1 AND ordinal = ?2";
pub(super) const LEASE_TIMER: &str =
    "UPDATE participant SET timer_at = ?3, revision = ?4 WHERE campaign = ?1 AND ordinal = ?2";

/// Takes what is due in a running campaign, as far as its pace allows.
pub(super) fn claim(connection: &Connection, claim: &Claim) -> Result<Vec<ParticipantColumns>, Fault> {
    let kept_ns: Option<i64> = connection
        .prepare_cached("SELECT pace_tat FROM sim_campaign WHERE id = ?1 AND status = 'PROCESS'")?
        .query_row(params![claim.campaign.0], |row| row.get(0))
        .optional()?;
    let Some(kept_ns) = kept_ns else { return Ok(Vec::new()) };
    let admitted = claim.pace.map(|pace| admit(pace, kept_ns, claim.now, claim.limit));
    let most = admitted.map_or(claim.limit, |admitted| admitted.cards) as usize;
    let mut claimed = due(connection, claim, most)?;
    let lease = stored_due(claim.lease_until);
    let mut statement = connection.prepare_cached(LEASE)?;
    for participant in &mut claimed {
        participant.due_at = lease;
        participant.revision += 1;
        statement.execute(params![
            participant.campaign,
            participant.ordinal,
            participant.due_at,
            participant.revision
        ])?;
    }
    if let Some(admitted) = admitted {
        let next = admitted.after(claimed.len() as u32);
        if next > kept_ns && !claimed.is_empty() || next < kept_ns {
            connection
                .prepare_cached("UPDATE sim_campaign SET pace_tat = ?2 WHERE id = ?1")?
                .execute(params![claim.campaign.0, next])?;
        }
    }
    Ok(claimed)
}

/// At most so many that are due: those never sent to, and then those whose try is.
fn due(connection: &Connection, claim: &Claim, most: usize) -> Result<Vec<ParticipantColumns>, Fault> {
    let below = claim.below.map_or(i64::MAX, counter_to_column);
    let mut due = Vec::new();
    if most == 0 {
        return Ok(due);
    }
    let mut never_sent = connection.prepare_cached(NEVER_SENT)?;
    for columns in never_sent.query_map(params![claim.campaign.0, below, most as i64], columns_of)? {
        due.push(columns?);
    }
    let left = most - due.len();
    if left > 0 {
        let mut try_due = connection.prepare_cached(TRY_DUE)?;
        let arguments = params![claim.campaign.0, claim.now.0, below, left as i64];
        for columns in try_due.query_map(arguments, columns_of)? {
            due.push(columns?);
        }
    }
    Ok(due)
}

/// Whether any timer has come.
pub(super) fn any_timer(connection: &Connection, now: UnixMillis) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(ANY_TIMER)?.exists(params![now.0])?)
}

/// Takes participants in flight whose timer has come.
pub(super) fn timers(
    connection: &Connection,
    now: UnixMillis,
    lease_until: UnixMillis,
    limit: u32,
) -> Result<Vec<ParticipantColumns>, Fault> {
    let mut due = connection
        .prepare_cached(TIMERS)?
        .query_map(params![now.0, limit], columns_of)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut statement = connection.prepare_cached(LEASE_TIMER)?;
    for participant in &mut due {
        participant.timer_at = Some(lease_until.0);
        participant.revision += 1;
        statement.execute(params![
            participant.campaign,
            participant.ordinal,
            participant.timer_at,
            participant.revision
        ])?;
    }
    Ok(due)
}
