use super::super::question::Consent;
use super::super::rules;
use super::super::schema::{HolidayRule, Policy, PrerecordedConsent};
use super::super::week::{OpenHours, Weekday};
use super::{Asked, at, policy};
use crate::calls::client::NumberRecord;
use crate::time::UnixMillis;

const BERLIN: &str = "493023125000";

/// Without any hours that could hide what is tested.
fn always(mut policy: Policy) -> Policy {
    policy.hours = vec![OpenHours::new(&Weekday::ALL, "00:00", "24:00").expect("times")];
    policy.holidays = HolidayRule::Ignore;
    policy
}

fn instants(texts: &[&str]) -> Vec<UnixMillis> {
    texts.iter().map(|text| at(text)).collect()
}

#[test]
fn a_number_is_called_so_often_in_a_day_of_its_own() {
    let policy = always(policy("DE"));
    let mut asked = Asked::of(BERLIN);
    // Berlin is at +02:00: the day of the calls ends at 22:00Z.
    asked.record.calls = instants(&["2026-06-01T21:59:00Z", "2026-06-01T22:00:00Z", "2026-06-02T09:00:00Z"]);
    assert_eq!(asked.refused(&policy, at("2026-06-02T09:00:01Z")), None, "two of them were today");
    asked.record.calls.push(at("2026-06-02T10:00:00Z"));
    let midnight = Some((rules::PER_DAY, Some(at("2026-06-02T22:00:00Z"))));
    assert_eq!(asked.refused(&policy, at("2026-06-02T10:00:01Z")), midnight);
    assert_eq!(asked.refused(&policy, at("2026-06-02T21:59:59Z")), midnight);
    assert_eq!(asked.refused(&policy, at("2026-06-02T22:00:00Z")), None);
}

#[test]
fn a_number_is_called_so_often_in_seven_and_in_thirty_days() {
    let calls: Vec<_> = (1..=7).map(|day| at(&format!("2026-06-0{day}T10:00:00Z"))).collect();
    let mut asked = Asked::of("12125550123");
    asked.record.calls.clone_from(&calls);
    let debt = always(policy("US-DEBT"));
    let later = Some((rules::PER_7D, Some(at("2026-06-08T10:00:00Z"))));
    assert_eq!(asked.refused(&debt, at("2026-06-07T10:00:01Z")), later);
    assert_eq!(asked.refused(&debt, at("2026-06-08T09:59:59.999Z")), later);
    assert_eq!(asked.refused(&debt, at("2026-06-08T10:00:00Z")), None);
    asked.record.calls.remove(0);
    assert_eq!(asked.refused(&debt, at("2026-06-07T10:00:01Z")), None, "six calls");

    let mut asked = Asked::of("33199001234");
    asked.record.calls = calls[..4].to_vec();
    let france = always(policy("FR"));
    let later = Some((rules::PER_30D, Some(at("2026-07-01T10:00:00Z"))));
    assert_eq!(asked.refused(&france, at("2026-06-20T10:00:00Z")), later);
    assert_eq!(asked.refused(&france, at("2026-07-01T10:00:00Z")), None);
}

#[test]
fn days_are_never_shorter_than_the_calendars() {
    // Over the end of summer time seven calendar days are an hour longer than 168 hours.
    let mut asked = Asked::of("12125550123");
    asked.record.last_conversation = Some(at("2026-10-30T16:00:00Z"));
    let later = Some((rules::AFTER_CONVERSATION, Some(at("2026-11-06T17:00:00Z"))));
    assert_eq!(asked.refused(&always(policy("US-DEBT")), at("2026-11-06T16:30:00Z")), later);
    // And over its beginning 168 hours are longer.
    asked.record.last_conversation = Some(at("2026-03-06T17:00:00Z"));
    let later = Some((rules::AFTER_CONVERSATION, Some(at("2026-03-13T17:00:00Z"))));
    assert_eq!(asked.refused(&always(policy("US-DEBT")), at("2026-03-13T16:30:00Z")), later);
}

/// Notes an instant of one kind.
type Put = fn(&mut NumberRecord, UnixMillis);

