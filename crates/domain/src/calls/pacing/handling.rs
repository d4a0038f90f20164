//! When an agent will be free again (dialling-engine §6.2).

use serde::{Deserialize, Serialize};

/// Width of the time bins.
const BIN_S: f64 = 5.0;
/// Half an hour; who talks longer is as likely to end as anybody in the last bin.
const BINS: usize = 360;
/// When so many have been seen, the older half of their weight is forgotten.
const FULL: f64 = 4_000.0;

/// How likely a conversation or a write-up of a given age is to end in the next instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hazard {
    /// How many ended within each bin, up to the last one that had any.
    ended: Vec<f64>,
    /// How long one is expected to take while nothing has been seen.
    expected_s: f64,
}

impl Hazard {
    pub(super) fn new(expected_ms: u32) -> Self {
        Self { ended: Vec::new(), expected_s: f64::from(expected_ms.max(1_000)) / 1000.0 }
    }

    pub(super) fn observe(&mut self, duration_ms: u32) {
        let bin = ((f64::from(duration_ms) / 1000.0 / BIN_S) as usize).min(BINS - 1);
        if self.ended.len() <= bin {
            self.ended.resize(bin + 1, 0.0);
        }
        self.ended[bin] += 1.0;
        if self.ended.iter().sum::<f64>() >= FULL {
            self.ended.iter_mut().for_each(|count| *count /= 2.0);
        }
    }

    /// The hazard summed up from the beginning, ready to be read many times. Those that go on still, of these ages,
    /// count for the time they have lasted: the first ones to end are the short ones.
    #[inline]
    pub(super) fn cumulative(&self, going_on_ms: impl Iterator<Item = u32>) -> Cumulative {
        let mut lasted = [0.0_f64; BINS + 1];
        for age_ms in going_on_ms {
            lasted[((f64::from(age_ms) / 1000.0 / BIN_S) as usize).min(BINS)] += 1.0;
        }
        let mut going_on: f64 = lasted.iter().sum();
        let mut sum = [0.0; BINS + 1];
        let mut last_step = 0.0;
        let mut exposed: f64 = self.ended.iter().sum();
        for bin in 0..BINS {
            let ended = self.ended.get(bin).copied().unwrap_or(0.0);
            // Only those that got through the whole bin count in it.
            going_on -= lasted[bin];
            let at_risk = exposed + going_on + 0.5;
            // The share of those exposed who got through the bin, as a product-limit estimate. Half an observation of
            // what is expected keeps bins nobody has reached from saying "never".
            let through = 1.0 - ended / at_risk;
            let step = 0.5 * BIN_S / self.expected_s / at_risk - through.ln();
            sum[bin + 1] = sum[bin] + step;
            last_step = step;
            exposed = (exposed - ended).max(0.0);
        }
        Cumulative { sum, last_step }
    }

    pub(super) fn is_sound(&self) -> bool {
        self.ended.len() <= BINS
            && self.expected_s.is_finite()
            && self.expected_s >= 1.0
            && self.ended.iter().all(|count| count.is_finite() && (0.0..=FULL).contains(count))
    }
}

/// A hazard summed up over time.
pub(super) struct Cumulative {
    sum: [f64; BINS + 1],
    /// What each bin beyond the last one adds.
    last_step: f64,
}

impl Cumulative {
    /// For each whole number of seconds `u`, counted from `ahead_s`, the probability that what has lasted `age_ms` ends
    /// within `ahead_s + u` seconds.
    #[inline]
    pub(super) fn ends_within(&self, age_ms: u32, ahead_s: f64, ends: &mut [f64]) {
        let age_s = f64::from(age_ms) / 1000.0;
        let until_now = self.at(age_s);
        for (seconds, end) in ends.iter_mut().enumerate() {
            *end = 1.0 - (until_now - self.at(age_s + ahead_s + seconds as f64)).exp();
        }
    }

    #[inline]
    fn at(&self, seconds: f64) -> f64 {
        let position = seconds / BIN_S;
        let bin = position as usize;
        if bin >= BINS {
            return self.sum[BINS] + (position - BINS as f64) * self.last_step;
        }
        self.sum[bin] + (position - bin as f64) * (self.sum[bin + 1] - self.sum[bin])
    }
}

/// When somebody in conversation will be free: the conversation has to end, and then the write-up.
///
/// To take the sum of both as one length would be simpler and wrong. Of all who have been busy for so long, those about
/// to be free are those who write up already, and these are known.
pub(super) struct FreeAfterTalk<'a> {
    talk: &'a Cumulative,
    ahead_s: f64,
    /// The probability that a write-up takes no longer than `n + ½` seconds less the part of a second in `ahead_s`.
    written_up: [f64; STEPS],
}

