use super::super::{client, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

const LIST: &str = "call_policies";

/// List the calling policies of a client account, by name. Presets are not among them.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-policies",
    operation_id = "list_call_policies", tag = "calling policies",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_call_policies(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let mut keyed = Vec::new();
    for (name, document) in dialler::policies(call.services(), client.id).await? {
        let effective = dialler::read_policy(&document)?;
        keyed.push((name.clone(), Output { name, document, effective }));
    }
    Ok(Answer::ok(&page(keyed, &request, LIST)?).into_response())
}
