//! Calling policies: `…/call-policies/presets` to start from, `…/call-clients/{client}/call-policies` for own ones.

mod list;
mod presets;
mod put;
mod read;
mod remove;

use crate::call::App;
use muster_domain::calls::policy::Policy;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(presets::list_call_policy_presets))
        .routes(routes!(list::list_call_policies))
        .routes(routes!(read::read_call_policy, put::put_call_policy, remove::remove_call_policy))
}

/// A calling policy of a client account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPolicy)]
pub(super) struct Output {
    /// Its name, by which client accounts and campaigns refer to it.
    name: String,
    /// As it was written.
    #[schema(value_type = Object)]
    document: Value,
    /// What it comes to, with the values of its preset where it says nothing.
    #[schema(value_type = Object)]
    effective: Policy,
}
