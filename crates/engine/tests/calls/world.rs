//! Telephones behind a trunk, agents' phones, a store, and an engine between them.

use muster_app::ports::{CallCounts, Desk, LiveCampaign, OsEntropy, Share, Store, SystemClock};
use muster_app::usecases::dialler::CampaignInput;
use muster_app::{Services, Settings};
use muster_domain::calls::call::Call;
use muster_domain::calls::campaign::{CallCampaign, Dialling, Mode, ScriptStep};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};
use muster_drivers::sip::{SipSettings, SipTelephony, SipTimers, TrunkSettings};
use muster_engine::calls::{CallEngine, CallSettings, EngineDesk, StoredAgents};
use muster_peers::phones::{AgentHabits, AgentPhone, AgentsSettings, Phones, PhonesSettings};
use muster_storage::StoreConfig;
use muster_testkit::{TestDatabase, calls};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(40);

enum Home {
    Folder(#[expect(dead_code, reason = "the folder goes with the value")] tempfile::TempDir),
    Database(#[expect(dead_code, reason = "the database goes with the value")] TestDatabase),
}

/// A running engine.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    pub(crate) telephony: Arc<SipTelephony>,
    pub(crate) desk: EngineDesk,
}

impl Running {
    /// Where phones register and trunks call in.
    pub(crate) fn address(&self) -> SocketAddr {
        self.telephony.address()
    }

    /// Stops it in order.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        tokio::time::timeout(PATIENCE, self.task).await.expect("calls end").expect("the engine ends");
        self.telephony.stop(Duration::from_secs(2)).await;
    }

    /// Ends it between any two lines, as a crash would; the lines fall silent.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        self.telephony.stop(Duration::from_secs(1)).await;
    }

    pub(crate) async fn live(&self, campaign: &CallCampaign) -> LiveCampaign {
        self.desk.live(campaign.id).await.expect("the desk answers").unwrap_or_default()
    }
}

pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) phones: Phones,
    pub(crate) client: ClientId,
    _home: Home,
}

impl World {
    pub(crate) async fn sqlite(phones: PhonesSettings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let config = StoreConfig::parse(&folder.path().to_string_lossy()).expect("a data directory");
        Self::over(config, Home::Folder(folder), phones).await
    }

    pub(crate) async fn postgres(phones: PhonesSettings) -> Self {
        let database = TestDatabase::create();
        let config = StoreConfig::parse(database.url()).expect("a database address");
        Self::over(config, Home::Database(database), phones).await
    }

