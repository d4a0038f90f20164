//! The dialler face: call campaigns, result codes and contacts, under `/rest/v1.0/{ClientsID}/dialler`.
//!
//! Every endpoint has its own file with its handlers; `wire` holds the records and how bodies are read. `error` is the
//! only place that knows error texts and HTTP statuses, `envelope` the only one that writes answers, and `call` the
//! only one that lets a request in.

mod call;
pub mod document;
mod endpoints;
mod envelope;
mod error;
mod face;
mod state;
mod wire;

pub use state::DiallerState;

use axum::Router;

/// All routes of the face, guarded. Addresses below `/rest/v1.0` that do not exist are answered by it; a server with
/// further faces merges this one and keeps its own fallback for the rest.
pub fn router(state: &DiallerState) -> Router {
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
