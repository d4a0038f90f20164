//! What holds for every pacer.

use super::*;
use proptest::prelude::*;

const ROOMY: LedgerWindow = LedgerWindow { live: 100_000, abandoned: 0.0, cap: 0.03, long: false };
const AT_CAP: LedgerWindow = LedgerWindow { live: 1_000, abandoned: 30.0, cap: 0.03, long: false };

fn settings(mode: PacingMode) -> PacingSettings {
    PacingSettings { mode, ..PacingSettings::default() }
}

fn snapshot() -> Snapshot<'static> {
    Snapshot {
        idle: 0,
        busy: &[],
        in_flight_ms: &[],
        waiting: 0,
        free_lines: 1_000,
        rate_tokens: 1_000,
        ready: 1_000,
        desk_silent_ms: 0,
        windows: &[ROOMY],
    }
}

/// A pacer that has seen a day: three dials in ten answered after eight seconds, two minutes of talk.
fn experienced(mode: PacingMode) -> Pacer {
    let mut pacer = Pacer::new(settings(mode)).unwrap();
    for dial in 0..600_u32 {
        let live = dial % 10 < 3;
        pacer.on_dial_ended(if live {
            DialEnd::Live { latency_ms: 4_000 + dial % 8 * 1_000 }
        } else {
            DialEnd::NotLive
        });
        if live {
            pacer.on_resolved(false);
            pacer.on_handle_ended(20_000 + dial * 7_919 % 200_000, 10_000 + dial * 31 % 20_000);
        }
    }
    pacer
}

