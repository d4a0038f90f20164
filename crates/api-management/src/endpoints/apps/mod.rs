//! `/manage/v1/organizations/{organization}/apps`

mod create;
mod list;
mod read;
mod rename;
mod revoke;
mod rotate;

use crate::answer::Answer;
use crate::call::{App as State, Call};
use crate::document::rfc3339;
use crate::error::ApiError;
use crate::etag;
use muster_app::catalog::OrganizationSnapshot;
use muster_domain::ids::{ApiKey, OrganizationId};
use muster_domain::organization::App;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list::list_apps, create::create_app))
        .routes(routes!(read::read_app, rename::rename_app))
        .routes(routes!(rotate::rotate_app))
        .routes(routes!(revoke::revoke_app))
}

/// What an author says about a new app.
#[derive(Deserialize, ToSchema)]
#[schema(as = AppInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Display name, unique in the organization.
    #[schema(example = "Web shop")]
    name: String,
    /// A key that clients already use; left out, one is made.
    #[serde(default)]
    api_key: Option<String>,
    /// A secret that clients already use; left out, one is made.
    #[serde(default)]
    secret: Option<String>,
    /// A bearer token that clients already use; left out, one is made.
    #[serde(default)]
    bearer: Option<String>,
}

/// A new name.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AppName)]
#[serde(deny_unknown_fields)]
pub(super) struct Name {
    /// Display name, unique in the organization.
    name: String,
}

/// An app: a digital property with credentials of the engagement API.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = App)]
pub(super) struct Output {
    /// The key in the engagement API's paths, and the Basic user name.
    api_key: String,
    /// Display name.
    name: String,
    /// When it was created.
    created_at: String,
    /// When its secrets were last replaced.
    rotated_at: Option<String>,
    /// A revoked app authenticates nobody.
    revoked: bool,
    /// The Basic password. Only in the answer to the call that made it; a repetition of that call under the same
    /// idempotency key does not show it again.
    #[serde(skip)]
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "documents what `Answer::secret` adds to the body")]
    secret: (),
    /// The bearer token. Shown as `secret` is.
    #[serde(skip)]
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "documents what `Answer::secret` adds to the body")]
    bearer: (),
}

impl Output {
    fn of(app: &App) -> Self {
        Self {
            api_key: app.api_key.0.clone(),
            name: app.name.clone(),
            created_at: rfc3339(app.created_at),
            rotated_at: app.rotated_at.map(rfc3339),
            revoked: app.revoked,
            secret: (),
            bearer: (),
        }
    }
}

fn tag(app: &App) -> String {
    etag::of_content(&Output::of(app))
}

fn shown(app: &App) -> Answer {
    Answer::ok(&Output::of(app)).etag(tag(app))
}

fn created(organization: OrganizationId, app: &App) -> Answer {
    let location = format!("/manage/v1/organizations/{organization}/apps/{}", app.api_key);
    Answer::created(&Output::of(app), location).etag(tag(app))
}

/// The app that the path names.
fn find<'a>(snapshot: &'a OrganizationSnapshot, key: &str) -> Result<&'a App, ApiError> {
    snapshot.app(&ApiKey(key.to_owned())).ok_or_else(|| ApiError::not_found("app", key))
}

/// Refuses an action on another version than the caller names; without `If-Match` any version will do.
fn check(call: &Call, app: &App) -> Result<(), ApiError> {
    call.check_match(&tag(app)).map(drop)
}
