use super::{Output, document_of, find};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;

/// Read an offer.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/offers/{offer}",
    operation_id = "read_offer", tag = "offers",
    params(("organization" = i64, Path), ("campaign" = i64, Path), ("offer" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_offer(
    Path((organization, campaign, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let (entry, position) = find(&snapshot, &campaign, &id)?;
    let id = entry.campaign.offers[position].id.0;
    let tag = etag::of_version(entry.version);
    Ok(known_or(&call, &tag, || {
        let found = document_of(&entry.campaign, id);
        let output = found.map(|offer| Output { id, version: entry.version, offer });
        Answer::ok(&output).etag(tag.clone())
    }))
}
