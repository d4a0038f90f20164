//! PostgreSQL under the server: several nodes on it, its absence, and schemas of another time.

use crate::common::{assert_one_clear_line, muster, new_app};
use crate::scene::{Scene, is_ok};
use muster_testkit::{Server, TestDatabase, TestPostgres};
use serde_json::{Value, json};
use std::time::Duration;

/// Asks until `holds`; a test that waits in vain is ended by its runner.
async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    while !holds().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn status(url: String) -> u16 {
    reqwest::get(url).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_on_one_database_are_equal() {
    const EVENTS: u64 = 30;
    let scene = Scene::postgres();
    scene.add_customers(1);
    let one = scene.muster().serve();
    let other = scene.muster().serve();
    // What is configured through one node is soon known to the other.
    let campaign = scene.add_campaign(&one, json!({})).await;
    let info = format!("/priv/v1/apps/{}/campaigns/{campaign}/info", scene.app.api_key);
    let knows = async |server: &Server| {
        let request =
            scene.client.get(server.at(&info)).basic_auth(&scene.app.api_key, Some(&scene.app.secret));
        request.send().await.unwrap().status() == 200
    };
    eventually(async || knows(&other).await).await;
    // Both are told of each event at once, and it counts once.
    for number in 0..EVENTS {
        let transaction_id = format!("t-{number}");
        let send =
            async |server: &Server| is_ok(scene.report(server.url(), 0, &transaction_id).send().await).await;
        let (first, second) = tokio::join!(send(&one), send(&other));
        assert!(first && second);
    }
    assert_eq!(scene.counted(&one, campaign, 0).await, EVENTS);
    assert_eq!(scene.counted(&other, campaign, 0).await, EVENTS);
    // One of them gone, the other goes on.
    one.kill();
    assert!(is_ok(scene.report(other.url(), 0, "after").send().await).await);
    assert_eq!(scene.counted(&other, campaign, 0).await, EVENTS + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_outlives_the_absence_of_its_database() {
    let postgres = TestPostgres::start();
    let scene = Scene::on_database(postgres.database());
    scene.add_customers(1);
    let server = scene.muster().setting("store.postgres_connect_timeout_ms", 500).serve();
    let campaign = scene.add_campaign(&server, json!({})).await;
    assert!(is_ok(scene.report(server.url(), 0, "before").send().await).await);
    assert_eq!(status(server.at("/readyz")).await, 200);

    // What was acknowledged survives the crash although this test's server would rather not wait for its disk.
    postgres.crash();
    eventually(async || status(server.at("/readyz")).await == 503).await;
    assert_eq!(status(server.at("/healthz")).await, 200, "restarting it would not help");
    let answer = scene.report(server.url(), 0, "during").send().await.unwrap();
    assert_eq!(answer.status(), 500);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"]["code"], "INTERNAL_SERVER_ERROR", "{body}");

    postgres.restart();
    eventually(async || status(server.at("/readyz")).await == 200).await;
    eventually(async || is_ok(scene.report(server.url(), 0, "during").send().await).await).await;
    assert_eq!(scene.counted(&server, campaign, 0).await, 2);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_database_of_a_newer_version_is_refused_in_one_line_and_left_alone() {
    let database = TestDatabase::create();
    let on_it = || muster().on_database(&database).setting("server.max_connections", 1);
    assert!(on_it().args(["doctor"]).run().expect_success().contains("schema 0 of"));
    on_it().args(["migrate"]).run().expect_success();
    let healthy = on_it().args(["doctor"]).run().expect_success();
    assert!(healthy.lines().all(|line| line.starts_with("OK ")), "{healthy}");
    new_app(&on_it(), "Acme", "Shop");
    database.execute(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         VALUES (9999, 'future', '2999-01-01T00:00:00Z', '0')",
    );
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let finished = on_it().args(command.to_vec()).run();
        assert_one_clear_line(&finished, &["cannot open the store", "9999", "newer version"]);
    }
    let ill = on_it().args(["doctor"]).run();
    assert_eq!(ill.code(), Some(1));
    assert!(ill.stdout.contains("PROBLEM  store: ") && ill.stdout.contains("newer"), "{}", ill.stdout);
}
