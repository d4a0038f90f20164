//! What numbers do that no table knows: drawn, by the seed, as telephones answer on a working day.

use super::media::Sound;
use super::plan::{Plan, Talk, Then, reject};
use crate::rng::SplitMix64;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Longest time that is drawn for anything, in milliseconds.
const LONGEST_MS: f64 = 3_600_000.0;

/// Shares of calls, and how long they take. Whatever the shares leave is not answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    /// A person answers.
    pub human: f64,
    /// A mailbox answers.
    pub mailbox: f64,
    /// The line is busy.
    pub busy: f64,
    /// The number does not exist; such a number never does.
    pub invalid: f64,
    /// The phone is off.
    pub unreachable: f64,
    /// Seconds until it rings: between these.
    pub dial_delay_s: (f64, f64),
    /// Mean seconds a person lets it ring; a gamma distribution of shape 3.
    pub ring_mean_s: f64,
    /// Mean seconds until a mailbox answers; a normal distribution, 3 s wide.
    pub mailbox_ring_mean_s: f64,
    /// Mean seconds a person talks until hanging up; a lognormal distribution.
    pub talk_mean_s: f64,
    /// Its standard deviation divided by its mean.
    pub talk_cv: f64,
    /// A person who hears nothing for so many seconds after the answer hangs up. Not divided by the speed.
    pub patience_s: f64,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            human: 0.35,
            mailbox: 0.20,
            busy: 0.06,
            invalid: 0.02,
            unreachable: 0.04,
            dial_delay_s: (1.0, 3.0),
            ring_mean_s: 9.0,
            mailbox_ring_mean_s: 17.0,
            talk_mean_s: 120.0,
            talk_cv: 1.0,
            patience_s: 6.0,
        }
    }
}

impl Mix {
    /// What is wrong with it, if anything is.
    pub fn fault(&self) -> Option<&'static str> {
        let shares = [self.human, self.mailbox, self.busy, self.invalid, self.unreachable];
        let times = [
            self.dial_delay_s.0,
            self.dial_delay_s.1,
            self.ring_mean_s,
            self.mailbox_ring_mean_s,
            self.talk_mean_s,
            self.talk_cv,
            self.patience_s,
        ];
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
            return Some("a share is not between 0 and 1");
        }
        if shares.iter().sum::<f64>() > 1.0 + 1e-9 {
            return Some("the shares are more than 1 together");
        }
        if times.iter().any(|time| !time.is_finite() || *time < 0.0) {
            return Some("a time is negative or no number");
        }
        None
    }

    /// What a number does at its `time`th call, from 0. It depends on nothing else than these and the seed.
    pub(super) fn plan_of(&self, seed: u64, number: &str, time: u64) -> Plan {
        let name = number.bytes().fold(0xCBF2_9CE4_8422_2325u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01B3)
        });
        let exists = share(SplitMix64::draw(seed, &[name])) >= self.invalid;
        if !exists {
            return Plan::fails("drawn_invalid", 404, Some(1));
        }
        let mut chance = Chance(SplitMix64::new(SplitMix64::draw(seed, &[name, time, 1])));
        let (from, to) = self.dial_delay_s;
        let delay_ms = milliseconds(from + (to - from) * chance.share());
        // Of the numbers that exist: the shares are of all calls.
        let mut rest = chance.share() * (1.0 - self.invalid);
        let mut hit = |part: f64| {
            rest -= part;
            rest < 0.0
        };
        if hit(self.human) {
            let talk = Talk {
                hang_up_after_ms: Some(
                    milliseconds(chance.lognormal(self.talk_mean_s, self.talk_cv)).max(1_000),
                ),
                patience_ms: Some(milliseconds(self.patience_s)),
                ..Talk::default()
            };
            return rings(
                "drawn_human",
                delay_ms,
                milliseconds(chance.gamma_of_three(self.ring_mean_s)),
                talk,
            );
        }
        if hit(self.mailbox) {
            let talk = Talk { sound: Sound::Mailbox, hang_up_after_ms: Some(40_000), ..Talk::default() };
            let ring_ms = milliseconds(self.mailbox_ring_mean_s + 3.0 * chance.normal());
            return rings("drawn_mailbox", delay_ms, ring_ms, talk);
        }
        if hit(self.busy) {
            return Plan::of("drawn_busy", &[(0, Then::Trying), (delay_ms, reject(486, Some(17)))]);
        }
        if hit(self.unreachable) {
            return Plan::of("drawn_unreachable", &[(0, Then::Trying), (delay_ms, reject(480, Some(20)))]);
        }
        Plan::of("drawn_no_answer", &[(0, Then::Trying), (delay_ms, Then::Ringing)])
    }
}

