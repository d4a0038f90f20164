//! Client accounts of the dialler face with their agents, policies, prompts and do-not-call lists.

use crate::world::{Reply, World, on_both_stores};
use muster_app::usecases::dialler;
use muster_domain::ids::ClientId;
use serde_json::{Value, json};

on_both_stores! {
    a_token_is_shown_once_and_opens_until_it_is_replaced,
    client_accounts_are_changed_and_paged,
    what_a_client_account_cannot_be_is_told,
    agents_have_phones_whose_passwords_never_go_out,
    policies_start_from_presets_and_are_checked,
    prompts_are_sound_files,
    the_do_not_call_list_reads_numbers_as_people_write_them,
}

/// Makes a client account and returns its address.
pub(crate) async fn client(world: &World, organization: &str, more: &Value) -> String {
    let mut body = json!({ "name": "Callers", "zone": "Europe/Berlin", "region": "DE" });
    body.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
    let made = world.post(&format!("{organization}/call-clients"), &body).await.expect(201);
    format!("{organization}/call-clients/{}", made.id())
}

fn id_of(client: &str) -> ClientId {
    ClientId(client.rsplit('/').next().expect("an address").parse().expect("a number"))
}

async fn put(world: &World, path: &str, body: &Value) -> Reply {
    world.ask("PUT", path).json(body).send().await
}

async fn delete(world: &World, path: &str) -> Reply {
    world.ask("DELETE", path).send().await
}

fn items(reply: &Reply) -> &[Value] {
    reply.body["items"].as_array().expect("items")
}

async fn a_token_is_shown_once_and_opens_until_it_is_replaced(world: World) {
    let organization = world.organization("Harbour").await;
    let clients = format!("{organization}/call-clients");
    let ask = || world.ask("POST", &clients).json(&json!({ "name": "Callers" })).key("once");
    let made = ask().send().await.expect(201);
    let token = made.body["token"].as_str().expect("shown once").to_owned();
    assert_eq!(made.header("cache-control"), "no-store");
    let again = ask().send().await.expect(201);
    assert_eq!(again.id(), made.id(), "the same request is carried out once");
    assert!(again.body.get("token").is_none(), "shown once");
    assert_eq!(made.body["policy"], "STRICT", "the strictest policy unless another one is named");

    let address = made.header("location").strip_prefix("/manage/v1").expect("the face's prefix").to_owned();
    let read = world.get(&address).await.expect(200);
    assert_eq!((&read.body["has_token"], read.body.get("token")), (&json!(true), None));
    let known = world.ask("GET", &address).header("if-none-match", &read.etag()).send().await;
    assert_eq!(known.status, 304);
    let id = ClientId(made.id());
    dialler::authenticate(&world.services, id, &token).await.expect("it opens");

    let rotated = world.ask("POST", &format!("{address}/token")).send().await.expect(200);
    let new = rotated.body["token"].as_str().expect("shown once").to_owned();
    assert_ne!(new, token);
    dialler::authenticate(&world.services, id, &token).await.expect_err("the old one is dead");
    dialler::authenticate(&world.services, id, &new).await.expect("the new one opens");
    delete(&world, &format!("{address}/token")).await.expect(204);
    dialler::authenticate(&world.services, id, &new).await.expect_err("none is left");
    assert_eq!(world.get(&address).await.body["has_token"], false);
}

