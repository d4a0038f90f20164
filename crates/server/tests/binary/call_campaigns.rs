//! `muster client`, `agent`, `prompt`, `policy` and `call-campaign`.

use crate::common::assert_one_clear_line;
use crate::contact_imports::store;
use muster_peers::phones::{Phones, PhonesSettings};
use muster_testkit::Muster;
use serde_json::Value;
use std::path::Path;

const CAMPAIGN: &str = "Name: Summer\nMode: ivr\nnMaxParallelLines: 20\nnMaxTries: 1\nnBusyTries: 0\nbActive: true\n\
    dialling:\n  heard_is_done: false\n  script:\n    - {step: play, prompt: hello}\n    - step: collect\n      timeout_s: 3\n      \
    keys: {\"1\": [{step: result, export_key: ABG}]}\n      otherwise: [{step: result, export_key: KI}]\n";

fn ask(store: &Muster, words: &[&str]) -> Muster {
    store.clone().args(words.iter().copied())
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn client_accounts_agents_prompts_and_policies_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let ok = |words: &[&str]| ask(&store, words).run().expect_success();
    let create = [
        "client",
        "create",
        "--organization",
        "Acme",
        "--name",
        "North",
        "--zone",
        "Europe/Berlin",
        "--json",
    ];
    let north: Value = serde_json::from_str(&ok(&create)).unwrap();
    assert_eq!(
        (north["id"].as_i64(), north["zone"].as_str()),
        (Some(3), Some("Europe/Berlin")),
        "above the fixed one"
    );
    let token: Value = serde_json::from_str(&ok(&["client", "token", "--client", "3", "--json"])).unwrap();
    assert_ne!(token["token"], north["token"]);
    ok(&["client", "token", "--client", "3", "--remove"]);
    let list = ok(&["client", "list"]);
    assert!(
        list.lines().next().is_some_and(|line| line.starts_with("2 ") && line.contains("region DE")),
        "{list}"
    );
    assert!(list.contains("North  zone Europe/Berlin, region -, policy -  (no token)"), "{list}");
    let taken = ["client", "create", "--organization", "Acme", "--name", "x", "--id", "2"];
    assert_one_clear_line(&ask(&store, &taken).run(), &["a client account of that id exists"]);
    let wrong = ["client", "create", "--organization", "Acme", "--name", "x", "--zone", "Mars"];
    assert_one_clear_line(&ask(&store, &wrong).run(), &["zone: an IANA time zone"]);

    let password = file(folder.path(), "password", "telephone-secret\n");
    let put = ["agent", "put", "anna", "--client", "2", "--name", "Anna", "--password-stdin"];
    let said = ask(&store, &put).stdin(&password).run().expect_success();
    assert_eq!(said, "Agent     anna (phone 2-anna)\n");
    let made: Value = serde_json::from_str(&ok(&["agent", "put", "ben", "--client", "2", "--json"])).unwrap();
    assert_eq!(made["password"].as_str().map(str::len), Some(24));
    assert!(!ok(&["agent", "put", "anna", "--client", "2"]).contains("Password"), "hers stays");
    assert!(ok(&["agent", "list", "--client", "2"]).contains("Anna"), "so does her name");
    ok(&["agent", "remove", "ben", "--client", "2"]);
    assert_one_clear_line(&ask(&store, &["agent", "remove", "ben", "--client", "2"]).run(), &["agent list"]);

    ok(&["prompt", "tone", "hello", "--client", "2", "--seconds", "3"]);
    let wav = folder.path().join("a.wav");
    std::fs::write(&wav, muster_codecs::voice::wav::write(&vec![100; 12_000])).unwrap();
    ok(&["prompt", "put", "sorry", &wav.to_string_lossy(), "--client", "2"]);
    let list = ok(&["prompt", "list", "--client", "2"]);
    assert_eq!(list.lines().map(str::trim).collect::<Vec<_>>(), ["3.0 s  hello", "1.5 s  sorry"]);
    std::fs::write(&wav, "no sound").unwrap();
    let put = ["prompt", "put", "x", &wav.to_string_lossy(), "--client", "2"];
    assert_one_clear_line(&ask(&store, &put).run(), &["a.wav", "no WAV file", "sox"]);
    ok(&["prompt", "remove", "sorry", "--client", "2"]);

    let presets = ok(&["policy", "presets"]);
    assert!(presets.contains("US-TSR") && presets.contains("16 CFR 310.4"), "{presets}");
    let model =
        file(folder.path(), "policy.yaml", &ok(&["policy", "show", "de"]).replace("name: DE", "name: Ours"));
    ok(&["policy", "put", "ours", &model, "--client", "2"]);
    assert_eq!(ok(&["policy", "list", "--client", "2"]), "ours\n");
    assert!(ok(&["policy", "show", "ours", "--client", "2"]).contains("name: Ours"));
    let wrong = file(folder.path(), "wrong.yaml", "min_ring: 5\n");
    assert_one_clear_line(
        &ask(&store, &["policy", "put", "x", &wrong, "--client", "2"]).run(),
        &["min_ring"],
    );
    ok(&["policy", "remove", "ours", "--client", "2"]);
    assert_one_clear_line(&ask(&store, &["policy", "show", "ours"]).run(), &["policy presets"]);
}