#[test]
fn each_mode_by_table() {
    let talking: Vec<Busy> = (0..10).map(|n| Busy::Talking { since_ms: n * 15_000 }).collect();
    let base = snapshot();
    let predictive = PacingMode::Predictive;
    let power = PacingMode::Power { ratio: 2.5 };
    let table: &[(&str, PacingMode, Snapshot<'_>, u32, Why)] = &[
        (
            "one call for each idle agent",
            PacingMode::Progressive,
            Snapshot { idle: 4, ..base },
            4,
            Why::Floor,
        ),
        (
            "less those on the way",
            PacingMode::Progressive,
            Snapshot { idle: 4, in_flight_ms: &[0, 9], ..base },
            2,
            Why::Floor,
        ),
        (
            "less the answer that waits",
            PacingMode::Progressive,
            Snapshot { idle: 4, waiting: 1, ..base },
            3,
            Why::Floor,
        ),
        (
            "nothing below nothing",
            PacingMode::Progressive,
            Snapshot { idle: 1, in_flight_ms: &[1, 2, 3], ..base },
            0,
            Why::Floor,
        ),
        ("a ratio", power, Snapshot { idle: 3, in_flight_ms: &[1], ..base }, 6, Why::Ratio),
        ("a ratio of nobody idle", power, Snapshot { busy: &talking, ..base }, 0, Why::Floor),
        ("a ratio at the cap", power, Snapshot { idle: 3, windows: &[AT_CAP], ..base }, 3, Why::Gate),
        ("a ratio under no policy", power, Snapshot { idle: 3, windows: &[], ..base }, 3, Why::Gate),
        ("predictive at the cap", predictive, Snapshot { idle: 5, windows: &[AT_CAP], ..base }, 5, Why::Gate),
        ("predictive for two", predictive, Snapshot { idle: 2, ..base }, 2, Why::SmallTeam),
        ("no agents", predictive, base, 0, Why::NoAgents),
        (
            "agents without a desk",
            predictive,
            Snapshot { idle: 5, desk_silent_ms: 5_001, ..base },
            0,
            Why::DeskSilent,
        ),
        ("lines", power, Snapshot { idle: 5, free_lines: 2, ..base }, 2, Why::Lines),
        ("rate", power, Snapshot { idle: 5, rate_tokens: 1, ..base }, 1, Why::Rate),
        ("list", power, Snapshot { idle: 5, ready: 3, ..base }, 3, Why::List),
        (
            "every line without agents",
            PacingMode::Agentless,
            Snapshot { free_lines: 30, desk_silent_ms: u32::MAX, ..base },
            30,
            Why::Lines,
        ),
        (
            "every line under a rate",
            PacingMode::Agentless,
            Snapshot { free_lines: 30, rate_tokens: 2, ..base },
            2,
            Why::Rate,
        ),
    ];
    for (name, mode, now, dial, why) in table {
        let decision = experienced(*mode).decide(now);
        assert_eq!((decision.dial, decision.why), (*dial, *why), "{name}");
    }
}

#[test]
fn the_look_ahead_dials_for_agents_who_will_be_free() {
    let pacer = experienced(PacingMode::Predictive);
    let talking: Vec<Busy> = (0..60).map(|n| Busy::Talking { since_ms: n * 4_000 }).collect();
    let wrapping: Vec<Busy> = (0..60).map(|n| Busy::WrappingUp { since_ms: 10_000 + n * 150 }).collect();
    let alone = Snapshot { idle: 4, ..snapshot() };
    let for_idle = pacer.decide(&alone);
    let for_talking = pacer.decide(&Snapshot { busy: &talking, ..alone });
    let for_wrapping = pacer.decide(&Snapshot { busy: &wrapping, ..alone });
    assert_eq!(for_talking.why, Why::LookAhead);
    assert!(for_talking.dial > for_idle.dial, "sixty agents talk, and some of them will end in time");
    assert!(for_wrapping.dial > for_talking.dial, "those who only write up are free sooner");
    let ringing = vec![3_000; 90];
    let ringing = pacer.decide(&Snapshot { busy: &talking, in_flight_ms: &ringing, ..alone });
    assert_eq!((ringing.dial, ringing.why), (0, Why::Floor), "ninety calls ring already");
}

#[test]
fn the_cold_start_is_progressive_and_ends_with_the_twentieth_live_answer() {
    let mut pacer = Pacer::new(settings(PacingMode::Predictive)).unwrap();
    let now = Snapshot { idle: 10, ..snapshot() };
    for _ in 0..20 {
        assert_eq!(pacer.decide(&now), Decision { dial: 10, floor: 10, why: Why::ColdStart });
        pacer.on_dial_ended(DialEnd::NotLive);
        pacer.on_dial_ended(DialEnd::Live { latency_ms: 6_000 });
    }
    let decision = pacer.decide(&now);
    assert!(decision.dial > 10 && decision.why == Why::LookAhead, "{decision:?}");
}

#[test]
fn an_abandoned_call_makes_the_next_decisions_smaller() {
    let talking: Vec<Busy> = (0..40).map(|n| Busy::Talking { since_ms: n * 5_000 }).collect();
    let now = Snapshot { idle: 5, busy: &talking, ..snapshot() };
    let mut pacer = experienced(PacingMode::Predictive);
    let before = pacer.decide(&now).dial;
    (0..10).for_each(|_| pacer.on_resolved(true));
    assert!(pacer.decide(&now).dial < before);
}

#[test]
fn only_the_predictive_mode_learns_a_risk() {
    // Served calls say nothing about predictions when none were made.
    assert!((experienced(PacingMode::Progressive).learned().risk() - 0.003).abs() < 1e-12);
    assert!(experienced(PacingMode::Predictive).learned().risk() > 0.02);
}

#[test]
fn settings_that_mean_nothing_are_refused() {
    let base = PacingSettings::default();
    for (name, settings) in [
        ("ratio below one", settings(PacingMode::Power { ratio: 0.9 })),
        ("ratio without bound", settings(PacingMode::Power { ratio: 21.0 })),
        ("no ratio", settings(PacingMode::Power { ratio: f64::NAN })),
        ("cap in percent", PacingSettings { cap: 3.0, ..base }),
        ("no cap", PacingSettings { cap: f64::NAN, ..base }),
        ("aim above the cap", PacingSettings { target_factor: 1.5, ..base }),
        ("aim at nothing", PacingSettings { target_factor: 0.0, ..base }),
    ] {
        assert!(Pacer::new(settings).is_err(), "{name}");
        let mut running = Pacer::new(base).unwrap();
        assert!(running.configure(settings).is_err() && *running.settings() == base, "{name}");
    }
}

#[test]
fn what_was_learned_survives_a_restart() {
    let pacer = experienced(PacingMode::Predictive);
    let stored = serde_json::to_string(pacer.learned()).unwrap();
    let resumed = Pacer::resume(*pacer.settings(), serde_json::from_str(&stored).unwrap()).unwrap();
    let talking: Vec<Busy> = (0..40).map(|n| Busy::Talking { since_ms: n * 5_000 }).collect();
    let now = Snapshot { idle: 5, busy: &talking, in_flight_ms: &[1_000, 9_500], ..snapshot() };
    assert_eq!(resumed.decide(&now), pacer.decide(&now));
    assert_eq!(resumed.learned().live_answers(), 180);
    assert!((resumed.learned().risk() - pacer.learned().risk()).abs() < 1e-12);
    assert!((resumed.learned().answer_rate() - pacer.learned().answer_rate()).abs() < 1e-12);
    assert!(stored.len() < 2_000, "small enough to be stored every minute: {}", stored.len());
}

#[test]
fn stored_values_that_cannot_be_right_are_dropped() {
    let pacer = experienced(PacingMode::Predictive);
    let stored = serde_json::to_value(pacer.learned()).unwrap();
    let fresh = Pacer::new(*pacer.settings()).unwrap();
    for (pointer, nonsense) in [
        ("/risk/share", serde_json::json!(7.0)),
        ("/answer_rate/live", serde_json::json!(-1.0)),
        ("/answer_rate/dials", serde_json::json!(0.0)),
        ("/latency/answers", serde_json::json!([])),
        ("/talk/ended", serde_json::json!(vec![1.0; 400])),
        ("/wrap/expected_s", serde_json::json!(0.0)),
    ] {
        let mut damaged = stored.clone();
        *damaged.pointer_mut(pointer).unwrap() = nonsense;
        let resumed = Pacer::resume(*pacer.settings(), serde_json::from_value(damaged).unwrap()).unwrap();
        let part = pointer.split('/').nth(1).unwrap();
        let now = serde_json::to_value(resumed.learned()).unwrap();
        assert_eq!(now[part], serde_json::to_value(fresh.learned()).unwrap()[part], "{pointer}");
    }
}

#[derive(Debug, Clone)]
enum Event {
    Dial(Option<u32>),
    Resolved(bool),
    Handled(u32, u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        proptest::option::of(any::<u32>().prop_map(|ms| ms % 40_000)).prop_map(Event::Dial),
        any::<u32>().prop_map(|ms| Event::Dial(Some(ms))),
        any::<bool>().prop_map(Event::Resolved),
        (any::<u32>(), any::<u32>()).prop_map(|(talk, wrap)| Event::Handled(talk, wrap)),
        (0..400_000_u32, 0..60_000_u32).prop_map(|(talk, wrap)| Event::Handled(talk, wrap)),
    ]
}

fn mode() -> impl Strategy<Value = PacingMode> {
    prop_oneof![
        Just(PacingMode::Progressive),
        (1.0..20.0).prop_map(|ratio| PacingMode::Power { ratio }),
        Just(PacingMode::Predictive),
        Just(PacingMode::Agentless),
    ]
}

fn told(mode: PacingMode, events: &[Event]) -> Pacer {
    let mut pacer = Pacer::new(settings(mode)).unwrap();
    for event in events {
        match *event {
            Event::Dial(Some(latency_ms)) => pacer.on_dial_ended(DialEnd::Live { latency_ms }),
            Event::Dial(None) => pacer.on_dial_ended(DialEnd::NotLive),
            Event::Resolved(abandoned) => pacer.on_resolved(abandoned),
            Event::Handled(talk_ms, wrap_ms) => pacer.on_handle_ended(talk_ms, wrap_ms),
        }
    }
    pacer
}

#[derive(Debug, Clone)]
struct Scene {
    busy: Vec<Busy>,
    in_flight_ms: Vec<u32>,
    windows: Vec<LedgerWindow>,
    numbers: (u32, u32, u32, u32, u32),
    desk_silent_ms: u32,
}

impl Scene {
    fn snapshot(&self) -> Snapshot<'_> {
        let (idle, waiting, free_lines, rate_tokens, ready) = self.numbers;
        Snapshot {
            idle,
            busy: &self.busy,
            in_flight_ms: &self.in_flight_ms,
            waiting,
            free_lines,
            rate_tokens,
            ready,
            desk_silent_ms: self.desk_silent_ms,
            windows: &self.windows,
        }
    }
}

