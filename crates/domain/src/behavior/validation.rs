//! What a definition must satisfy before it is put in.

use super::definition::{Behavior, Condition, ConditionOperator, Goal, GoalGroup, Measure, Outcome, Rule};
use crate::customer::limits::TAG_TTL_S_MAX;
use crate::event::ContextValue;
use std::collections::BTreeSet;
use std::fmt;

/// Bounds of a definition. They keep a customer's stored progress small and every fold short.
pub mod limits {
    /// Goals of one composite.
    pub const MAX_GOALS: usize = 100;
    /// Conditions of one behavior or goal.
    pub const MAX_CONDITIONS: usize = 20;
    /// Values of one `in` condition.
    pub const MAX_VALUES: usize = 100;
    /// Outcomes of one behavior.
    pub const MAX_OUTCOMES: usize = 20;
    /// Bytes of a name, an event name, a context key, a tag or a condition's text.
    pub const MAX_TEXT_BYTES: usize = 255;
    /// Distinct values that `unique` can ask for: all of a round are stored with the customer.
    pub const MAX_UNIQUE_TOTAL: u32 = 1_000;
    /// The cap per period: so many instants may be stored with the customer.
    pub const MAX_REPEATABLE_PER_PERIOD: u32 = 1_000;
}

/// The part of a behavior that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The behavior itself.
    Behavior,
    /// The goal of that event name.
    Goal(String),
    /// The group of that id.
    Group(String),
    /// The outcome at that position, from 0.
    Outcome(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behavior => f.write_str("the behavior"),
            Self::Goal(event_name) => write!(f, "goal `{event_name}`"),
            Self::Group(id) => write!(f, "group `{id}`"),
            Self::Outcome(position) => write!(f, "outcome {position}"),
        }
    }
}

/// Why a definition is refused. Nothing is stored of it; the same definition will be refused again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BehaviorError {
    /// A text is missing.
    #[error("{part}: `{field}` is empty")]
    Empty {
        /// Where.
        part: Part,
        /// Which field.
        field: &'static str,
    },
    /// A text is too long.
    #[error("{part}: `{field}` has more than {} bytes", limits::MAX_TEXT_BYTES)]
    TooLong {
        /// Where.
        part: Part,
        /// Which field.
        field: &'static str,
    },
    /// A figure that has to be 1 or more is 0.
    #[error("{part}: `{field}` must be at least 1")]
    Zero {
        /// Where.
        part: Part,
        /// Which field.
        field: &'static str,
    },
    /// A figure or a list goes beyond its limit.
    #[error("{part}: `{field}` is beyond its limit of {max}")]
    TooMany {
        /// Where.
        part: Part,
        /// Which field.
        field: &'static str,
        /// The limit.
        max: u64,
    },
    /// Two goals share an event name.
    #[error("{0} is given twice: event names of goals must differ")]
    DuplicateGoal(Part),
    /// Two groups share an id.
    #[error("{0} is given twice")]
    DuplicateGroup(Part),
    /// A goal names a group that the composite does not have.
    #[error("{goal}: there is no group `{group_id}`")]
    UnknownGroup {
        /// The goal.
        goal: Part,
        /// The group it names.
        group_id: String,
    },
    /// A group asks for more goals than it has.
    #[error("{group}: `total_count` is {total_count}, but {num_goals} goals are in the group")]
    GroupTotal {
        /// The group.
        group: Part,
        /// Goals asked for.
        total_count: u32,
        /// Goals it has.
        num_goals: usize,
    },
    /// A condition has the wrong number of values for its operator.
    #[error("{part}: the condition on `{key}` takes {expected}, {given} given")]
    ConditionValues {
        /// Where.
        part: Part,
        /// The context key.
        key: String,
        /// What the operator takes.
        expected: &'static str,
        /// Values given.
        given: usize,
    },
    /// A condition's value can never compare.
    #[error("{part}: the condition on `{key}` cannot compare with {what}")]
    ConditionValue {
        /// Where.
        part: Part,
        /// The context key.
        key: String,
        /// The unusable value's kind.
        what: &'static str,
    },
}

impl Behavior {
    /// Checks the definition as a whole; the first fault found is reported.
    pub fn validate(&self) -> Result<(), BehaviorError> {
        let part = Part::Behavior;
        text(&part, "name", &self.name)?;
        text(&part, "event_name", &self.event_name)?;
        text(&part, "external_behavior_id", &self.external_id)?;
        if let Some(cap) = self.max_times_repeatable {
            positive(&part, "max_times_repeatable", cap)?;
        }
        if let Some(cap) = self.max_times_repeatable_per_period {
            positive(&part, "max_times_repeatable_per_period", cap)?;
            at_most(
                &part,
                "max_times_repeatable_per_period",
                u64::from(cap),
                u64::from(limits::MAX_REPEATABLE_PER_PERIOD),
            )?;
            positive(&part, "period", self.period_s)?;
        }
        at_most(&part, "outcomes", self.outcomes.len() as u64, limits::MAX_OUTCOMES as u64)?;
        for (position, outcome) in self.outcomes.iter().enumerate() {
            check_outcome(&Part::Outcome(position), outcome)?;
        }
        match &self.rule {
            Rule::Count { conditions, total_count } => {
                positive(&part, "total_count", *total_count)?;
                check_conditions(&part, conditions)
            }
            Rule::Unique { conditions, context_key, total_count } => {
                check_unique(&part, context_key, *total_count)?;
                check_conditions(&part, conditions)
            }
            Rule::Composite { goals, groups } => check_composite(goals, groups),
        }
    }
}

