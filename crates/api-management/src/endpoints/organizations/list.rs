use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::AppError;
use muster_domain::ids::OrganizationId;

const LIST: &str = "organizations";

/// List the organizations that the token opens, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations", operation_id = "list_organizations", tag = "organizations",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_organizations(call: Call) -> Outcome {
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<i64>()?.map(OrganizationId);
    call.services().catalog.refresh().await.map_err(AppError::Store)?;
    let opened = call.token().organization;
    let keyed = call
        .services()
        .catalog
        .organizations()
        .iter()
        .filter(|snapshot| opened.is_none_or(|own| own == snapshot.id()))
        .filter(|snapshot| after.is_none_or(|after| snapshot.id() > after))
        .take(request.limit as usize + 1)
        .map(|snapshot| (snapshot.id().to_string(), Output::of(&snapshot.organization)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
