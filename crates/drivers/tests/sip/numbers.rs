//! Whatever a number can do, told as it was.

use crate::bench::{Bench, phones, trunk};
use muster_app::ports::{CallPhase, LegEvent, LegId, OriginateError, Party, Telephony as _, TelephonyEvent};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What came of a call, in a few words.
fn told(events: &[LegEvent]) -> String {
    let words = events.iter().filter_map(|event| match event {
        LegEvent::Alerting => Some("rings".to_owned()),
        LegEvent::Answered { late: false } => Some("answered".to_owned()),
        LegEvent::Answered { late: true } => Some("late".to_owned()),
        LegEvent::Ended { by, .. } => Some(format!("{by:?}").to_lowercase()),
        LegEvent::Failed { status, q850, retry_after, phase, by_us, .. } => {
            let mut text = status.map_or("nothing".to_owned(), |status| status.to_string());
            if let Some(q850) = q850 {
                let _ = write!(text, "/{q850}");
            }
            if let Some(seconds) = retry_after {
                let _ = write!(text, " retry {seconds}");
            }
            if *phase == CallPhase::Silent {
                text.push_str(" silent");
            }
            if *by_us {
                text.push_str(" by us");
            }
            Some(text)
        }
        _ => None,
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The last three digits, and what is told. Answered calls are ended by us at once.
const TABLE: [(&str, &str); 42] = [
    ("900", "rings, answered, us"),
    ("901", "rings, answered, us"),
    ("940", "486/17"),
    ("941", "600"),
    ("942", "486 silent"),
    ("943", "rings, 487 by us"),
    ("944", "rings, 480/19"),
    ("945", "rings, 603/21"),
    ("946", "rings, 607/21"),
    ("947", "608/21"),
    ("948", "rings, 486/17"),
    ("949", "rings, 408"),
    ("950", "404/1"),
    ("951", "410/22"),
    ("952", "484/28"),
    ("953", "604"),
    ("954", "480/20"),
    ("955", "488/88"),
    ("956", "403/21"),
    ("957", "302"),
    ("958", "480"),
    ("959", "403"),
    ("960", "nothing silent by us"),
    ("961", "503/34 retry 5 silent"),
    ("962", "500/41"),
    ("963", "502/27"),
    ("964", "503"),
    ("965", "487 by us"),
    ("967", "rings, nothing by us"),
    ("968", "504"),
    ("969", "rings, nothing by us"),
    ("973", "rings, 404/1"),
    ("980", "rings, late, us"),
    ("981", "rings, answered, us"),
    ("985", "rings, answered, us"),
    ("986", "rings, 488/88 by us"),
    ("987", "rings, 488/88 by us"),
    ("988", "rings, 488/88 by us"),
    ("989", "rings, 488/88 by us"),
    ("992", "rings, answered, us"),
    ("993", "rings, answered, us"),
    ("994", "rings, answered, us"),
];

#[tokio::test]
async fn every_number_is_told_as_it_did() {
    let phones = phones(|settings| settings.speed = 50.0).await;
    let mut bench = Bench::start(vec![trunk("t", phones.addr().port())]).await;
    let mut legs: BTreeMap<LegId, &str> = BTreeMap::new();
    let mut events: BTreeMap<LegId, Vec<LegEvent>> = BTreeMap::new();
    // What says that the trunk has too much to do comes last: the others would have to wait.
    let (slow, fast): (Vec<_>, Vec<_>) =
        TABLE.iter().partition(|(digits, _)| ["961", "964"].contains(digits));
    let limit = Duration::from_secs(4);
    for (digits, _) in fast.iter().chain(&slow) {
        let leg = loop {
            match bench.call_within(&format!("4930123{digits}"), limit, limit).await {
                Ok(leg) => break leg,
                // No call is left in this second; the next one comes in a moment.
                Err(OriginateError::NoCapacity) => tokio::time::sleep(Duration::from_millis(2)).await,
                Err(error) => panic!("{digits}: {error}"),
            }
        };
        legs.insert(leg, digits);
    }
    while events.values().filter(|list| list.last().is_some_and(LegEvent::is_terminal)).count() < legs.len() {
        let TelephonyEvent::Leg { leg, event, .. } = bench.next().await else { continue };
        let list = events.entry(leg).or_default();
        assert!(!list.last().is_some_and(LegEvent::is_terminal), "{}: {event:?} after {list:?}", legs[&leg]);
        if event == (LegEvent::Answered { late: false }) {
            bench.driver.hang_up(leg).await;
        }
        list.push(event);
    }
    let expected: BTreeMap<&str, &str> = TABLE.into_iter().collect();
    let found: BTreeMap<&str, String> =
        legs.iter().map(|(leg, digits)| (*digits, told(&events[leg]))).collect();
    for (digits, expected) in expected {
        assert_eq!(found[digits], expected, "{digits}: {found:?}");
    }
    bench.quiet().await;
    for call in phones.stop().await {
        let answered = call.answered_ms.is_some();
        assert!(!answered || call.acknowledged_ms.is_some(), "no ACK: {call:?}");
        assert!(call.fork_ended != Some(false), "f12: the second branch is up: {call:?}");
        assert!(!answered || call.ended_ms.is_some() || call.number.ends_with("985"), "still up: {call:?}");
    }
}

#[tokio::test]
async fn f13_hold_keys_and_refreshes_of_the_far_side_are_answered() {
    let judge = crate::bench::Judge::called("hold", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let leg = bench.call("4930222").await.unwrap();
    let events = bench.rest_of(leg).await;
    let [
        LegEvent::Alerting,
        LegEvent::Answered { late: false },
        LegEvent::Digit('7'),
        LegEvent::Ended { by: Party::Far, .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    judge.agrees().await;
    bench.quiet().await;
}

#[tokio::test]
async fn keys_are_told_once_each() {
    let phones = phones(|settings| settings.speed = 20.0).await;
    let mut bench = Bench::start(vec![trunk("t", phones.addr().port())]).await;
    let leg = bench.call("4930123932").await.unwrap();
    bench.answered(leg).await;
    for expected in ['1', '2', '#'] {
        assert_eq!(bench.next_of(leg).await, LegEvent::Digit(expected));
    }
    bench.driver.hang_up(leg).await;
    assert!(matches!(bench.rest_of(leg).await[..], [LegEvent::Ended { .. }]));
}
