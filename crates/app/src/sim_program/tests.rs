use super::*;
use crate::card_keys::{CardKeys, KeyUse};
use crate::ports::SeededEntropy;
use muster_domain::ids::{AccountId, SimNumber, TemplateId};
use muster_domain::participant::{Answer, Packet};
use muster_domain::sim::{
    AdfTarget, CardFlags, CardProfile, CipherAlgorithm, CounterMode, Iccid, KeySet, Operation, TemplateKind,
};
use muster_domain::time::UnixMillis;
use uuid::Uuid;

const KIC: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
const KID: &str = "1032547698BADCFEEFCDAB8967452301";

fn ring() -> CardKeys {
    CardKeys::from_hex(&"07".repeat(32)).unwrap()
}

fn card() -> Iccid {
    "8935771600000000003".parse().unwrap()
}

fn keys(algorithm: CipherAlgorithm, next_counter: u64) -> KeySet {
    let entropy = SeededEntropy::new(1);
    let seal = |usage, key| ring().seal(&entropy, &card(), 1, usage, algorithm, key).unwrap();
    KeySet {
        sim: SimNumber(1),
        kvn: 1,
        kic_algorithm: algorithm,
        kic: seal(KeyUse::Ciphering, KIC),
        kid_algorithm: algorithm,
        kid: seal(KeyUse::Integrity, KID),
        next_counter,
        holder: None,
        flags: CardFlags::default(),
    }
}

fn template(operations: &str) -> Template {
    Template {
        id: TemplateId(1),
        account: AccountId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        kind: TemplateKind::FileUpdate,
        operations: serde_json::from_str(operations).unwrap(),
        accept_replay_as_done: false,
        fail_fast: false,
        created_at: UnixMillis(0),
    }
}