async fn client_accounts_are_changed_and_paged(world: World) {
    let organization = world.organization("Harbour").await;
    let foreign = world.organization("Foreign").await;
    let one = client(&world, &organization, &json!({})).await;
    client(&world, &organization, &json!({ "name": "Second", "id": 700 })).await;
    client(&world, &organization, &json!({ "name": "Third" })).await;
    let theirs = client(&world, &foreign, &json!({ "name": "Theirs" })).await;

    let clients = format!("{organization}/call-clients");
    let first = world.get(&format!("{clients}?limit=2")).await.expect(200);
    let cursor = first.body["next_cursor"].as_str().expect("a next page");
    let rest = world.get(&format!("{clients}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(rest.body["next_cursor"], json!(null));
    let names: Vec<&Value> = items(&first).iter().chain(items(&rest)).map(|one| &one["name"]).collect();
    assert_eq!(names, ["Callers", "Second", "Third"]);

    let read = world.get(&one).await.expect(200);
    let patch = |body: Value| world.ask("PATCH", &one).json(&body);
    let changed = patch(json!({ "policy": null, "zone": "Europe/Vienna" })).send().await.expect(200);
    assert_eq!((&changed.body["policy"], &changed.body["zone"]), (&json!(null), &json!("Europe/Vienna")));
    assert_eq!((&changed.body["name"], &changed.body["region"]), (&json!("Callers"), &json!("DE")));
    patch(json!({ "name": "Late" })).matching(&read.etag()).send().await.problem(412, "stale");
    let policy = patch(json!({ "policy": "UK" })).matching(&changed.etag()).send().await.expect(200);
    assert_eq!(policy.body["policy"], "UK");
    patch(json!({})).send().await.expect(200);
    assert_eq!(world.get(&one).await.body, policy.body, "what is left out stays");

    let theirs = theirs.rsplit('/').next().expect("an id");
    for path in [theirs, "12345", "x", "-1"] {
        world.get(&format!("{clients}/{path}")).await.problem(404, "not_found");
    }
}

async fn what_a_client_account_cannot_be_is_told(world: World) {
    let organization = world.organization("Harbour").await;
    let clients = format!("{organization}/call-clients");
    for (body, place) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x".repeat(256) }), "name"),
        (json!({ "name": "A", "id": 0 }), "id"),
        (json!({ "name": "A", "zone": "Mars/Dome" }), "zone"),
        (json!({ "name": "A", "region": "de" }), "region"),
        (json!({ "name": "A", "policy": "NOWHERE" }), "policy"),
    ] {
        let refused = world.post(&clients, &body).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
    }
    let taken = json!({ "name": "A", "id": 5 });
    world.post(&clients, &taken).await.expect(201);
    world.post(&clients, &taken).await.problem(409, "duplicate");
}

async fn agents_have_phones_whose_passwords_never_go_out(world: World) {
    let organization = world.organization("Harbour").await;
    let client = client(&world, &organization, &json!({})).await;
    let agents = format!("{client}/agents");
    let anna = format!("{agents}/anna");
    put(&world, &anna, &json!({ "name": "Anna" })).await.problem(422, "invalid");
    let made = put(&world, &anna, &json!({ "name": "Anna", "password": "secret-word" })).await.expect(200);
    assert_eq!(made.body["phone_username"], format!("{}-anna", id_of(&client)));
    assert!(!made.body.to_string().contains("secret") && !made.body.to_string().contains("digest"));
    let before = dialler::agents(&world.services, id_of(&client)).await.expect("they are read");
    let renamed = put(&world, &anna, &json!({ "name": "Anna B." })).await.expect(200);
    assert_eq!(renamed.body["name"], "Anna B.");
    let after = dialler::agents(&world.services, id_of(&client)).await.expect("they are read");
    assert_eq!(after[0].digest_sha256, before[0].digest_sha256, "the password stays");
    put(&world, &format!("{agents}/bert"), &json!({ "password": "secret-word" })).await.expect(200);
    let listed = world.get(&format!("{agents}?limit=1")).await.expect(200);
    assert_eq!(items(&listed)[0]["uid"], "anna");
    assert!(listed.body["next_cursor"].is_string());
    for (uid, body) in [
        ("anna%20b", json!({ "password": "secret-word" })),
        ("carl", json!({ "password": "short" })),
        ("carl", json!({ "password": "secret-word", "uid": "other" })),
    ] {
        put(&world, &format!("{agents}/{uid}"), &body).await.problem(422, "invalid");
    }
    delete(&world, &anna).await.expect(204);
    delete(&world, &anna).await.problem(404, "not_found");
}

async fn policies_start_from_presets_and_are_checked(world: World) {
    let organization = world.organization("Harbour").await;
    let presets = world.get(&format!("{organization}/call-policies/presets")).await.expect(200);
    let strict = items(&presets).iter().find(|preset| preset["name"] == "STRICT").expect("the default");
    assert!(strict["policy"]["abandon"]["cap"].is_number());
    assert!(items(&presets).iter().all(|preset| !preset["sources"].as_array().expect("sources").is_empty()));

    let client = client(&world, &organization, &json!({})).await;
    let policies = format!("{client}/call-policies");
    let own = format!("{policies}/evenings");
    let document = json!({ "preset": "DE", "abandon": { "cap": 0.01 } });
    let made = put(&world, &own, &document).await.expect(200);
    assert_eq!(made.body["document"], document);
    assert_eq!(made.body["effective"]["abandon"]["cap"], 0.01);
    assert_eq!(world.get(&own).await.expect(200).body, made.body);
    assert_eq!(items(&world.get(&policies).await.expect(200)).len(), 1);

    for (body, place) in [
        (json!({ "preset": "MARS" }), "preset"),
        (json!({ "abandon": { "cap": 2 } }), "abandon.cap"),
        (json!({ "hourz": [] }), "hourz"),
    ] {
        let refused = put(&world, &own, &body).await.problem(422, "invalid");
        assert!(refused.body["detail"].as_str().expect("text").contains(place), "{}", refused.body);
    }
    put(&world, &format!("{policies}/UK"), &json!({})).await.problem(422, "invalid");
    world.get(&format!("{policies}/UK")).await.problem(404, "not_found");

    let patch = |policy: &str| world.ask("PATCH", &client).json(&json!({ "policy": policy }));
    patch("evenings").send().await.expect(200);
    delete(&world, &own).await.problem(409, "conflict");
    patch("UK").send().await.expect(200);
    delete(&world, &own).await.expect(204);
    delete(&world, &own).await.problem(404, "not_found");
}

/// A WAV file of so many samples of silence, one channel, 16 bits.
pub(crate) fn wav(rate: u32, samples: u32) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend((36 + samples * 2).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    for half in [1u16, 1] {
        file.extend(half.to_le_bytes());
    }
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2).to_le_bytes());
    for half in [2u16, 16] {
        file.extend(half.to_le_bytes());
    }
    file.extend(b"data");
    file.extend((samples * 2).to_le_bytes());
    file.resize(file.len() + samples as usize * 2, 0);
    file
}

