//! What events do to one customer: admission, progress, points, tags, further events, opt-in choices.
//!
//! Everything happens on a copy of the aggregate in memory; the caller commits it or drops it.

use super::{Prepared, Trouble};
use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::ports::{CustomerWrite, Expected, OutboxEntry, PlaceChange, StoredCustomer};
use crate::usecases::opt_in::{self, Choice, time_ordered_id};
use crate::{AppError, Services};
use muster_domain::audience::{Facts, PastEvent};
use muster_domain::behavior::{
    Behavior, DayZone, Folded, Outcome, Progress, counts_for, fold, matches, refold,
};
use muster_domain::campaign::{CampaignStatus, Delivery, Group, MessageStatus};
use muster_domain::customer::Customer;
use muster_domain::event::{Context, Event, EventKey};
use muster_domain::ids::{BehaviorId, CampaignId, CustomerId};
use muster_domain::time::UnixMillis;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long after its publication a node may still judge events without knowing a behavior, in seconds: it follows
/// the configuration by hint, or by polling about every second. A replay counts what fell into that gap.
const PROPAGATION_S: i64 = 5;

/// How far events raised by outcomes may raise further events. A chain that is longer is cut, and the log says so.
const MAX_CHAIN: u32 = 4;

/// A late event needs the customer's whole log, which was not at hand.
pub(crate) struct NeedsLog;

/// What the events did to one behavior.
#[derive(Debug, Clone)]
pub struct BehaviorChange {
    /// Index of the campaign in the snapshot.
    pub campaign: usize,
    /// Index of the behavior in the campaign.
    pub behavior: usize,
    /// Achievements gained.
    pub achieved: i64,
    /// Difference of the count in the current round.
    pub current_count: i64,
    /// Points credited.
    pub points: i64,
}

impl BehaviorChange {
    pub(super) fn place(&self) -> (usize, usize) {
        (self.campaign, self.behavior)
    }
}

/// Something the customer may be told.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Its identifier.
    pub id: Uuid,
    /// Index of the campaign in the snapshot.
    pub campaign: usize,
    /// Index of the behavior in the campaign.
    pub behavior: usize,
    /// The creative that the achievement triggers, by index among the campaign's groups.
    pub group: Option<usize>,
    /// What was achieved.
    pub achievement: Achievement,
}

/// An achievement just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Achievement {
    /// How many times.
    pub times: u32,
    /// Points credited with it.
    pub points: i64,
}

/// The customer after the events, and what goes with the write.
pub(crate) struct Applied {
    pub(crate) customer: Customer,
    pub(crate) changes: Vec<BehaviorChange>,
    pub(crate) notifications: Vec<Notification>,
    pub(crate) events: Vec<Event>,
    pub(crate) outcomes: Vec<OutboxEntry>,
    pub(crate) places: Vec<PlaceChange>,
}

/// Lists a behavior that listens to the event among the changes, if it is not there yet.
pub(super) fn mention(
    organization: &OrganizationSnapshot,
    event_name: &str,
    changes: &mut Vec<BehaviorChange>,
) {
    for listener in organization.listeners(event_name) {
        let place = (listener.campaign, listener.behavior);
        if !changes.iter().any(|change| change.place() == place) {
            changes.push(BehaviorChange {
                campaign: listener.campaign,
                behavior: listener.behavior,
                achieved: 0,
                current_count: 0,
                points: 0,
            });
        }
    }
}

/// An event that an outcome asks for.
struct Raised {
    name: String,
    quantity: u32,
    key: EventKey,
}

pub(super) struct Effects<'a> {
    services: &'a Services,
    organization: &'a OrganizationSnapshot,
    id: CustomerId,
    customer: Customer,
    past: Vec<PastEvent>,
    log: Option<Vec<Event>>,
    changes: Vec<BehaviorChange>,
    notifications: Vec<Notification>,
    /// Collects what goes with the write; its own aggregate stays empty.
    write: CustomerWrite,
}

impl<'a> Effects<'a> {
    pub(super) fn new(
        services: &'a Services,
        organization: &'a OrganizationSnapshot,
        stored: &StoredCustomer,
        past: &[PastEvent],
        log: Option<Vec<Event>>,
    ) -> Self {
        Self {
            services,
            organization,
            id: stored.id,
            customer: stored.customer.clone(),
            past: past.to_vec(),
            log,
            changes: Vec::new(),
            notifications: Vec::new(),
            write: CustomerWrite::new(organization.id(), stored.id, Expected::Version(stored.version), None),
        }
    }

