//! Messages from clients: taken or refused, and planned.

use super::super::message::{Action, LinkId, MessageState, Submission, SubmitKind};
use super::super::misbehaviour::DeliveryFaults;
use super::super::receipt::tag;
use super::super::settings::{IdFormat, PorPath};
use super::super::validity;
use super::{Message, SmscCore, Work, command_status, subject};
use crate::rng::SplitMix64;
use crate::scenario::DropLink;

impl SmscCore {
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
                wanted_ms: now_ms.saturating_add(latency),
                plan: 0,
                answer_waits,
            },
        );
        self.plan_attempt(id, now_ms);
        if receipt_first {
            self.advance(now_ms, actions);
        }

        let message_id = self.settings.answer_ids.text(id);
        let tlvs =
            centre.congestion_state.map(|state| (tag::CONGESTION_STATE, vec![state])).into_iter().collect();
        let answer = Action::Answer { link, kind, sequence, command_status: 0, message_id, tlvs };
        if faults.drop_link == Some(DropLink::BeforeAnswer) {
            self.drop_link(link, actions);
        } else if faults.lose_answer || answer_waits || faults.answer_ms > 0 {
            if let Some(own) = self.outbox.link(link) {
                own.open_submits += 1;
                self.counters.window_max = self.counters.window_max.max(own.open_submits as u64);
            }
            if !faults.lose_answer && !answer_waits {
                self.agenda.plan(now_ms.saturating_add(faults.answer_ms), Work::Answer(answer));
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
            IdFormat::Decimal => text.parse().ok(),
            IdFormat::Hex | IdFormat::HexLower => u64::from_str_radix(text, 16).ok(),
        }
    }

    /// Plans when a message reaches its card, or when it gives up.
    pub(super) fn plan_attempt(&mut self, id: u64, now_ms: u64) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.plan += 1;
        let (card, expires_ms, plan) = (message.card, message.expires_ms, message.plan);
        let slot = &mut self.slots[card as usize];
        let mut at_ms = message.wanted_ms.max(now_ms).max(slot.not_before_ms);
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
            return self.agenda.plan(expires_ms, Work::Expire(id, plan));
        }
        slot.not_before_ms = at_ms;
        if let Some(back_ms) = back_ms {
            self.agenda.plan(back_ms, Work::Reachable(card));
        }
        if at_ms > expires_ms {
            self.agenda.plan(expires_ms, Work::Expire(id, plan));
        } else {
            self.agenda.plan(at_ms, Work::Attempt(id, plan));
        }
    }

    pub(super) fn delivery_faults(&mut self, card: u32) -> DeliveryFaults {
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
}
