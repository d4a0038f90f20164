//! The centre without its socket.

mod delivery;
mod submission;
#[cfg(test)]
mod tests;

use super::counters::Counters;
use super::message::{Action, Address, Deliver, LinkId, MessageState, Submission};
use super::misbehaviour::{DeliveryFaults, Misbehaviour, Subject};
use super::outbox::Outbox;
use super::settings::CoreSettings;
use crate::agenda::Agenda;
use crate::card::{Card, CardProfile, CardSpec, Execution, Kind};
use crate::scenario::Scenario;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;

/// `command_status` values that the centre gives by itself (SMPP 3.4 §5.1.3).
pub(super) mod command_status {
    pub(crate) const OK: u32 = 0;
    pub(crate) const INVALID_LENGTH: u32 = 0x01;
    pub(crate) const SYSTEM_ERROR: u32 = 0x08;
    pub(crate) const INVALID_DESTINATION: u32 = 0x0B;
    pub(crate) const INVALID_MESSAGE_ID: u32 = 0x0C;
    pub(crate) const CANCEL_FAILED: u32 = 0x11;
    pub(crate) const QUEUE_FULL: u32 = 0x14;
    pub(crate) const THROTTLED: u32 = 0x58;
    pub(crate) const INVALID_EXPIRY: u32 = 0x62;
    pub(crate) const TEMPORARY_APPLICATION_ERROR: u32 = 0x64;
    pub(crate) const DELIVERY_FAILURE: u32 = 0xFE;
}

/// Final states that query_sm still knows.
const REMEMBERED: usize = 10_000;

/// A card and what the centre knows of it.
#[derive(Debug)]
struct Slot {
    card: Card,
    iccid: Arc<str>,
    msisdn: Arc<str>,
    /// How often each stage came up.
    submissions: u32,
    deliveries: u32,
    packets: u32,
    /// Messages that wait, whatever for.
    waiting: u32,
    /// Deliveries stay in order: none is planned before this.
    not_before_ms: u64,
    /// When it was first found unreachable under the present rules.
    unreachable_since_ms: Option<u64>,
    /// Who wrote to it last.
    client: Address,
}

/// A message that was taken and is not final.
#[derive(Debug)]
struct Message {
    card: u32,
    link: LinkId,
    submission: Submission,
    submitted_ms: u64,
    expires_ms: u64,
    faults: DeliveryFaults,
    /// When it would reach the card if that could be reached.
    wanted_ms: u64,
    /// How often that was planned: what was planned before does not count any more.
    plan: u32,
    /// A data_sm whose answer waits for the card.
    answer_waits: bool,
}

/// What is due at a time.
#[derive(Debug)]
enum Work {
    /// A message meets its card, if this is still the plan.
    Attempt(u64, u32),
    /// A message gives up, if this is still the plan.
    Expire(u64, u32),
    Answer(Action),
    Deliver(Deliver),
    Reachable(u32),
}

/// A message centre with cards, without clock and socket. Times are milliseconds since 1970 and may not go back.
///
/// Every call may add to `actions` what the shell shall do at once. What comes later is asked for with
/// [`SmscCore::advance`] at the time that [`SmscCore::next_due_ms`] names.
#[derive(Debug)]
pub struct SmscCore {
    settings: CoreSettings,
    slots: Vec<Slot>,
    by_msisdn: FxHashMap<Arc<str>, u32>,
    by_iccid: FxHashMap<Arc<str>, u32>,
    messages: FxHashMap<u64, Message>,
    finals: FxHashMap<u64, (MessageState, u64)>,
    finals_order: VecDeque<u64>,
    next_message: u64,
    agenda: Agenda<Work>,
    outbox: Outbox,
    misbehaviour: Misbehaviour,
    binds_refused: u32,
    /// Thousandths of short messages that may still be taken, and when that was true.
    tokens: (u64, u64),
    executions: Vec<Execution>,
    counters: Counters,
}

