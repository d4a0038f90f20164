//! SIM cards: the cards themselves, their names, key sets and profiles.

use super::offers::{attach, detach};
use super::paging;
use super::write::{Stop, stale};
use crate::encoding::{counter_from_column, counter_to_column, from_json, to_json};
use crate::sims::{KeySetColumns, decode_sim, encode_keys, encode_sim, flags_to_column, sim_name_key};
use crate::sqlite::error::Fault;
use muster_app::ports::{PageOf, Paged, SimRefusal, StoreError, Versioned};
use muster_domain::ids::{AccountId, OrganizationId};
use muster_domain::sim::{CardProfile, KeySet, Sim, SimName};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) const PAGE: &str = "SELECT number, body FROM sim
     WHERE account = ?1 AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3";
pub(super) const BY_NAME: &str = "SELECT sim.number, sim.version, sim.body
     FROM sim_name JOIN sim ON sim.number = sim_name.sim WHERE sim_name.kind = ?1 AND sim_name.name = ?2";
pub(super) const KEY_SETS: &str =
    "SELECT sim, kvn, next_counter, holder_campaign, holder_ordinal, flags, body
     FROM key_set WHERE sim = ?1 ORDER BY kvn";

pub(super) fn by_names(
    connection: &Connection,
    names: &[SimName],
) -> Result<Vec<Option<Versioned<Sim>>>, Fault> {
    let mut statement = connection.prepare_cached(BY_NAME)?;
    names
        .iter()
        .map(|name| {
            let (kind, text) = sim_name_key(name);
            statement
                .query_row(params![kind, text], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
                })
                .optional()?
                .map(|(number, version, body)| {
                    Ok(Versioned { value: decode_sim(number, &body)?, version: counter_from_column(version) })
                })
                .transpose()
        })
        .collect()
}

/// The number of the card of a phone number.
pub(super) fn number_of(connection: &Connection, msisdn: &str) -> Result<Option<i64>, Fault> {
    let name = SimName::Msisdn(msisdn.to_owned());
    let (kind, text) = sim_name_key(&name);
    Ok(connection
        .prepare_cached("SELECT sim FROM sim_name WHERE kind = ?1 AND name = ?2")?
        .query_row(params![kind, text], |row| row.get(0))
        .optional()?)
}

pub(super) fn card(connection: &Connection, number: i64) -> Result<Sim, Fault> {
    let body: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM sim WHERE number = ?1")?
        .query_row(params![number], |row| row.get(0))
        .optional()?;
    match body {
        Some(body) => Ok(decode_sim(number, &body)?),
        None => Err(StoreError::Corrupt(format!("SIM {number} of a participant is not stored")).into()),
    }
}

pub(super) fn page(connection: &Connection, account: AccountId, page: PageOf) -> Result<Paged<Sim>, Fault> {
    let total: Option<i64> = connection
        .prepare_cached("SELECT sims FROM account WHERE id = ?1")?
        .query_row(params![account.0.as_bytes()], |row| row.get(0))
        .optional()?;
    let mut statement = connection.prepare_cached(PAGE)?;
    let mut rows =
        statement.query(params![account.0.as_bytes(), counter_to_column(page.skip()), page.size])?;
    let mut sims = Vec::new();
    while let Some(row) = rows.next()? {
        sims.push(decode_sim(row.get(0)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?);
    }
    Ok(Paged { rows: sims, total: total.map_or(0, counter_from_column) })
}

pub(super) fn key_sets(connection: &Connection, number: i64) -> Result<Vec<KeySet>, Fault> {
    connection
        .prepare_cached(KEY_SETS)?
        .query_map(params![number], |row| {
            Ok(KeySetColumns {
                sim: row.get(0)?,
                kvn: row.get(1)?,
                next_counter: row.get(2)?,
                holder_campaign: row.get(3)?,
                holder_ordinal: row.get(4)?,
                flags: row.get(5)?,
                body: row.get(6)?,
            })
        })?
        .map(|columns| Ok(columns?.into_key_set()?))
        .collect()
}

pub(super) fn profile(
    connection: &Connection,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<CardProfile>, Fault> {
    connection
        .prepare_cached("SELECT body FROM card_profile WHERE organization = ?1 AND name = ?2")?
        .query_row(params![organization.0, name], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| Ok(from_json(&body, "card profile")?))
        .transpose()
}

pub(super) fn profiles(
    connection: &Connection,
    organization: OrganizationId,
) -> Result<Vec<CardProfile>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM card_profile WHERE organization = ?1 ORDER BY name")?;
    let mut rows = statement.query(params![organization.0])?;
    let mut profiles = Vec::new();
    while let Some(row) = rows.next()? {
        profiles.push(paging::json(row, "card profile")?);
    }
    Ok(profiles)
}

pub(super) fn write_profile(
    connection: &Connection,
    organization: OrganizationId,
    profile: &CardProfile,
) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO card_profile (organization, name, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (organization, name) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![organization.0, profile.name, to_json(profile, "card profile")?])?;
    Ok(())
}

