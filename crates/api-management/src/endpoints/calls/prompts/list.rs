use super::super::{client, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

const LIST: &str = "call_prompts";

/// List the prompts of a client account, by name.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/prompts",
    operation_id = "list_call_prompts", tag = "call clients",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_call_prompts(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let found = dialler::prompts(call.services(), client.id).await?;
    let keyed = found.into_iter().map(|(name, samples)| (name.clone(), Output::of(name, samples))).collect();
    Ok(Answer::ok(&page(keyed, &request, LIST)?).into_response())
}
