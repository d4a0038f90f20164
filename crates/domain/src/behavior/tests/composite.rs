//! Goals and groups (contract rules B5, B6, A7, A8, A10, A13, A14).

use super::fixtures::{composite, count_goal, event, run, unique_goal};
use crate::behavior::{Behavior, Goal, Progress};
use crate::event::Event;

fn optional(mut goal: Goal) -> Goal {
    goal.required = false;
    goal
}

fn earned(mut goal: Goal, earn_count: u32) -> Goal {
    goal.earn_count = earn_count;
    goal
}

/// `"a b*3"` is an event `a` and then three times `b`, a minute apart.
fn events(script: &str) -> Vec<Event> {
    (1..)
        .zip(script.split_whitespace())
        .map(|(sequence, word)| {
            let (name, quantity) = word.split_once('*').unwrap_or((word, "1"));
            event(sequence, sequence as i64 * 60).named(name).times(quantity.parse().unwrap())
        })
        .collect()
}

fn completed_goals(progress: &Progress, behavior: &Behavior) -> String {
    progress
        .goals(behavior)
        .filter(|goal| goal.completed)
        .map(|goal| goal.goal.event.event_name.clone())
        .collect()
}

#[test]
fn e16_the_contracts_sample() {
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
    let round = progress.round(&behavior);
    assert_eq!((round.progress, round.goal), (0, 1));
}

#[test]
fn e16_goals_groups_and_required() {
    let two_required = || composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 1)], &[("0", 2)]);
    let one_of_three = || {
        let goals = ["a", "b", "c"].map(|name| optional(count_goal(name, "0", 1)));
        composite(goals.to_vec(), &[("0", 1)])
    };
    let two_of_three_with_a = || {
        let goals = vec![
            count_goal("a", "0", 1),
            optional(count_goal("b", "0", 1)),
            optional(count_goal("c", "0", 1)),
        ];
        composite(goals, &[("0", 2)])
    };
    let two_groups = || {
        let goals = vec![
            optional(count_goal("a", "0", 1)),
            optional(count_goal("b", "0", 1)),
            optional(count_goal("c", "1", 2)),
        ];
        composite(goals, &[("0", 1), ("1", 1)])
    };
    let required_beyond_total =
        || composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 1)], &[("0", 1)]);
    let uneven = || composite(vec![earned(count_goal("a", "0", 3), 2), count_goal("b", "0", 1)], &[("0", 2)]);
    let uneven_alone = || composite(vec![earned(count_goal("a", "0", 3), 2)], &[("0", 1)]);

    //   name, behavior, script, achieved, goals completed in this round, round, points
    for (name, behavior, script, achieved, completed, round, points) in [
        ("one of two", two_required(), "a", 0, "a", (1, 2), 2),
        ("B6: both", two_required(), "a b", 1, "", (0, 2), 9),
        ("order does not matter", two_required(), "b a", 1, "", (0, 2), 9),
        ("A7: surplus changes nothing", two_required(), "a a a", 0, "a", (1, 2), 2),
        ("A7: nor does surplus quantity", two_required(), "a*9", 0, "a", (1, 2), 2),
        ("surplus does not open the next round", two_required(), "a b*9", 1, "b", (1, 2), 11),
        ("one of three suffices", one_of_three(), "c", 1, "", (0, 1), 7),
        ("each unit completes a round", one_of_three(), "c*5", 5, "", (0, 1), 35),
        ("B5: required is missing", two_of_three_with_a(), "b c", 0, "bc", (2, 2), 4),
        ("B5: required and one more", two_of_three_with_a(), "c a", 1, "", (0, 2), 9),
        ("B6: all groups", two_groups(), "a b", 0, "ab", (2, 2), 4),
        ("B6: a goal in each group", two_groups(), "a c*2", 1, "", (0, 2), 9),
        ("A10: unfinished counts are cleared", two_groups(), "c b c a*1", 1, "a", (1, 2), 11),
        ("required beyond the group's total", required_beyond_total(), "a", 0, "a", (1, 2), 2),
        ("earned once of twice", uneven(), "a*5", 0, "", (0, 2), 0),
        ("earned twice", uneven(), "a*6", 0, "a", (1, 2), 2),
        ("earned alone, round by round", uneven_alone(), "a*20", 3, "", (0, 1), 21),
        ("A13: a goal pays in every round", two_required(), "a b a b a", 2, "a", (1, 2), 20),
        ("events of the composite's own name do not count", two_required(), "entry*5", 0, "", (0, 2), 0),
    ] {
        let (progress, folded) = run(&behavior, &events(script));
        assert_eq!(progress.achieved(), achieved, "{name}");
        assert_eq!(completed_goals(&progress, &behavior), completed, "{name}");
        let shown = progress.round(&behavior);
        assert_eq!((shown.progress, shown.goal), round, "{name}");
        assert_eq!(folded.points, points, "{name}");
        assert_eq!(folded.achievements, achieved, "{name}");
    }
}

#[test]
fn a10_achievement_clears_the_counts_of_unfinished_goals() {
    let goals = vec![optional(count_goal("a", "0", 1)), optional(count_goal("b", "0", 3))];
    let behavior = composite(goals, &[("0", 1)]);
    let (progress, _) = run(&behavior, &events("b b a"));
    assert_eq!(progress.achieved(), 1);
    let current: Vec<_> = progress.goals(&behavior).map(|goal| goal.current_count).collect();
    assert_eq!(current, [0, 0]);
}

