use super::{Detailed, KeySetOutput, Output, iccid};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

/// Read a SIM card with its key sets, without keys.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/sims/{iccid}", operation_id = "read_sim",
    tag = "SIM cards", params(("organization" = i64, Path), ("iccid" = String, Path)),
    responses((status = 200, body = Detailed), Problems)
)]
pub(super) async fn read_sim(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let sim = operators::sim(call.services(), snapshot.id(), &iccid(&id)?).await?.value;
    let key_sets = operators::key_sets(call.services(), &sim).await?;
    let key_sets = key_sets.iter().map(KeySetOutput::of).collect();
    Ok(Answer::ok(&Detailed { sim: Output::of(&sim), key_sets }).into_response())
}
