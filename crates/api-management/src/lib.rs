//! The management face, `/manage/v1`: what the console, the command line and pipelines author campaigns with.
//!
//! Every endpoint has its own file. [`document`] is the form in which campaigns are written, here and in files;
//! `error` is the one mapping of failures, `call` the one way in.

mod answer;
mod call;
mod calls;
pub mod connectivity;
pub mod document;
mod endpoints;
mod error;
mod etag;
pub mod explanation;
mod openapi;
mod page;
mod read;

use axum::Router;
use muster_app::Services;
use muster_web::{Guard, Limits};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// All routes of the face, guarded. Addresses below `/manage` that do not exist are answered by it; a server with
/// further faces merges this one and keeps its own fallback for the rest.
pub fn router(services: Arc<Services>, limits: Limits) -> Router {
    let guard = Guard::new("management", limits, services.entropy.as_ref(), error::refuse);
    let (router, _) = OpenApiRouter::new().merge(endpoints::all()).split_for_parts();
    router
        .route("/manage", axum::routing::any(no_route))
        .route("/manage/{*rest}", axum::routing::any(no_route))
        .method_not_allowed_fallback(async || error::ApiError::NoMethod)
        .with_state(services)
        .layer(guard)
}

async fn no_route() -> error::ApiError {
    error::ApiError::NoRoute
}

/// The OpenAPI 3.1 document of the face, made from the same declarations as the routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    OpenApiRouter::with_openapi(openapi::frame()).merge(endpoints::all()).into_openapi()
}
