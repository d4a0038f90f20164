//! What phones hear.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Mean magnitude of samples above which a frame is sound. Comfort noise and the quantisation of silence stay below.
const SOUND: u32 = 200;
/// So long without sound ends a spell.
const GAP_MS: u64 = 600;
/// Most spells that are remembered of a call.
const SPELLS_MAX: usize = 256;
/// Frames over which the pitch is measured.
const WINDOW: usize = 5;
/// Pitches of one tone differ by no more.
const SAME_HZ: u32 = 6;

/// A stretch of sound that a phone heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// When it began, on the clock of the record.
    pub from_ms: u64,
    /// When it was heard last.
    pub to_ms: u64,
    /// Its pitch in Hz, if it is one tone; to be compared with [`crate::phones::tone_of`], within 5 Hz.
    pub tone_hz: Option<u32>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Sound after silence.
    Sound,
    /// Silence for some time after sound.
    Quiet,
}

/// Listens to frames.
#[derive(Debug, Default)]
pub(super) struct Ear {
    spells: Vec<Spell>,
    sounding: bool,
    last_ms: u64,
    window: VecDeque<Vec<i16>>,
}

impl Ear {
    /// All spells so far.
    pub(super) fn spells(&self) -> &[Spell] {
        &self.spells
    }

    /// A frame was heard.
    pub(super) fn hear(&mut self, now_ms: u64, samples: Vec<i16>) -> Option<Change> {
        let sum: u32 = samples.iter().map(|sample| u32::from(sample.unsigned_abs())).sum();
        if samples.is_empty() || sum / samples.len() as u32 <= SOUND {
            self.window.clear();
            return self.look(now_ms);
        }
        let began = !self.sounding;
        self.sounding = true;
        self.last_ms = now_ms;
        self.window.push_back(samples);
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
        let tone_hz = if self.window.len() == WINDOW { pitch(&self.window) } else { None };
        self.note(now_ms, began, tone_hz);
        began.then_some(Change::Sound)
    }

    /// Nothing, or silence, was heard.
    pub(super) fn look(&mut self, now_ms: u64) -> Option<Change> {
        if self.sounding && now_ms.saturating_sub(self.last_ms) >= GAP_MS {
            self.sounding = false;
            self.window.clear();
            return Some(Change::Quiet);
        }
        None
    }

    fn note(&mut self, now_ms: u64, began: bool, tone_hz: Option<u32>) {
        let full = self.spells.len() >= SPELLS_MAX;
        let new = Spell { from_ms: now_ms, to_ms: now_ms, tone_hz };
        let Some(last) = self.spells.last_mut().filter(|_| !began) else {
            if !full {
                self.spells.push(new);
            }
            return;
        };
        match (last.tone_hz, tone_hz) {
            // The first frames of a tone have no pitch yet.
            (None, Some(_)) if now_ms.saturating_sub(last.from_ms) <= 20 * WINDOW as u64 + 40 => {
                last.tone_hz = tone_hz;
                last.to_ms = now_ms;
            }
            (Some(one), Some(other)) if one.abs_diff(other) > SAME_HZ && !full => self.spells.push(new),
            (None, Some(_)) if !full => self.spells.push(new),
            // A frame between two tones, or one that came late: judged by what comes after it.
            _ => last.to_ms = now_ms,
        }
    }
}

/// The pitch, if all that was heard is one tone: the periods between rising crossings of zero are alike.
fn pitch(window: &VecDeque<Vec<i16>>) -> Option<u32> {
    let samples: Vec<f64> = window.iter().flatten().map(|sample| f64::from(*sample)).collect();
    let mut crossings = Vec::new();
    for (index, pair) in samples.windows(2).enumerate() {
        if pair[0] < 0.0 && pair[1] >= 0.0 {
            crossings.push(index as f64 + pair[0] / (pair[0] - pair[1]));
        }
    }
    let (first, last) = (*crossings.first()?, *crossings.last()?);
    if crossings.len() < 4 {
        return None;
    }
    let period = (last - first) / (crossings.len() - 1) as f64;
    let steady = crossings.windows(2).all(|pair| ((pair[1] - pair[0]) - period).abs() <= 0.5);
    steady.then(|| (8_000.0 / period).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::super::g711;
    use super::super::voice::{Sound, Voice};
    use super::*;
    use crate::phones::sip::sdp::Codec;

    fn listen(voice: &mut Voice, ear: &mut Ear, frames: std::ops::Range<u64>) -> Vec<(u64, Change)> {
        let mut changes = Vec::new();
        for frame in frames {
            let heard = voice
                .frame()
                .iter()
                .map(|sample| g711::decode(Codec::Pcmu, g711::encode(Codec::Pcmu, *sample)))
                .collect();
            changes.extend(ear.hear(frame * 20, heard).map(|change| (frame * 20, change)));
        }
        changes
    }

    #[test]
    fn every_tone_is_recognised() {
        for hz in (400..=2_390).step_by(10) {
            let mut ear = Ear::default();
            listen(&mut Voice::new(Sound::Tone, hz, 1), &mut ear, 0..50);
            let [spell] = ear.spells() else { panic!("{hz}: {:?}", ear.spells()) };
            assert!(spell.tone_hz.is_some_and(|heard| heard.abs_diff(hz) <= 4), "{hz}: {spell:?}");
            assert_eq!((spell.from_ms, spell.to_ms), (0, 980));
        }
    }

    #[test]
    fn a_person_says_hello_first() {
        let mut ear = Ear::default();
        let changes = listen(&mut Voice::new(Sound::Human, 500, 1), &mut ear, 0..200);
        assert_eq!(changes, [(0, Change::Sound), (1_240, Change::Quiet), (1_700, Change::Sound)]);
        let tones: Vec<_> = ear.spells().iter().map(|spell| spell.tone_hz).collect();
        assert_eq!(tones, [None, Some(500)], "noise is no tone: {:?}", ear.spells());
    }

    #[test]
    fn one_tone_after_another() {
        let mut ear = Ear::default();
        listen(&mut Voice::new(Sound::Tone, 500, 1), &mut ear, 0..50);
        listen(&mut Voice::new(Sound::Tone, 800, 1), &mut ear, 50..100);
        let tones: Vec<_> = ear.spells().iter().map(|spell| spell.tone_hz).collect();
        assert_eq!(tones, [Some(500), Some(800)], "{:?}", ear.spells());
    }

    #[test]
    fn a_mailbox_beeps() {
        let mut ear = Ear::default();
        listen(&mut Voice::new(Sound::Mailbox, 500, 1), &mut ear, 0..400);
        let beep = ear.spells().last().unwrap();
        assert!(beep.tone_hz.is_some_and(|hz| hz.abs_diff(1_000) <= 5), "{:?}", ear.spells());
        assert_eq!((beep.from_ms, beep.to_ms), (6_280, 6_580), "{:?}", ear.spells());
    }

    #[test]
    fn silence_is_nothing() {
        let mut ear = Ear::default();
        assert_eq!(listen(&mut Voice::new(Sound::Silence, 500, 1), &mut ear, 0..100), []);
        assert_eq!(ear.spells(), []);
    }
}
