use super::super::question::Verdict;
use super::super::rules;
use super::super::schema::{HolidayRule, Policy, UnknownZone};
use super::super::week::{OpenHours, Weekday};
use super::{Asked, at, policy, span};
use crate::calls::hours::NumberWindow;

const NEW_YORK: &str = "12125550123";
const BERLIN: &str = "493023125000";
const LONDON: &str = "442079460123";
const PARIS: &str = "33199001234";

/// Number, policy, instant, and the rule that refuses with the next opening.
type Case = (&'static str, &'static str, &'static str, Option<(&'static str, &'static str)>);

#[test]
fn presets_open_and_close_in_the_called_partys_time() {
    // Half a minute must be left.
    let table: &[Case] = &[
        // New York is at -04:00 in summer: 08:00 to 21:00 on every day.
        (NEW_YORK, "US-TSR", "2026-07-01T11:59:59.999Z", Some(("hours", "2026-07-01T12:00:00Z"))),
        (NEW_YORK, "US-TSR", "2026-07-01T12:00:00Z", None),
        (NEW_YORK, "US-TSR", "2026-07-02T00:59:29.999Z", None),
        (NEW_YORK, "US-TSR", "2026-07-02T00:59:30Z", Some(("hours", "2026-07-02T12:00:00Z"))),
        (NEW_YORK, "US-TSR", "2026-07-04T18:00:00Z", None),
        (NEW_YORK, "US-TSR", "2026-07-05T18:00:00Z", None),
        // Area 850 lies in two zones: both must be open.
        ("18505550123", "US-TSR", "2026-07-01T12:30:00Z", Some(("hours", "2026-07-01T13:00:00Z"))),
        ("18505550123", "US-TSR", "2026-07-02T01:30:00Z", Some(("hours", "2026-07-02T13:00:00Z"))),
        // A number without a place is called only while all of the country is awake.
        ("18005550123", "US-TSR", "2026-07-01T15:00:00Z", Some(("hours", "2026-07-01T18:00:00Z"))),
        // London: Sunday and the holidays that are like one.
        (LONDON, "UK", "2026-06-27T19:59:00Z", None),
        (LONDON, "UK", "2026-06-28T07:30:00Z", Some(("hours", "2026-06-28T08:00:00Z"))),
        (LONDON, "UK", "2026-06-28T18:59:00Z", None),
        (LONDON, "UK", "2026-06-28T19:00:00Z", Some(("hours", "2026-06-29T07:00:00Z"))),
        (LONDON, "UK", "2026-08-31T07:30:00Z", Some(("holiday", "2026-08-31T08:00:00Z"))),
        (LONDON, "UK", "2026-08-31T08:00:00Z", None),
        // Germany: Saturday is a working day, Sunday and holidays are not.
        (BERLIN, "DE", "2026-05-23T17:59:00Z", None),
        (BERLIN, "DE", "2026-05-23T17:59:45Z", Some(("hours", "2026-05-26T06:00:00Z"))),
        (BERLIN, "DE", "2026-05-24T10:00:00Z", Some(("hours", "2026-05-26T06:00:00Z"))),
        (BERLIN, "DE", "2026-05-25T10:00:00Z", Some(("holiday", "2026-05-26T06:00:00Z"))),
        (BERLIN, "DE", "2026-10-03T10:00:00Z", Some(("holiday", "2026-10-05T06:00:00Z"))),
        // France: a break at noon, no Saturday.
        (PARIS, "FR", "2026-07-15T07:59:59Z", Some(("hours", "2026-07-15T08:00:00Z"))),
        (PARIS, "FR", "2026-07-15T10:59:29Z", None),
        (PARIS, "FR", "2026-07-15T11:00:00Z", Some(("hours", "2026-07-15T12:00:00Z"))),
        (PARIS, "FR", "2026-07-14T09:00:00Z", Some(("holiday", "2026-07-15T08:00:00Z"))),
        (PARIS, "FR", "2026-07-18T09:00:00Z", Some(("hours", "2026-07-20T08:00:00Z"))),
        // The default keeps the holidays of the called country.
        (NEW_YORK, "STRICT", "2026-11-26T16:00:00Z", Some(("holiday", "2026-11-27T14:00:00Z"))),
        (BERLIN, "STRICT", "2026-11-26T16:00:00Z", None),
        (LONDON, "STRICT", "2026-12-25T12:00:00Z", Some(("holiday", "2026-12-29T09:00:00Z"))),
        ("43171234567", "STRICT", "2026-10-26T12:00:00Z", None),
    ];
    for (number, name, now, expected) in table {
        let expected = expected.map(|(rule, next)| (rule, Some(at(next))));
        assert_eq!(Asked::of(number).refused(&policy(name), at(now)), expected, "{name} {number} at {now}");
    }
}

fn all_week(from: &str, to: &str) -> Policy {
    let hours = vec![OpenHours::new(&Weekday::ALL, from, to).expect("test data are times")];
    Policy { hours, holidays: HolidayRule::Ignore, ..Policy::default() }
}

#[test]
fn f8_on_days_of_changing_clocks_hours_are_real_hours() {
    let table: &[(&str, &str, &str, &str, Option<&str>)] = &[
        // Berlin 2026-03-29: 02:00 becomes 03:00 at 01:00Z. 02:30 does not exist and stands for the change.
        ("02:30", "04:00", BERLIN, "2026-03-29T00:59:59Z", Some("2026-03-29T01:00:00Z")),
        ("02:30", "04:00", BERLIN, "2026-03-29T01:00:00Z", None),
        ("01:00", "02:30", BERLIN, "2026-03-29T00:59:29Z", None),
        ("01:00", "02:30", BERLIN, "2026-03-29T00:59:30Z", Some("2026-03-29T23:00:00Z")),
        // Hours wholly inside the gap do not exist that day.
        ("02:10", "02:50", BERLIN, "2026-03-29T00:00:00Z", Some("2026-03-30T00:10:00Z")),
        // Berlin 2026-10-25: 03:00 becomes 02:00 at 01:00Z. An end that comes twice is the first one.
        ("01:00", "02:30", BERLIN, "2026-10-25T00:29:00Z", None),
        ("01:00", "02:30", BERLIN, "2026-10-25T00:29:30Z", Some("2026-10-26T00:00:00Z")),
        ("01:00", "02:30", BERLIN, "2026-10-25T01:10:00Z", Some("2026-10-26T00:00:00Z")),
        // A beginning that comes twice is the second one.
        ("02:30", "04:00", BERLIN, "2026-10-25T00:40:00Z", Some("2026-10-25T01:30:00Z")),
        ("02:30", "04:00", BERLIN, "2026-10-25T01:30:00Z", None),
        // Unless that leaves nothing.
        ("02:15", "02:45", BERLIN, "2026-10-25T00:20:00Z", None),
        ("02:15", "02:45", BERLIN, "2026-10-25T01:20:00Z", Some("2026-10-26T01:15:00Z")),
        // The evening before and after keeps its local time.
        ("08:00", "20:00", BERLIN, "2026-10-24T17:59:00Z", None),
        ("08:00", "20:00", BERLIN, "2026-10-25T06:59:59Z", Some("2026-10-25T07:00:00Z")),
        ("08:00", "20:00", BERLIN, "2026-10-25T18:59:00Z", None),
        // New York 2026-03-08 and 2026-11-01, for the sake of the other rule of changing.
        ("08:00", "21:00", NEW_YORK, "2026-03-08T11:59:59Z", Some("2026-03-08T12:00:00Z")),
        ("08:00", "21:00", NEW_YORK, "2026-11-01T12:59:59Z", Some("2026-11-01T13:00:00Z")),
        // All day is all day, on every day, also where midnight comes twice or never.
        ("00:00", "24:00", BERLIN, "2026-10-25T01:59:59Z", None),
        ("00:00", "24:00", "5371234567", "2026-11-01T04:30:00Z", None),
        ("00:00", "24:00", "5371234567", "2026-11-01T05:30:00Z", None),
        ("00:00", "24:00", "9611123456", "2026-03-28T21:59:45Z", None),
    ];
    for (from, to, number, now, next) in table {
        let expected = next.map(|next| ("hours", Some(at(next))));
        let policy = all_week(from, to);
        assert_eq!(Asked::of(number).refused(&policy, at(now)), expected, "{from}-{to} {number} at {now}");
    }
}

#[test]
fn a_phone_may_ring_over_the_border_of_hours_that_touch() {
    let mut policy = all_week("00:00", "24:00");
    assert_eq!(Asked::of(BERLIN).refused(&policy, at("2026-06-01T21:59:59Z")), None);
    policy.hours = vec![
        OpenHours::new(&Weekday::ALL, "12:00", "14:00").expect("times"),
        OpenHours::new(&Weekday::ALL, "10:00", "12:00").expect("times"),
    ];
    assert_eq!(Asked::of(BERLIN).refused(&policy, at("2026-06-01T09:59:59Z")), None);
    assert!(Asked::of(BERLIN).refused(&policy, at("2026-06-01T11:59:59Z")).is_some());
}

#[test]
fn d69_the_campaigns_own_times_are_meant_in_the_clients_zone() {
    let open = all_week("00:00", "24:00");
    let mut asked = Asked::of(NEW_YORK);
    asked.client_zone = "Europe/Berlin".to_owned();
    // 2026-06-01 is a Monday.
    asked.active_times = vec![span(1, "09:00", "17:00"), span(2, "09:00", "12:00")];
    for (now, expected) in [
        ("2026-06-01T06:59:59Z", Some((rules::CAMPAIGN_HOURS, "2026-06-01T07:00:00Z"))),
        ("2026-06-01T07:00:00Z", None),
        ("2026-06-01T14:59:30Z", Some((rules::CAMPAIGN_HOURS, "2026-06-02T07:00:00Z"))),
        ("2026-06-02T10:00:00Z", Some((rules::CAMPAIGN_HOURS, "2026-06-08T07:00:00Z"))),
    ] {
        let expected = expected.map(|(rule, next)| (rule, Some(at(next))));
        assert_eq!(asked.refused(&open, at(now)), expected, "{now}");
    }
    // Windows of the number come on top; those of other numbers do not matter.
    asked.time_windows = vec![
        NumberWindow { number: 2, span: span(1, "07:00", "08:00") },
        NumberWindow { number: 1, span: span(1, "16:00", "20:00") },
    ];
    let first = Some((rules::NUMBER_HOURS, Some(at("2026-06-01T14:00:00Z"))));
    assert_eq!(asked.refused(&open, at("2026-06-01T08:00:00Z")), first);
    assert_eq!(asked.refused(&open, at("2026-06-01T14:00:00Z")), None);
    let later = Some((rules::CAMPAIGN_HOURS, Some(at("2026-06-08T14:00:00Z"))));
    assert_eq!(asked.refused(&open, at("2026-06-01T15:00:00Z")), later);
}

#[test]
fn d69_a_campaign_dials_only_while_it_is_valid() {
    let open = all_week("00:00", "24:00");
    let mut asked = Asked::of(LONDON);
    asked.from = Some(at("2026-06-01T08:00:00Z"));
    asked.to = Some(at("2026-06-01T10:00:00Z"));
    for (now, expected) in [
        ("2026-06-01T07:59:59Z", Some((rules::CAMPAIGN_FROM, Some(at("2026-06-01T08:00:00Z"))))),
        ("2026-06-01T08:00:00Z", None),
        ("2026-06-01T09:59:29Z", None),
        ("2026-06-01T09:59:30Z", Some((rules::CAMPAIGN_TO, None))),
        ("2026-06-01T10:00:00Z", Some((rules::CAMPAIGN_TO, None))),
    ] {
        assert_eq!(asked.refused(&open, at(now)), expected, "{now}");
    }
}

#[test]
fn hours_that_never_meet_have_no_next_opening() {
    let mut asked = Asked::of(LONDON);
    asked.active_times = vec![span(1, "05:00", "06:00")];
    let now = at("2026-06-01T04:30:00Z");
    assert_eq!(asked.refused(&policy("UK"), now), Some((rules::HOURS, None)));
    // Hours that cannot be read let nothing through.
    for unread in [span(0, "09:00", "17:00"), span(1, "9:00", "17:00"), span(1, "17:00", "09:00")] {
        asked.active_times = vec![unread];
        let refused = asked.refused(&all_week("00:00", "24:00"), now);
        assert_eq!(refused, Some((rules::CAMPAIGN_HOURS, None)));
    }
}

#[test]
fn the_contacts_zone_goes_before_those_of_the_number() {
    let open = all_week("09:00", "10:00");
    let mut asked = Asked::of("18505550123");
    asked.contact_zone = Some("America/Chicago".to_owned());
    assert_eq!(asked.refused(&open, at("2026-07-01T14:30:00Z")), None);
    asked.contact_zone = None;
    // No instant is between nine and ten in both Chicago and New York.
    assert_eq!(asked.refused(&open, at("2026-07-01T14:30:00Z")), Some((rules::HOURS, None)));
    asked.contact_zone = Some("Nowhere/Else".to_owned());
    assert_eq!(asked.refused(&open, at("2026-07-01T14:30:00Z")), Some((rules::ZONE_UNKNOWN, None)));
}

#[test]
fn a_number_that_tells_no_zone_is_refused_unless_the_policy_takes_the_clients() {
    let mut open = all_week("09:00", "10:00");
    let mut asked = Asked::of("999123456789");
    asked.rules = crate::calls::number::DialRules::allowing(["999".to_owned()]);
    let now = at("2026-07-01T08:30:00Z");
    assert_eq!(asked.refused(&open, now), Some((rules::ZONE_UNKNOWN, None)));
    open.unknown_zone = UnknownZone::ClientZone;
    assert_eq!(asked.refused(&open, now), None);
    assert!(asked.refused(&open, at("2026-07-01T09:30:00Z")).is_some());
    asked.client_zone = "Nowhere/Else".to_owned();
    assert_eq!(asked.refused(&open, now), Some((rules::ZONE_UNKNOWN, None)));
}

#[test]
fn a_refusal_says_what_the_clock_shows_there() {
    let Verdict::Refused(refusal) = Asked::of(BERLIN).may_call(&[&policy("DE")], at("2026-12-25T10:00:00Z"))
    else {
        panic!("Christmas in Germany")
    };
    for part in ["DE", "Weihnachtstag", "Fri 2026-12-25 11:00:00", "Europe/Berlin"] {
        assert!(refusal.reason.contains(part), "{part:?} in {:?}", refusal.reason);
    }
}
