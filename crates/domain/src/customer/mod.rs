//! A customer: one aggregate that holds profile, tags, campaign choices and progress.
//!
//! It is read in one look-up and written in one statement under a version.

mod apply;
mod attributes;
mod country;
mod error;
mod json;
pub mod limits;
mod patch;
mod phone;
mod read;
mod tagging;
#[cfg(test)]
mod tests;

pub use apply::check_attribute_definition;
pub use error::{ProfileError, Reason};
pub use patch::{Patch, ProfilePatch};
pub use phone::phone_key;
pub use read::READ_ONLY;
pub use tagging::TagError;

use crate::behavior::Progress;
use crate::ids::{BehaviorId, CampaignId, CreativeId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Everything Muster knows of one customer, except the event log itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Who they are.
    pub profile: Profile,
    /// Whether they may be reached and rewarded.
    #[serde(default)]
    pub standing: Standing,
    /// Tags by name; expired ones may linger until the next write and never match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Tag>,
    /// The explicit opt-in choice by campaign; no entry means no choice was made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<CampaignId, OptInChoice>,
    /// Progress by behavior; no entry means no event has counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub progress: BTreeMap<BehaviorId, Progress>,
    /// Point balance.
    #[serde(default)]
    pub points: Points,
    /// What was seen and clicked, by creative; no entry means nothing was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub impressions: BTreeMap<CreativeId, Impression>,
    /// The customer in tracking URLs (`xsid`): the first twelve bytes of the customer id, then four random ones.
    pub tracking_id: Uuid,
    /// Number of events in the log.
    #[serde(default)]
    pub events_logged: u64,
    /// When the customer was created.
    pub created_at: UnixMillis,
    /// When the profile was last changed.
    pub updated_at: UnixMillis,
    /// When the customer registered; `None` for an anonymous one behind a client token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<UnixMillis>,
}

impl Customer {
    /// A new registered customer. Without external id and e-mail nobody is registered.
    pub fn create(patch: &ProfilePatch, tracking_id: Uuid, now: UnixMillis) -> Result<Self, ProfileError> {
        let mut customer = Self::anonymous(tracking_id, now);
        customer.profile.apply(patch, now)?;
        if !customer.profile.has_identity() {
            return Err(ProfileError::NoIdentity);
        }
        customer.registered_at = Some(now);
        Ok(customer)
    }

    /// A new customer known by nothing but a client token.
    pub fn anonymous(tracking_id: Uuid, now: UnixMillis) -> Self {
        Self {
            profile: Profile { opted_in: true, ..Profile::default() },
            standing: Standing::default(),
            tags: BTreeMap::new(),
            choices: BTreeMap::new(),
            progress: BTreeMap::new(),
            points: Points::default(),
            impressions: BTreeMap::new(),
            tracking_id,
            events_logged: 0,
            created_at: now,
            updated_at: now,
            registered_at: None,
        }
    }

    /// Changes the profile, or refuses and changes nothing; tells whether anything is different now. An anonymous
    /// customer who gains an identity is registered from then on, and a registered one cannot lose it.
    pub fn change(&mut self, patch: &ProfilePatch, now: UnixMillis) -> Result<bool, ProfileError> {
        let mut profile = self.profile.clone();
        profile.apply(patch, now)?;
        let identified = profile.has_identity();
        if !self.is_anonymous() && !identified {
            return Err(ProfileError::NoIdentity);
        }
        let changed = profile != self.profile;
        if changed {
            self.profile = profile;
            self.updated_at = now;
        }
        if identified && self.is_anonymous() {
            self.registered_at = Some(now);
        }
        Ok(changed)
    }

    /// Whether no registered person stands behind it.
    pub fn is_anonymous(&self) -> bool {
        self.registered_at.is_none()
    }

    /// Names of the tags that have not expired at `now`.
    pub fn live_tags(&self, now: UnixMillis) -> impl Iterator<Item = &str> {
        self.tags.iter().filter(move |(_, tag)| tag.is_live(now)).map(|(name, _)| name.as_str())
    }
}

/// Identity and attributes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The main key in the client's own system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Further external ids; the main one is not repeated here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<ExternalIdentifier>,
    /// Type of the main external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id_type: Option<String>,
    /// E-mail address, unique in the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Opted in to the loyalty program (not to a campaign).
    pub opted_in: bool,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// `m` or `f`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dob: Option<jiff::civil::Date>,
    /// First address line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Second address line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address2: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// ISO 3166-1 alpha-3 country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Designated market area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dma: Option<String>,
    /// Such as `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Last known network address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Phone numbers, as objects of the client's own shape with a `phone_number` key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phone_numbers: Vec<Map<String, Value>>,
    /// IANA zone of the customer's calendar days (contract rule B10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Own referral code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer_code: Option<String>,
    /// The referral this customer came by, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Map<String, Value>>,
    /// Registered proxy ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy_ids: Vec<String>,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_photo_url: Option<String>,
    /// Custom attributes, the `user_profile` model.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub user_profile: Map<String, Value>,
    /// Incremented by each change of `user_profile`.
    pub user_profile_version: u64,
}

/// A customer's key in another system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExternalIdentifier {
    /// The key.
    pub external_id: String,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_type: Option<String>,
}

/// Whether the customer may be reached and rewarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Account is active.
    pub activated: bool,
    /// Never qualifies for anything.
    pub suspended: bool,
    /// "Ceased marketing": keeps loyalty activity, gets no campaign messaging and no outcomes.
    pub marketing_ceased: bool,
    /// Points go to the test balance.
    pub test_account: bool,
    /// Such as `good`.
    pub account_status: String,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            activated: true,
            suspended: false,
            marketing_ceased: false,
            test_account: false,
            account_status: "good".to_owned(),
        }
    }
}

/// A tag has a count or an expiry, never both; the last write decides which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// Written without `ttl`.
    Counter {
        /// How often it was written.
        count: u64,
    },
    /// Written with `ttl`.
    Expiring {
        /// First instant at which the tag is gone.
        expires_at: UnixMillis,
    },
}

impl Tag {
    /// Whether the tag counts at `now`.
    pub fn is_live(self, now: UnixMillis) -> bool {
        match self {
            Self::Counter { .. } => true,
            Self::Expiring { expires_at } => now < expires_at,
        }
    }
}

/// The latest explicit choice about one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptInChoice {
    /// In or out.
    pub opted_in: bool,
    /// When it was made.
    pub at: UnixMillis,
}

/// Point balances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Points {
    /// Spendable points.
    pub available: i64,
    /// Points of a test account.
    pub test: i64,
}

/// What one customer did with one creative.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Impression {
    /// The `ad_stat_id` when it was given from outside; otherwise it is derived, see `app::tracking`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stat_id: Option<Uuid>,
    /// Times reported as seen.
    pub seen: u64,
    /// Times clicked.
    pub clicked: u64,
    /// The latest times seen, oldest first, as many as the creative's frequency cap needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<UnixMillis>,
}
