//! What a behavior asks for and what it gives.

use crate::event::ContextValue;
use crate::ids::BehaviorId;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// A behavior, also called achievement: what the customer has to do, and what is earned for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behavior {
    /// Its identifier.
    pub id: BehaviorId,
    /// GUID known to clients (`external_behavior_id`).
    pub external_id: String,
    /// Display name; the key of the behaviors map is made from it, see [`super::map_key()`].
    pub name: String,
    /// For `count` and `unique`, the event that counts. For `composite`, a label of the whole: events of this
    /// name do not count unless a goal has it too.
    pub event_name: String,
    /// How events are measured.
    pub rule: Rule,
    /// Points credited on each achievement.
    pub points: i64,
    /// Lifetime cap on achievements per customer.
    pub max_times_repeatable: Option<u32>,
    /// Cap on achievements within any `period_s`.
    pub max_times_repeatable_per_period: Option<u32>,
    /// The cap's rolling period in seconds.
    pub period_s: u32,
    /// An event sooner than this many seconds after the last counted one is not counted.
    pub min_time_between_events_s: Option<u32>,
    /// Counted events must fall on consecutive calendar days.
    pub consecutive: bool,
    /// What an achievement causes, besides the points.
    pub outcomes: Vec<Outcome>,
    /// When this definition was put in. Events received before it carry no verdict about it.
    pub published_at: UnixMillis,
}

/// The three behavior types of the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Rule {
    /// Counts events by quantity.
    Count {
        /// Which events match, beyond their name.
        #[serde(default)]
        conditions: Vec<Condition>,
        /// Events required.
        total_count: u32,
    },
    /// Counts distinct values of one context key.
    Unique {
        /// Which events match, beyond their name.
        #[serde(default)]
        conditions: Vec<Condition>,
        /// The context key whose value must be new; an event without it does not count.
        context_key: String,
        /// Distinct values required.
        total_count: u32,
    },
    /// Goals in groups.
    Composite {
        /// Its goals; event names are unique among them.
        goals: Vec<Goal>,
        /// Its groups.
        groups: Vec<GoalGroup>,
    },
}

/// A goal of a composite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Which events count.
    pub event: EventMatch,
    /// How they are measured.
    pub measure: Measure,
    /// Points credited each time the goal is completed.
    pub points: i64,
    /// The composite cannot complete without it.
    pub required: bool,
    /// How often the measure must be reached for the goal to be completed.
    pub earn_count: u32,
    /// The group it belongs to.
    pub group_id: String,
}

/// An event name with conditions on the context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventMatch {
    /// The name, exactly.
    pub event_name: String,
    /// All must hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

/// How a goal measures its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Measure {
    /// By quantity.
    Count {
        /// Events required.
        total_count: u32,
    },
    /// By distinct values of a context key.
    Unique {
        /// The context key.
        context_key: String,
        /// Distinct values required.
        total_count: u32,
    },
}

/// A group of goals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalGroup {
    /// Its key in the composite, a string on the wire.
    pub id: String,
    /// Completed goals required; may be less than the goals it has.
    pub total_count: u32,
}

/// A test of one context key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The context key. An event without it fails every operator but `NotEqual`.
    pub key: String,
    /// How it is compared.
    pub operator: ConditionOperator,
    /// With what; unused by `Exists`.
    pub values: Vec<ContextValue>,
}

/// Comparisons on context values. Text that spells a number does not compare with numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionOperator {
    /// Equal to the one value.
    Equal,
    /// Not equal to it, or absent.
    NotEqual,
    /// Equal to one of the values.
    In,
    /// Greater than the one value.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
    /// Present.
    Exists,
}

/// What an achievement causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// Further points, besides the behavior's own.
    Points {
        /// How many.
        amount: i64,
    },
    /// Tags the customer.
    Tag {
        /// The tag.
        name: String,
        /// Seconds to expiry; `None` counts instead.
        ttl_s: Option<u32>,
    },
    /// Raises a further event for the same customer.
    Event {
        /// Its name.
        name: String,
        /// How many times it happened.
        quantity: u32,
    },
}
