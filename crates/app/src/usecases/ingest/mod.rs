//! Taking in events: append them once, fold them into progress, hand the outcomes on (contract N3).

mod effects;
mod replay;

pub use effects::{Achievement, BehaviorChange, Notification};
pub use replay::Replay;

use super::change_customer::{Change, MAX_TRIES, replace, settle};
use super::decide::past_events;
use super::select::{CampaignSelector, CustomerSelector, customer_id, find_campaign, load_customer};
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CommitRefusal, CustomerWrite, EventLoad, EventLoaded, StoredCustomer};
use crate::{AppError, AppResult, Services};
use effects::{Applied, Effects, NeedsLog};
use muster_domain::audience::PastEvent;
use muster_domain::event::{Context, Event, EventKey, check_date};
use muster_domain::ids::CampaignId;
use muster_domain::time::UnixMillis;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Most events in one request, so that one caller cannot hold a customer's turn for long.
pub const MAX_EVENTS_PER_REQUEST: usize = 1000;
/// Longest event name, in bytes.
pub const MAX_EVENT_NAME_BYTES: usize = 255;
/// Longest `transaction_id`, in bytes.
pub const MAX_TRANSACTION_ID_BYTES: usize = 255;
/// Most keys in an event's context.
pub const MAX_CONTEXT_KEYS: usize = 100;
/// Longest text in an event's context, in bytes.
pub const MAX_CONTEXT_TEXT_BYTES: usize = 4096;

/// An event as a caller reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingEvent {
    /// Its name.
    pub name: String,
    /// Identifies it: the same customer, name and id are processed once.
    pub transaction_id: Option<String>,
    /// How many times it happened, at least 1.
    pub quantity: u32,
    /// When it happened; `None` is now.
    pub occurred_at: Option<UnixMillis>,
    /// Extra key-values.
    pub context: Context,
    /// The only campaign it may count for.
    pub campaign: Option<CampaignSelector>,
}

/// What came of an ingest.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// The customer after it.
    pub stored: StoredCustomer,
    /// Behaviors that an event matched, with what it did to each, in list order.
    pub changes: Vec<BehaviorChange>,
    /// What the customer may be told.
    pub notifications: Vec<Notification>,
    /// How many of the events were new; repeated ones have no effect.
    pub accepted: usize,
}

/// Takes in the events of one customer: all or none. When this returns, they are durable.
pub async fn ingest(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &CustomerSelector,
    events: &[IncomingEvent],
) -> AppResult<Ingested> {
    let id = customer_id(services, organization, customer).await?;
    let prepared = match prepare(services, organization, events) {
        Ok(prepared) => prepared,
        Err(error) => {
            // The customer comes first in the order of checks.
            load_customer(services, organization, &CustomerSelector::Id(id)).await?;
            return Err(error);
        }
    };
    let _turn = services.locks.lock(organization.id(), id).await;
    for _ in 0..MAX_TRIES {
        let keys = prepared.iter().map(|event| event.key).collect();
        let load = EventLoad { organization: organization.id(), id, keys };
        let loaded = services.store.load_for_events(&[load]).await?.pop().flatten();
        let loaded = loaded.ok_or(AppError::CustomerNotFound)?;
        let (write, ingested) = decide(services, organization, &prepared, loaded).await?;
        let change = match write {
            Some(write) => Change::Write(Box::new(write), ingested),
            None => Change::Keep(ingested),
        };
        if let Some(ingested) = settle(services, change).await? {
            return Ok(ingested);
        }
    }
    Err(AppError::Contended)
}

/// One customer's events among many.
#[derive(Debug, Clone)]
pub struct BatchItem {
    /// The customer.
    pub customer: muster_domain::ids::CustomerId,
    /// Their events.
    pub events: Vec<IncomingEvent>,
}

