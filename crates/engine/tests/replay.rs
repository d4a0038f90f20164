//! Replaying a behavior over history, on both stores.

use muster_app::ports::{
    CatalogWrite, CustomerWrite, Expected, FixedClock, Job, JobState, OutboxEntry, SeededEntropy, Store,
    StoredCustomer,
};
use muster_app::usecases::authoring::replay::{self, ReplayParameters};
use muster_app::usecases::authoring::{campaigns, forget};
use muster_app::usecases::ingest::{IncomingEvent, Replay, ingest};
use muster_app::usecases::select::CustomerSelector;
use muster_app::{Services, Settings};
use muster_domain::behavior::{Behavior, Outcome, Progress};
use muster_domain::campaign::Campaign;
use muster_domain::event::{Context, ContextValue};
use muster_domain::ids::{BehaviorId, CampaignId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use muster_engine::{Progress as Step, Worker, WorkerSettings};
use muster_storage::StoreConfig;
use muster_testkit::TestDatabase;
use muster_testkit::builders::{BehaviorBuilder, CampaignBuilder, CustomerBuilder, NOW, organization};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const CAMPAIGN: CampaignId = CampaignId(10);
const BEHAVIOR: BehaviorId = BehaviorId(11);
const LEASE: Duration = Duration::from_secs(30);

/// What a store needs to stay alive for.
enum Home {
    Folder(#[expect(dead_code, reason = "the folder goes with the value")] tempfile::TempDir),
    Database(#[expect(dead_code, reason = "the database goes with the value")] TestDatabase),
}

struct World {
    services: Arc<Services>,
    clock: Arc<FixedClock>,
    _home: Home,
}

impl World {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let config = StoreConfig::parse(&folder.path().to_string_lossy()).expect("a data directory");
        Self::over(config, Home::Folder(folder)).await
    }

    async fn postgres() -> Self {
        let database = TestDatabase::create();
        let config = StoreConfig::parse(database.url()).expect("a database address");
        Self::over(config, Home::Database(database)).await
    }

    async fn over(config: StoreConfig, home: Home) -> Self {
        let store: Arc<dyn Store> = muster_storage::open(config).await.expect("the store opens");
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(7));
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, Settings::default())
            .await
            .expect("starts");
        Self { services, clock, _home: home }
    }

    /// A new organization with one live campaign.
    async fn organization(&self, campaign: Campaign) -> OrganizationId {
        let id = self.services.store.allocate_organization_id().await.expect("an id");
        let organization = organization(id, &format!("Organization {id}"));
        let campaign = CatalogWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent };
        let writes = vec![CatalogWrite::Organization(organization), campaign];
        self.services.store.write_catalog(id, writes).await.expect("the catalog is written");
        self.services.catalog.refresh().await.expect("the catalog is read");
        id
    }

    async fn customer(&self, organization: OrganizationId, builder: CustomerBuilder) -> CustomerId {
        let write: CustomerWrite = builder.into_write(organization);
        let id = write.id;
        self.services.store.commit(vec![write]).await.remove(0).expect("the customer is created");
        id
    }

    async fn send(&self, organization: OrganizationId, customer: CustomerId, events: &[IncomingEvent]) {
        let snapshot = self.services.catalog.organization(organization).expect("loaded");
        ingest(&self.services, &snapshot, &CustomerSelector::Id(customer), events)
            .await
            .expect("the events are taken in");
    }

    /// Publishes the behavior now, in the place of one of the same id.
    async fn publish(&self, organization: OrganizationId, behavior: &Behavior) {
        campaigns::alter(&self.services, organization, CAMPAIGN, None, &forget, |stored| {
            let mut campaign = stored.clone();
            campaign.behaviors.retain(|other| other.id != behavior.id);
            campaign.behaviors.push(behavior.clone());
            Ok(campaign)
        })
        .await
        .expect("the behavior is published");
    }

    async fn start_replay(&self, organization: OrganizationId) -> Job {
        replay::start(&self.services, organization, CAMPAIGN, BEHAVIOR, &forget).await.expect("a job")
    }

    /// Starts a replay and carries it to its end.
    async fn replay(&self, organization: OrganizationId) -> Job {
        let job = self.start_replay(organization).await;
        let worker = self.worker(3);
        while worker.run_one().await.expect("the store works") {}
        let job = self.job(organization, job.id).await;
        assert_eq!(job.state, JobState::Completed, "{:?}", job.error);
        job
    }

    fn worker(&self, page_size: u32) -> Worker {
        let settings = WorkerSettings { lease: LEASE, poll: Duration::from_millis(5), page_size };
        Worker::new(Arc::clone(&self.services), settings)
    }

    async fn job(&self, organization: OrganizationId, id: Uuid) -> Job {
        self.services.store.job(organization, id).await.expect("the store works").expect("the job exists")
    }

    async fn read(&self, organization: OrganizationId, customer: CustomerId) -> StoredCustomer {
        let found = self.services.store.customer(organization, customer).await.expect("the store works");
        found.expect("the customer exists")
    }

    async fn outbox(&self, organization: OrganizationId) -> Vec<OutboxEntry> {
        self.services.store.page_outbox(organization, None, 1000).await.expect("the store works")
    }

    async fn achievements(&self, organization: OrganizationId) -> Vec<CustomerId> {
        let entries = self.outbox(organization).await;
        let mut customers: Vec<_> = entries
            .into_iter()
            .filter(|entry| entry.kind == "behavior.achieved")
            .map(|entry| entry.customer)
            .collect();
        customers.sort_unstable();
        customers
    }
}

