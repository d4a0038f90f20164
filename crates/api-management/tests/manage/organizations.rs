//! Organizations, divisions, apps, tokens and models.

use crate::world::{World, on_both_stores};
use muster_app::secrets;
use muster_domain::ids::ApiKey;
use serde_json::json;

on_both_stores! {
    organizations_are_created_read_and_replaced,
    secrets_are_shown_once_and_rotate,
    a_token_opens_its_own_organization_and_nothing_else,
    divisions_and_models_are_kept,
}

async fn organizations_are_created_read_and_replaced(world: World) {
    let input = json!({ "name": "Harbour", "time_zone": "Europe/Copenhagen", "multi_org": true });
    let made = world.post("/organizations", &input).await.expect(201);
    let address = format!("/organizations/{}", made.id());
    assert_eq!(made.header("location"), format!("/manage/v1{address}"));
    let read = world.get(&address).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&made.body, made.etag()));
    let known = world.ask("GET", &address).header("if-none-match", &made.etag()).send().await;
    assert_eq!(known.status.as_u16(), 304);

    world.post("/organizations", &input).await.problem(409, "duplicate");
    for (body, place) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x", "time_zone": "Mars/Olympus" }), "time_zone"),
        (json!({ "name": "x", "public_base_url": "ftp://x" }), "public_base_url"),
        (json!({ "name": "x", "public_base_url": "https://x/" }), "public_base_url"),
        (json!({ "name": "x", "colour": "red" }), "colour"),
        (json!({ "name": 5 }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
    ] {
        let refused = world.post("/organizations", &body).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
    }
    assert_eq!(world.get("/organizations").await.body["items"].as_array().unwrap().len(), 1);

    let put = |body| world.ask("PUT", &address).json(&body);
    put(json!({ "name": "Port" })).send().await.problem(428, "match_required");
    put(json!({ "name": "Port" })).matching("\"old\"").send().await.problem(412, "stale");
    put(json!({ "name": "Port" })).matching("nonsense").send().await.problem(400, "bad_header");
    let changed = put(json!({ "name": "Port" })).matching(&made.etag()).send().await.expect(200);
    assert_eq!((&changed.body["name"], &changed.body["multi_org"]), (&json!("Port"), &json!(false)));
    put(json!({ "name": "Dock" })).matching(&made.etag()).send().await.problem(412, "stale");
    put(json!({ "name": "Dock" })).matching("*").send().await.expect(200);
    world.get("/organizations/999").await.problem(404, "not_found");
    world.get("/organizations/abc").await.problem(404, "not_found");
    world.get("/organizations/-1").await.problem(404, "not_found");
}

async fn secrets_are_shown_once_and_rotate(world: World) {
    let organization = world.organization("Harbour").await;
    let apps = format!("{organization}/apps");
    let made = world.post(&apps, &json!({ "name": "Web" })).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let key = made.body["api_key"].as_str().unwrap().to_owned();
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    let bearer = made.body["bearer"].as_str().unwrap().to_owned();
    let stored = |world: &World| {
        let snapshot = world.services.catalog.organization(World::id_of(&organization)).unwrap();
        snapshot.app(&ApiKey(key.clone())).unwrap().clone()
    };
    let app = stored(&world);
    assert!(secrets::verify(&secret, &app.secret_sha256) && secrets::verify(&bearer, &app.bearer_sha256));
    let address = format!("{apps}/{key}");
    let read = world.get(&address).await.expect(200);
    assert!(read.body.get("secret").is_none() && read.body.get("bearer").is_none());
    assert!(!world.get(&apps).await.body.to_string().contains(&secret));

    let rotated = world.ask("POST", &format!("{address}/rotate")).send().await.expect(200);
    let fresh = rotated.body["secret"].as_str().unwrap();
    let app = stored(&world);
    assert!(secrets::verify(fresh, &app.secret_sha256) && !secrets::verify(&secret, &app.secret_sha256));
    assert!(rotated.body["rotated_at"].is_string());
    let stale = world.ask("POST", &format!("{address}/rotate")).matching(&made.etag()).send().await;
    stale.problem(412, "stale");

    let renamed = world.ask("PUT", &address).json(&json!({ "name": "Shop" })).matching(&rotated.etag());
    assert_eq!(renamed.send().await.expect(200).body["name"], "Shop");
    world.ask("POST", &format!("{address}/revoke")).send().await.expect(200);
    let again = world.ask("POST", &format!("{address}/revoke")).send().await.expect(200);
    assert_eq!(again.body["revoked"], true);
    assert!(stored(&world).revoked);
    world.ask("POST", &format!("{address}/rotate")).send().await.problem(409, "conflict");

    // Clients who move keep their credentials; a key belongs to one app everywhere.
    let given =
        json!({ "name": "Old", "api_key": "kept-key-from-elsewhere", "secret": "kept-secret-elsewhere" });
    let kept = world.post(&apps, &given).await.expect(201);
    assert_eq!(kept.body["secret"], "kept-secret-elsewhere");
    world
        .post(&apps, &json!({ "name": "Twin", "api_key": "kept-key-from-elsewhere" }))
        .await
        .problem(409, "duplicate");
    let other = world.organization("Other").await;
    world.post(&format!("{other}/apps"), &given).await.problem(409, "duplicate");
    world.post(&apps, &json!({ "name": "Shop" })).await.problem(409, "duplicate");
    let short = world.post(&apps, &json!({ "name": "Short", "secret": "short" })).await;
    assert_eq!(short.problem(422, "invalid").place(), "secret");
    world.get(&format!("{other}/apps/{key}")).await.problem(404, "not_found");
}

