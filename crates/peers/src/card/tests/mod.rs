//! The worked examples and vectors, octet by octet; what a card accepts; what its commands do.

mod files;
mod security;

use super::*;
use crate::hex;
use serde_json::Value;

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn key(algorithm: &str, text: &str) -> Key {
    Key::new(Algorithm::named(algorithm).unwrap(), &octets(text)).unwrap()
}

fn card(profile: Arc<CardProfile>, kvn: u8, kic: Key, kid: Key, counter: u64) -> Card {
    let spec = CardSpec {
        iccid: "8949000000000000017".into(),
        imsi: "262011234567890".into(),
        msisdn: "491700000001".into(),
        key_sets: vec![KeySet { kvn, kic, kid, counter }],
        profile: Arc::clone(&profile),
    };
    Card::new(&spec, Kind::new(profile))
}

const KIC: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
const KID: &str = "1032547698BADCFEEFCDAB8967452301";

fn example_card(algorithm: &str, counter: u64) -> Card {
    card(CardProfile::usim(), 1, key(algorithm, KIC), key(algorithm, KID), counter)
}

const UPDATE: &str = "02700000301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497";
const UPDATE_AES: &str = "02700000381516391212B00001DBBC5CE77CDBA7E8E068B49E0AA7833B9C12AA808353165BF37391204A1CB1993C21C605F9DD74CE9A218D08B9EF83BC";

fn report(reply: &Reply) -> String {
    reply.report.as_deref().map_or_else(String::new, hex::encode)
}

fn status(reply: &Reply) -> u8 {
    reply.handled.as_ref().unwrap().status
}

#[test]
fn ota_5_7_3des_writes_the_file_and_answers_with_a_check() {
    let mut card = example_card("3des2", 41);
    let reply = card.receive(&octets(UPDATE), &CardFaults::default());
    assert_eq!(report(&reply), "027100001612B00001000000002A000030DA7DA6A9A8FD4F039000");
    assert!(reply.submits.is_empty());
    assert_eq!(card.file("3F00/ADF1/6F31").unwrap(), [5]);
    assert_eq!(card.counter(1), Some(42));
    let write = Write {
        command: 3,
        operation: Operation::UpdateBinary,
        file: "3F00/ADF1/6F31".into(),
        place: 0,
        data: vec![5],
    };
    assert_eq!(reply.handled.unwrap().writes, [write]);
}

#[test]
fn ota_5_7_file_not_found_at_command_2_advances_the_counter() {
    let mut card = example_card("3des2", 0);
    let faults = CardFaults { sw: Some((2, 0x6A82)), ..CardFaults::default() };
    let reply = card.receive(&octets(UPDATE), &faults);
    assert_eq!(report(&reply), "027100001612B00001000000002A00008D3A9B09C2EFA948026A82");
    assert_eq!(card.file("3F00/ADF1/6F31").unwrap(), [0x0A]);
    assert_eq!(card.counter(1), Some(42));
}

#[test]
fn ota_5_7_a_replay_is_refused_without_protection_and_runs_nothing() {
    let mut card = example_card("3des2", 41);
    card.receive(&octets(UPDATE), &CardFaults::default());
    let reply = card.receive(&octets(UPDATE), &CardFaults::default());
    assert_eq!(report(&reply), "027100000B0AB00001000000002A0002");
    assert!(reply.handled.unwrap().writes.is_empty());
}

#[test]
fn ota_5_7_aes_announces_its_answer_and_sends_it_by_message() {
    let mut card = example_card("aes", 42);
    let faults = CardFaults { interim: true, ..CardFaults::default() };
    let reply = card.receive(&octets(UPDATE_AES), &faults);
    assert_eq!(report(&reply), "027100001412B00001504200DEEE195E4F075606F4BA9041E1");
    assert_eq!(
        reply.submits,
        [octets("027100002412B000015CBC7AB135B89CE68A4FCA951F7BDFF62B3C5885B55095965CFC786E396A70E6")]
    );
    assert_eq!(card.counter(1), Some(43));
}

#[test]
fn ota_5_7_the_shortened_form_with_the_directory_preselected() {
    let mut card = example_card("3des2", 0);
    let packet = "02700000281516091515B00011FBFEF8EAD3E5B693BD6D71F7FC385DD9E8D56A145A953F200B115DAFBD1547A1";
    let reply = card.receive(&octets(packet), &CardFaults::default());
    assert_eq!(report(&reply), "027100001612B00011000000002A000020E0B7E82FAB4E45029000");
    assert_eq!(card.file("3F00/ADF1/6F31").unwrap(), [5]);
}

