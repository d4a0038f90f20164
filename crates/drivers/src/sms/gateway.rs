//! Every route together: the implementation of the port.

use super::job::{Job, Verdict};
use super::route::Route;
use super::session::{Connect, Surroundings, Tcp, keep_bound};
use super::settings::RouteSettings;
use async_trait::async_trait;
use muster_app::ports::Entropy;
use muster_app::ports::{Inbound, PacketOutcome, RouteStatus, SmsGateway, SmsPacket, SubmitOutcome};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

/// Messages from centres that wait for their receiver, all routes together.
const INBOUND_QUEUE: usize = 4096;
/// How often queues are looked through for what waited too long.
const TICK: Duration = Duration::from_secs(1);
/// Longest user data of a short message (TS 23.040 §9.2.3.24), in octets.
const LONGEST_SEGMENT: usize = 140;
/// Longest address (SMPP 3.4 §5.2.9), in digits.
const LONGEST_ADDRESS: usize = 20;

/// Routes that cannot be started: every fault, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsError(pub Vec<String>);

/// Speaks SMPP 3.4 to any number of message centres.
///
/// Dropping it closes every session at once; [`SmsGateway::close`] waits for the answers to what was sent.
#[derive(Debug)]
pub struct SmppGateway {
    routes: Vec<Arc<Route>>,
    inbound: Mutex<Option<mpsc::Receiver<Inbound>>>,
    closing: watch::Sender<bool>,
    tasks: tokio::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl SmppGateway {
    /// Starts to keep the routes bound, in the runtime it is called in. Randomness is for the jitter of
    /// reconnecting. Without any route it starts as well, and sends nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn start(routes: Vec<RouteSettings>, entropy: Arc<dyn Entropy>) -> Result<Self, SettingsError> {
        Self::start_over(routes, entropy, Arc::new(Tcp))
    }

    pub(crate) fn start_over(
        routes: Vec<RouteSettings>,
        entropy: Arc<dyn Entropy>,
        connect: Arc<dyn Connect>,
    ) -> Result<Self, SettingsError> {
        let mut faults: Vec<String> = routes.iter().flat_map(RouteSettings::faults).collect();
        for (index, route) in routes.iter().enumerate() {
            if routes[..index].iter().any(|before| before.name == route.name) {
                faults.push(format!("route `{}`: there is another one of that name", route.name));
            }
        }
        if !faults.is_empty() {
            return Err(SettingsError(faults));
        }
        let (closing, is_closing) = watch::channel(false);
        let (sender, receiver) = mpsc::channel(INBOUND_QUEUE);
        let around = Surroundings { connect, entropy, inbound: sender, closing: is_closing.clone() };
        let routes: Vec<_> = routes.into_iter().map(|settings| Arc::new(Route::new(settings))).collect();
        let mut tasks = Vec::new();
        for route in &routes {
            for bind in 0..usize::from(route.settings.binds) {
                tasks.push(tokio::spawn(keep_bound(Arc::clone(route), bind, around.clone())));
            }
        }
        if !routes.is_empty() {
            tasks.push(tokio::spawn(look_after_queues(routes.clone(), is_closing)));
        }
        Ok(Self {
            routes,
            inbound: Mutex::new(Some(receiver)),
            closing,
            tasks: tokio::sync::Mutex::new(tasks),
        })
    }

    /// Lets a route send again that was stopped because its centre refused our requests: an operator has
    /// mended what was wrong. Tells whether there is such a route.
    pub fn resume(&self, route: &str) -> bool {
        let found = self.routes.iter().find(|known| *known.name == *route);
        if let Some(route) = found {
            route.resume();
        }
        found.is_some()
    }

    /// The route that shall carry a packet: a usable one of the lowest number, of these the one with the
    /// least to do for what it can; when none is usable, one that may come back.
    fn choose(&self, only: Option<&str>, tried: &[Arc<str>]) -> Result<&Arc<Route>, String> {
        let named = |route: &&Arc<Route>| only.is_none_or(|name| *route.name == *name);
        let candidates = || self.routes.iter().filter(named).filter(|route| !tried.contains(&route.name));
        let best = candidates().filter_map(|route| Some((route, route.load()?))).min_by(
            |(one, load), (other, other_load)| {
                one.settings.priority.cmp(&other.settings.priority).then(load.total_cmp(other_load))
            },
        );
        if let Some((route, _)) = best {
            return Ok(route);
        }
        let later = candidates()
            .filter(|route| route.refusal().is_none())
            .min_by_key(|route| route.settings.priority);
        if let Some(route) = later {
            return Ok(route);
        }
        Err(match only {
            _ if self.routes.is_empty() => "no route is set up".to_owned(),
            Some(name) if !self.routes.iter().any(|route| *route.name == *name) => {
                format!("there is no route `{name}`")
            }
            _ => self
                .routes
                .iter()
                .filter(named)
                .filter_map(|route| Some(format!("route `{}`: {}", route.name, route.refusal()?)))
                .collect::<Vec<_>>()
                .join("; "),
        })
    }
}

