//! Walks the OpenAPI document: no endpoint is left without authentication, tenancy and readable refusals.

use crate::world::World;
use muster_app::usecases::dialler::{CampaignInput, create_campaign};
use muster_domain::ids::ClientId;
use serde_json::Value;

/// The account that paths name.
const ACCOUNT: &str = "00000000-0000-0000-0000-00000000acc0";

/// Every operation: method, path below `/manage/v1` with its parameters filled in, and its documentation.
fn operations(organization: &str) -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(&muster_api_management::openapi().to_json().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut filled = path.strip_prefix("/manage/v1").expect("the face's prefix").to_owned();
            filled = filled.replace("/organizations/{organization}", organization);
            for (name, value) in [
                ("{campaign}", "1"),
                ("{behavior}", "2"),
                ("{offer}", "3"),
                ("{customer}", "00000000-0000-0000-0000-000000000001"),
                ("{division}", "north"),
                ("{api_key}", "0123456789abcdef"),
                ("{token}", "0123456789abcdef"),
                ("{job}", "00000000-0000-0000-0000-000000000001"),
                ("{model}", "user_profiles"),
                ("{step}", "launch"),
                ("{account}", ACCOUNT),
                ("{username}", "backend"),
                ("{profile}", "default"),
                ("{iccid}", "8935771600000000003"),
                ("{kvn}", "1"),
                ("{template}", "1"),
                ("{sim_campaign}", "1"),
                ("{client}", "1"),
                ("{call_campaign}", "1"),
                ("{agent}", "anna"),
                ("{policy}", "evenings"),
                ("{prompt}", "greeting"),
            ] {
                filled = filled.replace(name, value);
            }
            assert!(!filled.contains('{'), "{filled}: give the parameter a value");
            found.push((method.to_uppercase(), filled, operation.clone()));
        }
    }
    assert!(found.len() > 40, "only {} operations", found.len());
    found
}

/// Makes client account 1 with call campaign 1.
async fn call_client(world: &World, organization: &str) {
    let client = serde_json::json!({ "name": "Callers" });
    assert_eq!(world.post(&format!("{organization}/call-clients"), &client).await.expect(201).id(), 1);
    let input = CampaignInput { name: Some("Calls".to_owned()), ..CampaignInput::default() };
    let made = create_campaign(&world.services, ClientId(1), input).await.expect("it is made");
    assert_eq!(made.id.0, 1);
}

