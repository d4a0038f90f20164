use super::super::client;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Give a client account a new token for the dialler face.
///
/// The answer holds it, once. The one before is dead at once.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/call-clients/{client}/token",
    operation_id = "rotate_call_client_token", tag = "call clients",
    params(("organization" = i64, Path), ("client" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn rotate_call_client_token(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let stored = client(&call, snapshot.id(), &id).await?;
    let token = dialler::rotate_token(call.services(), stored.id).await?;
    let shown = Output::of(&dialler::client(call.services(), stored.id).await?);
    Ok(Answer::ok(&shown).secret("token", &token).into_response())
}
