//! What nobody waits for: contacts that were left in hand, and what is left of deleted campaigns.

use super::loaded::Loaded;
use super::{CallSettings, Shared};
use muster_app::Services;
use muster_app::ports::{CallRefusal, CallWrite, StoreResult};
use muster_app::usecases::dialler::incoming_call;
use muster_domain::calls::call::CallOutcome;
use muster_domain::participant::ParticipantStatus;
use std::sync::Arc;
use std::time::Duration;

/// Contacts or rows of one pass.
const BATCH: u32 = 500;
const PURGED: u32 = 2_000;
/// Pause between passes that found nothing.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause between passes that found something, so that whoever is waited for is not held up.
const MORE_PAUSE: Duration = Duration::from_millis(20);

/// Works until it is dropped. Every node does it, one that places no calls too.
pub async fn keep_up_forever(services: Arc<Services>) {
    let shared = Shared::new(services, CallSettings::default());
    loop {
        let more = match pass(&shared).await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "contacts left in hand could not be looked at; trying again");
                false
            }
        };
        tokio::time::sleep(if more { MORE_PAUSE } else { PAUSE }).await;
    }
}

async fn pass(shared: &Shared) -> StoreResult<bool> {
    let purged = shared.services.calls.purge(PURGED).await?;
    let now = shared.services.clock.now();
    let left = shared.services.calls.run_out(now, BATCH).await?;
    let more = purged > 0 || left.len() as u32 >= BATCH;
    for found in left {
        let mut contact = found.value;
        if contact.status == ParticipantStatus::Wait {
            let Some(campaign) = shared.services.calls.campaign(contact.campaign).await? else { continue };
            if let Some(loaded) = Loaded::read(shared, campaign, 0).await? {
                shared.miss_result(&loaded, contact.id).await?;
            }
            continue;
        }
        let mut writes = Vec::new();
        if let Some(id) = contact.open_call
            && let Some(mut call) = shared.services.calls.call(id).await?
            && call.is_open()
        {
            call.outcome = Some(CallOutcome::Unknown);
            call.ended_at = Some(now);
            "nobody told its end".clone_into(&mut call.reason);
            writes.push(CallWrite::Call(Box::new(call)));
        }
        contact.give_back(None, now);
        writes.push(CallWrite::Contact { contact: Box::new(contact), version: found.version, now });
        // Refused otherwise, somebody has just taken it up; all the better.
        if let Err(CallRefusal::Store(error)) = shared.services.calls.commit(writes).await {
            return Err(error);
        }
    }
    Ok(more)
}

impl Shared {
    /// Somebody called in: contacts of that number are closed, in every client account whose campaign says so.
    pub(super) async fn called_in(&self, caller: &str) {
        let clients = match self.services.calls.clients(None).await {
            Ok(clients) => clients,
            Err(error) => {
                tracing::warn!(%error, "somebody called in, and the client accounts could not be read");
                return;
            }
        };
        for client in clients {
            if let Err(error) = incoming_call(&self.services, client.id, caller).await {
                tracing::warn!(%error, client = %client.id, "contacts of somebody who called in could not be closed");
            }
        }
    }
}
