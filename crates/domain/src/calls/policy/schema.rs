//! A policy as data: what an operator writes, and what is stored.

use super::holidays::Calendar;
use super::week::{OpenHours, Weekday};
use crate::calls::number::E164;
use serde::{Deserialize, Serialize};

/// Limits on when, how often and how people are called. Whatever a document leaves out is as in the preset `STRICT`,
/// which is [`Policy::default`]. What the fields of the presets rest on is in [`super::Preset::sources`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// What people call it; told with every refusal.
    pub name: String,
    /// When a phone may ring, in the called party's time. On a day without any hours nobody is called.
    pub hours: Vec<OpenHours>,
    /// What happens on public holidays.
    pub holidays: HolidayRule,
    /// Which days are public holidays.
    pub holiday_calendar: Calendar,
    /// Whose time counts where neither the contact nor the number tells a zone.
    pub unknown_zone: UnknownZone,
    /// How long a phone rings at least, unless somebody answers, seconds.
    pub min_ring_s: u32,
    /// Within what time an answered call has an agent, milliseconds.
    pub connect_limit_ms: u32,
    /// From when that time is measured.
    pub connect_anchor: ConnectAnchor,
    /// How many answered calls may find no agent.
    pub abandon: Abandon,
    /// What a person hears for whom there is no agent.
    pub message: MessageRule,
    /// When a person may be called again after such a call.
    pub redial_after_abandon: RedialAfterAbandon,
    /// Whether a number may be called again on a day on which a machine answered.
    pub redial_after_machine_same_day: RedialAfterMachine,
    /// How often a number may be called.
    pub per_number: PerNumber,
    /// What people must have agreed to.
    pub consent: ConsentRule,
    /// What number is shown.
    pub caller_id: CallerIdRule,
    /// Whether answers may be classified by their sound.
    pub amd: AnswerDetection,
    /// Share of people whom the classifier takes for machines, as measured on this operator's calls, 0 to 1. So much
    /// of all machine verdicts counts as abandoned.
    pub amd_false_positive_rate: Option<f64>,
    /// How long attempts and their verdicts are kept, days.
    pub records_retention_days: u32,
}

/// What happens on public holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayRule {
    /// Nobody is called.
    Closed,
    /// The hours of a Sunday hold.
    AsSunday,
    /// A holiday is a day like any other.
    Ignore,
}

/// Whose time counts where no zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownZone {
    /// The call is refused.
    Refuse,
    /// The client's.
    ClientZone,
}

/// From when the connect limit is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectAnchor {
    /// From the answer.
    Answer,
    /// From the beginning of the person's greeting; without detection of speech, from the answer.
    GreetingStart,
    /// From the end of the person's greeting; without detection of speech, from the answer.
    GreetingEnd,
}

/// How many answered calls may find no agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Abandon {
    /// Largest share of live answers, 0 to 1; 0 permits none, and with that no predictive dialling.
    pub cap: f64,
    /// What share of the cap the pacer aims at, above 0 to 1.
    pub target_factor: f64,
    /// Over what the share is taken; all of these hold.
    pub windows: Vec<AbandonWindow>,
    /// Whose calls are counted together.
    pub scope: AbandonScope,
    /// Whether dialling ahead of agents (power, predictive) is forbidden altogether.
    pub forbid: bool,
}

/// A period over which the share of abandoned calls is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbandonWindow {
    /// The calendar day in the client's time.
    DayLocal,
    /// So many calendar days up to today.
    RollingDays(u16),
    /// The campaign while it is younger than 30 days, then each period of 30 days.
    #[serde(rename = "campaign_or_30d")]
    CampaignOr30d,
}

/// Whose calls a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbandonScope {
    /// Those of the campaign.
    Campaign,
    /// Those of the campaign, and besides those of all campaigns of the client together.
    CampaignAndSite,
}

/// What a person hears for whom there is no agent. Dialling ahead of agents needs such a message always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageRule {
    /// Within what time after the answer it begins, milliseconds.
    pub start_within_ms: u32,
    /// How long it may be, seconds.
    pub max_s: u32,
    /// The key by which the person is never called again.
    pub opt_out_key: char,
}

