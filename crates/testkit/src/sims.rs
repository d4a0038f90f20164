//! SIM cards, templates and campaigns in a store, for tests and benchmarks that let them run.

use muster_app::Services;
use muster_app::card_keys::{CardKeys, KeyUse};
use muster_app::ports::{
    CatalogWrite, Expected, LoadedParticipant, NewParticipant, OsEntropy, SimWrite, Versioned,
};
use muster_domain::account::{Account, AccountKind, AccountStatus};
use muster_domain::ids::{AccountId, OrganizationId, SimCampaignId, SimNumber, TemplateId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::{
    CardFlags, CardProfile, CipherAlgorithm, ImsiMsisdn, KeySet, Operation, Sim, SimName, SimStatus,
    Template, TemplateKind,
};
use muster_domain::sim_campaign::{Backoff, Command, Plan, Runtime, SimCampaign, SimCampaignStatus};
use muster_domain::time::Window;
use muster_peers::card::CardSpec;
use muster_peers::provision::write_cards;
use serde_json::Map;
use uuid::Uuid;

/// The account that owns the cards.
pub const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));

/// Entries of one write.
const CHUNK: usize = 500;

/// The key under which tests keep card keys.
pub fn card_keys() -> CardKeys {
    CardKeys::from_hex(&"07".repeat(32)).expect("64 digits")
}

/// A plan without pauses between tries, for tests that shall be over soon.
pub fn hasty_plan(por_timeout_s: u32) -> Plan {
    Plan {
        por_timeout_s,
        backoff: Backoff { unreachable_base_s: 0, unreachable_cap_s: 0, error_base_s: 0, error_cap_s: 0 },
        ..Plan::default()
    }
}

/// One octet into the file that says how often a roaming phone looks for its home network.
pub fn hplmn() -> Vec<Operation> {
    let path = "3F00/ADF1/6F31".parse().expect("a path");
    vec![Operation::UpdateBinary { path, offset: 0, data: "05".to_owned() }]
}

/// Makes an organization with an account that owns these cards, keys and all, in the store.
pub async fn provision(services: &Services, specs: &[CardSpec]) -> Vec<Sim> {
    let organization = services.store.allocate_organization_id().await.expect("an id");
    let made = crate::builders::organization(organization, "Connectivity");
    services
        .store
        .write_catalog(organization, vec![CatalogWrite::Organization(made)])
        .await
        .expect("the organization is made");
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
        created_at: services.clock.now(),
    };
    write(services, vec![SimWrite::Account { account: Box::new(account), expected: Expected::Absent }]).await;
    let loads = loads(services, organization, specs);
    let names: Vec<_> = loads.iter().map(|(sim, _)| SimName::Iccid(sim.iccid.to_string())).collect();
    for chunk in loads.chunks(CHUNK) {
        write(services, vec![SimWrite::LoadSims(chunk.to_vec())]).await;
    }
    let found = services.sims.sims_by_names(&names).await.expect("the SIMs are read");
    found.into_iter().map(|sim| sim.expect("it was loaded").value).collect()
}

/// The cards as the store takes them. Their keys are read from the table that operators would import: the cards
/// themselves do not give them away.
fn loads(services: &Services, organization: OrganizationId, specs: &[CardSpec]) -> Vec<(Sim, Vec<KeySet>)> {
    let ring = card_keys();
    let mut table = Vec::new();
    write_cards(&mut table, specs).expect("a table of cards");
    csv::Reader::from_reader(&table[..])
        .records()
        .enumerate()
        .map(|(index, row)| {
            let row = row.expect("a row");
            let iccid = row[0].parse().expect("an ICCID");
            let kvn = row[3].parse().expect("a key version");
            let algorithm = |name: &str| CipherAlgorithm::from_name(name).expect("an algorithm");
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
                id: Uuid::from_u128(index as u128 + 1),
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
                created_at: services.clock.now(),
            };
            (sim, vec![keys])
        })
        .collect()
}

async fn write(services: &Services, writes: Vec<SimWrite>) {
    services.sims.write_sims(writes).await.expect("the store takes it");
}

/// Makes a template and a campaign of it, both under this number, with these cards; its window is an hour from now.
pub async fn campaign(
    services: &Services,
    id: SimCampaignId,
    operations: Vec<Operation>,
    plan: Plan,
    max_retries: u32,
    cards: &[Sim],
) {
    let now = services.clock.now();
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
        organization: cards[0].organization,
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
    write(services, vec![SimWrite::Template(Box::new(template)), new]).await;
    for chunk in cards.chunks(CHUNK) {
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
        write(services, vec![SimWrite::Enrol { campaign: id, participants }]).await;
    }
}

/// One campaign.
pub async fn read(services: &Services, id: SimCampaignId) -> Versioned<SimCampaign> {
    services.sims.sim_campaign(id).await.expect("the store answers").expect("it exists")
}

/// Asks a campaign for something, as a user does.
pub async fn command(services: &Services, id: SimCampaignId, command: Command) {
    loop {
        let Versioned { value: mut campaign, version } = read(services, id).await;
        let counts = services.sims.campaign_counts(id).await.expect("the store answers");
        let first = campaign.status == SimCampaignStatus::Created;
        let now = services.clock.now();
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
        // Somebody else, such as the engine, may have been faster.
        if services.sims.write_sims(vec![write]).await.is_ok() {
            return;
        }
    }
}

/// Every participant of a campaign with all that is known of it.
pub async fn participants(services: &Services, id: SimCampaignId) -> Vec<LoadedParticipant> {
    let mut all: Vec<LoadedParticipant> = Vec::new();
    loop {
        let page =
            services.sims.scan_participants(id, all.len() as u64, 1000).await.expect("the store answers");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}