#[async_trait]
impl SmsGateway for SmppGateway {
    async fn send(&self, packet: SmsPacket) -> PacketOutcome {
        if let Err(reason) = check(&packet) {
            return not_sent(&packet, reason);
        }
        let since = Instant::now();
        let (mut packet, mut tried, mut last) = (packet, Vec::new(), String::new());
        loop {
            let route = match self.choose(packet.route.as_deref(), &tried) {
                Ok(route) => route,
                Err(reason) => return not_sent(&packet, if reason.is_empty() { &last } else { &reason }),
            };
            let segments = packet.segments.len();
            let (job, verdict) = Job::new(packet, since);
            route.enqueue(job);
            match verdict.await {
                Ok(Verdict::Done(segments)) => {
                    return PacketOutcome { route: route.name.to_string(), segments };
                }
                Ok(Verdict::Back(back, reason)) => {
                    tried.push(Arc::clone(&route.name));
                    packet = back;
                    last = reason;
                }
                // Only a session that broke down with the packet in its hands says nothing.
                Err(_) => {
                    let reason = "the session ended without an account of it".to_owned();
                    let outcome = SubmitOutcome::Unknown { reason };
                    return PacketOutcome {
                        route: route.name.to_string(),
                        segments: vec![outcome; segments],
                    };
                }
            }
        }
    }

    fn room(&self, route: Option<&str>) -> usize {
        if let Some(name) = route {
            return self.routes.iter().find(|route| *route.name == *name).map_or(0, |route| route.room());
        }
        let usable = || self.routes.iter().filter(|route| route.is_usable());
        let Some(priority) = usable().map(|route| route.settings.priority).min() else { return 0 };
        usable().filter(|route| route.settings.priority == priority).map(|route| route.room()).sum()
    }

    async fn cancel(&self, route: &str, message_id: &str, destination: &str) {
        let link = self.routes.iter().find(|known| *known.name == *route).and_then(|route| route.any_link());
        if let Some(link) = link {
            link.cancel(message_id, destination);
        } else {
            tracing::debug!(route, "a message cannot be cancelled: the route is not bound");
        }
    }

    fn inbound(&self) -> Option<mpsc::Receiver<Inbound>> {
        self.inbound.lock().take()
    }

    fn routes(&self) -> Vec<RouteStatus> {
        self.routes.iter().map(|route| route.status()).collect()
    }

    async fn close(&self) {
        for route in &self.routes {
            route.close();
        }
        self.closing.send_replace(true);
        for task in self.tasks.lock().await.drain(..) {
            // A task that broke down has nothing left to wait for.
            let _ = task.await;
        }
    }
}

/// Once a second, for every route, until the gateway closes.
async fn look_after_queues(routes: Vec<Arc<Route>>, mut closing: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => break,
            now = ticks.tick() => {
                let usable = routes.iter().filter(|route| route.is_usable()).count();
                for route in &routes {
                    let others = usable - usize::from(route.is_usable()).min(usable);
                    route.tick(now, others > 0);
                }
            }
        }
    }
}

fn check(packet: &SmsPacket) -> Result<(), &'static str> {
    let destination = &packet.destination;
    if destination.is_empty() || destination.len() > LONGEST_ADDRESS {
        return Err("the number is empty or has more than 20 digits");
    }
    if !destination.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err("the number has characters that are no digits");
    }
    if packet.segments.is_empty() {
        return Err("the packet has no segments");
    }
    if packet.segments.iter().any(|octets| octets.is_empty() || octets.len() > LONGEST_SEGMENT) {
        return Err("a segment is empty or longer than 140 octets");
    }
    if packet.validity_s == 0 {
        return Err("its validity has passed");
    }
    Ok(())
}

fn not_sent(packet: &SmsPacket, reason: &str) -> PacketOutcome {
    let outcome = SubmitOutcome::NotSent { reason: reason.to_owned() };
    PacketOutcome { route: String::new(), segments: vec![outcome; packet.segments.len()] }
}
