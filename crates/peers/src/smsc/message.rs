//! What goes into the centre's core and what comes out.

use serde::{Deserialize, Serialize};

/// A connection of a client, for as long as it is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// An address with type of number and numbering plan (SMPP 3.4 §5.2.5, §5.2.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Type of number; 1 is international.
    pub ton: u8,
    /// Numbering plan; 1 is E.164.
    pub npi: u8,
    /// The digits, or letters for an alphanumeric address.
    pub digits: String,
}

impl Address {
    /// An international number.
    pub fn international(digits: impl Into<String>) -> Self {
        Self { ton: 1, npi: 1, digits: digits.into() }
    }
}

/// How a message was submitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SubmitKind {
    /// submit_sm.
    #[default]
    SubmitSm,
    /// data_sm.
    DataSm,
}

/// A short message from a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submission {
    /// By which PDU.
    pub kind: SubmitKind,
    /// Sequence number of the PDU: the answer carries it.
    pub sequence: u32,
    /// Who sends it; answers of the card go there.
    pub source: Address,
    /// The card's number.
    pub destination: Address,
    /// Mode, type and features; bit 6 says that the user data begin with a header.
    pub esm_class: u8,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-DCS.
    pub data_coding: u8,
    /// How long it may wait, as given (SMPP 3.4 §7.1.1); empty for the centre's choice.
    pub validity_period: String,
    /// Which receipts are wanted.
    pub registered_delivery: u8,
    /// User data, from short_message or message_payload.
    pub user_data: Vec<u8>,
    /// Reference of the client's own (TLV 0204), which receipts echo.
    pub user_message_reference: Option<u16>,
}

/// Final and other states of a message (SMPP 3.4 §5.2.28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MessageState {
    /// On its way.
    #[serde(rename = "ENROUTE")]
    Enroute,
    /// The phone has it.
    #[serde(rename = "DELIVRD")]
    Delivered,
    /// Its validity ended before it could be delivered.
    #[serde(rename = "EXPIRED")]
    Expired,
    /// Cancelled.
    #[serde(rename = "DELETED")]
    Deleted,
    /// The network cannot deliver it.
    #[serde(rename = "UNDELIV")]
    Undeliverable,
    /// Read on behalf of the subscriber.
    #[serde(rename = "ACCEPTD")]
    Accepted,
    /// Nobody knows.
    #[serde(rename = "UNKNOWN")]
    Unknown,
    /// Refused.
    #[serde(rename = "REJECTD")]
    Rejected,
}

impl MessageState {
    /// Value of `message_state`.
    pub fn code(self) -> u8 {
        match self {
            Self::Enroute => 1,
            Self::Delivered => 2,
            Self::Expired => 3,
            Self::Deleted => 4,
            Self::Undeliverable => 5,
            Self::Accepted => 6,
            Self::Unknown => 7,
            Self::Rejected => 8,
        }
    }

    /// Word in the text of a receipt (SMPP 3.4 appendix B).
    pub fn word(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
        }
    }
}

/// A deliver_sm: a receipt, or user data of a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deliver {
    /// The card's number.
    pub source: Address,
    /// The client's address.
    pub destination: Address,
    /// 04 receipt, 08 acknowledgement by the card, 40 user data header.
    pub esm_class: u8,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-DCS.
    pub data_coding: u8,
    /// The text of a receipt, or user data.
    pub short_message: Vec<u8>,
    /// Optional parameters: tag and value.
    pub tlvs: Vec<(u16, Vec<u8>)>,
    /// The link by which it should go if that is up.
    pub(super) link: Option<LinkId>,
}

/// What the shell shall do now, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Answer a submission.
    Answer {
        /// By which link.
        link: LinkId,
        /// To which PDU.
        kind: SubmitKind,
        /// Its sequence number.
        sequence: u32,
        /// 0, or why it is refused.
        command_status: u32,
        /// The centre's name for the message, if it was taken.
        message_id: String,
        /// Optional parameters: tag and value.
        tlvs: Vec<(u16, Vec<u8>)>,
    },
    /// Send a deliver_sm; report what the client answers with [`SmscCore::deliver_answered`].
    ///
    /// [`SmscCore::deliver_answered`]: super::SmscCore::deliver_answered
    Deliver {
        /// By which link.
        link: LinkId,
        /// Sequence number to use.
        sequence: u32,
        /// What it says.
        deliver: Deliver,
    },
    /// Send an alert_notification: the card can be reached again.
    Alert {
        /// By which link.
        link: LinkId,
        /// Sequence number to use.
        sequence: u32,
        /// The card's number.
        source: Address,
        /// Whom it concerns.
        destination: Address,
    },
    /// Send octets that are no PDU.
    Garbage {
        /// By which link.
        link: LinkId,
        /// What to send.
        octets: Vec<u8>,
    },
    /// Close the connection once what was to be written before is written. The core has forgotten the link already.
    DropLink {
        /// Which.
        link: LinkId,
    },
}
