//! Killing the server at any moment loses nothing that was acknowledged and counts nothing twice.

use crate::scene::{Scene, is_ok};
use muster_app::ports::{Entropy, SeededEntropy};
use muster_testkit::Server;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

const CUSTOMERS: usize = 12;
const PRODUCERS: usize = 8;
const KILLS: usize = 10;
/// At most so many acknowledgements lie between a start and the kill after it.
const ACKNOWLEDGED_MAX: u64 = 60;

/// Producers of events that never give up on one: whatever is not acknowledged is sent again, under the same
/// transaction id, until it is.
struct Producers {
    tasks: Vec<tokio::task::JoinHandle<Vec<u64>>>,
    stop: Arc<AtomicBool>,
    acknowledged: watch::Receiver<u64>,
    repeated: Arc<AtomicU64>,
}

impl Producers {
    fn start(scene: &Arc<Scene>, url: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let repeated = Arc::new(AtomicU64::new(0));
        let (sender, acknowledged) = watch::channel(0);
        let sender = Arc::new(sender);
        let tasks = (0..PRODUCERS)
            .map(|producer| {
                let (scene, url, stop) = (Arc::clone(scene), url.to_owned(), Arc::clone(&stop));
                let (sender, repeated) = (Arc::clone(&sender), Arc::clone(&repeated));
                tokio::spawn(async move {
                    let mut by_customer = vec![0; CUSTOMERS];
                    let mut number = 0;
                    while !stop.load(Ordering::Relaxed) {
                        // Neighbouring producers write to the same customers, so that they also meet.
                        let customer = (producer + number) % CUSTOMERS;
                        let transaction_id = format!("p{producer}-{number}");
                        while !is_ok(scene.report(&url, customer, &transaction_id).send().await).await {
                            repeated.fetch_add(1, Ordering::Relaxed);
                            // Only keeps a refused connection from becoming a busy loop.
                            tokio::time::sleep(Duration::from_millis(2)).await;
                        }
                        by_customer[customer] += 1;
                        sender.send_modify(|count| *count += 1);
                        number += 1;
                    }
                    by_customer
                })
            })
            .collect();
        Self { tasks, stop, acknowledged, repeated }
    }

    /// Waits until `more` further events were acknowledged.
    async fn acknowledged(&mut self, more: u64) {
        let goal = *self.acknowledged.borrow() + more;
        self.acknowledged.wait_for(|count| *count >= goal).await.expect("producers are at work");
    }

    /// Lets everybody finish the event at hand; acknowledged events by customer.
    async fn finish(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        let mut by_customer = vec![0; CUSTOMERS];
        for task in self.tasks {
            for (sum, count) in by_customer.iter_mut().zip(task.await.expect("a producer does not panic")) {
                *sum += count;
            }
        }
        by_customer
    }
}

async fn killed_during_ingest(scene: Scene, seed: u64) {
    let scene = Arc::new(scene);
    scene.add_customers(CUSTOMERS);
    let mut server = scene.muster().serve();
    let address = server.address().to_owned();
    let url = server.url().to_owned();
    let campaign = scene.add_campaign(&server, json!({})).await;
    let entropy = SeededEntropy::new(seed);
    let mut producers = Producers::start(&scene, &url);
    for _ in 0..KILLS {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        producers.acknowledged(u64::from_le_bytes(bytes) % ACKNOWLEDGED_MAX).await;
        server.kill();
        server = scene.muster().args(["--listen", &address]).serve();
    }
    producers.acknowledged(1).await;
    let repeated = producers.repeated.load(Ordering::Relaxed);
    let expected = producers.finish().await;
    for (customer, expected) in expected.iter().enumerate() {
        let counted = scene.counted(&server, campaign, customer).await;
        assert_eq!(counted, *expected, "customer c-{customer}, seed {seed}");
    }
    assert!(repeated > 0, "no kill hit a request: nothing was proved, seed {seed}");
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_counts_once_through_kills_on_the_embedded_store() {
    killed_during_ingest(Scene::embedded(), 20_260_301).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_counts_once_through_kills_on_postgres() {
    killed_during_ingest(Scene::postgres(), 20_260_302).await;
}

async fn sent_twice_at_once(scene: Scene) {
    const ROUNDS: u64 = 40;
    scene.add_customers(1);
    let server = scene.muster().serve();
    let campaign = scene.add_campaign(&server, json!({})).await;
    for round in 0..ROUNDS {
        let transaction_id = format!("t-{round}");
        let send = || async { is_ok(scene.report(server.url(), 0, &transaction_id).send().await).await };
        let (one, other, third) = tokio::join!(send(), send(), send());
        assert!(one && other && third, "a repetition is answered like the original");
    }
    assert_eq!(scene.counted(&server, campaign, 0).await, ROUNDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn e138_the_same_transaction_id_at_once_counts_once_on_the_embedded_store() {
    sent_twice_at_once(Scene::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e138_the_same_transaction_id_at_once_counts_once_on_postgres() {
    sent_twice_at_once(Scene::postgres()).await;
}

async fn the_last_place(scene: Scene) {
    const RIVALS: usize = 16;
    scene.add_customers(RIVALS);
    let server = scene.muster().serve();
    let campaign = scene.add_campaign(&server, json!({"opt_in": {"limit": 1}})).await;
    let mut holder = None;
    for round in 0..3 {
        let rivals: Vec<usize> = (0..RIVALS).filter(|rival| Some(*rival) != holder).collect();
        let answers = rivals.iter().map(|rival| opt_in(&scene, &server, campaign, *rival));
        let answers = futures_util::future::join_all(answers).await;
        let winners: Vec<usize> = rivals
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| answer.is_none())
            .map(|(rival, _)| *rival)
            .collect();
        assert_eq!(winners.len(), 1, "round {round}: {answers:?}");
        assert!(answers.iter().flatten().all(|code| code == "opt_in_limit_reached"), "{answers:?}");
        // Whoever leaves gives the place back for the next round.
        let path = format!("/campaigns/{campaign}/opt_out");
        let left = scene.ask(reqwest::Method::GET, server.url(), winners[0], &path).send().await;
        assert!(is_ok(left).await);
        holder = Some(winners[0]);
    }
}

/// Asks for a place; the error code if it was refused.
async fn opt_in(scene: &Scene, server: &Server, campaign: i64, customer: usize) -> Option<String> {
    let path = format!("/campaigns/{campaign}/opt_in");
    let answer = scene.ask(reqwest::Method::GET, server.url(), customer, &path).send().await.unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    body["errors"]["code"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn e50_e142_the_last_place_goes_to_exactly_one_on_the_embedded_store() {
    the_last_place(Scene::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e50_e142_the_last_place_goes_to_exactly_one_on_postgres() {
    the_last_place(Scene::postgres()).await;
}
