//! Contacts: their changes, and finding them by id, name, number and user data.

use super::attempts;
use super::campaigns::{live, of_live};
use super::rows::{First, all, bytes, contact as versioned, one};
use super::write::{Batch, Stop, stale};
use crate::calls::{ContactColumns, decode_contact, expected_of, is_as_expected};
use crate::encoding::counter_to_column;
use crate::sqlite::error::Fault;
use muster_app::ports::{AfterContact, CallRefusal, Versioned};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) const CONTACT: &str =
    concat!("SELECT version, body FROM call_contact WHERE id = ?1 AND ", of_live!("call_contact"));
pub(super) const PAGE: &str = concat!(
    "SELECT body FROM call_contact INDEXED BY call_contact_list
     WHERE campaign = ?1 AND (sort_name, id) > (?2, ?3) AND ",
    live!(),
    " ORDER BY sort_name, id LIMIT ?4"
);
pub(super) const CAMPAIGNS: &str =
    "SELECT id FROM call_campaign INDEXED BY call_campaign_list WHERE client = ?1 AND deleted = 0";
pub(super) const KEYS: &str = "SELECT sort_name, id FROM call_contact INDEXED BY call_contact_list
     WHERE campaign = ?1 AND (sort_name, id) > (?2, ?3) ORDER BY sort_name, id LIMIT ?4";
pub(super) const USER_DATA: &str = concat!(
    "SELECT version, body FROM call_contact INDEXED BY call_contact_user_data
     WHERE client = ?1 AND user_data = ?2 AND (?3 IS NULL OR campaign = ?3) AND ",
    of_live!("call_contact"),
    " ORDER BY id"
);
pub(super) const WITH_NUMBER: &str = concat!(
    "SELECT version, body FROM call_contact_number CROSS JOIN call_contact ON call_contact.id = contact
     WHERE call_contact_number.client = ?1 AND number = ?2 AND ",
    of_live!("call_contact"),
    " ORDER BY contact"
);

pub(super) fn contact(connection: &Connection, id: ContactId) -> Result<Option<Versioned<Contact>>, Fault> {
    one(connection, CONTACT, params![id.0], versioned)
}

/// Where a list begins: in front of every contact, unless it goes on behind one.
fn beginning(after: Option<&AfterContact>) -> (&str, i64) {
    after.map_or(("", i64::MIN), |after| (after.name.as_str(), after.id.0))
}

pub(super) fn of_campaign(
    connection: &Connection,
    campaign: CallCampaignId,
    after: Option<&AfterContact>,
    limit: u32,
) -> Result<Vec<Contact>, Fault> {
    let (name, id) = beginning(after);
    all(connection, PAGE, params![campaign.0, name, id, limit], |row| bytes(row, 0, decode_contact))
}

/// The lists of all campaigns, merged. Of each no more is read than may still be among the first.
pub(super) fn of_client(
    connection: &Connection,
    client: ClientId,
    after: Option<&AfterContact>,
    limit: u32,
) -> Result<Vec<Contact>, Fault> {
    let campaigns = all(connection, CAMPAIGNS, params![client.0], |row| Ok(row.get::<_, i64>(0)?))?;
    let (name, id) = beginning(after);
    let mut first = First::new(limit);
    let mut keys = connection.prepare_cached(KEYS)?;
    for campaign in campaigns {
        let mut rows = keys.query(params![campaign, name, id, limit])?;
        while let Some(row) = rows.next()? {
            if !first.offer((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)) {
                break;
            }
        }
    }
    first
        .in_order()
        .into_iter()
        .filter_map(|(_, id)| contact(connection, ContactId(id)).transpose())
        .map(|found| found.map(|found| found.value))
        .collect()
}

pub(super) fn with_user_data(
    connection: &Connection,
    client: ClientId,
    campaign: Option<CallCampaignId>,
    user_data: &str,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    all(connection, USER_DATA, params![client.0, user_data, campaign.map(|id| id.0)], versioned)
}

pub(super) fn with_number(
    connection: &Connection,
    client: ClientId,
    number: &str,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    all(connection, WITH_NUMBER, params![client.0, number], versioned)
}

/// A contact as stored, as far as a change depends on it.
struct Found {
    campaign: i64,
    client: i64,
    status: u8,
    result: Option<i64>,
    numbers: String,
    version: i64,
}

