//! What is remembered of telephone numbers.

use super::rows::{all, bytes, one};
use super::write::{Stop, stale};
use crate::calls::{decode_number, encode_number, expected_of, is_as_expected};
use crate::encoding::counter_from_column;
use crate::sqlite::error::Fault;
use muster_app::ports::Versioned;
use muster_domain::calls::client::NumberRecord;
use muster_domain::ids::ClientId;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) const NUMBER: &str = "SELECT version, body FROM call_number WHERE client = ?1 AND number = ?2";
pub(super) const SUPPRESSED: &str = "SELECT body FROM call_number INDEXED BY call_number_suppressed
     WHERE client = ?1 AND suppressed = 1 AND number > ?2 ORDER BY number LIMIT ?3";

pub(super) fn number(
    connection: &Connection,
    client: ClientId,
    number: &str,
) -> Result<Option<Versioned<NumberRecord>>, Fault> {
    one(connection, NUMBER, params![client.0, number], |row| {
        Ok(Versioned { value: bytes(row, 1, decode_number)?, version: counter_from_column(row.get(0)?) })
    })
}

pub(super) fn suppressed(
    connection: &Connection,
    client: ClientId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<NumberRecord>, Fault> {
    // No number is empty, so all of them lie behind the empty one.
    let after = after.unwrap_or_default();
    all(connection, SUPPRESSED, params![client.0, after, limit], |row| bytes(row, 0, decode_number))
}

pub(super) fn write(connection: &Connection, record: &NumberRecord, version: u64) -> Result<(), Stop> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT version FROM call_number WHERE client = ?1 AND number = ?2")?
        .query_row(params![record.client.0, record.number], |row| row.get(0))
        .optional()?;
    if !is_as_expected(found, expected_of(version)) {
        return Err(stale("number"));
    }
    connection
        .prepare_cached(
            "INSERT INTO call_number (client, number, suppressed, version, body) VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT (client, number) DO UPDATE SET suppressed = excluded.suppressed,
             version = version + 1, body = excluded.body",
        )?
        .execute(params![
            record.client.0,
            record.number,
            record.suppressed.is_some(),
            encode_number(record)?
        ])?;
    Ok(())
}
