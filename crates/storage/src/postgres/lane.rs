//! The writers: each has a connection of its own, takes what waits, and commits it in one transaction.

use super::error::Fault;
use super::server::Server;
use crate::{BATCH_MAX, meters};
use deadpool_postgres::ClientWrapper;
use futures_util::FutureExt;
use muster_app::ports::{StoreError, StoreResult};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The store's name in metrics.
const STORE: &str = "postgres";

/// Writers, each with its connection. While one waits for the server's disk the other prepares its transaction.
const LANES: usize = 2;

/// How often a transaction that lost to another one is repeated.
pub(super) const RACES_MAX: u32 = 10;

/// Shortest and longest time that a server which could not be reached is not asked again.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A write that shares a transaction with others and is accepted or refused on its own.
pub(super) trait LaneWrite: Send + Sync + Sized + 'static {
    /// Why one is refused.
    type Refusal: From<StoreError> + Clone + Send + Sync + 'static;

    /// A number that writes of the same rows share. It chooses the lane.
    fn lane_key(&self) -> u64;

    /// Whether it wants only rows that writes of its own lane want. A call with others stays together.
    fn is_plain(&self) -> bool;

    /// Applies writes inside a transaction that it begins and leaves open. On a fault the transaction has to be
    /// rolled back.
    fn apply(
        client: &ClientWrapper,
        writes: &[Self],
        culprits: &mut Culprits<Self>,
    ) -> impl Future<Output = Result<Results<Self>, Fault>> + Send;
}

/// The results of several writes, one for each.
pub(super) type Results<W> = Vec<Result<(), <W as LaneWrite>::Refusal>>;

/// Refusals that a run of the transaction brought to light too late; the next run leaves these writes out.
pub(super) type Culprits<W> = FxHashMap<usize, <W as LaneWrite>::Refusal>;

/// Writes that were given together, and where their results go.
struct Request<W: LaneWrite> {
    writes: Vec<W>,
    answer: oneshot::Sender<Results<W>>,
}

/// The writers of a store.
pub(super) struct Lanes<W: LaneWrite> {
    senders: Mutex<Option<Vec<mpsc::UnboundedSender<Request<W>>>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    queued: Arc<AtomicUsize>,
    queue_max: usize,
}

impl<W: LaneWrite> Lanes<W> {
    /// Starts the writers; they connect when there is something to write.
    pub(super) fn start(server: &Arc<Server>) -> Self {
        let queued = Arc::new(AtomicUsize::new(0));
        let (senders, tasks) = (0..LANES)
            .map(|_| {
                let (sender, requests) = mpsc::unbounded_channel();
                let lane = Lane {
                    server: Arc::clone(server),
                    queued: Arc::clone(&queued),
                    connection: None,
                    down: None,
                };
                (sender, tokio::spawn(lane.run(requests)))
            })
            .unzip();
        Self {
            senders: Mutex::new(Some(senders)),
            tasks: Mutex::new(tasks),
            queued,
            queue_max: server.config().queue_max,
        }
    }

    /// Commits writes that were given together. Plain ones go each to its lane, so that lanes do not wait for each
    /// other's rows; where names, places and the like are concerned, all go to one lane in order.
    pub(super) async fn commit(&self, writes: Vec<W>) -> Results<W> {
        let count = writes.len();
        if writes.iter().all(W::is_plain) {
            let mut shares: Vec<(Vec<usize>, Vec<W>)> =
                (0..LANES).map(|_| (Vec::new(), Vec::new())).collect();
            for (index, write) in writes.into_iter().enumerate() {
                let share = &mut shares[lane_of(&write)];
                share.0.push(index);
                share.1.push(write);
            }
            let mut results: Vec<_> = (0..count).map(|_| None).collect();
            let shares = shares.into_iter().enumerate().filter(|(_, (indices, _))| !indices.is_empty());
            let told = shares.map(async |(lane, (indices, writes))| (indices, self.send(lane, writes).await));
            for (indices, told) in futures_util::future::join_all(told).await {
                for (index, result) in indices.into_iter().zip(told) {
                    results[index] = Some(result);
                }
            }
            return results.into_iter().map(|result| result.unwrap_or_else(|| Err(lost().into()))).collect();
        }
        let lane = writes.first().map_or(0, lane_of);
        self.send(lane, writes).await
    }

