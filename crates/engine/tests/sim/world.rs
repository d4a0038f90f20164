//! A message centre with cards, a store that knows them, and an engine between the two.

use muster_app::ports::{
    CampaignCounts, LoadedParticipant, OsEntropy, SimStore, Store, SystemClock, Versioned,
};
use muster_app::{Services, Settings};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{ParticipantStatus, Timing};
use muster_domain::sim::{Operation, Sim};
use muster_domain::sim_campaign::{Command, Plan, SimCampaign, SimCampaignStatus, shown_status};
use muster_drivers::sms::{RouteSettings, SmppGateway};
use muster_engine::sim::{SimEngine, SimSettings};
use muster_peers::provision::generate_cards;
use muster_peers::smsc::{Smsc, SmscSettings};
use muster_storage::StoreConfig;
use muster_testkit::{TestDatabase, sims};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const CAMPAIGN: SimCampaignId = SimCampaignId(1);

/// Longest time that anything here may take.
const PATIENCE: Duration = Duration::from_mins(1);

enum Home {
    Folder(#[expect(dead_code, reason = "the folder goes with the value")] tempfile::TempDir),
    Database(#[expect(dead_code, reason = "the database goes with the value")] TestDatabase),
}

/// A running engine.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Stops it in order.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        self.task.await.expect("the engine ends");
    }

    /// Ends it between any two lines, as a crash would.
    pub(crate) fn kill(self) {
        self.task.abort();
    }
}

pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) smsc: Smsc,
    pub(crate) sims: Vec<Sim>,
    _home: Home,
}

/// What a campaign of these tests is like, unless a test says otherwise: short waits, no pauses between tries.
pub(crate) fn plan() -> Plan {
    sims::hasty_plan(2)
}

impl World {
    pub(crate) async fn sqlite(cards: usize, settings: SmscSettings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let config = StoreConfig::parse(&folder.path().to_string_lossy()).expect("a data directory");
        Self::over(config, Home::Folder(folder), cards, settings).await
    }

    pub(crate) async fn postgres(cards: usize, settings: SmscSettings) -> Self {
        let database = TestDatabase::create();
        let config = StoreConfig::parse(database.url()).expect("a database address");
        Self::over(config, Home::Database(database), cards, settings).await
    }

