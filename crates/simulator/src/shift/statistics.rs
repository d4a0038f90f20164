//! What is counted during a shift.

use super::agents::Floor;
use crate::queue::Millis;
use crate::report::ShiftReport;
use muster_domain::calls::pacing::{Decision, Why};

const HALF_HOUR_MS: Millis = 1_800_000;
/// A half hour with fewer resolved answers says nothing about a share.
const ENOUGH_ANSWERS: u32 = 30;

#[derive(Debug, Clone, Copy, Default)]
struct HalfHour {
    resolved: u32,
    abandoned: u32,
}

#[derive(Debug)]
pub(super) struct Statistics {
    warm_up: Millis,
    staffed_ms: u64,
    busy_ms: u64,
    talking_ms: u64,
    waits_ms: Vec<u32>,
    live: u64,
    abandoned: u64,
    mistaken: u64,
    half_hours: Vec<HalfHour>,
    dials: u64,
    peak_in_flight: u32,
    decisions: u64,
    at_gate: u64,
    at_floor: u64,
    at_lines: u64,
    /// FNV-1a over everything that was decided.
    log_hash: u64,
}

impl Statistics {
    pub(super) const fn new(warm_up: Millis) -> Self {
        Self {
            warm_up,
            staffed_ms: 0,
            busy_ms: 0,
            talking_ms: 0,
            waits_ms: Vec::new(),
            live: 0,
            abandoned: 0,
            mistaken: 0,
            half_hours: Vec::new(),
            dials: 0,
            peak_in_flight: 0,
            decisions: 0,
            at_gate: 0,
            at_floor: 0,
            at_lines: 0,
            log_hash: 0xcbf2_9ce4_8422_2325,
        }
    }

    pub(super) fn passes(&mut self, from: Millis, to: Millis, floor: &Floor) {
        let passed = to.saturating_sub(from.max(self.warm_up));
        let busy = floor.talking() + floor.wrapping_up();
        self.busy_ms += passed * u64::from(busy);
        self.talking_ms += passed * u64::from(floor.talking());
        self.staffed_ms += passed * u64::from(busy + floor.idle());
    }

    pub(super) const fn dialled(&mut self) {
        self.dials += 1;
    }

    pub(super) const fn live(&mut self) {
        self.live += 1;
    }

    /// A person was taken for a machine.
    pub(super) const fn mistaken(&mut self) {
        self.live += 1;
        self.mistaken += 1;
    }

    pub(super) fn served(&mut self, now: Millis, idle_since: Millis) {
        if now >= self.warm_up {
            self.waits_ms.push(super::age(now, idle_since));
        }
        self.half_hour(now).resolved += 1;
    }

    pub(super) fn abandoned(&mut self, now: Millis) {
        self.abandoned += 1;
        let half_hour = self.half_hour(now);
        half_hour.resolved += 1;
        half_hour.abandoned += 1;
    }

    fn half_hour(&mut self, now: Millis) -> &mut HalfHour {
        let index = (now / HALF_HOUR_MS) as usize;
        if self.half_hours.len() <= index {
            self.half_hours.resize(index + 1, HalfHour::default());
        }
        &mut self.half_hours[index]
    }

    /// Live answers and those without an agent, people taken for machines included.
    pub(super) const fn ledger(&self) -> (u64, f64) {
        (self.live, (self.abandoned + self.mistaken) as f64)
    }

    pub(super) const fn peak(&mut self, in_flight: u32) {
        if in_flight > self.peak_in_flight {
            self.peak_in_flight = in_flight;
        }
    }

    pub(super) fn decided(&mut self, now: Millis, decision: &Decision) {
        self.decisions += 1;
        match decision.why {
            Why::Gate => self.at_gate += 1,
            Why::Floor | Why::ColdStart | Why::SmallTeam => self.at_floor += 1,
            Why::Lines | Why::Rate | Why::List => self.at_lines += 1,
            Why::LookAhead | Why::Ratio | Why::NoAgents | Why::DeskSilent => {}
        }
        for word in [now, u64::from(decision.dial), u64::from(decision.floor), decision.why as u64] {
            for byte in word.to_le_bytes() {
                self.log_hash = (self.log_hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }

    pub(super) fn report(mut self, cap: f64, finished_s: Option<f64>) -> ShiftReport {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        self.waits_ms.sort_unstable();
        let waits = self.waits_ms.len();
        let total_ms: u64 = self.waits_ms.iter().map(|wait| u64::from(*wait)).sum();
        let p95 = self.waits_ms.get((waits * 95 / 100).min(waits.saturating_sub(1)));
        let first = (self.warm_up / HALF_HOUR_MS) as usize;
        let worst = self
            .half_hours
            .iter()
            .skip(first)
            .filter(|half_hour| half_hour.resolved >= ENOUGH_ANSWERS)
            .map(|half_hour| f64::from(half_hour.abandoned) / f64::from(half_hour.resolved))
            .reduce(f64::max);
        ShiftReport {
            utilisation: share(self.busy_ms, self.staffed_ms),
            talk_min_per_h: 60.0 * share(self.talking_ms, self.staffed_ms),
            wait_mean_s: share(total_ms, waits as u64) / 1000.0,
            wait_p95_s: p95.map_or(0.0, |wait| f64::from(*wait) / 1000.0),
            dials: self.dials,
            live: self.live,
            abandoned: self.abandoned,
            mistaken: self.mistaken,
            over_cap: self.abandoned as f64 > cap * self.live as f64,
            worst_half_hour: worst,
            peak_in_flight: self.peak_in_flight,
            decisions: self.decisions,
            gate_share: share(self.at_gate, self.decisions),
            floor_share: share(self.at_floor, self.decisions),
            lines_share: share(self.at_lines, self.decisions),
            finished_s,
            log_hash: self.log_hash,
        }
    }
}
