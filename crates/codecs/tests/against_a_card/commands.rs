//! Every command that scripts may hold.

use super::{Case, FILES, KVN, card, octets};
use muster_codecs::apdu::{Apdu, ram, rfm};
use muster_codecs::command_packet;
use muster_codecs::concat;
use muster_codecs::counter::Counter;
use muster_codecs::path::FileId;
use muster_codecs::response_packet;
use muster_codecs::script::compact;
use muster_codecs::script::expanded::{self, CommandObject, Framing};
use muster_codecs::security::{
    KeyAlgorithm, KeyReference, KeyVersions, MacLength, Redundancy, Security, SecurityParts, Spi,
};
use muster_codecs::tar::Tar;
use muster_peers::card::{Algorithm, Card, CardFaults};

/// Sends a script to an application of a laboratory's card, unprotected; what the application says.
fn run(card: &mut Card, tar: Tar, script: &[u8]) -> Vec<u8> {
    let security = Security::new(SecurityParts {
        spi: Spi::from_octets([0x00, 0x01]).unwrap(),
        kic: KeyReference::new(KVN, KeyAlgorithm::Aes128),
        kid: KeyReference::new(KVN, KeyAlgorithm::Aes128),
        tar,
        cipher_key: None,
        mac_key: None,
        mac_length: MacLength::Eight,
        redundancy: None,
        key_versions: KeyVersions::SameAndReal,
    })
    .unwrap();
    let packet = command_packet::encode(&security, Counter::ZERO, script).unwrap();
    let replies: Vec<_> = concat::segments(&packet, 1)
        .unwrap()
        .iter()
        .map(|segment| card.receive(segment, &CardFaults::default()))
        .collect();
    let reply = replies.last().unwrap();
    let answer =
        if reply.submits.is_empty() { vec![reply.report.clone().unwrap()] } else { reply.submits.clone() };
    response_packet::decode(security.response(), Some(Counter::ZERO), &answer).unwrap().data
}

fn lab_card() -> Card {
    let case = Case {
        ours: KeyAlgorithm::Aes128,
        theirs: Algorithm::Aes,
        spi: [0, 1],
        redundancy: Redundancy::Crc32,
    };
    card(case, &octets(16, 1), &octets(16, 2), 0)
}

