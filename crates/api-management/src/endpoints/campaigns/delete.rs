use super::find;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::authoring::campaigns;

/// Delete a campaign with its counters.
///
/// What customers did stays in their logs. To end a campaign and keep its account, take the step `complete`.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}",
    operation_id = "delete_campaign", tag = "campaigns",
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 204), Problems)
)]
pub(super) async fn delete_campaign(
    Path((organization, campaign)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let entry = find(&snapshot, &campaign)?;
    if !call.if_match()?.holds(&etag::of_version(entry.version)) {
        return Err(ApiError::MatchFailed);
    }
    let remember = |(): &()| call.remember(&Answer::done());
    let id = entry.campaign.id;
    let result = campaigns::delete(call.services(), snapshot.id(), id, Some(entry.version), &remember).await;
    call.finish(result, |()| Answer::done()).await
}
