//! Tokens of this API: `/manage/v1/tokens` for all organizations, and below an organization for it alone.

mod create;
mod list;
mod revoke;

use crate::call::{App, Call};
use crate::document::rfc3339;
use crate::error::ApiError;
use muster_app::ports::ManagementToken;
use muster_app::usecases::authoring::tokens::public_id;
use muster_domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_global_tokens, create::create_global_token))
        .routes(routes!(revoke::revoke_global_token))
        .routes(routes!(list::list_tokens, create::create_token))
        .routes(routes!(revoke::revoke_token))
}

/// What an author says about a new token.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TokenInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// What it is for.
    #[schema(example = "deployment pipeline")]
    name: String,
}

/// A management token.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct Output {
    /// A name for the token that gives nothing away.
    id: String,
    /// What it is for.
    name: String,
    /// The only organization it opens; `null` opens all.
    organization: Option<i64>,
    /// When it was made.
    created_at: String,
    /// The token itself. Only in the answer to the call that made it.
    #[serde(skip)]
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "documents what `Answer::secret` adds to the body")]
    token: (),
}

impl Output {
    fn of(token: &ManagementToken) -> Self {
        Self {
            id: public_id(token).to_owned(),
            name: token.name.clone(),
            organization: token.organization.map(|id| id.0),
            created_at: rfc3339(token.created_at),
            token: (),
        }
    }
}

/// The organization in the path, or `None` for all, which only a token for all may ask about.
async fn scope(call: &Call, organization: Option<&str>) -> Result<Option<OrganizationId>, ApiError> {
    match organization {
        None => call.require_global().map(|()| None),
        Some(id) => Ok(Some(call.organization(id).await?.id())),
    }
}
