//! Behaviors that measure events themselves: one table for each rule, one case a line.

use super::fixtures::{NOON, count, event, run, unique};
use crate::behavior::{Behavior, Folded, Progress};
use crate::event::Event;

/// Events at these offsets in seconds, with these quantities.
fn entries(entries: &[(i64, u32)]) -> Vec<Event> {
    (1..).zip(entries).map(|(at, &(offset_s, quantity))| event(at, offset_s).times(quantity)).collect()
}

/// Times achieved and count in the current round.
fn figures(behavior: &Behavior, events: &[Event]) -> (u32, u32) {
    let (progress, _) = run(behavior, events);
    (progress.achieved(), progress.current_count(behavior))
}

#[test]
fn e14_count_achieves_at_total_count() {
    //   name, total, quantities, achieved, current, points
    for (name, total, quantities, achieved, current, points) in [
        ("nothing yet", 3, vec![], 0, 0, 0),
        ("one short", 3, vec![1, 1], 0, 2, 0),
        ("exact", 3, vec![1, 1, 1], 1, 0, 5),
        ("B2: quantity counts", 3, vec![2, 1], 1, 0, 5),
        ("A1: seven of three", 3, vec![7], 2, 1, 10),
        ("A1: remainder joins", 3, vec![7, 2], 3, 0, 15),
        ("B3: one at a time", 1, vec![1, 1], 2, 0, 10),
        ("the largest quantity", 2, vec![u32::MAX], u32::MAX / 2, 1, 5 * i64::from(u32::MAX / 2)),
        ("more than fits", 1, vec![u32::MAX, 7], u32::MAX, 0, 5 * i64::from(u32::MAX)),
    ] {
        let behavior = count(total);
        let events: Vec<_> =
            (1..).zip(quantities).map(|(at, quantity)| event(at, at as i64).times(quantity)).collect();
        let (progress, folded) = run(&behavior, &events);
        assert_eq!(progress.achieved(), achieved, "{name}");
        assert_eq!(progress.current_count(&behavior), current, "{name}");
        assert_eq!((folded.achievements, folded.points), (achieved, points), "{name}");
    }
}

#[test]
fn e14_each_event_reports_its_own_gains() {
    let behavior = count(2);
    let mut progress = Progress::new();
    for (offset_s, quantity, expected) in [
        (1, 1, Folded { counted: true, achievements: 0, points: 0 }),
        (2, 4, Folded { counted: true, achievements: 2, points: 10 }),
        (3, 1, Folded { counted: true, achievements: 1, points: 5 }),
    ] {
        let event = event(offset_s as u64, offset_s).times(quantity);
        let folded = crate::behavior::fold(&behavior, &mut progress, &event, &crate::behavior::DayZone::UTC);
        assert_eq!(folded, Ok(expected), "after {offset_s} s");
    }
}

#[test]
fn e15_unique_counts_a_value_once_a_round() {
    //   name, total, values and quantities, achieved, current
    for (name, total, stores, achieved, current) in [
        ("distinct values", 3, vec![("a", 1), ("b", 1)], 0, 2),
        ("a repeated value", 3, vec![("a", 1), ("a", 1)], 0, 1),
        ("B4: the round empties", 2, vec![("a", 1), ("b", 1), ("a", 1)], 1, 1),
        ("quantity repeats the value", 3, vec![("a", 9)], 0, 1),
        ("quantity opens one new round", 2, vec![("a", 1), ("b", 9)], 1, 1),
        ("A1: a total of one, three times", 1, vec![("a", 3)], 3, 0),
        ("a text longer than is stored", 2, vec![(LONG_A, 1), (LONG_A, 1)], 0, 1),
        ("long texts that differ at the end", 2, vec![(LONG_A, 1), (LONG_B, 1)], 1, 0),
    ] {
        let behavior = unique(total);
        let events: Vec<_> = (1..)
            .zip(stores)
            .map(|(at, (store, quantity))| event(at, at as i64).with("store", store).times(quantity))
            .collect();
        assert_eq!(figures(&behavior, &events), (achieved, current), "{name}");
    }
}

const LONG_A: &str = "the shop at the corner of the market place, entrance A";
const LONG_B: &str = "the shop at the corner of the market place, entrance B";

