//! Background jobs: started with the configuration, claimed under a lease.

use super::error::Fault;
use crate::encoding::{from_json, job_state_key, to_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{Job, JobState};
use muster_domain::ids::OrganizationId;
use muster_domain::time::UnixMillis;
use uuid::Uuid;

pub(super) async fn insert(client: &tokio_postgres::Client, job: &Job) -> Result<(), Fault> {
    let body = to_json(job, "job")?;
    client
        .execute(
            "INSERT INTO job (id, organization, state, created_at, body) VALUES ($1, $2, $3, $4, $5)",
            &[&job.id, &job.organization.0, &job_state_key(job.state), &job.created_at.0, &body],
        )
        .await?;
    Ok(())
}

pub(super) async fn job(
    client: &ClientWrapper,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<Job>, Fault> {
    let statement = client.prepare_cached("SELECT body FROM job WHERE id = $1 AND organization = $2").await?;
    let row = client.query_opt(&statement, &[&id, &organization.0]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "job")?)).transpose()
}

pub(super) async fn jobs(
    client: &ClientWrapper,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<Job>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT body FROM job WHERE organization = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        )
        .await?;
    let rows = client.query(&statement, &[&organization.0, &i64::from(limit)]).await?;
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, "job")?)).collect()
}

/// The row that others are claiming right now is passed over; what we claimed is ours, so its body is rewritten in
/// a statement of its own.
pub(super) async fn claim(
    client: &ClientWrapper,
    owner: Uuid,
    now: UnixMillis,
    lease_until: UnixMillis,
) -> Result<Option<Job>, Fault> {
    let find = client
        .prepare_cached(
            "UPDATE job SET state = 'running', owner = $1, lease_until = $3
             WHERE id = (SELECT id FROM job
                         WHERE state IN ('pending', 'running') AND (state = 'pending' OR lease_until <= $2)
                         ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING body",
        )
        .await?;
    let Some(row) = client.query_opt(&find, &[&owner, &now.0, &lease_until.0]).await? else {
        return Ok(None);
    };
    let mut job: Job = from_json(row.try_get(0)?, "job")?;
    job.state = JobState::Running;
    job.updated_at = now;
    save(client, owner, &job, lease_until).await?;
    Ok(Some(job))
}

pub(super) async fn save(
    client: &ClientWrapper,
    owner: Uuid,
    job: &Job,
    lease_until: UnixMillis,
) -> Result<bool, Fault> {
    let runs = job.state == JobState::Running;
    let statement = client
        .prepare_cached(
            "UPDATE job SET state = $3, owner = $4, lease_until = $5, body = $6 WHERE id = $1 AND owner = $2",
        )
        .await?;
    let saved = client
        .execute(
            &statement,
            &[
                &job.id,
                &owner,
                &job_state_key(job.state),
                &runs.then_some(owner),
                &runs.then_some(lease_until.0),
                &to_json(job, "job")?,
            ],
        )
        .await?;
    Ok(saved == 1)
}
