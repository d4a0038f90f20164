//! Who is next, who falls due, and who was in somebody's hand for too long.

use super::campaigns::{live, of_live};
use super::rows::{all, contact};
use crate::sqlite::error::Fault;
use muster_app::ports::Versioned;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::selection::{BoundTo, Probe, Queue};
use muster_domain::ids::CallCampaignId;
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, params};

/// Parameters: campaign, queue, now, numbers, limit, bound.
macro_rules! probe {
    ($index:literal, $queues:literal, $more:literal) => {
        concat!(
            "SELECT version, body FROM call_contact INDEXED BY ",
            $index,
            " WHERE campaign = ?1 AND queue = ?2 AND queue IN ",
            $queues,
            " AND mask > 0 AND (mask & ?4) <> 0 AND due <= ?3",
            $more,
            " AND ",
            live!(),
            " ORDER BY first, second, id LIMIT ?5"
        )
    };
}

pub(super) const BOUND: &str = probe!("call_contact_next", "(1, 2, 3, 5)", " AND bound = ?6");
/// Where the first order key is when it falls due, nothing behind now need be looked at.
pub(super) const BOUND_DUE: &str =
    probe!("call_contact_next", "(1, 2, 3, 5)", " AND bound = ?6 AND first <= ?3");
pub(super) const ANYBODY: &str = probe!("call_contact_follow_up", "(1, 2, 3)", "");
pub(super) const ANYBODY_DUE: &str = probe!("call_contact_follow_up", "(1, 2, 3)", " AND first <= ?3");
/// Those of [`Queue::Ready`] whomever they are bound to: no step asks for them, so no index has them in this order, and
/// they are sorted.
const ANYBODY_READY: &str = probe!("call_contact_next", "(1, 2, 3, 5)", "");

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

/// The statement that answers a question, and the agent that it names.
pub(super) fn statement(probe: &Probe) -> (&'static str, Option<&str>) {
    let by_due = matches!(probe.queue, Queue::Appointment | Queue::Delay);
    let bound = match &probe.bound {
        BoundTo::Agent(uid) => Some(uid.as_str()),
        BoundTo::Nobody => Some(""),
        BoundTo::Anybody => None,
    };
    let statement = match (bound, probe.queue) {
        (Some(_), _) if by_due => BOUND_DUE,
        (Some(_), _) => BOUND,
        (None, Queue::Ready) => ANYBODY_READY,
        (None, _) if by_due => ANYBODY_DUE,
        (None, _) => ANYBODY,
    };
    (statement, bound)
}

pub(super) fn probe(
    connection: &Connection,
    probe: &Probe,
    limit: u32,
) -> Result<Vec<Versioned<Contact>>, Fault> {
    if probe.queue == Queue::Waiting {
        return Ok(Vec::new());
    }
    let (statement, bound) = statement(probe);
    let (campaign, queue) = (probe.campaign.0, probe.queue.number());
    match bound {
        Some(bound) => {
            let parameters = params![campaign, queue, probe.now.0, probe.numbers, limit, bound];
            all(connection, statement, parameters, contact)
        }
        None => {
            all(connection, statement, params![campaign, queue, probe.now.0, probe.numbers, limit], contact)
        }
    }
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
