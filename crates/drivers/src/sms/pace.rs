//! How fast a route may send.

use std::time::Duration;
use tokio::time::Instant;

/// The burst that the bucket allows, as a part of a second's worth; never less than one segment.
const BURST_S: f64 = 0.1;
/// A rate that was lowered rises by a twentieth of the full rate at this interval.
const RAISE_EVERY: Duration = Duration::from_secs(5);
const RAISE_PART: f64 = 0.05;
/// Softer signs than a refusal lower the rate at most this often.
const EASE_EVERY: Duration = Duration::from_secs(1);
const EASE_FACTOR: f64 = 0.9;
/// `congestion_state` (SMPP 5.0 §4.8.4.18) to aim at: above it the rate falls, inside it stays, below it may
/// rise.
const CONGESTION_BAND: std::ops::RangeInclusive<u8> = 80..=90;

/// A bucket of tokens, one a segment, whose rate follows what the centre bears.
#[derive(Debug)]
pub(crate) struct Pace {
    full: f64,
    rate: f64,
    tokens: f64,
    filled: Instant,
    /// When the rate last changed.
    changed: Instant,
    /// When it was last halved: refusals of what was sent before are the same event.
    halved: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(segments_per_second: u32, now: Instant) -> Self {
        let full = f64::from(segments_per_second.max(1));
        Self { full, rate: full, tokens: 1.0, filled: now, changed: now, halved: None }
    }

    /// Takes as many of `wanted` tokens as there are.
    pub(crate) fn take(&mut self, wanted: usize, now: Instant) -> usize {
        self.fill(now);
        let taken = (self.tokens as usize).min(wanted);
        self.tokens -= taken as f64;
        taken
    }

    /// Gives back tokens that were not used.
    pub(crate) fn give_back(&mut self, tokens: usize) {
        self.tokens += tokens as f64;
    }

    /// When the next token is there.
    pub(crate) fn next_token(&self, now: Instant) -> Instant {
        let missing = (1.0 - self.tokens).max(0.0);
        // Rounded up to a microsecond, so that the token is there when the time has come.
        now + Duration::from_secs_f64(missing / self.rate) + Duration::from_micros(1)
    }

    /// The centre refused a segment sent at `sent` as too fast. Halves the rate, once for all segments that
    /// were on their way together; tells whether it did.
    pub(crate) fn throttled(&mut self, sent: Instant, now: Instant) -> bool {
        if self.halved.is_some_and(|halved| sent <= halved) {
            return false;
        }
        self.halved = Some(now);
        self.set_rate(self.rate / 2.0, now);
        // What the bucket holds was earned at the rate that proved too high.
        self.tokens = 0.0;
        true
    }

    /// The centre shows that it has enough for the moment.
    pub(crate) fn ease(&mut self, now: Instant) {
        if now.duration_since(self.changed) >= EASE_EVERY || !self.is_lowered() {
            self.set_rate(self.rate * EASE_FACTOR, now);
        }
    }

    /// The centre's own measure of its load, 0 to 100. Tells whether to stop for a moment.
    pub(crate) fn congestion(&mut self, state: u8, now: Instant) -> bool {
        if state > *CONGESTION_BAND.end() {
            self.ease(now);
        } else if CONGESTION_BAND.contains(&state) {
            // Where it shall be: do not rise.
            self.changed = now;
        }
        state >= 100
    }

    /// Lets time pass: a lowered rate rises slowly.
    pub(crate) fn raise(&mut self, now: Instant) {
        if self.is_lowered() && now.duration_since(self.changed) >= RAISE_EVERY {
            self.fill(now);
            self.set_rate(self.rate + self.full * RAISE_PART, now);
        }
    }

    pub(crate) fn is_lowered(&self) -> bool {
        self.rate < self.full
    }

    /// Segments a second now.
    pub(crate) fn per_second(&self) -> u32 {
        (self.rate as u32).max(1)
    }

    fn set_rate(&mut self, rate: f64, now: Instant) {
        self.rate = rate.clamp(1.0_f64.min(self.full), self.full);
        self.changed = now;
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.duration_since(self.filled).as_secs_f64();
        self.filled = now;
        let burst = (self.rate * BURST_S).max(1.0);
        // Tokens given back may stand above the burst; they stay, and no new ones come.
        self.tokens = self.tokens.max((self.tokens + passed * self.rate).min(burst));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn no_second_carries_more_than_the_rate_and_a_burst() {
        let start = Instant::now();
        for rate in [1, 3, 50, 1000] {
            let mut pace = Pace::new(rate, start);
            let mut sent = 0;
            for step in 0..10_000 {
                sent += pace.take(1000, seconds(start, f64::from(step) / 1000.0));
            }
            let (rate, sent) = (f64::from(rate), sent as f64);
            assert!(sent <= rate * 10.0 + (rate / 10.0).max(1.0), "{sent} at {rate}");
            assert!(sent >= rate * 9.9 - 1.0, "{sent} at {rate}");
        }
    }

    #[test]
    fn the_next_token_is_there_at_the_time_told() {
        let start = Instant::now();
        for rate in [1, 7, 999, 100_000] {
            let mut pace = Pace::new(rate, start);
            let mut now = start;
            for _ in 0..100 {
                let taken = pace.take(usize::MAX, now);
                assert!(taken > 0, "rate {rate}");
                now = pace.next_token(now);
            }
        }
    }

    #[test]
    fn segments_refused_together_halve_the_rate_once() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        assert!(pace.throttled(start, seconds(start, 0.1)));
        assert_eq!(pace.per_second(), 50);
        assert!(!pace.throttled(seconds(start, 0.05), seconds(start, 0.2)), "sent before the halving");
        assert_eq!(pace.per_second(), 50);
        assert!(pace.throttled(seconds(start, 0.3), seconds(start, 0.4)));
        assert_eq!(pace.per_second(), 25);
    }

    #[test]
    fn the_rate_falls_no_lower_than_one_and_rises_slowly_to_the_full() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        for step in 1..20 {
            pace.throttled(seconds(start, f64::from(step)), seconds(start, f64::from(step)));
        }
        assert_eq!(pace.per_second(), 1);
        pace.raise(seconds(start, 22.0));
        assert_eq!(pace.per_second(), 1, "too early");
        let mut raises = 0;
        while pace.is_lowered() {
            raises += 1;
            pace.raise(seconds(start, 19.0 + 5.0 * f64::from(raises)));
            assert!(raises < 100);
        }
        assert_eq!((raises, pace.per_second()), (20, 100));
    }

    #[test]
    fn congestion_steers_the_rate() {
        let start = Instant::now();
        // state, whether to stop, rate after one and a half seconds and again after six more
        for (state, stop, first, second) in [
            (0, false, 50, 55),
            (79, false, 50, 55),
            (80, false, 50, 50),
            (90, false, 50, 50),
            (91, false, 45, 50),
            (100, true, 45, 50),
        ] {
            let mut pace = Pace::new(100, start);
            pace.throttled(start, start);
            assert_eq!(pace.congestion(state, seconds(start, 1.5)), stop, "{state}");
            assert_eq!(pace.per_second(), first, "{state}");
            pace.raise(seconds(start, 6.0));
            let after = if state < 80 { pace.per_second() } else { first };
            assert_eq!(after, if state < 80 { second } else { first }, "{state}");
        }
    }
}