fn hplmn() -> Template {
    template(r#"[{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}]"#)
}

fn script(body: &Body) -> String {
    match body {
        Body::Raw(octets, _) => crate::secrets::hex(octets).to_uppercase(),
        Body::Script { commands, .. } => {
            let octets: Vec<_> = commands.iter().flat_map(|(apdu, _)| apdu.as_bytes().to_vec()).collect();
            crate::secrets::hex(&octets).to_uppercase()
        }
    }
}

fn packet(program: &Program, profile: &CardProfile, keys: &KeySet, purpose: Purpose) -> Packet {
    let request = PacketRequest { card: &card(), profile, keys, program, step: 0, purpose, reference: 1 };
    make_packet(&ring(), &request).unwrap()
}

#[test]
fn the_worked_example_comes_out_to_the_octet() {
    let in_report = CardProfile { por_by_submit: false, ..CardProfile::default() };
    let by_submit = CardProfile { por_ciphered: true, ..CardProfile::default() };
    let table = [
        (
            &in_report,
            CipherAlgorithm::TripleDes2,
            42,
            "02700000301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497",
        ),
        (
            &by_submit,
            CipherAlgorithm::Aes,
            43,
            "02700000381516391212B00001DBBC5CE77CDBA7E8E068B49E0AA7833B9C12AA808353165BF37391204A1CB1993C21C605F9DD74CE9A218D08B9EF83BC",
        ),
    ];
    for (profile, algorithm, counter, expected) in table {
        let program = compile(&hplmn(), profile).unwrap();
        assert_eq!(script(&program.steps[0].body), "00A4000C027FFF00A4000C026F3100D600000105");
        let packet = packet(&program, profile, &keys(algorithm, counter), Purpose::Run);
        let user_data: Vec<_> =
            packet.segments.iter().map(|segment| crate::secrets::hex(&segment.user_data)).collect();
        assert_eq!(user_data.join("|").to_uppercase(), expected);
        assert_eq!((packet.counter, packet.replay_safe, packet.sticky), (counter, true, false));
    }
}

#[test]
fn answers_of_the_worked_example_mean_what_they_say() {
    let profile = CardProfile { por_by_submit: false, ..CardProfile::default() };
    let program = compile(&hplmn(), &profile).unwrap();
    let keys = keys(CipherAlgorithm::TripleDes2, 42);
    let packet = packet(&program, &profile, &keys, Purpose::Run);
    let security = security(&ring(), &card(), &profile, &keys, &program.steps[0]).unwrap();
    let read = |hex: &str| {
        read_answer(&security, &program.steps[0], &packet, &[octets(hex).unwrap()])
            .map(|reading| reading.answer)
            .map_err(|error| error.class())
    };
    let table = [
        (
            "027100001612B00001000000002A000030DA7DA6A9A8FD4F039000",
            Ok(Answer::Ran { sw: 0x9000, as_written: true }),
        ),
        (
            "027100001612B00001000000002A00008D3A9B09C2EFA948026A82",
            Ok(Answer::CommandFailed { sw: 0x6A82, command: 2 }),
        ),
        ("027100000B0AB00001000000002A0002", Ok(Answer::Refused { status: 2, authenticated: false })),
        // A bare "done" where a checksum was asked for proves nothing.
        ("027100000B0AB00001000000002A0000", Err("length")),
        ("027100000E0AB00001000000002A0000039000", Err("length")),
        // The checksum of another answer.
        ("027100001612B00001000000002A00008D3A9B09C2EFA948039000", Err("integrity")),
        // An answer to another packet of ours.
        ("027100000B0AB00001000000002B0002", Err("identity")),
        ("", Err("length")),
    ];
    for (hex, expected) in table {
        assert_eq!(read(hex), expected, "{hex}");
    }
}

#[test]
fn operations_become_commands() {
    let preselected = CardProfile {
        adfs: vec![AdfTarget { tar: "B00011".to_owned(), preselected: true }],
        ..CardProfile::default()
    };
    let plain = CardProfile::default();
    let table = [
        (
            &preselected,
            r#"[{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}]"#,
            "00A4000C026F3100D600000105",
        ),
        // Below the master file by path; two operations on one file select it once.
        (
            &plain,
            r#"[{"do": "update_record", "path": "3F00/7F10/6F3A", "record": 2, "data": "FFEE"},
                {"do": "read_record", "path": "3F00/7F10/6F3A", "record": 2, "length": 2}]"#,
            "00A4080C047F106F3A00DC020402FFEE00B2020402",
        ),
        (
            &plain,
            r#"[{"do": "deactivate_file", "path": "3F00/2FE2"}, {"do": "activate_file", "path": "3F00/2FE2"}]"#,
            "00A4000C022FE200040000000044000000",
        ),
        (&plain, r#"[{"do": "application", "tar": "AABBCC", "data": "0102"}]"#, "0102"),
        (&plain, r#"[{"do": "delete_applet", "aid": "A000000001"}]"#, "80E40000074F05A000000001"),
    ];
    for (profile, operations, expected) in table {
        let program = compile(&template(operations), profile).unwrap();
        let all: Vec<_> = program.steps.iter().map(|step| script(&step.body)).collect();
        assert_eq!(all.join("|"), expected, "{operations}");
    }
}

#[test]
fn the_profile_names_the_applet_that_manages_imsis() {
    let profile = CardProfile { imsi_tar: Some("B20100".to_owned()), ..CardProfile::default() };
    for (operation, tar) in [
        (r#"[{"do": "application", "data": "0102"}]"#, "B20100"),
        (r#"[{"do": "application", "tar": "AABBCC", "data": "0102"}]"#, "AABBCC"),
    ] {
        let program = compile(&template(operation), &profile).unwrap();
        assert_eq!(program.steps[0].tar, tar.parse().unwrap());
    }
}

#[test]
fn what_does_not_fit_one_packet_goes_into_several_and_selects_anew() {
    let data = "AB".repeat(1500);
    let operations = format!(r#"[{{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "{data}"}}]"#);
    let program = compile(&template(&operations), &CardProfile::default()).unwrap();
    assert!(program.steps.len() > 1);
    for step in &program.steps {
        assert!(script(&step.body).starts_with("00A4000C027FFF00A4000C026F3100D6"));
        // What proves only a part of the packet is not read back.
        let Body::Script { commands, .. } = &step.body else { panic!("a script") };
        assert_eq!(step.read_back.is_some(), commands.len() == 3, "{}", commands.len());
    }
    let profile = CardProfile { segments_max: 1, ..CardProfile::default() };
    let error = compile(&template(&operations), &profile).unwrap_err();
    assert_eq!(
        error.to_string(),
        "operation 1 (UPDATE): needs 3 messages, cards of profile \"default\" put together 1"
    );
}

#[test]
fn a_package_goes_in_order_each_command_in_a_packet_of_its_own() {
    let file = "00".repeat(450);
    let operations = format!(
        r#"[{{"do": "load_applet", "load_file": "{file}", "package_aid": "A000000001", "module_aid": "A00000000101",
              "instance_aid": "A00000000102"}}]"#
    );
    let program = compile(&template(&operations), &CardProfile::default()).unwrap();
    let begins: Vec<_> = program.steps.iter().map(|step| script(&step.body)[..8].to_owned()).collect();
    assert_eq!(begins, ["80E60200", "80E80000", "80E80001", "80E88002", "80E60C00"]);
    assert!(!program.idempotent);
    assert!(program.steps.iter().all(|step| step.tar.to_string() == "000000"));
}

#[test]
fn only_what_proves_all_of_a_packet_is_read_back() {
    let update = r#"{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}"#;
    let other = r#"{"do": "update_binary", "path": "3F00/ADF1/6F60", "data": "62F210"}"#;
    let deactivate = r#"{"do": "deactivate_file", "path": "3F00/ADF1/6F31"}"#;
    let read = r#"{"do": "read_binary", "path": "3F00/ADF1/6F31", "length": 1}"#;
    for (operations, proven) in [
        (vec![update], true),
        (vec![update, other], false),
        (vec![update, deactivate], false),
        (vec![deactivate, update], false),
        (vec![update, read], false),
        (vec![read], false),
    ] {
        let program =
            compile(&template(&format!("[{}]", operations.join(","))), &CardProfile::default()).unwrap();
        assert_eq!(program.steps.len(), 1);
        assert_eq!(program.steps[0].read_back.is_some(), proven, "{operations:?}");
    }
}

#[test]
fn what_must_not_run_twice_is_last_in_its_packet_and_is_not_begun_again() {
    let update = r#"{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}"#;
    let increase = r#"{"do": "increase", "path": "3F00/ADF1/6F39", "data": "000001"}"#;
    let file = "00".repeat(250);
    let load = format!(
        r#"{{"do": "load_applet", "load_file": "{file}", "package_aid": "A000000001", "module_aid": "A00000000101",
             "instance_aid": "A00000000102"}}"#
    );
    let restarts = |operations: &[&str]| {
        let program =
            compile(&template(&format!("[{}]", operations.join(","))), &CardProfile::default()).unwrap();
        program.steps.iter().map(|step| step.restart).collect::<Vec<_>>()
    };
    // The update behind it is a packet of its own, and failing there does not add once more.
    assert_eq!(restarts(&[increase, update]), [0, 1]);
    assert_eq!(restarts(&[update, increase, update]), [0, 1]);
    assert_eq!(restarts(&[increase, increase]), [0, 1]);
    // A package that failed on its way is loaded from its beginning, and what may run again with it.
    assert_eq!(restarts(&[&load]), [0, 0, 0, 0]);
    assert_eq!(restarts(&[update, &load]), [0, 0, 0, 0, 0]);
    assert_eq!(restarts(&[increase, &load]), [0, 1, 1, 1, 1]);
}

