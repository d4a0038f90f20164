//! The engine ends between any two lines, and another one goes on.

use crate::agents::{agents_ready, campaign, permissive};
use crate::world::{World, one_each};
use muster_app::usecases::dialler::CampaignInput;
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::{Dialling, Mode, Pacing};
use muster_domain::participant::ParticipantStatus;
use muster_peers::phones::{AgentHabits, judge};

/// Kills the engine while calls last, a few times; at the end every contact is closed and no try was counted twice.
async fn killed_and_started_again(world: World) {
    let input =
        CampaignInput { max_parallel_lines: Some(Some(10)), max_tries: Some(20), ..CampaignInput::default() };
    let (campaign, ids) = world.agentless(input, Dialling::default(), &one_each(40, 901)).await;
    world.run(&campaign).await;
    let mut placed = 0;
    for _ in 0..3 {
        let running = world.start().await;
        placed += 5;
        world.phones.until(|calls, _| calls.len() >= placed).await;
        running.kill().await;
        placed = world.phones.calls().len();
    }
    let running = world.start().await;
    world
        .until("the calls that were left open are closed", async || {
            let open = world.services.calls.open_calls(campaign.id).await.unwrap();
            open.iter().all(|call| !call.is_open()) || world.phones.calls().len() > placed
        })
        .await;
    // Whoever was in a call is called again an hour later, not at once: nobody knows what was said.
    world
        .until("whoever was in no call is closed", async || {
            let counts = world.counts(campaign.id).await;
            let unknown = counts.outcomes.get(&CallOutcome::Unknown).copied().unwrap_or(0);
            counts.open_calls == 0 && counts.of(ParticipantStatus::Completed) + unknown >= 40
        })
        .await;
    running.stop().await;
    let mut tries = 0;
    for id in &ids {
        let contact = world.contact(*id).await;
        assert!(contact.open_call.is_none() && !contact.is_in_hand(), "{contact:?}");
        let calls = world.calls(*id).await;
        assert!(calls.iter().all(|call| !call.is_open()));
        let counted = calls.iter().filter(|call| call.outcome.is_some_and(CallOutcome::counts)).count();
        assert_eq!(contact.tries as usize, counted, "no try is lost or counted twice: {calls:?}");
        tries += calls.len();
        let record = world.services.calls.numbers(world.client, &[calls[0].number.clone()]).await.unwrap();
        assert_eq!(record[0].as_ref().unwrap().value.open_call, None, "the number is free again");
    }
    // A call that was stored and had not left yet is the only difference that there can be.
    assert!(world.phones.calls().len() <= tries);
    assert!(judge::called_twice_at_a_time(&world.phones.calls()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn d82_killed_and_started_again_on_sqlite() {
    killed_and_started_again(World::sqlite(World::phones()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d82_killed_and_started_again_on_postgres() {
    killed_and_started_again(World::postgres(World::phones()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_on_one_store_never_call_the_same_contact() {
    let world = World::postgres(World::phones()).await;
    let input = CampaignInput { max_parallel_lines: Some(Some(5)), ..CampaignInput::default() };
    let (campaign, _) = world.agentless(input, Dialling::default(), &one_each(30, 901)).await;
    let (first, second) = tokio::join!(world.start(), world.start());
    world.run(&campaign).await;
    world.phones.until(|calls, _| calls.len() >= 10).await;
    // One of them conducts; when it goes, the other one takes over.
    first.kill().await;
    world
        .until("every contact was called", async || {
            let counts = world.counts(campaign.id).await;
            let unknown = counts.outcomes.get(&CallOutcome::Unknown).copied().unwrap_or(0);
            counts.open_calls == 0 && counts.of(ParticipantStatus::Completed) + unknown >= 30
        })
        .await;
    second.stop().await;
    let calls = world.phones.calls();
    assert!(judge::called_more_than(&calls, 1).is_empty(), "{:?}", judge::called_more_than(&calls, 1));
    assert!(judge::most_at_a_time(&calls) <= 5);
}

/// Whoever had answered and was with nobody when the engine ended counts as left without an agent (I10).
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_crash_left_waiting_counts_as_abandoned() {
    let world = permissive(&serde_json::json!({ "connect_limit_ms": 10_000 })).await;
    let (campaign, ids) =
        campaign(&world, Some(Pacing::Power { ratio: 2.0 }), Mode::Manual, &one_each(2, 901), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, _) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    world
        .until("one talks and one waits", async || {
            let mut answered = 0;
            for id in &ids {
                let calls = world.calls(*id).await;
                answered += calls.iter().filter(|call| call.answered_at.is_some()).count();
            }
            let live = running.live(&campaign).await;
            answered == 2 && live.waiting == 1 && live.talking == 1
        })
        .await;
    running.kill().await;
    let again = world.start().await;
    world.until("both are closed", async || world.counts(campaign.id).await.open_calls == 0).await;
    let mut outcomes = Vec::new();
    for id in &ids {
        outcomes.extend(world.calls(*id).await.iter().map(|call| call.outcome));
    }
    outcomes.sort();
    assert_eq!(outcomes, [Some(CallOutcome::Abandoned), Some(CallOutcome::Unknown)]);
    let ledger = world.services.calls.ledger(campaign.id, 0).await.unwrap();
    assert_eq!((ledger[0].live, ledger[0].abandoned), (1, 1));
    again.stop().await;
}
