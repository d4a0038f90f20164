//! Campaigns with everything below them, written as a whole.

use super::{
    AuthoringError, AuthoringResult, MAX_TRIES, Remember, Versioned, commit_if, current, guarded, ids,
};
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CatalogWrite, Expected};
use crate::usecases::render_creative::check_template;
use crate::{AppError, Services};
use muster_domain::behavior::Behavior;
use muster_domain::campaign::{Campaign, CampaignStatus, CreativeContent, MessageStatus};
use muster_domain::ids::{CampaignId, OrganizationId};
use muster_domain::time::UnixMillis;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Creates a campaign. Ids below one are made, see [`ids`]; an empty permalink, an empty `external_id` of a behavior
/// and empty GUIDs of a deal are made too.
pub async fn create(
    services: &Services,
    organization: OrganizationId,
    draft: Campaign,
    remember: Remember<'_, Versioned<Campaign>>,
) -> AuthoringResult<Versioned<Campaign>> {
    write(services, organization, remember, |_| Ok((draft.clone(), None))).await
}

/// Replaces the campaign of the draft's id, which must have the version that the caller knows.
pub async fn replace(
    services: &Services,
    organization: OrganizationId,
    draft: Campaign,
    version: u64,
    remember: Remember<'_, Versioned<Campaign>>,
) -> AuthoringResult<Versioned<Campaign>> {
    alter(services, organization, draft.id, Some(version), remember, |_| Ok(draft.clone())).await
}

/// Changes a part of a campaign: reads it, lets `change` say what becomes of it, and writes it back. With `version`
/// the caller must know the stored one.
pub async fn alter(
    services: &Services,
    organization: OrganizationId,
    id: CampaignId,
    version: Option<u64>,
    remember: Remember<'_, Versioned<Campaign>>,
    change: impl Fn(&Campaign) -> AuthoringResult<Campaign>,
) -> AuthoringResult<Versioned<Campaign>> {
    write(services, organization, remember, |snapshot| {
        let entry = snapshot.campaign(id).ok_or(AppError::CampaignNotFound)?;
        check_version(entry.version, version)?;
        let draft = change(&entry.campaign)?;
        Ok((draft, Some((Arc::clone(&entry.campaign), entry.version))))
    })
    .await
}

/// A draft, and the stored campaign that it replaces with its version.
type Drafted = (Campaign, Option<(Arc<Campaign>, u64)>);

async fn write(
    services: &Services,
    organization: OrganizationId,
    remember: Remember<'_, Versioned<Campaign>>,
    decide: impl Fn(&OrganizationSnapshot) -> AuthoringResult<Drafted>,
) -> AuthoringResult<Versioned<Campaign>> {
    let _turn = services.authoring.lock().await;
    for _ in 0..MAX_TRIES {
        let snapshot = current(services, organization).await?;
        let (draft, stored) = decide(&snapshot)?;
        let before = stored.as_ref().map(|(campaign, _)| &**campaign);
        check_names(&snapshot, &draft, before)?;
        let value = prepare(services, &snapshot, draft, before).await?;
        let known = stored.as_ref().map(|(_, version)| *version);
        let written = Versioned { value, version: known.unwrap_or(0) + 1 };
        let change = CatalogWrite::Campaign {
            campaign: Box::new(written.value.clone()),
            expected: known.map_or(Expected::Absent, Expected::Version),
        };
        if let Some(()) = commit_if(services, &snapshot, remember(&written), vec![change]).await? {
            return Ok(written);
        }
    }
    Err(AppError::Contended.into())
}

/// Deletes a campaign with its counters. What customers did stays in their logs.
pub async fn delete(
    services: &Services,
    organization: OrganizationId,
    id: CampaignId,
    version: Option<u64>,
    remember: Remember<'_, ()>,
) -> AuthoringResult<()> {
    guarded(services, organization, |snapshot| {
        let entry = snapshot.campaign(id).ok_or(AppError::CampaignNotFound)?;
        check_version(entry.version, version)?;
        let write = CatalogWrite::DeleteCampaign { id, expected: Expected::Version(entry.version) };
        Ok((remember(&()), vec![write], ()))
    })
    .await
}

fn check_version(stored: u64, known: Option<u64>) -> AuthoringResult<()> {
    match known {
        Some(known) if known != stored => Err(AuthoringError::stale("campaign")),
        _ => Ok(()),
    }
}

/// Cheap refusals, before ids are spent; the store has the last word in its transaction.
fn check_names(
    organization: &OrganizationSnapshot,
    campaign: &Campaign,
    stored: Option<&Campaign>,
) -> AuthoringResult<()> {
    let others = organization
        .campaigns
        .iter()
        .map(|entry| &entry.campaign)
        .filter(|other| stored.is_none_or(|stored| stored.id != other.id));
    for other in others {
        if other.name == campaign.name {
            return Err(AppError::Duplicate { what: "name", value: campaign.name.clone() }.into());
        }
        if other.permalink == campaign.permalink {
            let value = campaign.permalink.clone();
            return Err(AppError::Duplicate { what: "permalink", value }.into());
        }
    }
    Ok(())
}

