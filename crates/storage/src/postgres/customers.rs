//! Reads about customers: point look-ups and pages.

use super::error::Fault;
use crate::encoding::{
    EventRow, PREFIX_MATCHES_MAX, counter_from_column, decode_customer, from_json, name_key, prefix_range,
};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{
    ClientToken, CreativeTotals, CustomerName, EventLoad, EventLoaded, OutboxEntry, StoredCustomer,
};
use muster_domain::event::Event;
use muster_domain::ids::{CampaignId, CreativeId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use tokio_postgres::Row;
use uuid::Uuid;

/// The customer in the columns `id`, `version`, `body`, from `first` on.
fn stored(row: &Row, first: usize) -> Result<StoredCustomer, Fault> {
    Ok(StoredCustomer {
        id: CustomerId(row.try_get(first)?),
        version: counter_from_column(row.try_get(first + 1)?),
        customer: decode_customer(row.try_get(first + 2)?)?,
    })
}

fn stored_all(rows: &[Row]) -> Result<Vec<StoredCustomer>, Fault> {
    rows.iter().map(|row| stored(row, 0)).collect()
}

pub(super) async fn customer(
    client: &ClientWrapper,
    organization: OrganizationId,
    id: CustomerId,
) -> Result<Option<StoredCustomer>, Fault> {
    let statement = client
        .prepare_cached("SELECT id, version, body FROM customer WHERE organization = $1 AND id = $2")
        .await?;
    let row = client.query_opt(&statement, &[&organization.0, &id.0]).await?;
    row.map(|row| stored(&row, 0)).transpose()
}

pub(super) async fn customer_by_name(
    client: &ClientWrapper,
    organization: OrganizationId,
    name: &CustomerName,
) -> Result<Option<StoredCustomer>, Fault> {
    let (kind, text) = name_key(name);
    let statement = client
        .prepare_cached(
            "SELECT c.id, c.version, c.body
             FROM customer_name n
             JOIN customer c ON c.organization = n.organization AND c.id = n.customer
             WHERE n.organization = $1 AND n.kind = $2 AND n.name = $3",
        )
        .await?;
    let row = client.query_opt(&statement, &[&organization.0, &kind, &text]).await?;
    row.map(|row| stored(&row, 0)).transpose()
}

pub(super) async fn customers_by_prefix(
    client: &ClientWrapper,
    organization: OrganizationId,
    prefix: Uuid,
) -> Result<Vec<StoredCustomer>, Fault> {
    let (first, last) = prefix_range(prefix);
    let statement = client
        .prepare_cached(
            "SELECT id, version, body FROM customer
             WHERE organization = $1 AND id BETWEEN $2 AND $3 ORDER BY id LIMIT $4",
        )
        .await?;
    let rows = client
        .query(
            &statement,
            &[
                &organization.0,
                &Uuid::from_bytes(first),
                &Uuid::from_bytes(last),
                &i64::from(PREFIX_MATCHES_MAX),
            ],
        )
        .await?;
    stored_all(&rows)
}

pub(super) async fn page_customers(
    client: &ClientWrapper,
    organization: OrganizationId,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<StoredCustomer>, Fault> {
    let limit = i64::from(limit);
    let rows = if let Some(after) = after {
        let statement = client
            .prepare_cached(
                "SELECT id, version, body FROM customer
                 WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .await?;
        client.query(&statement, &[&organization.0, &after.0, &limit]).await?
    } else {
        let statement = client
            .prepare_cached(
                "SELECT id, version, body FROM customer WHERE organization = $1 ORDER BY id LIMIT $2",
            )
            .await?;
        client.query(&statement, &[&organization.0, &limit]).await?
    };
    stored_all(&rows)
}

pub(super) async fn count_customers(
    client: &ClientWrapper,
    organization: OrganizationId,
) -> Result<u64, Fault> {
    let statement = client.prepare_cached("SELECT count(*) FROM customer WHERE organization = $1").await?;
    Ok(counter_from_column(client.query_one(&statement, &[&organization.0]).await?.try_get(0)?))
}

/// Both questions go out together. The customers are read first: a write in between makes the version that was
/// read too old, and the commit that follows is refused as stale.
pub(super) async fn load_for_events(
    client: &ClientWrapper,
    loads: &[EventLoad],
) -> Result<Vec<Option<EventLoaded>>, Fault> {
    let organizations: Vec<i64> = loads.iter().map(|load| load.organization.0).collect();
    let ids: Vec<Uuid> = loads.iter().map(|load| load.id.0).collect();
    let asked = loads.iter().zip(1_i64..).flat_map(|(load, load_number)| {
        load.keys.iter().zip(1_i64..).map(move |(key, key_number)| {
            (load_number, key_number, load.organization.0, load.id.0, Uuid::from_bytes(key.0))
        })
    });
    let (mut load_numbers, mut key_numbers) = (Vec::new(), Vec::new());
    let (mut key_organizations, mut key_ids, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for (load_number, key_number, organization, id, key) in asked {
        load_numbers.push(load_number);
        key_numbers.push(key_number);
        key_organizations.push(organization);
        key_ids.push(id);
        keys.push(key);
    }
    let customers = client
        .prepare_cached(
            "SELECT asked.number, c.id, c.version, c.body
             FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS asked (organization, id, number)
             JOIN customer c ON c.organization = asked.organization AND c.id = asked.id",
        )
        .await?;
    let known = client
        .prepare_cached(
            "SELECT asked.load, asked.number
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[])
                  AS asked (load, number, organization, customer, key)
             JOIN event e ON e.organization = asked.organization AND e.customer = asked.customer
                         AND e.key = asked.key",
        )
        .await?;
    let (customers, known) = if keys.is_empty() {
        (client.query(&customers, &[&organizations, &ids]).await?, Vec::new())
    } else {
        try_join(
            client.query(&customers, &[&organizations, &ids]),
            client.query(&known, &[&load_numbers, &key_numbers, &key_organizations, &key_ids, &keys]),
        )
        .await?
    };
    let mut loaded: Vec<Option<EventLoaded>> = loads.iter().map(|_| None).collect();
    for row in &customers {
        let index = position(row, 0)?;
        if let (Some(slot), Some(load)) = (loaded.get_mut(index), loads.get(index)) {
            *slot = Some(EventLoaded { stored: stored(row, 1)?, known: vec![false; load.keys.len()] });
        }
    }
    for row in &known {
        let (load, key) = (position(row, 0)?, position(row, 1)?);
        if let Some(slot) =
            loaded.get_mut(load).and_then(Option::as_mut).and_then(|loaded| loaded.known.get_mut(key))
        {
            *slot = true;
        }
    }
    Ok(loaded)
}

/// The index behind a number counted from 1.
fn position(row: &Row, column: usize) -> Result<usize, Fault> {
    let number: i64 = row.try_get(column)?;
    Ok(usize::try_from(number - 1).unwrap_or(usize::MAX))
}

pub(super) async fn events_of(
    client: &ClientWrapper,
    organization: OrganizationId,
    id: CustomerId,
    names: &[String],
) -> Result<Vec<Event>, Fault> {
    let rows = if names.is_empty() {
        let statement = client
            .prepare_cached(
                "SELECT key, sequence, name, body FROM event
                 WHERE organization = $1 AND customer = $2 ORDER BY sequence, key",
            )
            .await?;
        client.query(&statement, &[&organization.0, &id.0]).await?
    } else {
        let statement = client
            .prepare_cached(
                "SELECT key, sequence, name, body FROM event
                 WHERE organization = $1 AND customer = $2 AND name = ANY($3) ORDER BY sequence, key",
            )
            .await?;
        client.query(&statement, &[&organization.0, &id.0, &names]).await?
    };
    rows.iter()
        .map(|row| {
            let key: Uuid = row.try_get(0)?;
            let row = EventRow {
                key: key.into_bytes(),
                sequence: row.try_get(1)?,
                name: row.try_get(2)?,
                body: row.try_get(3)?,
            };
            Ok(row.into_event()?)
        })
        .collect()
}

pub(super) async fn client_token(
    client: &ClientWrapper,
    organization: OrganizationId,
    sha256: &str,
) -> Result<Option<ClientToken>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT customer, expires_at FROM client_token WHERE organization = $1 AND sha256 = $2",
        )
        .await?;
    let row = client.query_opt(&statement, &[&organization.0, &sha256]).await?;
    row.map(|row| {
        Ok(ClientToken {
            sha256: sha256.to_owned(),
            customer: CustomerId(row.try_get(0)?),
            expires_at: UnixMillis(row.try_get(1)?),
        })
    })
    .transpose()
}

pub(super) async fn places_taken(
    client: &ClientWrapper,
    organization: OrganizationId,
    campaign: CampaignId,
) -> Result<u64, Fault> {
    let statement = client
        .prepare_cached("SELECT taken FROM campaign_place WHERE organization = $1 AND campaign = $2")
        .await?;
    let row = client.query_opt(&statement, &[&organization.0, &campaign.0]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.map_or(0, counter_from_column))
}

pub(super) async fn creative_totals(
    client: &ClientWrapper,
    organization: OrganizationId,
    campaign: CampaignId,
) -> Result<Vec<CreativeTotals>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT creative, seen, clicked FROM creative_total
             WHERE organization = $1 AND campaign = $2 ORDER BY creative",
        )
        .await?;
    let rows = client.query(&statement, &[&organization.0, &campaign.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(CreativeTotals {
                campaign,
                creative: CreativeId(row.try_get(0)?),
                seen: counter_from_column(row.try_get(1)?),
                clicked: counter_from_column(row.try_get(2)?),
            })
        })
        .collect()
}

pub(super) async fn page_outbox(
    client: &ClientWrapper,
    organization: OrganizationId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, Fault> {
    let position: i64 = if let Some(after) = after {
        let statement = client
            .prepare_cached(
                "SELECT position FROM outbox WHERE organization = $1 AND id <= $2 ORDER BY id DESC LIMIT 1",
            )
            .await?;
        let row = client.query_opt(&statement, &[&organization.0, &after]).await?;
        row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0)
    } else {
        0
    };
    let statement = client
        .prepare_cached(
            "SELECT id, customer, kind, payload, created_at FROM outbox
             WHERE organization = $1 AND position > $2 AND customer IS NOT NULL ORDER BY position LIMIT $3",
        )
        .await?;
    let rows = client.query(&statement, &[&organization.0, &position, &i64::from(limit)]).await?;
    rows.iter()
        .map(|row| {
            Ok(OutboxEntry {
                id: row.try_get(0)?,
                customer: CustomerId(row.try_get(1)?),
                kind: row.try_get(2)?,
                payload: from_json(row.try_get(3)?, "outcome")?,
                created_at: UnixMillis(row.try_get(4)?),
            })
        })
        .collect()
}
