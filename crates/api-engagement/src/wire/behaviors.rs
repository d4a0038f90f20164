//! Behaviors with a customer's progress: the list, the map, goals and groups (§3.3, §3.7).

use muster_app::catalog::CatalogCampaign;
use muster_domain::behavior::{Behavior, GoalView, GroupView, Progress};
use muster_domain::campaign::{Participation, ParticipationState};
use muster_domain::customer::Customer;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// The progress of somebody for whom nothing has counted.
static NOTHING: Progress = Progress::new();

/// The customer's progress in a behavior.
pub(crate) fn progress_of<'a>(customer: &'a Customer, behavior: &Behavior) -> &'a Progress {
    customer.progress.get(&behavior.id).unwrap_or(&NOTHING)
}

/// The customer's place in a campaign: the `progress` object of lists, and most of method C4.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Progress)]
pub(crate) struct ProgressObject<'a> {
    /// The explicit choice; absent if none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    opted_in: Option<bool>,
    /// The state, by the contract's precedence.
    #[schema(example = "in_progress")]
    state: &'static str,
    /// The campaign's behaviors, with how far the current round is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<BehaviorProgress>>)]
    behaviors: Option<BehaviorList<'a>>,
}

impl<'a> ProgressObject<'a> {
    /// As lists show it: without behaviors if there are none or the campaign is completed (rule C3-R7).
    pub(crate) fn listed(
        entry: &'a CatalogCampaign,
        customer: &'a Customer,
        participation: Participation,
    ) -> Self {
        let hidden =
            entry.campaign.behaviors.is_empty() || participation.state == ParticipationState::Completed;
        Self { behaviors: (!hidden).then_some(BehaviorList { entry, customer }), ..Self::bare(participation) }
    }

    /// As the section of a single campaign shows it: completed campaigns keep their behaviors.
    pub(crate) fn section(
        entry: &'a CatalogCampaign,
        customer: &'a Customer,
        participation: Participation,
    ) -> Self {
        let hidden = entry.campaign.behaviors.is_empty();
        Self { behaviors: (!hidden).then_some(BehaviorList { entry, customer }), ..Self::bare(participation) }
    }

    const fn bare(participation: Participation) -> Self {
        Self { opted_in: participation.opted_in, state: participation.state.as_str(), behaviors: None }
    }
}

/// The behaviors of a campaign as an array.
#[derive(Debug)]
pub(crate) struct BehaviorList<'a> {
    pub(crate) entry: &'a CatalogCampaign,
    pub(crate) customer: &'a Customer,
}

impl Serialize for BehaviorList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let behaviors = &self.entry.campaign.behaviors;
        serializer.collect_seq(behaviors.iter().map(|behavior| {
            let round = progress_of(self.customer, behavior).round(behavior);
            BehaviorProgress {
                behavior_id: behavior.id.0,
                external_behavior_id: &behavior.external_id,
                event_name: &behavior.event_name,
                name: &behavior.name,
                progress: round.progress,
                goal: round.goal,
            }
        }))
    }
}

/// How far the current round of a behavior is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BehaviorProgress<'a> {
    behavior_id: i64,
    external_behavior_id: &'a str,
    /// The event that counts.
    event_name: &'a str,
    name: &'a str,
    /// Events, distinct values or completed goals so far.
    progress: u32,
    /// How many are asked for.
    goal: u32,
}

/// Which of the two shapes of a behavior is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Method C3: with `external_behavior_id`.
    V1,
    /// Section `behaviors` of the v2 methods: composites alone keep the C3 shape.
    V2,
}

/// The behaviors of a campaign as a map by behavior key.
#[derive(Debug)]
pub(crate) struct BehaviorMap<'a> {
    pub(crate) entry: &'a CatalogCampaign,
    pub(crate) customer: &'a Customer,
    pub(crate) form: Form,
    /// `false` writes an empty map.
    pub(crate) shown: bool,
}

impl Serialize for BehaviorMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self.entry.behaviors().filter(|_| self.shown);
        serializer.collect_map(shown.map(|(key, behavior)| {
            let progress = progress_of(self.customer, behavior);
            (key, BehaviorObject::new(behavior, progress, self.form))
        }))
    }
}

/// A behavior with its rules and the customer's progress.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Behavior)]
pub(crate) struct BehaviorObject<'a> {
    /// Method C3, and composites everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_behavior_id: Option<&'a str>,
    /// Not on composites, whose goals have their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_name: Option<&'a str>,
    /// `count`, `unique` or `composite`.
    #[serde(rename = "type")]
    kind: &'static str,
    points: i64,
    /// Lifetime cap; null is none.
    #[schema(required)]
    max_times_repeatable: Option<u32>,
    /// Cap within the period; null is none.
    #[schema(required)]
    max_times_repeatable_per_period: Option<u32>,
    /// Seconds.
    period: u32,
    /// Seconds; null is none.
    #[schema(required)]
    min_time_between_events: Option<u32>,
    /// Events must fall on consecutive days.
    consecutive: bool,
    /// Times achieved.
    achieved: u32,
    /// Counted in the current round; not on composites.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_count: Option<u32>,
    /// Asked for; not on composites.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<u32>,
    /// Goals of a composite by event name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, GoalObject>>)]
    goals: Option<Goals<'a>>,
    /// Groups of a composite by group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, GroupObject>>)]
    groups: Option<Groups<'a>>,
}

