//! Calendar days and runs of them (contract rule B10).

use super::fixtures::{count, event, unique};
use crate::behavior::{Behavior, Day, DayZone, Progress, fold};
use crate::event::Event;
use crate::time::UnixMillis;

fn run(behavior: &Behavior, events: &[Event], zone: &DayZone) -> (u32, u32) {
    let mut progress = Progress::new();
    for event in events {
        fold(behavior, &mut progress, event, zone).unwrap();
    }
    (progress.achieved(), progress.current_count(behavior))
}

fn consecutive(total_count: u32) -> Behavior {
    let mut behavior = count(total_count);
    behavior.consecutive = true;
    behavior
}

#[test]
fn e18_consecutive_days() {
    let utc = "UTC";
    let new_york = "America/New_York";
    let apia = "Pacific/Apia";
    //   name, zone, dates, achieved, current
    for (name, zone, dates, achieved, current) in [
        ("three in a row", utc, vec!["2021-03-01T09", "2021-03-02T23", "2021-03-03T00"], 1, 0),
        ("A5: a day counts once", utc, vec!["2021-03-01T09", "2021-03-01T10", "2021-03-02T09"], 0, 2),
        ("a gap restarts at 1", utc, vec!["2021-03-01T09", "2021-03-02T09", "2021-03-04T09"], 0, 1),
        ("A6: a broken run stays until an event", utc, vec!["2021-03-01T09", "2021-03-02T09"], 0, 2),
        (
            "a day that achieved counts once",
            utc,
            vec!["2021-03-01T09", "2021-03-02T09", "2021-03-03T09", "2021-03-03T10"],
            1,
            0,
        ),
        (
            "the next day opens a round",
            utc,
            vec!["2021-03-01T09", "2021-03-02T09", "2021-03-03T09", "2021-03-04T10"],
            1,
            1,
        ),
        ("the month's end", utc, vec!["2021-02-27T09", "2021-02-28T09", "2021-03-01T09"], 1, 0),
        ("before 1970", utc, vec!["1969-12-30T09", "1969-12-31T09", "1970-01-01T09"], 1, 0),
        // 04:30Z on the 3rd is half past eleven on the 2nd in New York.
        (
            "the customer's days, not UTC's",
            new_york,
            vec!["2021-03-01T12", "2021-03-03T04", "2021-03-03T12"],
            1,
            0,
        ),
        ("one UTC day, two of the customer's", new_york, vec!["2021-03-02T04", "2021-03-02T06"], 0, 2),
        // 2021-03-14 has 23 hours, 2021-11-07 has 25.
        ("spring forward", new_york, vec!["2021-03-13T12", "2021-03-15T03", "2021-03-15T04"], 1, 0),
        ("the short day left out", new_york, vec!["2021-03-13T12", "2021-03-15T04"], 0, 1),
        ("fall back", new_york, vec!["2021-11-06T12", "2021-11-08T04", "2021-11-08T05"], 1, 0),
        ("the long day counts once", new_york, vec!["2021-11-07T04", "2021-11-08T04"], 0, 1),
        // Samoa had no 2011-12-30: after the 29th, 23:59 at -10:00, came the 31st, 00:00 at +14:00.
        ("a day that never was", apia, vec!["2011-12-29T09", "2011-12-30T09", "2011-12-30T10"], 1, 0),
        ("a gap next to it", apia, vec!["2011-12-29T09", "2011-12-30T09", "2012-01-01T10"], 0, 1),
    ] {
        let zone = DayZone::named(zone).unwrap();
        let events: Vec<_> = (1..)
            .zip(dates)
            .map(|(sequence, date)| event(sequence, 0).at(&format!("{date}:30:00Z")))
            .collect();
        assert_eq!(run(&consecutive(3), &events, &zone), (achieved, current), "{name}");
    }
}

#[test]
fn a5_quantity_does_not_lengthen_a_day() {
    let events = [event(1, 0).times(9)];
    assert_eq!(run(&consecutive(3), &events, &DayZone::UTC), (0, 1));
}

#[test]
fn e18_unique_over_consecutive_days() {
    let mut behavior = unique(3);
    behavior.consecutive = true;
    let on = |sequence: u64, day: i64, store: &str| event(sequence, day * 86_400).with("store", store);
    for (name, events, expected) in [
        ("new values in a row", vec![on(1, 1, "a"), on(2, 2, "b"), on(3, 3, "c")], (1, 0)),
        (
            "a repeated value does not carry the run",
            vec![on(1, 1, "a"), on(2, 2, "a"), on(3, 3, "b")],
            (0, 1),
        ),
        (
            "after a gap a value of the old run is new",
            vec![on(1, 1, "a"), on(2, 2, "b"), on(3, 4, "a")],
            (0, 1),
        ),
        ("a repeated value leaves the day open", vec![on(1, 1, "a"), on(2, 2, "a"), on(3, 2, "b")], (0, 2)),
    ] {
        assert_eq!(run(&behavior, &events, &DayZone::UTC), expected, "{name}");
    }
}

#[test]
fn a_zone_is_the_customers_else_the_organizations_else_utc() {
    // 2021-03-01T02:00Z: still February in New York, 11:00 of the same day in Tokyo.
    let at = UnixMillis(1_614_564_000_000);
    let utc = DayZone::UTC.day(at);
    for (name, customer, organization, offset_days) in [
        ("customer", Some("America/New_York"), "Asia/Tokyo", -1),
        ("organization", None, "America/New_York", -1),
        ("unknown customer zone", Some("Mars/Base"), "America/New_York", -1),
        ("all unknown", Some("Mars/Base"), "", 0),
        ("names ignore case", Some("america/new_york"), "UTC", -1),
    ] {
        let day = DayZone::of(customer, organization).day(at);
        assert_eq!(day, Day(utc.0 + offset_days), "{name}");
    }
}

#[test]
fn days_exist_beyond_every_calendar() {
    let zone = DayZone::named("Pacific/Apia").unwrap();
    for at in [UnixMillis(i64::MIN), UnixMillis(i64::MAX)] {
        let day = zone.day(at);
        assert!(!zone.follows(day, day));
    }
    assert!(!zone.follows(Day(i64::MIN), Day(i64::MAX)));
    assert!(!zone.follows(Day(i64::MAX - 2), Day(i64::MAX)), "no calendar, no left-out days");
}
