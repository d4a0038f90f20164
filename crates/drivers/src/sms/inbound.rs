//! What a message from the centre says.

use super::message_id::candidates;
use super::pdu::read::{Alert, Message};
use super::receipt::Receipt;
use super::settings::{MessageIdForm, PorPath};
use muster_app::ports::{AnswerPath, DeliveryState, InboundMessage};
use rusmpp_core::tlvs::TlvTag;

/// Kind of message in `esm_class`, bits 5 to 2 (SMPP 3.4 §5.2.12).
const KIND: u8 = 0x3C;
const KIND_RECEIPT: u8 = 0x04;
const KIND_DELIVERY_ACKNOWLEDGEMENT: u8 = 0x08;
const KIND_USER_ACKNOWLEDGEMENT: u8 = 0x10;
const KIND_INTERMEDIATE_NOTIFICATION: u8 = 0x20;
/// User data header indicator in `esm_class`.
const UDHI: u8 = 0x40;
/// Information element of a response packet (TS 31.115 §4.4).
const IEI_RESPONSE_PACKET: u8 = 0x71;
/// Information elements of concatenation (TS 23.040 §9.2.3.24): all but the first segment of a long answer
/// have nothing else.
const IEI_CONCATENATION: [u8; 2] = [0x00, 0x08];

/// What a `deliver_sm` or `data_sm` says: nothing that we understand, one thing, or a receipt and the card's
/// answer inside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) receipt: Option<InboundMessage>,
    pub(crate) user_data: Option<InboundMessage>,
}

/// The route's habits that reading depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) por_path: PorPath,
    pub(crate) message_id_form: MessageIdForm,
}

impl Habits {
    /// Reads a message.
    pub(crate) fn read(self, message: &Message<'_>) -> Said {
        let kind = message.esm_class & KIND;
        let has_header = message.esm_class & UDHI != 0;
        match kind {
            KIND_RECEIPT | KIND_INTERMEDIATE_NOTIFICATION => self.receipt(message, kind, has_header),
            KIND_DELIVERY_ACKNOWLEDGEMENT | KIND_USER_ACKNOWLEDGEMENT => {
                if has_header || is_answer(message.octets) {
                    Said {
                        user_data: Some(user_data(message, message.octets, AnswerPath::Acknowledgement)),
                        ..Said::default()
                    }
                } else {
                    self.receipt(message, kind, false)
                }
            }
            _ if has_header => Said {
                user_data: Some(user_data(message, message.octets, AnswerPath::Submit)),
                ..Said::default()
            },
            // Some centres do not mark their receipts.
            _ => self.receipt(message, kind, false),
        }
    }

    fn receipt(self, message: &Message<'_>, kind: u8, has_header: bool) -> Said {
        // With a header the body is octets, no text.
        let text = if has_header { &[][..] } else { message.octets };
        let receipt = Receipt::read(message.tlvs, text);
        let answer = if has_header {
            is_answer(message.octets).then(|| message.octets.to_vec())
        } else if self.por_path == PorPath::ReceiptBody {
            answer_in(message.octets, receipt.text)
        } else {
            None
        };
        let state = receipt.state.or(match kind {
            // An intermediate notification tells about an attempt, never about the end.
            KIND_INTERMEDIATE_NOTIFICATION => Some(DeliveryState::Enroute),
            // The acknowledgement of the card's side is proof that it has the message.
            KIND_DELIVERY_ACKNOWLEDGEMENT | KIND_USER_ACKNOWLEDGEMENT => Some(DeliveryState::Delivered),
            KIND_RECEIPT => Some(DeliveryState::Unknown),
            _ => None,
        });
        Said {
            receipt: receipt.id.zip(state).map(|(id, state)| InboundMessage::Receipt {
                message_ids: candidates(id, self.message_id_form),
                source: number(message.source),
                state,
                error: receipt.error,
            }),
            user_data: answer.map(|answer| user_data(message, &answer, AnswerPath::Receipt)),
        }
    }
}

/// The card of an `alert_notification`, unless the centre says that it still cannot be reached.
pub(crate) fn available(alert: &Alert<'_>) -> Option<InboundMessage> {
    let status = alert.tlvs.octet(TlvTag::MsAvailabilityStatus).unwrap_or(0);
    (status == 0 && !alert.source.is_empty())
        .then(|| InboundMessage::Available { source: number(alert.source) })
}

