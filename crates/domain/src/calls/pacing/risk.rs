//! The risk the look-ahead takes, learned from what came of it (dialling-engine §6.3).

use serde::{Deserialize, Serialize};

const LOWEST: f64 = 1e-4;
const HIGHEST: f64 = 0.08;
/// Near what it comes to in teams of ten and more, so that a day does not begin with a debt.
const FIRST: f64 = 0.003;
/// How fast it is learned. Anything from 0.1 to 0.6 works in the simulation.
const STEP: f64 = 0.5;

/// The share of expected answers that may be expected to find no agent (ε).
///
/// It is not the cap: a decision that is repeated twice a second takes its risk again and again, so the same number
/// means different shares of abandoned calls for small and large teams. Learning it makes the sum come out: apart from
/// calls abandoned while the risk is at its lowest, there are at most `target·live + 13` abandoned ones, whatever callers
/// and agents do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Risk {
    share: f64,
}

impl Risk {
    pub(super) const fn new() -> Self {
        Self { share: FIRST }
    }

    pub(super) const fn share(&self) -> f64 {
        self.share
    }

    pub(super) fn resolved(&mut self, abandoned: bool, target: f64) {
        let missed = if abandoned { 1.0 } else { 0.0 };
        self.share = (self.share * (STEP * (target - missed)).exp()).clamp(LOWEST, HIGHEST);
    }

    pub(super) fn is_sound(&self) -> bool {
        (LOWEST..=HIGHEST).contains(&self.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_abandoned_calls_on_target_leaves_the_risk_where_it_is() {
        let mut risk = Risk::new();
        for round in 0..2_000 {
            risk.resolved(round % 40 == 0, 0.025);
        }
        assert!((risk.share() - FIRST).abs() < 1e-6, "{}", risk.share());
    }

    #[test]
    fn the_risk_stays_within_its_bounds() {
        let mut risk = Risk::new();
        (0..100).for_each(|_| risk.resolved(true, 0.0255));
        assert!((risk.share() - LOWEST).abs() < 1e-12);
        (0..10_000).for_each(|_| risk.resolved(false, 0.0255));
        assert!((risk.share() - HIGHEST).abs() < 1e-12);
    }

    #[test]
    fn abandoned_calls_are_bounded_whatever_happens() {
        // The worst sequence: all served until the risk is at its highest, then all abandoned until at its lowest.
        let mut risk = Risk::new();
        let (mut live, mut abandoned) = (0.0, 0.0);
        for _ in 0..20 {
            while risk.share() < HIGHEST {
                risk.resolved(false, 0.0255);
                live += 1.0;
            }
            while risk.share() > LOWEST {
                risk.resolved(true, 0.0255);
                live += 1.0;
                abandoned += 1.0;
            }
            assert!(abandoned <= 0.0255 * live + 15.0, "{abandoned} of {live}");
        }
    }
}
