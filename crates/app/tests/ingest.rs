//! What events do to a customer, over the real embedded store.

use muster_app::ports::{CatalogWrite, CustomerWrite, Expected, FixedClock, OutboxEntry, SeededEntropy};
use muster_app::usecases::decide::view_customer;
use muster_app::usecases::ingest::{BatchItem, IncomingEvent, Ingested, ingest, ingest_batch};
use muster_app::usecases::opt_in::{Choice, choose};
use muster_app::usecases::select::{CampaignSelector, CustomerSelector};
use muster_app::{AppError, Services, Settings, tracking};
use muster_domain::audience::Targeting;
use muster_domain::behavior::{Behavior, Outcome, Rule};
use muster_domain::campaign::{
    AdBundle, Campaign, CampaignStatus, CampaignType, LineItem, OptIn, OptInRefusal, ParticipationState,
};
use muster_domain::customer::{Customer, Points, Profile, Standing, Tag};
use muster_domain::event::{Context, Event};
use muster_domain::ids::{BehaviorId, CampaignId, CustomerId, LineItemId, OrganizationId};
use muster_domain::organization::Organization;
use muster_domain::time::{UnixMillis, Window};
use muster_storage::StoreConfig;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const DAY_S: i64 = 86_400;
const ORGANIZATION: OrganizationId = OrganizationId(1);

/// What a test case changes about a customer's standing.
type Change = fn(&mut Standing);

struct World {
    services: Arc<Services>,
    clock: Arc<FixedClock>,
    _directory: tempfile::TempDir,
}

impl World {
    async fn with(campaigns: Vec<Campaign>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = StoreConfig::parse(&directory.path().to_string_lossy()).expect("a data directory");
        let store = muster_storage::open(config).await.expect("the store opens");
        let organization = store.allocate_organization_id().await.expect("an id");
        assert_eq!(organization, ORGANIZATION);
        let mut writes = vec![CatalogWrite::Organization(Organization {
            id: organization,
            name: "Test".into(),
            multi_org: false,
            time_zone: "UTC".into(),
            public_base_url: None,
            tracking_secret: "secret".into(),
            created_at: NOW,
        })];
        writes.extend(campaigns.into_iter().map(|campaign| CatalogWrite::Campaign {
            campaign: Box::new(campaign),
            expected: Expected::Absent,
        }));
        store.write_catalog(organization, writes).await.expect("the catalog is written");
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(1));
        let settings = Settings::default();
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, settings)
            .await
            .expect("starts");
        Self { services, clock, _directory: directory }
    }

    async fn customer(&self, number: u128, tags: &[&str]) -> CustomerId {
        let id = CustomerId(Uuid::from_u128(number));
        let customer = Customer {
            profile: Profile::default(),
            standing: Standing::default(),
            tags: tags.iter().map(|&tag| (tag.to_owned(), Tag::Counter { count: 1 })).collect(),
            choices: BTreeMap::new(),
            progress: BTreeMap::new(),
            points: Points::default(),
            impressions: BTreeMap::new(),
            tracking_id: tracking::new_tracking_id(id, [1, 2, 3, 4]),
            events_logged: 0,
            created_at: NOW,
            updated_at: NOW,
            registered_at: Some(NOW),
        };
        let write = CustomerWrite::new(ORGANIZATION, id, Expected::Absent, Some(customer));
        self.services.store.commit(vec![write]).await.remove(0).expect("the customer is created");
        id
    }

    async fn send(&self, id: CustomerId, events: &[IncomingEvent]) -> Result<Ingested, AppError> {
        let organization = self.services.catalog.organization(ORGANIZATION).expect("loaded");
        ingest(&self.services, &organization, &CustomerSelector::Id(id), events).await
    }

    async fn load(&self, id: CustomerId) -> Customer {
        self.services.store.customer(ORGANIZATION, id).await.expect("readable").expect("exists").customer
    }

    async fn log(&self, id: CustomerId) -> Vec<Event> {
        self.services.store.events_of(ORGANIZATION, id, &[]).await.expect("readable")
    }

    async fn outbox(&self) -> Vec<OutboxEntry> {
        self.services.store.page_outbox(ORGANIZATION, None, 1000).await.expect("readable")
    }

    async fn state(&self, id: CustomerId, campaign: i64) -> ParticipationState {
        let organization = self.services.catalog.organization(ORGANIZATION).expect("loaded");
        let view =
            view_customer(&self.services, organization, &CustomerSelector::Id(id)).await.expect("viewed");
        let selector = CampaignSelector::Id(CampaignId(campaign));
        view.find(&selector).expect("found").participation.state
    }
}

