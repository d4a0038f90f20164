//! Why a customer is where they are in a campaign: every check with what it looked at and its verdict.

use super::decide::{CustomerView, Decision, view_customer};
use super::select::{CampaignSelector, CustomerSelector};
use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::{AppResult, Services};
use muster_domain::audience::{Explanation, Targeting};
use muster_domain::behavior::{Behavior, GoalView, GroupView, Progress};
use muster_domain::campaign::{
    Campaign, CampaignStatus, Delivery, Group, MessageStatus, OptInRefusal, Participation, check_opt_in,
    shows,
};
use muster_domain::ids::{BehaviorId, CreativeId};
use muster_domain::time::{UnixMillis, Window};
use std::sync::Arc;

/// Everything that decides about one customer in one campaign, judged at one instant.
#[derive(Debug, Clone)]
pub struct CampaignExplanation {
    /// The instant.
    pub now: UnixMillis,
    /// The customer's place, as the engagement face reports it.
    pub participation: Participation,
    /// Whether an event that arrives now is admitted, and what stands in the way if not.
    pub admission: Vec<Check>,
    /// The ad bundle's targeting, clause by clause; `None` is for everyone.
    pub targeting: Option<Explanation>,
    /// Why an opt-in would be refused now; `None` if it would not, the limit included.
    pub opt_in_refusal: Option<OptInRefusal>,
    /// Places taken under the opt-in limit.
    pub places_taken: u64,
    /// The behaviors.
    pub behaviors: Vec<BehaviorExplanation>,
    /// The creatives.
    pub creatives: Vec<CreativeExplanation>,
}

/// One condition and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is asked.
    pub what: &'static str,
    /// What there is.
    pub actual: String,
    /// Whether it lets the customer through.
    pub verdict: bool,
}

/// How far the customer is in one behavior.
#[derive(Debug, Clone)]
pub struct BehaviorExplanation {
    /// Which.
    pub id: BehaviorId,
    /// Its name.
    pub name: String,
    /// Times achieved.
    pub achieved: u32,
    /// Count of the current round.
    pub current_count: u32,
    /// Count that an achievement takes.
    pub total_count: u32,
    /// The lifetime cap, and whether it still leaves room.
    pub checks: Vec<Check>,
    /// Goals of a composite: event name, count, total, completed.
    pub goals: Vec<(String, u32, u32, bool)>,
    /// Groups of a composite: id, completed goals, goals asked for, completed.
    pub groups: Vec<(String, u32, u32, bool)>,
}

/// Whether one creative is shown, and what stands in the way if not.
#[derive(Debug, Clone)]
pub struct CreativeExplanation {
    /// Which.
    pub id: CreativeId,
    /// Its name.
    pub name: String,
    /// The verdict, as the engagement face applies it: eligible, targeted by the group, and delivered.
    pub shown: bool,
    /// Each condition.
    pub checks: Vec<Check>,
    /// The group's targeting, clause by clause; `None` does not narrow.
    pub targeting: Option<Explanation>,
}

/// Explains one customer in one campaign of whatever status.
pub async fn explain(
    services: &Services,
    organization: Arc<OrganizationSnapshot>,
    customer: &CustomerSelector,
    campaign: &CampaignSelector,
) -> AppResult<CampaignExplanation> {
    let view = view_customer(services, organization, customer).await?;
    let decision = view.find(campaign)?;
    let places_taken =
        services.store.places_taken(view.organization.id(), decision.entry.campaign.id).await?;
    Ok(describe(&view, &decision, places_taken))
}

fn describe(view: &CustomerView, decision: &Decision<'_>, places_taken: u64) -> CampaignExplanation {
    let facts = view.facts();
    let entry: &CatalogCampaign = decision.entry;
    let campaign = &*entry.campaign;
    let participation = decision.participation;
    CampaignExplanation {
        now: view.now,
        participation,
        admission: admission(view, campaign, participation),
        targeting: campaign.bundle.targeting.as_ref().map(|targeting: &Targeting| targeting.explain(&facts)),
        opt_in_refusal: opt_in_refusal(campaign, participation, places_taken, view.now),
        places_taken,
        behaviors: campaign.behaviors.iter().map(|behavior| behavior_of(view, behavior)).collect(),
        creatives: campaign.groups().map(|group| creative_of(view, group, participation.eligible)).collect(),
    }
}

fn check(what: &'static str, actual: impl Into<String>, verdict: bool) -> Check {
    Check { what, actual: actual.into(), verdict }
}

fn opt_in_refusal(
    campaign: &Campaign,
    participation: Participation,
    places_taken: u64,
    now: UnixMillis,
) -> Option<OptInRefusal> {
    if let Err(refusal) = check_opt_in(campaign, participation.qualified, now) {
        return Some(refusal);
    }
    // Who has a place needs no second one.
    let full = campaign.opt_in.limit.is_some_and(|limit| places_taken >= u64::from(limit));
    (full && participation.opted_in != Some(true)).then_some(OptInRefusal::LimitReached)
}

