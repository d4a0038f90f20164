//! Client accounts, their agents, documents and prompts, and the numbers that are handed out.

use super::rows::{all, json, one};
use super::write::{Stop, stale, taken};
use crate::calls::{is_as_expected, sequence_key};
use crate::encoding::{counter_from_column, to_json};
use crate::sqlite::error::Fault;
use muster_app::ports::{CallSequence, DocumentKind, Expected, Versioned};
use muster_domain::calls::client::{Agent, Client};
use muster_domain::ids::{ClientId, OrganizationId};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

pub(super) const CLIENT: &str = "SELECT version, body FROM call_client WHERE id = ?1";
pub(super) const BY_TOKEN: &str = "SELECT body FROM call_client WHERE token_sha256 = ?1";
pub(super) const OF_ORGANIZATION: &str = "SELECT body FROM call_client WHERE organization = ?1 ORDER BY id";
pub(super) const AGENTS: &str = "SELECT body FROM call_agent WHERE client = ?1 ORDER BY uid";
pub(super) const DOCUMENTS: &str =
    "SELECT name, body FROM call_document WHERE client = ?1 AND kind = ?2 ORDER BY name";
pub(super) const PROMPTS: &str =
    "SELECT name, length(samples) FROM call_prompt WHERE client = ?1 ORDER BY name";

/// Bytes of a sample.
const SAMPLE_BYTES: u64 = 2;

pub(super) fn take_ids(connection: &Connection, kind: CallSequence, count: u32) -> Result<i64, Fault> {
    Ok(connection
        .prepare_cached("UPDATE call_sequence SET last = last + ?2 WHERE kind = ?1 RETURNING last - ?2 + 1")?
        .query_row(params![sequence_key(kind), count], |row| row.get(0))?)
}

pub(super) fn raise_ids(connection: &Connection, kind: CallSequence, id: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE call_sequence SET last = max(last, ?2) WHERE kind = ?1")?
        .execute(params![sequence_key(kind), id])?;
    Ok(())
}

pub(super) fn client(connection: &Connection, id: ClientId) -> Result<Option<Versioned<Client>>, Fault> {
    one(connection, CLIENT, params![id.0], |row| {
        Ok(Versioned { value: json(row, 1, "client account")?, version: counter_from_column(row.get(0)?) })
    })
}

pub(super) fn by_token(connection: &Connection, sha256: &str) -> Result<Option<Client>, Fault> {
    one(connection, BY_TOKEN, params![sha256], |row| json(row, 0, "client account"))
}

pub(super) fn clients(
    connection: &Connection,
    organization: Option<OrganizationId>,
) -> Result<Vec<Client>, Fault> {
    match organization {
        Some(organization) => {
            all(connection, OF_ORGANIZATION, params![organization.0], |row| json(row, 0, "client account"))
        }
        None => all(connection, "SELECT body FROM call_client ORDER BY id", [], |row| {
            json(row, 0, "client account")
        }),
    }
}

pub(super) fn write_client(connection: &Connection, client: &Client, expected: Expected) -> Result<(), Stop> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT version FROM call_client WHERE id = ?1")?
        .query_row(params![client.id.0], |row| row.get(0))
        .optional()?;
    if !is_as_expected(found, expected) {
        return Err(stale("client"));
    }
    connection
        .prepare_cached(
            "INSERT INTO call_client (id, organization, token_sha256, version, body) VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT (id) DO UPDATE SET organization = excluded.organization,
             token_sha256 = excluded.token_sha256, version = version + 1, body = excluded.body",
        )?
        .execute(params![
            client.id.0,
            client.organization.0,
            client.token_sha256,
            to_json(client, "client account")?
        ])
        .map_err(|error| taken(error, "token", client.token_sha256.as_deref().unwrap_or_default()))?;
    Ok(())
}

pub(super) fn agents(connection: &Connection, client: ClientId) -> Result<Vec<Agent>, Fault> {
    all(connection, AGENTS, params![client.0], |row| json(row, 0, "agent"))
}

pub(super) fn agent(connection: &Connection, client: ClientId, uid: &str) -> Result<Option<Agent>, Fault> {
    let statement = "SELECT body FROM call_agent WHERE client = ?1 AND uid = ?2";
    one(connection, statement, params![client.0, uid], |row| json(row, 0, "agent"))
}

pub(super) fn write_agent(connection: &Connection, agent: &Agent) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO call_agent (client, uid, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (client, uid) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![agent.client.0, agent.uid, to_json(agent, "agent")?])?;
    Ok(())
}

pub(super) fn remove_agent(connection: &Connection, client: ClientId, uid: &str) -> Result<(), Stop> {
    connection
        .prepare_cached("DELETE FROM call_agent WHERE client = ?1 AND uid = ?2")?
        .execute(params![client.0, uid])?;
    Ok(())
}

pub(super) fn documents(
    connection: &Connection,
    client: ClientId,
    kind: DocumentKind,
) -> Result<Vec<(String, Value)>, Fault> {
    all(connection, DOCUMENTS, params![client.0, kind.name()], |row| {
        Ok((row.get(0)?, json(row, 1, "document")?))
    })
}

pub(super) fn write_document(
    connection: &Connection,
    client: ClientId,
    kind: DocumentKind,
    name: &str,
    body: Option<&Value>,
) -> Result<(), Stop> {
    match body {
        Some(body) => connection
            .prepare_cached(
                "INSERT INTO call_document (client, kind, name, body) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (client, kind, name) DO UPDATE SET body = excluded.body",
            )?
            .execute(params![client.0, kind.name(), name, to_json(body, "document")?])?,
        None => connection
            .prepare_cached("DELETE FROM call_document WHERE client = ?1 AND kind = ?2 AND name = ?3")?
            .execute(params![client.0, kind.name(), name])?,
    };
    Ok(())
}

pub(super) fn prompts(connection: &Connection, client: ClientId) -> Result<Vec<(String, u64)>, Fault> {
    all(connection, PROMPTS, params![client.0], |row| {
        Ok((row.get(0)?, counter_from_column(row.get(1)?) / SAMPLE_BYTES))
    })
}

pub(super) fn prompt(
    connection: &Connection,
    client: ClientId,
    name: &str,
) -> Result<Option<Vec<u8>>, Fault> {
    let statement = "SELECT samples FROM call_prompt WHERE client = ?1 AND name = ?2";
    one(connection, statement, params![client.0, name], |row| Ok(row.get(0)?))
}

pub(super) fn write_prompt(
    connection: &Connection,
    client: ClientId,
    name: &str,
    samples: Option<&[u8]>,
) -> Result<(), Stop> {
    match samples {
        Some(samples) => connection
            .prepare_cached(
                "INSERT INTO call_prompt (client, name, samples) VALUES (?1, ?2, ?3)
                 ON CONFLICT (client, name) DO UPDATE SET samples = excluded.samples",
            )?
            .execute(params![client.0, name, samples])?,
        None => connection
            .prepare_cached("DELETE FROM call_prompt WHERE client = ?1 AND name = ?2")?
            .execute(params![client.0, name])?,
    };
    Ok(())
}