/// Takes in events of many customers with one load and one commit; each customer's part succeeds or fails on its
/// own. A customer who is named twice, or whom somebody else changes meanwhile, is taken in by a call of their own.
pub async fn ingest_batch(
    services: &Services,
    organization: &Arc<OrganizationSnapshot>,
    items: &[BatchItem],
) -> Vec<AppResult<Ingested>> {
    let mut answers: Vec<Option<AppResult<Ingested>>> = Vec::with_capacity(items.len());
    answers.resize_with(items.len(), || None);
    let mut seen = FxHashSet::default();
    let mut batch = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if !seen.insert(item.customer) {
            continue;
        }
        match prepare(services, organization, &item.events) {
            Ok(prepared) => batch.push((index, prepared)),
            Err(error) => answers[index] = Some(Err(error)),
        }
    }
    let loads: Vec<_> = batch
        .iter()
        .map(|(index, prepared)| EventLoad {
            organization: organization.id(),
            id: items[*index].customer,
            keys: prepared.iter().map(|event| event.key).collect(),
        })
        .collect();
    let loaded = match services.store.load_for_events(&loads).await {
        Ok(loaded) => loaded,
        Err(error) => {
            let text = error.to_string();
            let failed = || AppError::Store(crate::ports::StoreError::Internal(text.clone()));
            return answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(failed()))).collect();
        }
    };
    let mut writes = Vec::with_capacity(batch.len());
    let mut pending = Vec::with_capacity(batch.len());
    for ((index, prepared), loaded) in batch.iter().zip(loaded) {
        let Some(loaded) = loaded else {
            answers[*index] = Some(Err(AppError::CustomerNotFound));
            continue;
        };
        match decide(services, organization, prepared, loaded).await {
            Ok((Some(write), ingested)) => {
                writes.push(write);
                pending.push((*index, ingested));
            }
            Ok((None, ingested)) => answers[*index] = Some(Ok(ingested)),
            Err(error) => answers[*index] = Some(Err(error)),
        }
    }
    for ((index, ingested), result) in pending.into_iter().zip(services.store.commit(writes).await) {
        match result {
            Ok(()) => answers[index] = Some(Ok(ingested)),
            Err(CommitRefusal::Stale) => {}
            Err(refusal) => answers[index] = Some(Err(refusal.into())),
        }
    }
    let mut complete = Vec::with_capacity(items.len());
    for (item, answer) in items.iter().zip(answers) {
        complete.push(if let Some(answer) = answer {
            answer
        } else {
            let customer = CustomerSelector::Id(item.customer);
            ingest(services, organization, &customer, &item.events).await
        });
    }
    complete
}

/// A checked event, with its place in the log still open.
pub(crate) struct Prepared {
    key: EventKey,
    name: String,
    occurred_at: UnixMillis,
    received_at: UnixMillis,
    quantity: u32,
    context: Context,
    restricted_to: Option<CampaignId>,
}

fn prepare(
    services: &Services,
    organization: &OrganizationSnapshot,
    events: &[IncomingEvent],
) -> AppResult<Vec<Prepared>> {
    if events.is_empty() {
        return Err(AppError::Missing("events".to_owned()));
    }
    if events.len() > MAX_EVENTS_PER_REQUEST {
        return Err(AppError::invalid(format!("more than {MAX_EVENTS_PER_REQUEST} events in one request")));
    }
    let now = services.clock.now();
    events
        .iter()
        .map(|event| {
            check_shape(event)?;
            let occurred_at = event.occurred_at.unwrap_or(now);
            check_date(occurred_at, now)
                .map_err(|error| AppError::invalid(format!("event {:?}: {error}", event.name)))?;
            let restricted_to = match &event.campaign {
                None => None,
                Some(selector) => Some(find_campaign(organization, selector)?.campaign.id),
            };
            Ok(Prepared {
                key: key_of(services, event),
                name: event.name.clone(),
                occurred_at,
                received_at: now,
                quantity: event.quantity,
                context: event.context.clone(),
                restricted_to,
            })
        })
        .collect()
}

fn check_shape(event: &IncomingEvent) -> AppResult<()> {
    use muster_domain::event::ContextValue;
    let over = |what: &str, limit: usize| {
        Err(AppError::invalid(format!("event {:.40?}: {what} exceeds the limit of {limit}", event.name)))
    };
    if event.name.is_empty() {
        return Err(AppError::invalid("an event has an empty name"));
    }
    if event.name.len() > MAX_EVENT_NAME_BYTES {
        return over("the name's length in bytes", MAX_EVENT_NAME_BYTES);
    }
    if event.transaction_id.as_ref().is_some_and(|id| id.len() > MAX_TRANSACTION_ID_BYTES) {
        return over("the transaction_id's length in bytes", MAX_TRANSACTION_ID_BYTES);
    }
    if event.context.len() > MAX_CONTEXT_KEYS {
        return over("the number of context keys", MAX_CONTEXT_KEYS);
    }
    let long = |text: &str| text.len() > MAX_CONTEXT_TEXT_BYTES;
    let too_long = |(key, value): (&String, &ContextValue)| {
        long(key) || matches!(value, ContextValue::Text(text) if long(text))
    };
    if event.context.iter().any(too_long) {
        return over("a context text's length in bytes", MAX_CONTEXT_TEXT_BYTES);
    }
    if event.quantity == 0 {
        return Err(AppError::invalid(format!("event {:?}: the quantity must be at least 1", event.name)));
    }
    Ok(())
}

