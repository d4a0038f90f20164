//! What rows hold, in the domain's words.
//!
//! Statements of this side that look several things up join a list with a table by `LATERAL (… LIMIT 1)`: that leaves
//! the server no other plan than one look-up for each entry of the list, whatever it believes of the table's size.

use super::super::error::Fault;
use crate::encoding::{counter_from_column, counter_to_column, from_json};
use crate::sims::ParticipantColumns;
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{PageOf, Paged, ParticipantRow, Versioned};
use serde::de::DeserializeOwned;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

/// The entity in the columns `version`, `body`.
pub(super) fn versioned<T: DeserializeOwned>(row: &Row, what: &str) -> Result<Versioned<T>, Fault> {
    Ok(Versioned { version: counter_from_column(row.try_get(0)?), value: from_json(row.try_get(1)?, what)? })
}

/// A page by counting rows off, for lists that people make by hand. The statement for the rows takes what to skip
/// and how many as parameters behind those given, the other one counts them all.
pub(super) async fn page<T>(
    client: &ClientWrapper,
    rows: &Statement,
    total: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
    of: PageOf,
    read: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Paged<T>, Fault> {
    let (skip, size) = (counter_to_column(of.skip()), i64::from(of.size));
    let mut paged = parameters.to_vec();
    paged.extend([&skip as &(dyn ToSql + Sync), &size]);
    let (rows, total) = try_join(client.query(rows, &paged), client.query_one(total, parameters)).await?;
    Ok(Paged {
        rows: rows.iter().map(read).collect::<Result<_, Fault>>()?,
        total: counter_from_column(total.try_get(0)?),
    })
}

/// The columns of a participant, of a table called `p`.
macro_rules! participant_columns {
    () => {
        "p.campaign, p.ordinal, p.id, p.sim, p.iccid, p.status, p.attempt, p.code, p.message, p.updated_at, \
         p.due_at, p.timer_at, p.revision"
    };
}
pub(super) use participant_columns;

/// A participant's row from [`participant_columns`], and from the column behind them if its body is among them.
pub(super) fn participant(row: &Row, first: usize, with_body: bool) -> Result<ParticipantColumns, Fault> {
    Ok(ParticipantColumns {
        campaign: row.try_get(first)?,
        ordinal: row.try_get(first + 1)?,
        id: row.try_get(first + 2)?,
        sim: row.try_get(first + 3)?,
        iccid: row.try_get(first + 4)?,
        status: row.try_get(first + 5)?,
        attempt: row.try_get(first + 6)?,
        code: row.try_get(first + 7)?,
        message: row.try_get(first + 8)?,
        updated_at: row.try_get(first + 9)?,
        due_at: row.try_get(first + 10)?,
        timer_at: row.try_get(first + 11)?,
        revision: row.try_get(first + 12)?,
        body: if with_body { row.try_get(first + 13)? } else { None },
    })
}

/// A participant as readers see it, from [`participant_columns`].
pub(super) fn participant_row(row: &Row) -> Result<ParticipantRow, Fault> {
    Ok(participant(row, 0, false)?.into_row()?)
}

/// One answer for each of `count` questions, from rows that begin with the question's number, counted from 1.
pub(super) fn one_each<T>(
    count: usize,
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Vec<Option<T>>, Fault> {
    let mut answers: Vec<Option<T>> = (0..count).map(|_| None).collect();
    for row in rows {
        let index: i64 = row.try_get(0)?;
        let answer = usize::try_from(index - 1).ok().and_then(|index| answers.get_mut(index));
        if let Some(answer) = answer {
            *answer = Some(read(row)?);
        }
    }
    Ok(answers)
}
