//! What became of packets, receipts, and cards' answers.

use super::SimEngine;
use super::flights::key_of;
use super::outgoing::{Key, Outgoing, Sent, fates};
use super::step::Step;
use muster_app::ports::{
    AnswerPart, DeliveryState, Inbound, InboundMessage, LoadedParticipant, StoreError, StoreResult,
};
use muster_app::sim_program::{Reading, read_answer, security};
use muster_codecs::udh::{PacketKind, Reference, UserData};
use muster_domain::participant::{Participant, ParticipantStatus, Phase, Receipt};
use muster_domain::time::UnixMillis;
use std::collections::HashMap;

/// How often participants that others write to are read again before their events are put off.
const ROUNDS_MAX: u32 = 8;
/// How long a receipt is kept whose message is not known yet.
const EARLY_MS: i64 = 10_000;
/// How long the parts of one answer may be apart.
const REASSEMBLY_MS: i64 = 3_600_000;

/// Something that happened to packets.
#[derive(Debug)]
pub enum Event {
    /// A packet was handed over.
    Sent(Sent),
    /// A message centre told us something.
    Inbound(Inbound),
    /// The same, given again because it came before what it is about; with the instant at which it first came.
    Early(Inbound, UnixMillis),
}

/// What an event means for one participant.
enum Matter {
    Sent(Sent),
    Receipt { message_ids: Vec<String>, receipt: Option<Receipt>, since: UnixMillis },
    Answer { messages: Vec<Vec<u8>>, parts: Option<Parts> },
    Reachable,
}

/// An event that waits for its participant to be written.
struct Pending {
    matter: Matter,
    /// To be acknowledged when it is written.
    inbound: Option<Inbound>,
}

/// The parts of an answer by the number that sent it and their reference.
type Parts = (String, u16);

impl SimEngine {
    /// Takes in events: finds their participants, lets the machine decide, stores, and then acknowledges. What is
    /// returned may leave, and has to. Events that came too early are returned too, to be given again.
    pub async fn absorb(&self, events: Vec<Event>) -> (Vec<Outgoing>, Vec<Event>) {
        let now = self.services.clock.now();
        let mut outgoing = Vec::new();
        let mut early = Vec::new();
        let mut by_key: HashMap<Key, Vec<Pending>> = HashMap::new();
        let mut by_number: Vec<(String, Pending)> = Vec::new();
        for event in events {
            match event {
                Event::Sent(sent) => {
                    let pending = Pending { matter: Matter::Sent(sent.clone()), inbound: None };
                    by_key.entry(sent.key).or_default().push(pending);
                }
                Event::Inbound(inbound) => self.sort(inbound, now, &mut by_number).await,
                Event::Early(inbound, since) => self.sort(inbound, since, &mut by_number).await,
            }
        }
        let mut done = Vec::new();
        if let Err(error) = self.place(by_number, &mut by_key, &mut done).await {
            tracing::warn!(%error, "participants of inbound messages could not be read; the centre is asked again");
        }
        let mut loaded: HashMap<Key, LoadedParticipant> = HashMap::new();
        for round in 0.. {
            if by_key.is_empty() {
                break;
            }
            match self.round(&mut by_key, &mut loaded, now, &mut early, &mut done).await {
                Ok(packets) => outgoing.extend(packets),
                Err(error) => {
                    // Not stored: the centre sends its part again, ours is found by its timers.
                    tracing::warn!(%error, events = by_key.len(), "events could not be stored; they come again");
                    break;
                }
            }
            if round == ROUNDS_MAX {
                tracing::warn!(
                    participants = by_key.len(),
                    "participants changed faster than they could be read"
                );
                break;
            }
        }
        for (source, reference) in done {
            if let Err(error) = self.services.sims.forget_answer_parts(&source, reference).await {
                tracing::debug!(%error, "parts of an answer could not be deleted; they are swept later");
            }
        }
        (outgoing, early)
    }

