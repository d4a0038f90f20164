//! What must hold for every definition and every log.

use super::fixtures::{behavior, composite, event, goal};
use super::reference::{Reference, Visible};
use crate::behavior::{Behavior, DayZone, Folded, Measure, Progress, Rule, fold, refold};
use crate::event::Event;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;

/// Zones with an instant a few days before their calendars do something odd: clocks forward, clocks back, a day
/// left out.
const SCENES: [(&str, &str); 4] = [
    ("UTC", "2021-02-25T22:00:00Z"),
    ("America/New_York", "2021-03-11T22:00:00Z"),
    ("America/New_York", "2021-11-04T22:00:00Z"),
    ("Pacific/Apia", "2011-12-27T22:00:00Z"),
];

fn measures() -> impl Strategy<Value = Measure> {
    (1..4_u32, any::<bool>()).prop_map(|(total_count, unique)| {
        if unique {
            Measure::Unique { context_key: "store".to_owned(), total_count }
        } else {
            Measure::Count { total_count }
        }
    })
}

fn simple() -> impl Strategy<Value = Behavior> {
    measures().prop_map(|measure| {
        behavior(match measure {
            Measure::Count { total_count } => Rule::Count { conditions: Vec::new(), total_count },
            Measure::Unique { context_key, total_count } => {
                Rule::Unique { conditions: Vec::new(), context_key, total_count }
            }
        })
    })
}

fn composites() -> impl Strategy<Value = Behavior> {
    let goals = prop::collection::vec((measures(), 1..3_u32, any::<bool>(), any::<bool>()), 1..4);
    (goals, 1..4_u32, 1..4_u32).prop_map(|(goals, first, second)| {
        let goals: Vec<_> = goals
            .into_iter()
            .zip(["entry", "visit", "share"])
            .map(|((measure, earn_count, required, in_first), name)| {
                let mut goal = goal(name, if in_first { "0" } else { "1" }, measure);
                goal.earn_count = earn_count;
                goal.required = required;
                goal
            })
            .collect();
        let in_group = |id: &str| goals.iter().filter(|goal| goal.group_id == id).count() as u32;
        let groups: Vec<_> = [("0", first), ("1", second)]
            .into_iter()
            .filter(|(id, _)| in_group(id) > 0)
            .map(|(id, total_count)| (id, total_count.min(in_group(id))))
            .collect();
        composite(goals, &groups)
    })
}

fn behaviors() -> impl Strategy<Value = Behavior> {
    let spacing = prop::option::weighted(0.3, select(vec![1_u32, 3600, 30_000, 100_000]));
    (
        prop_oneof![simple(), composites()],
        prop::option::weighted(0.3, 1..6_u32),
        prop::option::weighted(0.4, 1..4_u32),
        select(vec![1_u32, 3600, 86_400, 200_000]),
        spacing,
        prop::bool::weighted(0.4),
    )
        .prop_map(|(behavior, lifetime, per_period, period_s, spacing, consecutive)| Behavior {
            max_times_repeatable: lifetime,
            max_times_repeatable_per_period: per_period,
            period_s,
            min_time_between_events_s: spacing,
            consecutive,
            ..behavior
        })
        .prop_filter("a definition that is accepted", |behavior| behavior.validate().is_ok())
}

/// A log in order of arrival; dates jump back and forth and often fall together.
fn logs(longest: usize) -> impl Strategy<Value = (&'static str, Vec<Event>)> {
    let name = select(vec!["entry", "entry", "visit", "share", "noise"]);
    let store = select(vec![None, Some("a"), Some("b"), Some("c"), Some("d")]);
    let entry = (name, 0..40_i64, store, 1..8_u32);
    laid_out(prop::collection::vec(entry, 0..longest))
}

/// Event name, position on the time line, store, quantity.
type Entry = (&'static str, i64, Option<&'static str>, u32);

fn laid_out(entries: impl Strategy<Value = Vec<Entry>>) -> impl Strategy<Value = (&'static str, Vec<Event>)> {
    (select(SCENES.to_vec()), entries).prop_map(|((zone, start), entries)| {
        let start = event(0, 0).at(start).occurred_at;
        let events = (1..)
            .zip(entries)
            .map(|(sequence, (name, slot, store, quantity))| {
                let mut event = event(sequence, 0).named(name).times(quantity);
                event.occurred_at = start.plus_seconds(slot * 5 * 3600);
                match store {
                    Some(store) => event.with("store", store),
                    None => event,
                }
            })
            .collect();
        (zone, events)
    })
}

/// Definitions under which a late event can undo an achievement: it takes the place of another that mattered more.
fn fragile() -> impl Strategy<Value = Behavior> {
    let unique = (2..4_u32).prop_map(super::fixtures::unique);
    (prop_oneof![2 => unique, 1 => composites()], select(vec![None, Some(40_000), Some(100_000)])).prop_map(
        |(behavior, spacing)| Behavior {
            min_time_between_events_s: spacing,
            consecutive: spacing.is_none(),
            ..behavior
        },
    )
}

/// Logs in which nearly every event can count.
fn dense_logs() -> impl Strategy<Value = (&'static str, Vec<Event>)> {
    let name = select(vec!["entry", "entry", "entry", "visit"]);
    let entry = (name, 0..12_i64, select(vec![Some("a"), Some("b"), Some("c")]), Just(1_u32));
    laid_out(prop::collection::vec(entry, 4..14))
}

