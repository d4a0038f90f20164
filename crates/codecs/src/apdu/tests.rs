use super::ram::{Aid, EncryptedKey, Install, Load, Registry, StatusTarget};
use super::rfm::{Class, Place, SelectAnswer};
use super::*;
use crate::path::FileId;

fn text(command: &Apdu) -> String {
    hex::encode_upper(command.as_bytes())
}

fn texts(commands: Result<Vec<Apdu>, EncodeError>) -> Vec<String> {
    commands.unwrap().iter().map(text).collect()
}

#[test]
fn file_commands_octet_by_octet() {
    let (uicc, gsm) = (Class::Uicc, Class::Gsm);
    let (nothing, parameters) = (SelectAnswer::Nothing, SelectAnswer::ControlParameters);
    let file = FileId(0x6F31);
    let path = [FileId::CURRENT_ADF, file];
    for (command, expected) in [
        (rfm::select(uicc, file, nothing), "00A4000C026F31"),
        (rfm::select(uicc, file, parameters), "00A40004026F31"),
        (rfm::select(gsm, file, nothing), "A0A40000026F31"),
        (rfm::select_path_from_master(&path, nothing).unwrap(), "00A4080C047FFF6F31"),
        (rfm::select_path_from_current(&path[1..], parameters).unwrap(), "00A40904026F31"),
        (rfm::read_binary(uicc, Place::Offset(0x0102), 4).unwrap(), "00B0010204"),
        (rfm::read_binary(uicc, Place::ShortId { id: 7, offset: 9 }, 0).unwrap(), "00B0870900"),
        (rfm::read_binary(gsm, Place::Offset(0), 4).unwrap(), "A0B0000004"),
        (rfm::read_record(uicc, 2, 0x1C), "00B202041C"),
        (rfm::update_record(uicc, 2, &[1, 2]).unwrap(), "00DC0204020102"),
        (rfm::search_record(uicc, 1, &[0xAB]).unwrap(), "00A2010401AB"),
        (rfm::search_record(gsm, 1, &[0xAB]).unwrap(), "A0A2001001AB"),
        (rfm::increase(uicc, &[0, 0, 1]).unwrap(), "8032000003000001"),
        (rfm::increase(gsm, &[0, 0, 1]).unwrap(), "A032000003000001"),
        (rfm::activate_file(uicc), "0044000000"),
        (rfm::deactivate_file(gsm), "A004000000"),
        (rfm::create_file(&[0x62, 0x00]).unwrap(), "00E00000026200"),
        (rfm::delete_file(file), "00E40000026F31"),
        (rfm::resize_file(file, 0x0120), "80D400000A620883026F3180020120"),
        (rfm::verify_pin(uicc, 1, "1234").unwrap(), "002000010831323334FFFFFFFF"),
        (rfm::verify_pin(uicc, 0x0A, "12345678").unwrap(), "0020000A083132333435363738"),
        (rfm::retrieve_data(&[0x80]).unwrap(), "80CB00800180"),
        (rfm::retrieve_next_data(0), "80CB000000"),
        (rfm::get_response(uicc, 0x0F), "00C000000F"),
        (rfm::search_record(uicc, 1, &[0xAB]).unwrap().with_le(0), "00A2010401AB00"),
    ] {
        assert_eq!(text(&command), expected);
    }
    assert_eq!(texts(rfm::set_data(&[9; 2])), ["80DB0080020909"]);
    let split = rfm::set_data(&[9; 256]).unwrap();
    assert_eq!(text(&split[0])[..10], *"80DB0080FF");
    assert_eq!(text(&split[1]), "80DB00000109");
}

