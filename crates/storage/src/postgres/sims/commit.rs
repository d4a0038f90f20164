//! Many changes of participants in one transaction, each accepted or refused on its own.
//!
//! Key sets and campaigns are locked and looked at first; then all changes are decided in memory, in the order given,
//! each seeing what the earlier ones did; then what became of each participant and key set is written once, with one
//! statement for each table. Participants are not looked at beforehand: the write itself compares the revision, and
//! where one has moved, the whole transaction is repeated without that change.

use super::super::commit::{execute, query};
use super::super::error::Fault;
use super::super::lane::{Culprits, LaneWrite, Results};
use super::locks;
use crate::encoding::counter_to_column;
use crate::sims::{PreparedStep, flags_to_column, raised, wake_at};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join4;
use futures_util::try_join;
use muster_app::ports::{HoldWrite, KeySetWrite, StepRefusal};
use muster_domain::participant::{DUE_HELD, ParticipantStatus};
use muster_domain::time::UnixMillis;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Plans are made for each transaction, with its rows and the present size of the tables: a join with a list in which
/// the table comes first is the best plan while the table is small, and must not be kept.
const BEGIN: &str = "BEGIN; SET LOCAL plan_cache_mode = force_custom_plan";

/// A participant's key: campaign and ordinal.
type Key = (i64, i64);

/// A participant that waits: campaign, ordinal and card.
type Waiting = (i64, i64, i64);

/// A key set's key: card and version number.
type SetKey = (i64, i16);

impl LaneWrite for PreparedStep {
    type Refusal = StepRefusal;

    /// By card, so that lanes do not wait for each other's key sets.
    fn lane_key(&self) -> u64 {
        self.sim.cast_unsigned()
    }

    fn is_plain(&self) -> bool {
        true
    }

    async fn apply(
        client: &ClientWrapper,
        writes: &[Self],
        culprits: &mut Culprits<Self>,
    ) -> Result<Results<Self>, Fault> {
        let mut batch = Batch::look(client, writes, culprits).await?;
        let results: Vec<_> = (0..writes.len())
            .map(|index| match culprits.get(&index) {
                Some(refusal) => Err(refusal.clone()),
                None => batch.decide(index),
            })
            .collect();
        batch.write(client, &results, culprits).await?;
        Ok(results)
    }
}

/// A key set as the batch leaves it.
struct KeySetState {
    next_counter: i64,
    holder: Option<Key>,
    waiting: bool,
    flags: i16,
    changed: bool,
    /// Which change gave it back while others waited, and when.
    wakes: Option<(usize, UnixMillis)>,
}

/// A participant as the batch leaves it.
struct ParticipantState {
    /// The revision that the store must have.
    found: i64,
    /// The revision after the batch.
    revision: i64,
    /// The status that the store must have.
    was: ParticipantStatus,
    /// The status after the batch.
    status: ParticipantStatus,
    /// The last change accepted.
    written: Option<usize>,
    /// The change that was told last that the card is held, if none was accepted since.
    held: Option<usize>,
    /// The change that expected it, for when the store has another one.
    first: usize,
}

/// A transaction's changes.
struct Batch<'a> {
    writes: &'a [PreparedStep],
    running: FxHashSet<i64>,
    key_sets: BTreeMap<SetKey, KeySetState>,
    participants: BTreeMap<Key, ParticipantState>,
}

fn key(write: &PreparedStep) -> Key {
    (write.campaign, write.ordinal)
}

fn set_key(write: &PreparedStep, key_set: &KeySetWrite) -> SetKey {
    (write.sim, i16::from(key_set.kvn))
}

