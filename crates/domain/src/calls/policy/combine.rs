//! Several policies at once: the client's, the campaign's, that of the called country. The strictest holds.

use super::ledger::{LedgerSpan, spans};
use super::question::PolicyRefusal;
use super::rules;
use super::schema::{AnswerDetection, ConnectAnchor, Policy};

/// Policies that all hold. None at all forbid nothing; the engine always has one.
#[derive(Debug, Clone, Copy)]
pub struct Policies<'a>(&'a [&'a Policy]);

impl<'a> Policies<'a> {
    /// These together.
    pub const fn new(policies: &'a [&'a Policy]) -> Self {
        Self(policies)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a Policy> + use<'a> {
        self.0.iter().copied()
    }

    /// How long a phone rings at least, seconds.
    pub fn min_ring_s(&self) -> u32 {
        self.iter().map(|policy| policy.min_ring_s).max().unwrap_or(0)
    }

    /// Within what time an answered call has an agent, milliseconds; `None` where no policy says.
    pub fn connect_limit_ms(&self) -> Option<u32> {
        self.iter().map(|policy| policy.connect_limit_ms).min()
    }

    /// From when that time is measured: the earliest beginning of all.
    pub fn connect_anchor(&self) -> ConnectAnchor {
        let rank = |anchor: &ConnectAnchor| *anchor as u8;
        self.iter().map(|policy| policy.connect_anchor).min_by_key(rank).unwrap_or(ConnectAnchor::Answer)
    }

    /// Within what time after the answer the message begins, milliseconds; `None` where no policy says.
    pub fn message_within_ms(&self) -> Option<u32> {
        self.iter().map(|policy| policy.message.start_within_ms).min()
    }

    /// How long the message may be, seconds; `None` where no policy says.
    pub fn message_max_s(&self) -> Option<u32> {
        self.iter().map(|policy| policy.message.max_s).min()
    }

    /// The share of live answers without an agent at which the pacer aims; `None` where no policy says.
    pub fn target_share(&self) -> Option<f64> {
        self.iter().map(|policy| policy.abandon.cap * policy.abandon.target_factor).min_by(f64::total_cmp)
    }

    /// The periods over which abandoned calls are limited, for a campaign that was first started on a day; days are
    /// counted as in [`crate::calls::call::LedgerDay::day`].
    pub fn ledger_spans(&self, today: i32, started: i32) -> Vec<LedgerSpan> {
        self.iter().flat_map(|policy| spans(policy, today, started)).collect()
    }

    /// Whether a campaign may start that shows this number (F21).
    pub fn check_caller_id(&self, caller_id: Option<&str>) -> Result<(), PolicyRefusal> {
        self.iter().try_for_each(|policy| policy.check_caller_id(caller_id))
    }

    /// Whether a campaign may dial ahead of agents.
    pub fn permits_predictive(
        &self,
        has_message: bool,
        caller_id: Option<&str>,
    ) -> Result<(), PolicyRefusal> {
        self.iter().try_for_each(|policy| policy.permits_predictive(has_message, caller_id))
    }

    /// Whether answers may be classified in this way.
    pub fn permits_detection(&self, wanted: AnswerDetection) -> Result<(), PolicyRefusal> {
        self.iter().try_for_each(|policy| policy.permits_detection(wanted))
    }
}

impl Policy {
    fn refusal(&self, rule: &'static str, what: &str) -> PolicyRefusal {
        PolicyRefusal { rule, reason: format!("{}: {what}", self.name) }
    }

    /// Whether this number may be shown, `None` being none (F21).
    pub fn check_caller_id(&self, caller_id: Option<&str>) -> Result<(), PolicyRefusal> {
        let rule = &self.caller_id;
        let permitted = |shown: &str| {
            let digits = shown.strip_prefix('+').unwrap_or(shown);
            rule.allowed.is_empty() || rule.allowed.iter().any(|allowed| allowed.as_str() == digits)
        };
        match caller_id {
            None if rule.required => {
                Err(self.refusal(rules::CALLER_ID_REQUIRED, "a number must be shown to the called party"))
            }
            Some(shown) if !permitted(shown) => {
                Err(self
                    .refusal(rules::CALLER_ID_ALLOWED, &format!("{shown} is not a number that may be shown")))
            }
            _ => Ok(()),
        }
    }

    /// Whether a campaign may dial ahead of agents, as `power` and `predictive` do: not where it is forbidden or
    /// nothing may be abandoned, never without a message for those who find no agent (F7), and only with a number
    /// that may be shown.
    pub fn permits_predictive(
        &self,
        has_message: bool,
        caller_id: Option<&str>,
    ) -> Result<(), PolicyRefusal> {
        if self.abandon.forbid {
            return Err(self.refusal(rules::PREDICTIVE_FORBIDDEN, "calls must not be placed ahead of agents"));
        }
        if self.abandon.cap.is_nan() || self.abandon.cap <= 0.0 {
            return Err(self.refusal(rules::PREDICTIVE_CAP, "no answered call may be left without an agent"));
        }
        if !has_message {
            let what = "calls ahead of agents need a message for those who find none";
            return Err(self.refusal(rules::PREDICTIVE_MESSAGE, what));
        }
        self.check_caller_id(caller_id)
    }

    /// Whether answers may be classified in this way.
    pub fn permits_detection(&self, wanted: AnswerDetection) -> Result<(), PolicyRefusal> {
        if wanted <= self.amd {
            Ok(())
        } else {
            Err(self.refusal(rules::ANSWER_DETECTION, "answers must not be classified in this way"))
        }
    }
}
