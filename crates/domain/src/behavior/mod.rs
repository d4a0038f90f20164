//! Behaviors: rules that fold a customer's events into progress and outcomes (contract §2.10, §2.11).

mod definition;
mod progress;

pub use definition::{
    Behavior, Condition, ConditionOperator, EventMatch, Goal, GoalGroup, Measure, Outcome, Rule,
};
pub use progress::Progress;
