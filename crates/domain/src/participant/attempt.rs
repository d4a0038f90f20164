//! The record of one attempt, and the line that tells its result.

use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How an attempt ended (OTA rules §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The card confirmed it.
    Ok,
    /// The card ran the script and a command of it failed.
    CardError,
    /// The card refused the packet.
    SecurityError,
    /// Nothing was heard in time.
    NoAnswer,
    /// The card could not be reached, or the message centre refused the message.
    TransportError,
    /// It may have run; nothing proves it.
    Unverified,
}

impl Outcome {
    /// The word used in exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::CardError => "card_error",
            Self::SecurityError => "security_error",
            Self::NoAnswer => "no_answer",
            Self::TransportError => "transport_error",
            Self::Unverified => "unverified",
        }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When its first packet was reserved.
    pub started_at: UnixMillis,
    /// When it ended.
    pub ended_at: Option<UnixMillis>,
    /// How it ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// Counter of its last packet.
    pub counter: u64,
    /// Key version number.
    pub kvn: u8,
    /// Address of the application in the card.
    pub tar: [u8; 3],
    /// Messages that its last packet was cut into.
    pub segments: u8,
    /// The route that carried it; empty before that is known.
    pub route: String,
    /// Status octet of the card's answer.
    pub por_status: Option<u8>,
    /// Status word of the last command that ran.
    pub sw: Option<u16>,
    /// Number of the command that failed, from 1.
    pub failed_command: Option<u32>,
    /// Whether the card's answer was protected as asked and the protection held.
    pub authenticated: bool,
    /// Why it ended as it did, where the other members do not say it.
    pub reason: String,
    /// An answer that came after the participant had its outcome was seen, and changed nothing.
    pub late_answer: bool,
}

/// The result line: `<OK|ERROR> - <VERB> - <place> - data: <octets>` (connectivity contract §1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultLine<'a> {
    /// Whether it went well.
    pub ok: bool,
    /// What was done.
    pub verb: &'a str,
    /// To what.
    pub place: &'a str,
    /// The octets written or read.
    pub data: &'a [u8],
}

impl fmt::Display for ResultLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.ok { "OK" } else { "ERROR" };
        write!(f, "{word} - {} - {} - data:", self.verb, self.place)?;
        self.data.iter().try_for_each(|octet| write!(f, " {octet:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_contracts_form() {
        let line = ResultLine { ok: true, verb: "UPDATE", place: "3F00/ADF1/6F31", data: &[5] };
        assert_eq!(line.to_string(), "OK - UPDATE - 3F00/ADF1/6F31 - data: 05");
        let line = ResultLine { ok: false, data: &[0xAB, 0], ..line };
        assert_eq!(line.to_string(), "ERROR - UPDATE - 3F00/ADF1/6F31 - data: AB 00");
    }
}
