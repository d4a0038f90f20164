//! Events: what a customer did. They are the truth that behaviors fold into progress.

use crate::ids::CampaignId;
use crate::number::Number;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How far an event's date may lie ahead of the server's clock, in seconds (contract row A16).
pub const MAX_AHEAD_S: i64 = 300;

/// Identifies an event within its customer: a digest of event name and `transaction_id`, or a random value
/// when the caller gave none. The same key is accepted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey(pub [u8; 16]);

/// A value of an event's flat `context`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// JSON `true` or `false`.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(String),
    /// JSON `null`: the key was sent without a value.
    Null,
}

impl ContextValue {
    /// Orders two values of one kind: numbers by size whichever way they are spelled, text by code points,
    /// `false` before `true`. Values of different kinds, and nulls, have no order, nor are they equal.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (a, b) => Some(a.number()?.cmp(&b.number()?)),
        }
    }

    /// The number that it is; `None` for other kinds and for NaN, which JSON cannot spell.
    fn number(&self) -> Option<Number> {
        match self {
            Self::Integer(integer) => Some(Number::Int(*integer)),
            Self::Number(float) if !float.is_nan() => Some(Number::from_f64(*float)),
            Self::Number(_) | Self::Bool(_) | Self::Text(_) | Self::Null => None,
        }
    }

    /// A text that is the same for two values exactly when they are equal, as [`Self::compare`] has it; `None` for
    /// null and NaN. Long texts are represented by a digest, so that it has at most 33 bytes.
    pub(crate) fn identity(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => format!("b{}", u8::from(*value)),
            Self::Text(text) if text.len() <= 32 => format!("t{text}"),
            Self::Text(text) => digest(text),
            Self::Integer(_) | Self::Number(_) => match self.number()? {
                Number::Int(integer) => format!("n{integer}"),
                Number::Large(integer) => format!("n{integer}"),
                Number::Float(float) => format!("n{float:e}"),
            },
        })
    }
}

fn digest(text: &str) -> String {
    let mut identity = String::with_capacity(33);
    identity.push('#');
    for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
        let _ = write!(identity, "{byte:02x}");
    }
    identity
}

/// An event's `context`: extra key-values, flat, never nested.
pub type Context = BTreeMap<String, ContextValue>;

/// An accepted event, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its key within the customer.
    pub key: EventKey,
    /// Position in the customer's log, from 1, in order of arrival.
    pub sequence: u64,
    /// The event's name.
    pub name: String,
    /// When it happened; the fold orders by this, ties by `sequence`.
    pub occurred_at: UnixMillis,
    /// When it was accepted.
    pub received_at: UnixMillis,
    /// How many times it happened, at least 1.
    pub quantity: u32,
    /// Extra key-values.
    pub context: Context,
    /// The only campaign it may count for, when the caller restricted it.
    pub restricted_to: Option<CampaignId>,
    /// The campaigns that admitted it when it arrived: status, targeting and opt-in are judged at arrival and
    /// remembered, so that a replay of the log gives the same state. Sorted.
    pub admitted: Vec<CampaignId>,
}

/// Why a quantity is refused (contract row A18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Neither an integer nor a text of decimal digits: a fraction, spaces, a sign or another type.
    #[error("a quantity is an integer, or text of decimal digits only")]
    NotAnInteger,
    /// Zero or less.
    #[error("a quantity is at least 1")]
    NotPositive,
    /// More than 32 bits can hold.
    #[error("a quantity is at most {}", u32::MAX)]
    TooLarge,
}

/// Reads how many times an event happened, as the wire spells it: an integer or the same as text. An absent
/// quantity is the caller's to default.
pub fn parse_quantity(value: &Value) -> Result<u32, QuantityError> {
    let digits = match value {
        Value::Number(number) => {
            if number.as_i64().is_some_and(|number| number <= 0) {
                return Err(QuantityError::NotPositive);
            }
            let number = number.as_u64().ok_or(QuantityError::NotAnInteger)?;
            return u32::try_from(number).map_err(|_| QuantityError::TooLarge);
        }
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(QuantityError::NotAnInteger);
        }
    };
    let (negative, digits) = digits.strip_prefix('-').map_or((false, digits.as_str()), |rest| (true, rest));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QuantityError::NotAnInteger);
    }
    if negative {
        return Err(QuantityError::NotPositive);
    }
    match digits.parse() {
        Ok(0) => Err(QuantityError::NotPositive),
        Ok(quantity) => Ok(quantity),
        // Digits alone fail only by being too many.
        Err(_) => Err(QuantityError::TooLarge),
    }
}

