//! The three shapes of a campaign: as configured (C1, C8), as listed by v1 (C3), as listed and shown by v2 (C5–C7).

use super::behaviors::{BehaviorMap, Form, ProgressObject};
use super::creative::{Creatives, Promotion, Stage, Template, Tile};
use super::dates::{D1, D2};
use super::offers::Offers;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::usecases::decide::Decision;
use muster_domain::audience::Targeting;
use muster_domain::campaign::{Campaign, DEFAULT_REPORTING_DAYS, Group, ParticipationState};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The division of a campaign, if the organization uses divisions (§2.7).
pub(crate) fn division_id<'a>(
    organization: &OrganizationSnapshot,
    campaign: &'a Campaign,
) -> Option<&'a str> {
    let division = campaign.division.as_ref().filter(|_| organization.organization.multi_org);
    division.map(|division| division.0.as_str())
}

/// Optional attributes that are written although they have the value they would have anyway.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shown {
    pub(crate) optin_required: bool,
    pub(crate) opt_in_starts_at: bool,
    pub(crate) opt_in_ends_at: bool,
    pub(crate) reporting_ends_at: bool,
    pub(crate) ssap_name: bool,
}

/// A campaign as it was configured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(crate) struct ConfiguredCampaign<'a> {
    id: i64,
    /// The client's own id, or a generated GUID; the permalink of other methods.
    external_id: &'a str,
    name: &'a str,
    /// `live`, `paused`, `draft`, `inreview` or `completed`.
    #[schema(example = "live")]
    status: &'static str,
    starts_at: D1,
    ends_at: D1,
    /// `promotion` or `messaging`.
    #[schema(example = "promotion")]
    campaign_type: &'static str,
    /// The same as `campaign_type`.
    #[schema(example = "promotion")]
    template: &'static str,
    #[schema(value_type = Object)]
    metadata: &'a Map<String, Value>,
    /// Legacy.
    total_budget: i64,
    /// Priority in lists.
    weight: i64,
    /// Legacy label; method C8 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    ssap_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    optin_required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_in_starts_at: Option<D1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_in_ends_at: Option<D1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reporting_ends_at: Option<D1>,
    /// The query as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    targeting: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qualify_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disqualify_tag: Option<&'a str>,
    /// Only where divisions are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    division_id: Option<&'a str>,
}

impl<'a> ConfiguredCampaign<'a> {
    /// Optional attributes are written when they differ from what they would be by default, and when `shown` says so.
    pub(crate) fn new(organization: &OrganizationSnapshot, campaign: &'a Campaign, shown: Shown) -> Self {
        let opt_in = &campaign.opt_in;
        let (run, choice) = (campaign.window, opt_in.window);
        let reporting = run.ends_at.plus_seconds(DEFAULT_REPORTING_DAYS * 24 * 3600);
        let date = |shown: bool, value, default| (shown || value != default).then_some(D1(value));
        Self {
            id: campaign.id.0,
            external_id: &campaign.permalink,
            name: &campaign.name,
            status: campaign.status.as_str(),
            starts_at: D1(run.starts_at),
            ends_at: D1(run.ends_at),
            campaign_type: campaign.campaign_type.as_str(),
            template: campaign.campaign_type.as_str(),
            metadata: &campaign.metadata,
            total_budget: campaign.total_budget,
            weight: campaign.weight,
            ssap_name: shown.ssap_name.then(|| campaign.ssap_name.as_deref().unwrap_or(&campaign.name)),
            optin_required: (shown.optin_required || opt_in.required).then_some(opt_in.required),
            opt_in_starts_at: date(shown.opt_in_starts_at, choice.starts_at, run.starts_at),
            opt_in_ends_at: date(shown.opt_in_ends_at, choice.ends_at, run.ends_at),
            reporting_ends_at: date(shown.reporting_ends_at, campaign.reporting_ends_at, reporting),
            targeting: campaign.bundle.targeting.as_ref().map(Targeting::source),
            qualify_tag: campaign.bundle.qualify_tag.as_deref(),
            disqualify_tag: campaign.bundle.disqualify_tag.as_deref(),
            division_id: division_id(organization, campaign),
        }
    }
}

/// A creative of a campaign as method C3 lists it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedCreative)]
pub(crate) struct ListedCreative<'a> {
    campaign_id: i64,
    name: &'a str,
    group_id: i64,
    creative_id: i64,
    start_date: D2,
    end_date: D2,
    opt_in_starts_at: D2,
    opt_in_ends_at: D2,
    permalink: &'a str,
    template: Template<'a>,
    progress: ProgressObject<'a>,
    /// By behavior key; empty if there are none or the campaign is completed.
    #[schema(value_type = BTreeMap<String, super::behaviors::BehaviorObject>)]
    behaviors: BehaviorMap<'a>,
    version: i64,
    /// The creative's own data, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    custom_payload: Option<&'a Map<String, Value>>,
    /// Only where divisions are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    division_id: Option<&'a str>,
}

