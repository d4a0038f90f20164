//! Dates in queries: what may be written, and what it means.
//!
//! A date literal denotes the whole stretch of time that it names: `2026-03-01` the day,
//! `2026-03-01T12:00:00Z` the second, with a fraction the millisecond. A value equals it when it lies inside,
//! is less when it lies before, and greater when it lies after. So `$lte` and `$between` include the last
//! day, and a stamp compares equal to the way it is printed.

use crate::time::UnixMillis;
use jiff::civil;

const DAY_MS: i64 = 86_400_000;

/// A half-open stretch of time in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Stretch {
    pub(super) fn instant(at: i64) -> Self {
        Self { start: at, end: at.saturating_add(1) }
    }
}

/// A date as a query's operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum DateOperand {
    Absolute(Stretch),
    Relative(Relative),
}

impl DateOperand {
    pub(super) fn resolve(self, now: UnixMillis) -> Stretch {
        match self {
            Self::Absolute(stretch) => stretch,
            Self::Relative(relative) => Stretch::instant(relative.resolve(now)),
        }
    }

    /// A literal or a relative expression; how a string stands against a date attribute.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Relative::parse(text).map(Self::Relative).or_else(|| parse_literal(text).map(Self::Absolute))
    }
}

/// `now`, `30 days ago`, `2 weeks from now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Relative {
    back: bool,
    span: Span,
}

impl Relative {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let first = words.next()?;
        if first == "now" {
            return words.next().is_none().then_some(Self { back: true, span: Span::ZERO });
        }
        let span = Span::from_words(first, words.next()?)?;
        let back = match (words.next()?, words.next()) {
            ("ago", None) => true,
            ("from", Some("now")) => false,
            _ => return None,
        };
        words.next().is_none().then_some(Self { back, span })
    }

    pub(super) fn resolve(self, now: UnixMillis) -> i64 {
        if self.back { self.span.before(now) } else { self.span.after(now) }
    }
}

/// A span of time such as `30 days`. Months and years follow the calendar in UTC; a day that the month does
/// not have becomes its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Span {
    Fixed { ms: i64 },
    Calendar { months: i64 },
}

impl Span {
    const ZERO: Self = Self::Fixed { ms: 0 };

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let span = Self::from_words(words.next()?, words.next()?)?;
        words.next().is_none().then_some(span)
    }

    fn from_words(count: &str, unit: &str) -> Option<Self> {
        if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Nine digits hold thirty years in seconds; in every unit they stay far inside 64 bits of
        // milliseconds.
        let count = i64::from(count.parse::<u32>().ok().filter(|count| *count <= 999_999_999)?);
        Some(match unit {
            "second" | "seconds" => Self::Fixed { ms: count * 1000 },
            "minute" | "minutes" => Self::Fixed { ms: count * 60_000 },
            "hour" | "hours" => Self::Fixed { ms: count * 3_600_000 },
            "day" | "days" => Self::Fixed { ms: count * DAY_MS },
            "week" | "weeks" => Self::Fixed { ms: count * 7 * DAY_MS },
            "month" | "months" => Self::Calendar { months: count },
            "year" | "years" => Self::Calendar { months: count * 12 },
            _ => return None,
        })
    }

    /// The instant this long before `now`; saturates at the ends of the calendar.
    pub(super) fn before(self, now: UnixMillis) -> i64 {
        match self {
            Self::Fixed { ms } => now.0.saturating_sub(ms),
            Self::Calendar { months } => plus_months(now.0, -months).unwrap_or(i64::MIN),
        }
    }

    fn after(self, now: UnixMillis) -> i64 {
        match self {
            Self::Fixed { ms } => now.0.saturating_add(ms),
            Self::Calendar { months } => plus_months(now.0, months).unwrap_or(i64::MAX),
        }
    }

    /// Milliseconds that the span never exceeds, wherever in the calendar it lies.
    pub(super) fn upper_bound_ms(self) -> i64 {
        match self {
            Self::Fixed { ms } => ms,
            Self::Calendar { months } => months.saturating_mul(31 * DAY_MS),
        }
    }
}

fn plus_months(at: i64, months: i64) -> Option<i64> {
    let date = civil_date(at.div_euclid(DAY_MS))?;
    let month_index = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 + months;
    let year = i16::try_from(month_index.div_euclid(12)).ok()?;
    let month = month_index.rem_euclid(12) as i8 + 1;
    let first = civil::Date::new(year, month, 1).ok()?;
    let shifted = civil::Date::new(year, month, date.day().min(first.days_in_month())).ok()?;
    Some(day_start_ms(shifted) + at.rem_euclid(DAY_MS))
}

