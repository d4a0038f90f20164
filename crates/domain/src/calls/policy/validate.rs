//! What a policy must satisfy before it is stored, and how one is read from a document.

use super::presets::preset;
use super::schema::{AbandonWindow, AnswerDetection, Policy};
use serde_json::Value;

/// Bounds of a policy; each is tested at its edge.
pub mod limits {
    /// Characters of a name.
    pub const MAX_NAME_CHARS: usize = 64;
    /// Entries of any list.
    pub const MAX_ENTRIES: usize = 100;
    /// Longest ring that may be asked for, seconds.
    pub const MAX_RING_S: u32 = 120;
    /// Longest connect limit, milliseconds: later than this nobody is still listening.
    pub const MAX_CONNECT_MS: u32 = 10_000;
    /// Longest message, seconds.
    pub const MAX_MESSAGE_S: u32 = 120;
    /// Longest pause after a conversation, a refusal or an abandoned call, days.
    pub const MAX_PAUSE_DAYS: u32 = 3_650;
    /// Longest window of the abandon share, days.
    pub const MAX_WINDOW_DAYS: u16 = 366;
    /// Most calls of one number that a limit may permit: no more are remembered of it.
    pub const MAX_CALLS: u32 = 100;
    /// Longest retention, days.
    pub const MAX_RETENTION_DAYS: u32 = 36_500;
}

/// A policy that cannot be used: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct PolicyError {
    /// The field, such as `abandon.cap` or `hours[2].to`.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

fn wrong(field: impl Into<String>, reason: impl Into<String>) -> PolicyError {
    PolicyError { field: field.into(), reason: reason.into() }
}

fn within(field: &str, value: u32, min: u32, max: u32) -> Result<(), PolicyError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(wrong(field, format!("must be between {min} and {max}")))
    }
}

fn share(field: &str, value: f64) -> Result<(), PolicyError> {
    // A NaN is in no range.
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(wrong(field, "must be between 0 and 1")) }
}

impl Policy {
    /// Reads and checks a document. Its member `preset` names a preset to start from, `STRICT` where there is none;
    /// the other members replace those of the preset, objects member by member.
    pub fn from_value(document: Value) -> Result<Self, PolicyError> {
        let Value::Object(mut document) = document else {
            return Err(wrong("policy", "must be an object"));
        };
        let base = match document.remove("preset") {
            None | Some(Value::Null) => Self::default(),
            Some(Value::String(name)) => {
                preset(&name).map(|preset| preset.policy).ok_or_else(|| wrong("preset", "is not a preset"))?
            }
            Some(_) => return Err(wrong("preset", "must be the name of a preset")),
        };
        let mut merged = serde_json::to_value(base).map_err(|error| wrong("preset", error.to_string()))?;
        merge(&mut merged, Value::Object(document));
        let policy: Self = serde_path_to_error::deserialize(merged).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "policy".to_owned() } else { path };
            wrong(field, error.into_inner().to_string())
        })?;
        policy.validate()?;
        Ok(policy)
    }

    /// Checks what the types cannot.
    pub fn validate(&self) -> Result<(), PolicyError> {
        if self.name.trim().is_empty() || self.name.contains('\0') {
            return Err(wrong("name", "must not be empty"));
        }
        if self.name.chars().count() > limits::MAX_NAME_CHARS {
            return Err(wrong("name", format!("is longer than {} characters", limits::MAX_NAME_CHARS)));
        }
        self.validate_hours()?;
        within("min_ring_s", self.min_ring_s, 1, limits::MAX_RING_S)?;
        within("connect_limit_ms", self.connect_limit_ms, 100, limits::MAX_CONNECT_MS)?;
        self.validate_abandon()?;
        let message = &self.message;
        within("message.start_within_ms", message.start_within_ms, 0, limits::MAX_CONNECT_MS)?;
        within("message.max_s", message.max_s, 1, limits::MAX_MESSAGE_S)?;
        if !matches!(message.opt_out_key, '0'..='9' | '*' | '#') {
            return Err(wrong("message.opt_out_key", "must be a digit, * or #"));
        }
        let pause_hours = limits::MAX_PAUSE_DAYS * 24;
        within("redial_after_abandon.hours", self.redial_after_abandon.hours, 0, pause_hours)?;
        self.validate_per_number()?;
        if self.caller_id.allowed.len() > limits::MAX_ENTRIES {
            return Err(wrong("caller_id.allowed", format!("has more than {} entries", limits::MAX_ENTRIES)));
        }
        if let Some(rate) = self.amd_false_positive_rate {
            share("amd_false_positive_rate", rate)?;
        } else if self.amd == AnswerDetection::DetectFirst {
            let reason = "is needed for amd: detect_first, which hangs up on people it takes for machines";
            return Err(wrong("amd_false_positive_rate", reason));
        }
        within("records_retention_days", self.records_retention_days, 1, limits::MAX_RETENTION_DAYS)
    }

    fn validate_hours(&self) -> Result<(), PolicyError> {
        if self.hours.is_empty() {
            let reason = "must not be empty; hours without a limit are all seven days from 00:00 to 24:00";
            return Err(wrong("hours", reason));
        }
        if self.hours.len() > limits::MAX_ENTRIES {
            return Err(wrong("hours", format!("has more than {} entries", limits::MAX_ENTRIES)));
        }
        for (i, hours) in self.hours.iter().enumerate() {
            if hours.days.is_empty() {
                return Err(wrong(format!("hours[{i}].days"), "must not be empty"));
            }
            if hours.days.len() > 7 {
                return Err(wrong(format!("hours[{i}].days"), "has more than 7 entries"));
            }
            if hours.to <= hours.from {
                return Err(wrong(format!("hours[{i}].to"), "must be later than from"));
            }
        }
        Ok(())
    }

    fn validate_abandon(&self) -> Result<(), PolicyError> {
        let abandon = &self.abandon;
        share("abandon.cap", abandon.cap)?;
        share("abandon.target_factor", abandon.target_factor)?;
        if abandon.target_factor == 0.0 {
            return Err(wrong("abandon.target_factor", "must be above 0"));
        }
        if abandon.windows.is_empty() {
            return Err(wrong("abandon.windows", "must not be empty"));
        }
        if abandon.windows.len() > limits::MAX_ENTRIES {
            return Err(wrong("abandon.windows", format!("has more than {} entries", limits::MAX_ENTRIES)));
        }
        for (i, window) in abandon.windows.iter().enumerate() {
            if let AbandonWindow::RollingDays(days) = window {
                let field = format!("abandon.windows[{i}].rolling_days");
                within(&field, u32::from(*days), 1, u32::from(limits::MAX_WINDOW_DAYS))?;
            }
        }
        Ok(())
    }

    fn validate_per_number(&self) -> Result<(), PolicyError> {
        let per_number = &self.per_number;
        for (field, count) in [
            ("per_number.per_day", per_number.per_day),
            ("per_number.per_7d", per_number.per_7d),
            ("per_number.per_30d", per_number.per_30d),
        ] {
            within(field, count.unwrap_or(1), 1, limits::MAX_CALLS)?;
        }
        for (field, days) in [
            ("per_number.after_conversation_days", per_number.after_conversation_days),
            ("per_number.after_refusal_days", per_number.after_refusal_days),
        ] {
            within(field, days.unwrap_or(0), 0, limits::MAX_PAUSE_DAYS)?;
        }
        Ok(())
    }
}

/// Puts the members of `over` into `base`, objects into objects; everything else replaces.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}
