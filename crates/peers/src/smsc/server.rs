//! The centre on a socket.

use super::core::SmscCore;
use super::counters::Counters;
use super::message::{Action, LinkId};
use super::pdu;
use super::session;
use super::settings::SmscSettings;
use crate::card::{CardSpec, Execution};
use crate::scenario::Scenario;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, Instant};

/// Why the centre cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not ours or taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The log of changes cannot be written.
    #[error("cannot write the log {}", .path.display())]
    Log {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Octets on their way to one client.
#[derive(Debug, Default)]
pub(super) struct Outlet {
    pub(super) octets: Mutex<Vec<u8>>,
    pub(super) more: Notify,
    /// Close once everything is written.
    pub(super) last: std::sync::atomic::AtomicBool,
}

/// What stands behind one lock.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) core: SmscCore,
    pub(super) outlets: FxHashMap<LinkId, Arc<Outlet>>,
    /// Collects actions; kept for its memory.
    pub(super) actions: Vec<Action>,
    /// What the timer waits for.
    timer_ms: u64,
}

impl Inner {
    /// Writes what the core wants written into the clients' outlets.
    pub(super) fn apply(&mut self) {
        for action in self.actions.drain(..) {
            let link = match &action {
                Action::Answer { link, .. }
                | Action::Deliver { link, .. }
                | Action::Alert { link, .. }
                | Action::Garbage { link, .. }
                | Action::DropLink { link } => *link,
            };
            let Some(outlet) = self.outlets.get(&link) else { continue };
            let mut out = outlet.octets.lock();
            match action {
                Action::Answer { kind, sequence, command_status, message_id, tlvs, .. } => {
                    pdu::write_submit_resp(&mut out, kind, command_status, sequence, &message_id, &tlvs);
                }
                Action::Deliver { sequence, deliver, .. } => pdu::write_deliver(&mut out, sequence, &deliver),
                Action::Alert { sequence, source, destination, .. } => {
                    pdu::write_alert(&mut out, sequence, &source, &destination);
                }
                Action::Garbage { octets, .. } => out.extend_from_slice(&octets),
                Action::DropLink { .. } => {
                    outlet.last.store(true, std::sync::atomic::Ordering::Release);
                }
            }
            drop(out);
            outlet.more.notify_one();
        }
    }
}

/// What all tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) inner: Mutex<Inner>,
    pub(super) system_id: Option<String>,
    pub(super) password: Option<String>,
    started: Instant,
    started_at_ms: u64,
    timer: Notify,
    /// Something happened.
    changed: Notify,
}

impl Shared {
    pub(super) fn now_ms(&self) -> u64 {
        self.started_at_ms.saturating_add(self.started.elapsed().as_millis() as u64)
    }

    /// Works on the core, then sends what came of it.
    pub(super) fn work<T>(&self, work: impl FnOnce(&mut Inner, u64) -> T) -> T {
        let mut inner = self.inner.lock();
        let result = work(&mut inner, self.now_ms());
        inner.apply();
        let earlier = inner.core.next_due_ms().is_some_and(|due| due < inner.timer_ms);
        drop(inner);
        if earlier {
            self.timer.notify_one();
        }
        self.changed.notify_waiters();
        result
    }
}

/// A message centre that listens. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Smsc {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// The log ends last, or it might miss something.
    stop_log: watch::Sender<bool>,
    log: Option<JoinHandle<()>>,
}

