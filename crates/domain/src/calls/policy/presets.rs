//! Policies to start from. Each figure says what it rests on; none of it is legal advice, and all of it is to be
//! confirmed for the calls at hand before it is relied on.

use super::holidays::Calendar;
use super::schema::{
    Abandon, AbandonScope, AbandonWindow, ConnectAnchor, ConsentRule, HolidayRule, PerNumber, Policy,
    PrerecordedConsent, RedialAfterMachine,
};
use super::week::{
    OpenHours,
    Weekday::{self, Fri, Mon, Sat, Sun, Thu, Tue, Wed},
};
use crate::calls::number::E164;
use crate::calls::zones::place;
use std::sync::LazyLock;

/// A policy to start from.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// Its name, by which a policy refers to it.
    pub name: &'static str,
    /// For which calls it is meant.
    pub about: &'static str,
    /// Its values.
    pub policy: Policy,
    /// What its fields rest on: the field, and the law, the regulator's statement or our own choice. A field that is
    /// not listed is as in `STRICT`, by our own choice.
    pub sources: &'static [(&'static str, &'static str)],
}

/// The preset of a name, whatever its case.
pub fn preset(name: &str) -> Option<Preset> {
    presets().into_iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
}

/// All presets.
pub fn presets() -> Vec<Preset> {
    vec![strict(), us_tsr(), us_debt(), uk(), de(), fr()]
}

/// The preset for calls to the country of a number, to be put beside the client's and the campaign's own policies;
/// `None` where there is none for that country, or the number does not say. That of the United States is the one for
/// telemarketing.
pub fn of_jurisdiction(number: &E164) -> Option<&'static Policy> {
    static POLICIES: LazyLock<[(&str, Policy); 4]> = LazyLock::new(|| {
        [("US", us_tsr().policy), ("GB", uk().policy), ("DE", de().policy), ("FR", fr().policy)]
    });
    let country = place(number)?.country?;
    POLICIES.iter().find(|(known, _)| *known == country).map(|(_, policy)| policy)
}

fn hours(days: &[Weekday], from: &str, to: &str) -> OpenHours {
    OpenHours::new(days, from, to).expect("times of the presets are literals")
}

/// The default of a new client.
fn strict() -> Preset {
    Preset {
        name: "STRICT",
        about: "The default: tighter than each of the others in most respects; for calls of which nothing is known.",
        policy: Policy::default(),
        sources: &[
            ("hours", "our choice: 09:00 to 20:00 from Monday to Friday"),
            (
                "holidays",
                "our choice: nobody is called on public holidays of the called country, where known",
            ),
            ("min_ring_s", "our choice: longer than any rule known to us asks for"),
            ("connect_limit_ms", "our choice: two seconds from the answer, the strictest anchor"),
            ("abandon", "our choice: 3 % by the day and by 30 days, aiming at half of it"),
            ("redial_after_abandon", "our choice, after Ofcom's general statement on persistent misuse"),
            ("per_number", "our choice: 3 a day and 7 in seven days"),
            ("amd", "our choice: off, since detection by sound takes people for machines"),
            ("records_retention_days", "our choice: five years"),
        ],
    }
}

