//! Behaviors in documents.

use super::matching::{Candidates, Reading, below};
use super::{DocumentError, Span};
use muster_domain::behavior::{
    Behavior, Condition, ConditionOperator, EventMatch, Goal, GoalGroup, Measure, Outcome, Rule,
};
use muster_domain::campaign::Campaign;
use muster_domain::event::ContextValue;
use muster_domain::ids::BehaviorId;
use muster_domain::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The cap's period when none is given: a day.
const DEFAULT_PERIOD: Span = Span { seconds: 86_400 };
/// The group of goals that name none.
const DEFAULT_GROUP: &str = "0";

/// What customers have to do, and what they earn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Behavior)]
#[serde(deny_unknown_fields)]
pub struct BehaviorDocument {
    /// Identifier; left out, it is kept from the stored behavior of the same `external_id` or name, or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// GUID known to clients; left out, it is kept or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Display name.
    pub name: String,
    /// How events are measured.
    #[serde(rename = "type")]
    pub kind: BehaviorKind,
    /// The event that counts, for `count` and `unique`. For `composite` a label of the whole, by default the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What the event's context must hold, for `count` and `unique`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionDocument>,
    /// The context key whose values must differ, for `unique`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_key: Option<String>,
    /// Events, or distinct values, that one achievement takes, for `count` and `unique`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u32>,
    /// Goals, for `composite`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<GoalDocument>,
    /// Groups of goals, for `composite`; by default each group that a goal names asks for all its goals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupOfGoals>,
    /// Points for each achievement.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: i64,
    /// How often one customer can achieve it at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_times_repeatable: Option<u32>,
    /// How often one customer can achieve it within `period`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_times_repeatable_per_period: Option<u32>,
    /// The rolling period of that cap; a day by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "7 days")]
    pub period: Option<Span>,
    /// An event sooner than this after the last counted one does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1 hour")]
    pub min_time_between_events: Option<Span>,
    /// Counted events must fall on consecutive calendar days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consecutive: bool,
    /// What an achievement causes besides the points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<OutcomeDocument>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_true(flag: &bool) -> bool {
    *flag
}

const fn yes() -> bool {
    true
}

const fn one() -> u32 {
    1
}

/// The behavior types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BehaviorKind {
    /// Counts events by quantity.
    Count,
    /// Counts distinct values of one context key.
    Unique,
    /// Goals in groups.
    Composite,
}

/// How a goal measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// By quantity.
    #[default]
    Count,
    /// By distinct values of a context key.
    Unique,
}

impl MeasureKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
    const fn is_count(&self) -> bool {
        matches!(self, Self::Count)
    }
}

/// A goal of a composite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Goal)]
#[serde(deny_unknown_fields)]
pub struct GoalDocument {
    /// The event that counts; different for each goal of a composite.
    pub event: String,
    /// What the event's context must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionDocument>,
    /// How it measures.
    #[serde(rename = "type", default, skip_serializing_if = "MeasureKind::is_count")]
    pub kind: MeasureKind,
    /// The context key whose values must differ, for `unique`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_key: Option<String>,
    /// Events, or distinct values, that the goal takes.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub total_count: u32,
    /// How often that must be reached.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub earn_count: u32,
    /// Points each time the goal is completed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: i64,
    /// The composite cannot complete without it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub required: bool,
    /// The group it belongs to; `0` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A group of goals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupOfGoals {
    /// Its key in the composite.
    pub id: String,
    /// Completed goals that it asks for.
    pub total_count: u32,
}

/// A test of one key of an event's context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Condition)]
#[serde(deny_unknown_fields)]
pub struct ConditionDocument {
    /// The context key.
    pub key: String,
    /// `equal` by default; one of `equal`, `not_equal`, `in`, `greater`, `greater_or_equal`, `less`,
    /// `less_or_equal`, `exists`.
    #[serde(default = "equal", skip_serializing_if = "is_equal")]
    #[schema(value_type = String, example = "greater_or_equal")]
    pub operator: ConditionOperator,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub value: Option<ContextValue>,
    /// What it is compared with, for `in`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Value>)]
    pub values: Vec<ContextValue>,
}

