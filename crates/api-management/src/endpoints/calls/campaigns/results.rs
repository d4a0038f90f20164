use super::super::{campaign_id, client};
use super::export::{AfterRow, key_of};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::calls::ContactResultOutput as Output;
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

const LIST: &str = "call_results";

/// List the contacts of a call campaign with their latest results, by name.
#[utoipa::path(
    get,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/results",
    operation_id = "list_call_contact_results", tag = "call campaigns",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_call_contact_results(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<AfterRow>()?.map(|after| after.0);
    let client = client(&call, snapshot.id(), &of).await?;
    let id = campaign_id(&id)?;
    let (rows, _) = dialler::page_results(call.services(), client.id, id, after, request.limit + 1).await?;
    let keyed = rows.into_iter().map(|row| (key_of(&row.contact), Output::of(row))).collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
