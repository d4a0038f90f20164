//! File commands as scripts send them (OTA rules, §5.4).

use super::{card, key, octets};
use crate::card::sealing::Sealing;
use crate::card::{CardFaults, CardProfile, KeySet, Operation, Write};
use crate::hex;

/// Runs a clear script under a TAR of a laboratory's card; what is answered, and what was changed.
fn run_under(tar: [u8; 3], script: &str) -> (String, Vec<Write>) {
    let keys = KeySet {
        kvn: 1,
        kic: key("aes", "00112233445566778899AABBCCDDEEFF"),
        kid: key("aes", "00112233445566778899AABBCCDDEEFF"),
        counter: 0,
    };
    let mut card = card(CardProfile::lab(), 1, keys.kic, keys.kid, 0);
    let sealing = Sealing { spi: [0x00, 0x01], tar, counter: 0, keys: &keys, crc: 0, check_octets: 8 };
    let mut last = None;
    for message in sealing.user_data(&octets(script), 1) {
        last = Some(card.receive(&message, &CardFaults::default()));
    }
    let reply = last.unwrap();
    (hex::encode(&reply.report.unwrap()[16..]), reply.handled.unwrap().writes)
}

fn usim(script: &str) -> String {
    run_under([0xB0, 0x00, 0x01], script).0
}

#[test]
fn selecting() {
    for (script, answer) in [
        ("00A4000C026F31", "019000"),
        ("00A4000C027FFF 00A4000C026F31", "029000"),
        ("00A4080C047FFF6F31", "019000"),
        ("00A4090C026F31", "019000"),
        ("00A4080C047F106F3A", "019000"),
        ("00A4080C027F10 00A4090C045F3A4F3A", "029000"),
        ("00A4000C023F00 00A4000C026F31", "026A82"),
        ("00A4080C043F007F10", "016A82"),
        ("00A4000C027F10", "016A82"),
        ("00A4000C025F3A 00A4000C025F3A", "029000"),
        ("00A4000C025F3A 00A4030C00 00A4000C026F31", "039000"),
        ("00A4040C07A0000000871002", "016A86"),
        ("00A4000C016F", "016700"),
        ("00A40001026F31", "016A86"),
        ("01A4000C026F31", "016E00"),
        ("00840000", "016D00"),
    ] {
        assert_eq!(usim(script), answer, "{script}");
    }
}

#[test]
fn the_description_of_a_file_is_fetched() {
    assert_eq!(usim("00A40004026F31 00C0000000"), "029000620F8202412183026F318A010580020001");
    assert_eq!(usim("00A40004026F31"), "016111");
}

#[test]
fn transparent_files() {
    for (script, answer) in [
        ("00B0830004", "01900000000102"),
        ("00B0830000", "01900000000102"),
        ("00B0830005", "01628200000102"),
        ("00B0830104", "016282000102"),
        ("00B0830404", "016B00"),
        ("00B09E0001", "016A82"),
        ("00B0000001", "016986"),
        ("00A4000C026F40 00B0000001", "026981"),
        ("00D6920001 05 00B0920001", "02900005"),
        ("00D6920002 0505", "016700"),
        ("00D6920101 05", "016B00"),
        ("00D6920000", "016700"),
        ("00A4000C026F7B 00D6000402 1234 00B0000006", "039000FFFFFFFF1234"),
    ] {
        assert_eq!(usim(script), answer, "{script}");
    }
}

#[test]
fn records() {
    let record = "4D".repeat(28);
    for (script, answer) in [
        (format!("00A4000C026F40 00DC01041C{record} 00B201041C"), format!("039000{record}")),
        (format!("00A4000C026F40 00DC02041C{record} 00B2010400"), format!("039000{}", "FF".repeat(28))),
        (format!("00A4000C026F40 00DC03041C{record}"), "026A83".into()),
        ("00A4000C026F40 00DC01041B".to_owned() + &"4D".repeat(27), "026700".into()),
        ("00A4000C026F40 00B2010401".into(), "026700".into()),
        ("00A4000C026F40 00B2000200 00B2000200 00B2000200".into(), "046A83".into()),
        ("00A4000C026F31 00B2010400".into(), "026981".into()),
        (format!("00A4000C026F40 00DC02041C{record} 00A20104024D4D 00C0000000"), "04900002".into()),
        ("00A4000C026F40 00A2010401AA".into(), "026282".into()),
    ] {
        assert_eq!(usim(&script), answer, "{script}");
    }
}

#[test]
fn increase_is_kept_in_a_cyclic_file() {
    let twice = "00A4000C026F39 8032000003000005 0032000003000002 00C0000000";
    let (answer, writes) = run_under([0xB0, 0x00, 0x01], twice);
    assert_eq!(answer, "049000000007000002");
    assert_eq!(writes.iter().filter(|write| write.operation == Operation::Increase).count(), 2);
    assert_eq!(usim("00A4000C026F39 0032000003FFFFFF 0032000003000001"), "039850");
    assert_eq!(usim("00A4000C026F39 0032000003000005 00B2000303"), "039000000000");
}

