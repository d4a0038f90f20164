//! Packets that must be refused, each for its own reason, and the order in which reasons are found.

use muster_codecs::counter::Counter;
use muster_codecs::por_status::PorStatus;
use muster_codecs::response_packet::{self, Trust};
use muster_codecs::security::{
    CipherKey, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, Security, SecurityParts, Spi,
    WeakKeys,
};
use muster_codecs::{DecodeError, Tar, command_packet};

const SENT: u64 = 42;

fn security(spi: [u8; 2]) -> Security {
    let key = *b"0123456789abcdef";
    Security::new(SecurityParts {
        spi: Spi::from_octets(spi).unwrap(),
        kic: KeyReference::new(1, KeyAlgorithm::TripleDes2),
        kid: KeyReference::new(1, KeyAlgorithm::TripleDes2),
        tar: Tar([0xB0, 0, 1]),
        cipher_key: Some(CipherKey::new(KeyAlgorithm::TripleDes2, &key, WeakKeys::Refuse).unwrap()),
        mac_key: Some(MacKey::new(KeyAlgorithm::TripleDes2, &key, WeakKeys::Refuse).unwrap()),
        mac_length: MacLength::Eight,
        redundancy: None,
        key_versions: KeyVersions::SameAndReal,
    })
    .unwrap()
}

fn counter(value: u64) -> Counter {
    Counter::new(value).unwrap()
}

fn changed(packet: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut packet = packet.to_vec();
    change(&mut packet);
    packet
}

fn set_len(packet: &mut [u8]) {
    let len = (packet.len() - 2) as u16;
    packet[..2].copy_from_slice(&len.to_be_bytes());
}

#[test]
fn commands_by_table() {
    let ciphered = security([0x16, 0x09]);
    let good = command_packet::encode(&ciphered, counter(SENT), &[1, 2, 3]).unwrap();
    for (name, packet, class) in [
        ("nothing", vec![], "length"),
        ("half a header", good[..7].to_vec(), "length"),
        ("CPL one too low", changed(&good, |p| p[1] -= 1), "length"),
        ("an octet too many", changed(&good, |p| p.push(0)), "length"),
        ("CHL of no check", changed(&good, |p| p[2] = 13), "length"),
        ("ends inside its header", changed(&good[..20], |p| set_len(p)), "length"),
        (
            "no whole block",
            changed(&good, |p| {
                p.pop();
                set_len(p);
            }),
            "length",
        ),
        ("another indicator", changed(&good, |p| p[3] = 0x1E), "identity"),
        ("another version in KIc", changed(&good, |p| p[5] = 0x25), "identity"),
        ("another version in KID", changed(&good, |p| p[6] = 0x25), "identity"),
        ("another application", changed(&good, |p| p[9] = 2), "identity"),
        ("damage", changed(&good, |p| p[12] ^= 1), "integrity"),
    ] {
        let error = command_packet::decode_packet(&ciphered, &packet).unwrap_err();
        assert_eq!(error.class(), class, "{name}: {error}");
    }

    // Padding can only be wrong in a packet whose check is right, or that has none.
    let unchecked = security([0x10, 0x01]);
    let good = command_packet::encode(&unchecked, counter(SENT), &[1, 2, 3]).unwrap();
    let most = changed(&good, |p| p[15] = 3);
    assert!(command_packet::decode_packet(&unchecked, &most).unwrap().secured_data.is_empty());
    let too_much = changed(&good, |p| p[15] = 4);
    assert_eq!(command_packet::decode_packet(&unchecked, &too_much).unwrap_err().class(), "padding");
}

/// Whoever pads otherwise is read all the same: only the count matters.
#[test]
fn the_values_of_padding_do_not_matter() {
    let unchecked = security([0x10, 0x01]);
    let mut packet = command_packet::encode(&unchecked, counter(SENT), &[1, 2, 3, 0x80, 0x55]).unwrap();
    packet[15] = 2;
    assert_eq!(**command_packet::decode_packet(&unchecked, &packet).unwrap().secured_data, [1, 2, 3]);
}

