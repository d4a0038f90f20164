//! Hours of the week in one zone, as spans of real time.

use super::holidays::Calendar;
use super::schema::HolidayRule;
use super::week::{LocalTime, OpenHours, Weekday};
use crate::time::UnixMillis;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::borrow::Cow;

/// How far ahead an opening is looked for, days. Hours that open later than that never do.
pub(super) const SEARCH_DAYS: usize = 60;

/// Hours of the week in one zone.
pub(super) struct Schedule<'a> {
    pub(super) zone: TimeZone,
    pub(super) hours: Cow<'a, [OpenHours]>,
    pub(super) holidays: HolidayRule,
    pub(super) calendar: Option<Calendar>,
    /// How much of the open time must be left, milliseconds.
    pub(super) margin_ms: i64,
}

impl Schedule<'_> {
    /// The first instant from `t` on that is open and stays open for longer than the margin; `None` where there is
    /// none within the search.
    pub(super) fn earliest(&self, t: UnixMillis) -> Option<UnixMillis> {
        let today = t.to_jiff()?.to_zoned(self.zone.clone()).date();
        // Yesterday's hours may run over midnight.
        let mut date = today.yesterday().unwrap_or(today);
        // Spans that touch are one: a phone may ring over the border between them.
        let mut span: Option<(i64, i64)> = None;
        for _ in 0..SEARCH_DAYS + 2 {
            for (opens, closes) in self.spans(date) {
                let (opens, closes) = match span {
                    Some((first, last)) if opens <= last => (first, last.max(closes)),
                    _ => (opens, closes),
                };
                span = Some((opens, closes));
                let at = opens.max(t.0);
                if at.saturating_add(self.margin_ms) < closes {
                    return Some(UnixMillis(at));
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The holiday that is kept at `t`, where holidays matter.
    pub(super) fn holiday(&self, t: UnixMillis) -> Option<&'static str> {
        if self.holidays == HolidayRule::Ignore {
            return None;
        }
        let date = t.to_jiff()?.to_zoned(self.zone.clone()).date();
        self.calendar?.holiday(date)
    }

    /// The open spans that begin on a day, by their beginning.
    fn spans(&self, date: Date) -> Vec<(i64, i64)> {
        let holiday = self.calendar.is_some_and(|calendar| calendar.holiday(date).is_some());
        let weekday = match self.holidays {
            HolidayRule::Closed if holiday => return Vec::new(),
            HolidayRule::AsSunday if holiday => Weekday::Sun,
            _ => Weekday::of(date),
        };
        let mut spans: Vec<_> = self
            .hours
            .iter()
            .filter(|hours| hours.days.contains(&weekday))
            .filter_map(|hours| self.span(date, hours.from, hours.to))
            .collect();
        spans.sort_unstable();
        spans
    }

    /// From one time of a day to another. Where clocks change between, real time decides: a time that is left out
    /// stands for the instant of the change, an end that comes twice is the first, and a beginning that comes twice
    /// is the second, unless that would leave nothing.
    fn span(&self, date: Date, from: LocalTime, to: LocalTime) -> Option<(i64, i64)> {
        let last = if to <= from { date.tomorrow().ok()? } else { date };
        let (first_opening, second_opening) = self.instants(date, from)?;
        let (closes, _) = self.instants(last, to)?;
        // The beginning of a day follows the end of the day before at once, even where midnight comes twice.
        let opens =
            if from.minutes() == 0 || second_opening >= closes { first_opening } else { second_opening };
        (opens < closes).then_some((opens, closes))
    }

    /// The instants, one or two, at which a clock shows a time of a day.
    fn instants(&self, date: Date, time: LocalTime) -> Option<(i64, i64)> {
        let date = if time == LocalTime::MIDNIGHT_AFTER { date.tomorrow().ok()? } else { date };
        let minutes = i64::from(time.minutes() % LocalTime::MIDNIGHT_AFTER.minutes());
        let shown = date.at(0, 0, 0, 0).checked_add(minutes.minutes()).ok()?;
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        let offset = ambiguous.offset();
        let (earlier, later) = (ambiguous.earlier().ok()?, ambiguous.later().ok()?);
        match offset {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                Some((earlier.as_millisecond(), later.as_millisecond()))
            }
            AmbiguousOffset::Gap { .. } => {
                // Read with the offset behind the gap it lies before the change, and the change is what comes next.
                let change = self.zone.following(earlier).next()?.timestamp().as_millisecond();
                Some((change, change))
            }
        }
    }
}

/// The beginning of the day after the one on which `at` lies in `zone`.
pub(super) fn next_day(zone: &TimeZone, at: UnixMillis) -> Option<UnixMillis> {
    let tomorrow = at.to_jiff()?.to_zoned(zone.clone()).tomorrow().ok()?;
    Some(tomorrow.start_of_day().ok()?.timestamp().into())
}

/// `at` moved by days: by 24 hours each and by the calendar of `zone`, whichever is later.
pub(super) fn days_after(zone: &TimeZone, at: UnixMillis, days: u32) -> UnixMillis {
    let elapsed = at.plus_seconds(i64::from(days) * 24 * 3600);
    let calendar = at.to_jiff().and_then(|at| {
        let moved = at.to_zoned(zone.clone()).checked_add(i64::from(days).days()).ok()?;
        Some(UnixMillis::from(moved.timestamp()))
    });
    calendar.map_or(elapsed, |calendar| calendar.max(elapsed))
}
