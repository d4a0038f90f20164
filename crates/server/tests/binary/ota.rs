//! `muster ota encode` and `muster ota decode`, over vectors that other implementations made.

use crate::common::{assert_one_clear_line, muster};
use muster_testkit::Finished;
use serde_json::{Value, json};
use std::path::Path;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../codecs/tests/vectors/sample.json");

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_slice(&std::fs::read(SAMPLE).unwrap()).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn lines(objects: &[Value]) -> String {
    objects.iter().flat_map(|object| [object.to_string(), "\n".to_owned()]).collect()
}

/// Runs `muster ota COMMAND` with this on standard input.
fn ota(command: &str, input: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    std::fs::write(&file, input).unwrap();
    muster().args(["ota", command]).stdin(file).run()
}

fn answers(finished: &Finished) -> Vec<Value> {
    finished.stdout.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

/// The members that `expected` has, and none of its others.
fn assert_holds(answer: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name} of {answer}");
    }
}

#[test]
fn encoded_packets_are_those_of_the_vectors() {
    let finished = muster().args(["ota", "encode", SAMPLE]).run();
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let answers = answers(&finished);
    let vectors = vectors();
    assert_eq!(answers.len(), vectors.len());
    let mut commands = 0;
    for (vector, answer) in vectors.iter().zip(&answers) {
        assert_eq!(answer["id"], vector["id"]);
        if vector["kind"] == "command" {
            commands += 1;
            for name in ["packet", "tp_ud", "packet_len", "pcntr"] {
                assert_eq!(answer[name], vector["command"][name], "{name} of {answer}");
            }
        } else {
            assert!(answer["skipped"].is_string(), "{answer}");
        }
    }
    assert_eq!(commands, 4);
}

#[test]
fn decoded_packets_are_those_of_the_vectors() {
    let vectors = vectors();
    let finished = ota("decode", &lines(&vectors));
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let answers = answers(&finished);
    assert_eq!(answers.len(), vectors.len());
    for (vector, answer) in vectors.iter().zip(&answers) {
        assert_eq!(answer["id"], vector["id"]);
        match vector["kind"].as_str().unwrap() {
            "command" => {
                let (security, command) = (&vector["security"], &vector["command"]);
                for name in ["spi", "kic_byte", "kid_byte", "tar", "cntr"] {
                    assert_eq!(answer[name], security[name], "{name} of {answer}");
                }
                for name in ["pcntr", "secured_data"] {
                    assert_eq!(answer[name], command[name], "{name} of {answer}");
                }
            }
            "response" => {
                assert_holds(answer, &vector["response"]["expect"]);
                let checked = vector["security"]["por_integrity"] == "cc";
                assert_eq!(answer["authenticated"], checked, "{answer}");
                let hint = vector["unprotected_error"] == true;
                assert_eq!(answer["trust"] == "hint", hint, "{answer}");
            }
            "reject" => assert_eq!(answer["error_class"], vector["expect_error_class"], "{answer}"),
            other => panic!("{other}"),
        }
    }
}

/// The worked example, whose octets another implementation made too.
fn worked(spi: &str, cntr: &str) -> Value {
    json!({
        "spi": spi, "kic_byte": "15", "kid_byte": "15", "tar": "B00001", "cntr": cntr,
        "kic_alg": "3des2", "kic": "0F1E2D3C4B5A69788796A5B4C3D2E1F0",
        "kid_alg": "3des2", "kid": "1032547698BADCFEEFCDAB8967452301", "integrity": "cc", "integrity_len": 8
    })
}

const SCRIPT: &str = "00A4000C027FFF 00A4000C026F31 00D600000105";
const PACKET: &str =
    "00301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497";

fn packet(spi: &str, cntr: &str) -> Value {
    let input =
        json!({ "kind": "command", "security": worked(spi, cntr), "command": { "secured_data": SCRIPT } });
    answers(&ota("encode", &input.to_string()))[0]["packet"].clone()
}

