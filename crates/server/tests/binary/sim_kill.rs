//! Killing servers at any moment of a SIM campaign: every participant has one outcome in the end, no card runs a write
//! twice, counters only rise. The cards' own log decides.

use muster_app::ports::{CampaignCounts, OsEntropy, SystemClock};
use muster_app::{Services, Settings};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::{Command, Plan, SimCampaignStatus};
use muster_peers::provision::generate_cards;
use muster_peers::scenario::{Rule, Scenario};
use muster_peers::smsc::{CoreSettings, Smsc, SmscSettings};
use muster_storage::StoreConfig;
use muster_testkit::{Muster, Server, TestDatabase, sims};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const CARDS: usize = 10_000;
/// Cards of the test with several nodes, which is about who sends and not about how many.
const SHARED_CARDS: usize = 3_000;
const KILLS: u64 = 20;
const CAMPAIGN: SimCampaignId = SimCampaignId(1);
/// Longest time without any further participant done. It bounds a hang, it measures nothing.
const PATIENCE: Duration = Duration::from_mins(1);

struct Scene {
    cards: usize,
    services: Arc<Services>,
    smsc: Smsc,
    muster: Muster,
}

impl Scene {
    /// A message centre, cards, and a campaign that is ready to run, in the store of this address.
    async fn over(cards: usize, place: &str, muster: Muster) -> Self {
        let store =
            muster_storage::open(StoreConfig::parse(place).expect("an address")).await.expect("it opens");
        let settings = Settings { card_keys: Some(sims::card_keys()), ..Settings::default() };
        let services = Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), settings)
            .await
            .expect("starts");
        let specs = generate_cards(7, cards);
        let loaded = sims::provision(&services, &specs).await;
        let plan = Plan { pace_per_s: Some(1_500), ..sims::hasty_plan(8) };
        // More tries than any user may ask for: on a slow machine kills cost some, and the end is what counts.
        sims::campaign(&services, CAMPAIGN, sims::hplmn(), plan, 100, &loaded).await;
        // A little of everything goes wrong, too, so that kills meet resends and reading back.
        let scenario = Scenario::of([
            Rule { no_por: true, share: Some(0.01), ..Rule::for_all() },
            Rule { lose_submit_resp: true, share: Some(0.005), ..Rule::for_all() },
            Rule { duplicate_por: 1, duplicate_receipts: 1, share: Some(0.05), ..Rule::for_all() },
        ]);
        let core = CoreSettings { latency_ms: 50, jitter_ms: 50, scenario, ..CoreSettings::default() };
        let smsc =
            Smsc::start(SmscSettings { core, ..SmscSettings::default() }, specs).await.expect("it starts");
        let route = format!(
            "[{{name=\"a\", host=\"127.0.0.1\", port={}, system_id=\"m\", password=\"p\", source_address=\"4900123\", \
             segments_per_second=5000, window=500, response_timeout_s=1, queue_timeout_s=2}}]",
            smsc.address().port()
        );
        let muster = muster
            .setting("sim.card_key", "07".repeat(32))
            .setting("sim.routes", route)
            .setting("sim.response_timeout_s", 2)
            .setting("sim.not_sent_wait_s", 1)
            .setting("sim.lease_ms", 1_000)
            .setting("sim.poll_interval_ms", 50);
        Self { cards, services, smsc, muster }
    }

    async fn counts(&self) -> CampaignCounts {
        self.services.sims.campaign_counts(CAMPAIGN).await.expect("the store answers")
    }

    /// Waits until so many are done.
    async fn done(&self, goal: u64) {
        let mut last = 0;
        let mut since = tokio::time::Instant::now();
        loop {
            let done = self.counts().await.of(ParticipantStatus::Completed);
            if done >= goal {
                return;
            }
            if done > last {
                (last, since) = (done, tokio::time::Instant::now());
            }
            assert!(since.elapsed() < PATIENCE, "nobody gets on: {:?}", self.counts().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Everything has to have come out well.
    async fn check(&self) {
        let total = self.cards as u64;
        self.done(total).await;
        let until_completed = async {
            while sims::read(&self.services, CAMPAIGN).await.value.status != SimCampaignStatus::Completed {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, until_completed).await.expect("the campaign is completed");
        let mut last = HashMap::new();
        let mut writes: HashMap<String, u32> = HashMap::new();
        for execution in self.smsc.executions() {
            let card = execution.iccid.to_string();
            let before = last.insert(card.clone(), execution.counter);
            assert!(before.is_none_or(|before| before < execution.counter), "{card}: counters fell");
            *writes.entry(card).or_default() += 1;
        }
        let participants = sims::participants(&self.services, CAMPAIGN).await;
        assert_eq!(participants.len(), self.cards);
        for one in &participants {
            let participant = &one.participant;
            assert_eq!(participant.status, ParticipantStatus::Completed, "{participant:#?}");
            assert_eq!(writes.get(participant.iccid.as_str()), Some(&1), "{participant:#?}");
            let counters: Vec<_> = participant.attempts.iter().map(|attempt| attempt.counter).collect();
            assert!(counters.is_sorted(), "{counters:?}");
        }
        assert_eq!(writes.len(), self.cards);
        let repeated = participants.iter().filter(|one| one.participant.attempt > 1).count();
        assert!(repeated > 0, "nothing was ever sent again: nothing was proved");
    }
}

async fn killed_again_and_again(scene: Scene) {
    sims::command(&scene.services, CAMPAIGN, Command::Run).await;
    let mut server = scene.muster.serve();
    for kill in 1..=KILLS {
        scene.done(scene.cards as u64 * kill / (KILLS + 2)).await;
        server.kill();
        server = scene.muster.serve();
    }
    scene.check().await;
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_cards_through_twenty_kills_on_the_embedded_store() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let muster = Muster::new(env!("CARGO_BIN_EXE_muster")).on_folder(folder.path());
    killed_again_and_again(Scene::over(CARDS, &folder.path().to_string_lossy(), muster).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_cards_through_twenty_kills_on_postgres() {
    let database = TestDatabase::create();
    let muster = Muster::new(env!("CARGO_BIN_EXE_muster")).on_database(&database);
    killed_again_and_again(Scene::over(CARDS, database.url(), muster).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_a_campaign_and_one_that_dies_is_not_missed() {
    let database = TestDatabase::create();
    let muster = Muster::new(env!("CARGO_BIN_EXE_muster")).on_database(&database);
    let scene = Scene::over(SHARED_CARDS, database.url(), muster).await;
    sims::command(&scene.services, CAMPAIGN, Command::Run).await;
    let mut nodes: Vec<Server> = (0..3).map(|_| scene.muster.serve()).collect();
    for kill in 1..=4 {
        scene.done(scene.cards as u64 * kill / 6).await;
        // The oldest dies without a word, and another one joins.
        nodes.remove(0).kill();
        nodes.push(scene.muster.serve());
    }
    scene.check().await;
    for node in nodes {
        assert_eq!(node.stop().code(), Some(0));
    }
}
