//! Background jobs: started with the configuration, claimed under a lease.

use super::error::Fault;
use crate::encoding::{from_json, job_state_key, to_json};
use muster_app::ports::{Job, JobState};
use muster_domain::ids::OrganizationId;
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// Inserts a job; the inner error is the statement's, for the caller to tell a duplicate from a failure.
pub(super) fn insert(
    connection: &Connection,
    job: &Job,
) -> Result<rusqlite::Result<()>, muster_app::ports::StoreError> {
    let body = to_json(job, "job")?;
    Ok(connection
        .prepare_cached(
            "INSERT INTO job (id, organization, state, created_at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                job.id.as_bytes(),
                job.organization.0,
                job_state_key(job.state),
                job.created_at.0,
                body
            ])
        })
        .map(drop))
}

pub(super) fn job(
    connection: &Connection,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<Job>, Fault> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM job WHERE id = ?1 AND organization = ?2")?
        .query_row(params![id.as_bytes(), organization.0], |row| row.get(0))
        .optional()?;
    body.map(|body| Ok(from_json(&body, "job")?)).transpose()
}

pub(super) fn jobs(
    connection: &Connection,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<Job>, Fault> {
    connection
        .prepare_cached(
            "SELECT body FROM job WHERE organization = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2",
        )?
        .query_map(params![organization.0, limit], |row| row.get::<_, String>(0))?
        .map(|body| Ok(from_json(&body?, "job")?))
        .collect()
}

pub(super) fn claim(
    connection: &Connection,
    owner: Uuid,
    now: UnixMillis,
    lease_until: UnixMillis,
) -> Result<Option<Job>, Fault> {
    let body: Option<String> = connection
        .prepare_cached(
            "SELECT body FROM job
             WHERE state IN ('pending', 'running') AND (state = 'pending' OR lease_until <= ?1)
             ORDER BY created_at, id LIMIT 1",
        )?
        .query_row(params![now.0], |row| row.get(0))
        .optional()?;
    let Some(body) = body else { return Ok(None) };
    let mut job: Job = from_json(&body, "job")?;
    job.state = JobState::Running;
    job.updated_at = now;
    connection
        .prepare_cached(
            "UPDATE job SET state = 'running', owner = ?2, lease_until = ?3, body = ?4 WHERE id = ?1",
        )?
        .execute(params![job.id.as_bytes(), owner.as_bytes(), lease_until.0, to_json(&job, "job")?])?;
    Ok(Some(job))
}

pub(super) fn save(
    connection: &Connection,
    owner: Uuid,
    job: &Job,
    lease_until: UnixMillis,
) -> Result<bool, Fault> {
    let lease = (job.state == JobState::Running).then_some(lease_until.0);
    let kept_owner = (job.state == JobState::Running).then(|| owner.into_bytes());
    let saved = connection
        .prepare_cached(
            "UPDATE job SET state = ?3, owner = ?4, lease_until = ?5, body = ?6 WHERE id = ?1 AND owner = ?2",
        )?
        .execute(params![
            job.id.as_bytes(),
            owner.as_bytes(),
            job_state_key(job.state),
            kept_owner,
            lease,
            to_json(job, "job")?
        ])?;
    Ok(saved == 1)
}