const fn equal() -> ConditionOperator {
    ConditionOperator::Equal
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_equal(operator: &ConditionOperator) -> bool {
    matches!(operator, ConditionOperator::Equal)
}

/// What an achievement causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Outcome)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OutcomeDocument {
    /// Further points.
    Points {
        /// How many.
        amount: i64,
    },
    /// Tags the customer.
    Tag {
        /// The tag.
        name: String,
        /// How long it lasts; left out, the tag counts instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, example = "30 days")]
        ttl: Option<Span>,
    },
    /// Raises a further event for the same customer.
    Event {
        /// Its name.
        name: String,
        /// How many times it happened.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        quantity: u32,
    },
}

/// Reads a list of behaviors; those of `stored` that it means keep their ids.
pub(super) fn read_all(
    documents: &[BehaviorDocument],
    stored: Option<&Campaign>,
    reading: &Reading,
) -> Result<Vec<Behavior>, DocumentError> {
    let own = stored.map_or(&[][..], |campaign| campaign.behaviors.as_slice());
    let stored_ids: BTreeSet<i64> = own.iter().map(|behavior| behavior.id.0).collect();
    let claimed = |stored: &Behavior| documents.iter().any(|document| document.id == Some(stored.id.0));
    let mut candidates = Candidates::new(own, claimed);
    let behaviors = documents
        .iter()
        .enumerate()
        .map(|(index, document)| {
            let place = format!("behaviors[{index}]");
            let known = match (document.id, &document.external_id) {
                (Some(id), _) => stored.and_then(|campaign| campaign.behavior(BehaviorId(id))),
                (None, Some(external_id)) => {
                    candidates.recognise(|stored| stored.external_id == *external_id)
                }
                (None, None) => candidates.recognise(|stored| stored.name == document.name),
            };
            document.read(&place, known, reading)
        })
        .collect::<Result<_, _>>()?;
    for (index, document) in documents.iter().enumerate() {
        let Some(id) = document.id.filter(|id| !stored_ids.contains(id)) else { continue };
        let meant = candidates.recognise(|stored| {
            stored.name == document.name || Some(&stored.external_id) == document.external_id.as_ref()
        });
        if let Some(stored) = meant {
            // Under another id it would be a new behavior, and everybody's progress in this one would be gone.
            let place = format!("behaviors[{index}].id");
            let reason = format!(
                "the campaign has no behavior {id}, and {:?} is behavior {}: give that id, or leave it out",
                stored.name, stored.id.0
            );
            return Err(DocumentError::at(place, reason));
        }
    }
    Ok(behaviors)
}

impl BehaviorDocument {
    /// Reads one behavior of a stored campaign: the one of that id anew, or with `None` a further one.
    pub(crate) fn read_alone(
        &self,
        campaign: &Campaign,
        id: Option<i64>,
        now: UnixMillis,
    ) -> Result<Behavior, DocumentError> {
        let stored = id.and_then(|id| campaign.behavior(BehaviorId(id)));
        self.read("", stored, &Reading::new(now))
    }

    fn read(
        &self,
        place: &str,
        stored: Option<&Behavior>,
        reading: &Reading,
    ) -> Result<Behavior, DocumentError> {
        let external_id = self.external_id.clone();
        let external_id = external_id.or_else(|| stored.map(|stored| stored.external_id.clone()));
        Ok(Behavior {
            id: BehaviorId(reading.id(place, self.id, stored.map(|stored| stored.id.0))?),
            external_id: external_id.unwrap_or_default(),
            name: self.name.clone(),
            // What does not belong to the type is a better first complaint than what is missing.
            rule: self.rule(place)?,
            event_name: self.event_name(place)?,
            points: self.points,
            max_times_repeatable: self.max_times_repeatable,
            max_times_repeatable_per_period: self.max_times_repeatable_per_period,
            period_s: self.period.unwrap_or(DEFAULT_PERIOD).seconds,
            min_time_between_events_s: self.min_time_between_events.map(|span| span.seconds),
            consecutive: self.consecutive,
            outcomes: self.outcomes.iter().map(OutcomeDocument::read).collect(),
            // Set when the definition is written.
            published_at: UnixMillis(0),
        })
    }