fn campaign(id: i64, behaviors: Vec<Behavior>) -> Campaign {
    let window = Window { starts_at: NOW.plus_seconds(-100 * DAY_S), ends_at: NOW.plus_seconds(100 * DAY_S) };
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
        line_items: vec![LineItem { id: LineItemId(id * 100), name: "Line item".into(), groups: vec![] }],
        behaviors,
        offers: vec![],
        division: None,
        version: 2,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn count(id: i64, event_name: &str, total_count: u32) -> Behavior {
    Behavior {
        id: BehaviorId(id),
        external_id: Uuid::from_u128(id as u128).to_string(),
        name: format!("Behavior {id}"),
        event_name: event_name.into(),
        rule: Rule::Count { conditions: vec![], total_count },
        points: 10,
        max_times_repeatable: None,
        max_times_repeatable_per_period: None,
        period_s: 7_776_000,
        min_time_between_events_s: None,
        consecutive: false,
        outcomes: vec![],
        published_at: NOW,
    }
}

fn event(name: &str, transaction_id: &str) -> IncomingEvent {
    IncomingEvent {
        name: name.into(),
        transaction_id: Some(transaction_id.into()),
        quantity: 1,
        occurred_at: None,
        context: Context::new(),
        campaign: None,
    }
}

fn dated(name: &str, transaction_id: &str, days_ago: i64) -> IncomingEvent {
    IncomingEvent { occurred_at: Some(NOW.plus_seconds(-days_ago * DAY_S)), ..event(name, transaction_id) }
}

#[tokio::test]
async fn an_achievement_credits_points_runs_outcomes_and_is_told_to_the_outbox() {
    let mut behavior = count(1, "purchase", 2);
    behavior.outcomes = vec![
        Outcome::Points { amount: 5 },
        Outcome::Tag { name: "buyer".into(), ttl_s: None },
        Outcome::Tag { name: "fresh".into(), ttl_s: Some(60) },
    ];
    let world = World::with(vec![campaign(1, vec![behavior])]).await;
    let id = world.customer(1, &[]).await;
    let first = world.send(id, &[event("purchase", "a")]).await.expect("accepted");
    assert_eq!((first.changes[0].achieved, first.changes[0].current_count), (0, 1));
    assert!(first.notifications.is_empty());
    let second = world.send(id, &[event("purchase", "b")]).await.expect("accepted");
    assert_eq!((second.changes[0].achieved, second.changes[0].current_count), (1, -1));
    assert_eq!(second.changes[0].points, 15);
    assert_eq!(second.notifications.len(), 1);
    let customer = world.load(id).await;
    assert_eq!(customer.points.available, 15);
    assert_eq!(customer.tags["buyer"], Tag::Counter { count: 1 });
    assert_eq!(customer.tags["fresh"], Tag::Expiring { expires_at: NOW.plus_seconds(60) });
    let outbox = world.outbox().await;
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0].kind, "behavior.achieved");
    assert_eq!(outbox[0].payload["points"], json!(15));
}

#[tokio::test]
async fn a_repeated_transaction_id_changes_nothing_and_shows_the_state() {
    let world = World::with(vec![campaign(1, vec![count(1, "purchase", 3)])]).await;
    let id = world.customer(1, &[]).await;
    world.send(id, &[event("purchase", "a")]).await.expect("accepted");
    let before = world.load(id).await;
    let repeat = world.send(id, &[event("purchase", "a")]).await.expect("accepted");
    assert_eq!((repeat.accepted, repeat.changes.len(), repeat.changes[0].current_count), (0, 1, 0));
    assert_eq!(world.load(id).await, before);
    // The same id under another name is another event, and twice in one call it is one.
    let twice = world.send(id, &[event("visit", "a"), event("visit", "a")]).await.expect("accepted");
    assert_eq!(twice.accepted, 1);
    assert_eq!(world.log(id).await.len(), 2);
}

#[tokio::test]
async fn one_bad_event_refuses_the_call_and_leaves_its_ids_free() {
    let world = World::with(vec![campaign(1, vec![count(1, "purchase", 3)])]).await;
    let id = world.customer(1, &[]).await;
    let ahead = dated("purchase", "b", -1);
    let refused = world.send(id, &[event("purchase", "a"), ahead]).await;
    assert!(matches!(refused, Err(AppError::Invalid(_))));
    assert!(world.log(id).await.is_empty());
    assert_eq!(world.send(id, &[event("purchase", "a")]).await.expect("accepted").accepted, 1);
}

