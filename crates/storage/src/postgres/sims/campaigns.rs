//! Reads about SIM campaigns and their participants, as the faces show them.

use super::super::error::Fault;
use super::accounts::counted;
use super::rows::{page, participant_columns, participant_row, versioned};
use crate::encoding::{counter_from_column, counter_to_column, from_json};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{CampaignCounts, PageOf, Paged, ParticipantRow, StoreError, Versioned};
use muster_domain::ids::{AccountId, SimCampaignId, SimNumber};
use muster_domain::sim_campaign::{SimCampaign, WaveCounts};
use tokio_postgres::types::ToSql;

pub(super) async fn sim_campaign(
    client: &ClientWrapper,
    id: SimCampaignId,
) -> Result<Option<Versioned<SimCampaign>>, Fault> {
    let statement = client.prepare_cached("SELECT version, body FROM sim_campaign WHERE id = $1").await?;
    let row = client.query_opt(&statement, &[&id.0]).await?;
    row.map(|row| versioned(&row, "SIM campaign")).transpose()
}

pub(super) async fn live_sim_campaigns(client: &ClientWrapper) -> Result<Vec<Versioned<SimCampaign>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT version, body FROM sim_campaign
             WHERE status IN ('SCHEDULED', 'PROCESS', 'SUSPEND') ORDER BY id",
        )
        .await?;
    client.query(&statement, &[]).await?.iter().map(|row| versioned(row, "SIM campaign")).collect()
}

pub(super) async fn is_connected(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    account: AccountId,
) -> Result<bool, Fault> {
    let statement = client
        .prepare_cached("SELECT 1 FROM campaign_connection WHERE account = $1 AND campaign = $2")
        .await?;
    Ok(client.query_opt(&statement, &[&account.0, &campaign.0]).await?.is_some())
}

pub(super) async fn page_sim_campaigns(
    client: &ClientWrapper,
    account: AccountId,
    of: PageOf,
) -> Result<Paged<SimCampaign>, Fault> {
    let (rows, total) = try_join(
        client.prepare_cached(
            "SELECT c.body FROM
             (SELECT campaign FROM campaign_connection WHERE account = $1
              ORDER BY campaign OFFSET $2 LIMIT $3) n
             CROSS JOIN LATERAL (SELECT * FROM sim_campaign WHERE id = n.campaign LIMIT 1) c
             ORDER BY n.campaign",
        ),
        client.prepare_cached("SELECT count(*) FROM campaign_connection WHERE account = $1"),
    )
    .await?;
    page(client, &rows, &total, &[&account.0], of, |row| Ok(from_json(row.try_get(0)?, "SIM campaign")?))
        .await
}

/// Found by ordinal, which is dense: no row in front of the page is looked at.
pub(super) async fn page_participants(
    client: &ClientWrapper,
    campaign: SimCampaignId,
    of: PageOf,
) -> Result<Paged<ParticipantRow>, Fault> {
    let (rows, total) = try_join(
        client.prepare_cached(concat!(
            "SELECT ",
            participant_columns!(),
            " FROM participant p WHERE p.campaign = $1 AND p.ordinal >= $2 AND p.ordinal < $3
              ORDER BY p.ordinal"
        )),
        client.prepare_cached("SELECT participants FROM sim_campaign WHERE id = $1"),
    )
    .await?;
    let first = of.skip();
    let behind = first.saturating_add(u64::from(of.size));
    let (first, behind) = (counter_to_column(first), counter_to_column(behind));
    let (rows, total) = try_join(
        client.query(&rows, &[&campaign.0, &first, &behind]),
        client.query_opt(&total, &[&campaign.0]),
    )
    .await?;
    Ok(Paged {
        rows: rows.iter().map(participant_row).collect::<Result<_, Fault>>()?,
        total: counted(total)?,
    })
}

pub(super) async fn participations(
    client: &ClientWrapper,
    sim: SimNumber,
    campaign: Option<SimCampaignId>,
    of: PageOf,
) -> Result<Paged<ParticipantRow>, Fault> {
    let one = campaign.map(|campaign| campaign.0);
    if let Some(campaign) = &one {
        let (rows, total) = try_join(
            client.prepare_cached(concat!(
                "SELECT ",
                participant_columns!(),
                " FROM participant p WHERE p.sim = $1 AND p.campaign = $2 OFFSET $3 LIMIT $4"
            )),
            client.prepare_cached("SELECT count(*) FROM participant WHERE sim = $1 AND campaign = $2"),
        )
        .await?;
        let parameters: [&(dyn ToSql + Sync); 2] = [&sim.0, campaign];
        return page(client, &rows, &total, &parameters, of, participant_row).await;
    }
    let (rows, total) = try_join(
        client.prepare_cached(concat!(
            "SELECT ",
            participant_columns!(),
            " FROM participant p WHERE p.sim = $1 ORDER BY p.campaign OFFSET $2 LIMIT $3"
        )),
        client.prepare_cached("SELECT count(*) FROM participant WHERE sim = $1"),
    )
    .await?;
    page(client, &rows, &total, &[&sim.0], of, participant_row).await
}

pub(super) async fn campaign_counts(
    client: &ClientWrapper,
    campaign: SimCampaignId,
) -> Result<CampaignCounts, Fault> {
    let (statuses, waves) = try_join(
        client.prepare_cached("SELECT status, participants FROM campaign_count WHERE campaign = $1"),
        client.prepare_cached(
            "SELECT wave, succeeded, failed, attempts_ok, attempts_failed, config_errors
             FROM wave_count WHERE campaign = $1 ORDER BY wave",
        ),
    )
    .await?;
    let (statuses, waves) =
        try_join(client.query(&statuses, &[&campaign.0]), client.query(&waves, &[&campaign.0])).await?;
    let mut counts = CampaignCounts::default();
    for row in &statuses {
        let status: i16 = row.try_get(0)?;
        let count = usize::try_from(status).ok().and_then(|status| counts.by_status.get_mut(status));
        *count.ok_or_else(|| {
            StoreError::Corrupt(format!("SIM campaign {campaign} has a count of status {status}"))
        })? = counter_from_column(row.try_get(1)?);
    }
    for row in &waves {
        let wave = counter_from_column(row.try_get(0)?) as usize;
        if counts.waves.len() <= wave {
            counts.waves.resize_with(wave + 1, WaveCounts::default);
        }
        counts.waves[wave] = WaveCounts {
            succeeded: counter_from_column(row.try_get(1)?),
            failed: counter_from_column(row.try_get(2)?),
            attempts_ok: counter_from_column(row.try_get(3)?),
            attempts_failed: counter_from_column(row.try_get(4)?),
            config_errors: counter_from_column(row.try_get(5)?),
        };
    }
    Ok(counts)
}
