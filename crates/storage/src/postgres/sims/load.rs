//! Participants with their cards, as the engine works on them.

use super::super::error::Fault;
use super::cards::{key_sets_of, sims_of};
use super::rows::{one_each, participant, participant_columns};
use crate::encoding::counter_to_column;
use crate::sims::ParticipantColumns;
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{LoadedParticipant, StoreError};
use muster_domain::ids::SimCampaignId;
use muster_domain::sim::{KeySet, Sim};
use rustc_hash::FxHashMap;

/// The cards and key sets of participants.
struct Cards {
    cards: FxHashMap<i64, Sim>,
    key_sets: FxHashMap<i64, Vec<KeySet>>,
}

impl Cards {
    async fn of(client: &ClientWrapper, participants: &[ParticipantColumns]) -> Result<Self, Fault> {
        let mut sims: Vec<i64> = participants.iter().map(|participant| participant.sim).collect();
        sims.sort_unstable();
        sims.dedup();
        let (rows, sets) = try_join(sims_of(client, &sims), key_sets_of(client, &sims)).await?;
        let mut key_sets: FxHashMap<i64, Vec<KeySet>> = FxHashMap::default();
        for set in sets {
            key_sets.entry(set.sim.0).or_default().push(set);
        }
        Ok(Self { cards: rows.into_iter().map(|card| (card.number.0, card)).collect(), key_sets })
    }

    fn beside(&self, columns: ParticipantColumns) -> Result<LoadedParticipant, StoreError> {
        let sim = columns.sim;
        let (participant, revision) = columns.into_participant()?;
        let card = self.cards.get(&sim).cloned();
        let card =
            card.ok_or_else(|| StoreError::Corrupt(format!("SIM {sim} of a participant is not stored")))?;
        let key_sets = self.key_sets.get(&sim).cloned().unwrap_or_default();
        Ok(LoadedParticipant { participant, revision, card, key_sets })
    }
}

/// Puts cards and key sets beside participants, in their order.
async fn with_cards(
    client: &ClientWrapper,
    participants: Vec<ParticipantColumns>,
) -> Result<Vec<LoadedParticipant>, Fault> {
    if participants.is_empty() {
        return Ok(Vec::new());
    }
    let cards = Cards::of(client, &participants).await?;
    participants.into_iter().map(|columns| Ok(cards.beside(columns)?)).collect()
}

/// The same for participants that were taken. One that cannot be read is left out and told in the log: it comes
/// again when its lease ends, and must not keep the others from going on.
pub(super) async fn readable_with_cards(
    client: &ClientWrapper,
    taken: Vec<ParticipantColumns>,
) -> Result<Vec<LoadedParticipant>, Fault> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let cards = Cards::of(client, &taken).await?;
    let mut loaded = Vec::with_capacity(taken.len());
    for columns in taken {
        let (campaign, ordinal) = (columns.campaign, columns.ordinal);
        match cards.beside(columns) {
            Ok(participant) => loaded.push(participant),
            Err(error) => {
                tracing::error!(campaign, ordinal, %error, "a participant cannot be read and is left out");
            }
        }
    }
    Ok(loaded)
}

/// The same where some are not there.
async fn each_with_card(
    client: &ClientWrapper,
    participants: Vec<Option<ParticipantColumns>>,
) -> Result<Vec<Option<LoadedParticipant>>, Fault> {
    let there: Vec<bool> = participants.iter().map(Option::is_some).collect();
    let mut loaded = with_cards(client, participants.into_iter().flatten().collect()).await?.into_iter();
    Ok(there.into_iter().map(|there| if there { loaded.next() } else { None }).collect())
}

pub(super) async fn scan_participants(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    from: u64,
    limit: u32,
) -> Result<Vec<LoadedParticipant>, Fault> {
    let statement = client
        .prepare_cached(concat!(
            "SELECT ",
            participant_columns!(),
            ", p.body FROM participant p WHERE p.campaign = $1 AND p.ordinal >= $2
             ORDER BY p.ordinal LIMIT $3"
        ))
        .await?;
    let rows = client.query(&statement, &[&campaign.0, &counter_to_column(from), &i64::from(limit)]).await?;
    let participants = rows.iter().map(|row| participant(row, 0, true)).collect::<Result<_, Fault>>()?;
    with_cards(client, participants).await
}

pub(super) async fn load_participants(
    client: &ClientWrapper,
    keys: &[(SimCampaignId, u64)],
) -> Result<Vec<Option<LoadedParticipant>>, Fault> {
    let (campaigns, ordinals): (Vec<i64>, Vec<i64>) =
        keys.iter().map(|(campaign, ordinal)| (campaign.0, counter_to_column(*ordinal))).unzip();
    let statement = client
        .prepare_cached(concat!(
            "SELECT w.index, ",
            participant_columns!(),
            ", p.body FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (campaign, ordinal, index)
             CROSS JOIN LATERAL (
                 SELECT * FROM participant p WHERE p.campaign = w.campaign AND p.ordinal = w.ordinal LIMIT 1
             ) p"
        ))
        .await?;
    let rows = client.query(&statement, &[&campaigns, &ordinals]).await?;
    each_with_card(client, one_each(keys.len(), &rows, |row| participant(row, 1, true))?).await
}

/// A card takes part in few campaigns, and in one of them at a time is a message on its way: the one that holds one
/// of its key sets, or else, for cards without keys, the one that changed last.
pub(super) async fn participants_by_msisdn(
    client: &ClientWrapper,
    msisdns: &[String],
) -> Result<Vec<Option<LoadedParticipant>>, Fault> {
    let statement = client
        .prepare_cached(concat!(
            "SELECT w.index, ",
            participant_columns!(),
            ", p.body FROM unnest($1::text[]) WITH ORDINALITY AS w (msisdn, index)
             CROSS JOIN LATERAL (SELECT sim FROM sim_name n WHERE n.kind = 3 AND n.name = w.msisdn LIMIT 1) n
             CROSS JOIN LATERAL (
                 SELECT p.* FROM participant p
                 WHERE p.sim = n.sim AND p.status IN (2, 3, 5)
                 ORDER BY EXISTS (SELECT 1 FROM key_set k WHERE k.sim = p.sim
                                  AND k.holder_campaign = p.campaign AND k.holder_ordinal = p.ordinal) DESC,
                          p.updated_at DESC, p.campaign DESC
                 LIMIT 1
             ) p"
        ))
        .await?;
    let rows = client.query(&statement, &[&msisdns]).await?;
    each_with_card(client, one_each(msisdns.len(), &rows, |row| participant(row, 1, true))?).await
}

pub(super) async fn resting_participants(
    client: &ClientWrapper,
    msisdn: &str,
) -> Result<Vec<LoadedParticipant>, Fault> {
    let statement = client
        .prepare_cached(concat!(
            "SELECT ",
            participant_columns!(),
            ", p.body FROM participant p
             WHERE p.sim = (SELECT sim FROM sim_name WHERE kind = 3 AND name = $1) AND p.status NOT IN (2, 3, 5)
             ORDER BY p.updated_at DESC, p.campaign DESC LIMIT 1"
        ))
        .await?;
    let rows = client.query(&statement, &[&msisdn]).await?;
    let participants = rows.iter().map(|row| participant(row, 0, true)).collect::<Result<_, Fault>>()?;
    with_cards(client, participants).await
}
