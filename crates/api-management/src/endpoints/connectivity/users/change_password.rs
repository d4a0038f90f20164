use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;
use serde::Deserialize;
use utoipa::ToSchema;

/// A new password.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// At least eight characters.
    password: String,
}

/// Give a user another password.
///
/// Tokens that the user was given before stay valid until they expire.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/users/{username}/password",
    operation_id = "change_password", tag = "accounts", request_body = Input,
    params(("organization" = i64, Path), ("username" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn change_password(
    Path((organization, username)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let password = call.json::<Input>()?.password;
    let changed = operators::change_password(call.services(), snapshot.id(), &username, &password).await?;
    let user = changed.ok_or_else(|| ApiError::not_found("user", username))?;
    Ok(Answer::ok(&Output::of(&user)).into_response())
}
