//! What a card accepts and how it refuses (OTA rules, §2, §3 and §4).

use super::{card, key, octets, status};
use crate::card::sealing::Sealing;
use crate::card::status::*;
use crate::card::{Card, CardFaults, CardProfile, Key, KeySet, Reply, ciphers};
use crate::hex;
use proptest::prelude::*;
use std::sync::Arc;

const READ: &str = "00A4000C026FAD00B0000004";

fn key_set(algorithm: &str) -> KeySet {
    let length = if algorithm == "3des3" { 24 } else { 16 };
    let text = |first: u8| hex::encode(&(first..first + length).collect::<Vec<u8>>());
    KeySet { kvn: 3, kic: key(algorithm, &text(0x10)), kid: key(algorithm, &text(0x80)), counter: 0 }
}

fn card_with(profile: Arc<CardProfile>, keys: &KeySet) -> Card {
    card(profile, keys.kvn, keys.kic, keys.kid, keys.counter)
}

fn sealing(keys: &KeySet, spi: [u8; 2]) -> Sealing<'_> {
    Sealing { spi, tar: [0xB0, 0, 1], counter: 1, keys, crc: 0, check_octets: 8 }
}

fn send(card: &mut Card, messages: &[Vec<u8>]) -> Reply {
    let mut reply = Reply::default();
    for message in messages {
        assert_eq!(reply, Reply::default(), "only the last segment is answered");
        reply = card.receive(message, &CardFaults::default());
    }
    reply
}

/// Opens an answer with the keys, as a server does; status and data.
fn open(keys: &KeySet, spi2: u8, user_data: &[u8]) -> (u8, Vec<u8>) {
    assert_eq!(user_data[..3], [2, 0x71, 0]);
    let mut packet = user_data[3..].to_vec();
    assert_eq!(usize::from(u16::from_be_bytes([packet[0], packet[1]])), packet.len() - 2);
    if spi2 & 0x10 != 0 {
        ciphers::decrypt(&keys.kic, &mut packet[6..]);
    }
    let check = usize::from(packet[2]) - 10;
    let sent: Vec<u8> = packet.splice(13..13 + check, []).collect();
    let input = [&[2, 0x71, 0][..], &packet].concat();
    match spi2 >> 2 & 3 {
        0 => assert_eq!(check, 0),
        1 if check == 2 => assert_eq!(sent, ciphers::crc_16(&input)),
        1 => assert_eq!(sent, ciphers::crc_32(&input)),
        _ => assert_eq!(sent, ciphers::check(&keys.kid, &input)[..check]),
    }
    let padding = usize::from(packet[11]);
    (packet[12], packet[13..packet.len() - padding].to_vec())
}

#[test]
fn every_protection_of_command_and_answer() {
    for algorithm in ["3des2", "3des3", "aes"] {
        for spi1 in [0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x09, 0x0A, 0x11, 0x12, 0x16, 0x1E] {
            for spi2 in [0x01, 0x05, 0x09, 0x11, 0x15, 0x19, 0x21, 0x39] {
                for crc in [0, 1, 5] {
                    if (crc == 0) == (spi1 & 3 == 1 || spi2 & 0x0C == 4) {
                        continue;
                    }
                    if crc != 0 && (spi1 & 3 == 2 || spi2 & 0x0C == 8) {
                        continue;
                    }
                    let keys = key_set(algorithm);
                    let mut card = card_with(CardProfile::lab(), &keys);
                    let sealing = Sealing { crc, ..sealing(&keys, [spi1, spi2]) };
                    let reply = send(&mut card, &sealing.user_data(&octets(READ), 1));
                    let name = format!("{algorithm} {spi1:02X}{spi2:02X} {crc}");
                    assert_eq!(status(&reply), OK, "{name}");
                    let answer = if spi2 & 0x20 != 0 { reply.submits.first() } else { reply.report.as_ref() };
                    let (answered, data) = open(&keys, spi2, answer.expect(&name));
                    assert_eq!((answered, hex::encode(&data)), (OK, "02900000000102".into()), "{name}");
                }
            }
        }
    }
}

