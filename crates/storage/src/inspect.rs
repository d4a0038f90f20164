//! What an operator asks of a store before trusting it.

use crate::config::StoreConfig;
use crate::{blocking, postgres, sqlite};
use muster_app::ports::StoreResult;

/// A store, looked at without changing it.
#[derive(Debug, Clone)]
pub struct StoreReport {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    /// File or server and database, without credentials.
    pub place: String,
    /// Version of the schema found; 0 where there is none yet.
    pub schema_version: i64,
    /// Newest version that this program knows.
    pub newest_schema: i64,
    /// Bytes of the database on disk.
    pub size_bytes: u64,
    /// Further facts, each with its name, such as versions, journal mode or the result of a check.
    pub details: Vec<(&'static str, String)>,
}

/// Looks at the store of a configuration. It is neither made nor migrated, so a fault can be found on a store
/// that [`open`](crate::open) refuses.
pub async fn inspect(config: StoreConfig) -> StoreResult<StoreReport> {
    match config {
        StoreConfig::Sqlite(config) => blocking(move || sqlite::inspect(&config)).await,
        StoreConfig::Postgres(config) => postgres::inspect(&config).await,
    }
}

/// One detail of a report.
pub(crate) fn line(name: &'static str, value: &impl ToString) -> (&'static str, String) {
    (name, value.to_string())
}
