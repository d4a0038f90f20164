//! Keys heard as tones in the sound (ITU-T Q.23, Q.24), for far sides that do not send them as events.

use super::goertzel::{Goertzel, energy};
use super::tone::{COLUMNS, KEYPAD, ROWS};

/// Samples looked at together, 12.75 ms: a tone of 40 ms, the shortest that has to be recognized (Q.24 §2.5), fills at
/// least two such blocks whole.
const BLOCK: usize = 102;
/// Blocks in a row with the key before it counts.
const BLOCKS_TO_BEGIN: u8 = 2;
/// Blocks in a row without the key before it may count again.
const BLOCKS_TO_END: u8 = 2;
/// Least mean square of a block, that of both tones at −36 dBm0.
const LEAST_POWER: f32 = 122_500.0;
/// Least share of the energy that is in the two tones: speech has harmonics beside them.
const LEAST_SHARE: f32 = 0.72;
/// The tone of a group is louder than any other of the group by that factor at least (8 dB).
const LEAST_LEAD: f32 = 6.3;
/// The low tone may be louder than the high one by that factor (8 dB).
const MOST_TWIST: f32 = 6.3;
/// The high tone may be louder than the low one by that factor (4 dB).
const MOST_REVERSE_TWIST: f32 = 2.5;

/// Listens for keys.
#[derive(Debug, Clone)]
pub struct KeyToneDetector {
    rows: [Goertzel; 4],
    columns: [Goertzel; 4],
    block: Vec<i16>,
    /// The key of the last block, and for how many blocks.
    candidate: Option<(char, u8)>,
    /// The key that was told and is still held down, and for how many blocks it has not been heard.
    held: Option<(char, u8)>,
}

impl Default for KeyToneDetector {
    fn default() -> Self {
        Self {
            rows: ROWS.map(Goertzel::new),
            columns: COLUMNS.map(Goertzel::new),
            block: Vec::with_capacity(BLOCK),
            candidate: None,
            held: None,
        }
    }
}

impl KeyToneDetector {
    /// Hears some sound; tells each key once, some 25 ms after it was pressed.
    pub fn listen(&mut self, samples: impl IntoIterator<Item = i16>, mut tell: impl FnMut(char)) {
        for sample in samples {
            self.block.push(sample);
            if self.block.len() == BLOCK {
                let key = self.key_of_block();
                self.block.clear();
                if let Some(key) = self.pressed(key) {
                    tell(key);
                }
            }
        }
    }

    /// What the next block means after those before it.
    fn pressed(&mut self, key: Option<char>) -> Option<char> {
        self.candidate = match (key, self.candidate) {
            (Some(key), Some((before, blocks))) if key == before => Some((key, blocks.saturating_add(1))),
            (key, _) => key.map(|key| (key, 1)),
        };
        if let Some((held, missed)) = &mut self.held {
            *missed = if key == Some(*held) { 0 } else { *missed + 1 };
            if *missed >= BLOCKS_TO_END {
                self.held = None;
            }
        }
        match self.candidate {
            Some((key, blocks))
                if blocks >= BLOCKS_TO_BEGIN && self.held.is_none_or(|(held, _)| held != key) =>
            {
                self.held = Some((key, 0));
                Some(key)
            }
            _ => None,
        }
    }

    fn key_of_block(&self) -> Option<char> {
        let total = energy(&self.block);
        if total < LEAST_POWER * BLOCK as f32 {
            return None;
        }
        let (row, low) = loudest(&self.rows, &self.block)?;
        let (column, high) = loudest(&self.columns, &self.block)?;
        let is_key =
            low + high >= LEAST_SHARE * total && low <= MOST_TWIST * high && high <= MOST_REVERSE_TWIST * low;
        is_key.then(|| KEYPAD[row][column])
    }
}

/// Which tone of a group leads, and its energy.
fn loudest(group: &[Goertzel; 4], block: &[i16]) -> Option<(usize, f32)> {
    let energies = group.map(|tone| tone.energy(block));
    let (leader, &most) = energies.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let leads =
        energies.iter().enumerate().all(|(tone, &other)| tone == leader || other * LEAST_LEAD <= most);
    leads.then_some((leader, most))
}

#[cfg(test)]
mod tests {
    use super::super::tone;
    use super::*;
    use proptest::prelude::*;

    const MS: usize = 8;

    fn heard(sound: &[i16]) -> String {
        let mut detector = KeyToneDetector::default();
        let mut keys = String::new();
        // In pieces that have nothing to do with blocks.
        for piece in sound.chunks(77) {
            detector.listen(piece.iter().copied(), |key| keys.push(key));
        }
        keys
    }

    fn mixed(sound: &[i16], other: &[i16]) -> Vec<i16> {
        sound.iter().zip(other).map(|(a, b)| a.saturating_add(*b)).collect()
    }

    #[test]
    fn all_keys_short_and_close() {
        let all = "1234567890*#ABCD1122";
        for (tone_ms, pause_ms, amplitude) in
            [(40, 40, 8_000), (60, 50, 400), (100, 100, 15_000), (500, 45, 2_000)]
        {
            for offset in [0, 13, 50, 101] {
                let mut sound = tone::silence(offset);
                for key in all.chars() {
                    sound.extend(tone::key(key, amplitude, tone_ms * MS));
                    sound.extend(tone::silence(pause_ms * MS));
                }
                assert_eq!(heard(&sound), all, "{tone_ms} ms, {pause_ms} ms, {amplitude}, {offset}");
            }
        }
    }

    #[test]
    fn keys_in_noise_and_off_pitch() {
        let key = tone::key('5', 6_000, 80 * MS);
        assert_eq!(heard(&mixed(&key, &tone::noise(1, 1_500, key.len()))), "5");
        for off in [0.985, 1.015] {
            assert_eq!(heard(&tone::sines(&[770.0 * off, 1_336.0 * off], 6_000, 80 * MS)), "5", "{off}");
        }
    }

    #[test]
    fn what_is_no_key_by_table() {
        let low_loud = mixed(&tone::sines(&[770.0], 9_000, 800), &tone::sines(&[1_336.0], 2_500, 800));
        let high_loud = mixed(&tone::sines(&[770.0], 3_000, 800), &tone::sines(&[1_336.0], 8_000, 800));
        for (name, sound) in [
            ("silence", tone::silence(4_000)),
            ("noise", tone::noise(3, 8_000, 40_000)),
            ("one tone", tone::sines(&[770.0], 8_000, 4_000)),
            ("two of a group", tone::sines(&[697.0, 852.0], 8_000, 4_000)),
            ("with a third", tone::sines(&[770.0, 1_336.0, 500.0], 6_000, 4_000)),
            ("off pitch by 4 %", tone::sines(&[770.0 * 1.04, 1_336.0 * 1.04], 6_000, 4_000)),
            ("dial tone", tone::sines(&[350.0, 440.0], 8_000, 8_000)),
            ("too short", tone::key('5', 8_000, 20 * MS)),
            ("too soft", tone::key('5', 200, 100 * MS)),
            ("low tone 11 dB above", low_loud),
            ("high tone 8.5 dB above", high_loud),
        ] {
            assert_eq!(heard(&sound), "", "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_sound_is_heard(sound in proptest::collection::vec(any::<i16>(), 0..2_000)) {
            prop_assert!(heard(&sound).len() <= sound.len() / (BLOCK * 2));
        }
    }
}
