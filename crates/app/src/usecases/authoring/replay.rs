//! Replay: counting history for a behavior that was published after it happened.

use super::{AuthoringError, AuthoringResult, Remember, commit, current, not_found};
use crate::ports::{CatalogWrite, Job, JobState};
use crate::usecases::opt_in::time_ordered_id;
use crate::{AppError, Services};
use muster_domain::ids::{BehaviorId, CampaignId, OrganizationId};
use muster_domain::time::UnixMillis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The kind of job that replays a behavior.
pub const REPLAY_JOB: &str = "behavior.replay";

/// Jobs that a list shows at most.
pub const MAX_JOBS: u32 = 500;

/// What a replay job is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayParameters {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its behavior.
    pub behavior_id: BehaviorId,
    /// The definition that is replayed. When another is published meanwhile, the job fails: half of the customers
    /// would be counted by one definition and half by the other.
    pub published_at: UnixMillis,
}

/// Starts a replay in the background. One at a time for a behavior: a second request while one waits or runs is
/// refused, naming the first.
pub async fn start(
    services: &Services,
    organization: OrganizationId,
    campaign: CampaignId,
    behavior: BehaviorId,
    remember: Remember<'_, Job>,
) -> AuthoringResult<Job> {
    let snapshot = current(services, organization).await?;
    let entry = snapshot.campaign(campaign).ok_or(AppError::CampaignNotFound)?;
    let definition = entry.campaign.behavior(behavior).ok_or_else(|| not_found("behavior", &behavior))?;
    let published_at = definition.published_at;
    let parameters = ReplayParameters { campaign_id: campaign, behavior_id: behavior, published_at };
    let parameters = serde_json::to_value(parameters)
        .map_err(|error| AppError::invalid(format!("the job's parameters: {error}")))?;
    let jobs = services.store.jobs(organization, MAX_JOBS).await?;
    let busy = jobs.iter().find(|job| {
        job.kind == REPLAY_JOB
            && job.parameters == parameters
            && matches!(job.state, JobState::Pending | JobState::Running)
    });
    if let Some(job) = busy {
        return Err(AuthoringError::Conflict(format!("job {} replays this behavior already", job.id)));
    }
    let now = services.clock.now();
    let job = Job {
        id: time_ordered_id(services, now),
        organization,
        kind: REPLAY_JOB.to_owned(),
        parameters,
        state: JobState::Pending,
        done: 0,
        total: None,
        cursor: None,
        error: None,
        created_at: now,
        updated_at: now,
    };
    commit(services, organization, remember(&job), vec![CatalogWrite::Job(job.clone())]).await?;
    Ok(job)
}

/// One job of the organization.
pub async fn job(services: &Services, organization: OrganizationId, id: Uuid) -> AuthoringResult<Job> {
    services.store.job(organization, id).await?.ok_or_else(|| not_found("job", &id))
}
