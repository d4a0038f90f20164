//! What rows hold, in the domain's words.
//!
//! Statements that look several things up join a list with a table by `LATERAL (… LIMIT 1)`: that leaves the server no
//! other plan than one look-up for each entry of the list, whatever it believes of the table's size. Where a campaign is
//! sought by its id, `NOT coalesce(deleted, true)` says what `NOT deleted` would, and leaves no choice either: the lists
//! of campaigns have an id in them, too, but not in front. And a range of an index's whole key, as in
//! `(contact, id) >= ($1, …)`, sorted by it, is answered by that index alone; were the first part equal to something, the
//! order of the last part could be had from others, by reading all of a table.

use super::super::error::Fault;
use crate::calls::{decode_call, decode_contact};
use crate::encoding::{counter_from_column, from_json};
use muster_app::ports::{StoreError, Versioned};
use muster_domain::calls::call::Call;
use muster_domain::calls::contact::Contact;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

/// Octets of a long text that lists are sorted by, or rows are found by: what an entry of an index has room for.
const INDEXED_MAX: usize = 1024;

/// A text as far as an index holds it. Whoever asks for equality compares the whole text afterwards.
pub(super) fn indexed(text: &str) -> &[u8] {
    let octets = text.as_bytes();
    octets.get(..INDEXED_MAX).unwrap_or(octets)
}

/// The text in a column of octets.
pub(super) fn text(row: &Row, column: usize) -> Result<String, Fault> {
    String::from_utf8(row.try_get(column)?)
        .map_err(|_| StoreError::Corrupt("a stored name is no text".to_owned()).into())
}

/// The entity in the columns `version`, `body`.
pub(super) fn versioned<T: DeserializeOwned>(row: &Row, what: &str) -> Result<Versioned<T>, Fault> {
    Ok(Versioned { version: counter_from_column(row.try_get(0)?), value: from_json(row.try_get(1)?, what)? })
}

/// Contacts from the columns `version`, `body`.
pub(super) fn versioned_contacts(rows: &[Row]) -> Result<Vec<Versioned<Contact>>, Fault> {
    rows.iter()
        .map(|row| {
            let value = decode_contact(row.try_get(1)?)?;
            Ok(Versioned { version: counter_from_column(row.try_get(0)?), value })
        })
        .collect()
}

/// Calls from the column `body`.
pub(super) fn calls(rows: &[Row]) -> Result<Vec<Call>, Fault> {
    rows.iter().map(|row| Ok(decode_call(row.try_get(0)?)?)).collect()
}
