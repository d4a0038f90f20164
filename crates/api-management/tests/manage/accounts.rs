//! Accounts and their users.

use crate::world::{World, on_both_stores};
use muster_app::usecases::connectivity;
use serde_json::json;

on_both_stores! {
    accounts_form_a_tree_and_are_paged,
    what_an_account_cannot_be_is_told,
    passwords_come_in_and_never_go_out,
}

async fn accounts_form_a_tree_and_are_paged(world: World) {
    let organization = world.organization("Harbour").await;
    let accounts = format!("{organization}/accounts");
    let root = world.post(&accounts, &json!({ "name": "Root", "currency": "CHF" })).await.expect(201);
    assert_eq!(root.body["parent"], json!(null));
    assert_eq!((&root.body["status"], &root.body["kind"]), (&json!("ACTIVE"), &json!("BUSINESS")));
    let address = root.header("location").strip_prefix("/manage/v1").expect("the face's prefix").to_owned();
    let read = world.get(&address).await.expect(200);
    assert_eq!(read.body, root.body);
    let known = world.ask("GET", &address).header("if-none-match", &read.etag()).send().await;
    assert_eq!(known.status, 304);

    let mut names = Vec::new();
    for number in 1..=5 {
        let below = json!({ "name": format!("Below {number}"), "parent": root.body["id"] });
        let made = world.post(&accounts, &below).await.expect(201);
        assert_eq!(made.body["parent"], root.body["id"]);
        names.push(made.body["name"].as_str().expect("a name").to_owned());
    }
    assert_eq!(world.get(&accounts).await.body["items"].as_array().expect("items").len(), 1);
    // The size of the page may change on the way.
    let below = format!("{accounts}?parent={}", root.body["id"].as_str().expect("an id"));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for limit in [2, 1, 3] {
        let page = world.get(&format!("{below}&limit={limit}{cursor}")).await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        seen.extend(items.iter().map(|one| one["name"].as_str().expect("a name").to_owned()));
        cursor = page.body["next_cursor"].as_str().map_or(String::new(), |next| format!("&cursor={next}"));
    }
    assert_eq!((seen, cursor.as_str()), (names, ""));
}

async fn what_an_account_cannot_be_is_told(world: World) {
    let organization = world.organization("Harbour").await;
    let foreign = world.organization("Foreign").await;
    let accounts = format!("{organization}/accounts");
    let theirs = world.post(&format!("{foreign}/accounts"), &json!({ "name": "Theirs" })).await.expect(201);
    let id = theirs.body["id"].as_str().expect("an id");
    world.get(&format!("{accounts}/{id}")).await.problem(404, "not_found");
    world.get(&format!("{accounts}?parent={id}")).await.problem(404, "not_found");
    for (body, place) in [
        (json!({ "name": "A", "parent": id }), "parent"),
        (json!({ "name": "A", "id": id }), "id"),
        (json!({ "name": "A", "currency": "euro" }), "currency"),
        (json!({ "name": "x".repeat(256) }), "name"),
        (json!({ "name": "A", "status": "GONE" }), "status"),
    ] {
        let refused = world.post(&accounts, &body).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
    }
    for path in ["not-a-guid", "00000000-0000-0000-0000-000000000001"] {
        world.get(&format!("{accounts}/{path}")).await.problem(404, "not_found");
    }
    let ask = || world.ask("POST", &accounts).json(&json!({ "name": "Once" })).key("k");
    let first = ask().send().await.expect(201);
    let second = ask().send().await.expect(201);
    assert_eq!(second.body, first.body);
    assert_eq!(world.get(&accounts).await.body["items"].as_array().expect("items").len(), 1);
}

async fn passwords_come_in_and_never_go_out(world: World) {
    let organization = world.organization("Harbour").await;
    let foreign = world.organization("Foreign").await;
    let account = world.post(&format!("{organization}/accounts"), &json!({ "name": "A" })).await.expect(201);
    let account = account.body["id"].as_str().expect("an id").to_owned();
    let users = format!("{organization}/accounts/{account}/users");
    let ask = || world.ask("POST", &users).json(&json!({ "username": "backend" })).key("u");
    let made = ask().send().await.expect(201);
    let password = made.body["password"].as_str().expect("shown once").to_owned();
    assert_eq!(made.header("cache-control"), "no-store");
    assert!(ask().send().await.expect(201).body.get("password").is_none(), "shown once");
    connectivity::sign_in(&world.services, "backend", &password).await.expect("it opens");

    world.post(&users, &json!({ "username": "backend" })).await.problem(409, "duplicate");
    for (body, place) in [
        (json!({ "username": "b", "password": "short" }), "password"),
        (json!({ "username": " ", "password": "long enough" }), "username"),
    ] {
        assert_eq!(world.post(&users, &body).await.problem(422, "invalid").place(), place);
    }
    let user = format!("{organization}/users/backend");
    let read = world.get(&user).await.expect(200);
    assert_eq!(read.body["role"], "user");
    assert!(!read.body.to_string().contains("argon2") && !made.body.to_string().contains("argon2"));
    world.get(&format!("{foreign}/users/backend")).await.problem(404, "not_found");
    world.get(&format!("{organization}/users/nobody")).await.problem(404, "not_found");

    let put = |path: String, password: &str| {
        let body = json!({ "password": password });
        let ask = world.ask("PUT", &path).json(&body);
        async move { ask.send().await }
    };
    put(format!("{foreign}/users/backend/password"), "another one").await.problem(404, "not_found");
    put(format!("{user}/password"), "short").await.problem(422, "invalid");
    put(format!("{user}/password"), "another one").await.expect(200);
    assert!(connectivity::sign_in(&world.services, "backend", &password).await.is_err());
    connectivity::sign_in(&world.services, "backend", "another one").await.expect("the new one opens");
}