impl<'a> ListedCreative<'a> {
    pub(crate) fn new(stage: Stage<'a>, decision: Decision<'a>, group: &'a Group) -> Self {
        let Decision { entry, participation } = decision;
        let campaign = entry.campaign.as_ref();
        let customer = &stage.view.stored.customer;
        let shown = participation.state != ParticipationState::Completed;
        Self {
            campaign_id: campaign.id.0,
            name: &campaign.name,
            group_id: group.id.0,
            creative_id: group.creative.id.0,
            start_date: D2(campaign.window.starts_at),
            end_date: D2(campaign.window.ends_at),
            opt_in_starts_at: D2(campaign.opt_in.window.starts_at),
            opt_in_ends_at: D2(campaign.opt_in.window.ends_at),
            permalink: &campaign.permalink,
            template: Template::new(stage, campaign, &group.creative),
            progress: ProgressObject::listed(entry, customer, participation),
            behaviors: BehaviorMap { entry, customer, form: Form::V1, shown },
            version: campaign.version,
            custom_payload: group.creative.custom_payload.as_ref(),
            division_id: division_id(&stage.view.organization, campaign),
        }
    }
}

/// Which optional parts of a v2 campaign were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) progress: bool,
    pub(crate) behaviors: bool,
    pub(crate) offers: bool,
    pub(crate) redemptions: bool,
    pub(crate) tile: bool,
    pub(crate) promotion: bool,
}

/// A campaign as the v2 methods show it to one customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerCampaign)]
pub(crate) struct CustomerCampaign<'a> {
    /// Section `behaviors`, by behavior key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, super::behaviors::BehaviorObject>>)]
    behaviors: Option<BehaviorMap<'a>>,
    campaign_id: i64,
    campaign_permalink: &'a str,
    /// Only if `creatives[]` asks for a kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    creative: Option<Creatives<'a>>,
    /// Only where divisions are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    division_id: Option<&'a str>,
    ends_at: D2,
    name: &'a str,
    /// Section `offers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<super::offers::OfferObject>>)]
    offers: Option<Offers<'a>>,
    opt_in_ends_at: D2,
    opt_in_starts_at: D2,
    /// The explicit choice; absent if none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    opted_in: Option<bool>,
    /// Section `progress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressObject<'a>>,
    /// Whether targeting admits the customer now.
    qualified: bool,
    /// Section `redemptions`. Muster issues no offers of its own, so there is nothing that could have been redeemed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    redemptions: Option<[u8; 0]>,
    starts_at: D2,
    /// The customer's state in the campaign.
    #[schema(example = "qualified")]
    status: &'static str,
}

impl<'a> CustomerCampaign<'a> {
    pub(crate) fn new(stage: Stage<'a>, decision: Decision<'a>, parts: Parts, locale: Option<&str>) -> Self {
        let Decision { entry, participation } = decision;
        let campaign = entry.campaign.as_ref();
        let customer = &stage.view.stored.customer;
        let creative = (parts.tile || parts.promotion).then(|| creatives(stage, &decision, parts, locale));
        Self {
            behaviors: parts.behaviors.then_some(BehaviorMap {
                entry,
                customer,
                form: Form::V2,
                shown: true,
            }),
            campaign_id: campaign.id.0,
            campaign_permalink: &campaign.permalink,
            creative,
            division_id: division_id(&stage.view.organization, campaign),
            ends_at: D2(campaign.window.ends_at),
            name: &campaign.name,
            offers: parts.offers.then_some(Offers(&campaign.offers)),
            opt_in_ends_at: D2(campaign.opt_in.window.ends_at),
            opt_in_starts_at: D2(campaign.opt_in.window.starts_at),
            opted_in: participation.opted_in,
            progress: parts.progress.then(|| ProgressObject::section(entry, customer, participation)),
            qualified: participation.qualified,
            redemptions: parts.redemptions.then_some([]),
            starts_at: D2(campaign.window.starts_at),
            status: participation.state.as_str(),
        }
    }
}

/// Of each kind asked for, the first that is shown.
fn creatives<'a>(
    stage: Stage<'a>,
    decision: &Decision<'a>,
    parts: Parts,
    locale: Option<&str>,
) -> Creatives<'a> {
    let mut creatives = Creatives::default();
    for group in stage.view.shown_groups(decision, locale) {
        if parts.tile && creatives.tile.is_none() {
            creatives.tile = Tile::of(stage, &group.creative);
        }
        if parts.promotion && creatives.promotion.is_none() {
            creatives.promotion = Promotion::of(stage, &group.creative);
        }
    }
    creatives
}
