use super::super::{client, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

const LIST: &str = "call_agents";

/// List the agents of a client account, by UID.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/agents",
    operation_id = "list_call_agents", tag = "call clients",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_call_agents(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let found = dialler::agents(call.services(), client.id).await?;
    let keyed = found.iter().map(|agent| (agent.uid.clone(), Output::of(agent))).collect();
    Ok(Answer::ok(&page(keyed, &request, LIST)?).into_response())
}
