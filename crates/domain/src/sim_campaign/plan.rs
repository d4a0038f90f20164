//! How a campaign goes about it: waves, thresholds, pace, hours and waiting times.

use super::hours::SendHours;
use serde::{Deserialize, Serialize};

/// The plan of a campaign. The empty plan sends to all cards at the routes' pace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Waves in order of enrolment; cards beyond the last wave form one more. Fixed when the campaign first runs.
    pub waves: Vec<Wave>,
    /// When the campaign pauses itself.
    pub thresholds: Thresholds,
    /// Hours of the day in which new messages may leave; `None` sends around the clock.
    pub hours: Option<SendHours>,
    /// Most cards a second, over all nodes.
    pub pace_per_s: Option<u32>,
    /// The only route it may use.
    pub route: Option<String>,
    /// Seconds to wait for a card's answer after the message centre took the message.
    pub por_timeout_s: u32,
    /// Waiting times between tries.
    pub backoff: Backoff,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            waves: Vec::new(),
            thresholds: Thresholds::default(),
            hours: None,
            pace_per_s: None,
            route: None,
            por_timeout_s: 600,
            backoff: Backoff::default(),
        }
    }
}

/// A group of cards that goes before the ones behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// How many cards, in order of enrolment. One of `cards` and `percent` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cards: Option<u64>,
    /// How many of every hundred cards enrolled when the campaign first runs; at least one card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The next wave begins when so many of a hundred cards of this one have succeeded.
    #[serde(default = "full")]
    pub success_percent: u8,
    /// What happens then.
    #[serde(default)]
    pub then: WaveEnd,
}

const fn full() -> u8 {
    100
}

/// What follows a wave that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveEnd {
    /// The next wave.
    #[default]
    Continue,
    /// The campaign pauses; resuming it begins the next wave.
    Pause,
}

/// When a campaign pauses itself. Counted since it last ran: resuming begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Failed of every hundred ended attempts.
    pub error_percent: Option<u8>,
    /// Ended attempts before `error_percent` is looked at.
    pub minimum_ended: u32,
    /// Attempts that ended with an answer that tells of wrong keys, wrong TAR or wrong card.
    pub config_errors: Option<u32>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { error_percent: None, minimum_ended: 10, config_errors: None }
    }
}

/// Waiting times between tries (OTA rules §8.2): doubled with every try up to a cap, then cut by a random half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backoff {
    /// First wait after a card could not be reached or did not answer, in seconds.
    pub unreachable_base_s: u32,
    /// Longest such wait.
    pub unreachable_cap_s: u32,
    /// First wait after any other failure, in seconds.
    pub error_base_s: u32,
    /// Longest such wait.
    pub error_cap_s: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { unreachable_base_s: 300, unreachable_cap_s: 6 * 3600, error_base_s: 60, error_cap_s: 30 * 60 }
    }
}

/// Why a plan makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {rule}")]
pub struct PlanError {
    /// Which member, as a path.
    pub place: String,
    /// What it breaks.
    pub rule: &'static str,
}

impl Plan {
    /// Checks what the types cannot.
    pub fn validate(&self) -> Result<(), PlanError> {
        let fault = |place: String, rule| Err(PlanError { place, rule });
        if self.waves.len() > 100 {
            return fault("waves".to_owned(), "at most 100 waves");
        }
        for (index, wave) in self.waves.iter().enumerate() {
            let place = |member: &str| format!("waves[{index}].{member}");
            match (wave.cards, wave.percent) {
                (Some(0), None) => return fault(place("cards"), "at least 1"),
                (None, Some(percent)) if percent == 0 || percent > 100 => {
                    return fault(place("percent"), "1 to 100");
                }
                (Some(_), None) | (None, Some(_)) => {}
                _ => return fault(format!("waves[{index}]"), "exactly one of cards and percent"),
            }
            if wave.success_percent > 100 {
                return fault(place("success_percent"), "0 to 100");
            }
        }
        if self.thresholds.error_percent.is_some_and(|percent| percent == 0 || percent > 100) {
            return fault("thresholds.error_percent".to_owned(), "1 to 100");
        }
        if self.thresholds.config_errors == Some(0) {
            return fault("thresholds.config_errors".to_owned(), "at least 1");
        }
        if self.pace_per_s == Some(0) {
            return fault("pace_per_s".to_owned(), "at least 1; suspend a campaign to stop it");
        }
        if self.hours.as_ref().is_some_and(|hours| hours.validate().is_err()) {
            return fault(
                "hours".to_owned(),
                "two times of day HH:MM and a zone: card, or an IANA time zone",
            );
        }
        if self.por_timeout_s == 0 {
            return fault("por_timeout_s".to_owned(), "at least 1");
        }
        Ok(())
    }
}

