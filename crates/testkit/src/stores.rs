//! Stores of both kinds, each empty and of its own.

use crate::TestDatabase;
use muster_app::ports::Store;
use muster_storage::{SqliteConfig, StoreConfig, Synchronous};
use std::any::Any;
use std::sync::Arc;

/// An empty store, which is gone when this is dropped.
pub struct TestStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Removes the store's files, or drops its database, in the end.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl TestStore {
    /// An embedded one.
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = SqliteConfig::new(directory.path());
        // Nothing here must survive a power cut.
        config.synchronous = Synchronous::Normal;
        let store = muster_storage::open(StoreConfig::Sqlite(config)).await.expect("the store opens");
        Self { store, keep: Box::new(directory) }
    }

    /// One on a database server.
    pub async fn postgres() -> Self {
        let database = tokio::task::spawn_blocking(TestDatabase::create).await.expect("a database");
        let config = StoreConfig::parse(database.url()).expect("an address");
        let store = muster_storage::open(config).await.expect("the store opens");
        Self { store, keep: Box::new(database) }
    }
}

/// Runs each test on every kind of store: `on_both_stores! { World; async fn name(world: World) { … } }`, where
/// `World::over(TestStore)` makes what the test is handed.
#[macro_export]
macro_rules! on_both_stores {
    ($World:ident; $($(#[$attribute:meta])* async fn $name:ident($world:ident: $Type:ty) $body:block)*) => {
        mod cases {
            use super::*;
            $($(#[$attribute])* pub(super) async fn $name($world: $Type) $body)*
        }

        mod sqlite {
            use super::$World;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::cases::$name($World::over($crate::TestStore::sqlite().await).await).await;
            })*
        }

        mod postgres {
            use super::$World;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::cases::$name($World::over($crate::TestStore::postgres().await).await).await;
            })*
        }
    };
}
