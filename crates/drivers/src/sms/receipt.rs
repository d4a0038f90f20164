//! Delivery receipts, as optional parameters or as text.

use super::pdu::read::Tlvs;
use muster_app::ports::DeliveryState;
use rusmpp_core::tlvs::TlvTag;

/// What a receipt tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt<'a> {
    /// The message's name as written.
    pub(crate) id: Option<&'a str>,
    pub(crate) state: Option<DeliveryState>,
    pub(crate) error: Option<String>,
    /// What stands behind `text:`.
    pub(crate) text: Option<&'a [u8]>,
}

impl<'a> Receipt<'a> {
    /// Reads a receipt. Optional parameters count for more than the text, whose form the standard only suggests
    /// (SMPP 3.4 appendix B).
    pub(crate) fn read(tlvs: Tlvs<'a>, text: &'a [u8]) -> Self {
        let mut receipt = Self::read_text(text);
        if let Some(id) = tlvs.get(TlvTag::ReceiptedMessageId).and_then(name) {
            receipt.id = Some(id);
        }
        if let Some(state) = tlvs.octet(TlvTag::MessageState) {
            receipt.state = Some(state_from_number(state));
        }
        if let Some(error) = tlvs.get(TlvTag::NetworkErrorCode).and_then(network_error) {
            receipt.error = Some(error);
        }
        receipt
    }

    /// `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`, in any order and case, with whatever
    /// between the fields, and fields of other names left out.
    fn read_text(octets: &'a [u8]) -> Self {
        let mut receipt = Self { id: None, state: None, error: None, text: None };
        let mut at = 0;
        while let Some(colon) = octets[at..].iter().position(|octet| *octet == b':').map(|found| at + found) {
            let start = octets[at..colon]
                .iter()
                .rposition(|octet| !octet.is_ascii_alphabetic())
                .map_or(at, |before| at + before + 1);
            let label = octets[start..colon].to_ascii_lowercase();
            let value_start =
                colon + 1 + octets[colon + 1..].iter().take_while(|octet| **octet == b' ').count();
            if label == b"text" {
                receipt.text = Some(&octets[value_start..]);
                break;
            }
            let value = octets[value_start..]
                .split(|octet| octet.is_ascii_whitespace() || *octet == b',' || *octet == b';' || *octet == 0)
                .next()
                .unwrap_or_default();
            match label.as_slice() {
                b"id" => receipt.id = receipt.id.or_else(|| name(value)),
                b"stat" => receipt.state = receipt.state.or_else(|| state_from_text(value)),
                b"err" => {
                    receipt.error = receipt.error.or_else(|| name(value).map(str::to_owned));
                }
                _ => {}
            }
            // An empty value's successor begins where the value would have.
            at = if value.contains(&b':') { value_start } else { value_start + value.len() };
            at = at.max(colon + 1);
        }
        receipt
    }
}

/// A name: printable, not empty, without the zero at its end where there is one.
fn name(octets: &[u8]) -> Option<&str> {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let text = std::str::from_utf8(&octets[..end]).ok()?.trim();
    (!text.is_empty() && text.len() <= 64 && text.bytes().all(|octet| octet.is_ascii_graphic()))
        .then_some(text)
}

/// `message_state` (§5.2.28).
fn state_from_number(number: u8) -> DeliveryState {
    match number {
        // 0: scheduled (SMPP 5.0)
        0 | 1 => DeliveryState::Enroute,
        2 => DeliveryState::Delivered,
        3 => DeliveryState::Expired,
        4 => DeliveryState::Deleted,
        5 => DeliveryState::Undeliverable,
        6 => DeliveryState::Accepted,
        8 => DeliveryState::Rejected,
        _ => DeliveryState::Unknown,
    }
}

/// The words of appendix B and what centres make of them: their beginnings are enough.
fn state_from_text(word: &[u8]) -> Option<DeliveryState> {
    const BEGINNINGS: &[(&[u8], DeliveryState)] = &[
        (b"DELIV", DeliveryState::Delivered),
        (b"EXPIR", DeliveryState::Expired),
        (b"DELET", DeliveryState::Deleted),
        (b"UNDEL", DeliveryState::Undeliverable),
        (b"FAIL", DeliveryState::Undeliverable),
        (b"ACCEP", DeliveryState::Accepted),
        (b"UNKNO", DeliveryState::Unknown),
        (b"REJEC", DeliveryState::Rejected),
        (b"ENROU", DeliveryState::Enroute),
        (b"BUFF", DeliveryState::Enroute),
        (b"SCHED", DeliveryState::Enroute),
    ];
    let matches = |beginning: &[u8]| {
        word.len() >= beginning.len() && word[..beginning.len()].eq_ignore_ascii_case(beginning)
    };
    BEGINNINGS.iter().find(|(beginning, _)| matches(beginning)).map(|(_, state)| *state)
}

/// `network_error_code` (§5.3.2.31): the kind of network and its code, such as `gsm 27`.
fn network_error(octets: &[u8]) -> Option<String> {
    let [kind, high, low] = octets else { return None };
    let code = u16::from_be_bytes([*high, *low]);
    Some(match kind {
        1 => format!("ansi-136 {code}"),
        2 => format!("is-95 {code}"),
        3 => format!("gsm {code}"),
        other => format!("{other} {code}"),
    })
}