/// How far a campaign is with its plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Runtime {
    /// For each wave the ordinal behind its last card; empty until the campaign first runs, or without waves.
    pub limits: Vec<u64>,
    /// The wave that may be sent to, from 0. `limits.len()` is everybody else.
    pub wave: u32,
    /// What had been counted when the campaign last began to run, by wave: thresholds look at what came since.
    pub baseline: Vec<WaveCounts>,
}

/// What has been counted in one wave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WaveCounts {
    /// Participants that succeeded.
    pub succeeded: u64,
    /// Participants that ended otherwise.
    pub failed: u64,
    /// Attempts that ended well.
    pub attempts_ok: u64,
    /// Attempts that ended otherwise.
    pub attempts_failed: u64,
    /// Of those, attempts whose answer tells of wrong keys, wrong TAR or wrong card.
    pub config_errors: u64,
}

/// What the counts of a wave call for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    GoOn,
    /// The next wave.
    NextWave,
    /// A pause before the next wave, with the reason in words.
    PauseAfterWave(String),
    /// A pause because too much fails, with the reason in words.
    PauseForErrors(String),
}

impl Runtime {
    /// Fixes the waves over `participants` cards.
    pub fn begin(&mut self, plan: &Plan, participants: u64) {
        let mut behind: u64 = 0;
        self.limits.clear();
        for wave in &plan.waves {
            let size = match (wave.cards, wave.percent) {
                (Some(cards), _) => cards,
                (None, percent) => (participants * u64::from(percent.unwrap_or(100))).div_ceil(100).max(1),
            };
            behind = behind.saturating_add(size);
            self.limits.push(behind);
        }
        self.wave = 0;
    }

    /// Which wave a card is in, by its ordinal.
    pub fn wave_of(&self, ordinal: u64) -> u32 {
        self.limits.partition_point(|limit| *limit <= ordinal) as u32
    }

    /// The ordinal before which cards may be sent to now; `None` is all of them.
    pub fn sendable_below(&self) -> Option<u64> {
        self.limits.get(self.wave as usize).copied()
    }

    /// Remembers the counts from which thresholds are counted.
    pub fn set_baseline(&mut self, counts: &[WaveCounts]) {
        self.baseline = counts.to_vec();
    }

