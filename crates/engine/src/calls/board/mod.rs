//! The board: one task that holds every call that lasts and every agent at the desk, and decides at once what follows
//! from an event. It never waits for the store, nor for the driver.

mod desk;
mod lines;
mod notes;

use super::Shared;
use super::agents::{Agent, AgentKey, State};
use super::conduct::Conducted;
use super::desk::Command;
use super::line::Line;
use super::live::LiveBoard;
use super::loaded::Loaded;
use super::meters;
use super::pace::Running;
use muster_app::ports::{LegEvent, LegId, LiveCampaign, Telephony, TelephonyEvent};
use muster_domain::ids::{CallCampaignId, CallId};
use notes::Note;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How long events of a leg that nobody knows yet are kept.
const EARLY_KEPT: Duration = Duration::from_secs(30);

/// Whose a leg is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    Line(CallId),
    Agent(AgentKey),
}

pub(super) struct Board {
    pub(super) shared: Arc<Shared>,
    pub(super) telephony: Arc<dyn Telephony>,
    live: LiveBoard,
    pub(super) running: BTreeMap<CallCampaignId, Running>,
    /// The campaigns that are active and this node's, as last told.
    pub(super) conducted: BTreeMap<CallCampaignId, Arc<Loaded>>,
    pub(super) lines: BTreeMap<CallId, Line>,
    pub(super) legs: HashMap<LegId, Owner>,
    /// Events of legs whose number has not come back from the driver yet.
    early: HashMap<LegId, (Instant, Vec<(Instant, LegEvent)>)>,
    pub(super) agents: BTreeMap<AgentKey, Agent>,
    pub(super) notes: mpsc::UnboundedSender<Note>,
    heard: Option<mpsc::UnboundedReceiver<Note>>,
    /// Ends of calls that are being stored.
    pub(super) closing: usize,
    pub(super) stopping: bool,
    /// Which campaign is paced first.
    pub(super) first: usize,
}

impl Board {
    pub(super) fn new(shared: Arc<Shared>, telephony: Arc<dyn Telephony>, live: LiveBoard) -> Self {
        let (notes, heard) = mpsc::unbounded_channel();
        Self {
            shared,
            telephony,
            live,
            running: BTreeMap::new(),
            conducted: BTreeMap::new(),
            lines: BTreeMap::new(),
            legs: HashMap::new(),
            early: HashMap::new(),
            agents: BTreeMap::new(),
            notes,
            heard: Some(heard),
            closing: 0,
            stopping: false,
            first: 0,
        }
    }

    /// Works until told to stop and the last call is over and stored.
    pub(super) async fn run(
        mut self,
        mut events: mpsc::UnboundedReceiver<TelephonyEvent>,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut conducted: watch::Receiver<Conducted>,
        mut stop: watch::Receiver<bool>,
    ) {
        let Some(mut heard) = self.heard.take() else { return };
        let mut tick = tokio::time::interval(self.shared.settings.poll);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.stopping = *stop.borrow();
        let mut told = true;
        loop {
            let deadline = self.deadline().map(tokio::time::Instant::from_std);
            tokio::select! {
                event = events.recv() => {
                    let Some(event) = event else {
                        tracing::error!("the telephony driver ended; no calls are placed any more");
                        return;
                    };
                    self.telephony(event);
                }
                Some(note) = heard.recv() => self.note(note),
                Some(command) = commands.recv() => self.command(command),
                changed = conducted.changed(), if told => {
                    told = changed.is_ok();
                    let campaigns = conducted.borrow_and_update().campaigns.clone();
                    self.conduct(campaigns);
                }
                _ = tick.tick() => self.tick(),
                () = tokio::time::sleep_until(deadline.unwrap_or_else(tokio::time::Instant::now)),
                    if deadline.is_some() => {}
                changed = stop.changed(), if !self.stopping => {
                    self.stopping = changed.is_err() || *stop.borrow();
                }
            }
            self.due();
            if self.stopping && self.lines.is_empty() && self.closing == 0 && !self.asks() {
                return;
            }
        }
    }

    /// Whether contacts are being asked for, whose calls would be begun.
    fn asks(&self) -> bool {
        self.running.values().any(|running| running.asked > 0)
    }

    pub(super) fn at() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// The campaigns that this node conducts have changed.
    fn conduct(&mut self, campaigns: BTreeMap<CallCampaignId, Arc<Loaded>>) {
        for (id, loaded) in &campaigns {
            match self.running.get_mut(id) {
                Some(running) if Arc::ptr_eq(&running.loaded, loaded) => {}
                Some(running) => running.renew(Arc::clone(loaded)),
                None => {
                    if let Some(running) = Running::new(Arc::clone(loaded)) {
                        self.running.insert(*id, running);
                    }
                }
            }
        }
        self.conducted = campaigns;
        let (conducted, lines) = (&self.conducted, &self.lines);
        self.running.retain(|id, running| {
            conducted.contains_key(id)
                || running.asked > 0
                || lines.values().any(|line| line.call.campaign == *id)
        });
    }

    fn tick(&mut self) {
        let at = Self::at();
        self.pace(at);
        self.look_at_wraps(at);
        self.early.retain(|_, (since, _)| at.saturating_duration_since(*since) < EARLY_KEPT);
        self.show();
    }

