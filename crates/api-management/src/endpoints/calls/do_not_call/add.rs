use super::super::client;
use super::{Changed, read};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use serde::Deserialize;
use utoipa::ToSchema;

/// Numbers that nobody may call.
#[derive(Deserialize, ToSchema)]
#[schema(as = DoNotCallInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// At most 1000 numbers, as people write them in the client account's region, or with `+`.
    numbers: Vec<String>,
    /// Why, for people.
    #[schema(example = "asked on the telephone")]
    reason: String,
}

/// Put numbers onto a client account's do-not-call list. All or none.
///
/// They are not called any more by any of its campaigns, whatever a policy says.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/call-clients/{client}/do-not-call",
    operation_id = "add_do_not_call", tag = "call clients", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path)),
    responses((status = 200, body = Changed), Problems)
)]
pub(super) async fn add_do_not_call(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let input = call.json::<Input>()?;
    let client = client(&call, snapshot.id(), &id).await?;
    let numbers = read(&input.numbers, &client)?;
    dialler::suppress(call.services(), client.id, &numbers, &input.reason).await?;
    Ok(Answer::ok(&Changed::of(&numbers)).into_response())
}
