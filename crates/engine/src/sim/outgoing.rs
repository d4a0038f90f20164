//! Packets on their way out, and what became of them.

use muster_app::ports::{PacketOutcome, RefusalClass, SmsPacket, SubmitOutcome};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{Packet, Participant, Refusal, SegmentFate};
use muster_domain::sim::Sim;
use muster_domain::sim_campaign::SimCampaign;
use muster_domain::time::UnixMillis;

/// Which participant.
pub(super) type Key = (SimCampaignId, u64);

/// A packet that was stored and may leave now.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its participant: campaign and ordinal.
    pub key: (SimCampaignId, u64),
    /// The card's serial number.
    pub iccid: String,
    /// What to hand over.
    pub packet: SmsPacket,
}

/// What became of a packet that was handed over.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its participant: campaign and ordinal.
    pub key: (SimCampaignId, u64),
    /// What the gateway says.
    pub outcome: PacketOutcome,
}

/// The packet at work of a participant, for the gateway.
pub(super) fn outgoing(
    participant: &Participant,
    packet: &Packet,
    card: &Sim,
    campaign: &SimCampaign,
    now: UnixMillis,
) -> Option<Outgoing> {
    let destination = card.msisdn()?.to_owned();
    let left_s = campaign.window.ends_at.since(now).div_euclid(1000).max(1);
    // The message centre never tries for longer than the answer is waited for, nor beyond the window.
    let validity_s = left_s.min(i64::from(campaign.plan.por_timeout_s));
    Some(Outgoing {
        key: (participant.campaign, participant.ordinal),
        iccid: card.iccid.to_string(),
        packet: SmsPacket {
            destination,
            segments: packet.segments.iter().map(|segment| segment.user_data.clone()).collect(),
            validity_s: u32::try_from(validity_s).unwrap_or(u32::MAX),
            reference: packet.counter as u16,
            route: campaign.plan.route.clone(),
        },
    })
}

/// The gateway's words for the machine's.
pub(super) fn fates(outcome: &PacketOutcome) -> Vec<SegmentFate> {
    outcome
        .segments
        .iter()
        .map(|segment| match segment {
            SubmitOutcome::Accepted { message_id } => SegmentFate::Accepted(message_id.clone()),
            SubmitOutcome::NotSent { .. } => SegmentFate::NotSent,
            SubmitOutcome::Unknown { .. } => SegmentFate::Unknown,
            SubmitOutcome::Refused { class, .. } => SegmentFate::Refused(match class {
                RefusalClass::QueueFull => Refusal::QueueFull,
                RefusalClass::Transient => Refusal::Transient,
                RefusalClass::Address => Refusal::Address,
                RefusalClass::Request => Refusal::Request,
                RefusalClass::Refused => Refusal::Refused,
                RefusalClass::Unknown => Refusal::Unknown,
            }),
        })
        .collect()
}
