//! Calls between being placed and being answered or over.

use super::{age, millis};
use crate::queue::Millis;
use crate::random::Random;
use crate::scenario::{Callers, Latency};

/// A machine that answers is recognised, and hung up on, after so long.
const RECOGNITION_S: f64 = 2.5;

pub(super) type CallId = u64;

/// How a dial turns out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Live,
    NotLive,
}

/// When a call placed now will be answered or over, and how.
pub(super) fn fate(callers: &Callers, answer_rate: f64, random: &mut Random) -> (Millis, Ending) {
    let until_it_rings_s = random.between(1.0, 3.0);
    let machine = answer_rate + callers.machine_rate;
    let kind = random.unit();
    if kind < answer_rate {
        return (millis(until_it_rings_s + answers_after_s(callers, random)), Ending::Live);
    }
    let then_s = if kind < machine {
        let rings_s = random.normal(17.0, 3.0).max(0.0);
        if rings_s > callers.ring_limit_s { callers.ring_limit_s } else { rings_s + RECOGNITION_S }
    } else if kind < machine + callers.failure_rate {
        0.0
    } else {
        callers.ring_limit_s
    };
    (millis(until_it_rings_s + then_s), Ending::NotLive)
}

/// Drawn again until it is within the ring limit: the answer rate counts only those who answer in time.
fn answers_after_s(callers: &Callers, random: &mut Random) -> f64 {
    for _ in 0..100 {
        let mean_s = match callers.latency {
            Latency::Gamma { mean_s } => mean_s,
            Latency::TwoSpeeds { fast_s, slow_s } => {
                if random.unit() < 0.5 {
                    fast_s
                } else {
                    slow_s
                }
            }
        };
        let after_s = random.gamma3(mean_s);
        if after_s <= callers.ring_limit_s {
            return after_s;
        }
    }
    callers.ring_limit_s
}

/// The calls that were placed and are neither answered nor over, oldest first.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    calls: Vec<(CallId, Millis)>,
    placed: CallId,
}

impl InFlight {
    pub(super) fn place(&mut self, now: Millis) -> CallId {
        self.placed += 1;
        self.calls.push((self.placed, now));
        self.placed
    }

    /// Takes a call out and says when it was placed; `None` if it has been taken before.
    pub(super) fn take(&mut self, call: CallId) -> Option<Millis> {
        let place = self.calls.binary_search_by_key(&call, |(id, _)| *id).ok()?;
        Some(self.calls.remove(place).1)
    }

    pub(super) fn take_all(&mut self) -> Vec<(CallId, Millis)> {
        std::mem::take(&mut self.calls)
    }

    pub(super) fn len(&self) -> u32 {
        self.calls.len() as u32
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn ages(&self, now: Millis, ages: &mut Vec<u32>) {
        ages.clear();
        ages.extend(self.calls.iter().map(|(_, placed_at)| age(now, *placed_at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn dials_end_as_often_and_as_late_as_the_callers_say() {
        let callers = Scenario::steady(1, 0.3).callers;
        let mut random = Random::seeded(3);
        let fates: Vec<_> = (0..40_000).map(|_| fate(&callers, 0.3, &mut random)).collect();
        let live: Vec<_> = fates.iter().filter(|(_, ending)| *ending == Ending::Live).collect();
        let share = live.len() as f64 / fates.len() as f64;
        assert!((share - 0.3).abs() < 0.01, "{share}");
        assert!(live.iter().all(|(after_ms, _)| (1_000..=23_000).contains(after_ms)));
        let at_once =
            fates.iter().filter(|(after_ms, ending)| *ending == Ending::NotLive && *after_ms <= 3_000);
        let share = at_once.count() as f64 / fates.len() as f64;
        assert!((share - 0.08).abs() < 0.01, "{share}");
    }

    #[test]
    fn a_call_is_taken_once() {
        let mut calls = InFlight::default();
        let (first, second) = (calls.place(10), calls.place(20));
        assert_eq!(calls.take(first), Some(10));
        assert_eq!(calls.take(first), None);
        assert_eq!(calls.take_all(), [(second, 20)]);
        assert!(calls.is_empty());
    }
}
