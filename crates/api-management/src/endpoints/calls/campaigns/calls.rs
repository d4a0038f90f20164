use super::super::{campaign_id, client};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::calls::CallResultOutput as Output;
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use muster_domain::ids::CallId;

const LIST: &str = "calls";

/// List the calls of a call campaign, in order of id.
#[utoipa::path(
    get,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/calls",
    operation_id = "list_calls", tag = "call campaigns",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_calls(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<i64>()?.map(CallId);
    let client = client(&call, snapshot.id(), &of).await?;
    let id = campaign_id(&id)?;
    let rows = dialler::page_calls(call.services(), client.id, id, after, request.limit + 1).await?;
    let keyed = rows.into_iter().map(|row| (row.call.id.to_string(), Output::of(row))).collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