impl<'a> BehaviorObject<'a> {
    pub(crate) fn new(behavior: &'a Behavior, progress: &'a Progress, form: Form) -> Self {
        let composite = !behavior.goals().is_empty();
        let external_id = composite || form == Form::V1;
        Self {
            external_behavior_id: external_id.then_some(behavior.external_id.as_str()),
            event_name: (!composite).then_some(behavior.event_name.as_str()),
            kind: behavior.kind(),
            points: behavior.points,
            max_times_repeatable: behavior.max_times_repeatable,
            max_times_repeatable_per_period: behavior.max_times_repeatable_per_period,
            period: behavior.period_s,
            min_time_between_events: behavior.min_time_between_events_s,
            consecutive: behavior.consecutive,
            achieved: progress.achieved(),
            current_count: (!composite).then(|| progress.current_count(behavior)),
            total_count: (!composite).then(|| behavior.total_count()),
            goals: composite.then_some(Goals { behavior, progress }),
            groups: composite.then_some(Groups { behavior, progress }),
        }
    }
}

#[derive(Debug)]
struct Goals<'a> {
    behavior: &'a Behavior,
    progress: &'a Progress,
}

impl Serialize for Goals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.behavior.goals().len()))?;
        for view in self.progress.goals(self.behavior) {
            map.serialize_entry(&view.goal.event.event_name, &GoalObject::new(self.behavior, &view))?;
        }
        map.end()
    }
}

/// A goal of a composite.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Goal)]
struct GoalObject<'a> {
    /// Always `goal`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Credited each time the goal is completed.
    points: i64,
    /// In the current round.
    completed: bool,
    /// The composite cannot complete without it.
    required: bool,
    /// How often the measure must be reached.
    earn_count: u32,
    group_id: &'a str,
    progress: GoalProgress<'a>,
}

/// What counts for a goal.
#[derive(Debug, Serialize, ToSchema)]
struct GoalProgress<'a> {
    event_name: &'a str,
    /// `count` or `unique`.
    #[serde(rename = "type")]
    kind: &'static str,
    points: i64,
    /// Goals have no caps of their own.
    #[schema(required)]
    max_times_repeatable: Option<u32>,
    /// Goals have no caps of their own.
    #[schema(required)]
    max_times_repeatable_per_period: Option<u32>,
    /// The composite's, in seconds.
    period: u32,
    /// The composite's, in seconds; it holds for every counted event of a goal.
    #[schema(required)]
    min_time_between_events: Option<u32>,
    /// The composite's; it holds for every counted event of a goal.
    consecutive: bool,
    achieved: u32,
    current_count: u32,
    total_count: u32,
}

impl<'a> GoalObject<'a> {
    fn new(behavior: &Behavior, view: &GoalView<'a>) -> Self {
        let goal = view.goal;
        Self {
            kind: "goal",
            points: goal.points,
            completed: view.completed,
            required: goal.required,
            earn_count: goal.earn_count,
            group_id: &goal.group_id,
            progress: GoalProgress {
                event_name: &goal.event.event_name,
                kind: goal.measure.kind(),
                points: goal.points,
                max_times_repeatable: None,
                max_times_repeatable_per_period: None,
                period: behavior.period_s,
                min_time_between_events: behavior.min_time_between_events_s,
                consecutive: behavior.consecutive,
                achieved: view.achieved,
                current_count: view.current_count,
                total_count: view.total_count,
            },
        }
    }
}

#[derive(Debug)]
struct Groups<'a> {
    behavior: &'a Behavior,
    progress: &'a Progress,
}

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.behavior.groups().len()))?;
        for view in self.progress.groups(self.behavior) {
            map.serialize_entry(&view.group.id, &GroupObject::from(view))?;
        }
        map.end()
    }
}

/// A group of goals.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GoalGroup)]
struct GroupObject {
    /// Always `group`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Goals completed in this round.
    current_count: u32,
    /// Goals asked for.
    total_count: u32,
    /// Goals it has.
    num_goals: u32,
    completed: bool,
}

impl From<GroupView<'_>> for GroupObject {
    fn from(view: GroupView<'_>) -> Self {
        Self {
            kind: "group",
            current_count: view.current_count,
            total_count: view.total_count,
            num_goals: view.num_goals,
            completed: view.completed,
        }
    }
}
