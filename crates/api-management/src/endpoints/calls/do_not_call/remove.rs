use super::super::client;
use super::{Changed, read};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use serde::Deserialize;
use utoipa::ToSchema;

/// Numbers that may be called again.
#[derive(Deserialize, ToSchema)]
#[schema(as = DoNotCallRemoval)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// At most 1000 numbers, as people write them in the client account's region, or with `+`.
    numbers: Vec<String>,
}

/// Take numbers off a client account's do-not-call list. All or none; one that is not on it is no error.
///
/// Contacts whose number was marked as invalid for being on the list stay as they are.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/call-clients/{client}/do-not-call/removals",
    operation_id = "remove_do_not_call", tag = "call clients", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path)),
    responses((status = 200, body = Changed), Problems)
)]
pub(super) async fn remove_do_not_call(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let input = call.json::<Input>()?;
    let client = client(&call, snapshot.id(), &id).await?;
    let numbers = read(&input.numbers, &client)?;
    dialler::unsuppress(call.services(), client.id, &numbers).await?;
    Ok(Answer::ok(&Changed::of(&numbers)).into_response())
}
