//! What a campaign would send, without sending it: packets are made for every card as they would be, and thrown away.

use super::profiles::card_profile;
use super::{ConnectivityError, ConnectivityResult};
use crate::card_keys::CardKeyError;
use crate::ports::LoadedParticipant;
use crate::sim_program::{PacketError, PacketRequest, Program, compile, make_packet, security};
use crate::{RouteRate, Services};
use muster_domain::participant::Purpose;
use muster_domain::sim::{CardProfile, CipherAlgorithm, KeySet, Template};
use muster_domain::sim_campaign::{Plan, SimCampaign};
use muster_domain::time::UnixMillis;
use std::collections::HashMap;

/// Cards that are named as examples of an obstacle.
pub const EXAMPLES_MAX: usize = 10;
/// Participants that are read at a time.
const CHUNK: u32 = 500;

/// What a campaign would send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Cards enrolled.
    pub participants: u64,
    /// How many of them were looked at.
    pub examined: u64,
    /// Of these, cards that have their outcome already: nothing would be sent to them.
    pub ended: u64,
    /// Of these, cards for which every packet can be made.
    pub ready: u64,
    /// Packets for the cards that are ready, when each one's first try succeeds.
    pub packets: u64,
    /// Messages that these packets are cut into.
    pub segments: u64,
    /// Why the others would not be sent to, the most frequent obstacle first.
    pub obstacles: Vec<Obstacle>,
    /// Seconds that the campaign takes, for all participants, when each first try succeeds; `None` without a route.
    pub duration_s: Option<u64>,
    /// Whether that ends within the campaign's window.
    pub fits_window: Option<bool>,
}

/// Something that keeps cards from being sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Which kind, as a word to branch on: `no_number`, `no_key_set`, `key_set_blocked`, `key_set_unusable`,
    /// `no_profile` or `template_unfit`.
    pub kind: &'static str,
    /// In words.
    pub reason: String,
    /// How many cards.
    pub cards: u64,
    /// Serial numbers of the first of them, at most [`EXAMPLES_MAX`].
    pub examples: Vec<String>,
}

/// Looks at the campaign's participants, at most `limit` of them.
pub async fn dry_run(
    services: &Services,
    campaign: &SimCampaign,
    routes: &[RouteRate],
    limit: u64,
) -> ConnectivityResult<DryRun> {
    let template = services.sims.template(campaign.template).await?;
    let template = template.ok_or(ConnectivityError::TemplateNotFound)?;
    let mut trial = Trial { services, campaign, template, makes: HashMap::new(), sizes: HashMap::new() };
    let mut report = DryRun {
        participants: services.sims.campaign_counts(campaign.id).await?.participants(),
        ..DryRun::default()
    };
    let mut from = 0;
    while report.examined < limit {
        let size = u32::try_from(limit - report.examined).unwrap_or(CHUNK).min(CHUNK);
        let found = services.sims.scan_participants(campaign.id, from, size).await?;
        let Some(last) = found.last() else { break };
        from = last.participant.ordinal + 1;
        for loaded in &found {
            report.examined += 1;
            if loaded.participant.status.is_terminal() {
                report.ended += 1;
                continue;
            }
            match trial.of(loaded).await? {
                Ok(size) => {
                    report.ready += 1;
                    report.packets += size.packets;
                    report.segments += size.segments;
                }
                Err(refusal) => report.refuse(refusal, loaded),
            }
        }
    }
    report.obstacles.sort_by_key(|obstacle| std::cmp::Reverse(obstacle.cards));
    report.duration_s = report.duration(&campaign.plan, routes);
    report.fits_window = report.duration_s.map(|seconds| {
        let begins = services.clock.now().max(campaign.window.starts_at);
        let ends = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1000));
        ends.and_then(|ends| begins.0.checked_add(ends))
            .is_some_and(|ends| UnixMillis(ends) <= campaign.window.ends_at)
    });
    Ok(report)
}

impl DryRun {
    fn refuse(&mut self, Refusal { kind, reason }: Refusal, loaded: &LoadedParticipant) {
        let known = self.obstacles.iter_mut().find(|known| known.kind == kind && known.reason == reason);
        let iccid = loaded.participant.iccid.to_string();
        match known {
            Some(known) => {
                known.cards += 1;
                if known.examples.len() < EXAMPLES_MAX {
                    known.examples.push(iccid);
                }
            }
            None => self.obstacles.push(Obstacle { kind, reason, cards: 1, examples: vec![iccid] }),
        }
    }

