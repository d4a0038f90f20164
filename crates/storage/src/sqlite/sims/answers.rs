//! Parts of cards' answers, and sweeping what has expired.

use crate::sqlite::error::Fault;
use muster_app::ports::AnswerPart;
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, params};

/// Most rows of each kind that one step of a sweep deletes.
pub(super) const SWEEP_MAX: u64 = 1000;

/// What a sweep deletes: tokens, parts of answers, requests.
pub(super) const SWEEPS: [&str; 3] = [
    "DELETE FROM api_token WHERE sha256 IN
     (SELECT sha256 FROM api_token WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    "DELETE FROM answer_part WHERE (source, reference, total, sequence) IN
     (SELECT source, reference, total, sequence FROM answer_part
      WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
    "DELETE FROM sim_request WHERE id IN
     (SELECT id FROM sim_request WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)",
];

/// Stores a part and returns all of its message.
pub(super) fn add(connection: &Connection, part: &AnswerPart) -> Result<Vec<AnswerPart>, Fault> {
    connection
        .prepare_cached(
            "INSERT INTO answer_part (source, reference, total, sequence, user_data, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (source, reference, total, sequence)
             DO UPDATE SET user_data = excluded.user_data, received_at = excluded.received_at",
        )?
        .execute(params![
            part.source,
            part.reference,
            part.total,
            part.sequence,
            part.user_data,
            part.received_at.0
        ])?;
    Ok(connection
        .prepare_cached(
            "SELECT sequence, user_data, received_at FROM answer_part
             WHERE source = ?1 AND reference = ?2 AND total = ?3 ORDER BY sequence",
        )?
        .query_map(params![part.source, part.reference, part.total], |row| {
            Ok(AnswerPart {
                source: part.source.clone(),
                reference: part.reference,
                total: part.total,
                sequence: row.get(0)?,
                user_data: row.get(1)?,
                received_at: UnixMillis(row.get(2)?),
            })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

/// Forgets the parts of a message.
pub(super) fn forget(connection: &Connection, source: &str, reference: u16) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM answer_part WHERE source = ?1 AND reference = ?2")?
        .execute(params![source, reference])?;
    Ok(())
}

/// Deletes some of what has expired; returns how many rows. Less than [`SWEEP_MAX`] means that none is left.
pub(super) fn sweep(
    connection: &Connection,
    now: UnixMillis,
    parts_before: UnixMillis,
    requests_before: UnixMillis,
) -> Result<u64, Fault> {
    let mut swept = 0;
    for (statement, before) in SWEEPS.into_iter().zip([now, parts_before, requests_before]) {
        swept += connection.prepare_cached(statement)?.execute(params![before.0, SWEEP_MAX as i64])?;
    }
    Ok(swept as u64)
}
