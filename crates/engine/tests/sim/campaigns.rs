//! What campaigns do when cards and centre behave.

use super::world::{CAMPAIGN, World, plan};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{Outcome, ParticipantStatus as P};
use muster_domain::sim_campaign::{
    Backoff, Command, Plan, SimCampaignStatus as C, Thresholds, Wave, WaveEnd,
};
use muster_peers::scenario::{Hex, Rule, Scenario};
use muster_peers::smsc::{CoreSettings, SmscSettings};
use muster_testkit::sims::hplmn;

/// The same test on both databases.
macro_rules! on_both {
    ($($(#[$meta:meta])* $name:ident($cards:expr, $settings:expr);)*) => {
        mod sqlite {
            use super::*;
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(World::sqlite($cards, $settings).await).await; })*
        }
        mod postgres {
            use super::*;
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(World::postgres($cards, $settings).await).await; })*
        }
    };
}
pub(crate) use on_both;

on_both! {
    c82_all_succeed_at_the_first_attempt(200, SmscSettings::default());
    c83_a_card_that_always_fails_ends_after_four_attempts(3, SmscSettings::default());
    c84_suspended_nothing_leaves_and_resumed_all_ends_well(60, slow());
    c85_cancelled_in_flight_ends_cancelled(20, slow());
    c86_the_window_ends(6, SmscSettings::default());
    c88_killed_and_started_again_and_again(300, slow());
    a_canary_that_trips_its_threshold_pauses_and_goes_on_when_mended(100, SmscSettings::default());
    waves_follow_each_other(60, SmscSettings::default());
    two_campaigns_take_turns_at_each_card(20, slow());
    pace_is_kept(40, SmscSettings::default());
    a_campaign_that_ends_gives_back_the_cards_it_kept(5, SmscSettings::default());
}

/// A centre that takes its time, so that there is something to interrupt.
fn slow() -> SmscSettings {
    SmscSettings {
        core: CoreSettings { latency_ms: 300, ..CoreSettings::default() },
        ..SmscSettings::default()
    }
}

async fn c82_all_succeed_at_the_first_attempt(world: World) {
    world.campaign(hplmn(), plan(), 3).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    for one in world.participants(CAMPAIGN).await {
        let participant = one.participant;
        assert_eq!((participant.status, participant.attempt), (P::Completed, 1));
        assert_eq!(
            (&*participant.code, &*participant.message),
            ("200", "OK - UPDATE - 3F00/ADF1/6F31 - data: 05")
        );
        let attempt = &participant.attempts[0];
        assert_eq!(
            (attempt.outcome, attempt.authenticated, attempt.sw),
            (Some(Outcome::Ok), true, Some(0x9000))
        );
        // The card may answer before the message centre does, and then nobody waits for the route's name.
        assert!(matches!(&*attempt.route, "" | "a"));
    }
    for sim in &world.sims {
        let file = world
            .smsc
            .look(|core| core.card(sim.iccid.as_str()).and_then(|card| card.file("3F00/ADF1/6F31")));
        assert_eq!(file.as_deref(), Some(&[5][..]), "the card holds what was written");
    }
    world.check(CAMPAIGN).await;
    engine.stop().await;
}

async fn c83_a_card_that_always_fails_ends_after_four_attempts(world: World) {
    world.smsc.set_rules(Scenario::of([Rule { sw: Some(Hex(0x6A82)), sw_at: Some(2), ..Rule::for_all() }]));
    world.campaign(hplmn(), plan(), 3).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    for one in world.participants(CAMPAIGN).await {
        let participant = one.participant;
        assert_eq!((participant.status, participant.attempt, &*participant.code), (P::Exception, 4, "500"));
        assert_eq!(participant.message, "ERROR - UPDATE - 3F00/ADF1/6F31 - data: 05");
        let told: Vec<_> = participant
            .attempts
            .iter()
            .map(|one| (one.number, one.sw, one.failed_command, one.outcome))
            .collect();
        let failed = |number| (number, Some(0x6A82), Some(2), Some(Outcome::CardError));
        assert_eq!(told, [failed(1), failed(2), failed(3), failed(4)]);
        let counters: Vec<_> = participant.attempts.iter().map(|one| one.counter).collect();
        assert!(
            counters.windows(2).all(|pair| pair[0] < pair[1]),
            "a card's error spends the counter: {counters:?}"
        );
    }
    engine.stop().await;
}

