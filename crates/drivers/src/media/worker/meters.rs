//! What the thread tells about itself in numbers.

use metrics::{Counter, Gauge};
use muster_app::ports::MediaStats;

/// Legs that are open.
const LEGS: &str = "muster_media_legs";
/// Packets of legs that have ended, by what became of them.
const PACKETS: &str = "muster_media_packets_total";
/// Times that the thread was held up for so long that sound was left out.
const HELD_UP: &str = "muster_media_held_up_total";

pub(super) struct Meters {
    pub(super) legs: Gauge,
    pub(super) held_up: Counter,
    received: Counter,
    sent: Counter,
    lost: Counter,
}

impl Meters {
    pub(super) fn new() -> Self {
        let packets = |fate: &'static str| metrics::counter!(PACKETS, "fate" => fate);
        Self {
            legs: metrics::gauge!(LEGS),
            held_up: metrics::counter!(HELD_UP),
            received: packets("received"),
            sent: packets("sent"),
            lost: packets("lost"),
        }
    }

    /// A leg has ended.
    pub(super) fn closed(&self, stats: MediaStats) {
        self.received.increment(stats.received);
        self.sent.increment(stats.sent);
        self.lost.increment(stats.lost);
    }
}