#[test]
fn ota_3_2_refusals_come_without_protection() {
    let keys = key_set("3des2");
    let other = |kic: Key, kid: Key| KeySet { kic, kid, ..keys.clone() };
    let strange = key("3des2", "FFEEDDCCBBAA99887766554433221100");
    let (wrong_kic, wrong_kid) = (other(strange, keys.kid), other(keys.kic, strange));
    let (wrong_kvn, as_aes) = (KeySet { kvn: 4, ..keys.clone() }, key_set("aes"));
    let good = sealing(&keys, [0x16, 0x09]);
    // Without a key the counter of a ciphered packet cannot be read: zeros come back.
    for (name, sealing, expected, counter) in [
        ("wrong KIc", Sealing { keys: &wrong_kic, ..good.clone() }, CIPHERING_ERROR, "0000000000"),
        ("wrong KID", Sealing { keys: &wrong_kid, ..good.clone() }, CHECK_FAILED, "0000000001"),
        ("wrong KVN", Sealing { keys: &wrong_kvn, ..good.clone() }, UNIDENTIFIED, "0000000000"),
        ("wrong algorithm", Sealing { keys: &as_aes, ..good.clone() }, CIPHERING_ERROR, "0000000000"),
        ("short check", Sealing { check_octets: 4, ..good.clone() }, CHECK_FAILED, "0000000001"),
        ("counter 0", Sealing { counter: 0, ..good.clone() }, COUNTER_LOW, "0000000000"),
        ("no such application", Sealing { tar: [1, 2, 3], ..good.clone() }, TAR_UNKNOWN, "0000000000"),
        (
            "clear for a strict domain",
            Sealing { spi: [0x12, 0x09], tar: [0; 3], ..good.clone() },
            TOO_LITTLE_SECURITY,
            "0000000001",
        ),
        ("no counter", Sealing { spi: [0x06, 0x09], ..good.clone() }, TOO_LITTLE_SECURITY, "0000000000"),
        ("no check", Sealing { spi: [0x14, 0x09], ..good.clone() }, TOO_LITTLE_SECURITY, "0000000000"),
    ] {
        let mut card = card_with(CardProfile::usim(), &keys);
        let reply = send(&mut card, &sealing.user_data(&octets(READ), 1));
        let tar = hex::encode(&sealing.tar);
        let answer = format!("027100000B0A{tar}{counter}00{expected:02X}");
        assert_eq!(hex::encode(reply.report.as_deref().unwrap()), answer, "{name}");
        assert_eq!(card.counter(3), Some(0), "{name}: the counter stays");
    }
}

#[test]
fn ota_4_1_counters_in_the_card() {
    for (spi1, stored, sent, expected, then) in [
        (0x16, 9, 10, OK, 10),
        (0x16, 9, 12, OK, 12),
        (0x16, 9, 9, COUNTER_LOW, 9),
        (0x16, 9, 8, COUNTER_LOW, 9),
        (0x1E, 9, 10, OK, 10),
        (0x1E, 9, 12, COUNTER_HIGH, 9),
        (0x1E, 9, 9, COUNTER_LOW, 9),
        (0x16, 0xFF_FFFF_FFFF, 1, COUNTER_BLOCKED, 0xFF_FFFF_FFFF),
        (0x1E, 0xFF_FFFF_FFFF, 0xFF_FFFF_FFFF, COUNTER_BLOCKED, 0xFF_FFFF_FFFF),
        (0x0E, 9, 3, OK, 9),
        (0x06, 9, 0, OK, 9),
    ] {
        let keys = KeySet { counter: stored, ..key_set("aes") };
        let mut card = card_with(CardProfile::lab(), &keys);
        let sealing = Sealing { counter: sent, ..sealing(&keys, [spi1, 0x01]) };
        let reply = send(&mut card, &sealing.user_data(&octets(READ), 1));
        assert_eq!((status(&reply), card.counter(3)), (expected, Some(then)), "{spi1:02X} {stored} {sent}");
    }
}

