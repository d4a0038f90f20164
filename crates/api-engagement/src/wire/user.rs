//! A customer as the engagement face shows one (§4.1).

use super::dates::D2;
use crate::call::Call;
use crate::error::Fault;
use muster_app::AppError;
use muster_app::ports::StoredCustomer;
use muster_domain::customer::{Customer, Profile};
use muster_domain::ids::CustomerId;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What the query asks to be shown besides the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    user_profile: bool,
    identifiers: bool,
}

impl Shown {
    /// Reads `user[user_profile]` and `show_identifiers`. `expand_incentives` is accepted and adds nothing: points
    /// are always shown, and without tiers the contract leaves their attributes out.
    pub(crate) fn of(call: &Call) -> Self {
        let on = |name| call.query.flag(name) == Some(true);
        Self { user_profile: on("user[user_profile]"), identifiers: on("show_identifiers") }
    }
}

/// A customer. Attributes without a value are left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserObject<'a> {
    #[schema(value_type = String)]
    id: CustomerId,
    /// The main key in the client's own system.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id_type: Option<&'a str>,
    /// Every external id, the main one first; only with `show_identifiers=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    identifiers: Option<Vec<Identifier<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// Opted in to the loyalty program, which is no campaign.
    opted_in: bool,
    activated: bool,
    suspended: bool,
    test_account: bool,
    #[schema(example = "good")]
    account_status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    /// `m` or `f`.
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1990-12-10")]
    dob: Option<jiff::civil::Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<&'a str>,
    /// ISO 3166-1 alpha-3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "DEU")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dma: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "en-US")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<Object>)]
    phone_numbers: &'a [Map<String, Value>],
    /// IANA zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    referral: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer_code: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    proxy_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_photo_url: Option<&'a str>,
    /// Spendable.
    available_points: i64,
    /// Of test accounts.
    test_points: i64,
    /// Always 0: achievements are claimed at once.
    unclaimed_achievement_count: u32,
    created_at: D2,
    updated_at: D2,
    /// Absent on anonymous customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_at: Option<D2>,
    /// Custom attributes; only with `user[user_profile]=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    user_profile: Option<CustomProfile<'a>>,
}

/// An external id.
#[derive(Debug, Serialize, ToSchema)]
struct Identifier<'a> {
    external_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id_type: Option<&'a str>,
}

/// Custom attributes with the version of them all among them.
#[derive(Debug)]
pub(crate) struct CustomProfile<'a>(pub(crate) &'a Profile);

impl Serialize for CustomProfile<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes = &self.0.user_profile;
        let mut map = serializer.serialize_map(Some(attributes.len() + 1))?;
        // The name belongs to the version; an attribute cannot have it.
        for (name, value) in attributes.iter().filter(|(name, _)| *name != "_version") {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("_version", &self.0.user_profile_version)?;
        map.end()
    }
}

impl<'a> UserObject<'a> {
    pub(crate) fn new(stored: &'a StoredCustomer, shown: Shown) -> Self {
        let Customer { profile, standing, points, created_at, updated_at, registered_at, .. } =
            &stored.customer;
        Self {
            id: stored.id,
            external_id: profile.external_id.as_deref(),
            external_id_type: profile.external_id_type.as_deref(),
            identifiers: shown.identifiers.then(|| identifiers(profile)),
            email: profile.email.as_deref(),
            opted_in: profile.opted_in,
            activated: standing.activated,
            suspended: standing.suspended,
            test_account: standing.test_account,
            account_status: &standing.account_status,
            first_name: profile.first_name.as_deref(),
            last_name: profile.last_name.as_deref(),
            gender: profile.gender.as_deref(),
            dob: profile.dob,
            address: profile.address.as_deref(),
            address2: profile.address2.as_deref(),
            city: profile.city.as_deref(),
            state: profile.state.as_deref(),
            zip: profile.zip.as_deref(),
            country: profile.country.as_deref(),
            dma: profile.dma.as_deref(),
            locale: profile.locale.as_deref(),
            ip: profile.ip.as_deref(),
            phone_numbers: &profile.phone_numbers,
            time_zone: profile.time_zone.as_deref(),
            referral: profile.referral.as_ref(),
            referrer_code: profile.referrer_code.as_deref(),
            proxy_ids: &profile.proxy_ids,
            profile_photo_url: profile.profile_photo_url.as_deref(),
            available_points: points.available,
            test_points: points.test,
            unclaimed_achievement_count: 0,
            created_at: D2(*created_at),
            updated_at: D2(*updated_at),
            registered_at: registered_at.map(D2),
            user_profile: shown.user_profile.then_some(CustomProfile(profile)),
        }
    }
}

fn identifiers(profile: &Profile) -> Vec<Identifier<'_>> {
    let main = profile
        .external_id
        .as_deref()
        .map(|external_id| Identifier { external_id, external_id_type: profile.external_id_type.as_deref() });
    let further = profile.identifiers.iter().map(|identifier| Identifier {
        external_id: &identifier.external_id,
        external_id_type: identifier.external_id_type.as_deref(),
    });
    main.into_iter().chain(further).collect()
}

/// The object under `name` in the body.
pub(crate) fn object_in<'a>(body: &'a Value, name: &str) -> Result<&'a Map<String, Value>, Fault> {
    match body.get(name) {
        None | Some(Value::Null) => Err(AppError::Missing(name.to_owned()).into()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(AppError::invalid(format!("{name} must be an object")).into()),
    }
}
