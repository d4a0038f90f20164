//! `muster account`, `muster card-profile` and `muster import sims`.

use crate::common::{assert_one_clear_line, muster, new_app};
use muster_testkit::{Finished, Muster};
use serde_json::Value;
use std::path::Path;

const KEY: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
const OTHER_KEY: &str = "A0B1C2D3E4F5061728394A5B6C7D8E9F";
const HEADER: &str =
    "iccid,imsi,msisdn,kvn,kic_algorithm,kic,kid_algorithm,kid,counter,profile,time_zone,label";

/// A store with an organization and an account.
fn store(folder: &Path) -> Muster {
    let store = muster().on_folder(&folder.join("data"));
    new_app(&store, "Acme", "Ops");
    let words = ["account", "create", "--organization", "Acme", "--name", "Meters"];
    store.clone().args(words).run().expect_success();
    store
}

fn import(store: &Muster, file: &Path, more: &[&str]) -> Finished {
    let file = file.to_string_lossy();
    let words = ["import", "sims", &file, "--organization", "Acme", "--account", "Meters"];
    store.clone().args(words).args(more.iter().copied()).run()
}

#[test]
fn accounts_form_a_tree_and_passwords_are_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let account = |words: &[&str]| {
        store.clone().args(["account"]).args(words.iter().copied()).args(["--organization", "Acme"])
    };
    let made = account(&["create", "--name", "North", "--parent", "Meters", "--json"]).run().expect_success();
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_str().unwrap();
    let tree = account(&["list"]).run().expect_success();
    let names: Vec<_> = tree.lines().map(|line| &line[36..]).collect();
    assert_eq!(names, ["  Meters", "    North"], "{tree}");
    account(&["create", "--name", "North"]).run().expect_success();
    assert_one_clear_line(
        &account(&["user", "--account", "North", "--username", "a"]).run(),
        &["2 accounts have that name", "by its id"],
    );
    assert_one_clear_line(
        &account(&["user", "--account", "Nobody", "--username", "a"]).run(),
        &["\"Nobody\"", "account create"],
    );

    let user = account(&["user", "--account", id, "--username", "backend", "--json"]).run().expect_success();
    let user: Value = serde_json::from_str(&user).unwrap();
    assert_eq!(user["password"].as_str().unwrap().len(), 24);
    let given = folder.path().join("password");
    std::fs::write(&given, "correct horse\n").unwrap();
    let words = ["user", "--account", id, "--username", "second", "--password-stdin", "--read-only"];
    let said = account(&words).stdin(&given).run().expect_success();
    assert!(said.contains("second") && !said.contains("correct horse"), "{said}");
    std::fs::write(&given, "short\n").unwrap();
    let words = ["user", "--account", id, "--username", "third", "--password-stdin"];
    assert_one_clear_line(&account(&words).stdin(&given).run(), &["password", "at least 8"]);
    let again = account(&["user", "--account", id, "--username", "backend"]).run();
    assert_one_clear_line(&again, &["\"backend\" is taken"]);
}

