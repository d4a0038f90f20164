use super::super::{account_id, page};
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

const LIST: &str = "accounts";

/// List the root accounts, or those right below one, in order of making.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/accounts", operation_id = "list_accounts",
    tag = "accounts",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
        ("parent" = Option<String>, Query, description = "The accounts right below this one"),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_accounts(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let parent = call.query.get("parent").map(account_id).transpose()?;
    let fetch = |of| operators::page_accounts(call.services(), snapshot.id(), parent, of);
    let page = page(&request, LIST, fetch, |account| Output::of(&account)).await?;
    Ok(Answer::ok(&page).into_response())
}
