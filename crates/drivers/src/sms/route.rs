//! One route: its queue, its pace, and how it stands.

use super::job::Job;
use super::link::Link;
use super::meters::Meters;
use super::pace::Pace;
use super::pdu::write::Writer;
use super::settings::RouteSettings;
use muster_app::ports::{RouteState, RouteStatus};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Weight of the newest round trip in the running mean.
const ROUND_TRIP_WEIGHT: f64 = 0.1;

/// What a bind shall do after taking packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wait to be woken.
    Wake,
    /// Ask again then: there is work, and the pace forbids it for now.
    At(Instant),
}

/// One bind as its route sees it.
#[derive(Debug, Default)]
struct Bind {
    link: Option<Arc<Link>>,
    /// It has room and waits for packets.
    hungry: bool,
    /// Paused by throttling until then.
    paused: Option<Instant>,
    /// Why it is not bound.
    reason: String,
    credentials_refused: bool,
}

#[derive(Debug)]
struct Shared {
    /// Refused as too fast: before everything else.
    again: VecDeque<Job>,
    queue: VecDeque<Job>,
    /// Segments in both.
    queued: usize,
    in_flight: usize,
    pace: Pace,
    binds: Vec<Bind>,
    /// Running mean, in seconds; zero before the first answer.
    round_trip_s: f64,
    stopped: Option<String>,
    closing: bool,
}

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) name: Arc<str>,
    pub(crate) settings: RouteSettings,
    pub(crate) writer: Writer,
    pub(crate) meters: Meters,
    /// Whether the centre took the credentials when they were last tried. All binds but the first wait for
    /// it, so that wrong ones are tried once and not by every bind.
    credentials_taken: watch::Sender<bool>,
    shared: Mutex<Shared>,
}

impl Route {
    pub(crate) fn new(settings: RouteSettings) -> Self {
        let binds = (0..settings.binds)
            .map(|_| Bind { reason: "not tried yet".to_owned(), ..Bind::default() })
            .collect();
        Self {
            name: Arc::from(settings.name.as_str()),
            writer: Writer::new(&settings),
            meters: Meters::new(&settings.name),
            credentials_taken: watch::Sender::new(false),
            shared: Mutex::new(Shared {
                again: VecDeque::new(),
                queue: VecDeque::new(),
                queued: 0,
                in_flight: 0,
                pace: Pace::new(settings.segments_per_second, Instant::now()),
                binds,
                round_trip_s: 0.0,
                stopped: None,
                closing: false,
            }),
            settings,
        }
    }

    /// Takes a packet into the queue, or gives it back at once.
    pub(crate) fn enqueue(&self, job: Job) {
        let mut shared = self.shared.lock();
        if let Some(reason) = shared.refusal() {
            drop(shared);
            return job.back(&reason, &self.meters);
        }
        shared.queued += job.remaining();
        shared.queue.push_back(job);
        shared.wake_one();
    }

    /// Takes back a packet that shall be sent again before everything else.
    pub(crate) fn put_back(&self, job: Job) {
        let mut shared = self.shared.lock();
        if let Some(reason) = shared.refusal() {
            drop(shared);
            return job.back(&reason, &self.meters);
        }
        shared.queued += job.remaining();
        shared.again.push_back(job);
        shared.wake_one();
    }

    /// Up to `wanted` packets for a bind.
    pub(crate) fn take(&self, bind: usize, wanted: usize, now: Instant, taken: &mut Vec<Job>) -> Next {
        let mut late = Vec::new();
        let mut shared = self.shared.lock();
        if shared.closing || shared.stopped.is_some() {
            return Next::Wake;
        }
        let possible = wanted.min(shared.waiting());
        let tokens = shared.pace.take(possible, now);
        let mut used = 0;
        while used < tokens {
            let Some(job) = shared.pop() else { break };
            if job.is_abandoned() {
                continue;
            }
            if job.validity_s(now) == 0 {
                late.push(job);
                continue;
            }
            taken.push(job);
            used += 1;
        }
        shared.pace.give_back(tokens - used);
        shared.in_flight += used;
        let next = if shared.waiting() == 0 {
            shared.binds[bind].hungry = used < wanted;
            Next::Wake
        } else if used < wanted {
            Next::At(shared.pace.next_token(now))
        } else {
            // This bind has what it can carry; another one may have room.
            shared.wake_one();
            Next::Wake
        };
        drop(shared);
        for job in late {
            job.not_sent("its validity passed while it waited", &self.meters);
        }
        next
    }

