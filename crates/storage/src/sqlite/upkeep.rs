//! What keeps the store in order: sweeping what has expired, and proving that it can be read and written.

use super::error::Fault;
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, params};

/// Most rows of each kind that one step of a sweep deletes.
pub(super) const SWEEP_MAX: u64 = 1000;

/// Deletes some expired client tokens and old replies; returns how many. Less than [`SWEEP_MAX`] means that none
/// is left.
pub(super) fn sweep(
    connection: &Connection,
    now: UnixMillis,
    replies_before: UnixMillis,
) -> Result<u64, Fault> {
    let tokens = connection
        .prepare_cached(
            "DELETE FROM client_token WHERE (organization, sha256) IN
             (SELECT organization, sha256 FROM client_token WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute(params![now.0, SWEEP_MAX as i64])?;
    let replies = connection
        .prepare_cached(
            "DELETE FROM stored_reply WHERE key IN
             (SELECT key FROM stored_reply WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)",
        )?
        .execute(params![replies_before.0, SWEEP_MAX as i64])?;
    Ok((tokens + replies) as u64)
}

/// Reads a row.
pub(super) fn look(connection: &Connection) -> Result<(), Fault> {
    connection.prepare_cached("SELECT beat FROM pulse")?.query_row([], |_| Ok(()))?;
    Ok(())
}

/// Writes a row. Room for new pages is asked for and given back, because changing a row in place succeeds even on
/// a store that is full.
pub(super) fn beat(connection: &Connection) -> Result<(), Fault> {
    connection.execute_batch("SAVEPOINT room")?;
    connection
        .prepare_cached("UPDATE pulse SET pad = zeroblob(?1)")?
        .execute(params![super::file::PAGE_BYTES * 2])?;
    connection.execute_batch("ROLLBACK TO room; RELEASE room")?;
    connection.prepare_cached("UPDATE pulse SET beat = (beat + 1) % 1000000")?.execute([])?;
    Ok(())
}