async fn c84_suspended_nothing_leaves_and_resumed_all_ends_well(world: World) {
    world.campaign(hplmn(), Plan { pace_per_s: Some(30), ..plan() }, 3).await;
    let engine = world.start();
    world.until(CAMPAIGN, "some done", |_, counts| counts.of(P::Completed) > 0).await;
    world.command(CAMPAIGN, Command::Suspend).await;
    world.until(CAMPAIGN, "none in flight", |_, counts| counts.in_flight() == 0).await;
    let taken = world.smsc.counters();
    let shown = world.shown(CAMPAIGN).await;
    assert!(
        shown
            .iter()
            .any(|(status, attempt, code)| *status == P::Suspended && *attempt == 0 && code.is_empty())
    );
    assert!(shown.iter().all(|(status, ..)| matches!(status, P::Suspended | P::Completed)));
    // The engine looks again and again, and lets nothing leave: each look is one that could have.
    for _ in 0..3 {
        world.until(CAMPAIGN, "still suspended", |campaign, _| campaign.status == C::Suspend).await;
        tokio::time::sleep(World::settings().poll * 2).await;
    }
    assert_eq!(world.smsc.counters(), taken);
    world.command(CAMPAIGN, Command::Run).await;
    world.until_status(CAMPAIGN, C::Completed).await;
    assert!(world.shown(CAMPAIGN).await.iter().all(|(status, ..)| *status == P::Completed));
    world.check(CAMPAIGN).await;
    engine.stop().await;
}

async fn c85_cancelled_in_flight_ends_cancelled(world: World) {
    world.smsc.set_rules(Scenario::of([Rule { no_por: true, ..Rule::for_all() }]));
    world.campaign(hplmn(), Plan { pace_per_s: Some(10), ..plan() }, 3).await;
    let engine = world.start();
    world.until(CAMPAIGN, "some in flight", |_, counts| counts.of(P::Wait) > 0).await;
    world.command(CAMPAIGN, Command::Cancel).await;
    let shown = world.shown(CAMPAIGN).await;
    assert!(shown.iter().any(|(status, ..)| *status == P::Canceling), "{shown:?}");
    assert!(shown.iter().any(|(status, attempt, _)| *status == P::Canceled && *attempt == 0), "{shown:?}");
    world.until(CAMPAIGN, "none in flight", |_, counts| counts.in_flight() == 0).await;
    assert!(world.shown(CAMPAIGN).await.iter().all(|(status, ..)| *status == P::Canceled));
    engine.stop().await;
}

async fn c86_the_window_ends(world: World) {
    world.smsc.set_rules(Scenario::of([Rule { unreachable: true, ..Rule::for_all() }]));
    world.campaign(hplmn(), Plan { pace_per_s: Some(2), ..plan() }, 10).await;
    let engine = world.start();
    world.until(CAMPAIGN, "some in flight", |_, counts| counts.in_flight() > 0).await;
    // The window is moved, not the clock: the store and the centre keep the real one.
    loop {
        let stored = world.read(CAMPAIGN).await;
        let mut campaign = stored.value;
        campaign.window.ends_at = world.services.clock.now();
        let write = muster_app::ports::SimWrite::Campaign {
            campaign: Box::new(campaign),
            expected: muster_app::ports::Expected::Version(stored.version),
        };
        if world.sims().write_sims(vec![write]).await.is_ok() {
            break;
        }
    }
    world.until_status(CAMPAIGN, C::Expired).await;
    world.until(CAMPAIGN, "none in flight", |_, counts| counts.in_flight() == 0).await;
    let shown = world.shown(CAMPAIGN).await;
    assert!(shown.iter().all(|(status, ..)| matches!(status, P::Canceled | P::Exception)), "{shown:?}");
    assert!(shown.iter().any(|(status, attempt, _)| *status == P::Canceled && *attempt == 0), "{shown:?}");
    engine.stop().await;
}

async fn c88_killed_and_started_again_and_again(world: World) {
    world.campaign(hplmn(), plan(), 3).await;
    let total = world.sims.len() as u64;
    for share in [8, 4, 2] {
        let engine = world.start();
        world.until(CAMPAIGN, "further", |_, counts| counts.of(P::Completed) >= total / share).await;
        engine.kill();
    }
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    assert_eq!(world.counts(CAMPAIGN).await.of(P::Completed), total);
    world.check(CAMPAIGN).await;
    engine.stop().await;
}

async fn a_canary_that_trips_its_threshold_pauses_and_goes_on_when_mended(world: World) {
    let canary = Wave { cards: Some(10), percent: None, success_percent: 100, then: WaveEnd::Continue };
    let thresholds = Thresholds { error_percent: Some(50), minimum_ended: 5, config_errors: None };
    world.smsc.set_rules(Scenario::of([Rule { status: Some(Hex(0x09)), ..Rule::for_all() }]));
    world.campaign(hplmn(), Plan { waves: vec![canary], thresholds, ..plan() }, 3).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Suspend).await;
    let campaign = world.read(CAMPAIGN).await.value;
    assert!(
        campaign.reason.contains("wave 1") && campaign.reason.contains("threshold 50 %"),
        "{}",
        campaign.reason
    );
    world.until(CAMPAIGN, "none in flight", |_, counts| counts.in_flight() == 0).await;
    let touched =
        world.participants(CAMPAIGN).await.into_iter().filter(|one| one.participant.attempt > 0).count();
    assert!(touched <= 10, "{touched} cards were sent to before the pause, the canary is 10");
    world.smsc.set_rules(Scenario::default());
    world.command(CAMPAIGN, Command::Run).await;
    world.until_status(CAMPAIGN, C::Completed).await;
    assert_eq!(world.counts(CAMPAIGN).await.of(P::Completed), 100);
    world.check(CAMPAIGN).await;
    engine.stop().await;
}