    async fn over(config: StoreConfig, home: Home, cards: usize, settings: SmscSettings) -> Self {
        let store: Arc<dyn Store> = muster_storage::open(config).await.expect("the store opens");
        let settings_of_services = Settings { card_keys: Some(sims::card_keys()), ..Settings::default() };
        let services =
            Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), settings_of_services)
                .await
                .expect("starts");
        let specs = generate_cards(7, cards);
        let sims = sims::provision(&services, &specs).await;
        let smsc = Smsc::start(settings, specs).await.expect("the message centre starts");
        Self { services, smsc, sims, _home: home }
    }

    pub(crate) fn sims(&self) -> &dyn SimStore {
        &*self.services.sims
    }

    /// Makes a template and a campaign of it with all cards, and lets it run.
    pub(crate) async fn campaign(&self, operations: Vec<Operation>, plan: Plan, max_retries: u32) {
        self.campaign_of(CAMPAIGN, operations, plan, max_retries).await;
    }

    pub(crate) async fn campaign_of(
        &self,
        id: SimCampaignId,
        operations: Vec<Operation>,
        plan: Plan,
        max_retries: u32,
    ) {
        sims::campaign(&self.services, id, operations, plan, max_retries, &self.sims).await;
        self.command(id, Command::Run).await;
    }

    /// Asks a campaign for something, as a user does.
    pub(crate) async fn command(&self, id: SimCampaignId, command: Command) {
        sims::command(&self.services, id, command).await;
    }

    pub(crate) async fn read(&self, id: SimCampaignId) -> Versioned<SimCampaign> {
        sims::read(&self.services, id).await
    }

    /// A route to the message centre with short waits.
    pub(crate) fn route(&self) -> RouteSettings {
        let address = self.smsc.address();
        let place = (address.ip().to_string(), address.port());
        let mut route = RouteSettings::new("a", place, ("muster", "secret"), "4900123");
        route.segments_per_second = 5000;
        route.window = 100;
        route.response_timeout_s = 1;
        route.queue_timeout_s = 2;
        route
    }

    pub(crate) fn settings() -> SimSettings {
        SimSettings {
            poll: Duration::from_millis(20),
            lease: Duration::from_secs(2),
            timing: Timing { response_s: 2, not_sent_s: 1, transient_s: 1, queue_full_s: 1, busy_s: 1 },
            ..SimSettings::default()
        }
    }

    /// Starts an engine over one route.
    pub(crate) fn start(&self) -> Running {
        self.start_over(vec![self.route()])
    }

    pub(crate) fn start_over(&self, routes: Vec<RouteSettings>) -> Running {
        let gateway = SmppGateway::start(routes, Arc::new(OsEntropy)).expect("routes that can be used");
        let engine = SimEngine::new(Arc::clone(&self.services), Arc::new(gateway), Self::settings());
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Arc::new(engine).run(stopped));
        Running { stop, task }
    }

    pub(crate) async fn counts(&self, id: SimCampaignId) -> CampaignCounts {
        self.sims().campaign_counts(id).await.expect("the store answers")
    }

    /// Waits until a campaign is as wanted.
    pub(crate) async fn until(
        &self,
        id: SimCampaignId,
        what: &str,
        wanted: impl Fn(&SimCampaign, &CampaignCounts) -> bool,
    ) {
        let seen = tokio::time::timeout(PATIENCE, async {
            loop {
                let (campaign, counts) = (self.read(id).await.value, self.counts(id).await);
                if wanted(&campaign, &counts) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        if seen.await.is_err() {
            let (campaign, counts) = (self.read(id).await.value, self.counts(id).await);
            let participants = self.participants(id).await;
            let open: Vec<_> =
                participants.iter().filter(|one| !one.participant.status.is_terminal()).collect();
            panic!("never {what}: {campaign:?}\n{counts:?}\n{:#?}", open.first().map(|one| &one.participant));
        }
    }

    pub(crate) async fn until_status(&self, id: SimCampaignId, status: SimCampaignStatus) {
        self.until(id, status.name(), |campaign, _| campaign.status == status).await;
    }

    /// Every participant with all that is known of it.
    pub(crate) async fn participants(&self, id: SimCampaignId) -> Vec<LoadedParticipant> {
        sims::participants(&self.services, id).await
    }

    /// Participants by the status that a reader sees.
    pub(crate) async fn shown(&self, id: SimCampaignId) -> Vec<(ParticipantStatus, u32, String)> {
        let campaign = self.read(id).await.value;
        let participants = self.participants(id).await;
        participants
            .into_iter()
            .map(|one| {
                let participant = one.participant;
                (shown_status(participant.status, campaign.status), participant.attempt, participant.code)
            })
            .collect()
    }

    /// What must hold at the end of every test: an outcome for each, no card wrote the same thing twice, counters only
    /// rose, and what is told as done was done.
    pub(crate) async fn check(&self, id: SimCampaignId) {
        let executions = self.smsc.executions();
        let mut last: std::collections::HashMap<(String, u8), u64> = std::collections::HashMap::new();
        let mut writes: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
        for execution in &executions {
            let card = execution.iccid.to_string();
            *writes.entry(card.clone()).or_default() += 1;
            let before = last.insert((card.clone(), execution.kvn), execution.counter);
            assert!(before.is_none_or(|before| before < execution.counter), "{card}: counters fell");
        }
        for one in self.participants(id).await {
            let participant = one.participant;
            let iccid = participant.iccid.to_string();
            let times = writes.get(&iccid).copied().unwrap_or(0);
            if participant.status == ParticipantStatus::Completed {
                assert_eq!(times, 1, "{iccid} wrote {times} times: {participant:#?}");
            }
            assert!(times <= 1, "{iccid} wrote {times} times: {participant:#?}");
        }
    }
}
