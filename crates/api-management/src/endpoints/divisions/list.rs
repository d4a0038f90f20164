use super::Wire;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "divisions";

/// List divisions, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/divisions", operation_id = "list_divisions",
    tag = "divisions",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Wire>), Problems)
)]
pub(super) async fn list_divisions(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let mut all: Vec<_> = snapshot.divisions.values().collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let keyed = all
        .into_iter()
        .filter(|division| request.after.as_ref().is_none_or(|after| division.id.0 > *after))
        .take(request.limit as usize + 1)
        .map(|division| (division.id.0.clone(), Wire::of(division)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
