//! The one thread that writes: it takes what waits, puts it into one transaction, commits, and then answers.
//!
//! There is no timer. While one transaction is being made durable the next ones gather, so the batches are as large
//! as the disk is slow.

use super::checkpoint::Checkpointer;
use super::error::{Fault, of_sqlite};
use crate::{BATCH_MAX, meters};
use muster_app::ports::{StoreError, StoreResult};
use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// The store's name in metrics.
const STORE: &str = "sqlite";

/// How a task guards what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Checks come before changes; whoever has to refuse later fails the transaction, and it is tried again with
    /// [`Care::Each`].
    Together,
    /// Each change that may be refused is behind a savepoint of its own.
    Each,
}

/// Something to write.
pub(super) trait Task: Send {
    /// How many customer writes it is worth.
    fn weight(&self) -> usize;

    /// Writes in the open transaction and remembers the result. May be called again after a rollback.
    fn run(&mut self, connection: &Connection, care: Care) -> Result<(), Fault>;

    /// Hands out the result after the commit, or the reason why there was none.
    fn answer(self: Box<Self>, outcome: StoreResult<()>);
}

struct Waiting {
    tasks: VecDeque<Box<dyn Task>>,
    weight: usize,
    open: bool,
}

struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    weight_max: usize,
}

/// The handle of the writing thread.
pub(super) struct Writer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(super) fn start(
        connection: Connection,
        checkpointer: Checkpointer,
        weight_max: usize,
    ) -> StoreResult<Self> {
        let queue = Arc::new(Queue {
            waiting: Mutex::new(Waiting { tasks: VecDeque::new(), weight: 0, open: true }),
            arrived: Condvar::new(),
            weight_max,
        });
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let queue = Arc::clone(&queue);
                move || run(&queue, connection, checkpointer)
            })
            .map_err(|error| StoreError::Internal(format!("the writing thread cannot start: {error}")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a task. A queue that is full refuses, one that is empty takes a task of any size.
    pub(super) fn submit(&self, task: Box<dyn Task>) -> StoreResult<()> {
        let mut waiting = self.queue.waiting.lock();
        if !waiting.open {
            return Err(StoreError::Unreachable("it was closed".to_owned()));
        }
        let weight = task.weight();
        if waiting.weight > 0 && waiting.weight + weight > self.queue.weight_max {
            meters::overloaded(STORE, weight);
            return Err(StoreError::Overloaded { queued: waiting.weight });
        }
        waiting.weight += weight;
        waiting.tasks.push_back(task);
        drop(waiting);
        self.queue.arrived.notify_one();
        Ok(())
    }

    /// Runs one piece of work, worth so many writes, in a transaction that it may share with others; what it refuses
    /// leaves no trace.
    pub(super) async fn single<T, E>(
        &self,
        weight: usize,
        work: impl FnMut(&Connection) -> Result<Result<T, E>, Fault> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.submit(Box::new(Single { weight, work, result: None, answer }))?;
        answered.await.unwrap_or_else(|_| Err(lost().into()))
    }

    /// Takes no more tasks, finishes those accepted, and waits for the thread.
    pub(super) fn close(&self) {
        self.queue.waiting.lock().open = false;
        self.queue.arrived.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the writing thread of the store panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// The error of a task whose answer never came.
pub(super) fn lost() -> StoreError {
    StoreError::Unknown("the writing thread ended before it answered".to_owned())
}

/// One piece of work with one result.
struct Single<T, E, F> {
    weight: usize,
    work: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Task for Single<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnMut(&Connection) -> Result<Result<T, E>, Fault> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, connection: &Connection, _care: Care) -> Result<(), Fault> {
        let result = guarded(connection, || (self.work)(connection))?;
        self.result = Some(result);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: StoreResult<()>) {
        let result = match outcome {
            Ok(()) => self.result.unwrap_or_else(|| Err(lost().into())),
            Err(error) => Err(error.into()),
        };
        // Whoever asked may be gone; the write stands.
        drop(self.answer.send(result));
    }
}

/// Runs `work` behind a savepoint, and undoes it when it refuses.
pub(super) fn guarded<T, E>(
    connection: &Connection,
    work: impl FnOnce() -> Result<Result<T, E>, Fault>,
) -> Result<Result<T, E>, Fault> {
    connection.prepare_cached("SAVEPOINT piece")?.execute([])?;
    let result = work()?;
    if result.is_err() {
        connection.prepare_cached("ROLLBACK TO piece")?.execute([])?;
    }
    connection.prepare_cached("RELEASE piece")?.execute([])?;
    Ok(result)
}

fn run(queue: &Queue, mut connection: Connection, mut checkpointer: Checkpointer) {
    while let Some(batch) = next_batch(queue) {
        commit_batch(&mut connection, batch);
        checkpointer.after_commit(&connection);
    }
    checkpointer.stop();
    // The last connection to close also empties the log into the file.
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the store's file did not close cleanly; the next start recovers it");
    }
}

/// Waits for tasks and takes as many as share a transaction; `None` once closed and empty.
fn next_batch(queue: &Queue) -> Option<Vec<Box<dyn Task>>> {
    let mut waiting = queue.waiting.lock();
    while waiting.tasks.is_empty() {
        if !waiting.open {
            return None;
        }
        queue.arrived.wait(&mut waiting);
    }
    let mut batch = Vec::new();
    let mut weight = 0;
    while let Some(task) = waiting.tasks.front() {
        let next = task.weight();
        if !batch.is_empty() && weight + next > BATCH_MAX {
            break;
        }
        weight += next;
        waiting.weight -= next;
        batch.extend(waiting.tasks.pop_front());
    }
    Some(batch)
}

fn commit_batch(connection: &mut Connection, mut batch: Vec<Box<dyn Task>>) {
    match attempt(connection, &mut batch, Care::Together) {
        Ok(()) => {
            for task in batch {
                task.answer(Ok(()));
            }
        }
        Err(fault) if fault.is_of_one_piece() => {
            // Each on its own, so that the one at fault does not take the others with it.
            for mut task in batch {
                let outcome = attempt(connection, std::slice::from_mut(&mut task), Care::Each);
                if let Err(fault) = &outcome {
                    tracing::error!(?fault, "a write failed");
                }
                task.answer(outcome.map_err(StoreError::from));
            }
        }
        Err(fault) => {
            let error = StoreError::from(fault);
            tracing::error!(%error, tasks = batch.len(), "a transaction failed");
            for task in batch {
                task.answer(Err(error.clone()));
            }
        }
    }
}

/// One transaction, with its time taken.
fn attempt(connection: &mut Connection, tasks: &mut [Box<dyn Task>], care: Care) -> Result<(), Fault> {
    let begun = Instant::now();
    let outcome = transact(connection, tasks, care);
    let writes = tasks.iter().map(|task| task.weight()).sum();
    meters::transaction(STORE, writes, begun.elapsed(), outcome.is_ok());
    outcome
}

/// One transaction; on any fault nothing of it remains.
fn transact(connection: &mut Connection, tasks: &mut [Box<dyn Task>], care: Care) -> Result<(), Fault> {
    // Dropped without a commit, the transaction is rolled back, unless SQLite has already done so by itself.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let work = || tasks.iter_mut().try_for_each(|task| task.run(&transaction, care));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Fault::Store(StoreError::Internal("a write of the store panicked; this is a defect".to_owned())))
    })?;
    transaction.commit().map_err(|error| match error.sqlite_error_code() {
        // Whether the log's last frame will be found after a crash cannot be told.
        Some(rusqlite::ErrorCode::SystemIoFailure) => {
            Fault::Store(StoreError::Unknown(of_sqlite(&error).to_string()))
        }
        _ => Fault::Sql(error),
    })
}
