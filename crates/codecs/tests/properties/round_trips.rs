//! What was encoded is decoded to the same.

use super::arbitrary::{counter, data, security};
use muster_codecs::apdu::{Apdu, StatusWord};
use muster_codecs::path::CardPath;
use muster_codecs::por_status::PorStatus;
use muster_codecs::response_packet::{self, Trust};
use muster_codecs::script::compact::{self, CompactResponse};
use muster_codecs::script::expanded::{
    self, BadFormat, ChainingResult, CommandObject, ExpandedResponse, Framing, ResponseObject,
};
use muster_codecs::udh::PacketKind;
use muster_codecs::{command_packet, concat};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn framing() -> impl Strategy<Value = Framing> {
    select(vec![Framing::Definite, Framing::Indefinite])
}

fn command_object() -> impl Strategy<Value = CommandObject> {
    prop_oneof![
        3 => vec(any::<u8>(), 4..262).prop_map(|octets| CommandObject::Apdu(Apdu::from_bytes(&octets).unwrap())),
        1 => vec(any::<u8>(), 0..40).prop_map(CommandObject::ImmediateAction),
        1 => vec(any::<u8>(), 0..40).prop_map(CommandObject::ErrorAction),
    ]
}

fn response_object() -> impl Strategy<Value = ResponseObject> {
    prop_oneof![
        3 => (vec(any::<u8>(), 0..300), any::<u16>())
            .prop_map(|(data, word)| ResponseObject::Apdu { data, status_word: StatusWord(word) }),
        1 => any::<u8>().prop_map(|octet| ResponseObject::BadFormat(BadFormat::from_octet(octet))),
        1 => any::<u8>().prop_map(ResponseObject::ImmediateAction),
        1 => any::<u8>().prop_map(|octet| ResponseObject::ScriptChaining(ChainingResult::from_octet(octet))),
    ]
}

proptest! {
    #[test]
    fn commands(security in security(), counter in counter(), data in data()) {
        let packet = command_packet::encode(&security, counter, &data).unwrap();
        prop_assert_eq!(packet.len(), command_packet::packet_len(&security, data.len()));
        let read = command_packet::decode_packet(&security, &packet).unwrap();
        prop_assert_eq!((read.counter, &*read.secured_data), (counter, &data));
        if let Some(key) = &security.command().protection().cipher {
            prop_assert!(usize::from(read.pcntr) < key.block_len());
            prop_assert_eq!((packet.len() - 10) % key.block_len(), 0);
        } else {
            prop_assert_eq!(read.pcntr, 0);
            prop_assert_eq!(&packet[packet.len() - data.len()..], &data[..]);
        }
    }

    #[test]
    fn answers(security in security(), counter in counter(), status: u8, data in data()) {
        let response = security.response();
        let status = PorStatus::from_octet(status);
        let packet = response_packet::encode(response, counter, status, &data).unwrap();
        let read = response_packet::decode_packet(response, Some(counter), &packet).unwrap();
        prop_assert_eq!((read.counter, read.status, &read.data), (counter, status, &data));
        let authenticates = response.protection.check.authenticates();
        prop_assert_eq!(read.trust, if authenticates { Trust::Authenticated } else { Trust::AsRequested });
        prop_assert_eq!(response_packet::peek_tar(&packet), Some(security.tar()));
    }

    /// Shuffled, and with some parts sent twice.
    #[test]
    fn parts(packet in data(), reference: u8, order in any::<Vec<Index>>(), answer: bool) {
        let kind = if answer { PacketKind::Response } else { PacketKind::Command };
        let mut parts = concat::segments_of(kind, &packet, reference).unwrap();
        prop_assert_eq!(parts.len(), concat::segments_needed(packet.len()));
        prop_assert!(parts.iter().all(|part| part.len() <= concat::MAX_TP_UD_LEN));
        if parts.len() > 1 {
            for index in &order {
                let chosen = index.index(parts.len());
                let again = parts[chosen].clone();
                parts.swap(0, chosen);
                parts.push(again);
            }
        }
        let joined = concat::join(&parts).unwrap();
        prop_assert_eq!(joined.kind, Some(kind));
        prop_assert_eq!(joined.payload, packet);
    }

    #[test]
    fn expanded_commands(
        chaining in any::<Option<u8>>(),
        objects in vec(command_object(), 0..6),
        framing in framing(),
    ) {
        let objects: Vec<_> = chaining.map(CommandObject::ScriptChaining).into_iter().chain(objects).collect();
        let script = expanded::build(&objects, framing).unwrap();
        prop_assert_eq!(expanded::parse(&script).unwrap(), objects);
    }

    #[test]
    fn expanded_answers(executed in any::<u32>(), objects in vec(response_object(), 0..6), framing in framing()) {
        let executed = (framing == Framing::Definite).then_some(executed);
        let response = ExpandedResponse { executed, objects };
        let octets = expanded::build_response(&response, framing);
        prop_assert_eq!(expanded::parse_response(&octets).unwrap(), response);
    }

    #[test]
    fn compact_answers(executed: u8, word: u16, data in data()) {
        let response = CompactResponse { executed, status_word: StatusWord(word), data };
        prop_assert_eq!(compact::parse_response(&compact::build_response(&response)).unwrap(), response);
    }

    #[test]
    fn paths(text in "3F00(/ADF[1-9][0-9]?)?(/[0-27][0-9A-F]{3}){0,6}") {
        prop_assert_eq!(text.parse::<CardPath>().unwrap().to_string(), text);
    }
}
