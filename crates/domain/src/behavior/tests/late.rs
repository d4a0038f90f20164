//! Late events and the ledger of what was issued (contract rule A12).

use super::fixtures::{composite, count, count_goal, event, run};
use crate::behavior::{Behavior, DayZone, Folded, LateEvent, Progress, fold, refold};
use crate::event::Event;

fn refolded(behavior: &Behavior, previous: &Progress, events: &[Event]) -> (Progress, Folded) {
    refold(behavior, previous, events, &DayZone::UTC)
}

#[test]
fn a12_a_late_event_is_told_apart() {
    let behavior = count(2);
    let (mut progress, _) = run(&behavior, &[event(5, 100)]);
    for (name, event, late) in [
        ("later", event(6, 101), false),
        ("earlier", event(6, 99), true),
        ("same date, arrived later", event(6, 100), false),
        ("same date, arrived earlier", event(4, 100), true),
        ("the same event", event(5, 100), true),
    ] {
        assert_eq!(progress.needs_refold(&event), late, "{name}");
        let before = progress.clone();
        assert_eq!(fold(&behavior, &mut progress, &event, &DayZone::UTC).is_err(), late, "{name}");
        assert!(!late || progress == before, "{name}: a refused event changes nothing");
        progress = before;
    }
}

#[test]
fn a12_an_event_that_did_not_count_is_late_all_the_same() {
    // The second `a` repeats a value; had `b` come before it, it would have opened a new round.
    let behavior = super::fixtures::unique(2);
    let store = |sequence, offset_s, store: &str| event(sequence, offset_s).with("store", store);
    let events = [store(1, 0, "a"), store(2, 20, "a")];
    let (mut progress, _) = run(&behavior, &events);
    let late = store(3, 10, "b");
    assert_eq!(fold(&behavior, &mut progress, &late, &DayZone::UTC), Err(LateEvent));
    let (progress, folded) =
        refolded(&behavior, &progress, &[&events[..], std::slice::from_ref(&late)].concat());
    assert_eq!((progress.achieved(), progress.current_count(&behavior)), (1, 1));
    assert_eq!(folded, Folded { counted: true, achievements: 1, points: 5 });
}

#[test]
fn a12_what_a_late_event_completes_is_issued_once() {
    let behavior = count(2);
    let (first, late) = (event(1, 100), event(2, 50));
    let (progress, _) = run(&behavior, std::slice::from_ref(&first));
    let log = [first, late];
    let (progress, folded) = refolded(&behavior, &progress, &log);
    assert_eq!(folded, Folded { counted: true, achievements: 1, points: 5 });
    let (again, folded) = refolded(&behavior, &progress, &log);
    assert_eq!(again, progress, "a replay changes nothing");
    assert_eq!(folded, Folded { counted: true, achievements: 0, points: 0 });
}

#[test]
fn a12_a_broken_run_leaves_its_outcome_and_the_next_is_not_issued() {
    // Unique values on consecutive days: a late `c` on day 1 takes the day from `a`, and day 2's `c` repeats.
    let mut behavior = super::fixtures::unique(2);
    behavior.consecutive = true;
    let on = |sequence: u64, hours: i64, store: &str| event(sequence, hours * 3600).with("store", store);
    let log = [on(1, 1, "a"), on(2, 24, "c"), on(3, 0, "c")];
    let (progress, folded) = run(&behavior, &log[..2]);
    assert_eq!((progress.achieved(), folded.points), (1, 5));

    let (mut progress, folded) = refolded(&behavior, &progress, &log);
    assert_eq!((progress.achieved(), progress.current_count(&behavior)), (0, 1), "as the log says");
    assert_eq!((progress.issued(), folded.achievements), (1, 0), "not taken back");

    // Later on day 2 another value completes the round in the log: it has been paid for.
    let folded = fold(&behavior, &mut progress, &on(4, 25, "d"), &DayZone::UTC).unwrap();
    assert_eq!((progress.achieved(), progress.issued()), (1, 1));
    assert_eq!(folded, Folded { counted: true, achievements: 0, points: 0 });

    // The one after it is new.
    fold(&behavior, &mut progress, &on(5, 48, "d"), &DayZone::UTC).unwrap();
    let folded = fold(&behavior, &mut progress, &on(6, 72, "e"), &DayZone::UTC).unwrap();
    assert_eq!((progress.achieved(), progress.issued(), folded.points), (2, 2, 5));
}

#[test]
fn a13_goal_points_have_a_ledger_of_their_own() {
    let goals = vec![count_goal("a", "0", 1), count_goal("b", "0", 1)];
    let mut behavior = composite(goals, &[("0", 2)]);
    behavior.min_time_between_events_s = Some(60);
    let log = [event(1, 100).named("a"), event(2, 50).named("b"), event(3, 200).named("a")];

    let (progress, folded) = run(&behavior, &log[..1]);
    assert_eq!(folded.points, 2);
    // In the log `b` at 50 counts and `a` at 100 is too soon: the points of both have gone out.
    let (mut progress, folded) = refolded(&behavior, &progress, &log[..2]);
    assert_eq!((folded.achievements, folded.points), (0, 2));
    assert_eq!(progress.goals(&behavior).map(|goal| goal.completed).collect::<Vec<_>>(), [false, true]);

    // `a` at 200 completes the goal that has been paid for, and the composite, which has not.
    let folded = fold(&behavior, &mut progress, &log[2], &DayZone::UTC).unwrap();
    assert_eq!((folded.achievements, folded.points), (1, 5));
}

#[test]
fn the_ledger_outlives_an_edit_of_the_goals() {
    let a_and_b = composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 1)], &[("0", 2)]);
    let only_b = composite(vec![count_goal("b", "0", 1)], &[("0", 1)]);
    let log = [event(1, 0).named("a"), event(2, 1).named("b")];
    let (progress, folded) = run(&a_and_b, &log);
    assert_eq!(folded.points, 9);
    let (progress, folded) = refolded(&only_b, &progress, &log);
    assert_eq!(folded.points, 0);
    assert_eq!(progress.achieved(), 1);
    let (progress, folded) = refolded(&a_and_b, &progress, &log);
    assert_eq!(folded.points, 0, "the goal came back, its points do not");
    assert_eq!(progress, run(&a_and_b, &log).0);
}

#[test]
fn a_refold_keeps_what_the_replay_judged() {
    let behavior = count(2);
    let mut previous = Progress::new();
    previous.set_history_before(Some(super::fixtures::NOON));
    let (progress, _) = refolded(&behavior, &previous, &[event(1, 0)]);
    assert_eq!(progress.history_before(), Some(super::fixtures::NOON));
}

#[test]
fn a_refold_skips_what_does_not_match_and_folds_an_event_once() {
    let behavior = count(5);
    let log = [event(2, 7), event(1, 3), event(2, 7), event(3, 9).named("other")];
    let (progress, _) = refolded(&behavior, &Progress::new(), &log);
    assert_eq!(progress.current_count(&behavior), 2);
    assert!(!progress.needs_refold(&event(3, 8)), "the other event is no mark");
}
