//! The demo's customers of the connectivity face: a parent, a sub-customer that may use its parent's packages by itself,
//! a second one that may not, and a stranger; with the objects that the contract's own examples show.

use crate::failure::{Failure, Outcome};
use muster_app::Services;
use muster_app::ports::{Expected, NewParticipant, SimWrite};
use muster_domain::account::{Account, AccountKind, AccountStatus, ApiUser, Role};
use muster_domain::ids::{
    AccountId, OrganizationId, PackageId, ParticipantId, SimCampaignId, SimNumber, TariffId, TemplateId,
};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::{CardProfile, ImsiMsisdn, Sim, SimName, SimStatus, Template, TemplateKind};
use muster_domain::sim_campaign::{Plan, Runtime, SimCampaign, SimCampaignStatus};
use muster_domain::tariff::{Eligibility, Package, RenewalInterval, Tariff, TariffKind};
use muster_domain::time::{UnixMillis, Window};
use serde_json::Map;
use uuid::{Uuid, uuid};

/// Password of every demo user. Known to everybody.
pub const PASSWORD: &str = "demo-password-known-to-everybody";
/// User of the parent.
pub const PARENT_USER: &str = "demo-parent";
/// User of the sub-customer to whom offers are delegated.
pub const SUB_USER: &str = "demo-sub";
/// User of the customer that has nothing to do with the others.
pub const STRANGER_USER: &str = "demo-stranger";

/// The parent.
pub const PARENT: AccountId = AccountId(uuid!("0b6f3a52-91c7-4a55-9d0e-3f1d5f0c7a01"));
/// The sub-customer to whom offers are delegated.
pub const SUB: AccountId = AccountId(uuid!("ff74dca6-8e7f-4b85-a42b-13860913b370"));
const OTHER_SUB: AccountId = AccountId(uuid!("95aeee09-6dc4-41ba-9d1c-8584de2fcf0c"));
const STRANGER: AccountId = AccountId(uuid!("5d2c8e94-47ab-4f6e-8b13-6a90d1e2c304"));

const ROAMING: PackageId = PackageId(uuid!("e7fcef24-5c03-41dd-9e33-995b7d6f47a7"));
const REGULAR: PackageId = PackageId(uuid!("ff74dca6-8e7f-4b85-a42b-13860913b250"));
const OFFERS: [(TariffId, &str, TariffKind, &str); 3] = [
    (TariffId(uuid!("1b15048b-1ed4-4d34-a074-c7e26520e12a")), "Europe 100 MB", TariffKind::Usage, "2.50"),
    (
        TariffId(uuid!("ee74dca6-8e7f-4b85-a42b-13860913b3b1")),
        "World, by the megabyte",
        TariffKind::Rate,
        "0.04",
    ),
    (TariffId(uuid!("fb3e01cf-3798-4d53-b2b4-914b3e36c83c")), "Home pool 5 GB", TariffKind::Pool, "19.90"),
];

/// The finished campaign of the examples.
const FINISHED: SimCampaignId = SimCampaignId(67);
const NOT_STARTED: SimCampaignId = SimCampaignId(524);
const KEY_WRITE: TemplateId = TemplateId(20);
const IMSI_ADD: TemplateId = TemplateId(21);
const RESULT_LINE: &str = "OK - UPDATE - 3F00/ADF1/6F31 - data: 05 ...";

// 2022-08-22 14:13:59 and so on, as the examples print them.
const FINISHED_MADE: UnixMillis = UnixMillis(1_661_177_639_000);
const FINISHED_WINDOW: Window =
    Window { starts_at: UnixMillis(1_661_173_739_000), ends_at: UnixMillis(1_661_260_139_000) };
const NOT_STARTED_MADE: UnixMillis = UnixMillis(1_682_663_643_000);
const NOT_STARTED_WINDOW: Window =
    Window { starts_at: UnixMillis(1_661_158_634_000), ends_at: UnixMillis(1_661_245_034_000) };
const FIRST_DONE: UnixMillis = UnixMillis(1_644_589_313_000);

