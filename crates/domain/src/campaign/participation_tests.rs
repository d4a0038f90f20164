//! States, opt-in checks and visible creatives.

use super::{
    Campaign, CampaignStatus, CreativeContent, Delivery, FrequencyCap, Group, MessageStatus, MessageTemplate,
    OptInRefusal, ParticipationState as State, check_opt_in, may_qualify, participation, qualifies, shows,
};
use crate::audience::Targeting;
use crate::customer::{Customer, Impression};
use crate::ids::BehaviorId;
use crate::testing::{at, behavior, campaign, choice, customer, facts, group, progress_after};
use crate::time::{UnixMillis, Window};
use serde_json::json;

/// A campaign with behaviors that two entries achieve: those of `caps` with their lifetime caps.
fn with_behaviors(caps: &[Option<u32>]) -> Campaign {
    let mut campaign = campaign();
    campaign.behaviors = (1..)
        .zip(caps)
        .map(|(id, cap)| {
            let mut behavior = behavior(id);
            behavior.max_times_repeatable = *cap;
            behavior
        })
        .collect();
    campaign
}

/// A customer with that choice and so many entries in each behavior.
fn who_did(campaign: &Campaign, chosen: Option<bool>, entries: &[u32]) -> Customer {
    let mut customer = customer();
    if let Some(opted_in) = chosen {
        customer.choices.insert(campaign.id, choice(opted_in));
    }
    for (behavior, entries) in campaign.behaviors.iter().zip(entries) {
        if *entries > 0 {
            customer.progress.insert(behavior.id, progress_after(behavior, *entries));
        }
    }
    customer
}

#[test]
fn e13_states_in_their_precedence() {
    let once = Some(1);
    let (yes, no) = (Some(true), Some(false));
    //   name, lifetime caps of the behaviors, choice, entries in each, qualified, state
    for (name, caps, chosen, entries, qualified, expected) in [
        ("nothing done", vec![once], None, vec![], true, State::Qualified),
        ("targeting says no", vec![once], None, vec![], false, State::NotQualified),
        ("chosen, nothing done", vec![once], yes, vec![], true, State::OptedIn),
        ("a count", vec![once], None, vec![1], true, State::InProgress),
        ("a count beats the choice", vec![once], yes, vec![1], true, State::InProgress),
        ("exhausted", vec![once], None, vec![2], true, State::Completed),
        ("one of two exhausted", vec![once, once], None, vec![2], true, State::InProgress),
        ("both exhausted", vec![once, once], None, vec![2, 2], true, State::Completed),
        ("achieved, more allowed", vec![Some(2)], None, vec![2], true, State::InProgress),
        ("Q45: unlimited never exhausts", vec![None], None, vec![8], true, State::InProgress),
        ("Q48: without behaviors", vec![], None, vec![], true, State::Qualified),
        ("Q48: without behaviors, chosen", vec![], yes, vec![], true, State::OptedIn),
        ("without behaviors, not targeted", vec![], yes, vec![], false, State::NotQualified),
        ("out beats completed", vec![once], no, vec![2], true, State::OptedOut),
        ("out beats not qualified", vec![once], no, vec![], false, State::OptedOut),
        ("out beats in progress", vec![once], no, vec![1], true, State::OptedOut),
        ("completed beats not qualified", vec![once], yes, vec![2], false, State::Completed),
        ("not qualified beats in progress", vec![once], yes, vec![1], false, State::NotQualified),
        ("not qualified beats the choice", vec![once], yes, vec![], false, State::NotQualified),
    ] {
        let campaign = with_behaviors(&caps);
        let customer = who_did(&campaign, chosen, &entries);
        let participation = participation(&campaign, &customer, qualified, at(500));
        assert_eq!(participation.state, expected, "{name}");
        assert_eq!(participation.qualified, qualified, "{name}: independent of the state");
        assert_eq!(participation.opted_in, chosen, "{name}: only an explicit choice shows");
    }
}

#[test]
fn e13_a_cap_that_was_lowered_below_what_was_achieved_is_exhausted() {
    let mut campaign = with_behaviors(&[Some(3)]);
    let customer = who_did(&campaign, None, &[6]);
    campaign.behaviors[0].max_times_repeatable = Some(2);
    assert_eq!(participation(&campaign, &customer, true, at(1)).state, State::Completed);
}

