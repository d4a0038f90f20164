//! A message centre with cards, a store that knows them, and an engine between the two.

use muster_app::card_keys::{CardKeys, KeyUse};
use muster_app::ports::{
    CampaignCounts, Expected, LoadedParticipant, NewParticipant, OsEntropy, SimStore, SimWrite, Store,
    SystemClock, Versioned,
};
use muster_app::{Services, Settings};
use muster_domain::account::{Account, AccountKind, AccountStatus};
use muster_domain::ids::{AccountId, OrganizationId, SimCampaignId, SimNumber, TemplateId};
use muster_domain::participant::{ParticipantStatus, Timing};
use muster_domain::sim::{
    CardFlags, CardProfile, CipherAlgorithm, ImsiMsisdn, KeySet, Operation, Sim, SimName, SimStatus,
    Template, TemplateKind,
};
use muster_domain::sim_campaign::{
    Backoff, Command, Plan, Runtime, SimCampaign, SimCampaignStatus, shown_status,
};
use muster_domain::time::Window;
use muster_drivers::sms::{RouteSettings, SmppGateway};
use muster_engine::sim::{SimEngine, SimSettings};
use muster_peers::provision::{generate_cards, write_cards};
use muster_peers::smsc::{Smsc, SmscSettings};
use muster_storage::StoreConfig;
use muster_testkit::TestDatabase;
use muster_testkit::builders::organization;
use serde_json::Map;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const CAMPAIGN: SimCampaignId = SimCampaignId(1);
const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));

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
    Plan {
        por_timeout_s: 2,
        backoff: Backoff { unreachable_base_s: 0, unreachable_cap_s: 0, error_base_s: 0, error_cap_s: 0 },
        ..Plan::default()
    }
}