#[test]
fn ota_4_1_the_counter_advances_even_when_the_script_fails() {
    let keys = key_set("3des3");
    let mut card = card_with(CardProfile::usim(), &keys);
    let reply = send(&mut card, &sealing(&keys, [0x16, 0x09]).user_data(&octets("00A4000C021234"), 1));
    assert_eq!(open(&keys, 0x09, reply.report.as_deref().unwrap()), (OK, vec![1, 0x6A, 0x82]));
    assert_eq!(card.counter(3), Some(1));
}

#[test]
fn ota_2_2_who_asks_for_no_answer_gets_none() {
    let keys = key_set("aes");
    for (spi2, script, answered) in
        [(0x00, READ, false), (0x02, READ, false), (0x02, "", false), (0x01, READ, true)]
    {
        let mut card = card_with(CardProfile::usim(), &keys);
        let reply = send(&mut card, &sealing(&keys, [0x16, spi2]).user_data(&octets(script), 1));
        assert_eq!((status(&reply), reply.report.is_some()), (OK, answered), "{spi2:02X}");
    }
    // Only on error, and there is one.
    let mut card = card_with(CardProfile::usim(), &keys);
    let sealing = Sealing { counter: 0, ..sealing(&keys, [0x16, 0x02]) };
    assert!(send(&mut card, &sealing.user_data(&octets(READ), 1)).report.is_some());
}

#[test]
fn ota_2_4_segments_up_to_what_the_card_holds() {
    let keys = key_set("aes");
    let script = |count: usize| {
        let one = octets("00A4000C026F61 00D60000C8");
        let data: Vec<u8> = (0..0xC8).collect();
        (0..count).flat_map(|_| [&one[..], &data].concat()).collect::<Vec<u8>>()
    };
    for (profile, count, segments, expected) in [
        (CardProfile::usim(), 1, 2, OK),
        (CardProfile::usim(), 3, 5, OK),
        (CardProfile::usim(), 4, 7, NO_MEMORY),
        (CardProfile::strict(), 2, 4, NO_MEMORY),
    ] {
        let mut card = card_with(profile, &keys);
        let tar = [0xB0, 0x00, 0x11];
        let messages = Sealing { tar, ..sealing(&keys, [0x16, 0x09]) }.user_data(&script(count), 9);
        assert_eq!(messages.len(), segments);
        let mut replies: Vec<Reply> =
            messages.iter().map(|message| card.receive(message, &CardFaults::default())).collect();
        replies.retain(|reply| reply.handled.is_some());
        assert_eq!(replies.len(), 1, "one answer for all segments");
        assert_eq!(status(&replies[0]), expected, "{count}");
        let file = card.file("3F00/ADF1/6F61").unwrap();
        assert_eq!(file[1] == 1, expected == OK, "{count}");
    }
}

#[test]
fn ota_3_3_what_is_too_long_for_a_report_comes_by_message_in_parts() {
    let keys = key_set("aes");
    let mut card = card_with(CardProfile::usim(), &keys);
    let reply =
        send(&mut card, &sealing(&keys, [0x16, 0x19]).user_data(&octets("00A4000C026F61 00B0000000"), 1));
    assert_eq!(open(&keys, 0x19, reply.report.as_deref().unwrap()).0, ANSWER_FOLLOWS);
    assert_eq!(reply.submits.len(), 3);
    assert_eq!(reply.submits[0][..8], [7, 0, 3, 1, 3, 1, 0x71, 0]);
    assert_eq!(reply.submits[2][..6], [5, 0, 3, 1, 3, 3]);
    assert!(reply.submits.iter().all(|message| message.len() <= 140));
    let whole =
        [&[2, 0x71, 0], &reply.submits[0][8..], &reply.submits[1][6..], &reply.submits[2][6..]].concat();
    let (answered, data) = open(&keys, 0x19, &whole);
    assert_eq!((answered, data.len(), &data[..4]), (OK, 3 + 250, &[2, 0x90, 0, 0xFF][..]));
}

