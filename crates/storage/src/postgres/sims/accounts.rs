//! Reads about accounts, users, tokens and requests.

use super::super::error::Fault;
use super::rows::{page, versioned};
use crate::encoding::{counter_from_column, from_json};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{PageOf, Paged, Versioned};
use muster_domain::account::{Account, ApiToken, ApiUser, Request};
use muster_domain::ids::{AccountId, OrganizationId};
use muster_domain::time::UnixMillis;
use uuid::Uuid;

pub(super) async fn account(
    client: &ClientWrapper,
    id: AccountId,
) -> Result<Option<Versioned<Account>>, Fault> {
    let statement = client.prepare_cached("SELECT version, body FROM account WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&id.0]).await?;
    row.map(|row| versioned(&row, "account")).transpose()
}

pub(super) async fn child_accounts(
    client: &ClientWrapper,
    parent: AccountId,
    of: PageOf,
) -> Result<Paged<Account>, Fault> {
    let (rows, total) = try_join(
        client.prepare_cached("SELECT body FROM account WHERE parent = $1 ORDER BY place OFFSET $2 LIMIT $3"),
        client.prepare_cached("SELECT count(*) FROM account WHERE parent = $1"),
    )
    .await?;
    page(client, &rows, &total, &[&parent.0], of, |row| Ok(from_json(row.try_get(0)?, "account")?)).await
}

pub(super) async fn root_accounts(
    client: &ClientWrapper,
    organization: OrganizationId,
) -> Result<Vec<Account>, Fault> {
    let statement = client
        .prepare_cached("SELECT body FROM account WHERE organization = $1 AND parent IS NULL ORDER BY place")
        .await?;
    let rows = client.query(&statement, &[&organization.0]).await?;
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, "account")?)).collect()
}

pub(super) async fn api_user(client: &ClientWrapper, username: &str) -> Result<Option<ApiUser>, Fault> {
    let statement = client.prepare_cached("SELECT body FROM api_user WHERE username = $1").await?;
    let row = client.query_opt(&statement, &[&username]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "user")?)).transpose()
}

pub(super) async fn api_token(
    client: &ClientWrapper,
    sha256: &str,
) -> Result<Option<(ApiToken, ApiUser)>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT t.username, t.expires_at, u.body
             FROM api_token t
             CROSS JOIN LATERAL (SELECT body FROM api_user WHERE username = t.username LIMIT 1) u
             WHERE t.sha256 = $1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&sha256]).await?;
    row.map(|row| {
        let token = ApiToken {
            sha256: sha256.to_owned(),
            username: row.try_get(0)?,
            expires_at: UnixMillis(row.try_get(1)?),
        };
        Ok((token, from_json(row.try_get(2)?, "user")?))
    })
    .transpose()
}

pub(super) async fn request(client: &ClientWrapper, id: Uuid) -> Result<Option<Request>, Fault> {
    let statement = client.prepare_cached("SELECT body FROM sim_request WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&id]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "request")?)).transpose()
}

/// Deletes some of what has expired; returns how many rows. Less than [`SWEEP_MAX`](super::super::upkeep::SWEEP_MAX)
/// means that none is left, or that another node is sweeping them.
pub(super) async fn sweep(
    client: &ClientWrapper,
    now: UnixMillis,
    parts_before: UnixMillis,
    requests_before: UnixMillis,
) -> Result<u64, Fault> {
    let most = super::super::upkeep::SWEEP_MAX as i64;
    let tokens = client
        .execute(
            "DELETE FROM api_token WHERE sha256 IN
             (SELECT sha256 FROM api_token WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&now.0, &most],
        )
        .await?;
    let parts = client
        .execute(
            "DELETE FROM answer_part WHERE (source, reference, total, sequence) IN
             (SELECT source, reference, total, sequence FROM answer_part WHERE received_at < $1
              ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&parts_before.0, &most],
        )
        .await?;
    let requests = client
        .execute(
            "DELETE FROM sim_request WHERE id IN
             (SELECT id FROM sim_request WHERE created_at < $1
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&requests_before.0, &most],
        )
        .await?;
    Ok(tokens + parts + requests)
}

/// Reserves the next number of a sequence.
pub(super) async fn next_number(client: &ClientWrapper, kind: &str) -> Result<i64, Fault> {
    let statement = client
        .prepare_cached("UPDATE sim_sequence SET last = last + 1 WHERE kind = $1 RETURNING last")
        .await?;
    Ok(client.query_one(&statement, &[&kind]).await?.try_get(0)?)
}

/// Rows counted by a maintained counter, nought where there is no counter.
pub(super) fn counted(row: Option<tokio_postgres::Row>) -> Result<u64, Fault> {
    row.map_or(Ok(0), |row| Ok(counter_from_column(row.try_get(0)?)))
}
