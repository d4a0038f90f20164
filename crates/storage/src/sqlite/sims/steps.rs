//! Participants' changes, as the writing thread applies them.

use super::participants::add_to_count;
use crate::encoding::counter_to_column;
use crate::sims::{PreparedStep, StepResults, flags_to_column, raised, wake_at};
use crate::sqlite::error::Fault;
use crate::sqlite::writer::{Care, Task, guarded, lost};
use muster_app::ports::{HoldWrite, KeySetWrite, StepRefusal, StoreError, StoreResult};
use muster_domain::participant::DUE_HELD;
use muster_domain::sim_campaign::WaveCounts;
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

pub(super) const WAITING: &str = "SELECT campaign, ordinal FROM participant INDEXED BY participant_sim
     WHERE sim = ?1 AND status IN (0, 1) AND due_at = ?2 ORDER BY campaign";

pub(super) const IS_RUNNING: &str = "SELECT 1 FROM sim_campaign WHERE id = ?1 AND status = 'PROCESS'";
pub(super) const FIND: &str =
    "SELECT next_counter, holder_campaign, holder_ordinal, waiting, flags FROM key_set
     WHERE sim = ?1 AND kvn = ?2";
pub(super) const SWAP: &str = "UPDATE participant SET status = ?5, attempt = ?6, code = ?7, message = ?8,
     updated_at = ?9, due_at = ?10, timer_at = ?11, body = ?12, revision = revision + 1
     WHERE campaign = ?1 AND ordinal = ?2 AND revision = ?3 AND status = ?4";
pub(super) const CHANGE_KEY_SET: &str = "UPDATE key_set SET next_counter = ?3, holder_campaign = ?4,
     holder_ordinal = ?5, waiting = ?6, flags = ?7 WHERE sim = ?1 AND kvn = ?2";

/// The changes of one call.
pub(super) struct StepTask {
    steps: Vec<PreparedStep>,
    results: StepResults,
    answer: oneshot::Sender<StepResults>,
}

impl StepTask {
    /// A task and the receiver of its results, one for each change.
    pub(super) fn new(steps: Vec<PreparedStep>) -> (Box<Self>, oneshot::Receiver<StepResults>) {
        let (answer, answered) = oneshot::channel();
        (Box::new(Self { steps, results: Vec::new(), answer }), answered)
    }

    fn all_failed(&self, error: &StoreError) -> StepResults {
        self.steps.iter().map(|_| Err(error.clone().into())).collect()
    }
}

impl Task for StepTask {
    fn weight(&self) -> usize {
        self.steps.len().max(1)
    }

    fn run(&mut self, connection: &Connection, care: Care) -> Result<(), Fault> {
        self.results.clear();
        let mut batch = Batch::default();
        for step in &self.steps {
            let judged = match care {
                Care::Together => batch.apply(connection, step)?,
                // A refusal may have changed something that is to stay, so only a fault undoes.
                Care::Each => match guarded(connection, || match batch.apply(connection, step) {
                    Ok(judged) => Ok(Ok(judged)),
                    Err(fault) if fault.is_of_one_piece() => Ok(Err(StoreError::from(fault))),
                    Err(fault) => Err(fault),
                })? {
                    Ok(judged) => judged,
                    Err(error) => Err(error.into()),
                },
            };
            if judged.is_ok() {
                batch.count(step);
            }
            self.results.push(judged);
        }
        batch.flush(connection)
    }

    fn answer(self: Box<Self>, outcome: StoreResult<()>) {
        let results = match outcome {
            Ok(()) if self.results.len() == self.steps.len() => self.results,
            Ok(()) => self.all_failed(&lost()),
            Err(error) => self.all_failed(&error),
        };
        // Whoever asked may be gone; the changes stand.
        drop(self.answer.send(results));
    }
}

/// What the changes of one task share: each campaign is asked for once, and each count is moved once.
#[derive(Default)]
struct Batch {
    running: BTreeMap<i64, bool>,
    statuses: BTreeMap<(i64, u8), i64>,
    waves: BTreeMap<(i64, u32), WaveCounts>,
}

