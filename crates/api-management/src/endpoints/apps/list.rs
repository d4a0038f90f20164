use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "apps";

/// List apps, in order of key.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/apps", operation_id = "list_apps", tag = "apps",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_apps(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let mut all: Vec<_> = snapshot.apps.iter().collect();
    all.sort_by(|a, b| a.api_key.cmp(&b.api_key));
    let keyed = all
        .into_iter()
        .filter(|app| request.after.as_ref().is_none_or(|after| app.api_key.0 > *after))
        .take(request.limit as usize + 1)
        .map(|app| (app.api_key.0.clone(), Output::of(app)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
