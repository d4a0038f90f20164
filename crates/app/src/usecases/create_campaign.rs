//! Creating a campaign through the engagement contract (C1): the shell of a campaign, without behaviors and
//! creatives, which authoring adds.

use crate::catalog::OrganizationSnapshot;
use crate::ports::{CatalogWrite, Expected};
use crate::{AppError, AppResult, Services};
use muster_domain::audience::Targeting;
use muster_domain::campaign::{
    AdBundle, Campaign, CampaignStatus, CampaignType, DEFAULT_REPORTING_DAYS, LineItem, OptIn,
};
use muster_domain::ids::{CampaignId, DivisionId, LineItemId};
use muster_domain::time::{UnixMillis, Window};
use serde_json::{Map, Value};

/// Priority of a campaign about which nothing else was said.
pub const DEFAULT_WEIGHT: i64 = 5;

/// What the caller asks for; what is left out gets the contract's default.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCampaign {
    /// Unique name.
    pub name: String,
    /// Where it starts in its life.
    pub status: CampaignStatus,
    /// When it runs.
    pub window: Window,
    /// The client's own id; `None` gets a GUID.
    pub permalink: Option<String>,
    /// `None` is a promotion.
    pub campaign_type: Option<CampaignType>,
    /// Client data.
    pub metadata: Map<String, Value>,
    /// Customers must opt in.
    pub opt_in_required: bool,
    /// `None` is the start of the run window.
    pub opt_in_starts_at: Option<UnixMillis>,
    /// `None` is the end of the run window.
    pub opt_in_ends_at: Option<UnixMillis>,
    /// `None` is 45 days after the run window.
    pub reporting_ends_at: Option<UnixMillis>,
    /// Who it is for.
    pub targeting: Option<Targeting>,
    /// Documents targeting.
    pub qualify_tag: Option<String>,
    /// Documents targeting.
    pub disqualify_tag: Option<String>,
    /// The division it belongs to.
    pub division: Option<DivisionId>,
}

/// Creates the campaign with its one ad bundle and one line item.
pub async fn create_campaign(
    services: &Services,
    organization: &OrganizationSnapshot,
    new: NewCampaign,
) -> AppResult<Campaign> {
    check_division(services, organization, new.division.as_ref())?;
    let now = services.clock.now();
    let window = new.window;
    let opt_in_window = Window {
        starts_at: new.opt_in_starts_at.unwrap_or(window.starts_at),
        ends_at: new.opt_in_ends_at.unwrap_or(window.ends_at),
    };
    let reporting_days = DEFAULT_REPORTING_DAYS * 24 * 3600;
    let mut campaign = Campaign {
        id: CampaignId(0),
        permalink: new.permalink.unwrap_or_else(|| services.entropy.uuid().to_string()),
        name: new.name,
        status: new.status,
        window,
        campaign_type: new.campaign_type.unwrap_or(CampaignType::Promotion),
        metadata: new.metadata,
        total_budget: 0,
        weight: DEFAULT_WEIGHT,
        ssap_name: None,
        reporting_ends_at: new
            .reporting_ends_at
            .unwrap_or_else(|| window.ends_at.plus_seconds(reporting_days)),
        opt_in: OptIn { required: new.opt_in_required, window: opt_in_window, limit: None },
        bundle: AdBundle {
            targeting: new.targeting,
            qualify_tag: new.qualify_tag,
            disqualify_tag: new.disqualify_tag,
        },
        line_items: vec![LineItem { id: LineItemId(0), name: "Line item".to_owned(), groups: Vec::new() }],
        behaviors: Vec::new(),
        offers: Vec::new(),
        division: new.division,
        version: 2,
        created_at: now,
        updated_at: now,
    };
    campaign.validate().map_err(|error| AppError::invalid(error.to_string()))?;
    // Cheap refusals come before an id is spent; the store has the last word in its transaction.
    if organization.campaigns.iter().any(|entry| entry.campaign.name == campaign.name) {
        return Err(AppError::Duplicate { what: "name", value: campaign.name });
    }
    if organization.campaign_by_permalink(&campaign.permalink).is_some() {
        return Err(AppError::Duplicate { what: "external_id", value: campaign.permalink });
    }
    let first = services.store.allocate_ids(organization.id(), 2).await?;
    campaign.id = CampaignId(first);
    campaign.line_items[0].id = LineItemId(first + 1);
    let write = CatalogWrite::Campaign { campaign: Box::new(campaign.clone()), expected: Expected::Absent };
    services.store.write_catalog(organization.id(), vec![write]).await?;
    services.catalog.reload(organization.id()).await?;
    Ok(campaign)
}

fn check_division(
    services: &Services,
    organization: &OrganizationSnapshot,
    division: Option<&DivisionId>,
) -> AppResult<()> {
    let Some(division) = division else { return Ok(()) };
    if organization.divisions.contains_key(division) {
        return Ok(());
    }
    let elsewhere =
        services.catalog.organizations().iter().any(|other| other.divisions.contains_key(division));
    let text = format!("division {division}");
    Err(if elsewhere { AppError::ParentElsewhere(text) } else { AppError::ParentNotFound(text) })
}