#[test]
fn long_file_content_is_split_by_offset() {
    let commands = rfm::update_binary(Class::Uicc, Place::Offset(0x10), &[7; 511]).unwrap();
    let heads: Vec<_> = commands.iter().map(|command| text(command)[..10].to_owned()).collect();
    assert_eq!(heads, ["00D60010FF", "00D6010FFF", "00D6020E01"]);
    assert_eq!(commands.iter().map(|command| command.as_bytes().len() - 5).sum::<usize>(), 511);

    // The first command selects by short identifier, the others go on in the selected file.
    let commands = rfm::update_binary(Class::Uicc, Place::ShortId { id: 7, offset: 4 }, &[7; 256]).unwrap();
    let heads: Vec<_> = commands.iter().map(|command| text(command)[..10].to_owned()).collect();
    assert_eq!(heads, ["00D68704FF", "00D6010301"]);

    // The last offset there is, and one beyond.
    assert_eq!(texts(rfm::update_binary(Class::Uicc, Place::Offset(0x7FFF), &[1])), ["00D67FFF0101"]);
    assert!(rfm::update_binary(Class::Uicc, Place::Offset(0x7F00), &[1; 256]).is_ok());
    assert!(rfm::update_binary(Class::Uicc, Place::Offset(0x7F01), &[1; 256]).is_err());
    assert!(rfm::update_binary(Class::Uicc, Place::Offset(0), &vec![1; 100_000]).is_err());
}

#[test]
fn file_commands_that_cannot_be() {
    let uicc = Class::Uicc;
    for (name, refused) in [
        ("offset", rfm::read_binary(uicc, Place::Offset(0x8000), 1).is_err()),
        ("short identifier 0", rfm::read_binary(uicc, Place::ShortId { id: 0, offset: 0 }, 1).is_err()),
        ("short identifier 31", rfm::read_binary(uicc, Place::ShortId { id: 31, offset: 0 }, 1).is_err()),
        ("nothing to write", rfm::update_binary(uicc, Place::Offset(0), &[]).is_err()),
        ("no record", rfm::update_record(uicc, 1, &[]).is_err()),
        ("long record", rfm::update_record(uicc, 1, &[0; 256]).is_err()),
        ("empty path", rfm::select_path_from_master(&[], SelectAnswer::Nothing).is_err()),
        ("short PIN", rfm::verify_pin(uicc, 1, "123").is_err()),
        ("long PIN", rfm::verify_pin(uicc, 1, "123456789").is_err()),
        ("PIN of letters", rfm::verify_pin(uicc, 1, "12a4").is_err()),
        ("increase by nothing", rfm::increase(uicc, &[]).is_err()),
        ("increase by 128 octets", rfm::increase(uicc, &[0; 128]).is_err()),
        ("old increase by 2 octets", rfm::increase(Class::Gsm, &[0; 2]).is_err()),
        ("no object", rfm::set_data(&[]).is_err()),
    ] {
        assert!(refused, "{name}");
    }
}

fn aid(last: u8) -> Aid {
    Aid::new(&[0xA0, 0, 0, 0, last]).unwrap()
}

#[test]
fn application_commands_octet_by_octet() {
    let (package, module, instance) = (aid(1), aid(2), aid(3));
    let load = Load { package: &package, security_domain: None, hash: &[], parameters: &[], token: &[] };
    let install = Install {
        package: &package,
        module: &module,
        instance: &instance,
        privileges: &[0],
        parameters: &[0xC9, 0x00],
        token: &[],
    };
    let key = |octet| EncryptedKey {
        key_type: 0x88,
        clear_len: Some(2),
        encrypted: vec![octet; 2].into(),
        check_value: vec![0xC0, 0xC1, 0xC2],
    };
    for (command, expected) in [
        (ram::install_for_load(&load).unwrap(), "80E602000A05A00000000100000000"),
        (
            ram::install_for_load(&Load { security_domain: Some(&module), hash: &[0xAA], ..load.clone() })
                .unwrap(),
            "80E602001005A00000000105A00000000201AA0000",
        ),
        (
            ram::install_and_make_selectable(&install).unwrap(),
            "80E60C001805A00000000105A00000000205A000000003010002C90000",
        ),
        (ram::delete(&package, false), "80E40000074F05A000000001"),
        (ram::delete(&package, true), "80E40080074F05A000000001"),
        (ram::get_status(Registry::Applications, &[], false).unwrap(), "80F24002024F00"),
        (ram::get_status(Registry::LoadFilesAndModules, &[0xA0], true).unwrap(), "80F21003034F01A0"),
        (ram::get_status(Registry::IssuerSecurityDomain, &[], false).unwrap(), "80F28002024F00"),
        (ram::get_status(Registry::LoadFiles, &[], false).unwrap(), "80F22002024F00"),
        (ram::set_status(StatusTarget::Application, 0x80, &package), "80F0408005A000000001"),
        (ram::get_data(0xFF21, 0), "80CAFF2100"),
        (ram::put_key(1, 1, 1, &[key(7)]).unwrap(), "80D801010A01880302070703C0C1C2"),
        (
            ram::put_key(0, 0x20, 1, &[key(7), key(8)]).unwrap(),
            "80D80081132088030207 0703C0C1C2880302080803C0C1C2",
        ),
    ] {
        assert_eq!(text(&command), expected.replace(' ', ""));
    }
    assert_eq!(texts(ram::store_data(&[1, 2], 0x00)), ["80E28000020102"]);
    let blocks = ram::store_data(&[1; 300], 0x60).unwrap();
    assert_eq!(text(&blocks[0])[..10], *"80E26000FF");
    assert_eq!(text(&blocks[1])[..10], *"80E2E0012D");
}

