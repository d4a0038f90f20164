//! What stands in front of the handlers of a face: one thin layer instead of a stack.
//!
//! For each request it gives a name, opens a span, holds the limits on simultaneous requests and on time, turns a
//! panic into an answer, and counts. The span and the metrics carry the route's pattern, never the path or the
//! query: those hold customers' ids and tokens.

use crate::metrics::{FaceMeters, RouteMeters};
use crate::request_id::{RequestId, RequestIds, X_REQUEST_ID};
use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use muster_app::ports::Entropy;
use std::convert::Infallible;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tower::{Layer, Service};
use tracing::{Instrument, Span, field};

/// The route's name where no route matched.
const UNMATCHED: &str = "(unmatched)";

/// What a face allows one request, and how many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body.
    pub body_max_bytes: usize,
    /// Longest time for a body to arrive.
    pub body_timeout: Duration,
    /// Longest time for a whole request, body included.
    pub request_timeout: Duration,
    /// Most requests handled at once by the face.
    pub in_flight_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_max_bytes: 1024 * 1024,
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            in_flight_max: 4_096,
        }
    }
}

/// What the guard refuses by itself; the face renders it in its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many requests as allowed are being handled. Trying again a little later helps.
    Busy,
    /// The handler did not finish in time. Whether it changed anything is unknown to the caller.
    TimedOut,
    /// The handler panicked: a bug in us. The details are in the log under the request's id.
    Panicked,
}

/// Renders a refusal in a face's envelope.
pub type Render = fn(Refusal) -> Response;

/// What the guard tells the handlers, found in the request's extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The request's name.
    pub id: RequestId,
    /// The face's limits.
    pub limits: Limits,
}

/// The layer: `router.layer(Guard::new(…))` as the last (outermost) one of a face.
#[derive(Clone)]
pub struct Guard(Arc<Shared>);

struct Shared {
    face: &'static str,
    limits: Limits,
    render: Render,
    ids: RequestIds,
    in_flight: AtomicUsize,
    meters: FaceMeters,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("face", &self.0.face)
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard for the face of that name. Install the metrics recorder first, else nothing is counted.
    pub fn new(face: &'static str, limits: Limits, entropy: &dyn Entropy, render: Render) -> Self {
        Self(Arc::new(Shared {
            face,
            limits,
            render,
            ids: RequestIds::new(entropy),
            in_flight: AtomicUsize::new(0),
            meters: FaceMeters::new(face),
        }))
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, shared: Arc::clone(&self.0), route: Arc::default() }
    }
}

/// A guarded service. axum makes one for each handler, so each remembers the meters of its route.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    shared: Arc<Shared>,
    route: Arc<OnceLock<Arc<RouteMeters>>>,
}

impl<S> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("face", &self.shared.face).finish_non_exhaustive()
    }
}

impl<S> Guarded<S> {
    fn meters(&self, method: &'static str, route: &str) -> Arc<RouteMeters> {
        let make = || Arc::new(RouteMeters::new(&self.shared.meters, method, route));
        let kept = self.route.get_or_init(make);
        if kept.is_for(method, route) { Arc::clone(kept) } else { make() }
    }
}