fn user_data(message: &Message<'_>, octets: &[u8], path: AnswerPath) -> InboundMessage {
    InboundMessage::UserData {
        source: number(message.source),
        destination: number(message.destination),
        user_data: octets.to_vec(),
        path,
    }
}

/// An address as we write it: without the plus sign that some centres put in front.
fn number(address: &[u8]) -> String {
    let text = String::from_utf8_lossy(address);
    let text = text.trim();
    text.strip_prefix('+').unwrap_or(text).to_owned()
}

/// Whether octets are a card's answer: a user data header that is whole and names a response packet, or a
/// further segment of one.
fn is_answer(octets: &[u8]) -> bool {
    let Some((length, rest)) = octets.split_first() else { return false };
    let Some(mut header) = rest.get(..usize::from(*length)) else { return false };
    let mut answer = false;
    while let [element, length, rest @ ..] = header {
        let Some(value) = rest.get(..usize::from(*length)) else { return false };
        answer |= *element == IEI_RESPONSE_PACKET;
        // Sequence numbers count from 1; only the first segment names the packet.
        answer |= IEI_CONCATENATION.contains(element) && value.last().is_some_and(|number| *number > 1);
        header = &rest[value.len()..];
    }
    answer && header.is_empty()
}

/// A card's answer inside a receipt's body: as octets or hexadecimal text, alone or behind `text:`.
fn answer_in(body: &[u8], text: Option<&[u8]>) -> Option<Vec<u8>> {
    [Some(body), text].into_iter().flatten().find_map(|octets| {
        if is_answer(octets) {
            return Some(octets.to_vec());
        }
        hexadecimal(octets).filter(|octets| is_answer(octets))
    })
}

