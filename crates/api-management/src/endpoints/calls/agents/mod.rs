//! `/manage/v1/organizations/{organization}/call-clients/{client}/agents`

mod list;
mod put;
mod remove;

use crate::call::App;
use muster_app::usecases::dialler::PHONE_REALM;
use muster_domain::calls::client::Agent;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_call_agents))
        .routes(routes!(put::put_call_agent, remove::remove_call_agent))
}

/// Somebody who talks with contacts. The phone's password is never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CallAgent)]
pub(super) struct Output {
    /// `UsersUID` of the dialler face.
    uid: String,
    /// Name, for people.
    name: String,
    /// The name under which the phone registers.
    phone_username: String,
    /// The realm of the phone's digest authentication.
    phone_realm: &'static str,
}

impl Output {
    fn of(agent: &Agent) -> Self {
        Self {
            uid: agent.uid.clone(),
            name: agent.name.clone(),
            phone_username: agent.phone_username(),
            phone_realm: PHONE_REALM,
        }
    }
}
