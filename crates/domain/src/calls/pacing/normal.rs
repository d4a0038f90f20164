//! The normal distribution, as far as the look-ahead needs it.

/// The density of a standard normal variable.
#[inline]
pub(super) fn density(z: f64) -> f64 {
    const ROOT_OF_TWO_PI: f64 = 2.506_628_274_631_000_5;
    (-0.5 * z * z).exp() / ROOT_OF_TWO_PI
}

/// The probability of a standard normal variable to be above `z`, to a relative error of about 10⁻⁷: a polynomial
/// fitted to the logarithm of the scaled complementary error function.
#[inline]
pub(super) fn above(z: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let x = z.abs() * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let exponent = FIT.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient);
    let tail = 0.5 * t * (exponent - x * x).exp();
    if z >= 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_the_slope_of_the_tail() {
        for z in [-2.0, 0.0, 0.7, 3.0] {
            let slope = (above(z - 1e-3) - above(z + 1e-3)) / 2e-3;
            assert!((density(z) - slope).abs() < 1e-4, "{z}");
        }
    }

    #[test]
    fn tails_agree_with_the_printed_table() {
        for (z, probability) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_9),
            (2.0, 0.022_750_131_95),
            (3.0, 0.001_349_898_032),
            (5.0, 2.866_515_719e-7),
            (-1.0, 0.841_344_746_1),
        ] {
            assert!((above(z) / probability - 1.0).abs() < 3e-7, "{z}: {}", above(z));
        }
    }
}
