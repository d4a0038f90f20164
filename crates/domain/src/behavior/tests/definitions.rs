//! What `validate` refuses, one fault a line.

use super::fixtures::{composite, count, count_goal, unique, unique_goal};
use crate::behavior::{Behavior, Condition, ConditionOperator, Goal, Outcome, Rule, limits};
use crate::event::ContextValue;

fn changed(mut behavior: Behavior, change: impl FnOnce(&mut Behavior)) -> Behavior {
    change(&mut behavior);
    behavior
}

fn goals(change: impl FnOnce(&mut Vec<Goal>)) -> Behavior {
    let mut goals = vec![count_goal("a", "0", 1), unique_goal("b", "0", 2)];
    change(&mut goals);
    composite(goals, &[("0", 2)])
}

fn condition(operator: ConditionOperator, values: Vec<ContextValue>) -> Condition {
    Condition { key: "amount".to_owned(), operator, values }
}

fn under(operator: ConditionOperator, values: Vec<ContextValue>) -> Behavior {
    let conditions = vec![condition(operator, values)];
    changed(count(1), |behavior| behavior.rule = Rule::Count { conditions, total_count: 1 })
}

fn with_outcome(outcome: Outcome) -> Behavior {
    changed(count(1), |behavior| behavior.outcomes.push(outcome))
}

#[test]
fn sound_definitions_pass() {
    let long = "x".repeat(limits::MAX_TEXT_BYTES);
    for (name, behavior) in [
        ("count", count(1)),
        ("the largest total", count(u32::MAX)),
        ("unique", unique(limits::MAX_UNIQUE_TOTAL)),
        ("composite", goals(|_| ())),
        ("as many goals as may be", {
            let goals = (0..limits::MAX_GOALS).map(|at| count_goal(&at.to_string(), "0", 1)).collect();
            composite(goals, &[("0", 1)])
        }),
        ("the longest name", changed(count(1), |behavior| behavior.name = long)),
        ("no period without its cap", changed(count(1), |behavior| behavior.period_s = 0)),
        (
            "caps",
            changed(count(1), |behavior| {
                behavior.max_times_repeatable = Some(1);
                behavior.max_times_repeatable_per_period = Some(limits::MAX_REPEATABLE_PER_PERIOD);
                behavior.period_s = 1;
                behavior.min_time_between_events_s = Some(0);
            }),
        ),
        ("exists without values", under(ConditionOperator::Exists, vec![])),
        ("in with values", under(ConditionOperator::In, vec![1.into(), "x".into()])),
        ("a boolean by equality", under(ConditionOperator::Equal, vec![true.into()])),
        (
            "outcomes",
            changed(count(1), |behavior| {
                behavior.outcomes = vec![
                    Outcome::Points { amount: -3 },
                    Outcome::Tag { name: "vip".to_owned(), ttl_s: None },
                    Outcome::Event { name: "next".to_owned(), quantity: 1 },
                ];
            }),
        ),
    ] {
        assert_eq!(behavior.validate(), Ok(()), "{name}");
    }
}

