//! What a query may ask about a customer: the fields, and how each is read.

use super::Facts;
use super::dates::{self, Span};
use crate::customer::{Customer, ExternalIdentifier, Tag};
use crate::number::Number;
use crate::time::UnixMillis;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A field of a query, resolved once when the query is parsed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Field {
    /// `user.tags` and the other sets of names.
    Set(SetField),
    /// `user.<standard attribute>`.
    Standard(Attribute),
    /// A value inside one of the customer's JSON objects, such as `user.user_profile.car.brand`.
    Json(JsonRoot, Box<[Box<str>]>),
    /// `user.events.<name>`, the number of times it happened within the span, or ever.
    Events(Box<str>, Option<Span>),
    /// A `user.…` path that names nothing: a field that every customer lacks (contract rule T7).
    Unknown,
}

/// The sets of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SetField {
    Tags,
    Identifiers,
    ProxyIds,
    PhoneNumbers,
}

/// The JSON objects that a path may lead into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum JsonRoot {
    UserProfile,
    Referral,
}

/// The standard attributes that hold one value of a known type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Attribute {
    ExternalId,
    ExternalIdType,
    Email,
    FirstName,
    LastName,
    Gender,
    Address,
    Address2,
    City,
    State,
    Zip,
    Country,
    Dma,
    Locale,
    Ip,
    TimeZone,
    ReferrerCode,
    ProfilePhotoUrl,
    AccountStatus,
    OptedIn,
    Activated,
    Suspended,
    MarketingCeased,
    TestAccount,
    AvailablePoints,
    TestPoints,
    Age,
    Dob,
    CreatedAt,
    UpdatedAt,
    RegisteredAt,
}

/// The standard attributes by the name that the customer's record uses on the wire.
const ATTRIBUTES: &[(&str, Attribute)] = &[
    ("external_id", Attribute::ExternalId),
    ("external_id_type", Attribute::ExternalIdType),
    ("email", Attribute::Email),
    ("first_name", Attribute::FirstName),
    ("last_name", Attribute::LastName),
    ("gender", Attribute::Gender),
    ("address", Attribute::Address),
    ("address2", Attribute::Address2),
    ("city", Attribute::City),
    ("state", Attribute::State),
    ("zip", Attribute::Zip),
    ("country", Attribute::Country),
    ("dma", Attribute::Dma),
    ("locale", Attribute::Locale),
    ("ip", Attribute::Ip),
    ("time_zone", Attribute::TimeZone),
    ("referrer_code", Attribute::ReferrerCode),
    ("profile_photo_url", Attribute::ProfilePhotoUrl),
    ("account_status", Attribute::AccountStatus),
    ("opted_in", Attribute::OptedIn),
    ("activated", Attribute::Activated),
    ("suspended", Attribute::Suspended),
    ("marketing_ceased", Attribute::MarketingCeased),
    ("test_account", Attribute::TestAccount),
    ("available_points", Attribute::AvailablePoints),
    ("test_points", Attribute::TestPoints),
    ("age", Attribute::Age),
    ("dob", Attribute::Dob),
    ("created_at", Attribute::CreatedAt),
    ("updated_at", Attribute::UpdatedAt),
    ("registered_at", Attribute::RegisteredAt),
];

const SETS: &[(&str, SetField)] = &[
    ("tags", SetField::Tags),
    ("identifiers", SetField::Identifiers),
    ("proxy_ids", SetField::ProxyIds),
    ("phone_numbers", SetField::PhoneNumbers),
];

impl Field {
    /// The field behind a path without its `user.`; event fields are told apart before.
    pub(super) fn resolve(attribute: &str) -> Self {
        if let Some((_, set)) = SETS.iter().find(|(name, _)| *name == attribute) {
            return Self::Set(*set);
        }
        if let Some((_, standard)) = ATTRIBUTES.iter().find(|(name, _)| *name == attribute) {
            return Self::Standard(*standard);
        }
        let mut segments = attribute.split('.');
        let root = match segments.next() {
            Some("user_profile") => JsonRoot::UserProfile,
            Some("referral") => JsonRoot::Referral,
            _ => return Self::Unknown,
        };
        Self::Json(root, segments.map(Box::from).collect())
    }

