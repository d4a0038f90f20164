use super::super::campaign_id;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::connectivity::DryRunOutput;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

/// Most participants that are looked at in one request; `muster sim-campaign dry-run` looks at all.
const EXAMINED_MAX: u64 = 20_000;

/// Tell what a SIM campaign would send, without sending anything.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/dry-run",
    operation_id = "dry_run", tag = "SIM campaigns",
    params(("organization" = i64, Path), ("sim_campaign" = i64, Path)),
    responses((status = 200, body = DryRunOutput), Problems)
)]
pub(super) async fn dry_run(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let services = call.services();
    let campaign = operators::campaign(services, snapshot.id(), campaign_id(&id)?).await?.value;
    let report = operators::dry_run(services, &campaign, &services.settings.routes, EXAMINED_MAX).await?;
    Ok(Answer::ok(&DryRunOutput::of(report)).into_response())
}
