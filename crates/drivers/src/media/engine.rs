//! The handle of an engine.

use super::leg::MediaLeg;
use super::outgoing::Outgoing;
use super::pool::{PortPool, Sockets};
use super::prompts::Prompts;
use super::settings::{MediaError, MediaEvent, MediaLimits, MediaSettings};
use super::worker::{self, Command, Counters, NewLeg};
use mio::{Interest, Registry, Waker};
use muster_app::ports::{Entropy, OsEntropy};
use parking_lot::Mutex;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How long to wait for the thread to close what was given up, before ports are said to be exhausted. It takes
/// microseconds; the limit is for a machine that stands still.
const CLOSING_TIME: Duration = Duration::from_millis(200);

/// Opens legs. Clones are handles of one engine; its thread begins with the first leg and ends when the last handle and
/// the last leg are gone.
#[derive(Clone)]
pub struct MediaEngine {
    shared: Arc<Shared>,
}

/// What handles and legs have in common.
pub(super) struct Shared {
    ip: IpAddr,
    limits: MediaLimits,
    entropy: Arc<dyn Entropy>,
    ports: Arc<PortPool>,
    pub(super) prompts: Prompts,
    /// Number of the next leg or prompt. They share one count; neither is used twice.
    next_number: AtomicU64,
    link: Mutex<Option<Link>>,
}

/// The way to the thread.
#[derive(Debug)]
struct Link {
    commands: mpsc::Sender<Command>,
    waker: Arc<Waker>,
    registry: Registry,
}

impl MediaEngine {
    /// An engine with the usual limits.
    pub fn new(settings: MediaSettings) -> Self {
        Self::with_limits(settings, MediaLimits::default(), Arc::new(OsEntropy))
    }

    /// An engine with limits of its own. Randomness is for the numbers at which streams begin (RFC 3550 §5.1): who
    /// could guess them could send sound in somebody else's name.
    pub fn with_limits(settings: MediaSettings, limits: MediaLimits, entropy: Arc<dyn Entropy>) -> Self {
        let MediaSettings { ip, ports } = settings;
        let shared = Shared {
            ip,
            limits,
            entropy,
            ports: Arc::new(PortPool::new(ip, ports)),
            prompts: Prompts::default(),
            next_number: AtomicU64::new(1),
            link: Mutex::new(None),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Binds the ports of a new leg. It sends nothing and listens to nothing until [`MediaLeg::set_remote`].
    ///
    /// # Errors
    /// [`MediaError::NoPorts`] where no two neighbouring ports of the range are free, [`MediaError::Io`] where the
    /// operating system refuses.
    pub fn open(&self) -> Result<(MediaLeg, tokio::sync::mpsc::UnboundedReceiver<MediaEvent>), MediaError> {
        let shared = &self.shared;
        let failed = |source| MediaError::Io { ip: shared.ip, source };
        shared.start().map_err(failed)?;
        let mut sockets = match shared.ports.bind() {
            Err(MediaError::NoPorts { .. }) => {
                // Legs are closed by the thread. Let it first work off what it was told.
                shared.settle();
                shared.ports.bind()?
            }
            bound => bound?,
        };
        let id = shared.number();
        shared.register(id, &mut sockets).map_err(failed)?;

        let mut random = [0; 10];
        shared.entropy.fill(&mut random);
        let [i0, i1, i2, i3, s0, s1, t0, t1, t2, t3] = random;
        let outgoing = Outgoing::new(
            u32::from_be_bytes([i0, i1, i2, i3]),
            u16::from_be_bytes([s0, s1]),
            u32::from_be_bytes([t0, t1, t2, t3]),
        );
        let port = sockets.lease.port;
        let counters = Arc::new(Counters::default());
        let (events, receiver) = tokio::sync::mpsc::unbounded_channel();
        let new = NewLeg { id, sockets, outgoing, counters: Arc::clone(&counters), events };
        shared.send(Command::Open(Box::new(new)));
        Ok((MediaLeg::new(Arc::clone(shared), id, port, counters), receiver))
    }
}

impl fmt::Debug for MediaEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaEngine").field("ip", &self.shared.ip).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells the thread. Where it has not begun there is no leg, and so nothing that could be missed.
    pub(super) fn send(&self, command: Command) {
        if let Some(link) = &*self.link.lock()
            && link.commands.send(command).is_ok()
            && let Err(error) = link.waker.wake()
        {
            // It wakes by itself within 20 ms while there are legs.
            tracing::warn!(%error, "the media thread could not be woken");
        }
    }

    /// Starts the thread unless it runs.
    fn start(&self) -> io::Result<()> {
        let mut link = self.link.lock();
        if link.is_none() {
            let (commands, receiver) = mpsc::channel();
            let (registry, waker) = worker::start(self.limits, receiver)?;
            *link = Some(Link { commands, waker, registry });
        }
        Ok(())
    }

    fn register(&self, leg: u64, sockets: &mut Sockets) -> io::Result<()> {
        let link = self.link.lock();
        let registry = &link.as_ref().ok_or(io::ErrorKind::NotConnected)?.registry;
        let (rtp, rtcp) = worker::tokens(leg);
        registry.register(&mut sockets.rtp, rtp, Interest::READABLE)?;
        registry.register(&mut sockets.rtcp, rtcp, Interest::READABLE)
    }

    /// Waits until the thread has done all that it was told so far.
    fn settle(&self) {
        let (done, waiting) = mpsc::sync_channel(1);
        self.send(Command::Settle(done));
        let _ = waiting.recv_timeout(CLOSING_TIME);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(link) = self.link.get_mut().take() {
            // The thread ends when it finds that nobody can tell it anything any more.
            drop(link.commands);
            let _ = link.waker.wake();
        }
    }
}