    /// Leave to send up to `wanted` further segments of packets that have begun; why not, when the route
    /// takes nothing more.
    pub(crate) fn take_tokens(&self, wanted: usize, now: Instant) -> Result<(usize, Next), String> {
        let mut shared = self.shared.lock();
        if let Some(reason) = shared.refusal() {
            return Err(reason);
        }
        let tokens = shared.pace.take(wanted, now);
        shared.in_flight += tokens;
        let next = if tokens < wanted { Next::At(shared.pace.next_token(now)) } else { Next::Wake };
        Ok((tokens, next))
    }

    /// Segments were answered or given up.
    pub(crate) fn answered(&self, segments: usize, round_trip: Option<Duration>) {
        let mut shared = self.shared.lock();
        shared.in_flight = shared.in_flight.saturating_sub(segments);
        if let Some(round_trip) = round_trip {
            let newest = round_trip.as_secs_f64();
            let mean = shared.round_trip_s;
            shared.round_trip_s =
                if mean == 0.0 { newest } else { mean + ROUND_TRIP_WEIGHT * (newest - mean) };
        }
    }

    /// A bind takes nothing until then.
    pub(crate) fn paused(&self, bind: usize, until: Instant) {
        let mut shared = self.shared.lock();
        shared.binds[bind].paused = Some(until);
        // It will ask by itself; others shall be woken in its place.
        shared.binds[bind].hungry = false;
    }

    /// The centre refused a segment as too fast.
    pub(crate) fn throttled(&self, sent: Instant, now: Instant) {
        let mut shared = self.shared.lock();
        let lowered = shared.pace.throttled(sent, now);
        let rate = shared.pace.per_second();
        drop(shared);
        if lowered {
            tracing::warn!(route = %self.name, segments_per_s = rate, "throttled by the centre: rate halved");
        }
    }

    /// The centre's queue is full: go a little slower.
    pub(crate) fn ease(&self, now: Instant) {
        self.shared.lock().pace.ease(now);
    }

    /// The centre's own measure of its load. Tells whether to stop for a moment.
    pub(crate) fn congestion(&self, state: u8, now: Instant) -> bool {
        self.shared.lock().pace.congestion(state, now)
    }

    /// An operator must act before this route sends again. Its sessions stay: receipts and answers still
    /// come.
    pub(crate) fn stop(&self, reason: &str) {
        let mut shared = self.shared.lock();
        if shared.stopped.is_none() {
            shared.stopped = Some(reason.to_owned());
        }
        let jobs = shared.empty();
        // Binds hold packets that have begun.
        shared.wake_all();
        drop(shared);
        tracing::error!(route = %self.name, reason, "route stopped: an operator must act");
        for job in jobs {
            job.back(reason, &self.meters);
        }
    }

    /// An operator has acted: the route sends again.
    pub(crate) fn resume(&self) {
        let mut shared = self.shared.lock();
        if shared.stopped.take().is_some() {
            tracing::info!(route = %self.name, "route resumed");
            shared.wake_all();
        }
    }

    /// No packet is taken any more; those that wait are given back as not sent.
    pub(crate) fn close(&self) {
        let mut shared = self.shared.lock();
        shared.closing = true;
        let jobs = shared.empty();
        drop(shared);
        for job in jobs {
            job.not_sent(CLOSING, &self.meters);
        }
    }

