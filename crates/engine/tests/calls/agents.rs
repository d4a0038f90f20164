//! Campaigns with agents: calls ahead of them, calls for one of them, and what an agent can do.

use crate::world::{Running, World, one_each};
use muster_app::ports::{AgentState, Desk, DeskRefusal, DocumentKind, Share};
use muster_app::usecases::dialler::{CampaignInput, ResultRecord, put_policy, record_result};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::{CallCampaign, Dialling, Mode, Pacing};
use muster_domain::ids::ContactId;
use muster_domain::participant::ParticipantStatus;
use muster_peers::phones::{
    AgentHabits, AgentOrder, Phones, PhonesSettings, Plan, Side, Sound, Step, Talk, Then, judge, tone_of,
};
use muster_testkit::calls;
use muster_testkit::calls::number;

/// A campaign for agents who write up for as long as `wrap_s` says, after which the contact is done.
pub(crate) async fn campaign(
    world: &World,
    pacing: Option<Pacing>,
    mode: Mode,
    numbers: &[Vec<String>],
    wrap_s: u32,
) -> (CallCampaign, Vec<ContactId>) {
    calls::prompt(&world.services, world.client, "sorry", 300).await;
    let input = CampaignInput { mode: Some(mode), preview_s: Some(0), ..CampaignInput::default() };
    let dialling = Dialling {
        pacing,
        policy: world
            .services
            .calls
            .documents(world.client, DocumentKind::Policy)
            .await
            .unwrap()
            .pop()
            .map(|(name, _)| name),
        message: Some("sorry".to_owned()),
        wrap_s,
        wrap_result: Some("ABG".to_owned()),
        expected_handle_s: 4,
        ..Dialling::default()
    };
    let made = calls::campaign(&world.services, world.client, "Campaign", input, dialling).await;
    let ids = calls::contacts(&world.services, &made, numbers).await;
    (made, ids)
}

/// The policy of [`permissive`].
const ANY_TIME: &str = "any time";

/// A world with a policy that lets calls be placed ahead of agents at any hour.
pub(crate) async fn permissive(changes: &serde_json::Value) -> World {
    let world = World::sqlite(World::phones()).await;
    let mut policy = serde_json::json!({
        "name": "any time",
        "hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                   "from": "00:00", "to": "24:00"}],
        "holidays": "ignore",
        "min_ring_s": 1,
        "abandon": {"cap": 1.0, "windows": ["day_local"]},
        "per_number": {"per_day": null, "per_7d": null, "per_30d": null},
        "caller_id": {"required": false},
    });
    for (field, value) in changes.as_object().into_iter().flatten() {
        policy[field] = value.clone();
    }
    put_policy(&world.services, world.client, ANY_TIME, policy).await.expect("the policy is taken");
    world
}

pub(crate) async fn agents_ready(
    world: &World,
    running: &Running,
    campaign: &CallCampaign,
    count: usize,
    habits: &AgentHabits,
) -> (Phones, Vec<String>) {
    let staff = world.staff(running, campaign, count, habits).await;
    world.agents_are(running, "idle", count).await;
    staff
}

