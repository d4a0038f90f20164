use super::super::campaign_id;
use super::{Output, changed, demanded};
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::operators;
use muster_domain::sim_campaign::{Plan, SimCampaign};
use utoipa::ToSchema;

/// How a SIM campaign goes about it: `waves`, `thresholds`, `hours`, `pace_per_s`, `route`, `por_timeout_s`,
/// `backoff`. What is left out has its default.
#[derive(ToSchema)]
#[schema(as = SimCampaignPlan, value_type = Object)]
#[expect(dead_code, reason = "stands in the document for the domain's own type")]
pub(super) struct PlanInput(Plan);

/// Replace the plan of a SIM campaign that does not run.
///
/// Before the first start anything can be changed; of a suspended campaign everything but its waves.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/plan",
    operation_id = "replace_plan", tag = "SIM campaigns", request_body = PlanInput,
    params(
        ("organization" = i64, Path), ("sim_campaign" = i64, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn replace_plan(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let plan = call.json::<Plan>()?;
    let id = campaign_id(&id)?;
    let stored = operators::campaign(call.services(), snapshot.id(), id).await?;
    let version = demanded(&call, &stored)?.ok_or(ApiError::MatchRequired)?;
    let overview = operators::overview(call.services(), &stored.value).await?;
    let remember = |written: &Versioned<SimCampaign>| call.remember(&changed(written, &overview));
    let result =
        operators::replace_plan(call.services(), snapshot.id(), id, Some(version), plan, &remember).await;
    call.finish(result, |written| changed(written, &overview)).await
}
