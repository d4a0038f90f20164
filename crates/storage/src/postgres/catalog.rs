//! Configuration: organizations and what belongs to them, tokens, remembered answers.

use super::error::{Fault, violated};
use super::jobs;
use super::lane::{RACES_MAX, at_commit};
use super::server::Server;
use crate::encoding::{counter_from_column, counter_to_column, from_json, needs_no_organization, to_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{
    AttributeModel, CatalogRefusal, CatalogWrite, Expected, ManagementToken, OrganizationCatalog, StoreError,
    StoreResult, StoredReply,
};
use muster_domain::campaign::Campaign;
use muster_domain::ids::{ApiKey, CampaignId, OrganizationId};
use muster_domain::organization::{App, Division, Organization};
use muster_domain::time::UnixMillis;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio_postgres::{Client, Row};

/// The channel on which nodes tell each other that a configuration has changed.
pub(super) const CHANNEL: &str = "muster_catalog";

/// Why a write stopped.
enum Stop {
    Refused(CatalogRefusal),
    Fault(Fault),
}

impl From<tokio_postgres::Error> for Stop {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Fault(Fault::Sql(error))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

pub(super) async fn organizations(client: &ClientWrapper) -> Result<Vec<(OrganizationId, u64)>, Fault> {
    let statement = client.prepare_cached("SELECT id, version FROM organization ORDER BY id").await?;
    let rows = client.query(&statement, &[]).await?;
    rows.iter()
        .map(|row| Ok((OrganizationId(row.try_get(0)?), counter_from_column(row.try_get(1)?))))
        .collect()
}

/// Reads everything of one moment.
pub(super) async fn load(
    server: &Server,
    organization: OrganizationId,
) -> StoreResult<Option<OrganizationCatalog>> {
    let mut connections = 0;
    loop {
        let lease = server.lease().await?;
        let client = lease.client()?;
        let work = async {
            client.batch_execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            let loaded = load_inside(client, organization).await?;
            client.batch_execute("COMMIT").await?;
            Ok(loaded)
        };
        match server.bounded(work).await {
            Ok(loaded) => {
                lease.give_back();
                return Ok(loaded);
            }
            Err(fault) if fault.is_lost_connection() && connections == 0 => connections += 1,
            Err(fault) => return Err(fault.into()),
        }
    }
}

async fn load_inside(
    client: &ClientWrapper,
    organization: OrganizationId,
) -> Result<Option<OrganizationCatalog>, Fault> {
    let statement = client.prepare_cached("SELECT version, body FROM organization WHERE id = $1").await?;
    let Some(row) = client.query_opt(&statement, &[&organization.0]).await? else { return Ok(None) };
    let statement = client
        .prepare_cached("SELECT version, body FROM campaign WHERE organization = $1 ORDER BY id")
        .await?;
    let campaigns = client
        .query(&statement, &[&organization.0])
        .await?
        .iter()
        .map(|row| {
            let campaign: Campaign = from_json(row.try_get(1)?, "campaign")?;
            Ok((Arc::new(campaign), counter_from_column(row.try_get(0)?)))
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Some(OrganizationCatalog {
        organization: from_json(row.try_get(1)?, "organization")?,
        version: counter_from_column(row.try_get(0)?),
        divisions: bodies(
            client,
            "SELECT body FROM division WHERE organization = $1 ORDER BY id",
            organization,
            "division",
        )
        .await?,
        apps: bodies(
            client,
            "SELECT body FROM app WHERE organization = $1 ORDER BY api_key",
            organization,
            "app",
        )
        .await?,
        campaigns,
        models: bodies(
            client,
            "SELECT body FROM attribute_model WHERE organization = $1 ORDER BY name",
            organization,
            "attribute model",
        )
        .await?,
    }))
}

async fn bodies<T: DeserializeOwned>(
    client: &ClientWrapper,
    query: &str,
    organization: OrganizationId,
    what: &str,
) -> Result<Vec<T>, Fault> {
    let statement = client.prepare_cached(query).await?;
    let rows = client.query(&statement, &[&organization.0]).await?;
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, what)?)).collect()
}

pub(super) async fn find_app(client: &ClientWrapper, key: &ApiKey) -> Result<Option<OrganizationId>, Fault> {
    let statement = client.prepare_cached("SELECT organization FROM app WHERE api_key = $1").await?;
    let row = client.query_opt(&statement, &[&key.0]).await?;
    row.map(|row| Ok(OrganizationId(row.try_get(0)?))).transpose()
}

