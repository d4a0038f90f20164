//! Public holidays, computed from the rules that make them. One-off days that a government proclaims are in no rule
//! and therefore not here; neither are holidays of single states, which an operator covers by pausing campaigns.

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// Whose holidays count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Those of the called number's country, where it is one of those below; of other countries none are known.
    OfNumber,
    /// Federal holidays of the United States (5 U.S.C. 6103), with the days on which they are observed.
    UsFederal,
    /// Bank holidays of England and Wales, with their substitutes.
    EnglandAndWales,
    /// Holidays of all of Germany.
    Germany,
    /// Holidays of all of France.
    France,
}

impl Calendar {
    /// The calendar that decides for a number of this country; `None` where none is known.
    pub(super) fn for_country(self, country: Option<&str>) -> Option<Self> {
        match (self, country) {
            (Self::OfNumber, Some("US" | "PR" | "VI" | "GU" | "AS" | "MP")) => Some(Self::UsFederal),
            (Self::OfNumber, Some("GB")) => Some(Self::EnglandAndWales),
            (Self::OfNumber, Some("DE")) => Some(Self::Germany),
            (Self::OfNumber, Some("FR")) => Some(Self::France),
            (Self::OfNumber, _) => None,
            (named, _) => Some(named),
        }
    }

    /// The holiday that a day is; `None` for an ordinary one.
    pub fn holiday(self, date: Date) -> Option<&'static str> {
        match self {
            Self::OfNumber => None,
            Self::UsFederal => us_federal(date),
            Self::EnglandAndWales => england_and_wales(date),
            Self::Germany => germany(date),
            Self::France => france(date),
        }
    }
}

/// Easter Sunday of a year of the Gregorian calendar (the algorithm that Meeus, Jones and Butcher gave).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (golden, century, in_century) = (year % 19, year / 100, year % 100);
    let moon_correction = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - moon_correction + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let late = (golden + 11 * epact + 19 * to_sunday) / 433;
    let month = (epact + to_sunday - 7 * late + 90) / 25;
    let day = (epact + to_sunday - 7 * late + 33 * month + 19) % 32;
    Date::new(year as i16, month as i8, day as i8).ok()
}

/// Days from Easter Sunday to a date; nothing for years before Christ, where there is no such day.
fn days_from_easter(date: Date) -> Option<i32> {
    if date.year() < 1 {
        return None;
    }
    let easter = easter(date.year())?;
    Some(i32::from(date.day_of_year()) - i32::from(easter.day_of_year()))
}

/// Whether a date is the `nth` such weekday of its month; -1 for the last.
fn is_nth(date: Date, nth: i8, weekday: Weekday) -> bool {
    date.nth_weekday_of_month(nth, weekday).is_ok_and(|day| day == date)
}

fn us_federal(date: Date) -> Option<&'static str> {
    let fixed = |date: Date| match (date.month(), date.day()) {
        (1, 1) => Some("New Year's Day"),
        (6, 19) => Some("Juneteenth"),
        (7, 4) => Some("Independence Day"),
        (11, 11) => Some("Veterans Day"),
        (12, 25) => Some("Christmas Day"),
        _ => None,
    };
    // A fixed day on a Saturday is observed on the Friday before, one on a Sunday on the Monday after.
    let observed = match date.weekday() {
        Weekday::Friday => date.tomorrow().ok().and_then(fixed),
        Weekday::Monday => date.yesterday().ok().and_then(fixed),
        _ => None,
    };
    fixed(date).or(observed).or_else(|| match date.month() {
        1 if is_nth(date, 3, Weekday::Monday) => Some("Birthday of Martin Luther King, Jr."),
        2 if is_nth(date, 3, Weekday::Monday) => Some("Washington's Birthday"),
        5 if is_nth(date, -1, Weekday::Monday) => Some("Memorial Day"),
        9 if is_nth(date, 1, Weekday::Monday) => Some("Labor Day"),
        10 if is_nth(date, 2, Weekday::Monday) => Some("Columbus Day"),
        11 if is_nth(date, 4, Weekday::Thursday) => Some("Thanksgiving Day"),
        _ => None,
    })
}

fn england_and_wales(date: Date) -> Option<&'static str> {
    match days_from_easter(date) {
        Some(-2) => return Some("Good Friday"),
        Some(1) => return Some("Easter Monday"),
        _ => {}
    }
    let monday = date.weekday() == Weekday::Monday;
    match (date.month(), date.day()) {
        (1, 1) => Some("New Year's Day"),
        // On a weekend it is made up for on the Monday after.
        (1, 2 | 3) if monday => Some("New Year's Day (substitute)"),
        (5, _) if is_nth(date, 1, Weekday::Monday) => Some("Early May bank holiday"),
        (5, _) if is_nth(date, -1, Weekday::Monday) => Some("Spring bank holiday"),
        (8, _) if is_nth(date, -1, Weekday::Monday) => Some("Summer bank holiday"),
        (12, 25) => Some("Christmas Day"),
        (12, 26) => Some("Boxing Day"),
        // The 27th and 28th make up for what fell on a Saturday or Sunday of the two.
        (12, 27) if monday || date.weekday() == Weekday::Tuesday => Some("Christmas Day (substitute)"),
        (12, 28) if monday || date.weekday() == Weekday::Tuesday => Some("Boxing Day (substitute)"),
        _ => None,
    }
}

