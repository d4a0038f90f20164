//! Messages that meet their card or give up, and what comes back.

use super::super::message::{Action, Deliver, MessageState};
use super::super::misbehaviour::PacketFaults;
use super::super::receipt::{Receipt, tag};
use super::super::settings::PorPath;
use super::{Message, REMEMBERED, SmscCore, Work, command_status, subject};
use crate::card::{Execution, Handled, Reply};
use crate::rng::SplitMix64;
use std::sync::Arc;

impl SmscCore {
    pub(super) fn attempt(&mut self, id: u64, now_ms: u64, actions: &mut Vec<Action>) {
        let Some(message) = self.messages.get(&id) else { return };
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
                self.agenda.plan(at_ms, Work::Deliver(deliver.clone()));
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
    pub(super) fn fail(&mut self, id: u64, state: MessageState, now_ms: u64, actions: &mut Vec<Action>) {
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