/// Telemarketing in the United States.
fn us_tsr() -> Preset {
    let policy = Policy {
        name: "US-TSR".to_owned(),
        hours: vec![hours(&Weekday::ALL, "08:00", "21:00")],
        holidays: HolidayRule::Ignore,
        holiday_calendar: Calendar::UsFederal,
        min_ring_s: 15,
        connect_limit_ms: 2_000,
        connect_anchor: ConnectAnchor::GreetingEnd,
        abandon: Abandon {
            cap: 0.03,
            target_factor: 0.85,
            windows: vec![AbandonWindow::CampaignOr30d],
            scope: AbandonScope::Campaign,
            forbid: false,
        },
        redial_after_machine_same_day: RedialAfterMachine::Free,
        consent: ConsentRule {
            required: false,
            evidence_required: true,
            prerecorded_requires: PrerecordedConsent::Written,
        },
        ..Policy::default()
    };
    Preset {
        name: "US-TSR",
        about: "Telemarketing to the United States. States may be stricter: some close at 20:00 or permit three \
                calls in 24 hours.",
        policy,
        sources: &[
            (
                "hours",
                "16 CFR 310.4(c) and 47 CFR 64.1200(c)(1): 08:00 to 21:00 at the called person's location",
            ),
            ("holidays", "no federal rule; some states have one"),
            ("min_ring_s", "16 CFR 310.4(b)(4)(ii): at least 15 seconds or four rings"),
            (
                "connect_limit_ms",
                "16 CFR 310.4(b)(1)(iv) and 47 CFR 64.1200(a)(7): two seconds after the completed greeting",
            ),
            (
                "abandon",
                "16 CFR 310.4(b)(4)(i): 3 % of calls answered by a person, per campaign, over the campaign if shorter \
                 than 30 days, else over each 30-day period; the aim below the cap is our choice",
            ),
            (
                "message",
                "16 CFR 310.4(b)(4)(iii): a recorded message with the seller's name and number; the opt-out key \
                 under 47 CFR 64.1200 is to be confirmed",
            ),
            ("consent", "47 CFR 64.1200(a): recorded telemarketing needs prior express written consent"),
            ("per_number", "no federal limit for telemarketing; ours, which also keeps to three in a day"),
            ("caller_id", "16 CFR 310.4(a)(8): caller identification must be transmitted"),
            ("records_retention_days", "16 CFR 310.5: records must be kept; five years is to be confirmed"),
        ],
    }
}

/// Collection of debts in the United States.
fn us_debt() -> Preset {
    let mut policy = us_tsr().policy;
    "US-DEBT".clone_into(&mut policy.name);
    policy.per_number = PerNumber {
        per_day: Some(3),
        per_7d: Some(7),
        per_30d: None,
        after_conversation_days: Some(7),
        after_refusal_days: None,
    };
    Preset {
        name: "US-DEBT",
        about: "Collection of debts in the United States. The rule counts per person and debt, this policy per \
                number: give each debt a campaign of its own, or stay below the figures.",
        policy,
        sources: &[
            ("hours", "12 CFR 1006.6(b): 08:00 to 21:00 at the consumer's location"),
            (
                "per_number",
                "12 CFR 1006.14(b)(2) (Regulation F): at most seven calls in seven days for a debt, none within \
                 seven days of a conversation; three a day is our choice",
            ),
            ("abandon", "as US-TSR where the call is telemarketing too"),
            (
                "records_retention_days",
                "12 CFR 1006.100: three years after the last collection activity; ours is longer",
            ),
        ],
    }
}

/// Calls to the United Kingdom.
fn uk() -> Preset {
    let policy = Policy {
        name: "UK".to_owned(),
        hours: vec![
            hours(&[Mon, Tue, Wed, Thu, Fri, Sat], "08:00", "21:00"),
            hours(&[Sun], "09:00", "20:00"),
        ],
        holidays: HolidayRule::AsSunday,
        holiday_calendar: Calendar::EnglandAndWales,
        min_ring_s: 15,
        abandon: Abandon {
            cap: 0.03,
            target_factor: 1.0 / 3.0,
            windows: vec![AbandonWindow::DayLocal],
            scope: AbandonScope::Campaign,
            forbid: true,
        },
        ..Policy::default()
    };
    Preset {
        name: "UK",
        about: "Calls to the United Kingdom. Dialling ahead of agents is off: since 1 March 2017 no share of \
                abandoned calls is safe.",
        policy,
        sources: &[
            ("hours", "our choice; no statute sets hours"),
            ("holidays", "our choice: bank holidays of England and Wales are like Sundays"),
            ("min_ring_s", "Ofcom, general statement on persistent misuse: 15 seconds"),
            ("connect_limit_ms", "Ofcom, as above: a message within two seconds of the answer"),
            ("message", "Ofcom, as above: who called and a number to call, no marketing"),
            (
                "abandon",
                "Ofcom, statement of December 2016 in force since 1 March 2017: the older 3 % in 24 hours is no \
                 longer permitted as such and any abandoned call may be acted on; cap and aim, for those who permit \
                 it nevertheless, are our choice",
            ),
            ("redial_after_abandon", "Ofcom, as above: 72 hours unless an agent is guaranteed"),
            (
                "redial_after_machine_same_day",
                "Ofcom, as above: on the day of a machine's answer only with an agent guaranteed",
            ),
            ("per_number", "our choice; no figure is set"),
            ("caller_id", "Ofcom, as above: a number that is presented and can be called back"),
        ],
    }
}

