//! `/manage/v1/organizations/{organization}/accounts`

mod create;
mod list;
mod read;

use crate::answer::Answer;
use crate::call::App;
use crate::document::rfc3339;
use muster_domain::account::{Account, AccountKind, AccountStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_accounts, create::create_account))
        .routes(routes!(read::read_account))
}

/// What an operator says about a new account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = AccountInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Its id, for an account that is taken over from elsewhere; left out, one is made.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    id: Option<Uuid>,
    /// The account above it; left out, it is the root of a tree.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    parent: Option<Uuid>,
    /// Display name.
    #[schema(example = "Harbour Meters")]
    name: String,
    /// `ACTIVE` or `SUSPEND`.
    #[serde(default = "active")]
    #[schema(value_type = String, example = "ACTIVE")]
    status: AccountStatus,
    /// `PRIVATE` or `BUSINESS`.
    #[serde(default = "business")]
    #[schema(value_type = String, example = "BUSINESS")]
    kind: AccountKind,
    /// ISO 4217 code.
    #[serde(default = "euro")]
    #[schema(example = "EUR")]
    currency: String,
    /// Whether it may attach packages of its parent to its own SIMs.
    #[serde(default)]
    allow_offer_delegation: bool,
    /// Whether its SIMs may be locked to a device.
    #[serde(default)]
    is_allowed_imei_lock: bool,
    /// Further members of the connectivity face under their names there, such as `vatRegistrationNumber`.
    #[serde(default)]
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

const fn active() -> AccountStatus {
    AccountStatus::Active
}

const fn business() -> AccountKind {
    AccountKind::Business
}

fn euro() -> String {
    "EUR".to_owned()
}

/// A customer of the connectivity face.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct Output {
    /// Its id, `customerId` of the connectivity face.
    id: String,
    /// The account above it; `null` for a root.
    parent: Option<String>,
    /// Display name.
    name: String,
    /// `ACTIVE` or `SUSPEND`.
    #[schema(value_type = String)]
    status: AccountStatus,
    /// `PRIVATE` or `BUSINESS`.
    #[schema(value_type = String)]
    kind: AccountKind,
    /// ISO 4217 code.
    currency: String,
    /// Whether it may attach packages of its parent to its own SIMs.
    allow_offer_delegation: bool,
    /// Whether its SIMs may be locked to a device.
    is_allowed_imei_lock: bool,
    /// Further members of the connectivity face.
    #[schema(value_type = Object)]
    details: Map<String, Value>,
    /// When it was made.
    created_at: String,
}

impl Output {
    fn of(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            parent: account.parent.map(|parent| parent.to_string()),
            name: account.name.clone(),
            status: account.status,
            kind: account.kind,
            currency: account.currency.clone(),
            allow_offer_delegation: account.allow_offer_delegation,
            is_allowed_imei_lock: account.is_allowed_imei_lock,
            details: account.details.clone(),
            created_at: rfc3339(account.created_at),
        }
    }
}

fn created(account: &Account) -> Answer {
    let location = format!("/manage/v1/organizations/{}/accounts/{}", account.organization, account.id);
    Answer::created(&Output::of(account), location)
}
