//! The contract's three date formats (§2.4), written digit by digit, and a reader of all of them.

use muster_domain::time::UnixMillis;
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// `2021-12-31T05:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct D1(pub(crate) UnixMillis);

/// `2017-07-03 19:04:18`, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct D2(pub(crate) UnixMillis);

/// `2017-11-28T16:26:10+0000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct D3(pub(crate) UnixMillis);

/// The longest of the formats.
const MAX_LEN: usize = 24;
/// 0000-01-01T00:00:00Z; earlier instants have no spelling and are written as this one.
const MIN_WIRE_MS: i64 = -62_167_219_200_000;
const DAY_S: i64 = 86_400;

/// A date on the stack.
struct Text {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("dates are written in ASCII")
    }
}

/// Writes the instant with what stands between date and time and after it. Instants outside the years 0 to 9999
/// are moved to the nearest end of them.
fn write(at: UnixMillis, separator: u8, suffix: &[u8]) -> Text {
    let seconds = at.0.clamp(MIN_WIRE_MS, UnixMillis::MAX_WIRE.0).div_euclid(1000);
    let (days, second_of_day) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S) as u32);
    let (year, month, day) = civil(days);
    let mut bytes = *b"0000-00-00 00:00:00\0\0\0\0\0";
    two(&mut bytes, 0, year / 100);
    two(&mut bytes, 2, year % 100);
    two(&mut bytes, 5, month);
    two(&mut bytes, 8, day);
    bytes[10] = separator;
    two(&mut bytes, 11, second_of_day / 3600);
    two(&mut bytes, 14, second_of_day / 60 % 60);
    two(&mut bytes, 17, second_of_day % 60);
    let len = 19 + suffix.len();
    bytes[19..len].copy_from_slice(suffix);
    Text { bytes, len }
}

fn two(bytes: &mut [u8; MAX_LEN], at: usize, value: u32) {
    bytes[at] = b'0' + (value / 10) as u8;
    bytes[at + 1] = b'0' + (value % 10) as u8;
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Years are counted
/// from March, so that the leap day is the last of its year and months follow one formula.
fn civil(days: i64) -> (u32, u32, u32) {
    let days = days + 719_468; // from 0000-03-01
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097) as u32;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + i64::from(year_of_era) + i64::from(month <= 2);
    (year as u32, month, day)
}

/// The inverse of [`civil`].
fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

