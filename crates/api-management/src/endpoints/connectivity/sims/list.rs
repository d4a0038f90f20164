use super::super::{account_id, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

const LIST: &str = "sims";

/// List an account's SIM cards, in order of loading.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/accounts/{account}/sims", operation_id = "list_sims",
    tag = "SIM cards",
    params(
        ("organization" = i64, Path), ("account" = String, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_sims(Path((organization, account)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let account = account_id(&account)?;
    let fetch = |of| operators::page_sims(call.services(), snapshot.id(), account, of);
    let page = page(&request, LIST, fetch, |sim| Output::of(&sim)).await?;
    Ok(Answer::ok(&page).into_response())
}