/// What a shell does with an arriving event: folds it, or, when it is late, folds the log again.
fn deliver(behavior: &Behavior, progress: &mut Progress, log: &[Event], zone: &DayZone) -> Folded {
    let event = log.last().expect("an event has arrived");
    fold(behavior, progress, event, zone).unwrap_or_else(|_late| {
        let (anew, folded) = refold(behavior, progress, log, zone);
        *progress = anew;
        folded
    })
}

/// Lets the log arrive event by event, and compares every state with the reference, and all that was issued with
/// the most that any of the states held.
fn arrive(behavior: &Behavior, zone: &str, log: &[Event]) -> Result<(), TestCaseError> {
    let days = DayZone::named(zone).unwrap();
    let mut progress = Progress::new();
    let mut issued = 0;
    let mut points = 0;
    let mut most_achieved = 0;
    let mut most_completed = BTreeMap::new();
    for arrived in 1..=log.len() {
        let folded = deliver(behavior, &mut progress, &log[..arrived], &days);
        issued += folded.achievements;
        points += folded.points;

        let reference = Reference::of(behavior, zone, &log[..arrived]);
        prop_assert_eq!(Visible::of(&progress, behavior), reference.visible());
        most_achieved = most_achieved.max(progress.achieved());
        prop_assert_eq!(issued, most_achieved, "issued exactly what some state of the log held");
        prop_assert_eq!(progress.issued(), issued);
        prop_assert!(behavior.max_times_repeatable.is_none_or(|cap| issued <= cap));
        for (name, completed) in reference.goal_completed {
            let most = most_completed.entry(name).or_insert(0);
            *most = completed.max(*most);
        }
    }

    let of_goals: i64 = behavior
        .goals()
        .iter()
        .map(|goal| goal.points * i64::from(most_completed.get(&goal.event.event_name).copied().unwrap_or(0)))
        .sum();
    prop_assert_eq!(points, behavior.points * i64::from(issued) + of_goals);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a12_arrival_order_does_not_show((zone, log) in logs(24), behavior in behaviors()) {
        arrive(&behavior, zone, &log)?;
    }

    #[test]
    fn a12_outcomes_of_broken_runs_stay((zone, log) in dense_logs(), behavior in fragile()) {
        arrive(&behavior, zone, &log)?;
    }

    #[test]
    fn a12_a_replay_in_any_order_is_the_same_and_issues_nothing(
        (zone, log) in logs(24),
        behavior in behaviors(),
        swaps in prop::collection::vec(any::<(Index, Index)>(), 0..12),
    ) {
        let days = DayZone::named(zone).unwrap();
        let mut progress = Progress::new();
        for arrived in 1..=log.len() {
            deliver(&behavior, &mut progress, &log[..arrived], &days);
        }
        let mut shuffled = log.clone();
        if !log.is_empty() {
            for (a, b) in swaps {
                shuffled.swap(a.index(log.len()), b.index(log.len()));
            }
        }
        let (replayed, folded) = refold(&behavior, &progress, &shuffled, &days);
        prop_assert_eq!(&replayed, &progress);
        prop_assert_eq!((folded.achievements, folded.points), (0, 0));
        let (twice, folded) = refold(&behavior, &replayed, shuffled.iter().chain(&log), &days);
        prop_assert_eq!(&twice, &progress);
        prop_assert_eq!((folded.achievements, folded.points), (0, 0));
    }

    #[test]
    fn a1_a_quantity_is_so_many_single_events((zone, log) in logs(16), behavior in behaviors()) {
        let days = DayZone::named(zone).unwrap();
        let singles: Vec<Event> = log
            .iter()
            .flat_map(|event| (0..event.quantity).map(|_| event.clone().times(1)))
            .collect();
        let singles: Vec<Event> =
            (1..).zip(singles).map(|(sequence, event)| Event { sequence, ..event }).collect();
        let (whole, gained) = refold(&behavior, &Progress::new(), &log, &days);
        let (apart, gained_apart) = refold(&behavior, &Progress::new(), &singles, &days);
        prop_assert_eq!(Visible::of(&whole, &behavior), Visible::of(&apart, &behavior));
        prop_assert_eq!(gained, gained_apart);
    }

    #[test]
    fn any_quantity_is_folded_without_overflow(
        (zone, log) in logs(8),
        behavior in behaviors(),
        quantities in prop::collection::vec(prop_oneof![Just(u32::MAX), any::<u32>()], 8),
    ) {
        let days = DayZone::named(zone).unwrap();
        let log: Vec<Event> =
            log.into_iter().zip(quantities).map(|(event, quantity)| event.times(quantity)).collect();
        let (progress, folded) = refold(&behavior, &Progress::new(), &log, &days);
        prop_assert_eq!(folded.achievements, progress.achieved());
        let round = progress.round(&behavior);
        let composite = !behavior.goals().is_empty();
        prop_assert!(composite || round.progress < round.goal);
    }

    #[test]
    fn stored_progress_goes_on_where_it_stopped((zone, log) in logs(16), behavior in behaviors()) {
        let days = DayZone::named(zone).unwrap();
        let mut kept = Progress::new();
        let mut stored = Progress::new();
        for arrived in 1..=log.len() {
            let folded = deliver(&behavior, &mut kept, &log[..arrived], &days);
            prop_assert_eq!(deliver(&behavior, &mut stored, &log[..arrived], &days), folded);
            stored = rmp_serde::from_slice(&rmp_serde::to_vec_named(&stored).unwrap()).unwrap();
            prop_assert_eq!(&stored, &kept);
        }
    }
}