/// Loads what is not there yet, in two transactions: the customers with all they own, then the campaigns over their
/// SIMs. Gives the parent.
pub(super) async fn load(services: &Services, organization: OrganizationId) -> Outcome<Account> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("load the demo's customers and SIMs", error);
    let sims = &services.sims;
    if sims.account(PARENT).await.map_err(|error| refused(&error))?.is_none() {
        let mut users = Vec::new();
        for (username, account) in [(PARENT_USER, PARENT), (SUB_USER, SUB), (STRANGER_USER, STRANGER)] {
            let hashed = services.passwords.hash(services.entropy.as_ref(), PASSWORD).await;
            let password_hash = hashed.map_err(|error| refused(&error))?;
            let created_at = services.clock.now();
            let username = username.to_owned();
            users.push(ApiUser { username, account, password_hash, role: Role::User, created_at });
        }
        let writes = World { services, organization }.customers(users);
        sims.write_sims(writes).await.map_err(|error| refused(&error))?;
    }
    if sims.sim_campaign(FINISHED).await.map_err(|error| refused(&error))?.is_none() {
        let names = [3, 52].map(|number| SimName::Iccid(iccid(number)));
        let cards = sims.sims_by_names(&names).await.map_err(|error| refused(&error))?;
        let cards: Vec<Sim> = cards.into_iter().flatten().map(|stored| stored.value).collect();
        let writes = World { services, organization }.campaigns(&cards);
        sims.write_sims(writes).await.map_err(|error| refused(&error))?;
    }
    let parent = sims.account(PARENT).await.map_err(|error| refused(&error))?;
    parent.map(|parent| parent.value).ok_or_else(|| refused(&"the parent is gone"))
}

fn iccid(number: u64) -> String {
    (8_935_771_600_000_000_000 + number).to_string()
}

struct World<'a> {
    services: &'a Services,
    organization: OrganizationId,
}

