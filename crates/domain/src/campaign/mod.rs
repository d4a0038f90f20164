//! Campaigns: the hierarchy, its life cycle, and what it means for one customer.
//!
//! ```text
//! Campaign ── AdBundle                campaign-level targeting, exactly one
//!          ├─ LineItem ── Group       message-level targeting
//!          │              └─ Creative content + delivery settings
//!          ├─ Behavior                rules → outcomes
//!          └─ Offer
//! ```

mod creative;
mod participation;
#[cfg(test)]
mod participation_tests;
mod validate;
#[cfg(test)]
mod validate_tests;

pub use creative::{
    ActionType, Creative, CreativeContent, Delivery, FrequencyCap, MessageStatus, MessageTemplate,
    TileAction, TileMessage,
};
pub use participation::{
    OptInRefusal, Participation, ParticipationState, check_opt_in, may_qualify, participation, qualifies,
    shows,
};
pub use validate::{CampaignError, Fault, limits};

use crate::audience::Targeting;
use crate::behavior::Behavior;
use crate::ids::{BehaviorId, CampaignId, CreativeId, DivisionId, GroupId, LineItemId};
use crate::offer::Offer;
use crate::time::{UnixMillis, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Days that reporting goes on after the run window when nothing else was said (contract rule C1-R7).
pub const DEFAULT_REPORTING_DAYS: i64 = 45;

/// A campaign with everything below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its identifier.
    pub id: CampaignId,
    /// The client-visible alias: `permalink`, `external_id`, `campaign_permalink` on the wire. Unique in the
    /// organization.
    pub permalink: String,
    /// Unique in the organization.
    pub name: String,
    /// Where it is in its life.
    pub status: CampaignStatus,
    /// When it runs.
    pub window: Window,
    /// Promotion or messaging.
    pub campaign_type: CampaignType,
    /// Client data, as given.
    pub metadata: Map<String, Value>,
    /// Legacy figure of the contract.
    pub total_budget: i64,
    /// Priority in lists, higher first.
    pub weight: i64,
    /// Legacy label; `None` prints the name (contract question Q14).
    pub ssap_name: Option<String>,
    /// After it no more views and clicks are counted.
    pub reporting_ends_at: UnixMillis,
    /// Opt-in rules.
    pub opt_in: OptIn,
    /// Campaign-level targeting.
    pub bundle: AdBundle,
    /// Creative groups; normally one line item.
    pub line_items: Vec<LineItem>,
    /// What customers have to do, and what they earn.
    pub behaviors: Vec<Behavior>,
    /// Offers tied to the campaign.
    pub offers: Vec<Offer>,
    /// The division it is assigned to.
    pub division: Option<DivisionId>,
    /// The contract's `version` of the campaign form, an integer (question Q7).
    pub version: i64,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it was last changed.
    pub updated_at: UnixMillis,
}

impl Campaign {
    /// Live and inside its run window (contract §2.9).
    pub fn is_active(&self, now: UnixMillis) -> bool {
        self.status == CampaignStatus::Live && self.window.contains(now)
    }

    /// All groups of all line items, in order.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.line_items.iter().flat_map(|item| item.groups.iter())
    }

    /// The group that holds the creative.
    pub fn group_of(&self, creative: CreativeId) -> Option<&Group> {
        self.groups().find(|group| group.creative.id == creative)
    }

    /// The behavior of that id.
    pub fn behavior(&self, id: BehaviorId) -> Option<&Behavior> {
        self.behaviors.iter().find(|behavior| behavior.id == id)
    }
}

/// The life cycle as the engagement contract spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CampaignStatus {
    /// Being written.
    Draft,
    /// Waiting for approval.
    InReview,
    /// Customers can engage, inside the run window.
    Live,
    /// Stopped for now.
    Paused,
    /// Ended for good.
    Completed,
}

impl CampaignStatus {
    /// The contract's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "inreview",
            Self::Live => "live",
            Self::Paused => "paused",
            Self::Completed => "completed",
        }
    }

    /// Reads the contract's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::InReview, Self::Live, Self::Paused, Self::Completed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether the life cycle allows a change to `next`. `Completed` is final; nothing that has been live goes
    /// back to draft or review.
    pub fn may_become(self, next: Self) -> bool {
        use CampaignStatus::{Completed, Draft, InReview, Live, Paused};
        match (self, next) {
            (a, b) if a == b => true,
            (Draft, InReview | Live | Completed)
            | (InReview, Draft | Live | Completed)
            | (Live, Paused | Completed)
            | (Paused, Live | Completed) => true,
            _ => false,
        }
    }
}

/// The two families on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CampaignType {
    /// Rewards designated behaviors.
    Promotion,
    /// Targeted messages.
    Messaging,
}

impl CampaignType {
    /// The contract's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promotion => "promotion",
            Self::Messaging => "messaging",
        }
    }

    /// Reads the contract's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Promotion, Self::Messaging].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Opt-in rules of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptIn {
    /// Customers must opt in before their events count.
    pub required: bool,
    /// When they may; starts on or before the run window's start and ends on or before its end.
    pub window: Window,
    /// How many customers may be opted in at a time; `None` has no limit.
    pub limit: Option<u32>,
}

/// Campaign-level targeting.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AdBundle {
    /// Who it is for; `None` is everyone.
    pub targeting: Option<Targeting>,
    /// Documents the tag that targeting asks for; has no effect by itself.
    pub qualify_tag: Option<String>,
    /// Documents the tag that targeting excludes; has no effect by itself.
    pub disqualify_tag: Option<String>,
}

/// Holds creative groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineItem {
    /// Its identifier.
    pub id: LineItemId,
    /// Display name.
    pub name: String,
    /// Its groups.
    pub groups: Vec<Group>,
}

/// Message-level targeting and its one creative.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its identifier.
    pub id: GroupId,
    /// Display name.
    pub name: String,
    /// Narrows the campaign's audience; it never widens it.
    pub targeting: Option<Targeting>,
    /// The message.
    pub creative: Creative,
}
