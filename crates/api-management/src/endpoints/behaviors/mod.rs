//! `/manage/v1/organizations/{organization}/campaigns/{campaign}/behaviors`

mod create;
mod delete;
mod list;
mod read;
mod replace;
mod replay;

use super::campaigns;
use crate::answer::Answer;
use crate::call::{App, path_id};
use crate::document::{BehaviorDocument, DocumentError};
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
    OpenApiRouter::new()
        .routes(routes!(list::list_behaviors, create::create_behavior))
        .routes(routes!(read::read_behavior, replace::replace_behavior, delete::delete_behavior))
        .routes(routes!(replay::replay_behavior))
}

/// A behavior as stored. Its version is that of its campaign, which is written as a whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StoredBehavior)]
pub(super) struct Output {
    /// Its identifier.
    id: i64,
    /// The campaign's version; the `ETag` says the same.
    version: u64,
    /// The document, in normal form.
    behavior: BehaviorDocument,
}

/// What was just written, as an answer shows it.
fn output(written: &Versioned<Campaign>, id: i64) -> Option<Output> {
    let behavior = document_of(&written.value, id)?;
    Some(Output { id, version: written.version, behavior })
}

fn document_of(campaign: &Campaign, id: i64) -> Option<BehaviorDocument> {
    let found = campaign.behaviors.iter().find(|stored| stored.id.0 == id)?;
    Some(BehaviorDocument::of(found))
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
        path_id(id).and_then(|id| entry.campaign.behaviors.iter().position(|stored| stored.id.0 == id));
    position.map(|position| (entry, position)).ok_or_else(|| ApiError::not_found("behavior", id))
}

/// A document that could be read against one version of the campaign and cannot against another.
fn refused(error: &DocumentError) -> AuthoringError {
    AuthoringError::field("behavior", error.to_string())
}
