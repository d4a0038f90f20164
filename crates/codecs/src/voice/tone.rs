//! Tones and noise, made: for prompts, simulated phones, and tests of what listens.

use super::SAMPLE_RATE;
use std::f32::consts::TAU;

/// Rows and columns of the keypad, in Hz (ITU-T Q.23).
pub(super) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// See [`ROWS`].
pub(super) const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The key at each row and column.
pub(super) const KEYPAD: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Sine waves on top of each other, each with that amplitude (16-bit scale), from phase zero. Sums that are too loud
/// are cut off.
pub fn sines(frequencies_hz: &[f32], amplitude: i16, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|at| {
            let phase = TAU * at as f32 / SAMPLE_RATE as f32;
            let sum: f32 = frequencies_hz.iter().map(|&frequency| (phase * frequency).sin()).sum();
            // `as` keeps to the ends of the range.
            (sum * f32::from(amplitude)) as i16
        })
        .collect()
}

/// The two tones of a key; nothing where there is no such key.
pub fn key(key: char, amplitude: i16, samples: usize) -> Vec<i16> {
    for (row, keys) in KEYPAD.iter().enumerate() {
        if let Some(column) = keys.iter().position(|&known| known == key.to_ascii_uppercase()) {
            return sines(&[ROWS[row], COLUMNS[column]], amplitude, samples);
        }
    }
    Vec::new()
}

/// Silence.
pub fn silence(samples: usize) -> Vec<i16> {
    vec![0; samples]
}

/// White noise up to that amplitude, the same for the same seed.
pub fn noise(seed: u32, amplitude: i16, samples: usize) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..samples)
        .map(|_| {
            // xorshift32 (Marsaglia 2003): enough for noise, and for nothing else.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let unit = (state >> 8) as f32 / (1_u32 << 23) as f32 - 1.0;
            (unit * f32::from(amplitude)) as i16
        })
        .collect()
}