/// The method's name as a label; names that HTTP does not know share one, or callers could grow the metrics.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn declared_length(headers: &HeaderMap) -> Option<f64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A place among the requests in flight; given back when dropped, also when the caller went away.
struct Place {
    shared: Arc<Shared>,
    answered: bool,
}

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        if shared.in_flight.fetch_add(1, Ordering::Relaxed) >= shared.limits.in_flight_max {
            shared.in_flight.fetch_sub(1, Ordering::Relaxed);
            shared.meters.shed.increment(1);
            return None;
        }
        shared.meters.in_flight.increment(1.0);
        Some(Self { shared: Arc::clone(shared), answered: false })
    }

    fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.shared.meters.in_flight.decrement(1.0);
        if !self.answered {
            self.shared.meters.abandoned.increment(1);
        }
    }
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let started = Instant::now();
        let shared = Arc::clone(&self.shared);
        let id = shared.ids.name(request.headers());
        let method = method_label(request.method());
        let (span, meters) = {
            let matched = request.extensions().get::<MatchedPath>();
            let route = matched.map_or(UNMATCHED, MatchedPath::as_str);
            let span = tracing::info_span!(
                "request",
                face = shared.face,
                method,
                route,
                request_id = id.as_str(),
                status = field::Empty,
                latency_us = field::Empty,
            );
            (span, self.meters(method, route))
        };
        if let Some(length) = declared_length(request.headers()) {
            shared.meters.request_bytes.record(length);
        }
        let Some(place) = Place::take(&shared) else {
            let response = (shared.render)(Refusal::Busy);
            let response = finish(&shared, &meters, &span, &id, started, response);
            return Box::pin(std::future::ready(Ok(response)));
        };
        request.extensions_mut().insert(RequestContext { id: id.clone(), limits: shared.limits });
        let handling = {
            let _entered = span.enter();
            catch_unwind(AssertUnwindSafe(|| self.inner.call(request)))
        };
        let inside = span.clone();
        let future = async move {
            let outcome = match handling {
                Ok(future) => {
                    let future = AssertUnwindSafe(future).catch_unwind();
                    tokio::time::timeout(shared.limits.request_timeout, future).await
                }
                Err(panic) => Ok(Err(panic)),
            };
            let response = match outcome {
                Ok(Ok(Ok(response))) => response,
                Ok(Ok(Err(never))) => match never {},
                Ok(Err(_)) => {
                    tracing::error!("the handler panicked; the panic itself is logged where it happened");
                    (shared.render)(Refusal::Panicked)
                }
                Err(_) => {
                    tracing::warn!(
                        limit_ms = shared.limits.request_timeout.as_millis() as u64,
                        "the handler did not finish in time"
                    );
                    (shared.render)(Refusal::TimedOut)
                }
            };
            place.answered();
            Ok(finish(&shared, &meters, &inside, &id, started, response))
        };
        Box::pin(future.instrument(span))
    }
}

