//! Tariffs and packages, and which SIMs have a package.

use super::paging;
use super::write::{Stop, check_expected, stale};
use crate::encoding::{counter_from_column, from_json, to_json};
use crate::sqlite::error::{Fault, is_duplicate};
use muster_app::ports::{Expected, PackagesOf, PageOf, Paged, SimRefusal, Versioned};
use muster_domain::ids::{AccountId, PackageId, TariffId};
use muster_domain::tariff::{Eligibility, Package, Tariff};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) const TARIFFS: (&str, &str) = (
    "SELECT count(*) FROM tariff WHERE account = ?1",
    "SELECT body FROM tariff WHERE account = ?1 ORDER BY place LIMIT ?2 OFFSET ?3",
);
pub(super) const CREATED_BY: (&str, &str) = (
    "SELECT count(*) FROM package WHERE account = ?1 AND deleted = 0",
    "SELECT body, ever_used FROM package WHERE account = ?1 AND deleted = 0 ORDER BY place LIMIT ?2 OFFSET ?3",
);
pub(super) const OPEN_TO: (&str, &str) = (
    "SELECT count(*) FROM package WHERE account = ?1 AND deleted = 0 AND (open_to_all = 1 OR EXISTS
     (SELECT 1 FROM package_account WHERE package_account.package = package.place AND account = ?2))",
    "SELECT body, ever_used FROM package WHERE account = ?1 AND deleted = 0 AND (open_to_all = 1 OR EXISTS
     (SELECT 1 FROM package_account WHERE package_account.package = package.place AND account = ?2))
     ORDER BY place LIMIT ?3 OFFSET ?4",
);
pub(super) const ATTACHED_IN: (&str, &str) = (
    "SELECT count(*) FROM package_use WHERE account = ?1",
    "SELECT package.body, package.ever_used FROM package_use JOIN package ON package.place = package_use.package
     WHERE package_use.account = ?1 ORDER BY package_use.package LIMIT ?2 OFFSET ?3",
);

pub(super) fn tariffs(connection: &Connection, ids: &[TariffId]) -> Result<Vec<Option<Tariff>>, Fault> {
    let mut statement = connection.prepare_cached("SELECT body FROM tariff WHERE id = ?1")?;
    ids.iter()
        .map(|id| {
            statement
                .query_row(params![id.0.as_bytes()], |row| row.get::<_, String>(0))
                .optional()?
                .map(|body| Ok(from_json(&body, "tariff")?))
                .transpose()
        })
        .collect()
}

pub(super) fn page_tariffs(
    connection: &Connection,
    account: AccountId,
    page: PageOf,
) -> Result<Paged<Tariff>, Fault> {
    paging::page(connection, TARIFFS, &[account.0.as_bytes()], page, |row| paging::json(row, "tariff"))
}

pub(super) fn write_tariff(connection: &Connection, tariff: &Tariff) -> Result<(), Stop> {
    connection
        .prepare_cached("INSERT INTO tariff (id, account, body) VALUES (?1, ?2, ?3)")?
        .execute(params![tariff.id.0.as_bytes(), tariff.account.0.as_bytes(), to_json(tariff, "tariff")?])
        .map(drop)
        .map_err(|error| if is_duplicate(&error) { stale("tariff") } else { error.into() })
}

/// A package whose first two columns are its body and whether it was ever used.
fn package_of(row: &Row<'_>) -> Result<Package, Fault> {
    let package: Package = paging::json(row, "package")?;
    let ever_used: bool = row.get(1)?;
    Ok(Package { is_ever_used: package.is_ever_used || ever_used, ..package })
}

pub(super) fn package(connection: &Connection, id: PackageId) -> Result<Option<Versioned<Package>>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT body, ever_used, version FROM package WHERE id = ?1")?;
    let mut rows = statement.query(params![id.0.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Versioned { value: package_of(row)?, version: counter_from_column(row.get(2)?) }))
}

pub(super) fn page_packages(
    connection: &Connection,
    of: PackagesOf,
    page: PageOf,
) -> Result<Paged<Package>, Fault> {
    match of {
        PackagesOf::CreatedBy(account) => {
            paging::page(connection, CREATED_BY, &[account.0.as_bytes()], page, package_of)
        }
        PackagesOf::OpenTo { account, parent } => {
            paging::page(connection, OPEN_TO, &[parent.0.as_bytes(), account.0.as_bytes()], page, package_of)
        }
        PackagesOf::AttachedIn(account) => {
            paging::page(connection, ATTACHED_IN, &[account.0.as_bytes()], page, package_of)
        }
    }
}