pub(crate) fn hplmn() -> Vec<Operation> {
    serde_json::from_str(r#"[{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}]"#)
        .expect("an operation")
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
        let ring = CardKeys::from_hex(&"07".repeat(32)).expect("a card key");
        let settings_of_services = Settings { card_keys: Some(ring.clone()), ..Settings::default() };
        let services =
            Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), settings_of_services)
                .await
                .expect("starts");
        let specs = generate_cards(7, cards);
        let mut table = Vec::new();
        write_cards(&mut table, &specs).expect("a table of cards");
        let smsc = Smsc::start(settings, specs).await.expect("the message centre starts");
        let id = services.store.allocate_organization_id().await.expect("an id");
        let organization = organization(id, "Connectivity");
        services
            .store
            .write_catalog(id, vec![muster_app::ports::CatalogWrite::Organization(organization)])
            .await
            .expect("the organization is made");
        let mut world = Self { services, smsc, sims: Vec::new(), _home: home };
        world.load(id, &ring, &table).await;
        world
    }

    async fn load(&mut self, organization: OrganizationId, ring: &CardKeys, table: &[u8]) {
        let now = self.services.clock.now();
        let account = Account {
            id: ACCOUNT,
            organization,
            parent: None,
            name: "Operator".to_owned(),
            status: AccountStatus::Active,
            kind: AccountKind::Business,
            currency: "EUR".to_owned(),
            allow_offer_delegation: false,
            is_allowed_imei_lock: false,
            is_imei_lock_enabled: false,
            details: Map::new(),
            created_at: now,
        };
        self.write(vec![SimWrite::Account { account: Box::new(account), expected: Expected::Absent }]).await;
        let mut loads = Vec::new();
        let mut names = Vec::new();
        for row in csv::Reader::from_reader(table).records() {
            let row = row.expect("a row");
            let iccid = row[0].parse().expect("an ICCID");
            names.push(SimName::Iccid(row[0].to_owned()));
            let algorithm = |name: &str| CipherAlgorithm::from_name(name).expect("an algorithm");
            let kvn = row[3].parse().expect("a key version");
            let seal = |usage, kind: &str, key: &str| {
                ring.seal(&OsEntropy, &iccid, kvn, usage, algorithm(kind), key).expect("a key")
            };
            let keys = KeySet {
                sim: SimNumber(0),
                kvn,
                kic_algorithm: algorithm(&row[4]),
                kic: seal(KeyUse::Ciphering, &row[4], &row[5]),
                kid_algorithm: algorithm(&row[6]),
                kid: seal(KeyUse::Integrity, &row[6], &row[7]),
                next_counter: row[8].parse::<u64>().expect("a counter") + 1,
                holder: None,
                flags: CardFlags::default(),
            };
            let pair =
                ImsiMsisdn { imsi: row[1].to_owned(), msisdn: Some(row[2].to_owned()), is_last_active: true };
            let sim = Sim {
                number: SimNumber(0),
                id: Uuid::from_u128(loads.len() as u128 + 1),
                organization,
                account: ACCOUNT,
                iccid,
                imsi_msisdn_pairs: vec![pair],
                imei: None,
                imeisv: None,
                status: SimStatus::Active,
                alias: None,
                labels: Vec::new(),
                package: None,
                profile: CardProfile::default().name,
                time_zone: None,
                created_at: now,
            };
            loads.push((sim, vec![keys]));
        }
        for chunk in loads.chunks(500) {
            self.write(vec![SimWrite::LoadSims(chunk.to_vec())]).await;
        }
        let found = self.sims().sims_by_names(&names).await.expect("the SIMs are read");
        self.sims = found.into_iter().map(|sim| sim.expect("it was loaded").value).collect();
    }

    pub(crate) fn sims(&self) -> &dyn SimStore {
        &*self.services.sims
    }

    pub(crate) async fn write(&self, writes: Vec<SimWrite>) {
        self.sims().write_sims(writes).await.expect("the store takes it");
    }

    /// Makes a template and a campaign of it with all cards, and lets it run.
    pub(crate) async fn campaign(&self, operations: Vec<Operation>, plan: Plan, max_retries: u32) {
        let all: Vec<_> = self.sims.iter().collect();
        self.campaign_of(CAMPAIGN, operations, plan, max_retries, &all).await;
    }

    pub(crate) async fn campaign_of(
        &self,
        id: SimCampaignId,
        operations: Vec<Operation>,
        plan: Plan,
        max_retries: u32,
        cards: &[&Sim],
    ) {
        let now = self.services.clock.now();
        let template = Template {
            id: TemplateId(id.0),
            account: ACCOUNT,
            name: "HPPLMN".to_owned(),
            description: String::new(),
            kind: TemplateKind::FileUpdate,
            operations,
            accept_replay_as_done: false,
            fail_fast: false,
            created_at: now,
        };
        let campaign = SimCampaign {
            id,
            organization: self.sims[0].organization,
            account: ACCOUNT,
            name: "HPPLMN".to_owned(),
            description: String::new(),
            template: template.id,
            status: SimCampaignStatus::Created,
            reason: String::new(),
            created_at: now,
            status_changed_at: now,
            window: Window { starts_at: now, ends_at: now.plus_seconds(3600) },
            max_retries,
            plan,
            runtime: Runtime::default(),
        };
        let new = SimWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent };
        self.write(vec![SimWrite::Template(Box::new(template)), new]).await;
        for chunk in cards.chunks(500) {
            let participants = chunk
                .iter()
                .map(|sim| NewParticipant {
                    id: None,
                    sim: sim.number,
                    iccid: sim.iccid.clone(),
                    status: ParticipantStatus::Pending,
                    attempt: 0,
                    code: String::new(),
                    message: String::new(),
                    updated_at: now,
                })
                .collect();
            self.write(vec![SimWrite::Enrol { campaign: id, participants }]).await;
        }
        self.command(id, Command::Run).await;
    }

    /// Asks a campaign for something, as a user does.
    pub(crate) async fn command(&self, id: SimCampaignId, command: Command) {
        loop {
            let now = self.services.clock.now();
            let Versioned { value: mut campaign, version } = self.read(id).await;
            let counts = self.sims().campaign_counts(id).await.expect("counts");
            let first = campaign.status == SimCampaignStatus::Created;
            campaign.status = command.apply(campaign.status, campaign.window, now).expect("it may");
            campaign.status_changed_at = now;
            campaign.reason = String::new();
            if command == Command::Run {
                if first {
                    campaign.runtime.begin(&campaign.plan.clone(), counts.participants());
                }
                campaign.runtime.set_baseline(&counts.waves);
            }
            let expected = Expected::Version(version);
            let write = SimWrite::Campaign { campaign: Box::new(campaign), expected };
            if self.sims().write_sims(vec![write]).await.is_ok() {
                return;
            }
        }
    }

    pub(crate) async fn read(&self, id: SimCampaignId) -> Versioned<SimCampaign> {
        self.sims().sim_campaign(id).await.expect("the store answers").expect("it exists")
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
        let mut all: Vec<LoadedParticipant> = Vec::new();
        loop {
            let from = all.len() as u64;
            let page = self.sims().scan_participants(id, from, 1000).await.expect("the store answers");
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
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
