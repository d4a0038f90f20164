//! May this number be called now, and if not, when?
//!
//! Every rule is a clause that knows the first instant from a given one on at which it forbids nothing. The call is
//! permitted when no clause moves the present instant, and the next permitted instant is where moving forward comes
//! to rest.

use super::combine::Policies;
use super::question::{CallQuestion, Consent, Refusal, Verdict};
use super::rules;
use super::schedule::{SEARCH_DAYS, Schedule, days_after, next_day};
use super::schema::{HolidayRule, Policy, PrerecordedConsent, RedialAfterMachine, UnknownZone};
use super::week::{LocalTime, OpenHours, Weekday};
use crate::calls::hours::WeekSpan;
use crate::calls::zones::{place, zone};
use crate::time::UnixMillis;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// Set-up and the answer take a moment besides the ringing: so much must be left before hours close, seconds.
const SETUP_S: i64 = 5;

/// A rule applied to one question.
struct Clause<'a> {
    rule: &'static str,
    text: Cow<'static, str>,
    limit: Limit<'a>,
}

enum Limit<'a> {
    /// No time helps.
    Never,
    /// From this instant on nothing is forbidden.
    From(UnixMillis),
    /// Before this instant.
    Before(UnixMillis),
    /// While these hours are open.
    Open(Schedule<'a>),
}

impl Limit<'_> {
    fn earliest(&self, t: UnixMillis) -> Option<UnixMillis> {
        match self {
            Self::Never => None,
            Self::From(from) => Some(t.max(*from)),
            Self::Before(end) => (t < *end).then_some(t),
            Self::Open(schedule) => schedule.earliest(t),
        }
    }
}

impl Clause<'_> {
    fn permits(&self, t: UnixMillis) -> bool {
        self.limit.earliest(t) == Some(t)
    }

    /// The rule and its reason at an instant at which it forbids the call.
    fn refuse(&self, t: UnixMillis) -> (&'static str, String) {
        match &self.limit {
            Limit::Never | Limit::Before(_) => (self.rule, self.text.to_string()),
            Limit::From(at) => match at.to_jiff() {
                Some(at) => (self.rule, format!("{} until {at:.0}", self.text)),
                None => (self.rule, self.text.to_string()),
            },
            Limit::Open(schedule) => {
                let local = t.to_jiff().map(|at| at.to_zoned(schedule.zone.clone()));
                let local = local.map_or_else(String::new, |local| {
                    let name = schedule.zone.iana_name().unwrap_or("UTC").to_owned();
                    format!("; there it is {} in {name}", local.strftime("%a %Y-%m-%d %H:%M:%S"))
                });
                match schedule.holiday(t) {
                    Some(holiday) => (rules::HOLIDAY, format!("{} ({holiday}){local}", self.text)),
                    None => (self.rule, format!("{}{local}", self.text)),
                }
            }
        }
    }
}

impl Policy {
    /// Whether this number may be called now under this policy alone.
    pub fn may_call(&self, question: &CallQuestion<'_>) -> Verdict {
        Policies::new(&[self]).may_call(question)
    }

    /// The first instant from `after` on at which nothing that is known now forbids the call.
    pub fn next_permitted(&self, question: &CallQuestion<'_>, after: UnixMillis) -> Option<UnixMillis> {
        Policies::new(&[self]).next_permitted(question, after)
    }
}

impl Policies<'_> {
    /// Whether this number may be called now: only where every policy permits it.
    pub fn may_call(&self, question: &CallQuestion<'_>) -> Verdict {
        let clauses = self.clauses(question);
        let Some(clause) = clauses.iter().find(|clause| !clause.permits(question.now)) else {
            return Verdict::Allowed;
        };
        let (rule, reason) = clause.refuse(question.now);
        Verdict::Refused(Refusal { rule, reason, next: settle(&clauses, question.now) })
    }

    /// The first instant from `after` on, within 60 days, at which nothing that is known now forbids the call. The
    /// question's `now` does not matter.
    pub fn next_permitted(&self, question: &CallQuestion<'_>, after: UnixMillis) -> Option<UnixMillis> {
        settle(&self.clauses(question), after)
    }

    fn clauses<'a>(&'a self, question: &'a CallQuestion<'a>) -> Vec<Clause<'a>> {
        let mut clauses = Vec::with_capacity(16);
        of_the_number(question, &mut clauses);
        of_the_campaign(question, &mut clauses);
        for policy in self.iter() {
            of_a_policy(policy, question, &mut clauses);
        }
        clauses
    }
}