/// Loads cards. Cards of one account mostly come together, so its counter moves once for each run of them.
pub(super) fn load(connection: &Connection, sims: &[(Sim, Vec<KeySet>)]) -> Result<(), Stop> {
    let mut index = 0;
    for run in sims.chunk_by(|(a, _), (b, _)| a.account == b.account) {
        let count = run.len() as i64;
        let account = run[0].0.account;
        let behind: i64 = connection
            .prepare_cached("UPDATE account SET sims = sims + ?2 WHERE id = ?1 RETURNING sims")?
            .query_row(params![account.0.as_bytes(), count], |row| row.get(0))
            .optional()?
            .ok_or_else(|| stale("account"))?;
        for ((sim, sets), ordinal) in run.iter().zip(behind - count..) {
            load_one(connection, sim, sets, ordinal, index)?;
            index += 1;
        }
    }
    Ok(())
}

fn load_one(
    connection: &Connection,
    sim: &Sim,
    sets: &[KeySet],
    ordinal: i64,
    index: usize,
) -> Result<(), Stop> {
    let number: i64 = connection
        .prepare_cached(
            "INSERT INTO sim (account, ordinal, version, body) VALUES (?1, ?2, 1, ?3) RETURNING number",
        )?
        .query_row(params![sim.account.0.as_bytes(), ordinal, encode_sim(sim)?], |row| row.get(0))?;
    for name in sim.names() {
        take_name(connection, number, &name, index)?;
    }
    for set in sets {
        put_key_set(connection, number, set)?;
    }
    if let Some(package) = sim.package {
        attach(connection, sim.account, package)?;
    }
    Ok(())
}

/// Takes a name for a card; one that it has already is no error.
fn take_name(connection: &Connection, number: i64, name: &SimName, index: usize) -> Result<(), Stop> {
    let (kind, text) = sim_name_key(name);
    let taken = connection
        .prepare_cached(
            "INSERT INTO sim_name (kind, name, sim) VALUES (?1, ?2, ?3) ON CONFLICT (kind, name) DO NOTHING",
        )?
        .execute(params![kind, text, number])?;
    if taken == 1 {
        return Ok(());
    }
    let owner: i64 = connection
        .prepare_cached("SELECT sim FROM sim_name WHERE kind = ?1 AND name = ?2")?
        .query_row(params![kind, text], |row| row.get(0))?;
    if owner == number {
        return Ok(());
    }
    let what = match name {
        SimName::Iccid(_) => "iccid",
        SimName::Imsi(_) => "imsi",
        SimName::Msisdn(_) => "msisdn",
        SimName::Imei(_) => "imei",
    };
    Err(Stop::Refused(SimRefusal::Duplicate { what, value: text.to_owned(), index }))
}

pub(super) fn replace(connection: &Connection, sim: &Sim, version: u64) -> Result<(), Stop> {
    let stored: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM sim WHERE number = ?1 AND version = ?2")?
        .query_row(params![sim.number.0, counter_to_column(version)], |row| row.get(0))
        .optional()?;
    let before = decode_sim(sim.number.0, &stored.ok_or_else(|| stale("sim"))?)?;
    if before.account != sim.account || before.iccid != sim.iccid {
        let text = format!("SIM {} cannot change its account or its ICCID", sim.number);
        return Err(StoreError::Internal(text).into());
    }
    let (old, new) = (before.names(), sim.names());
    for name in old.iter().filter(|name| !new.contains(name)) {
        let (kind, text) = sim_name_key(name);
        connection
            .prepare_cached("DELETE FROM sim_name WHERE kind = ?1 AND name = ?2 AND sim = ?3")?
            .execute(params![kind, text, sim.number.0])?;
    }
    for name in new.iter().filter(|name| !old.contains(name)) {
        take_name(connection, sim.number.0, name, 0)?;
    }
    if before.package != sim.package {
        if let Some(package) = sim.package {
            attach(connection, sim.account, package)?;
        }
        if let Some(package) = before.package {
            detach(connection, sim.account, package)?;
        }
    }
    connection
        .prepare_cached("UPDATE sim SET version = version + 1, body = ?2 WHERE number = ?1")?
        .execute(params![sim.number.0, encode_sim(sim)?])?;
    Ok(())
}

pub(super) fn write_key_set(connection: &Connection, set: &KeySet) -> Result<(), Stop> {
    let known =
        connection.prepare_cached("SELECT 1 FROM sim WHERE number = ?1")?.exists(params![set.sim.0])?;
    if known { put_key_set(connection, set.sim.0, set) } else { Err(stale("sim")) }
}

fn put_key_set(connection: &Connection, number: i64, set: &KeySet) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO key_set (sim, kvn, next_counter, flags, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (sim, kvn) DO UPDATE SET next_counter = max(next_counter, excluded.next_counter),
             flags = 0, body = excluded.body",
        )?
        .execute(params![
            number,
            set.kvn,
            counter_to_column(set.next_counter),
            flags_to_column(set.flags),
            encode_keys(set)?
        ])?;
    Ok(())
}