    /// Puts an inbound message among those whose participants have to be found, or settles it.
    async fn sort(&self, inbound: Inbound, since: UnixMillis, by_number: &mut Vec<(String, Pending)>) {
        match self.matter_of(&inbound, since).await {
            Ok(Some((number, matter))) => {
                by_number.push((number, Pending { matter, inbound: Some(inbound) }));
            }
            Ok(None) => inbound.stored(),
            Err(error) => {
                tracing::warn!(%error, "an inbound message could not be stored; the centre is asked for it again");
                inbound.later();
            }
        }
    }

    /// One try for all that is left: what could be written is acknowledged and leaves `by_key`.
    async fn round(
        &self,
        by_key: &mut HashMap<Key, Vec<Pending>>,
        loaded: &mut HashMap<Key, LoadedParticipant>,
        now: UnixMillis,
        early: &mut Vec<Event>,
        done: &mut Vec<Parts>,
    ) -> StoreResult<Vec<Outgoing>> {
        let mut missing = Vec::new();
        for key in by_key.keys() {
            if !loaded.contains_key(key) {
                match self.flights.take(*key) {
                    Some(known) => drop(loaded.insert(*key, known)),
                    None => missing.push(*key),
                }
            }
        }
        let read = self.services.sims.load_participants(&missing).await?;
        for (key, found) in missing.into_iter().zip(read) {
            match found {
                Some(found) => drop(loaded.insert(key, found)),
                // Its campaign is gone; there is nothing to be told.
                None => acknowledge(by_key.remove(&key), done),
            }
        }
        let mut steps = Vec::with_capacity(by_key.len());
        let keys: Vec<_> = by_key.keys().copied().collect();
        for key in keys {
            let Some(participant) = loaded.remove(&key) else { continue };
            let Some(mut step) = self.step(participant, now).await? else {
                acknowledge(by_key.remove(&key), done);
                continue;
            };
            let pending = by_key.remove(&key).unwrap_or_default();
            let mut kept = Vec::with_capacity(pending.len());
            // What was handed over first, then what came back: an answer can overtake the centre's own.
            let (sent, heard): (Vec<_>, Vec<_>) =
                pending.into_iter().partition(|pending| matches!(pending.matter, Matter::Sent(_)));
            for pending in sent.into_iter().chain(heard) {
                if let Some(since) = early_since(&step, &pending, now) {
                    early.extend(pending.inbound.map(|inbound| Event::Early(inbound, since)));
                    continue;
                }
                self.apply(&mut step, &pending.matter);
                kept.push(pending);
            }
            if step.changed {
                by_key.insert(key, kept);
                steps.push(step);
            } else {
                self.flights.put(step.loaded);
                acknowledge(Some(kept), done);
            }
        }
        let mut unwritten = std::mem::take(by_key);
        let written = self.write(steps).await;
        for key in written.stale {
            // Read again in the next round.
            if let Some(pending) = unwritten.remove(&key) {
                by_key.insert(key, pending);
            }
        }
        if let Some(error) = written.error {
            return Err(error);
        }
        for pending in unwritten.into_values() {
            acknowledge(Some(pending), done);
        }
        Ok(written.outgoing)
    }