fn admission(view: &CustomerView, campaign: &Campaign, participation: Participation) -> Vec<Check> {
    let standing = &view.stored.customer.standing;
    let opted_in = participation.opted_in;
    let chosen = opted_in.unwrap_or(!campaign.opt_in.required);
    let choice = match (opted_in, campaign.opt_in.required) {
        (Some(true), _) => "opted in",
        (Some(false), _) => "opted out",
        (None, true) => "no choice made, and opting in is required",
        (None, false) => "no choice made, and none is required",
    };
    vec![
        check("status is live", campaign.status.as_str(), campaign.status == CampaignStatus::Live),
        check("now is inside the run window", span(campaign.window), campaign.window.contains(view.now)),
        check("customer is not suspended", standing.suspended.to_string(), !standing.suspended),
        check(
            "customer has not ceased marketing",
            standing.marketing_ceased.to_string(),
            !standing.marketing_ceased,
        ),
        check(
            "targeting matches",
            if campaign.bundle.targeting.is_some() { "see `targeting`" } else { "everyone" },
            campaign.bundle.targeting.as_ref().is_none_or(|targeting| targeting.matches(&view.facts())),
        ),
        check("customer takes part", choice, chosen),
    ]
}

fn behavior_of(view: &CustomerView, behavior: &Behavior) -> BehaviorExplanation {
    let progress = view.stored.customer.progress.get(&behavior.id).cloned().unwrap_or_default();
    let mut checks = Vec::new();
    if let Some(cap) = behavior.max_times_repeatable {
        let actual = format!("{} of {cap} achievements", progress.achieved());
        checks.push(check("lifetime cap leaves room", actual, progress.achieved() < cap));
    }
    if let Some(cap) = behavior.max_times_repeatable_per_period {
        let recent = progress.recently_achieved(behavior, view.now);
        let actual = format!("{recent} of {cap} achievements in {} s", behavior.period_s);
        checks.push(check("cap for the period leaves room", actual, recent < cap));
    }
    let goal = |view: GoalView<'_>| {
        (view.goal.event.event_name.clone(), view.current_count, view.total_count, view.completed)
    };
    let group =
        |view: GroupView<'_>| (view.group.id.clone(), view.current_count, view.total_count, view.completed);
    BehaviorExplanation {
        id: behavior.id,
        name: behavior.name.clone(),
        achieved: progress.achieved(),
        current_count: progress.current_count(behavior),
        total_count: behavior.total_count(),
        checks,
        goals: progress.goals(behavior).map(goal).collect(),
        groups: progress.groups(behavior).map(group).collect(),
    }
}

fn creative_of(view: &CustomerView, group: &Group, eligible: bool) -> CreativeExplanation {
    let facts = view.facts();
    let creative = &group.creative;
    let customer = &view.stored.customer;
    let status = creative.status == MessageStatus::Active;
    let mut checks = vec![
        check("customer is eligible", if eligible { "eligible" } else { "not eligible" }, eligible),
        check("type is shown on request", creative.content.kind(), creative.content.is_shown()),
        check("message is active", format!("{:?}", creative.status).to_lowercase(), status),
    ];
    if let Some(window) = creative.window {
        checks.push(check("now is inside the message's window", span(window), window.contains(view.now)));
    }
    match creative.delivery {
        Delivery::Scheduled { at } => {
            checks.push(check("scheduled moment is reached", instant(at), at <= view.now));
        }
        Delivery::Triggered { achievement_id } => {
            let achieved = customer.progress.get(&achievement_id).map_or(0, Progress::achieved);
            let actual = format!("behavior {achievement_id}: {achieved} achievements");
            checks.push(check("triggering behavior is achieved", actual, achieved > 0));
        }
    }
    if let Some(cap) = creative.frequency_cap {
        let period_ms = i64::from(cap.period_s) * 1000;
        let recent = customer.impressions.get(&creative.id).map_or(0, |impression| {
            impression.recent.iter().filter(|seen| view.now.since(**seen) < period_ms).count()
        });
        let actual = format!("{recent} of {} views in {} s", cap.max_views, cap.period_s);
        checks.push(check("frequency cap leaves room", actual, recent < cap.max_views as usize));
    }
    CreativeExplanation {
        id: creative.id,
        name: creative.name.clone(),
        shown: eligible && shows(group, &facts, None),
        checks,
        targeting: group.targeting.as_ref().map(|targeting| targeting.explain(&facts)),
    }
}

fn span(window: Window) -> String {
    format!("{} until {}", instant(window.starts_at), instant(window.ends_at))
}

fn instant(at: UnixMillis) -> String {
    at.to_jiff().map_or_else(|| format!("{} ms", at.0), |at| at.to_string())
}
