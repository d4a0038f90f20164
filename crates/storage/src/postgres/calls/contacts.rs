//! Reads about contacts: one, lists, and those that an outside key or a number leads to.

use super::super::error::Fault;
use super::rows::{indexed, versioned_contacts};
use crate::calls::decode_contact;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{AfterContact, ContactsOf, Versioned};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};

pub(super) async fn contact(
    client: &ClientWrapper,
    id: ContactId,
) -> Result<Option<Versioned<Contact>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT c.version, c.body FROM call_contact c
             CROSS JOIN LATERAL
                 (SELECT FROM call_campaign g WHERE g.id = c.campaign AND NOT coalesce(g.deleted, true) LIMIT 1) g
             WHERE c.id = $1",
        )
        .await?;
    let rows = client.query(&statement, &[&id.0]).await?;
    Ok(versioned_contacts(&rows)?.pop())
}

pub(super) async fn contacts(
    client: &ClientWrapper,
    of: ContactsOf,
    after: Option<&AfterContact>,
    limit: u32,
) -> Result<Vec<Contact>, Fault> {
    let (statement, of) = match of {
        ContactsOf::Campaign(campaign) => (
            "SELECT body FROM call_contact
             WHERE campaign = $1 AND (sort_name, id) > ($2, $3)
               AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
             ORDER BY sort_name, id LIMIT $4",
            campaign.0,
        ),
        ContactsOf::Client(client) => (
            "SELECT c.body FROM
                 (SELECT n.id, n.sort_name FROM call_campaign g
                  CROSS JOIN LATERAL (
                      SELECT c.id, c.sort_name FROM call_contact c
                      WHERE c.campaign = g.id AND (c.sort_name, c.id) > ($2, $3)
                      ORDER BY c.sort_name, c.id LIMIT $4
                  ) n
                  WHERE g.client = $1 AND NOT g.deleted
                  ORDER BY n.sort_name, n.id LIMIT $4) n
             CROSS JOIN LATERAL (SELECT c.body FROM call_contact c WHERE c.id = n.id LIMIT 1) c
             ORDER BY n.sort_name, n.id",
            client.0,
        ),
    };
    let statement = client.prepare_cached(statement).await?;
    let (name, id) = after.map_or((&[][..], i64::MIN), |after| (indexed(&after.name), after.id.0));
    let rows = client.query(&statement, &[&of, &name, &id, &i64::from(limit)]).await?;
    rows.iter().map(|row| Ok(decode_contact(row.try_get(0)?)?)).collect()
}

pub(super) async fn with_user_data(
    client: &ClientWrapper,
    of: ClientId,
    campaign: Option<CallCampaignId>,
    user_data: &str,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT c.version, c.body FROM call_contact c
             CROSS JOIN LATERAL
                 (SELECT FROM call_campaign g WHERE g.id = c.campaign AND NOT coalesce(g.deleted, true) LIMIT 1) g
             WHERE (c.client, c.user_data, c.id) >= ($1, $2, -9223372036854775808)
               AND (c.client, c.user_data, c.id) <= ($1, $2, 9223372036854775807)
               AND c.user_data IS NOT NULL
               AND ($3::bigint IS NULL OR c.campaign = $3)
             ORDER BY c.client, c.user_data, c.id",
        )
        .await?;
    let campaign = campaign.map(|campaign| campaign.0);
    let rows = client.query(&statement, &[&of.0, &indexed(user_data), &campaign]).await?;
    let mut found = versioned_contacts(&rows)?;
    found.retain(|found| found.value.details.user_data.as_deref() == Some(user_data));
    Ok(found)
}

pub(super) async fn with_number(
    client: &ClientWrapper,
    of: ClientId,
    number: &str,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT c.version, c.body FROM
                 (SELECT contact FROM call_contact_number
                  WHERE (client, number, contact) >= ($1, $2, -9223372036854775808)
                    AND (client, number, contact) <= ($1, $2, 9223372036854775807)
                  ORDER BY client, number, contact) n
             CROSS JOIN LATERAL (SELECT * FROM call_contact c WHERE c.id = n.contact LIMIT 1) c
             CROSS JOIN LATERAL
                 (SELECT FROM call_campaign g WHERE g.id = c.campaign AND NOT coalesce(g.deleted, true) LIMIT 1) g
             ORDER BY n.contact",
        )
        .await?;
    let rows = client.query(&statement, &[&of.0, &number.as_bytes()]).await?;
    versioned_contacts(&rows)
}
