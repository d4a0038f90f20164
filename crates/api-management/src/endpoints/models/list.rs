use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "models";

/// List attribute models, in order of name.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/models", operation_id = "list_models",
    tag = "models",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_models(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let mut models: Vec<_> = snapshot.models.iter().collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    let keyed = models
        .into_iter()
        .filter(|model| request.after.as_ref().is_none_or(|after| model.name > *after))
        .take(request.limit as usize + 1)
        .map(|model| (model.name.clone(), Output::of(model)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
