//! Any JSON as a behavior with a log of events: a definition that passes validation folds every log, and step by step
//! comes to the same as all at once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_domain::behavior::{Behavior, DayZone, LateEvent, Progress, fold, refold};
use muster_domain::event::Event;
use serde::Deserialize;

#[derive(Deserialize)]
struct History {
    behavior: Behavior,
    events: Vec<Event>,
}

fuzz_target!(|data: &[u8]| {
    let Ok(History { behavior, mut events }) = serde_json::from_slice::<History>(data) else { return };
    if behavior.validate().is_err() {
        return;
    }
    // The store gives each event its own place in the log.
    for (event, sequence) in events.iter_mut().zip(1..) {
        event.sequence = sequence;
    }
    let mut progress = Progress::new();
    let mut issued = 0_u32;
    for (place, event) in events.iter().enumerate() {
        match fold(&behavior, &mut progress, event, &DayZone::UTC) {
            Ok(folded) => issued = issued.saturating_add(folded.achievements),
            Err(LateEvent) => {
                let (again, folded) = refold(&behavior, &progress, &events[..=place], &DayZone::UTC);
                progress = again;
                issued = issued.saturating_add(folded.achievements);
            }
        }
    }
    let (at_once, due) = refold(&behavior, &Progress::new(), &events, &DayZone::UTC);
    assert_eq!(progress.achieved(), at_once.achieved(), "the order of arrival changed the progress");
    assert!(issued >= due.achievements, "an achievement was never issued");
});
