//! Calendar days as a customer lives them (contract rule B10).

use crate::time::UnixMillis;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The zones compiled into the binary: what counts as a day must not differ between hosts of one store.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const DAY_S: i64 = 86_400;

/// A calendar day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i64);

impl Day {
    fn date(self) -> Option<Date> {
        let midnight = jiff::Timestamp::from_second(self.0.checked_mul(DAY_S)?).ok()?;
        Some(TimeZone::UTC.to_datetime(midnight).date())
    }
}

/// The zone whose calendar days rule a customer's consecutive days.
#[derive(Debug, Clone)]
pub struct DayZone(TimeZone);

impl DayZone {
    /// Days of Coordinated Universal Time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of that IANA name; `None` for a name that is not one.
    pub fn named(name: &str) -> Option<Self> {
        ZONES.get(name).ok().map(Self)
    }

    /// The customer's own zone, else the organization's. Names are checked where they come in; should one have
    /// left the zone database since, the next choice applies, and in the end UTC.
    ///
    /// The log does not keep zones: when a customer moves, days already folded stay as they were until a late event
    /// or a replay folds the log again, then by the zone of that time.
    pub fn of(customer: Option<&str>, organization: &str) -> Self {
        customer.and_then(Self::named).or_else(|| Self::named(organization)).unwrap_or(Self::UTC)
    }

    /// The calendar day of an instant.
    pub fn day(&self, at: UnixMillis) -> Day {
        let seconds = at.0.div_euclid(1000);
        // No calendar holds instants beyond its range; UTC days still order them.
        let offset_s = at.to_jiff().map_or(0, |at| i64::from(self.0.to_offset(at).seconds()));
        Day(seconds.saturating_add(offset_s).div_euclid(DAY_S))
    }

    /// Whether `day` is the calendar day after `earlier`. A day that the zone left out, as Samoa did when it
    /// crossed the date line, stands between no two days.
    pub fn follows(&self, earlier: Day, day: Day) -> bool {
        match day.0.checked_sub(earlier.0) {
            Some(1) => true,
            Some(2) => !self.has(Day(earlier.0 + 1)),
            _ => false,
        }
    }

    fn has(&self, day: Day) -> bool {
        let Some(date) = day.date() else { return true };
        let noon = date.at(12, 0, 0, 0);
        // A local time inside a gap is moved behind it, here to another day.
        self.0.to_ambiguous_timestamp(noon).compatible().is_ok_and(|at| self.day(at.into()) == day)
    }
}