impl<'a> Batch<'a> {
    /// Begins the transaction, locks what the changes depend on, and looks at it. All of it travels together.
    async fn look(
        client: &ClientWrapper,
        writes: &'a [PreparedStep],
        culprits: &Culprits<PreparedStep>,
    ) -> Result<Self, Fault> {
        let standing = || writes.iter().enumerate().filter(|(index, _)| !culprits.contains_key(index));
        let mut campaigns: Vec<i64> =
            standing().filter(|(_, write)| write.while_running).map(|(_, write)| write.campaign).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        let mut sets: Vec<SetKey> = standing()
            .filter_map(|(_, write)| write.key_set.map(|key_set| set_key(write, &key_set)))
            .collect();
        sets.sort_unstable();
        sets.dedup();
        let (sims, versions): (Vec<i64>, Vec<i16>) = sets.into_iter().unzip();
        let locks = locks::keys(campaigns.iter().copied());
        // Prepared before anything is sent, because the order of sending counts: a campaign is looked at when it can
        // no longer change.
        let lock = client.prepare_cached(locks::SHARE).await?;
        let look = client
            .prepare_cached("SELECT id FROM sim_campaign WHERE id = ANY ($1) AND status = 'PROCESS'")
            .await?;
        let key_sets = client
            .prepare_cached(
                "SELECT k.sim, k.kvn, k.next_counter, k.holder_campaign, k.holder_ordinal, k.waiting, k.flags
                 FROM unnest($1::bigint[], $2::smallint[]) AS w (sim, kvn)
                 JOIN key_set k ON k.sim = w.sim AND k.kvn = w.kvn
                 ORDER BY k.sim, k.kvn FOR NO KEY UPDATE OF k",
            )
            .await?;
        let ask =
            async |statement, parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)], rows: usize| {
                if rows == 0 { Ok(Vec::new()) } else { client.query(statement, parameters).await }
            };
        let ((), _, running, found) = try_join4(
            client.batch_execute(BEGIN),
            ask(&lock, &[&locks], locks.len()),
            ask(&look, &[&campaigns], campaigns.len()),
            ask(&key_sets, &[&sims, &versions], sims.len()),
        )
        .await?;
        let mut batch = Self {
            writes,
            running: running.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?,
            key_sets: BTreeMap::new(),
            participants: BTreeMap::new(),
        };
        for row in &found {
            let campaign: Option<i64> = row.try_get(3)?;
            let state = KeySetState {
                next_counter: row.try_get(2)?,
                holder: campaign.zip(row.try_get(4)?),
                waiting: row.try_get(5)?,
                flags: row.try_get(6)?,
                changed: false,
                wakes: None,
            };
            batch.key_sets.insert((row.try_get(0)?, row.try_get(1)?), state);
        }
        Ok(batch)
    }

    /// Accepts or refuses a change, in the order of reasons that the port names.
    fn decide(&mut self, index: usize) -> Result<(), StepRefusal> {
        let write = &self.writes[index];
        let participant = self.participants.entry(key(write)).or_insert(ParticipantState {
            found: write.revision,
            revision: write.revision,
            was: write.from,
            status: write.from,
            written: None,
            held: None,
            first: index,
        });
        if participant.revision != write.revision || participant.status != write.from {
            return Err(StepRefusal::Stale);
        }
        if write.while_running && !self.running.contains(&write.campaign) {
            return Err(StepRefusal::NotRunning);
        }
        if let Some(change) = &write.key_set {
            let set = self.key_sets.get_mut(&set_key(write, change));
            if let Err(refusal) = decide_key_set(index, write, change, set) {
                if matches!(refusal, StepRefusal::Held) {
                    participant.held = Some(index);
                    participant.revision += 1;
                }
                return Err(refusal);
            }
        }
        participant.written = Some(index);
        participant.status = write.to;
        participant.held = None;
        participant.revision += 1;
        Ok(())
    }

    /// Writes what became of everything.
    async fn write(
        &self,
        client: &ClientWrapper,
        results: &Results<PreparedStep>,
        culprits: &mut Culprits<PreparedStep>,
    ) -> Result<(), Fault> {
        let (moved, held) = self.participant_rows();
        let (moved, held, unmoved) = if self.key_sets.values().any(|set| set.wakes.is_some()) {
            let saved = try_join!(moved.save(client), held.save(client), self.unmoved(client))?;
            self.wake(client).await?;
            self.save_key_sets(client).await?;
            self.count(client, results).await?;
            saved
        } else {
            // The counts come last, because all transactions of a campaign want the same rows: whoever waits for
            // them holds them only from here to the commit.
            let (moved, held, unmoved, (), ()) = try_join!(
                moved.save(client),
                held.save(client),
                self.unmoved(client),
                self.save_key_sets(client),
                self.count(client, results),
            )?;
            (moved, held, unmoved)
        };
        let mut current: FxHashSet<Key> = FxHashSet::default();
        for row in moved.iter().chain(&held).chain(&unmoved) {
            current.insert((row.try_get(0)?, row.try_get(1)?));
        }
        let known = culprits.len();
        for (key, participant) in &self.participants {
            if !current.contains(key) {
                culprits.insert(participant.first, StepRefusal::Stale);
            }
        }
        if culprits.len() > known { Err(Fault::Overtaken) } else { Ok(()) }
    }

    /// Those participants of whom every change was refused that have the revision expected: where they have not, the
    /// change is stale before it is anything else.
    async fn unmoved(&self, client: &ClientWrapper) -> Result<Vec<tokio_postgres::Row>, Fault> {
        let unmoved = self.participants.iter().filter(|(_, state)| state.revision == state.found);
        let (mut campaigns, mut ordinals) = (Vec::new(), Vec::new());
        let (mut found, mut was) = (Vec::new(), Vec::new());
        for ((campaign, ordinal), state) in unmoved {
            campaigns.push(*campaign);
            ordinals.push(*ordinal);
            found.push(state.found);
            was.push(i16::from(state.was.number()));
        }
        query(
            client,
            "SELECT p.campaign, p.ordinal
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[])
                  AS w (campaign, ordinal, found, was)
             JOIN participant p ON p.campaign = w.campaign AND p.ordinal = w.ordinal AND p.revision = w.found
                  AND p.status = w.was",
            campaigns.len(),
            &[&campaigns, &ordinals, &found, &was],
        )
        .await
    }

    /// The rows of participants whose state changes, and of those that only wait, in ascending order.
    fn participant_rows(&self) -> (Moved<'a>, Held) {
        let (mut moved, mut held) = (Moved::default(), Held::default());
        for (&(campaign, ordinal), participant) in &self.participants {
            if let Some(index) = participant.written {
                moved.push(&self.writes[index], participant);
            } else if participant.held.is_some() {
                held.campaigns.push(campaign);
                held.ordinals.push(ordinal);
                held.found.push(participant.found);
                held.was.push(i16::from(participant.was.number()));
                held.revisions.push(participant.revision);
            }
        }
        (moved, held)
    }

    /// Makes those due who waited for a card when it was given back, one after the other. Who was told that it is held
    /// only after that goes on waiting.
    async fn wake(&self, client: &ClientWrapper) -> Result<(), Fault> {
        let mut free: BTreeMap<i64, (usize, UnixMillis)> = BTreeMap::new();
        for ((sim, _), set) in &self.key_sets {
            if let Some(wakes) = set.wakes {
                free.insert(*sim, wakes);
            }
        }
        let sims: Vec<i64> = free.keys().copied().collect();
        let rows = query(
            client,
            "SELECT campaign, ordinal, sim FROM participant
             WHERE sim = ANY ($1) AND due_at = 9223372036854775807 AND status IN (0, 1)
             ORDER BY sim, campaign FOR NO KEY UPDATE",
            sims.len(),
            &[&sims],
        )
        .await?;
        let (mut campaigns, mut ordinals, mut due_at) = (Vec::new(), Vec::new(), Vec::new());
        let mut positions: FxHashMap<i64, usize> = FxHashMap::default();
        for row in &rows {
            let (campaign, ordinal, sim): Waiting = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let Some((given_back, now)) = free.get(&sim) else { continue };
            let held = self.participants.get(&(campaign, ordinal)).and_then(|participant| participant.held);
            if held.is_some_and(|held| held > *given_back) {
                continue;
            }
            let position = positions.entry(sim).or_default();
            campaigns.push(campaign);
            ordinals.push(ordinal);
            due_at.push(wake_at(*now, *position));
            *position += 1;
        }
        execute(
            client,
            "UPDATE participant p SET due_at = w.due_at, revision = p.revision + 1
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS w (campaign, ordinal, due_at)
             WHERE p.campaign = w.campaign AND p.ordinal = w.ordinal",
            campaigns.len(),
            &[&campaigns, &ordinals, &due_at],
        )
        .await?;
        Ok(())
    }

    async fn save_key_sets(&self, client: &ClientWrapper) -> Result<(), Fault> {
        let (mut sims, mut versions, mut counters) = (Vec::new(), Vec::new(), Vec::new());
        let (mut holder_campaigns, mut holder_ordinals) = (Vec::new(), Vec::new());
        let (mut waiting, mut flags) = (Vec::new(), Vec::new());
        for ((sim, kvn), set) in self.key_sets.iter().filter(|(_, set)| set.changed) {
            sims.push(*sim);
            versions.push(*kvn);
            counters.push(set.next_counter);
            holder_campaigns.push(set.holder.map(|holder| holder.0));
            holder_ordinals.push(set.holder.map(|holder| holder.1));
            waiting.push(set.waiting);
            flags.push(set.flags);
        }
        execute(
            client,
            "UPDATE key_set k SET next_counter = w.next_counter, holder_campaign = w.holder_campaign,
                 holder_ordinal = w.holder_ordinal, waiting = w.waiting, flags = w.flags
             FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[],
                         $7::smallint[])
                  AS w (sim, kvn, next_counter, holder_campaign, holder_ordinal, waiting, flags)
             WHERE k.sim = w.sim AND k.kvn = w.kvn",
            sims.len(),
            &[&sims, &versions, &counters, &holder_campaigns, &holder_ordinals, &waiting, &flags],
        )
        .await?;
        Ok(())
    }

    /// Adds up first, so that each row is touched once, and in order, so that nodes do not lock each other.
    async fn count(&self, client: &ClientWrapper, results: &Results<PreparedStep>) -> Result<(), Fault> {
        let mut statuses: BTreeMap<(i64, i16), i64> = BTreeMap::new();
        let mut waves: BTreeMap<(i64, i64), [i64; 5]> = BTreeMap::new();
        for (write, result) in self.writes.iter().zip(results) {
            if result.is_err() {
                continue;
            }
            *statuses.entry((write.campaign, i16::from(write.from.number()))).or_default() -= 1;
            *statuses.entry((write.campaign, i16::from(write.to.number()))).or_default() += 1;
            let counts = [
                write.counts.succeeded,
                write.counts.failed,
                write.counts.attempts_ok,
                write.counts.attempts_failed,
                write.counts.config_errors,
            ];
            if counts != [0; 5] {
                let wave = waves.entry((write.campaign, i64::from(write.wave))).or_default();
                for (sum, count) in wave.iter_mut().zip(counts) {
                    *sum = sum.saturating_add(counter_to_column(count));
                }
            }
        }
        statuses.retain(|_, change| *change != 0);
        let wave = |member: usize| -> Vec<i64> { waves.values().map(|counts| counts[member]).collect() };
        let (wave_campaigns, wave_numbers): (Vec<i64>, Vec<i64>) = waves.keys().copied().unzip();
        add_to_counts(client, &statuses).await?;
        execute(
            client,
            "INSERT INTO wave_count AS c
                 (campaign, wave, succeeded, failed, attempts_ok, attempts_failed, config_errors)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                                  $6::bigint[], $7::bigint[])
             ON CONFLICT (campaign, wave) DO UPDATE SET
                 succeeded = c.succeeded + excluded.succeeded, failed = c.failed + excluded.failed,
                 attempts_ok = c.attempts_ok + excluded.attempts_ok,
                 attempts_failed = c.attempts_failed + excluded.attempts_failed,
                 config_errors = c.config_errors + excluded.config_errors",
            wave_numbers.len(),
            &[&wave_campaigns, &wave_numbers, &wave(0), &wave(1), &wave(2), &wave(3), &wave(4)],
        )
        .await?;
        Ok(())
    }
}

