//! The pages for operators and their supervisors, outside the faces: `/healthz`, `/readyz`, `/metrics`.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use muster_app::Services;
use muster_app::ports::OsEntropy;
use muster_web::metrics::Recorder;
use muster_web::{Guard, Limits, Refusal};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long the store may take to answer before the process counts as not ready.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// What the operations pages know of the process.
#[derive(Clone)]
pub(super) struct Operations(Arc<Shared>);

struct Shared {
    recorder: Recorder,
    services: OnceLock<Arc<Services>>,
    stopping: AtomicBool,
}

impl Operations {
    /// A process that is starting.
    pub(super) fn new(recorder: Recorder) -> Self {
        Self(Arc::new(Shared { recorder, services: OnceLock::new(), stopping: AtomicBool::new(false) }))
    }

    /// The store is open and the catalog loaded.
    pub(super) fn started(&self, services: Arc<Services>) {
        // Called once by the start-up; a second call would change nothing.
        self.0.services.get_or_init(|| services);
    }

    /// The process is about to end: load balancers should look elsewhere.
    pub(super) fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// The pages. They have limits of their own, so that they answer when the faces are full.
    pub(super) fn router(&self) -> Router {
        let guard = Guard::new("operations", Limits::default(), &OsEntropy, render);
        Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics_page))
            .layer(guard)
            .with_state(self.clone())
    }

    /// All that a starting process answers: its own pages, and for the rest "not yet".
    pub(super) fn starting_router(&self) -> Router {
        let faces = muster_api_connectivity::starting().merge(muster_api_dialler::starting());
        self.router().merge(faces).fallback(|| async {
            // The envelope of the engagement contract, whose clients may ask at any moment.
            let errors = json!({ "code": "NOT_AVAILABLE", "message": "the server is starting: try again" });
            let body = json!({ "status": "error", "errors": errors }).to_string();
            let headers = [(header::RETRY_AFTER, "1"), (header::CONTENT_TYPE, "application/json")];
            (StatusCode::SERVICE_UNAVAILABLE, headers, body)
        })
    }
}

/// The process is up. Says nothing about the store: restarting the process would not repair that.
async fn healthz() -> Response {
    state("ok").into_response()
}

/// Requests can be served: the store answers and the catalog is loaded.
async fn readyz(State(Operations(shared)): State<Operations>) -> Response {
    let status = if shared.stopping.load(Ordering::Relaxed) {
        "stopping"
    } else if let Some(services) = shared.services.get() {
        match tokio::time::timeout(PING_TIMEOUT, services.store.ping()).await {
            Ok(Ok(())) => "ready",
            Ok(Err(error)) => {
                tracing::warn!(%error, "the store does not answer");
                "the store does not answer"
            }
            Err(_) => {
                tracing::warn!(
                    limit_ms = PING_TIMEOUT.as_millis() as u64,
                    "the store does not answer in time"
                );
                "the store does not answer in time"
            }
        }
    } else {
        "starting"
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, [(header::CACHE_CONTROL, "no-store")], state(status)).into_response()
}

async fn metrics_page(State(Operations(shared)): State<Operations>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], shared.recorder.render()).into_response()
}

/// A state as a JSON document.
fn state(status: &str) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "application/json")], json!({"status": status}).to_string())
}

/// What the guard refuses in front of pages that belong to no face.
pub(super) fn render(refusal: Refusal) -> Response {
    let (code, status) = match refusal {
        Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Refusal::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed out"),
        Refusal::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    };
    (code, state(status)).into_response()
}