    /// Whether a bare string stands for a date here.
    pub(super) fn is_date(&self) -> bool {
        matches!(
            self,
            Self::Standard(
                Attribute::Dob | Attribute::CreatedAt | Attribute::UpdatedAt | Attribute::RegisteredAt
            )
        )
    }

    pub(super) fn read<'a>(&self, facts: &Facts<'a>) -> Actual<'a> {
        let customer = facts.customer;
        match self {
            Self::Set(set) => Actual::Set(match set {
                SetField::Tags => NameSet::Tags { tags: &customer.tags, now: facts.now },
                SetField::Identifiers => NameSet::Identifiers(&customer.profile.identifiers),
                SetField::ProxyIds => NameSet::Names(&customer.profile.proxy_ids),
                SetField::PhoneNumbers => NameSet::PhoneNumbers(&customer.profile.phone_numbers),
            }),
            Self::Standard(attribute) => attribute.read(customer, facts.now),
            Self::Json(root, path) => read_json(*root, path, customer),
            Self::Events(name, within) => Actual::Number(Number::from_u64(count(facts, name, *within))),
            Self::Unknown => Actual::Missing,
        }
    }
}

impl Attribute {
    fn read(self, customer: &Customer, now: UnixMillis) -> Actual<'_> {
        let (profile, standing) = (&customer.profile, &customer.standing);
        match self {
            Self::ExternalId => Actual::text(profile.external_id.as_ref()),
            Self::ExternalIdType => Actual::text(profile.external_id_type.as_ref()),
            Self::Email => Actual::text(profile.email.as_ref()),
            Self::FirstName => Actual::text(profile.first_name.as_ref()),
            Self::LastName => Actual::text(profile.last_name.as_ref()),
            Self::Gender => Actual::text(profile.gender.as_ref()),
            Self::Address => Actual::text(profile.address.as_ref()),
            Self::Address2 => Actual::text(profile.address2.as_ref()),
            Self::City => Actual::text(profile.city.as_ref()),
            Self::State => Actual::text(profile.state.as_ref()),
            Self::Zip => Actual::text(profile.zip.as_ref()),
            Self::Country => Actual::text(profile.country.as_ref()),
            Self::Dma => Actual::text(profile.dma.as_ref()),
            Self::Locale => Actual::text(profile.locale.as_ref()),
            Self::Ip => Actual::text(profile.ip.as_ref()),
            Self::TimeZone => Actual::text(profile.time_zone.as_ref()),
            Self::ReferrerCode => Actual::text(profile.referrer_code.as_ref()),
            Self::ProfilePhotoUrl => Actual::text(profile.profile_photo_url.as_ref()),
            Self::AccountStatus => Actual::Text(&standing.account_status),
            Self::OptedIn => Actual::Bool(profile.opted_in),
            Self::Activated => Actual::Bool(standing.activated),
            Self::Suspended => Actual::Bool(standing.suspended),
            Self::MarketingCeased => Actual::Bool(standing.marketing_ceased),
            Self::TestAccount => Actual::Bool(standing.test_account),
            Self::AvailablePoints => Actual::Number(Number::Int(customer.points.available)),
            Self::TestPoints => Actual::Number(Number::Int(customer.points.test)),
            Self::Age => (profile.dob.zip(dates::utc_date(now)))
                .and_then(|(born, today)| dates::age_years(born, today))
                .map_or(Actual::Missing, |years| Actual::Number(Number::Int(years))),
            Self::Dob => {
                profile.dob.map_or(Actual::Missing, |date| Actual::Instant(dates::day_start_ms(date)))
            }
            Self::CreatedAt => Actual::Instant(customer.created_at.0),
            Self::UpdatedAt => Actual::Instant(customer.updated_at.0),
            Self::RegisteredAt => customer.registered_at.map_or(Actual::Missing, |at| Actual::Instant(at.0)),
        }
    }
}

