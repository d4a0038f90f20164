//! `/docs`: the faces' references for people, and their OpenAPI documents for programs.
//!
//! The pages hold the document and let Scalar draw it; its script comes from a public CDN, so a browser without
//! internet sees the document alone. A document is made when it is first asked for: most servers never are.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use muster_app::ports::OsEntropy;
use muster_web::{Guard, Limits};
use std::sync::OnceLock;
use utoipa::openapi::OpenApi;
use utoipa_scalar::Scalar;

const INDEX: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Muster</title></head>\
    <body><h1>Muster</h1><ul>\
    <li><a href=\"/docs/engagement\">Engagement API</a> (<a href=\"/docs/engagement.json\">OpenAPI</a>)</li>\
    <li><a href=\"/docs/management\">Management API</a> (<a href=\"/docs/management.json\">OpenAPI</a>)</li>\
    </ul></body></html>\n";

/// A face's document in both forms.
struct Reference {
    make: fn() -> OpenApi,
    page: OnceLock<Bytes>,
    json: OnceLock<Bytes>,
}

static ENGAGEMENT: Reference = Reference::of(muster_api_engagement::openapi);
static MANAGEMENT: Reference = Reference::of(muster_api_management::openapi);

impl Reference {
    const fn of(make: fn() -> OpenApi) -> Self {
        Self { make, page: OnceLock::new(), json: OnceLock::new() }
    }

    fn page(&self) -> Response {
        let page = self.page.get_or_init(|| Scalar::new((self.make)()).to_html().into());
        Html(page.clone()).into_response()
    }

    fn json(&self) -> Response {
        let json = self.json.get().cloned().map_or_else(
            || (self.make)().to_pretty_json().map(|text| self.json.get_or_init(|| text.into()).clone()),
            Ok,
        );
        match json {
            Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
            Err(error) => {
                tracing::error!(%error, "an OpenAPI document cannot be written as JSON");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// The pages.
pub(super) fn router() -> Router {
    let guard = Guard::new("reference", Limits::default(), &OsEntropy, super::operations::render);
    Router::new()
        .route("/docs", get(|| async { Html(INDEX) }))
        .route("/docs/engagement", get(|| async { ENGAGEMENT.page() }))
        .route("/docs/engagement.json", get(|| async { ENGAGEMENT.json() }))
        .route("/docs/management", get(|| async { MANAGEMENT.page() }))
        .route("/docs/management.json", get(|| async { MANAGEMENT.json() }))
        .layer(guard)
}
