//! The look-ahead: how many answers will find no agent, second by second (dialling-engine §6.3).

use super::learned::Learned;
use super::normal::expected_shortfall;
use super::settings::PacingSettings;
use super::snapshot::{Busy, Snapshot};

/// Seconds looked ahead, this one included: longer than a call placed now will ring.
const HORIZON: usize = 32;

/// More calls than this are never placed by one decision.
const MOST_AT_ONCE: u32 = 1_000;

/// A call that has rung this much longer than it may is taken as about to end.
const RING_SLACK_MS: u32 = 2_000;

/// Agents and answers expected for each of the coming seconds, with what is in flight now.
pub(super) struct Forecast {
    /// Agents without an answer less answers without an agent: the mean and its variance.
    spare: [f64; HORIZON],
    variance: [f64; HORIZON],
    /// Answers to expect from what is in flight.
    answers: f64,
    /// The probability that a call placed now has been answered by each second.
    answered_new: [f64; HORIZON],
    /// The probability that a call placed now is answered at all.
    answer_rate: f64,
}

impl Forecast {
    pub(super) fn of(now: &Snapshot<'_>, learned: &Learned, settings: &PacingSettings) -> Self {
        let answer_rate = learned.answer_rate.estimate();
        let distribution = learned.latency.distribution();
        let mut spare = [f64::from(now.idle) - f64::from(now.waiting); HORIZON];
        let mut variance = [0.0; HORIZON];
        let mut share = [0.0; HORIZON];

        // Who answers at second u may wait for an agent until u plus the limit.
        let limit_s = f64::from(settings.connect_limit_ms) / 1000.0;
        let (handling, wrap) = (learned.handling.cumulative(), learned.wrap.cumulative());
        for agent in now.busy {
            match *agent {
                Busy::Talking { since_ms } => handling.ends_within(since_ms, limit_s, &mut share),
                Busy::WrappingUp { since_ms } => wrap.ends_within(since_ms, limit_s, &mut share),
            }
            for ((spare, variance), free) in spare.iter_mut().zip(&mut variance).zip(&share) {
                *spare += free;
                *variance += free * (1.0 - free);
            }
        }

        let mut answers = 0.0;
        let gives_up_ms = settings.ring_limit_ms.saturating_add(RING_SLACK_MS);
        for &age_ms in now.in_flight_ms.iter().filter(|age_ms| **age_ms <= gives_up_ms) {
            let before = distribution.from(age_ms, &mut share);
            let scale = answer_rate / (1.0 - answer_rate * before);
            for ((spare, variance), answered) in spare.iter_mut().zip(&mut variance).zip(&mut share) {
                *answered = scale * (*answered - before);
                *spare -= *answered;
                *variance += *answered * (1.0 - *answered);
            }
            answers += share[HORIZON - 1];
        }

        distribution.from(0, &mut share);
        Self { spare, variance, answers, answered_new: share.map(|part| part * answer_rate), answer_rate }
    }

    /// Abandoned calls to expect from what is in flight, with no call more.
    pub(super) fn expected_abandons(&self) -> f64 {
        self.worst(0.0, f64::INFINITY).unwrap_or(f64::INFINITY)
    }

    /// The largest number of calls, up to `most`, for which this and every smaller number leaves at no second more
    /// than the share `risk` of the expected answers without an agent.
    pub(super) fn most_calls(&self, risk: f64, most: u32) -> u32 {
        let most = most.min(MOST_AT_ONCE);
        (1..=most)
            .find(|&calls| {
                let calls = f64::from(calls);
                self.worst(calls, risk * (self.answers + calls * self.answer_rate)).is_none()
            })
            .map_or(most, |too_many| too_many - 1)
    }

    /// The largest expected number of answers without an agent, with `calls` more; `None` as soon as it exceeds `bound`.
    fn worst(&self, calls: f64, bound: f64) -> Option<f64> {
        let mut worst = 0.0_f64;
        for ((spare, variance), answered) in self.spare.iter().zip(&self.variance).zip(&self.answered_new) {
            let mean = spare - calls * answered;
            let deviation = (variance + calls * answered * (1.0 - answered)).max(0.0).sqrt();
            worst = worst.max(expected_shortfall(mean, deviation));
            if worst > bound {
                return None;
            }
        }
        Some(worst)
    }
}