async fn progressive(world: World, numbers: &[Vec<String>]) {
    // Everybody answers and hangs up half a second later; a second of writing up keeps the voices apart.
    let (campaign, ids) = campaign(&world, Some(Pacing::Progressive), Mode::Manual, numbers, 1).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (phones, _) = agents_ready(&world, &running, &campaign, 2, &AgentHabits::default()).await;
    assert_eq!(
        phones.counters().registrations_failed,
        0,
        "phones that register together do not disturb each other"
    );
    world.all_closed(&campaign).await;
    let callees = world.phones.calls();
    assert_eq!(callees.len(), 6);
    assert!(judge::most_at_a_time(&callees) <= 2, "one call for each idle agent");
    // Each was with an agent, at once, and each heard the other.
    for call in &callees {
        let waited = call.waited_ms().expect("an agent was heard");
        assert!(waited < 1_000, "waited {waited} ms");
    }
    let agents = phones.calls();
    for call in &callees {
        let tone = tone_of(&call.number);
        let heard = agents.iter().any(|agent| agent.heard_tone(tone));
        assert!(heard, "nobody heard {} at {tone} Hz: {agents:#?}", call.number);
    }
    for id in ids {
        let contact = world.contact(id).await;
        assert_eq!(
            (contact.status, contact.export_key.as_deref()),
            (ParticipantStatus::Completed, Some("ABG"))
        );
        let call = world.calls(id).await.remove(0);
        assert_eq!(call.outcome, Some(CallOutcome::Answered));
        assert!(call.agent.is_some() && call.connected_at.is_some());
    }
    running.stop().await;
}

/// Telephones that answer with their own tone, and hang up half a second later.
fn with_tones(numbers: &[Vec<String>]) -> PhonesSettings {
    let step = |after_ms, then| Step { after_ms, then };
    let plan = Plan {
        name: "tone".to_owned(),
        steps: vec![step(0, Then::Ringing), step(1_000, Then::Answer)],
        talk: Talk { sound: Sound::Tone, hang_up_after_ms: Some(5_000), ..Talk::default() },
        ..Plan::default()
    };
    let plans = numbers.iter().flatten().map(|number| (number.clone(), plan.clone())).collect();
    PhonesSettings { plans, ..World::phones() }
}

