//! Counting towards one total, many units at a time.

use super::matching::Meter;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What has been counted in the current round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tally {
    /// Units counted, for `count`.
    #[serde(rename = "n", skip_serializing_if = "super::progress::is_zero")]
    count: u32,
    /// Values seen, for `unique`.
    #[serde(rename = "u", skip_serializing_if = "BTreeSet::is_empty")]
    values: BTreeSet<String>,
}

/// What became of some units.
#[derive(Clone, Copy)]
pub(super) struct Advance {
    /// Whether any unit counted.
    pub(super) counted: bool,
    /// Times that the total was reached.
    pub(super) reached: u64,
    /// Units left over because the limit of reaches ended the counting.
    pub(super) left: u64,
}

impl Advance {
    const NOTHING: Self = Self { counted: false, reached: 0, left: 0 };
}

impl Tally {
    pub(super) const fn new() -> Self {
        Self { count: 0, values: BTreeSet::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.values.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn current_count(&self) -> u32 {
        self.count.saturating_add(u32::try_from(self.values.len()).unwrap_or(u32::MAX))
    }

    /// Adds up to `units` single events of the same value, stopping when the total has been reached `limit`
    /// times, in time that does not grow with `units`. Each reach empties the tally.
    pub(super) fn advance(&mut self, meter: Meter, value: Option<&str>, units: u64, limit: u64) -> Advance {
        if units == 0 || limit == 0 {
            return Advance { left: units, ..Advance::NOTHING };
        }
        let total = u64::from(meter.total_count.max(1));
        match value {
            Some(value) if meter.unique => self.advance_values(total, value, units, limit),
            _ => self.advance_count(total, units, limit),
        }
    }

    fn advance_count(&mut self, total: u64, units: u64, limit: u64) -> Advance {
        let first = total.saturating_sub(u64::from(self.count)).max(1);
        if units < first {
            // Below `total`, which fits.
            self.count = self.count.saturating_add(u32::try_from(units).unwrap_or(u32::MAX));
            return Advance { counted: true, ..Advance::NOTHING };
        }
        let reached = (1 + (units - first) / total).min(limit);
        let rest = units - first - (reached - 1) * total;
        self.count = 0;
        if reached == limit {
            return Advance { counted: true, reached, left: rest };
        }
        self.count = u32::try_from(rest).unwrap_or(u32::MAX);
        Advance { counted: true, reached, left: 0 }
    }

    fn advance_values(&mut self, total: u64, value: &str, units: u64, limit: u64) -> Advance {
        if self.values.contains(value) {
            return Advance::NOTHING;
        }
        if total == 1 {
            self.values.clear();
            let reached = units.min(limit);
            return Advance { counted: true, reached, left: units - reached };
        }
        self.values.insert(value.to_owned());
        if (self.values.len() as u64) < total {
            return Advance { counted: true, ..Advance::NOTHING };
        }
        self.values.clear();
        let left = units - 1;
        if limit == 1 || left == 0 {
            return Advance { counted: true, reached: 1, left };
        }
        // The next unit opens a new round with the value; further ones repeat it.
        self.values.insert(value.to_owned());
        Advance { counted: true, reached: 1, left: 0 }
    }
}
