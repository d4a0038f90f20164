//! One table for each rule: the events, and what is read afterwards.

use super::fixtures::{composite, count, count_goal, event, unique, unique_goal};
use crate::behavior::{Behavior, DayZone, Folded, Progress, fold};
use crate::event::Event;

/// Folds events that are in order.
fn run(behavior: &Behavior, events: &[Event]) -> (Progress, Folded) {
    let mut progress = Progress::new();
    let mut total = Folded::default();
    for event in events {
        let folded = fold(behavior, &mut progress, event, &DayZone::UTC).unwrap();
        total.counted |= folded.counted;
        total.achievements += folded.achievements;
        total.points += folded.points;
    }
    (progress, total)
}

#[test]
fn e14_count_achieves_at_total_count() {
    //   name, total, quantities, achieved, current, points
    for (name, total, quantities, achieved, current, points) in [
        ("nothing yet", 3, vec![], 0, 0, 0),
        ("one short", 3, vec![1, 1], 0, 2, 0),
        ("exact", 3, vec![1, 1, 1], 1, 0, 5),
        ("quantity counts", 3, vec![2, 1], 1, 0, 5),
        ("A1: seven of three", 3, vec![7], 2, 1, 10),
        ("A1: remainder joins", 3, vec![7, 2], 3, 0, 15),
        ("one at a time", 1, vec![1, 1], 2, 0, 10),
        ("the largest quantity", 2, vec![u32::MAX], u32::MAX / 2, 1, 5 * i64::from(u32::MAX / 2)),
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
fn e15_unique_counts_a_value_once_a_round() {
    for (name, total, stores, achieved, current) in [
        ("distinct values", 3, vec!["a", "b"], 0, 2),
        ("a repeated value", 3, vec!["a", "a"], 0, 1),
        ("the round empties", 2, vec!["a", "b", "a"], 1, 1),
    ] {
        let behavior = unique(total);
        let events: Vec<_> =
            (1..).zip(stores).map(|(at, store)| event(at, at as i64).with("store", store)).collect();
        let (progress, _) = run(&behavior, &events);
        assert_eq!(progress.achieved(), achieved, "{name}");
        assert_eq!(progress.current_count(&behavior), current, "{name}");
    }
}

#[test]
fn e16_composite_of_the_contracts_sample() {
    let mut goal = count_goal("campaigns.1443.loaded", "0", 1);
    goal.points = 4;
    let mut behavior = composite(vec![goal], &[("0", 1)]);
    behavior.points = 0;
    let events: Vec<_> = (1..=4).map(|at| event(at, at as i64).named("campaigns.1443.loaded")).collect();
    let (progress, folded) = run(&behavior, &events);
    assert_eq!(progress.achieved(), 4);
    assert_eq!(folded.points, 16);
    let goal = progress.goals(&behavior).next().unwrap();
    assert_eq!((goal.completed, goal.achieved, goal.current_count, goal.total_count), (false, 4, 0, 1));
    let group = progress.groups(&behavior).next().unwrap();
    assert_eq!((group.current_count, group.total_count, group.num_goals, group.completed), (0, 1, 1, false));
}

#[test]
fn e18_consecutive_days_restart_after_a_gap() {
    let mut behavior = count(3);
    behavior.consecutive = true;
    for (name, dates, achieved, current) in [
        ("three in a row", vec!["01T09", "02T09", "03T09"], 1, 0),
        ("A5: a day counts once", vec!["01T09", "01T10", "02T09"], 0, 2),
        ("a gap restarts at 1", vec!["01T09", "02T09", "04T09"], 0, 1),
        ("A6: no event, no restart", vec!["01T09", "02T09"], 0, 2),
    ] {
        let events: Vec<_> =
            (1..).zip(dates).map(|(at, date)| event(at, 0).at(&format!("2021-03-{date}:00:00Z"))).collect();
        let (progress, _) = run(&behavior, &events);
        assert_eq!((progress.achieved(), progress.current_count(&behavior)), (achieved, current), "{name}");
    }
}

#[test]
fn e16_unique_goal_is_earned_by_distinct_values() {
    let mut goal = unique_goal("visit", "0", 2);
    goal.earn_count = 2;
    let behavior = composite(vec![goal, count_goal("entry", "0", 1)], &[("0", 2)]);
    let visit = |at: u64, store: &str| event(at, at as i64).named("visit").with("store", store);
    let (progress, folded) = run(&behavior, &[visit(1, "a"), visit(2, "a"), visit(3, "b"), visit(4, "a")]);
    let goal = progress.goals(&behavior).next().unwrap();
    assert_eq!((goal.completed, goal.achieved, goal.current_count), (false, 1, 1));
    assert_eq!(folded.points, 0);
}
