use super::command::CHAINING_NOT_FIRST;
use super::*;
use crate::apdu::{Apdu, StatusWord};

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn apdu(text: &str) -> CommandObject {
    CommandObject::Apdu(Apdu::from_bytes(&hex(text)).unwrap())
}

#[test]
fn command_scripts_octet_by_octet() {
    let select = apdu("00A4000C026F31");
    let read = apdu("00B0000001");
    for (objects, framing, expected) in [
        (vec![], Framing::Definite, "AA00"),
        (vec![], Framing::Indefinite, "AE800000"),
        (vec![select.clone(), read.clone()], Framing::Definite, "AA10 2207 00A4000C026F31 2205 00B0000001"),
        (
            vec![select.clone(), read.clone()],
            Framing::Indefinite,
            "AE80 2207 00A4000C026F31 2205 00B0000001 0000",
        ),
        (
            vec![
                CommandObject::ScriptChaining(1),
                CommandObject::ImmediateAction(vec![0x81]),
                CommandObject::ErrorAction(vec![0x82]),
                read,
            ],
            Framing::Definite,
            "AA10 830101 810181 820182 2205 00B0000001",
        ),
    ] {
        let expected = hex(&expected.replace(' ', ""));
        assert_eq!(*build(&objects, framing).unwrap(), expected);
        assert_eq!(parse(&expected).unwrap(), objects);
    }
}

/// A length above 7F has an octet in front that tells how many follow: for the command and for the script.
#[test]
fn long_commands_have_long_lengths() {
    let long = CommandObject::Apdu(Apdu::writing([0x80, 0xE8, 0x00, 0x00], &[7; 240]).unwrap());
    let script = build(std::slice::from_ref(&long), Framing::Definite).unwrap();
    assert_eq!(script[..9], [0xAA, 0x81, 0xF8, 0x22, 0x81, 0xF5, 0x80, 0xE8, 0x00]);
    assert_eq!(parse(&script).unwrap(), std::slice::from_ref(&long));
    let script = build(&[long.clone(), long.clone()], Framing::Definite).unwrap();
    assert_eq!(script[..4], [0xAA, 0x82, 0x01, 0xF0]);
    assert_eq!(parse(&script).unwrap(), [long.clone(), long]);
}

#[test]
fn what_is_no_command_script() {
    for (script, class) in [
        ("", "length"),
        ("22050000000000", "format"),
        ("AA", "length"),
        ("AA01", "length"),
        ("AA0000", "length"),
        ("AA80", "length"),
        ("AA0184", "length"),
        ("AA0322010000", "length"),
        ("AA03220100", "format"),
        ("AA03210100", "format"),
        ("AA0722050000000000", "ok"),
        ("AA072206000000000000", "length"),
        ("AA072206000000000", "odd"),
        ("AA06810181830101", "format"),
        ("AA03830200", "length"),
        ("AA0483020000", "length"),
        ("AE", "length"),
        ("AE05", "length"),
        ("AE80", "length"),
        ("AE8000", "length"),
        ("AE80000000", "length"),
        ("AE8022050000000000", "length"),
        ("AB00", "format"),
    ] {
        let Ok(script) = hex::decode(script) else {
            assert_eq!(class, "odd");
            continue;
        };
        match parse(&script) {
            Ok(_) => assert_eq!(class, "ok", "{script:02X?}"),
            Err(error) => assert_eq!(error.class(), class, "{script:02X?}"),
        }
    }
    let chained_late = [apdu("00B0000001"), CommandObject::ScriptChaining(1)];
    assert_eq!(build(&chained_late, Framing::Definite), Err(CHAINING_NOT_FIRST));
}

#[test]
fn answers_octet_by_octet() {
    let answer =
        |data: &[u8], word| ResponseObject::Apdu { data: data.to_vec(), status_word: StatusWord(word) };
    for (octets, executed, objects) in [
        ("AB00", None, vec![]),
        ("AB07 800101 23029000", Some(1), vec![answer(&[], 0x9000)]),
        ("AB0C 800102 2303059000 23026A82", Some(2), vec![answer(&[5], 0x9000), answer(&[], 0x6A82)]),
        ("AB08 80020101 23029000", Some(257), vec![answer(&[], 0x9000)]),
        ("AF80 2303059000 0000", None, vec![answer(&[5], 0x9000)]),
        ("AB06 800100 900101", Some(0), vec![ResponseObject::BadFormat(BadFormat::UnknownTag)]),
        ("AB06 800100 900177", Some(0), vec![ResponseObject::BadFormat(BadFormat::Other(0x77))]),
        ("AB06 800100 810101", Some(0), vec![ResponseObject::ImmediateAction(1)]),
        ("AB06 800100 830103", Some(0), vec![ResponseObject::ScriptChaining(ChainingResult::Unable)]),
    ] {
        let octets = hex(&octets.replace(' ', ""));
        let expected = ExpandedResponse { executed, objects };
        assert_eq!(parse_response(&octets).unwrap(), expected, "{octets:02X?}");
        let framing = if octets[0] == 0xAB { Framing::Definite } else { Framing::Indefinite };
        assert_eq!(build_response(&expected, framing), octets);
    }
    for (octets, class) in [
        ("", "length"),
        ("AA00", "format"),
        ("AB0323019000", "length"),
        ("AB03230190", "length"),
        ("AB0423029000", "ok"),
        ("AB0723029000800101", "format"),
        ("AB028000", "format"),
        ("AB0780050000000001", "format"),
        ("AB03550100", "format"),
        ("AB0490020101", "length"),
        ("AB05230290009000", "length"),
    ] {
        match parse_response(&hex(octets)) {
            Ok(_) => assert_eq!(class, "ok", "{octets}"),
            Err(error) => assert_eq!(error.class(), class, "{octets}"),
        }
    }
}

#[test]
fn a_cut_answer_and_a_missing_one_are_no_success() {
    let of = |octets| parse_response(&hex(octets)).unwrap();
    let two = of("AB0B800102230290002302910A");
    assert!(two.all_succeeded(2));
    assert!(!two.all_succeeded(3));
    assert_eq!(two.answers().count(), 2);
    assert!(!of("AB0B80010223029000230262F1").all_succeeded(2));
    assert!(!of("AB0A80010223029000900102").all_succeeded(2));
}
