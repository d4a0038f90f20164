//! One life: cards, campaigns, weather, and time that passes when everybody has had a turn.

use super::air::{Air, HandDelivery};
use super::promises::Promises;
use muster_app::ports::{FixedClock, SeededEntropy, Store};
use muster_app::{Services, Settings};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::Participant;
use muster_domain::sim::{Operation, Sim};
use muster_domain::sim_campaign::{Command, Plan, SimCampaign, SimCampaignStatus};
use muster_engine::sim::{Event, Outgoing, SimEngine, SimSettings};
use muster_peers::provision::generate_cards;
use muster_peers::rng::SplitMix64;
use muster_peers::scenario::{Hex, Rule, Scenario};
use muster_peers::smsc::CoreSettings;
use muster_storage::{SqliteConfig, StoreConfig, Synchronous};
use muster_testkit::builders::NOW;
use muster_testkit::sims;
use std::sync::Arc;
use std::time::Duration;

const CARDS: usize = 8;
const DAY_S: i64 = 86_400;
/// How long campaigns may run, and how long the world goes on after that.
const WINDOW_DAYS: i64 = 14;
const AFTER_DAYS: i64 = 2;
/// Longest and shortest step of time.
const STEP_MAX_MS: u64 = 15 * 60 * 1000;
const STEP_MIN_MS: u64 = 50;

