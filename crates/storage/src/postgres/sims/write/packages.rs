//! Tariffs, packages, and which SIMs have them.

use super::super::super::error::{Fault, violated};
use super::Stop;
use crate::encoding::{counter_from_column, to_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{Expected, SimRefusal};
use muster_domain::ids::{AccountId, PackageId};
use muster_domain::tariff::{Eligibility, Package, Tariff};
use uuid::Uuid;

pub(super) async fn tariff(client: &ClientWrapper, tariff: &Tariff) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO tariff (id, account, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        )
        .await?;
    let body = to_json(tariff, "tariff")?;
    let written = client.execute(&statement, &[&tariff.id.0, &tariff.account.0, &body]).await?;
    if written == 1 { Ok(()) } else { Err(Stop::stale("tariff")) }
}

/// A package as it is looked at before it is changed; its row stays locked.
struct Found {
    place: i64,
    version: u64,
    ever_used: bool,
    deleted: bool,
}

async fn lock(client: &ClientWrapper, id: PackageId) -> Result<Option<Found>, Stop> {
    let statement = client
        .prepare_cached(
            "SELECT place, version, ever_used, deleted FROM package WHERE id = $1 FOR NO KEY UPDATE",
        )
        .await?;
    let row = client.query_opt(&statement, &[&id.0]).await?;
    row.map(|row| {
        Ok(Found {
            place: row.try_get(0)?,
            version: counter_from_column(row.try_get(1)?),
            ever_used: row.try_get(2)?,
            deleted: row.try_get(3)?,
        })
    })
    .transpose()
}

pub(super) async fn package(
    client: &ClientWrapper,
    package: &Package,
    expected: Expected,
) -> Result<(), Stop> {
    let found = match expected {
        Expected::Absent => None,
        Expected::Version(version) => match lock(client, package.id).await? {
            Some(found) if found.version == version => Some(found),
            _ => return Err(Stop::stale("package")),
        },
        Expected::Any => lock(client, package.id).await?,
    };
    let place = match found {
        Some(found) => replace(client, package, &found).await?,
        None => add(client, package, expected).await?,
    };
    set_eligible(client, place, &package.eligibility).await
}

async fn replace(client: &ClientWrapper, package: &Package, found: &Found) -> Result<i64, Stop> {
    if package.deleted && !found.deleted {
        // Attaching locks the package too, so nobody attaches it between this look and the commit.
        let statement = client.prepare_cached("SELECT 1 FROM package_use WHERE package = $1 LIMIT 1").await?;
        if client.query_opt(&statement, &[&found.place]).await?.is_some() {
            return Err(Stop::Refused(SimRefusal::PackageInUse));
        }
    }
    let statement = client
        .prepare_cached(
            "UPDATE package SET version = version + 1, account = $2, name = $3, open_to_all = $4,
                 ever_used = ever_used OR $5, deleted = $6, body = $7
             WHERE place = $1",
        )
        .await?;
    client
        .execute(
            &statement,
            &[
                &found.place,
                &package.account.0,
                &package.name,
                &is_open_to_all(package),
                &package.is_ever_used,
                &package.deleted,
                &to_json(package, "package")?,
            ],
        )
        .await
        .map_err(|error| taken(error, package))?;
    Ok(found.place)
}

async fn add(client: &ClientWrapper, package: &Package, expected: Expected) -> Result<i64, Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO package (id, account, name, open_to_all, ever_used, deleted, version, body)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
             ON CONFLICT (id) DO NOTHING RETURNING place",
        )
        .await?;
    let row = client
        .query_opt(
            &statement,
            &[
                &package.id.0,
                &package.account.0,
                &package.name,
                &is_open_to_all(package),
                &package.is_ever_used,
                &package.deleted,
                &to_json(package, "package")?,
            ],
        )
        .await
        .map_err(|error| taken(error, package))?;
    match row {
        Some(row) => Ok(row.try_get(0)?),
        // Added by somebody else since we looked.
        None if expected == Expected::Any => Err(Stop::Fault(Fault::Overtaken)),
        None => Err(Stop::stale("package")),
    }
}

fn is_open_to_all(package: &Package) -> bool {
    package.eligibility == Eligibility::All
}

fn taken(error: tokio_postgres::Error, package: &Package) -> Stop {
    if violated(&error) == Some("package_name") {
        Stop::duplicate("package", &package.name, 0)
    } else {
        error.into()
    }
}

async fn set_eligible(client: &ClientWrapper, place: i64, eligibility: &Eligibility) -> Result<(), Stop> {
    let accounts: Vec<Uuid> = match eligibility {
        Eligibility::All => Vec::new(),
        Eligibility::These(accounts) => accounts.iter().map(|account| account.0).collect(),
    };
    let (clear, add) = (
        client
            .prepare_cached("DELETE FROM package_account WHERE package = $1 AND account <> ALL ($2)")
            .await?,
        client
            .prepare_cached(
                "INSERT INTO package_account (package, account) SELECT $1, * FROM unnest($2::uuid[])
                 ON CONFLICT (package, account) DO NOTHING",
            )
            .await?,
    );
    client.execute(&clear, &[&place, &accounts]).await?;
    if !accounts.is_empty() {
        client.execute(&add, &[&place, &accounts]).await?;
    }
    Ok(())
}

/// Attaches a package to so many more SIMs of an account.
pub(super) async fn attach(
    client: &ClientWrapper,
    id: PackageId,
    account: AccountId,
    sims: i64,
) -> Result<(), Stop> {
    let Some(found) = lock(client, id).await?.filter(|found| !found.deleted) else {
        return Err(Stop::Refused(SimRefusal::NoPackage));
    };
    if !found.ever_used {
        // Who read it as never used must not change its tariffs any more.
        let statement = client
            .prepare_cached("UPDATE package SET ever_used = true, version = version + 1 WHERE place = $1")
            .await?;
        client.execute(&statement, &[&found.place]).await?;
    }
    let statement = client
        .prepare_cached(
            "INSERT INTO package_use AS u (account, package, sims) VALUES ($1, $2, $3)
             ON CONFLICT (account, package) DO UPDATE SET sims = u.sims + excluded.sims",
        )
        .await?;
    client.execute(&statement, &[&account.0, &found.place, &sims]).await?;
    Ok(())
}

/// Takes a package from one SIM of an account.
pub(super) async fn detach(client: &ClientWrapper, id: PackageId, account: AccountId) -> Result<(), Stop> {
    // The package's row is locked by whoever changes how many have it, so that nobody counts from an old number.
    let Some(found) = lock(client, id).await? else { return Ok(()) };
    let (fewer, none) = (
        client
            .prepare_cached("UPDATE package_use SET sims = sims - 1 WHERE account = $1 AND package = $2")
            .await?,
        client
            .prepare_cached("DELETE FROM package_use WHERE account = $1 AND package = $2 AND sims <= 0")
            .await?,
    );
    client.execute(&fewer, &[&account.0, &found.place]).await?;
    client.execute(&none, &[&account.0, &found.place]).await?;
    Ok(())
}