/// The contact of an id, also one of a deleted campaign.
fn find(connection: &Connection, id: ContactId) -> Result<Option<Found>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT campaign, client, status, result, numbers, version FROM call_contact WHERE id = ?1",
        )?
        .query_row(params![id.0], |row| {
            Ok(Found {
                campaign: row.get(0)?,
                client: row.get(1)?,
                status: row.get(2)?,
                result: row.get(3)?,
                numbers: row.get(4)?,
                version: row.get(5)?,
            })
        })
        .optional()?)
}

pub(super) fn write(
    connection: &Connection,
    batch: &mut Batch,
    contact: &Contact,
    version: u64,
    now: UnixMillis,
) -> Result<(), Stop> {
    if !batch.is_live(connection, contact.campaign.0)? {
        return Err(Stop::Refused(CallRefusal::NoCampaign));
    }
    let found = find(connection, contact.id)?;
    if !is_as_expected(found.as_ref().map(|found| found.version), expected_of(version)) {
        return Err(stale("contact"));
    }
    if let Some(found) = &found {
        // One of a deleted campaign is gone.
        if !batch.is_live(connection, found.campaign)? {
            return Err(stale("contact"));
        }
        batch.deltas.contact(found.campaign, found.status, found.result, -1);
    }
    let row = ContactColumns::of(contact, now)?;
    let numbers = row.numbers.join(" ");
    let before = found.as_ref().map(|found| (found.client, found.numbers.as_str()));
    if before != Some((row.client, numbers.as_str())) {
        if let Some((client, numbers)) = before {
            forget_numbers(connection, client, numbers, row.id)?;
        }
        for number in &row.numbers {
            connection
                .prepare_cached(
                    "INSERT INTO call_contact_number (client, number, contact) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![row.client, number, row.id])?;
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO call_contact (id, campaign, client, sort_name, user_data, status, result, queue, bound,
             first, second, due, mask, tries, lease_until, numbers, version, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 1, ?17)
             ON CONFLICT (id) DO UPDATE SET campaign = excluded.campaign, client = excluded.client,
             sort_name = excluded.sort_name, user_data = excluded.user_data, status = excluded.status,
             result = excluded.result, queue = excluded.queue, bound = excluded.bound, first = excluded.first,
             second = excluded.second, due = excluded.due, mask = excluded.mask, tries = excluded.tries,
             lease_until = excluded.lease_until, numbers = excluded.numbers, version = version + 1,
             body = excluded.body",
        )?
        .execute(params![
            row.id,
            row.campaign,
            row.client,
            row.sort_name,
            row.user_data,
            row.status,
            row.result,
            row.queue,
            row.bound,
            row.first,
            row.second,
            row.due,
            row.mask,
            row.tries,
            row.lease_until,
            numbers,
            row.body
        ])?;
    batch.deltas.contact(row.campaign, row.status, row.result, 1);
    Ok(())
}

pub(super) fn remove(
    connection: &Connection,
    batch: &mut Batch,
    id: ContactId,
    version: u64,
) -> Result<(), Stop> {
    let found = find(connection, id)?.filter(|found| found.version == counter_to_column(version));
    let Some(found) = found else { return Err(stale("contact")) };
    if !batch.is_live(connection, found.campaign)? {
        return Err(stale("contact"));
    }
    batch.deltas.contact(found.campaign, found.status, found.result, -1);
    attempts::remove_of(connection, batch, id)?;
    erase(connection, found.client, &found.numbers, id.0)?;
    Ok(())
}

/// Removes a contact's row and its numbers, which are as in `call_contact.numbers`.
pub(super) fn erase(
    connection: &Connection,
    client: i64,
    numbers: &str,
    contact: i64,
) -> Result<(), rusqlite::Error> {
    forget_numbers(connection, client, numbers, contact)?;
    connection.prepare_cached("DELETE FROM call_contact WHERE id = ?1")?.execute(params![contact])?;
    Ok(())
}

fn forget_numbers(
    connection: &Connection,
    client: i64,
    numbers: &str,
    contact: i64,
) -> Result<(), rusqlite::Error> {
    for number in numbers.split(' ').filter(|number| !number.is_empty()) {
        connection
            .prepare_cached(
                "DELETE FROM call_contact_number WHERE client = ?1 AND number = ?2 AND contact = ?3",
            )?
            .execute(params![client, number, contact])?;
    }
    Ok(())
}
