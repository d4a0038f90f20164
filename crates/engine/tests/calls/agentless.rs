//! Campaigns without agents: the script speaks.

use crate::world::{World, one_each};
use muster_app::usecases::dialler::{CampaignInput, lock_contact, stop_campaign, unlock_contact};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::{Dialling, ScriptStep};
use muster_domain::calls::hours::WeekSpan;
use muster_domain::participant::ParticipantStatus;
use muster_peers::phones::judge;
use muster_testkit::calls::{number, prompt};
use std::collections::BTreeMap;

async fn outcomes(world: &World) {
    // What telephones do, and what is made of it: behaviour, outcome, cause, invalid afterwards.
    let table = [
        (900, CallOutcome::Answered, Some(16), None),
        (940, CallOutcome::Busy, Some(17), None),
        (943, CallOutcome::NoAnswer, Some(19), None),
        (945, CallOutcome::Rejected, Some(21), None),
        (946, CallOutcome::Unwanted, Some(21), Some(true)),
        (947, CallOutcome::Intercepted, Some(21), None),
        (950, CallOutcome::Invalid, Some(1), Some(true)),
        (951, CallOutcome::Invalid, Some(22), Some(true)),
        (952, CallOutcome::Invalid, Some(28), Some(true)),
        (954, CallOutcome::Unreachable, Some(20), None),
        (961, CallOutcome::Congestion, Some(34), None),
        (962, CallOutcome::TrunkFailure, Some(41), None),
        (955, CallOutcome::MediaMismatch, Some(88), None),
        (986, CallOutcome::MediaMismatch, Some(88), None),
        (980, CallOutcome::LateAnswer, None, None),
    ];
    let numbers: Vec<_> = table.iter().enumerate().map(|(place, row)| vec![number(place, row.0)]).collect();
    let input = CampaignInput { retry_delay_min: Some(600), busy_tries: Some(0), ..CampaignInput::default() };
    let (campaign, ids) = world.agentless(input, Dialling::default(), &numbers).await;
    let running = world.start().await;
    world.run(&campaign).await;
    for (id, (behaviour, outcome, cause, invalid)) in ids.into_iter().zip(table) {
        world
            .until(&format!("the call to …{behaviour} is over"), async || {
                world.calls(id).await.first().is_some_and(|call| !call.is_open())
            })
            .await;
        let call = world.calls(id).await.remove(0);
        assert_eq!(call.outcome, Some(outcome), "…{behaviour}: {call:?}");
        if cause.is_some() {
            assert_eq!(call.cause, cause, "…{behaviour}");
        }
        let contact = world.contact(id).await;
        assert_eq!(contact.numbers[0].invalid, invalid, "…{behaviour}");
        assert_eq!(contact.numbers[0].last_cause, call.cause, "…{behaviour}");
        assert_eq!(contact.open_call, None);
    }
    running.stop().await;
    assert!(judge::called_twice_at_a_time(&world.phones.calls()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_behaviour_has_its_outcome_on_sqlite() {
    outcomes(&World::sqlite(World::phones()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_behaviour_has_its_outcome_on_postgres() {
    outcomes(&World::postgres(World::phones()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d76_never_more_calls_than_lines() {
    let world = World::sqlite(World::phones()).await;
    let input = CampaignInput { max_parallel_lines: Some(Some(3)), ..CampaignInput::default() };
    let (campaign, _) = world.agentless(input, Dialling::default(), &one_each(10, 901)).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world.all_closed(&campaign).await;
    running.stop().await;
    let calls = world.phones.calls();
    assert_eq!(calls.len(), 10);
    assert_eq!(judge::most_at_a_time(&calls), 3);
    assert_eq!(world.counts(campaign.id).await.of(ParticipantStatus::Completed), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn d77_all_numbers_invalid() {
    let world = World::sqlite(World::phones()).await;
    let numbers = vec![vec![number(1, 950), number(2, 951)]];
    let (campaign, ids) = world.agentless(CampaignInput::default(), Dialling::default(), &numbers).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world.all_closed(&campaign).await;
    running.stop().await;
    let contact = world.contact(ids[0]).await;
    assert_eq!(contact.status, ParticipantStatus::Exception);
    assert_eq!(contact.result_code, campaign.no_number_code);
    assert_eq!(contact.export_key.as_deref(), Some("KNR"));
    assert_eq!(world.phones.calls().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn d78_tries_are_used_up() {
    let world = World::sqlite(World::phones()).await;
    let input = CampaignInput { max_tries: Some(3), max_ring_s: Some(1), ..CampaignInput::default() };
    let outcomes = BTreeMap::from([(CallOutcome::NoAnswer, "KI".to_owned())]);
    let dialling = Dialling { outcomes, ..Dialling::default() };
    let (campaign, ids) = world.agentless(input, dialling, &one_each(1, 943)).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world.all_closed(&campaign).await;
    running.stop().await;
    let contact = world.contact(ids[0]).await;
    assert_eq!((contact.status, contact.tries), (ParticipantStatus::Exception, 3));
    assert_eq!(contact.export_key.as_deref(), Some("KI"), "the code that the campaign has for that");
    let calls = world.phones.calls();
    assert_eq!(calls.len(), 3);
    // I7: it rings as long as it should.
    assert!(judge::cancelled_before(&calls, 950).is_empty(), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d66_locked_contacts_are_not_called() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, ids) =
        world.agentless(CampaignInput::default(), Dialling::default(), &one_each(2, 900)).await;
    lock_contact(&world.services, world.client, ids[0]).await.unwrap();
    let running = world.start().await;
    world.run(&campaign).await;
    world
        .until("the other contact is closed", async || {
            world.contact(ids[1]).await.status == ParticipantStatus::Completed
        })
        .await;
    assert!(world.calls(ids[0]).await.is_empty());
    unlock_contact(&world.services, world.client, ids[0]).await.unwrap();
    world.all_closed(&campaign).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d81_no_call_begins_after_the_stop() {
    let world = World::sqlite(World::phones()).await;
    let input = CampaignInput { max_parallel_lines: Some(Some(2)), ..CampaignInput::default() };
    let (campaign, _) = world.agentless(input, Dialling::default(), &one_each(200, 902)).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world.phones.until(|calls, _| calls.len() >= 4).await;
    stop_campaign(&world.services, world.client, campaign.id).await.unwrap();
    stop_campaign(&world.services, world.client, campaign.id).await.unwrap();
    world
        .until("the calls under way have ended", async || world.counts(campaign.id).await.open_calls == 0)
        .await;
    let placed = world.phones.calls().len();
    // The pace would have begun many more within these looks.
    for _ in 0..5 {
        let before = running.live(&campaign).await;
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        assert_eq!(before.dialling, 0);
    }
    assert_eq!(world.phones.calls().len(), placed);
    let calls = world.phones.calls();
    assert!(calls.iter().all(|call| call.answered_ms.is_some()), "running calls end naturally");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_chooses_the_result_and_another_one_opts_out() {
    let world = World::sqlite(World::phones()).await;
    prompt(&world.services, world.client, "hello", 300).await;
    let result = |key: &str| vec![ScriptStep::Result { export_key: key.to_owned() }];
    let keys = BTreeMap::from([
        ("1".to_owned(), result("ABG")),
        ("9".to_owned(), vec![ScriptStep::Suppress, ScriptStep::Result { export_key: "KI".to_owned() }]),
    ]);
    let script = vec![
        ScriptStep::Play { prompt: "hello".to_owned() },
        ScriptStep::Collect { timeout_s: 3, keys, otherwise: result("SP") },
    ];
    // 935 presses 1 after the prompt, 939 presses 9, 901 nothing.
    let numbers = vec![vec![number(0, 935)], vec![number(1, 939)], vec![number(2, 901)]];
    let dialling = Dialling { script, ..Dialling::default() };
    let (campaign, ids) = world.agentless(CampaignInput::default(), dialling, &numbers).await;
    let running = world.start().await;
    world.run(&campaign).await;
    for id in &ids {
        world
            .until("the call is over", async || {
                world.calls(*id).await.first().is_some_and(|call| !call.is_open())
            })
            .await;
    }
    running.stop().await;
    let yes = world.contact(ids[0]).await;
    assert_eq!((yes.status, yes.export_key.as_deref()), (ParticipantStatus::Completed, Some("ABG")));
    assert_eq!(world.calls(ids[0]).await[0].digits, "1");
    let out = world.contact(ids[1]).await;
    assert_eq!((out.status, out.export_key.as_deref()), (ParticipantStatus::Exception, Some("KI")));
    let record = world.services.calls.numbers(world.client, &[number(1, 939)]).await.unwrap();
    assert!(record[0].as_ref().unwrap().value.suppressed.is_some(), "never called again");
    let silent = world.contact(ids[2]).await;
    assert_eq!(silent.status, ParticipantStatus::Retry, "called again later");
    // Everybody heard the prompt.
    assert!(world.phones.calls().iter().all(|call| call.waited_ms().is_some_and(|waited| waited < 2_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_and_faxes_are_told_from_people_where_the_campaign_listens() {
    let world = World::sqlite(World::phones()).await;
    let input = CampaignInput {
        mailbox_detection: Some(true),
        retry_delay_min: Some(600),
        ..CampaignInput::default()
    };
    prompt(&world.services, world.client, "long", 8_000).await;
    let script = vec![ScriptStep::Play { prompt: "long".to_owned() }];
    let dialling = Dialling { script, ..Dialling::default() };
    let numbers = vec![vec![number(0, 970)], vec![number(1, 971)], vec![number(2, 901)]];
    let (campaign, ids) = world.agentless(input, dialling, &numbers).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let expected = [
        (CallOutcome::Machine, ParticipantStatus::Retry),
        (CallOutcome::Fax, ParticipantStatus::Exception),
        (CallOutcome::Answered, ParticipantStatus::Completed),
    ];
    for (id, (outcome, status)) in ids.into_iter().zip(expected) {
        world
            .until("the call is over", async || {
                world.calls(id).await.first().is_some_and(|call| !call.is_open())
            })
            .await;
        assert_eq!(world.calls(id).await[0].outcome, Some(outcome));
        let contact = world.contact(id).await;
        assert_eq!(contact.status, status, "{outcome:?}");
        assert_eq!(contact.last_result_mailbox, Some(outcome == CallOutcome::Machine));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restricted_and_suppressed_numbers_are_never_called() {
    let world = World::sqlite(World::phones()).await;
    // An emergency number, a premium rate, and one on the do-not-call list.
    let blocked = number(3, 900);
    let numbers = vec![
        vec!["112".to_owned()],
        vec!["49900512345".to_owned()],
        vec![blocked.clone()],
        vec![number(4, 900)],
    ];
    let (campaign, ids) = world.agentless(CampaignInput::default(), Dialling::default(), &numbers).await;
    // Listed after the import: it is looked at again when it is dialled.
    let parsed = muster_domain::calls::number::E164::parse(&blocked).unwrap();
    muster_app::usecases::dialler::suppress(&world.services, world.client, &[parsed], "asked").await.unwrap();
    let running = world.start().await;
    world.run(&campaign).await;
    world.all_closed(&campaign).await;
    running.stop().await;
    assert_eq!(world.phones.calls().len(), 1);
    for id in &ids[..3] {
        let contact = world.contact(*id).await;
        assert_eq!(contact.status, ParticipantStatus::Exception, "{contact:?}");
        assert!(world.calls(*id).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_its_hours_a_campaign_waits_and_says_why() {
    let world = World::sqlite(World::phones()).await;
    let now = jiff::Timestamp::from_millisecond(world.services.clock.now().0).unwrap();
    let yesterday = (now.to_zoned(jiff::tz::TimeZone::UTC).weekday().to_monday_one_offset() + 5) % 7 + 1;
    let span =
        WeekSpan { weekday: yesterday.unsigned_abs(), from: "00:00".to_owned(), to: "24:00".to_owned() };
    let input = CampaignInput { active_times: Some(vec![span]), ..CampaignInput::default() };
    let (campaign, _) = world.agentless(input, Dialling::default(), &one_each(3, 900)).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world
        .until("it says why it waits", async || {
            running.live(&campaign).await.waits_for.contains("active times")
        })
        .await;
    running.stop().await;
    assert!(world.phones.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_its_prompt_calls_nobody() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, _) =
        world.agentless(CampaignInput::default(), Dialling::default(), &one_each(3, 900)).await;
    let gone = muster_app::ports::CallWrite::Prompt {
        client: world.client,
        name: "hello".to_owned(),
        samples: None,
    };
    world.services.calls.commit(vec![gone]).await.unwrap();
    let running = world.start().await;
    world.run(&campaign).await;
    world
        .until("it says what is lacking", async || running.live(&campaign).await.waits_for.contains("prompt"))
        .await;
    assert!(world.phones.calls().is_empty());
    prompt(&world.services, world.client, "hello", 200).await;
    world.all_closed(&campaign).await;
    running.stop().await;
}