#[tokio::test]
async fn every_operation_asks_for_a_token() {
    let world = World::sqlite().await;
    let organization = world.organization("Harbour").await;
    for (method, path, _) in operations(&organization) {
        for headers in [
            None,
            Some("Bearer nonsense"),
            Some("Basic YTpi"),
            Some("Bearer"),
            Some("Bearer 0123456789abcdef 0123456789abcdef"),
        ] {
            let mut ask = world.ask(&method, &path).anonymous().text("{}");
            if let Some(header) = headers {
                ask = ask.header("authorization", header);
            }
            let refused = ask.send().await;
            assert_eq!(refused.status, 401, "{method} {path} with {headers:?}");
            assert!(refused.header("www-authenticate").starts_with("Bearer"));
            refused.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn every_operation_keeps_to_its_own_organization() {
    let world = World::sqlite().await;
    let own = world.organization("Own").await;
    let foreign = world.organization("Foreign").await;
    let token = world.token_for(&own).await;
    for (method, path, _) in operations(&foreign) {
        if path == "/organizations" && method == "GET" {
            continue; // Lists what the token opens.
        }
        let refused = world.ask(&method, &path).token(&token).matching("*").text("{}").send().await;
        let expected = if path.starts_with(&foreign) { 404 } else { 403 };
        assert_eq!(refused.status, expected, "{method} {path}: {}", refused.body);
    }
}

#[tokio::test]
async fn every_body_is_read_with_care() {
    let world = World::sqlite().await;
    let organization = world.organization("Harbour").await;
    let campaigns = format!("{organization}/campaigns");
    let document = serde_json::json!({
        "id": 1, "name": "C", "starts_at": "now", "ends_at": "1 day from now",
        "behaviors": [{ "id": 2, "name": "B", "type": "count", "event": "e", "total_count": 1 }],
        "offers": [{ "id": 3, "name": "O", "type": "trigger" }],
    });
    world.post(&campaigns, &document).await.expect(201);
    world
        .post(&format!("{organization}/divisions"), &serde_json::json!({ "id": "north", "name": "N" }))
        .await
        .expect(201);
    let app = serde_json::json!({ "name": "A", "api_key": "0123456789abcdef" });
    world.post(&format!("{organization}/apps"), &app).await.expect(201);
    let customer = muster_testkit::builders::CustomerBuilder::new(1).into_write(World::id_of(&organization));
    world.services.store.commit(vec![customer]).await.remove(0).unwrap();
    call_client(&world, &organization).await;
    let mut checked = 0;
    for (method, path, operation) in operations(&organization) {
        if operation["requestBody"]["content"].get("application/json").is_none() {
            continue; // No body, or a file that is not JSON.
        }
        checked += 1;
        let ask = || {
            let ask = world.ask(&method, &path);
            // What is not there yet cannot be matched.
            if path.contains("/models/") || path.contains("/card-profiles/") {
                ask
            } else {
                ask.matching("*")
            }
        };
        for text in ["", "{", "{\"name\":", "\u{feff}", "nul"] {
            let refused = ask().text(text).send().await;
            assert_eq!(refused.status, 400, "{method} {path} with {text:?}: {}", refused.body);
            refused.problem(400, "malformed_json");
        }
        for text in ["5", "[]", "\"x\"", "null", "{\"no_such_field\":1}", "{\"name\":\"a\\u0000\"}"] {
            let refused = ask().text(text).send().await;
            assert_eq!(refused.status, 422, "{method} {path} with {text}: {}", refused.body);
            refused.problem(422, "invalid");
        }
    }
    assert!(checked >= 12, "only {checked} operations take a body");
}

#[tokio::test]
async fn every_list_pages_by_cursor() {
    let world = World::sqlite().await;
    let organization = world.organization("Harbour").await;
    let campaigns = format!("{organization}/campaigns");
    let document =
        serde_json::json!({ "id": 1, "name": "C", "starts_at": "now", "ends_at": "1 day from now" });
    world.post(&campaigns, &document).await.expect(201);
    let account = serde_json::json!({ "id": ACCOUNT, "name": "Meters" });
    world.post(&format!("{organization}/accounts"), &account).await.expect(201);
    let accounts = format!("{organization}/accounts/{ACCOUNT}");
    let template = serde_json::json!({
        "name": "T", "kind": "FILE_UPDATE",
        "operations": [{ "do": "update_binary", "path": "3F00/6F07", "data": "00" }],
    });
    world.post(&format!("{accounts}/sim-templates"), &template).await.expect(201);
    let campaign = serde_json::json!({ "name": "S", "template": 1 });
    world.post(&format!("{accounts}/sim-campaigns"), &campaign).await.expect(201);
    call_client(&world, &organization).await;
    let mut checked = 0;
    for (method, path, operation) in operations(&organization) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        if !parameters.iter().any(|parameter| parameter["name"] == "cursor") {
            continue;
        }
        checked += 1;
        let page = world.ask(&method, &path).send().await.expect(200);
        assert!(page.body["items"].is_array() && page.body.get("next_cursor").is_some(), "{path}");
        for query in ["limit=0", "limit=501", "limit=ten", "cursor=garbage", "cursor=%00", "cursor="] {
            let refused = world.ask(&method, &format!("{path}?{query}")).send().await;
            assert_eq!(refused.status, 400, "{path}?{query}: {}", refused.body);
            refused.problem(400, "bad_parameter");
        }
    }
    assert!(checked >= 9, "only {checked} lists");
}

#[tokio::test]
async fn what_does_not_exist_is_a_problem_too() {
    let world = World::sqlite().await;
    world.get("/nothing").await.problem(404, "no_route");
    world.ask("PUT", "/organizations").send().await.problem(405, "method_not_allowed");
    let organization = world.organization("Harbour").await;
    world.get(&format!("{organization}/campaigns/%FF")).await.problem(404, "no_route");
    let long = "x".repeat(20_000);
    world.get(&format!("/organizations?a={long}")).await.problem(414, "query_too_long");
}
