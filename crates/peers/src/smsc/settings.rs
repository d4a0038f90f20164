//! How the centre is set up.

use crate::scenario::Scenario;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// By which way user data of a delivery report come to the client (OTA rules, §3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PorPath {
    /// As a deliver_sm with user data header, like a message of the card's own.
    #[default]
    DeliverUdhi,
    /// As a deliver_sm of the type "SME delivery acknowledgement" that names the message.
    DeliverAck,
    /// In hexadecimal as the text of the delivery receipt.
    ReceiptText,
    /// As octets in the payload of the delivery receipt.
    ReceiptPayload,
    /// In the answer to a data_sm, which waits for the card; a submit_sm gets nothing.
    DataSmResp,
    /// Not at all: only messages of the card's own come.
    None,
}

/// How message ids are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdFormat {
    /// `1234`.
    #[default]
    Decimal,
    /// `000004D2`.
    Hex,
    /// `4d2`.
    HexLower,
}

impl IdFormat {
    /// The number as text.
    pub fn text(self, id: u64) -> String {
        match self {
            Self::Decimal => id.to_string(),
            Self::Hex => format!("{id:08X}"),
            Self::HexLower => format!("{id:x}"),
        }
    }
}

/// How the core behaves when nobody misbehaves.
#[derive(Debug, Clone, PartialEq)]
pub struct CoreSettings {
    /// Time from taking a message to its delivery, in milliseconds.
    pub latency_ms: u64,
    /// Up to so much more, drawn by the scenario's seed. Messages for one card stay in order.
    pub jitter_ms: u64,
    /// Time from delivery to a message of the card's own, in milliseconds.
    pub por_ms: u64,
    /// How message ids are written in answers.
    pub answer_ids: IdFormat,
    /// How they are written in receipts.
    pub receipt_ids: IdFormat,
    /// The first message id.
    pub first_message_id: u64,
    /// How the card's delivery report comes back.
    pub por_path: PorPath,
    /// Whether receipts say in optional parameters what they are about; otherwise only in their text.
    pub receipt_tlvs: bool,
    /// Validity of a message that names none, in milliseconds.
    pub validity_ms: u64,
    /// Validity passes so many times faster than the clock.
    pub time_factor: u64,
    /// deliver_sm without an answer on one link.
    pub deliver_window: usize,
    /// Time to the next try of a deliver_sm that was refused for now, in milliseconds.
    pub deliver_retry_ms: u64,
    /// Submissions without an answer on one link; more get status 58.
    pub submit_window: usize,
    /// Whether deliver_sm go round all links instead of back by the one that submitted.
    pub spread_deliveries: bool,
    /// Whether the centre tells that a card can be reached again (alert_notification).
    pub alerts: bool,
    /// Who misbehaves.
    pub scenario: Scenario,
}

impl Default for CoreSettings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            jitter_ms: 0,
            por_ms: 0,
            answer_ids: IdFormat::Decimal,
            receipt_ids: IdFormat::Decimal,
            first_message_id: 1,
            por_path: PorPath::DeliverUdhi,
            receipt_tlvs: true,
            validity_ms: 86_400_000,
            time_factor: 1,
            deliver_window: 1_000,
            deliver_retry_ms: 1_000,
            submit_window: 10_000,
            spread_deliveries: false,
            alerts: false,
            scenario: Scenario::default(),
        }
    }
}

/// How the server is set up.
#[derive(Debug, Clone)]
pub struct SmscSettings {
    /// Where it listens; port 0 for a free one.
    pub listen: SocketAddr,
    /// Who may bind; `None` for everybody.
    pub system_id: Option<String>,
    /// Their password; `None` for any.
    pub password: Option<String>,
    /// Time of the start, in milliseconds since 1970: what dates in receipts count from.
    pub started_at_ms: u64,
    /// Where every change of a card is written, one JSON object a line.
    pub log: Option<PathBuf>,
    /// Connections at a time.
    pub links_max: usize,
    /// How the core behaves.
    pub core: CoreSettings,
}

impl Default for SmscSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            system_id: None,
            password: None,
            // 2026-01-01T00:00:00Z: any time will do that looks like one.
            started_at_ms: 1_767_225_600_000,
            log: None,
            links_max: 256,
            core: CoreSettings::default(),
        }
    }
}
