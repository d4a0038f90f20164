use super::{Output, scope};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "tokens";

/// List the tokens that open all organizations, oldest first.
#[utoipa::path(
    get, path = "/manage/v1/tokens", operation_id = "list_global_tokens", tag = "tokens",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_global_tokens(call: Call) -> Outcome {
    list(call, None).await
}

/// List an organization's tokens, oldest first.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/tokens", operation_id = "list_tokens",
    tag = "tokens",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_tokens(Path(organization): Path<String>, call: Call) -> Outcome {
    list(call, Some(&organization)).await
}

async fn list(call: Call, organization: Option<&str>) -> Outcome {
    let scope = scope(&call, organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let mut tokens = call.services().store.management_tokens(scope).await?;
    // The instant alone could repeat; with the id it is a key to go on from.
    tokens.sort_by(|a, b| (a.created_at, &a.sha256).cmp(&(b.created_at, &b.sha256)));
    let keyed = tokens
        .iter()
        .map(|token| (format!("{:020}-{}", token.created_at.0, token.sha256), Output::of(token)))
        .filter(|(key, _)| request.after.as_ref().is_none_or(|after| key > after))
        .take(request.limit as usize + 1)
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
