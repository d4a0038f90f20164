//! Events: what a customer did. They are the truth that behaviors fold into progress.

use crate::ids::CampaignId;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
