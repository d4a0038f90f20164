//! Any bytes as the body of an event report: refused, or read into events that keep the rules of the contract.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_domain::event::ContextValue;
use std::collections::BTreeSet;

fuzz_target!(|body: &[u8]| {
    let Ok(events) = muster_api_engagement::parse_events(body) else { return };
    assert!(!events.is_empty());
    let mut names = BTreeSet::new();
    for event in &events {
        assert!(names.insert(&event.name), "an event name appears twice");
        assert!(event.quantity >= 1);
        let texts = event.context.values().filter_map(|value| match value {
            ContextValue::Text(text) => Some(text),
            _ => None,
        });
        let texts = texts.chain(event.context.keys()).chain(&event.transaction_id).chain([&event.name]);
        assert!(texts.into_iter().all(|text| !text.contains('\0')));
        assert!(event.transaction_id.as_deref() != Some(""));
    }
});
