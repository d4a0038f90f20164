//! The bars a pacer is judged by (dialling-engine §7.4), on shifts short enough for every test run. The grid at full
//! length is the ignored test at the end: `cargo test --release -p muster-simulator -- --ignored`.

use muster_domain::calls::pacing::{Pacer, PacingMode, PacingSettingsError};
use muster_simulator::policy::{Missing, Mutilated};
use muster_simulator::{Change, Job, Policy, Scenario, ShiftReport, Summary, run_all, run_shift};

type Made = Result<Box<dyn Policy>, PacingSettingsError>;

fn production(scenario: &Scenario) -> Made {
    Ok(Box::new(Pacer::new(scenario.pacing)?))
}

fn without(missing: Missing) -> impl Fn(&Scenario) -> Made + Sync {
    move |scenario| Ok(Box::new(Mutilated::new(scenario.pacing, missing)?))
}

fn shifts(scenario: &Scenario, seeds: u64, policy: impl Fn(&Scenario) -> Made + Sync) -> Vec<ShiftReport> {
    let jobs: Vec<Job<'_>> = (1..=seeds).map(|seed| Job { scenario, seed }).collect();
    run_all(&jobs, 2, policy, || {}).unwrap()
}

fn summary(scenario: &Scenario, seeds: u64, policy: impl Fn(&Scenario) -> Made + Sync) -> Summary {
    Summary::of(&shifts(scenario, seeds, policy))
}

fn progressive(scenario: &Scenario, seeds: u64) -> Summary {
    summary(&scenario.clone().paced(PacingMode::Progressive), seeds, production)
}

#[test]
fn progressive_shifts_agree_with_what_can_be_computed() {
    // An agent waits through failed dials and one that is answered: 56.7 s on average at 0.3, and is then busy for 140.
    let shift = progressive(&Scenario::steady(10, 0.3).hours(4.0), 3);
    assert!((shift.utilisation.mean - 0.712).abs() < 0.02, "{:?}", shift.utilisation);
    assert!(shift.abandoned.mean.abs() < 1e-12, "nobody is left without an agent");
    assert!((shift.dials_per_answer.mean - 3.33).abs() < 0.15, "{:?}", shift.dials_per_answer);
}

#[test]
fn p1_p2_p5_more_is_talked_than_progressively_and_the_cap_is_kept() {
    // Short shifts are the hardest: a day begins with no ledger to take a risk on.
    for (agents, rate, gain) in [(3, 0.5, -0.01), (10, 0.3, 0.06), (10, 0.15, 0.10)] {
        let scenario = Scenario::steady(agents, rate).hours(2.0);
        let predictive = summary(&scenario, 2, production);
        let floor = progressive(&scenario, 2);
        let found = predictive.utilisation.mean - floor.utilisation.mean;
        assert!(found > gain, "{agents} agents at {rate}: {found:.3}\n{predictive:?}");
        assert_eq!(predictive.days_over_cap, 0, "{agents} agents at {rate}: {predictive:?}");
    }
}

#[test]
fn p1_the_cap_is_kept_when_the_world_changes() {
    let mut scenario = Scenario::steady(10, 0.15).hours(2.5);
    scenario.changes = vec![(3_600.0, Change::AnswerRate(0.45)), (5_400.0, Change::Restart)];
    for report in shifts(&scenario, 2, production) {
        assert!(!report.over_cap, "{report:?}");
        assert!(report.utilisation > 0.6, "{report:?}");
    }
}

#[test]
fn a_list_that_ends_is_finished_progressively() {
    let scenario = Scenario::named("list-end", 5, 0.3).unwrap();
    let report = run_shift(&scenario, production(&scenario).unwrap().as_mut(), 1);
    assert_eq!(report.dials, 30);
    assert!(report.finished_s.is_some_and(|seconds| seconds < 1_200.0), "{report:?}");
}

#[test]
fn lines_and_rate_are_kept() {
    let scenario = Scenario::named("few-lines", 10, 0.3).unwrap().hours(1.0);
    let report = run_shift(&scenario, production(&scenario).unwrap().as_mut(), 1);
    assert!(report.peak_in_flight <= 10, "{report:?}");
    let scenario = Scenario::named("slow-trunk", 10, 0.3).unwrap().hours(1.0);
    let report = run_shift(&scenario, production(&scenario).unwrap().as_mut(), 1);
    assert!(report.dials <= 3_601, "{report:?}");
}

#[test]
fn p6_without_the_floor_the_dialling_stalls() {
    let scenario = Scenario::steady(5, 0.3).hours(1.5);
    let stalled = summary(&scenario, 1, without(Missing::Floor));
    let floor = progressive(&scenario, 1);
    assert!(stalled.utilisation.mean < floor.utilisation.mean - 0.01, "{stalled:?}");
}

#[test]
fn p6_without_the_gate_the_cap_is_broken() {
    // Every four minutes everybody whose phone rings picks up: no prediction can see that coming.
    let mut scenario = Scenario::steady(20, 0.3).hours(2.0);
    scenario.changes = (5..=20).map(|n| (f64::from(n) * 240.0, Change::EverybodyAnswers)).collect();
    let kept = summary(&scenario, 1, production);
    let broken = summary(&scenario, 1, without(Missing::Gate));
    assert_eq!(kept.days_over_cap, 0, "{kept:?}");
    assert_eq!(broken.days_over_cap, 1, "{broken:?}");
}

#[test]
fn p6_with_a_risk_that_is_not_learned_the_gate_has_to_do_the_work() {
    let scenario = Scenario::steady(20, 0.3).hours(2.0);
    let learned = summary(&scenario, 2, production);
    let guessed = summary(&scenario, 2, without(Missing::LearnedRisk));
    assert!(guessed.utilisation.mean < learned.utilisation.mean - 0.01, "{guessed:?}\n{learned:?}");
    assert!(guessed.gate_share.mean > 2.0 * learned.gate_share.mean, "{guessed:?}\n{learned:?}");
}

#[test]
fn p6_with_estimates_that_are_not_renewed_a_change_is_missed() {
    let mut scenario = Scenario::steady(10, 0.5).hours(2.5);
    scenario.changes = vec![(1_800.0, Change::AnswerRate(0.15))];
    let renewed = summary(&scenario, 2, production);
    let frozen = summary(&scenario, 2, without(Missing::Estimators));
    assert!(frozen.utilisation.mean < renewed.utilisation.mean - 0.05, "{frozen:?}\n{renewed:?}");
}

#[test]
fn p7_the_same_seed_decides_alike() {
    let scenario = Scenario::steady(5, 0.3).hours(1.0);
    let log = |seed| run_shift(&scenario, production(&scenario).unwrap().as_mut(), seed).log_hash;
    assert_eq!(log(1), log(1));
    assert_ne!(log(1), log(2));
}
