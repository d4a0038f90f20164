//! Hours of the day in which messages may leave.

use crate::time::UnixMillis;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Daily hours: from `from` up to, not including, `to`. Where `to` is not later than `from` they run over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendHours {
    /// Local time `HH:MM` at which sending begins.
    pub from: String,
    /// Local time `HH:MM` at which it ends.
    pub to: String,
    /// Whose local time.
    pub zone: Zone,
}

/// Whose local time is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// The card's own; UTC for a card without one.
    Card,
    /// That of an IANA zone.
    Fixed(String),
}

/// Why hours cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// A time is not written as `HH:MM`.
    #[error("{0:?} is not a time of day HH:MM")]
    Time(String),
    /// The zone is not known.
    #[error("{0:?} is not an IANA time zone")]
    Zone(String),
}

fn time(text: &str) -> Result<Time, HoursError> {
    let wrong = || HoursError::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    if hour.len() != 2 || minute.len() != 2 {
        return Err(wrong());
    }
    let (hour, minute) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

fn zone(name: &str) -> Result<TimeZone, HoursError> {
    TimeZone::get(name).map_err(|_| HoursError::Zone(name.to_owned()))
}

impl SendHours {
    /// Checks the times and the zone.
    pub fn validate(&self) -> Result<(), HoursError> {
        time(&self.from)?;
        time(&self.to)?;
        if let Zone::Fixed(name) = &self.zone {
            zone(name)?;
        }
        Ok(())
    }

    /// How many seconds of an ordinary day they are; none where they cannot be read.
    pub fn seconds_per_day(&self) -> u32 {
        let (Ok(from), Ok(to)) = (time(&self.from), time(&self.to)) else { return 0 };
        let minutes = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
        let open = (minutes(to) - minutes(from)).rem_euclid(24 * 60);
        // From a time of day to the same one is all day.
        if open == 0 { 24 * 3600 } else { open.unsigned_abs() * 60 }
    }

    /// When a card may be sent to: `now` itself inside the hours, or else the next beginning. `card_zone` is the
    /// card's zone, where it has one. Hours that cannot be read let nothing through for a day, rather than
    /// everything.
    pub fn next_opening(&self, now: UnixMillis, card_zone: Option<&str>) -> UnixMillis {
        self.opening(now, card_zone).unwrap_or_else(|| now.plus_seconds(24 * 3600))
    }

    fn opening(&self, now: UnixMillis, card_zone: Option<&str>) -> Option<UnixMillis> {
        let (from, to) = (time(&self.from).ok()?, time(&self.to).ok()?);
        let zone = match (&self.zone, card_zone) {
            (Zone::Fixed(name), _) => zone(name).ok()?,
            (Zone::Card, Some(name)) => zone(name).unwrap_or(TimeZone::UTC),
            (Zone::Card, None) => TimeZone::UTC,
        };
        let local = now.to_jiff()?.to_zoned(zone);
        let at = local.time();
        let open = if from < to { from <= at && at < to } else { at >= from || at < to };
        if open {
            return Some(now);
        }
        // A beginning that a change of clocks skips falls on the first instant after the gap.
        let today = local.with().time(from).build().ok()?;
        let opening =
            if at < from { today } else { local.tomorrow().ok()?.with().time(from).build().ok()? };
        Some(UnixMillis::from(opening.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::from(text.parse::<jiff::Timestamp>().unwrap())
    }

    fn hours(from: &str, to: &str, zone: Zone) -> SendHours {
        SendHours { from: from.to_owned(), to: to.to_owned(), zone }
    }

    #[test]
    fn a_day_has_as_many_open_seconds_as_the_hours_say() {
        for (from, to, hours_open) in [
            ("08:00", "20:00", 12),
            ("22:00", "06:00", 8),
            ("08:00", "08:00", 24),
            ("00:00", "00:00", 24),
            ("8", "9", 0),
        ] {
            assert_eq!(hours(from, to, Zone::Card).seconds_per_day(), hours_open * 3600, "{from} to {to}");
        }
    }

    #[test]
    fn the_next_opening_is_now_inside_and_the_next_beginning_outside() {
        let berlin = || Zone::Fixed("Europe/Berlin".to_owned());
        let table = [
            // Inside, at both edges, and outside on either side. Berlin is at +01:00 in winter.
            (hours("08:00", "20:00", berlin()), "2026-01-10T07:00:00Z", None, "2026-01-10T07:00:00Z"),
            (hours("08:00", "20:00", berlin()), "2026-01-10T18:59:59Z", None, "2026-01-10T18:59:59Z"),
            (hours("08:00", "20:00", berlin()), "2026-01-10T19:00:00Z", None, "2026-01-11T07:00:00Z"),
            (hours("08:00", "20:00", berlin()), "2026-01-10T03:00:00Z", None, "2026-01-10T07:00:00Z"),
            // Over midnight.
            (hours("22:00", "06:00", berlin()), "2026-01-10T23:00:00Z", None, "2026-01-10T23:00:00Z"),
            (hours("22:00", "06:00", berlin()), "2026-01-10T12:00:00Z", None, "2026-01-10T21:00:00Z"),
            // The night in which clocks go forward: 02:30 does not exist, 03:00 follows 02:00.
            (hours("02:30", "04:00", berlin()), "2026-03-29T00:10:00Z", None, "2026-03-29T01:30:00Z"),
            // The card's zone, and UTC without one.
            (
                hours("08:00", "20:00", Zone::Card),
                "2026-01-10T23:30:00Z",
                Some("Asia/Tokyo"),
                "2026-01-10T23:30:00Z",
            ),
            (hours("08:00", "20:00", Zone::Card), "2026-01-10T23:30:00Z", None, "2026-01-11T08:00:00Z"),
            (
                hours("08:00", "20:00", Zone::Card),
                "2026-01-10T23:30:00Z",
                Some("Nowhere/Else"),
                "2026-01-11T08:00:00Z",
            ),
        ];
        for (hours, now, card, expected) in table {
            assert_eq!(hours.next_opening(at(now), card), at(expected), "{hours:?} at {now}");
        }
    }

    #[test]
    fn hours_that_cannot_be_read_are_refused() {
        for text in ["", "8:00", "08:0", "24:00", "08:60", "0800", "-1:00"] {
            assert_eq!(hours(text, "20:00", Zone::Card).validate(), Err(HoursError::Time(text.to_owned())));
        }
        let nowhere = Zone::Fixed("Nowhere/Else".to_owned());
        assert_eq!(
            hours("08:00", "20:00", nowhere).validate(),
            Err(HoursError::Zone("Nowhere/Else".to_owned()))
        );
    }
}
