//! Enrolling SIMs in a campaign.

use super::super::super::commit::{execute, query};
use super::super::commit::add_to_counts;
use super::{ROWS_MAX, Stop};
use crate::sims::{due_of_enrolled, enrolled_timer};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{NewParticipant, SimRefusal, StoreError};
use muster_domain::ids::SimCampaignId;
use muster_domain::sim_campaign::SimCampaignStatus;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Shared by those who take ids from the sequence, held alone by who moves it; apart from the numbers of other
/// advisory locks.
const IDS: i64 = 0x7369_6d70 << 32;

/// Enrols SIMs, so many at a time. The campaign is locked first: ordinals stay dense, and ids, taken under the lock,
/// ascend with them.
pub(super) async fn enrol(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    participants: &[NewParticipant],
) -> Result<(), Stop> {
    let statement = client
        .prepare_cached("SELECT status, participants FROM sim_campaign WHERE id = $1 FOR NO KEY UPDATE")
        .await?;
    let Some(row) = client.query_opt(&statement, &[&campaign.0]).await? else {
        return Err(Stop::stale("campaign"));
    };
    let (status, enrolled): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    let status = SimCampaignStatus::from_name(&status).ok_or_else(|| {
        StoreError::Corrupt(format!("SIM campaign {campaign} is stored with the status {status:?}"))
    })?;
    if status.is_terminal() {
        return Err(Stop::Refused(SimRefusal::CampaignEnded));
    }
    refuse_those_there(client, campaign, participants).await?;
    let ids = ids(client, participants).await?;
    let mut first = enrolled;
    for (participants, ids) in participants.chunks(ROWS_MAX).zip(ids.chunks(ROWS_MAX)) {
        enrol_chunk(client, campaign, participants, ids, first).await?;
        first += participants.len() as i64;
    }
    let statement = client.prepare_cached("UPDATE sim_campaign SET participants = $2 WHERE id = $1").await?;
    client.execute(&statement, &[&campaign.0, &first]).await?;
    let mut counts: BTreeMap<(i64, i16), i64> = BTreeMap::new();
    for participant in participants {
        *counts.entry((campaign.0, i16::from(participant.status.number()))).or_default() += 1;
    }
    Ok(add_to_counts(client, &counts).await?)
}

/// Refuses with the first SIM that takes part already, or that is in the list twice. Nobody else enrols meanwhile,
/// and a list that is refused uses up no ids.
async fn refuse_those_there(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    participants: &[NewParticipant],
) -> Result<(), Stop> {
    let sims: Vec<i64> = participants.iter().map(|new| new.sim.0).collect();
    let mut there: FxHashSet<i64> = FxHashSet::default();
    for sims in sims.chunks(ROWS_MAX) {
        let rows = query(
            client,
            "SELECT p.sim FROM unnest($1::bigint[]) AS w (sim)
             CROSS JOIN LATERAL (
                 SELECT sim FROM participant p WHERE p.sim = w.sim AND p.campaign = $2 LIMIT 1
             ) p",
            sims.len(),
            &[&sims, &campaign.0],
        )
        .await?;
        for row in &rows {
            there.insert(row.try_get(0)?);
        }
    }
    match sims.iter().position(|sim| !there.insert(*sim)) {
        Some(index) => Err(Stop::duplicate("participant", participants[index].iccid.as_str(), index)),
        None => Ok(()),
    }
}

/// The ids of newcomers, in order: those chosen as they are, the others from the sequence, which goes on behind
/// every id that was chosen. Who takes ids shares a lock that is held alone by who moves the sequence.
async fn ids(client: &ClientWrapper, participants: &[NewParticipant]) -> Result<Vec<i64>, Stop> {
    if participants.is_empty() {
        return Ok(Vec::new());
    }
    if participants.iter().all(|new| new.id.is_none()) {
        let statement = client.prepare_cached("SELECT pg_advisory_xact_lock_shared($1)").await?;
        client.execute(&statement, &[&IDS]).await?;
        let statement = client
            .prepare_cached("SELECT nextval('participant_id') FROM generate_series(1, $1::bigint)")
            .await?;
        let rows = client.query(&statement, &[&(participants.len() as i64)]).await?;
        return Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?);
    }
    let statement = client.prepare_cached("SELECT pg_advisory_xact_lock($1)").await?;
    client.execute(&statement, &[&IDS]).await?;
    // A sequence that nobody has asked yet tells the number that it gives first as its last.
    let statement = client
        .prepare_cached("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM participant_id")
        .await?;
    let mut last: i64 = client.query_one(&statement, &[]).await?.try_get(0)?;
    let ids = participants
        .iter()
        .map(|new| {
            let id = new.id.map_or(last.saturating_add(1), |id| id.0);
            last = last.max(id);
            id
        })
        .collect();
    if last > 0 {
        let statement = client.prepare_cached("SELECT setval('participant_id', $1)").await?;
        client.execute(&statement, &[&last]).await?;
    }
    Ok(ids)
}

async fn enrol_chunk(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    participants: &[NewParticipant],
    ids: &[i64],
    first: i64,
) -> Result<(), Stop> {
    let column = |of: fn(&NewParticipant) -> i64| participants.iter().map(of).collect::<Vec<i64>>();
    let ordinals: Vec<i64> = (first..).take(participants.len()).collect();
    let sims = column(|new| new.sim.0);
    let iccids: Vec<&str> = participants.iter().map(|new| new.iccid.as_str()).collect();
    let statuses: Vec<i16> = participants.iter().map(|new| i16::from(new.status.number())).collect();
    let attempts = column(|new| i64::from(new.attempt));
    let codes: Vec<&str> = participants.iter().map(|new| new.code.as_str()).collect();
    let messages: Vec<&str> = participants.iter().map(|new| new.message.as_str()).collect();
    let updated_at = column(|new| new.updated_at.0);
    let due_at = column(|new| due_of_enrolled(new.status, new.updated_at));
    let timer_at: Vec<Option<i64>> =
        participants.iter().map(|new| enrolled_timer(new.status, new.updated_at)).collect();
    execute(
        client,
        "INSERT INTO participant (campaign, ordinal, id, sim, iccid, status, attempt, code, message, updated_at,
                                  due_at, timer_at, revision)
         SELECT $1, ordinal, id, sim, iccid, status, attempt, code, message,
                updated_at, due_at, timer_at, 1
         FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::smallint[], $7::bigint[],
                     $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[])
              AS w (ordinal, id, sim, iccid, status, attempt, code, message, updated_at, due_at, timer_at)",
        participants.len(),
        &[
            &campaign.0,
            &ordinals,
            &ids,
            &sims,
            &iccids,
            &statuses,
            &attempts,
            &codes,
            &messages,
            &updated_at,
            &due_at,
            &timer_at,
        ],
    )
    .await?;
    Ok(())
}
