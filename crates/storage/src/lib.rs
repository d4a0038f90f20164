//! Where Muster keeps what must survive: one port, two databases.
//!
//! [`open`] gives the [`Store`] of a [`StoreConfig`]: a data directory holds an embedded
//! SQLite file and needs nothing installed; a `postgres://` address lets any number of nodes work on one
//! PostgreSQL. The SQL is written twice, by hand, with the same migration numbers, and one conformance suite holds
//! both to the port's words.
//!
//! Both acknowledge a write only after its transaction has been made durable, and both put the writes that wait
//! into one transaction (group commit).

mod calls;
mod config;
mod encoding;
mod failure;
mod inspect;
mod meters;
mod migrations;
mod postgres;
mod prepared;
mod sims;
mod sqlite;

pub use config::{PostgresConfig, SqliteConfig, StoreConfig, Synchronous};
pub use inspect::{StoreReport, inspect};
pub use migrations::newest_schema;

use muster_app::ports::{Store, StoreResult};
use std::sync::Arc;

/// Most customer writes that share one transaction. More would make the first of them wait for the last without
/// saving anything: the cost of a commit is spread thin enough by then.
pub const BATCH_MAX: usize = 512;

/// Opens the store, creating it where it does not exist and bringing its schema up to date.
///
/// Fails with a message that says what was tried, where, and what can be done: the directory cannot be made or
/// written, another process holds a lock, the schema is of a newer Muster, the file is damaged, the server does
/// not answer or refuses the credentials. Passwords never appear in it.
pub async fn open(config: StoreConfig) -> StoreResult<Arc<dyn Store>> {
    match config {
        StoreConfig::Sqlite(config) => {
            let store = blocking(move || sqlite::SqliteStore::open(&config)).await?;
            Ok(Arc::new(store))
        }
        StoreConfig::Postgres(config) => Ok(Arc::new(postgres::PostgresStore::open(config).await?)),
    }
}

/// Runs blocking work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failure| {
        Err(muster_app::ports::StoreError::Internal(format!(
            "a blocking operation of the store ended: {failure}"
        )))
    })
}