    pub(super) fn finish(self) -> Applied {
        Applied {
            customer: self.customer,
            changes: self.changes,
            notifications: self.notifications,
            events: self.write.events,
            outcomes: self.write.outcomes,
            places: self.write.places,
        }
    }

    pub(super) fn take_in(&mut self, prepared: &Prepared) -> Result<(), Trouble> {
        let event = Event {
            key: prepared.key,
            sequence: 0,
            name: prepared.name.clone(),
            occurred_at: prepared.occurred_at,
            received_at: prepared.received_at,
            quantity: prepared.quantity,
            context: prepared.context.clone(),
            restricted_to: prepared.restricted_to,
            admitted: Vec::new(),
        };
        self.fold_in(event, 0)?;
        self.choose_by_event(prepared).map_err(Trouble::App)
    }

    /// Appends the event and folds it into every behavior that counts it.
    fn fold_in(&mut self, mut event: Event, depth: u32) -> Result<(), Trouble> {
        self.customer.events_logged += 1;
        event.sequence = self.customer.events_logged;
        event.admitted = self.admissions(&event);
        let mut raised = Vec::new();
        if self.organization.asked_events().contains(&event.name) {
            self.past.push(PastEvent {
                name: event.name.clone(),
                occurred_at: event.occurred_at,
                quantity: event.quantity,
            });
        }
        if let Some(log) = &mut self.log {
            log.push(event.clone());
        }
        let organization = self.organization;
        for listener in organization.listeners(&event.name) {
            let entry = &organization.campaigns[listener.campaign];
            let behavior = &entry.campaign.behaviors[listener.behavior];
            let place = (listener.campaign, listener.behavior);
            if let Some(folded) = self.fold_behavior(entry, behavior, place, &event)? {
                self.issue(entry, behavior, place, folded, &event, &mut raised);
            }
        }
        let (occurred_at, received_at) = (event.occurred_at, event.received_at);
        self.write.events.push(event);
        for raised in raised {
            self.raise(raised, occurred_at, received_at, depth + 1)?;
        }
        Ok(())
    }

    /// Campaigns that listen to the event and admit this customer now: live, targeted, and opted in where that
    /// is required. The run window is judged by the event's own date when it is folded.
    fn admissions(&self, event: &Event) -> Vec<CampaignId> {
        let facts = Facts { customer: &self.customer, events: &self.past, now: event.received_at };
        let mut admitted = Vec::new();
        let mut judged = usize::MAX;
        for listener in self.organization.listeners(&event.name) {
            if listener.campaign == judged {
                continue;
            }
            judged = listener.campaign;
            let entry = &self.organization.campaigns[listener.campaign];
            if admits(self.organization, entry, &facts) {
                admitted.push(entry.campaign.id);
            }
        }
        admitted.sort_unstable();
        admitted.dedup();
        admitted
    }

    /// Folds the event into one behavior; `None` if it does not count for it.
    fn fold_behavior(
        &mut self,
        entry: &CatalogCampaign,
        behavior: &Behavior,
        place: (usize, usize),
        event: &Event,
    ) -> Result<Option<Folded>, Trouble> {
        let campaign = &entry.campaign;
        let mut progress = self.customer.progress.get(&behavior.id).cloned().unwrap_or_default();
        if !matches(behavior, event) || !counts_for(campaign.id, campaign.window, event, &progress) {
            return Ok(None);
        }
        let zone = self.zone();
        let before = progress.current_count(behavior);
        let achieved_before = progress.achieved();
        let folded = match fold(behavior, &mut progress, event, &zone) {
            Ok(folded) => folded,
            Err(_late) => {
                let Some(log) = &self.log else { return Err(Trouble::NeedsLog(NeedsLog)) };
                let counting =
                    log.iter().filter(|event| counts_for(campaign.id, campaign.window, event, &progress));
                let (refolded, folded) = refold(behavior, &progress, counting, &zone);
                progress = refolded;
                folded
            }
        };
        let change = self.change_at(place);
        change.achieved += i64::from(progress.achieved()) - i64::from(achieved_before);
        change.current_count += i64::from(progress.current_count(behavior)) - i64::from(before);
        change.points = change.points.saturating_add(folded.points);
        self.customer.progress.insert(behavior.id, progress);
        Ok(Some(folded))
    }

