//! `/docs`: the faces' references for people, and their OpenAPI documents for programs.
//!
//! The pages hold the document and let Scalar draw it. Its script is compiled in (`scalar/`), so the pages work without
//! internet, and the browser is told to ask nobody else. A document is made when it is first asked for: most servers
//! never are.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
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
    <li><a href=\"/docs/connectivity\">Connectivity API</a> (<a href=\"/docs/connectivity.json\">OpenAPI</a>)</li>\
    <li><a href=\"/docs/dialler\">Dialler API</a> (<a href=\"/docs/dialler.json\">OpenAPI</a>)</li>\
    <li><a href=\"/docs/management\">Management API</a> (<a href=\"/docs/management.json\">OpenAPI</a>)</li>\
    </ul></body></html>\n";

/// The page that Scalar fills; `$spec` is the document.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
</head>
<body>
<script id="api-reference" type="application/json" data-configuration='{"withDefaultFonts":false,"telemetry":false,"hideClientButton":true,"agent":{"disabled":true},"mcp":{"disabled":true}}'>
$spec
</script>
<script src="/docs/scalar.js"></script>
</body>
</html>
"#;

/// Keeps the script from asking other servers for anything, fonts included.
const POLICY: &str = "connect-src 'self'; font-src 'self' data:";

/// The script, as every browser takes it.
static SCRIPT: &[u8] = include_bytes!("scalar/standalone.js.gz");

fn script() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, SCRIPT).into_response()
}

/// A face's document in both forms.
struct Reference {
    make: fn() -> OpenApi,
    page: OnceLock<Bytes>,
    json: OnceLock<Bytes>,
}

static ENGAGEMENT: Reference = Reference::of(muster_api_engagement::openapi);
static CONNECTIVITY: Reference = Reference::of(muster_api_connectivity::openapi);
static DIALLER: Reference = Reference::of(muster_api_dialler::openapi);
static MANAGEMENT: Reference = Reference::of(muster_api_management::openapi);

impl Reference {
    const fn of(make: fn() -> OpenApi) -> Self {
        Self { make, page: OnceLock::new(), json: OnceLock::new() }
    }

    fn page(&self) -> Response {
        let page = self.page.get_or_init(|| {
            let document = (self.make)();
            let title = document.info.title.clone();
            Scalar::new(document).custom_html(PAGE).title(title).to_html().into()
        });
        ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page.clone())).into_response()
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
        .route("/docs/scalar.js", get(|| async { script() }))
        .route("/docs/engagement", get(|| async { ENGAGEMENT.page() }))
        .route("/docs/engagement.json", get(|| async { ENGAGEMENT.json() }))
        .route("/docs/connectivity", get(|| async { CONNECTIVITY.page() }))
        .route("/docs/connectivity.json", get(|| async { CONNECTIVITY.json() }))
        .route("/docs/dialler", get(|| async { DIALLER.page() }))
        .route("/docs/dialler.json", get(|| async { DIALLER.json() }))
        .route("/docs/management", get(|| async { MANAGEMENT.page() }))
        .route("/docs/management.json", get(|| async { MANAGEMENT.json() }))
        .layer(guard)
}
