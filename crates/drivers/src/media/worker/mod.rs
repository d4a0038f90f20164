//! The thread that owns the sockets of all legs.

mod ear;
mod leg;
mod meters;

use self::leg::{Leg, Speech};
use self::meters::Meters;
use super::outgoing::Outgoing;
use super::pool::Sockets;
use super::prompts::Encoded;
use super::settings::{MediaEvent, MediaLimits, Remote};
use mio::{Events, Poll, Registry, Token, Waker};
use muster_app::ports::{MediaStats, Prompt};
use muster_codecs::voice::rtp::Packet;
use rustc_hash::FxHashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// From one frame to the next.
const TICK: Duration = Duration::from_millis(20);
/// A thread that was held up makes up for that many ticks; what is beyond is left out rather than sent as a burst.
const TICKS_MADE_UP: u32 = 3;
/// Datagrams read from one socket before the others get their turn.
const READS_IN_TURN: u32 = 32;
/// More than any packet of sound; what is longer is cut off and not sound.
const DATAGRAM: usize = 2_048;
const EVENTS: usize = 1_024;

const WAKER: Token = Token(usize::MAX);

/// What the thread is told.
pub(super) enum Command {
    Open(Box<NewLeg>),
    SetRemote(u64, Remote),
    Bridge(u64, u64),
    Unbridge(u64),
    Play {
        leg: u64,
        play: u64,
        prompt: Arc<Prompt>,
        encoded: Arc<Encoded>,
    },
    StopPlaying(u64),
    Listen(u64),
    Close(u64),
    /// Answer when all before is done.
    Settle(mpsc::SyncSender<()>),
}

/// A leg whose sockets are bound and registered.
pub(super) struct NewLeg {
    pub(super) id: u64,
    pub(super) sockets: Sockets,
    pub(super) outgoing: Outgoing,
    pub(super) counters: Arc<Counters>,
    pub(super) events: UnboundedSender<MediaEvent>,
}

/// Counts of a leg that its handle may read at any time.
#[derive(Debug, Default)]
pub(super) struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
    lost: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> MediaStats {
        MediaStats {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }
}

/// The tokens of a leg's sockets, for media and for reports.
pub(super) fn tokens(leg: u64) -> (Token, Token) {
    (Token(leg as usize * 2), Token(leg as usize * 2 + 1))
}

/// Starts the thread. It ends when the other end of `commands` is gone and it is woken.
pub(super) fn start(
    limits: MediaLimits,
    commands: mpsc::Receiver<Command>,
) -> io::Result<(Registry, Arc<Waker>)> {
    let poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    // The thread holds the waker too: closed by the last handle before it was seen, it would wake nobody.
    let held = Arc::clone(&waker);
    std::thread::Builder::new().name("media".to_owned()).spawn(move || {
        let now = Instant::now();
        let mut worker = Worker {
            poll,
            commands,
            limits,
            legs: FxHashMap::default(),
            begun: now,
            next_tick: now,
            unfinished: Vec::new(),
            datagram: Box::new([0; DATAGRAM]),
            meters: Meters::new(),
        };
        worker.run();
        drop(held);
    })?;
    Ok((registry, waker))
}

struct Worker {
    poll: Poll,
    commands: mpsc::Receiver<Command>,
    limits: MediaLimits,
    legs: FxHashMap<u64, Leg>,
    /// Time in reports counts from here.
    begun: Instant,
    next_tick: Instant,
    /// Sockets that may hold more than was read in their last turn.
    unfinished: Vec<Token>,
    datagram: Box<[u8; DATAGRAM]>,
    meters: Meters,
}

