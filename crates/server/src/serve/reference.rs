//! `/docs`: the faces' references for people, and their OpenAPI documents for programs.
//!
//! The pages hold the document and let Scalar draw it; its script comes from a public CDN, so a browser without
//! internet sees the document alone.

use crate::failure::{Failure, Outcome};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use muster_app::ports::OsEntropy;
use muster_web::{Guard, Limits};
use utoipa::openapi::OpenApi;
use utoipa_scalar::Scalar;

const INDEX: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Muster</title></head>\
    <body><h1>Muster</h1><ul>\
    <li><a href=\"/docs/engagement\">Engagement API</a> (<a href=\"/docs/engagement.json\">OpenAPI</a>)</li>\
    <li><a href=\"/docs/management\">Management API</a> (<a href=\"/docs/management.json\">OpenAPI</a>)</li>\
    </ul></body></html>\n";

/// The pages, made once.
pub(super) fn router() -> Outcome<Router> {
    let guard = Guard::new("reference", Limits::default(), &OsEntropy, super::operations::render);
    let index = Router::new().route("/docs", get(|| async { Html(INDEX) }));
    let engagement = face(muster_api_engagement::openapi(), "engagement")?;
    let management = face(muster_api_management::openapi(), "management")?;
    Ok(index.merge(engagement).merge(management).layer(guard))
}

fn face(document: OpenApi, name: &str) -> Outcome<Router> {
    let json = document
        .to_pretty_json()
        .map(Bytes::from)
        .map_err(|error| Failure::new(format!("write the reference of the {name} face"), error))?;
    let page = Bytes::from(Scalar::new(document).to_html());
    Ok(Router::new()
        .route(&format!("/docs/{name}"), get(move || async move { Html(page).into_response() }))
        .route(
            &format!("/docs/{name}.json"),
            get(move || async move { ([(CONTENT_TYPE, "application/json")], json).into_response() }),
        ))
}