/// Adds to the counts of participants by campaign and status.
pub(super) async fn add_to_counts(
    client: &ClientWrapper,
    changes: &BTreeMap<(i64, i16), i64>,
) -> Result<(), Fault> {
    let (campaigns, statuses): (Vec<i64>, Vec<i16>) = changes.keys().copied().unzip();
    let changes: Vec<i64> = changes.values().copied().collect();
    execute(
        client,
        "INSERT INTO campaign_count AS c (campaign, status, participants)
         SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[])
         ON CONFLICT (campaign, status) DO UPDATE SET participants = c.participants + excluded.participants",
        campaigns.len(),
        &[&campaigns, &statuses, &changes],
    )
    .await?;
    Ok(())
}

/// A change's part in a key set. One that does not exist has no counter and cannot be held.
fn decide_key_set(
    index: usize,
    write: &PreparedStep,
    change: &KeySetWrite,
    set: Option<&mut KeySetState>,
) -> Result<(), StepRefusal> {
    let participant = key(write);
    let Some(set) = set else {
        let wants = change.take_counter.is_some() || change.hold == HoldWrite::Take;
        return if wants { Err(StepRefusal::CounterMoved) } else { Ok(()) };
    };
    if change.hold == HoldWrite::Take && set.holder.is_some_and(|holder| holder != participant) {
        set.waiting = true;
        set.changed = true;
        return Err(StepRefusal::Held);
    }
    let mut next_counter = set.next_counter;
    if let Some(counter) = change.take_counter {
        if counter_to_column(counter) != next_counter {
            return Err(StepRefusal::CounterMoved);
        }
        next_counter = next_counter.saturating_add(1);
    }
    next_counter = raised(next_counter, change.raise_by);
    let holder = match change.hold {
        HoldWrite::Take => Some(participant),
        HoldWrite::Release if set.holder == Some(participant) => None,
        HoldWrite::Keep | HoldWrite::Release => set.holder,
    };
    if set.holder.is_some() && holder.is_none() && set.waiting {
        set.waiting = false;
        set.wakes = Some((index, write.now));
    }
    let flags = set.flags | flags_to_column(change.flags);
    set.changed |= (next_counter, holder, flags) != (set.next_counter, set.holder, set.flags);
    (set.next_counter, set.holder, set.flags) = (next_counter, holder, flags);
    Ok(())
}