async fn a_token_opens_its_own_organization_and_nothing_else(world: World) {
    let (own, foreign) = (world.organization("Own").await, world.organization("Foreign").await);
    let token = world.token_for(&own).await;
    let ask = |method: &str, path: &str| world.ask(method, path).token(&token);
    ask("GET", &own).send().await.expect(200);
    let listed = ask("GET", "/organizations").send().await.expect(200);
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    ask("GET", &foreign).send().await.problem(404, "not_found");
    ask("POST", "/organizations").json(&json!({ "name": "New" })).send().await.problem(403, "forbidden");
    ask("GET", "/tokens").send().await.problem(403, "forbidden");
    ask("POST", &format!("{foreign}/tokens"))
        .json(&json!({ "name": "x" }))
        .send()
        .await
        .problem(404, "not_found");

    let tokens = format!("{own}/tokens");
    let listed = world.get(&tokens).await.expect(200);
    let id = listed.body["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(!listed.body.to_string().contains(&token), "tokens are not shown again");
    world.ask("DELETE", &format!("{foreign}/tokens/{id}")).send().await.problem(404, "not_found");
    world.ask("DELETE", &format!("{tokens}/{id}")).send().await.expect(204);
    ask("GET", &own).send().await.problem(401, "unauthenticated");
    world.ask("DELETE", &format!("{tokens}/{id}")).send().await.problem(404, "not_found");
}

async fn divisions_and_models_are_kept(world: World) {
    let organization = world.organization("Harbour").await;
    let divisions = format!("{organization}/divisions");
    let north = json!({ "id": "north", "name": "North" });
    let made = world.post(&divisions, &north).await.expect(201);
    world.post(&divisions, &north).await.problem(409, "duplicate");
    world.post(&divisions, &json!({ "id": "a,b", "name": "x" })).await.problem(422, "invalid");
    world.post(&divisions, &json!({ "id": "south", "name": "South" })).await.expect(201);
    let address = format!("{divisions}/north");
    let put = |name: &str| world.ask("PUT", &address).json(&json!({ "id": "north", "name": name }));
    put("Up").send().await.problem(428, "match_required");
    put("Up").matching(&made.etag()).send().await.expect(200);
    put("Down").matching(&made.etag()).send().await.problem(412, "stale");
    let other = json!({ "id": "south", "name": "x" });
    world.ask("PUT", &address).json(&other).matching("*").send().await.problem(422, "invalid");
    let page = world.get(&format!("{divisions}?limit=1")).await.expect(200);
    assert_eq!(page.body["items"][0]["name"], "Up");
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let next = world.get(&format!("{divisions}?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&next.body["items"][0]["id"], &next.body["next_cursor"]), (&json!("south"), &json!(null)));

    let model = format!("{organization}/models/user_profiles");
    assert_eq!(world.get(&model).await.expect(200).body["version"], 0, "the default model is always there");
    let put = |attributes| world.ask("PUT", &model).json(&json!({ "attributes": attributes }));
    let first = put(json!({ "shoe_size": "integer" })).send().await.expect(200);
    assert_eq!(first.body["version"], 1);
    put(json!({})).send().await.problem(428, "match_required");
    put(json!({})).matching("\"v9\"").send().await.problem(412, "stale");
    put(json!({ "shoe_size": 5 })).matching(&first.etag()).send().await.problem(422, "invalid");
    put(json!({ "shoe_size": "number" })).matching(&first.etag()).send().await.expect(200);
    world.get(&format!("{organization}/models/cars")).await.problem(404, "not_found");
}
