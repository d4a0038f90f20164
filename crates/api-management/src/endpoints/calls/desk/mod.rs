//! `/manage/v1/organizations/{organization}/call-clients/{client}/desk`: agents at work, on the server that answers.

mod dial;
mod list;
mod log_in;
mod log_out;
mod step;

use crate::call::{App, Call};
use crate::calls::AgentAtDeskOutput as Output;
use crate::error::ApiError;
use muster_app::ports::Desk;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_agents_at_desk))
        .routes(routes!(log_in::log_agent_in, log_out::log_agent_out))
        .routes(routes!(step::take_agent_step))
        .routes(routes!(dial::dial_contact))
}

/// The desk of this server; refused where it places no calls.
fn desk(call: &Call) -> Result<&Arc<dyn Desk>, ApiError> {
    Ok(call.services().desk()?)
}
