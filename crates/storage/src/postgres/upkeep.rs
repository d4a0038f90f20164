//! What keeps the store in order: sweeping what has expired, and proving that it can be read and written.

use super::error::Fault;
use deadpool_postgres::ClientWrapper;
use muster_domain::time::UnixMillis;

/// Most rows of each kind that one step of a sweep deletes.
pub(super) const SWEEP_MAX: u64 = 1000;

/// Deletes some expired client tokens and old replies; returns how many. Less than [`SWEEP_MAX`] means that none
/// is left, or that another node is sweeping them.
pub(super) async fn sweep(
    client: &ClientWrapper,
    now: UnixMillis,
    replies_before: UnixMillis,
) -> Result<u64, Fault> {
    let most = SWEEP_MAX as i64;
    let tokens = client
        .execute(
            "DELETE FROM client_token WHERE (organization, sha256) IN
             (SELECT organization, sha256 FROM client_token WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&now.0, &most],
        )
        .await?;
    let replies = client
        .execute(
            "DELETE FROM stored_reply WHERE key IN
             (SELECT key FROM stored_reply WHERE created_at < $1
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&replies_before.0, &most],
        )
        .await?;
    Ok(tokens + replies)
}

/// Writes a row, and thereby reads one.
pub(super) async fn beat(client: &ClientWrapper) -> Result<(), Fault> {
    client.execute("UPDATE pulse SET beat = (beat + 1) % 1000000", &[]).await?;
    Ok(())
}
