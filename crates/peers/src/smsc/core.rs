//! The centre without its socket.

use super::counters::Counters;
use super::message::{Action, Address, Deliver, LinkId, MessageState, Submission, SubmitKind};
use super::misbehaviour::{DeliveryFaults, Misbehaviour, PacketFaults, Subject};
use super::outbox::Outbox;
use super::receipt::{Receipt, tag};
use super::settings::{CoreSettings, PorPath};
use super::validity;
use crate::card::{Card, CardProfile, CardSpec, Execution, Handled, Kind, Reply};
use crate::rng::SplitMix64;
use crate::scenario::{DropLink, Scenario};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
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
    /// A data_sm whose answer waits for the card.
    answer_waits: bool,
}

/// What is due at a time.
#[derive(Debug)]
enum Work {
    Attempt(u64),
    Expire(u64),
    Answer(Action),
    Deliver(Deliver),
    Reachable(u32),
}

/// In order of time, then of planning.
#[derive(Debug)]
struct Planned {
    at_ms: u64,
    number: u64,
    work: Work,
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Planned {}
impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Planned {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
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
    planned: BinaryHeap<Reverse<Planned>>,
    planned_so_far: u64,
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
            planned: BinaryHeap::new(),
            planned_so_far: 0,
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
        self.planned.peek().map(|Reverse(planned)| planned.at_ms)
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
            if self.slots[at as usize].unreachable_since_ms.take().is_some() {
                self.plan(now_ms, Work::Reachable(at));
            }
        }
        let mut held: Vec<u64> = self.messages.keys().copied().collect();
        held.sort_unstable();
        for id in held {
            let Some(card) = self.messages.get(&id).map(|message| message.card) else { continue };
            let faults = self.delivery_faults(card);
            let Some(message) = self.messages.get_mut(&id) else { continue };
            let was_held = message.faults.unreachable || message.faults.unreachable_for_ms.is_some();
            message.faults = faults;
            if was_held {
                self.plan_attempt(id, now_ms, now_ms);
            }
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
                self.plan(now_ms.saturating_add(self.settings.deliver_retry_ms), Work::Deliver(deliver));
            }
            _ => self.counters.deliveries_refused += 1,
        }
        self.advance(now_ms, actions);
    }

    // Messages.

    /// Takes or refuses a short message.
    pub fn submit(&mut self, link: LinkId, submission: Submission, now_ms: u64, actions: &mut Vec<Action>) {
        let centre = self.misbehaviour.scenario.smsc.clone();
        let Some(own) = self.outbox.link(link) else { return };
        own.submits += 1;
        let every = |n: Option<u32>| n.is_some_and(|n| n > 0 && own.submits.is_multiple_of(u64::from(n)));
        if every(centre.garbage_every) {
            let mut octets = vec![0; 64];
            SplitMix64::new(SplitMix64::draw(self.misbehaviour.scenario.seed, &[own.submits]))
                .fill(&mut octets);
            // A length that no PDU can have, so that nobody waits for the rest of it.
            octets[..4].copy_from_slice(&[0xFF; 4]);
            actions.push(Action::Garbage { link, octets });
        }
        if every(centre.drop_link_every) {
            self.drop_link(link, actions);
            return;
        }
        let full = own.open_submits >= self.settings.submit_window;
        let (kind, sequence) = (submission.kind, submission.sequence);
        let mut refuse = |core: &mut Self, command_status| {
            match command_status {
                command_status::THROTTLED => core.counters.throttled += 1,
                _ => core.counters.refused += 1,
            }
            let message_id = String::new();
            actions.push(Action::Answer {
                link,
                kind,
                sequence,
                command_status,
                message_id,
                tlvs: Vec::new(),
            });
        };
        if full || !self.take_token(centre.throttle_per_s, now_ms) {
            return refuse(self, command_status::THROTTLED);
        }
        let number = submission.destination.digits.trim_start_matches('+');
        let Some(card) = self.by_msisdn.get(number).copied() else {
            return refuse(self, command_status::INVALID_DESTINATION);
        };
        if submission.user_data.len() > 140 {
            return refuse(self, command_status::INVALID_LENGTH);
        }
        let default_ms = self.settings.validity_ms;
        let Some(expires_ms) = validity::end_ms(&submission.validity_period, now_ms, default_ms) else {
            return refuse(self, command_status::INVALID_EXPIRY);
        };
        let expires_ms = now_ms + expires_ms.saturating_sub(now_ms) / self.settings.time_factor.max(1);

        let subject = subject(&self.slots, card, |slot| slot.submissions);
        let faults = self.misbehaviour.of_submission(subject);
        self.slots[card as usize].submissions += 1;
        if let Some(status) = faults.status {
            return refuse(self, status);
        }
        if centre.queue_max.is_some_and(|max| self.slots[card as usize].waiting >= max) {
            return refuse(self, command_status::QUEUE_FULL);
        }
        if faults.drop_link == Some(DropLink::BeforeTaking) {
            return self.drop_link(link, actions);
        }

        self.counters.submits += 1;
        let id = self.next_message;
        self.next_message += 1;
        self.slots[card as usize].client = submission.source.clone();
        self.slots[card as usize].waiting += 1;
        let delivery = self.delivery_faults(card);
        let answer_waits = kind == SubmitKind::DataSm && self.settings.por_path == PorPath::DataSmResp;
        let receipt_first = delivery.receipt_first;
        let jitter = self.jitter(card);
        let latency = if receipt_first { 0 } else { self.settings.latency_ms + jitter + delivery.latency_ms };
        self.messages.insert(
            id,
            Message {
                card,
                link,
                submission,
                submitted_ms: now_ms,
                expires_ms,
                faults: delivery,
                answer_waits,
            },
        );
        self.plan_attempt(id, now_ms, now_ms.saturating_add(latency));
        if receipt_first {
            self.advance(now_ms, actions);
        }

        let message_id = self.settings.answer_ids.text(id);
        let answer = Action::Answer { link, kind, sequence, command_status: 0, message_id, tlvs: Vec::new() };
        if faults.drop_link == Some(DropLink::BeforeAnswer) {
            self.drop_link(link, actions);
        } else if faults.lose_answer || answer_waits || faults.answer_ms > 0 {
            if let Some(own) = self.outbox.link(link) {
                own.open_submits += 1;
                self.counters.window_max = self.counters.window_max.max(own.open_submits as u64);
            }
            if !faults.lose_answer && !answer_waits {
                self.plan(now_ms.saturating_add(faults.answer_ms), Work::Answer(answer));
            }
        } else {
            actions.push(answer);
        }
        if faults.drop_link == Some(DropLink::AfterAnswer) {
            self.drop_link(link, actions);
        }
        self.advance(now_ms, actions);
    }

    /// Forgets a message that waits; its receipt says DELETED. Otherwise the `command_status` that says why not.
    pub fn cancel(&mut self, message_id: &str, now_ms: u64, actions: &mut Vec<Action>) -> Result<(), u32> {
        let id = self.id_of(message_id).ok_or(command_status::INVALID_MESSAGE_ID)?;
        if !self.messages.contains_key(&id) {
            return Err(command_status::CANCEL_FAILED);
        }
        self.fail(id, MessageState::Deleted, now_ms, actions);
        self.advance(now_ms, actions);
        Ok(())
    }

    /// State of a message and, if that is final, since when, in milliseconds since 1970.
    pub fn query(&self, message_id: &str) -> Option<(MessageState, Option<u64>)> {
        let id = self.id_of(message_id)?;
        if self.messages.contains_key(&id) {
            return Some((MessageState::Enroute, None));
        }
        self.finals.get(&id).map(|(state, at)| (*state, Some(*at)))
    }

    fn id_of(&self, text: &str) -> Option<u64> {
        match self.settings.answer_ids {
            super::IdFormat::Decimal => text.parse().ok(),
            super::IdFormat::Hex | super::IdFormat::HexLower => u64::from_str_radix(text, 16).ok(),
        }
    }

    /// Does everything that is due.
    pub fn advance(&mut self, now_ms: u64, actions: &mut Vec<Action>) {
        while self.next_due_ms().is_some_and(|due| due <= now_ms) {
            let Some(Reverse(planned)) = self.planned.pop() else { break };
            match planned.work {
                Work::Attempt(id) => self.attempt(id, now_ms, actions),
                Work::Expire(id) => {
                    if self.messages.get(&id).is_some_and(|message| message.expires_ms <= now_ms) {
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

    fn plan(&mut self, at_ms: u64, work: Work) {
        self.planned_so_far += 1;
        self.planned.push(Reverse(Planned { at_ms, number: self.planned_so_far, work }));
    }

    /// Plans when a message reaches its card, or when it gives up.
    fn plan_attempt(&mut self, id: u64, now_ms: u64, wanted_ms: u64) {
        let Some(message) = self.messages.get(&id) else { return };
        let (card, expires_ms) = (message.card, message.expires_ms);
        let slot = &mut self.slots[card as usize];
        let mut at_ms = wanted_ms.max(slot.not_before_ms);
        let mut back_ms = None;
        if let Some(away_ms) = message.faults.unreachable_for_ms {
            if slot.unreachable_since_ms.is_none() {
                back_ms = Some(now_ms.saturating_add(away_ms));
            }
            let since_ms = *slot.unreachable_since_ms.get_or_insert(now_ms);
            at_ms = at_ms.max(since_ms.saturating_add(away_ms));
        }
        if message.faults.unreachable {
            slot.unreachable_since_ms.get_or_insert(now_ms);
            return self.plan(expires_ms, Work::Expire(id));
        }
        slot.not_before_ms = at_ms;
        if let Some(back_ms) = back_ms {
            self.plan(back_ms, Work::Reachable(card));
        }
        if at_ms > expires_ms {
            self.plan(expires_ms, Work::Expire(id));
        } else {
            self.plan(at_ms, Work::Attempt(id));
        }
    }

    fn delivery_faults(&mut self, card: u32) -> DeliveryFaults {
        let faults = self.misbehaviour.of_delivery(subject(&self.slots, card, |slot| slot.deliveries));
        self.slots[card as usize].deliveries += 1;
        faults
    }

    fn jitter(&self, card: u32) -> u64 {
        if self.settings.jitter_ms == 0 {
            return 0;
        }
        let draw = self.misbehaviour.draw(subject(&self.slots, card, |slot| slot.deliveries), u64::MAX);
        draw % (self.settings.jitter_ms + 1)
    }

    fn take_token(&mut self, per_s: Option<u32>, now_ms: u64) -> bool {
        let Some(per_s) = per_s.map(u64::from) else { return true };
        // A quarter of a second's worth may come at once, and at least one.
        let room = (per_s * 250).max(1_000);
        let (tokens, since_ms) = self.tokens;
        let tokens =
            if since_ms == 0 { room } else { (tokens + per_s * now_ms.saturating_sub(since_ms)).min(room) };
        let taken = tokens >= 1_000;
        self.tokens = (if taken { tokens - 1_000 } else { tokens }, now_ms.max(1));
        taken
    }

    // The end of a message.

    fn attempt(&mut self, id: u64, now_ms: u64, actions: &mut Vec<Action>) {
        let Some(message) = self.messages.get(&id) else { return };
        if message.faults.unreachable {
            return;
        }
        if let Some(state) = message.faults.state {
            return self.fail(id, state, now_ms, actions);
        }
        let Some(message) = self.messages.remove(&id) else { return };
        let at = message.card as usize;
        self.counters.delivered += 1;
        self.finish(id, message.card, MessageState::Delivered, now_ms);

        let user_data = &message.submission.user_data;
        let mut faults = PacketFaults::default();
        if self.slots[at].card.completes(user_data) {
            faults = self.misbehaviour.of_packet(subject(&self.slots, message.card, |slot| slot.packets));
            self.slots[at].packets += 1;
        }
        // Only user data with a header are for the card.
        let reply = if faults.deaf || message.submission.esm_class & 0x40 == 0 {
            Reply::default()
        } else {
            self.slots[at].card.receive(user_data, &faults.card)
        };
        if let Some(handled) = reply.handled {
            self.record(at, handled, now_ms);
        }
        let mut report = reply.report.filter(|_| !faults.no_por);
        let mut submits = if faults.no_por { Vec::new() } else { reply.submits };
        if faults.garbage {
            for octets in report.iter_mut().chain(&mut submits) {
                let seed = self.misbehaviour.draw(subject(&self.slots, message.card, |slot| slot.packets), 1);
                // The header stays, so that it looks like an answer at first.
                SplitMix64::new(seed).fill(octets.get_mut(3..).unwrap_or_default());
            }
        }
        self.receipt(id, &message, MessageState::Delivered, report.as_deref(), now_ms);
        self.send_answers(id, &message, report, submits, &faults, now_ms, actions);
    }

    /// Sends what the card said, as often and as late as the faults want.
    #[expect(clippy::too_many_arguments, reason = "the parts of one delivery, used here once")]
    fn send_answers(
        &mut self,
        id: u64,
        message: &Message,
        report: Option<Vec<u8>>,
        submits: Vec<Vec<u8>>,
        faults: &PacketFaults,
        now_ms: u64,
        actions: &mut Vec<Action>,
    ) {
        let copies = 1 + faults.duplicate_por;
        if message.answer_waits {
            self.answer_data(id, message, 0, report.clone(), actions);
        }
        let at_ms = now_ms.saturating_add(faults.late_por_ms);
        let acknowledgement = match self.settings.por_path {
            PorPath::DeliverUdhi => Some(false),
            PorPath::DeliverAck => Some(true),
            _ => None,
        };
        if let (Some(octets), Some(acknowledgement)) = (report, acknowledgement) {
            let mut deliver = user_data(message, octets);
            if acknowledgement {
                deliver.esm_class |= 0x08;
                let mut own = self.settings.receipt_ids.text(id).into_bytes();
                own.push(0);
                deliver.tlvs.push((tag::RECEIPTED_MESSAGE_ID, own));
            }
            self.send(at_ms, &deliver, copies, now_ms);
        }
        let at_ms = at_ms.saturating_add(self.settings.por_ms).saturating_add(faults.interim_ms);
        for octets in submits {
            self.send(at_ms, &user_data(message, octets), copies, now_ms);
        }
    }

    fn send(&mut self, at_ms: u64, deliver: &Deliver, copies: u32, now_ms: u64) {
        self.counters.answers += u64::from(copies);
        for _ in 0..copies {
            if at_ms <= now_ms {
                self.outbox.push(deliver.clone());
            } else {
                self.plan(at_ms, Work::Deliver(deliver.clone()));
            }
        }
    }

    fn answer_data(
        &mut self,
        id: u64,
        message: &Message,
        command_status: u32,
        report: Option<Vec<u8>>,
        actions: &mut Vec<Action>,
    ) {
        let Some(link) = self.outbox.link(message.link) else { return };
        link.open_submits = link.open_submits.saturating_sub(1);
        actions.push(Action::Answer {
            link: message.link,
            kind: message.submission.kind,
            sequence: message.submission.sequence,
            command_status,
            message_id: self.settings.answer_ids.text(id),
            tlvs: report.into_iter().map(|octets| (tag::MESSAGE_PAYLOAD, octets)).collect(),
        });
    }

    /// Ends a message that was not delivered.
    fn fail(&mut self, id: u64, state: MessageState, now_ms: u64, actions: &mut Vec<Action>) {
        let Some(message) = self.messages.remove(&id) else { return };
        self.counters.undelivered += 1;
        self.finish(id, message.card, state, now_ms);
        if message.answer_waits {
            self.answer_data(id, &message, command_status::DELIVERY_FAILURE, None, actions);
        }
        self.receipt(id, &message, state, None, now_ms);
    }

    fn finish(&mut self, id: u64, card: u32, state: MessageState, now_ms: u64) {
        let slot = &mut self.slots[card as usize];
        slot.waiting = slot.waiting.saturating_sub(1);
        self.finals.insert(id, (state, now_ms));
        self.finals_order.push_back(id);
        if self.finals_order.len() > REMEMBERED
            && let Some(oldest) = self.finals_order.pop_front()
        {
            self.finals.remove(&oldest);
        }
    }

    fn receipt(
        &mut self,
        id: u64,
        message: &Message,
        state: MessageState,
        report: Option<&[u8]>,
        now_ms: u64,
    ) {
        let delivered = state == MessageState::Delivered;
        let wanted = match message.submission.registered_delivery & 3 {
            1 => true,
            2 => !delivered,
            _ => false,
        };
        if !wanted || message.faults.no_receipt {
            return;
        }
        let network_error = match message.faults.network_error {
            // GSM, absent subscriber (TS 29.002).
            None if state == MessageState::Expired => Some([3, 0, 27]),
            given => given.map(|code| [(code >> 16) as u8, (code >> 8) as u8, code as u8]),
        };
        let path = self.settings.por_path;
        let receipt = Receipt {
            message_id: self.settings.receipt_ids.text(id),
            state,
            submitted_ms: message.submitted_ms,
            done_ms: now_ms,
            network_error: network_error.filter(|_| !delivered),
            reference: message.submission.user_message_reference,
            text: report.filter(|_| path == PorPath::ReceiptText),
            payload: report.filter(|_| path == PorPath::ReceiptPayload),
            tlvs: self.settings.receipt_tlvs,
        };
        let deliver = receipt.deliver(
            message.submission.destination.clone(),
            message.submission.source.clone(),
            Some(message.link),
        );
        for _ in 0..=message.faults.duplicate_receipts {
            self.counters.receipts += 1;
            self.outbox.push(deliver.clone());
        }
    }

    fn record(&mut self, at: usize, handled: Handled, now_ms: u64) {
        self.counters.packets += 1;
        self.counters.packets_run += u64::from(handled.status == crate::card::status::OK);
        self.counters.writes += handled.writes.len() as u64;
        for write in handled.writes {
            self.executions.push(Execution {
                ordinal: self.executions.len() as u64 + 1,
                at_ms: now_ms,
                iccid: Arc::clone(&self.slots[at].iccid),
                kvn: handled.kvn,
                counter: handled.counter,
                command: write.command,
                operation: write.operation,
                file: write.file,
                place: write.place,
                data: write.data,
            });
        }
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

/// User data of a card as a message to whoever wrote to it.
fn user_data(message: &Message, octets: Vec<u8>) -> Deliver {
    Deliver {
        source: message.submission.destination.clone(),
        destination: message.submission.source.clone(),
        esm_class: 0x40,
        protocol_id: message.submission.protocol_id,
        data_coding: message.submission.data_coding,
        short_message: octets,
        tlvs: Vec::new(),
        link: Some(message.link),
    }
}