#[test]
fn ota_5_4_every_file_command_is_understood() {
    const OLD_FILES: Tar = Tar([0xB0, 0x00, 0x10]);
    let (uicc, gsm) = (rfm::Class::Uicc, rfm::Class::Gsm);
    let select = |fid| rfm::select(uicc, FileId(fid), rfm::SelectAnswer::Nothing);
    let path = |fids: &[u16]| {
        let files: Vec<FileId> = fids.iter().map(|fid| FileId(*fid)).collect();
        rfm::select_path_from_master(&files, rfm::SelectAnswer::Nothing).unwrap()
    };
    let update = |place, data: &[u8]| rfm::update_binary(uicc, place, data).unwrap();
    let old = |fid| rfm::select(gsm, FileId(fid), rfm::SelectAnswer::Nothing);
    let record = [0x4D; 28];
    let short = |id| rfm::Place::ShortId { id, offset: 0 };
    let long: Vec<u8> = (0..=249).chain(0..=49).collect();
    let object = [&[0x80, 0x82, 0x01, 0x2C][..], &long].concat();
    let fetch = || rfm::get_response(uicc, 0);
    for (name, tar, commands, sw, data) in [
        ("by path", FILES, vec![path(&[0x7FFF, 0x6F31])], 0x9000, vec![]),
        (
            "update and read",
            FILES,
            [
                vec![select(0x6F31)],
                update(rfm::Place::Offset(0), &[5]),
                vec![rfm::read_binary(uicc, rfm::Place::Offset(0), 1).unwrap()],
            ]
            .concat(),
            0x9000,
            vec![5],
        ),
        (
            "by short identifier",
            FILES,
            [update(short(0x12), &[6]), vec![rfm::read_binary(uicc, short(0x12), 0).unwrap()]].concat(),
            0x9000,
            vec![6],
        ),
        (
            "by path from here",
            FILES,
            vec![
                rfm::select_path_from_current(&[FileId(0x5F3A), FileId(0x4F3A)], rfm::SelectAnswer::Nothing)
                    .unwrap(),
            ],
            0x9000,
            vec![],
        ),
        (
            "a record",
            FILES,
            vec![
                select(0x6F40),
                rfm::update_record(uicc, 2, &record).unwrap(),
                rfm::read_record(uicc, 2, 28),
            ],
            0x9000,
            record.to_vec(),
        ),
        (
            "search",
            FILES,
            vec![
                select(0x6F40),
                rfm::update_record(uicc, 2, &record).unwrap(),
                rfm::search_record(uicc, 1, &[0x4D]).unwrap(),
                fetch(),
            ],
            0x9000,
            vec![2],
        ),
        (
            "increase",
            FILES,
            vec![select(0x6F39), rfm::increase(uicc, &[0, 0, 7]).unwrap(), fetch()],
            0x9000,
            vec![0, 0, 7, 0, 0, 7],
        ),
        (
            "close and open",
            FILES,
            [
                vec![select(0x6F31), rfm::deactivate_file(uicc), rfm::activate_file(uicc)],
                update(rfm::Place::Offset(0), &[1]),
            ]
            .concat(),
            0x9000,
            vec![],
        ),
        (
            "closed",
            FILES,
            [vec![select(0x6F31), rfm::deactivate_file(uicc)], update(rfm::Place::Offset(0), &[1])].concat(),
            0x6985,
            vec![],
        ),
        (
            "resize",
            FILES,
            vec![
                rfm::resize_file(FileId(0x6F7B), 3),
                select(0x6F7B),
                rfm::read_binary(uicc, rfm::Place::Offset(0), 0).unwrap(),
            ],
            0x9000,
            vec![0xFF; 3],
        ),
        ("delete", FILES, vec![rfm::delete_file(FileId(0x6F7B)), select(0x6F7B)], 0x6A82, vec![]),
        (
            "create",
            FILES,
            vec![
                rfm::create_file(&[0x62, 12, 0x82, 2, 0x41, 0x21, 0x83, 2, 0x6F, 0x99, 0x80, 2, 0, 2])
                    .unwrap(),
                select(0x6F99),
            ],
            0x9000,
            vec![],
        ),
        ("PIN", FILES, vec![rfm::verify_pin(uicc, 1, "1234").unwrap()], 0x9000, vec![]),
        (
            "an object",
            FILES,
            [
                vec![path(&[0x7F10, 0x5F3B, 0x4F48])],
                rfm::set_data(&object).unwrap(),
                vec![rfm::retrieve_data(&[0x80]).unwrap(), rfm::retrieve_next_data(0)],
            ]
            .concat(),
            0x9000,
            object[255..].to_vec(),
        ),
        (
            "the old class",
            OLD_FILES,
            vec![old(0x7F20), old(0x6F31), rfm::read_binary(gsm, rfm::Place::Offset(0), 1).unwrap()],
            0x9000,
            vec![0x0A],
        ),
        (
            "the old seek",
            OLD_FILES,
            vec![
                old(0x7F10),
                old(0x6F3A),
                rfm::search_record(gsm, 1, &[0xFF]).unwrap(),
                rfm::get_response(gsm, 1),
            ],
            0x9000,
            vec![1],
        ),
        ("the old not found", OLD_FILES, vec![old(0x6F99)], 0x9404, vec![]),
    ] {
        let answer = run(&mut lab_card(), tar, &compact::build(&commands));
        let answer = compact::parse_response(&answer).unwrap();
        assert_eq!((usize::from(answer.executed), answer.status_word.0), (commands.len(), sw), "{name}");
        assert_eq!(answer.data, data, "{name}");
    }
}

