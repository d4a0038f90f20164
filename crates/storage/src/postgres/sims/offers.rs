//! Reads about templates, tariffs and packages.

use super::super::error::Fault;
use super::rows::page;
use crate::encoding::{counter_from_column, from_json};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{PackagesOf, PageOf, Paged, Versioned};
use muster_domain::ids::{AccountId, PackageId, TariffId, TemplateId};
use muster_domain::sim::Template;
use muster_domain::tariff::{Package, Tariff};
use tokio_postgres::Row;
use uuid::Uuid;

pub(super) async fn template(client: &ClientWrapper, id: TemplateId) -> Result<Option<Template>, Fault> {
    let statement = client.prepare_cached("SELECT body FROM sim_template WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&id.0]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "template")?)).transpose()
}

pub(super) async fn page_templates(
    client: &ClientWrapper,
    account: AccountId,
    of: PageOf,
) -> Result<Paged<Template>, Fault> {
    let (rows, total) = try_join(
        client.prepare_cached(
            "SELECT body FROM sim_template WHERE account = $1 ORDER BY id OFFSET $2 LIMIT $3",
        ),
        client.prepare_cached("SELECT count(*) FROM sim_template WHERE account = $1"),
    )
    .await?;
    page(client, &rows, &total, &[&account.0], of, |row| Ok(from_json(row.try_get(0)?, "template")?)).await
}

pub(super) async fn tariffs(client: &ClientWrapper, ids: &[TariffId]) -> Result<Vec<Option<Tariff>>, Fault> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let statement = client
        .prepare_cached(
            "SELECT w.index, t.body FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, index)
             CROSS JOIN LATERAL (SELECT body FROM tariff t WHERE t.id = w.id LIMIT 1) t",
        )
        .await?;
    let rows = client.query(&statement, &[&wanted]).await?;
    super::rows::one_each(ids.len(), &rows, |row| Ok(from_json(row.try_get(1)?, "tariff")?))
}

pub(super) async fn page_tariffs(
    client: &ClientWrapper,
    account: AccountId,
    of: PageOf,
) -> Result<Paged<Tariff>, Fault> {
    let (rows, total) = try_join(
        client.prepare_cached("SELECT body FROM tariff WHERE account = $1 ORDER BY place OFFSET $2 LIMIT $3"),
        client.prepare_cached("SELECT count(*) FROM tariff WHERE account = $1"),
    )
    .await?;
    page(client, &rows, &total, &[&account.0], of, |row| Ok(from_json(row.try_get(0)?, "tariff")?)).await
}

/// The package in the columns `ever_used`, `body`, from `first` on.
fn read_package(row: &Row, first: usize) -> Result<Package, Fault> {
    let mut package: Package = from_json(row.try_get(first + 1)?, "package")?;
    // Set by whoever attaches it, without rewriting the body.
    package.is_ever_used |= row.try_get::<_, bool>(first)?;
    Ok(package)
}

pub(super) async fn package(
    client: &ClientWrapper,
    id: PackageId,
) -> Result<Option<Versioned<Package>>, Fault> {
    let statement =
        client.prepare_cached("SELECT version, ever_used, body FROM package WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&id.0]).await?;
    row.map(|row| {
        Ok(Versioned { version: counter_from_column(row.try_get(0)?), value: read_package(&row, 1)? })
    })
    .transpose()
}

pub(super) async fn page_packages(
    client: &ClientWrapper,
    of: PackagesOf,
    page_of: PageOf,
) -> Result<Paged<Package>, Fault> {
    let (rows, total, accounts) = match of {
        PackagesOf::CreatedBy(account) => (
            "SELECT ever_used, body FROM package WHERE account = $1 AND NOT deleted
             ORDER BY place OFFSET $2 LIMIT $3",
            "SELECT count(*) FROM package WHERE account = $1 AND NOT deleted",
            vec![account.0],
        ),
        PackagesOf::OpenTo { account, parent } => (
            "SELECT ever_used, body FROM package p WHERE account = $1 AND NOT deleted
             AND (open_to_all OR EXISTS (SELECT 1 FROM package_account a WHERE a.package = p.place AND a.account = $2))
             ORDER BY place OFFSET $3 LIMIT $4",
            "SELECT count(*) FROM package p WHERE account = $1 AND NOT deleted
             AND (open_to_all OR EXISTS (SELECT 1 FROM package_account a WHERE a.package = p.place AND a.account = $2))",
            vec![parent.0, account.0],
        ),
        PackagesOf::AttachedIn(account) => (
            "SELECT p.ever_used, p.body FROM
             (SELECT package FROM package_use WHERE account = $1 ORDER BY package OFFSET $2 LIMIT $3) u
             CROSS JOIN LATERAL (SELECT * FROM package WHERE place = u.package LIMIT 1) p ORDER BY p.place",
            "SELECT count(*) FROM package_use WHERE account = $1",
            vec![account.0],
        ),
    };
    let (rows, total) = try_join(client.prepare_cached(rows), client.prepare_cached(total)).await?;
    let parameters: Vec<_> =
        accounts.iter().map(|account| account as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
    page(client, &rows, &total, &parameters, page_of, |row| read_package(row, 0)).await
}
