//! What can happen to a file.

use crate::fixtures::{ORG, T0, create, delete, id, update};
use crate::harness::Harness;
use crate::sims::world::{World, ordinals};
use muster_app::ports::{CommitRefusal, CustomerWrite, Store, StoreError};
use muster_domain::ids::SimCampaignId;
use muster_storage::{SqliteConfig, StoreConfig, inspect, newest_schema, open};
use rusqlite::Connection;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A store's settings that do not make a test wait.
fn quick(directory: &Path) -> SqliteConfig {
    SqliteConfig { busy_timeout: Duration::from_millis(100), ..SqliteConfig::new(directory) }
}

async fn opened(config: &SqliteConfig) -> Arc<dyn Store> {
    open(StoreConfig::Sqlite(config.clone())).await.unwrap()
}

/// The error with which opening fails.
async fn refusal(config: &SqliteConfig) -> StoreError {
    match open(StoreConfig::Sqlite(config.clone())).await {
        Ok(_) => panic!("the store opened"),
        Err(error) => error,
    }
}

async fn commit(store: &Arc<dyn Store>, write: CustomerWrite) -> Result<(), CommitRefusal> {
    store.commit(vec![write]).await.remove(0)
}

/// A closed store with one customer.
async fn made(directory: &Path) -> SqliteConfig {
    let config = quick(directory);
    let store = opened(&config).await;
    commit(&store, create(1)).await.unwrap();
    store.close().await;
    config
}

#[tokio::test]
async fn the_directory_is_made_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let nested = directory.path().join("a/b");
    let config = made(&nested).await;
    assert_eq!(std::fs::metadata(&nested).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(config.file().is_file());
    let left: Vec<_> = std::fs::read_dir(&nested).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["muster.db"], "closing leaves no log behind");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for place in [file.join("data"), file, Path::new("/proc/muster").to_owned()] {
        let message = refusal(&quick(&place)).await.to_string();
        assert!(message.contains(&place.display().to_string()), "{message}");
    }
}

