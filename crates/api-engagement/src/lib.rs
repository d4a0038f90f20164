//! The engagement face: campaigns for customers over REST, in the vocabulary that existing integrations speak.
//!
//! Every endpoint has its own file with its handlers, one for each path, and its wire types; `wire` holds what
//! several answers share. `error` is the only place that knows error codes and HTTP statuses, `call` the only one
//! that lets a request in.

mod auth;
mod call;
mod endpoints;
mod error;
mod face;
mod state;
mod wire;

pub use error::{ErrorCodeCase, codes};
pub use state::EngagementState;
pub use wire::events::{EventsError, parse as parse_events};

use axum::Router;

/// All routes of the face, guarded and with fallbacks that answer in the face's envelope. Since it owns the
/// fallbacks, a server with further faces nests those and lets the rest fall through to this one.
pub fn router(state: &EngagementState) -> Router {
    endpoints::face().into_router(state)
}

/// The OpenAPI 3.1 document of the face, made from the same declarations as the routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    endpoints::face().into_openapi()
}
