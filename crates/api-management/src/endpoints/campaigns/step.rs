use super::{Output, find, shown};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::authoring::Versioned;
use muster_app::usecases::authoring::life_cycle::{self, Step};
use muster_domain::campaign::Campaign;

/// Take a step in a campaign's life.
///
/// `submit` (draft to in review), `withdraw` (back to draft), `launch` (draft or in review to live), `pause`,
/// `resume`, `complete` (for good). A step that leads where the campaign is already changes nothing.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/steps/{step}",
    operation_id = "take_campaign_step", tag = "campaigns",
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path),
        ("step" = String, Path, description = "submit, withdraw, launch, pause, resume or complete"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn take_step(
    Path((organization, campaign, step)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let step = Step::parse(&step).ok_or_else(|| ApiError::not_found("step", step))?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let entry = find(&snapshot, &campaign)?;
    let conditional = call.check_match(&etag::of_version(entry.version))?;
    let version = conditional.then_some(entry.version);
    let id = entry.campaign.id;
    let remember = |written: &Versioned<Campaign>| call.remember(&shown(written));
    let result = life_cycle::take(call.services(), snapshot.id(), id, step, version, &remember).await;
    call.finish(result, shown).await
}
