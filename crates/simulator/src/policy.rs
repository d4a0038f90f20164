//! Who decides how many calls to place.

use muster_domain::calls::pacing::{
    Decision, DialEnd, Pacer, PacingSettings, PacingSettingsError, Snapshot, Why,
};

/// Something that paces a shift. [`Pacer`] is the one that places real calls; the others exist to be compared with it.
pub trait Policy {
    /// See [`Pacer::decide`]. `now_ms` is the age of the shift, for policies that do something by the clock.
    fn decide(&mut self, now_ms: u64, now: &Snapshot<'_>) -> Decision;
    /// See [`Pacer::on_dial_ended`].
    fn on_dial_ended(&mut self, end: DialEnd);
    /// See [`Pacer::on_resolved`].
    fn on_resolved(&mut self, abandoned: bool);
    /// See [`Pacer::on_handle_ended`].
    fn on_handle_ended(&mut self, talk_ms: u32, wrap_ms: u32);
    /// The process has started again; nothing was kept.
    fn on_restart(&mut self);
}

impl Policy for Pacer {
    fn decide(&mut self, _now_ms: u64, now: &Snapshot<'_>) -> Decision {
        Self::decide(self, now)
    }

    fn on_dial_ended(&mut self, end: DialEnd) {
        Self::on_dial_ended(self, end);
    }

    fn on_resolved(&mut self, abandoned: bool) {
        Self::on_resolved(self, abandoned);
    }

    fn on_handle_ended(&mut self, talk_ms: u32, wrap_ms: u32) {
        Self::on_handle_ended(self, talk_ms, wrap_ms);
    }

    fn on_restart(&mut self) {
        if let Ok(fresh) = Self::new(*self.settings()) {
            *self = fresh;
        }
    }
}

/// A dial level with a hard limit, as older diallers have it: calls up to the level for each agent who is logged in,
/// busy ones included. While the day's share of abandoned calls is under the cap the level rises by 0.05 every 15
/// seconds, up to 3; as soon as it is over, the level is 1 until it is under again.
#[derive(Debug, Clone)]
pub struct DialLevel {
    level: f64,
    next_step_ms: u64,
}

impl DialLevel {
    const HIGHEST: f64 = 3.0;
    const STEP: f64 = 0.05;
    const STEP_MS: u64 = 15_000;

    /// A controller at level 1.
    pub const fn new() -> Self {
        Self { level: 1.0, next_step_ms: Self::STEP_MS }
    }
}

impl Default for DialLevel {
    fn default() -> Self {
        Self::new()
    }
}

impl Policy for DialLevel {
    fn decide(&mut self, now_ms: u64, now: &Snapshot<'_>) -> Decision {
        let over = now.windows.iter().any(|window| window.abandoned > window.cap * window.live as f64);
        if over {
            self.level = 1.0;
        } else if now_ms >= self.next_step_ms {
            self.level = (self.level + Self::STEP).min(Self::HIGHEST);
        }
        if now_ms >= self.next_step_ms {
            self.next_step_ms = now_ms + Self::STEP_MS;
        }
        let aimed = (self.level * f64::from(now.staffed())).floor() as u32;
        let occupied = now.staffed() - now.idle + now.waiting + now.in_flight();
        let floor = now.floor();
        let most = now.free_lines.min(now.rate_tokens).min(now.ready);
        Decision { dial: aimed.saturating_sub(occupied).max(floor).min(most), floor, why: Why::Ratio }
    }

    fn on_dial_ended(&mut self, _: DialEnd) {}
    fn on_resolved(&mut self, _: bool) {}
    fn on_handle_ended(&mut self, _: u32, _: u32) {}

    fn on_restart(&mut self) {
        *self = Self::new();
    }
}

/// A part of the pacer that can be taken away, to see that a bar notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing is dialled when the pacer would fall back to the progressive floor.
    Floor,
    /// The ledger always shows room.
    Gate,
    /// The risk is a number somebody thought of, 0.03, and stays there.
    LearnedRisk,
    /// Answer rate, latency and handling times stay what they were after the first 20 answers.
    Estimators,
}

/// The pacer without one of its parts.
#[derive(Debug, Clone)]
pub struct Mutilated {
    pacer: Pacer,
    missing: Missing,
    answers: u32,
}

impl Mutilated {
    /// The pacer with these settings, less a part.
    pub fn new(settings: PacingSettings, missing: Missing) -> Result<Self, PacingSettingsError> {
        let mut pacer = Pacer::new(settings)?;
        if missing == Missing::LearnedRisk {
            // The way a risk grows is to be told of calls that were served.
            while pacer.learned().risk() < 0.03 && settings.target() > 0.0 {
                let before = pacer.learned().risk();
                pacer.on_resolved(false);
                if pacer.learned().risk() <= before {
                    break;
                }
            }
        }
        Ok(Self { pacer, missing, answers: 0 })
    }

    fn learns(&self) -> bool {
        self.missing != Missing::Estimators || self.answers < 20
    }
}

impl Policy for Mutilated {
    fn decide(&mut self, now_ms: u64, now: &Snapshot<'_>) -> Decision {
        match self.missing {
            Missing::Gate => {
                let windows: Vec<_> = now
                    .windows
                    .iter()
                    .map(|window| muster_domain::calls::pacing::LedgerWindow {
                        live: u64::MAX,
                        abandoned: 0.0,
                        ..*window
                    })
                    .collect();
                Policy::decide(&mut self.pacer, now_ms, &Snapshot { windows: &windows, ..*now })
            }
            Missing::Floor => {
                let decision = Policy::decide(&mut self.pacer, now_ms, now);
                match decision.why {
                    Why::Floor | Why::Gate => Decision { dial: 0, ..decision },
                    _ => decision,
                }
            }
            Missing::LearnedRisk | Missing::Estimators => Policy::decide(&mut self.pacer, now_ms, now),
        }
    }

    fn on_dial_ended(&mut self, end: DialEnd) {
        if self.learns() {
            self.pacer.on_dial_ended(end);
        }
        self.answers += u32::from(matches!(end, DialEnd::Live { .. }));
    }

    fn on_resolved(&mut self, abandoned: bool) {
        if self.missing != Missing::LearnedRisk {
            self.pacer.on_resolved(abandoned);
        }
    }

    fn on_handle_ended(&mut self, talk_ms: u32, wrap_ms: u32) {
        if self.learns() {
            self.pacer.on_handle_ended(talk_ms, wrap_ms);
        }
    }

    fn on_restart(&mut self) {
        self.pacer.on_restart();
        self.answers = 0;
    }
}
