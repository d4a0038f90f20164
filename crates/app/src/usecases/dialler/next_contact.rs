//! The next contact for an agent (dialler contract §1.2, §4.2): the ten steps, and never the same one to two agents.

use super::{DiallerError, DiallerResult, UID_MAX_CHARS, campaign, check_text, client};
use crate::Services;
use crate::ports::{CallRefusal, CallWrite, Versioned};
use jiff::tz::TimeZone;
use muster_domain::calls::campaign::{CallCampaign, Mode};
use muster_domain::calls::contact::Contact;
use muster_domain::calls::selection::{Asked, OpenNumbers, StepProbes, ten_steps, weighted_order};
use muster_domain::ids::{CallCampaignId, ClientId};
use muster_domain::time::UnixMillis;

/// Seconds beyond the preview that an agent in preview mode has a contact in hand.
pub const PREVIEW_MARGIN_S: i64 = 60;
/// Seconds that an agent has a contact in hand who places the call by hand.
pub const MANUAL_LEASE_S: i64 = 3600;
/// Most campaigns of one question.
const CAMPAIGNS_MAX: usize = 100;
/// Largest weight.
const WEIGHT_MAX: u32 = 1_000_000;
/// How many contacts are read at a time, so that agents who ask at once find others behind the first.
const CANDIDATES: u32 = 4;
/// How many contacts pass from waiting to ready at a time.
const PROMOTED_MAX: u32 = 500;
/// How often everything is asked again because others took what was found.
const ROUNDS: usize = 32;

/// A campaign that the agent works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentCampaign {
    /// The campaign.
    pub id: CallCampaignId,
    /// Its share among the campaigns.
    pub weight: u32,
}

/// The next contact for an agent, who has it in hand from now on: for the preview and [`PREVIEW_MARGIN_S`] more in
/// campaigns in preview mode, for [`MANUAL_LEASE_S`] in others. None is [`DiallerError::ContactNotFound`].
pub async fn next_contact(
    services: &Services,
    of: ClientId,
    agent: &str,
    asked: &[AgentCampaign],
) -> DiallerResult<Contact> {
    check_text("UsersUID", agent, UID_MAX_CHARS)?;
    check(asked)?;
    let owner = client(services, of).await?;
    let zone = TimeZone::get(&owner.zone).unwrap_or(TimeZone::UTC);
    let mut campaigns = Vec::with_capacity(asked.len());
    for entry in asked {
        campaigns.push((campaign(services, of, entry.id).await?.value, entry.weight));
    }
    for _ in 0..ROUNDS {
        let now = services.clock.now();
        campaigns.retain(|(campaign, _)| may_dial(campaign, &zone, now));
        let mut found_any = false;
        for step in steps(services, agent, &campaigns, &zone, now).await? {
            let candidates = candidates(services, &step).await?;
            found_any |= !candidates.is_empty();
            for candidate in candidates {
                match take(services, agent, candidate, &campaigns, now).await? {
                    Taken::Mine(contact) => return Ok(*contact),
                    Taken::Lost => {}
                    Taken::Closed(id) => campaigns.retain(|(campaign, _)| campaign.id != id),
                }
            }
        }
        if !found_any {
            return Err(DiallerError::ContactNotFound);
        }
    }
    Err(DiallerError::Contended)
}

fn check(asked: &[AgentCampaign]) -> DiallerResult<()> {
    if asked.is_empty() {
        return Err(DiallerError::missing("campaigns"));
    }
    if asked.len() > CAMPAIGNS_MAX {
        return Err(DiallerError::invalid("campaigns", format!("at most {CAMPAIGNS_MAX}")));
    }
    for (place, entry) in asked.iter().enumerate() {
        if entry.weight > WEIGHT_MAX {
            return Err(DiallerError::invalid("weight", format!("0 to {WEIGHT_MAX}")));
        }
        if asked[..place].iter().any(|other| other.id == entry.id) {
            return Err(DiallerError::invalid("campaigns", format!("campaign {} is named twice", entry.id)));
        }
    }
    Ok(())
}

/// Whether a campaign is active, valid, and inside its active times.
fn may_dial(campaign: &CallCampaign, zone: &TimeZone, now: UnixMillis) -> bool {
    let spans = &campaign.active_times;
    let in_hours = spans.is_empty() || spans.iter().any(|span| span.opened_at(now, zone).is_some());
    campaign.active && campaign.is_valid_at(now) && in_hours
}

async fn steps(
    services: &Services,
    agent: &str,
    campaigns: &[(CallCampaign, u32)],
    zone: &TimeZone,
    now: UnixMillis,
) -> DiallerResult<Vec<StepProbes>> {
    let weights: Vec<u32> = campaigns.iter().map(|(_, weight)| *weight).collect();
    let order = weighted_order(&weights, || {
        let mut random = [0; 4];
        services.entropy.fill(&mut random);
        u32::from_le_bytes(random)
    });
    let mut asked = Vec::with_capacity(order.len());
    for (campaign, _) in order.into_iter().filter_map(|place| campaigns.get(place)) {
        services.calls.promote(campaign.id, now, PROMOTED_MAX).await?;
        asked.push(Asked { campaign: campaign.id, open: OpenNumbers::of(campaign, zone, now) });
    }
    Ok(ten_steps(Some(agent), &asked, now))
}

/// Who may be next by one step, the first one first.
async fn candidates(services: &Services, step: &StepProbes) -> DiallerResult<Vec<Versioned<Contact>>> {
    let mut found = Vec::new();
    for probe in &step.probes {
        let hits = services.calls.probe(probe, CANDIDATES).await?;
        if !step.earliest && !hits.is_empty() {
            return Ok(hits);
        }
        found.extend(hits.into_iter().filter_map(|hit| {
            let place = hit.value.place(probe.now)?;
            Some(((place.first, place.second, hit.value.id), hit))
        }));
    }
    found.sort_by_key(|(key, _)| *key);
    Ok(found.into_iter().map(|(_, hit)| hit).collect())
}

enum Taken {
    Mine(Box<Contact>),
    /// Somebody was faster.
    Lost,
    /// The campaign was stopped or deleted meanwhile.
    Closed(CallCampaignId),
}

async fn take(
    services: &Services,
    agent: &str,
    candidate: Versioned<Contact>,
    campaigns: &[(CallCampaign, u32)],
    now: UnixMillis,
) -> DiallerResult<Taken> {
    let Versioned { value: mut contact, version } = candidate;
    let id = contact.campaign;
    let Some((campaign, _)) = campaigns.iter().find(|(campaign, _)| campaign.id == id) else {
        return Ok(Taken::Lost);
    };
    let lease_s = match campaign.mode {
        Mode::Preview => i64::from(campaign.preview_s) + PREVIEW_MARGIN_S,
        Mode::Manual | Mode::Ivr => MANUAL_LEASE_S,
    };
    contact.take(Some(agent), now.plus_seconds(lease_s), now);
    let taken = contact.clone();
    let write = CallWrite::Contact { contact: Box::new(contact), version, now };
    match services.calls.commit(vec![CallWrite::Active(id), write]).await {
        Ok(()) => Ok(Taken::Mine(Box::new(taken))),
        Err(CallRefusal::Stale { .. }) => Ok(Taken::Lost),
        Err(CallRefusal::NotActive | CallRefusal::NoCampaign) => Ok(Taken::Closed(id)),
        Err(refusal) => Err(refusal.into()),
    }
}
