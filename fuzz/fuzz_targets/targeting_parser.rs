//! Any text as a targeting query: it is refused with a reason, or kept as it is, and then the evaluator, the
//! explanation and the index give one verdict.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_domain::audience::{CompiledSet, Facts, PastEvent, Scratch, Targeting};
use muster_domain::customer::Customer;
use muster_domain::time::UnixMillis;
use serde_json::json;
use std::sync::LazyLock;

const NOW: UnixMillis = UnixMillis(1_774_952_430_400);

static CUSTOMER: LazyLock<Customer> = LazyLock::new(|| {
    serde_json::from_value(json!({
        "profile": {
            "country": "CHE", "city": "Zürich", "dob": "2000-03-31", "opted_in": true, "proxy_ids": ["p1"],
            "user_profile": {"x": 1, "y": ["a", 2, null], "z": {"x": "2026-03-01"}, "n": null, "f": 0.5}
        },
        "tags": {"buyer": {"counter": {"count": 1}}, "stale": {"expiring": {"expires_at": NOW.0}}},
        "points": {"available": 250},
        "tracking_id": "00000000-0000-0000-0000-000000000000",
        "created_at": NOW.0 - 86_400_000, "updated_at": NOW.0, "registered_at": NOW.0 - 1_000
    }))
    .expect("a customer")
});

fuzz_target!(|text: &str| {
    let Ok(targeting) = Targeting::parse_str(text) else { return };
    let events = [PastEvent { name: "buy".to_owned(), occurred_at: NOW, quantity: 2 }];
    let facts = Facts { customer: &CUSTOMER, events: &events, now: NOW };
    let verdict = targeting.matches(&facts);
    for demand in targeting.event_names() {
        assert!(demand.since(NOW).is_none_or(|since| since <= NOW));
    }
    assert_eq!(targeting.explain(&facts).verdict, verdict);

    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    // Often enough for its fields to be worth planes.
    let set = CompiledSet::compile((0..8).map(|slot| (slot, Some(&targeting))));
    set.matches(&facts, &mut scratch, &mut found);
    assert_eq!(found, if verdict { (0..8).collect() } else { Vec::new() });

    let again = Targeting::parse(targeting.source().clone()).expect("what was accepted is accepted again");
    assert_eq!(again, targeting);
});
