//! A customer's progress in one behavior: the state of the fold, and what the faces read from it.

use super::day_zone::Day;
use super::definition::{Behavior, Goal, GoalGroup, Measure, Rule};
use super::tally::Tally;
use crate::event::Event;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fold's state. It is stored within the customer, hence the short keys; a default field takes no room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Counts of the current round, for `count` and `unique`.
    #[serde(rename = "r", skip_serializing_if = "Tally::is_empty")]
    pub(super) tally: Tally,
    /// Times achieved, as the log says.
    #[serde(rename = "a", skip_serializing_if = "is_zero")]
    pub(super) achieved: u32,
    /// Achievements whose outcomes went out although the log, since a late event, no longer holds them. So many
    /// further ones issue nothing (contract rule A12).
    #[serde(rename = "x", skip_serializing_if = "is_zero")]
    pub(super) issued_ahead: u32,
    /// Goals of a composite that something has counted for, by event name.
    #[serde(rename = "g", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) goals: BTreeMap<String, GoalProgress>,
    /// Achievements that may still fill the period's cap, oldest first, as instant and number.
    #[serde(rename = "p", skip_serializing_if = "Vec::is_empty")]
    pub(super) recent: Vec<(UnixMillis, u32)>,
    /// Date of the last counted event, kept when a minimum time between events is asked for.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub(super) counted_at: Option<UnixMillis>,
    /// Day of the last counted event, kept when consecutive days are asked for.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    pub(super) counted_on: Option<Day>,
    /// Date and log position of the latest event folded, counted or not.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub(super) folded_to: Option<(UnixMillis, u64)>,
    /// See [`Progress::history_before`].
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    history_before: Option<UnixMillis>,
}

/// The state of one goal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct GoalProgress {
    /// Counts towards the measure.
    #[serde(rename = "r", skip_serializing_if = "Tally::is_empty")]
    pub(super) tally: Tally,
    /// Times the measure was reached in this round.
    #[serde(rename = "e", skip_serializing_if = "is_zero")]
    pub(super) earned: u32,
    /// Times the measure was ever reached.
    #[serde(rename = "a", skip_serializing_if = "is_zero")]
    pub(super) achieved: u32,
    /// Times the goal was ever completed, as the log says.
    #[serde(rename = "c", skip_serializing_if = "is_zero")]
    pub(super) completed: u32,
    /// Completions whose points went out although the log no longer holds them.
    #[serde(rename = "x", skip_serializing_if = "is_zero")]
    pub(super) issued_ahead: u32,
}

impl GoalProgress {
    /// Times the goal's points have been credited.
    pub(super) fn issued(&self) -> u32 {
        self.completed.saturating_add(self.issued_ahead)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
pub(super) const fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// A goal with what the customer has done for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoalView<'a> {
    /// The goal.
    pub goal: &'a Goal,
    /// Reached `earn_count` times in this round.
    pub completed: bool,
    /// Times its measure was ever reached; a new round does not reset it.
    pub achieved: u32,
    /// Events or distinct values counted towards the measure.
    pub current_count: u32,
    /// Events or distinct values that the measure asks for.
    pub total_count: u32,
}

/// A group of goals with what the customer has done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupView<'a> {
    /// The group.
    pub group: &'a GoalGroup,
    /// Goals completed in this round.
    pub current_count: u32,
    /// Completed goals that the group asks for.
    pub total_count: u32,
    /// Goals it has.
    pub num_goals: u32,
    /// Whether enough goals are completed.
    pub completed: bool,
}

/// How far the current round is (contract question Q29).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundProgress {
    /// Events, distinct values or completed goals so far.
    pub progress: u32,
    /// How many are asked for.
    pub goal: u32,
}

impl Progress {
    /// The progress of a customer for whom nothing has counted.
    pub const fn new() -> Self {
        Self {
            tally: Tally::new(),
            achieved: 0,
            issued_ahead: 0,
            goals: BTreeMap::new(),
            recent: Vec::new(),
            counted_at: None,
            counted_on: None,
            folded_to: None,
            history_before: None,
        }
    }

    /// Times achieved, as the log says. After a late event it can be less than [`Self::issued`].
    pub fn achieved(&self) -> u32 {
        self.achieved
    }

    /// Achievements whose outcomes have gone out; never decreases.
    pub fn issued(&self) -> u32 {
        self.achieved.saturating_add(self.issued_ahead)
    }

    /// Events or distinct values counted in the current round; for a composite, goals completed in it.
    pub fn current_count(&self, behavior: &Behavior) -> u32 {
        match &behavior.rule {
            Rule::Count { .. } | Rule::Unique { .. } => self.tally.current_count(),
            Rule::Composite { goals, .. } => count(goals.iter().filter(|goal| self.goal_completed(goal))),
        }
    }

    /// The pair of the wire's `progress.behaviors[]`.
    pub fn round(&self, behavior: &Behavior) -> RoundProgress {
        RoundProgress { progress: self.current_count(behavior), goal: behavior.total_count() }
    }

