//! The database file: its directory, its connections, its schema.

use super::error::of_sqlite;
use crate::config::SqliteConfig;
use crate::failure::about;
use crate::migrations;
use muster_app::ports::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a page, for files made by us. A page holds a few aggregates, and a write copies the pages it touches as a
/// whole: with 8,192 bytes an ingest wrote 17 KiB an event instead of 9, with 16,384 it was 29, at equal CPU.
pub(super) const PAGE_BYTES: u32 = 4096;

/// How long to wait before asking again for the WAL mode.
const WAL_RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Prepared statements each connection keeps; more than there are in this crate.
const STATEMENTS_KEPT: usize = 256;

/// Makes the data directory, for its owner alone.
pub(super) fn prepare_directory(directory: &Path) -> StoreResult<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| {
        let text = format!(
            "the data directory {} cannot be made: {error}; make it yourself or name another one",
            directory.display()
        );
        match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => StoreError::ReadOnly(text),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(text),
            _ => StoreError::Unreachable(text),
        }
    })
}

/// Opens the connection that writes, and makes the file where there is none.
pub(super) fn open_writer(config: &SqliteConfig) -> StoreResult<Connection> {
    let file = config.file();
    let connection = Connection::open_with_flags(
        &file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|error| opening(&file, of_sqlite(&error)))?;
    set_up_writer(&connection, config).map_err(|error| opening(&file, of_sqlite(&error)))?;
    if connection.is_readonly("main").unwrap_or(true) {
        return Err(StoreError::ReadOnly(format!(
            "{} may not be written; give this user the right to write it and its directory",
            file.display()
        )));
    }
    Ok(connection)
}

fn set_up_writer(connection: &Connection, config: &SqliteConfig) -> rusqlite::Result<()> {
    connection.busy_timeout(config.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    switch_to_wal(connection, config.busy_timeout)?;
    connection.pragma_update(None, "synchronous", config.synchronous.pragma())?;
    connection.pragma_update(None, "cache_size", -i64::from(config.cache_mib) * 1024)?;
    connection.pragma_update(None, "mmap_size", i64::from(config.mmap_mib) << 20)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let Some(mib) = config.size_max_mib {
        let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        connection.pragma_update(None, "max_page_count", (i64::from(mib) << 20) / page_bytes)?;
    }
    // Checkpoints are the checkpointer's; inline they made the slowest commits.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // After a checkpoint the log restarts from its beginning; a log that once grew is cut back to this.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)
}

/// Puts the file into WAL mode. While another process does the same to a new file SQLite answers busy at once, without
/// waiting as it does elsewhere, so the waiting is ours.
fn switch_to_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && begun.elapsed() < patience =>
            {
                std::thread::sleep(WAL_RETRY_INTERVAL);
            }
            result => return result,
        }
    }
}

/// Opens a connection that reads.
pub(super) fn open_reader(config: &SqliteConfig) -> StoreResult<Connection> {
    let file = config.file();
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(
            &file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(config.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -8192)?;
        connection.pragma_update(None, "mmap_size", i64::from(config.mmap_mib) << 20)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    };
    open().map_err(|error| opening(&file, of_sqlite(&error)))
}

/// Opens a connection that only moves the log into the file.
pub(super) fn open_checkpointer(config: &SqliteConfig) -> StoreResult<Connection> {
    let file = config.file();
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(
            &file,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(config.busy_timeout)?;
        connection.pragma_update(None, "synchronous", config.synchronous.pragma())?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(connection)
    };
    open().map_err(|error| opening(&file, of_sqlite(&error)))
}

/// Brings the schema up to date, or says that the file is of a newer program.
pub(super) fn migrate(connection: &mut Connection, file: &Path) -> StoreResult<()> {
    let known = migrations::sqlite::migrations::runner().set_grouped(true);
    if !migrations::is_behind(&applied(connection).map_err(|e| opening(file, of_sqlite(&e)))?, &known)? {
        return Ok(());
    }
    let outcome = known.run(connection);
    // Another process may have been faster, and then there is nothing left to do.
    if let Err(error) = outcome
        && migrations::is_behind(&applied(connection).map_err(|e| opening(file, of_sqlite(&e)))?, &known)?
    {
        let cause = match error.kind() {
            refinery::error::Kind::Connection(_, cause) => cause.downcast_ref::<rusqlite::Error>(),
            _ => None,
        };
        return Err(about(
            cause.map_or_else(|| StoreError::Internal(error.to_string()), of_sqlite),
            &format!("bringing the schema of {} up to date", file.display()),
        ));
    }
    Ok(())
}

/// The migrations a file has had: version and checksum of each.
pub(super) fn applied(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let has_history = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'", [], |_| Ok(()))
        .optional()?
        .is_some();
    if !has_history {
        return Ok(Vec::new());
    }
    connection
        .prepare("SELECT version, checksum FROM refinery_schema_history ORDER BY version")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn opening(file: &Path, error: StoreError) -> StoreError {
    let advice = match error {
        StoreError::Locked(_) => "; another process holds it: stop that one or try again",
        StoreError::Corrupt(_) => "; restore it from a backup, or move it away to begin anew",
        StoreError::Full(_) => "; make room on the disk",
        StoreError::ReadOnly(_) | StoreError::Unreachable(_) => {
            "; this user must be able to write the file and its directory"
        }
        _ => "",
    };
    about(error, &format!("opening {}{advice}", file.display()))
}