#[test]
fn states_are_spelled_as_the_contract_has_them() {
    for (state, spelling) in [
        (State::Qualified, "qualified"),
        (State::NotQualified, "not_qualified"),
        (State::OptedIn, "opted_in"),
        (State::OptedOut, "opted_out"),
        (State::InProgress, "in_progress"),
        (State::Completed, "completed"),
    ] {
        assert_eq!(state.as_str(), spelling);
        assert_eq!(serde_json::to_value(state).unwrap(), json!(spelling));
    }
}

#[test]
fn eligible_is_qualified_and_active() {
    use CampaignStatus::{Completed, Draft, InReview, Live, Paused};
    //   name, status, instant, qualified, eligible
    for (name, status, now, qualified, expected) in [
        ("live, inside", Live, at(500), true, true),
        ("the first instant", Live, at(0), true, true),
        ("before the start", Live, UnixMillis(at(0).0 - 1), true, false),
        ("the last instant", Live, UnixMillis(at(1_000).0 - 1), true, true),
        ("the end is outside", Live, at(1_000), true, false),
        ("not qualified", Live, at(500), false, false),
        ("draft", Draft, at(500), true, false),
        ("in review", InReview, at(500), true, false),
        ("paused", Paused, at(500), true, false),
        ("completed", Completed, at(500), true, false),
    ] {
        let mut campaign = campaign();
        campaign.status = status;
        let participation = participation(&campaign, &customer(), qualified, now);
        assert_eq!(participation.eligible, expected, "{name}");
    }
}

#[test]
fn e12_standing_comes_before_targeting() {
    //   name, suspended, marketing ceased, may qualify
    for (name, suspended, marketing_ceased, expected) in [
        ("in good standing", false, false, true),
        ("suspended", true, false, false),
        ("ceased marketing", false, true, false),
    ] {
        let mut customer = customer();
        customer.standing.suspended = suspended;
        customer.standing.marketing_ceased = marketing_ceased;
        assert_eq!(may_qualify(&customer), expected, "{name}");
        assert_eq!(qualifies(&campaign(), &facts(&customer, at(1))), expected, "{name}: for everyone");
    }
}

#[test]
fn opt_in_checks_come_in_their_order() {
    use CampaignStatus::{Completed, Draft, Live, Paused};
    use OptInRefusal::{Ended, Ineligible, NotRequired, NotStarted};
    // The run window is 0 to 1,000; opt-in is open from -100 to 800.
    //   name, required, status, qualified, instant, verdict
    for (name, required, status, qualified, now, expected) in [
        ("open", true, Live, true, 500, Ok(())),
        ("E46: before the run window", true, Live, true, -50, Ok(())),
        ("the first instant", true, Live, true, -100, Ok(())),
        ("E51: not asked for", false, Live, true, 500, Err(NotRequired)),
        ("E47: not qualified", true, Live, false, 500, Err(Ineligible)),
        ("E47: paused", true, Paused, true, 500, Err(Ineligible)),
        ("E47: draft", true, Draft, true, 500, Err(Ineligible)),
        ("E47: completed", true, Completed, true, 500, Err(Ineligible)),
        ("E47: past the end", true, Live, true, 1_000, Err(Ineligible)),
        ("E48: not started", true, Live, true, -101, Err(NotStarted)),
        ("E49: ended, still running", true, Live, true, 800, Err(Ended)),
        ("C2-R3: not asked for, before eligibility", false, Paused, false, -500, Err(NotRequired)),
        ("C2-R3: eligibility before not started", true, Live, false, -500, Err(Ineligible)),
        ("C2-R3: past the end before ended", true, Live, true, 1_500, Err(Ineligible)),
    ] {
        let mut campaign = campaign();
        campaign.status = status;
        campaign.opt_in.required = required;
        campaign.opt_in.window = Window { starts_at: at(-100), ends_at: at(800) };
        assert_eq!(check_opt_in(&campaign, qualified, at(now)), expected, "{name}");
    }
}

fn page() -> Group {
    group(1, CreativeContent::InternalFullPage { html: String::new() })
}

