//! Key sets of single cards. Nothing here gives a key back.

use super::super::KeySetInClear;
use super::sims::sim;
use super::{ConnectivityError, ConnectivityResult};
use crate::Services;
use crate::card_keys::CardKeyError;
use crate::ports::SimWrite;
use muster_domain::ids::OrganizationId;
use muster_domain::sim::{COUNTER_MAX, Iccid, KeySet, Sim};

/// A card's key sets, by version.
pub async fn key_sets(services: &Services, sim: &Sim) -> ConnectivityResult<Vec<KeySet>> {
    let mut sets = services.sims.key_sets(sim.number).await?;
    sets.sort_by_key(|set| set.kvn);
    Ok(sets)
}

/// Adds a key set to a card, or replaces the one of its version: what the card's answers said about the old one is
/// forgotten. The counter never falls: the greater of both counts on.
pub async fn put_key_set(
    services: &Services,
    organization: OrganizationId,
    card: &Iccid,
    keys: &KeySetInClear,
) -> ConnectivityResult<KeySet> {
    check(keys)?;
    let sim = sim(services, organization, card).await?.value;
    let refused = |error: CardKeyError| ConnectivityError::invalid("key_set", error.to_string());
    let ring = services.settings.card_keys.as_ref().ok_or(CardKeyError::NoCardKey).map_err(refused)?;
    let sealed = keys.seal(ring, services.entropy.as_ref(), card, sim.number).map_err(refused)?;
    services.sims.write_sims(vec![SimWrite::KeySet(sealed)]).await?;
    let stored = services.sims.key_sets(sim.number).await?;
    stored.into_iter().find(|set| set.kvn == keys.kvn).ok_or(ConnectivityError::SimNotFound)
}

/// What is checked of a key set apart from its keys.
pub(super) fn check(keys: &KeySetInClear) -> ConnectivityResult<()> {
    if !(1..=15).contains(&keys.kvn) {
        return Err(ConnectivityError::invalid("kvn", "1 to 15"));
    }
    if keys.next_counter > COUNTER_MAX + 1 {
        return Err(ConnectivityError::invalid("counter", format!("at most {COUNTER_MAX}")));
    }
    Ok(())
}
