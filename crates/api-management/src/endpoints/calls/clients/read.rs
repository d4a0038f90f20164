use super::super::client;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;

/// Read a client account.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}",
    operation_id = "read_call_client", tag = "call clients",
    params(("organization" = i64, Path), ("client" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_call_client(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let shown = Output::of(&client(&call, snapshot.id(), &id).await?);
    let tag = etag::of_content(&shown);
    Ok(known_or(&call, &tag, || Answer::ok(&shown).etag(tag.clone())))
}
