//! The rules of a profile.

use super::attributes::TEXTS;
use super::error::{ProfileError, Reason};
use super::json::{check_object, check_text, check_value};
use super::limits::{
    AGE_YEARS_EXCEEDED, CUSTOM_ATTRIBUTES_MAX, CUSTOM_BYTES_MAX, CUSTOM_NAME_BYTES_MAX,
    CUSTOM_VALUE_BYTES_MAX, EXTERNAL_ID_BYTES_MAX, IDENTIFIERS_MAX, OBJECT_BYTES_MAX, PHONE_NUMBERS_MAX,
    PROXY_IDS_MAX, SHORT_TEXT_BYTES_MAX,
};
use super::patch::{Patch, ProfilePatch};
use super::phone::phone_key;
use super::{ExternalIdentifier, Profile};
use crate::time::UnixMillis;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Map, Value};

type Checked<T = ()> = Result<T, ProfileError>;

impl Profile {
    /// Makes the change, or none of it. Empty text clears an attribute, so that none is ever stored empty.
    /// Whether the customer may be without external id and e-mail is not decided here, see
    /// [`super::Customer::change`].
    pub fn apply(&mut self, patch: &ProfilePatch, now: UnixMillis) -> Checked {
        let mut next = self.clone();
        next.apply_texts(patch)?;
        next.apply_identifiers(patch)?;
        match &patch.opted_in {
            Patch::Absent => {}
            Patch::Set(opted_in) => next.opted_in = *opted_in,
            Patch::Cleared => next.opted_in = true,
        }
        match &patch.dob {
            Patch::Absent => {}
            Patch::Set(dob) if is_old_enough(*dob, now) => next.dob = Some(*dob),
            Patch::Set(_) => return Err(ProfileError::of("dob", Reason::Age(AGE_YEARS_EXCEEDED))),
            Patch::Cleared => next.dob = None,
        }
        next.apply_phone_numbers(patch)?;
        match &patch.referral {
            Patch::Absent => {}
            Patch::Set(referral) => {
                check_object(referral, OBJECT_BYTES_MAX)
                    .map_err(|reason| ProfileError::of("referral", reason))?;
                next.referral = Some(referral.clone());
            }
            Patch::Cleared => next.referral = None,
        }
        next.apply_proxies(patch)?;
        next.apply_custom(patch)?;
        *self = next;
        Ok(())
    }

    /// Whether the customer can be told apart from everybody else: by external id or by e-mail.
    pub fn has_identity(&self) -> bool {
        self.external_id.is_some() || self.email.is_some() || !self.identifiers.is_empty()
    }

    /// The keys of the phone numbers, as [`phone_key`] makes them.
    pub fn phone_keys(&self) -> impl Iterator<Item = String> {
        self.phone_numbers
            .iter()
            .filter_map(|object| object.get("phone_number")?.as_str().and_then(phone_key))
    }

    fn apply_texts(&mut self, patch: &ProfilePatch) -> Checked {
        for attribute in TEXTS {
            let slot = (attribute.slot)(self);
            match (attribute.asked)(patch) {
                Patch::Absent => {}
                Patch::Set(text) if !text.is_empty() => {
                    let stored = check_text(text, attribute.bytes_max).and_then(|()| (attribute.rule)(text));
                    *slot = Some(stored.map_err(|reason| ProfileError::of(attribute.name, reason))?);
                }
                Patch::Set(_) | Patch::Cleared => *slot = None,
            }
        }
        Ok(())
    }

    fn apply_identifiers(&mut self, patch: &ProfilePatch) -> Checked {
        match &patch.identifiers {
            Patch::Absent => {}
            Patch::Set(identifiers) => {
                self.identifiers = check_identifiers(identifiers)
                    .map_err(|reason| ProfileError::of("identifiers", reason))?;
            }
            Patch::Cleared => self.identifiers.clear(),
        }
        if let Some(main) = &self.external_id {
            self.identifiers.retain(|identifier| identifier.external_id != *main);
        } else {
            self.external_id_type = None;
        }
        Ok(())
    }

    fn apply_phone_numbers(&mut self, patch: &ProfilePatch) -> Checked {
        match &patch.phone_numbers {
            Patch::Absent => Ok(()),
            Patch::Set(numbers) => {
                check_phone_numbers(numbers).map_err(|reason| ProfileError::of("phone_numbers", reason))?;
                self.phone_numbers.clone_from(numbers);
                Ok(())
            }
            Patch::Cleared => {
                self.phone_numbers.clear();
                Ok(())
            }
        }
    }

