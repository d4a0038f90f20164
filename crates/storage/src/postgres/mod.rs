//! The store on a PostgreSQL server.

use crate::config::PostgresConfig;
use crate::inspect::StoreReport;
use muster_app::ports::{StoreError, StoreResult};

/// Looks at the database.
pub(crate) async fn inspect(config: &PostgresConfig) -> StoreResult<StoreReport> {
    Err(StoreError::Unreachable(format!("{}: not spoken yet", config.place())))
}