fn campaign() -> CampaignBuilder {
    CampaignBuilder::new(CAMPAIGN.0)
}

fn event(name: &str, at: UnixMillis) -> IncomingEvent {
    IncomingEvent {
        name: name.to_owned(),
        transaction_id: None,
        quantity: 1,
        occurred_at: Some(at),
        context: Context::new(),
        campaign: None,
    }
}

fn coffees(number: usize) -> Vec<IncomingEvent> {
    (0..number).map(|index| event("coffee", NOW.plus_seconds(index as i64 - 3600))).collect()
}

/// Everything about progress that a customer can see.
fn visible(progress: Option<&Progress>, behavior: &Behavior) -> String {
    let empty = Progress::new();
    let progress = progress.unwrap_or(&empty);
    let goals: Vec<_> = progress
        .goals(behavior)
        .map(|goal| (goal.goal.event.event_name.clone(), goal.completed, goal.achieved, goal.current_count))
        .collect();
    format!("{} {} {goals:?}", progress.achieved(), progress.current_count(behavior))
}

/// Runs a test on both stores.
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::World::sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::World::postgres().await).await;
            })*
        }
    };
}

on_both_stores! {
    history_counts_after_a_replay_and_only_once,
    a_worker_that_dies_leaves_the_rest_to_the_next,
    a_page_that_was_done_and_not_noted_gives_nothing_twice,
    events_that_arrive_meanwhile_count_once,
    only_whom_the_campaign_admits_gets_history,
    a_definition_changed_meanwhile_ends_the_job,
    an_unknown_kind_of_job_fails_and_says_so,
}

async fn history_counts_after_a_replay_and_only_once(world: World) {
    let organization = world.organization(campaign().build()).await;
    let customer = world.customer(organization, CustomerBuilder::new(1)).await;
    world.send(organization, customer, &coffees(7)).await;
    let behavior = BehaviorBuilder::count(BEHAVIOR.0, "coffee", 3)
        .points(10)
        .outcome(Outcome::Tag { name: "fan".to_owned(), ttl_s: None })
        .outcome(Outcome::Event { name: "fan_made".to_owned(), quantity: 1 })
        .build();
    world.clock.advance_s(60);
    world.publish(organization, &behavior).await;
    assert!(world.read(organization, customer).await.customer.progress.is_empty());

    let job = world.replay(organization).await;
    assert_eq!((job.done, job.total), (1, Some(1)));
    let first = world.read(organization, customer).await.customer;
    assert_eq!(visible(first.progress.get(&BEHAVIOR), &behavior), "2 1 []");
    assert_eq!(first.points.available, 20);
    assert!(first.tags.contains_key("fan"));
    assert_eq!(first.events_logged, 8, "the outcome's event is logged");

    world.clock.advance_s(60);
    world.replay(organization).await;
    assert_eq!(world.read(organization, customer).await.customer, first, "a second replay finds nothing due");
    assert_eq!(world.achievements(organization).await.len(), 1);

    // Live traffic goes on from there.
    world.send(organization, customer, &[event("coffee", NOW), event("coffee", NOW)]).await;
    let last = world.read(organization, customer).await.customer;
    assert_eq!(visible(last.progress.get(&BEHAVIOR), &behavior), "3 0 []");
    assert_eq!(last.points.available, 30);
}

