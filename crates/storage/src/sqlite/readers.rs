//! Connections that read: kept on a stack, more of them opened when it is empty.

use super::error::Fault;
use super::file::open_reader;
use crate::config::SqliteConfig;
use muster_app::ports::{StoreError, StoreResult};
use parking_lot::Mutex;
use rusqlite::Connection;

/// The stack of idle read connections. Taking one never waits.
pub(super) struct Readers {
    config: SqliteConfig,
    /// `None` once the store is closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    /// Opens the first connection, which proves that the file can be read.
    pub(super) fn open(config: &SqliteConfig) -> StoreResult<Self> {
        let first = open_reader(config)?;
        Ok(Self { config: config.clone(), idle: Mutex::new(Some(vec![first])) })
    }

    /// Reads with one of the connections.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> StoreResult<T> {
        let idle = match self.idle.lock().as_mut() {
            Some(idle) => idle.pop(),
            None => return Err(StoreError::Unreachable("it was closed".to_owned())),
        };
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.config)?,
        };
        let outcome = work(&connection);
        // One that is left inside a transaction would keep the log from being cut; it is closed instead.
        if connection.is_autocommit()
            && let Some(idle) = self.idle.lock().as_mut()
            && idle.len() < self.config.readers
        {
            idle.push(connection);
        }
        outcome.map_err(StoreError::from)
    }

    /// Reads several statements of one moment.
    pub(super) fn snapshot<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> StoreResult<T> {
        self.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let value = work(&transaction)?;
            transaction.finish()?;
            Ok(value)
        })
    }

    /// Closes the idle connections; those in use close when they come back.
    pub(super) fn close(&self) {
        drop(self.idle.lock().take());
    }
}