    /// The goals of a composite in the definition's order; nothing for the other types.
    pub fn goals<'a>(&'a self, behavior: &'a Behavior) -> impl Iterator<Item = GoalView<'a>> {
        behavior.goals().iter().map(|goal| {
            let state = self.goals.get(&goal.event.event_name);
            GoalView {
                goal,
                completed: self.goal_completed(goal),
                achieved: state.map_or(0, |state| state.achieved),
                current_count: state.map_or(0, |state| state.tally.current_count()),
                total_count: goal.measure.total_count(),
            }
        })
    }

    /// The groups of a composite in the definition's order; nothing for the other types.
    pub fn groups<'a>(&'a self, behavior: &'a Behavior) -> impl Iterator<Item = GroupView<'a>> {
        behavior.groups().iter().map(|group| {
            let current_count = count(behavior.goals_of(group).filter(|goal| self.goal_completed(goal)));
            GroupView {
                group,
                current_count,
                total_count: group.total_count,
                num_goals: count(behavior.goals_of(group)),
                completed: current_count >= group.total_count,
            }
        })
    }

    /// Whether the lifetime cap is reached: achieved at least once, and as often as allowed. Without a cap, never.
    pub fn is_exhausted(&self, behavior: &Behavior) -> bool {
        behavior.max_times_repeatable.is_some_and(|cap| self.achieved >= 1 && self.achieved >= cap)
    }

    /// Achievements that fill the cap per period at that instant; 0 without such a cap.
    pub fn recently_achieved(&self, behavior: &Behavior, at: UnixMillis) -> u32 {
        let period_ms = i64::from(behavior.period_s) * 1000;
        let recent = self.recent.iter().filter(|(achieved_at, _)| at.since(*achieved_at) < period_ms);
        recent.map(|(_, number)| *number).fold(0, u32::saturating_add)
    }

    /// Whether it was achieved or anything counts in the current round, a goal's count included (A8).
    pub fn has_begun(&self) -> bool {
        self.achieved > 0
            || !self.tally.is_empty()
            || self.goals.values().any(|goal| goal.earned > 0 || !goal.tally.is_empty())
    }

    /// Whether the event is not later than everything folded so far, so that only [`super::refold`] can place it.
    /// Only for events that match the behavior.
    pub fn needs_refold(&self, event: &Event) -> bool {
        self.folded_to.is_some_and(|folded_to| (event.occurred_at, event.sequence) <= folded_to)
    }

    /// Events received before this instant count without an admission of their own: a replay judged the customer
    /// admitted for them, since no verdict could be given before the definition was published.
    pub fn history_before(&self) -> Option<UnixMillis> {
        self.history_before
    }

    /// Sets [`Self::history_before`]; a [`super::refold`] over the log must follow.
    pub fn set_history_before(&mut self, instant: Option<UnixMillis>) {
        self.history_before = instant;
    }

    pub(super) fn goal_completed(&self, goal: &Goal) -> bool {
        self.goals.get(&goal.event.event_name).is_some_and(|state| state.earned >= goal.earn_count.max(1))
    }

    /// Forgets the counts of the current round, and nothing else.
    pub(super) fn clear_round(&mut self) {
        self.tally.clear();
        for goal in self.goals.values_mut() {
            goal.tally.clear();
            goal.earned = 0;
        }
    }
}

impl Behavior {
    /// Events or distinct values that an achievement takes; for a composite, how many goals it takes at least.
    pub fn total_count(&self) -> u32 {
        match &self.rule {
            Rule::Count { total_count, .. } | Rule::Unique { total_count, .. } => *total_count,
            Rule::Composite { groups, .. } => groups
                .iter()
                .map(|group| group.total_count.max(count(self.goals_of(group).filter(|goal| goal.required))))
                .fold(0, u32::saturating_add),
        }
    }

    /// The wire's name of its type.
    pub const fn kind(&self) -> &'static str {
        match self.rule {
            Rule::Count { .. } => "count",
            Rule::Unique { .. } => "unique",
            Rule::Composite { .. } => "composite",
        }
    }

    /// The goals of a composite; empty for the other types.
    pub fn goals(&self) -> &[Goal] {
        match &self.rule {
            Rule::Composite { goals, .. } => goals,
            Rule::Count { .. } | Rule::Unique { .. } => &[],
        }
    }

    /// The groups of a composite; empty for the other types.
    pub fn groups(&self) -> &[GoalGroup] {
        match &self.rule {
            Rule::Composite { groups, .. } => groups,
            Rule::Count { .. } | Rule::Unique { .. } => &[],
        }
    }

    pub(super) fn goals_of<'a>(&'a self, group: &'a GoalGroup) -> impl Iterator<Item = &'a Goal> {
        self.goals().iter().filter(|goal| goal.group_id == group.id)
    }
}

impl Measure {
    /// Events or distinct values asked for.
    pub const fn total_count(&self) -> u32 {
        match self {
            Self::Count { total_count } | Self::Unique { total_count, .. } => *total_count,
        }
    }

    /// The wire's name of its type.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Count { .. } => "count",
            Self::Unique { .. } => "unique",
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
