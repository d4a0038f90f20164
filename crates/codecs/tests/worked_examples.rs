//! The worked example of an UPDATE BINARY on `3F00/ADF1/6F31`, octet by octet: script, packets, answers.

use muster_codecs::apdu::rfm::{self, Class, Place, SelectAnswer};
use muster_codecs::apdu::{Apdu, StatusWord};
use muster_codecs::counter::Counter;
use muster_codecs::path::{CardPath, FileId};
use muster_codecs::por_status::PorStatus;
use muster_codecs::response_packet::{self, Trust};
use muster_codecs::script::compact;
use muster_codecs::security::{
    CipherKey, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, Security, SecurityParts, Spi,
    WeakKeys,
};
use muster_codecs::{Tar, command_packet, concat};

const KIC: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
const KID: &str = "1032547698BADCFEEFCDAB8967452301";

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn security(spi: [u8; 2], algorithm: KeyAlgorithm, tar: &str) -> Security {
    let reference = KeyReference::new(1, algorithm);
    Security::new(SecurityParts {
        spi: Spi::from_octets(spi).unwrap(),
        kic: reference,
        kid: reference,
        tar: tar.parse().unwrap(),
        cipher_key: Some(CipherKey::new(algorithm, &hex(KIC), WeakKeys::Refuse).unwrap()),
        mac_key: Some(MacKey::new(algorithm, &hex(KID), WeakKeys::Refuse).unwrap()),
        mac_length: MacLength::Eight,
        redundancy: None,
        key_versions: KeyVersions::SameAndReal,
    })
    .unwrap()
}

fn counter(value: u64) -> Counter {
    Counter::new(value).unwrap()
}

fn commands() -> Vec<Apdu> {
    let path: CardPath = "3F00/ADF1/6F31".parse().unwrap();
    let selects =
        path.below_master().into_iter().map(|file| rfm::select(Class::Uicc, file, SelectAnswer::Nothing));
    selects.chain(rfm::update_binary(Class::Uicc, Place::Offset(0), &[5]).unwrap()).collect()
}

#[test]
fn the_script_and_its_equivalents() {
    assert_eq!(hex::encode_upper(&*compact::build(&commands())), "00A4000C027FFF00A4000C026F3100D600000105");

    let by_path = rfm::select_path_from_master(&[FileId::CURRENT_ADF, FileId(0x6F31)], SelectAnswer::Nothing);
    assert_eq!(hex::encode_upper(by_path.unwrap().as_bytes()), "00A4080C047FFF6F31");

    let by_short_id = rfm::update_binary(Class::Uicc, Place::ShortId { id: 0x12, offset: 0 }, &[5]).unwrap();
    assert_eq!(hex::encode_upper(by_short_id[0].as_bytes()), "00D692000105");
}

#[test]
fn triple_des_packet_and_its_short_message() {
    let security = security([0x16, 0x09], KeyAlgorithm::TripleDes2, "B00001");
    let script = compact::build(&commands());
    let packet = command_packet::encode(&security, counter(42), &script).unwrap();
    assert_eq!(
        hex::encode_upper(&packet),
        "00301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497"
    );
    assert_eq!(packet.len(), command_packet::packet_len(&security, script.len()));
    let segments = concat::segments(&packet, 0).unwrap();
    assert_eq!(segments, [[&[0x02, 0x70, 0x00], &packet[..]].concat()]);
    assert_eq!(segments[0].len(), 0x35);

    let read = command_packet::decode(&security, &segments).unwrap();
    assert_eq!((read.counter, read.pcntr, &read.secured_data), (counter(42), 6, &script));
}

#[test]
fn triple_des_answers() {
    let security = security([0x16, 0x09], KeyAlgorithm::TripleDes2, "B00001");
    let read = |text| response_packet::decode(security.response(), Some(counter(42)), &[hex(text)]).unwrap();

    let done = read("027100001612B00001000000002A000030DA7DA6A9A8FD4F039000");
    assert_eq!((done.status, done.counter, done.trust), (PorStatus::Ok, counter(42), Trust::Authenticated));
    let result = compact::parse_response(&done.data).unwrap();
    assert_eq!((result.executed, result.status_word, result.data.len()), (3, StatusWord::OK, 0));

    let not_found = read("027100001612B00001000000002A00008D3A9B09C2EFA948026A82");
    assert!(not_found.authenticated());
    let result = compact::parse_response(&not_found.data).unwrap();
    assert_eq!((result.executed, result.status_word), (2, StatusWord(0x6A82)));

    let low = read("027100000B0AB00001000000002A0002");
    assert_eq!((low.status, low.trust, low.data.len()), (PorStatus::CounterLow, Trust::Hint, 0));
}

#[test]
fn aes_packet_and_both_its_answers() {
    let security = security([0x16, 0x39], KeyAlgorithm::Aes128, "B00001");
    let packet = command_packet::encode(&security, counter(43), &compact::build(&commands())).unwrap();
    assert_eq!(
        hex::encode_upper(&packet),
        "00381516391212B00001DBBC5CE77CDBA7E8E068B49E0AA7833B9C12AA808353165BF37391204A1CB1993C21C605F9DD74CE9A\
         218D08B9EF83BC"
    );
    assert_eq!(command_packet::decode_packet(&security, &packet).unwrap().pcntr, 14);

    let read = |text| response_packet::decode(security.response(), Some(counter(43)), &[hex(text)]).unwrap();
    let interim = read("027100001412B00001504200DEEE195E4F075606F4BA9041E1");
    assert_eq!((interim.status, interim.authenticated()), (PorStatus::FollowsBySubmit, true));
    let done = read("027100002412B000015CBC7AB135B89CE68A4FCA951F7BDFF62B3C5885B55095965CFC786E396A70E6");
    assert_eq!((done.status, done.authenticated()), (PorStatus::Ok, true));
    assert_eq!(done.data, [3, 0x90, 0x00]);
}

#[test]
fn the_shortened_form_that_a_card_executed() {
    let security = security([0x16, 0x09], KeyAlgorithm::TripleDes2, "B00011");
    let packet = command_packet::encode(&security, counter(42), &compact::build(&commands()[1..])).unwrap();
    assert_eq!(
        hex::encode_upper(&packet),
        "00281516091515B00011FBFEF8EAD3E5B693BD6D71F7FC385DD9E8D56A145A953F200B115DAFBD1547A1"
    );
    let answer = hex("027100001612B00011000000002A000020E0B7E82FAB4E45029000");
    let answer = response_packet::decode(security.response(), Some(counter(42)), &[answer]).unwrap();
    assert_eq!((answer.status, answer.trust), (PorStatus::Ok, Trust::Authenticated));
    assert_eq!(answer.tar, Tar([0xB0, 0x00, 0x11]));
    assert_eq!(answer.data, [2, 0x90, 0x00]);
}