fn scene() -> impl Strategy<Value = Scene> {
    let busy = prop_oneof![
        any::<u32>().prop_map(|since_ms| Busy::Talking { since_ms }),
        (0..600_000_u32).prop_map(|since_ms| Busy::Talking { since_ms }),
        (0..60_000_u32).prop_map(|since_ms| Busy::WrappingUp { since_ms }),
    ];
    let window = (0..2_000_u64, -5.0..100.0, 0.0..0.2, any::<bool>())
        .prop_map(|(live, abandoned, cap, long)| LedgerWindow { live, abandoned, cap, long });
    (
        proptest::collection::vec(busy, 0..40),
        proptest::collection::vec(prop_oneof![0..40_000_u32, any::<u32>()], 0..40),
        proptest::collection::vec(window, 0..3),
        (0..60_u32, 0..5_u32, 0..60_u32, 0..60_u32, 0..60_u32),
        prop_oneof![0..5_001_u32, any::<u32>()],
    )
        .prop_map(|(busy, in_flight_ms, windows, numbers, desk_silent_ms)| Scene {
            busy,
            in_flight_ms,
            windows,
            numbers,
            desk_silent_ms,
        })
}

proptest! {
    #[test]
    fn i11_the_same_events_lead_to_the_same_decision(
        mode in mode(), events in proptest::collection::vec(event(), 0..120), scene in scene(),
    ) {
        let now = scene.snapshot();
        let once = told(mode, &events).decide(&now);
        prop_assert_eq!(once, told(mode, &events).decide(&now));
        let pacer = told(mode, &events);
        prop_assert_eq!(once, pacer.clone().decide(&now), "and deciding changes nothing");
        prop_assert_eq!(once, pacer.decide(&now));
    }

    #[test]
    fn i12_caution_never_goes_below_the_floor(
        mode in mode(), events in proptest::collection::vec(event(), 0..120), scene in scene(),
    ) {
        let now = Snapshot { desk_silent_ms: 0, ..scene.snapshot() };
        let decision = told(mode, &events).decide(&now);
        let floor = if now.staffed() == 0 { 0 } else { now.floor() };
        prop_assert!(decision.dial >= floor.min(now.free_lines).min(now.rate_tokens).min(now.ready));
    }

    #[test]
    fn no_limit_is_ever_exceeded(
        mode in mode(), events in proptest::collection::vec(event(), 0..120), scene in scene(),
    ) {
        let now = scene.snapshot();
        let decision = told(mode, &events).decide(&now);
        prop_assert!(decision.dial <= now.free_lines.min(now.rate_tokens).min(now.ready));
        if mode != PacingMode::Agentless && (now.staffed() == 0 || now.desk_silent_ms > DESK_SILENT_MS) {
            prop_assert_eq!(decision.dial, 0);
        }
    }

    #[test]
    fn at_a_cap_no_mode_with_agents_dials_above_the_floor(
        mode in mode(), events in proptest::collection::vec(event(), 0..120), scene in scene(),
    ) {
        prop_assume!(mode != PacingMode::Agentless);
        let mut windows = scene.windows.clone();
        windows.push(AT_CAP);
        let now = Snapshot { windows: &windows, ..scene.snapshot() };
        prop_assert!(told(mode, &events).decide(&now).dial <= now.floor());
    }
}