    async fn send(&self, lane: usize, writes: Vec<W>) -> Results<W> {
        let count = writes.len();
        match self.submit(lane, writes) {
            Ok(answered) => answered.await.unwrap_or_else(|_| all_failed::<W>(count, &lost())),
            Err(error) => all_failed::<W>(count, &error),
        }
    }

    /// Queues writes. A queue that is full refuses, one that is empty takes any number.
    fn submit(&self, lane: usize, writes: Vec<W>) -> StoreResult<oneshot::Receiver<Results<W>>> {
        let senders = self.senders.lock();
        let Some(sender) = senders.as_ref().and_then(|senders| senders.get(lane)) else {
            return Err(StoreError::Unreachable("it was closed".to_owned()));
        };
        let count = writes.len();
        let queued = self.queued.fetch_add(count, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        if queued > 0 && queued + count > self.queue_max {
            self.queued.fetch_sub(count, Ordering::Relaxed);
            meters::overloaded(STORE, count);
            return Err(StoreError::Overloaded { queued });
        }
        if sender.send(Request { writes, answer }).is_err() {
            self.queued.fetch_sub(count, Ordering::Relaxed);
            return Err(StoreError::Unreachable("its writer ended".to_owned()));
        }
        Ok(answered)
    }

    /// Takes no more writes and finishes those accepted.
    pub(super) async fn close(&self) {
        drop(self.senders.lock().take());
        let tasks: Vec<_> = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a writing task of the store panicked");
            }
        }
    }
}

fn lane_of<W: LaneWrite>(write: &W) -> usize {
    (write.lane_key() % LANES as u64) as usize
}

/// The same failure for each of `count` writes.
fn all_failed<W: LaneWrite>(count: usize, error: &StoreError) -> Results<W> {
    (0..count).map(|_| Err(error.clone().into())).collect()
}

/// The error of writes whose answer never came.
fn lost() -> StoreError {
    StoreError::Unknown("the writer ended before it answered".to_owned())
}

/// One writer.
struct Lane {
    server: Arc<Server>,
    queued: Arc<AtomicUsize>,
    connection: Option<ClientWrapper>,
    /// While the server cannot be reached: not before when it is asked again, the last pause, and why.
    down: Option<(Instant, Duration, StoreError)>,
}