/// When a person may be called again after an abandoned call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedialAfterAbandon {
    /// Not within so many hours.
    pub hours: u32,
    /// Earlier if an agent is reserved for the call until it ends.
    pub unless_agent_guaranteed: bool,
}

/// Whether a number may be called again on the day of a machine's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedialAfterMachine {
    /// Only if an agent is reserved for the call until it ends.
    AgentGuaranteedOnly,
    /// Yes.
    Free,
}

/// How often a number may be called; what is `null` does not limit. Every attempt counts that reached the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerNumber {
    /// Attempts in a calendar day of the called party.
    pub per_day: Option<u32>,
    /// Attempts in seven days.
    pub per_7d: Option<u32>,
    /// Attempts in thirty days.
    pub per_30d: Option<u32>,
    /// Days after a conversation without any attempt.
    pub after_conversation_days: Option<u32>,
    /// Days after a refusal without any attempt.
    pub after_refusal_days: Option<u32>,
}

/// What people must have agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentRule {
    /// Whether they must have agreed to be called at all.
    pub required: bool,
    /// Whether a required consent must name its evidence.
    pub evidence_required: bool,
    /// What a campaign that plays a recording needs.
    pub prerecorded_requires: PrerecordedConsent,
}

/// What a campaign that plays a recording needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrerecordedConsent {
    /// No more than any other campaign.
    Nothing,
    /// Consent.
    Given,
    /// Consent in writing.
    Written,
}

/// What number is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallerIdRule {
    /// Whether one must be shown. It has to be one under which the operator can be called back.
    pub required: bool,
    /// The only ones that may be shown; none listed permits all.
    pub allowed: Vec<E164>,
}

/// Whether answers may be classified by their sound, strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerDetection {
    /// Not at all: every answer is a person's.
    Off,
    /// The agent hears the answer at once; the classifier only advises.
    AgentFirst,
    /// The classifier decides before an agent is asked for.
    DetectFirst,
}

impl Default for Policy {
    fn default() -> Self {
        use Weekday::{Fri, Mon, Thu, Tue, Wed};
        let hours = OpenHours::new(&[Mon, Tue, Wed, Thu, Fri], "09:00", "20:00").expect("a literal");
        Self {
            name: "STRICT".to_owned(),
            hours: vec![hours],
            holidays: HolidayRule::Closed,
            holiday_calendar: Calendar::OfNumber,
            unknown_zone: UnknownZone::Refuse,
            min_ring_s: 20,
            connect_limit_ms: 2_000,
            connect_anchor: ConnectAnchor::Answer,
            abandon: Abandon::default(),
            message: MessageRule::default(),
            redial_after_abandon: RedialAfterAbandon::default(),
            redial_after_machine_same_day: RedialAfterMachine::AgentGuaranteedOnly,
            per_number: PerNumber::default(),
            consent: ConsentRule::default(),
            caller_id: CallerIdRule::default(),
            amd: AnswerDetection::Off,
            amd_false_positive_rate: None,
            records_retention_days: 1_825,
        }
    }
}

impl Default for Abandon {
    fn default() -> Self {
        Self {
            cap: 0.03,
            target_factor: 0.5,
            windows: vec![AbandonWindow::DayLocal, AbandonWindow::RollingDays(30)],
            scope: AbandonScope::Campaign,
            forbid: false,
        }
    }
}

impl Default for MessageRule {
    fn default() -> Self {
        Self { start_within_ms: 2_000, max_s: 20, opt_out_key: '9' }
    }
}

impl Default for RedialAfterAbandon {
    fn default() -> Self {
        Self { hours: 72, unless_agent_guaranteed: true }
    }
}

impl Default for PerNumber {
    fn default() -> Self {
        Self {
            per_day: Some(3),
            per_7d: Some(7),
            per_30d: None,
            after_conversation_days: None,
            after_refusal_days: None,
        }
    }
}

impl Default for ConsentRule {
    fn default() -> Self {
        Self { required: false, evidence_required: true, prerecorded_requires: PrerecordedConsent::Written }
    }
}

impl Default for CallerIdRule {
    fn default() -> Self {
        Self { required: true, allowed: Vec::new() }
    }
}