#[tokio::test]
async fn a_late_event_lands_where_it_happened() {
    let mut behavior = count(1, "visit", 3);
    behavior.consecutive = true;
    let world = World::with(vec![campaign(1, vec![behavior])]).await;
    let id = world.customer(1, &[]).await;
    world.send(id, &[dated("visit", "d3", 3)]).await.expect("accepted");
    world.send(id, &[dated("visit", "d1", 1)]).await.expect("accepted");
    assert_eq!(world.load(id).await.points.available, 0, "the run is broken at day 2");
    world.send(id, &[dated("visit", "d2", 2)]).await.expect("accepted");
    let customer = world.load(id).await;
    assert_eq!(customer.points.available, 10, "the late event completes the run, once");
    assert_eq!(customer.progress[&BehaviorId(1)].achieved(), 1);
}

#[tokio::test]
async fn tags_from_outcomes_change_who_qualifies_within_the_same_call() {
    let mut away = count(1, "purchase", 1);
    away.outcomes = vec![Outcome::Tag { name: "done".into(), ttl_s: None }];
    let mut once = campaign(1, vec![away]);
    once.bundle.targeting =
        Some(Targeting::parse(json!({"user.tags": {"$not": {"$in": ["done"]}}})).expect("a valid query"));
    let world = World::with(vec![once]).await;
    let id = world.customer(1, &[]).await;
    world.send(id, &[event("purchase", "a"), event("purchase", "b")]).await.expect("accepted");
    let customer = world.load(id).await;
    assert_eq!(customer.points.available, 10, "the second purchase comes after the tag");
    let log = world.log(id).await;
    assert_eq!(log[0].admitted, [CampaignId(1)]);
    assert!(log[1].admitted.is_empty());
}

#[tokio::test]
async fn an_event_raised_by_an_outcome_is_logged_and_folded_and_a_circle_is_cut() {
    let mut first = count(1, "a", 1);
    first.outcomes = vec![Outcome::Event { name: "b".into(), quantity: 2 }];
    let mut second = count(2, "b", 2);
    second.outcomes = vec![Outcome::Event { name: "a".into(), quantity: 1 }];
    let world = World::with(vec![campaign(1, vec![first, second])]).await;
    let id = world.customer(1, &[]).await;
    world.send(id, &[event("a", "1")]).await.expect("accepted");
    let names: Vec<_> = world.log(id).await.into_iter().map(|event| event.name).collect();
    assert_eq!(names.len(), 5, "the cause and four raised: {names:?}");
    assert!(world.outbox().await.iter().any(|entry| entry.kind == "event.chain_cut"));
}

