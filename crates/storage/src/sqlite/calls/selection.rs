//! Who is next, who falls due, and who was in somebody's hand for too long.

use super::campaigns::{self, live, of_live};
use super::contacts;
use super::rows::{First, all, contact, one};
use crate::sqlite::error::Fault;
use muster_app::ports::Versioned;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::selection::{BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, ContactId};
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, params};

/// How the contacts that a question sees are found. Those that may be called on the same numbers, which is their mask, lie
/// together: one seek finds the next mask, and in each one the first contacts lie at its beginning.
pub(super) struct Way {
    /// The mask behind another one. Parameters: campaign, queue, mask, agent.
    pub(super) next_mask: &'static str,
    /// The keys of a mask's contacts in order. Parameters: campaign, queue, mask, agent, now, limit.
    pub(super) keys: &'static str,
}

macro_rules! way {
    ($seen:literal, $due:literal) => {
        Way {
            next_mask: concat!(
                "SELECT mask FROM call_contact INDEXED BY ",
                $seen,
                " AND campaign = ?1 AND queue = ?2 AND mask > ?3 ORDER BY mask LIMIT 1"
            ),
            keys: concat!(
                "SELECT first, second, id FROM call_contact INDEXED BY ",
                $seen,
                " AND campaign = ?1 AND queue = ?2 AND mask = ?3 AND ",
                $due,
                " ORDER BY first, second, id LIMIT ?6"
            ),
        }
    };
}

pub(super) const BOUND: Way =
    way!("call_contact_next WHERE queue IN (1, 2, 3, 5) AND bound = ?4", "due <= ?5");
/// Where the first order key is when it falls due, nothing behind now need be looked at.
pub(super) const BOUND_DUE: Way =
    way!("call_contact_next WHERE queue IN (1, 2, 3, 5) AND bound = ?4", "first <= ?5 AND due <= ?5");
pub(super) const ANYBODY: Way =
    way!("call_contact_follow_up WHERE queue IN (1, 2, 3) AND ?4 IS NULL", "due <= ?5");
pub(super) const ANYBODY_DUE: Way =
    way!("call_contact_follow_up WHERE queue IN (1, 2, 3) AND ?4 IS NULL", "first <= ?5 AND due <= ?5");
/// Whom the contacts of [`Queue::Ready`] are bound to. No index has those of all agents together, so they are merged.
pub(super) const AGENTS: [&str; 2] = [
    "SELECT bound FROM call_contact INDEXED BY call_contact_next
     WHERE campaign = ?1 AND queue = 5 AND queue IN (1, 2, 3, 5) ORDER BY bound LIMIT 1",
    "SELECT bound FROM call_contact INDEXED BY call_contact_next
     WHERE campaign = ?1 AND queue = 5 AND queue IN (1, 2, 3, 5) AND bound > ?2 ORDER BY bound LIMIT 1",
];

pub(super) const WAITING: &str = concat!(
    "SELECT 1 FROM call_contact INDEXED BY call_contact_due
     WHERE campaign = ?1 AND queue = 4 AND queue IN (1, 2, 3, 4) AND due <= ?2 AND ",
    live!(),
    " LIMIT 1"
);
pub(super) const PROMOTE: &str = concat!(
    "UPDATE call_contact SET queue = 5, first = tries, due = 0 WHERE id IN
     (SELECT id FROM call_contact INDEXED BY call_contact_due
      WHERE campaign = ?1 AND queue = 4 AND queue IN (1, 2, 3, 4) AND due <= ?2 AND ",
    live!(),
    " ORDER BY due, id LIMIT ?3)"
);
pub(super) const NEXT_DUE: &str = concat!(
    "SELECT due FROM call_contact INDEXED BY call_contact_due
     WHERE campaign = ?1 AND queue = ?2 AND queue IN (1, 2, 3, 4) AND ",
    live!(),
    " ORDER BY due LIMIT 1"
);
pub(super) const RUN_OUT: &str = concat!(
    "SELECT version, body FROM call_contact INDEXED BY call_contact_lease
     WHERE lease_until IS NOT NULL AND lease_until <= ?1 AND ",
    of_live!("call_contact"),
    " ORDER BY lease_until, id LIMIT ?2"
);

pub(super) fn way(queue: Queue, is_bound: bool) -> &'static Way {
    let by_due = matches!(queue, Queue::Appointment | Queue::Delay);
    match (is_bound, by_due) {
        (true, true) => &BOUND_DUE,
        (true, false) => &BOUND,
        (false, true) => &ANYBODY_DUE,
        (false, false) => &ANYBODY,
    }
}