    fn event_name(&self, place: &str) -> Result<String, DocumentError> {
        match (&self.event, self.kind) {
            (Some(event), _) => Ok(event.clone()),
            (None, BehaviorKind::Composite) => Ok(self.name.clone()),
            (None, _) => Err(needed(place, "event", self.kind)),
        }
    }

    fn rule(&self, place: &str) -> Result<Rule, DocumentError> {
        let composite = self.kind == BehaviorKind::Composite;
        let misplaced = [
            ("conditions", composite && !self.conditions.is_empty()),
            ("context_key", self.kind != BehaviorKind::Unique && self.context_key.is_some()),
            ("total_count", composite && self.total_count.is_some()),
            ("goals", !composite && !self.goals.is_empty()),
            ("groups", !composite && !self.groups.is_empty()),
        ];
        if let Some((field, _)) = misplaced.into_iter().find(|(_, given)| *given) {
            let reason = format!("a behavior of type `{}` has no `{field}`", name_of(self.kind));
            return Err(DocumentError::at(below(place, field), reason));
        }
        let total_count = || self.total_count.ok_or_else(|| needed(place, "total_count", self.kind));
        Ok(match self.kind {
            BehaviorKind::Count => {
                Rule::Count { conditions: read_conditions(&self.conditions), total_count: total_count()? }
            }
            BehaviorKind::Unique => Rule::Unique {
                conditions: read_conditions(&self.conditions),
                context_key: self
                    .context_key
                    .clone()
                    .ok_or_else(|| needed(place, "context_key", self.kind))?,
                total_count: total_count()?,
            },
            BehaviorKind::Composite => {
                let goals = self.goals.iter().enumerate();
                let goals: Vec<Goal> = goals
                    .map(|(index, goal)| goal.read(&below(place, &format!("goals[{index}]"))))
                    .collect::<Result<_, _>>()?;
                let groups =
                    if self.groups.is_empty() { groups_of(&goals) } else { read_groups(&self.groups) };
                Rule::Composite { goals, groups }
            }
        })
    }

    /// The document of a behavior.
    pub(crate) fn of(behavior: &Behavior) -> Self {
        let (kind, conditions, context_key, total_count) = match &behavior.rule {
            Rule::Count { conditions, total_count } => {
                (BehaviorKind::Count, conditions.as_slice(), None, Some(*total_count))
            }
            Rule::Unique { conditions, context_key, total_count } => {
                (BehaviorKind::Unique, conditions.as_slice(), Some(context_key.clone()), Some(*total_count))
            }
            Rule::Composite { .. } => (BehaviorKind::Composite, &[][..], None, None),
        };
        let label_follows = kind == BehaviorKind::Composite && behavior.event_name == behavior.name;
        let groups_follow = behavior.groups() == groups_of(behavior.goals());
        let groups = if groups_follow { &[] } else { behavior.groups() };
        let span = |seconds| Span { seconds };
        Self {
            id: Some(behavior.id.0).filter(|id| *id > 0),
            external_id: Some(behavior.external_id.clone()).filter(|id| !id.is_empty()),
            name: behavior.name.clone(),
            kind,
            event: (!label_follows).then(|| behavior.event_name.clone()),
            conditions: conditions.iter().map(ConditionDocument::of).collect(),
            context_key,
            total_count,
            goals: behavior.goals().iter().map(GoalDocument::of).collect(),
            groups: groups
                .iter()
                .map(|group| GroupOfGoals { id: group.id.clone(), total_count: group.total_count })
                .collect(),
            points: behavior.points,
            max_times_repeatable: behavior.max_times_repeatable,
            max_times_repeatable_per_period: behavior.max_times_repeatable_per_period,
            period: Some(span(behavior.period_s)).filter(|period| *period != DEFAULT_PERIOD),
            min_time_between_events: behavior.min_time_between_events_s.map(span),
            consecutive: behavior.consecutive,
            outcomes: behavior.outcomes.iter().map(OutcomeDocument::of).collect(),
        }
    }
}

fn name_of(kind: BehaviorKind) -> &'static str {
    match kind {
        BehaviorKind::Count => "count",
        BehaviorKind::Unique => "unique",
        BehaviorKind::Composite => "composite",
    }
}