async fn waves_follow_each_other(world: World) {
    let wave = |cards, then| Wave { cards: Some(cards), percent: None, success_percent: 100, then };
    let waves = vec![wave(5, WaveEnd::Pause), wave(15, WaveEnd::Continue)];
    world.campaign(hplmn(), Plan { waves, ..plan() }, 3).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Suspend).await;
    assert_eq!(world.counts(CAMPAIGN).await.of(P::Completed), 5);
    assert!(world.read(CAMPAIGN).await.value.reason.contains("resume to begin the next"));
    world.command(CAMPAIGN, Command::Run).await;
    world.until_status(CAMPAIGN, C::Completed).await;
    let finished: Vec<_> =
        world.participants(CAMPAIGN).await.iter().map(|one| one.participant.attempts[0].clone()).collect();
    let ended = |range: std::ops::Range<usize>| finished[range].iter().filter_map(|one| one.ended_at).max();
    let begun = |range: std::ops::Range<usize>| finished[range].iter().map(|one| one.started_at).min();
    assert!(
        ended(0..5) <= begun(5..20) && ended(5..20) <= begun(20..60),
        "a wave began before the one before ended"
    );
    world.check(CAMPAIGN).await;
    engine.stop().await;
}

async fn two_campaigns_take_turns_at_each_card(world: World) {
    let second = SimCampaignId(2);
    let other =
        serde_json::from_str(r#"[{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "0A"}]"#).unwrap();
    world.campaign(hplmn(), plan(), 3).await;
    world.campaign_of(second, other, plan(), 3).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    world.until_status(second, C::Completed).await;
    for id in [CAMPAIGN, second] {
        assert!(
            world.shown(id).await.iter().all(|(status, attempt, _)| (*status, *attempt) == (P::Completed, 1))
        );
    }
    // One packet at a time: every card ran both, each once, and no counter was refused.
    let executions = world.smsc.executions();
    for sim in &world.sims {
        let own: Vec<_> = executions.iter().filter(|one| *one.iccid == *sim.iccid.as_str()).collect();
        assert_eq!(own.len(), 2);
        assert!(own[0].counter < own[1].counter);
    }
    engine.stop().await;
}

async fn pace_is_kept(world: World) {
    world.campaign(hplmn(), Plan { pace_per_s: Some(20), ..plan() }, 3).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    let starts: Vec<_> =
        world.participants(CAMPAIGN).await.iter().map(|one| one.participant.attempts[0].started_at).collect();
    let span_ms = starts.iter().max().unwrap().since(*starts.iter().min().unwrap());
    // 40 cards at 20 a second, 4 of them at once: the last cannot leave before 1.8 s have passed.
    assert!(span_ms >= 1_500, "40 cards left within {span_ms} ms");
    engine.stop().await;
}

async fn a_campaign_that_ends_gives_back_the_cards_it_kept(world: World) {
    // What must not run twice and was not answered keeps its card until its fate is known, here for hours.
    world.smsc.set_rules(Scenario::of([Rule { deaf: true, ..Rule::for_all() }]));
    let adds =
        serde_json::from_str(r#"[{"do": "increase", "path": "3F00/ADF1/6F39", "data": "000001"}]"#).unwrap();
    let backoff =
        Backoff { unreachable_base_s: 7200, unreachable_cap_s: 7200, error_base_s: 7200, error_cap_s: 7200 };
    world.campaign(adds, Plan { por_timeout_s: 1, backoff, ..plan() }, 3).await;
    let engine = world.start();
    world.until(CAMPAIGN, "all given up for now", |_, counts| counts.of(P::Retry) == 5).await;
    world.smsc.set_rules(Scenario::default());
    let second = SimCampaignId(2);
    world.campaign_of(second, hplmn(), plan(), 3).await;
    world.until(second, "waiting for the cards", |campaign, _| campaign.status == C::Process).await;
    assert_eq!(world.counts(second).await.of(P::Completed), 0, "the cards are kept");
    world.command(CAMPAIGN, Command::Cancel).await;
    world.until_status(second, C::Completed).await;
    assert_eq!(world.counts(second).await.of(P::Completed), 5);
    engine.stop().await;
}
