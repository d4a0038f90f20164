//! From settings to a store.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use muster_app::ports::{Store, StoreError};
use muster_storage::StoreConfig;
use std::sync::Arc;

/// The store that the settings ask for.
pub fn place(config: &Config) -> Outcome<StoreConfig> {
    config.store.to_open().map_err(|error| Failure::new("use store.database_url", error))
}

/// Opens the store, brings its schema up to date, and says plainly why if it cannot.
pub async fn open(config: &Config) -> Outcome<Arc<dyn Store>> {
    let place = place(config)?;
    let name = place.to_string();
    muster_storage::open(place).await.map_err(|error| explain(&format!("open the store {name}"), &error))
}

/// A failure of the store with advice by kind.
pub fn explain(attempted: &str, error: &StoreError) -> Failure {
    let failure = Failure::new(attempted, error);
    match error {
        StoreError::Locked(_) => failure.advise("stop the other process, or wait for it"),
        StoreError::Full(_) => failure.advise("make room on the disk, then try again; nothing was lost"),
        StoreError::ReadOnly(_) => {
            failure.advise("give this user the right to write there, or name another place by --data-dir")
        }
        StoreError::Unreachable(_) => {
            failure.advise("check the address, the network and that the server runs")
        }
        StoreError::NewerSchema { .. } => failure,
        StoreError::Corrupt(_) => failure.advise("restore the last backup; `muster doctor` tells more"),
        StoreError::Overloaded { .. } | StoreError::Unknown(_) => failure.advise("try again"),
        StoreError::Internal(_) => failure.advise("`muster doctor` tells more"),
    }
}
