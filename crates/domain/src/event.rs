//! Events: what a customer did. They are the truth that behaviors fold into progress.

use crate::ids::CampaignId;
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
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Integer(a), Self::Number(b)) => compare_integer(*a, *b),
            (Self::Number(a), Self::Integer(b)) => compare_integer(*b, *a).map(Ordering::reverse),
            _ => None,
        }
    }

    /// A text that is the same for two values exactly when they are equal, as [`Self::compare`] has it; `None` for
    /// null. Long texts are represented by a digest, so that it has at most 33 bytes.
    pub(crate) fn identity(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => format!("b{}", u8::from(*value)),
            Self::Integer(value) => format!("i{value}"),
            Self::Number(value) if is_integer(*value) => format!("i{}", *value as i64),
            Self::Number(value) => format!("f{value}"),
            Self::Text(text) if text.len() <= 32 => format!("t{text}"),
            Self::Text(text) => digest(text),
        })
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// Whether the number is the value of some `i64`.
fn is_integer(number: f64) -> bool {
    number.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&number)
}

/// Compares without the rounding that a cast of the integer would bring.
fn compare_integer(integer: i64, number: f64) -> Option<Ordering> {
    if number.is_nan() {
        return None;
    }
    if number >= TWO_TO_63 {
        return Some(Ordering::Less);
    }
    if number < -TWO_TO_63 {
        return Some(Ordering::Greater);
    }
    let whole = number.trunc();
    Some(integer.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&number).unwrap_or(Ordering::Equal)))
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
