//! Who answered: a person, a machine, a fax. Told from the first seconds of sound, frame by frame.
//!
//! Detectors of this kind are wrong for one call in five or so, and a person who is taken for a machine is left in
//! silence. So it is off unless somebody asks for it, and whatever stays doubtful is a person.

use super::goertzel::{Goertzel, energy};
use super::{FRAME, SAMPLE_RATE};

/// Milliseconds of a frame.
const FRAME_MS: u32 = (FRAME as u32 * 1_000) / SAMPLE_RATE;
/// Power of the quietest speech, mean square: about −45 dBm0.
const LEAST_POWER: f32 = 7_000.0;
/// Speech is louder than the noise by that factor (9 dB).
const ABOVE_NOISE: f32 = 8.0;
/// The noise is what the quietest of so many frames had, 600 ms. Nobody speaks that long without a dip; what sounds on
/// evenly is no speech.
const NOISE_FRAMES: usize = 30;
/// What the noise is taken for before so many frames were heard, unless it is less: about −34 dBm0, more than lines have
/// and less than people speak with. With none at all noise would pass for speech at first, with that of the first frames
/// a word spoken at once would pass for noise.
const UNKNOWN_NOISE: f32 = 100_000.0;
/// Speech that lasts less is a click, in frames.
const LEAST_SPEECH: u32 = 3;
/// Between two words, in frames.
const WORD_GAP: u32 = 4;
/// Share of a frame's energy in one tone from which on the frame is that tone.
const TONE_SHARE: f32 = 0.8;
/// Frames of a fax tone, 300 ms: the calling tone lasts 500 ms (ITU-T T.30 §4.3.3.2).
const FAX_FRAMES: u32 = 15;
/// Frames of each tone of special information: they last 276 or 380 ms (ITU-T E.180, GR-674).
const SIT_FRAMES: u32 = 10;

/// What the far end is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A person, or nothing that could be told.
    Human,
    /// A mailbox, or some other machine that speaks.
    Machine,
    /// A fax or a modem.
    Fax,
    /// A recording of the network, behind its three rising tones.
    Announcement,
}

/// When to decide what, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Longer silence at the beginning is a machine.
    pub initial_silence_ms: u32,
    /// A greeting that goes on for longer is a machine's; one that ends before is a person's.
    pub greeting_ms: u32,
    /// Silence that ends a greeting.
    pub pause_ms: u32,
    /// That many words are a machine's.
    pub words: u32,
    /// Undecided for so long: a person.
    pub deadline_ms: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { initial_silence_ms: 2_500, greeting_ms: 1_500, pause_ms: 800, words: 5, deadline_ms: 4_000 }
    }
}

/// Listens to one answered call.
#[derive(Clone, Debug)]
pub struct Classifier {
    rules: Rules,
    verdict: Option<Verdict>,
    frames: u32,
    /// Powers of the last frames.
    powers: [f32; NOISE_FRAMES],
    /// Frames of speech, and of none, in a row up to now.
    speech: u32,
    pause: u32,
    greeting: Option<Greeting>,
    words: u32,
    /// 1,100 Hz of the caller, 2,100 Hz of the called.
    fax: [Run; 2],
    /// The three tones of special information, each in its two pitches; how many were heard, and the present one.
    sit: [[Goertzel; 2]; 3],
    sit_heard: usize,
    sit_frames: u32,
}

/// Frames at which the greeting began and its last speech ended.
#[derive(Clone, Copy, Debug)]
struct Greeting {
    from: u32,
    until: u32,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    tone: Goertzel,
    frames: u32,
}

