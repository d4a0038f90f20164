//! What the driver tells about itself in numbers.

use metrics::{Counter, Gauge};

/// Whether a trunk takes calls: 1 or 0.
const UP: &str = "muster_sip_trunk_up";
/// Lines of a trunk that are taken.
const BUSY: &str = "muster_sip_trunk_calls";
/// Calls begun over a trunk.
const BEGUN: &str = "muster_sip_calls_begun_total";
/// Calls that ended, by trunk (or `phone`) and class of the answer.
const ENDED: &str = "muster_sip_calls_ended_total";
/// Calls a minute that a trunk is given now.
const PACE: &str = "muster_sip_trunk_calls_per_minute";
/// Whether a trunk is left alone because it fails: 1 or 0.
const BREAKER: &str = "muster_sip_trunk_breaker_open";
/// How often a trunk was found congested.
const CONGESTIONS: &str = "muster_sip_trunk_congestions_total";
/// Calls that were answered after they had been given up, and ended at once.
const GHOSTS: &str = "muster_sip_answers_too_late_total";
/// Phones that are registered.
const PHONES: &str = "muster_sip_phones_registered";

/// A gauge that takes counts.
pub(crate) struct Count(Gauge);

impl Count {
    pub(crate) fn set(&self, count: u32) {
        self.0.set(f64::from(count));
    }
}

/// The meters of one trunk.
pub(crate) struct TrunkMeters {
    pub(crate) up: Count,
    pub(crate) busy: Count,
    pub(crate) calls: Counter,
    pub(crate) pace: Count,
    pub(crate) breaker: Count,
    pub(crate) congestions: Counter,
}

impl TrunkMeters {
    pub(crate) fn new(trunk: &str) -> Self {
        let gauge = |name: &'static str| Count(metrics::gauge!(name, "trunk" => trunk.to_owned()));
        let counter = |name: &'static str| metrics::counter!(name, "trunk" => trunk.to_owned());
        Self {
            up: gauge(UP),
            busy: gauge(BUSY),
            calls: counter(BEGUN),
            pace: gauge(PACE),
            breaker: gauge(BREAKER),
            congestions: counter(CONGESTIONS),
        }
    }
}

impl std::fmt::Debug for TrunkMeters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TrunkMeters")
    }
}

/// A call has ended. `class` is one of a few words: `answered`, `late`, `cancelled`, `silent`, or the hundreds of the
/// status.
pub(crate) fn ended(trunk: Option<&str>, class: &'static str) {
    metrics::counter!(ENDED, "trunk" => trunk.unwrap_or("phone").to_owned(), "class" => class).increment(1);
}

/// An answer came after the call was given up.
pub(crate) fn ghost() {
    metrics::counter!(GHOSTS).increment(1);
}

/// So many phones are registered now.
pub(crate) fn phones(count: usize) {
    metrics::gauge!(PHONES).set(count as f64);
}
