//! The rules once more, as slowly and plainly as they read: every event is taken apart into single events, every
//! achievement is kept, days are walked hour by hour. The properties hold the fold equal to it.

use crate::behavior::{Behavior, Goal, Measure, Progress, Rule, matches};
use crate::event::{ContextValue, Event};
use crate::time::UnixMillis;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a customer sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) achieved: u32,
    current_count: u32,
    begun: bool,
    exhausted: bool,
    /// Event name, completed, achieved, current count.
    goals: Vec<(String, bool, u32, u32)>,
    /// Completed goals, and whether they suffice.
    groups: Vec<(u32, bool)>,
}

impl Visible {
    pub(super) fn of(progress: &Progress, behavior: &Behavior) -> Self {
        Self {
            achieved: progress.achieved(),
            current_count: progress.current_count(behavior),
            begun: progress.has_begun(),
            exhausted: progress.is_exhausted(behavior),
            goals: progress
                .goals(behavior)
                .map(|goal| {
                    let name = goal.goal.event.event_name.clone();
                    (name, goal.completed, goal.achieved, goal.current_count)
                })
                .collect(),
            groups: progress.groups(behavior).map(|group| (group.current_count, group.completed)).collect(),
        }
    }
}

/// The counts of one measure.
#[derive(Default)]
struct Meter {
    units: u32,
    values: BTreeSet<String>,
}

impl Meter {
    fn current(&self) -> u32 {
        self.units + self.values.len() as u32
    }

    /// Whether the unit counted, and whether it reached the total.
    fn add(&mut self, measure: &Measure, event: &Event) -> (bool, bool) {
        let total_count = match measure {
            Measure::Count { total_count } => {
                self.units += 1;
                *total_count
            }
            Measure::Unique { context_key, total_count } => {
                let ContextValue::Text(value) = &event.context[context_key] else {
                    panic!("generated values are text")
                };
                if !self.values.insert(value.clone()) {
                    return (false, false);
                }
                *total_count
            }
        };
        let reached = self.current() >= total_count;
        if reached {
            *self = Self::default();
        }
        (true, reached)
    }
}

pub(super) struct Reference<'a> {
    behavior: &'a Behavior,
    zone: TimeZone,
    achieved_at: Vec<UnixMillis>,
    meter: Meter,
    goal_meters: BTreeMap<String, Meter>,
    goal_earned: BTreeMap<String, u32>,
    goal_achieved: BTreeMap<String, u32>,
    /// Times each goal was completed.
    pub(super) goal_completed: BTreeMap<String, u32>,
    counted_at: Option<UnixMillis>,
}

impl<'a> Reference<'a> {
    /// Folds a log in whatever order it comes.
    pub(super) fn of(behavior: &'a Behavior, zone: &str, log: &[Event]) -> Self {
        let mut reference = Self {
            behavior,
            zone: TimeZone::get(zone).unwrap(),
            achieved_at: Vec::new(),
            meter: Meter::default(),
            goal_meters: BTreeMap::new(),
            goal_earned: BTreeMap::new(),
            goal_achieved: BTreeMap::new(),
            goal_completed: BTreeMap::new(),
            counted_at: None,
        };
        let mut log: Vec<_> = log.iter().collect();
        log.sort_by_key(|event| (event.occurred_at, event.sequence));
        for event in log {
            if matches(behavior, event) {
                for _ in 0..event.quantity {
                    reference.single(event);
                }
            }
        }
        reference
    }

    pub(super) fn visible(&self) -> Visible {
        let behavior = self.behavior;
        let completed = |goal: &&Goal| self.is_completed(goal);
        let achieved = self.achieved_at.len() as u32;
        let current = |goal: &Goal| self.goal_meters.get(&goal.event.event_name).map_or(0, Meter::current);
        Visible {
            achieved,
            current_count: self.meter.current() + behavior.goals().iter().filter(completed).count() as u32,
            begun: achieved > 0
                || self.meter.current() > 0
                || behavior.goals().iter().any(|goal| current(goal) > 0 || self.earned(goal) > 0),
            exhausted: achieved > 0 && behavior.max_times_repeatable.is_some_and(|cap| achieved >= cap),
            goals: behavior
                .goals()
                .iter()
                .map(|goal| {
                    let name = &goal.event.event_name;
                    let achieved = self.goal_achieved.get(name).copied().unwrap_or(0);
                    (name.clone(), self.is_completed(goal), achieved, current(goal))
                })
                .collect(),
            groups: behavior
                .groups()
                .iter()
                .map(|group| {
                    let members = behavior.goals().iter().filter(|goal| goal.group_id == group.id);
                    let completed = members.filter(completed).count() as u32;
                    (completed, completed >= group.total_count)
                })
                .collect(),
        }
    }

