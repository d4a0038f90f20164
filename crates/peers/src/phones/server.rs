//! The phones on sockets.

use super::core::{Action, Addresses, CallId, Desk, Link, OpenPort, PhonesCore};
use super::media::{self, Command};
use super::record::{CallRecord, Counters};
use super::settings::{AgentOrder, PhonesSettings, TrunkState};
use super::streams::{self, Door};
use super::tls;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, Instant};

/// Longest datagram.
const DATAGRAM_MAX: usize = 65_535;
/// Commands that wait for a call's sound.
const COMMANDS_MAX: usize = 256;
/// How often a port is looked for that UDP and TCP both can have.
const PORT_TRIES: u32 = 20;

/// Why the phones cannot start.
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
    /// The address is written into messages, and this one means nothing there.
    #[error("{0} stands for every address; the phones need a certain one to give to their callers")]
    AnyAddress(SocketAddr),
    /// The settings contradict themselves.
    #[error("the distribution cannot be used: {0}")]
    Mix(&'static str),
    /// The speed is no use.
    #[error("the speed {0} is not between 0.01 and 1000")]
    Speed(f64),
    /// The certificate or its key cannot be read.
    #[error("cannot read {}", .path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key are no use.
    #[error("the certificate cannot be used for TLS")]
    Certificate(#[source] rustls::Error),
    /// The log cannot be written.
    #[error("cannot write the log {}", .path.display())]
    Log {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What all tasks share.
pub(super) struct Shared {
    core: Mutex<PhonesCore>,
    trunk: UdpSocket,
    agents: UdpSocket,
    pub(super) streams: Mutex<FxHashMap<u64, mpsc::Sender<Vec<u8>>>>,
    /// Ports that were opened and do not speak yet.
    ports: Arc<Mutex<FxHashMap<CallId, UdpSocket>>>,
    lines: Mutex<FxHashMap<CallId, mpsc::Sender<Command>>>,
    /// What speaks.
    speaking: Mutex<JoinSet<()>>,
    started: Instant,
    started_at_ms: u64,
    timer_ms: Mutex<u64>,
    timer: Notify,
    changed: Notify,
}

impl Shared {
    fn now_ms(&self) -> u64 {
        self.started_at_ms.saturating_add(self.started.elapsed().as_millis() as u64)
    }

    /// Works on the core, then does what came of it.
    pub(super) fn work<T>(self: &Arc<Self>, work: impl FnOnce(&mut PhonesCore, u64) -> T) -> T {
        let mut core = self.core.lock();
        let result = work(&mut core, self.now_ms());
        // Within the lock: packets leave in the order in which they were decided on.
        for action in core.actions() {
            self.act(action);
        }
        let earlier = core.next_due_ms().is_some_and(|due| due < *self.timer_ms.lock());
        drop(core);
        if earlier {
            self.timer.notify_one();
        }
        self.changed.notify_waiters();
        result
    }

    fn act(self: &Arc<Self>, action: Action) {
        match action {
            // What a full buffer loses the network might have lost as well.
            Action::Send { link: Link::Udp(Desk::Trunk, peer), octets } => {
                let _ = self.trunk.send_to(&octets, peer);
            }
            Action::Send { link: Link::Udp(Desk::Agents, peer), octets } => {
                let _ = self.agents.send_to(&octets, peer);
            }
            Action::Send { link: Link::Stream(number, ..), octets } => {
                let mut streams = self.streams.lock();
                // A peer that reads nothing loses its connection.
                if streams.get(&number).is_some_and(|stream| stream.try_send(octets).is_err()) {
                    streams.remove(&number);
                }
            }
            Action::Close { call } => {
                self.ports.lock().remove(&call);
            }
            Action::Tell { call, command } => {
                let mut lines = self.lines.lock();
                if command == Command::Stop {
                    // Its end of commands is the end, even where there is no room for one more.
                    lines.remove(&call);
                } else if let Some(line) = lines.get(&call) {
                    let _ = line.try_send(command);
                }
            }
            Action::Speak { call, start } => {
                let Some(port) = self.ports.lock().remove(&call) else { return };
                let Ok(socket) = tokio::net::UdpSocket::from_std(port) else { return };
                let (sender, commands) = mpsc::channel(COMMANDS_MAX);
                self.lines.lock().insert(call, sender);
                let shared = Arc::clone(self);
                let mut speaking = self.speaking.lock();
                while speaking.try_join_next().is_some() {}
                speaking.spawn(async move {
                    let now_ms = || shared.now_ms();
                    let tell = |event| shared.work(|core, now_ms| core.heard(now_ms, call, event));
                    media::run(socket, start, commands, now_ms, tell).await;
                });
            }
        }
    }
}

/// Phones that can be called. They end when they are stopped or dropped.
pub struct Phones {
    shared: Arc<Shared>,
    addresses: Addresses,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// The log ends last, or it might miss something.
    stop_log: watch::Sender<bool>,
    log: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Phones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phones").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Phones {
    /// Starts to listen; agents' phones begin to register. Must be called within a tokio runtime.
    pub async fn start(settings: PhonesSettings) -> Result<Self, StartError> {
        if let Some(fault) = settings.mix.fault() {
            return Err(StartError::Mix(fault));
        }
        if !(0.01..=1_000.0).contains(&settings.speed) {
            return Err(StartError::Speed(settings.speed));
        }
        let (trunk, listener) = listen(settings.listen).await?;
        let agents_listen =
            settings.agents.as_ref().map_or(SocketAddr::new(settings.listen.ip(), 0), |agents| agents.listen);
        let agents = bind(agents_listen)?;
        let failed = |address| move |source| StartError::Listen { address, source };
        let address = trunk.local_addr().map_err(failed(settings.listen))?;
        let agents_address = agents.local_addr().map_err(failed(agents_listen))?;
        let secure = match &settings.tls {
            Some(tls) => {
                let acceptor = tls::acceptor(tls)?;
                if tls.listen.ip().is_unspecified() {
                    return Err(StartError::AnyAddress(tls.listen));
                }
                let listener = TcpListener::bind(tls.listen).await.map_err(failed(tls.listen))?;
                Some((listener, Door::Tls(acceptor)))
            }
            None => None,
        };
        let tls_address = match &secure {
            Some((listener, _)) => Some(listener.local_addr().map_err(failed(address))?),
            None => None,
        };
        let addresses = Addresses { trunk: address, tls: tls_address, agents: agents_address };
        let log = match &settings.log {
            Some(path) => match tokio::fs::File::create(path).await {
                Ok(file) => Some(file),
                Err(source) => return Err(StartError::Log { path: path.clone(), source }),
            },
            None => None,
        };
        let readers = [(Desk::Trunk, &trunk, address), (Desk::Agents, &agents, agents_address)]
            .into_iter()
            .map(|(desk, socket, address)| {
                let reader = socket.try_clone().and_then(tokio::net::UdpSocket::from_std);
                reader.map(|reader| (desk, reader)).map_err(failed(address))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let ports = Arc::new(Mutex::new(FxHashMap::default()));
        let (started_at_ms, connections_max) = (settings.started_at_ms, settings.connections_max);
        let open_port = opener(SocketAddr::new(address.ip(), 0), Arc::clone(&ports));
        let shared = Arc::new(Shared {
            core: Mutex::new(PhonesCore::new(settings, addresses, open_port)),
            trunk,
            agents,
            streams: Mutex::default(),
            ports,
            lines: Mutex::default(),
            speaking: Mutex::new(JoinSet::new()),
            started: Instant::now(),
            started_at_ms,
            timer_ms: Mutex::new(u64::MAX),
            timer: Notify::new(),
            changed: Notify::new(),
        });
        let (stop, stopped) = watch::channel(false);
        let (stop_log, log_stopped) = watch::channel(false);
        let mut tasks = vec![tokio::spawn(keep_time(Arc::clone(&shared), stopped.clone()))];
        for (listener, door) in [Some((listener, Door::Tcp)), secure].into_iter().flatten() {
            let shared = Arc::clone(&shared);
            tasks.push(tokio::spawn(streams::listen(
                listener,
                door,
                shared,
                connections_max,
                stopped.clone(),
            )));
        }
        for (desk, reader) in readers {
            tasks.push(tokio::spawn(read(desk, reader, Arc::clone(&shared), stopped.clone())));
        }
        let log = log.map(|file| tokio::spawn(write_log(file, Arc::clone(&shared), log_stopped)));
        Ok(Self { shared, addresses, stop, tasks, stop_log, log })
    }

    /// Where the trunk listens, by UDP and TCP.
    pub fn addr(&self) -> SocketAddr {
        self.addresses.trunk
    }

    /// Where the trunk listens by TLS, if it does.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.addresses.tls
    }

    /// Where agents' phones listen, by UDP.
    pub fn agents_addr(&self) -> SocketAddr {
        self.addresses.agents
    }

    /// All calls so far, in the order of their INVITEs. What is told of the sound of a call that goes on is half a
    /// second old at most.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.shared.core.lock().records().to_vec()
    }

    /// Numbers since the start.
    pub fn counters(&self) -> Counters {
        self.shared.core.lock().counters()
    }

    /// Waits until the calls and numbers are as wanted.
    pub async fn until(&self, wanted: impl Fn(&[CallRecord], &Counters) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change slips through in between.
            changed.as_mut().enable();
            {
                let core = self.shared.core.lock();
                if wanted(core.records(), &core.counters()) {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Changes how the trunk is, for what comes from now on.
    pub fn set_trunk(&self, state: TrunkState) {
        self.shared.work(|core, _| core.set_state(state));
    }

    /// Tells an agent's phone what to do. Whether there is such a phone, and a call where one is needed.
    pub fn order(&self, username: &str, order: &AgentOrder) -> bool {
        self.shared.work(|core, now_ms| core.order(now_ms, username, order))
    }

    /// Whether an agent's phone is registered, as far as it knows.
    pub fn is_registered(&self, username: &str) -> bool {
        self.shared.core.lock().is_registered(username)
    }

    /// Falls silent, writes the rest of the log, and ends. The calls with all that was heard in them come back; those
    /// that were not over have no end.
    pub async fn stop(mut self) -> Vec<CallRecord> {
        let _ = self.stop.send(true);
        // A task that panicked has told so by itself.
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
        self.shared.lines.lock().clear();
        let mut speaking = std::mem::take(&mut *self.shared.speaking.lock());
        while speaking.join_next().await.is_some() {}
        self.shared.work(|core, _| core.close_all());
        let _ = self.stop_log.send(true);
        if let Some(log) = self.log.take() {
            let _ = log.await;
        }
        self.calls()
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        // The tasks hold what they share: they would never end by themselves.
        let _ = self.stop.send(true);
        self.shared.lines.lock().clear();
    }
}

/// A socket that never waits.
fn bind(address: SocketAddr) -> Result<UdpSocket, StartError> {
    if address.ip().is_unspecified() {
        return Err(StartError::AnyAddress(address));
    }
    UdpSocket::bind(address)
        .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
        .map_err(|source| StartError::Listen { address, source })
}

/// The trunk's sockets, both at one port.
async fn listen(address: SocketAddr) -> Result<(UdpSocket, TcpListener), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let mut tries = 0;
    loop {
        tries += 1;
        let trunk = bind(address)?;
        let same = trunk.local_addr().map_err(failed)?;
        match TcpListener::bind(same).await {
            Ok(listener) => return Ok((trunk, listener)),
            // The port that UDP was given may be taken for TCP.
            Err(_) if address.port() == 0 && tries < PORT_TRIES => {}
            Err(source) => return Err(failed(source)),
        }
    }
}

fn opener(address: SocketAddr, ports: Arc<Mutex<FxHashMap<CallId, UdpSocket>>>) -> OpenPort {
    Box::new(move |call| {
        let socket = match bind(address) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(%error, "no port for the sound of a call");
                return None;
            }
        };
        let port = socket.local_addr().ok()?;
        ports.lock().insert(call, socket);
        Some(port)
    })
}

async fn read(
    desk: Desk,
    socket: tokio::net::UdpSocket,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, peer)) => {
                    shared.work(|core, now_ms| core.receive(now_ms, Link::Udp(desk, peer), &buffer[..length]));
                }
                // Somebody's port refused what was sent there before.
                Err(error) => tracing::debug!(%error, "cannot read a datagram"),
            },
            _ = stopped.changed() => return,
        }
    }
}

/// Does what is due at its time.
async fn keep_time(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    loop {
        let due = {
            let core = shared.core.lock();
            let due = core.next_due_ms();
            *shared.timer_ms.lock() = due.unwrap_or(u64::MAX);
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
            () = wait => shared.work(PhonesCore::advance),
            () = shared.timer.notified() => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Writes every record as it is closed.
async fn write_log(mut file: tokio::fs::File, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut written = 0;
    loop {
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let ending = *stopped.borrow() || stopped.has_changed().is_err();
        let new = shared.core.lock().closed_since(written);
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
        for record in &new {
            if serde_json::to_writer(&mut lines, record).is_ok() {
                lines.push(b'\n');
            }
        }
        if let Err(error) = file.write_all(&lines).await {
            tracing::error!(%error, "the log of calls ends here");
            return;
        }
    }
    if let Err(error) = file.flush().await {
        tracing::error!(%error, "the end of the log of calls may be missing");
    }
}
