//! `/manage/v1/organizations/{organization}/campaigns/{campaign}/offers`

mod create;
mod delete;
mod list;
mod read;
mod replace;

use super::campaigns;
use crate::answer::Answer;
use crate::call::{App, path_id};
use crate::document::{DocumentError, OfferDocument};
use crate::error::ApiError;
use crate::etag;
use muster_app::catalog::{CatalogCampaign, OrganizationSnapshot};
use muster_app::usecases::authoring::{AuthoringError, Versioned};
use muster_domain::campaign::Campaign;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list_offers, create::create_offer)).routes(routes!(
        read::read_offer,
        replace::replace_offer,
        delete::delete_offer
    ))
}

/// An offer as stored. Its version is that of its campaign, which is written as a whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StoredOffer)]
pub(super) struct Output {
    /// Its identifier.
    id: i64,
    /// The campaign's version; the `ETag` says the same.
    version: u64,
    /// The document, in normal form.
    offer: OfferDocument,
}

/// What was just written, as an answer shows it.
fn output(written: &Versioned<Campaign>, id: i64) -> Option<Output> {
    let offer = document_of(&written.value, id)?;
    Some(Output { id, version: written.version, offer })
}

fn document_of(campaign: &Campaign, id: i64) -> Option<OfferDocument> {
    let found = campaign.offers.iter().find(|stored| stored.id.0 == id)?;
    Some(OfferDocument::of(found, campaign.window))
}

fn shown(written: &Versioned<Campaign>, id: i64) -> Answer {
    Answer::ok(&output(written, id)).etag(etag::of_version(written.version))
}

/// The campaign and the place in it that the path names.
fn find<'a>(
    snapshot: &'a OrganizationSnapshot,
    campaign: &str,
    id: &str,
) -> Result<(&'a CatalogCampaign, usize), ApiError> {
    let entry = campaigns::find(snapshot, campaign)?;
    let position =
        path_id(id).and_then(|id| entry.campaign.offers.iter().position(|stored| stored.id.0 == id));
    position.map(|position| (entry, position)).ok_or_else(|| ApiError::not_found("offer", id))
}

/// A document that could be read against one version of the campaign and cannot against another.
fn refused(error: &DocumentError) -> AuthoringError {
    AuthoringError::field("offer", error.to_string())
}