#[test]
fn faults_are_named_with_their_place() {
    let long = || "x".repeat(limits::MAX_TEXT_BYTES + 1);
    for (behavior, message) in [
        (count(0), "the behavior: `total_count` must be at least 1"),
        (unique(0), "the behavior: `total_count` must be at least 1"),
        (unique(1001), "the behavior: `total_count` is beyond its limit of 1000"),
        (changed(count(1), |b| b.name.clear()), "the behavior: `name` is empty"),
        (changed(count(1), |b| b.name = long()), "the behavior: `name` has more than 255 bytes"),
        (changed(count(1), |b| b.event_name.clear()), "the behavior: `event_name` is empty"),
        (changed(count(1), |b| b.external_id.clear()), "the behavior: `external_behavior_id` is empty"),
        (
            changed(count(1), |b| b.max_times_repeatable = Some(0)),
            "the behavior: `max_times_repeatable` must be at least 1",
        ),
        (
            changed(count(1), |b| b.max_times_repeatable_per_period = Some(0)),
            "the behavior: `max_times_repeatable_per_period` must be at least 1",
        ),
        (
            changed(count(1), |b| b.max_times_repeatable_per_period = Some(1001)),
            "the behavior: `max_times_repeatable_per_period` is beyond its limit of 1000",
        ),
        (
            changed(count(1), |b| {
                b.max_times_repeatable_per_period = Some(1);
                b.period_s = 0;
            }),
            "the behavior: `period` must be at least 1",
        ),
        (
            changed(unique(1), |b| {
                b.rule = Rule::Unique { conditions: vec![], context_key: String::new(), total_count: 1 };
            }),
            "the behavior: `context_key` is empty",
        ),
        (composite(vec![], &[("0", 1)]), "the behavior: `goals` is empty"),
        (composite(vec![count_goal("a", "0", 1)], &[]), "the behavior: `groups` is empty"),
        (
            composite((0..101).map(|at| count_goal(&at.to_string(), "0", 1)).collect(), &[("0", 1)]),
            "the behavior: `goals` is beyond its limit of 100",
        ),
        (
            goals(|goals| goals[1].event.event_name = "a".to_owned()),
            "goal `a` is given twice: event names of goals must differ",
        ),
        (goals(|goals| goals[1].event.event_name.clear()), "goal ``: `event_name` is empty"),
        (goals(|goals| goals[1].group_id = "9".to_owned()), "goal `b`: there is no group `9`"),
        (goals(|goals| goals[1].earn_count = 0), "goal `b`: `earn_count` must be at least 1"),
        (goals(|goals| goals[0] = count_goal("a", "0", 0)), "goal `a`: `total_count` must be at least 1"),
        (
            goals(|goals| goals[1] = unique_goal("b", "0", 1001)),
            "goal `b`: `total_count` is beyond its limit of 1000",
        ),
        (
            goals(|goals| goals[0].event.conditions = vec![condition(ConditionOperator::Equal, vec![])]),
            "goal `a`: the condition on `amount` takes exactly one value, 0 given",
        ),
        (goals(|goals| drop(goals.pop())), "group `0`: `total_count` is 2, but 1 goals are in the group"),
        (
            composite(vec![count_goal("a", "0", 1)], &[("0", 0)]),
            "group `0`: `total_count` must be at least 1",
        ),
        (
            composite(vec![count_goal("a", "0", 1)], &[("0", 1), ("1", 1)]),
            "group `1`: `total_count` is 1, but 0 goals are in the group",
        ),
        (composite(vec![count_goal("a", "0", 1)], &[("0", 1), ("0", 1)]), "group `0` is given twice"),
        (composite(vec![count_goal("a", "", 1)], &[("", 1)]), "group ``: `group_id` is empty"),
        (
            under(ConditionOperator::Exists, vec![1.into()]),
            "the behavior: the condition on `amount` takes no value, 1 given",
        ),
        (
            under(ConditionOperator::In, vec![]),
            "the behavior: the condition on `amount` takes at least one value, 0 given",
        ),
        (
            under(ConditionOperator::Less, vec![1.into(), 2.into()]),
            "the behavior: the condition on `amount` takes exactly one value, 2 given",
        ),
        (
            under(ConditionOperator::Equal, vec![ContextValue::Null]),
            "the behavior: the condition on `amount` cannot compare with null",
        ),
        (
            under(ConditionOperator::Less, vec![f64::NAN.into()]),
            "the behavior: the condition on `amount` cannot compare with a number that is not finite",
        ),
        (
            under(ConditionOperator::Less, vec![true.into()]),
            "the behavior: the condition on `amount` cannot compare with a boolean by order",
        ),
        (
            under(ConditionOperator::In, vec![1.into(); 101]),
            "the behavior: `conditions.values` is beyond its limit of 100",
        ),
        (
            under(ConditionOperator::Equal, vec![long().as_str().into()]),
            "the behavior: `conditions.values` has more than 255 bytes",
        ),
        (
            changed(count(1), |b| {
                let conditions = vec![condition(ConditionOperator::Exists, vec![]); 21];
                b.rule = Rule::Count { conditions, total_count: 1 };
            }),
            "the behavior: `conditions` is beyond its limit of 20",
        ),
        (with_outcome(Outcome::Tag { name: String::new(), ttl_s: None }), "outcome 0: `name` is empty"),
        (
            with_outcome(Outcome::Tag { name: "vip".to_owned(), ttl_s: Some(0) }),
            "outcome 0: `ttl` must be at least 1",
        ),
        (
            with_outcome(Outcome::Tag { name: "vip".to_owned(), ttl_s: Some(u32::MAX) }),
            "outcome 0: `ttl` is beyond its limit of 316224000",
        ),
        (
            with_outcome(Outcome::Event { name: "next".to_owned(), quantity: 0 }),
            "outcome 0: `quantity` must be at least 1",
        ),
        (
            changed(count(1), |b| b.outcomes = vec![Outcome::Points { amount: 1 }; 21]),
            "the behavior: `outcomes` is beyond its limit of 20",
        ),
    ] {
        let error = behavior.validate().expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}
