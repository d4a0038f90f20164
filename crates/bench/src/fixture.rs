//! An organization with customers, made in a store by seed.

use muster_app::ports::{
    CatalogWrite, CustomerName, CustomerWrite, Entropy, Expected, SeededEntropy, Store, SystemClock,
};
use muster_app::{Services, Settings, tracking};
use muster_domain::behavior::{Behavior, Rule};
use muster_domain::campaign::{AdBundle, Campaign, CampaignStatus, CampaignType, LineItem, OptIn};
use muster_domain::customer::{Customer, Points, Profile, Standing, Tag};
use muster_domain::ids::{BehaviorId, CampaignId, CustomerId, LineItemId, OrganizationId};
use muster_domain::organization::Organization;
use muster_domain::time::{UnixMillis, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Customers written in one commit while loading.
const LOAD_BATCH: usize = 500;

/// Any error, with its text.
pub type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Starts the services on a store that gets a new organization.
///
/// # Errors
/// When the store fails.
pub async fn start(store: Arc<dyn Store>, seed: u64) -> Fallible<(Arc<Services>, OrganizationId)> {
    let organization = store.allocate_organization_id().await?;
    let record = Organization {
        id: organization,
        name: format!("Benchmark {organization}"),
        multi_org: false,
        time_zone: "UTC".to_owned(),
        public_base_url: None,
        tracking_secret: "benchmark".to_owned(),
        created_at: UnixMillis(0),
    };
    store.write_catalog(organization, vec![CatalogWrite::Organization(record)]).await?;
    let entropy = Arc::new(SeededEntropy::new(seed));
    let services = Services::start(store, Arc::new(SystemClock), entropy, Settings::default()).await?;
    Ok((services, organization))
}

/// A campaign that is live for decades, for everyone, without behaviors and creatives.
pub fn plain_campaign(id: i64) -> Campaign {
    let window = Window { starts_at: UnixMillis(0), ends_at: UnixMillis(4_000_000_000_000) };
    Campaign {
        id: CampaignId(id),
        permalink: format!("campaign-{id}"),
        name: format!("Campaign {id}"),
        status: CampaignStatus::Live,
        window,
        campaign_type: CampaignType::Promotion,
        metadata: serde_json::Map::new(),
        total_budget: 0,
        weight: 5,
        ssap_name: None,
        reporting_ends_at: window.ends_at,
        opt_in: OptIn { required: false, window, limit: None },
        bundle: AdBundle::default(),
        line_items: vec![LineItem {
            id: LineItemId(1_000_000 + id),
            name: "Line item".into(),
            groups: vec![],
        }],
        behaviors: vec![],
        offers: vec![],
        division: None,
        version: 2,
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    }
}

/// A behavior that counts ten events of a name for five points.
pub fn counting_behavior(id: i64, event_name: &str) -> Behavior {
    Behavior {
        id: BehaviorId(id),
        external_id: format!("00000000-0000-4000-8000-{id:012}"),
        name: format!("Behavior {id}"),
        event_name: event_name.to_owned(),
        rule: Rule::Count { conditions: vec![], total_count: 10 },
        points: 5,
        max_times_repeatable: None,
        max_times_repeatable_per_period: None,
        period_s: 7_776_000,
        min_time_between_events_s: None,
        consecutive: false,
        outcomes: vec![],
        published_at: UnixMillis(0),
    }
}

/// The `number`th customer of a seed: a profile of about 250 bytes with ten tags.
pub fn customer(entropy: &SeededEntropy, number: u64) -> (CustomerId, Customer) {
    let id = CustomerId(entropy.uuid());
    let mut random = [0; 16];
    entropy.fill(&mut random);
    let tags = random[..10]
        .iter()
        .map(|byte| (format!("segment-{byte}"), Tag::Counter { count: 1 }))
        .collect::<BTreeMap<_, _>>();
    let countries = ["DEU", "FRA", "USA", "GBR", "ESP"];
    let profile = Profile {
        external_id: Some(format!("C{number:09}")),
        email: Some(format!("customer{number}@example.com")),
        opted_in: true,
        first_name: Some("Alex".to_owned()),
        last_name: Some(format!("Example{number}")),
        country: Some(countries[usize::from(random[10]) % countries.len()].to_owned()),
        locale: Some("en-US".to_owned()),
        ..Profile::default()
    };
    let customer = Customer {
        profile,
        standing: Standing::default(),
        tags,
        choices: BTreeMap::new(),
        progress: BTreeMap::new(),
        points: Points { available: i64::from(random[11]) * 10, test: 0 },
        impressions: BTreeMap::new(),
        tracking_id: tracking::new_tracking_id(id, [random[12], random[13], random[14], random[15]]),
        events_logged: 0,
        created_at: UnixMillis(1_700_000_000_000),
        updated_at: UnixMillis(1_700_000_000_000),
        registered_at: Some(UnixMillis(1_700_000_000_000)),
    };
    (id, customer)
}

/// Loads `count` customers and returns their ids.
///
/// # Errors
/// When the store fails.
pub async fn load_customers(
    store: &dyn Store,
    organization: OrganizationId,
    seed: u64,
    count: u64,
) -> Fallible<Vec<CustomerId>> {
    let entropy = SeededEntropy::new(seed);
    let mut ids = Vec::with_capacity(count as usize);
    let mut writes = Vec::with_capacity(LOAD_BATCH);
    for number in 0..count {
        let (id, customer) = customer(&entropy, number);
        ids.push(id);
        let mut write = CustomerWrite::new(organization, id, Expected::Absent, Some(customer));
        write.add_names.push(CustomerName::External(format!("C{number:09}")));
        writes.push(write);
        if writes.len() == LOAD_BATCH || number + 1 == count {
            for result in store.commit(std::mem::take(&mut writes)).await {
                result?;
            }
        }
    }
    Ok(ids)
}
