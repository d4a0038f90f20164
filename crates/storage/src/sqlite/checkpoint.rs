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
const PASSIVE_BYTES: u64 = 64 << 20;

/// Log size from which the writer makes the log begin anew.
const RESTART_BYTES: u64 = 256 << 20;

/// The sizes of the log, in bytes, at which something is done about it.
#[derive(Debug, Clone, Copy)]
struct Limits {
    passive: u64,
    restart: u64,
}

/// The writer's side of checkpointing.
pub(super) struct Checkpointer {
    limits: Limits,
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
        Self::start_with(config, writer, Limits { passive: PASSIVE_BYTES, restart: RESTART_BYTES })
    }

    fn start_with(config: &SqliteConfig, writer: &mut Connection, limits: Limits) -> StoreResult<Self> {
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
            limits,
            woken_at: 0,
            restart_from: limits.restart,
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
            self.restart_from = self.limits.restart;
        }
        if log_bytes >= self.restart_from {
            let blocked = checkpoint(writer, "RESTART").unwrap_or(true);
            self.restart_from =
                if blocked { log_bytes.saturating_add(self.limits.passive) } else { self.limits.restart };
        } else if log_bytes >= self.woken_at.saturating_add(self.limits.passive) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A writer on a file of its own, with those limits.
    fn writer(directory: &std::path::Path, limits: Limits) -> (SqliteConfig, Connection, Checkpointer) {
        let mut config = SqliteConfig::new(directory);
        config.busy_timeout = Duration::from_millis(50);
        let mut connection = file::open_writer(&config).unwrap();
        connection.execute_batch("CREATE TABLE filler (bytes BLOB)").unwrap();
        let checkpointer = Checkpointer::start_with(&config, &mut connection, limits).unwrap();
        (config, connection, checkpointer)
    }

    /// Commits that many bytes and tells the size of the log after it.
    fn commit(connection: &Connection, checkpointer: &mut Checkpointer, bytes: u32) -> u64 {
        connection.execute("INSERT INTO filler VALUES (zeroblob(?1))", [bytes]).unwrap();
        let log_bytes = checkpointer.log_pages.load(Ordering::Relaxed) * checkpointer.page_bytes;
        checkpointer.after_commit(connection);
        log_bytes
    }

    #[test]
    fn past_its_limit_the_writer_makes_the_log_begin_anew() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { passive: u64::MAX, restart: 256 << 10 };
        let (_, connection, mut checkpointer) = writer(directory.path(), limits);
        assert!(commit(&connection, &mut checkpointer, 128 << 10) < limits.restart);
        assert!(commit(&connection, &mut checkpointer, 1) > 128 << 10, "below the limit it grows");
        assert!(commit(&connection, &mut checkpointer, 256 << 10) > limits.restart);
        assert!(
            commit(&connection, &mut checkpointer, 1) < 64 << 10,
            "past it, the next commit begins a new one"
        );
    }

    #[test]
    fn a_reader_puts_the_new_log_off_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { passive: 128 << 10, restart: 256 << 10 };
        let (config, connection, mut checkpointer) = writer(directory.path(), limits);
        let reader = file::open_reader(&config).unwrap();
        commit(&connection, &mut checkpointer, 1);
        reader.execute_batch("BEGIN; SELECT count(*) FROM filler").unwrap();
        let full = commit(&connection, &mut checkpointer, 300 << 10);
        assert!(full > limits.restart);
        assert!(checkpointer.restart_from > full, "it is not tried again with every commit");
        assert!(commit(&connection, &mut checkpointer, 1) > full, "the reader's moment is kept");
        reader.execute_batch("COMMIT").unwrap();
        // The thread may be copying just then, and puts it off once more.
        let began_anew = (0..10).any(|_| {
            commit(&connection, &mut checkpointer, 130 << 10);
            commit(&connection, &mut checkpointer, 1) < full
        });
        assert!(began_anew);
    }

    #[test]
    fn the_thread_copies_before_the_writer_has_to() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { passive: 128 << 10, restart: u64::MAX };
        let (_, connection, mut checkpointer) = writer(directory.path(), limits);
        commit(&connection, &mut checkpointer, 256 << 10);
        // It ends only after it has done what it was woken for, and then the next commit begins a new log.
        checkpointer.stop();
        assert!(commit(&connection, &mut checkpointer, 1) < 64 << 10);
    }
}
