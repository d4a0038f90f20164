use super::super::client;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use serde::Serialize;
use utoipa::ToSchema;

const LIST: &str = "do_not_call";

/// A number that nobody may call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallEntry)]
pub(super) struct Output {
    /// Digits of the E.164 number.
    number: String,
    /// Why, for people.
    reason: String,
}

/// List the numbers on a client account's do-not-call list, in order of their digits.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/do-not-call",
    operation_id = "list_do_not_call", tag = "call clients",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_do_not_call(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let after = request.after.as_deref();
    let found = dialler::page_suppressed(call.services(), client.id, after, request.limit + 1).await?;
    let keyed = found
        .into_iter()
        .map(|record| {
            let reason = record.suppressed.unwrap_or_default();
            (record.number.clone(), Output { number: record.number, reason })
        })
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