/// Columns of participants that move.
#[derive(Default)]
struct Moved<'a> {
    campaigns: Vec<i64>,
    ordinals: Vec<i64>,
    found: Vec<i64>,
    was: Vec<i16>,
    revisions: Vec<i64>,
    statuses: Vec<i16>,
    attempts: Vec<i64>,
    codes: Vec<&'a str>,
    messages: Vec<&'a str>,
    updated_at: Vec<i64>,
    due_at: Vec<i64>,
    timer_at: Vec<Option<i64>>,
    bodies: Vec<Option<&'a [u8]>>,
}

impl<'a> Moved<'a> {
    fn push(&mut self, write: &'a PreparedStep, participant: &ParticipantState) {
        self.campaigns.push(write.campaign);
        self.ordinals.push(write.ordinal);
        self.found.push(participant.found);
        self.was.push(i16::from(participant.was.number()));
        self.revisions.push(participant.revision);
        self.statuses.push(i16::from(write.to.number()));
        self.attempts.push(write.attempt);
        self.codes.push(&write.code);
        self.messages.push(&write.message);
        self.updated_at.push(write.updated_at);
        self.due_at.push(if participant.held.is_some() { DUE_HELD.0 } else { write.due_at });
        self.timer_at.push(write.timer_at);
        self.bodies.push(write.body.as_deref());
    }