/// Calls to Germany.
fn de() -> Preset {
    let policy = Policy {
        name: "DE".to_owned(),
        hours: vec![hours(&[Mon, Tue, Wed, Thu, Fri, Sat], "08:00", "20:00")],
        holidays: HolidayRule::Closed,
        holiday_calendar: Calendar::Germany,
        min_ring_s: 15,
        abandon: Abandon {
            cap: 0.03,
            target_factor: 1.0 / 3.0,
            windows: vec![AbandonWindow::DayLocal],
            scope: AbandonScope::Campaign,
            forbid: false,
        },
        per_number: PerNumber { per_day: Some(3), per_7d: None, ..PerNumber::default() },
        consent: ConsentRule {
            required: true,
            evidence_required: true,
            prerecorded_requires: PrerecordedConsent::Given,
        },
        ..Policy::default()
    };
    Preset {
        name: "DE",
        about: "Advertising calls to Germany. For calls that are no advertising, `consent` may be loosened.",
        policy,
        sources: &[
            ("hours", "practice of the Bundesnetzagentur for advertising: working days 08:00 to 20:00"),
            (
                "holidays",
                "as the hours: none on Sundays and national holidays; holidays of states are not covered",
            ),
            (
                "min_ring_s",
                "Bundesnetzagentur: fewer than three rings count as a dropped call; 15 seconds is ours",
            ),
            (
                "abandon",
                "our choice: no statute regulates diallers, the Bundesnetzagentur acts against unreasonable nuisance",
            ),
            ("message", "our choice, as for the United Kingdom"),
            ("per_number.per_day", "practice of the Bundesnetzagentur: at most three a day"),
            ("consent", "UWG §§ 7, 7a: prior express consent, whose proof is to be kept"),
            (
                "caller_id",
                "TDDDG § 15 (before: TKG § 102), to be confirmed: the number must not be withheld in advertising calls",
            ),
            ("records_retention_days", "UWG § 7a: five years after consent was given or last used"),
        ],
    }
}

/// Calls to France.
fn fr() -> Preset {
    let weekdays = [Mon, Tue, Wed, Thu, Fri];
    let policy = Policy {
        name: "FR".to_owned(),
        hours: vec![hours(&weekdays, "10:00", "13:00"), hours(&weekdays, "14:00", "20:00")],
        holidays: HolidayRule::Closed,
        holiday_calendar: Calendar::France,
        min_ring_s: 15,
        abandon: Abandon {
            cap: 0.03,
            target_factor: 0.5,
            windows: vec![AbandonWindow::DayLocal],
            scope: AbandonScope::Campaign,
            forbid: false,
        },
        per_number: PerNumber {
            per_day: Some(3),
            per_7d: None,
            per_30d: Some(4),
            after_conversation_days: None,
            after_refusal_days: Some(60),
        },
        consent: ConsentRule {
            required: true,
            evidence_required: true,
            prerecorded_requires: PrerecordedConsent::Given,
        },
        ..Policy::default()
    };
    Preset {
        name: "FR",
        about: "Advertising calls to France.",
        policy,
        sources: &[
            (
                "hours",
                "Code de la consommation, decree 2022-1313: Monday to Friday 10:00 to 13:00 and 14:00 to 20:00",
            ),
            ("holidays", "decree 2022-1313: none on public holidays"),
            ("min_ring_s", "our choice"),
            ("abandon", "our choice"),
            ("per_number.per_30d", "decree 2022-1313: at most four attempts in 30 days"),
            ("per_number.after_refusal_days", "decree 2022-1313: none for 60 days after a refusal"),
            ("consent", "consent in advance from August 2026, to be confirmed"),
        ],
    }
}
