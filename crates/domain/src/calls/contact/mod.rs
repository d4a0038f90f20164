//! Contacts: whom a campaign calls.

mod machine;
#[cfg(test)]
mod machine_tests;
mod numbers;

pub use machine::{Aftermath, ResultRefusal, Rules};
pub use numbers::{ContactNumber, NUMBERS};

use super::selection::{Place, Queue};
use crate::ids::{CallCampaignId, CallId, ClientId, ContactId, ResultCodeId};
use crate::participant::ParticipantStatus;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// What a client account keeps of a contact. Texts as given; absent ones are `null` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// `Name`.
    pub name: String,
    /// `UserData`: the key of an outside system.
    pub user_data: Option<String>,
    /// `Client`.
    pub client: Option<String>,
    /// `Service`.
    pub service: Option<String>,
    /// `ReferenceNumber`.
    pub reference_number: Option<String>,
    /// `FirstName`.
    pub first_name: Option<String>,
    /// `Salutation`.
    pub salutation: Option<String>,
    /// `Title`.
    pub title: Option<String>,
    /// `Company`.
    pub company: Option<String>,
    /// `Address`: the street.
    pub address: Option<String>,
    /// `PostalCode`.
    pub postal_code: Option<String>,
    /// `City`.
    pub city: Option<String>,
    /// `Country`.
    pub country: Option<String>,
    /// `Region`.
    pub region: Option<String>,
    /// `AccountOwner`.
    pub account_owner: Option<String>,
    /// `AccountBank`.
    pub account_bank: Option<String>,
    /// `AccountNationalBankCode`.
    pub account_national_bank_code: Option<String>,
    /// `AccountBIC`.
    pub account_bic: Option<String>,
    /// `AccountNumber`.
    pub account_number: Option<String>,
    /// `AccountIBAN`.
    pub account_iban: Option<String>,
    /// `Amount`.
    pub amount: Option<Number>,
    /// `FaxNumber`.
    pub fax_number: Option<String>,
    /// `Email`.
    pub email: Option<String>,
    /// `Website`.
    pub website: Option<String>,
    /// `Comment`.
    pub comment: Option<String>,
    /// `ExternalSystemLink`.
    pub external_system_link: Option<String>,
    /// `Model`.
    pub model: Option<String>,
    /// `Tag`.
    pub tag: Option<String>,
    /// IANA zone in which the contact lives, where it is known; not on the dialler wire.
    pub zone: Option<String>,
    /// Reference to the evidence of consent; not on the dialler wire.
    pub consent: Option<String>,
}

/// Why a contact may be called next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Never called.
    #[default]
    New,
    /// A try failed.
    Retry,
    /// A number was busy and is tried again a few times.
    BusySeries {
        /// Which number, from 1.
        index: u8,
        /// Busy calls of the series so far.
        done: u32,
        /// When it began.
        since: UnixMillis,
    },
    /// A delay was recorded.
    Delay,
    /// An appointment was recorded.
    Appointment,
}

/// Who has a contact in hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The agent; `None` for a line of the engine.
    pub agent: Option<String>,
    /// Until when.
    pub until: UnixMillis,
}

