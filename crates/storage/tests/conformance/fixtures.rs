//! Small values with good defaults.

use muster_app::ports::{CustomerWrite, Expected, Job, JobState, OutboxEntry, StoredReply};
use muster_domain::campaign::{AdBundle, Campaign, CampaignStatus, CampaignType, OptIn};
use muster_domain::customer::{Customer, Impression, OptInChoice, Points, Profile, Standing, Tag};
use muster_domain::event::{ContextValue, Event, EventKey};
use muster_domain::ids::{ApiKey, CampaignId, CreativeId, CustomerId, OrganizationId};
use muster_domain::organization::{App, Organization};
use muster_domain::time::{UnixMillis, Window};
use serde_json::{Map, json};
use uuid::Uuid;

/// The tenant most tests work in.
pub(crate) const ORG: OrganizationId = OrganizationId(1);

/// An instant.
pub(crate) const T0: UnixMillis = UnixMillis(1_763_000_000_000);

/// The id numbered `n`; ids sort as their numbers do.
pub(crate) fn id(n: u32) -> CustomerId {
    CustomerId(uuid(n))
}

/// The GUID numbered `n`.
pub(crate) fn uuid(n: u32) -> Uuid {
    Uuid::from_u128(u128::from(n) << 64)
}

/// A customer of that external id, with something in every part of the aggregate.
pub(crate) fn customer(external_id: &str) -> Customer {
    let user_profile = json!({"age": 41, "height": 1.82, "big": u64::MAX, "low": i64::MIN, "vip": true,
        "none": null, "names": ["a", {"b": ["c"]}], "Ключ": "значение"});
    Customer {
        profile: Profile {
            external_id: Some(external_id.to_owned()),
            dob: Some(jiff::civil::date(1984, 2, 29)),
            user_profile: user_profile.as_object().cloned().unwrap(),
            phone_numbers: vec![json!({"phone_number": "+15550100"}).as_object().cloned().unwrap()],
            referral: Some(Map::new()),
            ..Profile::default()
        },
        standing: Standing { suspended: true, ..Standing::default() },
        tags: [
            ("gold".to_owned(), Tag::Counter { count: 3 }),
            ("new".to_owned(), Tag::Expiring { expires_at: T0 }),
        ]
        .into(),
        choices: [(CampaignId(5), OptInChoice { opted_in: true, at: T0 })].into(),
        progress: [].into(),
        points: Points { available: 120, test: -3 },
        impressions: [(
            CreativeId(8),
            Impression { stat_id: Some(uuid(9)), seen: 2, clicked: 1, recent: vec![T0, T0.plus_seconds(1)] },
        )]
        .into(),
        tracking_id: uuid(77),
        events_logged: 0,
        created_at: T0,
        updated_at: T0,
        registered_at: Some(T0),
    }
}

/// A write that makes customer `n`.
pub(crate) fn create(n: u32) -> CustomerWrite {
    CustomerWrite::new(ORG, id(n), Expected::Absent, Some(customer(&format!("customer-{n}"))))
}

/// A write of customer `n` that expects `version` and changes nothing but it.
pub(crate) fn update(n: u32, version: u64) -> CustomerWrite {
    CustomerWrite::new(ORG, id(n), Expected::Version(version), Some(customer(&format!("customer-{n}"))))
}

/// A write that deletes customer `n`.
pub(crate) fn delete(n: u32, version: u64) -> CustomerWrite {
    CustomerWrite::new(ORG, id(n), Expected::Version(version), None)
}

/// The event of that key and position.
pub(crate) fn event(key: u8, sequence: u64, name: &str) -> Event {
    Event {
        key: EventKey([key; 16]),
        sequence,
        name: name.to_owned(),
        occurred_at: T0.plus_seconds(-60),
        received_at: T0,
        quantity: 2,
        context: [
            ("amount".to_owned(), ContextValue::Number(2.0)),
            ("items".to_owned(), ContextValue::Integer(3)),
            ("note".to_owned(), ContextValue::Text("7".to_owned())),
            ("gift".to_owned(), ContextValue::Bool(false)),
            ("none".to_owned(), ContextValue::Null),
        ]
        .into(),
        restricted_to: Some(CampaignId(5)),
        admitted: vec![CampaignId(5), CampaignId(6)],
    }
}

/// The outcome numbered `n` of a customer.
pub(crate) fn outcome(n: u32, customer: CustomerId) -> OutboxEntry {
    OutboxEntry {
        id: uuid(n),
        customer,
        kind: "behavior.achieved".to_owned(),
        payload: json!({"n": n, "rate": 0.5}),
        created_at: T0,
    }
}

/// An answer remembered under a key.
pub(crate) fn reply(key: &str) -> StoredReply {
    StoredReply {
        key: key.to_owned(),
        fingerprint: "f".repeat(64),
        status: 201,
        body: "{\"ok\":true}".to_owned(),
        created_at: T0,
    }
}

/// An organization.
pub(crate) fn organization(id: i64, name: &str) -> Organization {
    Organization {
        id: OrganizationId(id),
        name: name.to_owned(),
        multi_org: false,
        time_zone: "UTC".to_owned(),
        public_base_url: None,
        tracking_secret: "s".repeat(32),
        created_at: T0,
    }
}

/// An app.
pub(crate) fn app(api_key: &str, name: &str) -> App {
    App {
        api_key: ApiKey(api_key.to_owned()),
        name: name.to_owned(),
        secret_sha256: "a".repeat(64),
        bearer_sha256: "b".repeat(64),
        created_at: T0,
        rotated_at: None,
        revoked: false,
    }
}

/// A campaign named `campaign-<id>` under the permalink `link-<id>`.
pub(crate) fn campaign(id: i64) -> Campaign {
    let window = Window { starts_at: T0, ends_at: T0.plus_seconds(86_400) };
    Campaign {
        id: CampaignId(id),
        permalink: format!("link-{id}"),
        name: format!("campaign-{id}"),
        status: CampaignStatus::Draft,
        window,
        campaign_type: CampaignType::Promotion,
        metadata: json!({"z": 1, "a": 2}).as_object().cloned().unwrap(),
        total_budget: 0,
        weight: 1,
        ssap_name: None,
        reporting_ends_at: window.ends_at,
        opt_in: OptIn { required: false, window, limit: None },
        bundle: AdBundle::default(),
        line_items: vec![],
        behaviors: vec![],
        offers: vec![],
        division: None,
        version: 1,
        created_at: T0,
        updated_at: T0,
    }
}

/// A job that waits, made `created_s` seconds after [`T0`].
pub(crate) fn job(n: u32, created_s: i64) -> Job {
    Job {
        id: uuid(n),
        organization: ORG,
        kind: "behavior.replay".to_owned(),
        parameters: json!({"campaign": 5}),
        state: JobState::Pending,
        done: 0,
        total: None,
        cursor: None,
        error: None,
        created_at: T0.plus_seconds(created_s),
        updated_at: T0.plus_seconds(created_s),
    }
}