impl World<'_> {
    fn now(&self) -> UnixMillis {
        self.services.clock.now()
    }

    fn customers(&self, users: Vec<ApiUser>) -> Vec<SimWrite> {
        let accounts = [
            (PARENT, None, "Harbor & Pine Tracking", true),
            (SUB, Some(PARENT), "Pine Trail Rangers", true),
            (OTHER_SUB, Some(PARENT), "Harbor Buoys", false),
            (STRANGER, None, "Lighthouse Keepers", true),
        ];
        let mut writes: Vec<_> = accounts
            .into_iter()
            .map(|(id, parent, name, delegated)| self.account(id, parent, name, delegated))
            .collect();
        writes.extend(users.into_iter().map(SimWrite::User));
        writes.extend(OFFERS.map(|(id, name, kind, cost)| self.offer(id, name, kind, cost)));
        let [first, second, third] = OFFERS.map(|(id, ..)| id);
        let both = Eligibility::These(vec![SUB, OTHER_SUB]);
        writes.push(self.package(ROAMING, "roaming", vec![first, second], both, false));
        writes.push(self.package(REGULAR, "regular", vec![third], Eligibility::These(Vec::new()), true));
        // What the examples' templates do is not told; these say what they are for, and cannot run.
        writes.push(self.template(KEY_WRITE, "Keys for administration over HTTPS", TemplateKind::KeyWrite));
        writes.push(self.template(IMSI_ADD, "TIS IMSI", TemplateKind::ImsiAdd));
        let cards = [(PARENT, 3), (PARENT, 52), (SUB, 60), (OTHER_SUB, 61), (STRANGER, 70)];
        let cards = cards.map(|(account, number)| (self.card(account, number), Vec::new()));
        writes.push(SimWrite::LoadSims(cards.into()));
        writes
    }

    fn campaigns(&self, cards: &[Sim]) -> Vec<SimWrite> {
        let name = "test https key write bap 1 from resume";
        let finished = self.campaign(FINISHED, name, KEY_WRITE, FINISHED_MADE, FINISHED_WINDOW);
        let outcomes = [
            (1_030_247, ParticipantStatus::Completed, 1, FIRST_DONE),
            (1_040_348, ParticipantStatus::Retry, 3, FINISHED_MADE),
        ];
        let participants = cards.iter().zip(outcomes).map(|(card, (id, status, attempt, updated_at))| {
            let (iccid, code, message) = (card.iccid.clone(), "200".to_owned(), RESULT_LINE.to_owned());
            let id = Some(ParticipantId(id));
            NewParticipant { id, sim: card.number, iccid, status, attempt, code, message, updated_at }
        });
        let participants = participants.collect();
        let ended = SimCampaign {
            status: SimCampaignStatus::Completed,
            status_changed_at: FINISHED_WINDOW.ends_at,
            ..finished.clone()
        };
        let not_started =
            self.campaign(NOT_STARTED, "Add TIS IMSI", IMSI_ADD, NOT_STARTED_MADE, NOT_STARTED_WINDOW);
        let write = |campaign, expected| SimWrite::Campaign { campaign: Box::new(campaign), expected };
        vec![
            write(finished, Expected::Absent),
            SimWrite::Enrol { campaign: FINISHED, participants },
            write(ended, Expected::Any),
            write(not_started, Expected::Absent),
        ]
    }

    fn account(&self, id: AccountId, parent: Option<AccountId>, name: &str, delegated: bool) -> SimWrite {
        let account = Account {
            id,
            organization: self.organization,
            parent,
            name: name.to_owned(),
            status: AccountStatus::Active,
            kind: AccountKind::Business,
            currency: "EUR".to_owned(),
            allow_offer_delegation: delegated,
            is_allowed_imei_lock: false,
            is_imei_lock_enabled: false,
            details: Map::new(),
            created_at: self.now(),
        };
        SimWrite::Account { account: Box::new(account), expected: Expected::Absent }
    }

    fn offer(&self, id: TariffId, name: &str, kind: TariffKind, cost: &str) -> SimWrite {
        SimWrite::Tariff(Box::new(Tariff {
            id,
            account: PARENT,
            name: name.to_owned(),
            description: String::new(),
            kind,
            cost: cost.to_owned(),
            currency: "EUR".to_owned(),
            renewal_interval: RenewalInterval::Monthly,
            is_prorated: false,
            created_at: self.now(),
            expires_at: None,
        }))
    }

    fn package(
        &self,
        id: PackageId,
        name: &str,
        nested_offers: Vec<TariffId>,
        eligibility: Eligibility,
        is_ever_used: bool,
    ) -> SimWrite {
        let package = Package {
            id,
            account: PARENT,
            name: name.to_owned(),
            description: Some(format!("{name} bundle")),
            nested_offers,
            eligibility,
            is_ever_used,
            deleted: false,
            created_at: self.now(),
        };
        SimWrite::Package { package: Box::new(package), expected: Expected::Absent }
    }

    fn template(&self, id: TemplateId, name: &str, kind: TemplateKind) -> SimWrite {
        SimWrite::Template(Box::new(Template {
            id,
            account: PARENT,
            name: name.to_owned(),
            description: String::new(),
            kind,
            operations: Vec::new(),
            accept_replay_as_done: false,
            fail_fast: false,
            created_at: self.now(),
        }))
    }

    fn card(&self, account: AccountId, number: u64) -> Sim {
        let pair = ImsiMsisdn {
            imsi: format!("901405{number:09}"),
            msisdn: Some(format!("882285{number:09}")),
            is_last_active: true,
        };
        Sim {
            number: SimNumber(0),
            id: Uuid::from_u128(0x6D75_7374_0000_4000_8000_0000_0000_0000 | u128::from(number)),
            organization: self.organization,
            account,
            iccid: iccid(number).parse().expect("19 digits are an ICCID"),
            imsi_msisdn_pairs: vec![pair],
            imei: None,
            imeisv: None,
            status: SimStatus::Active,
            alias: None,
            labels: Vec::new(),
            package: None,
            profile: CardProfile::default().name,
            time_zone: None,
            created_at: self.now(),
        }
    }

    fn campaign(
        &self,
        id: SimCampaignId,
        name: &str,
        template: TemplateId,
        created_at: UnixMillis,
        window: Window,
    ) -> SimCampaign {
        SimCampaign {
            id,
            organization: self.organization,
            account: PARENT,
            name: name.to_owned(),
            description: String::new(),
            template,
            status: SimCampaignStatus::Created,
            reason: String::new(),
            created_at,
            status_changed_at: created_at,
            window,
            max_retries: 3,
            plan: Plan::default(),
            runtime: Runtime::default(),
        }
    }
}
