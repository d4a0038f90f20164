//! Hours of the week, as call campaigns write them.

use crate::time::UnixMillis;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// From one time of a day of the week up to, not including, another one of the same day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekSpan {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// Local time `HH:MM`.
    pub from: String,
    /// Local time `HH:MM`, after `from`; `24:00` is the end of the day.
    pub to: String,
}

/// Hours in which one of a contact's numbers may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberWindow {
    /// Which number, from 1 to 6.
    pub number: u8,
    /// When.
    pub span: WeekSpan,
}

/// Why hours cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeekSpanError {
    /// The day is not one of the week.
    #[error("weekday {0} is not from 1 (Monday) to 7 (Sunday)")]
    Weekday(u8),
    /// A time is not written as `HH:MM`.
    #[error("{0:?} is not a time of day HH:MM")]
    Time(String),
    /// They end before they begin.
    #[error("the hours end before they begin")]
    Order,
    /// The number is not one of a contact's.
    #[error("phone number {0} is not from 1 to 6")]
    Number(u8),
}

/// Minutes of the day, `24:00` included.
fn minutes(text: &str) -> Result<u16, WeekSpanError> {
    let wrong = || WeekSpanError::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return Err(wrong());
    }
    let (hour, minute): (u16, u16) =
        (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    let all = hour * 60 + minute;
    if minute > 59 || all > 24 * 60 { Err(wrong()) } else { Ok(all) }
}

impl WeekSpan {
    /// Checks day and times.
    pub fn validate(&self) -> Result<(), WeekSpanError> {
        if !(1..=7).contains(&self.weekday) {
            return Err(WeekSpanError::Weekday(self.weekday));
        }
        if minutes(&self.from)? >= minutes(&self.to)? {
            return Err(WeekSpanError::Order);
        }
        Ok(())
    }

    /// Where `at` lies inside, the instant at which the present opening began.
    pub fn opened_at(&self, at: UnixMillis, zone: &TimeZone) -> Option<UnixMillis> {
        let local = at.to_jiff()?.to_zoned(zone.clone());
        if local.weekday().to_monday_one_offset() != i8::try_from(self.weekday).ok()? {
            return None;
        }
        let (from, to) = (minutes(&self.from).ok()?, minutes(&self.to).ok()?);
        let now = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        if now < from || now >= to {
            return None;
        }
        let start = Time::new((from / 60) as i8, (from % 60) as i8, 0, 0).ok()?;
        // A beginning that a change of clocks skips falls on the first instant after the gap.
        let opened = local.with().time(start).build().ok()?;
        Some(UnixMillis::from(opened.timestamp()))
    }
}

impl NumberWindow {
    /// Checks number, day and times.
    pub fn validate(&self) -> Result<(), WeekSpanError> {
        if !(1..=6).contains(&self.number) {
            return Err(WeekSpanError::Number(self.number));
        }
        self.span.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(weekday: u8, from: &str, to: &str) -> WeekSpan {
        WeekSpan { weekday, from: from.to_owned(), to: to.to_owned() }
    }

    fn at(text: &str) -> UnixMillis {
        UnixMillis::from(text.parse::<jiff::Timestamp>().unwrap())
    }

    #[test]
    fn an_opening_is_on_its_day_between_its_times() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // 2026-03-02 is a Monday; Berlin is at +01:00.
        for (instant, expected) in [
            ("2026-03-02T07:59:59Z", None),
            ("2026-03-02T08:00:00Z", Some("2026-03-02T08:00:00Z")),
            ("2026-03-02T15:59:59Z", Some("2026-03-02T08:00:00Z")),
            ("2026-03-02T16:00:00Z", None),
            ("2026-03-03T09:00:00Z", None),
        ] {
            assert_eq!(
                span(1, "09:00", "17:00").opened_at(at(instant), &berlin),
                expected.map(at),
                "{instant}"
            );
        }
        assert!(span(7, "00:00", "24:00").opened_at(at("2026-03-01T22:59:59Z"), &berlin).is_some());
    }

    #[test]
    fn hours_that_cannot_be_read_are_refused() {
        assert_eq!(span(0, "09:00", "10:00").validate(), Err(WeekSpanError::Weekday(0)));
        assert_eq!(span(8, "09:00", "10:00").validate(), Err(WeekSpanError::Weekday(8)));
        assert_eq!(span(1, "10:00", "10:00").validate(), Err(WeekSpanError::Order));
        for text in ["", "9:00", "09:60", "24:01", "+9:00", "0900"] {
            assert_eq!(span(1, text, "24:00").validate(), Err(WeekSpanError::Time(text.to_owned())));
        }
        let window = NumberWindow { number: 7, span: span(1, "09:00", "10:00") };
        assert_eq!(window.validate(), Err(WeekSpanError::Number(7)));
    }
}