#[test]
fn e16_groups_show_completed_goals() {
    let goals =
        vec![count_goal("a", "x", 1), optional(count_goal("b", "y", 1)), optional(count_goal("c", "y", 1))];
    let behavior = composite(goals, &[("x", 1), ("y", 1)]);
    let (progress, _) = run(&behavior, &events("b c"));
    let groups: Vec<_> = progress
        .groups(&behavior)
        .map(|group| {
            (
                group.group.id.as_str(),
                group.current_count,
                group.total_count,
                group.num_goals,
                group.completed,
            )
        })
        .collect();
    assert_eq!(groups, [("x", 0, 1, 1, false), ("y", 2, 1, 2, true)]);
}

#[test]
fn e16_unique_goals() {
    let goals = vec![earned(unique_goal("visit", "0", 2), 2), count_goal("entry", "0", 1)];
    let behavior = composite(goals, &[("0", 2)]);
    let visit = |at: u64, store: &str| event(at, at as i64).named("visit").with("store", store);
    let first = [visit(1, "a"), visit(2, "a"), visit(3, "b"), visit(4, "a")];
    let (progress, _) = run(&behavior, &first);
    let goal = progress.goals(&behavior).next().unwrap();
    assert_eq!((goal.completed, goal.achieved, goal.current_count), (false, 1, 1));

    let then = [&first[..], &[visit(5, "c")]].concat();
    let (progress, folded) = run(&behavior, &then);
    let goal = progress.goals(&behavior).next().unwrap();
    assert_eq!((goal.completed, goal.achieved, goal.current_count), (true, 2, 0));
    assert_eq!(folded.points, 2);
}

#[test]
fn a8_one_goals_count_is_a_beginning() {
    let behavior = composite(vec![count_goal("a", "0", 2), count_goal("b", "0", 2)], &[("0", 2)]);
    assert!(!run(&behavior, &[]).0.has_begun());
    assert!(run(&behavior, &events("a")).0.has_begun());
    assert!(run(&behavior, &events("a*2")).0.has_begun(), "completed, with its count back at 0");
}

#[test]
fn a14_caps_apply_to_the_composites_achievements() {
    let mut behavior = composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 2)], &[("0", 2)]);
    behavior.max_times_repeatable = Some(1);
    let (progress, folded) = run(&behavior, &events("a b*2 a b"));
    assert_eq!((progress.achieved(), folded.points), (1, 9));
    assert_eq!(completed_goals(&progress, &behavior), "", "A2: capped events do not move goals");
    assert!(progress.is_exhausted(&behavior));

    let mut behavior = composite(vec![count_goal("a", "0", 1)], &[("0", 1)]);
    behavior.max_times_repeatable_per_period = Some(2);
    behavior.period_s = 60;
    let (progress, folded) = run(&behavior, &events("a*5 a*5"));
    assert_eq!((progress.achieved(), folded.points), (4, 28), "the period is over a minute later");
}

#[test]
fn a14_min_time_applies_to_every_counted_goal_event() {
    let mut behavior = composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 1)], &[("0", 2)]);
    behavior.min_time_between_events_s = Some(61);
    for (name, script, achieved) in [
        ("the other goal too soon", "a b", 0),
        ("surplus does not restart the time", "a a b", 1),
        ("an event that is nobody's neither", "a x b", 1),
    ] {
        let (progress, _) = run(&behavior, &events(script));
        assert_eq!(progress.achieved(), achieved, "{name}");
    }
}

#[test]
fn a14_consecutive_applies_to_every_counted_goal_event() {
    let mut behavior = composite(
        vec![count_goal("a", "0", 1), count_goal("b", "0", 1), count_goal("c", "0", 1)],
        &[("0", 3)],
    );
    behavior.consecutive = true;
    //   name, (day, goal), achieved, completed, points
    for (name, script, achieved, completed, points) in [
        ("three days", vec![(1, "a"), (2, "b"), (3, "c")], 1, "", 11),
        ("A5: a day counts once", vec![(1, "a"), (1, "b"), (2, "c")], 0, "ac", 4),
        ("a gap restarts the round", vec![(1, "a"), (2, "b"), (4, "c")], 0, "c", 6),
        ("A13: a goal completed again pays again", vec![(1, "a"), (3, "a")], 0, "a", 4),
        ("surplus does not carry the run", vec![(1, "a"), (2, "a"), (3, "b")], 0, "b", 4),
    ] {
        let events: Vec<_> = (1..)
            .zip(script)
            .map(|(sequence, (day, name))| event(sequence, day * 86_400 + sequence as i64).named(name))
            .collect();
        let (progress, folded) = run(&behavior, &events);
        assert_eq!(progress.achieved(), achieved, "{name}");
        assert_eq!(completed_goals(&progress, &behavior), completed, "{name}");
        assert_eq!(folded.points, points, "{name}");
    }
}

#[test]
fn the_largest_quantity_takes_no_longer() {
    let behavior = composite(vec![earned(count_goal("a", "0", 1), 2)], &[("0", 1)]);
    let (progress, folded) = run(&behavior, &[event(1, 0).named("a").times(u32::MAX)]);
    assert_eq!(progress.achieved(), u32::MAX / 2);
    assert_eq!(folded.points, 7 * i64::from(u32::MAX / 2));
    let goal = progress.goals(&behavior).next().unwrap();
    assert_eq!((goal.achieved, goal.completed), (u32::MAX, false));
}