/// The event is dated in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the date lies more than {} seconds ahead", MAX_AHEAD_S)]
pub struct DateAhead;

/// Checks an event's date against the clock: up to [`MAX_AHEAD_S`] ahead is taken for a clock that runs fast. The
/// past has no limit.
pub fn check_date(occurred_at: UnixMillis, now: UnixMillis) -> Result<(), DateAhead> {
    if occurred_at > now.plus_seconds(MAX_AHEAD_S) { Err(DateAhead) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a18_quantities_are_integers_or_digits() {
        use QuantityError::{NotAnInteger, NotPositive, TooLarge};
        for (value, expected) in [
            (json!(1), Ok(1)),
            (json!("1"), Ok(1)),
            (json!("007"), Ok(7)),
            (json!(4_294_967_295_u64), Ok(u32::MAX)),
            (json!("4294967295"), Ok(u32::MAX)),
            (json!(4_294_967_296_u64), Err(TooLarge)),
            (json!("4294967296"), Err(TooLarge)),
            (json!("99999999999999999999999999"), Err(TooLarge)),
            (json!(u64::MAX), Err(TooLarge)),
            (json!(0), Err(NotPositive)),
            (json!("0"), Err(NotPositive)),
            (json!(-1), Err(NotPositive)),
            (json!("-1"), Err(NotPositive)),
            (json!("-99999999999999999999999999"), Err(NotPositive)),
            (json!(1.5), Err(NotAnInteger)),
            (json!(1.0), Err(NotAnInteger)),
            (json!(1e30), Err(NotAnInteger)),
            (json!("1.5"), Err(NotAnInteger)),
            (json!("1e3"), Err(NotAnInteger)),
            (json!("+1"), Err(NotAnInteger)),
            (json!(" 1"), Err(NotAnInteger)),
            (json!("1 "), Err(NotAnInteger)),
            (json!("1 000"), Err(NotAnInteger)),
            (json!("-"), Err(NotAnInteger)),
            (json!("--1"), Err(NotAnInteger)),
            (json!("٣"), Err(NotAnInteger)),
            (json!("0x10"), Err(NotAnInteger)),
            (json!(""), Err(NotAnInteger)),
            (json!(null), Err(NotAnInteger)),
            (json!(true), Err(NotAnInteger)),
            (json!([1]), Err(NotAnInteger)),
            (json!({"n": 1}), Err(NotAnInteger)),
        ] {
            assert_eq!(parse_quantity(&value), expected, "{value}");
        }
    }

    #[test]
    fn a16_dates_may_lie_five_minutes_ahead() {
        let now = UnixMillis(1_500_000_000_000);
        for (name, ahead_ms, accepted) in [
            ("now", 0, true),
            ("five minutes ahead", 300_000, true),
            ("a moment more", 300_001, false),
            ("years back", -3_000_000_000_000, true),
        ] {
            let verdict = check_date(UnixMillis(now.0 + ahead_ms), now);
            assert_eq!(verdict.is_ok(), accepted, "{name}");
        }
        assert_eq!(check_date(UnixMillis(i64::MAX), now), Err(DateAhead));
        assert_eq!(check_date(UnixMillis(i64::MIN), now), Ok(()));
    }

    #[test]
    fn equal_values_are_known_by_the_same_text() {
        let long = "x".repeat(33);
        let values = [
            json!(null),
            json!(true),
            json!(false),
            json!(1),
            json!(1.0),
            json!(1.5),
            json!(i64::MAX),
            json!(9_223_372_036_854_775_807.0),
            json!(1e300),
            json!("1"),
            json!("true"),
            json!(""),
            json!(&long[..32]),
            json!(long),
            json!(format!("#{}", "0".repeat(32))),
        ];
        let values: Vec<ContextValue> =
            values.into_iter().map(|value| serde_json::from_value(value).unwrap()).collect();
        for a in &values {
            for b in &values {
                let same = a.identity().is_some() && a.identity() == b.identity();
                assert_eq!(same, a.compare(b) == Some(Ordering::Equal), "{a:?} and {b:?}");
            }
            assert!(a.identity().is_none_or(|identity| identity.len() <= 33), "{a:?}");
        }
    }
}