impl Lane {
    async fn run<W: LaneWrite>(mut self, mut requests: mpsc::UnboundedReceiver<Request<W>>) {
        let mut waiting: VecDeque<Request<W>> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match requests.recv().await {
                    Some(request) => waiting.push_back(request),
                    None => return,
                }
            }
            while let Ok(request) = requests.try_recv() {
                waiting.push_back(request);
            }
            self.commit_batch(take_batch(&mut waiting)).await;
        }
    }

    async fn commit_batch<W: LaneWrite>(&mut self, batch: Vec<Request<W>>) {
        let mut writes = Vec::new();
        let mut answers = Vec::with_capacity(batch.len());
        for request in batch {
            answers.push((request.writes.len(), request.answer));
            writes.extend(request.writes);
        }
        let outcome = AssertUnwindSafe(self.commit_all(&writes)).catch_unwind().await;
        let mut results = outcome
            .unwrap_or_else(|_| {
                self.connection = None;
                let error =
                    StoreError::Internal("a write of the store panicked; this is a defect".to_owned());
                all_failed::<W>(writes.len(), &error)
            })
            .into_iter();
        self.queued.fetch_sub(writes.len(), Ordering::Relaxed);
        for (count, answer) in answers {
            // Whoever asked may be gone; the writes stand.
            drop(answer.send(results.by_ref().take(count).collect()));
        }
    }

    /// All writes in one transaction, or each in its own if one of them makes it fail.
    async fn commit_all<W: LaneWrite>(&mut self, writes: &[W]) -> Results<W> {
        match self.transaction(writes).await {
            Ok(results) => results,
            Err(fault) if fault.is_of_one_piece() && writes.len() > 1 => {
                let mut results = Vec::with_capacity(writes.len());
                for write in writes {
                    match self.transaction(std::slice::from_ref(write)).await {
                        Ok(mut result) => results.append(&mut result),
                        Err(fault) => results.push(Err(failure(fault, 1).into())),
                    }
                }
                results
            }
            Err(fault) => all_failed::<W>(writes.len(), &failure(fault, writes.len())),
        }
    }

    /// One transaction, repeated while it loses to others, and once more on a new connection when the old one
    /// turns out to be gone before anything could have been committed.
    async fn transaction<W: LaneWrite>(&mut self, writes: &[W]) -> Result<Results<W>, Fault> {
        let mut culprits = Culprits::<W>::default();
        let mut races = 0;
        let mut connections = 0;
        loop {
            let known_culprits = culprits.len();
            let fresh = self.connect().await?;
            let begun = Instant::now();
            let outcome = self.attempt(writes, &mut culprits).await;
            meters::transaction(STORE, writes.len(), begun.elapsed(), outcome.is_ok());
            match outcome {
                Ok(results) => return Ok(results),
                Err(fault) if fault.is_lost_race() => {
                    // Each further culprit is progress; only what repeats itself is counted.
                    races += u32::from(culprits.len() == known_culprits);
                    if races >= RACES_MAX {
                        return Err(fault);
                    }
                }
                Err(fault) if fault.is_lost_connection() && !fresh && connections == 0 => connections += 1,
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn attempt<W: LaneWrite>(
        &mut self,
        writes: &[W],
        culprits: &mut Culprits<W>,
    ) -> Result<Results<W>, Fault> {
        let Some(client) = &self.connection else {
            return Err(Fault::Store(StoreError::Unreachable("there is no connection".to_owned())));
        };
        match self.server.bounded(Box::pin(W::apply(client, writes, culprits))).await {
            Ok(results) => {
                let committed =
                    self.server.bounded(async { Ok(client.batch_execute("COMMIT").await?) }).await;
                match committed {
                    Ok(()) => Ok(results),
                    Err(fault) => {
                        self.connection = None;
                        Err(at_commit(fault))
                    }
                }
            }
            Err(fault) => {
                let rolled_back =
                    self.server.bounded(async { Ok(client.batch_execute("ROLLBACK").await?) }).await;
                if rolled_back.is_err() || fault.is_lost_connection() {
                    self.connection = None;
                }
                Err(fault)
            }
        }
    }

    /// Makes sure that there is a connection; `true` if it is new. A server that could not be reached a moment
    /// ago is not asked again for every write.
    async fn connect(&mut self) -> Result<bool, Fault> {
        if self.connection.as_ref().is_some_and(|client| !client.is_closed()) {
            return Ok(false);
        }
        self.connection = None;
        if let Some((until, _, error)) = &self.down
            && Instant::now() < *until
        {
            return Err(Fault::Store(error.clone()));
        }
        match self.server.connect_cached().await {
            Ok(client) => {
                self.connection = Some(client);
                self.down = None;
                Ok(true)
            }
            Err(error) => {
                let pause = self.down.as_ref().map_or(PAUSE_MIN, |(_, pause, _)| (*pause * 2).min(PAUSE_MAX));
                self.down = Some((Instant::now() + pause, pause, error.clone()));
                Err(Fault::Store(error))
            }
        }
    }
}

/// As many requests as share a transaction, at least one.
fn take_batch<W: LaneWrite>(waiting: &mut VecDeque<Request<W>>) -> Vec<Request<W>> {
    let mut batch = Vec::new();
    let mut count = 0;
    while let Some(request) = waiting.front() {
        if !batch.is_empty() && count + request.writes.len() > BATCH_MAX {
            break;
        }
        count += request.writes.len();
        batch.extend(waiting.pop_front());
    }
    batch
}

/// What a failed COMMIT means: refused by the server, or unknown because its answer never came.
pub(super) fn at_commit(fault: Fault) -> Fault {
    match &fault {
        Fault::Sql(error) if error.as_db_error().is_some() && !fault.is_lost_connection() => fault,
        _ => Fault::Store(StoreError::Unknown(StoreError::from(fault).to_string())),
    }
}

fn failure(fault: Fault, writes: usize) -> StoreError {
    let error = StoreError::from(fault);
    tracing::error!(%error, writes, "a transaction failed");
    error
}
