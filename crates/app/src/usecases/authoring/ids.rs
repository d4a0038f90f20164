//! Identifiers within a campaign: given by the author, kept from before, or made.
//!
//! A draft spells "still to be made" with an id below zero. Drafts number them as they like, as long as each is
//! used for one entity of its kind; a triggered delivery names its behavior by the same placeholder.

use super::{AuthoringError, AuthoringResult};
use crate::catalog::OrganizationSnapshot;
use muster_domain::campaign::{Campaign, Delivery};
use muster_domain::ids::{BehaviorId, CampaignId};
use std::collections::{BTreeMap, BTreeSet};

/// Largest id an author may choose. Those that are made come after it and still fit every client's integers.
pub const MAX_GIVEN_ID: i64 = 1_000_000_000_000;

/// Every id of the campaign with the kind of entity it names.
fn each(campaign: &Campaign) -> Vec<(&'static str, i64)> {
    let mut ids = vec![("campaign", campaign.id.0)];
    ids.extend(campaign.behaviors.iter().map(|behavior| ("behavior", behavior.id.0)));
    ids.extend(campaign.offers.iter().map(|offer| ("offer", offer.id.0)));
    for item in &campaign.line_items {
        ids.push(("line item", item.id.0));
        for group in &item.groups {
            ids.push(("group", group.id.0));
            ids.push(("creative", group.creative.id.0));
        }
    }
    ids
}

fn each_mut(campaign: &mut Campaign) -> impl Iterator<Item = &mut i64> {
    let items = campaign.line_items.iter_mut().flat_map(|item| {
        let below = item.groups.iter_mut().flat_map(|group| [&mut group.id.0, &mut group.creative.id.0]);
        std::iter::once(&mut item.id.0).chain(below)
    });
    std::iter::once(&mut campaign.id.0)
        .chain(campaign.behaviors.iter_mut().map(|behavior| &mut behavior.id.0))
        .chain(campaign.offers.iter_mut().map(|offer| &mut offer.id.0))
        .chain(items)
}

/// How many ids have to be made.
pub(super) fn missing(campaign: &Campaign) -> u32 {
    each(campaign).iter().filter(|(_, id)| *id <= 0).count() as u32
}

/// Whether the campaign keeps placeholders.
pub fn is_placeholder(id: i64) -> bool {
    id <= 0
}

/// The largest id that is not a placeholder.
pub(super) fn largest(campaign: &Campaign) -> i64 {
    each(campaign).iter().map(|(_, id)| *id).max().unwrap_or(0)
}

/// Puts `first`, `first + 1`, … where ids are missing.
pub(super) fn fill(campaign: &mut Campaign, first: i64) {
    let mut behaviors = BTreeMap::new();
    let before: Vec<BehaviorId> = campaign.behaviors.iter().map(|behavior| behavior.id).collect();
    for (made, id) in (first..).zip(each_mut(campaign).filter(|id| **id <= 0)) {
        *id = made;
    }
    for (old, behavior) in before.into_iter().zip(&campaign.behaviors) {
        behaviors.insert(old, behavior.id);
    }
    for group in campaign.line_items.iter_mut().flat_map(|item| &mut item.groups) {
        if let Delivery::Triggered { achievement_id } = &mut group.creative.delivery
            && let Some(made) = behaviors.get(achievement_id)
        {
            *achievement_id = *made;
        }
    }
}

/// Refuses ids that are beyond the range, and ids that another campaign of the organization has for the same kind
/// of entity: progress, views and choices are kept by them. Ids that the stored campaign has already are fine.
pub(super) fn check(
    organization: &OrganizationSnapshot,
    campaign: &Campaign,
    stored: Option<&Campaign>,
) -> AuthoringResult<()> {
    let kept: BTreeSet<_> = stored.map(each).unwrap_or_default().into_iter().collect();
    let given: Vec<_> =
        each(campaign).into_iter().filter(|entry| entry.1 > 0 && !kept.contains(entry)).collect();
    if given.is_empty() {
        return Ok(());
    }
    if let Some((what, id)) = given.iter().find(|(_, id)| *id > MAX_GIVEN_ID) {
        return Err(AuthoringError::field("id", format!("{what} id {id} is beyond {MAX_GIVEN_ID}")));
    }
    let own: Option<CampaignId> = stored.map(|stored| stored.id);
    let taken: BTreeSet<_> = organization
        .campaigns
        .iter()
        .filter(|entry| Some(entry.campaign.id) != own)
        .flat_map(|entry| each(&entry.campaign))
        .collect();
    match given.iter().find(|entry| taken.contains(entry)) {
        Some((what, id)) => {
            Err(crate::AppError::Duplicate { what: id_of(what), value: id.to_string() }.into())
        }
        None => Ok(()),
    }
}

fn id_of(what: &str) -> &'static str {
    match what {
        "campaign" => "campaign id",
        "behavior" => "behavior id",
        "offer" => "offer id",
        "line item" => "line item id",
        "group" => "group id",
        _ => "creative id",
    }
}
