//! An explanation as the API and the command line show it.

use crate::document::rfc3339;
use muster_app::usecases::explain::{BehaviorExplanation, CampaignExplanation, Check, CreativeExplanation};
use muster_domain::audience::Explanation;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Why a customer is where they are in a campaign.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct Output {
    /// The instant that everything is judged at.
    pub now: String,
    /// The customer's state in the campaign, as the engagement API reports it.
    pub state: &'static str,
    /// Result of targeting and standing.
    pub qualified: bool,
    /// Live, inside the run window, and qualified.
    pub eligible: bool,
    /// The explicit choice, if one was made.
    pub opted_in: Option<bool>,
    /// Whether an event that arrives now counts for the campaign.
    pub admits_events: bool,
    /// What that rests on.
    pub admission: Vec<CheckOutput>,
    /// The campaign's targeting, clause by clause; `null` is for everyone.
    #[schema(value_type = Option<Object>)]
    pub targeting: Option<Value>,
    /// Why an opt-in would be refused now: `not_required`, `ineligible`, `not_started`, `ended`, `limit_reached`;
    /// `null` if it would not.
    #[schema(value_type = Option<String>)]
    pub opt_in_refusal: Value,
    /// Places taken under the opt-in limit.
    pub places_taken: u64,
    /// The behaviors.
    pub behaviors: Vec<BehaviorOutput>,
    /// The creatives.
    pub creatives: Vec<CreativeOutput>,
}

/// One condition and whether it holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckOutput {
    /// What is asked.
    pub check: &'static str,
    /// What there is.
    pub actual: String,
    /// Whether it lets the customer through.
    pub verdict: bool,
}

/// How far the customer is in one behavior.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BehaviorExplanation)]
pub struct BehaviorOutput {
    /// Which.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Times achieved.
    pub achieved: u32,
    /// Count of the current round.
    pub current_count: u32,
    /// Count that an achievement takes.
    pub total_count: u32,
    /// Its caps.
    pub checks: Vec<CheckOutput>,
    /// Goals of a composite.
    pub goals: Vec<PartOutput>,
    /// Groups of a composite.
    pub groups: Vec<PartOutput>,
}

/// A goal, named by its event, or a group of goals, named by its id.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PartExplanation)]
pub struct PartOutput {
    /// Event name or group id.
    pub name: String,
    /// Count so far.
    pub current_count: u32,
    /// Count asked for.
    pub total_count: u32,
    /// Whether it is completed in this round.
    pub completed: bool,
}

/// Whether a creative is shown to the customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CreativeExplanation)]
pub struct CreativeOutput {
    /// Which.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The verdict.
    pub shown: bool,
    /// What it rests on.
    pub checks: Vec<CheckOutput>,
    /// The group's targeting, clause by clause; `null` does not narrow.
    #[schema(value_type = Option<Object>)]
    pub targeting: Option<Value>,
}

impl Output {
    /// What there is to show.
    pub fn of(explanation: &CampaignExplanation) -> Self {
        let participation = explanation.participation;
        Self {
            now: rfc3339(explanation.now),
            state: participation.state.as_str(),
            qualified: participation.qualified,
            eligible: participation.eligible,
            opted_in: participation.opted_in,
            admits_events: explanation.admission.iter().all(|check| check.verdict),
            admission: checks(&explanation.admission),
            targeting: explanation.targeting.as_ref().map(clauses),
            // A name or `null`: writing it as JSON cannot fail.
            opt_in_refusal: serde_json::to_value(explanation.opt_in_refusal).unwrap_or_default(),
            places_taken: explanation.places_taken,
            behaviors: explanation.behaviors.iter().map(behavior).collect(),
            creatives: explanation.creatives.iter().map(creative).collect(),
        }
    }
}

fn clauses(explanation: &Explanation) -> Value {
    serde_json::to_value(explanation).unwrap_or_default()
}

fn checks(checks: &[Check]) -> Vec<CheckOutput> {
    let show = |check: &Check| CheckOutput {
        check: check.what,
        actual: check.actual.clone(),
        verdict: check.verdict,
    };
    checks.iter().map(show).collect()
}

fn parts(parts: &[(String, u32, u32, bool)]) -> Vec<PartOutput> {
    let show = |(name, current_count, total_count, completed): &(String, u32, u32, bool)| PartOutput {
        name: name.clone(),
        current_count: *current_count,
        total_count: *total_count,
        completed: *completed,
    };
    parts.iter().map(show).collect()
}

fn behavior(behavior: &BehaviorExplanation) -> BehaviorOutput {
    BehaviorOutput {
        id: behavior.id.0,
        name: behavior.name.clone(),
        achieved: behavior.achieved,
        current_count: behavior.current_count,
        total_count: behavior.total_count,
        checks: checks(&behavior.checks),
        goals: parts(&behavior.goals),
        groups: parts(&behavior.groups),
    }
}

fn creative(creative: &CreativeExplanation) -> CreativeOutput {
    CreativeOutput {
        id: creative.id.0,
        name: creative.name.clone(),
        shown: creative.shown,
        checks: checks(&creative.checks),
        targeting: creative.targeting.as_ref().map(clauses),
    }
}
