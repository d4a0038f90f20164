//! Which campaigns a customer may see, and how far along they are.

use super::select::{CampaignSelector, CustomerSelector, find_campaign, load_customer};
use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::ports::StoredCustomer;
use crate::{AppResult, Services};
use muster_domain::audience::{Facts, PastEvent};
use muster_domain::campaign::{Group, Participation, participation, shows};
use muster_domain::ids::DivisionId;
use muster_domain::time::UnixMillis;
use std::sync::Arc;

/// One customer before one organization's campaigns, at one instant. Loaded once for a request; every question
/// after that is answered from memory.
pub struct CustomerView {
    /// The configuration in force.
    pub organization: Arc<OrganizationSnapshot>,
    /// The customer.
    pub stored: StoredCustomer,
    /// The instant that the answers are about.
    pub now: UnixMillis,
    events: Vec<PastEvent>,
}

/// A campaign with the customer's place in it.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// The campaign.
    pub entry: &'a CatalogCampaign,
    /// The customer's place.
    pub participation: Participation,
}

/// Which campaigns a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EligibilityFilter {
    /// Only those the customer is eligible for.
    #[default]
    Eligible,
    /// Only active ones the customer does not qualify for.
    Ineligible,
    /// All active ones.
    All,
}

impl EligibilityFilter {
    /// Whether an active campaign with that verdict passes.
    pub const fn admits(self, qualified: bool) -> bool {
        match self {
            Self::Eligible => qualified,
            Self::Ineligible => !qualified,
            Self::All => true,
        }
    }
}

/// Loads the customer and what targeting may ask about them.
pub async fn view_customer(
    services: &Services,
    organization: Arc<OrganizationSnapshot>,
    selector: &CustomerSelector,
) -> AppResult<CustomerView> {
    let stored = load_customer(services, &organization, selector).await?;
    view_stored(services, organization, stored).await
}

/// The view of a customer already loaded.
pub async fn view_stored(
    services: &Services,
    organization: Arc<OrganizationSnapshot>,
    stored: StoredCustomer,
) -> AppResult<CustomerView> {
    let events = past_events(services, &organization, &stored).await?;
    Ok(CustomerView { organization, stored, now: services.clock.now(), events })
}

/// The past events that the organization's targeting counts; reads the log only if some query asks.
pub(crate) async fn past_events(
    services: &Services,
    organization: &OrganizationSnapshot,
    stored: &StoredCustomer,
) -> AppResult<Vec<PastEvent>> {
    let names = organization.asked_events();
    if names.is_empty() || stored.customer.events_logged == 0 {
        return Ok(Vec::new());
    }
    let log = services.store.events_of(organization.id(), stored.id, names).await?;
    Ok(log
        .into_iter()
        .map(|event| PastEvent { name: event.name, occurred_at: event.occurred_at, quantity: event.quantity })
        .collect())
}

impl CustomerView {
    /// What targeting sees.
    pub fn facts(&self) -> Facts<'_> {
        Facts { customer: &self.stored.customer, events: &self.events, now: self.now }
    }

    /// Active campaigns that pass the filter, in list order.
    pub fn active(&self, filter: EligibilityFilter) -> impl Iterator<Item = Decision<'_>> {
        self.admitted(filter).map(|(entry, qualified)| self.place(entry, qualified))
    }

    /// A slice of the active campaigns that pass the filter and lie in the divisions, in list order. Places are
    /// worked out for the slice alone.
    pub fn slice(
        &self,
        filter: EligibilityFilter,
        divisions: Option<&[DivisionId]>,
        offset: usize,
        limit: usize,
    ) -> impl Iterator<Item = Decision<'_>> {
        self.admitted(filter)
            .filter(move |(entry, _)| in_divisions(&self.organization, entry, divisions))
            .skip(offset)
            .take(limit)
            .map(|(entry, qualified)| self.place(entry, qualified))
    }

    fn admitted(&self, filter: EligibilityFilter) -> impl Iterator<Item = (&CatalogCampaign, bool)> {
        let decided = self.organization.decide(&self.facts());
        decided.filter(move |(_, qualified)| filter.admits(*qualified))
    }

    /// The customer's place in one campaign of whatever status.
    pub fn one<'a>(&'a self, entry: &'a CatalogCampaign) -> Decision<'a> {
        self.place(entry, self.organization.qualifies(entry, &self.facts()))
    }

    /// The campaign a request names, with the customer's place in it.
    pub fn find(&self, selector: &CampaignSelector) -> AppResult<Decision<'_>> {
        find_campaign(&self.organization, selector).map(|entry| self.one(entry))
    }

    /// The groups whose creative is shown to the customer, in order of creative id.
    pub fn shown_groups<'a>(&'a self, decision: &Decision<'a>, locale: Option<&str>) -> Vec<&'a Group> {
        let facts = self.facts();
        let campaign = &decision.entry.campaign;
        let mut groups: Vec<_> = campaign.groups().filter(|group| shows(group, &facts, locale)).collect();
        groups.sort_by_key(|group| group.creative.id);
        groups
    }

    fn place<'a>(&self, entry: &'a CatalogCampaign, qualified: bool) -> Decision<'a> {
        let participation = participation(&entry.campaign, &self.stored.customer, qualified, self.now);
        Decision { entry, participation }
    }
}

/// Keeps campaigns of the named divisions. Without multi-org the parameter is ignored; a campaign without a
/// division is left out while the filter is on (contract §2.7).
pub fn in_divisions(
    organization: &OrganizationSnapshot,
    entry: &CatalogCampaign,
    divisions: Option<&[DivisionId]>,
) -> bool {
    match divisions {
        Some(wanted) if organization.organization.multi_org => {
            entry.campaign.division.as_ref().is_some_and(|division| wanted.contains(division))
        }
        _ => true,
    }
}
