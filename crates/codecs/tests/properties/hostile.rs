//! Any octets are read or refused; damaged octets are never taken for whole ones.

use super::arbitrary::{authenticated, counter, security};
use muster_codecs::counter::Counter;
use muster_codecs::por_status::PorStatus;
use muster_codecs::script::{compact, expanded};
use muster_codecs::udh::UserData;
use muster_codecs::{command_packet, concat, response_packet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..400)]
}

/// Lengths made right in half of the cases, so that what lies behind them is reached.
fn with_lengths(mut octets: Vec<u8>, header_len: Option<usize>) -> Vec<u8> {
    if let (Some(header_len), true) = (header_len, octets.len() > 3) {
        let len = (octets.len() - 2) as u16;
        octets[..2].copy_from_slice(&len.to_be_bytes());
        octets[2] = header_len as u8;
    }
    octets
}

proptest! {
    #[test]
    fn no_octets_make_a_command_reader_panic(security in security(), octets in octets(), honest: bool) {
        let header_len = honest.then(|| 13 + security.command().protection().check.len());
        let mut octets = with_lengths(octets, header_len);
        if honest && octets.len() > 10 {
            octets[3..5].copy_from_slice(&security.spi().to_octets());
            octets[5..7].copy_from_slice(&[security.command().kic().octet(), security.command().kid().octet()]);
            octets[7..10].copy_from_slice(&security.tar().0);
        }
        if let Ok(command) = command_packet::decode_packet(&security, &octets) {
            prop_assert!(command.secured_data.len() + usize::from(command.pcntr) <= octets.len());
        }
    }

    #[test]
    fn no_octets_make_an_answer_reader_panic(
        security in security(),
        sent in proptest::option::of(counter()),
        octets in octets(),
        honest: bool,
    ) {
        let response = security.response();
        let mut octets = with_lengths(octets, honest.then(|| 10 + response.protection.check.len()));
        if honest && octets.len() > 6 {
            octets[3..6].copy_from_slice(&security.tar().0);
        }
        response_packet::peek_tar(&octets);
        if let Ok(read) = response_packet::decode_packet(response, sent, &octets) {
            prop_assert!(read.data.len() <= octets.len());
            // By luck, no checksum verifies.
            prop_assert!(!read.authenticated());
        }
    }

    #[test]
    fn no_octets_make_the_others_panic(octets in octets(), more in vec(octets(), 0..4)) {
        let _ = compact::parse_response(&octets);
        let _ = expanded::parse(&octets);
        let _ = expanded::parse_response(&octets);
        if let Ok(user_data) = UserData::parse(&octets) {
            prop_assert!(user_data.payload().len() < octets.len());
            let elements: usize = user_data.elements().map(|element| 2 + element.data.len()).sum();
            prop_assert_eq!(1 + elements + user_data.payload().len(), octets.len());
        }
        let _ = concat::join(&more);
    }

    /// A script that was read says the same when it is written again.
    #[test]
    fn scripts_that_are_read_are_understood(mut octets in octets()) {
        if octets.len() > 1 {
            octets[0] = 0xAE;
            octets[1] = 0x80;
            octets.extend_from_slice(&[0, 0]);
        }
        if let Ok(objects) = expanded::parse(&octets) {
            let again = expanded::build(&objects, expanded::Framing::Definite).unwrap();
            prop_assert_eq!(expanded::parse(&again).unwrap(), objects);
        }
    }

    #[test]
    fn no_damaged_bit_passes_a_checksum(
        security in authenticated(),
        counter in counter(),
        data in vec(any::<u8>(), 0..80),
        bit: Index,
    ) {
        let mut packet = command_packet::encode(&security, counter, &data).unwrap();
        let bit_index = bit.index(packet.len() * 8);
        packet[bit_index / 8] ^= 1 << (bit_index % 8);
        prop_assert!(command_packet::decode_packet(&security, &packet).is_err());

        let response = security.response();
        let mut packet = response_packet::encode(response, counter, PorStatus::Ok, &data).unwrap();
        let bit_index = bit.index(packet.len() * 8);
        packet[bit_index / 8] ^= 1 << (bit_index % 8);
        prop_assert!(response_packet::decode_packet(response, None::<Counter>, &packet).is_err());
    }
}

/// The same for every single bit of one packet of each direction.
#[test]
fn every_damaged_bit_of_a_packet_is_found() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for _ in 0..16 {
        let security = authenticated().new_tree(&mut runner).unwrap().current();
        let counter = Counter::new(7).unwrap();
        let command = command_packet::encode(&security, counter, &[1, 2, 3]).unwrap();
        let answer =
            response_packet::encode(security.response(), counter, PorStatus::Ok, &[3, 0x90, 0]).unwrap();
        for bit in 0..command.len().max(answer.len()) * 8 {
            let damage = |packet: &[u8]| {
                let mut packet = packet.to_vec();
                *packet.get_mut(bit / 8)? ^= 1 << (bit % 8);
                Some(packet)
            };
            if let Some(packet) = damage(&command) {
                assert!(command_packet::decode_packet(&security, &packet).is_err(), "bit {bit}");
            }
            if let Some(packet) = damage(&answer) {
                let read = response_packet::decode_packet(security.response(), None, &packet);
                assert!(read.is_err(), "bit {bit}");
            }
        }
    }
}