fn germany(date: Date) -> Option<&'static str> {
    match days_from_easter(date) {
        Some(-2) => return Some("Karfreitag"),
        Some(1) => return Some("Ostermontag"),
        Some(39) => return Some("Christi Himmelfahrt"),
        Some(50) => return Some("Pfingstmontag"),
        _ => {}
    }
    match (date.month(), date.day()) {
        (1, 1) => Some("Neujahr"),
        (5, 1) => Some("Tag der Arbeit"),
        (10, 3) => Some("Tag der Deutschen Einheit"),
        (12, 25) => Some("1. Weihnachtstag"),
        (12, 26) => Some("2. Weihnachtstag"),
        _ => None,
    }
}

fn france(date: Date) -> Option<&'static str> {
    match days_from_easter(date) {
        Some(1) => return Some("Lundi de Pâques"),
        Some(39) => return Some("Ascension"),
        Some(50) => return Some("Lundi de Pentecôte"),
        _ => {}
    }
    match (date.month(), date.day()) {
        (1, 1) => Some("Jour de l'an"),
        (5, 1) => Some("Fête du Travail"),
        (5, 8) => Some("Victoire 1945"),
        (7, 14) => Some("Fête nationale"),
        (8, 15) => Some("Assomption"),
        (11, 1) => Some("Toussaint"),
        (11, 11) => Some("Armistice 1918"),
        (12, 25) => Some("Noël"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(calendar: Calendar, year: i16) -> Vec<(i8, i8)> {
        let mut days = Vec::new();
        let mut day = date(year, 1, 1);
        while day.year() == year {
            if calendar.holiday(day).is_some() {
                days.push((day.month(), day.day()));
            }
            day = day.tomorrow().expect("far from the end of the calendar");
        }
        days
    }

    #[test]
    fn easter_falls_where_the_church_has_it() {
        for (year, month, day) in
            [(1818, 3, 22), (1943, 4, 25), (2000, 4, 23), (2024, 3, 31), (2026, 4, 5), (2038, 4, 25)]
        {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn germany_has_nine_national_holidays() {
        assert_eq!(
            days(Calendar::Germany, 2026),
            [(1, 1), (4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (10, 3), (12, 25), (12, 26)]
        );
    }

    #[test]
    fn france_has_eleven_national_holidays() {
        assert_eq!(
            days(Calendar::France, 2026),
            [(1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
        );
    }

    #[test]
    fn federal_holidays_are_kept_on_the_day_and_on_the_day_observed() {
        // The Fourth of July 2026 is a Saturday, observed on the 3rd.
        assert_eq!(
            days(Calendar::UsFederal, 2026),
            [
                (1, 1),
                (1, 19),
                (2, 16),
                (5, 25),
                (6, 19),
                (7, 3),
                (7, 4),
                (9, 7),
                (10, 12),
                (11, 11),
                (11, 26),
                (12, 25)
            ]
        );
        // New Year 2022 was a Saturday, observed in the year before.
        assert!(Calendar::UsFederal.holiday(date(2021, 12, 31)).is_some());
    }

    #[test]
    fn bank_holidays_on_a_weekend_have_substitutes() {
        assert_eq!(
            days(Calendar::EnglandAndWales, 2026),
            [(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 26), (12, 28)]
        );
        // Christmas 2021 was a Saturday: Monday and Tuesday. Christmas 2022 a Sunday: Tuesday.
        let december = |year| days(Calendar::EnglandAndWales, year).into_iter().filter(|day| day.0 == 12);
        assert!(december(2021).eq([(12, 25), (12, 26), (12, 27), (12, 28)]));
        assert!(december(2022).eq([(12, 25), (12, 26), (12, 27)]));
        assert!(december(2025).eq([(12, 25), (12, 26)]));
        assert!(Calendar::EnglandAndWales.holiday(date(2022, 1, 3)).is_some());
        assert!(Calendar::EnglandAndWales.holiday(date(2023, 1, 2)).is_some());
    }

    #[test]
    fn the_number_names_the_calendar_where_one_is_known() {
        let of = |country| Calendar::OfNumber.for_country(country);
        assert_eq!(of(Some("DE")), Some(Calendar::Germany));
        assert_eq!(of(Some("GB")), Some(Calendar::EnglandAndWales));
        assert_eq!((of(Some("AT")), of(None)), (None, None));
        assert_eq!(Calendar::France.for_country(Some("DE")), Some(Calendar::France));
    }

    #[test]
    fn no_year_of_the_calendar_is_too_far() {
        for day in [Date::MIN, Date::MAX, date(1, 1, 1), date(0, 4, 4), date(-1, 4, 4)] {
            for calendar in
                [Calendar::UsFederal, Calendar::EnglandAndWales, Calendar::Germany, Calendar::France]
            {
                let _ = calendar.holiday(day);
            }
        }
    }
}