#[test]
fn reading_back_compares_what_was_written_last() {
    let profile = CardProfile { por_by_submit: false, ..CardProfile::default() };
    let program = compile(&hplmn(), &profile).unwrap();
    let read_back = program.steps[0].read_back.as_ref().unwrap();
    assert_eq!(script(&read_back.body), "00A4000C027FFF00A4000C026F3100B0000001");
    assert_eq!(read_back.expected, [5]);
    let packet = packet(&program, &profile, &keys(CipherAlgorithm::TripleDes2, 7), Purpose::ReadBack);
    assert!(packet.idempotent);
}

#[test]
fn templates_that_cannot_run_are_told_which_operation_and_why() {
    let table = [
        ("[]", "the template has no operations"),
        (
            r#"[{"do": "update_binary", "path": "3F00/ADF2/6F31", "data": "05"}]"#,
            "operation 1 (UPDATE): card profile \"default\" has no ADF2",
        ),
        (
            r#"[{"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "0"}]"#,
            "operation 1 (UPDATE): data are an even number of hexadecimal digits, at least two",
        ),
        (
            r#"[{"do": "read_binary", "path": "3F00/ADF1/6F31", "length": 1},
                {"do": "update_binary", "path": "3F00/ADF1/6F31", "data": "05"}]"#,
            "operation 1 (READ): a card gives back only what its last command read: reading comes last",
        ),
        (
            r#"[{"do": "update_record", "path": "3F00/2FE2", "record": 0, "data": "05"}]"#,
            "operation 1 (UPDATE): records are counted from 1",
        ),
        (
            r#"[{"do": "application", "tar": "AABB", "data": "01"}]"#,
            "operation 1 (APPLET): \"AABB\" is not a TAR of six hexadecimal digits",
        ),
        (
            r#"[{"do": "application", "data": "01"}]"#,
            "operation 1 (APPLET): the card profile names no applet that manages IMSIs",
        ),
        (
            r#"[{"do": "delete_applet", "aid": "A0"}]"#,
            "operation 1 (DELETE): application identifier of 1 octets: 5 to 16",
        ),
    ];
    for (operations, message) in table {
        let error = compile(&template(operations), &CardProfile::default()).unwrap_err();
        assert_eq!(error.to_string(), message, "{operations}");
    }
    let weak = CardProfile { counter_mode: CounterMode::None, ..CardProfile::default() };
    assert!(compile(&hplmn(), &weak).is_err());
    assert!(compile(&hplmn(), &CardProfile { allow_weak: true, ..weak }).is_ok());
}

