//! The message at work: its octets, and how far it is.

use crate::sim::PorRequest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It carries a step of the template.
    Run,
    /// It reads back what an earlier packet may have written.
    ReadBack,
}

/// What the next send carries (OTA rules §8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextSend {
    /// A new packet under a new counter.
    #[default]
    Fresh,
    /// The same octets again: whether they ran is not known, and the card runs them at most once.
    Resend,
    /// A new packet that reads back what was written.
    ReadBack,
}

/// How far the packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing is on its way.
    #[default]
    Idle,
    /// Reserved, and being handed over.
    Submitting,
    /// The message centre has every segment.
    Accepted,
    /// The phone has every segment.
    Delivered,
    /// The card said that its answer follows.
    Interim,
    /// The card asked for more time; the same octets go out again when the timer ends.
    Busy,
}

/// One message of a packet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// User data, header included.
    #[serde(with = "crate::octets")]
    pub user_data: Vec<u8>,
    /// The message centre's name for it, once it has it.
    pub message_id: Option<String>,
    /// Whether the phone has it.
    pub delivered: bool,
}

impl Segment {
    /// Whether one of these names, which a receipt gives, is this message's (see [`message_id_key`]).
    pub fn is_called(&self, message_ids: &[String]) -> bool {
        let Some(known) = &self.message_id else { return false };
        // Mostly both are written in the same way.
        message_ids.contains(known) || message_ids.contains(&message_id_key(known))
    }
}

/// The form of a message's name under which receipts are matched: without leading zeros and in lower case, since
/// message centres that write a name twice seldom write it in the same way.
pub fn message_id_key(message_id: &str) -> String {
    let trimmed = message_id.trim();
    match trimmed.trim_start_matches('0') {
        // A name of zeros alone is the name 0.
        "" if !trimmed.is_empty() => "0".to_owned(),
        significant => significant.to_ascii_lowercase(),
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("octets", &self.user_data.len())
            .field("message_id", &self.message_id)
            .field("delivered", &self.delivered)
            .finish()
    }
}

/// A secured packet as it was reserved. Its octets never change: a resend after a crash is the same packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// What it is for.
    pub purpose: Purpose,
    /// Which step of the template it carries, from 0.
    pub step: u32,
    /// Key version number.
    pub kvn: u8,
    /// Its counter.
    pub counter: u64,
    /// Address of the application in the card.
    pub tar: [u8; 3],
    /// Its messages.
    pub segments: Vec<Segment>,
    /// The route that carries it; empty before it was sent.
    pub route: String,
    /// How often it was handed over, counted from 1.
    pub sends: u32,
    /// Whether the card refuses a second copy.
    pub replay_safe: bool,
    /// Whether running it twice leaves the card as running it once.
    pub idempotent: bool,
    /// Whether no other packet may go to the card while this one's fate is unknown.
    pub sticky: bool,
    /// When the card answers it.
    pub por: PorRequest,
}

impl Packet {
    /// Whether the phone has all of it.
    pub fn is_delivered(&self) -> bool {
        self.segments.iter().all(|segment| segment.delivered)
    }
}

/// What a participant works on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// The step of the template that comes next, or is at work.
    pub step: u32,
    /// What the next send carries.
    pub next: NextSend,
    /// The packet at work, or kept to be sent again.
    pub packet: Option<Packet>,
    /// How far it is.
    pub phase: Phase,
    /// The wait for the answer was already prolonged once.
    pub prolonged: bool,
    /// How often the card asked for more time.
    pub busy: u8,
    /// How often the message centre put the packet off.
    pub put_off: u8,
    /// The card's counter was found ahead of ours and ours was raised once.
    pub raised: bool,
    /// An earlier copy or packet of the present step may have run.
    pub may_have_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ota_7_2_names_match_however_they_are_written() {
        for (given, told, same) in [
            ("1234", &["1234"][..], true),
            ("000012AB", &["4779", "12ab", "18297"], true),
            ("12AB", &["12ab"], true),
            ("0001", &["1"], true),
            ("000", &["0"], true),
            (" 7 ", &["7"], true),
            ("", &["0"], false),
            ("12AB", &["12ac", "12"], false),
            ("12AB", &[], false),
        ] {
            let told: Vec<String> = told.iter().map(|name| (*name).to_owned()).collect();
            let segment =
                Segment { user_data: Vec::new(), message_id: Some(given.to_owned()), delivered: false };
            assert_eq!(segment.is_called(&told), same, "{given} {told:?}");
            assert!(!Segment { message_id: None, ..segment }.is_called(&told));
        }
    }
}
