//! How many of several people will need an agent at one moment.

use super::normal::{above, density};

/// With so many people or fewer the distribution is computed exactly.
const EXACT: usize = 64;

/// The number of people who need an agent: a sum of independent events, each with a probability of its own.
///
/// Small teams need the exact distribution: an approximation by its first moments alone sees people who would need an
/// agent where there cannot be any, because no more calls are in flight than agents are idle.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// The probability of each number, as long as there are few enough people.
    exact: Vec<f64>,
    mean: f64,
    variance: f64,
    /// Third central moment.
    skew: f64,
}

impl Demand {
    /// Nobody yet; `people` says how many are going to be added, more or less.
    #[inline]
    pub(super) fn of(people: usize) -> Self {
        let mut exact = Vec::new();
        if people <= EXACT {
            exact.reserve_exact(people + 16);
            exact.push(1.0);
        }
        Self { exact, mean: 0.0, variance: 0.0, skew: 0.0 }
    }

    /// One more person, who needs an agent with this probability.
    #[inline]
    pub(super) fn add(&mut self, probability: f64) {
        let not = 1.0 - probability;
        self.mean += probability;
        self.variance += probability * not;
        self.skew += probability * not * (not - probability);
        if self.exact.is_empty() {
            return;
        }
        if self.exact.len() > 2 * EXACT {
            self.exact.clear();
            return;
        }
        self.exact.push(0.0);
        for number in (1..self.exact.len()).rev() {
            self.exact[number] = self.exact[number] * not + self.exact[number - 1] * probability;
        }
        self.exact[0] *= not;
    }

    /// By how many people the number is expected to exceed that of the agents: `E[max(0, X − agents)]`.
    #[inline]
    pub(super) fn expected_above(&self, agents: f64) -> f64 {
        if self.exact.is_empty() {
            return self.approximately_above(agents);
        }
        if agents <= 0.0 {
            return self.mean - agents;
        }
        let first = agents as usize + 1;
        self.exact
            .iter()
            .enumerate()
            .skip(first)
            .map(|(number, share)| (number as f64 - agents) * share)
            .sum()
    }

    /// The normal distribution with its first correction for skewness, and one because people come whole.
    #[inline]
    fn approximately_above(&self, agents: f64) -> f64 {
        let deviation = self.variance.max(0.0).sqrt();
        let spare = agents - self.mean;
        if deviation < 1e-6 {
            return (-spare).max(0.0);
        }
        let z = spare / deviation;
        if z > 8.0 {
            return 0.0;
        }
        if z < -8.0 {
            return -spare;
        }
        let shape = self.skew / (6.0 * self.variance);
        let smooth = deviation * density(z) - spare * above(z);
        (smooth + (shape * z - 1.0 / (12.0 * deviation)) * density(z)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(probabilities: &[f64]) -> Demand {
        let mut demand = Demand::of(probabilities.len());
        for probability in probabilities {
            demand.add(*probability);
        }
        demand
    }

    #[test]
    fn few_people_are_counted_exactly() {
        let demand = of(&[0.5, 0.5]);
        assert!((demand.expected_above(0.0) - 1.0).abs() < 1e-12);
        assert!((demand.expected_above(1.0) - 0.25).abs() < 1e-12, "only when both do");
        assert!(demand.expected_above(2.0).abs() < 1e-12, "two people never need three agents");
        assert!((demand.expected_above(-1.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn many_people_are_counted_nearly_so() {
        let probabilities: Vec<f64> = (0..64).map(|n| f64::from(n % 8) / 8.0).collect();
        let exact = of(&probabilities);
        let nearly = Demand { exact: Vec::new(), ..exact.clone() };
        for agents in [20.0, 28.0, 32.0, 36.0] {
            let (exact, nearly) = (exact.expected_above(agents), nearly.expected_above(agents));
            assert!((exact - nearly).abs() < 0.002 + 0.01 * exact, "{agents}: {exact}, not {nearly}");
        }
    }

    #[test]
    fn what_is_added_later_counts_alike() {
        let (few, many) = (vec![0.3; 10], vec![0.3; 60]);
        let mut grown = of(&few);
        (10..60).for_each(|_| grown.add(0.3));
        assert!((grown.expected_above(20.0) - of(&many).expected_above(20.0)).abs() < 1e-9);
        (60..400).for_each(|_| grown.add(0.3));
        assert!((grown.expected_above(100.0) - 20.06).abs() < 0.05, "{}", grown.expected_above(100.0));
    }
}
