use super::super::campaign_id;
use super::{Output, changed};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

/// Read a SIM campaign: what it is, where it stands and how its waves do.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}",
    operation_id = "read_sim_campaign", tag = "SIM campaigns",
    params(("organization" = i64, Path), ("sim_campaign" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_sim_campaign(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let stored = operators::campaign(call.services(), snapshot.id(), campaign_id(&id)?).await?;
    let overview = operators::overview(call.services(), &stored.value).await?;
    Ok(changed(&stored, &overview).into_response())
}