    /// Folds the log anew into one behavior and issues what is due now; whether anything changed. What happens on
    /// account of it happens at `cause`, whose key makes raised events follow from the replay.
    ///
    /// History is judged by the present: a customer whom the campaign admits now is taken to have been admitted for
    /// everything that arrived before the definition was published, because nobody could judge it then.
    pub(super) fn replay(
        &mut self,
        entry: &CatalogCampaign,
        place: (usize, usize),
        cause: &Event,
    ) -> Result<bool, Trouble> {
        let campaign = &entry.campaign;
        let behavior = &campaign.behaviors[place.1];
        let Some(log) = &self.log else { return Err(Trouble::NeedsLog(NeedsLog)) };
        let stored = self.customer.progress.get(&behavior.id);
        let mut progress = stored.cloned().unwrap_or_default();
        let facts = Facts { customer: &self.customer, events: &self.past, now: cause.received_at };
        if admits(self.organization, entry, &facts) {
            progress.set_history_before(Some(behavior.published_at.plus_seconds(PROPAGATION_S)));
        }
        let counting = log.iter().filter(|event| counts_for(campaign.id, campaign.window, event, &progress));
        let (replayed, folded) = refold(behavior, &progress, counting, &self.zone());
        if stored == Some(&replayed) || (stored.is_none() && replayed == Progress::new()) {
            return Ok(false);
        }
        self.customer.progress.insert(behavior.id, replayed);
        let mut raised = Vec::new();
        self.issue(entry, behavior, place, folded, cause, &mut raised);
        for raised in raised {
            self.raise(raised, cause.occurred_at, cause.received_at, 1)?;
        }
        Ok(true)
    }

    /// Credits points and carries out the behavior's outcomes, once for each achievement now due.
    fn issue(
        &mut self,
        entry: &CatalogCampaign,
        behavior: &Behavior,
        place: (usize, usize),
        folded: Folded,
        event: &Event,
        raised: &mut Vec<Raised>,
    ) {
        let mut points = folded.points;
        let times = folded.achievements;
        for (index, outcome) in behavior.outcomes.iter().enumerate() {
            if times == 0 {
                break;
            }
            match outcome {
                Outcome::Points { amount } => {
                    points = points.saturating_add(amount.saturating_mul(i64::from(times)));
                }
                Outcome::Tag { name, ttl_s } => {
                    self.tag(name, *ttl_s, times, event.received_at);
                }
                Outcome::Event { name, quantity } => {
                    let key = raised_key(event, behavior.id, index);
                    raised.push(Raised {
                        name: name.clone(),
                        quantity: quantity.saturating_mul(times).max(1),
                        key,
                    });
                }
            }
        }
        if points != 0 {
            let balance = if self.customer.standing.test_account {
                &mut self.customer.points.test
            } else {
                &mut self.customer.points.available
            };
            *balance = balance.saturating_add(points);
        }
        let extra = points - folded.points;
        self.change_at(place).points += extra;
        if times > 0 {
            self.announce(entry, behavior, place, Achievement { times, points }, event);
        }
    }

    /// Tags the customer. One who has as many tags as a customer may have keeps them, and the outbox says so: the
    /// event itself is good and stands.
    fn tag(&mut self, name: &str, ttl_s: Option<u32>, times: u32, now: UnixMillis) {
        if let Err(error) = self.customer.tag(name, ttl_s, u64::from(times), now) {
            tracing::warn!(%error, "a tag among the outcomes of a behavior was refused");
            self.tell("tag.refused", json!({ "tag": name, "reason": error.to_string() }), now);
        }
    }

    /// Puts the achievement and the messages it triggers into the outbox, and a notification into the answer.
    fn announce(
        &mut self,
        entry: &CatalogCampaign,
        behavior: &Behavior,
        place: (usize, usize),
        achievement: Achievement,
        event: &Event,
    ) {
        let now = event.received_at;
        let campaign = &entry.campaign;
        self.tell(
            "behavior.achieved",
            json!({
                "campaign_id": campaign.id,
                "behavior_id": behavior.id,
                "external_behavior_id": behavior.external_id,
                "times": achievement.times,
                "points": achievement.points,
                "event_name": event.name,
                "occurred_at": event.occurred_at,
            }),
            now,
        );
        let triggered: Vec<usize> = campaign
            .groups()
            .enumerate()
            .filter(|(_, group)| self.is_triggered(group, behavior.id, now))
            .map(|(index, _)| index)
            .collect();
        for &index in &triggered {
            let Some(group) = campaign.groups().nth(index) else { continue };
            if !group.creative.content.is_shown() {
                self.tell(
                    "message.triggered",
                    json!({
                        "campaign_id": campaign.id,
                        "creative_id": group.creative.id,
                        "type": group.creative.content.kind(),
                        "behavior_id": behavior.id,
                    }),
                    now,
                );
            }
        }
        let id = time_ordered_id(self.services, now);
        self.notifications.push(Notification {
            id,
            campaign: place.0,
            behavior: place.1,
            group: triggered.first().copied(),
            achievement,
        });
    }