    fn apply(&self, step: &mut Step, matter: &Matter) {
        let operation = step.last_operation();
        match matter {
            Matter::Sent(sent) => {
                let fates = fates(&sent.outcome);
                super::meters::submitted(&fates);
                let change = step
                    .with(|participant, context| participant.submitted(&sent.outcome.route, &fates, context));
                if let Some(change) = change {
                    step.keep(&self.services, change, operation, &[]);
                }
            }
            Matter::Receipt { message_ids, receipt, .. } => {
                let Some(receipt) = receipt else { return };
                let change =
                    step.with(|participant, context| participant.receipt(message_ids, *receipt, context));
                if let Some(change) = change {
                    step.keep(&self.services, change, operation, &[]);
                }
            }
            Matter::Answer { messages, .. } => match self.read(step, messages) {
                Ok(reading) => {
                    super::meters::answered(&reading.answer);
                    let change =
                        step.with(|participant, context| participant.answer(&reading.answer, context));
                    if let Some(change) = change {
                        step.keep(&self.services, change, reading.operation, &reading.data);
                    }
                }
                Err(class) => {
                    // It proves nothing: the wait goes on.
                    super::meters::unread(class);
                    let participant = &step.loaded.participant;
                    tracing::debug!(
                        campaign = %participant.campaign,
                        participant = %participant.id,
                        class,
                        "an answer of a card was not believed"
                    );
                    if participant.status.is_terminal() {
                        let late = step.participant().attempts.last_mut();
                        step.changed |=
                            late.is_some_and(|attempt| !std::mem::replace(&mut attempt.late_answer, true));
                    }
                }
            },
            Matter::Reachable => {
                if step.with(Participant::reachable) {
                    step.changed = true;
                }
            }
        }
    }

