//! Points in time and windows. Wall-clock time comes from outside; these types only compare and format it.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. The one representation of an instant inside Muster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The last instant that every wire format can spell: 9999-12-31T23:59:59.999Z (contract row H12).
    pub const MAX_WIRE: Self = Self(253_402_300_799_999);

    /// This instant moved by a signed number of seconds, saturating at the ends of the range.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same instant as a calendar library value; `None` outside the years it can hold.
    pub fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }
}

impl From<jiff::Timestamp> for UnixMillis {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

/// A half-open span of time: `starts_at ≤ t < ends_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First instant inside.
    pub starts_at: UnixMillis,
    /// First instant after.
    pub ends_at: UnixMillis,
}

impl Window {
    /// Whether `at` lies inside.
    pub fn contains(self, at: UnixMillis) -> bool {
        self.starts_at <= at && at < self.ends_at
    }

    /// Whether the window has passed at `at`.
    pub fn is_over(self, at: UnixMillis) -> bool {
        at >= self.ends_at
    }
}
