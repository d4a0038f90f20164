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
    /// Reads a receipt. Optional parameters count for more than the text, whose form the standard only
    /// suggests (SMPP 3.4 appendix B).
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

    /// `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`, in any order and case, with
    /// whatever between the fields, and fields of other names left out.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::testing::octets;
    use muster_app::ports::DeliveryState::{
        Accepted, Deleted, Delivered, Enroute, Expired, Rejected, Undeliverable, Unknown,
    };
    use proptest::prelude::*;

    fn text(text: &[u8]) -> Receipt<'_> {
        Receipt::read(Tlvs::default(), text)
    }

    #[test]
    fn c71_texts_are_read_with_patience() {
        type Expected =
            (Option<&'static str>, Option<DeliveryState>, Option<&'static str>, Option<&'static str>);
        let cases: [(&str, Expected); 16] = [
            (
                "id:0123456789 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 Text:hello",
                (Some("0123456789"), Some(Delivered), Some("000"), Some("hello")),
            ),
            ("id:A1 stat:EXPIRED err:027", (Some("A1"), Some(Expired), Some("027"), None)),
            ("stat:undeliv id:A1", (Some("A1"), Some(Undeliverable), None, None)),
            ("ID:A1 STAT:REJECTD TEXT:", (Some("A1"), Some(Rejected), None, Some(""))),
            ("id: A1 stat: ACCEPTD err: 1", (Some("A1"), Some(Accepted), Some("1"), None)),
            ("id:A1,stat:DELETED;err:5\r\n", (Some("A1"), Some(Deleted), Some("5"), None)),
            ("id:A1\nstat:ENROUTE\n", (Some("A1"), Some(Enroute), None, None)),
            ("id:A1 stat:UNKNOWN", (Some("A1"), Some(Unknown), None, None)),
            ("id:A1 stat:DELIVERED", (Some("A1"), Some(Delivered), None, None)),
            ("id:A1 stat:FAILED err:zz9", (Some("A1"), Some(Undeliverable), Some("zz9"), None)),
            ("id:A1 stat:PIGEON", (Some("A1"), None, None, None)),
            ("id:a-1_b.2 stat:DELIVRD", (Some("a-1_b.2"), Some(Delivered), None, None)),
            // Words that a person may write.
            ("the id is: nothing", (None, None, None, None)),
            ("text:id:A1 stat:DELIVRD", (None, None, None, Some("id:A1 stat:DELIVRD"))),
            ("::::", (None, None, None, None)),
            ("", (None, None, None, None)),
        ];
        for (written, (id, state, error, rest)) in cases {
            let receipt = text(written.as_bytes());
            assert_eq!(
                (receipt.id, receipt.state, receipt.error.as_deref(), receipt.text),
                (id, state, error, rest.map(str::as_bytes)),
                "{written}"
            );
        }
        assert_eq!(text(b"id:A1\0stat:DELIVRD\0").id, Some("A1"));
        assert_eq!(text(b"id:\xFF\xFE stat:DELIVRD").id, None);
    }

    #[test]
    fn c71_optional_parameters_count_for_more_than_text() {
        let written = b"id:A1 stat:DELIVRD err:000";
        for (tlvs, id, state, error) in [
            ("", "A1", Delivered, "000"),
            ("001E 0003 423200", "B2", Delivered, "000"),
            // Without the zero at its end.
            ("001E 0002 4232", "B2", Delivered, "000"),
            // Empty: as if it were not there.
            ("001E 0001 00", "A1", Delivered, "000"),
            ("0427 0001 05 0423 0003 03 001B", "A1", Undeliverable, "gsm 27"),
            // Of another length than the standard's.
            ("0427 0002 0003", "A1", Expired, "000"),
            ("0423 0002 001B", "A1", Delivered, "000"),
            // Unknown in front, cut short behind.
            ("1405 0001 FF 0427 0001 08 0423 0003 01", "A1", Rejected, "000"),
            ("0423 0003 02 0001", "A1", Delivered, "is-95 1"),
            ("0423 0003 08 0001", "A1", Delivered, "8 1"),
        ] {
            // Behind a message of no octets.
            let body = [&b"\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0"[..], &octets(tlvs)].concat();
            let message = crate::sms::pdu::read::deliver_sm(&body).unwrap();
            let receipt = Receipt::read(message.tlvs, written);
            assert_eq!(
                (receipt.id, receipt.state, receipt.error.as_deref()),
                (Some(id), Some(state), Some(error)),
                "{tlvs}"
            );
        }
    }

    #[test]
    fn c71_states_by_number() {
        for (number, state) in [
            (0, Enroute),
            (1, Enroute),
            (2, Delivered),
            (3, Expired),
            (4, Deleted),
            (5, Undeliverable),
            (6, Accepted),
            (7, Unknown),
            (8, Rejected),
            (9, Unknown),
            (255, Unknown),
        ] {
            assert_eq!(state_from_number(number), state, "{number}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(
            octets in proptest::collection::vec(
                prop_oneof![Just(b':'), Just(b' '), Just(b'i'), Just(b'd'), any::<u8>()],
                0..200,
            ),
        ) {
            text(&octets);
        }
    }
}