fn read_json<'a>(root: JsonRoot, path: &[Box<str>], customer: &'a Customer) -> Actual<'a> {
    let mut map = match root {
        JsonRoot::UserProfile => &customer.profile.user_profile,
        JsonRoot::Referral => match &customer.profile.referral {
            Some(referral) => referral,
            None => return Actual::Missing,
        },
    };
    let Some((last, parents)) = path.split_last() else {
        return if map.is_empty() { Actual::Missing } else { Actual::Object(map) };
    };
    for key in parents {
        match look_up(map, key) {
            Some(Value::Object(inner)) => map = inner,
            _ => return Actual::Missing,
        }
    }
    look_up(map, last).map_or(Actual::Missing, Actual::from_json)
}

/// In a handful of keys looking at each is faster than hashing.
fn look_up<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if map.len() <= 8 {
        map.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    } else {
        map.get(key)
    }
}

fn count(facts: &Facts<'_>, name: &str, within: Option<Span>) -> u64 {
    let after = within.map_or(i64::MIN, |span| span.before(facts.now));
    facts
        .events
        .iter()
        .filter(|event| event.occurred_at <= facts.now && event.name == name)
        .filter(|event| within.is_none() || after < event.occurred_at.0)
        .fold(0, |sum, event| sum.saturating_add(u64::from(event.quantity)))
}

/// What a customer has where a query looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Actual<'a> {
    /// Nothing, or JSON `null`.
    Missing,
    Bool(bool),
    Number(Number),
    Text(&'a str),
    /// A point in time; a calendar day stands for its first instant in UTC.
    Instant(i64),
    /// A set of names.
    Set(NameSet<'a>),
    /// A JSON array of a custom attribute.
    List(&'a [Value]),
    /// A JSON object of a custom attribute.
    Object(&'a Map<String, Value>),
}

impl<'a> Actual<'a> {
    fn text(value: Option<&'a String>) -> Self {
        value.map_or(Self::Missing, |text| Self::Text(text))
    }

    pub(super) fn from_json(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Missing,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(Number::from_json(number)),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items),
            Value::Object(map) => Self::Object(map),
        }
    }

    /// What `$exists` answers: a set exists when it has a member (contract rule T2), everything else when it
    /// is there.
    pub(super) fn exists(&self) -> bool {
        match self {
            Self::Missing => false,
            Self::Set(set) => !set.is_empty(),
            _ => true,
        }
    }
}

/// A set of names, wherever the customer's record keeps it.
#[derive(Debug, Clone, Copy)]
pub(super) enum NameSet<'a> {
    /// Unexpired tags.
    Tags {
        tags: &'a BTreeMap<String, Tag>,
        now: UnixMillis,
    },
    /// External ids besides the main one.
    Identifiers(&'a [ExternalIdentifier]),
    Names(&'a [String]),
    /// The `phone_number` of each object that has one.
    PhoneNumbers(&'a [Map<String, Value>]),
}

impl<'a> NameSet<'a> {
    pub(super) fn contains(&self, name: &str) -> bool {
        match self {
            Self::Tags { tags, now } => tags.get(name).is_some_and(|tag| tag.is_live(*now)),
            _ => self.names().any(|own| own == name),
        }
    }

    fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        let (tags, identifiers, names, phones) = match self {
            Self::Tags { tags, now } => (Some((tags, now)), &[][..], &[][..], &[][..]),
            Self::Identifiers(identifiers) => (None, identifiers, &[][..], &[][..]),
            Self::Names(names) => (None, &[][..], names, &[][..]),
            Self::PhoneNumbers(phones) => (None, &[][..], &[][..], phones),
        };
        let live = |(tags, now): (&'a BTreeMap<String, Tag>, UnixMillis)| {
            tags.iter().filter(move |(_, tag)| tag.is_live(now)).map(|(name, _)| name.as_str())
        };
        tags.into_iter()
            .flat_map(live)
            .chain(identifiers.iter().map(|identifier| identifier.external_id.as_str()))
            .chain(names.iter().map(String::as_str))
            .chain(phones.iter().filter_map(|phone| phone.get("phone_number").and_then(Value::as_str)))
    }
}