#[test]
fn an_exchange_is_read_both_ways() {
    let exchange = |response: &str| {
        json!({
            "id": 7, "kind": "exchange", "security": worked("1609", "000000002A"),
            "command": { "packet": PACKET }, "response": { "tp_ud": response }
        })
    };
    let done = exchange("027100001612B00001000000002A000030DA7DA6A9A8FD4F039000");
    // To another counter: not the answer to this command.
    let stale = exchange("027100000B0AB0000100000000290002");
    let finished = ota("decode", &lines(&[done, stale]));
    assert_eq!(finished.code(), Some(1));
    assert_eq!(finished.stderr, "1 of 2 objects failed\n");
    let answers = answers(&finished);
    assert_eq!(answers[0]["id"], 7);
    assert_holds(&answers[0]["command"], &json!({ "cntr": "000000002a", "pcntr": 6, "tar": "b00001" }));
    let compact = json!({ "executed": 3, "sw": "9000", "data": "" });
    assert_holds(
        &answers[0]["response"],
        &json!({ "status": 0, "authenticated": true, "cntr": "000000002a", "compact": compact }),
    );
    assert_eq!(answers[1]["error_class"], "identity");
}

#[test]
fn a_card_decides_about_a_sequence_packet_by_packet() {
    let damaged = PACKET.replace("97", "98");
    let run = |spi: &str| {
        let packets = json!([
            packet(spi, "000000000a"),
            { "packet": packet(spi, "000000000a") },
            damaged,
            { "command": { "packet": packet(spi, "000000000c") } },
            packet(spi, "000000000b"),
        ]);
        let sequence = json!({
            "kind": "sequence", "security": worked(spi, "00"), "card_stored_cntr": "0000000009", "packets": packets
        });
        let finished = ota("decode", &sequence.to_string());
        assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
        let answer = answers(&finished).remove(0);
        let decisions: Vec<_> =
            answer["steps"].as_array().unwrap().iter().map(|step| step["decision"].clone()).collect();
        (json!(decisions), answer)
    };
    let (decisions, higher) = run("1609");
    assert_eq!(decisions, json!(["run", "cntr_low", "refused", "run", "cntr_low"]));
    assert_eq!(higher["card_stored_cntr"], "000000000c");
    assert_eq!(higher["steps"][2]["error_class"], "integrity");
    assert_eq!(higher["steps"][2]["card_stored_cntr"], "000000000a");
    assert_holds(&higher["steps"][1], &json!({ "status": 2, "accepted": false, "cntr": "000000000a" }));

    let (decisions, increment) = run("1E09");
    assert_eq!(decisions, json!(["run", "cntr_low", "refused", "cntr_high", "run"]));
    assert_eq!(increment["card_stored_cntr"], "000000000b");
}

#[test]
fn what_must_be_refused_and_is_not_is_a_failure() {
    let response = |requested: &str, tp_ud: &str| {
        json!({
            "kind": "reject", "direction": "response", "input": { "tp_ud": [tp_ud] },
            "security": { "requested_spi": requested, "tar": "B00001", "por_integrity": "none" }
        })
    };
    let command = |packet: &str| {
        json!({
            "kind": "reject", "direction": "command", "input": { "packet": packet },
            "security": worked("1609", "2A"), "card_stored_cntr": 41
        })
    };
    let clear = "027100000e0ab0000100000000210000039000";
    let mut weak = worked("1609", "2A");
    weak["kid"] = "10325476 10325476 10325476 98BADCFE".into();
    weak["kic"] = "1032547698BADCFE 1032547698BADCFE".into();
    let policy = json!({
        "kind": "reject", "layer": "policy", "security": weak, "command": { "secured_data": SCRIPT }
    });
    for (name, object, class) in [
        ("a success that should have been protected", response("1609", clear), Some("integrity")),
        ("a success that should not", response("1601", clear), None),
        ("a command", response("1601", "02700000"), Some("identity")),
        ("no header", response("1601", "09"), Some("length")),
        ("a right command", command(PACKET), None),
        ("a command with damage", command(&PACKET.replace("97", "98")), Some("integrity")),
        (
            "a command seen before",
            {
                let mut seen = command(PACKET);
                seen["card_stored_cntr"] = "000000002a".into();
                seen
            },
            Some("counter"),
        ),
        ("a key that protects nothing", policy, Some("policy")),
        (
            "an indicator with reserved bits",
            {
                let mut reserved = command(PACKET);
                reserved["security"]["spi"] = "F609".into();
                reserved
            },
            Some("security"),
        ),
    ] {
        let finished = ota("decode", &object.to_string());
        let answer = answers(&finished).remove(0);
        assert_eq!(answer["error_class"].as_str(), class, "{name}: {answer}");
        assert_eq!(finished.code(), Some(i32::from(class.is_none())), "{name}");
        assert_eq!(answer["unexpected"].is_string(), class.is_none(), "{name}");
    }
}