#[test]
fn ota_5_5_an_applet_is_loaded_installed_used_and_deleted() {
    const DOMAIN: Tar = Tar([0x00, 0x00, 0x00]);
    let aid = |octets: &[u8]| ram::Aid::new(octets).unwrap();
    let package = aid(&[0xA0, 0, 0, 0, 0x87, 0x10, 2]);
    let module = aid(&[0xA0, 0, 0, 0, 0x87, 0x10, 2, 1]);
    let instance = aid(&[0xA0, 0, 0, 0, 0x87, 0x10, 2, 0xFF, 0x49, 0xFF, 5, 0x89, 0xB0, 0xAA, 1, 0]);
    let applet = Tar([0xB0, 0xAA, 0x01]);
    let mut card = lab_card();
    let mut send = |name: &str, command: &Apdu, sw: u16| {
        let answer = run(
            &mut card,
            DOMAIN,
            &compact::build(&[command.clone(), rfm::get_response(rfm::Class::Uicc, 0)]),
        );
        let answer = compact::parse_response(&answer).unwrap();
        assert_eq!(answer.status_word.0, sw, "{name}");
        answer.data
    };
    let load = ram::Load { package: &package, security_domain: None, hash: &[], parameters: &[], token: &[] };
    send("install for load", &ram::install_for_load(&load).unwrap(), 0x9000);
    let blocks = ram::load(&octets(500, 3), 200).unwrap();
    for (number, block) in blocks.iter().enumerate() {
        // Only the last block is confirmed with an octet; nothing waits behind the others.
        send("load", block, if number + 1 == blocks.len() { 0x9000 } else { 0x6985 });
    }
    let install = ram::Install {
        package: &package,
        module: &module,
        instance: &instance,
        privileges: &[0],
        parameters: &[0xC9, 0],
        token: &[],
    };
    send("install", &ram::install_and_make_selectable(&install).unwrap(), 0x9000);
    let found = send("status", &ram::get_status(ram::Registry::Applications, &[], false).unwrap(), 0x9000);
    assert!(found.windows(16).any(|window| window == instance.as_bytes()));
    send("lock", &ram::set_status(ram::StatusTarget::Application, 0x83, &instance), 0x6985);
    send("unlock", &ram::set_status(ram::StatusTarget::Application, 0x07, &instance), 0x6985);
    send("delete the package alone", &ram::delete(&package, false), 0x6985);
    assert_eq!(run(&mut card, applet, &[1, 2, 3]), [0x90, 0x00], "the applet answers to its TAR");
    let delete = compact::build(&[ram::delete(&package, true)]);
    assert_eq!(run(&mut card, DOMAIN, &delete)[..3], [1, 0x61, 0x01]);
}

#[test]
fn ota_5_2_expanded_scripts_are_understood() {
    let twin = Tar([0xB0, 0x01, 0x40]);
    let command = |apdu: &Apdu| CommandObject::Apdu(apdu.clone());
    let select = rfm::select(rfm::Class::Uicc, FileId(0x6F31), rfm::SelectAnswer::Nothing);
    let update = rfm::update_binary(rfm::Class::Uicc, rfm::Place::Offset(0), &[5]).unwrap().remove(0);
    let wrong = rfm::select(rfm::Class::Uicc, FileId(0x1234), rfm::SelectAnswer::Nothing);
    for framing in [Framing::Definite, Framing::Indefinite] {
        for (commands, words) in [
            (vec![&select, &update], vec![0x9000, 0x9000]),
            (vec![&select, &wrong, &update], vec![0x9000, 0x6A82]),
        ] {
            let objects: Vec<CommandObject> = commands.into_iter().map(command).collect();
            let answer = run(&mut lab_card(), twin, &expanded::build(&objects, framing).unwrap());
            let response = expanded::parse_response(&answer).unwrap();
            let said: Vec<u16> = response.answers().map(|(_, word)| word.0).collect();
            assert_eq!(said, words, "{framing:?}");
        }
    }
}
