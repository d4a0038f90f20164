//! What can happen to a server, and on the way to it.

use crate::fixtures::{ORG, create, id, organization, update};
use muster_app::ports::{
    CatalogRefusal, CatalogWrite, CommitRefusal, CustomerName, CustomerWrite, PlaceChange, Store, StoreError,
};
use muster_domain::ids::CampaignId;
use muster_storage::{PostgresConfig, StoreConfig, inspect, newest_schema, open};
use muster_testkit::{TestDatabase, TestPostgres};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// Longer than any bound under test, shorter than patience.
const SOON: Duration = Duration::from_secs(15);

async fn database() -> TestDatabase {
    tokio::task::spawn_blocking(TestDatabase::create).await.unwrap()
}

/// A server of the test's own, which it may stop.
async fn server() -> (Arc<TestPostgres>, TestDatabase) {
    tokio::task::spawn_blocking(|| {
        let server = TestPostgres::start();
        let database = server.database();
        (server, database)
    })
    .await
    .unwrap()
}

async fn opened(database: &TestDatabase) -> Arc<dyn Store> {
    open(StoreConfig::parse(database.url()).unwrap()).await.unwrap()
}

/// The error with which opening fails.
async fn refusal(url: &str) -> StoreError {
    match open(StoreConfig::parse(url).unwrap()).await {
        Ok(_) => panic!("the store opened"),
        Err(error) => error,
    }
}

/// Another session of the database.
async fn session(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn commit(store: &Arc<dyn Store>, write: CustomerWrite) -> Result<(), CommitRefusal> {
    store.commit(vec![write]).await.remove(0)
}

#[track_caller]
fn assert_unreachable<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) {
    assert!(matches!(outcome, Err(StoreError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_and_comes_back_needs_no_restart_of_ours() {
    let (server, database) = server().await;
    let store = opened(&database).await;
    commit(&store, create(1)).await.unwrap();
    store.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "one"))]).await.unwrap();
    for (round, stop) in [TestPostgres::stop, TestPostgres::crash].into_iter().enumerate() {
        let n = 10 + round as u32;
        tokio::task::block_in_place(|| stop(&server));
        let begun = Instant::now();
        for _ in 0..3 {
            assert_unreachable(&store.customer(ORG, id(1)).await);
            assert_unreachable(&store.ping().await);
            assert_unreachable(&store.load_catalog(ORG).await);
            let refused = commit(&store, create(n)).await;
            assert!(matches!(refused, Err(CommitRefusal::Store(StoreError::Unreachable(_)))), "{refused:?}");
            let refused =
                store.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "x"))]).await;
            assert!(matches!(refused, Err(CatalogRefusal::Store(StoreError::Unreachable(_)))), "{refused:?}");
        }
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        tokio::task::block_in_place(|| server.restart());
        assert_eq!(store.customer(ORG, id(1)).await.unwrap().unwrap().version, 1);
        store.ping().await.unwrap();
        // The writers ask again after a short pause.
        let begun = Instant::now();
        while let Err(refusal) = commit(&store, create(n)).await {
            assert!(matches!(refusal, CommitRefusal::Store(StoreError::Unreachable(_))), "{refusal}");
            assert!(begun.elapsed() < SOON);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(store.load_catalog(ORG).await.unwrap().unwrap().version, 1);
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_are_replaced_unnoticed() {
    let database = database().await;
    let store = opened(&database).await;
    commit(&store, create(1)).await.unwrap();
    store.customer(ORG, id(1)).await.unwrap();
    let admin = session(&database).await;
    let ended = admin
        .query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'muster'",
            &[],
        )
        .await
        .unwrap();
    assert!(ended.len() >= 2, "a reader and a writer at least");
    assert_eq!(store.customer(ORG, id(1)).await.unwrap().unwrap().version, 1);
    commit(&store, update(1, 1)).await.unwrap();
    store.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "one"))]).await.unwrap();
    assert!(store.load_catalog(ORG).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_fire_nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let database = database().await;
    let store = opened(&database).await;
    let admin = session(&database).await;
    // Writers count upwards, each its own customer, while all connections are ended again and again.
    let writers = (1..=8).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut acknowledged = 0;
            let mut unknown = 0_u64;
            for _ in 0..150 {
                let version =
                    store.customer(ORG, id(n)).await.map(|found| found.map_or(0, |found| found.version));
                let Ok(version) = version else { continue };
                let write = if version == 0 { create(n) } else { update(n, version) };
                match commit(&store, write).await {
                    Ok(()) => acknowledged += 1,
                    Err(CommitRefusal::Store(StoreError::Unknown(_))) => unknown += 1,
                    Err(CommitRefusal::Store(StoreError::Unreachable(_))) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            (n, acknowledged, unknown)
        })
    });
    let writers: Vec<_> = writers.collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        admin
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'muster'",
                &[],
            )
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut total = 0;
    for writer in writers {
        let (n, acknowledged, unknown) = writer.await.unwrap();
        let version = store.customer(ORG, id(n)).await.unwrap().map_or(0, |found| found.version);
        assert!(
            (acknowledged..=acknowledged + unknown).contains(&version),
            "version {version} after {acknowledged} acknowledged and {unknown} unknown"
        );
        total += acknowledged;
    }
    assert!(total > 0, "nothing came through");
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it() {
    let (_server, database) = server().await;
    let url = database.url();
    let password = url.split_once("muster:").unwrap().1.split_once('@').unwrap().0;
    let error = refusal(&url.replace(password, "hunter2")).await;
    assert_unreachable(&Err::<(), _>(error.clone()));
    let message = error.to_string();
    assert!(message.contains("127.0.0.1") && message.contains("muster"), "{message}");
    assert!(!message.contains("hunter2") && !message.contains(password), "{message}");
    let missing = url.rsplit_once('/').unwrap().0.to_owned() + "/no_such_database";
    let message = refusal(&missing).await.to_string();
    assert!(message.contains("no_such_database"), "{message}");
}

