//! SIM campaigns, as they go on by themselves.
//!
//! ```text
//! conduct   clock and counts → campaigns start, pause, pass to the next wave, end
//! dispatch  due participants → packet and counter, stored together → handed to the message centre
//! absorb    what became of them, receipts, cards' answers → the participant machine → stored → acknowledged
//! timers    participants of which nothing was heard → the participant machine
//! ```
//!
//! Each pass reads, lets the domain decide, and writes with compare-and-swap. Nothing that matters lives in memory:
//! any number of nodes work on one store, and one that ends leaves rows whose timers somebody else's pass finds.

mod absorb;
mod campaigns;
mod conduct;
mod dispatch;
mod flights;
mod meters;
mod outgoing;
mod programs;
mod release;
mod run;
mod step;
mod timers;

pub use absorb::Event;
pub use outgoing::{Outgoing, Sent};

use campaigns::Campaigns;
use flights::Flights;
use muster_app::Services;
use muster_app::ports::SmsGateway;
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::Timing;
use parking_lot::Mutex;
use programs::Programs;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// How the engine works.
#[derive(Debug, Clone, Copy)]
pub struct SimSettings {
    /// How often campaigns and timers are looked at, and due participants while there are none.
    pub poll: Duration,
    /// How long a claimed participant is left alone by others.
    pub lease: Duration,
    /// Most participants of one pass.
    pub batch: u32,
    /// Waiting times that are the same for all campaigns.
    pub timing: Timing,
}

impl Default for SimSettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(200),
            lease: Duration::from_secs(30),
            batch: 500,
            timing: Timing::default(),
        }
    }
}

/// Conducts SIM campaigns. Any number of them can share a store.
pub struct SimEngine {
    services: Arc<Services>,
    gateway: Arc<dyn SmsGateway>,
    settings: SimSettings,
    campaigns: Campaigns,
    programs: Programs,
    flights: Flights,
    /// Something changed that may let a participant be sent to.
    stir: Notify,
    /// Events that wait to be taken in.
    backlog: AtomicUsize,
    /// Campaigns that ended, and the ordinal from which on their resting participants give back their cards.
    ended: Mutex<VecDeque<(SimCampaignId, u64)>>,
}

impl SimEngine {
    /// An engine that sends through `gateway`.
    pub fn new(services: Arc<Services>, gateway: Arc<dyn SmsGateway>, settings: SimSettings) -> Self {
        Self {
            services,
            gateway,
            settings,
            campaigns: Campaigns::default(),
            programs: Programs::default(),
            flights: Flights::default(),
            stir: Notify::new(),
            backlog: AtomicUsize::new(0),
            ended: Mutex::default(),
        }
    }

    /// Whether more has come back than could be taken in yet. Then nothing new leaves, and nobody's silence is
    /// believed: the answer may be in the queue. Without this a store slower than the routes would send again what was
    /// answered long ago, and be slower still.
    fn is_behind(&self) -> bool {
        self.backlog.load(Ordering::Relaxed) >= self.settings.batch as usize
    }

    fn random(&self) -> u32 {
        let mut octets = [0; 4];
        self.services.entropy.fill(&mut octets);
        u32::from_le_bytes(octets)
    }
}
