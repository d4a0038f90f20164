//! Pages of lists that are short enough to count.

use crate::encoding::{counter_from_column, counter_to_column, from_json};
use crate::sqlite::error::Fault;
use muster_app::ports::{PageOf, Paged};
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

/// A page of rows. Both statements take `keys`; the one that lists takes the size and the number of rows before the
/// page behind them.
pub(super) fn page<T>(
    connection: &Connection,
    (count, list): (&str, &str),
    keys: &[&dyn ToSql],
    page: PageOf,
    mut row: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Paged<T>, Fault> {
    let total: i64 = connection.prepare_cached(count)?.query_row(keys, |row| row.get(0))?;
    let (size, skip) = (page.size, counter_to_column(page.skip()));
    let mut rows = Vec::new();
    if skip < total {
        let mut all = keys.to_vec();
        all.extend([&size as &dyn ToSql, &skip]);
        let mut statement = connection.prepare_cached(list)?;
        let mut found = statement.query(&*all)?;
        while let Some(next) = found.next()? {
            rows.push(row(next)?);
        }
    }
    Ok(Paged { rows, total: counter_from_column(total) })
}

/// What is in the JSON of a row's first column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, what: &str) -> Result<T, Fault> {
    let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(from_json(text, what)?)
}
