//! Reads about campaigns: what they say, and what was counted of them.

use super::super::error::Fault;
use super::rows::versioned;
use crate::calls::told;
use crate::encoding::{counter_from_column, from_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{CallCounts, Versioned};
use muster_domain::calls::call::LedgerDay;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ClientId};

const WHAT: &str = "call campaign";

pub(super) async fn campaigns(
    client: &ClientWrapper,
    of: ClientId,
) -> Result<Vec<Versioned<CallCampaign>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT version, body FROM call_campaign WHERE client = $1 AND NOT deleted
             ORDER BY sort_name, id",
        )
        .await?;
    client.query(&statement, &[&of.0]).await?.iter().map(|row| versioned(row, WHAT)).collect()
}

pub(super) async fn campaign(
    client: &ClientWrapper,
    id: CallCampaignId,
) -> Result<Option<Versioned<CallCampaign>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT version, body FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true)",
        )
        .await?;
    client.query_opt(&statement, &[&id.0]).await?.map(|row| versioned(&row, WHAT)).transpose()
}

pub(super) async fn campaign_named(
    client: &ClientWrapper,
    of: ClientId,
    name: &str,
) -> Result<Option<Versioned<CallCampaign>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT version, body FROM call_campaign
             WHERE client = $1 AND sha256(name) = sha256($2) AND name = $2 AND NOT deleted",
        )
        .await?;
    let row = client.query_opt(&statement, &[&of.0, &name.as_bytes()]).await?;
    row.map(|row| versioned(&row, WHAT)).transpose()
}

pub(super) async fn active_campaigns(client: &ClientWrapper) -> Result<Vec<Versioned<CallCampaign>>, Fault> {
    let statement = client
        .prepare_cached("SELECT version, body FROM call_campaign WHERE active AND NOT deleted ORDER BY id")
        .await?;
    client.query(&statement, &[]).await?.iter().map(|row| versioned(row, WHAT)).collect()
}

pub(super) async fn result_codes(
    client: &ClientWrapper,
    campaign: CallCampaignId,
) -> Result<Vec<ResultCode>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT body FROM call_result_code WHERE campaign = $1
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
             ORDER BY id",
        )
        .await?;
    let rows = client.query(&statement, &[&campaign.0]).await?;
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, "result code")?)).collect()
}

pub(super) async fn counts(client: &ClientWrapper, campaign: CallCampaignId) -> Result<CallCounts, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT kind, key, sum(n)::bigint FROM call_count WHERE campaign = $1
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
             GROUP BY kind, key",
        )
        .await?;
    let rows = client.query(&statement, &[&campaign.0]).await?;
    let counted = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(told(counted))
}

pub(super) async fn ledger(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    from: i32,
) -> Result<Vec<LedgerDay>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT day, live, abandoned FROM call_ledger WHERE campaign = $1 AND day >= $2
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
             ORDER BY day",
        )
        .await?;
    let rows = client.query(&statement, &[&campaign.0, &from]).await?;
    rows.iter()
        .map(|row| {
            Ok(LedgerDay {
                day: row.try_get(0)?,
                live: counter_from_column(row.try_get(1)?),
                abandoned: counter_from_column(row.try_get(2)?),
            })
        })
        .collect()
}