impl SmscCore {
    /// A centre with these cards. Of two cards with one number the later is reached.
    pub fn new(settings: CoreSettings, cards: &[CardSpec]) -> Self {
        let mut kinds: Vec<Arc<Kind>> = Vec::new();
        let mut core = Self {
            slots: Vec::with_capacity(cards.len()),
            by_msisdn: FxHashMap::default(),
            by_iccid: FxHashMap::default(),
            messages: FxHashMap::default(),
            finals: FxHashMap::default(),
            finals_order: VecDeque::new(),
            next_message: settings.first_message_id,
            agenda: Agenda::default(),
            outbox: Outbox::new(settings.deliver_window, settings.spread_deliveries),
            misbehaviour: Misbehaviour::new(settings.scenario.clone()),
            binds_refused: 0,
            tokens: (0, 0),
            executions: Vec::new(),
            counters: Counters::default(),
            settings,
        };
        for spec in cards {
            let kind = kind_of(&mut kinds, &spec.profile);
            let at = core.slots.len() as u32;
            let (iccid, msisdn): (Arc<str>, Arc<str>) =
                (spec.iccid.as_str().into(), spec.msisdn.as_str().into());
            core.by_msisdn.insert(Arc::clone(&msisdn), at);
            core.by_iccid.insert(Arc::clone(&iccid), at);
            core.slots.push(Slot {
                card: Card::new(spec, kind),
                iccid,
                msisdn,
                submissions: 0,
                deliveries: 0,
                packets: 0,
                waiting: 0,
                not_before_ms: 0,
                unreachable_since_ms: None,
                client: Address::default(),
            });
        }
        core
    }

    // What can be asked.

