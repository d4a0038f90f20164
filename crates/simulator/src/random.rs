//! Random numbers of a shift, all from one seed.

/// The generator xoshiro256++, seeded by splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        let mut mixed = seed;
        let state = std::array::from_fn(|_| {
            mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let word = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        });
        Self { state }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// From 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    pub(crate) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A gamma variable of shape 3.
    pub(crate) fn gamma3(&mut self, mean: f64) -> f64 {
        let product = (1.0 - self.unit()) * (1.0 - self.unit()) * (1.0 - self.unit());
        -product.ln() * mean / 3.0
    }

    /// A lognormal variable by its mean and its coefficient of variation.
    pub(crate) fn lognormal(&mut self, mean: f64, variation: f64) -> f64 {
        let variance = (1.0 + variation * variation).ln();
        self.normal(mean.ln() - variance / 2.0, variance.sqrt()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_deviation(mut draw: impl FnMut(&mut Random) -> f64) -> (f64, f64) {
        let mut random = Random::seeded(7);
        let values: Vec<f64> = (0..40_000).map(|_| draw(&mut random)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn distributions_have_the_moments_they_are_asked_for() {
        type Draw = fn(&mut Random) -> f64;
        let table: [(&str, Draw, f64, f64); 4] = [
            ("uniform", |random| random.between(1.0, 3.0), 2.0, 0.577),
            ("normal", |random| random.normal(17.0, 3.0), 17.0, 3.0),
            ("gamma", |random| random.gamma3(9.0), 9.0, 5.196),
            ("lognormal", |random| random.lognormal(120.0, 1.0), 120.0, 120.0),
        ];
        for (name, draw, mean, deviation) in table {
            let (found_mean, found_deviation) = mean_and_deviation(draw);
            assert!((found_mean / mean - 1.0).abs() < 0.02, "{name}: mean {found_mean}");
            assert!((found_deviation / deviation - 1.0).abs() < 0.05, "{name}: deviation {found_deviation}");
        }
    }

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let draw = |seed| {
            std::array::from_fn::<u64, 8, _>({
                let mut random = Random::seeded(seed);
                move |_| random.next()
            })
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
