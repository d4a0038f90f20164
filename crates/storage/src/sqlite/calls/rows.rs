//! Reading rows.

use crate::calls::decode_contact;
use crate::encoding::{counter_from_column, from_json};
use crate::sqlite::error::Fault;
use muster_app::ports::{StoreResult, Versioned};
use muster_domain::calls::contact::Contact;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;

/// What is in the JSON of a column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize, what: &str) -> Result<T, Fault> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(from_json(text, what)?)
}

/// What is in the bytes of a column.
pub(super) fn bytes<T>(
    row: &Row<'_>,
    column: usize,
    decode: impl FnOnce(&[u8]) -> StoreResult<T>,
) -> Result<T, Fault> {
    let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(decode(bytes)?)
}

/// A contact from its row of version and body.
pub(super) fn contact(row: &Row<'_>) -> Result<Versioned<Contact>, Fault> {
    Ok(Versioned { value: bytes(row, 1, decode_contact)?, version: counter_from_column(row.get(0)?) })
}

/// All rows of a statement.
pub(super) fn all<T>(
    connection: &Connection,
    statement: &str,
    parameters: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(parameters)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// The row of a statement that has one at most.
pub(super) fn one<T>(
    connection: &Connection,
    statement: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let found = statement.query_row(parameters, |row| Ok(read(row))).optional()?;
    found.transpose()
}
