//! Moving the write-ahead log into the file without making commits wait.
//!
//! Past [`PASSIVE_BYTES`] a thread copies what it can while writing goes on. That alone never lets the log begin
//! anew under constant load, so past [`RESTART_BYTES`] the writer itself does the rest between two transactions.

use super::file;
use crate::config::SqliteConfig;
use muster_app::ports::{StoreError, StoreResult};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Log size from which the thread copies in the background.
pub(super) const PASSIVE_BYTES: u64 = 64 << 20;

/// Log size from which the writer makes the log begin anew.
pub(super) const RESTART_BYTES: u64 = 256 << 20;

/// The writer's side of checkpointing.
pub(super) struct Checkpointer {
    page_bytes: u64,
    /// Pages in the log, told by SQLite after each commit.
    log_pages: Arc<AtomicU64>,
    /// Log size at which the thread was last woken.
    woken_at: u64,
    /// Log size from which a restart is tried; raised after one that readers prevented.
    restart_from: u64,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread, and watches the log through the writer's connection.
    pub(super) fn start(config: &SqliteConfig, writer: &mut Connection) -> StoreResult<Self> {
        let page_bytes: u64 = writer
            .pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))
            .ok()
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or_else(|| u64::from(file::PAGE_BYTES));
        let log_pages = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&log_pages);
        writer
            .wal_hook(Some(move |_: &mut _, pages: i32| {
                told.store(u64::from(pages.unsigned_abs()), Ordering::Relaxed);
                Ok(())
            }))
            .map_err(|error| super::error::of_sqlite(&error))?;
        let connection = file::open_checkpointer(config)?;
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&connection, &woken))
            .map_err(|error| {
                StoreError::Internal(format!("the checkpointing thread cannot start: {error}"))
            })?;
        Ok(Self {
            page_bytes,
            log_pages,
            woken_at: 0,
            restart_from: RESTART_BYTES,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Looks at the log after a commit.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let log_bytes = self.log_pages.load(Ordering::Relaxed) * self.page_bytes;
        if log_bytes < self.woken_at {
            // The log began anew.
            self.woken_at = 0;
            self.restart_from = RESTART_BYTES;
        }
        if log_bytes >= self.restart_from {
            let blocked = checkpoint(writer, "RESTART").unwrap_or(true);
            self.restart_from = if blocked { log_bytes + PASSIVE_BYTES } else { RESTART_BYTES };
        } else if log_bytes >= self.woken_at + PASSIVE_BYTES {
            self.woken_at = log_bytes;
            if let Some(wake) = &self.wake {
                // Full means that the thread is about to look anyway.
                let _ = wake.try_send(());
            }
        }
    }

    /// Ends the thread.
    pub(super) fn stop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpointing thread of the store panicked");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        if let Err(error) = checkpoint(connection, "PASSIVE") {
            tracing::warn!(%error, "a checkpoint failed; the next one tries again");
        }
    }
}

/// Runs a checkpoint; `true` if it could not finish because of others.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<bool> {
    connection
        .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0))
        .map(|busy| busy != 0)
}