/// Seven customers with history, and a behavior published after it.
async fn crowd(world: &World) -> (OrganizationId, Vec<CustomerId>) {
    let organization = world.organization(campaign().build()).await;
    let mut customers = Vec::new();
    for number in 1..=7 {
        let customer = world.customer(organization, CustomerBuilder::new(number)).await;
        world.send(organization, customer, &coffees(3)).await;
        customers.push(customer);
    }
    let behavior = BehaviorBuilder::count(BEHAVIOR.0, "coffee", 3).points(10).build();
    world.clock.advance_s(60);
    world.publish(organization, &behavior).await;
    customers.sort_unstable();
    (organization, customers)
}

async fn a_worker_that_dies_leaves_the_rest_to_the_next(world: World) {
    let (organization, customers) = crowd(&world).await;
    let job = world.start_replay(organization).await;
    let dying = world.worker(2);
    let mut claimed = dying.claim().await.expect("the store works").expect("there is a job");
    assert_eq!(claimed.advance().await.expect("a page"), Step::More);
    assert_eq!(claimed.advance().await.expect("a page"), Step::More);
    drop(claimed);
    drop(dying);
    let left = world.job(organization, job.id).await;
    assert_eq!((left.state, left.done, left.total), (JobState::Running, 4, Some(7)));
    assert_eq!(left.cursor, Some(customers[3]));

    let next = world.worker(2);
    assert!(next.claim().await.expect("the store works").is_none(), "the lease still holds");
    world.clock.advance_s(31);
    let mut claimed = next.claim().await.expect("the store works").expect("the lease has run out");
    assert_eq!(claimed.job().done, 4, "it goes on where the other stopped");
    while claimed.advance().await.expect("a page") == Step::More {}
    let ended = world.job(organization, job.id).await;
    assert_eq!((ended.state, ended.done), (JobState::Completed, 7));
    assert_eq!(world.achievements(organization).await, customers, "each once");
}

async fn a_page_that_was_done_and_not_noted_gives_nothing_twice(world: World) {
    let (organization, customers) = crowd(&world).await;
    let job = world.start_replay(organization).await;
    let first = world.worker(100);
    let mut claimed = first.claim().await.expect("the store works").expect("there is a job");
    // Everything is written, and the worker dies before it can say so.
    let snapshot = world.services.catalog.organization(organization).expect("loaded");
    let replay = Replay::new(&world.services, &snapshot, CAMPAIGN, BEHAVIOR, job.id).expect("it exists");
    let all = world.services.store.page_customers(organization, None, 100).await.expect("the store works");
    assert_eq!(replay.page(all).await.expect("a page"), 7);

    world.clock.advance_s(31);
    let second = world.worker(100);
    assert!(second.run_one().await.expect("the store works"));
    assert_eq!(world.achievements(organization).await, customers, "each once");
    for customer in customers {
        assert_eq!(world.read(organization, customer).await.customer.points.available, 10);
    }
    // The first one was only slow: it notices that it has lost the job.
    assert_eq!(claimed.advance().await.expect("the store works"), Step::Lost);
}

