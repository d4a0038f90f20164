//! Opting a customer into a campaign and out of it (contract C2, N4).

use super::change_customer::{Change, change_customer, write_of};
use super::decide::past_events;
use super::select::{CampaignSelector, CustomerSelector, find_campaign, load_customer};
use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::ports::{CustomerWrite, OutboxEntry, PlaceChange, StoredCustomer};
use crate::{AppError, AppResult, Services};
use muster_domain::audience::Facts;
use muster_domain::campaign::{OptInRefusal, check_opt_in};
use muster_domain::customer::{Customer, OptInChoice};
use muster_domain::ids::CustomerId;
use muster_domain::time::UnixMillis;
use serde_json::json;

/// Which way the customer chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// To take part.
    In,
    /// Not to.
    Out,
}

/// Makes the choice. Repeating one succeeds and takes no second place; the last place under a limit is given once,
/// because the store takes it in the transaction that records the choice.
///
/// Checks in the contract's order: customer, campaign, opt-in enabled, eligibility, window, limit.
pub async fn choose(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &CustomerSelector,
    campaign: &CampaignSelector,
    choice: Choice,
) -> AppResult<()> {
    // The customer comes first in the order of checks, even when the campaign is unknown too.
    load_customer(services, organization, customer).await?;
    let entry = find_campaign(organization, campaign)?;
    change_customer(services, organization, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            let now = services.clock.now();
            let events = past_events(services, organization, &loaded).await?;
            let facts = Facts { customer: &loaded.customer, events: &events, now };
            check(organization, entry, &facts, choice)?;
            let mut write = write_of(organization, &loaded);
            let mut customer = loaded.customer;
            if record(services, entry, loaded.id, &mut customer, choice, now, &mut write) {
                write.customer = Some(customer);
                Ok(Change::Write(Box::new(write), ()))
            } else {
                Ok(Change::Keep(()))
            }
        })
    })
    .await
}

/// Everything about the choice but the limit.
pub(crate) fn check(
    organization: &OrganizationSnapshot,
    entry: &CatalogCampaign,
    facts: &Facts<'_>,
    choice: Choice,
) -> AppResult<()> {
    let campaign = &entry.campaign;
    // The contract knows no anonymous opt-in (question Q23).
    if facts.customer.is_anonymous() {
        return Err(AppError::RegisteredCustomerRequired);
    }
    match choice {
        Choice::In => {
            check_opt_in(campaign, organization.qualifies(entry, facts), facts.now).map_err(AppError::OptIn)
        }
        Choice::Out if campaign.opt_in.required => Ok(()),
        Choice::Out => Err(AppError::OptIn(OptInRefusal::NotRequired)),
    }
}

/// Writes the choice down; `false` if it already stood.
pub(crate) fn record(
    services: &Services,
    entry: &CatalogCampaign,
    id: CustomerId,
    customer: &mut Customer,
    choice: Choice,
    now: UnixMillis,
    write: &mut CustomerWrite,
) -> bool {
    let campaign = &entry.campaign;
    let opted_in = choice == Choice::In;
    let before = customer.choices.get(&campaign.id).map(|choice| choice.opted_in);
    if before == Some(opted_in) {
        return false;
    }
    customer.choices.insert(campaign.id, OptInChoice { opted_in, at: now });
    let delta = match (before, choice) {
        (_, Choice::In) => Some((1, campaign.opt_in.limit)),
        (Some(true), Choice::Out) => Some((-1, None)),
        (_, Choice::Out) => None,
    };
    if let Some((delta, limit)) = delta {
        write.places.push(PlaceChange { campaign: campaign.id, delta, limit });
    }
    write.outcomes.push(OutboxEntry {
        id: time_ordered_id(services, now),
        customer: id,
        kind: if opted_in { "campaign.opted_in" } else { "campaign.opted_out" }.to_owned(),
        payload: json!({ "campaign_id": campaign.id, "permalink": campaign.permalink }),
        created_at: now,
    });
    true
}

/// A time-ordered (version 7) GUID from the injected clock and randomness.
pub(crate) fn time_ordered_id(services: &Services, now: UnixMillis) -> uuid::Uuid {
    let mut random = [0; 10];
    services.entropy.fill(&mut random);
    let millis = u64::try_from(now.0).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