/// Moves forward until no clause moves any further. Each clause alone gives its first instant, so that nothing
/// permitted is passed over.
fn settle(clauses: &[Clause<'_>], after: UnixMillis) -> Option<UnixMillis> {
    let horizon = after.plus_seconds(SEARCH_DAYS as i64 * 24 * 3600);
    let mut t = after;
    loop {
        let before = t;
        for clause in clauses {
            t = clause.limit.earliest(t)?;
        }
        if t == before {
            return Some(t);
        }
        if t > horizon {
            return None;
        }
    }
}

fn margin_ms(question: &CallQuestion<'_>) -> i64 {
    (i64::from(question.ring_max_s) + SETUP_S) * 1_000
}

fn of_the_number<'a>(question: &CallQuestion<'a>, clauses: &mut Vec<Clause<'a>>) {
    if let Some(restriction) = question.dial_rules.restriction(question.number) {
        clauses.push(Clause {
            rule: rules::NUMBER_RESTRICTED,
            text: format!("the number {}", restriction.reason()).into(),
            limit: Limit::Never,
        });
    }
    if question.record.suppressed.is_some() {
        clauses.push(Clause {
            rule: rules::NUMBER_SUPPRESSED,
            text: "the number is on the list of those never called".into(),
            limit: Limit::Never,
        });
    }
    if *question.consent == Consent::Withdrawn {
        clauses.push(Clause {
            rule: rules::CONSENT_WITHDRAWN,
            text: "consent was withdrawn".into(),
            limit: Limit::Never,
        });
    }
}

fn of_the_campaign<'a>(question: &CallQuestion<'a>, clauses: &mut Vec<Clause<'a>>) {
    if let Some(from) = question.campaign_from {
        let text = "the campaign has not begun, and does not".into();
        clauses.push(Clause { rule: rules::CAMPAIGN_FROM, text, limit: Limit::From(from) });
    }
    if let Some(to) = question.campaign_to {
        let end = UnixMillis(to.0.saturating_sub(margin_ms(question)));
        let text = "the campaign is over, or would be before the ringing ends".into();
        clauses.push(Clause { rule: rules::CAMPAIGN_TO, text, limit: Limit::Before(end) });
    }
    let windows = || question.time_windows.iter().filter(|window| window.number == question.number_index);
    for (rule, hours, text) in [
        (
            rules::CAMPAIGN_HOURS,
            question.active_times.iter().map(open_hours).collect::<Vec<_>>(),
            "outside the active times of the campaign",
        ),
        (
            rules::NUMBER_HOURS,
            windows().map(|window| open_hours(&window.span)).collect(),
            "outside the time windows of this number",
        ),
    ] {
        if hours.is_empty() {
            continue;
        }
        clauses.push(match zone(question.client_zone) {
            Some(zone) => Clause { rule, text: text.into(), limit: open(zone, hours, question) },
            None => unknown_zone(question.client_zone),
        });
    }
}

/// Hours that cannot be read are on no day: they let nothing through, rather than everything.
fn open_hours(span: &WeekSpan) -> OpenHours {
    let read = || {
        let days = Weekday::from_number(span.weekday)?;
        OpenHours::new(&[days], &span.from, &span.to).ok().filter(|hours| hours.from < hours.to)
    };
    read().unwrap_or(OpenHours { days: Vec::new(), from: LocalTime::MIDNIGHT, to: LocalTime::MIDNIGHT })
}

fn open<'a>(zone: TimeZone, hours: Vec<OpenHours>, question: &CallQuestion<'_>) -> Limit<'a> {
    let margin_ms = margin_ms(question);
    let hours = Cow::Owned(hours);
    Limit::Open(Schedule { zone, hours, holidays: HolidayRule::Ignore, calendar: None, margin_ms })
}

fn unknown_zone<'a>(name: &str) -> Clause<'a> {
    Clause {
        rule: rules::ZONE_UNKNOWN,
        text: format!("{name:?} is not a time zone").into(),
        limit: Limit::Never,
    }
}

fn of_a_policy<'a>(policy: &'a Policy, question: &CallQuestion<'a>, clauses: &mut Vec<Clause<'a>>) {
    if let Err(refusal) = policy.check_caller_id(question.caller_id) {
        clauses.push(Clause { rule: refusal.rule, text: refusal.reason.into(), limit: Limit::Never });
    }
    consent(policy, question, clauses);
    let zones = match zones(policy, question) {
        Ok(zones) => zones,
        Err(clause) => return clauses.push(clause),
    };
    let place = place(question.number);
    // A number of North America without a place is most likely American.
    let country = place.map(|place| place.country.unwrap_or("US"));
    for zone in &zones {
        clauses.push(Clause {
            rule: rules::HOURS,
            text: format!("outside the calling hours of {}", policy.name).into(),
            limit: Limit::Open(Schedule {
                zone: zone.clone(),
                hours: Cow::Borrowed(&policy.hours),
                holidays: policy.holidays,
                calendar: policy.holiday_calendar.for_country(country),
                margin_ms: margin_ms(question),
            }),
        });
    }
    for zone in &zones {
        frequency(policy, question, zone, clauses);
    }
}

