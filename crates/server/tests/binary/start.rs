//! Starting: what is printed, what is refused, and how it is said.

use crate::common::{assert_one_clear_line, certificate, muster};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

#[tokio::test]
async fn an_empty_server_greets_and_answers_its_operations_pages() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(&folder.path().join("new/folder")).serve();
    // An empty store is told how to get its first app.
    server.process().stdout.wait_for("muster app create", server.process());
    for (path, status, part) in [
        ("/healthz", 200, "\"ok\""),
        ("/readyz", 200, "\"ready\""),
        ("/metrics", 200, "muster_http_requests_total"),
        ("/docs", 200, "/docs/engagement"),
        ("/docs/engagement", 200, "Muster engagement API"),
        ("/docs/management", 200, "/manage/v1"),
        ("/docs/engagement.json", 200, "\"openapi\": \"3.1"),
        ("/docs/management.json", 200, "\"openapi\": \"3.1"),
        ("/manage/v1/nowhere", 404, "\"status\":404"),
        ("/nowhere", 404, "\"status\":\"error\""),
    ] {
        let answer = reqwest::get(server.at(path)).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let body = answer.text().await.unwrap();
        assert!(body.contains(part), "{path}: {body}");
    }
    let finished = server.stop();
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
}

#[tokio::test]
async fn the_reference_needs_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(folder.path()).serve();
    for face in ["engagement", "management"] {
        let page = reqwest::get(server.at(&format!("/docs/{face}"))).await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("connect-src 'self'"), "{policy}");
        let page = page.text().await.unwrap();
        let (_, rest) = page.split_once("<script src=").expect("a script");
        assert!(rest.starts_with("\"/docs/scalar.js\"") && !rest.contains("<script"), "{rest}");
        assert!(!page.contains("cdn."), "{face}");
    }
    let script = reqwest::get(server.at("/docs/scalar.js")).await.unwrap();
    assert_eq!(script.headers()["content-encoding"], "gzip");
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    let bytes = script.bytes().await.unwrap();
    assert!(bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() > 100_000, "{} bytes", bytes.len());
}

#[test]
fn a_second_start_on_the_same_store_finds_it_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert_eq!(muster().on_folder(folder.path()).serve().stop().code(), Some(0));
    }
    let migrated = muster().on_folder(folder.path()).args(["migrate"]).run();
    assert!(migrated.expect_success().contains("schema version"));
}

#[test]
fn a_port_in_use_is_refused_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let finished = muster().on_folder(folder.path()).args(["serve", "--listen", &address]).run();
    assert_one_clear_line(&finished, &["cannot listen on", &address, "in use", "--listen"]);
}

#[test]
fn a_data_directory_that_cannot_be_made_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let inside = file.join("data");
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let finished = muster().on_folder(&inside).args(command.to_vec()).run();
        assert_one_clear_line(&finished, &["cannot open the store", &inside.display().to_string()]);
    }
}

#[test]
fn a_data_directory_that_cannot_be_written_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    muster().on_folder(&data).args(["migrate"]).run().expect_success();
    lock(&data, true);
    let finished = if runs_as_root() {
        // Root writes where it may not; only another user can be refused.
        None
    } else {
        Some(muster().on_folder(&data).args(["serve", "--listen", "127.0.0.1:0"]).run())
    };
    lock(&data, false);
    if let Some(finished) = finished {
        assert_one_clear_line(&finished, &["cannot open the store", "read-only"]);
    }
}

fn runs_as_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

fn lock(folder: &Path, locked: bool) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut permissions = std::fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(locked);
        std::fs::set_permissions(&path, permissions).unwrap();
    }
}

#[test]
fn a_damaged_store_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("muster.db"), "this is no database, however one reads it".repeat(100))
        .unwrap();
    let finished = muster().on_folder(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]).run();
    assert_one_clear_line(&finished, &["cannot open the store", "muster.db"]);
}

#[test]
fn an_unreachable_database_is_refused_in_one_line_without_its_password() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let url = format!("postgres://muster:hunter2@127.0.0.1:{port}/muster");
    let finished = muster().args(["serve", "--listen", "127.0.0.1:0", "--database-url", &url]).run();
    assert_one_clear_line(&finished, &["cannot open the store", &port.to_string()]);
    assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
}

#[test]
fn settings_that_cannot_stand_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("muster.toml");
    std::fs::write(&file, "[server]\nlisten_on = \"127.0.0.1:1\"\n").unwrap();
    let finished = muster().args(["serve", "--config", &file.to_string_lossy()]).run();
    assert_eq!(finished.code(), Some(1));
    assert!(finished.stderr.contains("server.listen_on"), "{}", finished.stderr);
    let finished = muster().setting("server.unknown", 1).args(["serve"]).run();
    assert_eq!(finished.code(), Some(1));
    assert!(finished.stderr.contains("MUSTER_SERVER__UNKNOWN"), "{}", finished.stderr);
}

#[test]
fn certificates_that_cannot_be_used_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let one = certificate();
    let other = certificate();
    let chain = file("certificate.pem", &one.pem);
    let key = file("key.pem", &one.key_pem);
    let others_key = file("others-key.pem", &other.key_pem);
    let empty = file("empty.pem", "");
    let missing = folder.path().join("missing.pem").display().to_string();
    for (chain, key, words) in [
        (&missing, &key, ["read the TLS certificate", &missing]),
        (&empty, &key, ["read the TLS certificate", &empty]),
        (&chain, &missing, ["read the TLS key", &missing]),
        (&chain, &chain, ["read the TLS key", &chain]),
        (&chain, &others_key, ["use the TLS certificate", &chain]),
    ] {
        let finished = muster()
            .on_folder(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--tls-cert", chain, "--tls-key", key])
            .run();
        assert_one_clear_line(&finished, &words);
    }
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_good_store_and_names_what_is_wrong_with_a_bad_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let fresh = muster().on_folder(&data).args(["doctor"]).run().expect_success();
    assert!(fresh.contains("does not exist yet"), "{fresh}");
    assert!(!data.exists(), "looking changes nothing");
    muster().on_folder(&data).args(["migrate"]).run().expect_success();
    // Whoever runs the tests may have few open files; that check has its own test.
    let healthy = muster()
        .on_folder(&data)
        .setting("server.max_connections", 1)
        .args(["doctor"])
        .run()
        .expect_success();
    assert!(healthy.lines().all(|line| line.starts_with("OK ")), "{healthy}");

    std::fs::write(data.join("muster.db"), "no database".repeat(1000)).unwrap();
    let ill = muster().on_folder(&data).args(["doctor"]).run();
    assert_eq!(ill.code(), Some(1));
    assert!(ill.stdout.contains("PROBLEM  store: "), "{}", ill.stdout);
    let wrong = muster().on_folder(&data).setting("store.readers", 0).args(["doctor"]).run();
    assert_eq!(wrong.code(), Some(1));
    assert!(
        wrong.stdout.contains("PROBLEM  settings: ") && wrong.stdout.contains("store.readers"),
        "{}",
        wrong.stdout
    );
}

#[test]
fn a_command_line_that_is_wrong_is_a_usage_error() {
    for words in [&["serve", "--listen", "nowhere"][..], &["dance"], &[]] {
        assert_eq!(muster().args(words.to_vec()).run().code(), Some(2), "{words:?}");
    }
}