/// Seconds a conversation may end in and still matter.
const STEPS: usize = 64;

impl<'a> FreeAfterTalk<'a> {
    #[inline]
    pub(super) fn new(talk: &'a Cumulative, wrap: &Cumulative, ahead_s: f64) -> Self {
        let mut written_up = [0.0; STEPS];
        wrap.ends_within(0, ahead_s.fract() + 0.5, &mut written_up);
        Self { talk, ahead_s, written_up }
    }

    /// As [`Cumulative::ends_within`], for a conversation of this age and the write-up that follows.
    #[inline]
    pub(super) fn within(&self, age_ms: u32, free: &mut [f64]) {
        let ahead = (self.ahead_s as usize).min(STEPS / 2);
        let steps = (free.len() + ahead).min(STEPS);
        let mut talked = [0.0; STEPS + 1];
        self.talk.ends_within(age_ms, 0.0, &mut talked[..=steps]);
        free.fill(0.0);
        for step in 0..steps {
            let ends_now = talked[step + 1] - talked[step];
            // From the first second that comes after it, with the write-up that fits in between.
            let first = (step + 1).saturating_sub(ahead);
            let written_up = &self.written_up[first + ahead - 1 - step..];
            for (free, written_up) in free.iter_mut().skip(first).zip(written_up) {
                *free += ends_now * written_up;
            }
        }
        for free in free {
            *free = free.clamp(0.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(hazard: &Hazard, age_ms: u32, seconds: f64) -> f64 {
        let mut ends = [0.0];
        hazard.cumulative(std::iter::empty()).ends_within(age_ms, seconds, &mut ends);
        ends[0]
    }

    #[test]
    fn what_is_expected_counts_until_something_was_seen() {
        let hazard = Hazard::new(100_000);
        for age_ms in [0, 60_000, 10_000_000] {
            assert!((within(&hazard, age_ms, 100.0) - (1.0 - (-1.0_f64).exp())).abs() < 1e-9, "{age_ms}");
        }
    }

    #[test]
    fn conversations_of_one_length_end_at_that_length() {
        let mut hazard = Hazard::new(100_000);
        (0..500).for_each(|_| hazard.observe(62_000));
        assert!(within(&hazard, 0, 59.0) < 0.02);
        assert!(within(&hazard, 40_000, 30.0) > 0.99);
        assert!(within(&hazard, 70_000, 30.0) < 0.4, "beyond what was seen the expectation counts again");
    }

    #[test]
    fn those_that_go_on_show_that_the_short_ones_were_the_first_to_end() {
        let mut hazard = Hazard::new(120_000);
        (0..10).for_each(|_| hazard.observe(22_000));
        let mut ends = [0.0];
        hazard.cumulative(std::iter::repeat_n(31_000, 90)).ends_within(0, 30.0, &mut ends);
        assert!(ends[0] < 0.15, "ten of a hundred have ended: {}", ends[0]);
    }

    #[test]
    fn who_talks_is_free_after_the_write_up() {
        let (mut talk, mut wrap) = (Hazard::new(100_000), Hazard::new(20_000));
        (0..1_000).for_each(|_| talk.observe(62_000));
        (0..1_000).for_each(|_| wrap.observe(11_000));
        let (talk, wrap) = (talk.cumulative(std::iter::empty()), wrap.cumulative(std::iter::empty()));
        let mut free = [0.0; 32];
        FreeAfterTalk::new(&talk, &wrap, 2.0).within(55_000, &mut free);
        assert!(free.is_sorted(), "{free:?}");
        assert!(free[10] < 0.02, "the conversation ends in five seconds or later, the write-up takes ten");
        assert!(free[24] > 0.97, "in ten seconds at the latest and fifteen more: {free:?}");
    }

    #[test]
    fn an_end_is_a_probability_and_later_is_likelier() {
        let mut hazard = Hazard::new(1);
        (0..50_u32).for_each(|n| hazard.observe(n * n * 2_000));
        let mut ends = [0.0; 32];
        for age_ms in [0, 4_999, 5_000, 1_799_999, 1_800_000, u32::MAX] {
            hazard.cumulative(std::iter::empty()).ends_within(age_ms, 2.0, &mut ends);
            assert!(
                ends.is_sorted() && ends.iter().all(|end| (0.0..=1.0).contains(end)),
                "{age_ms}: {ends:?}"
            );
        }
    }
}
