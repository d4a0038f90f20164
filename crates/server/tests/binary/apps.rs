//! `muster app create`, and what the credentials it prints are good for.

use crate::common::{NewApp, assert_one_clear_line, muster, new_app};
use serde_json::Value;

#[tokio::test]
async fn e1_e2_e3_e4_a_new_app_opens_its_own_paths_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let first = new_app(&muster().on_folder(folder.path()), "Acme", "Shop");
    let server = muster().on_folder(folder.path()).serve();
    // Made beside the running server, which learns of it.
    let second = new_app(&muster().on_folder(folder.path()), "Acme", "Kiosk");
    let client = reqwest::Client::new();
    let list = |key: &str| client.get(server.at(&format!("/priv/v1/apps/{key}/campaigns")));
    while list(&second.api_key)
        .basic_auth(&second.api_key, Some(&second.secret))
        .send()
        .await
        .unwrap()
        .status()
        != 200
    {
        tokio::task::yield_now().await;
    }
    for (name, request, status, code) in [
        ("basic", list(&first.api_key).basic_auth(&first.api_key, Some(&first.secret)), 200, None),
        ("bearer", list(&first.api_key).bearer_auth(&first.bearer_token), 200, None),
        ("nothing", list(&first.api_key), 401, Some("ACCESS_DENIED")),
        (
            "another app's secret",
            list(&first.api_key).basic_auth(&first.api_key, Some(&second.secret)),
            401,
            Some("ACCESS_DENIED"),
        ),
        (
            "another app",
            list(&first.api_key).basic_auth(&second.api_key, Some(&second.secret)),
            401,
            Some("ACCESS_DENIED"),
        ),
        (
            "another app's bearer",
            list(&first.api_key).bearer_auth(&second.bearer_token),
            401,
            Some("ACCESS_DENIED"),
        ),
        ("unknown key", list("nobody").basic_auth("nobody", Some("x")), 401, Some("INVALID_API_KEY")),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}");
        let body: Value = answer.json().await.unwrap();
        let expected_status = if code.is_some() { "error" } else { "ok" };
        assert_eq!(body["status"], expected_status, "{name}: {body}");
        assert_eq!(body["errors"]["code"].as_str(), code, "{name}: {body}");
    }
    let finished = server.stop();
    for secret in [&first.secret, &first.bearer_token, &second.secret, &second.bearer_token] {
        assert!(!finished.stdout.contains(secret.as_str()) && !finished.stderr.contains(secret.as_str()));
    }
}

#[test]
fn what_is_stored_is_not_what_was_printed() {
    let folder = tempfile::tempdir().unwrap();
    let NewApp { secret, bearer_token, management_token, api_key, .. } =
        new_app(&muster().on_folder(folder.path()), "Acme", "Shop");
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&api_key), "the key itself is no secret");
    for secret in [secret, bearer_token, management_token] {
        assert!(!holds(&secret));
    }
}

#[test]
fn an_organization_is_made_once_and_an_app_name_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let on_folder = || muster().on_folder(folder.path());
    let first = new_app(&on_folder(), "Acme", "Shop");
    let second = new_app(&on_folder(), "Acme", "Kiosk");
    let other = new_app(&on_folder(), "Other", "Shop");
    assert_eq!(first.organization_id, second.organization_id);
    assert_ne!(first.organization_id, other.organization_id);
    let again = on_folder().args(["app", "create", "--organization", "Acme", "--name", "Shop"]).run();
    assert_one_clear_line(&again, &["cannot make the app \"Shop\"", "already in use"]);
    let empty = on_folder().args(["app", "create", "--organization", "Acme", "--name", " "]).run();
    assert_one_clear_line(&empty, &["cannot make the app", "name"]);
}

#[test]
fn the_printed_text_holds_a_call_to_paste() {
    let folder = tempfile::tempdir().unwrap();
    let said = muster()
        .on_folder(folder.path())
        .args(["app", "create", "--organization", "Acme", "--name", "Shop", "--management-token"])
        .run()
        .expect_success();
    let value = |label: &str| {
        let line =
            said.lines().find(|line| line.starts_with(label)).unwrap_or_else(|| panic!("{label}: {said}"));
        line[label.len()..].trim().to_owned()
    };
    let (key, secret) = (value("API key"), value("Secret"));
    assert!(value("Management token").starts_with("msm_"));
    let call = format!("curl -g -u {key}:{secret} http://127.0.0.1:8080/priv/v1/apps/{key}/campaigns");
    assert!(said.contains(&call), "{said}");
}
