//! Behaviors: rules that fold a customer's events into progress and outcomes (contract §2.10, §2.11).
//!
//! The event log is the truth. [`fold()`] takes one event that is the latest so far; an event that is not is
//! refused with [`LateEvent`], and the caller hands the whole log to [`refold`] instead. Both lead to the same
//! visible [`Progress`], and neither issues an outcome twice.

mod day_zone;
mod definition;
mod fold;
mod map_key;
mod matching;
mod progress;
mod tally;
#[cfg(test)]
mod tests;
mod validation;

pub use day_zone::{Day, DayZone};
pub use definition::{
    Behavior, Condition, ConditionOperator, EventMatch, Goal, GoalGroup, Measure, Outcome, Rule,
};
pub use fold::{Folded, LateEvent, fold, refold};
pub use map_key::{map_key, map_keys};
pub use matching::{counts_for, matches};
pub use progress::{GoalView, GroupView, Progress, RoundProgress};
pub use validation::{BehaviorError, Part, limits};
