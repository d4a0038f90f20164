//! Configuration: organizations and what belongs to them, tokens, remembered answers.

use super::error::{Fault, is_duplicate};
use crate::encoding::{counter_from_column, counter_to_column, from_json, to_json};
use muster_app::ports::{
    AttributeModel, CatalogRefusal, CatalogWrite, Expected, ManagementToken, OrganizationCatalog, StoredReply,
};
use muster_domain::campaign::Campaign;
use muster_domain::ids::{ApiKey, CampaignId, OrganizationId};
use muster_domain::organization::{App, Division, Organization};
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Why a write stopped.
enum Stop {
    Refused(CatalogRefusal),
    Fault(Fault),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(Fault::Sql(error))
    }
}

impl From<muster_app::ports::StoreError> for Stop {
    fn from(error: muster_app::ports::StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

pub(super) fn organizations(connection: &Connection) -> Result<Vec<(OrganizationId, u64)>, Fault> {
    Ok(connection
        .prepare_cached("SELECT id, version FROM organization ORDER BY id")?
        .query_map([], |row| Ok((OrganizationId(row.get(0)?), counter_from_column(row.get(1)?))))?
        .collect::<rusqlite::Result<_>>()?)
}

pub(super) fn load(
    connection: &Connection,
    organization: OrganizationId,
) -> Result<Option<OrganizationCatalog>, Fault> {
    let Some((version, body)) = connection
        .prepare_cached("SELECT version, body FROM organization WHERE id = ?1")?
        .query_row(params![organization.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .optional()?
    else {
        return Ok(None);
    };
    let campaigns = connection
        .prepare_cached("SELECT version, body FROM campaign WHERE organization = ?1 ORDER BY id")?
        .query_map(params![organization.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?
        .map(|row| {
            let (version, body) = row?;
            let campaign: Campaign = from_json(&body, "campaign")?;
            Ok((Arc::new(campaign), counter_from_column(version)))
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Some(OrganizationCatalog {
        organization: from_json(&body, "organization")?,
        version: counter_from_column(version),
        divisions: bodies(
            connection,
            "SELECT body FROM division WHERE organization = ?1 ORDER BY id",
            organization,
            "division",
        )?,
        apps: bodies(
            connection,
            "SELECT body FROM app WHERE organization = ?1 ORDER BY api_key",
            organization,
            "app",
        )?,
        campaigns,
        models: bodies(
            connection,
            "SELECT body FROM attribute_model WHERE organization = ?1 ORDER BY name",
            organization,
            "attribute model",
        )?,
    }))
}

fn bodies<T: DeserializeOwned>(
    connection: &Connection,
    query: &str,
    organization: OrganizationId,
    what: &str,
) -> Result<Vec<T>, Fault> {
    connection
        .prepare_cached(query)?
        .query_map(params![organization.0], |row| row.get::<_, String>(0))?
        .map(|body| Ok(from_json(&body?, what)?))
        .collect()
}

pub(super) fn find_app(connection: &Connection, key: &ApiKey) -> Result<Option<OrganizationId>, Fault> {
    Ok(connection
        .prepare_cached("SELECT organization FROM app WHERE api_key = ?1")?
        .query_row(params![key.0], |row| row.get(0).map(OrganizationId))
        .optional()?)
}

pub(super) fn management_token(
    connection: &Connection,
    sha256: &str,
) -> Result<Option<ManagementToken>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT sha256, organization, name, created_at FROM management_token WHERE sha256 = ?1",
        )?
        .query_row(params![sha256], token)
        .optional()?)
}

pub(super) fn management_tokens(
    connection: &Connection,
    organization: Option<OrganizationId>,
) -> Result<Vec<ManagementToken>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT sha256, organization, name, created_at FROM management_token
             WHERE organization IS ?1 ORDER BY created_at, sha256",
        )?
        .query_map(params![organization.map(|id| id.0)], token)?
        .collect::<rusqlite::Result<_>>()?)
}

fn token(row: &Row<'_>) -> rusqlite::Result<ManagementToken> {
    Ok(ManagementToken {
        sha256: row.get(0)?,
        organization: row.get::<_, Option<i64>>(1)?.map(OrganizationId),
        name: row.get(2)?,
        created_at: UnixMillis(row.get(3)?),
    })
}

pub(super) fn stored_reply(connection: &Connection, key: &str) -> Result<Option<StoredReply>, Fault> {
    Ok(connection
        .prepare_cached("SELECT fingerprint, status, body, created_at FROM stored_reply WHERE key = ?1")?
        .query_row(params![key], |row| {
            Ok(StoredReply {
                key: key.to_owned(),
                fingerprint: row.get(0)?,
                status: row.get(1)?,
                body: row.get(2)?,
                created_at: UnixMillis(row.get(3)?),
            })
        })
        .optional()?)
}

pub(super) fn insert_reply(connection: &Connection, reply: &StoredReply) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO stored_reply (key, fingerprint, status, body, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![reply.key, reply.fingerprint, reply.status, reply.body, reply.created_at.0])
        .map(drop)
}