/// The first instant of a calendar day in UTC.
pub(super) fn day_start_ms(date: civil::Date) -> i64 {
    // Days from the civil calendar, years counted from March so that the leap day comes last.
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) * DAY_MS
}

/// The calendar day of an instant in UTC; `None` outside the years that the calendar holds.
pub(super) fn utc_date(at: UnixMillis) -> Option<civil::Date> {
    civil_date(at.0.div_euclid(DAY_MS))
}

fn civil_date(days_since_epoch: i64) -> Option<civil::Date> {
    // A little beyond the years that the calendar holds, so that nothing below overflows.
    if !(-4_500_000..=3_000_000).contains(&days_since_epoch) {
        return None;
    }
    let shifted = days_since_epoch + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    civil::Date::new(i16::try_from(year).ok()?, month as i8, day as i8).ok()
}

/// Whole years between birth and today; the birthday itself counts, 29 February is reached on 1 March in
/// common years. `None` for a birth after today.
pub(super) fn age_years(born: civil::Date, today: civil::Date) -> Option<i64> {
    let years = i64::from(today.year()) - i64::from(born.year());
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let age = if had_birthday { years } else { years - 1 };
    (age >= 0).then_some(age)
}

/// `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` (UTC), and RFC 3339 with the offset's colon optional; the date formats of
/// the contract's §2.4 and no others.
pub(super) fn parse_literal(text: &str) -> Option<Stretch> {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        bytes.get(range)?.iter().try_fold(0_i64, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let is = |at: usize, expected: u8| bytes.get(at) == Some(&expected);

    if !(is(4, b'-') && is(7, b'-')) {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let date = civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    let midnight = day_start_ms(date);
    let Some(separator) = bytes.get(10) else {
        return Some(Stretch { start: midnight, end: midnight + DAY_MS });
    };
    if !(is(13, b':') && is(16, b':')) {
        return None;
    }
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let local = midnight + (hour * 3600 + minute * 60 + second) * 1000;

    let mut at = 19;
    let mut fraction_ms = None;
    if is(at, b'.') {
        let start = at + 1;
        at = start;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == start {
            return None;
        }
        // Digits past the third are finer than an instant is kept.
        let kept = digits(start..at.min(start + 3))?;
        fraction_ms = Some(kept * [1, 100, 10, 1][(at - start).min(3)]);
    }

    let offset_min = match (separator, bytes.get(at)) {
        (b' ', None) => 0,
        (b'T' | b't' | b' ', Some(b'Z' | b'z')) if bytes.len() == at + 1 => 0,
        (b'T' | b't' | b' ', Some(sign @ (b'+' | b'-'))) => {
            let (hours, minutes) = match bytes.len() - at {
                5 => (digits(at + 1..at + 3)?, digits(at + 3..at + 5)?),
                6 if is(at + 3, b':') => (digits(at + 1..at + 3)?, digits(at + 4..at + 6)?),
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 60 + minutes;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let start = local - offset_min * 60_000;
    Some(match fraction_ms {
        None => Stretch { start, end: start + 1000 },
        Some(fraction_ms) => Stretch::instant(start + fraction_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().expect("test data is a time stamp").as_millisecond()
    }

    #[test]
    fn literals_denote_the_stretch_they_name() {
        let cases = [
            ("2026-03-01", "2026-03-01T00:00:00Z", DAY_MS),
            ("1969-12-31", "1969-12-31T00:00:00Z", DAY_MS),
            ("2024-02-29", "2024-02-29T00:00:00Z", DAY_MS),
            ("2026-03-01T12:00:05Z", "2026-03-01T12:00:05Z", 1000),
            ("2026-03-01t12:00:05z", "2026-03-01T12:00:05Z", 1000),
            ("2026-03-01 12:00:05", "2026-03-01T12:00:05Z", 1000),
            ("2026-03-01T12:00:05+0000", "2026-03-01T12:00:05Z", 1000),
            ("2026-03-01T12:00:05+02:00", "2026-03-01T10:00:05Z", 1000),
            ("2026-03-01T12:00:05-0130", "2026-03-01T13:30:05Z", 1000),
            ("2026-03-01T12:00:05.5Z", "2026-03-01T12:00:05.5Z", 1),
            ("2026-03-01T12:00:05.123456Z", "2026-03-01T12:00:05.123Z", 1),
        ];
        for (text, start, length) in cases {
            let start = ms(start);
            assert_eq!(parse_literal(text), Some(Stretch { start, end: start + length }), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2026",
            "2026-3-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "26-01-01",
            "2026-03-01T12:00:05",
            "2026-03-01T12:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T12:60:00Z",
            "2026-03-01T12:00:60Z",
            "2026-03-01T12:00:05.Z",
            "2026-03-01T12:00:05+2",
            "2026-03-01T12:00:05+24:00",
            "2026-03-01x12:00:05Z",
            "2026-03-01 ",
            " 2026-03-01",
            "2026-03-01T12:00:05Zz",
            "+026-03-01",
            "2026-03-0é",
            "tomorrow",
        ] {
            assert_eq!(parse_literal(text), None, "{text}");
        }
    }

    #[test]
    fn relative_dates_follow_the_calendar() {
        let now = "2026-03-31T10:20:30.400Z";
        let cases = [
            ("now", "2026-03-31T10:20:30.400Z"),
            ("1 second ago", "2026-03-31T10:20:29.400Z"),
            ("90 minutes from now", "2026-03-31T11:50:30.400Z"),
            ("12 hours ago", "2026-03-30T22:20:30.400Z"),
            ("30 days ago", "2026-03-01T10:20:30.400Z"),
            ("2 weeks from now", "2026-04-14T10:20:30.400Z"),
            ("1 month ago", "2026-02-28T10:20:30.400Z"),
            ("1 month from now", "2026-04-30T10:20:30.400Z"),
            ("25 months ago", "2024-02-29T10:20:30.400Z"),
            ("18 years ago", "2008-03-31T10:20:30.400Z"),
            ("  2   days   ago ", "2026-03-29T10:20:30.400Z"),
        ];
        for (text, expected) in cases {
            let relative = Relative::parse(text).unwrap_or_else(|| panic!("{text} is a relative date"));
            assert_eq!(relative.resolve(UnixMillis(ms(now))), ms(expected), "{text}");
        }
        for text in [
            "",
            "ago",
            "days ago",
            "2 days",
            "two days ago",
            "-2 days ago",
            "2 Days ago",
            "2 days from",
            "2 days ago now",
            "now now",
            "1.5 days ago",
            "9999999999 days ago",
            "2 fortnights ago",
        ] {
            assert_eq!(Relative::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_beyond_the_calendar_saturate() {
        let now = UnixMillis(ms("2026-03-31T10:20:30Z"));
        let resolve = |text| Relative::parse(text).expect("a relative date").resolve(now);
        assert_eq!(resolve("999999999 years ago"), i64::MIN);
        assert_eq!(resolve("999999999 years from now"), i64::MAX);
        assert!(resolve("999999999 weeks ago") < 0);
        assert_eq!(Relative::parse("1 month ago").expect("relative").resolve(UnixMillis(i64::MIN)), i64::MIN);
    }

    #[test]
    fn civil_arithmetic_agrees_with_the_calendar_library() {
        for days in (-800_000..800_000).step_by(37) {
            let expected = jiff::Timestamp::from_second(days * 86_400)
                .expect("in range")
                .to_zoned(jiff::tz::TimeZone::UTC)
                .date();
            assert_eq!(civil_date(days), Some(expected));
            assert_eq!(day_start_ms(expected), days * DAY_MS);
        }
        let (first, last) =
            (day_start_ms(civil::Date::MIN) / DAY_MS, day_start_ms(civil::Date::MAX) / DAY_MS);
        assert_eq!(civil_date(first), Some(civil::Date::MIN));
        assert_eq!(civil_date(last), Some(civil::Date::MAX));
        for beyond in [i64::MIN, first - 1, last + 1, i64::MAX] {
            assert_eq!(civil_date(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn age_counts_birthdays() {
        let day = |y, m, d| civil::Date::new(y, m, d).expect("a date");
        assert_eq!(age_years(day(2000, 6, 15), day(2026, 6, 14)), Some(25));
        assert_eq!(age_years(day(2000, 6, 15), day(2026, 6, 15)), Some(26));
        assert_eq!(age_years(day(2000, 2, 29), day(2026, 2, 28)), Some(25));
        assert_eq!(age_years(day(2000, 2, 29), day(2026, 3, 1)), Some(26));
        assert_eq!(age_years(day(2026, 6, 15), day(2026, 6, 14)), None);
    }
}
