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
                 (SELECT FROM call_campaign g WHERE g.id = a.campaign AND NOT g.deleted LIMIT 1) g
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
                 (SELECT FROM call_campaign g WHERE g.id = a.campaign AND NOT g.deleted LIMIT 1) g
             WHERE a.contact = $1 ORDER BY a.id",
        )
        .await?;
    calls(&client.query(&statement, &[&contact.0]).await?)
}

pub(super) async fn open(client: &ClientWrapper, campaign: CallCampaignId) -> Result<Vec<Call>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT body FROM call_attempt WHERE campaign = $1 AND outcome IS NULL
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT deleted)
             ORDER BY id",
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
            "SELECT body FROM call_attempt WHERE campaign = $1 AND id > $2
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT deleted)
             ORDER BY campaign, id LIMIT $3",
        )
        .await?;
    let after = after.map_or(i64::MIN, |call| call.0);
    calls(&client.query(&statement, &[&campaign.0, &after, &i64::from(limit)]).await?)
}