#[tokio::test(flavor = "multi_thread")]
async fn progressive_on_sqlite() {
    // Tones go by the last two digits.
    let numbers: Vec<_> = (0..6).map(|place| vec![number(0, 800 + place)]).collect();
    progressive(World::sqlite(with_tones(&numbers)).await, &numbers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progressive_on_postgres() {
    // Tones go by the last two digits.
    let numbers: Vec<_> = (0..6).map(|place| vec![number(0, 800 + place)]).collect();
    progressive(World::postgres(with_tones(&numbers)).await, &numbers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_without_agents() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, _) = campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(3, 900), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world.until("the pacer says why", async || running.live(&campaign).await.paced_by == "no agents").await;
    running.stop().await;
    assert!(world.phones.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_agent_hears_the_message_and_is_counted() {
    let world = permissive(&serde_json::json!({})).await;
    let power = Some(Pacing::Power { ratio: 2.0 });
    // Both answer five tenths of a second after the first ring and stay on the line.
    let (campaign, ids) = campaign(&world, power, Mode::Manual, &one_each(2, 905), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, uids) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    world
        .until("one was left without an agent", async || {
            world.counts(campaign.id).await.outcomes.get(&CallOutcome::Abandoned) == Some(&1)
        })
        .await;
    running.desk.hang_up(world.client, &uids[0]).await.unwrap();
    world
        .until("the one with the agent is closed", async || {
            world.counts(campaign.id).await.of(ParticipantStatus::Completed) == 1
        })
        .await;
    let ledger = world.services.calls.ledger(campaign.id, 0).await.unwrap();
    assert_eq!((ledger[0].live, ledger[0].abandoned), (2, 1));
    for call in world.phones.calls() {
        // Silence is heard by nobody: an agent, or the message.
        assert!(call.waited_ms().is_some_and(|waited| waited < 2_500), "{call:?}");
    }
    // Who was left without an agent is left alone for as long as the policy says.
    let now = world.services.clock.now();
    let mut resting = 0;
    for id in ids {
        let contact = world.contact(id).await;
        if contact.status == ParticipantStatus::Retry {
            assert!(contact.next_try_at.unwrap().since(now) > 70 * 3600 * 1000);
            resting += 1;
        }
    }
    assert_eq!(resting, 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn predictive_dials_progressively_until_it_knows_enough() {
    let world = permissive(&serde_json::json!({})).await;
    let (campaign, _) = campaign(&world, Some(Pacing::Predictive), Mode::Manual, &one_each(12, 911), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, _) = agents_ready(&world, &running, &campaign, 3, &AgentHabits::default()).await;
    world.all_closed(&campaign).await;
    assert!(judge::most_at_a_time(&world.phones.calls()) <= 3);
    assert_eq!(world.counts(campaign.id).await.of(ParticipantStatus::Completed), 12);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_records_the_result_is_ready_again() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, ids) =
        campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(2, 910), 3_600).await;
    let codes = world.services.calls.result_codes(campaign.id).await.unwrap();
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, uids) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    for closed in 0..2 {
        let written_up = async || {
            let agent = running.desk.agents(world.client).await.unwrap().remove(0);
            let contact = agent.contact.filter(|_| agent.state == AgentState::Wrap)?;
            (world.contact(contact).await.status == ParticipantStatus::Wait).then_some(contact)
        };
        world.until("the result is awaited", async || written_up().await.is_some()).await;
        let contact = written_up().await.expect("the contact is shown while writing up");
        assert!(ids.contains(&contact));
        let record = ResultRecord { code: codes[2].id, follow_up_at: None, agent: Some(uids[0].clone()) };
        record_result(&world.services, world.client, contact, &record).await.unwrap();
        world
            .until("the contact is closed", async || {
                world.counts(campaign.id).await.of(ParticipantStatus::Exception) == closed + 1
            })
            .await;
    }
    world.agents_are(&running, "idle", 1).await;
    assert_eq!(world.contact(ids[0]).await.export_key.as_deref(), Some("KI"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hangs_up_by_a_key_and_by_the_desk() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, _) = campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(2, 900), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (phones, uids) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    world.agents_are(&running, "talking", 1).await;
    let username = format!("{}-{}", world.client, uids[0]);
    assert!(phones.order(&username, &AgentOrder::Press("*".to_owned())));
    world
        .until("the first contact is closed", async || {
            world.counts(campaign.id).await.of(ParticipantStatus::Completed) == 1
        })
        .await;
    world.agents_are(&running, "talking", 1).await;
    running.desk.hang_up(world.client, &uids[0]).await.unwrap();
    world.all_closed(&campaign).await;
    // The agent's own leg stayed up through both.
    assert_eq!(phones.calls().iter().filter(|call| call.side == Side::Agent).count(), 1);
    let refused = running.desk.hang_up(world.client, &uids[0]).await.unwrap_err();
    assert!(matches!(refused, DeskRefusal::Engaged(_, _)), "{refused}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_shows_the_contact_and_then_calls_it() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, ids) = campaign(&world, None, Mode::Preview, &one_each(2, 911), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, _) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    world.all_closed(&campaign).await;
    for id in ids {
        let call = world.calls(id).await.remove(0);
        assert_eq!((call.agent.as_deref(), call.outcome), (Some("agent1"), Some(CallOutcome::Answered)));
    }
    assert_eq!(judge::most_at_a_time(&world.phones.calls()), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_manual_mode_an_agent_asks_for_each_call() {
    let world = World::sqlite(World::phones()).await;
    let numbers = vec![vec![number(0, 911)], vec![number(1, 911)], vec!["112".to_owned()]];
    let (campaign, ids) = campaign(&world, None, Mode::Manual, &numbers, 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, uids) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    world
        .until("the campaign is conducted", async || running.desk.live(campaign.id).await.unwrap().is_some())
        .await;
    let view = running.desk.dial(world.client, &uids[0], ids[1]).await.unwrap();
    assert_eq!((view.state, view.contact), (AgentState::Reserved, Some(ids[1])));
    world
        .until("it is closed", async || world.contact(ids[1]).await.status == ParticipantStatus::Completed)
        .await;
    world.agents_are(&running, "idle", 1).await;
    assert!(world.calls(ids[0]).await.is_empty(), "nobody asked for that one");
    let refused = running.desk.dial(world.client, &uids[0], ids[2]).await.unwrap_err();
    assert!(refused.to_string().contains("number.restricted"), "{refused}");
    let closed = running.desk.dial(world.client, &uids[0], ids[1]).await.unwrap_err();
    assert!(closed.to_string().contains("closed"), "{closed}");
    world.agents_are(&running, "idle", 1).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_that_is_bound_goes_to_its_agent() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, ids) =
        campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(1, 911), 0).await;
    let codes = world.services.calls.result_codes(campaign.id).await.unwrap();
    // A delay of no minutes that is bound to the second agent.
    let mut code = codes[5].clone();
    (code.agent_bound, code.time_offset) = (Some(true), Some(0));
    world
        .services
        .calls
        .commit(vec![muster_app::ports::CallWrite::ResultCode(Box::new(code.clone()))])
        .await
        .unwrap();
    let record = ResultRecord { code: code.id, follow_up_at: None, agent: Some("agent2".to_owned()) };
    record_result(&world.services, world.client, ids[0], &record).await.unwrap();
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, _) = agents_ready(&world, &running, &campaign, 2, &AgentHabits::default()).await;
    world.all_closed(&campaign).await;
    assert_eq!(world.calls(ids[0]).await[0].agent.as_deref(), Some("agent2"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_rests_gets_no_call() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, _) = campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(4, 911), 0).await;
    let running = world.start().await;
    let (_phones, uids) = agents_ready(&world, &running, &campaign, 2, &AgentHabits::default()).await;
    let view = running.desk.pause(world.client, &uids[0], true).await.unwrap();
    assert_eq!(view.state, AgentState::Paused);
    world.run(&campaign).await;
    world.all_closed(&campaign).await;
    for id in world.services.calls.page_calls(campaign.id, None, 100).await.unwrap() {
        assert_eq!(id.agent.as_deref(), Some("agent2"));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_phone_dies_in_a_call_is_away_and_the_call_ends() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, ids) =
        campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(1, 900), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (phones, uids) = agents_ready(&world, &running, &campaign, 1, &AgentHabits::default()).await;
    world.agents_are(&running, "talking", 1).await;
    let username = format!("{}-{}", world.client, uids[0]);
    assert!(phones.order(&username, &AgentOrder::HangUp));
    world.all_closed(&campaign).await;
    assert_eq!(world.calls(ids[0]).await[0].outcome, Some(CallOutcome::Answered));
    // The phone is called again, as long as it is registered and its agent logged in.
    world.agents_are(&running, "idle", 1).await;
    running.desk.log_out(world.client, &uids[0]).await.unwrap();
    assert!(running.desk.agents(world.client).await.unwrap().is_empty());
    let stranger = running.desk.log_in(world.client, "nobody", Vec::<Share>::new()).await.unwrap_err();
    assert!(matches!(stranger, DeskRefusal::NoAgent(_)));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_lets_nothing_new_leave_and_cancels_on_request() {
    let world = World::sqlite(World::phones()).await;
    let (campaign, _) =
        campaign(&world, Some(Pacing::Progressive), Mode::Manual, &one_each(20, 943), 0).await;
    let running = world.start().await;
    world.run(&campaign).await;
    let (_phones, _) = agents_ready(&world, &running, &campaign, 2, &AgentHabits::default()).await;
    world.phones.until(|calls, _| calls.iter().any(|call| call.ringing_ms.is_some())).await;
    running.desk.emergency_stop(campaign.id, true).await.unwrap();
    world.until("no call lasts", async || world.counts(campaign.id).await.open_calls == 0).await;
    let counts = world.counts(campaign.id).await;
    assert!(counts.outcomes.contains_key(&CallOutcome::CancelledRing), "{counts:?}");
    world
        .until("it says why", async || running.live(&campaign).await.waits_for == "stopped by an operator")
        .await;
    running.stop().await;
}
