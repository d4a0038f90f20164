//! Simulates the grid of shifts that the pacer is judged by, and prints its tables.
//!
//! ```text
//! cargo run --release -p muster-simulator --example pacing_grid -- [steady|reference|scenarios|parts|speed] [seeds]
//! ```

use muster_domain::calls::pacing::{
    Busy, DialEnd, LedgerWindow, Pacer, PacingMode, PacingSettingsError, Snapshot,
};
use muster_simulator::erlang::state_blind_utilisation;
use muster_simulator::policy::{DialLevel, Missing, Mutilated};
use muster_simulator::{Estimate, Job, Policy, Scenario, Summary, run_all};
use std::time::{Duration, Instant};

type Made = Result<Box<dyn Policy>, PacingSettingsError>;

fn production(scenario: &Scenario) -> Made {
    Ok(Box::new(Pacer::new(scenario.pacing)?))
}

#[expect(clippy::unnecessary_wraps, reason = "one of several that may refuse their settings")]
fn dial_level(_: &Scenario) -> Made {
    Ok(Box::new(DialLevel::new()))
}

fn summary(scenario: &Scenario, seeds: u64, policy: impl Fn(&Scenario) -> Made + Sync) -> Summary {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs: Vec<Job<'_>> = (1..=seeds).map(|seed| Job { scenario, seed }).collect();
    let reports = run_all(&jobs, threads, policy, || {}).expect("the scenarios' settings are sound");
    Summary::of(&reports)
}

fn percent(estimate: &Estimate) -> String {
    let range = estimate.plus_minus.map(|half| format!(" ± {:.1}", 100.0 * half)).unwrap_or_default();
    format!("{:.1}{range}", 100.0 * estimate.mean)
}

fn row(name: &str, agents: u32, rate: f64, summary: &Summary) {
    println!(
        "| {name} | {agents} | {rate} | {} | {:.2} | {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {:.0} / {:.0} / {:.0} |",
        percent(&summary.utilisation),
        100.0 * summary.abandoned.mean,
        summary.days_over_cap,
        summary.worst_half_hour.map_or_else(|| "–".to_owned(), |worst| percent(&worst)),
        summary.talk_min_per_h.mean,
        summary.wait_mean_s.mean,
        summary.wait_p95_s.mean,
        summary.dials_per_answer.mean,
        summary.peak_in_flight,
        100.0 * summary.gate_share.mean,
        100.0 * summary.floor_share.mean,
        100.0 * summary.lines_share.mean,
    );
}