fn check_composite(goals: &[Goal], groups: &[GoalGroup]) -> Result<(), BehaviorError> {
    let part = Part::Behavior;
    if goals.is_empty() {
        return Err(BehaviorError::Empty { part, field: "goals" });
    }
    at_most(&part, "goals", goals.len() as u64, limits::MAX_GOALS as u64)?;
    if groups.is_empty() {
        return Err(BehaviorError::Empty { part, field: "groups" });
    }
    let mut group_ids = BTreeSet::new();
    for group in groups {
        let part = Part::Group(group.id.clone());
        text(&part, "group_id", &group.id)?;
        if !group_ids.insert(group.id.as_str()) {
            return Err(BehaviorError::DuplicateGroup(part));
        }
    }
    let mut event_names = BTreeSet::new();
    for goal in goals {
        let part = Part::Goal(goal.event.event_name.clone());
        check_goal(&part, goal)?;
        if !event_names.insert(goal.event.event_name.as_str()) {
            return Err(BehaviorError::DuplicateGoal(part));
        }
        if !group_ids.contains(goal.group_id.as_str()) {
            return Err(BehaviorError::UnknownGroup { goal: part, group_id: goal.group_id.clone() });
        }
    }
    for group in groups {
        let part = Part::Group(group.id.clone());
        positive(&part, "total_count", group.total_count)?;
        let num_goals = goals.iter().filter(|goal| goal.group_id == group.id).count();
        if u64::from(group.total_count) > num_goals as u64 {
            return Err(BehaviorError::GroupTotal { group: part, total_count: group.total_count, num_goals });
        }
    }
    Ok(())
}

fn check_goal(part: &Part, goal: &Goal) -> Result<(), BehaviorError> {
    text(part, "event_name", &goal.event.event_name)?;
    positive(part, "earn_count", goal.earn_count)?;
    match &goal.measure {
        Measure::Count { total_count } => positive(part, "total_count", *total_count)?,
        Measure::Unique { context_key, total_count } => check_unique(part, context_key, *total_count)?,
    }
    check_conditions(part, &goal.event.conditions)
}

fn check_unique(part: &Part, context_key: &str, total_count: u32) -> Result<(), BehaviorError> {
    text(part, "context_key", context_key)?;
    positive(part, "total_count", total_count)?;
    at_most(part, "total_count", u64::from(total_count), u64::from(limits::MAX_UNIQUE_TOTAL))
}

fn check_conditions(part: &Part, conditions: &[Condition]) -> Result<(), BehaviorError> {
    at_most(part, "conditions", conditions.len() as u64, limits::MAX_CONDITIONS as u64)?;
    conditions.iter().try_for_each(|condition| check_condition(part, condition))
}

fn check_condition(part: &Part, condition: &Condition) -> Result<(), BehaviorError> {
    use ConditionOperator as Is;
    text(part, "conditions.key", &condition.key)?;
    let given = condition.values.len();
    let (expected, fits) = match condition.operator {
        Is::Exists => ("no value", given == 0),
        Is::In => ("at least one value", given >= 1),
        Is::Equal | Is::NotEqual | Is::Greater | Is::GreaterOrEqual | Is::Less | Is::LessOrEqual => {
            ("exactly one value", given == 1)
        }
    };
    let key = || condition.key.clone();
    if !fits {
        return Err(BehaviorError::ConditionValues { part: part.clone(), key: key(), expected, given });
    }
    at_most(part, "conditions.values", given as u64, limits::MAX_VALUES as u64)?;
    let orders = matches!(condition.operator, Is::Greater | Is::GreaterOrEqual | Is::Less | Is::LessOrEqual);
    for value in &condition.values {
        let unusable = match value {
            ContextValue::Null => Some("null"),
            ContextValue::Number(number) if !number.is_finite() => Some("a number that is not finite"),
            ContextValue::Bool(_) if orders => Some("a boolean by order"),
            ContextValue::Text(text) => {
                bounded(part, "conditions.values", text)?;
                None
            }
            ContextValue::Bool(_) | ContextValue::Integer(_) | ContextValue::Number(_) => None,
        };
        if let Some(what) = unusable {
            return Err(BehaviorError::ConditionValue { part: part.clone(), key: key(), what });
        }
    }
    Ok(())
}

fn check_outcome(part: &Part, outcome: &Outcome) -> Result<(), BehaviorError> {
    match outcome {
        Outcome::Points { .. } => Ok(()),
        Outcome::Tag { name, ttl_s } => {
            text(part, "name", name)?;
            ttl_s.map_or(Ok(()), |ttl_s| {
                positive(part, "ttl", ttl_s)?;
                at_most(part, "ttl", u64::from(ttl_s), u64::from(TAG_TTL_S_MAX))
            })
        }
        Outcome::Event { name, quantity } => {
            text(part, "name", name)?;
            positive(part, "quantity", *quantity)
        }
    }
}

fn text(part: &Part, field: &'static str, value: &str) -> Result<(), BehaviorError> {
    if value.is_empty() {
        return Err(BehaviorError::Empty { part: part.clone(), field });
    }
    bounded(part, field, value)
}

fn bounded(part: &Part, field: &'static str, value: &str) -> Result<(), BehaviorError> {
    if value.len() > limits::MAX_TEXT_BYTES {
        return Err(BehaviorError::TooLong { part: part.clone(), field });
    }
    Ok(())
}

fn positive(part: &Part, field: &'static str, value: u32) -> Result<(), BehaviorError> {
    if value == 0 { Err(BehaviorError::Zero { part: part.clone(), field }) } else { Ok(()) }
}

fn at_most(part: &Part, field: &'static str, value: u64, max: u64) -> Result<(), BehaviorError> {
    if value > max { Err(BehaviorError::TooMany { part: part.clone(), field, max }) } else { Ok(()) }
}
