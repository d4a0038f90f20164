use super::{Output, document_of, find};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;

/// Read a behavior.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/behaviors/{behavior}",
    operation_id = "read_behavior", tag = "behaviors",
    params(("organization" = i64, Path), ("campaign" = i64, Path), ("behavior" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_behavior(
    Path((organization, campaign, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let (entry, position) = find(&snapshot, &campaign, &id)?;
    let id = entry.campaign.behaviors[position].id.0;
    let tag = etag::of_version(entry.version);
    Ok(known_or(&call, &tag, || {
        let found = document_of(&entry.campaign, id);
        let output = found.map(|behavior| Output { id, version: entry.version, behavior });
        Answer::ok(&output).etag(tag.clone())
    }))
}