pub(super) async fn management_token(
    client: &ClientWrapper,
    sha256: &str,
) -> Result<Option<ManagementToken>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT sha256, organization, name, created_at FROM management_token WHERE sha256 = $1",
        )
        .await?;
    client.query_opt(&statement, &[&sha256]).await?.as_ref().map(token).transpose()
}

pub(super) async fn management_tokens(
    client: &ClientWrapper,
    organization: Option<OrganizationId>,
) -> Result<Vec<ManagementToken>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT sha256, organization, name, created_at FROM management_token
             WHERE organization IS NOT DISTINCT FROM $1 ORDER BY created_at, sha256",
        )
        .await?;
    client.query(&statement, &[&organization.map(|id| id.0)]).await?.iter().map(token).collect()
}

fn token(row: &Row) -> Result<ManagementToken, Fault> {
    Ok(ManagementToken {
        sha256: row.try_get(0)?,
        organization: row.try_get::<_, Option<i64>>(1)?.map(OrganizationId),
        name: row.try_get(2)?,
        created_at: UnixMillis(row.try_get(3)?),
    })
}

pub(super) async fn stored_reply(client: &ClientWrapper, key: &str) -> Result<Option<StoredReply>, Fault> {
    let statement = client
        .prepare_cached("SELECT fingerprint, status, body, created_at FROM stored_reply WHERE key = $1")
        .await?;
    let row = client.query_opt(&statement, &[&key]).await?;
    row.map(|row| {
        let status: i32 = row.try_get(1)?;
        Ok(StoredReply {
            key: key.to_owned(),
            fingerprint: row.try_get(0)?,
            status: u16::try_from(status).unwrap_or(500),
            body: row.try_get(2)?,
            created_at: UnixMillis(row.try_get(3)?),
        })
    })
    .transpose()
}

pub(super) async fn allocate_organization(client: &ClientWrapper) -> Result<OrganizationId, Fault> {
    let row =
        client.query_one("UPDATE organization_sequence SET last = last + 1 RETURNING last", &[]).await?;
    Ok(OrganizationId(row.try_get(0)?))
}

pub(super) async fn allocate(
    client: &ClientWrapper,
    organization: OrganizationId,
    count: u32,
) -> Result<i64, Fault> {
    let statement = client
        .prepare_cached(
            "INSERT INTO entity_sequence AS s (organization, last) VALUES ($1, $2)
             ON CONFLICT (organization) DO UPDATE SET last = s.last + excluded.last RETURNING last",
        )
        .await?;
    let last: i64 = client.query_one(&statement, &[&organization.0, &i64::from(count)]).await?.try_get(0)?;
    Ok(last - i64::from(count) + 1)
}

pub(super) async fn reserve_through(
    client: &ClientWrapper,
    organization: OrganizationId,
    last: i64,
) -> Result<(), Fault> {
    client
        .execute(
            "INSERT INTO entity_sequence AS s (organization, last) VALUES ($1, greatest(0::bigint, $2))
             ON CONFLICT (organization) DO UPDATE SET last = greatest(s.last, excluded.last)",
            &[&organization.0, &last],
        )
        .await?;
    Ok(())
}

/// Applies all writes in one transaction and returns the organization's new version.
pub(super) async fn write(
    server: &Server,
    organization: OrganizationId,
    writes: &[CatalogWrite],
) -> Result<u64, CatalogRefusal> {
    let (mut races, mut connections) = (0, 0);
    loop {
        let lease = server.lease().await?;
        let client = lease.client().map_err(StoreError::from)?;
        let work = async {
            client.batch_execute("BEGIN").await?;
            match apply(client, organization, writes).await {
                Ok(version) => Ok(Ok(version)),
                Err(Stop::Refused(refusal)) => {
                    client.batch_execute("ROLLBACK").await?;
                    Ok(Err(refusal))
                }
                Err(Stop::Fault(fault)) => Err(fault),
            }
        };
        match server.bounded(work).await {
            Ok(Ok(version)) => {
                let committed = server.bounded(async { Ok(client.batch_execute("COMMIT").await?) }).await;
                committed.map_err(|fault| StoreError::from(at_commit(fault)))?;
                lease.give_back();
                return Ok(version);
            }
            Ok(Err(refusal)) => {
                lease.give_back();
                return Err(refusal);
            }
            Err(fault) if fault.is_lost_race() && races < RACES_MAX => races += 1,
            Err(fault) if fault.is_lost_connection() && connections == 0 => connections += 1,
            Err(fault) => return Err(StoreError::from(fault).into()),
        }
    }
}