#[test]
fn a_load_file_goes_in_numbered_blocks() {
    let blocks = ram::load(&[7; 500], 240).unwrap();
    let heads: Vec<_> = blocks.iter().map(|block| text(block)[..10].to_owned()).collect();
    assert_eq!(heads, ["80E80000F0", "80E80001F0", "80E8800218"]);
    assert_eq!(text(&blocks[0])[10..20], *"C48201F407");
    let joined: Vec<u8> = blocks.iter().flat_map(|block| block.as_bytes()[5..].to_vec()).collect();
    assert_eq!(joined.len(), 504);

    assert_eq!(texts(ram::load(&[7], 240)), ["80E8800003C40107"]);
    // 256 blocks and not one more.
    let most = 256 * 240 - 4;
    assert_eq!(ram::load(&vec![0; most], 240).unwrap().len(), 256);
    for (len, block_len) in [(most + 1, 240), (10_000_000, 240), (0, 240), (1, 0), (1, 241)] {
        assert!(ram::load(&vec![0; len], block_len).is_err(), "{len} {block_len}");
    }
}

#[test]
fn application_commands_that_cannot_be() {
    let (package, long) = (aid(1), [0; 256]);
    let load = Load { package: &package, security_domain: None, hash: &[], parameters: &[], token: &[] };
    let install = Install {
        package: &package,
        module: &package,
        instance: &package,
        privileges: &[0],
        parameters: &[],
        token: &[],
    };
    let key =
        EncryptedKey { key_type: 0x80, clear_len: None, encrypted: vec![0; 16].into(), check_value: vec![] };
    for (name, refused) in [
        ("short identifier", Aid::new(&[0; 4]).is_err()),
        ("long identifier", Aid::new(&[0; 17]).is_err()),
        ("long hash", ram::install_for_load(&Load { hash: &long, ..load.clone() }).is_err()),
        ("long parameters", ram::install_for_load(&Load { parameters: &long, ..load }).is_err()),
        (
            "two privileges",
            ram::install_and_make_selectable(&Install { privileges: &[0; 2], ..install.clone() }).is_err(),
        ),
        ("long token", ram::install_and_make_selectable(&Install { token: &long, ..install }).is_err()),
        ("long prefix", ram::get_status(Registry::Applications, &[0; 17], false).is_err()),
        ("nothing to store", ram::store_data(&[], 0).is_err()),
        ("too much to store", ram::store_data(&vec![0; 256 * 255 + 1], 0).is_err()),
        ("no keys", ram::put_key(1, 1, 1, &[]).is_err()),
        ("version 0", ram::put_key(1, 0, 1, std::slice::from_ref(&key)).is_err()),
        ("version 128", ram::put_key(1, 128, 1, std::slice::from_ref(&key)).is_err()),
        ("too many keys", ram::put_key(1, 1, 1, &vec![key; 20]).is_err()),
    ] {
        assert!(refused, "{name}");
    }
}

#[test]
fn commands_do_not_print_what_they_carry() {
    let pin = rfm::verify_pin(Class::Uicc, 1, "1234").unwrap();
    assert_eq!(format!("{pin:?}"), "Apdu(00200001 + 9 octets)");
    assert_eq!(pin.instruction(), 0x20);
    assert_eq!(Apdu::from_bytes(&[0, 0xA4, 0]), None);
}
