//! Dates as authors write them: a moment, or a day counted from today.

use muster_domain::time::UnixMillis;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// A moment: RFC 3339 such as `2026-03-01T12:00:00Z`, a date such as `2026-03-01` (midnight UTC), or relative to
/// the moment of writing: `now`, `today`, `3 days ago`, `2 weeks from now`.
///
/// Relative days and weeks begin at midnight UTC and relative hours at the full hour, so that a file says the same
/// all day long; what is stored is always a moment. A file of campaigns-as-code counts from its first application:
/// once the campaign is stored, a relative date in its file means the stored moment, and to move that a moment or a
/// date has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A moment.
    At(UnixMillis),
    /// So many milliseconds from the moment of writing, rounded down to full ones of the unit.
    FromNow {
        /// Distance, negative for the past.
        offset_ms: i64,
        /// What the result is rounded down to.
        unit_ms: i64,
    },
}

impl When {
    /// The moment, as seen from `now`.
    pub fn resolve(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::At(at) => at,
            Self::FromNow { offset_ms, unit_ms } => {
                let at = now.0.saturating_add(offset_ms);
                UnixMillis(at - at.rem_euclid(unit_ms))
            }
        }
    }

    /// Reads a date; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(relative) = relative(text) {
            return relative.map_err(|TooFar| format!("{text:?} is too far away"));
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(at.into()));
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>()
            && text.len() == "2026-03-01".len()
            && let Ok(midnight) = date.to_zoned(jiff::tz::TimeZone::UTC)
        {
            return Ok(Self::At(midnight.timestamp().into()));
        }
        Err(format!(
            "{text:?} is not a date; write for example \"2026-03-01T12:00:00Z\", \"2026-03-01\", \"today\", \
             \"3 days ago\" or \"2 weeks from now\""
        ))
    }
}

/// A distance beyond every calendar.
struct TooFar;

/// The relative forms; `None` for everything else.
fn relative(text: &str) -> Option<Result<When, TooFar>> {
    match text {
        "now" => return Some(Ok(When::FromNow { offset_ms: 0, unit_ms: 1000 })),
        "today" => return Some(Ok(When::FromNow { offset_ms: 0, unit_ms: DAY_MS })),
        _ => {}
    }
    let (span, sign) = match text.strip_suffix(" ago") {
        Some(span) => (span, -1),
        None => (text.strip_suffix(" from now")?, 1),
    };
    let (number, unit) = span.split_once(' ')?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (unit_ms, round_ms) = match unit {
        "minute" | "minutes" => (MINUTE_MS, MINUTE_MS),
        "hour" | "hours" => (HOUR_MS, HOUR_MS),
        "day" | "days" => (DAY_MS, DAY_MS),
        "week" | "weeks" => (7 * DAY_MS, DAY_MS),
        _ => return None,
    };
    let offset_ms = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit_ms));
    // A hundred thousand years either way: far beyond what a campaign accepts, near enough not to overflow.
    let offset_ms = offset_ms.filter(|offset| *offset < 100_000 * 366 * DAY_MS);
    let when = |offset| When::FromNow { offset_ms: sign * offset, unit_ms: round_ms };
    Some(offset_ms.map(when).ok_or(TooFar))
}

impl From<UnixMillis> for When {
    fn from(at: UnixMillis) -> Self {
        Self::At(at)
    }
}

/// An instant as RFC 3339 in UTC.
pub fn rfc3339(at: UnixMillis) -> String {
    // The store holds no instant beyond the calendar: `Campaign::validate` and the clock see to it.
    at.to_jiff().map_or_else(|| at.0.to_string(), |at| at.to_string())
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(at) => serializer.serialize_str(&rfc3339(*at)),
            Self::FromNow { offset_ms: 0, unit_ms: DAY_MS } => serializer.serialize_str("today"),
            Self::FromNow { offset_ms: 0, .. } => serializer.serialize_str("now"),
            Self::FromNow { offset_ms, unit_ms } => {
                let unit = match *unit_ms {
                    DAY_MS => "days",
                    HOUR_MS => "hours",
                    _ => "minutes",
                };
                let number = offset_ms.abs() / unit_ms;
                let direction = if *offset_ms < 0 { "ago" } else { "from now" };
                serializer.collect_str(&format_args!("{number} {unit} {direction}"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-10T15:45:30.250Z.
    const NOW: UnixMillis = UnixMillis(1_773_157_530_250);

    #[test]
    fn dates_are_read_in_every_form() {
        let table = [
            ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
            ("2026-03-01T12:00:00.250Z", "2026-03-01T12:00:00.25Z"),
            ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("now", "2026-03-10T15:45:30Z"),
            ("today", "2026-03-10T00:00:00Z"),
            ("1 day ago", "2026-03-09T00:00:00Z"),
            ("2 weeks from now", "2026-03-24T00:00:00Z"),
            ("3 hours ago", "2026-03-10T12:00:00Z"),
            ("90 minutes from now", "2026-03-10T17:15:00Z"),
        ];
        for (text, expected) in table {
            let when = When::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(rfc3339(when.resolve(NOW)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused_with_examples() {
        for text in
            ["", "tomorrow", "2026-13-01", "2026-03-01 12:00", "-3 days ago", "3 days", "3 fortnights ago"]
        {
            let error = When::parse(text).expect_err(text);
            assert!(error.contains("write for example"), "{text}: {error}");
        }
        let error = When::parse("99999999999999999999 days ago").expect_err("too far");
        assert!(error.contains("too far"), "{error}");
    }

    #[test]
    fn a_date_is_written_as_it_is_read() {
        for text in ["2026-03-01T12:00:00Z", "today", "now", "3 days ago", "14 days from now", "5 hours ago"]
        {
            let when = When::parse(text).expect("a date");
            assert_eq!(serde_json::to_value(when).expect("a string"), serde_json::json!(text));
        }
    }
}