#[test]
fn good_cards_are_taken_in_and_bad_lines_are_told_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let profile = folder.path().join("meters.yaml");
    std::fs::write(&profile, "name: meters\nsegments_max: 2\n").unwrap();
    let put = ["card-profile", "put", &profile.to_string_lossy(), "--organization", "Acme"];
    store.clone().args(put).run().expect_success();

    let keys = format!("aes,{KEY},aes,{OTHER_KEY}");
    let (half, long) = (&KEY[..16], "9".repeat(17));
    // Each line with what is told about it; nothing is told about a good one.
    let table = [
        (format!("8949990000000000002,262990000000001,+491550001,1,{keys},7,meters,Europe/Berlin,a|b"), None),
        (format!("8949990000000000002,262990000000001,491550001,2,{keys},0,,,"), None),
        (
            format!("8949990000000000002,262990000000001,491550001,2,{keys},0,,,"),
            Some("with key set 2 is in line 3 already"),
        ),
        (
            format!("8949990000000000011,262990000000002,,1,{keys},,,,"),
            Some("iccid: the check digit of the ICCID is wrong"),
        ),
        (
            format!("894999000000000001,262990000000002,,1,{keys},,,"),
            Some("has 11 cells, the first line names 12"),
        ),
        (format!("x,262990000000002,,1,{keys},,,,"), Some("iccid: an ICCID has 18 to 20 digits")),
        (format!("8949990000000000010,,,1,{keys},,,,"), Some("imsi: is missing")),
        (format!("8949990000000000028,26299x,,1,{keys},,,,"), Some("imsi: 6 to 15 digits")),
        (
            format!("8949990000000000036,262990000000003,491550001,1,{keys},,,,"),
            Some("msisdn: 491550001 is in use already"),
        ),
        (format!("8949990000000000044,262990000000004,{long},1,{keys},,,,"), Some("msisdn: 1 to 15 digits")),
        (format!("8949990000000000051,262990000000005,,16,{keys},,,,"), Some("kvn: must be 1 to 15")),
        (
            format!("8949990000000000069,262990000000006,,1,rot13,{KEY},aes,{KEY},,,,"),
            Some("kic_algorithm: must be"),
        ),
        (
            format!("8949990000000000077,262990000000007,,1,aes,{KEY},aes,{half},,,,"),
            Some("kid has 8 octets; aes takes"),
        ),
        (
            format!("8949990000000000085,262990000000008,,1,aes,{KEY},,,,,,"),
            Some("kid_algorithm: is missing"),
        ),
        (
            format!("8949990000000000093,262990000000009,,1,{keys},1099511627775,,,"),
            Some("counter: must be 0 to 1099511627774"),
        ),
        (
            format!("8949990000000000101,262990000000010,,1,{keys},,nobody's,,"),
            Some("profile: names no card profile"),
        ),
        (
            format!("8949990000000000119,262990000000011,,1,{keys},,,Mars,"),
            Some("time_zone: an IANA time zone"),
        ),
        ("8949990000000000127,262990000000012,,,,,,,5,,,".to_owned(), Some("counter: is given without keys")),
        ("8949990000000000135,262990000000013,,,,,,,,,,".to_owned(), None),
    ];
    let file = folder.path().join("cards.csv");
    let mut lines = vec![HEADER];
    lines.extend(table.iter().map(|(line, _)| line.as_str()));
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let finished = import(&store, &file, &[]);
    assert_eq!(finished.code(), Some(1));
    let total = "19 rows: 2 cards created, 1 more key sets, 0 unchanged, 16 refused";
    assert!(finished.stdout.contains(total), "{}\n{}", finished.stdout, finished.stderr);
    let mut told: Vec<&str> = finished.stderr.lines().filter(|line| line.starts_with("line ")).collect();
    told.sort_by_key(|line| line[5..].split(':').next().unwrap().parse::<u32>().unwrap());
    let expected: Vec<_> =
        table.iter().enumerate().filter_map(|(index, (_, reason))| Some((index + 2, (*reason)?))).collect();
    assert_eq!(told.len(), expected.len(), "{}", finished.stderr);
    for (told, (line, reason)) in told.iter().zip(expected) {
        assert!(
            told.starts_with(&format!("line {line}: ")) && told.contains(reason),
            "{told}: expected {reason:?} of line {line}"
        );
    }
    for key in [half, &OTHER_KEY[..16]] {
        assert!(!(finished.stderr.clone() + &finished.stdout).contains(key), "{}", finished.stderr);
    }

    // What was wrong is put right and given once more: the rest is known.
    let text = format!("{HEADER}\n{}\n{}\n", table[0].0, "8949990000000000011,262990000000002,,,,,,,,,,");
    std::fs::write(&file, text).unwrap();
    let said = import(&store, &file, &["--no-check-digit"]).expect_success();
    assert!(said.contains("2 rows: 1 cards created, 0 more key sets, 1 unchanged, 0 refused"), "{said}");
    let other_keys = format!("{HEADER}\n{}\n", table[0].0.replace(KEY, &KEY.replace('0', "1")));
    std::fs::write(&file, other_keys).unwrap();
    let refused = import(&store, &file, &[]);
    assert!(refused.stderr.contains("line 2: kvn: the card has a key set 1 already, with other keys"));
}

#[test]
fn an_interrupted_import_of_cards_goes_on_where_it_was() {
    const CARDS: &str = "20000";
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let made = muster().args(["sim", "cards", "--count", CARDS, "--seed", "7"]).run().expect_success();
    let first = made.lines().nth(1).unwrap().to_owned();
    let file = folder.path().join("cards.csv");
    std::fs::write(&file, format!("{made}{first}\n")).unwrap();
    let note = folder.path().join("cards.csv.muster-import");
    let words = ["import", "sims", &file.to_string_lossy(), "--organization", "Acme", "--account", "Meters"];
    let running = store.clone().args(words).spawn();
    while !note.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    drop(running);
    assert!(note.exists(), "it was killed on the way");

    let second = import(&store, &file, &[]);
    assert!(second.stderr.contains("where an earlier run was interrupted"), "{}", second.stderr);
    assert!(second.stderr.contains(" rows, "), "plain lines tell the progress: {}", second.stderr);
    // The card that is given twice is noticed across the two runs.
    assert!(second.stderr.contains("line 20002: iccid: "), "{}", second.stderr);
    assert!(second.stderr.contains("with key set 1 is in line 2 already"), "{}", second.stderr);
    assert!(
        second.stdout.contains(" 20001 rows: ") && second.stdout.contains(" 1 refused"),
        "{}",
        second.stdout
    );
    assert!(!note.exists(), "nothing is left to go on with");
    let third = import(&store, &file, &[]);
    let total = "20001 rows: 0 cards created, 0 more key sets, 20000 unchanged, 1 refused";
    assert!(third.stdout.contains(total), "{}", third.stdout);
}

#[test]
fn a_table_of_cards_that_cannot_be_imported_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let file = folder.path().join("cards.csv");
    assert_one_clear_line(&import(&store, &file, &[]), &["cannot read", "cards.csv"]);
    for (header, words) in [
        ("iccid,imsi,kik", ["\"kik\" is not known", "kid_algorithm"]),
        ("iccid,msisdn", ["\"imsi\" is missing", "columns are"]),
        ("iccid,imsi,iccid", ["\"iccid\" is there twice", "columns are"]),
    ] {
        std::fs::write(&file, format!("{header}\n")).unwrap();
        assert_one_clear_line(&import(&store, &file, &[]), &words);
    }
    std::fs::write(&file, "iccid,imsi\n").unwrap();
    assert_one_clear_line(
        &import(&store, &file, &["--profile", "x"]),
        &["card profile \"x\"", "card-profile put"],
    );
    let words = ["import", "sims", &file.to_string_lossy(), "--organization", "Acme", "--account", "Nobody"];
    assert_one_clear_line(&store.args(words).run(), &["\"Nobody\"", "account create"]);
}