impl Smsc {
    /// Starts to listen, with these cards. Must be called within a tokio runtime.
    pub async fn start(settings: SmscSettings, cards: Vec<CardSpec>) -> Result<Self, StartError> {
        let address = settings.listen;
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let log = match settings.log {
            Some(path) => match tokio::fs::File::create(&path).await {
                Ok(file) => Some(file),
                Err(source) => return Err(StartError::Log { path, source }),
            },
            None => None,
        };
        let inner = Inner {
            core: SmscCore::new(settings.core, &cards),
            outlets: FxHashMap::default(),
            actions: Vec::new(),
            timer_ms: u64::MAX,
        };
        let shared = Arc::new(Shared {
            inner: Mutex::new(inner),
            system_id: settings.system_id,
            password: settings.password,
            started: Instant::now(),
            started_at_ms: settings.started_at_ms,
            timer: Notify::new(),
            changed: Notify::new(),
        });
        let (stop, stopped) = watch::channel(false);
        let (stop_log, log_stopped) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(listen_on(listener, Arc::clone(&shared), settings.links_max, stopped.clone())),
            tokio::spawn(keep_time(Arc::clone(&shared), stopped)),
        ];
        let log = log.map(|file| tokio::spawn(write_log(file, Arc::clone(&shared), log_stopped)));
        Ok(Self { shared, address, stop, tasks, stop_log, log })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every change of a card so far, in order.
    pub fn executions(&self) -> Vec<Execution> {
        self.shared.inner.lock().core.executions().to_vec()
    }

    /// Numbers since the start.
    pub fn counters(&self) -> Counters {
        self.shared.inner.lock().core.counters()
    }

    /// Changes who misbehaves; messages that wait for a card are judged anew.
    pub fn set_rules(&self, scenario: Scenario) {
        self.shared.work(|inner, now_ms| inner.core.set_scenario(scenario, now_ms, &mut inner.actions));
    }

    /// Closes every connection without a word.
    pub fn drop_links(&self) {
        self.shared.work(|inner, _| inner.core.drop_links(&mut inner.actions));
    }

    /// Looks at the core: cards, files, counters. Nobody else gets on meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&SmscCore) -> T) -> T {
        look(&self.shared.inner.lock().core)
    }

    /// Waits until the core is as wanted.
    pub async fn until(&self, wanted: impl Fn(&SmscCore) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change slips through in between.
            changed.as_mut().enable();
            if self.look(&wanted) {
                return;
            }
            changed.await;
        }
    }

    /// Closes all connections, writes the rest of the log, and ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        // A task that panicked has told so by itself.
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
        let _ = self.stop_log.send(true);
        if let Some(log) = self.log.take() {
            let _ = log.await;
        }
    }
}

async fn listen_on(
    listener: TcpListener,
    shared: Arc<Shared>,
    links_max: usize,
    mut stopped: watch::Receiver<bool>,
) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if sessions.len() < links_max.max(1) => match accepted {
                Ok((stream, _)) => {
                    sessions.spawn(session::run(stream, Arc::clone(&shared), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    // Out of file descriptors, most likely: it helps to wait a little.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = sessions.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while sessions.join_next().await.is_some() {}
}

/// Does what is due at its time.
async fn keep_time(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    loop {
        let due = {
            let mut inner = shared.inner.lock();
            let due = inner.core.next_due_ms();
            inner.timer_ms = due.unwrap_or(u64::MAX);
            due
        };
        let wait = async {
            match due {
                Some(due) => {
                    let in_ms = due.saturating_sub(shared.started_at_ms);
                    tokio::time::sleep_until(shared.started + Duration::from_millis(in_ms)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => shared.work(|inner, now_ms| inner.core.advance(now_ms, &mut inner.actions)),
            () = shared.timer.notified() => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Writes every change of a card as it comes.
async fn write_log(mut file: tokio::fs::File, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut written = 0;
    loop {
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let ending = *stopped.borrow() || stopped.has_changed().is_err();
        let new = shared.inner.lock().core.executions()[written..].to_vec();
        if new.is_empty() && ending {
            break;
        }
        if new.is_empty() {
            tokio::select! {
                () = changed => {}
                _ = stopped.changed() => {}
            }
            continue;
        }
        written += new.len();
        let mut lines = Vec::new();
        for execution in &new {
            if serde_json::to_writer(&mut lines, execution).is_ok() {
                lines.push(b'\n');
            }
        }
        if let Err(error) = file.write_all(&lines).await {
            tracing::error!(%error, "the log of changes ends here");
            return;
        }
    }
    if let Err(error) = file.flush().await {
        tracing::error!(%error, "the end of the log of changes may be missing");
    }
}
