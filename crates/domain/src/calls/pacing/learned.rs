//! What a pacer has learned of its campaign.

use super::answers::{AnswerLatency, AnswerRate};
use super::handling::Hazard;
use super::risk::Risk;
use super::settings::PacingSettings;
use serde::{Deserialize, Serialize};

/// Everything a pacer keeps between decisions. It can be stored as it is and handed to
/// [`Pacer::resume`](super::Pacer::resume); what stored values mean is the pacer's business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    pub(super) answer_rate: AnswerRate,
    pub(super) latency: AnswerLatency,
    pub(super) talk: Hazard,
    pub(super) wrap: Hazard,
    pub(super) risk: Risk,
}

impl Learned {
    pub(super) fn new(settings: &PacingSettings) -> Self {
        Self {
            answer_rate: AnswerRate::new(),
            latency: AnswerLatency::new(),
            talk: Hazard::new(settings.expected_talk_ms),
            wrap: Hazard::new(settings.expected_wrap_ms),
            risk: Risk::new(),
        }
    }

    /// Live answers seen, ever.
    pub const fn live_answers(&self) -> u64 {
        self.latency.seen()
    }

    /// The share of dials expected to be answered live, a little on the high side.
    pub fn answer_rate(&self) -> f64 {
        self.answer_rate.estimate()
    }

    /// The share of expected answers that may be expected to find no agent, as learned by now.
    pub const fn risk(&self) -> f64 {
        self.risk.share()
    }

    /// Itself, with every part that cannot be right replaced by that of a first start.
    pub(super) fn or_first_start(self, settings: &PacingSettings) -> Self {
        let first = Self::new(settings);
        Self {
            answer_rate: if self.answer_rate.is_sound() { self.answer_rate } else { first.answer_rate },
            latency: if self.latency.is_sound() { self.latency } else { first.latency },
            talk: if self.talk.is_sound() { self.talk } else { first.talk },
            wrap: if self.wrap.is_sound() { self.wrap } else { first.wrap },
            risk: if self.risk.is_sound() { self.risk } else { first.risk },
        }
    }
}
