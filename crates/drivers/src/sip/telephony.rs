//! The driver as the application sees it.

use super::hub::Hub;
use super::inbound;
use super::leg::{Input, Plan, Target, dial};
use super::registrar::Registrar;
use super::settings::SipSettings;
use super::stack::Stack;
use super::trunk::{Trunk, Trunks, Unplaced, connect, keep};
use crate::media::{MediaEngine, MediaSettings};
use async_trait::async_trait;
use muster_app::ports::{
    AgentDirectory, AgentPhone, LegGone, LegId, Originate, OriginateError, PlayId, Prompt, Telephony,
    TelephonyEvent, TrunkHealth,
};
use parking_lot::Mutex;
use rsipstack::transaction::random_text;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long a phone has to ring or to fail; a trunk's calls bring a limit of their own.
const PHONE_SETUP_LIMIT: Duration = Duration::from_secs(10);
/// How often the end looks whether all calls have ended.
const END_STEP: Duration = Duration::from_millis(20);

/// Why the driver does not start.
#[derive(Debug, thiserror::Error)]
pub enum SipStartError {
    /// The settings cannot be used; one sentence for each fault.
    #[error("SIP settings: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// The port is taken, or the address is not ours.
    #[error("listen for SIP on {address}")]
    Bind {
        /// Address and port.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A trunk's certificates cannot be read.
    #[error("trunk `{trunk}`: read {path}")]
    Certificates {
        /// The trunk's name.
        trunk: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The stack below refuses.
    #[error("start the SIP stack: {0}")]
    Stack(String),
}

/// Calls over SIP.
///
/// Dropping it ends it at once: sockets close and calls are left to the far side's timers. [`SipTelephony::stop`] ends
/// calls properly first.
pub struct SipTelephony {
    hub: Arc<Hub>,
    events: Mutex<Option<mpsc::UnboundedReceiver<TelephonyEvent>>>,
    keepers: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl std::fmt::Debug for SipTelephony {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SipTelephony({})", self.hub.stack.advertised)
    }
}

impl SipTelephony {
    /// Listens for SIP, and connects to the trunks that are enabled.
    ///
    /// # Errors
    /// When the settings contradict themselves or would reach another machine without being allowed to, when the port
    /// is taken, or when a trunk's certificates cannot be read. A trunk that is not there is no error: it is down.
    pub async fn start(
        settings: SipSettings,
        directory: Arc<dyn AgentDirectory>,
    ) -> Result<Self, SipStartError> {
        let media = MediaEngine::new(MediaSettings {
            ip: settings.listen,
            ports: settings.rtp_first..=settings.rtp_last,
        });
        Self::start_with_media(settings, directory, media).await
    }

    /// The same with a media engine that exists already. Its ports have to be reachable under `advertise`.
    ///
    /// # Errors
    /// As [`SipTelephony::start`].
    pub async fn start_with_media(
        settings: SipSettings,
        directory: Arc<dyn AgentDirectory>,
        media: MediaEngine,
    ) -> Result<Self, SipStartError> {
        let faults = settings.faults();
        if !faults.is_empty() {
            return Err(SipStartError::Settings(faults));
        }
        let now = Instant::now();
        let mut kept = Vec::new();
        for settings_of in settings.trunks.iter().filter(|trunk| trunk.enabled) {
            let ca = match &settings_of.tls_ca_file {
                None => None,
                Some(path) => {
                    Some(tokio::fs::read(path).await.map_err(|source| SipStartError::Certificates {
                        trunk: settings_of.name.clone(),
                        path: path.clone(),
                        source,
                    })?)
                }
            };
            kept.push((Arc::new(Trunk::new(settings_of.clone(), &settings.timers, now)), ca));
        }
        let (stack, incoming) = Stack::start(&settings).await?;
        let registrar = Registrar::new(directory, &settings, now);
        let trunks = Trunks::new(kept.iter().map(|(trunk, _)| Arc::clone(trunk)).collect());
        let (sender, events) = mpsc::unbounded_channel();
        let hub = Arc::new(Hub::new(settings, stack, media, trunks, registrar, sender));
        tokio::spawn(inbound::serve(Arc::clone(&hub), incoming));
        tokio::spawn(inbound::expire(Arc::clone(&hub)));
        let mut keepers = Vec::new();
        for (trunk, ca) in kept {
            if trunk.settings.transport == super::Transport::Udp
                && let Err(why) = connect(&hub.stack, &trunk, None).await
            {
                trunk.unreachable(why);
            }
            keepers.push(tokio::spawn(keep(Arc::clone(&hub), trunk, ca)));
        }
        Ok(Self { hub, events: Mutex::new(Some(events)), keepers: Mutex::new(keepers) })
    }

    /// What it is reached at, as others are told.
    pub fn address(&self) -> SocketAddr {
        self.hub.stack.advertised
    }

    /// Legs that have not ended, and dialogs that are known; both are 0 some seconds after the last call.
    pub fn open(&self) -> (usize, usize) {
        (self.hub.legs(), self.hub.dialogs())
    }

    /// Ends every call and takes registrations back, for at most this long, and closes the sockets. New calls are
    /// refused from now on.
    pub async fn stop(&self, limit: Duration) {
        self.hub.end();
        self.hub.input_to_all(|| Input::HangUp);
        let ending = async {
            while self.hub.legs() + self.hub.dialogs() > 0 {
                tokio::time::sleep(END_STEP).await;
            }
            let keepers = std::mem::take(&mut *self.keepers.lock());
            for keeper in keepers {
                if let Err(error) = keeper.await {
                    tracing::warn!(%error, "a trunk was not left properly");
                }
            }
        };
        if tokio::time::timeout(limit, ending).await.is_err() {
            tracing::warn!(legs = self.hub.legs(), "not every call was ended in time");
        }
        self.hub.stack.stop.cancel();
    }

    fn begin(&self, plan: Plan, line: Option<super::trunk::Line>) -> Result<LegId, OriginateError> {
        if self.hub.is_ending() {
            return Err(OriginateError::Stopping);
        }
        let (leg, media) = self.hub.media.open().map_err(|error| {
            tracing::error!(%error, "a call cannot be placed");
            OriginateError::NoCapacity
        })?;
        let (sender, inputs) = mpsc::unbounded_channel();
        let teller = self.hub.admit(sender.clone(), Arc::new(leg));
        let id = teller.leg();
        tokio::spawn(dial(Arc::clone(&self.hub), teller, plan, line, (sender, inputs), media));
        Ok(id)
    }
}

impl Drop for SipTelephony {
    fn drop(&mut self) {
        self.hub.end();
        self.hub.stack.stop.cancel();
    }
}

#[async_trait]
impl Telephony for SipTelephony {
    async fn originate(&self, call: Originate) -> Result<LegId, OriginateError> {
        if self.hub.is_ending() {
            return Err(OriginateError::Stopping);
        }
        let digits = |text: &str| {
            !text.is_empty() && text.len() <= 15 && text.bytes().all(|octet| octet.is_ascii_digit())
        };
        if !digits(&call.to) || !call.caller_id.as_deref().is_none_or(digits) {
            return Err(OriginateError::Refused(call.to));
        }
        let line =
            self.hub.trunks.take(&call.to, &call.trunks, &[], Instant::now()).map_err(|why| match why {
                Unplaced::NoneFits => OriginateError::Refused(call.to.clone()),
                Unplaced::AllDown => OriginateError::NoTrunk,
                Unplaced::AllBusy => OriginateError::NoCapacity,
            })?;
        let plan = Plan {
            target: Target::Number { to: call.to, caller_id: call.caller_id, trunks: call.trunks },
            call_id: call.attempt.hyphenated().to_string(),
            ring_limit: call.ring_limit,
            setup_limit: call.setup_limit,
            listen: call.listen,
        };
        self.begin(plan, Some(line))
    }

    async fn call_agent(&self, phone: AgentPhone) -> Result<LegId, OriginateError> {
        let AgentPhone { username, ring_limit } = phone;
        let Some(binding) = self.hub.registrar.binding(&username, Instant::now()) else {
            return Err(OriginateError::NotRegistered(username));
        };
        let plan = Plan {
            target: Target::Phone { binding: Box::new(binding), username },
            call_id: format!("agent-{}", random_text(22)),
            ring_limit,
            setup_limit: PHONE_SETUP_LIMIT,
            listen: false,
        };
        self.begin(plan, None)
    }

    async fn hang_up(&self, leg: LegId) {
        self.hub.input(leg, Input::HangUp);
    }

    async fn bridge(&self, a: LegId, b: LegId) -> Result<(), LegGone> {
        let (first, second) = (self.hub.media_of(a)?, self.hub.media_of(b)?);
        if a == b {
            return Err(LegGone);
        }
        first.bridge(&second);
        Ok(())
    }

    async fn unbridge(&self, leg: LegId) -> Result<(), LegGone> {
        self.hub.media_of(leg)?.unbridge();
        Ok(())
    }

    async fn play(&self, leg: LegId, prompt: Arc<Prompt>) -> Result<PlayId, LegGone> {
        Ok(PlayId(self.hub.media_of(leg)?.play(prompt)))
    }

    async fn stop_playing(&self, leg: LegId) -> Result<(), LegGone> {
        self.hub.media_of(leg)?.stop_playing();
        Ok(())
    }

    fn is_registered(&self, username: &str) -> bool {
        self.hub.registrar.binding(username, Instant::now()).is_some()
    }

    fn trunks(&self) -> Vec<TrunkHealth> {
        let now = Instant::now();
        self.hub.trunks.iter().map(|trunk| trunk.health(now)).collect()
    }

    fn events(&self) -> Option<mpsc::UnboundedReceiver<TelephonyEvent>> {
        self.events.lock().take()
    }
}
