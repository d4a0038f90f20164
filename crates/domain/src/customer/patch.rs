//! A change of a profile: what is asked for, before the rules have spoken.

use super::ExternalIdentifier;
use jiff::civil::Date;
use serde_json::{Map, Value};

/// What a change says about one attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing: it stays as it is.
    #[default]
    Absent,
    /// This is its value now.
    Set(T),
    /// It has none any more.
    Cleared,
}

impl<T> Patch<T> {
    /// Whether the change says anything.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// A change of every attribute that clients may write. One type serves the engagement API, the management API and
/// imports, so that the same rules hold whichever way a profile came in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfilePatch {
    /// The main key in the client's own system; two customers never share one.
    pub external_id: Patch<String>,
    /// What kind of key that is.
    pub external_id_type: Patch<String>,
    /// All further external ids; replaces those there were. The main one may be repeated here, it is not stored twice.
    pub identifiers: Patch<Vec<ExternalIdentifier>>,
    /// E-mail address; two customers never share one, whatever the case of its letters.
    pub email: Patch<String>,
    /// Loyalty-program opt-in; cleared, it is `true` again, as on creation.
    pub opted_in: Patch<bool>,
    /// Given name.
    pub first_name: Patch<String>,
    /// Family name.
    pub last_name: Patch<String>,
    /// `m` or `f`.
    pub gender: Patch<String>,
    /// Date of birth; the age must exceed [`super::limits::AGE_YEARS_EXCEEDED`] years.
    pub dob: Patch<Date>,
    /// First address line.
    pub address: Patch<String>,
    /// Second address line.
    pub address2: Patch<String>,
    /// City.
    pub city: Patch<String>,
    /// State or region.
    pub state: Patch<String>,
    /// Postal code.
    pub zip: Patch<String>,
    /// ISO 3166-1 alpha-3 code, in any case; stored in capitals.
    pub country: Patch<String>,
    /// Designated market area.
    pub dma: Patch<String>,
    /// Such as `en-US`.
    pub locale: Patch<String>,
    /// Last known network address.
    pub ip: Patch<String>,
    /// All phone numbers; replaces those there were. Each object has a `phone_number`, which no other customer has.
    pub phone_numbers: Patch<Vec<Map<String, Value>>>,
    /// Name of an IANA zone.
    pub time_zone: Patch<String>,
    /// Own referral code.
    pub referrer_code: Patch<String>,
    /// The referral this customer came by.
    pub referral: Patch<Map<String, Value>>,
    /// Proxy ids to add.
    pub register_proxies: Vec<String>,
    /// Proxy ids to drop.
    pub unregister_proxies: Vec<String>,
    /// Address of a picture.
    pub profile_photo_url: Patch<String>,
    /// Custom attributes to set, or to drop where the value is `null`; others stay. `Cleared` drops all.
    pub user_profile: Patch<Map<String, Value>>,
}

impl ProfilePatch {
    /// A change that gives the customer a main external id.
    pub fn with_external_id(external_id: impl Into<String>) -> Self {
        Self { external_id: Patch::Set(external_id.into()), ..Self::default() }
    }

    /// A change that gives the customer an e-mail address.
    pub fn with_email(email: impl Into<String>) -> Self {
        Self { email: Patch::Set(email.into()), ..Self::default() }
    }
}