async fn events_that_arrive_meanwhile_count_once(world: World) {
    let (organization, customers) = crowd(&world).await;
    let job = world.start_replay(organization).await;
    let world = Arc::new(world);
    let working = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let worker = world.worker(1);
            while worker.run_one().await.expect("the store works") {}
        })
    };
    let sending = customers.iter().map(|customer| {
        let (world, customer) = (Arc::clone(&world), *customer);
        tokio::spawn(async move {
            for _ in 0..10 {
                world.send(organization, customer, &[event("coffee", NOW)]).await;
            }
        })
    });
    for sender in sending.collect::<Vec<_>>() {
        sender.await.expect("no panic");
    }
    working.await.expect("no panic");
    assert_eq!(world.job(organization, job.id).await.state, JobState::Completed);
    let behavior = BehaviorBuilder::count(BEHAVIOR.0, "coffee", 3).points(10).build();
    for customer in customers {
        let customer = world.read(organization, customer).await.customer;
        // 3 before and 10 meanwhile, by threes.
        assert_eq!(visible(customer.progress.get(&BEHAVIOR), &behavior), "4 1 []");
        assert_eq!(customer.points.available, 40);
    }
}

async fn only_whom_the_campaign_admits_gets_history(world: World) {
    let organization = world.organization(campaign().for_tag("member").opt_in().build()).await;
    let member = |number| CustomerBuilder::new(number).tag("member");
    let cases = [
        ("a member who opted in", member(1).chose(CAMPAIGN.0, true), 1),
        ("a member who opted out", member(2).chose(CAMPAIGN.0, false), 0),
        ("a member who never chose", member(3), 0),
        ("a stranger who opted in", CustomerBuilder::new(4).chose(CAMPAIGN.0, true), 0),
    ];
    let mut customers = Vec::new();
    for (what, builder, expected) in cases {
        let customer = world.customer(organization, builder).await;
        world.send(organization, customer, &coffees(3)).await;
        customers.push((what, customer, expected));
    }
    world.clock.advance_s(60);
    let behavior = BehaviorBuilder::count(BEHAVIOR.0, "coffee", 3).build();
    world.publish(organization, &behavior).await;
    world.replay(organization).await;
    for (what, customer, expected) in customers {
        let customer = world.read(organization, customer).await.customer;
        let achieved = customer.progress.get(&BEHAVIOR).map_or(0, Progress::achieved);
        assert_eq!(achieved, expected, "{what}");
    }
}

async fn a_definition_changed_meanwhile_ends_the_job(world: World) {
    let (organization, _) = crowd(&world).await;
    let job = world.start_replay(organization).await;
    let worker = world.worker(2);
    let mut claimed = worker.claim().await.expect("the store works").expect("there is a job");
    assert_eq!(claimed.advance().await.expect("a page"), Step::More);
    world.clock.advance_s(1);
    world.publish(organization, &BehaviorBuilder::count(BEHAVIOR.0, "coffee", 2).build()).await;
    assert_eq!(claimed.advance().await.expect("a page"), Step::Ended);
    let job = world.job(organization, job.id).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.expect("a reason").contains("was changed while it was replayed"));
}