fn finish(
    shared: &Shared,
    meters: &RouteMeters,
    span: &Span,
    id: &RequestId,
    started: Instant,
    mut response: Response,
) -> Response {
    let latency = started.elapsed();
    let status = response.status().as_u16();
    meters.record(status, latency);
    if let Some(bytes) = response.body().size_hint().exact() {
        shared.meters.response_bytes.record(bytes as f64);
    }
    response.headers_mut().insert(X_REQUEST_ID, id.header_value());
    if !span.is_disabled() {
        span.record("status", status).record("latency_us", latency.as_micros() as u64);
    }
    // Failures of ours are worth a line each; the rest only when somebody asks for them.
    if response.status().is_server_error() {
        tracing::warn!(parent: span, "request failed");
    } else {
        tracing::debug!(parent: span, "request answered");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Payload;
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use muster_app::ports::SeededEntropy;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    fn render(refusal: Refusal) -> Response {
        let status = match refusal {
            Refusal::Busy => StatusCode::TOO_MANY_REQUESTS,
            Refusal::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, "from the face").into_response()
    }

    fn guard(face: &'static str, limits: Limits) -> Guard {
        crate::metrics::install();
        Guard::new(face, limits, &SeededEntropy::new(7), render)
    }

    async fn ask(router: &Router, method: Method, path: &str, request_id: Option<&str>) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(id) = request_id {
            request = request.header(X_REQUEST_ID, id);
        }
        let request = request.body(Body::empty()).expect("a request");
        router.clone().oneshot(request).await.expect("routers do not fail")
    }

    fn id_of(response: &Response) -> &str {
        response.headers()[X_REQUEST_ID].to_str().expect("text")
    }

    #[tokio::test]
    async fn request_ids_are_echoed_or_made_on_every_answer() {
        let router = Router::new()
            .route(
                "/a",
                get(|request: Request| async move {
                    request.extensions().get::<RequestContext>().expect("set by the guard").id.to_string()
                }),
            )
            .layer(guard("ids", Limits::default()));
        let response = ask(&router, Method::GET, "/a", Some("mine-1")).await;
        assert_eq!(id_of(&response), "mine-1");
        let response = ask(&router, Method::GET, "/a", None).await;
        let made = id_of(&response).to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
        assert_eq!(made.as_bytes(), body, "the handler sees the id that the caller sees");
        let response = ask(&router, Method::GET, "/nowhere", Some("mine-2")).await;
        assert_eq!((response.status(), id_of(&response)), (StatusCode::NOT_FOUND, "mine-2"));
    }

    async fn panics() -> &'static str {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn e7_a_panic_is_answered_by_the_face() {
        let router = Router::new().route("/panic", get(panics)).layer(guard("panic", Limits::default()));
        let response = ask(&router, Method::GET, "/panic", Some("p")).await;
        assert_eq!((response.status(), id_of(&response)), (StatusCode::INTERNAL_SERVER_ERROR, "p"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_does_not_finish_is_answered_by_the_face() {
        let limits = Limits { request_timeout: Duration::from_secs(3), ..Limits::default() };
        let router =
            Router::new().route("/slow", get(std::future::pending::<()>)).layer(guard("slow", limits));
        let response = ask(&router, Method::GET, "/slow", Some("s")).await;
        assert_eq!((response.status(), id_of(&response)), (StatusCode::GATEWAY_TIMEOUT, "s"));
    }

    #[tokio::test]
    async fn requests_beyond_the_limit_are_refused_and_places_come_back() {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (entered_inside, leave_inside) = (Arc::clone(&entered), Arc::clone(&leave));
        let limits = Limits { in_flight_max: 2, ..Limits::default() };
        let router = Router::new()
            .route(
                "/wait",
                get(move || async move {
                    entered_inside.notify_one();
                    leave_inside.notified().await;
                }),
            )
            .route("/quick", get(|| async {}))
            .layer(guard("busy", limits));
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let router = router.clone();
                tokio::spawn(async move { ask(&router, Method::GET, "/wait", None).await.status() })
            })
            .collect();
        entered.notified().await;
        entered.notified().await;
        let refused = ask(&router, Method::GET, "/quick", None).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers().contains_key(X_REQUEST_ID));
        leave.notify_one();
        leave.notify_one();
        for task in waiting {
            assert_eq!(task.await.expect("answered"), StatusCode::OK);
        }
        assert_eq!(ask(&router, Method::GET, "/quick", None).await.status(), StatusCode::OK);

        // A caller that goes away gives its place back too.
        for _ in 0..3 {
            let request = Request::get("/wait").body(Body::empty()).expect("a request");
            let mut future = Box::pin(router.clone().oneshot(request));
            assert!(futures_util::poll!(&mut future).is_pending());
        }
        assert_eq!(ask(&router, Method::GET, "/quick", None).await.status(), StatusCode::OK);
        let page = crate::metrics::install().render();
        assert!(page.contains("muster_http_requests_abandoned_total{face=\"busy\"} 3"), "{page}");
        assert!(page.contains("muster_http_requests_shed_total{face=\"busy\"} 1"), "{page}");
        assert!(page.contains("muster_http_requests_in_flight{face=\"busy\"} 0"), "{page}");
    }

    #[tokio::test]
    async fn h6_handlers_read_bodies_under_the_limits_of_their_guard() {
        let limits = Limits { body_max_bytes: 4, ..Limits::default() };
        let router = Router::new()
            .route(
                "/",
                post(|Payload(body): Payload| async move {
                    match body {
                        Ok(bytes) => (StatusCode::OK, bytes).into_response(),
                        Err(error) => (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response(),
                    }
                }),
            )
            .layer(guard("bodies", limits));
        for (body, expected) in [("1234", StatusCode::OK), ("12345", StatusCode::PAYLOAD_TOO_LARGE)] {
            let request = Request::post("/").body(Body::from(body)).expect("a request");
            let response = router.clone().oneshot(request).await.expect("routers do not fail");
            assert_eq!(response.status(), expected, "{body}");
        }
    }

    #[tokio::test]
    async fn metrics_name_routes_and_never_what_callers_sent() {
        let router = Router::new()
            .route("/users/{id}", get(|| async { "hello" }).delete(|| async { StatusCode::NOT_FOUND }))
            .layer(guard("meters", Limits::default()));
        for id in ["ada@example.com", "grace@example.com"] {
            ask(&router, Method::GET, &format!("/users/{id}?auth_token=hush"), None).await;
        }
        ask(&router, Method::HEAD, "/users/1", None).await;
        ask(&router, Method::DELETE, "/users/1", None).await;
        ask(&router, Method::from_bytes(b"BREW").expect("a method"), "/users/1", None).await;
        ask(&router, Method::GET, "/somewhere/else", None).await;
        let page = crate::metrics::install().render();
        let count = |method: &str, route: &str, status: &str, expected: u64| {
            let line = format!(
                "muster_http_requests_total{{face=\"meters\",method=\"{method}\",route=\"{route}\",\
                 status=\"{status}\"}} {expected}\n"
            );
            assert!(page.contains(&line), "{line} is not in\n{page}");
        };
        count("GET", "/users/{id}", "2xx", 2);
        count("HEAD", "/users/{id}", "2xx", 1);
        count("DELETE", "/users/{id}", "4xx", 1);
        count("other", "/users/{id}", "4xx", 1);
        count("GET", "(unmatched)", "4xx", 1);
        assert!(!page.contains("example.com") && !page.contains("hush") && !page.contains("somewhere"));
    }
}
