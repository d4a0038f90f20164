//! Reads about client accounts, their agents, documents and prompts.

use super::super::error::Fault;
use super::rows::{text, versioned};
use crate::encoding::{counter_from_column, from_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{DocumentKind, Versioned};
use muster_domain::calls::client::{Agent, Client};
use muster_domain::ids::{ClientId, OrganizationId};
use serde_json::Value;

pub(super) async fn client(client: &ClientWrapper, id: ClientId) -> Result<Option<Versioned<Client>>, Fault> {
    let statement = client.prepare_cached("SELECT version, body FROM call_client WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&id.0]).await?;
    row.map(|row| versioned(&row, "client account")).transpose()
}

pub(super) async fn client_by_token(client: &ClientWrapper, sha256: &str) -> Result<Option<Client>, Fault> {
    let statement = client.prepare_cached("SELECT body FROM call_client WHERE token_sha256 = $1").await?;
    let row = client.query_opt(&statement, &[&sha256.as_bytes()]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "client account")?)).transpose()
}

pub(super) async fn clients(
    client: &ClientWrapper,
    organization: Option<OrganizationId>,
) -> Result<Vec<Client>, Fault> {
    let rows = if let Some(organization) = organization {
        let statement =
            client.prepare_cached("SELECT body FROM call_client WHERE organization = $1 ORDER BY id").await?;
        client.query(&statement, &[&organization.0]).await?
    } else {
        let statement = client.prepare_cached("SELECT body FROM call_client ORDER BY id").await?;
        client.query(&statement, &[]).await?
    };
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, "client account")?)).collect()
}

pub(super) async fn agents(client: &ClientWrapper, of: ClientId) -> Result<Vec<Agent>, Fault> {
    let statement =
        client.prepare_cached("SELECT body FROM call_agent WHERE client = $1 ORDER BY uid").await?;
    let rows = client.query(&statement, &[&of.0]).await?;
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, "agent")?)).collect()
}

pub(super) async fn agent(client: &ClientWrapper, of: ClientId, uid: &str) -> Result<Option<Agent>, Fault> {
    let statement =
        client.prepare_cached("SELECT body FROM call_agent WHERE client = $1 AND uid = $2").await?;
    let row = client.query_opt(&statement, &[&of.0, &uid.as_bytes()]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "agent")?)).transpose()
}

pub(super) async fn documents(
    client: &ClientWrapper,
    of: ClientId,
    kind: DocumentKind,
) -> Result<Vec<(String, Value)>, Fault> {
    let statement = client
        .prepare_cached("SELECT name, body FROM call_document WHERE client = $1 AND kind = $2 ORDER BY name")
        .await?;
    let rows = client.query(&statement, &[&of.0, &kind.name()]).await?;
    rows.iter().map(|row| Ok((text(row, 0)?, from_json(row.try_get(1)?, kind.name())?))).collect()
}

pub(super) async fn prompts(client: &ClientWrapper, of: ClientId) -> Result<Vec<(String, u64)>, Fault> {
    // A sample has two octets.
    let statement = client
        .prepare_cached(
            "SELECT name, octet_length(samples)::bigint / 2 FROM call_prompt WHERE client = $1 ORDER BY name",
        )
        .await?;
    let rows = client.query(&statement, &[&of.0]).await?;
    rows.iter().map(|row| Ok((text(row, 0)?, counter_from_column(row.try_get(1)?)))).collect()
}

pub(super) async fn prompt(
    client: &ClientWrapper,
    of: ClientId,
    name: &str,
) -> Result<Option<Vec<u8>>, Fault> {
    let statement =
        client.prepare_cached("SELECT samples FROM call_prompt WHERE client = $1 AND name = $2").await?;
    let row = client.query_opt(&statement, &[&of.0, &name.as_bytes()]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}
