//! What becomes of a campaign when cards, network or message centre misbehave.

use super::campaigns::on_both;
use super::world::{CAMPAIGN, World, plan};
use muster_domain::participant::{Outcome, ParticipantStatus as P};
use muster_domain::sim_campaign::{Plan, SimCampaignStatus as C};
use muster_peers::scenario::{DropLink, Rule, Scenario};
use muster_peers::smsc::SmscSettings;
use muster_testkit::sims::hplmn;

on_both! {
    lost_answers_are_found_by_reading_back(20, SmscSettings::default());
    forged_and_damaged_answers_never_count(10, SmscSettings::default());
    links_that_drop_lose_nothing(100, SmscSettings::default());
    responses_that_never_come_do_no_harm(30, SmscSettings::default());
    doubled_receipts_and_answers_change_nothing(30, SmscSettings::default());
    a_throttling_centre_slows_the_campaign_and_loses_nothing(50, SmscSettings::default());
    a_card_ahead_of_our_counter_is_caught_up_with(5, SmscSettings::default());
    interim_answers_are_waited_for(10, SmscSettings::default());
    without_a_route_the_campaign_says_why(3, SmscSettings::default());
}

async fn completes(world: &World, scenario: Scenario, max_retries: u32) {
    world.smsc.set_rules(scenario);
    world.campaign(hplmn(), plan(), max_retries).await;
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    world.check(CAMPAIGN).await;
    engine.stop().await;
}

async fn all_done(world: &World) {
    let shown = world.shown(CAMPAIGN).await;
    assert!(shown.iter().all(|(status, ..)| *status == P::Completed), "{shown:?}");
}

async fn lost_answers_are_found_by_reading_back(world: World) {
    // The card runs the first packet and its answer is lost. The same octets again are refused as seen before, without
    // protection; what the file holds then tells the truth.
    completes(&world, Scenario::of([Rule { no_por: true, ..Rule::for_all() }.times(1)]), 3).await;
    all_done(&world).await;
    for one in world.participants(CAMPAIGN).await {
        let participant = one.participant;
        let counters: Vec<_> = participant.attempts.iter().map(|attempt| attempt.counter).collect();
        assert_eq!(participant.attempt, 3, "run, the same again, read back: {participant:#?}");
        assert!(counters[0] == counters[1] && counters[1] < counters[2], "{counters:?}");
    }
}

async fn forged_and_damaged_answers_never_count(world: World) {
    completes(&world, Scenario::of([Rule { wrong_mac: true, ..Rule::for_all() }]), 1).await;
    for one in world.participants(CAMPAIGN).await {
        let participant = one.participant;
        assert_eq!((participant.status, participant.attempt), (P::Exception, 2));
        assert!(participant.attempts.iter().all(|attempt| !attempt.authenticated));
        // Silence as far as anybody can tell; then the same octets are refused as seen before, which proves nothing.
        let outcomes: Vec<_> = participant.attempts.iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, [Some(Outcome::NoAnswer), Some(Outcome::Unverified)]);
    }
}

async fn links_that_drop_lose_nothing(world: World) {
    // Few, because each waits longer than the one before until it is tried again.
    let drop = |how| Rule { drop_link: Some(how), first: Some(1), ..Rule::for_all() };
    let rules = [drop(DropLink::BeforeAnswer), drop(DropLink::AfterAnswer), drop(DropLink::BeforeTaking)];
    completes(&world, Scenario::of(rules), 5).await;
    all_done(&world).await;
}

async fn responses_that_never_come_do_no_harm(world: World) {
    completes(&world, Scenario::of([Rule { lose_submit_resp: true, ..Rule::for_all() }.times(1)]), 3).await;
    all_done(&world).await;
}

async fn doubled_receipts_and_answers_change_nothing(world: World) {
    let rule = Rule { duplicate_por: 2, duplicate_receipts: 2, receipt_first: true, ..Rule::for_all() };
    completes(&world, Scenario::of([rule]), 3).await;
    let shown = world.shown(CAMPAIGN).await;
    assert!(shown.iter().all(|(status, attempt, _)| (*status, *attempt) == (P::Completed, 1)), "{shown:?}");
}

async fn a_throttling_centre_slows_the_campaign_and_loses_nothing(world: World) {
    let mut scenario = Scenario::default();
    scenario.smsc.throttle_per_s = Some(20);
    completes(&world, scenario, 3).await;
    let shown = world.shown(CAMPAIGN).await;
    // Throttling uses no attempt.
    assert!(shown.iter().all(|(status, attempt, _)| (*status, *attempt) == (P::Completed, 1)), "{shown:?}");
}

async fn a_card_ahead_of_our_counter_is_caught_up_with(world: World) {
    completes(&world, Scenario::of([Rule { counter_low: true, ..Rule::for_all() }.times(1)]), 3).await;
    all_done(&world).await;
    for one in world.participants(CAMPAIGN).await {
        let counters: Vec<_> = one.participant.attempts.iter().map(|attempt| attempt.counter).collect();
        assert!(counters[1] >= counters[0] + 1000, "{counters:?}");
    }
}

async fn interim_answers_are_waited_for(world: World) {
    completes(&world, Scenario::of([Rule { interim_ms: Some(500), ..Rule::for_all() }]), 3).await;
    let shown = world.shown(CAMPAIGN).await;
    assert!(shown.iter().all(|(status, attempt, _)| (*status, *attempt) == (P::Completed, 1)), "{shown:?}");
}

async fn without_a_route_the_campaign_says_why(world: World) {
    world.campaign(hplmn(), Plan { por_timeout_s: 1, ..plan() }, 3).await;
    let engine = world.start_over(Vec::new());
    world.until(CAMPAIGN, "told why", |campaign, _| campaign.reason.contains("no route")).await;
    let shown = world.shown(CAMPAIGN).await;
    assert!(shown.iter().all(|(status, attempt, _)| (*status, *attempt) == (P::Pending, 0)), "{shown:?}");
    engine.stop().await;
    // With one the same campaign goes on.
    let engine = world.start();
    world.until_status(CAMPAIGN, C::Completed).await;
    assert_eq!(world.read(CAMPAIGN).await.value.reason, "");
    all_done(&world).await;
    engine.stop().await;
}
