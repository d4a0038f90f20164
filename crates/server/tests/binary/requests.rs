//! Requests under limits, in bad weather, and while the server stops.

use crate::scene::{Scene, is_ok};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn h6_a_body_beyond_the_limit_is_refused_in_the_envelope_of_its_face() {
    let scene = Scene::embedded();
    scene.add_customers(1);
    let server = scene.muster().serve();
    let padded = |bytes: usize| {
        let body = json!({"events": {"walk": 1}}).to_string();
        body.clone() + &" ".repeat(bytes - body.len())
    };
    let chunks = |body: String| {
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
            body.as_bytes().chunks(60_000).map(|piece| Ok(piece.to_vec())).collect();
        reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))
    };
    for (name, body, status) in [
        ("at the limit", reqwest::Body::from(padded(MIB)), 200),
        ("one beyond", reqwest::Body::from(padded(MIB + 1)), 413),
        ("far beyond", reqwest::Body::from(padded(3 * MIB)), 413),
        ("without a length, at the limit", chunks(padded(MIB)), 200),
        ("without a length, one beyond", chunks(padded(MIB + 1)), 413),
        ("without a length, far beyond", chunks(padded(3 * MIB)), 413),
    ] {
        let answer = scene.ask(Method::POST, server.url(), 0, "/events").body(body).send().await.expect(name);
        assert_eq!(answer.status(), status, "{name}");
        let body: Value = answer.json().await.unwrap();
        let code = if status == 413 { json!("VALIDATION") } else { Value::Null };
        assert_eq!(body["errors"]["code"], code, "{name}: {body}");
    }
    let path = format!("/manage/v1/organizations/{}/campaigns", scene.app.organization_id);
    let request = scene.client.post(server.at(&path)).bearer_auth(&scene.app.management_token);
    let answer = request.body(padded(MIB + 1)).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn c52_the_connectivity_face_answers_for_all_of_its_addresses() {
    let scene = Scene::embedded();
    let server = scene.muster().serve();
    let nak = |code: &str, message: &str| {
        format!(r#"{{"errorCode":"{code}","errorMessage":"{message}","content":"","pageable":""}}"#)
    };
    for path in ["/api/v2", "/api/v2/nowhere", "/api/v3/nowhere/at/all"] {
        let answer = scene.client.get(server.at(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/json;charset=UTF-8");
        assert_eq!(answer.text().await.unwrap(), nak("GLOBAL_9003", "Unknown resource"), "{path}");
    }
    let answer = scene.client.delete(server.at("/api/v2/auth/token")).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.text().await.unwrap(), nak("GLOBAL_9004", "Method not allowed"));
    let token = scene.client.post(server.at("/api/v2/auth/token")).header("content-type", "application/json");
    let answer = token.body(" ".repeat(MIB + 1)).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert!(answer.text().await.unwrap().starts_with(r#"{"errorCode":"GLOBAL_9002","#));
    // The neighbours keep their own envelopes.
    let answer = scene.client.get(server.at("/api/v1/nowhere")).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["errors"]["code"], "NOT_FOUND");
}

/// Sends the head of a request that announces more body than follows, and returns the whole answer.
fn send_slowly(address: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    // A reset after the answer is how an unfinished request ends.
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_refused_in_the_envelope() {
    let scene = Scene::embedded();
    scene.add_customers(1);
    let server = scene.muster().setting("server.request_body_timeout_ms", 100).serve();
    let path = format!("/priv/v1/apps/{}/external/users/c-0/events", scene.app.api_key);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{\"ev",
        scene.app.bearer_token
    );
    let answer = send_slowly(server.address(), &head);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"status\":\"error\"") && answer.contains("\"VALIDATION\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_limit_are_refused_in_the_envelope_of_their_face() {
    let scene = Scene::embedded();
    scene.add_customers(1);
    let server = scene
        .muster()
        .setting("server.max_concurrent_requests", 1)
        .setting("server.request_body_timeout_ms", 100_000)
        .setting("server.request_timeout_ms", 100_000)
        .serve();
    // A request whose body does not arrive holds the only place.
    let path = format!("/priv/v1/apps/{}/external/users/c-0/events", scene.app.api_key);
    let mut slow = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n",
        scene.app.bearer_token
    );
    slow.write_all(head.as_bytes()).unwrap();
    let held = "muster_http_requests_in_flight{face=\"engagement\"} 1";
    while !reqwest::get(server.at("/metrics")).await.unwrap().text().await.unwrap().contains(held) {
        tokio::task::yield_now().await;
    }
    let refused = scene.ask(Method::GET, server.url(), 0, "/campaigns").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["errors"]["code"], "rate_limited", "{body}");
    // The operations pages and the other face have places of their own.
    assert_eq!(reqwest::get(server.at("/readyz")).await.unwrap().status(), 200);
    let manage =
        scene.client.get(server.at("/manage/v1/organizations")).bearer_auth("nobody").send().await.unwrap();
    assert_eq!(manage.status(), 401);
    drop(slow);
    while scene.ask(Method::GET, server.url(), 0, "/campaigns").send().await.unwrap().status() == 429 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids_come_back_and_neither_logs_nor_metrics_tell_who_asked() {
    let scene = Scene::embedded();
    scene.add_customers(1);
    let server = scene.muster().setting("log.filter", "debug").setting("log.format", "json").serve();
    let mine = scene.ask(Method::GET, server.url(), 0, "/campaigns").header("x-request-id", "mine-1");
    assert_eq!(mine.send().await.unwrap().headers()["x-request-id"], "mine-1");
    let odd = scene.ask(Method::GET, server.url(), 0, "/campaigns").header("x-request-id", "two words");
    let answer = odd.send().await.unwrap();
    assert_ne!(answer.headers()["x-request-id"], "two words");
    let key = &scene.app.api_key;
    let with_token = format!("/api/v1/apps/{key}/campaigns?auth_token=v2--hush--hush");
    assert_eq!(reqwest::get(server.at(&with_token)).await.unwrap().status(), 401);
    let create = scene
        .client
        .post(server.at(&format!("/priv/v1/apps/{key}/users")))
        .basic_auth(key, Some(&scene.app.secret))
        .json(&json!({"user": {"email": "ada@example.com", "first_name": "Augusta"}}));
    assert!(is_ok(create.send().await).await);

    let metrics = reqwest::get(server.at("/metrics")).await.unwrap().text().await.unwrap();
    let route = "route=\"/priv/v1/apps/{api_key}/external/users/{external_id}/campaigns\"";
    assert!(metrics.contains(route), "{metrics}");
    let finished = server.stop();
    let log = finished.stderr;
    assert!(log.contains("mine-1"), "the log names the request: {log}");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    for private in
        [&scene.app.secret, &scene.app.bearer_token, "hush", "c-0/", "ada@example.com", "Augusta", "Basic "]
    {
        assert!(!log.contains(private), "{private} is in the log: {log}");
        assert!(!metrics.contains(private), "{private} is in the metrics");
    }
    assert!(!log.contains(&format!("/apps/{key}/")), "paths are logged as patterns: {log}");
}

/// Many clients report events while the server is asked to stop: each request is answered in full or was never
/// accepted, which the account of the next server proves.
async fn stopped_under_load(scene: Scene) {
    const CLIENTS: usize = 16;
    let scene = Arc::new(scene);
    scene.add_customers(CLIENTS);
    let server = scene.muster().serve();
    let campaign = scene.add_campaign(&server, json!({})).await;
    let url: Arc<str> = server.url().into();
    let (answered, mut answers) = tokio::sync::watch::channel(0_usize);
    let answered = Arc::new(answered);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|customer| {
            let (scene, url, answered) = (Arc::clone(&scene), Arc::clone(&url), Arc::clone(&answered));
            tokio::spawn(async move {
                for number in 0_u64.. {
                    let request = scene.report(&url, customer, &format!("t-{number}"));
                    if !is_ok(request.send().await).await {
                        return number;
                    }
                    answered.send_modify(|count| *count += 1);
                }
                unreachable!("the server stops first")
            })
        })
        .collect();
    answers.wait_for(|count| *count >= 10 * CLIENTS).await.unwrap();
    let finished = server.stop();
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let server = scene.muster().serve();
    for (customer, client) in clients.into_iter().enumerate() {
        let answered = client.await.unwrap();
        assert_eq!(scene.counted(&server, campaign, customer).await, answered, "c-{customer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_answers_what_it_accepted_on_the_embedded_store() {
    stopped_under_load(Scene::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_answers_what_it_accepted_on_postgres() {
    stopped_under_load(Scene::postgres()).await;
}