    /// Reads an answer to the packet at work; an error is its class.
    fn read(&self, step: &Step, messages: &[Vec<u8>]) -> Result<Reading, &'static str> {
        let participant = &step.loaded.participant;
        let packet = participant.work.packet.as_ref().ok_or("orphan")?;
        let plan = step.plan.as_ref().map_err(|_| "template")?;
        let program = plan.program.as_ref().map_err(|_| "template")?;
        let body = program.steps.get(packet.step as usize).ok_or("template")?;
        let keys = step.loaded.key_sets.iter().find(|keys| keys.kvn == packet.kvn).ok_or("keys")?;
        let ring = self.services.card_keys().map_err(|_| "keys")?;
        let security =
            security(ring, &step.loaded.card.iccid, &plan.profile, keys, body).map_err(|_| "keys")?;
        read_answer(&security, body, packet, messages).map_err(|error| error.class())
    }

    /// What an inbound message is about: the card's number, and the matter. `None` if it is complete in itself.
    async fn matter_of(&self, inbound: &Inbound, now: UnixMillis) -> StoreResult<Option<(String, Matter)>> {
        match &inbound.message {
            InboundMessage::Receipt { message_ids, source, state, .. } => {
                super::meters::receipt(*state);
                let receipt = match state {
                    DeliveryState::Delivered | DeliveryState::Accepted => Some(Receipt::Delivered),
                    DeliveryState::Expired | DeliveryState::Undeliverable => Some(Receipt::Undelivered),
                    DeliveryState::Deleted | DeliveryState::Rejected => Some(Receipt::Rejected),
                    DeliveryState::Enroute | DeliveryState::Unknown => None,
                };
                let message_ids = message_ids.clone();
                let since = now;
                Ok(Some((source.clone(), Matter::Receipt { message_ids, receipt, since })))
            }
            InboundMessage::Available { source } => Ok(Some((source.clone(), Matter::Reachable))),
            InboundMessage::UserData { source, user_data, .. } => {
                let Ok(parsed) = UserData::parse(user_data) else {
                    super::meters::unread("length");
                    return Ok(None);
                };
                let Some(concatenation) = parsed.concatenation() else {
                    if parsed.packet_kind() != Some(PacketKind::Response) {
                        // No answer to anything: but the card can be reached.
                        return Ok(Some((source.clone(), Matter::Reachable)));
                    }
                    let messages = vec![user_data.clone()];
                    return Ok(Some((source.clone(), Matter::Answer { messages, parts: None })));
                };
                let reference = match concatenation.reference {
                    Reference::Short(reference) => u16::from(reference),
                    Reference::Long(reference) => reference,
                };
                let part = AnswerPart {
                    source: source.clone(),
                    reference,
                    total: concatenation.total,
                    sequence: concatenation.sequence,
                    user_data: user_data.clone(),
                    received_at: now,
                };
                let mut parts = self.services.sims.add_answer_part(part).await?;
                // What was left behind by an earlier message under the same reference is no part of this one.
                parts.retain(|part| now.since(part.received_at) < REASSEMBLY_MS);
                if parts.len() < usize::from(concatenation.total) {
                    return Ok(None);
                }
                // They are kept until what they say is stored: only the last one comes again if that fails.
                Ok(Some((
                    source.clone(),
                    Matter::Answer {
                        messages: parts.into_iter().map(|part| part.user_data).collect(),
                        parts: Some((source.clone(), reference)),
                    },
                )))
            }
        }
    }

    /// Finds the participants of numbers: in flight here, in flight elsewhere, or at rest.
    async fn place(
        &self,
        by_number: Vec<(String, Pending)>,
        by_key: &mut HashMap<Key, Vec<Pending>>,
        done: &mut Vec<Parts>,
    ) -> StoreResult<()> {
        let mut elsewhere = Vec::new();
        for (number, pending) in by_number {
            match self.flights.of_number(&number) {
                Some(key) => by_key.entry(key).or_default().push(pending),
                None => elsewhere.push((number, pending)),
            }
        }
        if elsewhere.is_empty() {
            return Ok(());
        }
        let numbers: Vec<_> = elsewhere.iter().map(|(number, _)| number.clone()).collect();
        let found = self.services.sims.participants_by_msisdn(&numbers).await?;
        for ((number, pending), found) in elsewhere.into_iter().zip(found) {
            let found = match found {
                Some(found) => Some(found),
                None => self.at_rest(&number, &pending.matter).await?,
            };
            if let Some(found) = found {
                by_key.entry(key_of(&found.participant)).or_default().push(pending);
            } else {
                super::meters::unread("orphan");
                acknowledge(Some(vec![pending]), done);
            }
        }
        Ok(())
    }

    /// The participant at rest that an event concerns: one that keeps a packet whose answer may still come, or one
    /// that waits for its card.
    async fn at_rest(&self, number: &str, matter: &Matter) -> Result<Option<LoadedParticipant>, StoreError> {
        let resting = self.services.sims.resting_participants(number).await?;
        let wanted = |participant: &Participant| match matter {
            Matter::Answer { .. } => participant.awaits_late_answer(),
            Matter::Receipt { message_ids, .. } => participant.knows_message(message_ids),
            Matter::Reachable => participant.status == ParticipantStatus::Retry,
            Matter::Sent(_) => false,
        };
        let late = |participant: &Participant| {
            matches!(matter, Matter::Answer { .. }) && participant.status.is_terminal()
        };
        let position = resting
            .iter()
            .position(|loaded| wanted(&loaded.participant))
            .or_else(|| resting.iter().position(|loaded| late(&loaded.participant)));
        Ok(position.and_then(|position| resting.into_iter().nth(position)))
    }
}

/// Since when a receipt waits for its message's name, if it still may: the centre's answer to the submission can be
/// slower than the phone.
fn early_since(step: &Step, pending: &Pending, now: UnixMillis) -> Option<UnixMillis> {
    let Matter::Receipt { message_ids, since, .. } = &pending.matter else { return None };
    let participant = &step.loaded.participant;
    let waits = participant.status == ParticipantStatus::Progress
        && participant.work.phase == Phase::Submitting
        && !participant.knows_message(message_ids)
        && (0..EARLY_MS).contains(&now.since(*since));
    waits.then_some(*since)
}

/// What these events said is stored. Parts that may be forgotten now are added to `done`.
fn acknowledge(pending: Option<Vec<Pending>>, done: &mut Vec<Parts>) {
    for pending in pending.into_iter().flatten() {
        if let Matter::Answer { parts: Some(parts), .. } = pending.matter {
            done.push(parts);
        }
        if let Some(inbound) = pending.inbound {
            inbound.stored();
        }
    }
}