pub(super) fn write_package(
    connection: &Connection,
    package: &Package,
    expected: Expected,
) -> Result<(), Stop> {
    let id = package.id.0.as_bytes();
    let stored: Option<(i64, i64)> = connection
        .prepare_cached("SELECT place, version FROM package WHERE id = ?1")?
        .query_row(params![id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    check_expected(stored.map(|(_, version)| version), expected, "package")?;
    if package.deleted {
        check_unused(connection, stored.map(|(place, _)| place))?;
    } else {
        check_name(connection, package)?;
    }
    let (open_to_all, named): (bool, &[AccountId]) = match &package.eligibility {
        Eligibility::All => (true, &[]),
        Eligibility::These(accounts) => (false, accounts),
    };
    let place: i64 = connection
        .prepare_cached(
            "INSERT INTO package (id, account, name, open_to_all, ever_used, deleted, version, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)
             ON CONFLICT (id) DO UPDATE SET account = excluded.account, name = excluded.name,
             open_to_all = excluded.open_to_all, ever_used = max(ever_used, excluded.ever_used),
             deleted = excluded.deleted, version = version + 1, body = excluded.body RETURNING place",
        )?
        .query_row(
            params![
                id,
                package.account.0.as_bytes(),
                package.name,
                open_to_all,
                package.is_ever_used,
                package.deleted,
                to_json(package, "package")?
            ],
            |row| row.get(0),
        )?;
    connection.prepare_cached("DELETE FROM package_account WHERE package = ?1")?.execute(params![place])?;
    for account in named {
        connection
            .prepare_cached("INSERT OR IGNORE INTO package_account (package, account) VALUES (?1, ?2)")?
            .execute(params![place, account.0.as_bytes()])?;
    }
    Ok(())
}

fn check_unused(connection: &Connection, place: Option<i64>) -> Result<(), Stop> {
    let used =
        connection.prepare_cached("SELECT 1 FROM package_use WHERE package = ?1")?.exists(params![place])?;
    if used { Err(Stop::Refused(SimRefusal::PackageInUse)) } else { Ok(()) }
}

fn check_name(connection: &Connection, package: &Package) -> Result<(), Stop> {
    let taken = connection
        .prepare_cached(
            "SELECT 1 FROM package WHERE account = ?1 AND name = ?2 AND deleted = 0 AND id <> ?3",
        )?
        .exists(params![package.account.0.as_bytes(), package.name, package.id.0.as_bytes()])?;
    if !taken {
        return Ok(());
    }
    Err(Stop::Refused(SimRefusal::Duplicate { what: "package", value: package.name.clone(), index: 0 }))
}

/// One more SIM of the account has the package. The first one ever changes the package, and with it the version, so
/// that nobody who read it as unused can still change what it bundles.
pub(super) fn attach(connection: &Connection, account: AccountId, package: PackageId) -> Result<(), Stop> {
    let found: Option<(i64, bool)> = connection
        .prepare_cached("SELECT place, ever_used FROM package WHERE id = ?1 AND deleted = 0")?
        .query_row(params![package.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((place, ever_used)) = found else { return Err(Stop::Refused(SimRefusal::NoPackage)) };
    if !ever_used {
        connection
            .prepare_cached("UPDATE package SET ever_used = 1, version = version + 1 WHERE place = ?1")?
            .execute(params![place])?;
    }
    connection
        .prepare_cached(
            "INSERT INTO package_use (account, package, sims) VALUES (?1, ?2, 1)
             ON CONFLICT (account, package) DO UPDATE SET sims = sims + 1",
        )?
        .execute(params![account.0.as_bytes(), place])?;
    Ok(())
}

/// One SIM of the account less has the package.
pub(super) fn detach(connection: &Connection, account: AccountId, package: PackageId) -> Result<(), Stop> {
    let left: Option<(i64, i64)> = connection
        .prepare_cached(
            "UPDATE package_use SET sims = sims - 1
             WHERE account = ?1 AND package = (SELECT place FROM package WHERE id = ?2)
             RETURNING package, sims",
        )?
        .query_row(params![account.0.as_bytes(), package.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((place, ..=0)) = left {
        connection
            .prepare_cached("DELETE FROM package_use WHERE account = ?1 AND package = ?2")?
            .execute(params![account.0.as_bytes(), place])?;
    }
    Ok(())
}
