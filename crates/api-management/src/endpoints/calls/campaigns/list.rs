use super::super::{client, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "call_campaigns";

/// List the call campaigns of a client account, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns",
    operation_id = "list_call_campaigns", tag = "call campaigns",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_call_campaigns(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let found = call.services().calls.campaigns(client.id).await?;
    let keyed = found.iter().map(|stored| (stored.value.id.0, Output::of(stored))).collect();
    Ok(Answer::ok(&page(keyed, &request, LIST)?).into_response())
}