fn head() {
    println!(
        "| what | agents | answer rate | utilisation % | abandoned % | shifts over the cap | worst half hour % | talk min/h \
         | wait s | wait p95 s | dials per answer | peak in flight | decisions % at gate / floor / lines |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
}

fn steady(seeds: u64) {
    head();
    for agents in [3, 5, 10, 20, 50, 100] {
        for rate in [0.15, 0.3, 0.5] {
            row("predictive", agents, rate, &summary(&Scenario::steady(agents, rate), seeds, production));
        }
    }
}

fn reference(seeds: u64) {
    println!("| agents | answer rate | progressive | state-blind, by Erlang B | dial level | predictive |");
    println!("|---|---|---|---|---|---|");
    for (agents, rate) in
        [(5, 0.3), (10, 0.3), (20, 0.3), (50, 0.3), (100, 0.3), (10, 0.15), (50, 0.15), (10, 0.5), (50, 0.5)]
    {
        let scenario = Scenario::steady(agents, rate);
        let cell = |summary: &Summary| {
            format!(
                "{} / {:.2}{}",
                percent(&summary.utilisation),
                100.0 * summary.abandoned.mean,
                match summary.days_over_cap {
                    0 => String::new(),
                    over => format!(" ({over} of {} shifts over)", summary.shifts),
                }
            )
        };
        println!(
            "| {agents} | {rate} | {} | {:.0} | {} | {} |",
            cell(&summary(&scenario.clone().paced(PacingMode::Progressive), seeds, production)),
            100.0 * state_blind_utilisation(agents, 0.03),
            cell(&summary(&scenario, seeds, dial_level)),
            cell(&summary(&scenario, seeds, production)),
        );
    }
}

fn scenarios(seeds: u64) {
    head();
    for name in Scenario::NAMES {
        for agents in [5, 10, 50] {
            let scenario = Scenario::named(name, agents, 0.3).expect("the names are the scenarios' own");
            row(name, agents, 0.3, &summary(&scenario, seeds, production));
            let floor = scenario.paced(PacingMode::Progressive);
            row(&format!("{name}, progressive"), agents, 0.3, &summary(&floor, seeds, production));
        }
    }
    for (name, change) in [("talk 30 s", 30.0), ("talk 60 s", 60.0), ("talk 300 s", 300.0)] {
        for agents in [10, 50] {
            let mut scenario = Scenario::steady(agents, 0.3);
            scenario.callers.talk_s = change;
            row(name, agents, 0.3, &summary(&scenario, seeds, production));
            row(
                &format!("{name}, progressive"),
                agents,
                0.3,
                &summary(&scenario.paced(PacingMode::Progressive), seeds, production),
            );
        }
    }
    for limit_ms in [0, 1_000, 5_000] {
        let mut scenario = Scenario::steady(10, 0.3);
        scenario.pacing.connect_limit_ms = limit_ms;
        row(&format!("connect limit {limit_ms} ms"), 10, 0.3, &summary(&scenario, seeds, production));
    }
}

fn parts(seeds: u64) {
    head();
    for missing in [Missing::Floor, Missing::Gate, Missing::LearnedRisk, Missing::Estimators] {
        for (name, agents) in [
            ("steady", 5),
            ("steady", 10),
            ("steady", 20),
            ("steady", 50),
            ("answers-rise", 10),
            ("answers-drop", 10),
            ("everybody-answers", 50),
        ] {
            let scenario = Scenario::named(name, agents, 0.3).expect("the names are the scenarios' own");
            let without =
                |scenario: &Scenario| -> Made { Ok(Box::new(Mutilated::new(scenario.pacing, missing)?)) };
            row(&format!("{name} without {missing:?}"), agents, 0.3, &summary(&scenario, seeds, without));
        }
    }
}

/// Decisions with 100 agents and 600 calls in flight.
fn speed() {
    let scenario = Scenario::steady(100, 0.3);
    let mut pacer = Pacer::new(scenario.pacing).expect("the scenario's settings are sound");
    for n in 0..1_000_u32 {
        pacer.on_dial_ended(DialEnd::NotLive);
        pacer.on_dial_ended(DialEnd::Live { latency_ms: 2_000 + n * 7_919 % 20_000 });
        pacer.on_handle_ended(n * 104_729 % 300_000, n * 31 % 40_000);
    }
    let windows = [LedgerWindow { live: 1_000, abandoned: 20.0, cap: 0.03, long: false }];
    for in_flight in [60, 600] {
        let mut took: Vec<Duration> = (0..20_000_u32)
            .map(|n| {
                let busy: Vec<Busy> =
                    (0..60).map(|agent| Busy::Talking { since_ms: (n + agent * 4_999) % 400_000 }).collect();
                let ages: Vec<u32> = (0..in_flight).map(|call| (n + call * 997) % 22_000).collect();
                let now = Snapshot {
                    idle: 40,
                    busy: &busy,
                    in_flight_ms: &ages,
                    waiting: 0,
                    free_lines: 1_000,
                    rate_tokens: 1_000,
                    ready: 1_000,
                    desk_silent_ms: 0,
                    windows: &windows,
                };
                let started = Instant::now();
                std::hint::black_box(pacer.decide(std::hint::black_box(&now)));
                started.elapsed()
            })
            .collect();
        took.sort_unstable();
        println!(
            "100 agents, {in_flight} in flight: median {:?}, p99 {:?}",
            took[took.len() / 2],
            took[took.len() * 99 / 100]
        );
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_else(|| "steady".to_owned());
    let seeds = arguments.next().and_then(|seeds| seeds.parse().ok()).unwrap_or(20);
    match what.as_str() {
        "steady" => steady(seeds),
        "reference" => reference(seeds),
        "scenarios" => scenarios(seeds),
        "parts" => parts(seeds),
        "speed" => speed(),
        other => {
            eprintln!("there is no table {other:?}; there are steady, reference, scenarios, parts and speed");
            std::process::exit(2);
        }
    }
}
