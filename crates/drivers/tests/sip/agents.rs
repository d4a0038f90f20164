//! Agents' phones: registered, called, bridged.

use crate::bench::{Bench, phones, trunk, until};
use muster_app::ports::{AgentPhone, LegEvent, OriginateError, Party, Telephony as _, TelephonyEvent};
use muster_peers::phones::{
    AgentOrder, AgentPhone as SimulatedPhone, AgentsSettings, Phones, agent_tone, tone_of,
};
use std::net::SocketAddr;
use std::time::Duration;

fn agents(registrar: SocketAddr, phones: Vec<SimulatedPhone>) -> AgentsSettings {
    AgentsSettings { phones, ..AgentsSettings::of_client(registrar, "1", 0..0, "", "") }
}

async fn desk(bench: &Bench, username: &str, password: &str) -> Phones {
    desk_of(bench, username, password, 1).await
}

/// Phones of another seed name their calls and registrations otherwise.
async fn desk_of(bench: &Bench, username: &str, password: &str, seed: u64) -> Phones {
    let registrar = bench.driver.address();
    let phone = SimulatedPhone::new(username, password);
    phones(|settings| {
        settings.speed = 20.0;
        settings.seed = seed;
        settings.agents = Some(agents(registrar, vec![phone]));
    })
    .await
}

fn phone(username: &str) -> AgentPhone {
    AgentPhone { username: username.to_owned(), ring_limit: Duration::from_secs(5) }
}

fn up(username: &str) -> TelephonyEvent {
    TelephonyEvent::PhoneUp { username: username.to_owned() }
}

#[tokio::test]
async fn an_agent_and_a_customer_hear_each_other() {
    let people = phones(|settings| settings.speed = 20.0).await;
    let mut bench = Bench::start(vec![trunk("t", people.addr().port())]).await;
    let desk = desk(&bench, "1001", "right").await;
    assert_eq!(bench.next().await, up("1001"));
    assert!(bench.driver.is_registered("1001") && !bench.driver.is_registered("1002"));

    let agent = bench.driver.call_agent(phone("1001")).await.unwrap();
    bench.answered(agent).await;
    let customer = bench.call("4930123900").await.unwrap();
    assert!(bench.driver.bridge(agent, customer).await.is_err(), "what was not answered cannot be bridged");
    bench.answered(customer).await;
    bench.driver.bridge(agent, customer).await.unwrap();
    let (of_customer, of_agent) = (tone_of("4930123900"), agent_tone(0));
    people.until(|calls, _| calls.iter().any(|call| call.heard_tone(of_agent))).await;
    desk.until(|calls, _| calls.iter().any(|call| call.heard_tone(of_customer))).await;

    bench.driver.hang_up(customer).await;
    assert!(matches!(bench.rest_of(customer).await[..], [LegEvent::Ended { by: Party::Us, .. }]));
    assert!(bench.driver.bridge(agent, customer).await.is_err(), "what has ended cannot be bridged");
    assert!(desk.order("1001", &AgentOrder::HangUp), "the agent's leg is still up");
    assert!(matches!(bench.rest_of(agent).await[..], [LegEvent::Ended { by: Party::Far, .. }]));
    bench.quiet().await;
}

#[tokio::test]
async fn a_phone_comes_and_goes() {
    let mut bench = Bench::start(Vec::new()).await;
    let gone = Err(OriginateError::NotRegistered("1001".to_owned()));
    assert_eq!(bench.driver.call_agent(phone("1001")).await, gone);
    let desk = desk(&bench, "1001", "right").await;
    assert_eq!(bench.next().await, up("1001"));
    desk.order("1001", &AgentOrder::Unregister);
    assert_eq!(bench.next().await, TelephonyEvent::PhoneDown { username: "1001".to_owned() });
    assert_eq!(bench.driver.call_agent(phone("1001")).await, gone);
    desk.order("1001", &AgentOrder::Register);
    assert_eq!(bench.next().await, up("1001"));
}

#[tokio::test]
async fn a_registration_that_is_not_refreshed_runs_out() {
    let mut bench = Bench::with(|settings| settings.phone_expires_s = 1).await;
    let desk = desk(&bench, "1001", "right").await;
    assert_eq!(bench.next().await, up("1001"));
    desk.stop().await;
    assert_eq!(bench.next().await, TelephonyEvent::PhoneDown { username: "1001".to_owned() });
    assert!(!bench.driver.is_registered("1001"));
}

#[tokio::test]
async fn who_does_not_know_the_password_does_not_register() {
    let bench = Bench::start(Vec::new()).await;
    for (username, password) in [("1001", "wrong"), ("nobody", "right")] {
        let desk = desk(&bench, username, password).await;
        desk.until(|_, counters| counters.registrations_failed > 0).await;
        assert!(!bench.driver.is_registered(username), "{username}");
    }
}

#[tokio::test]
async fn f25_a_phone_that_comes_from_elsewhere_keeps_its_call() {
    let mut bench = Bench::start(Vec::new()).await;
    let first = desk(&bench, "1001", "right").await;
    assert_eq!(bench.next().await, up("1001"));
    let leg = bench.driver.call_agent(phone("1001")).await.unwrap();
    bench.answered(leg).await;
    let second = desk_of(&bench, "1001", "right", 2).await;
    assert_eq!(bench.next().await, up("1001"), "the new address counts for the next call");
    let other = bench.driver.call_agent(phone("1001")).await.unwrap();
    bench.answered(other).await;
    until("the second phone has the call", || second.counters().up == 1).await;
    assert_eq!(first.counters().up, 1, "the first one's goes on");
    bench.driver.hang_up(leg).await;
    bench.driver.hang_up(other).await;
    bench.quiet().await;
}
