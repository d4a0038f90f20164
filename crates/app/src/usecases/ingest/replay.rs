//! Replaying a behavior over the logs of customers, as if it had always been there.

use super::effects::{Applied, Effects};
use super::{CustomerSelector, MAX_TRIES, load_customer, past_events, replace};
use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::ports::{CommitRefusal, CustomerWrite, StoredCustomer};
use crate::usecases::change_customer::commit_one;
use crate::{AppError, AppResult, Services};
use muster_domain::behavior::Behavior;
use muster_domain::event::{Context, Event, EventKey};
use muster_domain::ids::{BehaviorId, CampaignId, CustomerId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A behavior on its way through the customers' logs. It can be interrupted anywhere and begun again: what a
/// customer has been given is in the same write as the progress that says so.
pub struct Replay<'a> {
    services: &'a Services,
    organization: &'a OrganizationSnapshot,
    campaign: usize,
    behavior: usize,
    job: Uuid,
}

impl<'a> Replay<'a> {
    /// A replay on behalf of a job; `None` if the campaign or the behavior does not exist.
    pub fn new(
        services: &'a Services,
        organization: &'a OrganizationSnapshot,
        campaign: CampaignId,
        behavior: BehaviorId,
        job: Uuid,
    ) -> Option<Self> {
        let campaign = organization.campaigns.iter().position(|entry| entry.campaign.id == campaign)?;
        let behaviors = &organization.campaigns[campaign].campaign.behaviors;
        let behavior = behaviors.iter().position(|candidate| candidate.id == behavior)?;
        Some(Self { services, organization, campaign, behavior, job })
    }

    /// The definition that is replayed.
    pub fn behavior(&self) -> &Behavior {
        &self.entry().campaign.behaviors[self.behavior]
    }

    fn entry(&self) -> &'a CatalogCampaign {
        &self.organization.campaigns[self.campaign]
    }

    /// Replays for customers just read, in one commit where nobody interferes; says for how many anything changed.
    pub async fn page(&self, customers: Vec<StoredCustomer>) -> AppResult<u64> {
        let mut writes = Vec::new();
        let mut ids = Vec::new();
        for stored in customers {
            if let Some(write) = self.decide(&stored).await? {
                ids.push(stored.id);
                writes.push(write);
            }
        }
        let mut changed = 0;
        for (id, result) in ids.into_iter().zip(self.services.store.commit(writes).await) {
            match result {
                Ok(()) => changed += 1,
                Err(CommitRefusal::Stale) => changed += u64::from(self.one(id).await?),
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Ok(changed)
    }

    /// Replays for a customer whom somebody else is writing to.
    async fn one(&self, id: CustomerId) -> AppResult<bool> {
        let _turn = self.services.locks.lock(self.organization.id(), id).await;
        for _ in 0..MAX_TRIES {
            let loaded = load_customer(self.services, self.organization, &CustomerSelector::Id(id)).await;
            let stored = match loaded {
                // Deleted meanwhile: nobody is left to be given anything.
                Err(AppError::CustomerNotFound) => return Ok(false),
                other => other?,
            };
            let Some(write) = self.decide(&stored).await? else { return Ok(false) };
            match commit_one(self.services, write).await {
                Ok(()) => return Ok(true),
                Err(CommitRefusal::Stale) => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Err(AppError::Contended)
    }

    /// What the replay does to one customer; `None` if nothing.
    async fn decide(&self, stored: &StoredCustomer) -> AppResult<Option<CustomerWrite>> {
        let known = stored.customer.progress.contains_key(&self.behavior().id);
        if stored.customer.events_logged == 0 && !known {
            return Ok(None);
        }
        // Read after the customer: an event that arrives in between makes the write stale.
        let log = self.services.store.events_of(self.organization.id(), stored.id, &[]).await?;
        let past = past_events(self.services, self.organization, stored).await?;
        let mut effects = Effects::new(self.services, self.organization, stored, &past, Some(log));
        if !effects.replay(self.entry(), (self.campaign, self.behavior), &self.cause(stored.id))? {
            return Ok(None);
        }
        let Applied { customer, events, outcomes, places, .. } = effects.finish();
        let (mut write, _) = replace(self.organization, stored, customer);
        write.events = events;
        write.outcomes = outcomes;
        write.places = places;
        Ok(Some(write))
    }

    /// Stands for the replay where an event is the cause of outcomes. It is logged nowhere.
    fn cause(&self, customer: CustomerId) -> Event {
        let now = self.services.clock.now();
        let mut hasher = Sha256::new();
        hasher.update(b"replay");
        hasher.update(self.job.as_bytes());
        hasher.update(customer.0.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize()[..16]);
        Event {
            key: EventKey(key),
            sequence: 0,
            name: crate::usecases::authoring::replay::REPLAY_JOB.to_owned(),
            occurred_at: now,
            received_at: now,
            quantity: 1,
            context: Context::new(),
            restricted_to: None,
            admitted: Vec::new(),
        }
    }
}
