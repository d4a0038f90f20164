//! What is counted about requests, and the page that Prometheus reads.

use metrics::{Counter, Gauge, Histogram, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Requests answered, by face, method, route and status class.
pub const REQUESTS: &str = "muster_http_requests_total";
/// Requests given up by the caller before the answer was ready, by face.
pub const ABANDONED: &str = "muster_http_requests_abandoned_total";
/// Requests refused because too many were in flight, by face.
pub const SHED: &str = "muster_http_requests_shed_total";
/// Time from the first handler byte to the answer's head, by face, method and route.
pub const LATENCY: &str = "muster_http_request_duration_seconds";
/// Requests being handled now, by face.
pub const IN_FLIGHT: &str = "muster_http_requests_in_flight";
/// Declared sizes of request bodies, by face.
pub const REQUEST_BYTES: &str = "muster_http_request_body_bytes";
/// Sizes of answers, by face.
pub const RESPONSE_BYTES: &str = "muster_http_response_body_bytes";

const LATENCY_BUCKETS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
const SIZE_BUCKETS: [f64; 7] = [256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0];

/// How often [`Recorder::upkeep`] wants to be called.
pub const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The process's metrics. There is one recorder for a process; installing it again gives the same one.
#[derive(Debug, Clone)]
pub struct Recorder(PrometheusHandle);

static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder for the process, or finds the one installed before.
pub fn install() -> Recorder {
    let handle = INSTALLED.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), &LATENCY_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_body_bytes".to_owned()), &SIZE_BUCKETS)
            })
            .expect("the only error is an empty list of buckets")
            .build_recorder();
        let handle = recorder.handle();
        // Only a program that brings its own recorder can have been faster; then its recorder counts.
        if metrics::set_global_recorder(recorder).is_ok() {
            describe();
        }
        handle
    });
    Recorder(handle.clone())
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests answered");
    metrics::describe_counter!(ABANDONED, "Requests given up by the caller before the answer was ready");
    metrics::describe_counter!(SHED, "Requests refused because too many were in flight");
    metrics::describe_histogram!(LATENCY, Unit::Seconds, "Time until the head of the answer was ready");
    metrics::describe_gauge!(IN_FLIGHT, "Requests being handled now");
    metrics::describe_histogram!(REQUEST_BYTES, Unit::Bytes, "Declared sizes of request bodies");
    metrics::describe_histogram!(RESPONSE_BYTES, Unit::Bytes, "Sizes of answers");
}

impl Recorder {
    /// Everything recorded, in the Prometheus text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds recorded values into their histograms; without it they pile up in memory until somebody scrapes.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// The meters of one face.
#[derive(Debug)]
pub(crate) struct FaceMeters {
    face: &'static str,
    pub(crate) in_flight: Gauge,
    pub(crate) abandoned: Counter,
    pub(crate) shed: Counter,
    pub(crate) request_bytes: Histogram,
    pub(crate) response_bytes: Histogram,
}

impl FaceMeters {
    pub(crate) fn new(face: &'static str) -> Self {
        Self {
            face,
            in_flight: metrics::gauge!(IN_FLIGHT, "face" => face),
            abandoned: metrics::counter!(ABANDONED, "face" => face),
            shed: metrics::counter!(SHED, "face" => face),
            request_bytes: metrics::histogram!(REQUEST_BYTES, "face" => face),
            response_bytes: metrics::histogram!(RESPONSE_BYTES, "face" => face),
        }
    }
}

/// The meters of one method on one route, looked up once and kept where the route is.
#[derive(Debug)]
pub(crate) struct RouteMeters {
    face: &'static str,
    method: &'static str,
    route: Arc<str>,
    latency: Histogram,
    classes: [OnceLock<Counter>; 6],
}

const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

impl RouteMeters {
    pub(crate) fn new(face: &FaceMeters, method: &'static str, route: &str) -> Self {
        let face = face.face;
        let route: Arc<str> = Arc::from(route);
        let latency = metrics::histogram!(
            LATENCY, "face" => face, "method" => method, "route" => Arc::clone(&route)
        );
        Self { face, method, route, latency, classes: Default::default() }
    }

    pub(crate) fn is_for(&self, method: &str, route: &str) -> bool {
        self.method == method && *self.route == *route
    }

    pub(crate) fn record(&self, status: u16, latency: Duration) {
        self.latency.record(latency);
        let class = usize::from(status / 100);
        let class = if class < CLASSES.len() { class } else { 0 };
        self.classes[class]
            .get_or_init(|| {
                metrics::counter!(
                    REQUESTS,
                    "face" => self.face,
                    "method" => self.method,
                    "route" => Arc::clone(&self.route),
                    "status" => CLASSES[class]
                )
            })
            .increment(1);
    }
}
