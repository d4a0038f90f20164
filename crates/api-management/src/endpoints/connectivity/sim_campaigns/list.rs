use super::super::{account_id, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

const LIST: &str = "sim_campaigns";

/// List the SIM campaigns that an account sees, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/accounts/{account}/sim-campaigns",
    operation_id = "list_sim_campaigns", tag = "SIM campaigns",
    params(
        ("organization" = i64, Path), ("account" = String, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_sim_campaigns(
    Path((organization, account)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let account = account_id(&account)?;
    let services = call.services();
    let fetch = |of| operators::page_campaigns(services, snapshot.id(), account, of);
    let page = page(&request, LIST, fetch, |campaign| campaign.id).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for id in page.items {
        let stored = operators::campaign(services, snapshot.id(), id).await?;
        items.push(Output::of(&stored, &operators::overview(services, &stored.value).await?));
    }
    Ok(Answer::ok(&Page { items, next_cursor: page.next_cursor }).into_response())
}
