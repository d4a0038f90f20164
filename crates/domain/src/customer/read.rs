//! Reading a change: from a JSON object, or from named text as tables have it.

use super::attributes::TEXTS;
use super::error::{ProfileError, Reason};
use super::patch::{Patch, ProfilePatch};
use super::{ExternalIdentifier, limits};
use jiff::civil::Date;
use serde_json::{Map, Value};

/// Attributes that a profile shows and clients may not write; sent back, they are passed over.
pub const READ_ONLY: &[&str] = &[
    "id",
    "account_status",
    "activated",
    "available_points",
    "created_at",
    "next_tier_percentage",
    "next_tier_points",
    "proxy_ids",
    "registered_at",
    "suspended",
    "test_account",
    "test_points",
    "tier",
    "tier_details",
    "tier_entered_at",
    "tier_points",
    "tier_resets_at",
    "tier_system",
    "unclaimed_achievement_count",
    "updated_at",
];

/// The writable attributes that are not plain text.
const OTHERS: &[&str] =
    &["identifiers", "opted_in", "dob", "phone_numbers", "referral", "proxy_id", "user_profile"];

/// Prefix of a custom attribute's column in a table.
const CUSTOM_COLUMN: &str = "user_profile.";

impl ProfilePatch {
    /// Reads an object with attributes under their names on the wire: `null` and empty text clear one, what is not
    /// there stays, a value of the wrong type is refused. Read-only and unknown attributes are passed over, because
    /// clients send back whole profiles; whoever must not overlook a misspelled one asks
    /// [`ProfilePatch::unknown_attributes`].
    pub fn from_json(object: &Map<String, Value>) -> Result<Self, ProfileError> {
        let mut patch = Self::default();
        for attribute in TEXTS {
            *(attribute.ask)(&mut patch) = read(object, attribute.name, |value| match value {
                Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
                _ => Err(Reason::Type("text")),
            })?;
        }
        patch.opted_in = read(object, "opted_in", |value| match value {
            Value::Bool(flag) => Ok(Some(*flag)),
            _ => Err(Reason::Type("true or false")),
        })?;
        patch.dob = read(object, "dob", |value| match value {
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => parse_date(text).map(Some),
            _ => Err(Reason::Type("text")),
        })?;
        patch.identifiers = read(object, "identifiers", |value| {
            array(value)?.iter().map(identifier).collect::<Result<_, _>>().map(Some)
        })?;
        patch.phone_numbers = read(object, "phone_numbers", |value| {
            array(value)?.iter().map(|item| map(item).cloned()).collect::<Result<_, _>>().map(Some)
        })?;
        patch.referral = read(object, "referral", |value| map(value).cloned().map(Some))?;
        patch.user_profile = read(object, "user_profile", |value| {
            let mut attributes = map(value)?.clone();
            // Reading shows the version among the attributes; it is not one.
            attributes.shift_remove("_version");
            Ok(Some(attributes))
        })?;
        let proxies = read(object, "proxy_id", |value| {
            let change = map(value)?;
            Ok(Some((texts(change.get("register"))?, texts(change.get("unregister"))?)))
        })?;
        if let Patch::Set((register, unregister)) = proxies {
            patch.register_proxies = register;
            patch.unregister_proxies = unregister;
        }
        Ok(patch)
    }

    /// The object's attributes that are neither writable nor read-only.
    pub fn unknown_attributes(object: &Map<String, Value>) -> Vec<String> {
        let known = |name: &str| {
            TEXTS.iter().any(|attribute| attribute.name == name)
                || OTHERS.contains(&name)
                || READ_ONLY.contains(&name)
        };
        object.keys().filter(|name| !known(name)).cloned().collect()
    }

