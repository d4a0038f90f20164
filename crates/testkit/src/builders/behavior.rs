use super::NOW;
use muster_domain::behavior::{Behavior, EventMatch, Goal, GoalGroup, Measure, Outcome, Rule};
use muster_domain::ids::BehaviorId;

/// A behavior without points, outcomes, caps or restrictions, with a period of ninety days.
#[derive(Debug, Clone)]
pub struct BehaviorBuilder(Behavior);

impl BehaviorBuilder {
    fn new(id: i64, event_name: &str, rule: Rule) -> Self {
        Self(Behavior {
            id: BehaviorId(id),
            external_id: format!("00000000-0000-4000-8000-{id:012}"),
            name: format!("behavior {id}"),
            event_name: event_name.to_owned(),
            rule,
            points: 0,
            max_times_repeatable: None,
            max_times_repeatable_per_period: None,
            period_s: 7_776_000,
            min_time_between_events_s: None,
            consecutive: false,
            outcomes: Vec::new(),
            published_at: NOW,
        })
    }

    /// So many events of that name.
    pub fn count(id: i64, event_name: &str, total_count: u32) -> Self {
        Self::new(id, event_name, Rule::Count { conditions: Vec::new(), total_count })
    }

    /// So many different values of a context key in events of that name.
    pub fn unique(id: i64, event_name: &str, context_key: &str, total_count: u32) -> Self {
        let context_key = context_key.to_owned();
        Self::new(id, event_name, Rule::Unique { conditions: Vec::new(), context_key, total_count })
    }

    /// A composite without goals yet.
    pub fn composite(id: i64) -> Self {
        Self::new(id, &format!("composite {id}"), Rule::Composite { goals: Vec::new(), groups: Vec::new() })
    }

    /// A goal of a composite: one event of that name. Nothing happens to behaviors of another type.
    pub fn goal(self, group: &str, event_name: &str, required: bool) -> Self {
        self.counting_goal(group, event_name, required, 1)
    }

    /// A goal of a composite: so many events of that name. Nothing happens to behaviors of another type.
    pub fn counting_goal(mut self, group: &str, event_name: &str, required: bool, total_count: u32) -> Self {
        if let Rule::Composite { goals, .. } = &mut self.0.rule {
            goals.push(Goal {
                event: EventMatch { event_name: event_name.to_owned(), conditions: Vec::new() },
                measure: Measure::Count { total_count },
                points: 0,
                required,
                earn_count: 1,
                group_id: group.to_owned(),
            });
        }
        self
    }

    /// A group of a composite. Nothing happens to behaviors of another type.
    pub fn group(mut self, id: &str, total_count: u32) -> Self {
        if let Rule::Composite { groups, .. } = &mut self.0.rule {
            groups.push(GoalGroup { id: id.to_owned(), total_count });
        }
        self
    }

    /// Another name.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.0.name);
        self
    }

    /// Points for each achievement.
    pub fn points(mut self, points: i64) -> Self {
        self.0.points = points;
        self
    }

    /// Lifetime cap.
    pub fn at_most(mut self, times: u32) -> Self {
        self.0.max_times_repeatable = Some(times);
        self
    }

    /// Cap within a period of seconds.
    pub fn at_most_within(mut self, times: u32, period_s: u32) -> Self {
        self.0.max_times_repeatable_per_period = Some(times);
        self.0.period_s = period_s;
        self
    }

    /// Seconds that counted events are apart at least.
    pub fn apart(mut self, seconds: u32) -> Self {
        self.0.min_time_between_events_s = Some(seconds);
        self
    }

    /// Events must fall on consecutive days.
    pub fn consecutive(mut self) -> Self {
        self.0.consecutive = true;
        self
    }

    /// What an achievement causes besides.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcomes.push(outcome);
        self
    }

    /// Any other change.
    pub fn with(mut self, change: impl FnOnce(&mut Behavior)) -> Self {
        change(&mut self.0);
        self
    }

    /// The behavior.
    pub fn build(self) -> Behavior {
        self.0
    }
}

impl From<BehaviorBuilder> for Behavior {
    fn from(builder: BehaviorBuilder) -> Self {
        builder.0
    }
}
