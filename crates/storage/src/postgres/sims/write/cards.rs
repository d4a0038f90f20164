//! SIM cards, their names and key sets, and card profiles.

use super::super::super::commit::{execute, query};
use super::super::super::error::Fault;
use super::packages::{attach, detach};
use super::{ROWS_MAX, Stop};
use crate::encoding::{counter_from_column, counter_to_column, to_json};
use crate::sims::{decode_sim, encode_keys, encode_sim, flags_to_column, sim_name_key};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::StoreError;
use muster_domain::ids::{AccountId, OrganizationId, PackageId};
use muster_domain::sim::{CardFlags, CardProfile, KeySet, Sim, SimName};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a name is called in a refusal.
const fn kind(name: &SimName) -> &'static str {
    match name {
        SimName::Iccid(_) => "iccid",
        SimName::Imsi(_) => "imsi",
        SimName::Msisdn(_) => "msisdn",
        SimName::Imei(_) => "imei",
    }
}

fn taken(name: &SimName, index: usize) -> Stop {
    Stop::duplicate(kind(name), sim_name_key(name).1, index)
}

/// The names of a SIM, each once.
fn names(sim: &Sim) -> Vec<SimName> {
    let mut seen = FxHashSet::default();
    sim.names().into_iter().filter(|name| seen.insert(name.clone())).collect()
}

/// Loads SIMs, so many at a time.
pub(super) async fn load(client: &ClientWrapper, sims: &[(Sim, Vec<KeySet>)]) -> Result<(), Stop> {
    let names: Vec<Vec<SimName>> = sims.iter().map(|(sim, _)| names(sim)).collect();
    let mut seen = FxHashSet::default();
    let twice = names.iter().enumerate().find_map(|(index, names)| {
        names.iter().find(|name| !seen.insert((*name).clone())).map(|name| (index, name))
    });
    // What comes behind a name that is in the list twice need not be tried: the first fault is told.
    let sound = twice.map_or(sims.len(), |(index, _)| index + 1);
    let chunks = sims[..sound].chunks(ROWS_MAX).zip(names[..sound].chunks(ROWS_MAX));
    for (chunk, (sims, names)) in chunks.enumerate() {
        load_chunk(client, sims, names, chunk * ROWS_MAX).await?;
    }
    match twice {
        Some((index, name)) => Err(taken(name, index)),
        None => Ok(()),
    }
}

async fn load_chunk(
    client: &ClientWrapper,
    sims: &[(Sim, Vec<KeySet>)],
    names: &[Vec<SimName>],
    first: usize,
) -> Result<(), Stop> {
    let numbers = insert_sims(client, sims).await?;
    insert_names(client, &numbers, names, first).await?;
    let (mut owners, mut versions, mut counters) = (Vec::new(), Vec::new(), Vec::new());
    let (mut flags, mut bodies) = (Vec::new(), Vec::new());
    let mut packages: BTreeMap<(PackageId, AccountId), i64> = BTreeMap::new();
    for ((sim, sets), number) in sims.iter().zip(&numbers) {
        for set in each_once(sets) {
            owners.push(*number);
            versions.push(i16::from(set.kvn));
            counters.push(counter_to_column(set.next_counter));
            flags.push(flags_to_column(set.flags));
            bodies.push(encode_keys(&set)?);
        }
        if let Some(package) = sim.package {
            *packages.entry((package, sim.account)).or_default() += 1;
        }
    }
    execute(
        client,
        "INSERT INTO key_set (sim, kvn, next_counter, flags, body)
         SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[], $5::bytea[])",
        owners.len(),
        &[&owners, &versions, &counters, &flags, &bodies],
    )
    .await?;
    for ((package, account), sims) in packages {
        attach(client, package, account, sims).await?;
    }
    Ok(())
}

