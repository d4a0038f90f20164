//! How much of some sound is one tone (Goertzel's algorithm: one bin of a Fourier transform).

use super::SAMPLE_RATE;
use std::f32::consts::TAU;

/// A tone that is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goertzel {
    coefficient: f32,
}

impl Goertzel {
    pub(super) fn new(frequency_hz: f32) -> Self {
        Self { coefficient: 2.0 * (TAU * frequency_hz / SAMPLE_RATE as f32).cos() }
    }

    /// The energy of the tone in these samples, on the scale of [`energy`]: for sound that is this tone alone, both are
    /// the same.
    pub(super) fn energy(self, samples: &[i16]) -> f32 {
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for &sample in samples {
            (last, before) = (f32::from(sample) + self.coefficient * last - before, last);
        }
        let power = last * last + before * before - self.coefficient * last * before;
        (2.0 * power / (samples.len().max(1) as f32)).max(0.0)
    }
}

/// The sum of squares.
pub(super) fn energy(samples: &[i16]) -> f32 {
    samples.iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tone;
    use super::*;

    #[test]
    fn a_tone_is_all_of_its_own_energy_and_none_of_anothers() {
        let sound = tone::sines(&[1_000.0], 10_000, 160);
        let share = |frequency| Goertzel::new(frequency).energy(&sound) / energy(&sound);
        assert!((0.98..1.02).contains(&share(1_000.0)), "{}", share(1_000.0));
        assert!(share(1_200.0) < 0.02);
        assert!(Goertzel::new(440.0).energy(&[]).abs() < f32::EPSILON);
    }
}