/// Applies all writes inside the open transaction and returns the organization's new version. The row of the
/// organization is locked first, so the order of versions is the order of commits.
async fn apply(client: &Client, organization: OrganizationId, writes: &[CatalogWrite]) -> Result<u64, Stop> {
    client.execute("SELECT 1 FROM organization WHERE id = $1 FOR UPDATE", &[&organization.0]).await?;
    for write in writes {
        apply_one(client, organization, write).await?;
    }
    let version = client
        .query_opt(
            "UPDATE organization SET version = version + 1 WHERE id = $1 RETURNING version",
            &[&organization.0],
        )
        .await?
        .map(|row| row.try_get(0))
        .transpose()?;
    client.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &organization.0.to_string()]).await?;
    match version {
        Some(version) => Ok(counter_from_column(version)),
        None if writes.iter().all(needs_no_organization) => Ok(0),
        None => Err(Stop::Refused(CatalogRefusal::NoOrganization)),
    }
}

async fn apply_one(client: &Client, organization: OrganizationId, write: &CatalogWrite) -> Result<(), Stop> {
    match write {
        CatalogWrite::IfVersion(version) => {
            let holds = client
                .query_opt(
                    "SELECT 1 FROM organization WHERE id = $1 AND version = $2",
                    &[&organization.0, &counter_to_column(*version)],
                )
                .await?
                .is_some();
            if holds { Ok(()) } else { Err(Stop::Refused(CatalogRefusal::Stale { what: "organization" })) }
        }
        CatalogWrite::Organization(entity) => write_organization(client, entity).await,
        CatalogWrite::Division(entity) => write_division(client, organization, entity).await,
        CatalogWrite::App(entity) => write_app(client, organization, entity).await,
        CatalogWrite::Campaign { campaign, expected } => {
            write_campaign(client, organization, campaign, *expected).await
        }
        CatalogWrite::DeleteCampaign { id, expected } => {
            delete_campaign(client, organization, *id, *expected).await
        }
        CatalogWrite::Model(entity) => write_model(client, organization, entity).await,
        CatalogWrite::Token(token) => {
            let organization = token.organization.map(|id| id.0);
            client
                .execute(
                    "INSERT INTO management_token (sha256, organization, name, created_at)
                     VALUES ($1, $2, $3, $4)",
                    &[&token.sha256, &organization, &token.name, &token.created_at.0],
                )
                .await
                .map_err(|error| taken(error, "token", &token.name))?;
            Ok(())
        }
        CatalogWrite::RevokeToken { sha256 } => {
            client.execute("DELETE FROM management_token WHERE sha256 = $1", &[sha256]).await?;
            Ok(())
        }
        CatalogWrite::Job(job) => jobs::insert(client, job).await.map_err(|fault| match fault {
            Fault::Sql(error) => taken(error, "job", &job.id.to_string()),
            other => other.into(),
        }),
        CatalogWrite::Reply(reply) => {
            insert_reply(client, reply).await.map_err(|error| match violated(&error) {
                Some(_) => Stop::Refused(CatalogRefusal::ReplyExists),
                None => error.into(),
            })
        }
    }
}

/// Adds a remembered answer; a taken key is a violated constraint.
pub(super) async fn insert_reply(client: &Client, reply: &StoredReply) -> Result<(), tokio_postgres::Error> {
    client
        .execute(
            "INSERT INTO stored_reply (key, fingerprint, status, body, created_at) VALUES ($1, $2, $3, $4, $5)",
            &[&reply.key, &reply.fingerprint, &i32::from(reply.status), &reply.body, &reply.created_at.0],
        )
        .await
        .map(drop)
}

async fn write_organization(client: &Client, entity: &Organization) -> Result<(), Stop> {
    let body = to_json(entity, "organization")?;
    client
        .execute(
            "INSERT INTO organization (id, name, version, body) VALUES ($1, $2, 0, $3)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
            &[&entity.id.0, &entity.name, &body],
        )
        .await
        .map_err(|error| taken(error, "name", &entity.name))?;
    // An id that somebody chose is never given to another.
    client.execute("UPDATE organization_sequence SET last = $1 WHERE last < $1", &[&entity.id.0]).await?;
    Ok(())
}

