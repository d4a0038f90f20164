//! Which node conducts a campaign.

use super::super::error::Fault;
use super::locks;
use crate::calls::{Conduct, conducted_by};
use crate::encoding::{counter_from_column, counter_to_column};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{Ownership, StoreError};
use muster_domain::ids::CallCampaignId;
use muster_domain::time::UnixMillis;
use uuid::Uuid;

/// Prolongs what the node has.
pub(super) async fn keep(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    node: Uuid,
    until: UnixMillis,
) -> Result<Option<Ownership>, Fault> {
    let statement = client
        .prepare_cached(
            "UPDATE call_campaign SET owner_until = $3 WHERE id = $1 AND owner = $2 AND NOT coalesce(deleted, true)
             RETURNING fence",
        )
        .await?;
    let row = client.query_opt(&statement, &[&campaign.0, &node, &until.0]).await?;
    row.map(|row| Ok(Ownership { fence: counter_from_column(row.try_get(0)?), is_new: false })).transpose()
}

/// Whether nobody has it, or no longer. Asked before it is taken, because whoever takes it waits for the commits that
/// are under way.
pub(super) async fn is_free(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT 1 FROM call_campaign
             WHERE id = $1 AND NOT coalesce(deleted, true) AND (owner IS NULL OR owner_until <= $2)",
        )
        .await?;
    Ok(client.query_opt(&statement, &[&campaign.0, &now.0]).await?.is_some())
}

/// Takes it, inside an open transaction. What the one before commits in its name is committed before, or refused.
pub(super) async fn take(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    node: Uuid,
    now: UnixMillis,
    until: UnixMillis,
) -> Result<Result<Option<Ownership>, StoreError>, Fault> {
    locks::exclude(client, campaign.0).await?;
    let statement = client
        .prepare_cached(
            "SELECT owner, owner_until, fence FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true)
             FOR NO KEY UPDATE",
        )
        .await?;
    let Some(row) = client.query_opt(&statement, &[&campaign.0]).await? else {
        return Ok(Ok(None));
    };
    let found = Conduct { owner: row.try_get(0)?, until: row.try_get(1)?, fence: row.try_get(2)? };
    let Some(given) = conducted_by(found, node, now) else {
        return Ok(Ok(None));
    };
    let statement = client
        .prepare_cached("UPDATE call_campaign SET owner = $2, owner_until = $3, fence = $4 WHERE id = $1")
        .await?;
    client.execute(&statement, &[&campaign.0, &node, &until.0, &counter_to_column(given.fence)]).await?;
    Ok(Ok(Some(given)))
}

pub(super) async fn give_back(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    fence: u64,
) -> Result<(), Fault> {
    let statement = client
        .prepare_cached("UPDATE call_campaign SET owner = NULL, owner_until = 0 WHERE id = $1 AND fence = $2")
        .await?;
    client.execute(&statement, &[&campaign.0, &counter_to_column(fence)]).await?;
    Ok(())
}