/// The key sets as if one had been written after the other: the last of each version number replaces those before.
fn each_once(sets: &[KeySet]) -> impl Iterator<Item = KeySet> {
    let mut last: BTreeMap<u8, KeySet> = BTreeMap::new();
    for set in sets {
        let set = match last.get(&set.kvn) {
            Some(before) => KeySet {
                next_counter: set.next_counter.max(before.next_counter),
                flags: CardFlags::default(),
                ..set.clone()
            },
            None => set.clone(),
        };
        last.insert(set.kvn, set);
    }
    last.into_values()
}

/// Adds SIMs and gives them their ordinals and numbers, which are returned.
async fn insert_sims(client: &ClientWrapper, sims: &[(Sim, Vec<KeySet>)]) -> Result<Vec<i64>, Stop> {
    let mut next: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (sim, _) in sims {
        *next.entry(sim.account.0).or_default() += 1;
    }
    for (account, count) in &mut next {
        let statement = client
            .prepare_cached("UPDATE account SET sims = sims + $2 WHERE id = $1 RETURNING sims - $2")
            .await?;
        let row = client.query_opt(&statement, &[account, count]).await?;
        *count = row.ok_or_else(|| Stop::stale("account"))?.try_get(0)?;
    }
    let (mut accounts, mut ordinals, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for (sim, _) in sims {
        let ordinal = next.entry(sim.account.0).or_default();
        accounts.push(sim.account.0);
        ordinals.push(*ordinal);
        bodies.push(encode_sim(sim)?);
        *ordinal += 1;
    }
    // Numbers are given in the order in which the rows come.
    let rows = query(
        client,
        "INSERT INTO sim (account, ordinal, version, body)
         SELECT account, ordinal, 1, body FROM unnest($1::uuid[], $2::bigint[], $3::bytea[])
              WITH ORDINALITY AS w (account, ordinal, body, place) ORDER BY place
         RETURNING number, account, ordinal",
        accounts.len(),
        &[&accounts, &ordinals, &bodies],
    )
    .await?;
    let mut numbers: BTreeMap<(Uuid, i64), i64> = BTreeMap::new();
    for row in &rows {
        numbers.insert((row.try_get(1)?, row.try_get(2)?), row.try_get(0)?);
    }
    let places = accounts.into_iter().zip(ordinals);
    let numbered: Option<Vec<i64>> = places.map(|place| numbers.get(&place).copied()).collect();
    numbered.ok_or_else(|| StoreError::Internal("a SIM that was added did not come back".to_owned()).into())
}

/// Gives names to SIMs, in order, so that nodes do not wait for each other in circles. Refuses with the first SIM
/// that wants a name which is another one's.
async fn insert_names(
    client: &ClientWrapper,
    numbers: &[i64],
    names: &[Vec<SimName>],
    first: usize,
) -> Result<(), Stop> {
    let mut wanted: BTreeMap<(i16, &str), i64> = BTreeMap::new();
    for (names, number) in names.iter().zip(numbers) {
        for name in names {
            wanted.entry(sim_name_key(name)).or_insert(*number);
        }
    }
    let (mut kinds, mut texts, mut sims) = (Vec::new(), Vec::new(), Vec::new());
    for ((kind, text), number) in &wanted {
        kinds.push(*kind);
        texts.push(*text);
        sims.push(*number);
    }
    let added = execute(
        client,
        "INSERT INTO sim_name (kind, name, sim)
         SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[])
         ON CONFLICT (kind, name) DO NOTHING",
        kinds.len(),
        &[&kinds, &texts, &sims],
    )
    .await?;
    if added == kinds.len() as u64 {
        return Ok(());
    }
    let rows = query(
        client,
        "SELECT n.kind, n.name FROM unnest($1::smallint[], $2::text[], $3::bigint[]) AS w (kind, name, sim)
         CROSS JOIN LATERAL (
             SELECT * FROM sim_name n WHERE n.kind = w.kind AND n.name = w.name AND n.sim <> w.sim LIMIT 1
         ) n",
        kinds.len(),
        &[&kinds, &texts, &sims],
    )
    .await?;
    let mut others: FxHashSet<(i16, String)> = FxHashSet::default();
    for row in &rows {
        others.insert((row.try_get(0)?, row.try_get(1)?));
    }
    let is_taken = |name: &&SimName| {
        let (kind, text) = sim_name_key(name);
        others.contains(&(kind, text.to_owned()))
    };
    let fault = names
        .iter()
        .enumerate()
        .find_map(|(index, names)| names.iter().find(is_taken).map(|name| (index, name)));
    match fault {
        Some((index, name)) => Err(taken(name, first + index)),
        // It was in our way and is gone again.
        None => Err(Stop::Fault(Fault::Overtaken)),
    }
}