/// Everything between a draft and the campaign that is written: generated values, rules, references, ids.
pub(super) async fn prepare(
    services: &Services,
    organization: &OrganizationSnapshot,
    draft: Campaign,
    stored: Option<&Campaign>,
) -> AuthoringResult<Campaign> {
    let now = services.clock.now();
    let mut campaign = settle(draft, stored, now)?;
    let retailer = retailer_id(organization.id());
    fill_blanks(&mut campaign, &retailer, || services.entropy.uuid().to_string());
    campaign.validate()?;
    check_pages(&campaign)?;
    check_references(organization, &campaign)?;
    ids::check(organization, &campaign, stored)?;
    let largest = ids::largest(&campaign);
    if stored.is_none_or(|stored| ids::largest(stored) < largest) {
        services.store.reserve_ids_through(organization.id(), largest).await?;
    }
    let missing = ids::missing(&campaign);
    if missing > 0 {
        let first = services.store.allocate_ids(organization.id(), missing).await?;
        ids::fill(&mut campaign, first);
    }
    Ok(campaign)
}

/// What follows from a draft and the stored campaign without asking anybody: life cycle, launch, dates of record.
/// Planning a change calls it too, so that a plan shows what the change will do.
pub fn settle(
    mut campaign: Campaign,
    stored: Option<&Campaign>,
    now: UnixMillis,
) -> AuthoringResult<Campaign> {
    if let Some(stored) = stored
        && !stored.status.may_become(campaign.status)
    {
        return Err(AuthoringError::Transition { from: stored.status, to: campaign.status });
    }
    let launches = campaign.status == CampaignStatus::Live
        && stored
            .is_none_or(|stored| matches!(stored.status, CampaignStatus::Draft | CampaignStatus::InReview));
    if launches {
        for group in campaign.line_items.iter_mut().flat_map(|item| &mut item.groups) {
            let status = &mut group.creative.status;
            if matches!(status, MessageStatus::Draft | MessageStatus::Pending) {
                *status = MessageStatus::Active;
            }
        }
    }
    campaign.created_at = stored.map_or(now, |stored| stored.created_at);
    campaign.updated_at = now;
    for behavior in &mut campaign.behaviors {
        let before = stored.and_then(|stored| stored.behavior(behavior.id));
        behavior.published_at = match before {
            Some(before) if same_rules(before, behavior) => before.published_at,
            _ => now,
        };
    }
    Ok(campaign)
}

/// Whether the draft would be written, as far as that can be said without asking the store: [`settle`]d and held to
/// the rules. What would be generated is still missing in the result, and ids are placeholders.
pub fn preview(draft: Campaign, stored: Option<&Campaign>, now: UnixMillis) -> AuthoringResult<Campaign> {
    let settled = settle(draft, stored, now)?;
    let mut complete = settled.clone();
    let mut number = 0;
    fill_blanks(&mut complete, "retailer", || {
        number += 1;
        format!("to be made ({number})")
    });
    complete.validate()?;
    check_pages(&complete)?;
    Ok(settled)
}

/// Whether two definitions judge events alike. Names, points and outcomes may differ: they change what an
/// achievement gives, not which events count.
/// Every page can be rendered.
fn check_pages(campaign: &Campaign) -> AuthoringResult<()> {
    for (item, line_item) in campaign.line_items.iter().enumerate() {
        for (index, group) in line_item.groups.iter().enumerate() {
            let (CreativeContent::InternalFullPage { html } | CreativeContent::InternalBehavior { html }) =
                &group.creative.content
            else {
                continue;
            };
            check_template(html).map_err(|reason| {
                AppError::invalid(format!("line_items[{item}].groups[{index}].creative.html: {reason}"))
            })?;
        }
    }
    Ok(())
}

fn same_rules(a: &Behavior, b: &Behavior) -> bool {
    a.rule == b.rule
        && a.event_name == b.event_name
        && a.max_times_repeatable == b.max_times_repeatable
        && a.max_times_repeatable_per_period == b.max_times_repeatable_per_period
        && a.period_s == b.period_s
        && a.min_time_between_events_s == b.min_time_between_events_s
        && a.consecutive == b.consecutive
}

/// Puts what `make` makes where an identifier was left empty.
fn fill_blanks(campaign: &mut Campaign, retailer: &str, mut make: impl FnMut() -> String) {
    let mut fill = |text: &mut String| {
        if text.is_empty() {
            *text = make();
        }
    };
    fill(&mut campaign.permalink);
    for behavior in &mut campaign.behaviors {
        fill(&mut behavior.external_id);
    }
    for deal in campaign.offers.iter_mut().filter_map(|offer| offer.deal.as_mut()) {
        fill(&mut deal.id);
        if deal.root_offer_id.is_empty() {
            deal.root_offer_id.clone_from(&deal.id);
        }
        if deal.retailer_id.is_empty() {
            retailer.clone_into(&mut deal.retailer_id);
        }
        for text in &mut deal.offer_text {
            fill(&mut text.id);
            if text.offer_id.is_empty() {
                text.offer_id.clone_from(&deal.id);
            }
        }
        for media in &mut deal.offer_media {
            fill(&mut media.id);
        }
    }
}

/// The organization as a retailer of the offers' vocabulary: the same GUID every time.
fn retailer_id(organization: OrganizationId) -> String {
    let digest = Sha256::digest(format!("retailer {organization}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

fn check_references(organization: &OrganizationSnapshot, campaign: &Campaign) -> AuthoringResult<()> {
    match &campaign.division {
        Some(division) if !organization.divisions.contains_key(division) => {
            let reason = format!("the organization has no division {:?}", division.0);
            Err(AuthoringError::field("division", reason))
        }
        _ => Ok(()),
    }
}
