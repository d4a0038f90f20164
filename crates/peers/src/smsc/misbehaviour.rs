//! Which rules apply to what happens next.

use crate::card::CardFaults;
use crate::rng::{SplitMix64, happens};
use crate::scenario::{DropLink, Rule, Scenario};
use crate::smsc::MessageState;
use rustc_hash::FxHashMap;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    Submission,
    Delivery,
    Packet,
}

/// A card, as far as rules care.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) index: u32,
    pub(super) iccid: &'a str,
    pub(super) msisdn: &'a str,
    /// How often this stage came up for the card before: names the draw.
    pub(super) ordinal: u32,
}

/// Faults of a submission.
#[derive(Debug, Default)]
pub(super) struct SubmissionFaults {
    pub(super) status: Option<u32>,
    pub(super) drop_link: Option<DropLink>,
    pub(super) lose_answer: bool,
    pub(super) answer_ms: u64,
}

/// Faults of a delivery.
#[derive(Debug, Default)]
pub(super) struct DeliveryFaults {
    pub(super) latency_ms: u64,
    pub(super) unreachable: bool,
    pub(super) unreachable_for_ms: Option<u64>,
    pub(super) state: Option<MessageState>,
    pub(super) network_error: Option<u32>,
    pub(super) no_receipt: bool,
    pub(super) duplicate_receipts: u32,
    pub(super) receipt_first: bool,
}

/// Faults of a packet and its answer.
#[derive(Debug, Default)]
pub(super) struct PacketFaults {
    pub(super) card: CardFaults,
    pub(super) deaf: bool,
    pub(super) no_por: bool,
    pub(super) late_por_ms: u64,
    pub(super) duplicate_por: u32,
    pub(super) interim_ms: u64,
    pub(super) garbage: bool,
}

/// The scenario and how often its rules were used.
#[derive(Debug, Default)]
pub(super) struct Misbehaviour {
    pub(super) scenario: Scenario,
    per_card: FxHashMap<(usize, Stage, u32), u32>,
    in_all: FxHashMap<(usize, Stage), u32>,
}

impl Misbehaviour {
    pub(super) fn new(scenario: Scenario) -> Self {
        Self { scenario, ..Self::default() }
    }

    /// A draw that belongs to the card, the stage and the occasion.
    pub(super) fn draw(&self, subject: Subject<'_>, salt: u64) -> u64 {
        SplitMix64::draw(self.scenario.seed, &[salt, u64::from(subject.index), u64::from(subject.ordinal)])
    }

    /// The rules that apply, in order; each use is counted.
    fn applying(&mut self, stage: Stage, subject: Subject<'_>) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, rule) in self.scenario.rules.iter().enumerate() {
            if !concerns(rule, stage) || !rule.matches(subject.iccid, subject.msisdn) {
                continue;
            }
            if let Some(share) = rule.share {
                let salt = (at as u64) << 8 | stage as u64;
                if !happens(self.draw(subject, salt), share) {
                    continue;
                }
            }
            if let Some(times) = rule.times {
                let used = self.per_card.entry((at, stage, subject.index)).or_default();
                if *used >= times {
                    continue;
                }
                *used += 1;
            }
            if let Some(first) = rule.first {
                let used = self.in_all.entry((at, stage)).or_default();
                if *used >= first {
                    continue;
                }
                *used += 1;
            }
            found.push(at);
        }
        found
    }

    pub(super) fn of_submission(&mut self, subject: Subject<'_>) -> SubmissionFaults {
        let mut faults = SubmissionFaults::default();
        for at in self.applying(Stage::Submission, subject) {
            let rule = &self.scenario.rules[at];
            faults.status = faults.status.or(rule.submit_status.map(|status| status.0));
            faults.drop_link = faults.drop_link.or(rule.drop_link);
            faults.lose_answer |= rule.lose_submit_resp;
            faults.answer_ms = first_of(faults.answer_ms, rule.answer_ms);
        }
        faults
    }

    pub(super) fn of_delivery(&mut self, subject: Subject<'_>) -> DeliveryFaults {
        let mut faults = DeliveryFaults::default();
        for at in self.applying(Stage::Delivery, subject) {
            let rule = &self.scenario.rules[at];
            faults.latency_ms = first_of(faults.latency_ms, rule.latency_ms);
            faults.unreachable |= rule.unreachable;
            faults.unreachable_for_ms = faults.unreachable_for_ms.or(rule.unreachable_for_ms);
            faults.state = faults.state.or(rule.receipt_state);
            faults.network_error = faults.network_error.or(rule.network_error.map(|code| code.0));
            faults.no_receipt |= rule.no_receipt;
            faults.duplicate_receipts = faults.duplicate_receipts.max(rule.duplicate_receipts);
            faults.receipt_first |= rule.receipt_first;
        }
        faults
    }

    pub(super) fn of_packet(&mut self, subject: Subject<'_>) -> PacketFaults {
        let mut faults = PacketFaults::default();
        for at in self.applying(Stage::Packet, subject) {
            let rule = &self.scenario.rules[at];
            let card = &mut faults.card;
            if card.status.is_none() {
                let low = rule.counter_low.then_some(crate::card::status::COUNTER_LOW);
                card.status = rule.status.map(|status| status.0 as u8).or(low);
                card.status_protected = rule.status_protected;
            }
            card.sw = card.sw.or(rule.sw.map(|sw| (rule.sw_at.unwrap_or(1), sw.0 as u16)));
            card.wrong_key |= rule.wrong_key;
            card.wrong_mac |= rule.wrong_mac;
            card.interim |= rule.interim_ms.is_some();
            faults.interim_ms = first_of(faults.interim_ms, rule.interim_ms);
            faults.deaf |= rule.deaf;
            faults.no_por |= rule.no_por;
            faults.late_por_ms = first_of(faults.late_por_ms, rule.late_por_ms);
            faults.duplicate_por = faults.duplicate_por.max(rule.duplicate_por);
            faults.garbage |= rule.garbage;
        }
        faults
    }
}

fn first_of(had: u64, rule: Option<u64>) -> u64 {
    if had == 0 { rule.unwrap_or(0) } else { had }
}

/// Whether a rule has a fault of this stage.
fn concerns(rule: &Rule, stage: Stage) -> bool {
    match stage {
        Stage::Submission => {
            rule.submit_status.is_some()
                || rule.drop_link.is_some()
                || rule.lose_submit_resp
                || rule.answer_ms.is_some()
        }
        Stage::Delivery => {
            rule.latency_ms.is_some()
                || rule.unreachable
                || rule.unreachable_for_ms.is_some()
                || rule.receipt_state.is_some()
                || rule.no_receipt
                || rule.duplicate_receipts > 0
                || rule.receipt_first
        }
        Stage::Packet => {
            rule.deaf
                || rule.no_por
                || rule.late_por_ms.is_some()
                || rule.duplicate_por > 0
                || rule.wrong_mac
                || rule.wrong_key
                || rule.counter_low
                || rule.status.is_some()
                || rule.sw.is_some()
                || rule.interim_ms.is_some()
                || rule.garbage
        }
    }
}
