//! `/manage/v1/organizations/{organization}/campaigns`

mod create;
mod delete;
mod list;
mod read;
mod replace;
mod step;
mod totals;

use crate::answer::Answer;
use crate::call::{App, path_id};
use crate::document::{CampaignDocument, rfc3339};
use crate::error::ApiError;
use crate::etag;
use muster_app::catalog::{CatalogCampaign, OrganizationSnapshot};
use muster_app::usecases::authoring::Versioned;
use muster_domain::campaign::Campaign;
use muster_domain::ids::{CampaignId, OrganizationId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_campaigns, create::create_campaign))
        .routes(routes!(read::read_campaign, replace::replace_campaign, delete::delete_campaign))
        .routes(routes!(totals::read_totals))
        .routes(routes!(step::take_step))
}

/// A stored campaign: its document and what the server says about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StoredCampaign)]
pub(super) struct Output {
    /// Its identifier.
    id: i64,
    /// Grows by one with each write; the `ETag` says the same.
    version: u64,
    /// When it was created.
    created_at: String,
    /// When it was last changed.
    updated_at: String,
    /// The document, in normal form.
    campaign: CampaignDocument,
}

impl Output {
    fn of(campaign: &Campaign, version: u64) -> Self {
        Self {
            id: campaign.id.0,
            version,
            created_at: rfc3339(campaign.created_at),
            updated_at: rfc3339(campaign.updated_at),
            campaign: CampaignDocument::of(campaign),
        }
    }
}

fn shown(written: &Versioned<Campaign>) -> Answer {
    Answer::ok(&Output::of(&written.value, written.version)).etag(etag::of_version(written.version))
}

fn created(organization: OrganizationId, written: &Versioned<Campaign>) -> Answer {
    let location = format!("/manage/v1/organizations/{organization}/campaigns/{}", written.value.id);
    Answer::created(&Output::of(&written.value, written.version), location)
        .etag(etag::of_version(written.version))
}

/// The campaign that the path names.
pub(super) fn find<'a>(
    snapshot: &'a OrganizationSnapshot,
    id: &str,
) -> Result<&'a CatalogCampaign, ApiError> {
    path_id(id)
        .and_then(|id| snapshot.campaign(CampaignId(id)))
        .ok_or_else(|| ApiError::not_found("campaign", id))
}
