//! Enrolling SIMs in a campaign.

use super::super::super::commit::{execute, query};
use super::super::commit::add_to_counts;
use super::{ROWS_MAX, Stop};
use crate::encoding::counter_to_column;
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
    lock_ids(client, participants).await?;
    let mut seen = FxHashSet::default();
    let twice = participants.iter().position(|participant| !seen.insert(participant.sim));
    // What comes behind a SIM that is in the list twice need not be tried: the first fault is told.
    let sound = &participants[..twice.unwrap_or(participants.len())];
    let mut first = enrolled;
    for (chunk, participants) in sound.chunks(ROWS_MAX).enumerate() {
        enrol_chunk(client, campaign, participants, first, chunk * ROWS_MAX).await?;
        first += participants.len() as i64;
    }
    if let Some(index) = twice {
        return Err(Stop::duplicate("participant", participants[index].iccid.to_string(), index));
    }
    let statement = client.prepare_cached("UPDATE sim_campaign SET participants = $2 WHERE id = $1").await?;
    client.execute(&statement, &[&campaign.0, &first]).await?;
    let mut counts: BTreeMap<(i64, i16), i64> = BTreeMap::new();
    for participant in participants {
        *counts.entry((campaign.0, i16::from(participant.status.number()))).or_default() += 1;
    }
    Ok(add_to_counts(client, &counts).await?)
}

/// Makes sure that ids from the sequence lie above those given, also for those who enrol at the same time.
async fn lock_ids(client: &ClientWrapper, participants: &[NewParticipant]) -> Result<(), Stop> {
    let Some(greatest) = participants.iter().filter_map(|participant| participant.id).max() else {
        let statement = client.prepare_cached("SELECT pg_advisory_xact_lock_shared($1)").await?;
        client.execute(&statement, &[&IDS]).await?;
        return Ok(());
    };
    let statement = client.prepare_cached("SELECT pg_advisory_xact_lock($1)").await?;
    client.execute(&statement, &[&IDS]).await?;
    let statement = client
        .prepare_cached("SELECT setval('participant_id', greatest(last_value, $1)) FROM participant_id")
        .await?;
    client.execute(&statement, &[&greatest.0]).await?;
    Ok(())
}

async fn enrol_chunk(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    participants: &[NewParticipant],
    first: i64,
    index: usize,
) -> Result<(), Stop> {
    let column = |of: fn(&NewParticipant) -> i64| participants.iter().map(of).collect::<Vec<i64>>();
    let ordinals: Vec<i64> = (first..).take(participants.len()).collect();
    let ids: Vec<Option<i64>> = participants.iter().map(|new| new.id.map(|id| id.0)).collect();
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
    let added = execute(
        client,
        "INSERT INTO participant (campaign, ordinal, id, sim, iccid, status, attempt, code, message, updated_at,
                                  due_at, timer_at, revision)
         SELECT $1, ordinal, coalesce(id, nextval('participant_id')), sim, iccid, status, attempt, code, message,
                updated_at, due_at, timer_at, 1
         FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::smallint[], $7::bigint[],
                     $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[])
              AS w (ordinal, id, sim, iccid, status, attempt, code, message, updated_at, due_at, timer_at)
         ON CONFLICT (sim, campaign) DO NOTHING",
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
    if added == participants.len() as u64 {
        return Ok(());
    }
    let rows = query(
        client,
        "SELECT p.sim FROM unnest($1::bigint[]) AS w (sim)
         JOIN participant p ON p.sim = w.sim AND p.campaign = $2 AND p.ordinal < $3",
        sims.len(),
        &[&sims, &campaign.0, &first],
    )
    .await?;
    let there: FxHashSet<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    match participants.iter().position(|new| there.contains(&new.sim.0)) {
        Some(place) => {
            Err(Stop::duplicate("participant", participants[place].iccid.to_string(), index + place))
        }
        None => Err(StoreError::Internal(format!(
            "{added} of {} SIMs were enrolled, counted {}",
            participants.len(),
            counter_to_column(participants.len() as u64)
        ))
        .into()),
    }
}