    async fn over(config: StoreConfig, home: Home, phones: PhonesSettings) -> Self {
        let store: Arc<dyn Store> = muster_storage::open(config).await.expect("the store opens");
        let services =
            Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), Settings::default())
                .await
                .expect("starts");
        let client = calls::client(&services, None).await;
        let phones = Phones::start(phones).await.expect("the telephones start");
        Self { services, phones, client, _home: home }
    }

    /// Telephones that do as their numbers say, ten times as fast.
    pub(crate) fn phones() -> PhonesSettings {
        PhonesSettings { speed: 10.0, ..PhonesSettings::default() }
    }

    /// The trunk to the telephones.
    pub(crate) fn trunk(&self) -> TrunkSettings {
        let mut trunk = TrunkSettings::new("lab", self.phones.addr().to_string(), "4930990000");
        trunk.enabled = true;
        trunk.max_channels = 200;
        trunk.cps = 100;
        trunk
    }

    fn sip(trunks: Vec<TrunkSettings>) -> SipSettings {
        let timers = SipTimers { t1_ms: 50, first_response_ms: 600, breaker_ms: 500, ..SipTimers::default() };
        SipSettings { port: 0, timers, trunks, ..SipSettings::default() }
    }

    fn engine_settings() -> CallSettings {
        CallSettings {
            poll: Duration::from_millis(50),
            ownership_s: 2,
            setup_limit: Duration::from_secs(3),
            ..CallSettings::default()
        }
    }

    pub(crate) async fn start(&self) -> Running {
        self.start_over(vec![self.trunk()]).await
    }

    pub(crate) async fn start_over(&self, trunks: Vec<TrunkSettings>) -> Running {
        let directory = Arc::new(StoredAgents::new(Arc::clone(&self.services)));
        let telephony = SipTelephony::start(Self::sip(trunks), directory).await.expect("the lines open");
        let telephony = Arc::new(telephony);
        let lines: Arc<SipTelephony> = Arc::clone(&telephony);
        let engine = CallEngine::new(Arc::clone(&self.services), lines, Self::engine_settings());
        let desk = engine.desk();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(engine.run(stopped));
        Running { stop, task, telephony, desk }
    }

    /// A campaign of these contacts' numbers, which plays a script.
    pub(crate) async fn agentless(
        &self,
        input: CampaignInput,
        dialling: Dialling,
        numbers: &[Vec<String>],
    ) -> (CallCampaign, Vec<ContactId>) {
        calls::prompt(&self.services, self.client, "hello", 200).await;
        let input = CampaignInput { mode: Some(Mode::Ivr), ..input };
        let script = if dialling.script.is_empty() { says_hello() } else { dialling.script.clone() };
        let dialling = Dialling { script, ..dialling };
        let campaign = calls::campaign(&self.services, self.client, "Campaign", input, dialling).await;
        let ids = calls::contacts(&self.services, &campaign, numbers).await;
        (campaign, ids)
    }

    pub(crate) async fn run(&self, campaign: &CallCampaign) {
        calls::start(&self.services, self.client, campaign.id).await;
    }

    pub(crate) async fn contact(&self, id: ContactId) -> Contact {
        calls::contact(&self.services, id).await
    }

    pub(crate) async fn calls(&self, id: ContactId) -> Vec<Call> {
        calls::calls(&self.services, id).await
    }

    pub(crate) async fn counts(&self, id: CallCampaignId) -> CallCounts {
        calls::counts(&self.services, id).await
    }

    /// Waits until every contact of a campaign is closed.
    pub(crate) async fn all_closed(&self, campaign: &CallCampaign) {
        self.until("every contact is closed", async || {
            let counts = self.counts(campaign.id).await;
            let open: u64 = muster_domain::participant::ParticipantStatus::ALL
                .into_iter()
                .filter(|status| !status.is_terminal())
                .map(|status| counts.of(status))
                .sum();
            open == 0 && counts.open_calls == 0
        })
        .await;
    }

    /// Waits until a condition holds.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        until(what, condition).await;
    }

    /// Phones of agents, on a set of telephones of their own, that register at the engine; and the agents logged in.
    pub(crate) async fn staff(
        &self,
        running: &Running,
        campaign: &CallCampaign,
        count: usize,
        habits: &AgentHabits,
    ) -> (Phones, Vec<String>) {
        let uids = calls::agents(&self.services, self.client, count).await;
        let phones = uids
            .iter()
            .map(|uid| AgentPhone {
                habits: habits.clone(),
                ..AgentPhone::new(format!("{}-{uid}", self.client), calls::PHONE_PASSWORD)
            })
            .collect();
        let agents = AgentsSettings {
            registrar: running.address(),
            domain: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            expires_s: 60,
            phones,
        };
        let settings = PhonesSettings { agents: Some(agents), ..Self::phones() };
        let phones = Phones::start(settings).await.expect("the agents' phones start");
        for uid in &uids {
            let shares = vec![Share { campaign: campaign.id, weight: 1 }];
            running.desk.log_in(self.client, uid, shares).await.expect("the agent logs in");
        }
        (phones, uids)
    }

    /// Waits until so many agents are in a state.
    pub(crate) async fn agents_are(&self, running: &Running, state: &str, count: usize) {
        until(&format!("{count} agents are {state}"), async || {
            let agents = running.desk.agents(self.client).await.expect("the desk answers");
            agents.iter().filter(|agent| agent.state.name() == state).count() == count
        })
        .await;
    }
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "in vain waited until {what}");
}

/// A script that says hello.
pub(crate) fn says_hello() -> Vec<ScriptStep> {
    vec![ScriptStep::Play { prompt: "hello".to_owned() }]
}

/// One number for each contact.
pub(crate) fn one_each(count: usize, behaviour: u16) -> Vec<Vec<String>> {
    (0..count).map(|place| vec![calls::number(place, behaviour)]).collect()
}