fn needed(place: &str, field: &str, kind: BehaviorKind) -> DocumentError {
    let reason = format!("a behavior of type `{}` needs `{field}`", name_of(kind));
    DocumentError::at(below(place, field), reason)
}

fn read_groups(groups: &[GroupOfGoals]) -> Vec<GoalGroup> {
    groups.iter().map(|group| GoalGroup { id: group.id.clone(), total_count: group.total_count }).collect()
}

/// One group for each that goals name, in their order, asking for all its goals.
fn groups_of(goals: &[Goal]) -> Vec<GoalGroup> {
    let mut groups: Vec<GoalGroup> = Vec::new();
    for goal in goals {
        match groups.iter_mut().find(|group| group.id == goal.group_id) {
            Some(group) => group.total_count = group.total_count.saturating_add(1),
            None => groups.push(GoalGroup { id: goal.group_id.clone(), total_count: 1 }),
        }
    }
    groups
}

fn read_conditions(conditions: &[ConditionDocument]) -> Vec<Condition> {
    conditions.iter().map(ConditionDocument::read).collect()
}

impl ConditionDocument {
    fn read(&self) -> Condition {
        let values = self.value.iter().chain(&self.values).cloned().collect();
        Condition { key: self.key.clone(), operator: self.operator, values }
    }

    fn of(condition: &Condition) -> Self {
        let (value, values) = match (condition.values.as_slice(), condition.operator) {
            ([value], operator) if operator != ConditionOperator::In => (Some(value.clone()), Vec::new()),
            (values, _) => (None, values.to_vec()),
        };
        Self { key: condition.key.clone(), operator: condition.operator, value, values }
    }
}

impl GoalDocument {
    fn read(&self, place: &str) -> Result<Goal, DocumentError> {
        let measure = match (self.kind, &self.context_key) {
            (MeasureKind::Count, None) => Measure::Count { total_count: self.total_count },
            (MeasureKind::Unique, Some(context_key)) => {
                Measure::Unique { context_key: context_key.clone(), total_count: self.total_count }
            }
            (MeasureKind::Count, Some(_)) => {
                let reason = "a goal of type `count` has no `context_key`";
                return Err(DocumentError::at(format!("{place}.context_key"), reason));
            }
            (MeasureKind::Unique, None) => {
                let reason = "a goal of type `unique` needs `context_key`";
                return Err(DocumentError::at(format!("{place}.context_key"), reason));
            }
        };
        Ok(Goal {
            event: EventMatch {
                event_name: self.event.clone(),
                conditions: read_conditions(&self.conditions),
            },
            measure,
            points: self.points,
            required: self.required,
            earn_count: self.earn_count,
            group_id: self.group.clone().unwrap_or_else(|| DEFAULT_GROUP.to_owned()),
        })
    }

    fn of(goal: &Goal) -> Self {
        let (kind, context_key, total_count) = match &goal.measure {
            Measure::Count { total_count } => (MeasureKind::Count, None, *total_count),
            Measure::Unique { context_key, total_count } => {
                (MeasureKind::Unique, Some(context_key.clone()), *total_count)
            }
        };
        Self {
            event: goal.event.event_name.clone(),
            conditions: goal.event.conditions.iter().map(ConditionDocument::of).collect(),
            kind,
            context_key,
            total_count,
            earn_count: goal.earn_count,
            points: goal.points,
            required: goal.required,
            group: Some(goal.group_id.clone()).filter(|group| group != DEFAULT_GROUP),
        }
    }
}

impl OutcomeDocument {
    fn read(&self) -> Outcome {
        match self {
            Self::Points { amount } => Outcome::Points { amount: *amount },
            Self::Tag { name, ttl } => {
                Outcome::Tag { name: name.clone(), ttl_s: ttl.map(|span| span.seconds) }
            }
            Self::Event { name, quantity } => Outcome::Event { name: name.clone(), quantity: *quantity },
        }
    }

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Points { amount } => Self::Points { amount: *amount },
            Outcome::Tag { name, ttl_s } => {
                Self::Tag { name: name.clone(), ttl: ttl_s.map(|seconds| Span { seconds }) }
            }
            Outcome::Event { name, quantity } => Self::Event { name: name.clone(), quantity: *quantity },
        }
    }
}