/// Events with a `transaction_id` are known by name and id; others are each their own.
fn key_of(services: &Services, event: &IncomingEvent) -> EventKey {
    let mut key = [0; 16];
    match &event.transaction_id {
        Some(transaction_id) => {
            let mut hasher = Sha256::new();
            hasher.update((event.name.len() as u64).to_be_bytes());
            hasher.update(event.name.as_bytes());
            hasher.update(transaction_id.as_bytes());
            key.copy_from_slice(&hasher.finalize()[..16]);
        }
        None => services.entropy.fill(&mut key),
    }
    EventKey(key)
}

/// What the new ones among the events do to the customer; `None` to write when all are repeats.
async fn decide(
    services: &Services,
    organization: &OrganizationSnapshot,
    prepared: &[Prepared],
    loaded: EventLoaded,
) -> AppResult<(Option<CustomerWrite>, Ingested)> {
    let past = past_events(services, organization, &loaded.stored).await?;
    let mut seen = FxHashSet::default();
    let fresh: Vec<&Prepared> = prepared
        .iter()
        .zip(&loaded.known)
        .filter(|(event, known)| !**known && seen.insert(event.key))
        .map(|(event, _)| event)
        .collect();
    let applied = match apply(services, organization, &fresh, &loaded.stored, &past, None) {
        Err(Trouble::NeedsLog(NeedsLog)) => {
            let log = services.store.events_of(organization.id(), loaded.stored.id, &[]).await?;
            apply(services, organization, &fresh, &loaded.stored, &past, Some(log))
        }
        other => other,
    };
    let applied = applied?;
    let Applied { customer, mut changes, notifications, events, outcomes, places } = applied;
    for event in prepared {
        // A repeat shows the current state without any effect.
        effects::mention(organization, &event.name, &mut changes);
    }
    changes.sort_by_key(effects::BehaviorChange::place);
    let accepted = fresh.len();
    if accepted == 0 {
        return Ok((None, Ingested { stored: loaded.stored, changes, notifications, accepted }));
    }
    let (mut write, stored) = replace(organization, &loaded.stored, customer);
    write.events = events;
    write.outcomes = outcomes;
    write.places = places;
    Ok((Some(write), Ingested { stored, changes, notifications, accepted }))
}

/// What a platform event does to a customer who is about to be stored for the first time.
pub(crate) fn take_in_new(
    services: &Services,
    organization: &OrganizationSnapshot,
    stored: &StoredCustomer,
    event_name: &str,
) -> AppResult<Applied> {
    let now = services.clock.now();
    let mut key = [0; 16];
    services.entropy.fill(&mut key);
    let prepared = Prepared {
        key: EventKey(key),
        name: event_name.to_owned(),
        occurred_at: now,
        received_at: now,
        quantity: 1,
        context: Context::new(),
        restricted_to: None,
    };
    // Nobody has a past before they exist, so the log is at hand: it is empty.
    Ok(apply(services, organization, &[&prepared], stored, &[], Some(Vec::new()))?)
}

pub(crate) enum Trouble {
    App(AppError),
    NeedsLog(NeedsLog),
}

impl From<Trouble> for AppError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::App(error) => error,
            Trouble::NeedsLog(_) => Self::Contended,
        }
    }
}

fn apply(
    services: &Services,
    organization: &OrganizationSnapshot,
    fresh: &[&Prepared],
    stored: &StoredCustomer,
    past: &[PastEvent],
    log: Option<Vec<Event>>,
) -> Result<Applied, Trouble> {
    let mut effects = Effects::new(services, organization, stored, past, log);
    for prepared in fresh {
        effects.take_in(prepared)?;
    }
    Ok(effects.finish())
}
