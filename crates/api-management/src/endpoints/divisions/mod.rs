//! `/manage/v1/organizations/{organization}/divisions`

mod create;
mod list;
mod read;
mod update;

use crate::answer::Answer;
use crate::call::App;
use crate::etag;
use muster_domain::ids::OrganizationId;
use muster_domain::organization::Division;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_divisions, create::create_division))
        .routes(routes!(read::read_division, update::update_division))
}

/// A division; its id is the `division_id` of the engagement wire.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Division)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    /// Identifier, chosen by the author: letters, digits, hyphens, underscores, dots.
    #[schema(example = "north")]
    id: String,
    /// Display name.
    name: String,
}

impl Wire {
    fn of(division: &Division) -> Self {
        Self { id: division.id.0.clone(), name: division.name.clone() }
    }
}

fn tag(division: &Division) -> String {
    etag::of_content(&Wire::of(division))
}

fn shown(division: &Division) -> Answer {
    Answer::ok(&Wire::of(division)).etag(tag(division))
}

fn created(organization: OrganizationId, division: &Division) -> Answer {
    let location = format!("/manage/v1/organizations/{organization}/divisions/{}", division.id);
    Answer::created(&Wire::of(division), location).etag(tag(division))
}