    /// Every second: gives up what waited too long, lets a lowered rate rise, and shows the figures.
    /// `elsewhere` tells whether another route can carry packets that are free to go there.
    pub(crate) fn tick(&self, now: Instant, elsewhere: bool) {
        let patience = Duration::from_secs(self.settings.queue_timeout_s.into());
        let mut shared = self.shared.lock();
        shared.pace.raise(now);
        let usable = shared.is_usable();
        let (mut late, mut free) = (Vec::new(), Vec::new());
        let mut left = 0;
        let Shared { again, queue, .. } = &mut *shared;
        for jobs in [again, queue] {
            // The longest wait is in front, so an untouched queue costs one look.
            let first_is_late = jobs.front().is_some_and(|job| now.duration_since(job.since) >= patience);
            if first_is_late || (elsewhere && !usable && !jobs.is_empty()) {
                for job in std::mem::take(jobs) {
                    if job.is_abandoned() {
                        // Its sender gave up.
                    } else if now.duration_since(job.since) >= patience {
                        late.push(job);
                    } else if elsewhere && !usable && job.packet.route.is_none() && !job.has_begun() {
                        free.push(job);
                    } else {
                        jobs.push_back(job);
                    }
                }
            }
            left += jobs.iter().map(Job::remaining).sum::<usize>();
        }
        shared.queued = left;
        self.meters.queued.set(shared.queued as f64);
        self.meters.in_flight.set(shared.in_flight as f64);
        let reason = shared.reason();
        drop(shared);
        for job in late {
            let waited = self.settings.queue_timeout_s;
            let reason = if reason.is_empty() {
                format!("waited {waited} s in the route's queue")
            } else {
                format!("waited {waited} s in the route's queue: {reason}")
            };
            job.not_sent(&reason, &self.meters);
        }
        for job in free {
            job.back(&reason, &self.meters);
        }
    }

    /// Returns when it makes sense for this bind to try the credentials.
    pub(crate) async fn may_try_credentials(&self, bind: usize) {
        if bind > 0 {
            // The sender lives as long as the route.
            let _ = self.credentials_taken.subscribe().wait_for(|taken| *taken).await;
        }
    }

    /// A bind is there.
    pub(crate) fn link_up(&self, bind: usize, link: Arc<Link>) {
        self.credentials_taken.send_replace(true);
        let mut shared = self.shared.lock();
        shared.binds[bind] = Bind { link: Some(link), ..Bind::default() };
        self.meters.bound.set(shared.bound() as f64);
    }

    /// A bind is gone or could not be made.
    pub(crate) fn link_down(&self, bind: usize, reason: String, credentials_refused: bool) {
        if credentials_refused {
            self.credentials_taken.send_replace(false);
        }
        let mut shared = self.shared.lock();
        shared.binds[bind] = Bind { reason, credentials_refused, ..Bind::default() };
        self.meters.bound.set(shared.bound() as f64);
        // What this bind was woken for is for another one now.
        if shared.waiting() > 0 {
            shared.wake_one();
        }
    }

    /// The link of any bind.
    pub(crate) fn any_link(&self) -> Option<Arc<Link>> {
        self.shared.lock().binds.iter().find_map(|bind| bind.link.clone())
    }

    /// Whether it carries packets now.
    pub(crate) fn is_usable(&self) -> bool {
        self.shared.lock().is_usable()
    }