#[test]
fn sample_vectors_decode_in_the_card() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/ota_vectors_sample.json")).unwrap();
    let mut commands = 0;
    for vector in vectors["vectors"].as_array().unwrap().iter().filter(|one| one["kind"] == "command") {
        commands += 1;
        let security = &vector["security"];
        let text = |field: &str| security[field].as_str();
        let some = |algorithm: &str, field: &str| match (text(algorithm), text(field)) {
            (Some(algorithm), Some(octets)) => key(algorithm, octets),
            _ => key("3des2", KIC),
        };
        let kid_byte = octets(text("kid_byte").unwrap())[0];
        let counter = u64::from_str_radix(text("cntr").unwrap(), 16).unwrap();
        let mut card = card(
            CardProfile::lab(),
            kid_byte >> 4,
            some("kic_alg", "kic"),
            some("kid_alg", "kid"),
            counter - 1,
        );
        let command = &vector["command"];
        let mut reply = Reply::default();
        for segment in command["tp_ud"].as_array().unwrap() {
            reply = card.receive(&octets(segment.as_str().unwrap()), &CardFaults::default());
        }
        let title = &vector["title"];
        assert_eq!(status(&reply), status::OK, "{title}");
        assert_eq!(card.counter(kid_byte >> 4), Some(counter), "{title}");

        let packet = octets(command["packet"].as_str().unwrap());
        let header = Header::read(&packet).unwrap();
        let opened = header.open(&packet, &card.key_sets[0], 8).unwrap();
        assert_eq!(
            hex::encode(&opened.data),
            command["secured_data"].as_str().unwrap().to_uppercase(),
            "{title}"
        );
    }
    assert_eq!(commands, 4);
}

#[test]
fn sample_vectors_of_answers_are_what_the_card_would_say() {
    let keys = |kic: Key, kid: Key| KeySet { kvn: 1, kic, kid, counter: 0 };
    let aes =
        keys(key("aes", "0bb188c3ad94bc161e76659f14e74586"), key("aes", "6a446bf0d9afe3e396e0550597a82e74"));
    let header = |spi2| {
        let mut packet = octets("000E0D16001212B00001000000002200");
        packet[4] = spi2;
        Header::read(&packet).unwrap()
    };
    let (clear, ciphered) = (header(0x01), header(0x19));
    let responder =
        |header, counter| Responder { header, counter: [0, 0, 0, 0, counter], keys: &aes, check_octets: 8 };
    assert_eq!(
        hex::encode(&into_user_data(&responder(&clear, 0x21).protected(0, &octets("039000")), 0)[0]),
        "027100000E0AB0000100000000210000039000"
    );
    assert_eq!(
        hex::encode(
            &into_user_data(&responder(&ciphered, 0x22).protected(0, &octets("03900000000102")), 0)[0]
        ),
        "027100002412B00001305934E30FDA7B900C112787ED49F95A909A3ECFF42C1F6C99FAD8D0E0BE68F9"
    );
    assert_eq!(
        hex::encode(&unprotected([0xB0, 0, 1], [0; 5], status::COUNTER_LOW)),
        "000B0AB0000100000000000002"
    );
}

#[test]
fn ota_4_1_counter_rules() {
    use CounterMode::{Absent, Higher, Ignored, Next};
    for (mode, stored, sent, expected) in [
        (Higher, 9, 10, Ok(())),
        (Higher, 9, 12, Ok(())),
        (Higher, 9, 9, Err(status::COUNTER_LOW)),
        (Higher, 9, 8, Err(status::COUNTER_LOW)),
        (Higher, 0, 0, Err(status::COUNTER_LOW)),
        (Higher, COUNTER_MAX - 1, COUNTER_MAX, Ok(())),
        (Higher, COUNTER_MAX, COUNTER_MAX, Err(status::COUNTER_BLOCKED)),
        (Higher, COUNTER_MAX, 1, Err(status::COUNTER_BLOCKED)),
        (Next, 9, 10, Ok(())),
        (Next, 9, 12, Err(status::COUNTER_HIGH)),
        (Next, 9, 9, Err(status::COUNTER_LOW)),
        (Next, 9, 8, Err(status::COUNTER_LOW)),
        (Next, COUNTER_MAX, 5, Err(status::COUNTER_BLOCKED)),
        (Ignored, 9, 1, Ok(())),
        (Absent, 9, 0, Ok(())),
    ] {
        assert_eq!(admit(mode, stored, sent), expected, "{mode:?} stored {stored} sent {sent}");
    }
}