#[tokio::test]
async fn nobody_there_or_nobody_answering_is_told_soon() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    // Accepts (the kernel does) and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [nobody, silent.local_addr().unwrap()] {
        let mut config = PostgresConfig::new(&format!("postgres://u:hunter2@{address}/db")).unwrap();
        config.connect_timeout = Duration::from_millis(500);
        let begun = Instant::now();
        let error = open(StoreConfig::Postgres(config.clone())).await.err().unwrap();
        assert!(begun.elapsed() < SOON);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_unreachable(&Err::<(), _>(error));
        assert_unreachable(&inspect(StoreConfig::Postgres(config)).await);
    }
}

#[tokio::test]
async fn a_newer_schema_is_told_with_both_versions() {
    let database = database().await;
    opened(&database).await.close().await;
    let newer = newest_schema() + 1;
    session(&database)
        .await
        .batch_execute(&format!(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             VALUES ({newer}, 'from_the_future', '2030-01-01T00:00:00Z', '1')"
        ))
        .await
        .unwrap();
    let error = refusal(database.url()).await;
    assert!(
        matches!(error, StoreError::NewerSchema { found, known } if found == newer && known == newest_schema()),
        "{error:?}"
    );
    let report = inspect(StoreConfig::parse(database.url()).unwrap()).await.unwrap();
    assert_eq!((report.schema_version, report.newest_schema), (newer, newest_schema()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_bring_the_schema_up_to_date_once() {
    let database = database().await;
    let nodes = (0..6).map(|_| {
        let config = StoreConfig::parse(database.url()).unwrap();
        tokio::spawn(open(config))
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.unwrap().unwrap().close().await;
    }
}

#[tokio::test]
async fn a_database_that_may_not_be_written_is_told() {
    let database = database().await;
    let store = opened(&database).await;
    commit(&store, create(1)).await.unwrap();
    store.close().await;
    database.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    );
    let store = opened(&database).await;
    assert_eq!(store.customer(ORG, id(1)).await.unwrap().unwrap().version, 1);
    let refused = commit(&store, update(1, 1)).await;
    assert!(matches!(refused, Err(CommitRefusal::Store(StoreError::ReadOnly(_)))), "{refused:?}");
    let refused = store.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "one"))]).await;
    assert!(matches!(refused, Err(CatalogRefusal::Store(StoreError::ReadOnly(_)))), "{refused:?}");
    assert!(matches!(store.ping().await, Err(StoreError::ReadOnly(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_others_hold_is_waited_for_and_then_told() {
    let database = database().await;
    let mut config = PostgresConfig::new(database.url()).unwrap();
    config.lock_timeout = Duration::from_millis(200);
    let store = open(StoreConfig::Postgres(config)).await.unwrap();
    commit(&store, create(1)).await.unwrap();
    let other = session(&database).await;
    other.batch_execute("BEGIN; SELECT 1 FROM customer FOR UPDATE").await.unwrap();
    let refused = commit(&store, update(1, 1)).await;
    assert!(matches!(refused, Err(CommitRefusal::Store(StoreError::Locked(_)))), "{refused:?}");
    other.batch_execute("ROLLBACK").await.unwrap();
    commit(&store, update(1, 1)).await.unwrap();
}

#[tokio::test]
async fn a_queue_that_is_full_refuses_at_once() {
    let database = database().await;
    let mut config = PostgresConfig::new(database.url()).unwrap();
    config.queue_max = 10;
    config.lock_timeout = Duration::from_secs(30);
    let store = open(StoreConfig::Postgres(config)).await.unwrap();
    let other = session(&database).await;
    other.batch_execute("BEGIN; LOCK TABLE customer IN EXCLUSIVE MODE").await.unwrap();
    let write = |n| {
        let store = Arc::clone(&store);
        Box::pin(async move { store.commit(vec![create(n)]).await })
    };
    let mut accepted = Vec::new();
    for n in 0..10 {
        let mut write = write(n);
        assert!(futures_util::poll!(write.as_mut()).is_pending());
        accepted.push(write);
    }
    let overloaded = write(10).await.remove(0);
    assert!(
        matches!(overloaded, Err(CommitRefusal::Store(StoreError::Overloaded { queued: 10 }))),
        "{overloaded:?}"
    );
    other.batch_execute("ROLLBACK").await.unwrap();
    for write in accepted {
        assert!(write.await.iter().all(Result::is_ok));
    }
    commit(&store, create(9999)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_hears_of_a_change() {
    let database = database().await;
    let (here, there) = (opened(&database).await, opened(&database).await);
    let mut hints = there.catalog_hints();
    // The listener tells once when it begins to listen, since it may have missed something before.
    tokio::time::timeout(SOON, hints.changed()).await.expect("it listens").unwrap();
    here.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "one"))]).await.unwrap();
    tokio::time::timeout(SOON, hints.changed()).await.expect("it hears").unwrap();
    assert_eq!(there.organizations().await.unwrap(), [(ORG, 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_hold_across_nodes() {
    let database = database().await;
    let nodes = [opened(&database).await, opened(&database).await];
    let campaign = CampaignId(5);
    let takers = (1..=64).map(|n| {
        let store = Arc::clone(&nodes[n as usize % 2]);
        let place = PlaceChange { campaign, delta: 1, limit: Some(10) };
        tokio::spawn(async move { commit(&store, CustomerWrite { places: vec![place], ..create(n) }).await })
    });
    let mut taken = 0;
    for taker in takers.collect::<Vec<_>>() {
        match taker.await.unwrap() {
            Ok(()) => taken += 1,
            Err(CommitRefusal::LimitReached(full)) => assert_eq!(full, campaign),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((taken, nodes[0].places_taken(ORG, campaign).await.unwrap()), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_want_the_same_rows_in_other_orders_all_come_through() {
    let database = database().await;
    let nodes = [opened(&database).await, opened(&database).await];
    assert!(nodes[0].commit((0..20).map(create).collect()).await.iter().all(Result::is_ok));
    // Names and places make a call take its customers one after the other, in one transaction.
    let tasks = (0..12_u32).map(|task| {
        let store = Arc::clone(&nodes[task as usize % 2]);
        tokio::spawn(async move {
            let mut accepted = 0_u64;
            for round in 0..5 {
                let mut members: Vec<u32> = (0..20).collect();
                if task % 2 == 0 {
                    members.reverse();
                }
                let mut writes = Vec::new();
                for n in members {
                    let version = store.customer(ORG, id(n)).await.unwrap().unwrap().version;
                    let name = CustomerName::External(format!("{task}-{round}-{n}"));
                    writes.push(CustomerWrite { add_names: vec![name], ..update(n, version) });
                }
                for result in store.commit(writes).await {
                    match result {
                        Ok(()) => accepted += 1,
                        Err(CommitRefusal::Stale) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
            accepted
        })
    });
    let mut accepted = 0;
    for task in tasks.collect::<Vec<_>>() {
        accepted += task.await.unwrap();
    }
    let mut versions = 0;
    for n in 0..20 {
        versions += nodes[1].customer(ORG, id(n)).await.unwrap().unwrap().version - 1;
    }
    assert_eq!(versions, accepted, "every accepted write, and no other, moved a version");
    assert!(accepted > 0);
}

#[tokio::test]
async fn text_that_the_server_cannot_hold_harms_nobody_else() {
    let database = database().await;
    let store = opened(&database).await;
    let name = CustomerName::External("a\0b".to_owned());
    let results = store
        .commit(vec![create(1), CustomerWrite { add_names: vec![name.clone()], ..create(2) }, create(3)])
        .await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(store.customer(ORG, id(2)).await.unwrap().is_none());
    assert!(store.customer_by_name(ORG, &name).await.is_err());
    store.ping().await.unwrap();
}
