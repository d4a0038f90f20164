//! How many calls to place now: the pacing of call campaigns.
//!
//! [`Pacer::decide`] answers from a [`Snapshot`] of the campaign and from what the pacer has been told before
//! ([`Pacer::on_dial_ended`], [`Pacer::on_resolved`], [`Pacer::on_handle_ended`]). It knows no clock and draws no
//! random numbers: the same events lead to the same decisions (dialling-engine I11), so the engine and the simulation
//! run the same code.
//!
//! Two rules stand above every mode. One call in flight for each idle agent is always allowed, because it cannot
//! leave anybody without an agent (I12); a pacer that falls below this out of caution gets no answers and never learns
//! that it may dial again. And as soon as one more abandoned call could break a cap, nothing above that floor is
//! dialled until it could not ([`LedgerWindow`]).

mod answers;
mod demand;
mod gate;
mod handling;
mod learned;
mod look_ahead;
mod normal;
mod risk;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;

pub use learned::Learned;
pub use settings::{PacingMode, PacingSettings, PacingSettingsError};
pub use snapshot::{Busy, Decision, LedgerWindow, Snapshot, Why};

use look_ahead::Forecast;

/// Live answers that must have been seen before the predictive mode trusts its estimates (dialling-engine §6.2).
pub const COLD_START_ANSWERS: u64 = 20;

/// With a desk silent for longer than this, nobody knows which agents are there, and nothing is dialled for them.
pub const DESK_SILENT_MS: u32 = 5_000;

/// How a dial ended, as far as the answer rate is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialEnd {
    /// Somebody answered who wants an agent, `latency_ms` after the call was placed. With answer detection off this
    /// is every answered call, since machines are handed to agents too.
    Live {
        /// From placing the call to the answer.
        latency_ms: u32,
    },
    /// Busy, not answered, invalid, a machine that was recognised: the call needs no agent.
    NotLive,
}

/// Decides for one campaign how many calls to place.
#[derive(Debug, Clone)]
pub struct Pacer {
    settings: PacingSettings,
    learned: Learned,
}

impl Pacer {
    /// A pacer that has learned nothing yet: in the predictive mode it starts progressively.
    pub fn new(settings: PacingSettings) -> Result<Self, PacingSettingsError> {
        settings.check()?;
        let learned = Learned::new(&settings);
        Ok(Self { settings, learned })
    }

    /// A pacer that goes on with what another one of the same campaign had learned, after a restart. Stored values
    /// that cannot have come from a pacer are dropped for the values of a first start.
    pub fn resume(settings: PacingSettings, learned: Learned) -> Result<Self, PacingSettingsError> {
        settings.check()?;
        Ok(Self { learned: learned.or_first_start(&settings), settings })
    }

    /// Changes the settings while the campaign runs; what was learned is kept.
    pub fn configure(&mut self, settings: PacingSettings) -> Result<(), PacingSettingsError> {
        settings.check()?;
        self.settings = settings;
        Ok(())
    }

    /// The settings in force.
    pub const fn settings(&self) -> &PacingSettings {
        &self.settings
    }

    /// What has been learned, to be stored now and then and handed to [`Self::resume`].
    pub const fn learned(&self) -> &Learned {
        &self.learned
    }

    /// A dial has come to its outcome; to be told once for each call that was placed, when it is answered or has
    /// failed. A call that ended with the process, its outcome unknown, is not told.
    pub fn on_dial_ended(&mut self, end: DialEnd) {
        self.learned.answer_rate.observe(matches!(end, DialEnd::Live { .. }));
        if let DialEnd::Live { latency_ms } = end {
            self.learned.latency.observe(latency_ms);
        }
    }

    /// A live answer has got its agent (`abandoned = false`) or was left without one (`true`), as the ledger counts
    /// it. In the predictive mode this moves the risk that is taken: up a little with each call that was served, down
    /// a lot with each that was not.
    pub fn on_resolved(&mut self, abandoned: bool) {
        if self.settings.mode == PacingMode::Predictive {
            self.learned.risk.resolved(abandoned, self.settings.target());
        }
    }

    /// An agent is free again after `talk_ms` of conversation and `wrap_ms` of writing up. Calls cut short from
    /// outside, for example because the agent's connection broke, are better not told.
    pub fn on_handle_ended(&mut self, talk_ms: u32, wrap_ms: u32) {
        self.learned.talk.observe(talk_ms);
        self.learned.wrap.observe(wrap_ms);
    }

    /// How many calls to place now. To be asked every 250 to 500 ms and when an agent or a call changes its state;
    /// with more than 20 agents every 400 ms are enough.
    // Inline, with all it calls: a crate that takes hundreds of thousands of decisions can be optimized by itself.
    #[inline]
    pub fn decide(&self, now: &Snapshot<'_>) -> Decision {
        if self.settings.mode == PacingMode::Agentless {
            return now.clamp(now.free_lines, 0, Why::Lines);
        }
        if now.staffed() == 0 {
            return Decision::nothing(Why::NoAgents);
        }
        if now.desk_silent_ms > DESK_SILENT_MS {
            return Decision::nothing(Why::DeskSilent);
        }
        let floor = now.floor();
        let (wanted, why) = match self.settings.mode {
            PacingMode::Agentless | PacingMode::Progressive => (floor, Why::Floor),
            PacingMode::Power { ratio } => self.by_ratio(now, ratio),
            PacingMode::Predictive => self.by_look_ahead(now),
        };
        if wanted > floor { now.clamp(wanted, floor, why) } else { now.clamp(floor, floor, why.at_floor()) }
    }

    #[inline]
    fn by_ratio(&self, now: &Snapshot<'_>, ratio: f64) -> (u32, Why) {
        if gate::is_closed(now.windows, || self.forecast(now).expected_abandons()) {
            return (0, Why::Gate);
        }
        // Both are small: the ratio is checked to be at most `PacingSettings::MAX_RATIO`.
        let aimed = (ratio * f64::from(now.idle)).floor() as u32;
        (aimed.saturating_sub(now.in_flight().saturating_add(now.waiting)), Why::Ratio)
    }

    #[inline]
    fn by_look_ahead(&self, now: &Snapshot<'_>) -> (u32, Why) {
        if now.staffed() < self.settings.predictive_min_agents {
            return (0, Why::SmallTeam);
        }
        if self.learned.live_answers() < COLD_START_ANSWERS {
            return (0, Why::ColdStart);
        }
        let forecast = self.forecast(now);
        if gate::is_closed(now.windows, || forecast.expected_abandons()) {
            return (0, Why::Gate);
        }
        (forecast.most_calls(self.learned.risk.share(), now.most()), Why::LookAhead)
    }

    #[inline]
    fn forecast(&self, now: &Snapshot<'_>) -> Forecast {
        Forecast::of(now, &self.learned, &self.settings)
    }
}