#[test]
fn e15_unique_tells_values_of_different_kinds_apart() {
    let behavior = unique(9);
    let events = [
        event(1, 1).with("store", 1),
        event(2, 2).with("store", "1"),
        event(3, 3).with("store", 1.0),
        event(4, 4).with("store", 1.5),
        event(5, 5).with("store", true),
        event(6, 6).with("store", -0.0),
        event(7, 7).with("store", 0),
    ];
    // 1 and 1.0 are one number, as are 0 and -0.0.
    assert_eq!(figures(&behavior, &events), (0, 5));
}

#[test]
fn a11_unique_ignores_events_without_the_key() {
    let behavior = unique(1);
    let mut null = event(2, 2);
    null.context.insert("store".to_owned(), crate::event::ContextValue::Null);
    let (progress, folded) = run(&behavior, &[event(1, 1), null, event(3, 3).with("shop", "a")]);
    assert_eq!(folded, Folded::default());
    assert_eq!(progress, Progress::new());
}

#[test]
fn e17_lifetime_cap() {
    //   name, cap, offsets and quantities, achieved, current, exhausted
    for (name, cap, events, achieved, current, exhausted) in [
        ("B7: null is no cap", None, vec![(1, 100)], 33, 1, false),
        ("below the cap", Some(2), vec![(1, 5)], 1, 2, false),
        ("A1: reached on the way, remainder dropped", Some(2), vec![(1, 8)], 2, 0, true),
        ("A2: nothing moves afterwards", Some(1), vec![(1, 3), (2, 2)], 1, 0, true),
        ("nothing achieved is not exhausted", Some(1), vec![(1, 2)], 0, 2, false),
        ("a cap of none, nothing achieved", Some(0), vec![(1, 9)], 0, 0, false),
    ] {
        let mut behavior = count(3);
        behavior.max_times_repeatable = cap;
        let (progress, folded) = run(&behavior, &entries(&events));
        assert_eq!((progress.achieved(), progress.current_count(&behavior)), (achieved, current), "{name}");
        assert_eq!(progress.is_exhausted(&behavior), exhausted, "{name}");
        assert_eq!(folded.points, 5 * i64::from(achieved), "{name}");
    }
}

#[test]
fn e17_cap_within_the_rolling_period() {
    let day = 86_400;
    //   name, cap, offsets and quantities, achieved, current
    for (name, cap, events, achieved, current) in [
        ("null is no cap", None, vec![(0, 2), (1, 2)], 2, 0),
        ("A2: capped events do not count", Some(1), vec![(0, 2), (1, 1)], 1, 0),
        ("A3: half-open, still inside", Some(1), vec![(0, 2), (day - 1, 1)], 1, 0),
        ("A3: half-open, just outside", Some(1), vec![(0, 2), (day, 1)], 1, 1),
        (
            "A3: rolling, not by calendar",
            Some(1),
            vec![(0, 2), (day, 2), (2 * day - 1, 2), (2 * day, 2)],
            3,
            0,
        ),
        ("A4: the count does not lapse", Some(1), vec![(0, 1), (40 * day, 1)], 1, 0),
        ("the rest of the quantity is dropped", Some(2), vec![(0, 9)], 2, 0),
        ("one leaves, one remains", Some(2), vec![(0, 2), (10, 2), (day, 2), (day + 5, 2)], 3, 0),
    ] {
        let mut behavior = count(2);
        behavior.max_times_repeatable_per_period = cap;
        assert_eq!(figures(&behavior, &entries(&events)), (achieved, current), "{name}");
    }
}

#[test]
fn e17_both_caps_hold_together() {
    let mut behavior = count(1);
    behavior.max_times_repeatable = Some(3);
    behavior.max_times_repeatable_per_period = Some(2);
    assert_eq!(figures(&behavior, &entries(&[(0, 5), (86_400, 5)])), (3, 0));
}

#[test]
fn e17_achievements_out_of_the_period_are_forgotten() {
    let mut behavior = count(1);
    behavior.max_times_repeatable_per_period = Some(1000);
    behavior.period_s = 60;
    let events: Vec<_> = (1..=2000).map(|at| event(at, 10 * at as i64)).collect();
    let (progress, _) = run(&behavior, &events);
    assert_eq!(progress.achieved(), 2000);
    assert!(progress.recent.len() <= 6, "{} instants kept", progress.recent.len());
}

