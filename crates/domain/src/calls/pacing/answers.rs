//! How often and how soon dials are answered (dialling-engine §6.2).

use serde::{Deserialize, Serialize};

/// Weight a dial keeps when the next one ends: about the last 330 dials count.
const KEPT: f64 = 0.997;

/// The share of dials that end in a live answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AnswerRate {
    live: f64,
    dials: f64,
}

impl AnswerRate {
    /// Two answers in eight dials, until experience outweighs it.
    pub(super) const fn new() -> Self {
        Self { live: 2.0, dials: 8.0 }
    }

    pub(super) fn observe(&mut self, live: bool) {
        self.live = KEPT * self.live + if live { 1.0 } else { 0.0 };
        self.dials = KEPT * self.dials + 1.0;
    }

    /// Half a standard error above the mean: to expect too many answers is the safe side.
    #[inline]
    pub(super) fn estimate(&self) -> f64 {
        let mean = self.live / self.dials;
        (mean + 0.5 * (mean * (1.0 - mean) / self.dials).sqrt()).min(0.99)
    }

    pub(super) fn is_sound(&self) -> bool {
        (1.0..=1.0 / (1.0 - KEPT) + 1.0).contains(&self.dials) && (0.0..=self.dials).contains(&self.live)
    }
}

/// Whole seconds that are told apart; later answers count in the last one.
const SECONDS: usize = 96;

/// When so many answers have been seen, the older half of their weight is forgotten.
const FULL: f64 = 4_000.0;

/// Answers that are expected as if seen.
const EXPECTED: f64 = 20.0;

/// How long after the call was placed live answers come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AnswerLatency {
    /// Answers by whole second, up to the last one that had any.
    answers: Vec<f64>,
    /// Live answers ever seen.
    seen: u64,
}

impl AnswerLatency {
    pub(super) const fn new() -> Self {
        Self { answers: Vec::new(), seen: 0 }
    }

    pub(super) fn observe(&mut self, latency_ms: u32) {
        let second = (latency_ms as usize / 1000).min(SECONDS - 1);
        if self.answers.len() <= second {
            self.answers.resize(second + 1, 0.0);
        }
        self.answers[second] += 1.0;
        self.seen = self.seen.saturating_add(1);
        if self.answers.iter().sum::<f64>() >= FULL {
            self.answers.iter_mut().for_each(|count| *count /= 2.0);
        }
    }

    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// For each whole second the share of answers that have come before it, ready to be read many times.
    ///
    /// The first answers of a campaign are the quick ones, the slow ones are still ringing. So as not to be taken in by
    /// that, it counts as many answers spread evenly over the time a phone may ring as if they had been seen.
    #[inline]
    pub(super) fn distribution(&self, ring_limit_ms: u32) -> Distribution {
        let ringing = (ring_limit_ms as usize / 1000 + 2).clamp(1, SECONDS);
        let total = self.answers.iter().sum::<f64>() + EXPECTED;
        let mut before = [1.0; SECONDS + 1];
        let mut sum = 0.0;
        for (second, share) in before.iter_mut().enumerate() {
            *share = sum / total;
            let expected = if second < ringing { EXPECTED / ringing as f64 } else { 0.0 };
            sum += self.answers.get(second).copied().unwrap_or(0.0) + expected;
        }
        Distribution { before }
    }

    pub(super) fn is_sound(&self) -> bool {
        self.answers.len() <= SECONDS
            && self.answers.iter().all(|count| count.is_finite() && (0.0..=FULL).contains(count))
            && (self.seen == 0 || self.answers.iter().sum::<f64>() > 0.0)
    }
}

/// The distribution of answer latencies (G in dialling-engine §6.2).
pub(super) struct Distribution {
    before: [f64; SECONDS + 1],
}

impl Distribution {
    /// The share of live answers that have come `age_ms` after the call was placed, and `seconds` later for each whole
    /// number of seconds up to the length of `later`.
    #[inline]
    pub(super) fn from(&self, age_ms: u32, later: &mut [f64]) -> f64 {
        let second = age_ms as usize / 1000;
        let part = f64::from(age_ms % 1000) / 1000.0;
        for (seconds, share) in later.iter_mut().enumerate() {
            let low = self.at(second + seconds);
            *share = low + part * (self.at(second + seconds + 1) - low);
        }
        later.first().copied().unwrap_or(1.0)
    }

    #[inline]
    fn at(&self, second: usize) -> f64 {
        self.before.get(second).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_begins_at_a_quarter_and_follows_what_happens() {
        let mut rate = AnswerRate::new();
        assert!((rate.estimate() - 0.3266).abs() < 1e-3, "a quarter and half a standard error");
        for dial in 0..2_000 {
            rate.observe(dial % 2 == 0);
        }
        assert!((rate.estimate() - 0.5137).abs() < 2e-3, "{}", rate.estimate());
        for _ in 0..700 {
            rate.observe(false);
        }
        assert!(rate.estimate() < 0.09, "what was 700 dials ago counts little: {}", rate.estimate());
    }

    #[test]
    fn nobody_has_answered_at_once_and_everybody_in_the_end() {
        let mut latency = AnswerLatency::new();
        for latency_ms in [4_200, 4_900, 8_000, 500_000] {
            (0..700).for_each(|_| latency.observe(latency_ms));
        }
        let answered = latency.distribution(20_000);
        let mut later = [0.0; 10];
        assert_eq!(answered.from(0, &mut later).to_bits(), 0.0_f64.to_bits());
        assert!((later[4] - 0.0).abs() < 0.01);
        assert!((later[5] - 0.5).abs() < 0.01);
        assert!((later[9] - 0.75).abs() < 0.01);
        assert!((answered.from(4_500, &mut later) - 0.25).abs() < 0.01, "halfway through the fifth second");
        assert!((answered.from(4_000_000, &mut later) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn slow_answers_are_expected_before_they_were_seen() {
        let mut latency = AnswerLatency::new();
        (0..20).for_each(|_| latency.observe(5_000));
        let mut later = [0.0; 1];
        assert!(latency.distribution(20_000).from(10_000, &mut later) < 0.8);
    }

    #[test]
    fn what_was_learned_long_ago_is_outweighed() {
        let mut latency = AnswerLatency::new();
        (0..10_000).for_each(|_| latency.observe(3_000));
        (0..10_000).for_each(|_| latency.observe(12_000));
        let mut later = [0.0; 1];
        assert!(latency.distribution(20_000).from(6_000, &mut later) < 0.1);
        assert_eq!(latency.seen(), 20_000);
    }
}
