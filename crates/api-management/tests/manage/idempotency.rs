//! `Idempotency-Key`: one request, one effect, one answer.

use crate::campaigns::join_all;
use crate::world::{World, on_both_stores};
use serde_json::json;

on_both_stores! {
    a_repeated_request_gets_the_first_answer,
    simultaneous_repetitions_have_one_effect,
    secrets_are_not_repeated,
}

async fn a_repeated_request_gets_the_first_answer(world: World) {
    let organization = world.organization("Harbour").await;
    let campaigns = format!("{organization}/campaigns");
    let coffee = json!({ "name": "Coffee", "starts_at": "2024-01-01", "ends_at": "2024-02-01" });
    let ask = || world.ask("POST", &campaigns).json(&coffee).key("k-1");
    let first = ask().send().await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    world.clock.advance_s(60);
    let second = ask().send().await.expect(201);
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!((&second.body, second.etag()), (&first.body, first.etag()));
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(world.get(&campaigns).await.body["items"].as_array().unwrap().len(), 1);

    let tea = json!({ "name": "Tea", "starts_at": "2024-01-01", "ends_at": "2024-02-01" });
    let reused = world.ask("POST", &campaigns).json(&tea).key("k-1").send().await;
    reused.problem(422, "idempotency_key_reused");
    let elsewhere =
        world.ask("POST", &format!("{organization}/divisions")).json(&coffee).key("k-1").send().await;
    elsewhere.problem(422, "idempotency_key_reused");
    // Keys of different callers do not meet.
    let token = world.token_for(&organization).await;
    world.ask("POST", &campaigns).json(&tea).key("k-1").token(&token).send().await.expect(201);

    // A refusal changes nothing and is not remembered: the corrected state gets its chance.
    let dependent =
        json!({ "name": "North", "division": "north", "starts_at": "2024-01-01", "ends_at": "2024-02-01" });
    let ask = || world.ask("POST", &campaigns).json(&dependent).key("k-2");
    ask().send().await.problem(422, "invalid");
    world
        .post(&format!("{organization}/divisions"), &json!({ "id": "north", "name": "N" }))
        .await
        .expect(201);
    ask().send().await.expect(201);

    // Changes and deletions too.
    let id = first.id();
    let address = format!("{campaigns}/{id}");
    let launch = || world.ask("POST", &format!("{address}/steps/submit")).key("k-3");
    assert_eq!(launch().send().await.expect(200).body["version"], 2);
    assert_eq!(launch().send().await.expect(200).body["version"], 2);
    let delete = || world.ask("DELETE", &address).matching("\"v2\"").key("k-4");
    delete().send().await.expect(204);
    delete().send().await.expect(204);
    for bad in ["", "x".repeat(256).as_str()] {
        world.ask("POST", &campaigns).json(&tea).key(bad).send().await.problem(400, "bad_header");
    }
}

async fn simultaneous_repetitions_have_one_effect(world: World) {
    let organization = world.organization("Harbour").await;
    let campaigns = format!("{organization}/campaigns");
    let coffee = json!({ "name": "Coffee", "starts_at": "2024-01-01", "ends_at": "2024-02-01" });
    let requests = (0..8).map(|_| world.ask("POST", &campaigns).json(&coffee).key("same").send());
    let replies = join_all(requests).await;
    let bodies: Vec<_> = replies.into_iter().map(|reply| reply.expect(201).body).collect();
    assert!(bodies.iter().all(|body| body == &bodies[0]), "everybody gets the same answer");
    assert_eq!(world.get(&campaigns).await.body["items"].as_array().unwrap().len(), 1);

    let requests =
        (0..8).map(|_| world.ask("POST", "/organizations").json(&json!({ "name": "New" })).key("o").send());
    let replies = join_all(requests).await;
    let ids: Vec<_> = replies.into_iter().map(|reply| reply.expect(201).id()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

async fn secrets_are_not_repeated(world: World) {
    let organization = world.organization("Harbour").await;
    let ask =
        || world.ask("POST", &format!("{organization}/apps")).json(&json!({ "name": "Web" })).key("app");
    let first = ask().send().await.expect(201);
    let second = ask().send().await.expect(201);
    assert!(first.body["secret"].is_string() && first.body["bearer"].is_string());
    assert!(second.body.get("secret").is_none() && second.body.get("bearer").is_none());
    assert_eq!(second.body["api_key"], first.body["api_key"]);
    let ask =
        || world.ask("POST", &format!("{organization}/tokens")).json(&json!({ "name": "ci" })).key("token");
    assert!(ask().send().await.expect(201).body["token"].is_string());
    assert!(ask().send().await.expect(201).body.get("token").is_none());
}
