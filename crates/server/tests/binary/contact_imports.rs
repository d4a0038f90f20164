//! `muster import contacts`, `muster sim contacts` and `muster do-not-call`.

use crate::common::{assert_one_clear_line, muster, new_app};
use muster_testkit::{Finished, Muster};
use std::path::Path;

/// A store with client account 2, in Germany, and a campaign.
pub(crate) fn store(folder: &Path) -> Muster {
    let store = muster().on_folder(&folder.join("data"));
    new_app(&store, "Acme", "Ops");
    let words =
        ["client", "create", "--organization", "Acme", "--name", "Callers", "--id", "2", "--region", "de"];
    let made = store.clone().args(words).run().expect_success();
    assert!(made.contains("Callers (id 2)") && made.contains("Token   mdl"), "{made}");
    let file = folder.join("spring.yaml");
    std::fs::write(&file, "Name: Spring\nMode: ivr\n").unwrap();
    let words = ["call-campaign", "create", &file.to_string_lossy(), "--client", "2"];
    store.clone().args(words).run().expect_success();
    store
}

fn import(store: &Muster, file: &Path, more: &[&str]) -> Finished {
    let file = file.to_string_lossy();
    let words = ["import", "contacts", &file, "--client", "2", "--campaign", "Spring"];
    store.clone().args(words).args(more.iter().copied()).run()
}

/// Contacts of the campaign as exported: a record of name, first number and status each.
fn contacts(store: &Muster) -> Vec<[String; 3]> {
    let words = ["call-campaign", "export", "Spring", "--client", "2"];
    let table = store.clone().args(words).run().expect_success();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let columns = [column("Name"), column("PhoneNumber1"), column("Status")];
    reader.records().map(|row| row.map(|row| columns.map(|column| row[column].to_owned())).unwrap()).collect()
}

#[test]
fn a_table_of_contacts_is_imported_and_what_is_wrong_with_it_is_told_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let forbid = ["do-not-call", "add", "030 23125 003", "--client", "2", "--reason", "asked for it"];
    store.clone().args(forbid).run().expect_success();
    let file = folder.path().join("contacts.csv");
    let table = "Kunde;Telefon;Mobil;UserData;Farbe\n\
        Jürgen Öz;030 23125 001;;u-1;rot\n\
        Notruf;112;;u-2;\n\
        Zu kurz;030 1;;u-3;\n\
        Nicht;030 23125 003;;u-4;\n\
        Zwei;0900 1 234567;0152 28817386;u-5;\n\
        Zellen;1\n";
    std::fs::write(&file, encoding_rs::WINDOWS_1252.encode(table).0).unwrap();
    let maps = ["--map", "Kunde=Name", "--map", "telefon=PhoneNumber1", "--map", "Mobil=phonenumber2"];
    let finished = import(&store, &file, &maps);
    assert_eq!(finished.code(), Some(1), "{}", finished.stderr);
    for line in [
        "read as windows-1252",
        "ignored columns: Farbe",
        "line 3: PhoneNumber1: \"112\" is a number of an emergency service",
        "line 4: PhoneNumber1: \"030 1\"",
        "line 6: left out PhoneNumber1: \"0900 1 234567\" is charged at a premium rate",
        "line 7: has 2 cells, the first line names 5",
    ] {
        assert!(finished.stderr.contains(line), "{line}: {}", finished.stderr);
    }
    for total in [
        "6 rows\n",
        "        3  contacts created",
        "        3  rows refused",
        "        1  numbers left out",
        "        1  numbers on the do-not-call list",
        "        1  contacts closed at once",
    ] {
        assert!(finished.stdout.contains(total), "{total}: {}", finished.stdout);
    }
    let found = contacts(&store);
    let expected = [
        ["Jürgen Öz", "493023125001", "PENDING"],
        ["Nicht", "493023125003", "EXCEPTION"],
        ["Zwei", "", "PENDING"],
    ];
    assert_eq!(found, expected.map(|row| row.map(str::to_owned)));

    // What was wrong is put right and given once more, in another encoding: the rest is known by its UserData.
    let table = "Name,PhoneNumber1,UserData\nJürgen Ö,030 23125 002,u-1\nNeu,030 23125 005,u-9\n";
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(table.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    std::fs::write(&file, utf16).unwrap();
    let said = import(&store, &file, &["--overwrite"]).expect_success();
    assert!(said.contains("1  contacts created") && said.contains("1  contacts changed"), "{said}");
    let found = contacts(&store);
    assert_eq!(found.len(), 4);
    assert!(found.contains(&["Jürgen Ö", "493023125002", "PENDING"].map(str::to_owned)), "{found:?}");
    // Without the flag there is a second one.
    import(&store, &file, &[]).expect_success();
    assert_eq!(contacts(&store).len(), 6);
}