    /// The slower of routes and pace, over the hours in which messages may leave. What was not looked at is taken to
    /// be like what was.
    fn duration(&self, plan: &Plan, routes: &[RouteRate]) -> Option<u64> {
        let usable = routes.iter().filter(|route| plan.route.as_ref().is_none_or(|name| *name == route.name));
        let rate: u64 = usable.map(|route| u64::from(route.segments_per_s)).sum();
        if rate == 0 {
            return None;
        }
        let whole = |part: u64| {
            let all = u128::from(part) * u128::from(self.participants) / u128::from(self.examined.max(1));
            u64::try_from(all).unwrap_or(u64::MAX)
        };
        let by_routes = whole(self.segments).div_ceil(rate);
        let by_pace = plan.pace_per_s.map_or(0, |pace| whole(self.ready).div_ceil(u64::from(pace.max(1))));
        let sending = by_routes.max(by_pace);
        let Some(hours) = &plan.hours else { return Some(sending) };
        let open = u64::from(hours.seconds_per_day());
        // The last day's sending ends when it ends; each day before takes a whole day.
        let days = sending.saturating_sub(1).checked_div(open)?;
        Some(days.saturating_mul(24 * 3600).saturating_add(sending - days * open))
    }
}

/// What is sent to one card.
#[derive(Debug, Clone, Copy)]
struct Size {
    packets: u64,
    segments: u64,
}

/// Why nothing is sent to a card.
#[derive(Debug, Clone)]
struct Refusal {
    kind: &'static str,
    reason: String,
}

impl Refusal {
    fn new(kind: &'static str, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// What the size of packets depends on: make of the card, algorithms, and lengths of the keys as sealed.
type Class = (String, CipherAlgorithm, usize, CipherAlgorithm, usize);
/// A make of cards with the packets of the template, or why it has none.
type Make = Result<(CardProfile, Program), Refusal>;

struct Trial<'a> {
    services: &'a Services,
    campaign: &'a SimCampaign,
    template: Template,
    makes: HashMap<String, Make>,
    sizes: HashMap<Class, Size>,
}

impl Trial<'_> {
    async fn of(&mut self, loaded: &LoadedParticipant) -> ConnectivityResult<Result<Size, Refusal>> {
        let name = &loaded.card.profile;
        if !self.makes.contains_key(name) {
            let made = self.make(name).await?;
            self.makes.insert(name.clone(), made);
        }
        Ok(match &self.makes[name] {
            Err(refusal) => Err(refusal.clone()),
            Ok((profile, program)) => try_card(self.services, loaded, profile, program, &mut self.sizes),
        })
    }

    async fn make(&self, name: &str) -> ConnectivityResult<Make> {
        let Some(profile) = card_profile(self.services, self.campaign.organization, name).await? else {
            return Ok(Err(Refusal::new("no_profile", format!("there is no card profile {name:?}"))));
        };
        Ok(match compile(&self.template, &profile) {
            Ok(program) => Ok((profile, program)),
            Err(error) => Err(Refusal::new("template_unfit", format!("profile {name:?}: {error}"))),
        })
    }
}

fn try_card(
    services: &Services,
    loaded: &LoadedParticipant,
    profile: &CardProfile,
    program: &Program,
    sizes: &mut HashMap<Class, Size>,
) -> Result<Size, Refusal> {
    let card = &loaded.card;
    if card.msisdn().is_none() {
        return Err(Refusal::new("no_number", "the card has no number to send to"));
    }
    let keys = loaded.key_sets.iter().find(|set| set.kvn == profile.kvn);
    let keys = keys.ok_or_else(|| refusal(&PacketError::NoKeys(profile.kvn)))?;
    if !keys.is_usable() {
        return Err(refusal(&PacketError::Blocked(keys.kvn)));
    }
    let ring = services.settings.card_keys.as_ref();
    let ring = ring.ok_or_else(|| refusal(&PacketError::Key(CardKeyError::NoCardKey)))?;
    let class = class(profile, keys);
    if let Some(size) = sizes.get(&class) {
        // Packets of cards with such keys have been made; whether these keys are any good is this card's own affair.
        if let Some(first) = program.steps.first() {
            security(ring, &card.iccid, profile, keys, first).map_err(|error| refusal(&error))?;
        }
        return Ok(*size);
    }
    let mut size = Size { packets: 0, segments: 0 };
    for step in 0..program.steps.len() as u32 {
        let request = PacketRequest {
            card: &card.iccid,
            profile,
            keys,
            program,
            step,
            purpose: Purpose::Run,
            reference: 0,
        };
        let packet = make_packet(ring, &request).map_err(|error| refusal(&error))?;
        size.packets += 1;
        size.segments += packet.segments.len() as u64;
    }
    sizes.insert(class, size);
    Ok(size)
}

fn class(profile: &CardProfile, keys: &KeySet) -> Class {
    (profile.name.clone(), keys.kic_algorithm, keys.kic.0.len(), keys.kid_algorithm, keys.kid.0.len())
}

fn refusal(error: &PacketError) -> Refusal {
    let kind = match error {
        PacketError::NoKeys(_) => "no_key_set",
        PacketError::Blocked(_) => "key_set_blocked",
        PacketError::Encode(_) | PacketError::Script(_) => "template_unfit",
        _ => "key_set_unusable",
    };
    Refusal::new(kind, error.to_string())
}
