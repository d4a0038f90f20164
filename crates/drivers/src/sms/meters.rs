//! What a route tells about itself in numbers.

use metrics::{Counter, Gauge, Histogram};
use muster_app::ports::{InboundMessage, RefusalClass};
use std::time::Duration;

/// Sessions that are bound, by route.
const BOUND: &str = "muster_sms_sessions_bound";
/// Segments by what became of them, by route and outcome.
const SEGMENTS: &str = "muster_sms_segments_total";
/// Segments sent and not answered yet, by route.
const IN_FLIGHT: &str = "muster_sms_segments_in_flight";
/// Segments that wait to be sent, by route.
const QUEUED: &str = "muster_sms_segments_queued";
/// Time from a submission to its answer, by route.
const ROUND_TRIP: &str = "muster_sms_submit_duration_seconds";
/// Messages from the centre by kind, by route.
const INBOUND: &str = "muster_sms_inbound_total";
/// Sessions lost and connected again, by route.
const RECONNECTS: &str = "muster_sms_reconnects_total";

/// The meters of one route.
pub(crate) struct Meters {
    pub(crate) bound: Gauge,
    pub(crate) in_flight: Gauge,
    pub(crate) queued: Gauge,
    pub(crate) reconnects: Counter,
    round_trip: Histogram,
    accepted: Counter,
    pub(crate) throttled: Counter,
    pub(crate) unknown: Counter,
    pub(crate) not_sent: Counter,
    refused: [Counter; 6],
    receipts: Counter,
    user_data: Counter,
    available: Counter,
    /// Messages that were not understood, and acknowledged nevertheless.
    pub(crate) not_understood: Counter,
    /// Messages that the centre was asked to send again.
    pub(crate) put_off: Counter,
}

impl Meters {
    pub(crate) fn new(route: &str) -> Self {
        let segments = |outcome: &'static str| metrics::counter!(SEGMENTS, "route" => route.to_owned(), "outcome" => outcome);
        let inbound =
            |kind: &'static str| metrics::counter!(INBOUND, "route" => route.to_owned(), "kind" => kind);
        Self {
            bound: metrics::gauge!(BOUND, "route" => route.to_owned()),
            in_flight: metrics::gauge!(IN_FLIGHT, "route" => route.to_owned()),
            queued: metrics::gauge!(QUEUED, "route" => route.to_owned()),
            reconnects: metrics::counter!(RECONNECTS, "route" => route.to_owned()),
            round_trip: metrics::histogram!(ROUND_TRIP, "route" => route.to_owned()),
            accepted: segments("accepted"),
            throttled: segments("throttled"),
            unknown: segments("unknown"),
            not_sent: segments("not_sent"),
            refused: [
                segments("queue_full"),
                segments("transient"),
                segments("address"),
                segments("request"),
                segments("refused"),
                segments("unknown_status"),
            ],
            receipts: inbound("receipt"),
            user_data: inbound("user_data"),
            available: inbound("available"),
            not_understood: inbound("not_understood"),
            put_off: inbound("put_off"),
        }
    }

    pub(crate) fn accepted(&self, round_trip: Duration) {
        self.accepted.increment(1);
        self.round_trip.record(round_trip);
    }

    pub(crate) fn refused(&self, class: RefusalClass, round_trip: Duration) {
        let index = match class {
            RefusalClass::QueueFull => 0,
            RefusalClass::Transient => 1,
            RefusalClass::Address => 2,
            RefusalClass::Request => 3,
            RefusalClass::Refused => 4,
            RefusalClass::Unknown => 5,
        };
        self.refused[index].increment(1);
        self.round_trip.record(round_trip);
    }

    pub(crate) fn inbound(&self, message: &InboundMessage) {
        match message {
            InboundMessage::Receipt { .. } => self.receipts.increment(1),
            InboundMessage::UserData { .. } => self.user_data.increment(1),
            InboundMessage::Available { .. } => self.available.increment(1),
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Meters")
    }
}