#[tokio::test]
async fn another_process_that_writes_is_waited_for_and_then_told() {
    let directory = tempfile::tempdir().unwrap();
    let config = quick(directory.path());
    let store = opened(&config).await;
    commit(&store, create(1)).await.unwrap();
    let other = Connection::open(config.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let refused = commit(&store, update(1, 1)).await;
    assert!(matches!(refused, Err(CommitRefusal::Store(StoreError::Locked(_)))), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(matches!(store.ping().await, Err(StoreError::Locked(_))));
    assert_eq!(store.customer(ORG, id(1)).await.unwrap().unwrap().version, 1, "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    commit(&store, update(1, 1)).await.unwrap();
}

#[tokio::test]
async fn a_file_held_by_another_process_is_told_at_start() {
    let directory = tempfile::tempdir().unwrap();
    let config = made(directory.path()).await;
    let other = Connection::open(config.file()).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let error = refusal(&config).await;
    assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
    assert!(error.to_string().contains("muster.db"), "{error}");
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig { busy_timeout: Duration::from_secs(20), ..quick(directory.path()) };
    let (a, b) = tokio::join!(opened(&config), opened(&config));
    commit(&a, create(1)).await.unwrap();
    assert_eq!(b.customer(ORG, id(1)).await.unwrap().unwrap().version, 1);
    commit(&b, update(1, 1)).await.unwrap();
    assert!(matches!(commit(&a, update(1, 1)).await, Err(CommitRefusal::Stale)));
    let writes = |from: u32| (from..from + 300).map(create).collect::<Vec<_>>();
    let (of_a, of_b) = tokio::join!(a.commit(writes(1000)), b.commit(writes(2000)));
    assert!(of_a.iter().chain(&of_b).all(Result::is_ok));
    assert_eq!(a.count_customers(ORG).await.unwrap(), 601);
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_full_store_says_so_keeps_what_it_has_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig { size_max_mib: Some(2), ..quick(directory.path()) };
    let store = opened(&config).await;
    store.ping().await.unwrap();
    let mut stored = 0;
    let refused = loop {
        let results = store.commit((stored..stored + 100).map(create).collect()).await;
        let told = results.iter().filter(|result| result.is_ok()).count();
        if told < 100 {
            // The batch shared a transaction, and with it the fate.
            assert_eq!(told, 0, "what is acknowledged is stored");
            break results;
        }
        stored += 100;
        assert!(stored < 100_000, "the limit is never reached");
    };
    assert!(stored > 0);
    for result in refused {
        assert!(matches!(result, Err(CommitRefusal::Store(StoreError::Full(_)))), "{result:?}");
    }
    assert_eq!(store.count_customers(ORG).await.unwrap(), u64::from(stored));
    // What is small may still fit; what needs room does not, and neither does the proof that there is some.
    let mut refusals = 0;
    for n in stored..stored + 100 {
        refusals += u32::from(commit(&store, create(n)).await.is_err());
    }
    assert!(refusals > 0);
    assert!(matches!(store.ping().await, Err(StoreError::Full(_))));
    // Room is made, and no restart is needed.
    let freed: Vec<_> = (0..stored).map(|n| delete(n, 1)).collect();
    assert!(store.commit(freed).await.iter().all(Result::is_ok));
    store.ping().await.unwrap();
    commit(&store, create(900_000)).await.unwrap();
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_told_at_start() {
    let directory = tempfile::tempdir().unwrap();
    let config = made(directory.path()).await;
    // The header asks programs that do not know write version 3 to leave the file as it is. Rights would not do:
    // tests may run as root, whom they do not stop.
    let file = std::fs::OpenOptions::new().write(true).open(config.file()).unwrap();
    file.write_all_at(&[3], 18).unwrap();
    let error = refusal(&config).await;
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
}

#[tokio::test]
async fn a_newer_schema_is_told_with_both_versions() {
    let directory = tempfile::tempdir().unwrap();
    let config = made(directory.path()).await;
    let newer = newest_schema() + 1;
    Connection::open(config.file())
        .unwrap()
        .execute(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             VALUES (?1, 'from_the_future', '2030-01-01T00:00:00Z', '1')",
            [newer],
        )
        .unwrap();
    let error = refusal(&config).await;
    assert!(
        matches!(error, StoreError::NewerSchema { found, known } if found == newer && known == newest_schema()),
        "{error:?}"
    );
    // A look still works, and tells both.
    let report = inspect(StoreConfig::Sqlite(config)).await.unwrap();
    assert_eq!((report.schema_version, report.newest_schema), (newer, newest_schema()));
}

#[tokio::test]
async fn a_history_that_was_tampered_with_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let config = made(directory.path()).await;
    Connection::open(config.file())
        .unwrap()
        .execute_batch("UPDATE refinery_schema_history SET checksum = 'x', applied_on = 'y'")
        .unwrap();
    assert!(matches!(refusal(&config).await, StoreError::Corrupt(_)));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let config = quick(directory.path());
    std::fs::write(config.file(), "not a database, but long enough to be looked at".repeat(100)).unwrap();
    let error = refusal(&config).await;
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    assert!(error.to_string().contains("muster.db"), "{error}");
}

#[tokio::test]
async fn damaged_pages_are_an_error_and_not_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let config = quick(directory.path());
    let store = opened(&config).await;
    assert!(store.commit((0..500).map(create).collect()).await.iter().all(Result::is_ok));
    store.close().await;
    // Everything behind the schema's page.
    let file = std::fs::OpenOptions::new().write(true).open(config.file()).unwrap();
    let length = file.metadata().unwrap().len();
    for page in 1..length / 4096 {
        file.write_all_at(&[0x5a; 512], page * 4096).unwrap();
    }
    match open(StoreConfig::Sqlite(config)).await {
        Err(error) => assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}"),
        Ok(store) => {
            let told = store.customer(ORG, id(7)).await;
            assert!(matches!(told, Err(StoreError::Corrupt(_))), "{told:?}");
            let told = commit(&store, update(7, 1)).await;
            assert!(matches!(told, Err(CommitRefusal::Store(StoreError::Corrupt(_)))), "{told:?}");
        }
    }
}

#[tokio::test]
async fn an_aggregate_that_cannot_be_read_harms_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let config = quick(directory.path());
    let store = opened(&config).await;
    assert!(store.commit(vec![create(1), create(2)]).await.iter().all(Result::is_ok));
    Connection::open(config.file())
        .unwrap()
        .execute("UPDATE customer SET body = x'01c1' WHERE id = ?1", [id(1).0.as_bytes()])
        .unwrap();
    assert!(matches!(store.customer(ORG, id(1)).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.customer(ORG, id(2)).await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn a_participant_that_cannot_be_read_does_not_stop_its_campaign() {
    let world = World::running(Harness::sqlite().await, 4).await;
    let StoreConfig::Sqlite(config) = &world.harness.config else { panic!("an embedded store") };
    let file = Connection::open(config.file()).unwrap();
    file.execute_batch(
        "UPDATE participant SET body = x'01c1' WHERE ordinal = 0;
         UPDATE participant SET status = 2, timer_at = 1 WHERE ordinal IN (0, 3);
         UPDATE participant SET status = 0, iccid = '?' WHERE ordinal = 1;",
    )
    .unwrap();
    assert_eq!(ordinals(&world.claim(1, 10).await), [2]);
    assert!(world.claim(1, 10).await.is_empty(), "it is not given again before its lease ends");
    let due = world.sims.due_timers(T0, T0.plus_seconds(60), 10).await.unwrap();
    assert_eq!(ordinals(&due), [3]);
    // Asked for by name, it is told.
    let key = [(SimCampaignId(1), 0)];
    assert!(matches!(world.sims.load_participants(&key).await, Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn a_queue_that_is_full_refuses_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig {
        queue_max: 10,
        busy_timeout: Duration::from_mins(1),
        ..SqliteConfig::new(directory.path())
    };
    let store = opened(&config).await;
    let other = Connection::open(config.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // One transaction waits for the lock, others wait for it, and then the queue is full.
    let mut accepted = Vec::new();
    let overloaded = loop {
        let n = accepted.len() as u32;
        let store = Arc::clone(&store);
        let mut write = Box::pin(async move { store.commit(vec![create(n)]).await });
        match futures_util::poll!(write.as_mut()) {
            std::task::Poll::Pending => accepted.push(write),
            std::task::Poll::Ready(mut results) => break results.remove(0),
        }
        assert!(accepted.len() <= 10 + muster_storage::BATCH_MAX, "nothing stops the queue");
    };
    assert!(
        matches!(overloaded, Err(CommitRefusal::Store(StoreError::Overloaded { queued: 10 }))),
        "{overloaded:?}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    // What was accepted is done, and there is room again.
    for write in accepted {
        assert!(write.await.iter().all(Result::is_ok));
    }
    commit(&store, create(9999)).await.unwrap();
}

#[tokio::test]
async fn a_look_makes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let config = quick(&directory.path().join("none"));
    assert!(matches!(inspect(StoreConfig::Sqlite(config.clone())).await, Err(StoreError::Unreachable(_))));
    assert!(!config.directory.exists());
}