pub(super) fn allocate_organization(connection: &Connection) -> Result<OrganizationId, Fault> {
    Ok(connection
        .prepare_cached("UPDATE organization_sequence SET last = last + 1 RETURNING last")?
        .query_row([], |row| row.get(0).map(OrganizationId))?)
}

pub(super) fn allocate(
    connection: &Connection,
    organization: OrganizationId,
    count: u32,
) -> Result<i64, Fault> {
    let last: i64 = connection
        .prepare_cached(
            "INSERT INTO entity_sequence (organization, last) VALUES (?1, ?2)
             ON CONFLICT (organization) DO UPDATE SET last = last + ?2 RETURNING last",
        )?
        .query_row(params![organization.0, count], |row| row.get(0))?;
    Ok(last - i64::from(count) + 1)
}

pub(super) fn reserve_through(
    connection: &Connection,
    organization: OrganizationId,
    last: i64,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO entity_sequence (organization, last) VALUES (?1, max(0, ?2))
             ON CONFLICT (organization) DO UPDATE SET last = max(last, ?2)",
        )?
        .execute(params![organization.0, last])?;
    Ok(())
}

/// Applies all writes and returns the organization's new version. A refusal leaves changes behind: the caller has
/// a savepoint around it.
pub(super) fn write(
    connection: &Connection,
    organization: OrganizationId,
    writes: &[CatalogWrite],
) -> Result<Result<u64, CatalogRefusal>, Fault> {
    match apply(connection, organization, writes) {
        Ok(version) => Ok(Ok(version)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

fn apply(
    connection: &Connection,
    organization: OrganizationId,
    writes: &[CatalogWrite],
) -> Result<u64, Stop> {
    for write in writes {
        apply_one(connection, organization, write)?;
    }
    let version: Option<i64> = connection
        .prepare_cached("UPDATE organization SET version = version + 1 WHERE id = ?1 RETURNING version")?
        .query_row(params![organization.0], |row| row.get(0))
        .optional()?;
    match version {
        Some(version) => Ok(counter_from_column(version)),
        None if writes.iter().all(crate::encoding::needs_no_organization) => Ok(0),
        None => Err(Stop::Refused(CatalogRefusal::NoOrganization)),
    }
}

fn apply_one(
    connection: &Connection,
    organization: OrganizationId,
    write: &CatalogWrite,
) -> Result<(), Stop> {
    match write {
        CatalogWrite::IfVersion(version) => {
            let holds = connection
                .prepare_cached("SELECT 1 FROM organization WHERE id = ?1 AND version = ?2")?
                .exists(params![organization.0, counter_to_column(*version)])?;
            if holds { Ok(()) } else { Err(Stop::Refused(CatalogRefusal::Stale { what: "organization" })) }
        }
        CatalogWrite::Organization(entity) => write_organization(connection, entity),
        CatalogWrite::Division(entity) => write_division(connection, organization, entity),
        CatalogWrite::App(entity) => write_app(connection, organization, entity),
        CatalogWrite::Campaign { campaign, expected } => {
            write_campaign(connection, organization, campaign, *expected)
        }
        CatalogWrite::DeleteCampaign { id, expected } => {
            delete_campaign(connection, organization, *id, *expected)
        }
        CatalogWrite::Model(entity) => write_model(connection, organization, entity),
        CatalogWrite::Token(token) => connection
            .prepare_cached(
                "INSERT INTO management_token (sha256, organization, name, created_at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![token.sha256, token.organization.map(|id| id.0), token.name, token.created_at.0])
            .map(drop)
            .map_err(|error| taken(error, "token", &token.name)),
        CatalogWrite::RevokeToken { sha256 } => {
            connection.prepare_cached("DELETE FROM management_token WHERE sha256 = ?1")?.execute(params![sha256])?;
            Ok(())
        }
        CatalogWrite::Job(job) => super::jobs::insert(connection, job)?
            .map_err(|error| taken(error, "job", &job.id.to_string())),
        CatalogWrite::Reply(reply) => insert_reply(connection, reply).map_err(|error| {
            if is_duplicate(&error) { Stop::Refused(CatalogRefusal::ReplyExists) } else { error.into() }
        }),
    }
}

fn write_organization(connection: &Connection, entity: &Organization) -> Result<(), Stop> {
    let body = to_json(entity, "organization")?;
    connection
        .prepare_cached(
            "INSERT INTO organization (id, name, version, body) VALUES (?1, ?2, 0, ?3)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
        )?
        .execute(params![entity.id.0, entity.name, body])
        .map_err(|error| taken(error, "name", &entity.name))?;
    // An id that somebody chose is never given to another.
    connection
        .prepare_cached("UPDATE organization_sequence SET last = max(last, ?1)")?
        .execute(params![entity.id.0])?;
    Ok(())
}

fn write_division(
    connection: &Connection,
    organization: OrganizationId,
    entity: &Division,
) -> Result<(), Stop> {
    let body = to_json(entity, "division")?;
    connection
        .prepare_cached(
            "INSERT INTO division (organization, id, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (organization, id) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![organization.0, entity.id.0, body])?;
    Ok(())
}

fn write_app(connection: &Connection, organization: OrganizationId, entity: &App) -> Result<(), Stop> {
    let body = to_json(entity, "app")?;
    let written = connection
        .prepare_cached(
            "INSERT INTO app (api_key, organization, name, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (api_key) DO UPDATE SET name = excluded.name, body = excluded.body
             WHERE organization = excluded.organization",
        )?
        .execute(params![entity.api_key.0, organization.0, entity.name, body])
        .map_err(|error| taken(error, "name", &entity.name))?;
    if written == 0 {
        return Err(duplicate("api_key", &entity.api_key.0));
    }
    Ok(())
}

fn write_campaign(
    connection: &Connection,
    organization: OrganizationId,
    entity: &Campaign,
    expected: Expected,
) -> Result<(), Stop> {
    check_campaign(connection, organization, entity.id, expected)?;
    // Asked first, because a constraint's error does not say which value it was about.
    for (what, column, value) in
        [("name", "name", &entity.name), ("permalink", "permalink", &entity.permalink)]
    {
        let used = connection
            .prepare_cached(&format!(
                "SELECT 1 FROM campaign WHERE organization = ?1 AND {column} = ?2 AND id <> ?3"
            ))?
            .exists(params![organization.0, value, entity.id.0])?;
        if used {
            return Err(duplicate(what, value));
        }
    }
    let body = to_json(entity, "campaign")?;
    connection
        .prepare_cached(
            "INSERT INTO campaign (organization, id, name, permalink, version, body) VALUES (?1, ?2, ?3, ?4, 1, ?5)
             ON CONFLICT (organization, id) DO UPDATE
             SET name = excluded.name, permalink = excluded.permalink, version = version + 1, body = excluded.body",
        )?
        .execute(params![organization.0, entity.id.0, entity.name, entity.permalink, body])?;
    Ok(())
}

fn delete_campaign(
    connection: &Connection,
    organization: OrganizationId,
    id: CampaignId,
    expected: Expected,
) -> Result<(), Stop> {
    check_campaign(connection, organization, id, expected)?;
    for statement in [
        "DELETE FROM campaign WHERE organization = ?1 AND id = ?2",
        "DELETE FROM campaign_place WHERE organization = ?1 AND campaign = ?2",
        "DELETE FROM creative_total WHERE organization = ?1 AND campaign = ?2",
    ] {
        connection.prepare_cached(statement)?.execute(params![organization.0, id.0])?;
    }
    Ok(())
}

fn check_campaign(
    connection: &Connection,
    organization: OrganizationId,
    id: CampaignId,
    expected: Expected,
) -> Result<(), Stop> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT version FROM campaign WHERE organization = ?1 AND id = ?2")?
        .query_row(params![organization.0, id.0], |row| row.get(0))
        .optional()?;
    let holds = match expected {
        Expected::Any => true,
        Expected::Absent => found.is_none(),
        Expected::Version(version) => found == Some(counter_to_column(version)),
    };
    if holds { Ok(()) } else { Err(Stop::Refused(CatalogRefusal::Stale { what: "campaign" })) }
}

fn write_model(
    connection: &Connection,
    organization: OrganizationId,
    entity: &AttributeModel,
) -> Result<(), Stop> {
    let body = to_json(entity, "attribute model")?;
    connection
        .prepare_cached(
            "INSERT INTO attribute_model (organization, name, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (organization, name) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![organization.0, entity.name, body])?;
    Ok(())
}

fn taken(error: rusqlite::Error, what: &'static str, value: &str) -> Stop {
    if is_duplicate(&error) { duplicate(what, value) } else { error.into() }
}

fn duplicate(what: &'static str, value: &str) -> Stop {
    Stop::Refused(CatalogRefusal::Duplicate { what, value: value.to_owned() })
}