#[tokio::test]
async fn opt_in_by_event_goes_through_the_same_checks_and_takes_a_place() {
    let mut limited = campaign(1, vec![count(1, "purchase", 1)]);
    limited.opt_in.required = true;
    limited.opt_in.limit = Some(1);
    let world = World::with(vec![limited]).await;
    let (one, two) = (world.customer(1, &[]).await, world.customer(2, &[]).await);
    world.send(one, &[event("purchase", "before")]).await.expect("stored");
    assert_eq!(world.load(one).await.points.available, 0, "events before opt-in do not count");
    let both = [event("campaigns.1.opt_in", "in"), event("purchase", "after")];
    world.send(one, &both).await.expect("accepted");
    assert_eq!(world.load(one).await.points.available, 10);
    let full = world.send(two, &[event("campaigns.1.opt_in", "in")]).await;
    assert!(matches!(full, Err(AppError::OptIn(OptInRefusal::LimitReached))));
    assert!(world.log(two).await.is_empty());
    world.send(one, &[event("campaigns.1.opt_out", "out")]).await.expect("accepted");
    assert_eq!(world.state(one, 1).await, ParticipationState::OptedOut);
    world.send(two, &[event("campaigns.1.opt_in", "in")]).await.expect("the place is free again");
    assert_eq!(world.state(two, 1).await, ParticipationState::OptedIn);
    let unknown = world.send(two, &[event("campaigns.99.opt_in", "in")]).await;
    assert!(matches!(unknown, Err(AppError::CampaignNotFound)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_given_once() {
    let mut limited = campaign(1, vec![]);
    limited.opt_in.required = true;
    limited.opt_in.limit = Some(3);
    let world = World::with(vec![limited]).await;
    let mut askers = Vec::new();
    for number in 1..=24 {
        let id = world.customer(number, &[]).await;
        let services = Arc::clone(&world.services);
        askers.push(tokio::spawn(async move {
            let organization = services.catalog.organization(ORGANIZATION).expect("loaded");
            let campaign = CampaignSelector::Id(CampaignId(1));
            let customer = CustomerSelector::Id(id);
            choose(&services, &organization, &customer, &campaign, Choice::In).await
        }));
    }
    let mut won = 0;
    for asker in askers {
        match asker.await.expect("no panic") {
            Ok(()) => won += 1,
            Err(AppError::OptIn(OptInRefusal::LimitReached)) => {}
            Err(other) => panic!("unexpected refusal: {other}"),
        }
    }
    assert_eq!(won, 3);
    assert_eq!(world.services.store.places_taken(ORGANIZATION, CampaignId(1)).await.expect("read"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_transaction_id_at_once_counts_once() {
    let world = World::with(vec![campaign(1, vec![count(1, "purchase", 1)])]).await;
    let id = world.customer(1, &[]).await;
    let calls: Vec<_> = (0..32)
        .map(|number| {
            let services = Arc::clone(&world.services);
            tokio::spawn(async move {
                let organization = services.catalog.organization(ORGANIZATION).expect("loaded");
                let transaction_id = format!("t{}", number % 4);
                let events = [event("purchase", &transaction_id)];
                ingest(&services, &organization, &CustomerSelector::Id(id), &events).await
            })
        })
        .collect();
    let mut accepted = 0;
    for call in calls {
        accepted += call.await.expect("no panic").expect("accepted").accepted;
    }
    assert_eq!(accepted, 4);
    assert_eq!(world.load(id).await.points.available, 40);
}

#[tokio::test]
async fn a_batch_takes_each_customer_on_its_own_and_repeats_in_turn() {
    let world = World::with(vec![campaign(1, vec![count(1, "purchase", 1)])]).await;
    let (one, two) = (world.customer(1, &[]).await, world.customer(2, &[]).await);
    let organization = world.services.catalog.organization(ORGANIZATION).expect("loaded");
    let item =
        |customer, transaction_id| BatchItem { customer, events: vec![event("purchase", transaction_id)] };
    let stranger = CustomerId(Uuid::from_u128(99));
    let items = [item(one, "a"), item(two, "a"), item(one, "b"), item(stranger, "a"), item(two, "a")];
    let answers = ingest_batch(&world.services, &organization, &items).await;
    let accepted: Vec<_> = answers.iter().map(|answer| answer.as_ref().ok().map(|ok| ok.accepted)).collect();
    assert_eq!(accepted, [Some(1), Some(1), Some(1), None, Some(0)]);
    assert!(matches!(answers[3], Err(AppError::CustomerNotFound)));
    assert_eq!(world.load(one).await.points.available, 20);
    assert_eq!(world.load(two).await.points.available, 10);
}

#[tokio::test]
async fn a_suspended_or_ceased_customer_earns_nothing_and_a_test_account_earns_test_points() {
    let world = World::with(vec![campaign(1, vec![count(1, "purchase", 1)])]).await;
    let rows: [(&str, Change, i64, i64); 4] = [
        ("plain", |_| {}, 10, 0),
        ("suspended", |standing| standing.suspended = true, 0, 0),
        ("ceased", |standing| standing.marketing_ceased = true, 0, 0),
        ("test", |standing| standing.test_account = true, 0, 10),
    ];
    for (number, (name, change, available, test)) in (1_u128..).zip(rows) {
        let id = world.customer(number, &[]).await;
        let mut stored =
            world.services.store.customer(ORGANIZATION, id).await.expect("read").expect("exists");
        change(&mut stored.customer.standing);
        let expected = Expected::Version(stored.version);
        let write = CustomerWrite::new(ORGANIZATION, id, expected, Some(stored.customer));
        world.services.store.commit(vec![write]).await.remove(0).expect("written");
        world.send(id, &[event("purchase", "a")]).await.expect("accepted");
        assert_eq!(world.load(id).await.points, Points { available, test }, "{name}");
    }
}

#[tokio::test]
async fn targeting_counts_past_events_from_the_log() {
    let mut loyal = campaign(1, vec![]);
    loyal.bundle.targeting = Some(
        Targeting::parse(json!({"user.events.purchase": {"$count": {"$gte": 2}, "$within": "30 days"}}))
            .expect("a valid query"),
    );
    let world = World::with(vec![loyal]).await;
    let id = world.customer(1, &[]).await;
    world.send(id, &[dated("purchase", "old", 40), event("purchase", "new")]).await.expect("accepted");
    assert_eq!(world.state(id, 1).await, ParticipationState::NotQualified);
    world.send(id, &[event("purchase", "newer")]).await.expect("accepted");
    assert_eq!(world.state(id, 1).await, ParticipationState::Qualified);
    world.clock.advance_s(31 * DAY_S);
    assert_eq!(world.state(id, 1).await, ParticipationState::NotQualified);
}
