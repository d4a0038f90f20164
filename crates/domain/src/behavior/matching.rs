//! Which events a behavior looks at (contract rules B1, B12, A9, A11, A15).

use super::definition::{Behavior, Condition, ConditionOperator, Goal, Measure, Rule};
use super::progress::Progress;
use crate::event::{Context, ContextValue, Event};
use crate::ids::CampaignId;
use crate::time::Window;
use std::cmp::Ordering;

impl Behavior {
    /// Every event name it listens to; a composite listens to those of its goals, and not to its own label.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        let (own, goals) = match &self.rule {
            Rule::Count { .. } | Rule::Unique { .. } => (Some(self.event_name.as_str()), &[][..]),
            Rule::Composite { goals, .. } => (None, goals.as_slice()),
        };
        own.into_iter().chain(goals.iter().map(|goal| goal.event.event_name.as_str()))
    }
}

/// Whether the event can count for the behavior: its name, its conditions, and for `unique` the presence of the
/// context key. For a composite, whether it can count for one of its goals.
pub fn matches(behavior: &Behavior, event: &Event) -> bool {
    hit(behavior, event).is_some()
}

/// Whether the event counts for a campaign's behaviors: it is dated inside the run window, no other campaign
/// claims it, and the campaign admitted it on arrival. An event received before `progress.history_before()` needs no
/// admission, because the replay that set that instant has judged the customer.
pub fn counts_for(campaign: CampaignId, window: Window, event: &Event, progress: &Progress) -> bool {
    window.contains(event.occurred_at)
        && event.restricted_to.is_none_or(|only| only == campaign)
        && (event.admitted.binary_search(&campaign).is_ok()
            || progress.history_before().is_some_and(|before| event.received_at < before))
}

/// What a matching event feeds.
pub(super) struct Hit<'a> {
    /// The composite's goal; `None` when the behavior itself measures.
    pub(super) goal: Option<&'a Goal>,
    /// How it is measured.
    pub(super) meter: Meter,
    /// The value to be new, for `unique`.
    pub(super) value: Option<String>,
}

/// The figures of a measure.
#[derive(Clone, Copy)]
pub(super) struct Meter {
    pub(super) unique: bool,
    pub(super) total_count: u32,
}

/// The goal or the behavior that the event feeds, if any.
pub(super) fn hit<'a>(behavior: &'a Behavior, event: &Event) -> Option<Hit<'a>> {
    if event.quantity == 0 {
        return None;
    }
    let (goal, conditions, total_count, context_key) = match &behavior.rule {
        Rule::Count { conditions, total_count } if behavior.event_name == event.name => {
            (None, conditions, *total_count, None)
        }
        Rule::Unique { conditions, context_key, total_count } if behavior.event_name == event.name => {
            (None, conditions, *total_count, Some(context_key))
        }
        Rule::Count { .. } | Rule::Unique { .. } => return None,
        Rule::Composite { goals, .. } => {
            let goal = goals.iter().find(|goal| goal.event.event_name == event.name)?;
            let (total_count, context_key) = match &goal.measure {
                Measure::Count { total_count } => (*total_count, None),
                Measure::Unique { context_key, total_count } => (*total_count, Some(context_key)),
            };
            (Some(goal), &goal.event.conditions, total_count, context_key)
        }
    };
    if !conditions.iter().all(|condition| holds(condition, &event.context)) {
        return None;
    }
    let value = match context_key {
        None => None,
        Some(key) => Some(event.context.get(key)?.identity()?),
    };
    Some(Hit { goal, meter: Meter { unique: context_key.is_some(), total_count }, value })
}

fn holds(condition: &Condition, context: &Context) -> bool {
    let actual = context.get(&condition.key).filter(|value| **value != ContextValue::Null);
    let compares = |accepted: fn(Ordering) -> bool| {
        matches!((actual, condition.values.as_slice()), (Some(actual), [wanted])
            if !matches!(actual, ContextValue::Bool(_)) && actual.compare(wanted).is_some_and(accepted))
    };
    let equals_any = || {
        actual.is_some_and(|actual| {
            condition.values.iter().any(|wanted| actual.compare(wanted) == Some(Ordering::Equal))
        })
    };
    match condition.operator {
        ConditionOperator::Equal | ConditionOperator::In => equals_any(),
        ConditionOperator::NotEqual => !equals_any(),
        ConditionOperator::Greater => compares(Ordering::is_gt),
        ConditionOperator::GreaterOrEqual => compares(Ordering::is_ge),
        ConditionOperator::Less => compares(Ordering::is_lt),
        ConditionOperator::LessOrEqual => compares(Ordering::is_le),
        ConditionOperator::Exists => actual.is_some(),
    }
}
