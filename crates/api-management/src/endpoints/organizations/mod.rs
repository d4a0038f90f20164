//! `/manage/v1/organizations`

mod create;
mod list;
mod read;
mod update;

use crate::answer::Answer;
use crate::call::App;
use crate::document::rfc3339;
use crate::etag;
use muster_app::usecases::authoring::organizations::OrganizationDraft;
use muster_domain::organization::Organization;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_organizations, create::create_organization))
        .routes(routes!(read::read_organization, update::update_organization))
}

/// What an author says about an organization.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = OrganizationInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Unique name.
    #[schema(example = "Harbour Coffee")]
    name: String,
    /// Whether divisions are in use.
    #[serde(default)]
    multi_org: bool,
    /// IANA zone for calendar-day rules of customers without their own.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Copenhagen")]
    time_zone: String,
    /// Scheme and host in front of emitted addresses; left out, the server's own.
    #[serde(default)]
    public_base_url: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Input {
    fn draft(self) -> OrganizationDraft {
        OrganizationDraft {
            name: self.name,
            multi_org: self.multi_org,
            time_zone: self.time_zone,
            public_base_url: self.public_base_url,
        }
    }
}

/// An organization.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Organization)]
pub(super) struct Output {
    /// Its identifier.
    id: i64,
    /// Unique name.
    name: String,
    /// Whether divisions are in use.
    multi_org: bool,
    /// IANA zone for calendar-day rules.
    time_zone: String,
    /// Scheme and host in front of emitted addresses; `null` takes the server's own.
    public_base_url: Option<String>,
    /// When it was created.
    created_at: String,
}

impl Output {
    fn of(organization: &Organization) -> Self {
        Self {
            id: organization.id.0,
            name: organization.name.clone(),
            multi_org: organization.multi_org,
            time_zone: organization.time_zone.clone(),
            public_base_url: organization.public_base_url.clone(),
            created_at: rfc3339(organization.created_at),
        }
    }
}

fn tag(organization: &Organization) -> String {
    etag::of_content(&Output::of(organization))
}

fn created(organization: &Organization) -> Answer {
    let location = format!("/manage/v1/organizations/{}", organization.id);
    Answer::created(&Output::of(organization), location).etag(tag(organization))
}

fn shown(organization: &Organization) -> Answer {
    Answer::ok(&Output::of(organization)).etag(tag(organization))
}