    /// Writes them; tells which had the revision expected.
    async fn save(&self, client: &ClientWrapper) -> Result<Vec<tokio_postgres::Row>, Fault> {
        query(
            client,
            "UPDATE participant p SET revision = w.revision, status = w.status, attempt = w.attempt,
                 code = w.code, message = w.message, updated_at = w.updated_at, due_at = w.due_at,
                 timer_at = w.timer_at, body = w.body
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::smallint[],
                         $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[],
                         $13::bytea[])
                  AS w (campaign, ordinal, found, was, revision, status, attempt, code, message, updated_at,
                        due_at, timer_at, body)
             WHERE p.campaign = w.campaign AND p.ordinal = w.ordinal AND p.revision = w.found AND p.status = w.was
             RETURNING p.campaign, p.ordinal",
            self.campaigns.len(),
            &[
                &self.campaigns,
                &self.ordinals,
                &self.found,
                &self.was,
                &self.revisions,
                &self.statuses,
                &self.attempts,
                &self.codes,
                &self.messages,
                &self.updated_at,
                &self.due_at,
                &self.timer_at,
                &self.bodies,
            ],
        )
        .await
    }
}

/// Columns of participants that find their card held.
#[derive(Default)]
struct Held {
    campaigns: Vec<i64>,
    ordinals: Vec<i64>,
    found: Vec<i64>,
    was: Vec<i16>,
    revisions: Vec<i64>,
}

impl Held {
    /// Writes them; tells which had the revision expected.
    async fn save(&self, client: &ClientWrapper) -> Result<Vec<tokio_postgres::Row>, Fault> {
        query(
            client,
            "UPDATE participant p SET due_at = 9223372036854775807, revision = w.revision
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[])
                  AS w (campaign, ordinal, found, was, revision)
             WHERE p.campaign = w.campaign AND p.ordinal = w.ordinal AND p.revision = w.found AND p.status = w.was
             RETURNING p.campaign, p.ordinal",
            self.campaigns.len(),
            &[&self.campaigns, &self.ordinals, &self.found, &self.was, &self.revisions],
        )
        .await
    }
}