    fn apply_proxies(&mut self, patch: &ProfilePatch) -> Checked {
        let refuse = |reason| ProfileError::of("proxy_id", reason);
        self.proxy_ids.retain(|proxy| !patch.unregister_proxies.contains(proxy));
        for proxy in &patch.register_proxies {
            check_key(proxy, EXTERNAL_ID_BYTES_MAX).map_err(refuse)?;
            if !self.proxy_ids.contains(proxy) {
                self.proxy_ids.push(proxy.clone());
            }
            if self.proxy_ids.len() > PROXY_IDS_MAX {
                return Err(refuse(Reason::Count(PROXY_IDS_MAX)));
            }
        }
        Ok(())
    }

    fn apply_custom(&mut self, patch: &ProfilePatch) -> Checked {
        let mut next = match &patch.user_profile {
            Patch::Absent => return Ok(()),
            Patch::Set(_) => self.user_profile.clone(),
            Patch::Cleared => Map::new(),
        };
        if let Patch::Set(attributes) = &patch.user_profile {
            for (name, value) in attributes {
                let refuse = |reason| ProfileError::of(&format!("user_profile.{name:.40}"), reason);
                check_key(name, CUSTOM_NAME_BYTES_MAX).map_err(refuse)?;
                if value.is_null() {
                    next.shift_remove(name);
                } else {
                    check_value(value, CUSTOM_VALUE_BYTES_MAX).map_err(refuse)?;
                    next.insert(name.clone(), value.clone());
                }
            }
        }
        let refuse = |reason| ProfileError::of("user_profile", reason);
        if next.len() > CUSTOM_ATTRIBUTES_MAX {
            return Err(refuse(Reason::Count(CUSTOM_ATTRIBUTES_MAX)));
        }
        let mut bytes = 0;
        for (name, value) in &next {
            bytes += name.len() + check_value(value, CUSTOM_VALUE_BYTES_MAX).map_err(refuse)?;
        }
        if bytes > CUSTOM_BYTES_MAX {
            return Err(refuse(Reason::Bytes(CUSTOM_BYTES_MAX)));
        }
        if next != self.user_profile {
            self.user_profile = next;
            self.user_profile_version += 1;
        }
        Ok(())
    }
}

/// Refuses a definition that no custom attribute may have (contract N2). A definition is a type's name, or an object
/// that tells more; what it says is the client's own.
pub fn check_attribute_definition(name: &str, definition: &Value) -> Result<(), ProfileError> {
    let refuse = |reason| ProfileError::of(&format!("attributes.{name:.40}"), reason);
    check_key(name, CUSTOM_NAME_BYTES_MAX).map_err(refuse)?;
    if !definition.is_string() && !definition.is_object() {
        return Err(refuse(Reason::Type("text or an object")));
    }
    check_value(definition, OBJECT_BYTES_MAX).map(drop).map_err(refuse)
}

/// Whether the age exceeds the limit: the anniversary has passed, in UTC. Somebody born on 29 February has theirs
/// on 28 February in other years.
fn is_old_enough(dob: Date, now: UnixMillis) -> bool {
    let today = now.to_jiff().unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
    dob.checked_add(Span::new().years(AGE_YEARS_EXCEEDED)).is_ok_and(|anniversary| anniversary < today)
}

fn check_identifiers(identifiers: &[ExternalIdentifier]) -> Result<Vec<ExternalIdentifier>, Reason> {
    if identifiers.len() > IDENTIFIERS_MAX {
        return Err(Reason::Count(IDENTIFIERS_MAX));
    }
    let mut kept: Vec<ExternalIdentifier> = Vec::with_capacity(identifiers.len());
    for identifier in identifiers {
        check_key(&identifier.external_id, EXTERNAL_ID_BYTES_MAX)?;
        if let Some(kind) = &identifier.external_id_type {
            check_text(kind, SHORT_TEXT_BYTES_MAX)?;
        }
        if kept.iter().any(|other| other.external_id == identifier.external_id) {
            return Err(Reason::Repeated(identifier.external_id.clone()));
        }
        kept.push(identifier.clone());
    }
    Ok(kept)
}

fn check_phone_numbers(numbers: &[Map<String, Value>]) -> Result<(), Reason> {
    if numbers.len() > PHONE_NUMBERS_MAX {
        return Err(Reason::Count(PHONE_NUMBERS_MAX));
    }
    for object in numbers {
        check_object(object, OBJECT_BYTES_MAX)?;
        let number = object.get("phone_number").and_then(Value::as_str);
        number.and_then(phone_key).ok_or(Reason::PhoneNumber)?;
    }
    Ok(())
}

fn check_key(key: &str, bytes_max: usize) -> Result<(), Reason> {
    if key.is_empty() {
        return Err(Reason::Empty);
    }
    check_text(key, bytes_max)
}
