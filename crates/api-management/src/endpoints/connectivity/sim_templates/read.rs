use super::super::template_id;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

/// Read a template, and how it fits the organization's card profiles.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/sim-templates/{template}",
    operation_id = "read_sim_template", tag = "SIM campaigns",
    params(("organization" = i64, Path), ("template" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_sim_template(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let template = operators::template(call.services(), snapshot.id(), template_id(&id)?).await?;
    let fits = operators::fit(call.services(), snapshot.id(), &template).await?;
    Ok(Answer::ok(&Output::of(&template, &fits)).into_response())
}
