//! What a route tells in numbers.

use crate::sms::testing::{Centre, packet, route, seconds, send, stands};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use muster_app::ports::{RouteState, SmsGateway};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every meter by name and labels, with its value; of a histogram, how often something was recorded.
#[derive(Debug, Default)]
struct Page(Arc<Mutex<BTreeMap<String, f64>>>);

#[derive(Debug)]
struct Line {
    page: Arc<Mutex<BTreeMap<String, f64>>>,
    name: String,
}

impl Line {
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut page = self.page.lock();
        let value = page.entry(self.name.clone()).or_default();
        *value = change(*value);
    }
}

impl CounterFn for Line {
    fn increment(&self, by: u64) {
        self.change(|value| value + by as f64);
    }

    fn absolute(&self, value: u64) {
        self.change(|_| value as f64);
    }
}

impl GaugeFn for Line {
    fn increment(&self, by: f64) {
        self.change(|value| value + by);
    }

    fn decrement(&self, by: f64) {
        self.change(|value| value - by);
    }

    fn set(&self, to: f64) {
        self.change(|_| to);
    }
}

impl HistogramFn for Line {
    fn record(&self, _: f64) {
        self.change(|value| value + 1.0);
    }
}

impl Page {
    fn line(&self, key: &Key) -> Arc<Line> {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Line { page: Arc::clone(&self.0), name: format!("{}{{{}}}", key.name(), labels.join(",")) })
    }

    fn shows(&self, name: &str, expected: f64) {
        let value = self.0.lock().get(name).copied().unwrap_or(0.0);
        assert!((value - expected).abs() < f64::EPSILON, "{name}: {value}, not {expected}: {self:#?}");
    }
}

impl Recorder for Page {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.line(key))
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_counts_what_happens_to_it() {
    let page = Page::default();
    let mut settings = route("r");
    settings.window = 2;
    // A route makes its meters when it starts.
    let (gateway, mut centre) = metrics::with_local_recorder(&page, || Centre::with(vec![settings]));
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    stands(&gateway, RouteState::Bound).await;
    page.shows("muster_sms_sessions_bound{route=r}", 1.0);

    // Two segments: one is throttled first, one refused at last.
    let sending = send(&gateway, packet("491", 3));
    for (status, name) in [(0x58, ""), (0, "m1"), (0x0B, "")] {
        let submission = session.submission().await;
        session.answer(&submission, status, name).await;
    }
    sending.await.unwrap();
    // One that is lost with two waiting behind it.
    let lost = send(&gateway, packet("492", 1));
    let also_lost = send(&gateway, packet("493", 1));
    session.submission().await;
    session.submission().await;
    let _waiting = [send(&gateway, packet("494", 2)), send(&gateway, packet("495", 1))];
    session.deliver(1, 0x04, b"id:A1 stat:DELIVRD", b"").await;
    session.deliver(2, 0x40, &[2, 0x71, 0], b"").await;
    session.deliver(3, 0, b"hello", b"").await;
    session.say(0x102, 0, 4, b"\x01\x01491\0\x01\x0149\0").await;
    inbound.recv().await.unwrap().stored();
    inbound.recv().await.unwrap().later();
    inbound.recv().await.unwrap().stored();
    tokio::time::sleep(seconds(2)).await;
    page.shows("muster_sms_segments_in_flight{route=r}", 2.0);
    page.shows("muster_sms_segments_queued{route=r}", 3.0);
    drop(session);
    lost.await.unwrap();
    also_lost.await.unwrap();
    for (name, value) in [
        ("muster_sms_sessions_bound{route=r}", 0.0),
        ("muster_sms_reconnects_total{route=r}", 1.0),
        ("muster_sms_segments_total{route=r,outcome=accepted}", 1.0),
        ("muster_sms_segments_total{route=r,outcome=throttled}", 1.0),
        ("muster_sms_segments_total{route=r,outcome=address}", 1.0),
        ("muster_sms_segments_total{route=r,outcome=not_sent}", 1.0),
        ("muster_sms_segments_total{route=r,outcome=unknown}", 2.0),
        ("muster_sms_segments_total{route=r,outcome=transient}", 0.0),
        ("muster_sms_submit_duration_seconds{route=r}", 2.0),
        ("muster_sms_inbound_total{route=r,kind=receipt}", 1.0),
        ("muster_sms_inbound_total{route=r,kind=user_data}", 1.0),
        ("muster_sms_inbound_total{route=r,kind=available}", 1.0),
        ("muster_sms_inbound_total{route=r,kind=not_understood}", 1.0),
        ("muster_sms_inbound_total{route=r,kind=put_off}", 1.0),
    ] {
        page.shows(name, value);
    }
}
