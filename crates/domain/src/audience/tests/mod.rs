//! Tests of the targeting language as a whole.

mod evaluation;
mod explanation;
mod properties;
mod reference;
mod refusals;
mod strategies;

use super::{Facts, PastEvent, Targeting};
use crate::customer::{Customer, ExternalIdentifier, Points, Profile, Standing, Tag};
use crate::time::UnixMillis;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// 2026-03-31T10:20:30.400Z.
pub(super) const NOW: UnixMillis = UnixMillis(1_774_952_430_400);

pub(super) fn at(text: &str) -> UnixMillis {
    text.parse::<jiff::Timestamp>().expect("test data is a time stamp").into()
}

/// A customer without anything optional.
pub(super) fn blank() -> Customer {
    Customer {
        profile: Profile::default(),
        standing: Standing::default(),
        tags: BTreeMap::new(),
        choices: BTreeMap::new(),
        progress: BTreeMap::new(),
        points: Points::default(),
        impressions: BTreeMap::new(),
        tracking_id: Uuid::nil(),
        events_logged: 0,
        created_at: at("2025-01-01T00:00:00Z"),
        updated_at: at("2025-06-01T00:00:00Z"),
        registered_at: None,
    }
}

/// A customer with everything that the tables ask about.
pub(super) fn ada() -> Customer {
    let json_object = |value: Value| value.as_object().expect("test data is an object").clone();
    Customer {
        profile: Profile {
            external_id: Some("crm-7".to_owned()),
            identifiers: vec![ExternalIdentifier {
                external_id: "card-9".to_owned(),
                external_id_type: None,
            }],
            email: Some("ada@example.test".to_owned()),
            opted_in: true,
            first_name: Some("Ada".to_owned()),
            gender: Some("f".to_owned()),
            dob: Some(jiff::civil::date(2000, 3, 31)),
            city: Some("Zürich".to_owned()),
            country: Some("CHE".to_owned()),
            phone_numbers: vec![
                json_object(json!({"phone_number": "+41791112233"})),
                json_object(json!({"x": 1})),
            ],
            referral: Some(json_object(json!({"referral_code": "FRIEND"}))),
            proxy_ids: vec!["p1".to_owned(), "p2".to_owned()],
            user_profile: json_object(json!({
                "tier": "gold",
                "visits": 12,
                "score": 7.5,
                "big": 9_007_199_254_740_993_i64,
                "vip": true,
                "cleared": null,
                "colours": ["red", "blue", 3],
                "empty": [],
                "matrix": [["red"]],
                "car": {"brand": "Volvo", "doors": 5},
                "renewed": "2026-03-01T08:00:00+01:00",
                "trial_day": "2026-03-20",
            })),
            ..Profile::default()
        },
        tags: BTreeMap::from([
            ("buyer".to_owned(), Tag::Counter { count: 3 }),
            ("fresh".to_owned(), Tag::Expiring { expires_at: UnixMillis(NOW.0 + 1) }),
            ("stale".to_owned(), Tag::Expiring { expires_at: NOW }),
        ]),
        points: Points { available: 250, test: 0 },
        created_at: at("2025-12-31T23:59:59.500Z"),
        registered_at: Some(at("2026-03-15T12:00:00Z")),
        ..blank()
    }
}

pub(super) fn event(name: &str, occurred_at: UnixMillis, quantity: u32) -> PastEvent {
    PastEvent { name: name.to_owned(), occurred_at, quantity }
}

pub(super) fn ada_events() -> Vec<PastEvent> {
    let day = 86_400_000;
    vec![
        event("purchase", NOW, 1),
        event("purchase", UnixMillis(NOW.0 - 10 * day), 2),
        event("purchase", UnixMillis(NOW.0 - 30 * day), 4),
        event("purchase", UnixMillis(NOW.0 + 1), 100),
        event("campaigns.5.loaded", UnixMillis(NOW.0 - day), 1),
    ]
}

#[track_caller]
pub(super) fn parse(query: Value) -> Targeting {
    let shown = query.to_string();
    Targeting::parse(query).unwrap_or_else(|error| panic!("{shown}: {error}"))
}

#[track_caller]
pub(super) fn assert_matches(customer: &Customer, events: &[PastEvent], query: Value, expected: bool) {
    let targeting = parse(query);
    let facts = Facts { customer, events, now: NOW };
    assert_eq!(targeting.matches(&facts), expected, "{}", targeting.source());
}