#[test]
fn e18_min_time_between_events() {
    //   name, seconds, offsets and quantities, achieved, current
    for (name, min, events, achieved, current) in [
        ("B9: null is none", None, vec![(0, 1), (0, 1)], 0, 2),
        ("zero is none", Some(0), vec![(0, 2)], 0, 2),
        ("too soon", Some(60), vec![(0, 1), (59, 1)], 0, 1),
        ("just in time", Some(60), vec![(0, 1), (60, 1)], 0, 2),
        ("measured from the last counted one", Some(60), vec![(0, 1), (59, 1), (60, 1)], 0, 2),
        ("A1: single events at one instant", Some(60), vec![(0, 7)], 0, 1),
        ("across an achievement", Some(60), vec![(0, 1), (60, 1), (120, 1), (150, 1)], 1, 0),
    ] {
        let mut behavior = count(3);
        behavior.min_time_between_events_s = min;
        assert_eq!(figures(&behavior, &entries(&events)), (achieved, current), "{name}");
    }
}

#[test]
fn e18_min_time_is_not_restarted_by_a_repeated_value() {
    let mut behavior = unique(3);
    behavior.min_time_between_events_s = Some(60);
    let at = |sequence, offset_s, store: &str| event(sequence, offset_s).with("store", store);
    let events = [at(1, 0, "a"), at(2, 70, "a"), at(3, 80, "b")];
    assert_eq!(figures(&behavior, &events), (0, 2));
}

#[test]
fn points_saturate_instead_of_overflowing() {
    let mut behavior = count(1);
    behavior.points = i64::MAX;
    let (_, folded) = run(&behavior, &[event(1, 1).times(3)]);
    assert_eq!(folded.points, i64::MAX);
    behavior.points = i64::MIN;
    let (_, folded) = run(&behavior, &[event(1, 1).times(3)]);
    assert_eq!(folded.points, i64::MIN);
}

#[test]
fn instants_at_the_ends_of_the_range_do_not_overflow() {
    let mut behavior = count(2);
    behavior.consecutive = true;
    behavior.min_time_between_events_s = Some(u32::MAX);
    behavior.max_times_repeatable_per_period = Some(1);
    behavior.period_s = u32::MAX;
    let mut first = event(1, 0);
    first.occurred_at.0 = i64::MIN;
    let mut last = event(2, 0);
    last.occurred_at.0 = i64::MAX;
    assert_eq!(figures(&behavior, &[first, event(3, 0), last]), (0, 1));
}

#[test]
fn a_quantity_of_zero_does_nothing() {
    let (progress, folded) = run(&count(1), &[event(1, 0).times(0)]);
    assert_eq!((progress, folded), (Progress::new(), Folded::default()));
}

#[test]
fn e13_begun_means_achieved_or_counted() {
    for (name, events, begun) in [
        ("nothing", vec![], false),
        ("a count", vec![(0, 1)], true),
        ("achieved, count at zero", vec![(0, 2)], true),
    ] {
        let (progress, _) = run(&count(2), &entries(&events));
        assert_eq!(progress.has_begun(), begun, "{name}");
    }
    let (progress, _) = run(&count(2), &[event(1, 0).named("other")]);
    assert!(!progress.has_begun(), "an event of another name");
}

#[test]
fn q29_round_of_a_count_is_its_count() {
    let behavior = count(3);
    let (progress, _) = run(&behavior, &entries(&[(0, 5)]));
    let round = progress.round(&behavior);
    assert_eq!((round.progress, round.goal), (2, 3));
}

#[test]
fn progress_is_stored_small_and_read_back() {
    let mut behavior = unique(3);
    behavior.max_times_repeatable_per_period = Some(5);
    behavior.min_time_between_events_s = Some(1);
    behavior.consecutive = true;
    let at = |sequence, days: i64, store: &str| event(sequence, days * 86_400).with("store", store);
    let (mut progress, _) = run(&behavior, &[at(1, 0, "a"), at(2, 1, "b"), at(3, 2, "c"), at(4, 3, "a")]);
    progress.set_history_before(Some(NOON));
    let bytes = rmp_serde::to_vec_named(&progress).unwrap();
    assert_eq!(rmp_serde::from_slice::<Progress>(&bytes).unwrap(), progress);
    assert!(bytes.len() < 80, "{} bytes", bytes.len());

    assert_eq!(rmp_serde::to_vec_named(&Progress::new()).unwrap(), [0x80], "nothing takes an empty map");
    assert_eq!(Progress::new(), Progress::default());
}