#[test]
fn a_deactivated_file_can_be_selected_and_not_used() {
    assert_eq!(usim("00A4000C026F31 0004000000 00D6000001 05"), "036985");
    assert_eq!(usim("00A4000C026F31 0004000000 00A4000C026F31"), "036283");
    assert_eq!(usim("0004000002 6F31 0044000002 6F31 00D6920001 05"), "039000");
}

#[test]
fn files_come_and_go() {
    let create = "00E0000011 620F 82024121 83026F99 80020003 8801F0";
    assert_eq!(usim(&format!("{create}00D6000003010203 00B09E0000")), "039000010203");
    assert_eq!(usim(&format!("{create}{create}")), "026A89");
    assert_eq!(usim(&format!("{create}00E4000002 6F99 00A4000C026F99")), "036A82");
    assert_eq!(usim("00E4000002 6F98"), "016A82");
    let (_, writes) = run_under([0xB0, 0x00, 0x01], "00E4000002 6F7B");
    assert_eq!((writes[0].operation, &*writes[0].file), (Operation::Delete, "3F00/ADF1/6F7B"));
    let resize = "80D400000A 6208 83026F7B 80020004";
    assert_eq!(usim(&format!("{resize}00A4000C026F7B 00B0000400")), "036B00");
}

#[test]
fn objects_are_written_and_read_in_blocks() {
    let objects = |script: &str| usim(&format!("00A4080C067F105F3B4F48 {script}"));
    assert_eq!(objects("80DB008003800107 80CB00800180 00C0000000"), "049000800107");
    assert_eq!(objects("80DB008003800107 80DB008003800108 80CB00800180 00C0000000"), "059000800108");
    assert_eq!(objects("80DB008003800107 80DB0080028000 80CB00800180"), "046A88");
    assert_eq!(objects("80DB0080028002 80DB0000020102 80CB00800180 00C0000000"), "05900080020102");
    assert_eq!(objects("80DB000003800107"), "026985");
    assert_eq!(objects("80DB008003850107 80DB00800480010708"), "036A80");
    let long = format!("80DB0080FF8081FC{} 80CB00800180 80CB000004 80CB000000", "07".repeat(0xFC));
    assert_eq!(objects(&long), "046985");
    let long = format!("80DB0080FF8082012C{}", "07".repeat(0xFB));
    let long = format!("{long} 80DB000031{} 80CB00800180 80CB000004", "08".repeat(0x31));
    assert_eq!(objects(&long), "0562F1".to_owned() + "08080808");
    assert_eq!(usim("00A4000C026F31 80DB008003800107"), "026981");
}

#[test]
fn the_pin_and_its_tries() {
    let (good, bad) = ("0020000108 31323334FFFFFFFF", "0020000108 30303030FFFFFFFF");
    for (script, answer) in [
        (good.to_owned(), "019000"),
        (bad.to_owned(), "0163C2"),
        (format!("{bad}{bad}{bad}{good}"), "046983"),
        (format!("{bad}{bad}{good}{bad}"), "0463C2"),
        ("0020000208 31323334FFFFFFFF".into(), "016A88"),
    ] {
        assert_eq!(usim(&script), answer, "{script}");
    }
}

#[test]
fn the_old_class_speaks_its_own_words() {
    let run = |script: &str| run_under([0xB0, 0x00, 0x10], script).0;
    for (script, answer) in [
        ("A0A40000027F20 A0A40000026F31 A0D6000001 05 A0B0000001", "04900005"),
        ("A0A4000002 6F99", "019404"),
        ("A0B0000001", "019400"),
        ("A0A40000027F10 A0A40000026F3A A0B201041C", "039000"),
        ("A0A40000027F10 A0A40000026F3A A0B2FF041C", "039402"),
        ("A0A40000027F10 A0A40000026F3A A0B0000001", "039408"),
        ("A0A40000027F10 A0A40000026F3A A0A2001001FF A0C0000000", "04900001"),
        ("A0A40000027F10 A0A40000026F3A A0A2001001AA", "039404"),
    ] {
        assert!(run(script).starts_with(answer), "{script}: {}", run(script));
    }
    assert!(run("A0A40000027F20").starts_with("019F"));
}

#[test]
fn what_an_applet_is_sent_is_kept_as_sent() {
    let (answer, writes) = run_under([0xA0, 0x00, 0x01], "0102030405");
    assert_eq!(answer, "9000");
    assert_eq!((&*writes[0].file, writes[0].operation), ("A00001", Operation::AppletData));
    assert_eq!(writes[0].data, [1, 2, 3, 4, 5]);
}

#[test]
fn the_expanded_twin_answers_in_its_own_form() {
    let script = "AA11 2207 00A4000C026F31 2206 00D600000105";
    let (answer, writes) = run_under([0xB0, 0x01, 0x40], script);
    assert_eq!(answer, "AB0B8001022302900023029000");
    assert_eq!((writes.len(), writes[0].command), (1, 2));
}
