use super::find;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::authoring::{Versioned, campaigns as authoring};
use muster_domain::campaign::Campaign;

/// Take an offer out of a campaign.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/offers/{offer}",
    operation_id = "delete_offer", tag = "offers",
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("offer" = i64, Path),
        ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 204), Problems)
)]
pub(super) async fn delete_offer(
    Path((organization, campaign, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let (entry, position) = find(&snapshot, &campaign, &id)?;
    if !call.if_match()?.holds(&etag::of_version(entry.version)) {
        return Err(ApiError::MatchFailed);
    }
    let id = entry.campaign.offers[position].id;
    let take_out = |stored: &Campaign| {
        let mut next = stored.clone();
        next.offers.retain(|stored| stored.id != id);
        Ok(next)
    };
    let remember = |_: &Versioned<Campaign>| call.remember(&Answer::done());
    let version = Some(entry.version);
    let campaign = entry.campaign.id;
    let result =
        authoring::alter(call.services(), snapshot.id(), campaign, version, &remember, take_out).await;
    call.finish(result, |_| Answer::done()).await
}