async fn an_unknown_kind_of_job_fails_and_says_so(world: World) {
    let organization = world.organization(campaign().build()).await;
    let job = Job {
        id: Uuid::from_u128(5),
        organization,
        kind: "coffee.brew".to_owned(),
        parameters: json!({}),
        state: JobState::Pending,
        done: 0,
        total: None,
        cursor: None,
        error: None,
        created_at: NOW,
        updated_at: NOW,
    };
    let unreadable = Job { id: Uuid::from_u128(6), kind: replay::REPLAY_JOB.to_owned(), ..job.clone() };
    let writes = vec![CatalogWrite::Job(job.clone()), CatalogWrite::Job(unreadable.clone())];
    world.services.store.write_catalog(organization, writes).await.expect("the jobs are written");
    let worker = world.worker(1);
    while worker.run_one().await.expect("the store works") {}
    for (job, reason) in [(job, "does not know jobs of kind"), (unreadable, "parameters cannot be read")] {
        let job = world.job(organization, job.id).await;
        assert_eq!(job.state, JobState::Failed);
        let error = job.error.expect("a reason");
        assert!(error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_second_replay_of_the_same_behavior_waits_for_the_first() {
    let world = World::sqlite().await;
    let (organization, _) = crowd(&world).await;
    let first = world.start_replay(organization).await;
    let parameters: ReplayParameters = serde_json::from_value(first.parameters.clone()).expect("readable");
    assert_eq!((parameters.campaign_id, parameters.behavior_id), (CAMPAIGN, BEHAVIOR));
    let refused = replay::start(&world.services, organization, CAMPAIGN, BEHAVIOR, &forget).await;
    assert!(refused.expect_err("one is waiting").to_string().contains(&first.id.to_string()));
    let worker = world.worker(100);
    while worker.run_one().await.expect("the store works") {}
    world.start_replay(organization).await;
}

/// The behaviors that the property is about.
fn definitions() -> Vec<Behavior> {
    vec![
        BehaviorBuilder::count(BEHAVIOR.0, "coffee", 3).points(5).build(),
        BehaviorBuilder::count(BEHAVIOR.0, "coffee", 2).points(5).at_most(2).build(),
        BehaviorBuilder::count(BEHAVIOR.0, "coffee", 1).points(5).at_most_within(1, 3 * 86_400).build(),
        BehaviorBuilder::count(BEHAVIOR.0, "coffee", 2).points(5).consecutive().build(),
        BehaviorBuilder::count(BEHAVIOR.0, "coffee", 2).points(5).apart(7_200).build(),
        BehaviorBuilder::unique(BEHAVIOR.0, "visit", "store", 2).points(5).build(),
        BehaviorBuilder::composite(BEHAVIOR.0)
            .points(5)
            .counting_goal("0", "coffee", true, 2)
            .goal("0", "visit", false)
            .group("0", 1)
            .build(),
    ]
}

/// An event: name, hours before the start of the test, store, quantity.
fn events() -> impl Strategy<Value = Vec<(bool, i64, u8, u32)>> {
    prop::collection::vec((any::<bool>(), 0..200i64, 0..3u8, 1..3u32), 1..25)
}

fn incoming(events: &[(bool, i64, u8, u32)]) -> Vec<IncomingEvent> {
    let one = |&(coffee, hours, store, quantity): &(bool, i64, u8, u32)| IncomingEvent {
        quantity,
        context: Context::from([("store".to_owned(), ContextValue::Integer(store.into()))]),
        ..event(if coffee { "coffee" } else { "visit" }, NOW.plus_seconds(-3600 * hours))
    };
    events.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happened and in whatever order it was reported: after a replay a customer stands where they would
    /// stand had the behavior been there all the time, and what was credited is what was achieved.
    #[test]
    fn a_replay_is_as_if_it_had_always_been_there(log in events(), which in 0..7usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::sqlite().await;
            let behavior = definitions().swap_remove(which);
            let always = world.organization(campaign().behavior(behavior.clone()).build()).await;
            let later = world.organization(campaign().build()).await;
            let mut sorted = log.clone();
            sorted.sort_by_key(|event| -event.1);
            // The first customer's events come as they come, the second one's in order.
            for (number, log) in [(1, &log), (2, &sorted)] {
                for organization in [always, later] {
                    let customer = world.customer(organization, CustomerBuilder::new(number)).await;
                    for event in incoming(log) {
                        world.send(organization, customer, &[event]).await;
                    }
                }
            }
            world.clock.advance_s(60);
            world.publish(later, &behavior).await;
            world.replay(later).await;
            for number in [1, 2] {
                let id = CustomerId(Uuid::from_u128(number));
                let expected = world.read(always, id).await.customer;
                let replayed = world.read(later, id).await.customer;
                prop_assert_eq!(
                    visible(replayed.progress.get(&BEHAVIOR), &behavior),
                    visible(expected.progress.get(&BEHAVIOR), &behavior)
                );
                let achieved = replayed.progress.get(&BEHAVIOR).map_or(0, Progress::achieved);
                prop_assert_eq!(replayed.points.available, 5 * i64::from(achieved));
                if number == 2 {
                    prop_assert_eq!(replayed.points, expected.points, "in order, nothing is issued too early");
                }
            }
            Ok(())
        })?;
    }
}
