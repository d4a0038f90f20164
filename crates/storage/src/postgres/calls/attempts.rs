//! Reads about calls.

use super::super::error::Fault;
use super::rows::calls;
use deadpool_postgres::ClientWrapper;
use muster_domain::calls::call::Call;
use muster_domain::ids::{CallCampaignId, CallId, ContactId};

pub(super) async fn call(client: &ClientWrapper, id: CallId) -> Result<Option<Call>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT a.body FROM call_attempt a
             CROSS JOIN LATERAL
                 (SELECT FROM call_campaign g WHERE g.id = a.campaign AND NOT coalesce(g.deleted, true) LIMIT 1) g
             WHERE a.id = $1",
        )
        .await?;
    Ok(calls(&client.query(&statement, &[&id.0]).await?)?.pop())
}

pub(super) async fn of_contact(client: &ClientWrapper, contact: ContactId) -> Result<Vec<Call>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT a.body FROM call_attempt a
             CROSS JOIN LATERAL
                 (SELECT FROM call_campaign g WHERE g.id = a.campaign AND NOT coalesce(g.deleted, true) LIMIT 1) g
             WHERE (a.contact, a.id) >= ($1, -9223372036854775808)
               AND (a.contact, a.id) <= ($1, 9223372036854775807)
             ORDER BY a.contact, a.id",
        )
        .await?;
    calls(&client.query(&statement, &[&contact.0]).await?)
}

pub(super) async fn open(client: &ClientWrapper, campaign: CallCampaignId) -> Result<Vec<Call>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT body FROM call_attempt WHERE campaign + 0 = $1 AND outcome IS NULL
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
             ORDER BY campaign + 0, id",
        )
        .await?;
    calls(&client.query(&statement, &[&campaign.0]).await?)
}

pub(super) async fn page(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    after: Option<CallId>,
    limit: u32,
) -> Result<Vec<Call>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT body FROM call_attempt
             WHERE (campaign, id) > ($1, $2) AND (campaign, id) <= ($1, 9223372036854775807)
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
             ORDER BY campaign, id LIMIT $3",
        )
        .await?;
    let after = after.map_or(i64::MIN, |call| call.0);
    calls(&client.query(&statement, &[&campaign.0, &after, &i64::from(limit)]).await?)
}
