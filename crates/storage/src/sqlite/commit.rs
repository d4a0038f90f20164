//! Customer writes, as the writing thread applies them.

use super::error::{Fault, is_duplicate};
use super::writer::{Care, Task, guarded, lost};
use crate::encoding::{counter_to_column, name_key};
use crate::prepared::{Prepared, Results, all_failed};
use muster_app::ports::{CommitRefusal, Expected, StoreError, StoreResult};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

/// Why applying a write stopped.
enum Stop {
    /// Refused before anything was changed.
    Refused(CommitRefusal),
    /// Refused after something was changed, which has to be undone.
    Late(CommitRefusal),
    /// The store failed.
    Fault(Fault),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(Fault::Sql(error))
    }
}

/// The writes of one call.
pub(super) struct CommitTask {
    writes: Vec<Prepared>,
    results: Results,
    answer: oneshot::Sender<Results>,
}

impl CommitTask {
    /// A task and the receiver of its results, one for each write.
    pub(super) fn new(writes: Vec<Prepared>) -> (Box<Self>, oneshot::Receiver<Results>) {
        let (answer, answered) = oneshot::channel();
        (Box::new(Self { writes, results: Vec::new(), answer }), answered)
    }
}

impl Task for CommitTask {
    fn weight(&self) -> usize {
        self.writes.len().max(1)
    }

    fn run(&mut self, connection: &Connection, care: Care) -> Result<(), Fault> {
        self.results.clear();
        for write in &self.writes {
            let result = match care {
                Care::Together => match apply(connection, write) {
                    Ok(()) => Ok(()),
                    Err(Stop::Refused(refusal)) => Err(refusal),
                    Err(Stop::Late(refusal)) => {
                        return Err(Fault::Store(StoreError::Internal(refusal.to_string())));
                    }
                    Err(Stop::Fault(fault)) => return Err(fault),
                },
                Care::Each => guarded(connection, || match apply(connection, write) {
                    Ok(()) => Ok(Ok(())),
                    Err(Stop::Refused(refusal) | Stop::Late(refusal)) => Ok(Err(refusal)),
                    Err(Stop::Fault(fault)) if fault.is_of_one_piece() => {
                        Ok(Err(StoreError::from(fault).into()))
                    }
                    Err(Stop::Fault(fault)) => Err(fault),
                })?,
            };
            self.results.push(result);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: StoreResult<()>) {
        let results = match outcome {
            Ok(()) if self.results.len() == self.writes.len() => self.results,
            Ok(()) => all_failed(self.writes.len(), &lost()),
            Err(error) => all_failed(self.writes.len(), &error),
        };
        // Whoever asked may be gone; the writes stand.
        drop(self.answer.send(results));
    }
}

/// Applies one write: first every check, then the changes. The transaction holds the write lock, so what was
/// checked stays true.
fn apply(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    check_reply(connection, write)?;
    check_version(connection, write)?;
    check_names(connection, write)?;
    check_places(connection, write)?;
    swap_aggregate(connection, write)?;
    if write.body.is_some() {
        change_names(connection, write)?;
        append_events(connection, write)?;
        add_token(connection, write)?;
    } else {
        erase(connection, write)?;
    }
    hand_to_outbox(connection, write)?;
    count(connection, write)?;
    if let Some(reply) = &write.reply {
        super::catalog::insert_reply(connection, reply)?;
    }
    Ok(())
}

fn add_token(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    let Some(token) = &write.token else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO client_token (organization, sha256, customer, expires_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            write.organization.0,
            token.sha256,
            token.customer.0.as_bytes(),
            token.expires_at.0
        ])?;
    Ok(())
}

fn check_reply(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    let Some(reply) = &write.reply else { return Ok(()) };
    let known =
        connection.prepare_cached("SELECT 1 FROM stored_reply WHERE key = ?1")?.exists(params![reply.key])?;
    if known { Err(Stop::Refused(CommitRefusal::ReplyExists)) } else { Ok(()) }
}

/// Looks at the version before names and places, whose refusals would mislead a caller that decided on an old
/// state. Where there are neither, the swap itself finds out.
fn check_version(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    if write.add_names.is_empty() && write.places.is_empty() {
        return Ok(());
    }
    let found: Option<i64> = connection
        .prepare_cached("SELECT version FROM customer WHERE organization = ?1 AND id = ?2")?
        .query_row(params![write.organization.0, write.id.0.as_bytes()], |row| row.get(0))
        .optional()?;
    let expected = match write.expected {
        Expected::Absent => None,
        Expected::Version(version) => Some(counter_to_column(version)),
        Expected::Any => return Err(Stop::Refused(CommitRefusal::Stale)),
    };
    if found == expected { Ok(()) } else { Err(Stop::Refused(CommitRefusal::Stale)) }
}

fn check_names(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    for name in &write.add_names {
        let (kind, text) = name_key(name);
        let owner: Option<[u8; 16]> = connection
            .prepare_cached(
                "SELECT customer FROM customer_name WHERE organization = ?1 AND kind = ?2 AND name = ?3",
            )?
            .query_row(params![write.organization.0, kind, text], |row| row.get(0))
            .optional()?;
        if owner.is_some_and(|owner| owner != *write.id.0.as_bytes()) {
            return Err(Stop::Refused(CommitRefusal::NameTaken(name.clone())));
        }
    }
    Ok(())
}