async fn prompts_are_sound_files(world: World) {
    let organization = world.organization("Harbour").await;
    let client = client(&world, &organization, &json!({})).await;
    let prompts = format!("{client}/prompts");
    let hello = format!("{prompts}/good%20morning");
    let send =
        |path: &str, file: Vec<u8>| world.ask("PUT", path).octets(file).header("content-type", "audio/wav");
    let made = send(&hello, wav(8000, 12_000)).send().await.expect(200);
    assert_eq!((&made.body["name"], &made.body["duration_ms"]), (&json!("good morning"), &json!(1500)));
    let kept = dialler::prompt(&world.services, id_of(&client), "good morning").await.expect("it is kept");
    assert_eq!(kept.len(), 12_000);
    assert_eq!(items(&world.get(&prompts).await.expect(200))[0]["duration_ms"], 1500);

    for (file, said) in [
        (b"{}".to_vec(), "no WAV file"),
        (wav(16_000, 100), "8000"),
        (wav(8000, 0), "no sound"),
        (wav(8000, 100)[..60].to_vec(), "cut off"),
    ] {
        let refused = send(&hello, file).send().await.problem(422, "invalid");
        assert!(refused.body["detail"].as_str().expect("text").contains(said), "{}", refused.body);
    }
    let text = world.ask("PUT", &hello).octets(wav(8000, 10)).header("content-type", "audio/mpeg");
    text.send().await.problem(400, "bad_header");
    send(&hello, vec![0; 2 * 1024 * 1024]).send().await.problem(413, "body_too_large");
    delete(&world, &hello).await.expect(204);
    delete(&world, &hello).await.problem(404, "not_found");
}

async fn the_do_not_call_list_reads_numbers_as_people_write_them(world: World) {
    let organization = world.organization("Harbour").await;
    let client = client(&world, &organization, &json!({})).await;
    let list = format!("{client}/do-not-call");
    let body = json!({ "numbers": ["030 901820", "+49 30 901821", "+1 212 736 5000"], "reason": "asked" });
    let added = world.post(&list, &body).await.expect(200);
    assert_eq!(added.body["numbers"], json!(["4930901820", "4930901821", "12127365000"]));
    let first = world.get(&format!("{list}?limit=2")).await.expect(200);
    assert_eq!(items(&first)[0], json!({ "number": "12127365000", "reason": "asked" }));
    let cursor = first.body["next_cursor"].as_str().expect("a next page");
    let rest = world.get(&format!("{list}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((items(&rest).len(), &rest.body["next_cursor"]), (1, &json!(null)));

    let wrong = json!({ "numbers": ["030 901822", "nobody"], "reason": "asked" });
    assert_eq!(world.post(&list, &wrong).await.problem(422, "invalid").place(), "numbers[1]");
    let many = json!({ "numbers": vec!["030 901820"; 1001], "reason": "asked" });
    assert_eq!(world.post(&list, &many).await.problem(422, "invalid").place(), "numbers");
    let no_reason = json!({ "numbers": ["030 901822"], "reason": "" });
    assert_eq!(world.post(&list, &no_reason).await.problem(422, "invalid").place(), "reason");

    let removed = json!({ "numbers": ["+4930901820", "030 555555"] });
    world.post(&format!("{list}/removals"), &removed).await.expect(200);
    let left = world.get(&list).await.expect(200);
    let numbers: Vec<&Value> = items(&left).iter().map(|entry| &entry["number"]).collect();
    assert_eq!(numbers, ["12127365000", "4930901821"]);
}
