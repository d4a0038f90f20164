//! What the parts of the driver share: legs, dialogs, and the way events leave.

use super::leg::Input;
use super::registrar::Registrar;
use super::settings::SipSettings;
use super::stack::Stack;
use super::trunk::Trunks;
use crate::media::{MediaEngine, MediaLeg};
use muster_app::ports::{CallPhase, LegEvent, LegGone, LegId, MediaStats, Party, TelephonyEvent};
use parking_lot::Mutex;
use rsipstack::platform::CancellationToken;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;

/// Names a dialog as far as we are concerned: its Call-ID and our tag. The far side's tag is left out, so that
/// branches of a forked call find the same leg.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DialogName {
    pub(crate) call_id: String,
    pub(crate) tag: String,
}

struct Entry {
    inputs: UnboundedSender<Input>,
    media: Arc<MediaLeg>,
    answered: bool,
}

/// What the parts share.
pub(crate) struct Hub {
    pub(crate) settings: SipSettings,
    pub(crate) stack: Arc<Stack>,
    pub(crate) media: MediaEngine,
    pub(crate) trunks: Trunks,
    pub(crate) registrar: Registrar,
    /// Cancelled when the driver is told to end.
    ending: CancellationToken,
    legs: Mutex<FxHashMap<LegId, Entry>>,
    dialogs: Mutex<FxHashMap<DialogName, UnboundedSender<Input>>>,
    next_leg: AtomicU64,
    events: UnboundedSender<TelephonyEvent>,
}

impl Hub {
    pub(crate) fn new(
        settings: SipSettings,
        stack: Arc<Stack>,
        media: MediaEngine,
        trunks: Trunks,
        registrar: Registrar,
        events: UnboundedSender<TelephonyEvent>,
    ) -> Self {
        Self {
            settings,
            stack,
            media,
            trunks,
            registrar,
            ending: CancellationToken::new(),
            legs: Mutex::default(),
            dialogs: Mutex::default(),
            next_leg: AtomicU64::new(1),
            events,
        }
    }

    /// The driver is told to end.
    pub(crate) fn end(&self) {
        self.ending.cancel();
    }

    /// Whether the driver was told to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Waits until the driver is told to end.
    pub(crate) async fn ended(&self) {
        self.ending.cancelled().await;
    }

    /// A leg begins.
    pub(crate) fn admit(self: &Arc<Self>, inputs: UnboundedSender<Input>, media: Arc<MediaLeg>) -> Teller {
        let leg = LegId(self.next_leg.fetch_add(1, Ordering::Relaxed));
        self.legs.lock().insert(leg, Entry { inputs, media: Arc::clone(&media), answered: false });
        Teller { hub: Arc::clone(self), leg, media, answered: false, phase: CallPhase::Silent, done: false }
    }

    /// Hands something to a leg. `false` where there is none.
    pub(crate) fn input(&self, leg: LegId, input: Input) -> bool {
        self.legs.lock().get(&leg).is_some_and(|entry| entry.inputs.send(input).is_ok())
    }

    /// Hands something to every leg.
    pub(crate) fn input_to_all(&self, input: impl Fn() -> Input) {
        for entry in self.legs.lock().values() {
            let _ = entry.inputs.send(input());
        }
    }

    /// Legs that have not ended.
    pub(crate) fn legs(&self) -> usize {
        self.legs.lock().len()
    }

    /// Dialogs that are known.
    pub(crate) fn dialogs(&self) -> usize {
        self.dialogs.lock().len()
    }

    /// The media of a leg that was answered.
    pub(crate) fn media_of(&self, leg: LegId) -> Result<Arc<MediaLeg>, LegGone> {
        let legs = self.legs.lock();
        legs.get(&leg).filter(|entry| entry.answered).map(|entry| Arc::clone(&entry.media)).ok_or(LegGone)
    }

