//! When to connect again.

use muster_app::ports::Entropy;
use std::time::Duration;

/// The first wait and the longest, which doubling reaches.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);
/// Wrong credentials do not become right by repeating them, and centres lock accounts that try.
const AFTER_REFUSED_CREDENTIALS: Duration = Duration::from_mins(5);
/// A session that held this long was a good one: the next wait is the first again.
const STABLE: Duration = Duration::from_mins(1);

/// The waits between connections of one bind: 1, 2, 4 … 60 s, each between four and five fifths of that, so
/// that the binds of many nodes do not come back in step.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A session ended that had been bound for `bound`.
    pub(crate) fn session_ended(&mut self, bound: Duration) {
        if bound >= STABLE {
            self.failures = 0;
        }
    }

    /// The wait before the next try.
    pub(crate) fn next(&mut self, entropy: &dyn Entropy) -> Duration {
        let full = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(0.8 + 0.2 * fraction(entropy))
    }

    /// The wait after the centre refused the credentials: never shorter than five minutes.
    pub(crate) fn after_refused_credentials(entropy: &dyn Entropy) -> Duration {
        AFTER_REFUSED_CREDENTIALS.mul_f64(1.0 + 0.2 * fraction(entropy))
    }
}

/// Between 0 and 1.
fn fraction(entropy: &dyn Entropy) -> f64 {
    let mut octets = [0; 4];
    entropy.fill(&mut octets);
    f64::from(u32::from_be_bytes(octets)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_app::ports::SeededEntropy;

    #[test]
    fn waits_double_up_to_a_minute_and_begin_anew_after_a_stable_session() {
        let entropy = SeededEntropy::new(7);
        let mut backoff = Backoff::default();
        for full in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let wait = backoff.next(&entropy);
            let full = Duration::from_secs(full);
            assert!(wait <= full && wait >= full.mul_f64(0.8), "{wait:?} for {full:?}");
        }
        backoff.session_ended(Duration::from_secs(59));
        assert!(backoff.next(&entropy) > Duration::from_secs(40), "a short session changes nothing");
        backoff.session_ended(Duration::from_mins(1));
        assert!(backoff.next(&entropy) <= Duration::from_secs(1));
    }

    #[test]
    fn waits_differ() {
        let entropy = SeededEntropy::new(7);
        assert_ne!(Backoff::default().next(&entropy), Backoff::default().next(&entropy));
    }

    #[test]
    fn refused_credentials_are_not_repeated_for_five_minutes() {
        let entropy = SeededEntropy::new(7);
        for _ in 0..100 {
            let wait = Backoff::after_refused_credentials(&entropy);
            assert!((300..=360).contains(&wait.as_secs()), "{wait:?}");
        }
    }
}
