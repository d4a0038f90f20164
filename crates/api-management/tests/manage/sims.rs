//! SIM cards, key sets, card profiles and templates.

use crate::world::{World, on_both_stores};
use serde_json::{Value, json};

on_both_stores! {
    cards_are_taken_in_and_bad_ones_told,
    keys_are_never_shown_and_counters_never_fall,
    profiles_are_checked_and_matched,
    templates_are_checked_by_making_packets,
}

pub(crate) const KEY: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
const OTHER_KEY: &str = "A0B1C2D3E4F5061728394A5B6C7D8E9F";

/// Serial numbers with their check digits.
pub(crate) const ICCIDS: [&str; 4] =
    ["8949990000000000002", "8949990000000000010", "8949990000000000028", "8949990000000000036"];

/// A card that can be taken in.
pub(crate) fn card(number: usize) -> Value {
    json!({
        "iccid": ICCIDS[number],
        "imsi_msisdn_pairs": [{ "imsi": format!("26299000000000{number}"), "msisdn": format!("+49155000{number}") }],
        "key_sets": [{ "kvn": 1, "kic_algorithm": "aes", "kic": KEY, "kid_algorithm": "aes", "kid": OTHER_KEY, "counter": 7 }],
    })
}

/// A card without one member, or with another one.
fn changed(number: usize, pointer: &str, value: Value) -> Value {
    let mut card = card(number);
    *card.pointer_mut(pointer).expect("the member is there") = value;
    card
}

/// An account of the organization, as an address.
pub(crate) async fn account(world: &World, organization: &str) -> String {
    let made =
        world.post(&format!("{organization}/accounts"), &json!({ "name": "Meters" })).await.expect(201);
    format!("{organization}/accounts/{}", made.body["id"].as_str().expect("an id"))
}