    /// Shows what goes on.
    fn show(&self) {
        use super::line::Stage;
        let mut pictures = BTreeMap::new();
        let mut stages = [("dialling", 0), ("waiting", 0), ("talking", 0), ("message", 0)];
        for (id, running) in &self.running {
            let mut picture = LiveCampaign {
                paced_by: running.last.map_or("", paced_by),
                waits_for: running.waits_for.clone(),
                ..LiveCampaign::default()
            };
            let now = self.shared.services.clock.now();
            let loaded = &running.loaded;
            let windows = loaded.gate.windows(&loaded.campaign, &loaded.zone, &running.ledger, now);
            let tightest = windows.iter().max_by(|a, b| {
                let share = |window: &&muster_domain::calls::pacing::LedgerWindow| {
                    window.abandoned / (window.live.max(1) as f64) / window.cap.max(f64::EPSILON)
                };
                share(a).total_cmp(&share(b))
            });
            (picture.live, picture.abandoned) = match tightest {
                Some(window) => (window.live, window.abandoned as u64),
                None => running.ledger.last().map_or((0, 0), |day| (day.live, day.abandoned)),
            };
            for agent in self.agents.values().filter(|agent| agent.works_for(*id)) {
                *picture.agents.entry(agent.shown().name()).or_default() += 1;
            }
            pictures.insert(*id, picture);
        }
        for line in self.lines.values() {
            let Some(picture) = pictures.get_mut(&line.call.campaign) else { continue };
            let (place, count) = match line.stage {
                Stage::Dialling => (0, &mut picture.dialling),
                Stage::Offering { .. } => (1, &mut picture.waiting),
                Stage::Connected { .. } | Stage::Script(_) => (2, &mut picture.talking),
                Stage::Message { .. } | Stage::Ending(_) => (3, &mut picture.message),
            };
            *count += 1;
            stages[place].1 += 1;
        }
        let mut agents: BTreeMap<&'static str, usize> = BTreeMap::new();
        for agent in self.agents.values() {
            *agents.entry(agent.shown().name()).or_default() += 1;
        }
        meters::now(stages, &agents.into_iter().collect::<Vec<_>>());
        self.live.show(pictures);
    }

    /// When something is due by itself.
    fn deadline(&self) -> Option<Instant> {
        use super::line::Stage;
        let lines = self.lines.values().filter_map(|line| match &line.stage {
            Stage::Offering { until } => Some(*until),
            Stage::Script(script) => script.deadline(),
            _ => None,
        });
        let agents = self.agents.values().filter_map(|agent| match &agent.state {
            State::Away { call_at } if self.telephony.is_registered(&phone(&agent.key)) => Some(*call_at),
            State::Shown { dial_at, .. } => Some(*dial_at),
            State::Wrap { until, looking: false, .. } => Some(*until),
            _ => None,
        });
        lines.chain(agents).min()
    }

    fn telephony(&mut self, event: TelephonyEvent) {
        match event {
            TelephonyEvent::Leg { leg, at, event } => match self.legs.get(&leg).cloned() {
                Some(Owner::Line(call)) => self.line_event(call, leg, at, &event),
                Some(Owner::Agent(key)) => self.agent_event(&key, leg, &event),
                None => self.early.entry(leg).or_insert_with(|| (at, Vec::new())).1.push((at, event)),
            },
            TelephonyEvent::PhoneUp { username } => self.phone_up(&username),
            TelephonyEvent::PhoneDown { username } => self.phone_down(&username),
            TelephonyEvent::Incoming { caller, called } => self.incoming(caller, &called),
        }
    }

    /// From now on a leg is somebody's; what it told meanwhile is taken in.
    pub(super) fn adopt(&mut self, leg: LegId, owner: &Owner) {
        self.legs.insert(leg, owner.clone());
        let Some((_, events)) = self.early.remove(&leg) else { return };
        for (at, event) in events {
            match owner {
                Owner::Line(call) => self.line_event(*call, leg, at, &event),
                Owner::Agent(key) => self.agent_event(key, leg, &event),
            }
        }
    }

    /// Ends a leg, whoever's it is.
    pub(super) fn hang_up(&self, leg: LegId) {
        let telephony = Arc::clone(&self.telephony);
        tokio::spawn(async move { telephony.hang_up(leg).await });
    }
}

/// The name of an agent's phone.
pub(super) fn phone(key: &AgentKey) -> String {
    muster_domain::calls::client::phone_username(key.0, &key.1)
}

/// What decided the number of calls, for people.
const fn paced_by(why: muster_domain::calls::pacing::Why) -> &'static str {
    use muster_domain::calls::pacing::Why;
    match why {
        Why::NoAgents => "no agents",
        Why::DeskSilent => "silent desk",
        Why::Floor => "one call for each idle agent",
        Why::Gate => "the cap on abandoned calls",
        Why::ColdStart => "too few answers yet",
        Why::SmallTeam => "too few agents to predict",
        Why::Ratio => "the ratio",
        Why::LookAhead => "look-ahead",
        Why::Lines => "lines",
        Why::Rate => "calls per second",
        Why::List => "no contact is due",
    }
}
