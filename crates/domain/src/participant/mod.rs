//! The participant machine of SIM campaigns: one card in one campaign, its attempts, and what each event leads to.
//!
//! Everything here is a pure function of the stored participant, an event, the present instant and a random number.
//! The engine around it reserves counters, sends and stores; it never decides.

mod attempt;
mod machine;
#[cfg(test)]
mod machine_tests;
mod packet;

pub use attempt::{Attempt, Outcome, ResultLine};
pub use machine::{
    Action, Answer, Change, Context, DUE_FIRST, DUE_HELD, Ended, Hold, Receipt, Refusal, SegmentFate, Timing,
};
pub use packet::{NextSend, Packet, Phase, Purpose, Segment, Work, message_id_key};

use crate::ids::{ParticipantId, SimCampaignId, SimNumber};
use crate::sim::Iccid;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// Status of a participant, in the contract's spelling (connectivity contract §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParticipantStatus {
    /// Enrolled, never sent to.
    Pending,
    /// Done.
    Completed,
    /// Waiting for its campaign to go on. Only ever shown, never stored.
    Suspended,
    /// A message is being handed over.
    Progress,
    /// The message centre has the message; the card's answer is awaited.
    Wait,
    /// A try failed and another one is due later.
    Retry,
    /// Ended without an outcome because the campaign ended.
    Canceled,
    /// Its campaign was cancelled while a message was on its way.
    Canceling,
    /// Ended by failure.
    Exception,
}

impl ParticipantStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Completed,
        Self::Suspended,
        Self::Progress,
        Self::Wait,
        Self::Retry,
        Self::Canceled,
        Self::Canceling,
        Self::Exception,
    ];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Suspended => "SUSPENDED",
            Self::Progress => "PROGRESS",
            Self::Wait => "WAIT",
            Self::Retry => "RETRY",
            Self::Canceled => "CANCELED",
            Self::Canceling => "CANCELING",
            Self::Exception => "EXCEPTION",
        }
    }

    /// Its number in the store. Never changed once given.
    pub const fn number(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Retry => 1,
            Self::Progress => 2,
            Self::Wait => 3,
            Self::Suspended => 4,
            Self::Canceling => 5,
            Self::Completed => 6,
            Self::Canceled => 7,
            Self::Exception => 8,
        }
    }

    /// The status of a number in the store.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.number() == number)
    }

    /// Whether nothing leads out of it.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Canceled | Self::Exception)
    }

    /// Whether a message of it may be on its way.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Progress | Self::Wait | Self::Canceling)
    }
}

/// One SIM in one campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The campaign.
    pub campaign: SimCampaignId,
    /// Its place in the campaign, dense from 0: pages are found by it.
    pub ordinal: u64,
    /// `id` on the wire.
    pub id: ParticipantId,
    /// The card.
    pub sim: SimNumber,
    /// The card's serial number.
    pub iccid: Iccid,
    /// Stored status; readers see it through [`crate::sim_campaign::shown_status`].
    pub status: ParticipantStatus,
    /// Sends so far: grows by one with each entry into `Progress` from `Pending` or `Retry`.
    pub attempt: u32,
    /// Result code of the last message: `200`, `404`, `408`, `500`; empty before the first result.
    pub code: String,
    /// Result line of the last message; empty before the first result.
    pub message: String,
    /// When it last changed; its enrolment is the first change.
    pub updated_at: UnixMillis,
    /// When it may be sent to, while `Pending` or `Retry`: [`DUE_FIRST`] before the first send, [`DUE_HELD`] while
    /// another campaign's message is on its way to the same card.
    pub due_at: UnixMillis,
    /// When it has to be looked at again, while in flight.
    pub timer_at: Option<UnixMillis>,
    /// The message at work.
    pub work: Work,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

impl Participant {
    /// A card newly enrolled.
    pub fn enrolled(
        campaign: SimCampaignId,
        ordinal: u64,
        id: ParticipantId,
        sim: SimNumber,
        iccid: Iccid,
        now: UnixMillis,
    ) -> Self {
        Self {
            campaign,
            ordinal,
            id,
            sim,
            iccid,
            status: ParticipantStatus::Pending,
            attempt: 0,
            code: String::new(),
            message: String::new(),
            updated_at: now,
            due_at: DUE_FIRST,
            timer_at: None,
            work: Work::default(),
            attempts: Vec::new(),
        }
    }
}