async fn write_division(
    client: &Client,
    organization: OrganizationId,
    entity: &Division,
) -> Result<(), Stop> {
    let body = to_json(entity, "division")?;
    client
        .execute(
            "INSERT INTO division (organization, id, body) VALUES ($1, $2, $3)
             ON CONFLICT (organization, id) DO UPDATE SET body = excluded.body",
            &[&organization.0, &entity.id.0, &body],
        )
        .await?;
    Ok(())
}

async fn write_app(client: &Client, organization: OrganizationId, entity: &App) -> Result<(), Stop> {
    let body = to_json(entity, "app")?;
    let written = client
        .execute(
            "INSERT INTO app (api_key, organization, name, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (api_key) DO UPDATE SET name = excluded.name, body = excluded.body
             WHERE app.organization = excluded.organization",
            &[&entity.api_key.0, &organization.0, &entity.name, &body],
        )
        .await
        .map_err(|error| taken(error, "name", &entity.name))?;
    if written == 0 {
        return Err(duplicate("api_key", &entity.api_key.0));
    }
    Ok(())
}

async fn write_campaign(
    client: &Client,
    organization: OrganizationId,
    entity: &Campaign,
    expected: Expected,
) -> Result<(), Stop> {
    check_campaign(client, organization, entity.id, expected).await?;
    let body = to_json(entity, "campaign")?;
    client
        .execute(
            "INSERT INTO campaign (organization, id, name, permalink, version, body)
             VALUES ($1, $2, $3, $4, 1, $5)
             ON CONFLICT (organization, id) DO UPDATE
             SET name = excluded.name, permalink = excluded.permalink, version = campaign.version + 1,
                 body = excluded.body",
            &[&organization.0, &entity.id.0, &entity.name, &entity.permalink, &body],
        )
        .await
        .map_err(|error| match violated(&error) {
            Some("campaign_permalink") => duplicate("permalink", &entity.permalink),
            Some(_) => duplicate("name", &entity.name),
            None => error.into(),
        })?;
    Ok(())
}

async fn delete_campaign(
    client: &Client,
    organization: OrganizationId,
    id: CampaignId,
    expected: Expected,
) -> Result<(), Stop> {
    check_campaign(client, organization, id, expected).await?;
    for statement in [
        "DELETE FROM campaign WHERE organization = $1 AND id = $2",
        "DELETE FROM campaign_place WHERE organization = $1 AND campaign = $2",
        "DELETE FROM creative_total WHERE organization = $1 AND campaign = $2",
    ] {
        client.execute(statement, &[&organization.0, &id.0]).await?;
    }
    Ok(())
}

async fn check_campaign(
    client: &Client,
    organization: OrganizationId,
    id: CampaignId,
    expected: Expected,
) -> Result<(), Stop> {
    let found: Option<i64> = client
        .query_opt(
            "SELECT version FROM campaign WHERE organization = $1 AND id = $2 FOR UPDATE",
            &[&organization.0, &id.0],
        )
        .await?
        .map(|row| row.try_get(0))
        .transpose()?;
    let holds = match expected {
        Expected::Any => true,
        Expected::Absent => found.is_none(),
        Expected::Version(version) => found == Some(counter_to_column(version)),
    };
    if holds { Ok(()) } else { Err(Stop::Refused(CatalogRefusal::Stale { what: "campaign" })) }
}

async fn write_model(
    client: &Client,
    organization: OrganizationId,
    entity: &AttributeModel,
) -> Result<(), Stop> {
    let body = to_json(entity, "attribute model")?;
    client
        .execute(
            "INSERT INTO attribute_model (organization, name, body) VALUES ($1, $2, $3)
             ON CONFLICT (organization, name) DO UPDATE SET body = excluded.body",
            &[&organization.0, &entity.name, &body],
        )
        .await?;
    Ok(())
}

fn taken(error: tokio_postgres::Error, what: &'static str, value: &str) -> Stop {
    match violated(&error) {
        Some(_) => duplicate(what, value),
        None => error.into(),
    }
}

fn duplicate(what: &'static str, value: &str) -> Stop {
    Stop::Refused(CatalogRefusal::Duplicate { what, value: value.to_owned() })
}