/// What each campaign writes: the first two over each other, the third adds, which must never happen twice.
fn templates() -> [(SimCampaignId, Vec<Operation>); 3] {
    let operation = |text: &str| serde_json::from_str(text).expect("an operation");
    [
        (
            SimCampaignId(1),
            vec![operation(r#"{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}"#)],
        ),
        (
            SimCampaignId(2),
            vec![operation(r#"{"do": "update_binary", "path": "3F00/ADF1/6F60", "data": "62F2108000"}"#)],
        ),
        (
            SimCampaignId(3),
            vec![operation(r#"{"do": "increase", "path": "3F00/ADF1/6F39", "data": "000001"}"#)],
        ),
    ]
}

/// The file by which a campaign's success is proven.
fn file_of(campaign: SimCampaignId) -> &'static str {
    ["3F00/ADF1/6F31", "3F00/ADF1/6F60", "3F00/ADF1/6F39"][campaign.0 as usize - 1]
}

pub(crate) struct World {
    seed: u64,
    chance: SplitMix64,
    services: Arc<Services>,
    clock: Arc<FixedClock>,
    engine: SimEngine,
    air: Air,
    pub(crate) promises: Promises,
    /// Milliseconds since the world began, as cards and centre count them. The engine's clock may be elsewhere.
    elapsed_ms: u64,
    early: Vec<Event>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let mut chance = SplitMix64::new(seed);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = SqliteConfig { synchronous: Synchronous::Normal, ..SqliteConfig::new(folder.path()) };
        let store: Arc<dyn Store> =
            muster_storage::open(StoreConfig::Sqlite(config)).await.expect("it opens");
        let clock = Arc::new(FixedClock::new(NOW));
        let settings = Settings { card_keys: Some(sims::card_keys()), ..Settings::default() };
        let entropy = Arc::new(SeededEntropy::new(seed));
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, settings)
            .await
            .expect("starts");
        let specs = generate_cards(seed, CARDS);
        let cards = sims::provision(&services, &specs).await;
        for (id, operations) in templates() {
            Self::campaign(&services, id, operations, &mut chance, &cards).await;
        }
        let settings = CoreSettings {
            latency_ms: 2_000,
            jitter_ms: 5_000,
            por_ms: 1_000,
            alerts: true,
            scenario: weather(&mut chance),
            ..CoreSettings::default()
        };
        Self {
            seed,
            engine: engine(&services),
            air: Air::new(settings, &specs),
            promises: Promises::new(seed),
            chance,
            services,
            clock,
            elapsed_ms: 0,
            early: Vec::new(),
            _folder: folder,
        }
    }

    async fn campaign(
        services: &Arc<Services>,
        id: SimCampaignId,
        operations: Vec<Operation>,
        chance: &mut SplitMix64,
        cards: &[Sim],
    ) {
        let plan = Plan { por_timeout_s: 600 + chance.below(3000) as u32, ..Plan::default() };
        let retries = chance.below(8) as u32;
        sims::campaign(services, id, operations, plan, retries, cards).await;
        let stored = sims::read(services, id).await;
        let mut campaign = stored.value;
        campaign.window.ends_at = campaign.window.starts_at.plus_seconds(WINDOW_DAYS * DAY_S);
        let write = muster_app::ports::SimWrite::Campaign {
            campaign: Box::new(campaign),
            expected: muster_app::ports::Expected::Version(stored.version),
        };
        services.sims.write_sims(vec![write]).await.expect("the store takes it");
        sims::command(services, id, Command::Run).await;
    }

    /// Lives until every campaign is over and everything on its way has come to an end.
    pub(crate) async fn live(&mut self) {
        let end_ms = ((WINDOW_DAYS + AFTER_DAYS) * DAY_S * 1000) as u64;
        let mut steps = 0;
        while self.elapsed_ms < end_ms {
            self.step().await;
            steps += 1;
            if steps % 16 == 0 {
                self.look().await;
            }
            if steps % 64 == 0 && self.is_quiet().await {
                break;
            }
        }
        self.look().await;
        let campaigns = self.campaigns().await;
        self.promises.over(&campaigns);
    }

    async fn step(&mut self) {
        match self.chance.below(400) {
            0..2 => {
                // The process ends; whatever it had not stored is gone.
                self.early.clear();
                self.engine = engine(&self.services);
                self.air.crash(self.elapsed_ms);
            }
            2..5 => self.air.drop_link(self.elapsed_ms),
            5..7 => {
                // The wall clock is set, either way.
                let seconds = self.chance.below(3600) as i64 - 1800;
                self.clock.advance_s(seconds);
            }
            7..11 => self.user().await,
            11..13 => {
                let scenario = weather(&mut self.chance);
                let mut actions = Vec::new();
                self.air.core.set_scenario(scenario, self.elapsed_ms, &mut actions);
            }
            _ => {}
        }
        self.engine.conduct().await.expect("the store answers");
        let outgoing = self.engine.dispatch().await.expect("the store answers");
        self.leave(outgoing).await;
        let (outgoing, _) = self.engine.timers().await.expect("the store answers");
        self.leave(outgoing).await;
        let mut events = std::mem::take(&mut self.air.events);
        events.append(&mut self.early);
        if !events.is_empty() {
            let (outgoing, early) = self.engine.absorb(events).await;
            self.early = early;
            self.leave(outgoing).await;
        }
        self.air.acknowledge(self.elapsed_ms);
        self.promises.executions(self.air.core.executions());
        self.pass();
    }

    /// Time passes until the centre has something to do, or for a while.
    fn pass(&mut self) {
        let due = self.air.core.next_due_ms().unwrap_or(u64::MAX).saturating_sub(self.elapsed_ms);
        let busy = !self.air.events.is_empty() || !self.early.is_empty();
        let longest = if busy { STEP_MIN_MS } else { 1000 + self.chance.below(STEP_MAX_MS) };
        let step_ms = due.clamp(STEP_MIN_MS, longest.max(STEP_MIN_MS));
        self.elapsed_ms += step_ms;
        let now = muster_app::ports::Clock::now(&*self.clock);
        self.clock.set(muster_domain::time::UnixMillis(now.0 + step_ms as i64));
        self.air.advance(self.elapsed_ms);
    }

    async fn leave(&mut self, outgoing: Vec<Outgoing>) {
        for packet in outgoing {
            let campaign = sims::read(&self.services, packet.key.0).await.value;
            let loaded =
                self.services.sims.load_participants(&[packet.key]).await.expect("the store answers");
            let participant = loaded.into_iter().next().flatten().expect("it exists").participant;
            self.promises.leaves(&packet, &campaign, &participant);
            // Now and then the process dies between storing and sending.
            if self.chance.below(200) > 0 {
                self.air.submit(&packet, self.elapsed_ms);
            }
        }
    }

    /// A user pauses, resumes or, rarely, cancels a campaign.
    async fn user(&mut self) {
        let id = SimCampaignId(1 + self.chance.below(3) as i64);
        let campaign = sims::read(&self.services, id).await.value;
        let command = match campaign.status {
            SimCampaignStatus::Process if self.chance.below(20) == 0 => Command::Cancel,
            SimCampaignStatus::Process => Command::Suspend,
            SimCampaignStatus::Suspend => Command::Run,
            _ => return,
        };
        sims::command(&self.services, id, command).await;
    }

    async fn campaigns(&self) -> Vec<(SimCampaign, Vec<Participant>)> {
        let mut all = Vec::new();
        for (id, _) in templates() {
            let participants = sims::participants(&self.services, id).await;
            let participants = participants.into_iter().map(|one| one.participant).collect();
            all.push((sims::read(&self.services, id).await.value, participants));
        }
        all
    }

    async fn look(&mut self) {
        let campaigns = self.campaigns().await;
        let executions = self.air.core.executions();
        let proof = |campaign, iccid: &str| {
            executions.iter().any(|one| &*one.iccid == iccid && &*one.file == file_of(campaign))
        };
        self.promises.participants(&campaigns, proof);
    }

    /// Every campaign is over and nothing is on its way.
    async fn is_quiet(&self) -> bool {
        self.campaigns().await.iter().all(|(campaign, participants)| {
            campaign.status.is_terminal() && participants.iter().all(|one| !one.status.is_in_flight())
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the failure is that of seed {} after {} s", self.seed, self.elapsed_ms / 1000);
        }
    }
}

fn engine(services: &Arc<Services>) -> SimEngine {
    let settings = SimSettings { lease: Duration::from_mins(2), ..SimSettings::default() };
    SimEngine::new(Arc::clone(services), Arc::new(HandDelivery), settings)
}

/// Who misbehaves, and how often.
fn weather(chance: &mut SplitMix64) -> Scenario {
    let mut share = |most: u64| Some(chance.below(most) as f64 / 100.0);
    let rules = vec![
        Rule { no_por: true, share: share(30), ..Rule::for_all() },
        Rule { deaf: true, share: share(20), ..Rule::for_all() },
        Rule { wrong_mac: true, share: share(10), ..Rule::for_all() },
        Rule { garbage: true, share: share(5), ..Rule::for_all() },
        Rule { status: Some(Hex(0x09)), share: share(10), ..Rule::for_all() },
        Rule { status: Some(Hex(0x08)), share: share(10), ..Rule::for_all() },
        Rule { counter_low: true, share: share(4), ..Rule::for_all() },
        Rule { sw: Some(Hex(0x6A82)), sw_at: Some(2), share: share(10), ..Rule::for_all() },
        Rule { unreachable_for_ms: Some(4 * 3_600_000), share: share(15), ..Rule::for_all() },
        Rule { no_receipt: true, share: share(20), ..Rule::for_all() },
        Rule { duplicate_por: 2, share: share(30), ..Rule::for_all() },
        Rule { duplicate_receipts: 1, share: share(30), ..Rule::for_all() },
        Rule { receipt_first: true, share: share(20), ..Rule::for_all() },
        Rule { late_por_ms: Some(2 * 3_600_000), share: share(10), ..Rule::for_all() },
        Rule { interim_ms: Some(30_000), share: share(10), ..Rule::for_all() },
        Rule { lose_submit_resp: true, share: share(10), ..Rule::for_all() },
        Rule { submit_status: Some(Hex(0x14)), share: share(5), ..Rule::for_all() },
        Rule { submit_status: Some(Hex(0x58)), share: share(10), ..Rule::for_all() },
        Rule { submit_status: Some(Hex(0x08)), share: share(5), ..Rule::for_all() },
    ];
    Scenario { seed: chance.next_u64(), rules, ..Scenario::default() }
}
