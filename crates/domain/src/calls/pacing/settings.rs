//! What an operator sets about pacing.

use serde::{Deserialize, Serialize};

/// By which rule calls are placed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PacingMode {
    /// One call in flight for each idle agent. Nobody who answers is left without one while agents stay.
    Progressive,
    /// A fixed number of calls in flight for each idle agent, as long as the ledger permits.
    Power {
        /// Calls per idle agent, from 1 to [`PacingSettings::MAX_RATIO`].
        ratio: f64,
    },
    /// As many calls as the expected share of abandoned ones allows; the share is learned from what happens.
    Predictive,
    /// No agents: as many calls as there are lines.
    Agentless,
}

/// The settings of one campaign's pacing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PacingSettings {
    /// The rule.
    pub mode: PacingMode,
    /// Largest permitted share of live answers without an agent, 0 to 1. The predictive mode aims below it; what is
    /// enforced are the caps of the [`LedgerWindow`](super::LedgerWindow)s.
    pub cap: f64,
    /// What part of the cap the predictive mode aims at, above 0 and up to 1.
    pub target_factor: f64,
    /// How long somebody who answered may wait for an agent before the call counts as abandoned.
    pub connect_limit_ms: u32,
    /// How long a call may ring.
    pub ring_limit_ms: u32,
    /// How long a conversation is expected to take until enough of them have been seen.
    pub expected_talk_ms: u32,
    /// How long writing up is expected to take until enough of it has been seen.
    pub expected_wrap_ms: u32,
    /// With fewer agents logged in than this, the predictive mode dials progressively.
    pub predictive_min_agents: u32,
}

impl Default for PacingSettings {
    fn default() -> Self {
        Self {
            mode: PacingMode::Progressive,
            cap: 0.03,
            target_factor: 0.85,
            connect_limit_ms: 2_000,
            ring_limit_ms: 20_000,
            expected_talk_ms: 120_000,
            expected_wrap_ms: 20_000,
            predictive_min_agents: 3,
        }
    }
}

impl PacingSettings {
    /// The largest ratio of the power mode.
    pub const MAX_RATIO: f64 = 20.0;

    /// The share of abandoned calls the predictive mode aims at (τ in dialling-engine §6.3).
    pub fn target(&self) -> f64 {
        self.cap * self.target_factor
    }

    pub(super) fn check(&self) -> Result<(), PacingSettingsError> {
        if let PacingMode::Power { ratio } = self.mode
            && !(1.0..=Self::MAX_RATIO).contains(&ratio)
        {
            return Err(PacingSettingsError::Ratio(ratio));
        }
        if !(0.0..=1.0).contains(&self.cap) {
            return Err(PacingSettingsError::Cap(self.cap));
        }
        if !(self.target_factor > 0.0 && self.target_factor <= 1.0) {
            return Err(PacingSettingsError::TargetFactor(self.target_factor));
        }
        Ok(())
    }
}

/// Settings no pacer can work with.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PacingSettingsError {
    /// The power mode's ratio.
    #[error("calls per idle agent must be from 1 to {max}, not {0}", max = PacingSettings::MAX_RATIO)]
    Ratio(f64),
    /// The cap.
    #[error("the cap on abandoned calls must be a share from 0 to 1, not {0}")]
    Cap(f64),
    /// The part of the cap to aim at.
    #[error("the part of the cap to aim at must be above 0 and at most 1, not {0}")]
    TargetFactor(f64),
}
