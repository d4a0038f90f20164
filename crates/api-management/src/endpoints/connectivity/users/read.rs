use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

/// Read a user.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/users/{username}", operation_id = "read_user",
    tag = "accounts", params(("organization" = i64, Path), ("username" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_user(Path((organization, username)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let found = operators::user(call.services(), snapshot.id(), &username).await?;
    let user = found.ok_or_else(|| ApiError::not_found("user", username))?;
    Ok(Answer::ok(&Output::of(&user)).into_response())
}
