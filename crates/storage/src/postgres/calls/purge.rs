//! Removing what belongs to deleted campaigns, a little at a time.

use super::super::error::Fault;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::StoreError;

/// What belongs to a campaign beside its contacts. Rows are taken by their place: nobody else changes them any more.
const OTHERS: [&str; 4] = [
    "DELETE FROM call_attempt WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM call_attempt WHERE campaign = $1 ORDER BY campaign, id LIMIT $2))",
    "DELETE FROM call_result_code WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM call_result_code WHERE campaign = $1 LIMIT $2))",
    "DELETE FROM call_count WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM call_count WHERE campaign = $1 LIMIT $2))",
    "DELETE FROM call_ledger WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM call_ledger WHERE campaign = $1 LIMIT $2))",
];

/// Removes up to `limit` rows inside an open transaction; how many. A contact's numbers go with it and are not counted.
/// A campaign that another node is purging is passed over.
pub(super) async fn purge(client: &ClientWrapper, limit: u32) -> Result<Result<u64, StoreError>, Fault> {
    let limit = u64::from(limit);
    let mut removed = 0;
    while removed < limit {
        let Some(campaign) = first(client).await? else { break };
        removed += contacts(client, campaign, limit - removed).await?;
        for statement in OTHERS {
            if removed < limit {
                let statement = client.prepare_cached(statement).await?;
                let left = (limit - removed).cast_signed();
                removed += client.execute(&statement, &[&campaign, &left]).await?;
            }
        }
        // With room left there is nothing else of it.
        if removed < limit {
            let statement =
                client.prepare_cached("DELETE FROM call_campaign WHERE id = $1 AND deleted").await?;
            removed += client.execute(&statement, &[&campaign]).await?;
        }
    }
    Ok(Ok(removed))
}

/// The first campaign of which something is left.
async fn first(client: &ClientWrapper) -> Result<Option<i64>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT id FROM call_campaign WHERE deleted ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
        )
        .await?;
    client.query_opt(&statement, &[]).await?.map(|row| Ok(row.try_get(0)?)).transpose()
}

async fn contacts(client: &ClientWrapper, campaign: i64, limit: u64) -> Result<u64, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT id FROM call_contact WHERE campaign = $1 ORDER BY campaign, sort_name, id LIMIT $2",
        )
        .await?;
    let rows = client.query(&statement, &[&campaign, &limit.cast_signed()]).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    let numbers = client.prepare_cached("DELETE FROM call_contact_number WHERE contact = ANY ($1)").await?;
    let contacts = client.prepare_cached("DELETE FROM call_contact WHERE id = ANY ($1)").await?;
    client.execute(&numbers, &[&ids]).await?;
    Ok(client.execute(&contacts, &[&ids]).await?)
}
