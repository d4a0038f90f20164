//! A campaign's document.

use super::creative::{CreativeDocument, Surroundings};
use super::matching::{Candidates, Reading};
use super::{BehaviorDocument, DocumentError, OfferDocument, When, behavior, offer};
use muster_domain::audience::Targeting;
use muster_domain::campaign::{
    AdBundle, Campaign, CampaignStatus, CampaignType, DEFAULT_REPORTING_DAYS, Group, LineItem, OptIn,
};
use muster_domain::ids::{CampaignId, DivisionId, GroupId, LineItemId};
use muster_domain::time::{UnixMillis, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Priority when none is given.
const DEFAULT_WEIGHT: i64 = 5;
/// The campaign form's version when none is given (contract question Q7).
const DEFAULT_FORM_VERSION: i64 = 2;

/// A campaign with everything below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Campaign)]
#[serde(deny_unknown_fields)]
pub struct CampaignDocument {
    /// Identifier; left out, it is made when the campaign is created. Clients that move keep theirs by giving it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Unique name.
    pub name: String,
    /// The alias that clients know it by; left out, it is kept, or a GUID is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
    /// `draft`, `inreview`, `live`, `paused` or `completed`. Left out, it is kept; a new campaign is a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "draft")]
    pub status: Option<CampaignStatus>,
    /// `promotion` (by default) or `messaging`.
    #[serde(rename = "type", default = "promotion")]
    #[schema(value_type = String, example = "promotion")]
    pub campaign_type: CampaignType,
    /// The division it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// First instant of the run window.
    #[schema(value_type = String, example = "2026-03-01T12:00:00Z")]
    pub starts_at: When,
    /// First instant after it.
    #[schema(value_type = String, example = "2026-04-01T12:00:00Z")]
    pub ends_at: When,
    /// After it no more views and clicks are counted; by default 45 days after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reporting_ends_at: Option<When>,
    /// Opt-in rules; left out, nobody has to opt in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_in: Option<OptInDocument>,
    /// Who it is for, as a targeting query; left out, everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({"user.tags": {"$in": ["member"]}}))]
    pub targeting: Option<Value>,
    /// Documents the tag that targeting asks for; has no effect by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualify_tag: Option<String>,
    /// Documents the tag that targeting excludes; has no effect by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disqualify_tag: Option<String>,
    /// Priority in lists, higher first; 5 by default.
    #[serde(default = "default_weight", skip_serializing_if = "is_default_weight")]
    pub weight: i64,
    /// Legacy figure of the contract.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_budget: i64,
    /// Legacy label; by default the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssap_name: Option<String>,
    /// The contract's version of the campaign form; 2 by default.
    #[serde(default = "default_form_version", skip_serializing_if = "is_default_form_version")]
    pub form_version: i64,
    /// Client data, as given.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// What customers have to do, and what they earn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behaviors: Vec<BehaviorDocument>,
    /// Offers tied to the campaign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<OfferDocument>,
    /// Creative groups; normally one line item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<LineItemDocument>,
}

const fn promotion() -> CampaignType {
    CampaignType::Promotion
}

const fn default_weight() -> i64 {
    DEFAULT_WEIGHT
}

const fn default_form_version() -> i64 {
    DEFAULT_FORM_VERSION
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_default_weight(weight: &i64) -> bool {
    *weight == DEFAULT_WEIGHT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_default_form_version(version: &i64) -> bool {
    *version == DEFAULT_FORM_VERSION
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// Opt-in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OptIn)]
#[serde(deny_unknown_fields)]
pub struct OptInDocument {
    /// Customers must opt in before their events count; yes by default.
    #[serde(default = "yes")]
    pub required: bool,
    /// When they may begin to; by default with the run window. On or before its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub starts_at: Option<When>,
    /// When it is too late; by default with the run window. On or before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ends_at: Option<When>,
    /// How many customers may be opted in at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

const fn yes() -> bool {
    true
}

/// A span of time: from its start, up to but without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Window)]
#[serde(deny_unknown_fields)]
pub struct WindowDocument {
    /// First instant inside.
    #[schema(value_type = String, example = "2026-03-01T12:00:00Z")]
    pub starts_at: When,
    /// First instant after.
    #[schema(value_type = String, example = "2026-04-01T12:00:00Z")]
    pub ends_at: When,
}

impl WindowDocument {
    pub(super) fn read(self, stored: Option<Window>, reading: &Reading) -> Window {
        Window {
            starts_at: reading.instant(self.starts_at, stored.map(|stored| stored.starts_at)),
            ends_at: reading.instant(self.ends_at, stored.map(|stored| stored.ends_at)),
        }
    }

    pub(super) fn of(window: Window) -> Self {
        Self { starts_at: window.starts_at.into(), ends_at: window.ends_at.into() }
    }
}

/// A holder of creative groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = LineItem)]
#[serde(deny_unknown_fields)]
pub struct LineItemDocument {
    /// Identifier; left out, it is kept from the stored line item of the same name, or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Display name.
    #[serde(default = "line_item_name")]
    pub name: String,
    /// Its groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupDocument>,
}

fn line_item_name() -> String {
    "Line item".to_owned()
}

/// Message-level targeting and its one creative.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Group)]
#[serde(deny_unknown_fields)]
pub struct GroupDocument {
    /// Identifier; left out, it is kept from the stored group of the same name, or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Display name.
    pub name: String,
    /// Narrows the campaign's audience; it never widens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub targeting: Option<Value>,
    /// The message.
    pub creative: CreativeDocument,
}

impl CampaignDocument {
    /// The document of a campaign, in normal form: nothing that follows by itself, and every id.
    pub fn of(campaign: &Campaign) -> Self {
        let around = Surroundings { window: campaign.window, behaviors: &campaign.behaviors };
        let opt_in = &campaign.opt_in;
        let own_start =
            (opt_in.window.starts_at != campaign.window.starts_at).then_some(opt_in.window.starts_at);
        let own_end = (opt_in.window.ends_at != campaign.window.ends_at).then_some(opt_in.window.ends_at);
        let says_something =
            opt_in.required || own_start.is_some() || own_end.is_some() || opt_in.limit.is_some();
        let targeting = |targeting: &Targeting| targeting.source().clone();
        Self {
            id: Some(campaign.id.0).filter(|id| *id > 0),
            name: campaign.name.clone(),
            permalink: Some(campaign.permalink.clone()).filter(|permalink| !permalink.is_empty()),
            status: Some(campaign.status),
            campaign_type: campaign.campaign_type,
            division: campaign.division.as_ref().map(|division| division.0.clone()),
            starts_at: campaign.window.starts_at.into(),
            ends_at: campaign.window.ends_at.into(),
            reporting_ends_at: Some(campaign.reporting_ends_at)
                .filter(|end| *end != default_reporting_end(campaign.window))
                .map(When::from),
            opt_in: says_something.then(|| OptInDocument {
                required: opt_in.required,
                starts_at: own_start.map(When::from),
                ends_at: own_end.map(When::from),
                limit: opt_in.limit,
            }),
            targeting: campaign.bundle.targeting.as_ref().map(targeting),
            qualify_tag: campaign.bundle.qualify_tag.clone(),
            disqualify_tag: campaign.bundle.disqualify_tag.clone(),
            weight: campaign.weight,
            total_budget: campaign.total_budget,
            ssap_name: campaign.ssap_name.clone(),
            form_version: campaign.version,
            metadata: campaign.metadata.clone(),
            behaviors: campaign.behaviors.iter().map(BehaviorDocument::of).collect(),
            offers: campaign.offers.iter().map(|offer| OfferDocument::of(offer, campaign.window)).collect(),
            line_items: campaign
                .line_items
                .iter()
                .map(|item| LineItemDocument {
                    id: Some(item.id.0).filter(|id| *id > 0),
                    name: item.name.clone(),
                    groups: item
                        .groups
                        .iter()
                        .map(|group| GroupDocument {
                            id: Some(group.id.0).filter(|id| *id > 0),
                            name: group.name.clone(),
                            targeting: group.targeting.as_ref().map(targeting),
                            creative: CreativeDocument::of(&group.creative, &group.name, &around),
                        })
                        .collect(),
                })
                .collect(),
        }
    }

    /// The campaign that the document means, as a draft for [`muster_app::usecases::authoring`]: what is recognised
    /// in `stored` keeps its id, everything else gets a placeholder below zero. Relative dates count from `now`.
    pub fn read(&self, stored: Option<&Campaign>, now: UnixMillis) -> Result<Campaign, DocumentError> {
        self.read_as(stored, now, &Reading::new(now))
    }

    /// Like [`Self::read`] for a document that is read again and again, such as a file: a relative date counts from
    /// the moment when its place was first written, so what is stored there stays.
    pub fn read_settled(
        &self,
        stored: Option<&Campaign>,
        now: UnixMillis,
    ) -> Result<Campaign, DocumentError> {
        self.read_as(stored, now, &Reading::settled(now))
    }

    fn read_as(
        &self,
        stored: Option<&Campaign>,
        now: UnixMillis,
        reading: &Reading,
    ) -> Result<Campaign, DocumentError> {
        let window = WindowDocument { starts_at: self.starts_at, ends_at: self.ends_at };
        let window = window.read(stored.map(|stored| stored.window), reading);
        let behaviors = behavior::read_all(&self.behaviors, stored, reading)?;
        let around = Surroundings { window, behaviors: &behaviors };
        let line_items = self.read_line_items(stored, &around, reading)?;
        if self.permalink.as_deref() == Some("") {
            return Err(DocumentError::at("permalink", "must not be empty; left out, it is kept or made"));
        }
        let permalink = self.permalink.clone().or_else(|| stored.map(|stored| stored.permalink.clone()));
        let status = self.status.or_else(|| stored.map(|stored| stored.status));
        Ok(Campaign {
            id: CampaignId(reading.id("", self.id, stored.map(|stored| stored.id.0))?),
            permalink: permalink.unwrap_or_default(),
            name: self.name.clone(),
            status: status.unwrap_or(CampaignStatus::Draft),
            window,
            campaign_type: self.campaign_type,
            metadata: self.metadata.clone(),
            total_budget: self.total_budget,
            weight: self.weight,
            ssap_name: self.ssap_name.clone(),
            reporting_ends_at: self.reporting_ends_at.map_or_else(
                || default_reporting_end(window),
                |end| reading.instant(end, stored.map(|stored| stored.reporting_ends_at)),
            ),
            opt_in: self.read_opt_in(window, stored.map(|stored| stored.opt_in.window), reading),
            bundle: AdBundle {
                targeting: read_targeting("targeting", self.targeting.as_ref())?,
                qualify_tag: self.qualify_tag.clone(),
                disqualify_tag: self.disqualify_tag.clone(),
            },
            line_items,
            offers: offer::read_all(&self.offers, stored, window, reading)?,
            behaviors,
            division: self.division.clone().map(DivisionId),
            version: self.form_version,
            created_at: stored.map_or(now, |stored| stored.created_at),
            updated_at: now,
        })
    }

    fn read_opt_in(&self, window: Window, stored: Option<Window>, reading: &Reading) -> OptIn {
        let Some(opt_in) = &self.opt_in else {
            return OptIn { required: false, window, limit: None };
        };
        OptIn {
            required: opt_in.required,
            window: Window {
                starts_at: opt_in.starts_at.map_or(window.starts_at, |at| {
                    reading.instant(at, stored.map(|stored| stored.starts_at))
                }),
                ends_at: opt_in
                    .ends_at
                    .map_or(window.ends_at, |at| reading.instant(at, stored.map(|stored| stored.ends_at))),
            },
            limit: opt_in.limit,
        }
    }

    fn read_line_items(
        &self,
        stored: Option<&Campaign>,
        around: &Surroundings<'_>,
        reading: &Reading,
    ) -> Result<Vec<LineItem>, DocumentError> {
        let stored = stored.map_or(&[][..], |campaign| campaign.line_items.as_slice());
        let claimed = |item: &LineItem| self.line_items.iter().any(|document| document.id == Some(item.id.0));
        let mut candidates = Candidates::new(stored, claimed);
        self.line_items
            .iter()
            .enumerate()
            .map(|(index, document)| {
                let place = format!("line_items[{index}]");
                let known = match document.id {
                    Some(id) => stored.iter().find(|item| item.id.0 == id),
                    None => candidates.recognise(|item| item.name == document.name),
                };
                Ok(LineItem {
                    id: LineItemId(reading.id(&place, document.id, known.map(|item| item.id.0))?),
                    name: document.name.clone(),
                    groups: document.read_groups(&place, known, around, reading)?,
                })
            })
            .collect()
    }
}

impl LineItemDocument {
    fn read_groups(
        &self,
        place: &str,
        stored: Option<&LineItem>,
        around: &Surroundings<'_>,
        reading: &Reading,
    ) -> Result<Vec<Group>, DocumentError> {
        let stored = stored.map_or(&[][..], |item| item.groups.as_slice());
        let claimed = |group: &Group| self.groups.iter().any(|document| document.id == Some(group.id.0));
        let mut candidates = Candidates::new(stored, claimed);
        self.groups
            .iter()
            .enumerate()
            .map(|(index, document)| {
                let place = format!("{place}.groups[{index}]");
                let known = match document.id {
                    Some(id) => stored.iter().find(|group| group.id.0 == id),
                    None => candidates.recognise(|group| group.name == document.name),
                };
                let creative = document.creative.read(
                    &format!("{place}.creative"),
                    &document.name,
                    known.map(|group| &group.creative),
                    around,
                    reading,
                )?;
                Ok(Group {
                    id: GroupId(reading.id(&place, document.id, known.map(|group| group.id.0))?),
                    name: document.name.clone(),
                    targeting: read_targeting(&format!("{place}.targeting"), document.targeting.as_ref())?,
                    creative,
                })
            })
            .collect()
    }
}

fn default_reporting_end(window: Window) -> UnixMillis {
    window.ends_at.plus_seconds(DEFAULT_REPORTING_DAYS * 86_400)
}

fn read_targeting(place: &str, source: Option<&Value>) -> Result<Option<Targeting>, DocumentError> {
    let Some(source) = source else { return Ok(None) };
    Targeting::parse(source.clone()).map(Some).map_err(|error| DocumentError::at(place, error.to_string()))
}
