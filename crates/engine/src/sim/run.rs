//! The passes, each in its own loop, until the engine is told to stop.

use super::{Event, Outgoing, Sent, SimEngine};
use muster_app::ports::{RouteState, RouteStatus};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// How long the loop of events waits before it gives early ones again.
const EARLY_PAUSE: Duration = Duration::from_millis(50);
/// How long passes wait that have to let the loop of events catch up.
const BEHIND_PAUSE: Duration = Duration::from_millis(5);
/// Pause after a pass that failed.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// Since when answers can, or cannot, come in. While no route is bound silence means nothing, and a centre that has
/// just been reached again needs a moment to tell what it kept: whoever believed it at once would send to every card
/// again after each interruption.
struct Hearing {
    bound: bool,
    since: Instant,
}

/// How long a route has to be bound before silence is believed.
const SETTLING: Duration = Duration::from_secs(1);
/// After so long without any route participants are given up as if their silence were believed, so that campaigns
/// that ended come to rest.
const DEAF_MAX: Duration = Duration::from_mins(30);

impl Default for Hearing {
    fn default() -> Self {
        Self { bound: false, since: Instant::now() }
    }
}

impl Hearing {
    fn believes_silence(&mut self, routes: &[RouteStatus]) -> bool {
        let bound =
            routes.iter().any(|route| matches!(route.state, RouteState::Bound | RouteState::Throttled));
        if bound != self.bound {
            *self = Self { bound, since: Instant::now() };
        }
        self.since.elapsed() >= if bound { SETTLING } else { DEAF_MAX }
    }
}

impl SimEngine {
    /// Works until `stop` turns true: then nothing new leaves, what is on its way is given to the gateway's care, and
    /// what comes back until the gateway is closed is still taken in.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let (events, inbox) = mpsc::unbounded_channel();
        let Some(inbound) = self.gateway.inbound() else {
            tracing::error!(
                "the gateway's inbound messages were taken by somebody else; SIM campaigns do not run"
            );
            return;
        };
        // The first look, so that the first pass has campaigns.
        if let Err(error) = self.conduct().await {
            tracing::warn!(%error, "campaigns could not be read; trying again");
        }
        let absorb = tokio::spawn(Arc::clone(&self).absorb_loop(inbox, inbound, events.downgrade()));
        let conduct = self.conduct_loop(stop.clone());
        let dispatch = self.dispatch_loop(events.clone(), stop.clone());
        let timers = self.timers_loop(events.clone(), stop);
        tokio::join!(conduct, dispatch, timers);
        drop(events);
        self.gateway.close().await;
        // With the gateway closed and every packet's fate told both sources end.
        if absorb.await.is_err() {
            tracing::error!("the loop that takes in events panicked; this is a defect");
        }
    }

    async fn conduct_loop(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.conduct().await {
                tracing::warn!(%error, "campaigns could not be looked at; trying again");
            }
            super::meters::routes(&self.gateway.routes());
            tokio::select! {
                () = tokio::time::sleep(self.settings.poll) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn dispatch_loop(
        self: &Arc<Self>,
        events: mpsc::UnboundedSender<Event>,
        mut stop: watch::Receiver<bool>,
    ) {
        while !*stop.borrow() {
            if self.is_behind() {
                tokio::time::sleep(BEHIND_PAUSE).await;
                continue;
            }
            let idle = match self.dispatch().await {
                Ok(packets) => {
                    let idle = packets.is_empty();
                    self.hand_over(packets, &events);
                    // The gateway takes them from its queue; ask again when it has had a moment.
                    if idle { self.settings.poll } else { Duration::from_millis(1) }
                }
                Err(error) => {
                    tracing::warn!(%error, "due participants could not be claimed; trying again");
                    FAULT_PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(idle) => {}
                () = self.stir.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn timers_loop(
        self: &Arc<Self>,
        events: mpsc::UnboundedSender<Event>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut hearing = Hearing::default();
        while !*stop.borrow() {
            if self.is_behind() || !hearing.believes_silence(&self.gateway.routes()) {
                tokio::time::sleep(BEHIND_PAUSE).await;
                continue;
            }
            let pause = match self.timers().await {
                Ok((packets, more)) => {
                    self.hand_over(packets, &events);
                    if more { Duration::ZERO } else { self.settings.poll }
                }
                Err(error) => {
                    tracing::warn!(%error, "timers could not be looked at; trying again");
                    FAULT_PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Gives packets to the gateway; their fates come back as events.
    fn hand_over(self: &Arc<Self>, packets: Vec<Outgoing>, events: &mpsc::UnboundedSender<Event>) {
        for outgoing in packets {
            let (engine, events) = (Arc::clone(self), events.clone());
            tokio::spawn(async move {
                let outcome = engine.gateway.send(outgoing.packet).await;
                // Nobody listens only when the engine has ended; then the timer finds the participant.
                let _ = events.send(Event::Sent(Sent { key: outgoing.key, outcome }));
            });
        }
    }

    async fn absorb_loop(
        self: Arc<Self>,
        mut inbox: mpsc::UnboundedReceiver<Event>,
        mut inbound: mpsc::Receiver<muster_app::ports::Inbound>,
        // Packets made here (the next step of a template) report here; by a weak handle, or the loop would never end.
        own: mpsc::WeakUnboundedSender<Event>,
    ) {
        let batch = self.settings.batch as usize;
        let mut early = Vec::new();
        let (mut inbox_open, mut inbound_open) = (true, true);
        while inbox_open || inbound_open {
            let mut events = Vec::new();
            let mut heard = Vec::new();
            tokio::select! {
                count = inbox.recv_many(&mut events, batch), if inbox_open => inbox_open = count > 0,
                count = inbound.recv_many(&mut heard, batch), if inbound_open => inbound_open = count > 0,
                () = tokio::time::sleep(EARLY_PAUSE), if !early.is_empty() => {}
            }
            // Both at once, so that a packet's fate and its answer are written together where they can.
            while events.len() < batch
                && let Ok(event) = inbox.try_recv()
            {
                events.push(event);
            }
            while heard.len() < batch
                && let Ok(message) = inbound.try_recv()
            {
                heard.push(message);
            }
            self.backlog.store(inbox.len() + inbound.len(), Ordering::Relaxed);
            events.extend(heard.into_iter().map(Event::Inbound));
            events.append(&mut early);
            let (packets, again) = self.absorb(events).await;
            early = again;
            if !packets.is_empty() {
                if let Some(own) = own.upgrade() {
                    self.hand_over(packets, &own);
                } else {
                    tracing::debug!(packets = packets.len(), "stopping: packets leave after the next start");
                }
            }
        }
    }
}
