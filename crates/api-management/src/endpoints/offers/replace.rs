use super::{Output, find, refused, shown};
use crate::call::{Call, Outcome, Path};
use crate::document::{DocumentError, OfferDocument};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::authoring::{Versioned, campaigns as authoring};
use muster_domain::campaign::Campaign;

/// Replace an offer.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/offers/{offer}",
    operation_id = "replace_offer", tag = "offers", request_body = OfferDocument,
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("offer" = i64, Path),
        ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn replace_offer(
    Path((organization, campaign, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let (entry, position) = find(&snapshot, &campaign, &id)?;
    if !call.if_match()?.holds(&etag::of_version(entry.version)) {
        return Err(ApiError::MatchFailed);
    }
    let id = entry.campaign.offers[position].id.0;
    let document = call.json::<OfferDocument>()?;
    if document.id.is_some_and(|given| given != id) {
        return Err(DocumentError::at("id", "must be the id in the address, or left out").into());
    }
    let now = call.services().clock.now();
    document.read_alone(&entry.campaign, Some(id), now)?;
    let put_in = |stored: &Campaign| {
        let mut next = stored.clone();
        let read = document.read_alone(stored, Some(id), now).map_err(|error| refused(&error))?;
        for slot in next.offers.iter_mut().filter(|slot| slot.id.0 == id) {
            slot.clone_from(&read);
        }
        Ok(next)
    };
    let answer = |written: &Versioned<Campaign>| shown(written, id);
    let remember = |written: &Versioned<Campaign>| call.remember(&answer(written));
    let version = Some(entry.version);
    let campaign = entry.campaign.id;
    let result = authoring::alter(call.services(), snapshot.id(), campaign, version, &remember, put_in).await;
    call.finish(result, answer).await
}
