use super::{Output, find};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;

/// Read a campaign with everything below it.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}",
    operation_id = "read_campaign", tag = "campaigns",
    params(("organization" = i64, Path), ("campaign" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_campaign(
    Path((organization, campaign)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let entry = find(&snapshot, &campaign)?;
    let tag = etag::of_version(entry.version);
    Ok(known_or(&call, &tag, || Answer::ok(&Output::of(&entry.campaign, entry.version)).etag(tag.clone())))
}
