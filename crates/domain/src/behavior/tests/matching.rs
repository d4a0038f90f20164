//! Names and conditions (contract rule B1).

use super::fixtures::{composite, count, count_goal, event, unique};
use crate::behavior::{Behavior, Condition, ConditionOperator, Rule, matches};
use crate::event::{ContextValue, Event};

fn under(operator: ConditionOperator, values: &[ContextValue]) -> Behavior {
    let mut behavior = count(1);
    let condition = Condition { key: "amount".to_owned(), operator, values: values.to_vec() };
    behavior.rule = Rule::Count { conditions: vec![condition], total_count: 1 };
    behavior
}

#[test]
fn b1_the_name_equals() {
    let composite = composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 1)], &[("0", 2)]);
    for (name, behavior, event, expected) in [
        ("the same name", count(1), event(1, 0), true),
        ("another name", count(1), event(1, 0).named("exit"), false),
        ("case matters", count(1), event(1, 0).named("Entry"), false),
        ("a goal's name", composite.clone(), event(1, 0).named("b"), true),
        ("the composite's label", composite, event(1, 0), false),
        ("A11: unique without its key", unique(1), event(1, 0), false),
        ("A11: unique with its key", unique(1), event(1, 0).with("store", "a"), true),
    ] {
        assert_eq!(matches(&behavior, &event), expected, "{name}");
    }
}

#[test]
fn event_names_are_those_listened_to() {
    let composite = composite(vec![count_goal("a", "0", 1), count_goal("b", "0", 1)], &[("0", 2)]);
    assert_eq!(composite.event_names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(unique(1).event_names().collect::<Vec<_>>(), ["entry"]);
}

#[test]
fn conditions_compare_values_of_one_kind() {
    use ConditionOperator::{Equal, Exists, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEqual};
    let text = ContextValue::from;
    let int = ContextValue::Integer;
    let float = ContextValue::Number;
    let flag = ContextValue::Bool;
    let null = ContextValue::Null;
    //   operator, values, amount in the context, holds
    for (operator, values, amount, expected) in [
        (Equal, vec![int(5)], Some(int(5)), true),
        (Equal, vec![int(5)], Some(float(5.0)), true),
        (Equal, vec![int(5)], Some(text("5")), false),
        (Equal, vec![text("camera")], Some(text("camera")), true),
        (Equal, vec![text("camera")], Some(text("Camera")), false),
        (Equal, vec![flag(true)], Some(flag(true)), true),
        (Equal, vec![flag(true)], Some(int(1)), false),
        (Equal, vec![int(5)], None, false),
        (Equal, vec![int(5)], Some(null.clone()), false),
        (Equal, vec![int(i64::MAX)], Some(float(9_223_372_036_854_775_807.0)), false),
        (NotEqual, vec![int(5)], Some(int(6)), true),
        (NotEqual, vec![int(5)], Some(int(5)), false),
        (NotEqual, vec![int(5)], Some(text("5")), true),
        (NotEqual, vec![int(5)], None, true),
        (NotEqual, vec![int(5)], Some(null.clone()), true),
        (In, vec![int(5), text("x")], Some(text("x")), true),
        (In, vec![int(5), text("x")], Some(int(6)), false),
        (In, vec![int(5)], None, false),
        (Greater, vec![int(5)], Some(int(6)), true),
        (Greater, vec![int(5)], Some(int(5)), false),
        (Greater, vec![int(5)], Some(float(5.5)), true),
        (Greater, vec![float(5.5)], Some(int(5)), false),
        (Greater, vec![int(-6)], Some(float(-5.5)), true),
        (Greater, vec![float(-5.5)], Some(int(-5)), true),
        (Greater, vec![float(-5.5)], Some(int(-6)), false),
        (Greater, vec![float(1e300)], Some(int(i64::MAX)), false),
        (Greater, vec![float(-1e300)], Some(int(i64::MIN)), true),
        (Greater, vec![text("a")], Some(text("b")), true),
        (Greater, vec![int(5)], Some(text("6")), false),
        (Greater, vec![flag(false)], Some(flag(true)), false),
        (Greater, vec![int(5)], None, false),
        (GreaterOrEqual, vec![int(5)], Some(int(5)), true),
        (GreaterOrEqual, vec![int(5)], Some(int(4)), false),
        (Less, vec![int(5)], Some(int(4)), true),
        (Less, vec![int(5)], Some(int(5)), false),
        (Less, vec![int(5)], None, false),
        (Less, vec![float(f64::NAN)], Some(int(4)), false),
        (LessOrEqual, vec![int(5)], Some(int(5)), true),
        (LessOrEqual, vec![int(5)], Some(int(6)), false),
        (Exists, vec![], Some(flag(false)), true),
        (Exists, vec![], Some(null), false),
        (Exists, vec![], None, false),
    ] {
        let mut event: Event = event(1, 0);
        if let Some(amount) = amount.clone() {
            event = event.with("amount", amount);
        }
        assert_eq!(
            matches(&under(operator, &values), &event),
            expected,
            "{amount:?} {operator:?} {values:?}"
        );
    }
}

#[test]
fn all_conditions_must_hold_on_goals_too() {
    let at_least = |amount| Condition {
        key: "amount".to_owned(),
        operator: ConditionOperator::GreaterOrEqual,
        values: vec![ContextValue::Integer(amount)],
    };
    let mut goal = count_goal("a", "0", 1);
    goal.event.conditions = vec![
        at_least(10),
        Condition { key: "member".to_owned(), operator: ConditionOperator::Exists, values: Vec::new() },
    ];
    let behavior = composite(vec![goal], &[("0", 1)]);
    let event = event(1, 0).named("a");
    for (name, event, expected) in [
        ("both", event.clone().with("amount", 10).with("member", true), true),
        ("one fails", event.clone().with("amount", 9).with("member", true), false),
        ("one is missing", event.with("amount", 10), false),
    ] {
        assert_eq!(matches(&behavior, &event), expected, "{name}");
    }
}