#[test]
fn aes_checks_of_four_octets_where_the_profile_says_so() {
    let keys = key_set("aes");
    let short = CardProfile { aes_check_octets: 4, ..CardProfile::clone(&CardProfile::usim()) };
    let mut card = card_with(Arc::new(short), &keys);
    let sealing = Sealing { check_octets: 4, ..sealing(&keys, [0x16, 0x09]) };
    let reply = send(&mut card, &sealing.user_data(&octets(READ), 1));
    let answer = reply.report.unwrap();
    assert_eq!(answer[5], 14, "RHL for a check of four octets");
    assert_eq!(open(&keys, 0x09, &answer).0, OK);
}

#[test]
fn faults_do_what_they_say() {
    let keys = key_set("3des2");
    let messages = sealing(&keys, [0x16, 0x09]).user_data(&octets("00D6920001 05"), 1);
    let with = |faults: CardFaults| {
        let mut card = card_with(CardProfile::usim(), &keys);
        let reply = card.receive(&messages[0], &faults);
        (reply, card)
    };
    let none = CardFaults::default();

    let (reply, card) = with(CardFaults { status: Some(0x02), ..none.clone() });
    assert_eq!(hex::encode(&reply.report.unwrap()), "027100000B0AB0000100000000010002");
    assert_eq!((card.counter(3), card.file("3F00/ADF1/6F31").unwrap()), (Some(0), vec![0x0A]));

    let (reply, card) = with(CardFaults { status: Some(0x07), status_protected: true, ..none.clone() });
    assert_eq!(open(&keys, 0x09, &reply.report.unwrap()), (0x07, Vec::new()));
    assert_eq!((card.counter(3), card.file("3F00/ADF1/6F31").unwrap()), (Some(1), vec![0x0A]));

    let (reply, _) = with(CardFaults { wrong_key: true, ..none.clone() });
    assert!(matches!(status(&reply), CIPHERING_ERROR | CHECK_FAILED));

    let (reply, card) = with(CardFaults { wrong_mac: true, ..none.clone() });
    let answer = reply.report.unwrap();
    let honest = with(none).0.report.unwrap();
    assert_eq!(answer.len(), honest.len());
    assert_ne!(answer, honest);
    assert_eq!(card.file("3F00/ADF1/6F31").unwrap(), [5], "the script ran");
}

proptest! {
    /// Hostile octets get an answer or none, and never more.
    #[test]
    fn nothing_makes_a_card_fall(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..140), 1..6)) {
        let keys = key_set("aes");
        let mut card = card_with(CardProfile::lab(), &keys);
        for message in &messages {
            card.receive(message, &CardFaults::default());
        }
    }

    /// The same for scripts that were sealed well, over all applications.
    #[test]
    fn nothing_in_a_script_makes_a_card_fall(
        application in 0usize..11,
        scripts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..4),
        shape in 0u8..3,
    ) {
        let keys = key_set("aes");
        let profile = CardProfile::lab();
        let tar = profile.applications[application].tar;
        let mut card = card_with(profile, &keys);
        for (script, counter) in scripts.iter().zip(1..) {
            // Some begin like commands, so that more than their first octets are looked at.
            let script = match shape {
                0 => script.clone(),
                1 => [&[0x00, 0xA4, 0x00, 0x04, 0x02, 0x6F, 0x31, 0x00, 0xD6, 0x00, 0x00][..], script].concat(),
                _ => [&[0x80, 0xE6, 0x02, 0x00][..], script].concat(),
            };
            let sealing = Sealing { tar, counter, ..sealing(&keys, [0x16, 0x39]) };
            for message in sealing.user_data(&script, 1) {
                let reply = card.receive(&message, &CardFaults::default());
                prop_assert!(reply.submits.iter().all(|one| one.len() <= 140));
            }
        }
        prop_assert_eq!(card.counter(3), Some(scripts.len() as u64));
    }
}