fn check_places(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    for (index, place) in write.places.iter().enumerate() {
        let (Some(limit), true) = (place.limit, place.delta > 0) else { continue };
        let taken: i64 = connection
            .prepare_cached("SELECT taken FROM campaign_place WHERE organization = ?1 AND campaign = ?2")?
            .query_row(params![write.organization.0, place.campaign.0], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        // Earlier changes of the same write count too.
        let before = write.places[..index]
            .iter()
            .filter(|earlier| earlier.campaign == place.campaign)
            .fold(taken, |taken, earlier| (taken + i64::from(earlier.delta)).max(0));
        if before + i64::from(place.delta) > i64::from(limit) {
            return Err(Stop::Refused(CommitRefusal::LimitReached(place.campaign)));
        }
    }
    Ok(())
}

/// Compare-and-swap of the aggregate; the first statement that changes anything.
fn swap_aggregate(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    let (organization, id) = (write.organization.0, write.id.0.as_bytes());
    let changed = match (write.expected, &write.body) {
        (Expected::Absent, Some(body)) => connection
            .prepare_cached(
                "INSERT INTO customer (organization, id, version, body) VALUES (?1, ?2, 1, ?3)
                 ON CONFLICT (organization, id) DO NOTHING",
            )?
            .execute(params![organization, id, body])?,
        (Expected::Version(version), Some(body)) => connection
            .prepare_cached(
                "UPDATE customer SET version = version + 1, body = ?4
                 WHERE organization = ?1 AND id = ?2 AND version = ?3",
            )?
            .execute(params![organization, id, counter_to_column(version), body])?,
        (Expected::Version(version), None) => connection
            .prepare_cached("DELETE FROM customer WHERE organization = ?1 AND id = ?2 AND version = ?3")?
            .execute(params![organization, id, counter_to_column(version)])?,
        (Expected::Absent, None) | (Expected::Any, _) => 0,
    };
    if changed == 1 { Ok(()) } else { Err(Stop::Refused(CommitRefusal::Stale)) }
}

/// Removes everything that belonged to a deleted customer.
fn erase(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    for statement in [
        "DELETE FROM customer_name WHERE organization = ?1 AND customer = ?2",
        "DELETE FROM event WHERE organization = ?1 AND customer = ?2",
        "UPDATE outbox SET customer = NULL, kind = '', payload = '' WHERE organization = ?1 AND customer = ?2",
        "DELETE FROM client_token WHERE organization = ?1 AND customer = ?2",
    ] {
        connection
            .prepare_cached(statement)?
            .execute(params![write.organization.0, write.id.0.as_bytes()])?;
    }
    Ok(())
}

fn change_names(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    for name in &write.remove_names {
        let (kind, text) = name_key(name);
        connection
            .prepare_cached(
                "DELETE FROM customer_name
                 WHERE organization = ?1 AND kind = ?2 AND name = ?3 AND customer = ?4",
            )?
            .execute(params![write.organization.0, kind, text, write.id.0.as_bytes()])?;
    }
    for name in &write.add_names {
        let (kind, text) = name_key(name);
        connection
            .prepare_cached(
                "INSERT INTO customer_name (organization, kind, name, customer) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (organization, kind, name) DO NOTHING",
            )?
            .execute(params![write.organization.0, kind, text, write.id.0.as_bytes()])?;
    }
    Ok(())
}

/// Appends the events. A key that is there already means that the caller decided on an older log than its
/// version said, so it has to load again.
fn append_events(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    for event in &write.events {
        connection
            .prepare_cached(
                "INSERT INTO event (organization, customer, key, sequence, name, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                write.organization.0,
                write.id.0.as_bytes(),
                event.key,
                event.sequence,
                event.name,
                event.body
            ])
            .map_err(
                |error| {
                    if is_duplicate(&error) { Stop::Late(CommitRefusal::Stale) } else { error.into() }
                },
            )?;
    }
    Ok(())
}

fn hand_to_outbox(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    if write.outcomes.is_empty() {
        return Ok(());
    }
    let count = write.outcomes.len() as i64;
    let last: i64 = connection
        .prepare_cached(
            "INSERT INTO outbox_sequence (organization, last) VALUES (?1, ?2)
             ON CONFLICT (organization) DO UPDATE SET last = last + ?2 RETURNING last",
        )?
        .query_row(params![write.organization.0, count], |row| row.get(0))?;
    for ((entry, payload), position) in write.outcomes.iter().zip(last - count + 1..) {
        connection
            .prepare_cached(
                "INSERT INTO outbox (organization, position, id, customer, kind, payload, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                write.organization.0,
                position,
                entry.id.as_bytes(),
                entry.customer.0.as_bytes(),
                entry.kind,
                payload,
                entry.created_at.0
            ])?;
    }
    Ok(())
}

fn count(connection: &Connection, write: &Prepared) -> Result<(), Stop> {
    for place in &write.places {
        connection
            .prepare_cached(
                "INSERT INTO campaign_place (organization, campaign, taken) VALUES (?1, ?2, max(0, ?3))
                 ON CONFLICT (organization, campaign) DO UPDATE SET taken = max(0, taken + ?3)",
            )?
            .execute(params![write.organization.0, place.campaign.0, place.delta])?;
    }
    for count in &write.counts {
        connection
            .prepare_cached(
                "INSERT INTO creative_total (organization, campaign, creative, seen, clicked)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (organization, campaign, creative)
                 DO UPDATE SET seen = seen + excluded.seen, clicked = clicked + excluded.clicked",
            )?
            .execute(params![
                write.organization.0,
                count.campaign.0,
                count.creative.0,
                counter_to_column(count.seen),
                counter_to_column(count.clicked)
            ])?;
    }
    Ok(())
}
