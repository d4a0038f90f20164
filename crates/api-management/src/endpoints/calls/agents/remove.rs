use super::super::client;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Remove an agent.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/call-clients/{client}/agents/{agent}",
    operation_id = "remove_call_agent", tag = "call clients",
    params(("organization" = i64, Path), ("client" = i64, Path), ("agent" = String, Path)),
    responses((status = 204), Problems)
)]
pub(super) async fn remove_call_agent(
    Path((organization, id, uid)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &id).await?;
    dialler::remove_agent(call.services(), client.id, &uid).await?;
    Ok(Answer::done().into_response())
}
