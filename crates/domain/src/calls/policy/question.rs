//! What is asked of a policy, and what it answers.

use crate::calls::client::NumberRecord;
use crate::calls::hours::{NumberWindow, WeekSpan};
use crate::calls::number::{DialRules, E164};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// Whether somebody agreed to be called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nothing is known.
    #[default]
    Unknown,
    /// They agreed.
    Given {
        /// In writing.
        written: bool,
        /// Where the proof is kept.
        evidence: Option<String>,
    },
    /// They took it back.
    Withdrawn,
}

/// May this number be called now?
#[derive(Debug, Clone, Copy)]
pub struct CallQuestion<'a> {
    /// The present instant.
    pub now: UnixMillis,
    /// Whom to call.
    pub number: &'a E164,
    /// Which numbers may be dialled at all.
    pub dial_rules: &'a DialRules,
    /// How long it may ring, seconds.
    pub ring_max_s: u32,
    /// IANA name of the contact's own zone, where it is known. Otherwise every zone in which the number may lie
    /// counts.
    pub contact_zone: Option<&'a str>,
    /// IANA name of the client's zone: in it the campaign's hours are meant.
    pub client_zone: &'a str,
    /// First instant of the campaign (`dtFrom`).
    pub campaign_from: Option<UnixMillis>,
    /// First instant after the campaign (`dtTo`).
    pub campaign_to: Option<UnixMillis>,
    /// The campaign's hours in the client's zone; none means always (dialler contract 3.0).
    pub active_times: &'a [WeekSpan],
    /// Hours of the contact's numbers in the client's zone; a number without any is free always (dialler contract
    /// 2.5).
    pub time_windows: &'a [NumberWindow],
    /// Which of the contact's numbers it is, from 1.
    pub number_index: u8,
    /// What is remembered of the number. That a call to it is open is not this question's.
    pub record: &'a NumberRecord,
    /// What the contact agreed to.
    pub consent: &'a Consent,
    /// An agent is reserved for this call until it ends.
    pub agent_guaranteed: bool,
    /// A recording is played (agentless).
    pub prerecorded: bool,
    /// The number shown, digits; `None` withholds it.
    pub caller_id: Option<&'a str>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Allowed,
    /// It must not.
    Refused(Refusal),
}

impl Verdict {
    /// Whether it may.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// Why a number must not be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule, by its stable name (see [`super::rules`]).
    pub rule: &'static str,
    /// What it says of this call, for people.
    pub reason: String,
    /// When nothing that is known now forbids the call any more; `None` where no time will help.
    pub next: Option<UnixMillis>,
}

/// Why a campaign must not start, or not in this mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PolicyRefusal {
    /// The rule, by its stable name (see [`super::rules`]).
    pub rule: &'static str,
    /// What it says of this campaign, for people.
    pub reason: String,
}