    /// Why it takes no packets at all, if so.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.shared.lock().refusal()
    }

    /// Segments that can come without waiting for longer than about a second.
    pub(crate) fn room(&self) -> usize {
        let shared = self.shared.lock();
        if !shared.is_usable() {
            return 0;
        }
        // What the windows take at once waits for nobody, however long the answers take.
        let free = (self.windows(&shared) as usize).saturating_sub(shared.in_flight);
        let a_second = self.capacity(&shared) as usize;
        let room = a_second.max(free.min(shared.pace.per_second() as usize));
        room.saturating_sub(shared.queued)
    }

    /// How much it has to do already, as a part of what it can do in a second; `None` when it carries nothing
    /// now.
    pub(crate) fn load(&self) -> Option<f64> {
        let shared = self.shared.lock();
        let work = (shared.queued + shared.in_flight + 1) as f64;
        shared.is_usable().then(|| work / self.capacity(&shared).max(f64::MIN_POSITIVE))
    }

    /// Segments a second that windows and pace allow now.
    fn capacity(&self, shared: &Shared) -> f64 {
        let windows = self.windows(shared);
        // Before the first answer nothing is known but that the windows are open.
        let by_windows = if shared.round_trip_s > 0.0 { windows / shared.round_trip_s } else { windows };
        by_windows.min(f64::from(shared.pace.per_second()))
    }

    /// Segments that may be outstanding over the binds that are not pausing.
    fn windows(&self, shared: &Shared) -> f64 {
        let now = Instant::now();
        let open = shared
            .binds
            .iter()
            .filter(|bind| bind.link.is_some() && bind.paused.is_none_or(|until| until <= now))
            .count();
        (open * usize::from(self.settings.window)) as f64
    }

    pub(crate) fn status(&self) -> RouteStatus {
        let shared = self.shared.lock();
        RouteStatus {
            name: self.name.to_string(),
            state: shared.state(),
            reason: shared.reason(),
            segments_per_s: shared.pace.per_second(),
            in_flight: shared.in_flight as u32,
            queued: shared.queued as u32,
        }
    }
}

/// Told to those whose packets wait when the gateway closes.
pub(crate) const CLOSING: &str = "the gateway is closing";

impl Shared {
    fn waiting(&self) -> usize {
        self.again.len() + self.queue.len()
    }

    fn pop(&mut self) -> Option<Job> {
        let job = self.again.pop_front().or_else(|| self.queue.pop_front())?;
        self.queued -= job.remaining();
        Some(job)
    }

    fn empty(&mut self) -> Vec<Job> {
        self.queued = 0;
        self.again.drain(..).chain(self.queue.drain(..)).collect()
    }

    /// Wakes one bind that has room.
    fn wake_one(&mut self) {
        if let Some(bind) = self.binds.iter_mut().find(|bind| bind.hungry) {
            bind.hungry = false;
            if let Some(link) = &bind.link {
                link.wake.notify_one();
            }
        }
    }

    fn wake_all(&self) {
        for link in self.binds.iter().filter_map(|bind| bind.link.as_ref()) {
            link.wake.notify_one();
        }
    }

    fn bound(&self) -> usize {
        self.binds.iter().filter(|bind| bind.link.is_some()).count()
    }

    fn is_usable(&self) -> bool {
        !self.closing && self.stopped.is_none() && self.bound() > 0
    }

    fn refusal(&self) -> Option<String> {
        if self.closing { Some(CLOSING.to_owned()) } else { self.stopped.clone() }
    }

    fn state(&self) -> RouteState {
        let now = Instant::now();
        let bound = self.bound();
        if self.stopped.is_some() || (bound == 0 && self.binds.iter().any(|bind| bind.credentials_refused)) {
            RouteState::Stopped
        } else if bound == 0 {
            RouteState::Connecting
        } else if self.pace.is_lowered()
            || self.binds.iter().any(|bind| bind.paused.is_some_and(|until| until > now))
        {
            RouteState::Throttled
        } else {
            RouteState::Bound
        }
    }

    fn reason(&self) -> String {
        if let Some(reason) = &self.stopped {
            return reason.clone();
        }
        let down = self.binds.iter().filter(|bind| bind.link.is_none());
        let Some(first) = down.clone().find(|bind| bind.credentials_refused).or_else(|| down.clone().next())
        else {
            return if self.pace.is_lowered() {
                format!("throttled by the centre to {} segments a second", self.pace.per_second())
            } else {
                String::new()
            };
        };
        match (down.count(), self.binds.len()) {
            (_, 1) => first.reason.clone(),
            (down, all) => format!("{down} of {all} sessions are down: {}", first.reason),
        }
    }
}