macro_rules! format_of {
    ($name:ident, $separator:literal, $suffix:literal, $example:literal, $description:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(write(self.0, $separator, $suffix).as_str())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .examples([serde_json::json!($example)])
                    .build()
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

format_of!(D1, b'T', b"Z", "2021-12-31T05:00:00Z", "UTC, whole seconds: YYYY-MM-DDTHH:MM:SSZ");
format_of!(D2, b' ', b"", "2017-07-03 19:04:18", "UTC, whole seconds: YYYY-MM-DD HH:MM:SS");
format_of!(D3, b'T', b"+0000", "2017-11-28T16:26:10+0000", "UTC, whole seconds: YYYY-MM-DDTHH:MM:SS+0000");

/// Reads any of the three formats, or RFC 3339 with any offset; `None` for anything else and for instants outside
/// the years 0 to 9999 (row H12). Fractions of a second are cut off; a leap second is the one before it.
pub(crate) fn parse(text: &str) -> Option<UnixMillis> {
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at_checked(10)?;
    let (separator, rest) = rest.split_first()?;
    let (time, mut rest) = rest.split_at_checked(8)?;
    if date[4] != b'-' || date[7] != b'-' || time[2] != b':' || time[5] != b':' {
        return None;
    }
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    let (hour, minute, second) = (number(&time[..2])?, number(&time[3..5])?, number(&time[6..])?);
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = (digits > 0).then(|| &fraction[digits..])?;
    }
    let offset_s = match separator {
        b' ' if rest.is_empty() => 0,
        b'T' | b't' | b' ' => offset(rest)?,
        _ => return None,
    };
    let second_of_day = i64::from(hour * 3600 + minute * 60 + second.min(59));
    let seconds = days_from_civil(year, month, day) * DAY_S + second_of_day - offset_s;
    let at = UnixMillis(seconds * 1000);
    (MIN_WIRE_MS..=UnixMillis::MAX_WIRE.0).contains(&at.0).then_some(at)
}

/// Seconds east of UTC: `Z`, `+hh:mm` or `+hhmm`.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits) = text.split_first()?;
    let sign = match sign {
        b'Z' | b'z' if digits.is_empty() => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        4 => (&digits[..2], &digits[2..]),
        5 if digits[2] == b':' => (&digits[..2], &digits[3..]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 23 && minutes <= 59).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

const fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(at: UnixMillis) -> (String, String, String) {
        let text = |value: serde_json::Result<serde_json::Value>| {
            value.expect("a text").as_str().expect("a text").to_owned()
        };
        (
            text(serde_json::to_value(D1(at))),
            text(serde_json::to_value(D2(at))),
            text(serde_json::to_value(D3(at))),
        )
    }

    #[test]
    fn e8_the_three_formats() {
        let at = parse("2017-11-28T16:26:10Z").expect("a date");
        let (d1, d2, d3) = spelled(at);
        assert_eq!(d1, "2017-11-28T16:26:10Z");
        assert_eq!(d2, "2017-11-28 16:26:10");
        assert_eq!(d3, "2017-11-28T16:26:10+0000");
    }

    #[test]
    fn dates_are_read_by_table() {
        let cases = [
            ("D1", "2021-12-31T05:00:00Z", Some("2021-12-31T05:00:00Z")),
            ("D2", "2017-07-03 19:04:18", Some("2017-07-03T19:04:18Z")),
            ("D3", "2017-11-28T16:26:10+0000", Some("2017-11-28T16:26:10Z")),
            ("offset ahead", "2021-01-01T00:30:00+01:00", Some("2020-12-31T23:30:00Z")),
            ("offset behind", "2021-12-31T23:00:00-05:30", Some("2022-01-01T04:30:00Z")),
            ("lower case", "2021-12-31t05:00:00z", Some("2021-12-31T05:00:00Z")),
            ("space and offset", "2021-12-31 05:00:00+00:00", Some("2021-12-31T05:00:00Z")),
            ("fraction", "2021-12-31T05:00:00.999Z", Some("2021-12-31T05:00:00Z")),
            ("leap second", "2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59Z")),
            ("leap day", "2024-02-29T00:00:00Z", Some("2024-02-29T00:00:00Z")),
            ("leap day of 2000", "2000-02-29T00:00:00Z", Some("2000-02-29T00:00:00Z")),
            ("last", "9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z")),
            ("first", "0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00Z")),
            ("beyond the last (H12)", "10000-01-01T00:00:00Z", None),
            ("beyond the last by offset (H12)", "9999-12-31T23:59:59-00:01", None),
            ("before the first by offset", "0000-01-01T00:00:00+00:01", None),
            ("no leap day in 1900", "1900-02-29T00:00:00Z", None),
            ("no such day", "2021-02-30T00:00:00Z", None),
            ("no such month", "2021-13-01T00:00:00Z", None),
            ("month zero", "2021-00-01T00:00:00Z", None),
            ("hour 24", "2021-01-01T24:00:00Z", None),
            ("date alone", "2021-01-01", None),
            ("T without a zone", "2021-01-01T00:00:00", None),
            ("empty fraction", "2021-01-01T00:00:00.Z", None),
            ("space before", " 2021-01-01T00:00:00Z", None),
            ("space after", "2021-01-01T00:00:00Z ", None),
            ("signs in digits", "2021-01-01T00:00:+1Z", None),
            ("seconds since 1970", "1609459200", None),
            ("empty", "", None),
            ("not ASCII", "２０２１-01-01T00:00:00Z", None),
            ("offset of hours", "2021-01-01T00:00:00+01", None),
            ("offset out of range", "2021-01-01T00:00:00+24:00", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(parse(text).map(|at| spelled(at).0).as_deref(), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in MIN_WIRE_MS / 1000..=253_402_300_799_i64) {
            let at = UnixMillis(seconds * 1000);
            let (d1, d2, d3) = spelled(at);
            prop_assert_eq!(parse(&d1), Some(at));
            prop_assert_eq!(parse(&d2), Some(at));
            prop_assert_eq!(parse(&d3), Some(at));
        }

        #[test]
        fn dates_agree_with_a_calendar_library(seconds in MIN_WIRE_MS / 1000..=253_402_300_799_i64) {
            let at = jiff::Timestamp::from_second(seconds).expect("in range");
            prop_assert_eq!(spelled(UnixMillis(seconds * 1000)).0, at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        }

        #[test]
        fn any_instant_has_a_spelling(ms in any::<i64>()) {
            let (d1, ..) = spelled(UnixMillis(ms));
            prop_assert_eq!(d1.len(), 20);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
