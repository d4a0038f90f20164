use super::super::client;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Take a client account's token away, at once.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/call-clients/{client}/token",
    operation_id = "remove_call_client_token", tag = "call clients",
    params(("organization" = i64, Path), ("client" = i64, Path)),
    responses((status = 204), Problems)
)]
pub(super) async fn remove_call_client_token(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let stored = client(&call, snapshot.id(), &id).await?;
    dialler::remove_token(call.services(), stored.id).await?;
    Ok(Answer::done().into_response())
}
