//! Accounts, users, tokens and requests.

use super::Stop;
use crate::encoding::{counter_to_column, to_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::Expected;
use muster_domain::account::{Account, ApiToken, ApiUser, Request};

pub(super) async fn account(
    client: &ClientWrapper,
    account: &Account,
    expected: Expected,
) -> Result<(), Stop> {
    let body = to_json(account, "account")?;
    let parent = account.parent.map(|parent| parent.0);
    let written = match expected {
        Expected::Version(version) => {
            let statement = client
                .prepare_cached(
                    "UPDATE account SET version = version + 1, organization = $3, parent = $4, body = $5
                     WHERE id = $1 AND version = $2",
                )
                .await?;
            let version = counter_to_column(version);
            client
                .execute(&statement, &[&account.id.0, &version, &account.organization.0, &parent, &body])
                .await?
        }
        Expected::Absent | Expected::Any => {
            let statement = client
                .prepare_cached(
                    "INSERT INTO account AS a (id, organization, parent, sims, version, body)
                     VALUES ($1, $2, $3, 0, 1, $4)
                     ON CONFLICT (id) DO UPDATE SET version = a.version + 1,
                         organization = excluded.organization, parent = excluded.parent, body = excluded.body
                     WHERE $5",
                )
                .await?;
            let replace = expected == Expected::Any;
            client
                .execute(&statement, &[&account.id.0, &account.organization.0, &parent, &body, &replace])
                .await?
        }
    };
    if written == 1 { Ok(()) } else { Err(Stop::stale("account")) }
}

pub(super) async fn user(client: &ClientWrapper, user: &ApiUser) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO api_user AS u (username, account, body) VALUES ($1, $2, $3)
             ON CONFLICT (username) DO UPDATE SET body = excluded.body WHERE u.account = excluded.account",
        )
        .await?;
    let written =
        client.execute(&statement, &[&user.username, &user.account.0, &to_json(user, "user")?]).await?;
    if written == 1 { Ok(()) } else { Err(Stop::duplicate("username", &user.username, 0)) }
}

pub(super) async fn token(client: &ClientWrapper, token: &ApiToken) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO api_token (sha256, username, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (sha256) DO UPDATE SET username = excluded.username, expires_at = excluded.expires_at",
        )
        .await?;
    client.execute(&statement, &[&token.sha256, &token.username, &token.expires_at.0]).await?;
    Ok(())
}

pub(super) async fn request(client: &ClientWrapper, request: &Request) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO sim_request (id, created_at, body) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, body = excluded.body",
        )
        .await?;
    let body = to_json(request, "request")?;
    client.execute(&statement, &[&request.id, &request.created_at.0, &body]).await?;
    Ok(())
}
