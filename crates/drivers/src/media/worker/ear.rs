//! What is told from the sound itself.

use super::super::settings::{Codec, MediaEvent};
use muster_app::ports::Heard;
use muster_codecs::voice::FRAME;
use muster_codecs::voice::classify::{Classifier, Rules, Verdict};
use muster_codecs::voice::key_tones::KeyToneDetector;
use std::time::{Duration, Instant};

/// When a far side sends nothing for that long, its silence goes on: it does not send what it does not say.
const SILENT_AFTER: Duration = Duration::from_millis(60);

/// Listens on one leg. It costs nothing until it is asked to.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// There while keys do not come as events.
    keys: Option<Box<KeyToneDetector>>,
    /// There until the verdict.
    voice: Option<Box<Voice>>,
}

#[derive(Debug)]
struct Voice {
    classifier: Classifier,
    frame: Vec<i16>,
    heard_at: Instant,
}

impl Ear {
    /// Whether keys are to be heard in the sound.
    pub(super) fn mind_keys(&mut self, wanted: bool) {
        if wanted {
            self.keys.get_or_insert_default();
        } else {
            self.keys = None;
        }
    }

    /// Begins to find out who speaks.
    pub(super) fn listen(&mut self, now: Instant) {
        let classifier = Classifier::new(Rules::default());
        self.voice = Some(Box::new(Voice { classifier, frame: Vec::with_capacity(FRAME), heard_at: now }));
    }

    /// Hears what a packet brought.
    pub(super) fn hear(
        &mut self,
        codec: Codec,
        payload: &[u8],
        now: Instant,
        mut tell: impl FnMut(MediaEvent),
    ) {
        let samples = payload.iter().map(|&code| codec.law().decode(code));
        if let Some(keys) = &mut self.keys {
            keys.listen(samples.clone(), |key| tell(MediaEvent::Digit(key)));
        }
        if let Some(voice) = &mut self.voice {
            voice.heard_at = now;
            for sample in samples {
                voice.frame.push(sample);
                if let Some(heard) = voice.judge() {
                    self.voice = None;
                    return tell(MediaEvent::Heard(heard));
                }
            }
        }
    }

    /// 20 ms have passed.
    pub(super) fn tick(&mut self, now: Instant, tell: impl FnOnce(MediaEvent)) {
        if let Some(voice) = &mut self.voice
            && now.saturating_duration_since(voice.heard_at) >= SILENT_AFTER
        {
            voice.frame.resize(FRAME, 0);
            if let Some(heard) = voice.judge() {
                self.voice = None;
                tell(MediaEvent::Heard(heard));
            }
        }
    }
}

impl Voice {
    /// The verdict, if the frame is full and it says enough.
    fn judge(&mut self) -> Option<Heard> {
        let frame = self.frame.first_chunk::<FRAME>()?;
        let verdict = self.classifier.frame(frame);
        self.frame.clear();
        verdict.map(|verdict| match verdict {
            Verdict::Human => Heard::Human,
            Verdict::Machine | Verdict::Announcement => Heard::Machine,
            Verdict::Fax => Heard::Fax,
        })
    }
}
