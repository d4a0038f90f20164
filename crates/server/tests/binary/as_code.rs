//! `muster plan`, `apply`, `export` and `explain`.

use crate::common::{assert_one_clear_line, muster, new_app};
use serde_json::Value;
use std::path::PathBuf;

fn demo_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

#[test]
fn a_folder_is_planned_applied_exported_and_planned_again() {
    let data = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let command = |words: &[&str]| muster().on_folder(data.path()).args(words.iter().copied()).run();
    let folder = demo_folder();
    let folder = folder.to_str().unwrap();

    let planned = command(&["plan", folder]);
    assert_eq!(planned.code(), Some(2), "changes: {}", planned.stderr);
    assert!(planned.stdout.contains("create  campaign \"Trail Challenge\""), "{}", planned.stdout);
    assert_eq!(command(&["plan", folder]).code(), Some(2), "planning changes nothing");
    assert_one_clear_line(&command(&["apply", folder]), &["--yes"]);
    assert_eq!(command(&["plan", folder]).code(), Some(2), "nobody said yes");
    assert!(command(&["apply", folder, "--yes"]).expect_success().ends_with("Applied.\n"));
    // The folder's dates are relative to the day, which may have ended since.
    let again = command(&["plan", folder]);
    assert!(
        again.code() == Some(0) || again.stdout.lines().all(|line| !line.starts_with("create")),
        "{}",
        again.stdout
    );

    let exported = home.path().join("exported");
    let exported = exported.to_str().unwrap();
    let files = command(&["export", exported, "--organization", "Harbor & Pine"]).expect_success();
    assert!(files.lines().count() > 5, "{files}");
    let planned = command(&["plan", exported, "--prune"]);
    assert_eq!(planned.code(), Some(0), "{}", planned.stdout);
    assert_one_clear_line(
        &command(&["export", exported, "--organization", "Harbor & Pine"]),
        &["is there already"],
    );

    let file = std::path::Path::new(exported).join("campaigns/five-peaks.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("points: 200", "points: 250")).unwrap();
    let planned = command(&["plan", exported]);
    assert_eq!(planned.code(), Some(2));
    assert!(
        planned.stdout.contains("~ behaviors[Visit Five Stores].points: 200 -> 250"),
        "{}",
        planned.stdout
    );
    std::fs::write(&file, "name: Five Peaks\nstarts_at: never\n").unwrap();
    assert_one_clear_line(&command(&["plan", exported]), &["five-peaks.yaml", "starts_at", "is not a date"]);
    assert_one_clear_line(&command(&["plan", home.path().to_str().unwrap()]), &["no organization.yaml"]);
    assert_one_clear_line(&command(&["export", exported, "--organization", "Nobody"]), &["Nobody"]);
}

#[tokio::test]
async fn explain_tells_the_same_from_the_command_line_and_the_api() {
    let data = tempfile::tempdir().unwrap();
    let on_store = || muster().on_folder(data.path());
    let folder = demo_folder();
    on_store().args(["apply", folder.to_str().unwrap(), "--yes"]).run().expect_success();
    let app = new_app(&on_store(), "Harbor & Pine", "Shop");
    let server = on_store().serve();
    let client = reqwest::Client::new();
    let users = server.at(&format!("/priv/v1/apps/{}/users", app.api_key));
    let body = serde_json::json!({ "user": { "external_id": "ann", "email": "ann@example.com" } });
    let made =
        client.post(users).basic_auth(&app.api_key, Some(&app.secret)).json(&body).send().await.unwrap();
    assert_eq!(made.status(), 200);
    let url = server.at(&format!(
        "/manage/v1/organizations/{}/customers/external:ann/campaigns/gold-preview/explain",
        app.organization_id
    ));
    let told: Value =
        client.get(url).bearer_auth(&app.management_token).send().await.unwrap().json().await.unwrap();
    assert_eq!(told["state"], "not_qualified");
    server.stop();

    let explain = |words: &[&str]| {
        let common = ["explain", "--organization", "Harbor & Pine", "external:ann"];
        on_store().args(common).args(words.iter().copied()).run()
    };
    let mut same: Value =
        serde_json::from_str(&explain(&["gold-preview", "--json"]).expect_success()).unwrap();
    // Only the moment differs.
    same["now"] = told["now"].clone();
    assert_eq!(same, told);
    let text = explain(&["gold-preview"]).expect_success();
    assert!(text.contains("- user.tags $in [\"gold\"] (has [])"), "{text}");
    assert!(text.contains("- customer is eligible: not eligible"), "{text}");
    assert!(!text.contains(": shown"), "who is not eligible sees nothing:\n{text}");
    assert_one_clear_line(&explain(&["no-such-campaign"]), &["no campaign was found"]);
}
