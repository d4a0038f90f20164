//! What phones say.

use crate::rng::SplitMix64;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Samples of a frame of 20 ms.
pub(super) const FRAME: usize = 160;
const FRAME_MS: u64 = 20;
const LOUD: f64 = 8_000.0;

/// What is to be heard after the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    /// Packets of silence.
    Silence,
    /// The phone's own tone without end ([`crate::phones::tone_of`]).
    Tone,
    /// A person: a short hello (0.7 s), a second of silence, the phone's own tone from then on.
    #[default]
    Human,
    /// A mailbox: 6 s of speech-like noise, a beep (1,000 Hz, 0.4 s), then silence: it records.
    Mailbox,
    /// A fax that answers: 2,100 Hz, for 3 s after 0.5 s of silence (ITU-T T.30 CED).
    FaxAnswer,
    /// A fax that calls: 1,100 Hz, half a second every 3.5 s (ITU-T T.30 CNG).
    FaxCalling,
    /// The network: three tones (950, 1,400 and 1,800 Hz, a third of a second each), then 4 s of speech-like noise.
    Announcement,
}

/// One voice on its way through time.
#[derive(Debug)]
pub(super) struct Voice {
    sound: Sound,
    tone_hz: u32,
    noise: SplitMix64,
    frames: u64,
    last: f64,
}

impl Voice {
    pub(super) fn new(sound: Sound, tone_hz: u32, seed: u64) -> Self {
        Self { sound, tone_hz, noise: SplitMix64::new(seed), frames: 0, last: 0.0 }
    }

    /// The next 20 ms.
    pub(super) fn frame(&mut self) -> [i16; FRAME] {
        let at_ms = self.frames * FRAME_MS;
        let own = Part::Tone(self.tone_hz);
        let part = match self.sound {
            Sound::Silence => Part::Silence,
            Sound::Tone => own,
            Sound::Human => match at_ms {
                0..700 => Part::Speech,
                700..1_700 => Part::Silence,
                _ => own,
            },
            Sound::Mailbox => match at_ms {
                0..6_000 => Part::Speech,
                6_200..6_600 => Part::Tone(1_000),
                _ => Part::Silence,
            },
            Sound::FaxAnswer => match at_ms {
                500..3_500 => Part::Tone(2_100),
                _ => Part::Silence,
            },
            Sound::FaxCalling => {
                if at_ms % 3_500 < 500 {
                    Part::Tone(1_100)
                } else {
                    Part::Silence
                }
            }
            Sound::Announcement => match at_ms {
                0..340 => Part::Tone(950),
                340..680 => Part::Tone(1_400),
                680..1_020 => Part::Tone(1_800),
                1_020..5_000 => Part::Speech,
                _ => Part::Silence,
            },
        };
        let frame = self.samples(part, at_ms);
        self.frames += 1;
        frame
    }

    fn samples(&mut self, part: Part, at_ms: u64) -> [i16; FRAME] {
        let mut frame = [0; FRAME];
        match part {
            Part::Tone(hz) => {
                let first = self.frames * FRAME as u64;
                for (index, sample) in (first..).zip(&mut frame) {
                    // Whole periods are left out, or the sine would lose precision in a long call.
                    let turns = (index * u64::from(hz) % 8_000) as f64 / 8_000.0;
                    *sample = (LOUD * (TAU * turns).sin()) as i16;
                }
            }
            // Syllables of 180 ms with 60 ms between, of noise without the highest part.
            Part::Speech if at_ms % 240 < 180 => {
                for sample in &mut frame {
                    let noise = (self.noise.below(20_001) as f64) - 10_000.0;
                    self.last = 0.6 * self.last + 0.4 * noise;
                    *sample = self.last as i16;
                }
            }
            Part::Speech | Part::Silence => {}
        }
        frame
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Silence,
    Tone(u32),
    Speech,
}
