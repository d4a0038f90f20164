//! The plain text attributes, one row each: name, limit, rule, and where it lives.

use super::Profile;
use super::country::country_code;
use super::error::Reason;
use super::limits::{EMAIL_BYTES_MAX, EXTERNAL_ID_BYTES_MAX, SHORT_TEXT_BYTES_MAX, URL_BYTES_MAX};
use super::patch::{Patch, ProfilePatch};
use crate::behavior::DayZone;
use email_address::{EmailAddress, Options};

/// A text attribute.
pub(super) struct TextAttribute {
    /// Its name on the wire.
    pub(super) name: &'static str,
    /// Its limit.
    pub(super) bytes_max: usize,
    /// Its rule: the text to store.
    pub(super) rule: fn(&str) -> Result<String, Reason>,
    /// Where a change holds it.
    pub(super) asked: fn(&ProfilePatch) -> &Patch<String>,
    /// Where a change holds it, to write.
    pub(super) ask: fn(&mut ProfilePatch) -> &mut Patch<String>,
    /// Where a profile holds it.
    pub(super) slot: fn(&mut Profile) -> &mut Option<String>,
}

macro_rules! text {
    ($name:ident, $bytes_max:expr, $rule:expr) => {
        TextAttribute {
            name: stringify!($name),
            bytes_max: $bytes_max,
            rule: $rule,
            asked: |patch| &patch.$name,
            ask: |patch| &mut patch.$name,
            slot: |profile| &mut profile.$name,
        }
    };
}

/// All of them.
pub(super) const TEXTS: &[TextAttribute] = &[
    text!(external_id, EXTERNAL_ID_BYTES_MAX, free),
    text!(external_id_type, SHORT_TEXT_BYTES_MAX, free),
    text!(email, EMAIL_BYTES_MAX, email),
    text!(first_name, SHORT_TEXT_BYTES_MAX, free),
    text!(last_name, SHORT_TEXT_BYTES_MAX, free),
    text!(gender, SHORT_TEXT_BYTES_MAX, gender),
    text!(address, SHORT_TEXT_BYTES_MAX, free),
    text!(address2, SHORT_TEXT_BYTES_MAX, free),
    text!(city, SHORT_TEXT_BYTES_MAX, free),
    text!(state, SHORT_TEXT_BYTES_MAX, free),
    text!(zip, SHORT_TEXT_BYTES_MAX, free),
    text!(country, SHORT_TEXT_BYTES_MAX, country),
    text!(dma, SHORT_TEXT_BYTES_MAX, free),
    text!(locale, SHORT_TEXT_BYTES_MAX, free),
    text!(ip, SHORT_TEXT_BYTES_MAX, free),
    text!(time_zone, SHORT_TEXT_BYTES_MAX, time_zone),
    text!(referrer_code, SHORT_TEXT_BYTES_MAX, free),
    text!(profile_photo_url, URL_BYTES_MAX, free),
];

#[expect(clippy::unnecessary_wraps, reason = "a rule like the others, one that never refuses")]
fn free(text: &str) -> Result<String, Reason> {
    Ok(text.to_owned())
}

fn email(text: &str) -> Result<String, Reason> {
    let options = Options::default().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(text, options).map(|_| text.to_owned()).map_err(|_| Reason::Email)
}

fn gender(text: &str) -> Result<String, Reason> {
    if matches!(text, "m" | "f") { Ok(text.to_owned()) } else { Err(Reason::Gender) }
}

fn country(text: &str) -> Result<String, Reason> {
    country_code(text).ok_or(Reason::Country)
}

fn time_zone(text: &str) -> Result<String, Reason> {
    DayZone::named(text).map(|_| text.to_owned()).ok_or(Reason::TimeZone)
}
