//! Counting views and clicks of a creative (contract N8).

use super::change_customer::{Change, change_customer, write_of};
use super::select::CustomerSelector;
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CreativeCount, StoredCustomer};
use crate::{AppError, AppResult, Services, tracking};
use muster_domain::campaign::{Campaign, CreativeContent, FrequencyCap};
use muster_domain::ids::{CreativeId, CustomerId};
use std::sync::Arc;
use uuid::Uuid;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// The creative was seen.
    Seen,
    /// It was clicked.
    Clicked,
}

/// Who a tracking URL is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackedCustomer {
    /// Named by the path or by a client token.
    Selected(CustomerSelector),
    /// Named by the `xsid` alone.
    TrackingId(Uuid),
}

/// What was counted, and where a click leads.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The campaign of the creative.
    pub campaign: Arc<Campaign>,
    /// The stored target of a tile's action; a redirect goes there and nowhere else.
    pub target: Option<String>,
}

/// Counts an interaction; `None` only checks the ids. Ids that do not belong together are answered as not found; after the campaign's reporting
/// end nothing is counted, the answer stays the same.
pub async fn track(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &TrackedCustomer,
    creative: CreativeId,
    stat: Uuid,
    interaction: Option<Interaction>,
) -> AppResult<Tracked> {
    let unknown = || unknown_creative(creative);
    let entry = organization.campaign_of_creative(creative).ok_or_else(unknown)?;
    let campaign = &entry.campaign;
    let group = campaign.group_of(creative).ok_or_else(unknown)?;
    let target = match &group.creative.content {
        CreativeContent::InternalTile { action, .. } => action.url.clone(),
        _ => None,
    };
    let tracked = Tracked { campaign: Arc::clone(campaign), target };
    let selector = match customer {
        TrackedCustomer::Selected(selector) => selector.clone(),
        TrackedCustomer::TrackingId(id) => {
            CustomerSelector::Id(customer_of_tracking_id(services, organization, *id).await?)
        }
    };
    let cap = group.creative.frequency_cap;
    let tracked = &tracked;
    change_customer(services, organization, &selector, |loaded: StoredCustomer| {
        Box::pin(async move {
            if tracking::stat_id(&organization.organization, loaded.id, &loaded.customer, creative) != stat {
                return Err(unknown_creative(creative));
            }
            let now = services.clock.now();
            let Some(interaction) = interaction.filter(|_| now < campaign.reporting_ends_at) else {
                return Ok(Change::Keep(tracked.clone()));
            };
            let mut write = write_of(organization, &loaded);
            let mut customer = loaded.customer;
            let impression = customer.impressions.entry(creative).or_default();
            let mut count = CreativeCount { campaign: campaign.id, creative, seen: 0, clicked: 0 };
            match interaction {
                Interaction::Seen => {
                    impression.seen = impression.seen.saturating_add(1);
                    count.seen = 1;
                    remember_view(&mut impression.recent, cap, now);
                }
                Interaction::Clicked => {
                    impression.clicked = impression.clicked.saturating_add(1);
                    count.clicked = 1;
                }
            }
            write.customer = Some(customer);
            write.counts.push(count);
            Ok(Change::Write(Box::new(write), tracked.clone()))
        })
    })
    .await
}

fn unknown_creative(creative: CreativeId) -> AppError {
    AppError::NotFound { what: "creative", id: creative.to_string() }
}

/// Keeps as many view times as the cap can ask for, oldest first.
fn remember_view(
    recent: &mut Vec<muster_domain::time::UnixMillis>,
    cap: Option<FrequencyCap>,
    now: muster_domain::time::UnixMillis,
) {
    let Some(cap) = cap else {
        recent.clear();
        return;
    };
    recent.push(now);
    let excess = recent.len().saturating_sub(cap.max_views as usize);
    recent.drain(..excess);
}

/// The customer whose tracking id this is. The id carries the customer id but for its last four bytes.
async fn customer_of_tracking_id(
    services: &Services,
    organization: &OrganizationSnapshot,
    tracking_id: Uuid,
) -> AppResult<CustomerId> {
    let candidates = services.store.customers_by_prefix(organization.id(), tracking_id).await?;
    candidates
        .into_iter()
        .find(|candidate| candidate.customer.tracking_id == tracking_id)
        .map(|found| found.id)
        .ok_or(AppError::CustomerNotFound)
}