#[test]
fn long_commands_go_in_parts_and_come_back_from_them() {
    let data = "00".repeat(400);
    let object = json!({
        "id": "long", "kind": "command", "concat_ref": 77, "security": worked("1609", "2A"),
        "command": { "secured_data": data }
    });
    let answer = answers(&ota("encode", &object.to_string())).remove(0);
    let parts = answer["tp_ud"].as_array().unwrap();
    assert_eq!(parts.len(), 4);
    assert!(parts[0].as_str().unwrap().starts_with("0700034d04017000"));
    assert!(parts[3].as_str().unwrap().starts_with("0500034d0404"));

    let mut backwards = object;
    backwards["command"] = json!({ "tp_ud": parts.iter().rev().collect::<Vec<_>>() });
    let finished = ota("decode", &backwards.to_string());
    assert_eq!(answers(&finished)[0]["secured_data"], data);
}

#[test]
fn a_line_that_is_not_understood_stops_nothing() {
    let first = vectors().remove(0);
    let input = format!(
        "{first}\n{{\"id\":\n\n{{\"id\":\"x\",\"security\":{{\"kic\":\"0F1E2D3C4B5A69788796A5\"}}}}\n\
        {{\"kind\":\"command\",\"security\":{{\"kic\":\"hunter2\"}}}}\n[]\n7\n{first}\n"
    );
    let finished = ota("decode", &input);
    assert_eq!(finished.code(), Some(1));
    assert_eq!(finished.stderr, "4 of 6 objects failed\n");
    let answers = answers(&finished);
    assert_eq!(answers[0], answers[5]);
    assert_holds(&answers[1], &json!({ "line": 2, "error_class": "input" }));
    assert_holds(&answers[2], &json!({ "id": "x", "error_class": "input", "detail": "kind is missing" }));
    let misunderstood = "security.kic has a form that is not understood";
    assert_holds(&answers[3], &json!({ "line": 5, "error_class": "input", "detail": misunderstood }));
    assert_holds(&answers[4], &json!({ "line": 7, "error_class": "input", "detail": "this is no object" }));
    assert!(!finished.stdout.contains("hunter2"));
}

#[test]
fn keys_are_never_in_the_output() {
    let mut objects = vectors();
    // Keys of wrong lengths, under wrong names, in wrong places.
    for change in [
        |security: &mut Value| security["kic"] = "b7cc8618c125bb4933573a0d3e33fb".into(),
        |security: &mut Value| security["kic_alg"] = "b7cc8618c125bb4933573a0d3e33fbb7".into(),
        |security: &mut Value| security["spi"] = "b7cc8618c125bb4933573a0d3e33fbb7".into(),
        |security: &mut Value| security["integrity"] = "b7cc8618c125bb4933573a0d3e33fbb7".into(),
        |security: &mut Value| security["integrity_len"] = "b7cc8618c125bb4933573a0d3e33fbb7".into(),
    ] {
        let mut object = vectors().remove(0);
        change(&mut object["security"]);
        objects.push(object);
    }
    let keys: Vec<String> = objects
        .iter()
        .flat_map(|object| [&object["security"]["kic"], &object["security"]["kid"]])
        .filter_map(|key| key.as_str().map(|text| text[..16].to_owned()))
        .collect();
    assert!(keys.len() > 8);
    for command in ["encode", "decode"] {
        let finished = ota(command, &lines(&objects));
        assert_eq!(finished.stderr, "5 of 13 objects failed\n", "{}", finished.stdout);
        for key in &keys {
            let told = [&finished.stdout, &finished.stderr]
                .into_iter()
                .any(|text| text.to_lowercase().contains(key));
            assert!(!told, "{command} tells {key}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_told_in_one_line() {
    let missing = Path::new("nowhere").join("vectors.json");
    let finished = muster().args(["ota", "decode", missing.to_str().unwrap()]).run();
    assert_one_clear_line(&finished, &["cannot read", "vectors.json"]);
}

#[test]
fn the_guides_examples_are_answered() {
    let guide = include_str!("../../../../docs/ota-packets.md");
    let examples: Vec<&str> =
        guide.split("```json\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    let [write, answer] = examples[..] else { panic!("the guide has {} examples", examples.len()) };
    let encoded = answers(&ota("encode", write));
    assert_eq!(encoded[0]["packet"], PACKET.to_lowercase());
    let decoded = answers(&ota("decode", answer));
    assert_holds(&decoded[0], &json!({ "id": "answer", "trust": "authenticated", "status_name": "por_ok" }));
}
