//! `/manage/v1/organizations/{organization}/customers`

mod explain;
mod list;
mod read;
mod standing;

use crate::call::{App, Call};
use crate::document::rfc3339;
use crate::error::ApiError;
use muster_app::AppError;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::StoredCustomer;
use muster_app::usecases::select::{CustomerSelector, load_customer};
use muster_domain::customer::Tag;
use muster_domain::time::UnixMillis;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_customers))
        .routes(routes!(read::read_customer))
        .routes(routes!(standing::change_standing))
        .routes(routes!(explain::explain_campaign))
}

/// A customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(super) struct Output {
    /// The internal id, `user_id` on the engagement wire.
    id: String,
    /// Grows by one with each write; the `ETag` says the same.
    version: u64,
    /// Identity and attributes.
    #[schema(value_type = Object)]
    profile: Value,
    /// Whether the customer may be reached and rewarded.
    #[schema(value_type = Object)]
    standing: Value,
    /// Live tags: those that count, with their count, and those that expire, with their end.
    tags: BTreeMap<String, TagOutput>,
    /// Spendable points.
    points: i64,
    /// Points of a test account.
    test_points: i64,
    /// Explicit opt-in choices by campaign id.
    choices: BTreeMap<i64, bool>,
    /// Events in the log.
    events: u64,
    /// When the customer was created.
    created_at: String,
    /// When the profile was last changed.
    updated_at: String,
    /// When the customer registered; `null` for an anonymous one behind a client token.
    registered_at: Option<String>,
}

/// A tag.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerTag)]
#[serde(rename_all = "snake_case")]
pub(super) enum TagOutput {
    /// How often it was written.
    Count(u64),
    /// When it is gone.
    ExpiresAt(String),
}

impl Output {
    fn of(stored: &StoredCustomer, now: UnixMillis) -> Self {
        let customer = &stored.customer;
        let live = customer.tags.iter().filter(|(_, tag)| tag.is_live(now));
        let tag = |tag: &Tag| match tag {
            Tag::Counter { count } => TagOutput::Count(*count),
            Tag::Expiring { expires_at } => TagOutput::ExpiresAt(rfc3339(*expires_at)),
        };
        Self {
            id: stored.id.to_string(),
            version: stored.version,
            // Plain data: writing it as JSON cannot fail, and `null` would show if it did.
            profile: serde_json::to_value(&customer.profile).unwrap_or_default(),
            standing: serde_json::to_value(&customer.standing).unwrap_or_default(),
            tags: live.map(|(name, kind)| (name.clone(), tag(kind))).collect(),
            points: customer.points.available,
            test_points: customer.points.test,
            choices: customer.choices.iter().map(|(id, choice)| (id.0, choice.opted_in)).collect(),
            events: customer.events_logged,
            created_at: rfc3339(customer.created_at),
            updated_at: rfc3339(customer.updated_at),
            registered_at: customer.registered_at.map(rfc3339),
        }
    }
}

/// Names in the answer what the path named and nobody found.
fn name_missing(error: AppError, customer: &str, campaign: &str) -> ApiError {
    match error {
        AppError::CustomerNotFound => ApiError::not_found("customer", customer),
        AppError::CampaignNotFound => ApiError::not_found("campaign", campaign),
        error => error.into(),
    }
}

/// The customer that a path segment names.
async fn load(
    call: &Call,
    organization: &OrganizationSnapshot,
    segment: &str,
) -> Result<StoredCustomer, ApiError> {
    let loaded = load_customer(call.services(), organization, &select(segment)?).await;
    loaded.map_err(|error| name_missing(error, segment, ""))
}

/// What a path segment names: an internal id, or with `external:` in front the client's own.
fn select(segment: &str) -> Result<CustomerSelector, ApiError> {
    match segment.strip_prefix("external:") {
        Some(external) if external.contains('\0') => {
            Err(ApiError::not_found("customer", external.replace('\0', "\u{2400}")))
        }
        Some(external) => Ok(CustomerSelector::External(external.to_owned())),
        None => CustomerSelector::from_user_id(segment).map_err(|_| ApiError::not_found("customer", segment)),
    }
}
