//! Client accounts, their agents, documents and prompts.

use super::{Stop, taken};
use crate::calls::is_as_expected;
use crate::encoding::to_json;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{DocumentKind, Expected};
use muster_domain::calls::client::{Agent, Client};
use muster_domain::ids::ClientId;
use serde_json::Value;

pub(super) async fn client(client: &ClientWrapper, account: &Client, expected: Expected) -> Result<(), Stop> {
    let statement =
        client.prepare_cached("SELECT version FROM call_client WHERE id = $1 FOR NO KEY UPDATE").await?;
    let row = client.query_opt(&statement, &[&account.id.0]).await?;
    let found = row.map(|row| row.try_get::<_, i64>(0)).transpose()?;
    if !is_as_expected(found, expected) {
        return Err(Stop::stale("client"));
    }
    // Whoever adds an account that was not there adds none that somebody else added meanwhile.
    let statement = client
        .prepare_cached(
            "INSERT INTO call_client AS c (id, organization, token_sha256, version, body)
             VALUES ($1, $2, $3, 1, $4)
             ON CONFLICT (id) DO UPDATE SET organization = excluded.organization,
                 token_sha256 = excluded.token_sha256, version = c.version + 1, body = excluded.body
             WHERE $5",
        )
        .await?;
    let token = account.token_sha256.as_deref();
    let written = client
        .execute(
            &statement,
            &[
                &account.id.0,
                &account.organization.0,
                &token.map(str::as_bytes),
                &to_json(account, "client account")?,
                &(expected != Expected::Absent),
            ],
        )
        .await
        .map_err(|error| taken(error, "token", token.unwrap_or_default()))?;
    if written == 1 { Ok(()) } else { Err(Stop::stale("client")) }
}

pub(super) async fn agent(client: &ClientWrapper, agent: &Agent) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO call_agent (client, uid, body) VALUES ($1, $2, $3)
             ON CONFLICT (client, uid) DO UPDATE SET body = excluded.body",
        )
        .await?;
    let body = to_json(agent, "agent")?;
    client.execute(&statement, &[&agent.client.0, &agent.uid.as_bytes(), &body]).await?;
    Ok(())
}

pub(super) async fn remove_agent(client: &ClientWrapper, of: ClientId, uid: &str) -> Result<(), Stop> {
    let statement = client.prepare_cached("DELETE FROM call_agent WHERE client = $1 AND uid = $2").await?;
    client.execute(&statement, &[&of.0, &uid.as_bytes()]).await?;
    Ok(())
}

pub(super) async fn document(
    client: &ClientWrapper,
    of: ClientId,
    kind: DocumentKind,
    name: &str,
    body: Option<&Value>,
) -> Result<(), Stop> {
    let name = name.as_bytes();
    if let Some(body) = body {
        let statement = client
            .prepare_cached(
                "INSERT INTO call_document (client, kind, name, body) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (client, kind, name) DO UPDATE SET body = excluded.body",
            )
            .await?;
        client.execute(&statement, &[&of.0, &kind.name(), &name, &to_json(body, kind.name())?]).await?;
    } else {
        let statement = client
            .prepare_cached("DELETE FROM call_document WHERE client = $1 AND kind = $2 AND name = $3")
            .await?;
        client.execute(&statement, &[&of.0, &kind.name(), &name]).await?;
    }
    Ok(())
}

pub(super) async fn prompt(
    client: &ClientWrapper,
    of: ClientId,
    name: &str,
    samples: Option<&[u8]>,
) -> Result<(), Stop> {
    let name = name.as_bytes();
    if let Some(samples) = samples {
        let statement = client
            .prepare_cached(
                "INSERT INTO call_prompt (client, name, samples) VALUES ($1, $2, $3)
                 ON CONFLICT (client, name) DO UPDATE SET samples = excluded.samples",
            )
            .await?;
        client.execute(&statement, &[&of.0, &name, &samples]).await?;
    } else {
        let statement =
            client.prepare_cached("DELETE FROM call_prompt WHERE client = $1 AND name = $2").await?;
        client.execute(&statement, &[&of.0, &name]).await?;
    }
    Ok(())
}
