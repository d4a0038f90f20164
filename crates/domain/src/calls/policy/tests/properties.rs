use super::super::Policies;
use super::super::schema::{HolidayRule, Policy, RedialAfterMachine};
use super::super::week::{LocalTime, OpenHours, Weekday};
use super::{Asked, policy};
use crate::calls::zones::zone;
use crate::time::UnixMillis;
use proptest::prelude::*;

const MINUTE_MS: i64 = 60_000;

/// Numbers of one zone, of two, of many, with summer time or without, north and south.
const NUMBERS: [&str; 7] = [
    "442079460123",
    "18505550123",
    "493023125000",
    "61491570156",
    "819012345678",
    "56912345678",
    "33199001234",
];

/// Any minute of 2026, half of the time near a change of clocks.
fn minutes() -> impl Strategy<Value = UnixMillis> {
    const NEW_YEAR_MS: i64 = 1_767_225_600_000;
    const DAY_MS: i64 = 1440 * MINUTE_MS;
    let changes = prop::sample::select(vec![66_i64, 87, 93, 276, 297, 304]);
    prop_oneof![
        (0..364 * 1440_i64).prop_map(|minute| UnixMillis(NEW_YEAR_MS + minute * MINUTE_MS)),
        (changes, 0..4 * 1440_i64)
            .prop_map(|(day, minute)| UnixMillis(NEW_YEAR_MS + (day - 2) * DAY_MS + minute * MINUTE_MS)),
    ]
}

prop_compose! {
    fn times()(from in 0..1439_u16, length in 1..900_u16) -> (LocalTime, LocalTime) {
        let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let parse = |minutes| LocalTime::parse(&text(minutes)).expect("a time of day");
        (parse(from), parse((from + length).min(1440)))
    }
}

prop_compose! {
    fn open_hours()(
        days in prop::sample::subsequence(Weekday::ALL.to_vec(), 1..=7),
        (from, to) in times(),
    ) -> OpenHours {
        OpenHours { days, from, to }
    }
}

prop_compose! {
    fn policies()(
        hours in prop::collection::vec(open_hours(), 1..4),
        holidays in prop::sample::select(vec![HolidayRule::Closed, HolidayRule::AsSunday, HolidayRule::Ignore]),
        per_day in prop::option::of(1..4_u32),
        per_7d in prop::option::of(1..8_u32),
        after_conversation_days in prop::option::of(0..9_u32),
        machine in prop::bool::ANY,
        base in prop::sample::select(vec!["STRICT", "UK", "US-TSR", "DE"]),
    ) -> Policy {
        let mut policy = Policy { hours, holidays, ..policy(base) };
        policy.per_number.per_day = per_day;
        policy.per_number.per_7d = per_7d;
        policy.per_number.after_conversation_days = after_conversation_days;
        if machine {
            policy.redial_after_machine_same_day = RedialAfterMachine::Free;
        }
        policy
    }
}

prop_compose! {
    /// A question about one of the numbers, with calls in the week before `now`.
    fn asked_before(now: UnixMillis)(
        number in prop::sample::select(NUMBERS.to_vec()),
        mut ages in prop::collection::vec(1..9 * 1440_i64, 0..8),
        conversation in prop::option::of(1..9 * 1440_i64),
        machine in prop::option::of(1..1440_i64),
        agent_guaranteed in prop::bool::ANY,
    ) -> Asked {
        let mut asked = Asked::of(number);
        ages.sort_unstable_by(|a, b| b.cmp(a));
        let ago = |age: i64| UnixMillis(now.0 - age * MINUTE_MS);
        asked.record.calls = ages.into_iter().map(ago).collect();
        asked.record.last_conversation = conversation.map(ago);
        asked.record.last_machine = machine.map(ago);
        asked.agent_guaranteed = agent_guaranteed;
        asked
    }
}

fn situation() -> impl Strategy<Value = (UnixMillis, Asked)> {
    minutes().prop_flat_map(|now| (Just(now), asked_before(now)))
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} guaranteed: {}", self.number, self.record, self.agent_guaranteed)
    }
}