    /// From now on requests within that dialog go to these inputs.
    pub(crate) fn know(&self, name: DialogName, inputs: UnboundedSender<Input>) -> Known<'_> {
        self.dialogs.lock().insert(name.clone(), inputs.clone());
        Known { hub: self, name, inputs }
    }

    pub(crate) fn forget(&self, name: &DialogName) {
        self.dialogs.lock().remove(name);
    }

    /// Where requests within that dialog go.
    pub(crate) fn dialog(&self, name: &DialogName) -> Option<UnboundedSender<Input>> {
        self.dialogs.lock().get(name).cloned()
    }

    /// Tells something to whoever listens; nobody may.
    pub(crate) fn tell(&self, event: TelephonyEvent) {
        let _ = self.events.send(event);
    }
}

/// A dialog that is known until this is dropped, unless it was handed on to other inputs meanwhile.
pub(crate) struct Known<'a> {
    hub: &'a Hub,
    name: DialogName,
    inputs: UnboundedSender<Input>,
}

impl Known<'_> {
    /// Leaves it known.
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        let mut dialogs = self.hub.dialogs.lock();
        if dialogs.get(&self.name).is_some_and(|inputs| inputs.same_channel(&self.inputs)) {
            dialogs.remove(&self.name);
        }
    }
}

/// Tells the events of one leg. However its task ends, exactly one terminal event is told.
pub(crate) struct Teller {
    hub: Arc<Hub>,
    leg: LegId,
    media: Arc<MediaLeg>,
    answered: bool,
    phase: CallPhase,
    done: bool,
}

/// Why a leg was never answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failure {
    pub(crate) status: Option<u16>,
    pub(crate) q850: Option<u8>,
    pub(crate) retry_after: Option<u32>,
    pub(crate) by_us: bool,
    pub(crate) text: String,
}

impl Teller {
    pub(crate) fn leg(&self) -> LegId {
        self.leg
    }

    pub(crate) fn media(&self) -> &Arc<MediaLeg> {
        &self.media
    }

    pub(crate) fn phase(&self) -> CallPhase {
        self.phase
    }

    fn send(&self, at: Instant, event: LegEvent) {
        self.hub.tell(TelephonyEvent::Leg { leg: self.leg, at, event });
    }

    /// An event that is not terminal.
    pub(crate) fn tell(&mut self, at: Instant, event: LegEvent) {
        debug_assert!(!event.is_terminal());
        if self.done {
            return;
        }
        match event {
            LegEvent::Proceeding => self.phase = CallPhase::Proceeding,
            LegEvent::Alerting => self.phase = CallPhase::Alerting,
            LegEvent::Answered { late } => {
                self.answered = true;
                // A leg that is ended already can be neither bridged nor played to.
                if !late && let Some(entry) = self.hub.legs.lock().get_mut(&self.leg) {
                    entry.answered = true;
                }
            }
            _ => {}
        }
        self.send(at, event);
    }

    /// Another trunk is tried: what was heard of the one before does not count.
    pub(crate) fn again(&mut self) {
        self.phase = CallPhase::Silent;
    }

    /// Terminal: never answered.
    pub(crate) fn failed(&mut self, at: Instant, failure: Failure) {
        let Failure { status, q850, retry_after, by_us, text } = failure;
        let phase = self.phase;
        self.finish(at, LegEvent::Failed { status, q850, retry_after, phase, by_us, text });
    }

    /// Terminal: had been answered.
    pub(crate) fn ended(&mut self, at: Instant, by: Party, q850: Option<u8>) {
        self.media.unbridge();
        let media: MediaStats = self.media.stats();
        self.finish(at, LegEvent::Ended { by, q850, media });
    }

    fn finish(&mut self, at: Instant, event: LegEvent) {
        if !std::mem::replace(&mut self.done, true) {
            self.media.close();
            self.hub.legs.lock().remove(&self.leg);
            self.send(at, event);
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        tracing::error!(leg = self.leg.0, "a leg's task ended without saying how the call ended");
        let now = Instant::now();
        if self.answered {
            self.ended(now, Party::Lost, None);
        } else {
            let text = "the driver lost the call".to_owned();
            self.failed(now, Failure { by_us: true, text, ..Failure::default() });
        }
    }
}
