//! Builders of behaviors and events with good defaults.

use crate::behavior::{
    Behavior, DayZone, EventMatch, Folded, Goal, GoalGroup, Measure, Progress, Rule, fold,
};
use crate::event::{Context, ContextValue, Event, EventKey};
use crate::ids::{BehaviorId, CampaignId};
use crate::time::UnixMillis;

pub(super) const CAMPAIGN: CampaignId = CampaignId(16);

/// 2017-07-14T12:00:00Z.
pub(super) const NOON: UnixMillis = UnixMillis(1_500_033_600_000);

pub(super) fn behavior(rule: Rule) -> Behavior {
    Behavior {
        id: BehaviorId(1),
        external_id: "86d77299-ed18-49ba-8fef-f8cb2241faac".to_owned(),
        name: "Entry".to_owned(),
        event_name: "entry".to_owned(),
        rule,
        points: 5,
        max_times_repeatable: None,
        max_times_repeatable_per_period: None,
        period_s: 86_400,
        min_time_between_events_s: None,
        consecutive: false,
        outcomes: Vec::new(),
        published_at: UnixMillis(0),
    }
}

pub(super) fn count(total_count: u32) -> Behavior {
    behavior(Rule::Count { conditions: Vec::new(), total_count })
}

pub(super) fn unique(total_count: u32) -> Behavior {
    behavior(Rule::Unique { conditions: Vec::new(), context_key: "store".to_owned(), total_count })
}

pub(super) fn composite(goals: Vec<Goal>, groups: &[(&str, u32)]) -> Behavior {
    let groups =
        groups.iter().map(|&(id, total_count)| GoalGroup { id: id.to_owned(), total_count }).collect();
    behavior(Rule::Composite { goals, groups })
}

pub(super) fn goal(event_name: &str, group_id: &str, measure: Measure) -> Goal {
    Goal {
        event: EventMatch { event_name: event_name.to_owned(), conditions: Vec::new() },
        measure,
        points: 2,
        required: true,
        earn_count: 1,
        group_id: group_id.to_owned(),
    }
}

pub(super) fn count_goal(event_name: &str, group_id: &str, total_count: u32) -> Goal {
    goal(event_name, group_id, Measure::Count { total_count })
}

pub(super) fn unique_goal(event_name: &str, group_id: &str, total_count: u32) -> Goal {
    goal(event_name, group_id, Measure::Unique { context_key: "store".to_owned(), total_count })
}

/// An `entry` of quantity 1, `offset_s` seconds after noon, admitted by the campaign; received when it happened.
pub(super) fn event(sequence: u64, offset_s: i64) -> Event {
    let at = NOON.plus_seconds(offset_s);
    Event {
        key: EventKey([0; 16]),
        sequence,
        name: "entry".to_owned(),
        occurred_at: at,
        received_at: at,
        quantity: 1,
        context: Context::new(),
        restricted_to: None,
        admitted: vec![CAMPAIGN],
    }
}

impl Event {
    pub(super) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(super) fn times(mut self, quantity: u32) -> Self {
        self.quantity = quantity;
        self
    }

    pub(super) fn at(mut self, instant: &str) -> Self {
        let at: jiff::Timestamp = instant.parse().unwrap();
        self.occurred_at = at.into();
        self
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<ContextValue>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }
}

impl From<&str> for ContextValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for ContextValue {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<f64> for ContextValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for ContextValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Folds events that are in order, with UTC days, and sums what each gave.
pub(super) fn run(behavior: &Behavior, events: &[Event]) -> (Progress, Folded) {
    let mut progress = Progress::new();
    let mut total = Folded::default();
    for event in events {
        let folded = fold(behavior, &mut progress, event, &DayZone::UTC).unwrap();
        total.counted |= folded.counted;
        total.achievements += folded.achievements;
        total.points = total.points.saturating_add(folded.points);
    }
    (progress, total)
}