/// A key set as far as a change depends on it.
struct Held {
    next_counter: i64,
    holder: Option<(i64, i64)>,
    waiting: bool,
    flags: i16,
}

impl Batch {
    /// Judges and applies one change. The transaction holds the write lock, so what was checked stays true.
    fn apply(
        &mut self,
        connection: &Connection,
        step: &PreparedStep,
    ) -> Result<Result<(), StepRefusal>, Fault> {
        if step.while_running && !self.is_running(connection, step.campaign)? {
            return if_current(connection, step, StepRefusal::NotRunning);
        }
        let key_set = match &step.key_set {
            Some(write) => match find(connection, step.sim, write.kvn)? {
                Some(found) => Some((write, found)),
                None if write.take_counter.is_some() || write.hold == HoldWrite::Take => {
                    return if_current(connection, step, StepRefusal::CounterMoved);
                }
                None => None,
            },
            None => None,
        };
        if let Some((write, found)) = &key_set {
            let other = found.holder.is_some_and(|holder| holder != (step.campaign, step.ordinal));
            if write.hold == HoldWrite::Take && other {
                return wait_for_card(connection, step, write.kvn);
            }
            if write.take_counter.is_some_and(|counter| counter_to_column(counter) != found.next_counter) {
                return if_current(connection, step, StepRefusal::CounterMoved);
            }
        }
        if !swap(connection, step)? {
            return Ok(Err(StepRefusal::Stale));
        }
        if let Some((write, found)) = key_set {
            change_key_set(connection, step, *write, &found)?;
        }
        Ok(Ok(()))
    }

    fn is_running(&mut self, connection: &Connection, campaign: i64) -> Result<bool, Fault> {
        if let Some(running) = self.running.get(&campaign) {
            return Ok(*running);
        }
        let running = connection.prepare_cached(IS_RUNNING)?.exists(params![campaign])?;
        self.running.insert(campaign, running);
        Ok(running)
    }

    /// Remembers what a change adds to the counts.
    fn count(&mut self, step: &PreparedStep) {
        if step.from != step.to {
            *self.statuses.entry((step.campaign, step.from.number())).or_default() -= 1;
            *self.statuses.entry((step.campaign, step.to.number())).or_default() += 1;
        }
        if step.counts != WaveCounts::default() {
            let sum = self.waves.entry((step.campaign, step.wave)).or_default();
            sum.succeeded += step.counts.succeeded;
            sum.failed += step.counts.failed;
            sum.attempts_ok += step.counts.attempts_ok;
            sum.attempts_failed += step.counts.attempts_failed;
            sum.config_errors += step.counts.config_errors;
        }
    }

    /// Moves the counts.
    fn flush(&self, connection: &Connection) -> Result<(), Fault> {
        for (&(campaign, status), &by) in self.statuses.iter().filter(|(_, by)| **by != 0) {
            add_to_count(connection, campaign, i64::from(status), by)?;
        }
        for (&(campaign, wave), by) in &self.waves {
            connection
                .prepare_cached(
                    "INSERT INTO wave_count
                     (campaign, wave, succeeded, failed, attempts_ok, attempts_failed, config_errors)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (campaign, wave) DO UPDATE SET
                     succeeded = succeeded + ?3, failed = failed + ?4, attempts_ok = attempts_ok + ?5,
                     attempts_failed = attempts_failed + ?6, config_errors = config_errors + ?7",
                )?
                .execute(params![
                    campaign,
                    wave,
                    counter_to_column(by.succeeded),
                    counter_to_column(by.failed),
                    counter_to_column(by.attempts_ok),
                    counter_to_column(by.attempts_failed),
                    counter_to_column(by.config_errors)
                ])?;
        }
        Ok(())
    }
}

/// The refusal, unless the change is stale, which goes before everything else.
fn if_current(
    connection: &Connection,
    step: &PreparedStep,
    refusal: StepRefusal,
) -> Result<Result<(), StepRefusal>, Fault> {
    let current = connection
        .prepare_cached(
            "SELECT 1 FROM participant WHERE campaign = ?1 AND ordinal = ?2 AND revision = ?3 AND status = ?4",
        )?
        .exists(params![step.campaign, step.ordinal, step.revision, step.from.number()])?;
    Ok(Err(if current { refusal } else { StepRefusal::Stale }))
}

