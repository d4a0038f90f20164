//! Taking participants to work on, so that no two nodes work on the same one: those that another node is taking
//! right now are passed over, and what was taken is not due again before its lease ends.

use super::super::error::Fault;
use super::load::readable_with_cards;
use super::rows::{participant, participant_columns};
use crate::encoding::counter_to_column;
use crate::sims::{ParticipantColumns, admit, stored_due};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{Claim, LoadedParticipant, Pace, StoreError};
use muster_domain::time::UnixMillis;
use tokio_postgres::Row;

/// Claims at the pace of the routes.
pub(super) async fn claim(client: &ClientWrapper, claim: Claim) -> Result<Vec<LoadedParticipant>, Fault> {
    let claimed = pick(client, claim, claim.limit).await?;
    readable_with_cards(client, claimed).await
}

/// Claims what the campaign's pace admits, inside an open transaction: its clock is locked first, so that nodes
/// claim one after the other. A refusal there is none.
pub(super) async fn claim_paced(
    client: &ClientWrapper,
    claim: Claim,
    pace: Pace,
) -> Result<Result<Vec<LoadedParticipant>, StoreError>, Fault> {
    let clock = client
        .prepare_cached("SELECT pace_tat FROM campaign_pace WHERE campaign = $1 FOR NO KEY UPDATE")
        .await?;
    let Some(row) = client.query_opt(&clock, &[&claim.campaign.0]).await? else {
        return Ok(Ok(Vec::new()));
    };
    let kept: i64 = row.try_get(0)?;
    let admitted = admit(pace, kept, claim.now, claim.limit);
    let claimed = if admitted.cards == 0 { Vec::new() } else { pick(client, claim, admitted.cards).await? };
    let next = admitted.after(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
    // A clock that was too far ahead is put right even by a claim that got nothing.
    if (next > kept && !claimed.is_empty()) || next < kept {
        let set = client.prepare_cached("UPDATE campaign_pace SET pace_tat = $2 WHERE campaign = $1").await?;
        client.execute(&set, &[&claim.campaign.0, &next]).await?;
    }
    Ok(Ok(readable_with_cards(client, claimed).await?))
}

/// Prepared anew each time, as that of timers: its plan depends on how large the tables are now.
///
/// Two seeks in the index of what is due: those never sent to, by ordinal, and then the others, by instant. Whoever
/// is found by the second and was never sent to either was claimed before by somebody who did not come to send, or
/// waited for its card.
async fn pick(client: &ClientWrapper, claim: Claim, limit: u32) -> Result<Vec<ParticipantColumns>, Fault> {
    let statement = client
        .prepare(concat!(
            "WITH fresh AS MATERIALIZED (
                 SELECT campaign, ordinal, due_at FROM participant
                 WHERE campaign = $1 AND due_at = 0 AND status IN (0, 1) AND ordinal < $2
                   AND EXISTS (SELECT 1 FROM sim_campaign WHERE id = $1 AND status = 'PROCESS')
                 ORDER BY ordinal LIMIT $5
                 FOR NO KEY UPDATE SKIP LOCKED
             ), again AS MATERIALIZED (
                 SELECT campaign, ordinal, due_at FROM participant
                 WHERE campaign = $1 AND due_at > 0 AND due_at <= $3 AND status IN (0, 1)
                   AND (attempt > 0 OR ordinal < $2)
                   AND EXISTS (SELECT 1 FROM sim_campaign WHERE id = $1 AND status = 'PROCESS')
                 ORDER BY due_at, ordinal LIMIT $5 - (SELECT count(*) FROM fresh)
                 FOR NO KEY UPDATE SKIP LOCKED
             )
             UPDATE participant p SET due_at = $4, revision = p.revision + 1
             FROM (SELECT * FROM fresh UNION ALL SELECT * FROM again) w
             WHERE p.campaign = w.campaign AND p.ordinal = w.ordinal
             RETURNING w.due_at, ",
            participant_columns!(),
            ", p.body"
        ))
        .await?;
    let below = claim.below.map_or(i64::MAX, counter_to_column);
    let rows = client
        .query(
            &statement,
            &[&claim.campaign.0, &below, &claim.now.0, &stored_due(claim.lease_until), &i64::from(limit)],
        )
        .await?;
    in_order(&rows)
}

/// Takes participants whose timer has come.
pub(super) async fn due_timers(
    client: &ClientWrapper,
    now: UnixMillis,
    lease_until: UnixMillis,
    limit: u32,
) -> Result<Vec<LoadedParticipant>, Fault> {
    let statement = client
        .prepare(concat!(
            "WITH due AS MATERIALIZED (
                 SELECT campaign, ordinal, timer_at FROM participant
                 WHERE timer_at <= $1
                 ORDER BY timer_at, campaign, ordinal LIMIT $3
                 FOR NO KEY UPDATE SKIP LOCKED
             )
             UPDATE participant p SET timer_at = $2, revision = p.revision + 1
             FROM due w WHERE p.campaign = w.campaign AND p.ordinal = w.ordinal
             RETURNING w.timer_at, ",
            participant_columns!(),
            ", p.body"
        ))
        .await?;
    let rows = client.query(&statement, &[&now.0, &lease_until.0, &i64::from(limit)]).await?;
    readable_with_cards(client, in_order(&rows)?).await
}

/// The participants of rows that begin with the instant at which each was due, the longest due first.
fn in_order(rows: &[Row]) -> Result<Vec<ParticipantColumns>, Fault> {
    let mut taken = rows
        .iter()
        .map(|row| Ok((row.try_get::<_, i64>(0)?, participant(row, 1, true)?)))
        .collect::<Result<Vec<_>, Fault>>()?;
    taken.sort_unstable_by_key(|(due_at, columns)| (*due_at, columns.campaign, columns.ordinal));
    Ok(taken.into_iter().map(|(_, columns)| columns).collect())
}