#[test]
fn an_interrupted_import_of_contacts_goes_on_where_it_was_and_makes_nobody_twice() {
    const CONTACTS: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let count = CONTACTS.to_string();
    let words = ["sim", "contacts", "--count", &count, "--seed", "7"];
    let made = muster().args(words).run().expect_success();
    let file = folder.path().join("contacts.csv");
    std::fs::write(&file, &made).unwrap();
    let note = folder.path().join("contacts.csv.muster-import");
    let words = ["import", "contacts", &file.to_string_lossy(), "--client", "2", "--campaign", "Spring"];
    for _ in 0..3 {
        let running = store.clone().args(words).spawn();
        let before = std::fs::read(&note).ok();
        while std::fs::read(&note).ok() == before {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        drop(running);
        assert!(note.exists(), "it was killed on the way");
    }
    let last = import(&store, &file, &[]);
    assert!(last.stderr.contains("where an earlier run was interrupted"), "{}", last.stderr);
    let said = last.expect_success();
    assert!(said.contains(&format!("{CONTACTS}  contacts created")), "{said}");
    assert!(!note.exists(), "nothing is left to go on with");
    let found = contacts(&store);
    assert_eq!(found.len(), CONTACTS);
    let numbers: std::collections::HashSet<_> = found.iter().map(|row| &row[1]).collect();
    assert_eq!(numbers.len(), CONTACTS, "every contact is there once");
}

#[test]
fn a_table_of_contacts_that_cannot_be_imported_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let file = folder.path().join("contacts.csv");
    assert_one_clear_line(&import(&store, &file, &[]), &["cannot read", "contacts.csv"]);
    std::fs::write(&file, "Name,Phone\nA,030 23125001\n").unwrap();
    assert_one_clear_line(
        &import(&store, &file, &[]),
        &["no column is PhoneNumber1", "its columns are Name, Phone"],
    );
    let maps = ["--map", "Phone=Telephone"];
    assert_one_clear_line(&import(&store, &file, &maps), &["contacts have no field \"Telephone\""]);
    std::fs::write(&file, b"PK\x03\x04").unwrap();
    assert_one_clear_line(&import(&store, &file, &[]), &["a spreadsheet", "save it as CSV"]);
    std::fs::write(&file, "Name,PhoneNumber1\n").unwrap();
    assert_one_clear_line(&import(&store, &file, &["--encoding", "x"]), &["no encoding has that name"]);
    let words = ["import", "contacts", &file.to_string_lossy(), "--client", "2", "--campaign", "Autumn"];
    assert_one_clear_line(&store.clone().args(words).run(), &["\"Autumn\"", "call-campaign list"]);
    let words = ["import", "contacts", &file.to_string_lossy(), "--client", "3", "--campaign", "Spring"];
    assert_one_clear_line(&store.clone().args(words).run(), &["client account", "client list"]);
}

#[test]
fn the_list_of_numbers_that_are_not_called_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let asked = |words: &[&str]| {
        store.clone().args(["do-not-call"]).args(words.iter().copied()).args(["--client", "2"])
    };
    let file = folder.path().join("list.csv");
    std::fs::write(&file, "Datum;Phone\nheute;030 23125 011\nheute;nobody\nheute;+49 30 23125 012\n")
        .unwrap();
    let finished = asked(&["import", &file.to_string_lossy(), "--reason", "robinson"]).run();
    assert_eq!(finished.code(), Some(1));
    assert!(finished.stderr.contains("line 3: "), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("2 numbers are not called any more, 1 rows refused"),
        "{}",
        finished.stdout
    );
    asked(&["add", "+493023125013"]).run().expect_success();
    asked(&["remove", "030 23125 012"]).run().expect_success();
    let list = asked(&["list"]).run().expect_success();
    let found: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|text| !text.is_empty()).collect())
        .collect();
    assert_eq!(found, [["+493023125011", "robinson"], ["+493023125013", "by an operator"]]);
    assert_one_clear_line(&asked(&["add", "nobody"]).run(), &["read the number \"nobody\""]);
}