#[test]
fn campaigns_are_made_changed_copied_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let ok = |words: &[&str]| ask(&store, words).run().expect_success();
    let yaml = file(folder.path(), "summer.yaml", CAMPAIGN);
    let create = ["call-campaign", "create", &yaml, "--client", "2"];
    // The prompt is not there: nothing is made.
    assert_one_clear_line(&ask(&store, &create).run(), &["prompt: no prompt is named \"hello\""]);
    assert!(!ok(&["call-campaign", "list", "--client", "2"]).contains("Summer"));
    ok(&["prompt", "tone", "hello", "--client", "2"]);
    let made: Value = serde_json::from_str(&ok(&[&create[..], &["--json"]].concat())).unwrap();
    assert_eq!(made["active"], true);
    let id = made["id"].to_string();
    for (text, words) in [
        ("Name: x\nnMaxTry: 5\n", "nMaxTry: campaigns have no such field"),
        ("Name: x\ndialling: {wrap: 5}\n", "dialling.wrap: unknown field"),
        ("Name: x\nnMaxTries: 0\n", "nMaxTries: 1 to 1000"),
        ("Mode: ivr\n", "Name is missing"),
        ("Name: Summer\n", "a call campaign of that name exists"),
        ("- x\n", "wrong.yaml"),
    ] {
        let wrong = file(folder.path(), "wrong.yaml", text);
        let create = ["call-campaign", "create", &wrong, "--client", "2"];
        assert_one_clear_line(&ask(&store, &create).run(), &[words]);
    }
    let change = file(folder.path(), "change.yaml", "nMaxTries: 9\ndialling: {wrap_s: 3}\n");
    ok(&["call-campaign", "set", &id, &change]);
    // Both parts or none.
    let wrong = file(folder.path(), "wrong.yaml", "nMaxTries: 0\ndialling: {wrap_s: 4}\n");
    assert_one_clear_line(&ask(&store, &["call-campaign", "set", &id, &wrong]).run(), &["nMaxTries"]);
    assert!(ok(&["call-campaign", "stop", &id]).contains("stopped"));
    assert!(ok(&["call-campaign", "start", "Summer", "--client", "2"]).contains("started"));
    assert!(ok(&["call-campaign", "clone", &id, "Autumn"]).contains("Autumn"));
    let list = ok(&["call-campaign", "list", "--client", "2"]);
    assert!(list.contains("Autumn  (stopped)") && list.contains("Summer  (started"), "{list}");
    assert_one_clear_line(
        &ask(&store, &["call-campaign", "delete", &id]).run(),
        &["it is started", "--force"],
    );
    ok(&["call-campaign", "delete", &id, "--force"]);
    assert_one_clear_line(&ask(&store, &["call-campaign", "status", &id]).run(), &["call-campaign list"]);
    assert_one_clear_line(&ask(&store, &["call-campaign", "status", "Autumn"]).run(), &["--client"]);
    let status: Value =
        serde_json::from_str(&ok(&["call-campaign", "status", "Autumn", "--client", "2", "--json"])).unwrap();
    assert_eq!((&status["total"], &status["active"]), (&0.into(), &false.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_watched_to_its_end_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let ok = |words: &[&str]| ask(&store, words).run().expect_success();
    ok(&["prompt", "tone", "hello", "--client", "2", "--seconds", "1"]);
    let yaml = file(folder.path(), "summer.yaml", CAMPAIGN);
    ok(&["call-campaign", "create", &yaml, "--client", "2"]);
    // They press 1, press nothing, are busy, and do not exist.
    let table = "Name,PhoneNumber1\nPress,+493023125935\nSilent,+493023125902\nBusy,+493023125940\nNobody,+493023125950\n";
    let contacts = file(folder.path(), "contacts.csv", table);
    ok(&["import", "contacts", &contacts, "--client", "2", "--campaign", "Summer"]);
    let phones = Phones::start(PhonesSettings { speed: 2.0, ..PhonesSettings::default() }).await.unwrap();
    let trunk = format!(
        "[{{name=\"lab\", enabled=true, proxy=\"{}\", main_number=\"4930990000\", max_channels=20, cps=20}}]",
        phones.addr()
    );
    let server = store
        .clone()
        .setting("calls.enabled", true)
        .setting("calls.listen", "127.0.0.1:0")
        .setting("calls.poll_interval_ms", 50)
        .setting("calls.trunks", trunk)
        .serve();
    let watch = ask(&store, &["call-campaign", "status", "Summer", "--client", "2", "--watch"]);
    let watched = tokio::task::spawn_blocking(move || watch.run()).await.unwrap();
    let changes = watched.stderr.lines().filter(|line| line.starts_with("contacts: ")).count();
    assert!(changes >= 2, "a line for each change: {}", watched.stderr);
    let said = watched.expect_success();
    for line in [
        "Contacts       4",
        "answered                 2",
        "busy                     1",
        "invalid                  1",
        "ABG                      1  Completed",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    drop(server);
    phones.stop().await;
    let results = ok(&["call-campaign", "export", "Summer", "--client", "2"]);
    let mut reader = csv::Reader::from_reader(results.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let found: Vec<_> = rows.iter().map(|row| [&row[2], &row[9], &row[10]]).collect();
    assert!(found.contains(&["Press", "COMPLETED", "ABG"]), "{found:?}");
    assert!(found.contains(&["Silent", "EXCEPTION", "KI"]), "{found:?}");
    let calls = ok(&["call-campaign", "export", "Summer", "--client", "2", "--calls"]);
    assert_eq!(calls.lines().count(), 5, "{calls}");
    let pressed = calls.lines().find(|line| line.contains("493023125935")).unwrap();
    assert!(pressed.contains(",answered,") && pressed.contains(",ABG,1,"), "{pressed}");
}
