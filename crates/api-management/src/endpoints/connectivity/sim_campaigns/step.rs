use super::super::campaign_id;
use super::{Output, changed, demanded};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::operators::{self, Step};
use muster_domain::sim_campaign::SimCampaign;

/// Take a step in a SIM campaign's life.
///
/// `start` (for the first time), `suspend`, `resume`, `cancel` (for good). A step that leads where the campaign is
/// already changes nothing.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/steps/{step}",
    operation_id = "take_sim_campaign_step", tag = "SIM campaigns",
    params(
        ("organization" = i64, Path), ("sim_campaign" = i64, Path),
        ("step" = String, Path, description = "start, suspend, resume or cancel"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn take_sim_campaign_step(
    Path((organization, id, step)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let step = Step::parse(&step).ok_or_else(|| ApiError::not_found("step", step))?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let id = campaign_id(&id)?;
    let stored = operators::campaign(call.services(), snapshot.id(), id).await?;
    let version = demanded(&call, &stored)?;
    let overview = operators::overview(call.services(), &stored.value).await?;
    let remember = |written: &Versioned<SimCampaign>| call.remember(&changed(written, &overview));
    let result = operators::take_step(call.services(), snapshot.id(), id, step, version, &remember).await;
    let Ok(written) = result else {
        return call.finish(result, |written| changed(written, &overview)).await;
    };
    // Shown by what the campaign has become: its participants are seen through it.
    let overview = operators::overview(call.services(), &written.value).await?;
    call.finish(Ok::<_, ApiError>(written), |written| changed(written, &overview)).await
}