pub(super) async fn replace(client: &ClientWrapper, sim: &Sim, version: u64) -> Result<(), Stop> {
    let number = sim.number.0;
    let statement =
        client.prepare_cached("SELECT version, body FROM sim WHERE number = $1 FOR NO KEY UPDATE").await?;
    let Some(row) = client.query_opt(&statement, &[&number]).await? else {
        return Err(Stop::stale("sim"));
    };
    if counter_from_column(row.try_get(0)?) != version {
        return Err(Stop::stale("sim"));
    }
    let old = decode_sim(number, row.try_get(1)?)?;
    if old.account != sim.account || old.iccid != sim.iccid {
        let what = format!("SIM {number} was to change its account or ICCID, which a SIM never does");
        return Err(StoreError::Internal(what).into());
    }
    change_names(client, &old, sim).await?;
    if old.package != sim.package {
        if let Some(package) = old.package {
            detach(client, package, sim.account).await?;
        }
        if let Some(package) = sim.package {
            attach(client, package, sim.account, 1).await?;
        }
    }
    let statement =
        client.prepare_cached("UPDATE sim SET version = version + 1, body = $2 WHERE number = $1").await?;
    client.execute(&statement, &[&number, &encode_sim(sim)?]).await?;
    Ok(())
}

async fn change_names(client: &ClientWrapper, old: &Sim, new: &Sim) -> Result<(), Stop> {
    let (before, after) = (names(old), names(new));
    let removed: Vec<&SimName> = before.iter().filter(|name| !after.contains(name)).collect();
    let added: Vec<SimName> = after.into_iter().filter(|name| !before.contains(name)).collect();
    for name in removed {
        let (kind, text) = sim_name_key(name);
        let statement =
            client.prepare_cached("DELETE FROM sim_name WHERE kind = $1 AND name = $2 AND sim = $3").await?;
        client.execute(&statement, &[&kind, &text, &new.number.0]).await?;
    }
    insert_names(client, &[new.number.0], &[added], 0).await
}

pub(super) async fn key_set(client: &ClientWrapper, set: &KeySet) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO key_set AS k (sim, kvn, next_counter, flags, body)
             SELECT number, $2, $3, $4, $5 FROM sim WHERE number = $1
             ON CONFLICT (sim, kvn) DO UPDATE SET
                 next_counter = greatest(k.next_counter, excluded.next_counter), flags = 0,
                 body = excluded.body",
        )
        .await?;
    let written = client
        .execute(
            &statement,
            &[
                &set.sim.0,
                &i16::from(set.kvn),
                &counter_to_column(set.next_counter),
                &flags_to_column(set.flags),
                &encode_keys(set)?,
            ],
        )
        .await?;
    if written == 1 { Ok(()) } else { Err(Stop::stale("sim")) }
}

pub(super) async fn profile(
    client: &ClientWrapper,
    organization: OrganizationId,
    profile: &CardProfile,
) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO card_profile (organization, name, body) VALUES ($1, $2, $3)
             ON CONFLICT (organization, name) DO UPDATE SET body = excluded.body",
        )
        .await?;
    let body = to_json(profile, "card profile")?;
    client.execute(&statement, &[&organization.0, &profile.name, &body]).await?;
    Ok(())
}
