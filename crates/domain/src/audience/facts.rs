//! What a targeting query may look at.

use crate::customer::Customer;
use crate::time::UnixMillis;

/// One customer at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The customer.
    pub customer: &'a Customer,
    /// Past events of the names that queries ask for (see `Targeting::event_names`), in any order; empty when
    /// no query asks.
    pub events: &'a [PastEvent],
    /// The instant.
    pub now: UnixMillis,
}

/// An event of the log, as far as targeting may count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEvent {
    /// Its name.
    pub name: String,
    /// When it happened.
    pub occurred_at: UnixMillis,
    /// How many times.
    pub quantity: u32,
}