    /// What the present wave's counts call for. `counts` has an entry for each wave that has any.
    pub fn judge(&self, plan: &Plan, counts: &[WaveCounts], participants: u64) -> Verdict {
        let wave = self.wave as usize;
        let at = |list: &[WaveCounts]| list.get(wave).copied().unwrap_or_default();
        let (all, base) = (at(counts), at(&self.baseline));
        let ok = all.attempts_ok.saturating_sub(base.attempts_ok);
        let failed = all.attempts_failed.saturating_sub(base.attempts_failed);
        let config = all.config_errors.saturating_sub(base.config_errors);
        let ended = ok + failed;
        if let Some(limit) = plan.thresholds.config_errors
            && config >= u64::from(limit)
        {
            return Verdict::PauseForErrors(format!(
                "wave {}: {config} answers tell of wrong keys, a wrong TAR or a wrong card (threshold {limit})",
                wave + 1
            ));
        }
        if let Some(percent) = plan.thresholds.error_percent
            && ended >= u64::from(plan.thresholds.minimum_ended.max(1))
            && failed * 100 >= ended * u64::from(percent)
        {
            return Verdict::PauseForErrors(format!(
                "wave {}: {failed} of {ended} attempts failed (threshold {percent} %)",
                wave + 1
            ));
        }
        let Some(&limit) = self.limits.get(wave) else { return Verdict::GoOn };
        let before = wave.checked_sub(1).map_or(0, |previous| self.limits[previous]);
        let size = limit.min(participants).saturating_sub(before.min(participants));
        let Some(rule) = plan.waves.get(wave) else { return Verdict::NextWave };
        if size == 0 {
            // Nobody is in it yet: whoever is enrolled next is.
            return Verdict::GoOn;
        }
        if all.succeeded * 100 < size * u64::from(rule.success_percent) {
            if all.succeeded + all.failed >= size && limit < participants {
                // It can not succeed any more, and nobody would ever know what the campaign waits for.
                return Verdict::PauseAfterWave(format!(
                    "wave {} has ended and only {} of {size} cards succeeded ({} % wanted): resume to begin the next \
                     all the same",
                    wave + 1,
                    all.succeeded,
                    rule.success_percent
                ));
            }
            return Verdict::GoOn;
        }
        match rule.then {
            // Behind the last card there is nobody to wait for.
            WaveEnd::Pause if limit < participants => Verdict::PauseAfterWave(format!(
                "wave {} has succeeded ({} of {size} cards): resume to begin the next",
                wave + 1,
                all.succeeded
            )),
            _ => Verdict::NextWave,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(waves: &str, thresholds: &str) -> Plan {
        serde_json::from_str(&format!(r#"{{"waves": {waves}, "thresholds": {thresholds}}}"#)).unwrap()
    }

    #[test]
    fn waves_are_cut_by_count_and_by_percent() {
        let plan = plan(r#"[{"cards": 5}, {"percent": 10}, {"percent": 1}]"#, "{}");
        let mut runtime = Runtime::default();
        runtime.begin(&plan, 95);
        assert_eq!(runtime.limits, [5, 15, 16]);
        let waves: Vec<_> = [0, 4, 5, 14, 15, 16, 94].map(|ordinal| runtime.wave_of(ordinal)).into();
        assert_eq!(waves, [0, 0, 1, 1, 2, 3, 3]);
        assert_eq!(runtime.sendable_below(), Some(5));
        runtime.wave = 3;
        assert_eq!(runtime.sendable_below(), None);
    }

    #[test]
    fn a_wave_passes_when_enough_succeeded_and_pauses_where_it_is_told_to() {
        let plan = plan(r#"[{"cards": 10, "success_percent": 80, "then": "pause"}]"#, "{}");
        let mut runtime = Runtime::default();
        runtime.begin(&plan, 100);
        let counts = |succeeded| [WaveCounts { succeeded, attempts_ok: succeeded, ..WaveCounts::default() }];
        assert_eq!(runtime.judge(&plan, &counts(7), 100), Verdict::GoOn);
        assert!(matches!(runtime.judge(&plan, &counts(8), 100), Verdict::PauseAfterWave(_)));
        // With nobody behind it there is nothing to pause for.
        assert_eq!(runtime.judge(&plan, &counts(8), 10), Verdict::NextWave);
        runtime.wave = 1;
        assert_eq!(runtime.judge(&plan, &counts(8), 100), Verdict::GoOn);
    }

    #[test]
    fn a_wave_that_cannot_succeed_any_more_pauses_and_says_so() {
        let plan = plan(r#"[{"cards": 10, "success_percent": 80}]"#, "{}");
        let mut runtime = Runtime::default();
        runtime.begin(&plan, 100);
        let counts = |succeeded, failed| [WaveCounts { succeeded, failed, ..WaveCounts::default() }];
        assert_eq!(runtime.judge(&plan, &counts(5, 4), 100), Verdict::GoOn);
        let Verdict::PauseAfterWave(reason) = runtime.judge(&plan, &counts(7, 3), 100) else {
            panic!("it pauses")
        };
        assert!(reason.contains("only 7 of 10") && reason.contains("80 %"), "{reason}");
        // With nobody behind it the campaign is over anyway.
        assert_eq!(runtime.judge(&plan, &counts(7, 3), 10), Verdict::GoOn);
    }

    #[test]
    fn a_wave_nobody_is_in_yet_is_not_passed_by() {
        let plan = plan(r#"[{"cards": 2}, {"cards": 3}]"#, "{}");
        let mut runtime = Runtime::default();
        runtime.begin(&plan, 0);
        assert_eq!(runtime.judge(&plan, &[], 0), Verdict::GoOn);
        // Two are enrolled, and then more while the campaign runs.
        let first = [WaveCounts { succeeded: 2, ..WaveCounts::default() }];
        assert_eq!(runtime.judge(&plan, &first, 2), Verdict::NextWave);
        runtime.wave = 1;
        assert_eq!(runtime.judge(&plan, &first, 2), Verdict::GoOn);
        assert_eq!(runtime.judge(&plan, &first, 4), Verdict::GoOn);
    }

    #[test]
    fn errors_pause_from_the_minimum_on_and_are_counted_anew_after_a_resume() {
        let plan = plan("[]", r#"{"error_percent": 20, "minimum_ended": 10}"#);
        let mut runtime = Runtime::default();
        let counts = |attempts_ok, attempts_failed| {
            vec![WaveCounts { attempts_ok, attempts_failed, ..WaveCounts::default() }]
        };
        assert_eq!(runtime.judge(&plan, &counts(0, 9), 100), Verdict::GoOn);
        assert!(matches!(runtime.judge(&plan, &counts(8, 2), 100), Verdict::PauseForErrors(_)));
        assert_eq!(runtime.judge(&plan, &counts(9, 2), 100), Verdict::GoOn);
        runtime.set_baseline(&counts(0, 10));
        assert_eq!(runtime.judge(&plan, &counts(5, 11), 100), Verdict::GoOn);
        assert_eq!(runtime.judge(&plan, &counts(20, 11), 100), Verdict::GoOn);
        assert!(matches!(runtime.judge(&plan, &counts(8, 12), 100), Verdict::PauseForErrors(_)));
    }

    #[test]
    fn configuration_errors_have_a_threshold_of_their_own() {
        let plan = plan("[]", r#"{"config_errors": 3}"#);
        let counts = |config_errors| {
            vec![WaveCounts { config_errors, attempts_failed: config_errors, ..WaveCounts::default() }]
        };
        assert_eq!(Runtime::default().judge(&plan, &counts(2), 100), Verdict::GoOn);
        assert!(matches!(Runtime::default().judge(&plan, &counts(3), 100), Verdict::PauseForErrors(_)));
    }

    #[test]
    fn plans_that_make_no_sense_are_told_where() {
        let table = [
            ("[{}]", "{}", "waves[0]"),
            (r#"[{"cards": 1, "percent": 1}]"#, "{}", "waves[0]"),
            (r#"[{"cards": 0}]"#, "{}", "waves[0].cards"),
            (r#"[{"cards": 1}, {"percent": 101}]"#, "{}", "waves[1].percent"),
            (r#"[{"cards": 1, "success_percent": 101}]"#, "{}", "waves[0].success_percent"),
            ("[]", r#"{"error_percent": 0}"#, "thresholds.error_percent"),
            ("[]", r#"{"config_errors": 0}"#, "thresholds.config_errors"),
        ];
        for (waves, thresholds, place) in table {
            assert_eq!(plan(waves, thresholds).validate().unwrap_err().place, place);
        }
        assert_eq!(
            Plan { pace_per_s: Some(0), ..Plan::default() }.validate().unwrap_err().place,
            "pace_per_s"
        );
        for (from, to, zone) in [
            ("8:00", "20:00", r#""card""#),
            ("08:00", "24:00", r#""card""#),
            ("08:00", "20:00", r#"{"fixed": "Mars"}"#),
        ] {
            let plan = format!(r#"{{"hours": {{"from": "{from}", "to": "{to}", "zone": {zone}}}}}"#);
            let plan: Plan = serde_json::from_str(&plan).unwrap();
            assert_eq!(plan.validate().unwrap_err().place, "hours", "{from} {to} {zone}");
        }
        assert_eq!(Plan::default().validate(), Ok(()));
    }
}
