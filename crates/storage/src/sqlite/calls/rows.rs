//! Reading rows.

use crate::calls::decode_contact;
use crate::encoding::{counter_from_column, from_json};
use crate::sqlite::error::Fault;
use muster_app::ports::{StoreResult, Versioned};
use muster_domain::calls::contact::Contact;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;
use std::collections::BinaryHeap;

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

/// The first keys out of several lists, each of which is in order.
pub(super) struct First<K> {
    limit: u32,
    kept: BinaryHeap<K>,
}

impl<K: Ord> First<K> {
    /// Keeps `limit` keys at most.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, kept: BinaryHeap::new() }
    }

    /// How many keys are kept at most.
    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }

    /// Keeps a key if it is among the first so far. If it is not, nothing behind it in its list is.
    pub(super) fn offer(&mut self, key: K) -> bool {
        if self.kept.len() < self.limit as usize {
            self.kept.push(key);
            return true;
        }
        match self.kept.peek_mut() {
            Some(mut last) if key < *last => {
                *last = key;
                true
            }
            _ => false,
        }
    }

    /// Those kept, in order.
    pub(super) fn in_order(self) -> Vec<K> {
        self.kept.into_sorted_vec()
    }
}