#[test]
fn aes_without_a_checked_counter_is_refused() {
    let profile = CardProfile { counter_mode: CounterMode::NotChecked, ..CardProfile::default() };
    let program = compile(&hplmn(), &profile).unwrap();
    let secured = |algorithm, profile: &CardProfile| {
        security(&ring(), &card(), profile, &keys(algorithm, 1), &program.steps[0]).err()
    };
    assert_eq!(secured(CipherAlgorithm::Aes, &profile), Some(PacketError::AesWithoutCounter));
    assert_eq!(secured(CipherAlgorithm::TripleDes2, &profile), None);
    assert_eq!(secured(CipherAlgorithm::Aes, &CardProfile { allow_weak: true, ..profile.clone() }), None);
}

#[test]
fn the_line_of_a_template_with_keys_shows_none_of_its_data() {
    let open = hplmn();
    assert_eq!(result_line(&open, 0, true, &[]), "OK - UPDATE - 3F00/ADF1/6F31 - data: 05");
    let secret = Template { kind: TemplateKind::KeyWrite, ..open };
    assert_eq!(result_line(&secret, 0, true, &[]), "OK - UPDATE - 3F00/ADF1/6F31 - data:");
    let reading = template(r#"[{"do": "read_binary", "path": "3F00/ADF1/6F31", "length": 1}]"#);
    assert_eq!(result_line(&reading, 0, true, &[9]), "OK - READ - 3F00/ADF1/6F31 - data: 09");
    assert!(matches!(reading.operations[0], Operation::ReadBinary { .. }));
}
