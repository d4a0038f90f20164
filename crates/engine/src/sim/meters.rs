//! Figures for operators. Labels are few and never name a card or a number.

use muster_app::ports::{CampaignCounts, DeliveryState, RouteState, RouteStatus};
use muster_domain::participant::{Answer, Participant, ParticipantStatus, SegmentFate};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus};

/// A participant was written.
pub(super) fn stepped(from: ParticipantStatus, participant: &Participant) {
    if from == participant.status {
        return;
    }
    metrics::counter!("muster_sim_participants_total", "status" => participant.status.name()).increment(1);
    let ended = participant.attempts.last().and_then(|attempt| attempt.outcome);
    if let Some(outcome) = ended
        && !participant.status.is_in_flight()
    {
        metrics::counter!("muster_sim_attempts_total", "outcome" => outcome.name()).increment(1);
    }
}

/// Segments were handed over.
pub(super) fn submitted(fates: &[SegmentFate]) {
    for fate in fates {
        let fate = match fate {
            SegmentFate::Accepted(_) => "accepted",
            SegmentFate::NotSent => "not_sent",
            SegmentFate::Unknown => "unknown",
            SegmentFate::Refused(_) => "refused",
        };
        metrics::counter!("muster_sim_segments_total", "fate" => fate).increment(1);
    }
}

/// A packet was handed over again after a timer.
pub(super) fn sent_again() {
    metrics::counter!("muster_sim_resends_total").increment(1);
}

/// A card's answer was believed.
pub(super) fn answered(answer: &Answer) {
    let kind = match answer {
        Answer::Interim => "interim",
        Answer::Ran { .. } => "ran",
        Answer::CommandFailed { .. } => "command_failed",
        Answer::Refused { .. } => "refused",
    };
    metrics::counter!("muster_sim_answers_total", "kind" => kind).increment(1);
}

/// A card's answer was not believed, or belongs to nobody.
pub(super) fn unread(class: &'static str) {
    metrics::counter!("muster_sim_answers_ignored_total", "class" => class).increment(1);
}

/// A delivery receipt came.
pub(super) fn receipt(state: DeliveryState) {
    let state = match state {
        DeliveryState::Enroute => "enroute",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Expired => "expired",
        DeliveryState::Deleted => "deleted",
        DeliveryState::Undeliverable => "undeliverable",
        DeliveryState::Accepted => "accepted",
        DeliveryState::Unknown => "unknown",
        DeliveryState::Rejected => "rejected",
    };
    metrics::counter!("muster_sim_receipts_total", "state" => state).increment(1);
}

/// A campaign changed its status.
pub(super) fn campaign_changed(status: SimCampaignStatus) {
    metrics::counter!("muster_sim_campaign_changes_total", "to" => status.name()).increment(1);
}

/// How far a live campaign is.
pub(super) fn campaign(campaign: &SimCampaign, counts: &CampaignCounts) {
    let id = campaign.id.to_string();
    let open = counts.open() as f64;
    metrics::gauge!("muster_sim_campaign_open", "campaign" => id.clone()).set(open);
    metrics::gauge!("muster_sim_campaign_in_flight", "campaign" => id.clone()).set(counts.in_flight() as f64);
    // Not zero while it is paused or nothing can leave: the reason itself is in the campaign.
    let held = u8::from(!campaign.reason.is_empty());
    metrics::gauge!("muster_sim_campaign_held", "campaign" => id).set(f64::from(held));
}

/// A campaign is over: its figures must not stand for ever as they were last.
pub(super) fn campaign_over(campaign: &SimCampaign) {
    let id = campaign.id.to_string();
    for name in ["muster_sim_campaign_open", "muster_sim_campaign_in_flight", "muster_sim_campaign_held"] {
        metrics::gauge!(name, "campaign" => id.clone()).set(0.0);
    }
}

/// How the routes stand.
pub(super) fn routes(routes: &[RouteStatus]) {
    for route in routes {
        let usable = matches!(route.state, RouteState::Bound | RouteState::Throttled);
        metrics::gauge!("muster_sim_route_usable", "route" => route.name.clone())
            .set(f64::from(u8::from(usable)));
    }
}
