//! A store to test, on either database, and how to open it again.

use muster_app::ports::{CommitRefusal, CustomerWrite, Store};
use muster_storage::{SqliteConfig, StoreConfig};
use muster_testkit::TestDatabase;
use std::sync::Arc;

/// What lives as long as the store under test.
enum Keep {
    #[expect(dead_code, reason = "held only for its drop")]
    Directory(tempfile::TempDir),
    Database(TestDatabase),
}

/// A fresh store.
pub(crate) struct Harness {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: StoreConfig,
    keep: Keep,
}

impl Harness {
    /// An embedded store in a directory of its own.
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = StoreConfig::Sqlite(SqliteConfig::new(directory.path().join("data")));
        let store = muster_storage::open(config.clone()).await.expect("a fresh store opens");
        Self { store, config, keep: Keep::Directory(directory) }
    }

    /// A store in a PostgreSQL database of its own.
    pub(crate) async fn postgres() -> Self {
        let database = tokio::task::spawn_blocking(TestDatabase::create).await.expect("a database is made");
        let config = StoreConfig::parse(database.url()).expect("a database address");
        let store = muster_storage::open(config.clone()).await.expect("a fresh store opens");
        Self { store, config, keep: Keep::Database(database) }
    }

    /// The database of a store on PostgreSQL.
    pub(crate) fn database(&self) -> &TestDatabase {
        match &self.keep {
            Keep::Database(database) => database,
            Keep::Directory(_) => panic!("this store is a file"),
        }
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = muster_storage::open(self.config.clone()).await.expect("the store opens again");
    }

    /// Commits one write.
    pub(crate) async fn commit_one(&self, write: CustomerWrite) -> Result<(), CommitRefusal> {
        let mut results = self.store.commit(vec![write]).await;
        assert_eq!(results.len(), 1);
        results.remove(0)
    }

    /// Commits one write that must succeed.
    pub(crate) async fn done(&self, write: CustomerWrite) {
        self.commit_one(write).await.expect("the write is accepted");
    }
}