fn rings(name: &str, delay_ms: u64, ring_ms: u64, talk: Talk) -> Plan {
    let steps = [(0, Then::Trying), (delay_ms, Then::Ringing), (ring_ms, Then::Answer)];
    Plan { talk, ..Plan::of(name, &steps) }
}

fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0).clamp(0.0, LONGEST_MS) as u64
}

/// A draw as a number from 0 up to 1.
fn share(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1u64 << 53) as f64
}

/// Distributions.
#[derive(Debug)]
pub(super) struct Chance(pub(super) SplitMix64);

impl Chance {
    /// Even, from 0 up to 1.
    pub(super) fn share(&mut self) -> f64 {
        share(self.0.next_u64())
    }

    /// Even, above 0: its logarithm exists.
    fn positive(&mut self) -> f64 {
        1.0 - self.share()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.positive().ln()).sqrt() * (TAU * self.share()).cos()
    }

    fn gamma_of_three(&mut self, mean: f64) -> f64 {
        -(self.positive() * self.positive() * self.positive()).ln() * mean / 3.0
    }

    pub(super) fn lognormal(&mut self, mean: f64, cv: f64) -> f64 {
        let variance = (1.0 + cv * cv).ln();
        mean * (variance.sqrt() * self.normal() - variance / 2.0).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn shares_and_means_are_as_wanted() {
        let mix = Mix::default();
        let (mut counts, mut ring, mut talk) = (BTreeMap::<String, u32>::new(), 0, 0);
        for number in 0..20_000 {
            let plan = mix.plan_of(7, &format!("49301{number:06}"), 0);
            if plan.name == "drawn_human" {
                ring += plan.steps[2].after_ms;
                talk += plan.talk.hang_up_after_ms.unwrap();
            }
            *counts.entry(plan.name).or_default() += 1;
        }
        for (name, share) in [
            ("drawn_human", 0.35),
            ("drawn_mailbox", 0.20),
            ("drawn_busy", 0.06),
            ("drawn_unreachable", 0.04),
            ("drawn_invalid", 0.02),
            ("drawn_no_answer", 0.33),
        ] {
            let got = f64::from(counts[name]) / 20_000.0;
            assert!((got - share).abs() < 0.012, "{name}: {got} instead of {share}");
        }
        let humans = f64::from(counts["drawn_human"]) * 1_000.0;
        let (ring, talk) = (ring as f64 / humans, talk as f64 / humans);
        assert!((8.5..9.5).contains(&ring), "{ring}");
        assert!((112.0..128.0).contains(&talk), "{talk}");
    }

    #[test]
    fn the_seed_the_number_and_the_time_decide() {
        let mix = Mix { invalid: 0.3, ..Mix::default() };
        let plans = |seed, time| -> Vec<Plan> {
            (0..200).map(|number| mix.plan_of(seed, &number.to_string(), time)).collect()
        };
        assert_eq!(plans(1, 0), plans(1, 0));
        assert_ne!(plans(1, 0), plans(2, 0));
        assert_ne!(plans(1, 0), plans(1, 1));
        let invalid =
            |plans: &[Plan]| -> Vec<bool> { plans.iter().map(|plan| plan.name == "drawn_invalid").collect() };
        assert_eq!(invalid(&plans(1, 0)), invalid(&plans(1, 5)), "what does not exist never will");
    }

    #[test]
    fn contradictions_are_told() {
        for (mix, wrong) in [
            (Mix::default(), false),
            (Mix { human: 0.9, ..Mix::default() }, true),
            (Mix { busy: -0.1, ..Mix::default() }, true),
            (Mix { talk_mean_s: f64::NAN, ..Mix::default() }, true),
        ] {
            assert_eq!(mix.fault().is_some(), wrong, "{mix:?}");
        }
    }
}