    fn is_triggered(&self, group: &Group, behavior: BehaviorId, now: UnixMillis) -> bool {
        let facts = Facts { customer: &self.customer, events: &self.past, now };
        group.creative.delivery == Delivery::Triggered { achievement_id: behavior }
            && group.creative.status == MessageStatus::Active
            && group.creative.window.is_none_or(|window| window.contains(now))
            && group.targeting.as_ref().is_none_or(|targeting| targeting.matches(&facts))
    }

    /// An event that an outcome raises: logged and folded like any other, at the time of its cause.
    fn raise(
        &mut self,
        raised: Raised,
        occurred_at: UnixMillis,
        received_at: UnixMillis,
        depth: u32,
    ) -> Result<(), Trouble> {
        if depth > MAX_CHAIN {
            tracing::warn!(limit = MAX_CHAIN, "a chain of events raised by outcomes was cut");
            self.tell(
                "event.chain_cut",
                json!({ "event_name": raised.name, "limit": MAX_CHAIN }),
                received_at,
            );
            return Ok(());
        }
        let event = Event {
            key: raised.key,
            sequence: 0,
            name: raised.name,
            occurred_at,
            received_at,
            quantity: raised.quantity,
            context: Context::new(),
            restricted_to: None,
            admitted: Vec::new(),
        };
        self.fold_in(event, depth)
    }

    /// Opt-in and opt-out by event (contract rule N3-R7): the same checks as the direct calls.
    fn choose_by_event(&mut self, prepared: &Prepared) -> Result<(), AppError> {
        let Some((id, choice)) = parse_choice(&prepared.name) else { return Ok(()) };
        let entry = self.organization.campaign(id).ok_or(AppError::CampaignNotFound)?;
        let now = prepared.received_at;
        let facts = Facts { customer: &self.customer, events: &self.past, now };
        opt_in::check(self.organization, entry, &facts, choice)?;
        opt_in::record(self.services, entry, self.id, &mut self.customer, choice, now, &mut self.write);
        Ok(())
    }

    fn zone(&self) -> DayZone {
        DayZone::of(self.customer.profile.time_zone.as_deref(), &self.organization.organization.time_zone)
    }

    fn change_at(&mut self, place: (usize, usize)) -> &mut BehaviorChange {
        let found = self.changes.iter().position(|change| change.place() == place);
        let index = found.unwrap_or_else(|| {
            self.changes.push(BehaviorChange {
                campaign: place.0,
                behavior: place.1,
                achieved: 0,
                current_count: 0,
                points: 0,
            });
            self.changes.len() - 1
        });
        &mut self.changes[index]
    }

    fn tell(&mut self, kind: &str, payload: serde_json::Value, now: UnixMillis) {
        self.write.outcomes.push(OutboxEntry {
            id: time_ordered_id(self.services, now),
            customer: self.id,
            kind: kind.to_owned(),
            payload,
            created_at: now,
        });
    }
}

/// Whether the campaign admits the customer's events now (contract rule B12).
pub(crate) fn admits(
    organization: &OrganizationSnapshot,
    entry: &CatalogCampaign,
    facts: &Facts<'_>,
) -> bool {
    let campaign = &entry.campaign;
    let opted_in = || facts.customer.choices.get(&campaign.id).map(|choice| choice.opted_in);
    let chosen = match opted_in() {
        Some(opted_in) => opted_in,
        None => !campaign.opt_in.required,
    };
    campaign.status == CampaignStatus::Live && chosen && organization.qualifies(entry, facts)
}

/// The key of an event raised by an outcome follows from its cause, so that it too is logged once.
fn raised_key(cause: &Event, behavior: BehaviorId, outcome: usize) -> EventKey {
    let mut hasher = Sha256::new();
    hasher.update(b"raised");
    hasher.update(cause.key.0);
    hasher.update(behavior.0.to_be_bytes());
    hasher.update((outcome as u64).to_be_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize()[..16]);
    EventKey(key)
}

/// Reads `campaigns.<id>.opt_in` and `campaigns.<id>.opt_out`.
fn parse_choice(name: &str) -> Option<(CampaignId, Choice)> {
    let (id, verb) = name.strip_prefix("campaigns.")?.split_once('.')?;
    let choice = match verb {
        "opt_in" => Choice::In,
        "opt_out" => Choice::Out,
        _ => return None,
    };
    Some((crate::usecases::select::parse_id(id)?, choice))
}
