//! What a campaign means for one customer: state, opt-in, visible creatives (contract §2.9).

use super::{Campaign, CampaignStatus, Creative, Delivery, Group, MessageStatus};
use crate::audience::Facts;
use crate::behavior::Progress;
use crate::customer::{Customer, OptInChoice};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// The customer's state in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParticipationState {
    /// May take part, nothing done yet.
    Qualified,
    /// Targeting says no.
    NotQualified,
    /// Chose to take part, nothing done yet.
    OptedIn,
    /// Chose not to take part.
    OptedOut,
    /// A behavior has counted.
    InProgress,
    /// Every behavior is exhausted.
    Completed,
}

impl ParticipationState {
    /// The contract's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::NotQualified => "not_qualified",
            Self::OptedIn => "opted_in",
            Self::OptedOut => "opted_out",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// One customer's place in one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participation {
    /// Targeting result at read time, independent of the state.
    pub qualified: bool,
    /// Live, inside the run window, and qualified.
    pub eligible: bool,
    /// The explicit choice, if one was made.
    pub opted_in: Option<bool>,
    /// The state, first match of the contract's precedence.
    pub state: ParticipationState,
}

/// The customer's place in the campaign. `qualified` is the verdict of targeting and standing, as
/// [`qualifies`] or the compiled index gives it.
pub fn participation(
    campaign: &Campaign,
    customer: &Customer,
    qualified: bool,
    now: UnixMillis,
) -> Participation {
    let choice = customer.choices.get(&campaign.id).copied();
    Participation {
        qualified,
        eligible: qualified && campaign.is_active(now),
        opted_in: choice.map(|choice| choice.opted_in),
        state: state(campaign, customer, qualified, choice),
    }
}

fn state(
    campaign: &Campaign,
    customer: &Customer,
    qualified: bool,
    choice: Option<OptInChoice>,
) -> ParticipationState {
    if choice.is_some_and(|choice| !choice.opted_in) {
        return ParticipationState::OptedOut;
    }
    let progress = |behavior: &crate::behavior::Behavior| customer.progress.get(&behavior.id);
    let exhausted = |behavior: &crate::behavior::Behavior| {
        progress(behavior).is_some_and(|progress| progress.is_exhausted(behavior))
    };
    if !campaign.behaviors.is_empty() && campaign.behaviors.iter().all(exhausted) {
        return ParticipationState::Completed;
    }
    if !qualified {
        return ParticipationState::NotQualified;
    }
    if campaign.behaviors.iter().filter_map(progress).any(Progress::has_begun) {
        return ParticipationState::InProgress;
    }
    if choice.is_some() { ParticipationState::OptedIn } else { ParticipationState::Qualified }
}

/// Whether standing allows the customer to qualify for anything.
pub fn may_qualify(customer: &Customer) -> bool {
    !customer.standing.suspended && !customer.standing.marketing_ceased
}

/// Whether the customer qualifies for the campaign: standing and the ad bundle's targeting.
pub fn qualifies(campaign: &Campaign, facts: &Facts<'_>) -> bool {
    may_qualify(facts.customer)
        && campaign.bundle.targeting.as_ref().is_none_or(|targeting| targeting.matches(facts))
}

/// Why an opt-in is refused; the order of the variants is the order of the checks (contract rule C2-R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptInRefusal {
    /// The campaign takes no opt-ins.
    NotRequired,
    /// Not qualified, not live, or past the campaign's end.
    Ineligible,
    /// Before the opt-in window.
    NotStarted,
    /// After the opt-in window.
    Ended,
    /// All places are taken; decided by the store in the transaction that takes one.
    LimitReached,
}

/// Checks everything about an opt-in except the limit. The run window need not have begun.
pub fn check_opt_in(campaign: &Campaign, qualified: bool, now: UnixMillis) -> Result<(), OptInRefusal> {
    if !campaign.opt_in.required {
        return Err(OptInRefusal::NotRequired);
    }
    if !qualified || campaign.status != CampaignStatus::Live || campaign.window.is_over(now) {
        return Err(OptInRefusal::Ineligible);
    }
    if now < campaign.opt_in.window.starts_at {
        return Err(OptInRefusal::NotStarted);
    }
    if campaign.opt_in.window.is_over(now) {
        return Err(OptInRefusal::Ended);
    }
    Ok(())
}

/// Whether a creative is shown to the customer, who is eligible for the campaign: message status, own window,
/// group targeting, delivery condition, frequency cap and locale.
pub fn shows(group: &Group, facts: &Facts<'_>, locale: Option<&str>) -> bool {
    let creative = &group.creative;
    creative.content.is_shown()
        && matches!(creative.status, MessageStatus::Active)
        && creative.window.is_none_or(|window| window.contains(facts.now))
        && locale_matches(creative, locale)
        && delivery_is_due(creative, facts)
        && within_frequency_cap(creative, facts)
        && group.targeting.as_ref().is_none_or(|targeting| targeting.matches(facts))
}

fn delivery_is_due(creative: &Creative, facts: &Facts<'_>) -> bool {
    match creative.delivery {
        Delivery::Scheduled { at } => at <= facts.now,
        Delivery::Triggered { achievement_id } => {
            facts.customer.progress.get(&achievement_id).is_some_and(|progress| progress.achieved() > 0)
        }
    }
}

fn within_frequency_cap(creative: &Creative, facts: &Facts<'_>) -> bool {
    let Some(cap) = creative.frequency_cap else { return true };
    let period_ms = i64::from(cap.period_s) * 1000;
    let seen = facts.customer.impressions.get(&creative.id).map_or(&[][..], |impression| &impression.recent);
    let recent = seen.iter().filter(|seen| facts.now.since(**seen) < period_ms).count();
    recent < cap.max_views as usize
}

fn locale_matches(creative: &Creative, requested: Option<&str>) -> bool {
    match (creative.locale.as_deref(), requested) {
        (Some(own), Some(requested)) => own.eq_ignore_ascii_case(requested),
        _ => true,
    }
}
