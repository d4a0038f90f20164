//! Locks on campaigns as such. They stand in a queue, unlike locks on a campaign's row, where a stream of readers
//! that share one would never let a writer through: whoever wants to pause a campaign waits for the changes that
//! are being committed, and those that come later wait for the pause.

use super::super::commit::execute;
use super::super::error::Fault;
use deadpool_postgres::ClientWrapper;

/// Apart from the numbers of other advisory locks.
const CAMPAIGNS: i64 = 0x7369_6d63 << 32;

/// Lets nobody change these campaigns until the transaction ends. In ascending order, as everybody.
pub(super) const SHARE: &str =
    "SELECT pg_advisory_xact_lock_shared(key) FROM unnest($1::bigint[]) AS w (key)";

/// The locks of campaigns.
pub(super) fn keys(campaigns: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut keys: Vec<i64> = campaigns.into_iter().map(|campaign| CAMPAIGNS ^ campaign).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Waits until no change of these campaigns' participants that needs them running is being committed, and holds
/// further ones off until the transaction ends.
pub(super) async fn exclude(
    client: &ClientWrapper,
    campaigns: impl IntoIterator<Item = i64>,
) -> Result<(), Fault> {
    let keys = keys(campaigns);
    execute(
        client,
        "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS w (key)",
        keys.len(),
        &[&keys],
    )
    .await?;
    Ok(())
}