#[test]
fn after_a_conversation_a_refusal_an_abandoned_call_or_a_machine_there_is_a_pause() {
    let event = at("2026-06-01T10:00:00Z");
    let table: &[(&str, &str, Put, &str, &str, bool)] = &[
        (
            "US-DEBT",
            "12125550123",
            |r, at| r.last_conversation = Some(at),
            rules::AFTER_CONVERSATION,
            "2026-06-08T10:00:00Z",
            false,
        ),
        (
            "FR",
            "33199001234",
            |r, at| r.last_refusal = Some(at),
            rules::AFTER_REFUSAL,
            "2026-07-31T10:00:00Z",
            false,
        ),
        (
            "UK",
            "442079460123",
            |r, at| r.last_abandon = Some(at),
            rules::AFTER_ABANDON,
            "2026-06-04T10:00:00Z",
            true,
        ),
        (
            "UK",
            "442079460123",
            |r, at| r.last_machine = Some(at),
            rules::AFTER_MACHINE,
            "2026-06-01T23:00:00Z",
            true,
        ),
    ];
    for (name, number, put, rule, until, agent_helps) in table {
        let policy = always(policy(name));
        let mut asked = Asked::of(number);
        put(&mut asked.record, event);
        let refused = Some((*rule, Some(at(until))));
        assert_eq!(asked.refused(&policy, event.plus_seconds(1)), refused, "{rule}");
        assert_eq!(asked.refused(&policy, at(until).plus_seconds(-1)), refused, "{rule}");
        assert_eq!(asked.refused(&policy, at(until)), None, "{rule}");
        asked.agent_guaranteed = true;
        assert_eq!(asked.refused(&policy, event.plus_seconds(1)).is_none(), *agent_helps, "{rule}");
    }
}

#[test]
fn an_agent_guaranteed_changes_nothing_where_the_policy_says_so() {
    let mut policy = always(policy("UK"));
    policy.redial_after_abandon.unless_agent_guaranteed = false;
    let mut asked = Asked::of("442079460123");
    asked.agent_guaranteed = true;
    asked.record.last_abandon = Some(at("2026-06-01T10:00:00Z"));
    assert!(asked.refused(&policy, at("2026-06-02T10:00:00Z")).is_some());
}

#[test]
fn what_waits_for_two_things_waits_for_the_later_moved_into_the_hours() {
    // Called three times on Friday; the next day of Germany's that has hours is after Pentecost.
    let mut asked = Asked::of(BERLIN);
    asked.record.calls = instants(&["2026-05-22T08:00:00Z", "2026-05-22T09:00:00Z", "2026-05-22T10:00:00Z"]);
    asked.record.last_abandon = Some(at("2026-05-22T10:00:00Z"));
    let refused = asked.refused(&policy("DE"), at("2026-05-22T11:00:00Z"));
    assert_eq!(refused, Some((rules::PER_DAY, Some(at("2026-05-26T06:00:00Z")))));
}

#[test]
fn i8_numbers_that_nobody_may_call_stay_uncalled() {
    let open = always(policy("US-TSR"));
    let now = at("2026-06-01T10:00:00Z");
    let mut asked = Asked::of("12125550123");
    asked.record.suppressed = Some("asked for it".to_owned());
    assert_eq!(asked.refused(&open, now), Some((rules::NUMBER_SUPPRESSED, None)));
    assert_eq!(Asked::of("19005550123").refused(&open, now), Some((rules::NUMBER_RESTRICTED, None)));
    assert_eq!(Asked::of("112").refused(&open, now), Some((rules::NUMBER_RESTRICTED, None)));
    let mut asked = Asked::of("12125550123");
    asked.consent = Consent::Withdrawn;
    assert_eq!(asked.refused(&open, now), Some((rules::CONSENT_WITHDRAWN, None)));
}

#[test]
fn consent_is_asked_for_where_the_policy_needs_it() {
    let given =
        |written, evidence: Option<&str>| Consent::Given { written, evidence: evidence.map(str::to_owned) };
    let table = [
        ("DE", false, Consent::Unknown, Some(rules::CONSENT_MISSING)),
        ("DE", false, given(false, None), Some(rules::CONSENT_EVIDENCE)),
        ("DE", false, given(false, Some(" ")), Some(rules::CONSENT_EVIDENCE)),
        ("DE", false, given(false, Some("form 17")), None),
        ("DE", true, given(false, Some("form 17")), None),
        ("US-TSR", false, Consent::Unknown, None),
        ("US-TSR", true, Consent::Unknown, Some(rules::CONSENT_MISSING)),
        ("US-TSR", true, given(false, Some("form 17")), Some(rules::CONSENT_WRITTEN)),
        ("US-TSR", true, given(true, Some("form 17")), None),
    ];
    for (name, prerecorded, consent, expected) in table {
        let mut asked = Asked::of(BERLIN);
        let context = format!("{name} {prerecorded} {consent:?}");
        (asked.consent, asked.prerecorded) = (consent, prerecorded);
        let refused = asked.refused(&always(policy(name)), at("2026-06-01T10:00:00Z"));
        assert_eq!(refused.map(|(rule, _)| rule), expected, "{context}");
    }
    let mut free = always(policy("US-TSR"));
    free.consent.prerecorded_requires = PrerecordedConsent::Nothing;
    let mut asked = Asked::of(BERLIN);
    (asked.consent, asked.prerecorded) = (Consent::Unknown, true);
    assert_eq!(asked.refused(&free, at("2026-06-01T10:00:00Z")), None);
}
