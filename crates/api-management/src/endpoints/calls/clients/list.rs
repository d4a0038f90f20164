use super::super::page;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

const LIST: &str = "call_clients";

/// List the client accounts of an organization, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients",
    operation_id = "list_call_clients", tag = "call clients",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_call_clients(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let found = dialler::clients(call.services(), Some(snapshot.id())).await?;
    let keyed = found.iter().map(|client| (client.id.0, Output::of(client))).collect();
    Ok(Answer::ok(&page(keyed, &request, LIST)?).into_response())
}
