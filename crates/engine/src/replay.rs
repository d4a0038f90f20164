//! The job `behavior.replay`: counts history for a behavior that was published after it happened, while live traffic
//! goes on.

use crate::worker::JobError;
use muster_app::Services;
use muster_app::ports::Job;
use muster_app::usecases::authoring::replay::ReplayParameters;
use muster_app::usecases::ingest::Replay;

/// Replays for the customers after the job's cursor, at most `page_size` of them; whether there are more.
pub(crate) async fn page(services: &Services, job: &mut Job, page_size: u32) -> Result<bool, JobError> {
    let parameters: ReplayParameters = serde_json::from_value(job.parameters.clone())
        .map_err(|error| JobError::GiveUp(format!("the job's parameters cannot be read: {error}")))?;
    services.catalog.refresh().await?;
    let gone = || JobError::GiveUp("the behavior does not exist any more".to_owned());
    let organization = services.catalog.organization(job.organization).ok_or_else(gone)?;
    let replay = Replay::new(services, &organization, parameters.campaign_id, parameters.behavior_id, job.id)
        .ok_or_else(gone)?;
    if replay.behavior().published_at != parameters.published_at {
        return Err(JobError::GiveUp(
            "the behavior was changed while it was replayed: replay the new definition".to_owned(),
        ));
    }
    if job.total.is_none() {
        job.total = Some(services.store.count_customers(job.organization).await?);
    }
    let customers = services.store.page_customers(job.organization, job.cursor, page_size.max(1)).await?;
    let Some(last) = customers.last().map(|stored| stored.id) else { return Ok(false) };
    let handled = customers.len() as u64;
    let more = handled == u64::from(page_size.max(1));
    replay.page(customers).await?;
    job.cursor = Some(last);
    job.done += handled;
    // Customers who came while it ran are handled too.
    job.total = job.total.map(|total| total.max(job.done));
    Ok(more)
}
