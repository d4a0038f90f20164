//! How many calls a trunk takes in a second.

use std::time::{Duration, Instant};

/// The least a trunk is slowed down to.
const FLOOR_PER_S: f64 = 0.1;
/// Answers of congestion within this time tell of one congestion.
const ONE_CONGESTION: Duration = Duration::from_secs(1);
/// Calls begun on time may arrive a little unevenly. With this much more room between them, no second at the other
/// end has more of them than agreed.
const JITTER: f64 = 1.02;

/// A bucket that holds one token: calls are spread evenly and never come in bursts.
#[derive(Debug)]
pub(crate) struct Pace {
    /// What was agreed with the operator.
    agreed_per_s: f64,
    /// What is taken now; halved by congestion, restored by a tenth of what was agreed a minute.
    now_per_s: f64,
    restored: Instant,
    congested: Option<Instant>,
    next: Instant,
}

impl Pace {
    pub(crate) fn new(calls_per_s: u32, now: Instant) -> Self {
        let agreed_per_s = f64::from(calls_per_s.max(1));
        Self { agreed_per_s, now_per_s: agreed_per_s, restored: now, congested: None, next: now }
    }

    fn restore(&mut self, now: Instant) {
        let minutes = now.saturating_duration_since(self.restored).as_secs_f64() / 60.0;
        self.now_per_s = (self.now_per_s + self.agreed_per_s * 0.1 * minutes).min(self.agreed_per_s);
        self.restored = self.restored.max(now);
    }

    /// Whether a call may begin now.
    pub(crate) fn ready(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Takes the token. Only where [`Self::ready`].
    pub(crate) fn take(&mut self, now: Instant) {
        self.restore(now);
        self.next = now + Duration::from_secs_f64(JITTER / self.now_per_s);
    }

    /// The trunk had too much: half as many calls from now on.
    pub(crate) fn congested(&mut self, now: Instant) {
        self.restore(now);
        let known =
            self.congested.is_some_and(|before| now.saturating_duration_since(before) < ONE_CONGESTION);
        if !known {
            self.congested = Some(now);
            self.now_per_s = (self.now_per_s / 2.0).max(FLOOR_PER_S);
            // The token of the old pace came too soon.
            self.next = self.next.max(now + Duration::from_secs_f64(JITTER / self.now_per_s));
        }
    }

    /// Calls a minute now.
    pub(crate) fn per_minute(&mut self, now: Instant) -> u32 {
        self.restore(now);
        (self.now_per_s * 60.0).round() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn congestion_halves_and_a_tenth_comes_back_each_minute() {
        let begin = Instant::now();
        let mut pace = Pace::new(10, begin);
        assert_eq!(pace.per_minute(begin), 600);
        pace.congested(begin);
        assert_eq!(pace.per_minute(begin), 300);
        pace.congested(begin + Duration::from_millis(500));
        assert_eq!(pace.per_minute(begin + Duration::from_mins(1)), 360);
        assert_eq!(pace.per_minute(begin + Duration::from_secs(150)), 450);
        pace.congested(begin + Duration::from_secs(150));
        assert_eq!(pace.per_minute(begin + Duration::from_secs(150)), 225);
        assert_eq!(pace.per_minute(begin + Duration::from_hours(1)), 600);
    }

    proptest! {
        /// I5: no window of a second has more calls than agreed, however often a call is asked for.
        #[test]
        fn no_second_has_more_calls_than_agreed(
            calls_per_s in 1_u32..60,
            waits_ms in proptest::collection::vec(0_u64..400, 1..400),
            congestions in proptest::collection::vec(any::<bool>(), 400),
        ) {
            let begin = Instant::now();
            let mut pace = Pace::new(calls_per_s, begin);
            let mut now = begin;
            let mut begun = Vec::new();
            for (wait_ms, congested) in waits_ms.iter().zip(congestions) {
                now += Duration::from_millis(*wait_ms);
                if congested {
                    pace.congested(now);
                }
                while pace.ready(now) {
                    pace.take(now);
                    begun.push(now);
                }
            }
            for (first, at) in begun.iter().enumerate() {
                let within = begun[first..].iter().filter(|other| **other - *at < Duration::from_secs(1)).count();
                prop_assert!(within <= calls_per_s as usize);
            }
        }
    }
}
