use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_domain::ids::CustomerId;
use uuid::Uuid;

const LIST: &str = "customers";

/// List customers, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/customers", operation_id = "list_customers",
    tag = "customers",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_customers(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<Uuid>()?.map(CustomerId);
    let stored = call.services().store.page_customers(snapshot.id(), after, request.limit + 1).await?;
    let now = call.services().clock.now();
    let keyed = stored.iter().map(|stored| (stored.id.to_string(), Output::of(stored, now))).collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
