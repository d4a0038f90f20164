use super::super::client;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Remove a prompt that no campaign plays.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/call-clients/{client}/prompts/{prompt}",
    operation_id = "remove_call_prompt", tag = "call clients",
    params(("organization" = i64, Path), ("client" = i64, Path), ("prompt" = String, Path)),
    responses((status = 204), Problems)
)]
pub(super) async fn remove_call_prompt(
    Path((organization, id, name)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &id).await?;
    dialler::remove_prompt(call.services(), client.id, &name).await?;
    Ok(Answer::done().into_response())
}
