use super::scope;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::authoring::tokens;

/// Revoke a token that opens all organizations.
#[utoipa::path(
    delete, path = "/manage/v1/tokens/{token}", operation_id = "revoke_global_token", tag = "tokens",
    params(("token" = String, Path, description = "The token's id")),
    responses((status = 204), Problems)
)]
pub(super) async fn revoke_global_token(Path(token): Path<String>, call: Call) -> Outcome {
    revoke(call, None, &token).await
}

/// Revoke an organization's token.
#[utoipa::path(
    delete, path = "/manage/v1/organizations/{organization}/tokens/{token}", operation_id = "revoke_token",
    tag = "tokens",
    params(("organization" = i64, Path), ("token" = String, Path, description = "The token's id")),
    responses((status = 204), Problems)
)]
pub(super) async fn revoke_token(Path((organization, token)): Path<(String, String)>, call: Call) -> Outcome {
    revoke(call, Some(&organization), &token).await
}

async fn revoke(call: Call, organization: Option<&str>, token: &str) -> Outcome {
    let scope = scope(&call, organization).await?;
    tokens::revoke(call.services(), scope, token).await?;
    Ok(Answer::done().into_response())
}
