//! Campaigns as such and their result codes. Whoever comes here has the campaign's lock.

use super::super::rows::indexed;
use super::{Stop, taken};
use crate::calls::{CountKind, is_as_expected};
use crate::encoding::{counter_to_column, to_json};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{CallRefusal, Expected, sort_name};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ResultCodeId};

pub(super) async fn campaign(
    client: &ClientWrapper,
    campaign: &CallCampaign,
    expected: Expected,
) -> Result<(), Stop> {
    let statement = client.prepare_cached("SELECT version, deleted FROM call_campaign WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&campaign.id.0]).await?;
    let found = row.map(|row| Ok::<(i64, bool), Stop>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
    // The id of a deleted campaign never names another one.
    let is_deleted = found.is_some_and(|(_, deleted)| deleted);
    if is_deleted || !is_as_expected(found.map(|(version, _)| version), expected) {
        return Err(Stop::stale("campaign"));
    }
    let statement = client
        .prepare_cached(
            "INSERT INTO call_campaign AS c (id, client, name, sort_name, active, version, body)
             VALUES ($1, $2, $3, $4, $5, 1, $6)
             ON CONFLICT (id) DO UPDATE SET client = excluded.client, name = excluded.name,
                 sort_name = excluded.sort_name, active = excluded.active, version = c.version + 1,
                 body = excluded.body",
        )
        .await?;
    let sorted = sort_name(&campaign.name);
    client
        .execute(
            &statement,
            &[
                &campaign.id.0,
                &campaign.client.0,
                &campaign.name.as_bytes(),
                &indexed(&sorted),
                &campaign.active,
                &to_json(campaign, "call campaign")?,
            ],
        )
        .await
        .map_err(|error| taken(error, "campaign", &campaign.name))?;
    Ok(())
}

pub(super) async fn delete(client: &ClientWrapper, id: CallCampaignId, version: u64) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "UPDATE call_campaign SET deleted = true, active = false, owner = NULL
             WHERE id = $1 AND version = $2 AND NOT coalesce(deleted, true)",
        )
        .await?;
    let written = client.execute(&statement, &[&id.0, &counter_to_column(version)]).await?;
    if written == 1 { Ok(()) } else { Err(Stop::stale("campaign")) }
}

pub(super) async fn result_code(client: &ClientWrapper, code: &ResultCode) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "INSERT INTO call_result_code (campaign, id, body)
             SELECT id, $2, $3 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true)
             ON CONFLICT (campaign, id) DO UPDATE SET body = excluded.body",
        )
        .await?;
    let body = to_json(code, "result code")?;
    let written = client.execute(&statement, &[&code.campaign.0, &code.id.0, &body]).await?;
    if written == 1 { Ok(()) } else { Err(Stop::Refused(CallRefusal::NoCampaign)) }
}

pub(super) async fn remove_result_code(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    id: ResultCodeId,
) -> Result<(), Stop> {
    let statement = client
        .prepare_cached(
            "SELECT coalesce(sum(n), 0)::bigint FROM call_count
             WHERE campaign = $1 AND kind = ANY ($2) AND key = $3",
        )
        .await?;
    let kinds = [CountKind::Result.number(), CountKind::CallResult.number()];
    let uses: i64 = client.query_one(&statement, &[&campaign.0, &&kinds[..], &id.0]).await?.try_get(0)?;
    if uses > 0 {
        return Err(Stop::Refused(CallRefusal::InUse));
    }
    let statement =
        client.prepare_cached("DELETE FROM call_result_code WHERE campaign = $1 AND id = $2").await?;
    client.execute(&statement, &[&campaign.0, &id.0]).await?;
    Ok(())
}