impl Worker {
    fn run(&mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut ready = Vec::new();
        loop {
            match self.poll.poll(&mut events, self.patience()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    // Legs end with the thread, and their channels tell it.
                    tracing::error!(%error, "media sockets cannot be waited for; all sound ends");
                    return;
                }
            }
            if !self.obey() {
                return;
            }
            ready.append(&mut self.unfinished);
            ready.extend(events.iter().map(mio::event::Event::token).filter(|&token| token != WAKER));
            for token in ready.drain(..) {
                self.read(token);
            }
            self.tick();
        }
    }

    /// How long to wait for packets and commands.
    fn patience(&self) -> Option<Duration> {
        if !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        // Without legs there is nothing to do by the clock.
        (!self.legs.is_empty()).then(|| self.next_tick.saturating_duration_since(Instant::now()))
    }

    /// Does what it was told. False when nobody is left to tell anything.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.command(command),
                Err(mpsc::TryRecvError::Empty) => return true,
                Err(mpsc::TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Open(new) => {
                if self.legs.is_empty() {
                    self.next_tick = now;
                }
                let (rtp, rtcp) = tokens(new.id);
                // What arrived before the leg was known was told to nobody.
                self.unfinished.extend([rtp, rtcp]);
                self.legs.insert(new.id, Leg::new(*new, self.limits, now));
                self.meters.legs.set(self.legs.len() as f64);
            }
            Command::SetRemote(leg, remote) => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.agree(remote, now);
                }
            }
            Command::Bridge(a, b) => self.bridge(a, b, now),
            Command::Unbridge(leg) => self.unbridge(leg),
            Command::Play { leg, play, prompt, encoded } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.play(play, prompt, encoded);
                }
            }
            Command::StopPlaying(leg) => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.stop_playing(now);
                }
            }
            Command::Listen(leg) => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.listen(now);
                }
            }
            Command::Close(leg) => {
                self.unbridge(leg);
                if let Some(leg) = self.legs.remove(&leg) {
                    self.meters.closed(leg.take_leave(self.begun, now));
                    self.meters.legs.set(self.legs.len() as f64);
                }
            }
            Command::Settle(done) => {
                let _ = done.send(());
            }
        }
    }

    fn bridge(&mut self, a: u64, b: u64, now: Instant) {
        if !self.legs.contains_key(&a) || !self.legs.contains_key(&b) {
            return;
        }
        self.unbridge(a);
        self.unbridge(b);
        for (one, other) in [(a, b), (b, a)] {
            if let Some(leg) = self.legs.get_mut(&one) {
                leg.attach(other, now);
            }
        }
    }

    fn unbridge(&mut self, leg: u64) {
        let other = self.legs.get_mut(&leg).and_then(Leg::detach);
        if let Some(other) = other.and_then(|other| self.legs.get_mut(&other)) {
            other.detach();
        }
    }

    /// Reads what a socket holds, up to its share of the turn.
    fn read(&mut self, token: Token) {
        let (id, is_report) = ((token.0 / 2) as u64, token.0 % 2 == 1);
        let mut has_failed = false;
        for _ in 0..READS_IN_TURN {
            // Looked up anew each time: a leg's own packet may not close it, but nothing here has to know that.
            let Some(leg) = self.legs.get_mut(&id) else { return };
            let socket = if is_report { &leg.sockets.rtcp } else { &leg.sockets.rtp };
            match socket.recv_from(&mut self.datagram[..]) {
                Ok((len, _)) if is_report => leg.heard_report(&self.datagram[..len], Instant::now()),
                Ok((len, from)) => self.heard(id, len, from),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The first may be what the network told of a packet sent before; the socket is as good as it was.
                Err(_) if std::mem::replace(&mut has_failed, true) => return,
                Err(_) => {}
            }
        }
        self.unfinished.push(token);
    }

    /// A datagram came on a leg: whoever it is bridged to hears it.
    fn heard(&mut self, id: u64, len: usize, from: SocketAddr) {
        let now = Instant::now();
        let Ok(packet) = Packet::parse(&self.datagram[..len]) else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let Some(speech) = leg.heard(&packet, from, self.begun, now) else { return };
        let Some(other) = leg.peer().and_then(|other| self.legs.get_mut(&other)) else { return };
        match speech {
            Speech::Nothing => other.skip(&packet.header),
            speech => other.pass_on(&packet, speech, now),
        }
    }

    /// Does what is due by the clock.
    fn tick(&mut self) {
        if self.legs.is_empty() {
            return;
        }
        let now = Instant::now();
        if now.saturating_duration_since(self.next_tick) > TICK * TICKS_MADE_UP {
            self.meters.held_up.increment(1);
            self.next_tick = now;
        }
        while self.next_tick <= now {
            self.next_tick += TICK;
            for leg in self.legs.values_mut() {
                leg.tick(self.begun, now);
            }
        }
    }
}
