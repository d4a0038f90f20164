//! Call campaigns, as they go on by themselves.
//!
//! ```text
//! conduct   which campaigns this node conducts, loaded with everything a call needs; crashed calls are closed
//! choose    due contacts → rules → number → contact, call and number stored together
//! board     who is at the desk, which calls last, how many more are placed; every event of a line
//! close     what came of a call → the contact's machine → stored
//! upkeep    contacts that were left in hand, deleted campaigns; also where no calls are placed
//! ```
//!
//! The board is one task that never waits for the store: a database that takes its time must not keep somebody who
//! answered waiting. What it wants stored it hands to tasks, whose results come back as notes. A call is stored
//! before its INVITE leaves; a node that dies leaves open calls, which whoever conducts the campaign next closes.

mod agents;
mod board;
mod choose;
mod close;
mod conduct;
mod desk;
mod directory;
mod gate;
mod line;
mod live;
mod loaded;
mod meters;
mod pace;
mod script;
mod upkeep;

pub use desk::EngineDesk;
pub use directory::StoredAgents;
pub use upkeep::keep_up_forever;

use muster_app::Services;
use muster_app::ports::Telephony;
use muster_domain::calls::number::DialRules;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// How the engine works.
#[derive(Debug, Clone)]
pub struct CallSettings {
    /// How often campaigns are read, and how often it is decided how many calls to place.
    pub poll: Duration,
    /// For how long a node conducts a campaign without saying so again, in seconds.
    pub ownership_s: u32,
    /// How long a call may take until it rings or fails.
    pub setup_limit: Duration,
    /// How long an agent's phone may ring.
    pub agent_ring: Duration,
    /// Within what time somebody who answered has an agent, where no policy says so.
    pub connect_limit: Duration,
    /// Which restricted numbers may be called all the same.
    pub dial_rules: DialRules,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(250),
            ownership_s: 10,
            setup_limit: Duration::from_secs(10),
            agent_ring: Duration::from_secs(20),
            connect_limit: Duration::from_secs(2),
            dial_rules: DialRules::default(),
        }
    }
}

/// What the engine's tasks share.
pub(crate) struct Shared {
    services: Arc<Services>,
    settings: CallSettings,
    /// This node, in the ownership of campaigns.
    node: Uuid,
    /// Numbers of calls that were taken from the store and not given away yet.
    call_ids: Mutex<VecDeque<i64>>,
}

impl Shared {
    fn new(services: Arc<Services>, settings: CallSettings) -> Arc<Self> {
        let node = services.entropy.uuid();
        Arc::new(Self { services, settings, node, call_ids: Mutex::default() })
    }

    fn random(&self) -> u32 {
        let mut octets = [0; 4];
        self.services.entropy.fill(&mut octets);
        u32::from_le_bytes(octets)
    }
}

/// Conducts call campaigns over one telephony driver.
pub struct CallEngine {
    shared: Arc<Shared>,
    telephony: Arc<dyn Telephony>,
    commands: mpsc::UnboundedSender<desk::Command>,
    inbox: mpsc::UnboundedReceiver<desk::Command>,
    live: live::LiveBoard,
}

impl CallEngine {
    /// An engine that calls through `telephony`.
    pub fn new(services: Arc<Services>, telephony: Arc<dyn Telephony>, settings: CallSettings) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let shared = Shared::new(services, settings);
        Self { shared, telephony, commands, inbox, live: live::LiveBoard::default() }
    }

    /// The desk of this engine, for [`Services::open_desk`].
    pub fn desk(&self) -> EngineDesk {
        EngineDesk::new(Arc::clone(&self.shared.services), self.commands.clone(), self.live.clone())
    }

    /// Works until `stop` turns true: then nothing new is dialled, and calls that last are waited for. Whoever does
    /// not want to wait drops the future; what is open then is closed after the next start.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let Some(events) = self.telephony.events() else {
            tracing::error!("the telephony driver's events were taken by somebody else; no calls are placed");
            return;
        };
        let (campaigns, conducted) = watch::channel(conduct::Conducted::default());
        let conduct = conduct::Conductor::new(Arc::clone(&self.shared), campaigns).run(stop.clone());
        let board = board::Board::new(Arc::clone(&self.shared), self.telephony, self.live);
        // The conductor keeps the campaigns for as long as calls last, so the board ends first.
        tokio::select! {
            () = conduct => {}
            () = board.run(events, self.inbox, conducted, stop) => {}
        }
    }
}
