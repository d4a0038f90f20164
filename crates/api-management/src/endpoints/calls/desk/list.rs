use super::super::client;
use super::{Output as Agent, desk};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// Agents at their desks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentsAtDesk)]
pub(super) struct Output {
    /// By UID.
    items: Vec<Agent>,
}

/// List the agents of a client account who are logged in.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/desk",
    operation_id = "list_agents_at_desk", tag = "desk",
    params(("organization" = i64, Path), ("client" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn list_agents_at_desk(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &id).await?;
    let items = desk(&call)?.agents(client.id).await?.iter().map(Agent::of).collect();
    Ok(Answer::ok(&Output { items }).into_response())
}
