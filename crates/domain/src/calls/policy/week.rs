//! Hours of the week, as people write them.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// A day of the week; written `mon` … `sun`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// All seven, Monday first.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The day with a number, 1 for Monday to 7 for Sunday (dialler contract 2.5).
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// 1 for Monday to 7 for Sunday.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    pub(super) fn of(date: jiff::civil::Date) -> Self {
        Self::ALL[date.weekday().to_monday_zero_offset() as usize]
    }
}

/// A time of day to the minute, `00:00` to `24:00`; written `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

/// The text is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time of day HH:MM up to 24:00")]
pub struct NotATime(pub String);

impl LocalTime {
    /// The beginning of the day.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of the day.
    pub const MIDNIGHT_AFTER: Self = Self(24 * 60);

    /// Reads `HH:MM`.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let read = || {
            let (hour, minute) = text.split_once(':')?;
            let two = |part: &str| {
                (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
                    .then(|| part.parse::<u16>().ok())
                    .flatten()
            };
            let (hour, minute) = (two(hour)?, two(minute)?);
            (hour < 24 && minute < 60 || hour == 24 && minute == 0).then_some(Self(hour * 60 + minute))
        };
        read().ok_or_else(|| NotATime(text.chars().take(20).collect()))
    }

    /// Minutes since the beginning of the day; 1,440 for its end.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for LocalTime {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        Self::parse(&text)
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

/// Hours of some days of the week: from `from` up to, not including, `to`. Where `to` is not later than `from` they
/// run over midnight, into the day after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// The days on which they begin.
    pub days: Vec<Weekday>,
    /// When they begin.
    pub from: LocalTime,
    /// When they end.
    pub to: LocalTime,
}

impl OpenHours {
    /// Hours of these days.
    pub fn new(days: &[Weekday], from: &str, to: &str) -> Result<Self, NotATime> {
        Ok(Self { days: days.to_vec(), from: LocalTime::parse(from)?, to: LocalTime::parse(to)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_two_digits_each() {
        for (text, minutes) in [("00:00", 0), ("09:05", 545), ("23:59", 1439), ("24:00", 1440)] {
            let time = LocalTime::parse(text).expect("a time");
            assert_eq!((time.minutes(), time.to_string()), (minutes, text.to_owned()));
        }
        for text in
            ["", "9:00", "09:0", "24:01", "25:00", "09:60", "0900", "-1:00", "+1:00", "09:00:00", "٠٩:٠٠"]
        {
            assert!(LocalTime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_numbered_from_monday() {
        assert_eq!(Weekday::from_number(1), Some(Weekday::Mon));
        assert_eq!(Weekday::from_number(7), Some(Weekday::Sun));
        assert_eq!((Weekday::from_number(0), Weekday::from_number(8)), (None, None));
        assert_eq!(Weekday::Sun.number(), 7);
        assert_eq!(Weekday::of(jiff::civil::date(2026, 11, 21)), Weekday::Sat);
    }
}
