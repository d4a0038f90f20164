use super::super::client;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler::{self, NewAgent};
use serde::Deserialize;
use utoipa::ToSchema;

/// What an operator says about an agent.
#[derive(Deserialize, ToSchema)]
#[schema(as = CallAgentInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Name, for people.
    #[serde(default)]
    #[schema(example = "Anna")]
    name: String,
    /// The phone's password, 8 to 128 characters; left out, that of an agent who is there stays.
    #[serde(default)]
    password: Option<String>,
}

/// Make an agent, or replace the one of that UID.
///
/// The UID is made of letters, digits, `.`, `_` and `-`, at most 32 of them. Only digests of the password are kept.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/call-clients/{client}/agents/{agent}",
    operation_id = "put_call_agent", tag = "call clients", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path), ("agent" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn put_call_agent(
    Path((organization, id, uid)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let input = call.json::<Input>()?;
    let client = client(&call, snapshot.id(), &id).await?;
    let new = NewAgent { uid, name: input.name, password: input.password };
    let agent = dialler::put_agent(call.services(), client.id, new).await?;
    Ok(Answer::ok(&Output::of(&agent)).into_response())
}