/// Whether a clock that shows local time is inside the hours, looking at nothing but its face.
fn shows_open(policy: &Policy, zone_name: &str, at: UnixMillis) -> bool {
    let zone = zone(zone_name).expect("a zone of the tables");
    let local = at.to_jiff().expect("a year of this century").to_zoned(zone);
    let minute = (i64::from(local.hour()) * 60 + i64::from(local.minute())) as u16;
    let weekday = Weekday::from_number(local.weekday().to_monday_one_offset() as u8);
    policy.hours.iter().any(|hours| {
        weekday.is_some_and(|weekday| hours.days.contains(&weekday))
            && hours.from.minutes() <= minute
            && minute < hours.to.minutes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The next permitted instant is not before the one asked about, is permitted, and no minute before it is.
    #[test]
    fn the_next_permitted_instant_is_the_first(policy in policies(), (now, asked) in situation()) {
        let Some(next) = policy.next_permitted(&asked.question(now), now) else {
            // Nothing in sight: then not even one of the minutes of two days ahead is permitted.
            for step in 0..96 {
                let minute = UnixMillis(now.0 + step * 30 * MINUTE_MS);
                prop_assert!(!policy.may_call(&asked.question(minute)).is_allowed());
            }
            return Ok(());
        };
        prop_assert!(next >= now);
        prop_assert!(policy.may_call(&asked.question(next)).is_allowed());
        let minutes = (next.0 - now.0) / MINUTE_MS;
        let stride = (minutes / 150).max(1);
        for minute in (0..minutes).step_by(stride as usize).chain(minutes.checked_sub(1)) {
            let earlier = UnixMillis(now.0 + minute * MINUTE_MS);
            if earlier >= now && earlier < next {
                let verdict = policy.may_call(&asked.question(earlier));
                prop_assert!(!verdict.is_allowed(), "{earlier:?} before {next:?}");
            }
        }
    }

    /// I3: no call without every clock of the number showing open hours, now and until the ringing ends.
    #[test]
    fn i3_a_permitted_call_rings_only_where_every_clock_shows_open_hours(
        mut policy in policies(),
        (now, asked) in situation(),
    ) {
        policy.holidays = HolidayRule::Ignore;
        let question = asked.question(now);
        if policy.may_call(&question).is_allowed() {
            for zone in crate::calls::zones::candidate_zones(&asked.number) {
                for seconds in [0, 10, 20, 30] {
                    prop_assert!(shows_open(&policy, zone, now.plus_seconds(seconds)), "{zone} {seconds}");
                }
            }
        }
    }

    /// In a zone that never changes its clocks the face of the clock decides exactly.
    #[test]
    fn where_clocks_never_change_hours_are_what_the_clock_shows(hours in prop::collection::vec(open_hours(), 1..4), now in minutes()) {
        let mut policy = Policy { hours, holidays: HolidayRule::Ignore, ..policy("US-TSR") };
        policy.per_number.per_day = None;
        let asked = Asked::of("819012345678");
        let open = (0..=30).all(|seconds| shows_open(&policy, "Asia/Tokyo", now.plus_seconds(seconds)));
        prop_assert_eq!(policy.may_call(&asked.question(now)).is_allowed(), open);
    }

    /// Several policies permit only what each of them permits, and everything that all of them do.
    #[test]
    fn the_strictest_holds(several in prop::collection::vec(policies(), 1..4), (now, asked) in situation()) {
        let references: Vec<&Policy> = several.iter().collect();
        let question = asked.question(now);
        let all = several.iter().all(|policy| policy.may_call(&question).is_allowed());
        let together = Policies::new(&references);
        prop_assert_eq!(together.may_call(&question).is_allowed(), all);
        if let Some(next) = together.next_permitted(&question, now) {
            for policy in &several {
                prop_assert!(policy.may_call(&asked.question(next)).is_allowed());
                let alone = policy.next_permitted(&question, now);
                prop_assert!(alone.is_some_and(|alone| alone <= next));
            }
        }
    }

    /// No instant, however far, makes it fail.
    #[test]
    fn no_instant_is_too_far(policy in policies(), now in any::<i64>(), (_, asked) in situation()) {
        let mut asked = asked;
        let now = UnixMillis(now);
        asked.record.calls.push(now);
        asked.record.last_machine = Some(now);
        asked.record.last_abandon = Some(now);
        asked.from = Some(now);
        asked.to = Some(now);
        let _ = policy.may_call(&asked.question(now));
    }
}