    /// When [`SmscCore::advance`] has something to do; `None` when nothing is planned.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.agenda.next_ms()
    }

    /// Every change of a card so far, in order.
    pub fn executions(&self) -> &[Execution] {
        &self.executions
    }

    /// Numbers since the start.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The card of this ICCID.
    pub fn card(&self, iccid: &str) -> Option<&Card> {
        self.by_iccid.get(iccid).map(|at| &self.slots[*at as usize].card)
    }

    /// Messages that are not final, and deliver_sm that wait for a client.
    pub fn pending(&self) -> (usize, usize) {
        (self.messages.len(), self.outbox.waiting())
    }

    /// Who misbehaves now.
    pub fn scenario(&self) -> &Scenario {
        &self.misbehaviour.scenario
    }

    // Clients.

    /// Asks whether the next bind shall be refused; with which status, if so.
    pub fn refuse_bind(&mut self) -> Option<u32> {
        let faults = &self.misbehaviour.scenario.smsc;
        if self.binds_refused >= faults.refuse_binds {
            return None;
        }
        self.binds_refused += 1;
        self.counters.binds_refused += 1;
        Some(faults.refuse_bind_status.map_or(0x0D, |status| status.0))
    }

    /// Counts a bind that the shell refused.
    pub(super) fn bind_refused(&mut self) {
        self.counters.binds_refused += 1;
    }

    /// A client is bound; `receives` if it takes deliver_sm. Call [`SmscCore::advance`] once the client knows, to get
    /// what waits for it.
    pub fn link_up(&mut self, receives: bool) -> LinkId {
        self.counters.binds += 1;
        self.outbox.open(receives)
    }

    /// A client is gone; `lost` unless it said so. What it did not acknowledge is sent again.
    pub fn link_down(&mut self, link: LinkId, lost: bool, actions: &mut Vec<Action>) {
        if let Some(repeated) = self.outbox.close(link) {
            self.counters.links_lost += u64::from(lost);
            self.counters.deliveries_repeated += repeated as u64;
            self.outbox.pump(actions);
        }
    }

    /// Drops every link, as a centre does that restarts.
    pub fn drop_links(&mut self, actions: &mut Vec<Action>) {
        for link in self.outbox.ids() {
            self.drop_link(link, actions);
        }
    }

    fn drop_link(&mut self, link: LinkId, actions: &mut Vec<Action>) {
        self.link_down(link, true, actions);
        actions.push(Action::DropLink { link });
    }

    /// Changes who misbehaves, from now on. Messages that wait for a card are judged anew.
    pub fn set_scenario(&mut self, scenario: Scenario, now_ms: u64, actions: &mut Vec<Action>) {
        self.misbehaviour = Misbehaviour::new(scenario);
        self.binds_refused = 0;
        self.tokens = (0, 0);
        for at in 0..self.slots.len() as u32 {
            let slot = &mut self.slots[at as usize];
            slot.not_before_ms = 0;
            if slot.unreachable_since_ms.take().is_some() {
                self.agenda.plan(now_ms, Work::Reachable(at));
            }
        }
        let mut open: Vec<u64> = self.messages.keys().copied().collect();
        open.sort_unstable();
        for id in open {
            let Some(card) = self.messages.get(&id).map(|message| message.card) else { continue };
            let faults = self.delivery_faults(card);
            if let Some(message) = self.messages.get_mut(&id) {
                message.faults = faults;
            }
            self.plan_attempt(id, now_ms);
        }
        self.advance(now_ms, actions);
    }

    /// A client's answer to a deliver_sm.
    pub fn deliver_answered(
        &mut self,
        link: LinkId,
        sequence: u32,
        status: u32,
        now_ms: u64,
        actions: &mut Vec<Action>,
    ) {
        use command_status::{OK, QUEUE_FULL, SYSTEM_ERROR, TEMPORARY_APPLICATION_ERROR, THROTTLED};
        let Some(deliver) = self.outbox.answered(link, sequence) else { return };
        match status {
            OK => self.counters.deliveries_acknowledged += 1,
            TEMPORARY_APPLICATION_ERROR | THROTTLED | QUEUE_FULL | SYSTEM_ERROR => {
                self.counters.deliveries_repeated += 1;
                self.agenda
                    .plan(now_ms.saturating_add(self.settings.deliver_retry_ms), Work::Deliver(deliver));
            }
            _ => self.counters.deliveries_refused += 1,
        }
        self.advance(now_ms, actions);
    }

    /// Does everything that is due.
    pub fn advance(&mut self, now_ms: u64, actions: &mut Vec<Action>) {
        while let Some(work) = self.agenda.due(now_ms) {
            match work {
                Work::Attempt(id, plan) => {
                    if self.messages.get(&id).is_some_and(|message| message.plan == plan) {
                        self.attempt(id, now_ms, actions);
                    }
                }
                Work::Expire(id, plan) => {
                    if self.messages.get(&id).is_some_and(|message| message.plan == plan) {
                        self.fail(id, MessageState::Expired, now_ms, actions);
                    }
                }
                Work::Answer(answer) => {
                    if let Action::Answer { link, .. } = &answer
                        && let Some(link) = self.outbox.link(*link)
                    {
                        link.open_submits = link.open_submits.saturating_sub(1);
                        actions.push(answer);
                    }
                }
                Work::Deliver(deliver) => self.outbox.push(deliver),
                Work::Reachable(card) => {
                    if self.settings.alerts {
                        let slot = &self.slots[card as usize];
                        let source = Address::international(&*slot.msisdn);
                        self.outbox.alert(&source, &slot.client, actions);
                    }
                }
            }
        }
        self.outbox.pump(actions);
    }
}

fn kind_of(kinds: &mut Vec<Arc<Kind>>, profile: &Arc<CardProfile>) -> Arc<Kind> {
    if let Some(kind) = kinds
        .iter()
        .find(|kind| Arc::ptr_eq(kind.profile(), profile) || kind.profile().as_ref() == profile.as_ref())
    {
        return Arc::clone(kind);
    }
    let kind = Kind::new(Arc::clone(profile));
    kinds.push(Arc::clone(&kind));
    kind
}

fn subject(slots: &[Slot], card: u32, ordinal: impl Fn(&Slot) -> u32) -> Subject<'_> {
    let slot = &slots[card as usize];
    Subject { index: card, iccid: &slot.iccid, msisdn: &slot.msisdn, ordinal: ordinal(slot) }
}