impl Classifier {
    /// Begins at the answer.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            verdict: None,
            frames: 0,
            powers: [UNKNOWN_NOISE; NOISE_FRAMES],
            speech: 0,
            pause: 0,
            greeting: None,
            words: 0,
            fax: [1_100.0, 2_100.0].map(|pitch| Run { tone: Goertzel::new(pitch), frames: 0 }),
            sit: [[913.8, 985.2], [1_370.6, 1_428.5], [1_776.7, 1_776.7]]
                .map(|pitches| pitches.map(Goertzel::new)),
            sit_heard: 0,
            sit_frames: 0,
        }
    }

    /// Hears the next 20 ms; the verdict comes once and stays.
    pub fn frame(&mut self, samples: &[i16; FRAME]) -> Option<Verdict> {
        if self.verdict.is_none() {
            self.frames += 1;
            self.verdict = self.tones(samples).or_else(|| self.speech(energy(samples) / FRAME as f32));
        }
        self.verdict
    }

    fn tones(&mut self, samples: &[i16; FRAME]) -> Option<Verdict> {
        let total = energy(samples);
        let is_loud = total >= LEAST_POWER * FRAME as f32;
        let is_tone = |tone: &Goertzel| is_loud && tone.energy(samples) >= TONE_SHARE * total;
        for run in &mut self.fax {
            run.frames = if is_tone(&run.tone) { run.frames + 1 } else { 0 };
            if run.frames >= FAX_FRAMES {
                return Some(Verdict::Fax);
            }
        }
        if self.sit[self.sit_heard].iter().any(is_tone) {
            self.sit_frames += 1;
            if self.sit_frames >= SIT_FRAMES {
                self.sit_frames = 0;
                self.sit_heard += 1;
                if self.sit_heard == self.sit.len() {
                    return Some(Verdict::Announcement);
                }
            }
        } else {
            self.sit_frames = 0;
        }
        None
    }

    fn speech(&mut self, power: f32) -> Option<Verdict> {
        let noise = self.noise();
        self.powers[self.frames as usize % NOISE_FRAMES] = power;
        if power >= LEAST_POWER.max(noise * ABOVE_NOISE) {
            self.speech += 1;
            if self.speech == LEAST_SPEECH {
                let from = self.frames - LEAST_SPEECH;
                if self.greeting.is_none() || self.pause >= WORD_GAP {
                    self.words += 1;
                }
                self.greeting.get_or_insert(Greeting { from, until: from });
                self.pause = 0;
            }
            if self.speech >= LEAST_SPEECH
                && let Some(greeting) = &mut self.greeting
            {
                greeting.until = self.frames;
            }
        } else {
            // A click shorter than speech does not end a pause.
            self.pause += if self.speech < LEAST_SPEECH { 1 + self.speech } else { 1 };
            self.speech = 0;
        }
        self.judge()
    }

    fn judge(&self) -> Option<Verdict> {
        let rules = &self.rules;
        let heard_ms = self.frames * FRAME_MS;
        match self.greeting {
            None if heard_ms > rules.initial_silence_ms => return Some(Verdict::Machine),
            None => {}
            Some(greeting) => {
                let greeting_ms = (greeting.until - greeting.from) * FRAME_MS;
                if greeting_ms > rules.greeting_ms || self.words >= rules.words {
                    return Some(Verdict::Machine);
                }
                if self.pause * FRAME_MS >= rules.pause_ms {
                    return Some(Verdict::Human);
                }
            }
        }
        (heard_ms >= rules.deadline_ms).then_some(Verdict::Human)
    }

    /// The power of the noise.
    fn noise(&self) -> f32 {
        self.powers.iter().copied().fold(f32::INFINITY, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone;
    use super::*;
    use proptest::prelude::*;

    const MS: usize = 8;

    /// Speech as far as its loudness goes: syllables of 160 ms with dips of 40 ms, of a voice with harmonics.
    fn speech(ms: usize) -> Vec<i16> {
        // 100 ms are whole periods of all four.
        let voice = tone::sines(&[140.0, 280.0, 420.0, 980.0], 2_000, 100 * MS);
        let is_dip = |at: usize| at % (200 * MS) >= 160 * MS;
        let voice = voice.into_iter().cycle().take(ms * MS).enumerate();
        voice.map(|(at, sample)| if is_dip(at) { sample / 12 } else { sample }).collect()
    }

    fn words(count: usize, ms: usize, gap_ms: usize) -> Vec<i16> {
        (0..count).flat_map(|_| [speech(ms), tone::silence(gap_ms * MS)].concat()).collect()
    }

    fn tones(pitches: &[f32], ms: usize) -> Vec<i16> {
        pitches.iter().flat_map(|&pitch| tone::sines(&[pitch], 6_000, ms * MS)).collect()
    }

    fn silence(ms: usize) -> Vec<i16> {
        tone::silence(ms * MS)
    }

    /// The verdict, and after how many milliseconds.
    fn verdict(sound: &[i16]) -> (Verdict, u32) {
        let mut classifier = Classifier::new(Rules::default());
        let endless = sound.iter().copied().chain(std::iter::repeat(0));
        let mut endless = endless.into_iter();
        for number in 1.. {
            let frame = std::array::from_fn(|_| endless.next().unwrap_or(0));
            if let Some(verdict) = classifier.frame(&frame) {
                return (verdict, number * FRAME_MS);
            }
            assert!(number < 1_000, "there is a deadline");
        }
        unreachable!("the loop has no end");
    }

    fn noisy(sound: &[i16], amplitude: i16) -> Vec<i16> {
        let noise = tone::noise(5, amplitude, 6_000 * MS);
        let sound = sound.iter().copied().chain(std::iter::repeat(0));
        noise.iter().zip(sound).map(|(noise, sound)| noise.saturating_add(sound)).collect()
    }

    #[test]
    fn answers_by_table() {
        let hello = [silence(400), speech(500)].concat();
        let late_hello = [silence(1_000), speech(700)].concat();
        let mailbox = [silence(600), speech(4_000)].concat();
        for (name, sound, expected, from_ms, to_ms) in [
            ("silence", silence(0), Verdict::Machine, 2_500, 2_600),
            ("hello", hello.clone(), Verdict::Human, 1_600, 1_760),
            ("a word at once", speech(160), Verdict::Human, 900, 1_000),
            ("a late hello over a noisy line", noisy(&late_hello, 500), Verdict::Human, 2_400, 2_700),
            (
                "hello, with the name",
                [silence(300), words(2, 400, 100)].concat(),
                Verdict::Human,
                1_900,
                2_100,
            ),
            ("hello over a noisy line", noisy(&hello, 500), Verdict::Human, 1_600, 1_760),
            ("mailbox", mailbox.clone(), Verdict::Machine, 2_000, 2_300),
            ("mailbox over a noisy line", noisy(&mailbox, 500), Verdict::Machine, 2_000, 2_300),
            ("mailbox of few words", words(6, 200, 120), Verdict::Machine, 1_200, 1_600),
            ("noise alone", noisy(&[], 8_000), Verdict::Human, 600, 4_000),
            ("a click, then nothing", tone::noise(1, 9_000, 30 * MS), Verdict::Machine, 2_500, 2_600),
            ("late", [silence(2_000), speech(400)].concat(), Verdict::Human, 3_100, 3_300),
            ("caller's fax", [silence(1_500), tones(&[1_100.0], 500)].concat(), Verdict::Fax, 1_780, 1_860),
            ("called fax", tones(&[2_100.0], 2_600), Verdict::Fax, 300, 320),
            (
                "announcement",
                [tones(&[913.8, 1_370.6, 1_776.7], 276), silence(200), speech(3_000)].concat(),
                Verdict::Announcement,
                700,
                860,
            ),
            (
                "announcement in the other pitches",
                [tones(&[985.2, 1_428.5, 1_776.7], 380), speech(3_000)].concat(),
                Verdict::Announcement,
                900,
                1_060,
            ),
        ] {
            let (found, at_ms) = verdict(&sound);
            assert_eq!(found, expected, "{name} at {at_ms} ms");
            assert!((from_ms..=to_ms).contains(&at_ms), "{name} at {at_ms} ms");
        }
    }

    #[test]
    fn a_verdict_stays() {
        let mut classifier = Classifier::new(Rules { initial_silence_ms: 20, ..Rules::default() });
        let quiet = [0; FRAME];
        assert_eq!(classifier.frame(&quiet), None);
        assert_eq!(classifier.frame(&quiet), Some(Verdict::Machine));
        let loud: [i16; FRAME] = speech(20).try_into().unwrap();
        for _ in 0..100 {
            assert_eq!(classifier.frame(&loud), Some(Verdict::Machine));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_sound_is_judged_in_time(sound in proptest::collection::vec(any::<i16>(), 0..8_000)) {
            let (_, at_ms) = verdict(&sound);
            prop_assert!(at_ms <= Rules::default().deadline_ms);
        }
    }
}
