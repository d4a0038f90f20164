//! Leaves a trunk alone that fails too often.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Calls that are looked back on.
const WINDOW: usize = 20;

/// What became of a call as far as the trunk is to blame.
#[derive(Debug)]
enum State {
    Closed,
    /// Nothing is sent until then.
    Open(Instant),
    /// One call is on its way to see whether the trunk is well again.
    Probing,
}

/// Opens when more than half of the last 20 calls failed by the trunk's fault; closes when a probe came through.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: State,
    rest: Duration,
    failed: VecDeque<bool>,
}

impl Breaker {
    pub(crate) fn new(rest: Duration) -> Self {
        Self { state: State::Closed, rest, failed: VecDeque::with_capacity(WINDOW) }
    }

    /// Whether a call may begin now.
    pub(crate) fn lets(&self, now: Instant) -> bool {
        match self.state {
            State::Closed => true,
            State::Open(until) => now >= until,
            State::Probing => false,
        }
    }

    /// Whether calls are kept away, or there is only a probe.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    /// A call begins. Tells whether it is the probe.
    pub(crate) fn begin(&mut self) -> bool {
        let probe = matches!(self.state, State::Open(_));
        if probe {
            self.state = State::Probing;
        }
        probe
    }

    /// A call has shown whether the trunk does its work. Tells whether the breaker has opened just now.
    pub(crate) fn end(&mut self, probe: bool, failed: bool, now: Instant) -> bool {
        match self.state {
            State::Probing if probe => {
                if failed {
                    self.state = State::Open(now + self.rest);
                    return true;
                }
                self.failed.clear();
                self.state = State::Closed;
                false
            }
            State::Closed => {
                if self.failed.len() == WINDOW {
                    self.failed.pop_front();
                }
                self.failed.push_back(failed);
                let opens = self.failed.iter().filter(|failed| **failed).count() > WINDOW / 2;
                if opens {
                    self.state = State::Open(now + self.rest);
                    self.failed.clear();
                }
                opens
            }
            // A call of before the breaker opened says nothing new.
            State::Open(_) | State::Probing => false,
        }
    }

    /// The probe ended without saying anything about the trunk: the next call is the probe.
    pub(crate) fn forget_probe(&mut self, now: Instant) {
        if matches!(self.state, State::Probing) {
            self.state = State::Open(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(30);

    #[test]
    fn it_opens_at_the_eleventh_failure_of_twenty_and_closes_by_a_probe() {
        let now = Instant::now();
        let mut breaker = Breaker::new(REST);
        for failure in 1..=10 {
            assert!(!breaker.end(false, true, now), "{failure}");
            assert!(breaker.lets(now));
        }
        assert!(breaker.end(false, true, now));
        assert!(!breaker.lets(now) && breaker.is_open());
        let later = now + REST;
        assert!(breaker.lets(later));
        assert!(breaker.begin());
        assert!(!breaker.lets(later), "one probe at a time");
        assert!(!breaker.end(false, false, later), "a call of before does not close it");
        assert!(breaker.is_open());
        assert!(breaker.end(true, true, later), "a probe that fails opens it again");
        assert!(!breaker.lets(later));
        assert!(breaker.lets(later + REST) && breaker.begin());
        breaker.end(true, false, later + REST);
        assert!(!breaker.is_open());
    }

    #[test]
    fn half_of_the_calls_may_fail() {
        let now = Instant::now();
        let mut breaker = Breaker::new(REST);
        for call in 0..100 {
            breaker.end(false, call % 2 == 0, now);
        }
        assert!(!breaker.is_open());
    }
}