/// A contact's order keys, and its id.
type Key = (i64, i64, i64);

pub(super) fn probe(
    connection: &Connection,
    probe: &Probe,
    limit: u32,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    if probe.queue == Queue::Waiting || !campaigns::is_live(connection, probe.campaign.0)? {
        return Ok(Vec::new());
    }
    let mut first = First::new(limit);
    match (&probe.bound, probe.queue) {
        (BoundTo::Agent(uid), _) => look(connection, probe, Some(uid), &mut first)?,
        (BoundTo::Nobody, _) => look(connection, probe, Some(""), &mut first)?,
        (BoundTo::Anybody, Queue::Ready) => {
            let [begin, next] = AGENTS;
            let mut agent: Option<String> =
                one(connection, begin, params![probe.campaign.0], |row| Ok(row.get(0)?))?;
            while let Some(uid) = agent {
                look(connection, probe, Some(&uid), &mut first)?;
                agent = one(connection, next, params![probe.campaign.0, uid], |row| Ok(row.get(0)?))?;
            }
        }
        (BoundTo::Anybody, _) => look(connection, probe, None, &mut first)?,
    }
    first
        .in_order()
        .into_iter()
        .filter_map(|(_, _, id)| contacts::contact(connection, ContactId(id)).transpose())
        .collect()
}

/// Offers the contacts bound to an agent, to nobody where it is empty, or to anybody without one.
fn look(
    connection: &Connection,
    probe: &Probe,
    agent: Option<&str>,
    first: &mut First<Key>,
) -> Result<(), Fault> {
    let way = way(probe.queue, agent.is_some());
    let (campaign, queue) = (probe.campaign.0, probe.queue.number());
    let next = |mask: u8| {
        one(connection, way.next_mask, params![campaign, queue, mask, agent], |row| Ok(row.get::<_, u8>(0)?))
    };
    let mut keys = connection.prepare_cached(way.keys)?;
    // Contacts without any number to call have the mask 0.
    let mut mask = next(0)?;
    while let Some(these) = mask {
        if these & probe.numbers != 0 {
            let mut rows = keys.query(params![campaign, queue, these, agent, probe.now.0, first.limit()])?;
            while let Some(row) = rows.next()? {
                if !first.offer((row.get(0)?, row.get(1)?, row.get(2)?)) {
                    break;
                }
            }
        }
        mask = next(these)?;
    }
    Ok(())
}

/// Whether [`promote`] would find anything to do.
pub(super) fn is_any_waiting(
    connection: &Connection,
    campaign: CallCampaignId,
    now: UnixMillis,
) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(WAITING)?.exists(params![campaign.0, now.0])?)
}

pub(super) fn promote(
    connection: &Connection,
    campaign: CallCampaignId,
    now: UnixMillis,
    limit: u32,
) -> Result<u64, Fault> {
    Ok(connection.prepare_cached(PROMOTE)?.execute(params![campaign.0, now.0, limit])? as u64)
}

pub(super) fn next_due(
    connection: &Connection,
    campaign: CallCampaignId,
) -> Result<Option<UnixMillis>, Fault> {
    let mut earliest = None;
    for queue in [Queue::Appointment, Queue::Delay, Queue::Busy, Queue::Waiting] {
        let due = all(connection, NEXT_DUE, params![campaign.0, queue.number()], |row| Ok(row.get(0)?))?;
        earliest = earliest.into_iter().chain(due).min();
    }
    Ok(earliest.map(UnixMillis))
}

pub(super) fn run_out(
    connection: &Connection,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    all(connection, RUN_OUT, params![now.0, limit], contact)
}