/// A contact of a campaign (`DiallerContacts`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// `ID`.
    pub id: ContactId,
    /// The client account.
    pub client: ClientId,
    /// `DiallerCampaignsID`.
    pub campaign: CallCampaignId,
    /// What the client account keeps of it.
    pub details: Details,
    /// Its numbers: entry 0 is `PhoneNumber1`.
    pub numbers: [ContactNumber; NUMBERS],
    /// `RandomSortOrder`.
    pub sort: i64,
    /// `dtImported`.
    pub imported_at: UnixMillis,
    /// `ReservedUsersUID`: the agent whom it is reserved for.
    pub reserved_for: Option<String>,
    /// `FollowUpUsersUID`: the agent who owns the follow-up.
    pub follow_up_agent: Option<String>,
    /// `FollowUpDateTime`.
    pub follow_up_at: Option<UnixMillis>,
    /// `dtNextTry`.
    pub next_try_at: Option<UnixMillis>,
    /// `bLastResultMailbox`.
    pub last_result_mailbox: Option<bool>,
    /// `LastAcdAgentEndReasonsID`, kept as given.
    pub last_end_reason: Option<i64>,
    /// The result code that was recorded last.
    pub result_code: Option<ResultCodeId>,
    /// `ResultCodesExportKey`: that of the code that closed it, `None` while it is open.
    pub export_key: Option<String>,
    /// `PENDING`, `RETRY`, `PROGRESS` (in hand or in a call), `WAIT` (the call is over, its result is awaited),
    /// `COMPLETED` (done), `EXCEPTION` (aborted).
    pub status: ParticipantStatus,
    /// Why it may be called next.
    pub due: Due,
    /// Whether it was locked by hand.
    pub locked: bool,
    /// Who has it in hand.
    pub lease: Option<Lease>,
    /// The call to it that is not over.
    pub open_call: Option<CallId>,
    /// The agent who had it last.
    pub last_agent: Option<String>,
    /// Tries so far, over all numbers.
    pub tries: u32,
    /// Calls in a row that failed by the network's doing.
    pub network_failures: u32,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

impl Contact {
    /// A contact that was never called.
    pub fn new(
        id: ContactId,
        client: ClientId,
        campaign: CallCampaignId,
        sort: i64,
        now: UnixMillis,
    ) -> Self {
        Self {
            id,
            client,
            campaign,
            details: Details::default(),
            numbers: Default::default(),
            sort,
            imported_at: now,
            reserved_for: None,
            follow_up_agent: None,
            follow_up_at: None,
            next_try_at: None,
            last_result_mailbox: None,
            last_end_reason: None,
            result_code: None,
            export_key: None,
            status: ParticipantStatus::Pending,
            due: Due::New,
            locked: false,
            lease: None,
            open_call: None,
            last_agent: None,
            tries: 0,
            network_failures: 0,
            updated_at: now,
        }
    }

    /// Whether it may be chosen once it is due.
    pub fn is_open(&self) -> bool {
        matches!(self.status, ParticipantStatus::Pending | ParticipantStatus::Retry)
    }

    /// Whether somebody has it in hand, is talking with it, or has yet to record the result.
    pub fn is_in_hand(&self) -> bool {
        matches!(self.status, ParticipantStatus::Progress | ParticipantStatus::Wait)
    }

    /// The queue in which it stands at `now`; `None` where it is closed, in hand, or locked.
    pub fn place(&self, now: UnixMillis) -> Option<Place> {
        if !self.is_open() || self.locked {
            return None;
        }
        let due = self.next_try_at.map_or(0, |at| at.0);
        let place = |queue, bound: &Option<String>, first, second, due| {
            Some(Place { queue, bound: bound.clone().unwrap_or_default(), first, second, due })
        };
        match self.due {
            Due::Appointment => place(Queue::Appointment, &self.follow_up_agent, due, self.sort, due),
            Due::Delay => place(Queue::Delay, &self.follow_up_agent, due, self.sort, due),
            Due::BusySeries { since, .. } => place(Queue::Busy, &self.last_agent, since.0, self.sort, due),
            Due::New | Due::Retry if due > now.0 => {
                place(Queue::Waiting, &self.reserved_for, due, self.sort, due)
            }
            Due::New | Due::Retry => {
                place(Queue::Ready, &self.reserved_for, i64::from(self.tries), self.sort, 0)
            }
        }
    }

    /// The numbers that may be called as far as the contact itself tells, as a mask: bit 0 is number 1. In a busy
    /// series it is the busy one.
    pub fn callable(&self) -> u8 {
        let usable = self.usable();
        match self.due {
            Due::BusySeries { index, .. } => usable & numbers::bit(index),
            _ => usable,
        }
    }

    /// The numbers that are there, valid, and have tries left, as a mask.
    pub fn usable(&self) -> u8 {
        self.numbers
            .iter()
            .enumerate()
            .filter(|(_, number)| number.is_usable())
            .fold(0, |mask, (place, _)| mask | 1 << place)
    }

    /// The number at `index`, from 1.
    pub fn number(&self, index: u8) -> Option<&ContactNumber> {
        self.numbers.get(usize::from(index).checked_sub(1)?)
    }
}