#[test]
fn answers_by_table() {
    let security = security([0x16, 0x19]);
    let answer = |value, status, data: &[u8]| {
        response_packet::encode(security.response(), counter(value), PorStatus::from_octet(status), data)
            .unwrap()
    };
    let good = answer(SENT, 0, &[3, 0x90, 0]);
    let bare = |counter: u8, status| vec![0, 11, 10, 0xB0, 0, 1, 0, 0, 0, 0, counter, 0, status];
    for (name, packet, outcome) in [
        ("as it should be", good.clone(), Ok(Trust::Authenticated)),
        ("an error, protected", answer(SENT, 2, &[]), Ok(Trust::Authenticated)),
        ("an error, protected, to a counter unread", answer(0, 1, &[]), Ok(Trust::Authenticated)),
        ("a bare error", bare(42, 2), Ok(Trust::Hint)),
        ("a bare error to a counter unread", bare(0, 9), Ok(Trust::Hint)),
        ("nothing", vec![], Err("length")),
        ("half a header", good[..4].to_vec(), Err("length")),
        ("RPL one too low", changed(&good, |p| p[1] -= 1), Err("length")),
        ("an octet too many", changed(&good, |p| p.push(0)), Err("length")),
        ("RHL of a shorter check", changed(&good, |p| p[2] = 0x0E), Err("length")),
        ("a success without protection", bare(42, 0), Err("length")),
        ("a bare error to another counter", bare(41, 2), Err("identity")),
        ("a bare error from another application", changed(&bare(42, 2), |p| p[5] = 2), Err("length")),
        ("a bare error with padding", changed(&bare(42, 2), |p| p[11] = 1), Err("length")),
        (
            "a bare error with data",
            changed(&bare(42, 2), |p| {
                p.push(0);
                set_len(p);
            }),
            Err("length"),
        ),
        ("another application", changed(&good, |p| p[5] = 2), Err("identity")),
        ("damage", changed(&good, |p| p[8] ^= 1), Err("integrity")),
        ("not ciphered", answer_in_clear(), Err("integrity")),
        ("another counter", answer(SENT - 1, 0, &[3, 0x90, 0]), Err("identity")),
        ("a success to a counter unread", answer(0, 0, &[]), Err("identity")),
    ] {
        let read = response_packet::decode_packet(security.response(), Some(counter(SENT)), &packet);
        assert_eq!(read.map(|response| response.trust).map_err(|error| error.class()), outcome, "{name}");
    }
}

/// A right checksum, where the answer should have been ciphered as well.
fn answer_in_clear() -> Vec<u8> {
    let clear = security([0x16, 0x09]);
    response_packet::encode(clear.response(), counter(SENT), PorStatus::Ok, &[3, 0x90, 0]).unwrap()
}

#[test]
fn messages_that_are_no_packet() {
    let security = security([0x16, 0x09]);
    for (name, tp_uds, class) in [
        ("no message", vec![], "length"),
        ("a command", vec![vec![0x02, 0x70, 0x00]], "identity"),
        ("a message without header elements", vec![vec![0x00, 1, 2]], "identity"),
        ("a broken header", vec![vec![0x02, 0x71]], "length"),
        ("a part", vec![vec![0x07, 0, 3, 1, 2, 1, 0x71, 0]], "length"),
    ] {
        let error = response_packet::decode(security.response(), None, &tp_uds).unwrap_err();
        assert_eq!(error.class(), class, "{name}");
    }
    let error = command_packet::decode(&security, &[[0x02, 0x71, 0x00]]).unwrap_err();
    assert_eq!(error, DecodeError::Identity("the message carries no command packet"));
}

#[test]
fn a_packet_ends_at_what_one_concatenation_carries() {
    let clear = security([0x10, 0x01]);
    let most = command_packet::MAX_PACKET_LEN - 16;
    assert_eq!(
        command_packet::encode(&clear, Counter::ZERO, &vec![0; most]).unwrap().len(),
        command_packet::MAX_PACKET_LEN
    );
    for len in [most + 1, command_packet::MAX_PACKET_LEN + 1, 1_000_000] {
        assert!(command_packet::encode(&clear, Counter::ZERO, &vec![0; len]).is_err(), "{len}");
        let status = PorStatus::Ok;
        assert!(response_packet::encode(clear.response(), Counter::ZERO, status, &vec![0; len + 3]).is_err());
    }
}
