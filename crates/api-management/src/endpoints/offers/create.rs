use super::{Output, output, refused};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::document::OfferDocument;
use crate::endpoints::campaigns;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::authoring::{Versioned, campaigns as authoring};
use muster_domain::campaign::Campaign;

/// Add an offer to a campaign.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/offers",
    operation_id = "create_offer", tag = "offers", request_body = OfferDocument,
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_offer(
    Path((organization, campaign)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let entry = campaigns::find(&snapshot, &campaign)?;
    let version = call.check_match(&etag::of_version(entry.version))?.then_some(entry.version);
    let document = call.json::<OfferDocument>()?;
    let now = call.services().clock.now();
    document.read_alone(&entry.campaign, None, now)?;
    let add = |stored: &Campaign| {
        let mut next = stored.clone();
        next.offers.push(document.read_alone(stored, None, now).map_err(|error| refused(&error))?);
        Ok(next)
    };
    let id = entry.campaign.id;
    let answer = |written: &Versioned<Campaign>| {
        let made = written.value.offers.last().map_or(0, |made| made.id.0);
        let location = format!("/manage/v1/organizations/{}/campaigns/{id}/offers/{made}", snapshot.id());
        Answer::created(&output(written, made), location).etag(etag::of_version(written.version))
    };
    let remember = |written: &Versioned<Campaign>| call.remember(&answer(written));
    let result = authoring::alter(call.services(), snapshot.id(), id, version, &remember, add).await;
    call.finish(result, answer).await
}
