//! A look at the file without changing it.

use super::error::of_sqlite;
use super::file::applied;
use crate::config::SqliteConfig;
use crate::failure::about;
use crate::inspect::{StoreReport, line};
use muster_app::ports::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags};

/// What there is to tell about the file. It is neither made nor migrated.
pub(crate) fn inspect(config: &SqliteConfig) -> StoreResult<StoreReport> {
    let file = config.file();
    let size = std::fs::metadata(&file).map_err(|error| {
        StoreError::Unreachable(format!("{} cannot be looked at: {error}", file.display()))
    })?;
    let look = || -> rusqlite::Result<StoreReport> {
        let connection = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(config.busy_timeout)?;
        let history = applied(&connection)?;
        let text = |name: &str| -> rusqlite::Result<String> {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| {
                row.get_ref(0).map(|value| match value {
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    other => other.as_str().unwrap_or("?").to_owned(),
                })
            })
        };
        let log = file.with_extension("db-wal");
        Ok(StoreReport {
            kind: "sqlite",
            place: file.display().to_string(),
            schema_version: history.iter().map(|(version, _)| *version).max().unwrap_or(0),
            newest_schema: crate::newest_schema(),
            size_bytes: size.len(),
            details: vec![
                line("SQLite version", &rusqlite::version()),
                line("journal mode", &text("journal_mode")?),
                line("page size", &text("page_size")?),
                line("pages", &text("page_count")?),
                line("free pages", &text("freelist_count")?),
                line("log bytes", &std::fs::metadata(log).map_or(0, |log| log.len())),
                line("quick check", &text("quick_check(1)")?),
            ],
        })
    };
    look().map_err(|error| about(of_sqlite(&error), &format!("looking at {}", file.display())))
}
