use super::super::account;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;

/// Read an account.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/accounts/{account}", operation_id = "read_account",
    tag = "accounts", params(("organization" = i64, Path), ("account" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_account(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let shown = Output::of(&account(&call, snapshot.id(), &id).await?);
    let tag = etag::of_content(&shown);
    Ok(known_or(&call, &tag, || Answer::ok(&shown).etag(tag.clone())))
}