    fn earned(&self, goal: &Goal) -> u32 {
        self.goal_earned.get(&goal.event.event_name).copied().unwrap_or(0)
    }

    fn is_completed(&self, goal: &Goal) -> bool {
        self.earned(goal) >= goal.earn_count
    }

    fn single(&mut self, event: &Event) {
        let behavior = self.behavior;
        let at = event.occurred_at;
        if behavior.max_times_repeatable.is_some_and(|cap| self.achieved_at.len() >= cap as usize) {
            return;
        }
        let period_ms = i64::from(behavior.period_s) * 1000;
        let in_period =
            self.achieved_at.iter().filter(|achieved_at| at.0 - achieved_at.0 < period_ms).count();
        if behavior.max_times_repeatable_per_period.is_some_and(|cap| in_period >= cap as usize) {
            return;
        }
        if let (Some(last), Some(min)) = (self.counted_at, behavior.min_time_between_events_s)
            && at.0 - last.0 < i64::from(min) * 1000
        {
            return;
        }
        if let (Some(last), true) = (self.counted_at, behavior.consecutive) {
            match self.days_between(last, at).len() {
                1 => return,
                2 => {}
                _ => self.clear(),
            }
        }
        if self.count(event) {
            self.counted_at = Some(at);
        }
    }

    /// The calendar days from one instant to the other, both included.
    fn days_between(&self, from: UnixMillis, to: UnixMillis) -> BTreeSet<Date> {
        let day = |at: Timestamp| self.zone.to_datetime(at).date();
        let (from, to) = (from.to_jiff().unwrap(), to.to_jiff().unwrap());
        let mut days = BTreeSet::from([day(from), day(to)]);
        let mut at = from;
        while at < to {
            days.insert(day(at));
            at += SignedDuration::from_hours(1);
        }
        days
    }

    /// Whether the single event counted.
    fn count(&mut self, event: &Event) -> bool {
        let behavior = self.behavior;
        let measure = match &behavior.rule {
            Rule::Count { total_count, .. } => Measure::Count { total_count: *total_count },
            Rule::Unique { context_key, total_count, .. } => {
                Measure::Unique { context_key: context_key.clone(), total_count: *total_count }
            }
            Rule::Composite { goals, .. } => {
                let goal = goals.iter().find(|goal| goal.event.event_name == event.name).unwrap();
                return self.count_goal(goal, event);
            }
        };
        let (counted, reached) = self.meter.add(&measure, event);
        if reached {
            self.achieved_at.push(event.occurred_at);
        }
        counted
    }

    fn count_goal(&mut self, goal: &Goal, event: &Event) -> bool {
        let name = &goal.event.event_name;
        if self.is_completed(goal) {
            return false;
        }
        let (counted, reached) = self.goal_meters.entry(name.clone()).or_default().add(&goal.measure, event);
        if reached {
            *self.goal_earned.entry(name.clone()).or_default() += 1;
            *self.goal_achieved.entry(name.clone()).or_default() += 1;
            if self.is_completed(goal) {
                *self.goal_completed.entry(name.clone()).or_default() += 1;
                let visible = self.visible();
                let required = self.behavior.goals().iter().filter(|goal| goal.required);
                if visible.groups.iter().all(|(_, enough)| *enough)
                    && required.clone().all(|goal| self.is_completed(goal))
                {
                    self.achieved_at.push(event.occurred_at);
                    self.clear();
                }
            }
        }
        counted
    }

    fn clear(&mut self) {
        self.meter = Meter::default();
        self.goal_meters.clear();
        self.goal_earned.clear();
    }
}
