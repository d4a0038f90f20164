//! Reads about customers: point look-ups and pages.

use super::error::Fault;
use crate::encoding::{EventRow, counter_from_column, decode_customer, from_json, name_key};
use muster_app::ports::{
    ClientToken, CreativeTotals, CustomerName, EventLoad, EventLoaded, OutboxEntry, StoredCustomer,
};
use muster_domain::event::Event;
use muster_domain::ids::{CampaignId, CreativeId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

/// The columns every query of a customer selects, in the order [`stored`] reads them.
type CustomerColumns = ([u8; 16], i64, Vec<u8>);

fn columns(row: &Row<'_>) -> rusqlite::Result<CustomerColumns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn stored((id, version, body): CustomerColumns) -> Result<StoredCustomer, Fault> {
    Ok(StoredCustomer {
        id: CustomerId(Uuid::from_bytes(id)),
        version: counter_from_column(version),
        customer: decode_customer(&body)?,
    })
}

fn stored_all(
    rows: impl Iterator<Item = rusqlite::Result<CustomerColumns>>,
) -> Result<Vec<StoredCustomer>, Fault> {
    rows.map(|row| stored(row?)).collect()
}

pub(super) fn customer(
    connection: &Connection,
    organization: OrganizationId,
    id: CustomerId,
) -> Result<Option<StoredCustomer>, Fault> {
    connection
        .prepare_cached("SELECT id, version, body FROM customer WHERE organization = ?1 AND id = ?2")?
        .query_row(params![organization.0, id.0.as_bytes()], columns)
        .optional()?
        .map(stored)
        .transpose()
}

pub(super) fn customer_by_name(
    connection: &Connection,
    organization: OrganizationId,
    name: &CustomerName,
) -> Result<Option<StoredCustomer>, Fault> {
    let (kind, text) = name_key(name);
    connection
        .prepare_cached(
            "SELECT customer.id, customer.version, customer.body
             FROM customer_name
             JOIN customer ON customer.organization = customer_name.organization
                          AND customer.id = customer_name.customer
             WHERE customer_name.organization = ?1 AND customer_name.kind = ?2 AND customer_name.name = ?3",
        )?
        .query_row(params![organization.0, kind, text], columns)
        .optional()?
        .map(stored)
        .transpose()
}

pub(super) fn customers_by_prefix(
    connection: &Connection,
    organization: OrganizationId,
    prefix: Uuid,
) -> Result<Vec<StoredCustomer>, Fault> {
    let (first, last) = crate::encoding::prefix_range(prefix);
    let mut statement = connection.prepare_cached(
        "SELECT id, version, body FROM customer
         WHERE organization = ?1 AND id BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4",
    )?;
    stored_all(
        statement
            .query_map(params![organization.0, first, last, crate::encoding::PREFIX_MATCHES_MAX], columns)?,
    )
}

pub(super) fn page_customers(
    connection: &Connection,
    organization: OrganizationId,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<StoredCustomer>, Fault> {
    // An empty blob sorts before every id.
    let after = after.as_ref().map_or(&[][..], |id| id.0.as_bytes());
    let mut statement = connection.prepare_cached(
        "SELECT id, version, body FROM customer WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    stored_all(statement.query_map(params![organization.0, after, limit], columns)?)
}

pub(super) fn count_customers(connection: &Connection, organization: OrganizationId) -> Result<u64, Fault> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM customer WHERE organization = ?1")?
        .query_row(params![organization.0], |row| row.get(0))?;
    Ok(counter_from_column(count))
}

pub(super) fn load_for_events(
    connection: &Connection,
    loads: &[EventLoad],
) -> Result<Vec<Option<EventLoaded>>, Fault> {
    let mut known_key = connection
        .prepare_cached("SELECT 1 FROM event WHERE organization = ?1 AND customer = ?2 AND key = ?3")?;
    loads
        .iter()
        .map(|load| {
            let Some(stored) = customer(connection, load.organization, load.id)? else { return Ok(None) };
            let known = load
                .keys
                .iter()
                .map(|key| known_key.exists(params![load.organization.0, load.id.0.as_bytes(), key.0]))
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(EventLoaded { stored, known }))
        })
        .collect()
}

pub(super) fn events_of(
    connection: &Connection,
    organization: OrganizationId,
    id: CustomerId,
    names: &[String],
) -> Result<Vec<Event>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT key, sequence, name, body FROM event WHERE organization = ?1 AND customer = ?2",
    )?;
    let mut rows = statement.query(params![organization.0, id.0.as_bytes()])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            let row = EventRow {
                key: row.get(0)?,
                sequence: row.get(1)?,
                name: name.to_owned(),
                body: row.get(3)?,
            };
            events.push(row.into_event()?);
        }
    }
    events.sort_by_key(|event: &Event| event.sequence);
    Ok(events)
}

pub(super) fn client_token(
    connection: &Connection,
    organization: OrganizationId,
    sha256: &str,
) -> Result<Option<ClientToken>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT customer, expires_at FROM client_token WHERE organization = ?1 AND sha256 = ?2",
        )?
        .query_row(params![organization.0, sha256], |row| {
            Ok(ClientToken {
                sha256: sha256.to_owned(),
                customer: CustomerId(Uuid::from_bytes(row.get(0)?)),
                expires_at: UnixMillis(row.get(1)?),
            })
        })
        .optional()?)
}

pub(super) fn places_taken(
    connection: &Connection,
    organization: OrganizationId,
    campaign: CampaignId,
) -> Result<u64, Fault> {
    let taken: Option<i64> = connection
        .prepare_cached("SELECT taken FROM campaign_place WHERE organization = ?1 AND campaign = ?2")?
        .query_row(params![organization.0, campaign.0], |row| row.get(0))
        .optional()?;
    Ok(taken.map_or(0, counter_from_column))
}

pub(super) fn creative_totals(
    connection: &Connection,
    organization: OrganizationId,
    campaign: CampaignId,
) -> Result<Vec<CreativeTotals>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT creative, seen, clicked FROM creative_total
             WHERE organization = ?1 AND campaign = ?2 ORDER BY creative",
        )?
        .query_map(params![organization.0, campaign.0], |row| {
            Ok(CreativeTotals {
                campaign,
                creative: CreativeId(row.get(0)?),
                seen: counter_from_column(row.get(1)?),
                clicked: counter_from_column(row.get(2)?),
            })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

pub(super) fn page_outbox(
    connection: &Connection,
    organization: OrganizationId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, Fault> {
    let position: i64 = match after {
        None => 0,
        Some(after) => connection
            .prepare_cached(
                "SELECT position FROM outbox WHERE organization = ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![organization.0, after.as_bytes()], |row| row.get(0))
            .optional()?
            .unwrap_or(0),
    };
    let mut statement = connection.prepare_cached(
        "SELECT id, customer, kind, payload, created_at FROM outbox
         WHERE organization = ?1 AND position > ?2 AND customer IS NOT NULL ORDER BY position LIMIT ?3",
    )?;
    let mut rows = statement.query(params![organization.0, position, limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let payload: String = row.get(3)?;
        entries.push(OutboxEntry {
            id: Uuid::from_bytes(row.get(0)?),
            customer: CustomerId(Uuid::from_bytes(row.get(1)?)),
            kind: row.get(2)?,
            payload: from_json(&payload, "outcome")?,
            created_at: UnixMillis(row.get(4)?),
        });
    }
    Ok(entries)
}
