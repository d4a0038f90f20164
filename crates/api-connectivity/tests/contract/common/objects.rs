//! Objects with good defaults: a test names only what it is about.

use super::NOW;
use muster_app::ports::NewParticipant;
use muster_domain::account::{Account, AccountKind, AccountStatus};
use muster_domain::ids::{
    AccountId, OrganizationId, PackageId, SimCampaignId, SimNumber, TariffId, TemplateId,
};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::{ImsiMsisdn, Operation, Sim, SimStatus, Template, TemplateKind};
use muster_domain::sim_campaign::{Plan, Runtime, SimCampaign, SimCampaignStatus};
use muster_domain::tariff::{Eligibility, Package, RenewalInterval, Tariff, TariffKind};
use muster_domain::time::Window;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(crate) const fn account_id(number: u128) -> AccountId {
    AccountId(Uuid::from_u128(0xAAAA_AAAA_0000_4000_8000_0000_0000_0000 | number))
}

pub(crate) fn tariff_id(number: u128) -> TariffId {
    TariffId(Uuid::from_u128(0xBBBB_BBBB_0000_4000_8000_0000_0000_0000 | number))
}

pub(crate) fn package_id(number: u128) -> PackageId {
    PackageId(Uuid::from_u128(0xCCCC_CCCC_0000_4000_8000_0000_0000_0000 | number))
}

pub(crate) fn account(
    organization: OrganizationId,
    id: AccountId,
    parent: Option<AccountId>,
    name: &str,
    allow_offer_delegation: bool,
) -> Account {
    Account {
        id,
        organization,
        parent,
        name: name.to_owned(),
        status: AccountStatus::Active,
        kind: AccountKind::Business,
        currency: "EUR".to_owned(),
        allow_offer_delegation,
        is_allowed_imei_lock: false,
        is_imei_lock_enabled: false,
        details: Map::new(),
        created_at: NOW,
    }
}

/// The serial number of the SIM of that number.
pub(crate) fn iccid(number: u64) -> String {
    format!("{:019}", 8_935_771_600_000_000_000 + number)
}

/// A SIM; its ICCID, IMSI, MSISDN and IMEI end in the number.
pub(crate) fn sim(organization: OrganizationId, account: AccountId, number: u64) -> Sim {
    Sim {
        number: SimNumber(0),
        id: Uuid::from_u128(0xDDDD_DDDD_0000_4000_8000_0000_0000_0000 | u128::from(number)),
        organization,
        account,
        iccid: iccid(number).parse().expect("an ICCID"),
        imsi_msisdn_pairs: vec![ImsiMsisdn {
            imsi: format!("901405{number:09}"),
            msisdn: Some(format!("882285{number:09}")),
            is_last_active: true,
        }],
        imei: Some(format!("350000{number:09}")),
        imeisv: None,
        status: SimStatus::Active,
        alias: None,
        labels: Vec::new(),
        package: None,
        profile: "default".to_owned(),
        time_zone: None,
        created_at: NOW,
    }
}

pub(crate) fn participant(sim: &Sim) -> NewParticipant {
    NewParticipant {
        id: None,
        sim: sim.number,
        iccid: sim.iccid.clone(),
        status: ParticipantStatus::Pending,
        attempt: 0,
        code: String::new(),
        message: String::new(),
        updated_at: NOW,
    }
}

/// A template that writes one octet.
pub(crate) fn template(account: AccountId, id: i64) -> Template {
    Template {
        id: TemplateId(id),
        account,
        name: format!("Template {id}"),
        description: String::new(),
        kind: TemplateKind::FileUpdate,
        operations: vec![Operation::UpdateBinary {
            path: "3F00/ADF1/6F31".parse().expect("a path"),
            offset: 0,
            data: "05".to_owned(),
        }],
        accept_replay_as_done: false,
        fail_fast: false,
        created_at: NOW,
    }
}

/// A campaign that was not activated yet, with a window of a day from now on.
pub(crate) fn campaign(organization: OrganizationId, account: AccountId, id: i64) -> SimCampaign {
    SimCampaign {
        id: SimCampaignId(id),
        organization,
        account,
        name: format!("Campaign {id}"),
        description: String::new(),
        template: TemplateId(20),
        status: SimCampaignStatus::Created,
        reason: String::new(),
        created_at: NOW,
        status_changed_at: NOW,
        window: Window { starts_at: NOW, ends_at: NOW.plus_seconds(86_400) },
        max_retries: 3,
        plan: Plan::default(),
        runtime: Runtime::default(),
    }
}

pub(crate) fn tariff(account: AccountId, number: u128) -> Tariff {
    Tariff {
        id: tariff_id(number),
        account,
        name: format!("Tariff {number}"),
        description: String::new(),
        kind: TariffKind::Rate,
        cost: "12.50".to_owned(),
        currency: "EUR".to_owned(),
        renewal_interval: RenewalInterval::Monthly,
        is_prorated: false,
        created_at: NOW,
        expires_at: None,
    }
}

/// A package of the first tariff, open to nobody.
pub(crate) fn package(account: AccountId, number: u128) -> Package {
    Package {
        id: package_id(number),
        account,
        name: format!("Package {number}"),
        description: None,
        nested_offers: vec![tariff_id(1)],
        eligibility: Eligibility::These(Vec::new()),
        is_ever_used: false,
        deleted: false,
        created_at: NOW,
    }
}

/// The body of a bulk call about the SIMs of these numbers, each with the same content.
pub(crate) fn bulk(numbers: impl IntoIterator<Item = u64>, content: &Value) -> Value {
    let node = |number| json!({ "subscriberIdentifiers": { "type": "ICCID", "value": iccid(number) }, "content": content });
    json!({ "bulk": numbers.into_iter().map(node).collect::<Vec<_>>() })
}