async fn cards_are_taken_in_and_bad_ones_told(world: World) {
    let organization = world.organization("Harbour").await;
    let sims = format!("{}/sims", account(&world, &organization).await);
    let elsewhere = format!("{}/sims", account(&world, &organization).await);
    let mut weak = card(3);
    weak["key_sets"][0]["kic"] = json!(&KEY[..16]);
    let rows = json!({ "sims": [
        card(0),
        changed(1, "/iccid", json!("8949990000000000011")),
        changed(1, "/imsi_msisdn_pairs/0/msisdn", json!("491550000")),
        card(2),
        weak,
        changed(3, "/iccid", json!("12")),
    ] });
    let report = world.post(&sims, &rows).await.expect(200).body;
    assert_eq!((&report["created"], &report["refused"]), (&json!(2), &json!(4)), "{report}");
    let told: Vec<(&str, &str)> = report["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["place"].as_str().expect("a place"), one["reason"].as_str().expect("a reason")))
        .collect();
    let expected = [
        ("sims[1]", "check digit"),
        ("sims[5]", "18 to 20 digits"),
        ("sims[2]", "msisdn: 491550000 is in use already"),
        ("sims[4]", "aes takes 16 or 24 or 32"),
    ];
    assert_eq!(told.len(), expected.len(), "{report}");
    for ((place, reason), (at, words)) in told.iter().zip(expected) {
        assert!(*place == at && reason.contains(words), "{place}: {reason}");
    }
    assert!(!report.to_string().contains(&KEY[..16]), "{report}");

    // Once more changes nothing; a second key set is added, and what is known is not overwritten.
    let again = world.post(&sims, &json!({ "sims": [card(0), card(2)] })).await.expect(200).body;
    assert_eq!((&again["unchanged"], &again["created"]), (&json!(2), &json!(0)), "{again}");
    let second = changed(0, "/key_sets/0/kvn", json!(2));
    let other_keys = changed(2, "/key_sets/0/kic", json!(OTHER_KEY));
    let other_numbers = changed(2, "/imsi_msisdn_pairs/0/imsi", json!("262990000000099"));
    let more =
        world.post(&sims, &json!({ "sims": [second, other_keys, other_numbers] })).await.expect(200).body;
    assert_eq!((&more["keys_added"], &more["refused"]), (&json!(1), &json!(2)), "{more}");
    assert!(more["errors"][0]["reason"].as_str().expect("a reason").contains("with other keys"), "{more}");
    assert!(more["errors"][1]["reason"].as_str().expect("a reason").contains("with other numbers"), "{more}");
    let theirs = world.post(&elsewhere, &json!({ "sims": [card(0)] })).await.expect(200).body;
    assert_eq!((&theirs["refused"], &theirs["unchanged"]), (&json!(1), &json!(0)), "{theirs}");

    let unchecked = changed(1, "/iccid", json!("8949990000000000011"));
    let taken =
        world.post(&sims, &json!({ "sims": [unchecked], "check_digit": false })).await.expect(200).body;
    assert_eq!(taken["created"], 1, "{taken}");
    let profile = {
        let mut card = card(3);
        card["profile"] = json!("nobody's");
        card
    };
    let refused = world.post(&sims, &json!({ "sims": [profile] })).await.expect(200).body;
    assert!(refused["errors"][0]["reason"].as_str().expect("a reason").starts_with("profile: "), "{refused}");
    let many: Vec<Value> = (0..501).map(|_| card(0)).collect();
    let refused = world.post(&sims, &json!({ "sims": many })).await.problem(422, "invalid");
    assert_eq!(refused.place(), "sims");

    let page = world.get(&format!("{sims}?limit=2")).await.expect(200).body;
    let iccids: Vec<_> = page["items"].as_array().expect("items").iter().map(|sim| &sim["iccid"]).collect();
    assert_eq!(iccids, [ICCIDS[0], ICCIDS[2]]);
    assert!(page["next_cursor"].is_string());
    let foreign = world.organization("Foreign").await;
    world.get(&format!("{foreign}/sims/{}", ICCIDS[0])).await.problem(404, "not_found");
    world.get(&format!("{organization}/sims/1")).await.problem(404, "not_found");
}

async fn keys_are_never_shown_and_counters_never_fall(world: World) {
    let organization = world.organization("Harbour").await;
    let sims = format!("{}/sims", account(&world, &organization).await);
    world.post(&sims, &json!({ "sims": [card(0)] })).await.expect(200);
    let address = format!("{organization}/sims/{}", ICCIDS[0]);
    let read = world.get(&address).await.expect(200).body;
    let expected = json!([{
        "kvn": 1, "kic_algorithm": "aes", "kid_algorithm": "aes", "next_counter": 8, "blocked": false,
        "resync": false, "held_by": null,
    }]);
    assert_eq!(read["key_sets"], expected);
    assert_eq!(read["imsi_msisdn_pairs"][0]["msisdn"], "491550000", "without the plus sign");

    let put = async |kvn: &str, counter: u64, key: &str| {
        let body = json!({
            "kic_algorithm": "3des2", "kic": key, "kid_algorithm": "3des2", "kid": KEY, "counter": counter,
        });
        world.ask("PUT", &format!("{address}/key-sets/{kvn}")).json(&body).send().await
    };
    let raised = put("1", 100, OTHER_KEY).await.expect(200).body;
    assert_eq!((&raised["next_counter"], &raised["kic_algorithm"]), (&json!(101), &json!("3des2")));
    let kept = put("1", 5, OTHER_KEY).await.expect(200).body;
    assert_eq!(kept["next_counter"], 101, "it never falls");
    assert_eq!(put("2", 0, KEY).await.expect(200).body["next_counter"], 1);
    for (kvn, counter, key, place) in [
        ("0", 0, KEY, "kvn"),
        ("16", 0, KEY, "kvn"),
        ("x", 0, KEY, "kvn"),
        ("1", 0xFF_FFFF_FFFF, KEY, "counter"),
        ("1", 0, "0G", "key_set"),
    ] {
        let refused = put(kvn, counter, key).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
    }
    // A key in the wrong form is not repeated.
    let body = json!({ "kic_algorithm": "aes", "kic": 77_665_544, "kid_algorithm": "aes", "kid": KEY });
    let refused =
        world.ask("PUT", &format!("{address}/key-sets/1")).json(&body).send().await.problem(422, "invalid");
    assert!(!refused.body.to_string().contains("77665544") && refused.place() == "kic", "{}", refused.body);
    let shown =
        world.get(&address).await.expect(200).body.to_string() + &world.get(&sims).await.body.to_string();
    for key in [KEY, OTHER_KEY] {
        assert!(!shown.to_uppercase().contains(key), "{shown}");
    }
}

async fn profiles_are_checked_and_matched(world: World) {
    let organization = world.organization("Harbour").await;
    let profiles = format!("{organization}/card-profiles");
    let listed = world.get(&profiles).await.expect(200).body;
    assert_eq!(listed["items"][0]["name"], "default", "it is in every organization");
    let put = async |name: &str, body: &Value, etag: Option<&str>| {
        let address = format!("{profiles}/{name}");
        let ask = world.ask("PUT", &address).json(body);
        match etag {
            Some(etag) => ask.matching(etag).send().await,
            None => ask.send().await,
        }
    };
    let made = put("meters", &json!({ "segments_max": 2, "imsi_tar": "B20100" }), None).await.expect(200);
    assert_eq!((&made.body["name"], &made.body["kvn"]), (&json!("meters"), &json!(1)));
    put("meters", &json!({}), None).await.problem(428, "match_required");
    put("meters", &json!({}), Some("\"other\"")).await.problem(412, "stale");
    let changed = put("meters", &json!({ "name": "meters", "kvn": 2 }), Some(&made.etag())).await.expect(200);
    assert_eq!(world.get(&format!("{profiles}/meters")).await.expect(200).body, changed.body);
    world.get(&format!("{profiles}/nobody")).await.problem(404, "not_found");
    for (body, place) in [
        (json!({ "name": "another" }), "name"),
        (json!({ "kvn": 16 }), "profile"),
        (json!({ "mf_tar": "B0" }), "profile"),
        (json!({ "integrity": "none" }), "profile"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let refused = put("bad", &body, None).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
    }
    assert_eq!(world.get(&profiles).await.body["items"].as_array().expect("items").len(), 2);
}

async fn templates_are_checked_by_making_packets(world: World) {
    let organization = world.organization("Harbour").await;
    let foreign = world.organization("Foreign").await;
    let templates = format!("{}/sim-templates", account(&world, &organization).await);
    let file = |data: &str| json!({ "do": "update_binary", "path": "3F00/ADF1/6F7B", "data": data });
    let template =
        |operations: Value| json!({ "name": "T", "kind": "FILE_UPDATE", "operations": operations });
    let made = world.post(&templates, &template(json!([file("FF"), file("00")]))).await.expect(201);
    assert_eq!(made.body["fits"], json!([{ "profile": "default", "packets": 1 }]));
    assert_eq!(made.body["operations"][1]["data"], "00");
    let address = made.header("location").strip_prefix("/manage/v1").expect("the prefix").to_owned();
    assert_eq!(world.get(&address).await.expect(200).body, made.body);
    world.get(&address.replace(&organization, &foreign)).await.problem(404, "not_found");

    // A profile that does not have the directory.
    let bare = json!({ "adfs": [] });
    world.ask("PUT", &format!("{organization}/card-profiles/bare")).json(&bare).send().await.expect(200);
    let partly = world.post(&templates, &template(json!([file("FF")]))).await.expect(201);
    assert!(
        partly.body["fits"][0]["reason"].as_str().expect("a reason").contains("no ADF1"),
        "{}",
        partly.body
    );
    assert_eq!(partly.body["fits"][1]["packets"], 1);
    let mut strict = template(json!([file("FF")]));
    strict["profiles"] = json!(["bare"]);
    let reading = json!({ "do": "read_binary", "path": "3F00/6F07", "length": 3 });
    let table = [
        (strict, "operations[0]", "operation 1 (UPDATE)"),
        (template(json!([])), "operations", "at least one"),
        (template(json!([file("FF"), file("0")])), "operations[1]", "operation 2 (UPDATE)"),
        (template(json!([reading, file("FF")])), "operations[0]", "reading comes last"),
        (template(json!([{ "do": "nothing" }])), "operations[0].do", "nothing"),
        (template(json!([{ "do": "update_binary", "path": "6F07", "data": "00" }])), "operations[0]", "3F00"),
    ];
    for (body, place, reason) in table {
        let refused = world.post(&templates, &body).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
        assert!(refused.body["detail"].as_str().expect("a detail").contains(reason), "{}", refused.body);
    }

    let secret = json!({
        "name": "Keys", "kind": "KEY_WRITE",
        "operations": [{ "do": "put_key", "key_version": 1, "key_index": 1, "data": KEY }],
    });
    let ask = || world.ask("POST", &templates).json(&secret).key("t");
    let made = ask().send().await.expect(201);
    let address = made.header("location").strip_prefix("/manage/v1").expect("the prefix").to_owned();
    for shown in
        [made.body, ask().send().await.body, world.get(&address).await.body, world.get(&templates).await.body]
    {
        assert!(shown.to_string().contains("put_key") && !shown.to_string().contains(KEY), "{shown}");
    }
    assert_eq!(world.get(&templates).await.body["items"].as_array().expect("items").len(), 3);
}
