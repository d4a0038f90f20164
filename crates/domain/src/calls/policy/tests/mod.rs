mod documentation;
mod frequency;
mod hours;
mod properties;
mod start;
mod validation;

use super::question::{CallQuestion, Consent, Verdict};
use super::schema::Policy;
use super::{Policies, preset};
use crate::calls::client::NumberRecord;
use crate::calls::hours::{NumberWindow, WeekSpan};
use crate::calls::number::{DialRules, E164};
use crate::ids::ClientId;
use crate::time::UnixMillis;

pub(super) fn at(text: &str) -> UnixMillis {
    UnixMillis::from(text.parse::<jiff::Timestamp>().expect("test data are instants"))
}

/// What a question borrows, with good defaults: a fictional number of London, nothing remembered, consent given,
/// 25 seconds of ringing, so that half a minute must be left before hours close.
pub(super) struct Asked {
    pub(super) number: E164,
    pub(super) rules: DialRules,
    pub(super) record: NumberRecord,
    pub(super) consent: Consent,
    pub(super) contact_zone: Option<String>,
    pub(super) client_zone: String,
    pub(super) from: Option<UnixMillis>,
    pub(super) to: Option<UnixMillis>,
    pub(super) active_times: Vec<WeekSpan>,
    pub(super) time_windows: Vec<NumberWindow>,
    pub(super) agent_guaranteed: bool,
    pub(super) prerecorded: bool,
    pub(super) caller_id: Option<String>,
}

impl Asked {
    pub(super) fn of(number: &str) -> Self {
        Self {
            number: E164::parse(number).expect("test data are numbers"),
            rules: DialRules::default(),
            record: NumberRecord::new(ClientId(1), number.to_owned()),
            consent: Consent::Given { written: true, evidence: Some("form 17".to_owned()) },
            contact_zone: None,
            client_zone: "Europe/London".to_owned(),
            from: None,
            to: None,
            active_times: Vec::new(),
            time_windows: Vec::new(),
            agent_guaranteed: false,
            prerecorded: false,
            caller_id: Some("441134960000".to_owned()),
        }
    }

    pub(super) fn question(&self, now: UnixMillis) -> CallQuestion<'_> {
        CallQuestion {
            now,
            number: &self.number,
            dial_rules: &self.rules,
            ring_max_s: 25,
            contact_zone: self.contact_zone.as_deref(),
            client_zone: &self.client_zone,
            campaign_from: self.from,
            campaign_to: self.to,
            active_times: &self.active_times,
            time_windows: &self.time_windows,
            number_index: 1,
            record: &self.record,
            consent: &self.consent,
            agent_guaranteed: self.agent_guaranteed,
            prerecorded: self.prerecorded,
            caller_id: self.caller_id.as_deref(),
        }
    }

    pub(super) fn may_call(&self, policies: &[&Policy], now: UnixMillis) -> Verdict {
        Policies::new(policies).may_call(&self.question(now))
    }

    /// The rule that refuses, and when it no longer does; nothing where the call is permitted.
    pub(super) fn refused(
        &self,
        policy: &Policy,
        now: UnixMillis,
    ) -> Option<(&'static str, Option<UnixMillis>)> {
        match self.may_call(&[policy], now) {
            Verdict::Allowed => None,
            Verdict::Refused(refusal) => Some((refusal.rule, refusal.next)),
        }
    }
}

pub(super) fn policy(name: &str) -> Policy {
    preset(name).expect("a preset").policy
}

pub(super) fn span(weekday: u8, from: &str, to: &str) -> WeekSpan {
    WeekSpan { weekday, from: from.to_owned(), to: to.to_owned() }
}
