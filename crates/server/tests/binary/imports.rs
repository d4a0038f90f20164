//! `muster import customers`.

use crate::common::{assert_one_clear_line, muster, new_app};
use muster_testkit::{Finished, Muster};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

fn import(muster: &Muster, file: &Path, more: &[&str]) -> Finished {
    let file = file.to_string_lossy();
    let words = ["import", "customers", &file, "--organization", "Acme"];
    muster.clone().args(words).args(more.iter().copied()).run()
}

#[tokio::test]
async fn rows_become_customers_and_bad_lines_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = muster().on_folder(&folder.path().join("data"));
    let app = new_app(&store, "Acme", "Shop");
    let table = folder.path().join("customers.csv");
    std::fs::write(
        &table,
        "external_id,email,first_name,tags,user_profile.size\n\
         c-1,one@example.com,Ada,gold|vip,7\n\
         c-2,not an address,Bob,,\n\
         c-3,three@example.com\n\
         ,,Nobody,,\n\
         c-6,six@example.com,Fay,,\n\
         c-1,SIX@example.com,Ada,,\n",
    )
    .unwrap();
    let finished = import(&store, &table, &[]);
    assert_eq!(finished.code(), Some(1), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("6 rows: 2 created, 0 updated, 0 unchanged, 4 refused"),
        "{}",
        finished.stdout
    );
    for line in ["line 3: email", "line 4: has 2 cells", "line 5: external_id or email", "line 7: email"] {
        assert!(finished.stderr.contains(line), "{line} is not told: {}", finished.stderr);
    }

    let lines = folder.path().join("more.ndjson");
    std::fs::write(
        &lines,
        "{\"external_id\":\"c-1\",\"first_name\":\"Ada Maria\"}\n\
         {\"external_id\":\"c-6\",\"first_name\":\"Fay\"}\n\
         {\"external_id\":\"c-7\"}\n",
    )
    .unwrap();
    let said = import(&store, &lines, &[]).expect_success();
    assert!(said.contains("3 rows: 1 created, 1 updated, 1 unchanged, 0 refused"), "{said}");

    let server = store.serve();
    let path = format!("/priv/v1/apps/{}/external/users/c-1/campaigns", app.api_key);
    let client = reqwest::Client::new();
    let answer =
        client.get(server.at(&path)).basic_auth(&app.api_key, Some(&app.secret)).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"]["code"], "No_active_campaign_found", "the customer is there: {body}");
}

#[test]
fn an_interrupted_import_goes_on_where_it_was() {
    const ROWS: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let store = muster().on_folder(&folder.path().join("data"));
    new_app(&store, "Acme", "Shop");
    let table = folder.path().join("customers.csv");
    let mut text = "external_id,city\n".to_owned();
    for number in 0..ROWS {
        writeln!(text, "c-{number},Zug").unwrap();
    }
    std::fs::write(&table, text).unwrap();
    let note = folder.path().join("customers.csv.muster-import");

    let words = ["import", "customers", &table.to_string_lossy(), "--organization", "Acme"];
    let running = store.clone().args(words).spawn();
    while !note.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    drop(running);
    assert!(note.exists(), "it was killed on the way");

    let second = import(&store, &table, &[]);
    assert!(second.stderr.contains("where an earlier run was interrupted"), "{}", second.stderr);
    assert!(second.stderr.contains(" rows, "), "plain lines tell the progress: {}", second.stderr);
    let said = second.expect_success();
    assert!(said.contains(&format!(" {ROWS} rows: ")) && said.contains(" 0 refused"), "{said}");
    assert!(!note.exists(), "nothing is left to go on with");

    let third = import(&store, &table, &[]).expect_success();
    assert!(third.contains(&format!("{ROWS} rows: 0 created, 0 updated, {ROWS} unchanged")), "{third}");
}

#[test]
fn what_cannot_be_imported_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = muster().on_folder(&folder.path().join("data"));
    let table = folder.path().join("customers.csv");
    assert_one_clear_line(&import(&store, &table, &[]), &["cannot read", "customers.csv"]);
    std::fs::write(&table, "external_id\nc-1\n").unwrap();
    assert_one_clear_line(
        &import(&store, &table, &[]),
        &["cannot find the organization \"Acme\"", "app create"],
    );
    new_app(&store, "Other", "Shop");
    assert_one_clear_line(&import(&store, &table, &[]), &["\"Acme\"", "known are \"Other\""]);
}
