//! Templates, campaigns, and the accounts that campaigns are connected to.

use super::{Stop, sequence_key};
use crate::encoding::{counter_to_column, to_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{Expected, Sequence};
use muster_domain::ids::{AccountId, SimCampaignId};
use muster_domain::sim::Template;
use muster_domain::sim_campaign::SimCampaign;

pub(super) async fn template(client: &ClientWrapper, template: &Template) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO sim_template (id, account, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        )
        .await?;
    let body = to_json(template, "template")?;
    let written = client.execute(&statement, &[&template.id.0, &template.account.0, &body]).await?;
    if written == 0 {
        return Err(Stop::duplicate("template", template.id.to_string(), 0));
    }
    move_past(client, Sequence::Template, template.id.0).await
}

pub(super) async fn campaign(
    client: &ClientWrapper,
    campaign: &SimCampaign,
    expected: Expected,
) -> Result<(), Stop> {
    let body = to_json(campaign, "SIM campaign")?;
    let (id, status) = (campaign.id.0, campaign.status.name());
    if let Expected::Version(version) = expected {
        let statement = client
            .prepare_cached(
                "UPDATE sim_campaign SET version = version + 1, status = $3, body = $4
                 WHERE id = $1 AND version = $2",
            )
            .await?;
        let version = counter_to_column(version);
        let written = client.execute(&statement, &[&id, &version, &status, &body]).await?;
        return if written == 1 { Ok(()) } else { Err(Stop::stale("campaign")) };
    }
    let statement = client
        .prepare_cached(
            "INSERT INTO sim_campaign AS c (id, status, participants, version, body)
             VALUES ($1, $2, 0, 1, $3)
             ON CONFLICT (id) DO UPDATE SET version = c.version + 1, status = excluded.status,
                 body = excluded.body
             WHERE $4",
        )
        .await?;
    let replace = expected == Expected::Any;
    if client.execute(&statement, &[&id, &status, &body, &replace]).await? == 0 {
        return Err(Stop::duplicate("campaign", campaign.id.to_string(), 0));
    }
    let statement = client
        .prepare_cached(
            "INSERT INTO campaign_pace (campaign, pace_tat) VALUES ($1, 0) ON CONFLICT (campaign) DO NOTHING",
        )
        .await?;
    client.execute(&statement, &[&id]).await?;
    connect(client, campaign.id, campaign.account).await?;
    move_past(client, Sequence::SimCampaign, id).await
}

pub(super) async fn connect(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    account: AccountId,
) -> Result<(), Stop> {
    let statement = client.prepare_cached("SELECT 1 FROM sim_campaign WHERE id = $1").await?;
    if client.query_opt(&statement, &[&campaign.0]).await?.is_none() {
        return Err(Stop::stale("campaign"));
    }
    let statement = client
        .prepare_cached(
            "INSERT INTO campaign_connection (account, campaign) VALUES ($1, $2)
             ON CONFLICT (account, campaign) DO NOTHING",
        )
        .await?;
    client.execute(&statement, &[&account.0, &campaign.0]).await?;
    Ok(())
}

/// Lets a sequence go on behind a number, if it is not there yet.
async fn move_past(client: &ClientWrapper, sequence: Sequence, number: i64) -> Result<(), Stop> {
    let statement =
        client.prepare_cached("UPDATE sim_sequence SET last = $2 WHERE kind = $1 AND last < $2").await?;
    client.execute(&statement, &[&sequence_key(sequence), &number]).await?;
    Ok(())
}
