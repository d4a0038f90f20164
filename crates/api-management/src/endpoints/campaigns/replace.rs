use super::{Output, find, shown};
use crate::call::{Call, Outcome, Path};
use crate::document::{CampaignDocument, DocumentError};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::authoring::{Versioned, campaigns};
use muster_domain::campaign::Campaign;

/// Replace a campaign with everything below it.
///
/// What the document leaves out goes back to its default, except ids, the permalink and the status, which are kept:
/// line items, groups, behaviors and offers are found again by id, else by name. A behavior whose definition
/// changes counts by the new one from now on; replay it to count history too.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}",
    operation_id = "replace_campaign", tag = "campaigns", request_body = CampaignDocument,
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn replace_campaign(
    Path((organization, campaign)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let entry = find(&snapshot, &campaign)?;
    if !call.if_match()?.holds(&etag::of_version(entry.version)) {
        return Err(ApiError::MatchFailed);
    }
    let document = call.json::<CampaignDocument>()?;
    if document.id.is_some_and(|id| id != entry.campaign.id.0) {
        return Err(DocumentError::at("id", "must be the id in the address, or left out").into());
    }
    let draft = document.read(Some(&entry.campaign), call.services().clock.now())?;
    let remember = |written: &Versioned<Campaign>| call.remember(&shown(written));
    let result = campaigns::replace(call.services(), snapshot.id(), draft, entry.version, &remember).await;
    call.finish(result, shown).await
}
