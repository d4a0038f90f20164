//! The connectivity face: SIM campaigns, participants, SIMs and packages, under `/api/v2` and `/api/v3`.
//!
//! Every endpoint has its own file with its handlers and wire types; `wire` holds what several share. `error` is the
//! only place that knows error codes and HTTP statuses, `envelope` the only one that writes answers, `paging` the only
//! one that knows how pages are asked for, and `call` the only one that lets a request in.

mod call;
mod endpoints;
mod envelope;
mod error;
mod face;
mod paging;
mod state;
mod wire;

pub use error::codes;
pub use state::ConnectivityState;

use axum::Router;

/// All routes of the face, guarded. Addresses below `/api/v2` and `/api/v3` that do not exist are answered by it; a
/// server with further faces merges this one and keeps its own fallback for the rest.
pub fn router(state: &ConnectivityState) -> Router {
    endpoints::face().into_router(state)
}

/// What the face's addresses answer before there is a store: that trying again a little later helps.
pub fn starting() -> Router {
    let not_yet = || axum::routing::any(async || error::refuse(muster_web::Refusal::Busy));
    face::CATCH_ALL.into_iter().fold(Router::new(), |router, path| router.route(path, not_yet()))
}

/// The OpenAPI 3.1 document of the face, made from the same declarations as the routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    endpoints::face().into_openapi()
}
