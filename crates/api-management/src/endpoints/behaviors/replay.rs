use super::find;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::endpoints::jobs;
use crate::openapi::Problems;
use axum::http::StatusCode;
use muster_app::ports::Job;
use muster_app::usecases::authoring::replay;

/// Count history for a behavior.
///
/// Starts a job that folds every customer's past events into the behavior, as if it had always been there, while
/// live traffic goes on. Outcomes that are due now are issued, none twice. Follow it at the address in `Location`.
#[utoipa::path(
    post,
    path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/behaviors/{behavior}/replay",
    operation_id = "replay_behavior", tag = "behaviors",
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("behavior" = i64, Path),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 202, body = jobs::Output), Problems)
)]
pub(super) async fn replay_behavior(
    Path((organization, campaign, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let (entry, position) = find(&snapshot, &campaign, &id)?;
    let behavior = entry.campaign.behaviors[position].id;
    let answer = |job: &Job| {
        let location = format!("/manage/v1/organizations/{}/jobs/{}", snapshot.id(), job.id);
        Answer::created(&jobs::Output::of(job), location).status(StatusCode::ACCEPTED)
    };
    let remember = |job: &Job| call.remember(&answer(job));
    let result = replay::start(call.services(), snapshot.id(), entry.campaign.id, behavior, &remember).await;
    call.finish(result, answer).await
}
