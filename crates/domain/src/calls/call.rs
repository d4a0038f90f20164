//! One call to one number of a contact, and what its outcome means for the contact.

use crate::ids::{CallCampaignId, CallId, ClientId, ContactId, ResultCodeId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// Somebody talked with an agent, or heard the script.
    Answered,
    /// The line was busy.
    Busy,
    /// It rang until we gave up.
    NoAnswer,
    /// The call was declined.
    Rejected,
    /// The call was declined for good: whoever is called does not want any.
    Unwanted,
    /// A network on the way blocked the call.
    Intercepted,
    /// A mailbox or another machine answered.
    Machine,
    /// A fax or a modem answered.
    Fax,
    /// Nobody has the number.
    Invalid,
    /// The phone is off, or has no network.
    Unreachable,
    /// The network, or our carrier, has no line left.
    Congestion,
    /// The carrier failed, or refused our way of asking.
    TrunkFailure,
    /// Nothing, or no ringing, was heard in time.
    SetupTimeout,
    /// No trunk had a free line; nothing was sent.
    NoCapacity,
    /// Answered and hung up before anybody could be connected.
    ShortCall,
    /// Answered, and no agent was free in time.
    Abandoned,
    /// The answer crossed our giving up.
    LateAnswer,
    /// We gave up ringing before the least ringing time, on an operator's order.
    CancelledRing,
    /// The rules did not let it be placed; nothing was sent.
    Blocked,
    /// No sound could be agreed on.
    MediaMismatch,
    /// The process that placed it ended, or lost sight of it.
    Unknown,
}

impl CallOutcome {
    /// Every outcome.
    pub const ALL: [Self; 21] = [
        Self::Answered,
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::Unwanted,
        Self::Intercepted,
        Self::Machine,
        Self::Fax,
        Self::Invalid,
        Self::Unreachable,
        Self::Congestion,
        Self::TrunkFailure,
        Self::SetupTimeout,
        Self::NoCapacity,
        Self::ShortCall,
        Self::Abandoned,
        Self::LateAnswer,
        Self::CancelledRing,
        Self::Blocked,
        Self::MediaMismatch,
        Self::Unknown,
    ];

    /// Its name, as in exports and the management API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::Unwanted => "unwanted",
            Self::Intercepted => "intercepted",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::Invalid => "invalid",
            Self::Unreachable => "unreachable",
            Self::Congestion => "congestion",
            Self::TrunkFailure => "trunk_failure",
            Self::SetupTimeout => "setup_timeout",
            Self::NoCapacity => "no_capacity",
            Self::ShortCall => "short_call",
            Self::Abandoned => "abandoned",
            Self::LateAnswer => "late_answer",
            Self::CancelledRing => "cancelled_ring",
            Self::Blocked => "blocked",
            Self::MediaMismatch => "media_mismatch",
            Self::Unknown => "unknown",
        }
    }

    /// Its number in the store. Never changed once given.
    pub fn number(self) -> u8 {
        // The position in `ALL`, from 1; entries are only ever added at its end.
        Self::ALL.iter().position(|outcome| *outcome == self).map_or(0, |place| place as u8 + 1)
    }

    /// The outcome of a number in the store.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Whether it is one of the contact's tries.
    pub const fn counts(self) -> bool {
        !matches!(
            self,
            Self::Blocked
                | Self::NoCapacity
                | Self::Congestion
                | Self::TrunkFailure
                | Self::SetupTimeout
                | Self::MediaMismatch
                | Self::Fax
        )
    }

    /// Whether a person picked up: the denominator of the share of abandoned calls.
    pub const fn is_live_answer(self) -> bool {
        matches!(self, Self::Answered | Self::ShortCall | Self::Abandoned | Self::LateAnswer)
    }

    /// Whether a person who picked up was left without an agent.
    pub const fn is_abandoned(self) -> bool {
        matches!(self, Self::Abandoned | Self::LateAnswer)
    }

    /// Whether it is the carrier's doing and says nothing of the contact.
    pub const fn is_networks(self) -> bool {
        matches!(
            self,
            Self::Congestion
                | Self::TrunkFailure
                | Self::SetupTimeout
                | Self::NoCapacity
                | Self::MediaMismatch
        )
    }
}

/// A call: one attempt at one number of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// `ID` of the attempt.
    pub id: CallId,
    /// Its name on the telephone line.
    pub uuid: Uuid,
    /// The client account.
    pub client: ClientId,
    /// The campaign.
    pub campaign: CallCampaignId,
    /// The contact.
    pub contact: ContactId,
    /// Digits of the number called.
    pub number: String,
    /// Which of the contact's numbers, from 1.
    pub index: u8,
    /// The agent that it was placed for, or that was connected.
    pub agent: Option<String>,
    /// When it began.
    pub started_at: UnixMillis,
    /// When it began to ring.
    pub ringing_at: Option<UnixMillis>,
    /// When it was answered.
    pub answered_at: Option<UnixMillis>,
    /// When an agent was connected.
    pub connected_at: Option<UnixMillis>,
    /// When it was over.
    pub ended_at: Option<UnixMillis>,
    /// What came of it; `None` while it lasts.
    pub outcome: Option<CallOutcome>,
    /// Cause of ITU-T Q.850.
    pub cause: Option<u16>,
    /// Final SIP status.
    pub sip_status: Option<u16>,
    /// The result code that was recorded for it.
    pub result_code: Option<ResultCodeId>,
    /// Keys that were pressed.
    pub digits: String,
    /// More about the outcome, for people.
    pub reason: String,
}

impl Call {
    /// Whether a mailbox answered.
    pub fn met_a_mailbox(&self) -> bool {
        self.outcome == Some(CallOutcome::Machine)
    }

    /// Whole seconds from the answer to the end; 0 without an answer.
    pub fn duration_s(&self) -> i64 {
        match (self.answered_at, self.ended_at) {
            (Some(from), Some(to)) => to.since(from).max(0) / 1000,
            _ => 0,
        }
    }

    /// Whether it is not over.
    pub const fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}

/// Counts of a campaign on one day of the client account's calendar, for abandonment caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerDay {
    /// Days since 1970-01-01, in the client account's zone.
    pub day: i32,
    /// Persons who picked up.
    pub live: u64,
    /// Those of them who were left without an agent.
    pub abandoned: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_outcomes_lead_back() {
        for outcome in CallOutcome::ALL {
            assert_eq!(CallOutcome::from_number(outcome.number()), Some(outcome));
        }
        assert_eq!(CallOutcome::from_number(0), None);
        assert_eq!(CallOutcome::from_number(22), None);
    }
}