#[test]
fn a_creative_is_shown_under_all_its_conditions() {
    let with = |change: fn(&mut Group)| {
        let mut group = page();
        change(&mut group);
        group
    };
    let targeted = |query: serde_json::Value| {
        let mut group = page();
        group.targeting = Some(Targeting::parse(query).expect("test data is a query"));
        group
    };
    //   name, group, locale asked for, instant, shown
    for (name, group, locale, now, expected) in [
        ("nothing against it", page(), None, 500, true),
        (
            "not due yet",
            with(|g| g.creative.delivery = Delivery::Scheduled { at: at(501) }),
            None,
            500,
            false,
        ),
        ("due now", with(|g| g.creative.delivery = Delivery::Scheduled { at: at(500) }), None, 500, true),
        ("draft", with(|g| g.creative.status = MessageStatus::Draft), None, 500, false),
        ("in review", with(|g| g.creative.status = MessageStatus::InReview), None, 500, false),
        ("pending", with(|g| g.creative.status = MessageStatus::Pending), None, 500, false),
        ("rejected", with(|g| g.creative.status = MessageStatus::Rejected), None, 500, false),
        ("paused", with(|g| g.creative.status = MessageStatus::Paused), None, 500, false),
        (
            "sent, not shown",
            with(|g| g.creative.content = CreativeContent::Sms(MessageTemplate::default())),
            None,
            500,
            false,
        ),
        (
            "its window has begun",
            with(|g| g.creative.window = Some(Window { starts_at: at(500), ends_at: at(600) })),
            None,
            500,
            true,
        ),
        (
            "its window is over",
            with(|g| g.creative.window = Some(Window { starts_at: at(400), ends_at: at(500) })),
            None,
            500,
            false,
        ),
        ("its locale", with(|g| g.creative.locale = Some("en-US".to_owned())), Some("en-us"), 500, true),
        ("another locale", with(|g| g.creative.locale = Some("en-US".to_owned())), Some("de"), 500, false),
        ("no locale asked for", with(|g| g.creative.locale = Some("en-US".to_owned())), None, 500, true),
        ("for all locales", page(), Some("de"), 500, true),
        ("group targeting matches", targeted(json!({"user.first_name": "Ada"})), None, 500, true),
        ("E10: group targeting narrows", targeted(json!({"user.first_name": "Bob"})), None, 500, false),
    ] {
        let mut customer = customer();
        customer.profile.first_name = Some("Ada".to_owned());
        assert_eq!(shows(&group, &facts(&customer, at(now)), locale), expected, "{name}");
    }
}

#[test]
fn a_triggered_creative_waits_for_its_achievement() {
    let behavior = behavior(7);
    let mut group = page();
    group.creative.delivery = Delivery::Triggered { achievement_id: behavior.id };
    for (name, of, entries, expected) in [
        ("nothing", behavior.id, 0, false),
        ("a count is no achievement", behavior.id, 1, false),
        ("achieved", behavior.id, 2, true),
        ("another behavior", BehaviorId(8), 2, false),
    ] {
        let mut customer = customer();
        customer.progress.insert(of, progress_after(&behavior, entries));
        assert_eq!(shows(&group, &facts(&customer, at(500)), None), expected, "{name}");
    }
}

#[test]
fn a_frequency_cap_is_a_rolling_half_open_period() {
    //   name, views allowed in 100 s, seen at, shown at 500
    for (name, cap, seen, expected) in [
        ("no cap", None, vec![498, 499, 500], true),
        ("never seen", Some(1), vec![], true),
        ("seen within the period", Some(1), vec![401], false),
        ("seen a period ago", Some(1), vec![400], true),
        ("one of two", Some(2), vec![450], true),
        ("two of two", Some(2), vec![450, 460], false),
        ("one of them is over", Some(2), vec![399, 460], true),
        ("no view allowed", Some(0), vec![], false),
    ] {
        let mut group = page();
        group.creative.frequency_cap = cap.map(|max_views| FrequencyCap { max_views, period_s: 100 });
        let mut customer = customer();
        if !seen.is_empty() {
            let recent = seen.iter().map(|offset_s| at(*offset_s)).collect();
            let impression = Impression { recent, ..Impression::default() };
            customer.impressions.insert(group.creative.id, impression);
        }
        assert_eq!(shows(&group, &facts(&customer, at(500)), None), expected, "{name}");
    }
}

#[test]
fn the_life_cycle_goes_one_way() {
    use CampaignStatus::{Completed, Draft, InReview, Live, Paused};
    let all = [Draft, InReview, Live, Paused, Completed];
    for (from, allowed) in [
        (Draft, vec![Draft, InReview, Live, Completed]),
        (InReview, vec![Draft, InReview, Live, Completed]),
        (Live, vec![Live, Paused, Completed]),
        (Paused, vec![Live, Paused, Completed]),
        (Completed, vec![Completed]),
    ] {
        for to in all {
            assert_eq!(from.may_become(to), allowed.contains(&to), "{from:?} to {to:?}");
        }
        assert_eq!(CampaignStatus::parse(from.as_str()), Some(from));
    }
    assert_eq!(CampaignStatus::parse("LIVE"), None);
}