fn find(connection: &Connection, sim: i64, kvn: u8) -> Result<Option<Held>, Fault> {
    Ok(connection
        .prepare_cached(FIND)?
        .query_row(params![sim, kvn], |row| {
            Ok(Held {
                next_counter: row.get(0)?,
                holder: row.get::<_, Option<i64>>(1)?.zip(row.get(2)?),
                waiting: row.get(3)?,
                flags: row.get(4)?,
            })
        })
        .optional()?)
}

/// The card is another participant's: this one is put aside until it is given back.
fn wait_for_card(
    connection: &Connection,
    step: &PreparedStep,
    kvn: u8,
) -> Result<Result<(), StepRefusal>, Fault> {
    let put_aside = connection
        .prepare_cached(
            "UPDATE participant SET due_at = ?5, revision = revision + 1
             WHERE campaign = ?1 AND ordinal = ?2 AND revision = ?3 AND status = ?4",
        )?
        .execute(params![step.campaign, step.ordinal, step.revision, step.from.number(), DUE_HELD.0])?;
    if put_aside == 0 {
        return Ok(Err(StepRefusal::Stale));
    }
    connection
        .prepare_cached("UPDATE key_set SET waiting = 1 WHERE sim = ?1 AND kvn = ?2")?
        .execute(params![step.sim, kvn])?;
    Ok(Err(StepRefusal::Held))
}

/// Compare-and-swap of the participant; the first statement that changes anything.
fn swap(connection: &Connection, step: &PreparedStep) -> Result<bool, Fault> {
    let changed = connection.prepare_cached(SWAP)?.execute(params![
        step.campaign,
        step.ordinal,
        step.revision,
        step.from.number(),
        step.to.number(),
        step.attempt,
        step.code,
        step.message,
        step.updated_at,
        step.due_at,
        step.timer_at,
        step.body
    ])?;
    Ok(changed == 1)
}

fn change_key_set(
    connection: &Connection,
    step: &PreparedStep,
    write: KeySetWrite,
    found: &Held,
) -> Result<(), Fault> {
    let me = Some((step.campaign, step.ordinal));
    let mut next_counter = found.next_counter;
    if write.take_counter.is_some() {
        next_counter = next_counter.saturating_add(1);
    }
    next_counter = raised(next_counter, write.raise_by);
    let holder = match write.hold {
        HoldWrite::Take => me,
        HoldWrite::Release if found.holder == me => None,
        HoldWrite::Keep | HoldWrite::Release => found.holder,
    };
    let flags = found.flags | flags_to_column(write.flags);
    let given_back = found.holder.is_some() && holder.is_none();
    let waiting = found.waiting && !given_back;
    let same = (next_counter, holder, flags) == (found.next_counter, found.holder, found.flags);
    if !same {
        connection.prepare_cached(CHANGE_KEY_SET)?.execute(params![
            step.sim,
            write.kvn,
            next_counter,
            holder.map(|(campaign, _)| campaign),
            holder.map(|(_, ordinal)| ordinal),
            waiting,
            flags
        ])?;
    }
    if given_back && found.waiting {
        wake(connection, step.sim, step.now)?;
    }
    Ok(())
}

/// Those that wait for the card become due, one after the other in order of their campaigns.
fn wake(connection: &Connection, sim: i64, now: UnixMillis) -> Result<(), Fault> {
    let waiting = connection
        .prepare_cached(WAITING)?
        .query_map(params![sim, DUE_HELD.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    for (position, (campaign, ordinal)) in waiting.into_iter().enumerate() {
        connection
            .prepare_cached(
                "UPDATE participant SET due_at = ?3, revision = revision + 1
                 WHERE campaign = ?1 AND ordinal = ?2",
            )?
            .execute(params![campaign, ordinal, wake_at(now, position)])?;
    }
    Ok(())
}