    /// Sets one attribute from the text of a table's cell. An empty cell says nothing. Columns are the text
    /// attributes, `opted_in` (`true` or `false`), `dob`, `phone_number` (the only one), and `user_profile.<name>`,
    /// whose cell is read as JSON where it is a number, `true` or `false`, and as text otherwise. `Ok(false)` if no
    /// attribute has that name.
    pub fn set_text(&mut self, column: &str, cell: &str) -> Result<bool, ProfileError> {
        let refuse = |reason| ProfileError::of(column, reason);
        if let Some(attribute) = TEXTS.iter().find(|attribute| attribute.name == column) {
            if !cell.is_empty() {
                *(attribute.ask)(self) = Patch::Set(cell.to_owned());
            }
            return Ok(true);
        }
        if let Some(name) = column.strip_prefix(CUSTOM_COLUMN) {
            if !cell.is_empty() {
                self.set_custom(name, cell_value(cell));
            }
            return Ok(true);
        }
        match column {
            "opted_in" | "dob" | "phone_number" if cell.is_empty() => {}
            "opted_in" => {
                let flag = cell.parse().map_err(|_| refuse(Reason::Flag))?;
                self.opted_in = Patch::Set(flag);
            }
            "dob" => self.dob = Patch::Set(parse_date(cell).map_err(refuse)?),
            "phone_number" => {
                let object = Map::from_iter([(column.to_owned(), Value::from(cell))]);
                self.phone_numbers = Patch::Set(vec![object]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_custom(&mut self, name: &str, value: Value) {
        match &mut self.user_profile {
            Patch::Set(attributes) => {
                attributes.insert(name.to_owned(), value);
            }
            other => *other = Patch::Set(Map::from_iter([(name.to_owned(), value)])),
        }
    }
}

fn read<T>(
    object: &Map<String, Value>,
    name: &'static str,
    parse: impl FnOnce(&Value) -> Result<Option<T>, Reason>,
) -> Result<Patch<T>, ProfileError> {
    match object.get(name) {
        None => Ok(Patch::Absent),
        Some(Value::Null) => Ok(Patch::Cleared),
        Some(value) => match parse(value).map_err(|reason| ProfileError::of(name, reason))? {
            Some(value) => Ok(Patch::Set(value)),
            None => Ok(Patch::Cleared),
        },
    }
}

/// Reads `YYYY-MM-DD` and nothing else; the calendar library alone would take more spellings.
fn parse_date(text: &str) -> Result<Date, Reason> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shape { text.parse().map_err(|_| Reason::Date) } else { Err(Reason::Date) }
}

fn cell_value(cell: &str) -> Value {
    let read =
        serde_json::from_str::<Value>(cell).ok().filter(|value| value.is_boolean() || value.is_number());
    // A number that would be written otherwise, such as one of twenty digits, is a key and stays text.
    let faithful = |value: &Value| serde_json::to_string(value).is_ok_and(|text| text == cell);
    read.filter(faithful).unwrap_or_else(|| Value::from(cell))
}

fn array(value: &Value) -> Result<&Vec<Value>, Reason> {
    value.as_array().ok_or(Reason::Type("an array of objects"))
}

fn map(value: &Value) -> Result<&Map<String, Value>, Reason> {
    value.as_object().ok_or(Reason::Type("an object"))
}

fn identifier(value: &Value) -> Result<ExternalIdentifier, Reason> {
    const SHAPE: Reason =
        Reason::Type("an array of objects with external_id and external_id_type, both text");
    let object = value.as_object().ok_or(SHAPE)?;
    let external_id = object.get("external_id").and_then(Value::as_str).ok_or(SHAPE)?;
    let external_id_type = match object.get("external_id_type") {
        None | Some(Value::Null) => None,
        Some(Value::String(kind)) => Some(kind.clone()).filter(|kind| !kind.is_empty()),
        Some(_) => return Err(SHAPE),
    };
    Ok(ExternalIdentifier { external_id: external_id.to_owned(), external_id_type })
}

/// One text or an array of them.
fn texts(value: Option<&Value>) -> Result<Vec<String>, Reason> {
    const SHAPE: Reason = Reason::Type("an object whose register and unregister are text");
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) if items.len() <= limits::PROXY_IDS_MAX => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(SHAPE)).collect()
        }
        Some(Value::Array(_)) => Err(Reason::Count(limits::PROXY_IDS_MAX)),
        Some(_) => Err(SHAPE),
    }
}