/// The octets that hexadecimal text writes, up to the first character that is none.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = text.iter().map_while(digit).collect();
    let (pairs, odd) = digits.as_chunks::<2>();
    (odd.is_empty() && !pairs.is_empty()).then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::pdu::read::{Tlvs, alert_notification, deliver_sm};
    use crate::sms::testing::octets;

    const POR: &str = "027100000B0AB00001000000002A0002";
    const COMMAND: &str = "027000003016091515B00001";
    const RECEIPT: &str = "id:A1 stat:DELIVRD err:000 text:";

    fn read(por_path: PorPath, esm_class: u8, octets: &[u8]) -> Said {
        let message = Message {
            source: b"+491700000001",
            destination: b"4900123",
            esm_class,
            octets,
            tlvs: Tlvs::default(),
        };
        Habits { por_path, message_id_form: MessageIdForm::Same }.read(&message)
    }

    /// Whether there is a receipt, and which path user data came by.
    fn kinds(said: &Said) -> (Option<DeliveryState>, Option<AnswerPath>) {
        let state = said.receipt.as_ref().map(|receipt| match receipt {
            InboundMessage::Receipt { state, source, message_ids, .. } => {
                assert_eq!((source.as_str(), message_ids[0].as_str()), ("491700000001", "A1"));
                *state
            }
            other => panic!("{other:?}"),
        });
        let path = said.user_data.as_ref().map(|answer| match answer {
            InboundMessage::UserData { path, source, destination, .. } => {
                assert_eq!((source.as_str(), destination.as_str()), ("491700000001", "4900123"));
                *path
            }
            other => panic!("{other:?}"),
        });
        (state, path)
    }

    #[test]
    fn c71_messages_are_told_apart() {
        use AnswerPath::{Acknowledgement, Receipt, Submit};
        use DeliveryState::{Delivered, Enroute, Unknown};
        use PorPath::{DeliverAck, DeliverUdhi, ReceiptBody};
        let por = octets(POR);
        let hex = |prefix: &str, hex: &str| format!("{prefix}{hex}").into_bytes();
        let receipt = RECEIPT.as_bytes().to_vec();
        let cases = [
            // With a header it is user data, whatever the route's habits.
            (DeliverUdhi, 0x40, por.clone(), (None, Some(Submit))),
            (ReceiptBody, 0x40, por.clone(), (None, Some(Submit))),
            (DeliverUdhi, 0x40, b"\x02\x70\x00 not a proof".to_vec(), (None, Some(Submit))),
            (DeliverUdhi, 0xC0, por.clone(), (None, Some(Submit))),
            (DeliverUdhi, 0x43, por.clone(), (None, Some(Submit))),
            // As an acknowledgement, marked as having a header or not.
            (DeliverAck, 0x48, por.clone(), (None, Some(Acknowledgement))),
            (DeliverUdhi, 0x08, por.clone(), (None, Some(Acknowledgement))),
            (DeliverAck, 0x10, por.clone(), (None, Some(Acknowledgement))),
            (DeliverAck, 0x08, receipt.clone(), (Some(Delivered), None)),
            (DeliverAck, 0x08, b"id:A1".to_vec(), (Some(Delivered), None)),
            (DeliverAck, 0x08, b"thanks".to_vec(), (None, None)),
            // Receipts, marked or not.
            (DeliverUdhi, 0x04, receipt.clone(), (Some(Delivered), None)),
            (DeliverUdhi, 0x00, receipt.clone(), (Some(Delivered), None)),
            (DeliverUdhi, 0x00, b"id:A1".to_vec(), (None, None)),
            (DeliverUdhi, 0x04, b"id:A1".to_vec(), (Some(Unknown), None)),
            (DeliverUdhi, 0x20, b"id:A1".to_vec(), (Some(Enroute), None)),
            (DeliverUdhi, 0x04, b"stat:DELIVRD".to_vec(), (None, None)),
            // With the card's answer inside, only where the route does so.
            (ReceiptBody, 0x04, hex(RECEIPT, POR), (Some(Delivered), Some(Receipt))),
            (ReceiptBody, 0x04, hex(RECEIPT, &POR.to_lowercase()), (Some(Delivered), Some(Receipt))),
            (ReceiptBody, 0x04, [receipt.clone(), por.clone()].concat(), (Some(Delivered), Some(Receipt))),
            (ReceiptBody, 0x04, por.clone(), (None, Some(Receipt))),
            (ReceiptBody, 0x04, hex("", POR), (None, Some(Receipt))),
            (DeliverUdhi, 0x44, por.clone(), (None, Some(Receipt))),
            (DeliverUdhi, 0x04, hex(RECEIPT, POR), (Some(Delivered), None)),
            // What receipts repeat of our own message is no answer.
            (ReceiptBody, 0x04, hex(RECEIPT, COMMAND), (Some(Delivered), None)),
            (ReceiptBody, 0x04, [receipt, octets(COMMAND)].concat(), (Some(Delivered), None)),
            (ReceiptBody, 0x04, hex(RECEIPT, "0271"), (Some(Delivered), None)),
            (ReceiptBody, 0x04, hex(RECEIPT, "02710"), (Some(Delivered), None)),
            (DeliverUdhi, 0x00, b"hello".to_vec(), (None, None)),
            (DeliverUdhi, 0x00, Vec::new(), (None, None)),
        ];
        for (por_path, esm_class, body, expected) in cases {
            let said = read(por_path, esm_class, &body);
            let context = format!("{por_path:?} {esm_class:02X} {}", String::from_utf8_lossy(&body));
            assert_eq!(kinds(&said), expected, "{context}");
            if let Some(InboundMessage::UserData { user_data, .. }) = said.user_data
                && expected.1 != Some(Submit)
            {
                assert_eq!(user_data, por, "{context}");
            }
        }
    }

    #[test]
    fn answers_are_told_by_their_header() {
        for (text, expected) in [
            (POR, true),
            ("027100", true),
            ("0700030102017100", true),
            ("0500030102 02 FFFF", true),
            // The first segment names its packet; one that does not is something else.
            ("0500030102 01 FFFF", false),
            ("060804 0001 02 02 FFFF", true),
            (COMMAND, false),
            ("00", false),
            ("", false),
            ("027101", false),
            ("03710000", false),
            ("FF7100", false),
        ] {
            assert_eq!(is_answer(&octets(text)), expected, "{text}");
        }
    }

    #[test]
    fn long_bodies_come_as_a_parameter() {
        let mut body = b"\0\x01\x01491\0\x01\x0149\0\x04\0\0\0\0\0\0\0\0\0\x04\x24\x00\x23".to_vec();
        body.extend_from_slice(b"id:A1 stat:DELIVRD err:000 text:abc");
        let message = deliver_sm(&body).unwrap();
        let habits = Habits { por_path: PorPath::None, message_id_form: MessageIdForm::Any };
        assert!(matches!(
            habits.read(&message).receipt,
            Some(InboundMessage::Receipt { state: DeliveryState::Delivered, .. })
        ));
    }

    #[test]
    fn alerts_need_a_number() {
        assert_eq!(available(&alert_notification(b"\x01\x01\0\x01\x0149\0").unwrap()), None);
        assert!(alert_notification(b"\x01\x01491").is_none());
    }
}