/// Every zone whose clock counts.
fn zones<'a>(policy: &Policy, question: &CallQuestion<'a>) -> Result<Vec<TimeZone>, Clause<'a>> {
    let candidates = crate::calls::zones::candidate_zones(question.number);
    let names = match question.contact_zone {
        Some(_) => question.contact_zone.as_slice(),
        None if !candidates.is_empty() => candidates,
        None if policy.unknown_zone == UnknownZone::ClientZone => std::slice::from_ref(&question.client_zone),
        None => {
            return Err(Clause {
                rule: rules::ZONE_UNKNOWN,
                text: "neither the contact nor the number tells a time zone".into(),
                limit: Limit::Never,
            });
        }
    };
    names.iter().map(|name| zone(name).ok_or_else(|| unknown_zone(name))).collect()
}

fn consent<'a>(policy: &Policy, question: &CallQuestion<'a>, clauses: &mut Vec<Clause<'a>>) {
    let rule = &policy.consent;
    let recording =
        if question.prerecorded { rule.prerecorded_requires } else { PrerecordedConsent::Nothing };
    if !rule.required && recording == PrerecordedConsent::Nothing {
        return;
    }
    let mut never =
        |rule, text: &'static str| clauses.push(Clause { rule, text: text.into(), limit: Limit::Never });
    match question.consent {
        // The clause of the number says it.
        Consent::Withdrawn => {}
        Consent::Unknown => never(rules::CONSENT_MISSING, "consent to be called is needed and none is known"),
        Consent::Given { written, evidence } => {
            if recording == PrerecordedConsent::Written && !written {
                never(rules::CONSENT_WRITTEN, "a recorded call needs consent in writing");
            }
            let named = evidence.as_ref().is_some_and(|evidence| !evidence.trim().is_empty());
            if rule.evidence_required && !named {
                never(rules::CONSENT_EVIDENCE, "the evidence of the consent is not named");
            }
        }
    }
}

fn frequency<'a>(
    policy: &Policy,
    question: &CallQuestion<'a>,
    zone: &TimeZone,
    clauses: &mut Vec<Clause<'a>>,
) {
    let record = question.record;
    let mut from = |rule, text: String, at: Option<UnixMillis>| {
        let limit = at.map_or(Limit::Never, Limit::From);
        clauses.push(Clause { rule, text: text.into(), limit });
    };
    // The attempt that has to age before there may be another one.
    let blocking = |count: Option<u32>| {
        let count = count? as usize;
        record.calls.len().checked_sub(count.max(1)).map(|i| record.calls[i])
    };
    let per_number = &policy.per_number;
    if let (Some(first), Some(last)) = (blocking(per_number.per_day), record.calls.last()) {
        // With `per_day` attempts since the day of the latest began, that day is used up.
        if next_day(zone, first) == next_day(zone, *last) {
            let text = format!("called {} times that day, not again", per_number.per_day.unwrap_or_default());
            from(rules::PER_DAY, text, next_day(zone, *last));
        }
    }
    for (rule, count, days) in
        [(rules::PER_7D, per_number.per_7d, 7), (rules::PER_30D, per_number.per_30d, 30)]
    {
        if let Some(first) = blocking(count) {
            let text = format!("called {} times in {days} days, not again", count.unwrap_or_default());
            from(rule, text, Some(days_after(zone, first, days)));
        }
    }
    if let (Some(at), Some(days)) = (record.last_conversation, per_number.after_conversation_days) {
        let text = format!("not within {days} days of a conversation, not");
        from(rules::AFTER_CONVERSATION, text, Some(days_after(zone, at, days)));
    }
    if let (Some(at), Some(days)) = (record.last_refusal, per_number.after_refusal_days) {
        let text = format!("not within {days} days of a refusal, not");
        from(rules::AFTER_REFUSAL, text, Some(days_after(zone, at, days)));
    }
    let redial = policy.redial_after_abandon;
    if let Some(at) = record.last_abandon
        && !(redial.unless_agent_guaranteed && question.agent_guaranteed)
    {
        let text = format!("not within {} hours of a call that found no agent, not", redial.hours);
        from(rules::AFTER_ABANDON, text, Some(at.plus_seconds(i64::from(redial.hours) * 3600)));
    }
    if let Some(at) = record.last_machine
        && policy.redial_after_machine_same_day == RedialAfterMachine::AgentGuaranteedOnly
        && !question.agent_guaranteed
    {
        let text = "not on the day on which a machine answered, not".to_owned();
        from(rules::AFTER_MACHINE, text, next_day(zone, at));
    }
}
