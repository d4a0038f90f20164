//! The look-ahead: how many answers will find no agent, second by second (dialling-engine §6.3).

use super::demand::Demand;
use super::handling::FreeAfterTalk;
use super::learned::Learned;
use super::settings::PacingSettings;
use super::snapshot::{Busy, Snapshot};

/// Seconds looked ahead, this one included: longer than a call placed now will ring.
const HORIZON: usize = 32;

/// More calls than this are never placed by one decision.
const MOST_AT_ONCE: u32 = 1_000;

/// A call that has rung this much longer than it may is taken as about to end.
const RING_SLACK_MS: u32 = 2_000;

/// Who will need an agent at each of the coming seconds, with what is in flight now.
pub(super) struct Forecast {
    /// Agents there are for them.
    agents: f64,
    /// Conversations that go on and calls in flight that will have been answered, by second.
    demand: [Demand; HORIZON],
    /// Answers to expect from what is in flight.
    answers: f64,
    /// The probability that a call placed now has been answered by each second.
    answered_new: [f64; HORIZON],
    /// The probability that a call placed now is answered at all.
    answer_rate: f64,
}

impl Forecast {
    #[inline]
    pub(super) fn of(now: &Snapshot<'_>, learned: &Learned, settings: &PacingSettings) -> Self {
        let answer_rate = learned.answer_rate.estimate();
        let distribution = learned.latency.distribution(settings.ring_limit_ms);
        let mut share = [0.0; HORIZON];
        let people = now.busy.len() + now.in_flight_ms.len();
        let mut demand: [Demand; HORIZON] = std::array::from_fn(|_| Demand::of(people));

        // Who answers at second u may wait for an agent until u plus the limit.
        let limit_s = f64::from(settings.connect_limit_ms) / 1000.0;
        let talk = learned.talk.cumulative(now.busy.iter().filter_map(|busy| match *busy {
            Busy::Talking { since_ms } => Some(since_ms),
            Busy::WrappingUp { .. } => None,
        }));
        let wrap = learned.wrap.cumulative(now.busy.iter().filter_map(|busy| match *busy {
            Busy::WrappingUp { since_ms } => Some(since_ms),
            Busy::Talking { .. } => None,
        }));
        let free_after_talk = FreeAfterTalk::new(&talk, &wrap, limit_s);
        for agent in now.busy {
            match *agent {
                Busy::Talking { since_ms } => free_after_talk.within(since_ms, &mut share),
                Busy::WrappingUp { since_ms } => wrap.ends_within(since_ms, limit_s, &mut share),
            }
            for (demand, free) in demand.iter_mut().zip(&share) {
                demand.add(1.0 - free);
            }
        }

        let mut answers = 0.0;
        let gives_up_ms = settings.ring_limit_ms.saturating_add(RING_SLACK_MS);
        for &age_ms in now.in_flight_ms.iter().filter(|age_ms| **age_ms <= gives_up_ms) {
            let before = distribution.from(age_ms, &mut share);
            let scale = answer_rate / (1.0 - answer_rate * before);
            for (demand, answered) in demand.iter_mut().zip(&mut share) {
                *answered = scale * (*answered - before);
                demand.add(*answered);
            }
            answers += share[HORIZON - 1];
        }

        distribution.from(0, &mut share);
        Self {
            agents: f64::from(now.staffed()) - f64::from(now.waiting),
            demand,
            answers,
            answered_new: share.map(|part| part * answer_rate),
            answer_rate,
        }
    }

    /// Abandoned calls to expect from what is in flight, with no call more.
    #[inline]
    pub(super) fn expected_abandons(&self) -> f64 {
        self.demand.iter().map(|demand| demand.expected_above(self.agents)).fold(0.0, f64::max)
    }

    /// The largest number of calls, up to `most`, for which this and every smaller number leaves at no second more
    /// than the share `risk` of the expected answers without an agent.
    #[inline]
    pub(super) fn most_calls(mut self, risk: f64, most: u32) -> u32 {
        let most = most.min(MOST_AT_ONCE);
        for calls in 0..most {
            let bound = risk * (self.answers + f64::from(calls + 1) * self.answer_rate);
            for (demand, answered) in self.demand.iter_mut().zip(&self.answered_new) {
                demand.add(*answered);
                if demand.expected_above(self.agents) > bound {
                    return calls;
                }
            }
        }
        most
    }
}
