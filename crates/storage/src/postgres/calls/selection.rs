//! Who is next, who falls due, and who was in somebody's hand for too long.

use super::super::error::Fault;
use super::rows::{indexed, versioned_contacts};
use deadpool_postgres::ClientWrapper;
use muster_app::ports::Versioned;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::selection::{BoundTo, Probe, Queue};
use muster_domain::ids::CallCampaignId;
use muster_domain::time::UnixMillis;

/// The first contacts of a queue, mask by mask: which masks there are is found by one seek for each, and in each mask the
/// first contacts lie at the beginning. Whoever cannot be called on the numbers asked for is never looked at, however
/// many there are. Parameters: campaign, queue, numbers, latest first key, now, limit; the agent.
macro_rules! first_of_each_mask {
    ($seen:literal) => {
        concat!(
            "WITH RECURSIVE masks (mask) AS (
                 (SELECT mask FROM call_contact
                  WHERE campaign = $1 AND queue = $2 AND ",
            $seen,
            " AND mask > 0 ORDER BY mask LIMIT 1)
                 UNION ALL
                 SELECT (SELECT mask FROM call_contact
                         WHERE campaign = $1 AND queue = $2 AND ",
            $seen,
            " AND mask > 0 AND mask > m.mask ORDER BY mask LIMIT 1)
                 FROM masks m WHERE m.mask IS NOT NULL
             )
             SELECT c.version, c.body FROM
                 (SELECT n.id, n.first, n.second FROM masks m
                  CROSS JOIN LATERAL (
                      SELECT id, first, second FROM call_contact
                      WHERE campaign = $1 AND queue = $2 AND ",
            $seen,
            " AND mask > 0 AND mask = m.mask AND first <= $4 AND due <= $5
                      ORDER BY first, second, id LIMIT $6
                  ) n
                  WHERE m.mask & $3 <> 0
                    AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
                  ORDER BY n.first, n.second, n.id LIMIT $6) n
             CROSS JOIN LATERAL (SELECT version, body FROM call_contact WHERE id = n.id LIMIT 1) c
             ORDER BY n.first, n.second, n.id"
        )
    };
}

const BOUND: &str = first_of_each_mask!("queue IN (1, 2, 3, 5) AND bound = $7");
const ANYBODY: &str = first_of_each_mask!("queue IN (1, 2, 3)");
/// Those of [`Queue::Ready`] whomever they are bound to: no step asks for them, so no index has them in this order, and
/// they are sorted.
const ANYBODY_READY: &str = first_of_each_mask!("queue IN (1, 2, 3, 5)");

pub(super) async fn probe(
    client: &ClientWrapper,
    probe: &Probe,
    limit: u32,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    if probe.queue == Queue::Waiting {
        return Ok(Vec::new());
    }
    // Where the first order key is when it falls due, nothing behind now need be looked at.
    let latest = match probe.queue {
        Queue::Appointment | Queue::Delay => probe.now.0,
        Queue::Busy | Queue::Waiting | Queue::Ready => i64::MAX,
    };
    let (queue, numbers) = (i16::from(probe.queue.number()), i16::from(probe.numbers));
    let (campaign, now, limit) = (probe.campaign.0, probe.now.0, i64::from(limit));
    let bound = match &probe.bound {
        BoundTo::Agent(uid) => Some(uid.as_str()),
        BoundTo::Nobody => Some(""),
        BoundTo::Anybody => None,
    };
    let rows = if let Some(bound) = bound {
        let statement = client.prepare_cached(BOUND).await?;
        let bound = indexed(bound);
        client.query(&statement, &[&campaign, &queue, &numbers, &latest, &now, &limit, &bound]).await?
    } else {
        let statement = if probe.queue == Queue::Ready { ANYBODY_READY } else { ANYBODY };
        let statement = client.prepare_cached(statement).await?;
        client.query(&statement, &[&campaign, &queue, &numbers, &latest, &now, &limit]).await?
    };
    versioned_contacts(&rows)
}

/// A contact that somebody is changing right now is passed over: the change puts it where it belongs.
pub(super) async fn promote(
    client: &ClientWrapper,
    campaign: CallCampaignId,
    now: UnixMillis,
    limit: u32,
) -> Result<u64, Fault> {
    let statement = client
        .prepare_cached(
            "UPDATE call_contact SET queue = 5, first = tries, due = 0
             WHERE id = ANY (ARRAY(
                 SELECT id FROM call_contact
                 WHERE campaign = $1 AND queue = 4 AND queue IN (1, 2, 3, 4) AND due <= $2
                   AND EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))
                 ORDER BY due, id LIMIT $3
                 FOR NO KEY UPDATE SKIP LOCKED
             ))",
        )
        .await?;
    Ok(client.execute(&statement, &[&campaign.0, &now.0, &i64::from(limit)]).await?)
}

pub(super) async fn next_due(
    client: &ClientWrapper,
    campaign: CallCampaignId,
) -> Result<Option<UnixMillis>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT min(d.due) FROM (VALUES (1::smallint), (2), (3), (4)) q (queue)
             CROSS JOIN LATERAL (
                 SELECT due FROM call_contact
                 WHERE campaign = $1 AND queue = q.queue AND queue IN (1, 2, 3, 4)
                 ORDER BY due LIMIT 1
             ) d
             WHERE EXISTS (SELECT 1 FROM call_campaign WHERE id = $1 AND NOT coalesce(deleted, true))",
        )
        .await?;
    let due: Option<i64> = client.query_one(&statement, &[&campaign.0]).await?.try_get(0)?;
    Ok(due.map(UnixMillis))
}

pub(super) async fn run_out(
    client: &ClientWrapper,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT c.version, c.body FROM call_contact c
             CROSS JOIN LATERAL
                 (SELECT FROM call_campaign g WHERE g.id = c.campaign AND NOT coalesce(g.deleted, true) LIMIT 1) g
             WHERE c.lease_until <= $1 AND c.lease_until IS NOT NULL
             ORDER BY c.lease_until, c.id LIMIT $2",
        )
        .await?;
    versioned_contacts(&client.query(&statement, &[&now.0, &i64::from(limit)]).await?)
}
