//! What a shift is made of.

use muster_domain::calls::pacing::{PacingMode, PacingSettings};

const HOUR_S: f64 = 3_600.0;

/// When somebody who answers picks up, counted from the first ring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Latency {
    /// Gamma distributed with shape 3.
    Gamma {
        /// The mean.
        mean_s: f64,
    },
    /// Half of the people at hand with a mobile phone, half on the way to one that hangs on the wall.
    TwoSpeeds {
        /// The mean of the first half.
        fast_s: f64,
        /// The mean of the second half.
        slow_s: f64,
    },
}

/// How calls turn out, and how long they take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Callers {
    /// The share of dials a person answers.
    pub answer_rate: f64,
    /// The share a machine answers.
    pub machine_rate: f64,
    /// The share that fails at once: busy, invalid.
    pub failure_rate: f64,
    /// When people answer.
    pub latency: Latency,
    /// How long a phone may ring.
    pub ring_limit_s: f64,
    /// Mean length of a conversation, lognormal with a coefficient of variation of 1.
    pub talk_s: f64,
    /// Mean length of writing up, lognormal with a coefficient of variation of 0.5.
    pub wrap_s: f64,
}

/// Recognition of machines before an agent is given the call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MachineDetection {
    /// The share of people who are taken for a machine and hung up on.
    pub false_positive_rate: f64,
}

/// How agents leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// At once, conversations included: their network is gone.
    AtOnce,
    /// When they have written up.
    AfterTheirCall,
}

/// Something that changes during the shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// People answer more or less often from now on.
    AnswerRate(f64),
    /// So many agents leave.
    Leave(u32, Leaving),
    /// So many agents who had left come back.
    Return(u32),
    /// Everybody whose phone rings picks up in this instant.
    EverybodyAnswers,
    /// The process dies and starts again: calls in flight are forgotten, answered ones count as abandoned, agents are
    /// back a minute later. The ledger is kept, what the pacer had learned is not.
    Restart,
}

/// A shift to be simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Agents at the start.
    pub agents: u32,
    /// The people called.
    pub callers: Callers,
    /// The pacer's settings. Expected lengths are left at their defaults: it has to learn them.
    pub pacing: PacingSettings,
    /// Length of the shift.
    pub shift_s: f64,
    /// The beginning left out of utilisation and waits. The ledger counts it.
    pub warm_up_s: f64,
    /// Largest number of calls at the same time, in flight or up.
    pub lines: u32,
    /// Largest number of calls placed in a second.
    pub calls_per_s: f64,
    /// Contacts on the list.
    pub contacts: u64,
    /// Detection, if switched on.
    pub detection: Option<MachineDetection>,
    /// What changes, by seconds since the start.
    pub changes: Vec<(f64, Change)>,
}

/// A name no scenario has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownScenario(pub String);

impl std::fmt::Display for UnknownScenario {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "there is no scenario {:?}; there are {}", self.0, Scenario::NAMES.join(", "))
    }
}

impl std::error::Error for UnknownScenario {}

impl Scenario {
    /// The scenarios there are, by name.
    pub const NAMES: [&str; 13] = [
        "steady",
        "answers-rise",
        "answers-drop",
        "agents-drop",
        "lunch",
        "two-speeds",
        "everybody-answers",
        "restart",
        "list-end",
        "slow-trunk",
        "trunk",
        "few-lines",
        "detection",
    ];

    /// A shift of eight and a half hours in which nothing changes, paced predictively under a cap of 3 %.
    pub fn steady(agents: u32, answer_rate: f64) -> Self {
        Self {
            name: "steady".to_owned(),
            agents,
            callers: Callers {
                answer_rate,
                machine_rate: 0.20,
                failure_rate: 0.08,
                latency: Latency::Gamma { mean_s: 9.0 },
                ring_limit_s: 20.0,
                talk_s: 120.0,
                wrap_s: 20.0,
            },
            pacing: PacingSettings { mode: PacingMode::Predictive, ..PacingSettings::default() },
            shift_s: 8.5 * HOUR_S,
            warm_up_s: 0.5 * HOUR_S,
            lines: u32::MAX,
            calls_per_s: f64::INFINITY,
            contacts: u64::MAX,
            detection: None,
            changes: Vec::new(),
        }
    }

    /// The scenario of this name; [`Self::NAMES`] has them all.
    pub fn named(name: &str, agents: u32, answer_rate: f64) -> Result<Self, UnknownScenario> {
        let mut scenario = Self { name: name.to_owned(), ..Self::steady(agents, answer_rate) };
        let changes = &mut scenario.changes;
        match name {
            "steady" => {}
            // From half the given rate to one and a half of it: 0.15 and 0.45 around 0.3.
            "answers-rise" => {
                scenario.callers.answer_rate = answer_rate * 0.5;
                changes.push((4.0 * HOUR_S, Change::AnswerRate(answer_rate * 1.5)));
            }
            "answers-drop" => {
                scenario.callers.answer_rate = answer_rate * 1.5;
                changes.push((4.0 * HOUR_S, Change::AnswerRate(answer_rate * 0.5)));
            }
            "agents-drop" => changes.push((4.0 * HOUR_S, Change::Leave(agents / 2, Leaving::AtOnce))),
            // Everybody goes for 30 minutes, one after the other over an hour: all are back 90 minutes later.
            "lunch" => {
                for agent in 0..agents {
                    let at = 3.5 * HOUR_S + HOUR_S * f64::from(agent) / f64::from(agents);
                    changes.push((at, Change::Leave(1, Leaving::AfterTheirCall)));
                    changes.push((at + 0.5 * HOUR_S, Change::Return(1)));
                }
            }
            "two-speeds" => scenario.callers.latency = Latency::TwoSpeeds { fast_s: 6.0, slow_s: 12.0 },
            "everybody-answers" => {
                changes.extend((1..=10).map(|n| (f64::from(n) * 3_000.0, Change::EverybodyAnswers)));
            }
            "restart" => changes.push((4.0 * HOUR_S, Change::Restart)),
            "list-end" => scenario.contacts = 30,
            "slow-trunk" => scenario.calls_per_s = 1.0,
            "trunk" => scenario.calls_per_s = 5.0,
            "few-lines" => scenario.lines = agents,
            "detection" => scenario.detection = Some(MachineDetection { false_positive_rate: 0.05 }),
            other => return Err(UnknownScenario(other.to_owned())),
        }
        Ok(scenario)
    }

    /// The same shift under another rule.
    pub fn paced(mut self, mode: PacingMode) -> Self {
        self.pacing.mode = mode;
        self
    }

    /// The same shift, `hours` long. Changes keep their times.
    pub fn hours(mut self, hours: f64) -> Self {
        self.shift_s = hours * HOUR_S;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_scenario() {
        for name in Scenario::NAMES {
            assert_eq!(Scenario::named(name, 10, 0.3).unwrap().name, name);
        }
        let refused = Scenario::named("nowhere", 10, 0.3).unwrap_err();
        assert!(refused.to_string().contains("steady"));
    }
}
