//! C1: creating a campaign (rows E20 to E41).

use crate::common::*;
use serde_json::{Value, json};

const PATH: &str = "v1/campaigns";

/// The least that a campaign needs.
fn campaign() -> Value {
    json!({
        "name": "Campaign Example", "status": "live",
        "starts_at": "2023-11-01T05:00:00Z", "ends_at": "2023-12-01T05:00:00Z",
    })
}

/// The least, with further attributes.
fn with(extra: &Value) -> Value {
    let mut campaign = campaign();
    for (name, value) in extra.as_object().expect("an object") {
        campaign[name] = value.clone();
    }
    json!({ "campaign": campaign })
}

/// The least, without an attribute.
fn without(name: &str) -> Value {
    let mut campaign = campaign();
    campaign.as_object_mut().expect("an object").remove(name);
    json!({ "campaign": campaign })
}

async fn required(world: &World, name: &str) {
    for body in [without(name), with(&json!({ name: null })), with(&json!({ name: "" }))] {
        let message = world.post(PATH, &body).await.fails(200, "missing_data");
        assert!(message.contains(name), "{message}");
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text)
}

on_both_stores! {
    async fn e20_create_a_campaign(world: World) {
        let created = world.post(PATH, &with(&json!({}))).await.ok();
        let id = created["campaign"]["id"].as_i64().expect("an id");
        let campaign = world.campaign(id);
        assert_eq!(campaign.name, "Campaign Example");
        assert_eq!(campaign.line_items.len(), 1, "one line item (rule C1-R4)");
    }

    async fn e21_name_is_required(world: World) {
        required(&world, "name").await;
    }

    async fn e22_status_is_required(world: World) {
        required(&world, "status").await;
    }

    async fn e23_starts_at_is_required(world: World) {
        required(&world, "starts_at").await;
    }

    async fn e24_ends_at_is_required(world: World) {
        required(&world, "ends_at").await;
    }

    async fn e25_external_id_is_echoed_or_generated_and_is_the_permalink(world: World) {
        world.ada().await;
        let given = world.post(PATH, &with(&json!({ "external_id": "my own/id 1" }))).await.ok();
        assert_eq!(given["campaign"]["external_id"], "my own/id 1");
        let by_alias = with(&json!({ "name": "Other", "permalink": "p-2" }));
        assert_eq!(world.post(PATH, &by_alias).await.ok()["campaign"]["external_id"], "p-2");
        let generated = world.post(PATH, &with(&json!({ "name": "Third" }))).await.ok();
        let guid = generated["campaign"]["external_id"].as_str().expect("a text");
        assert!(is_guid(guid), "{guid}");
        for permalink in ["my%20own%2Fid%201", "p-2", guid] {
            world.get(&format!("v1/external/users/ext-1/external/campaigns/{permalink}/progress")).await.ok();
            world.get(&format!("v2/external/users/ext-1/campaigns/{permalink}")).await.ok();
            world.get(&format!("v1/external/campaigns/{permalink}/info")).await.ok();
        }
        let both = with(&json!({ "name": "Fourth", "external_id": "a", "permalink": "b" }));
        world.post(PATH, &both).await.fails(200, "validation");
        let agreeing = with(&json!({ "name": "Fourth", "external_id": "a", "permalink": "a" }));
        assert_eq!(world.post(PATH, &agreeing).await.ok()["campaign"]["external_id"], "a");
    }

    async fn e26_campaign_type_and_template_are_one(world: World) {
        let cases = [
            ("none", json!({}), "promotion"),
            ("type", json!({ "campaign_type": "messaging" }), "messaging"),
            ("template", json!({ "template": "messaging" }), "messaging"),
            ("both", json!({ "campaign_type": "messaging", "template": "messaging" }), "messaging"),
        ];
        for (name, mut extra, expected) in cases {
            extra["name"] = json!(name);
            let campaign = &world.post(PATH, &with(&extra)).await.ok()["campaign"];
            assert_eq!([&campaign["campaign_type"], &campaign["template"]], [expected; 2], "{name}");
        }
        let differing = json!({ "name": "differing", "campaign_type": "promotion", "template": "messaging" });
        world.post(PATH, &with(&differing)).await.fails(200, "validation");
    }

    async fn e27_optional_attributes_are_stored_and_returned(world: World) {
        let extras = json!({
            "optin_required": true,
            "opt_in_starts_at": "2023-10-31T05:00:00Z", "opt_in_ends_at": "2023-11-30T05:00:00Z",
            "reporting_ends_at": "2024-01-01T00:00:00Z",
            "targeting": { "$and": [{ "user.tags": { "$in": ["vip"] } }, { "user.tags": { "$not": { "$in": ["no"] } } }] },
            "qualify_tag": "vip", "disqualify_tag": "no", "metadata": { "campaign_version": 2 },
        });
        let created = world.post(PATH, &with(&extras)).await.ok();
        let listed = world.get("v1/campaigns").await.ok();
        for (name, value) in extras.as_object().expect("an object") {
            assert_eq!(created["campaign"].get(name), Some(value), "created {name}");
            assert_eq!(listed["campaigns"][0].get(name), Some(value), "listed {name}");
        }
        let said = with(&json!({ "name": "said", "optin_required": "false", "opt_in_starts_at": "2023-11-01 05:00:00" }));
        let said = &world.post(PATH, &said).await.ok()["campaign"];
        assert_eq!(said["optin_required"], json!(false), "what was said is repeated, the text read as a boolean (Q37)");
        assert_eq!(said["opt_in_starts_at"], "2023-11-01T05:00:00Z");
        let ignored = with(&json!({
            "name": "ignored", "campaign_id": 7, "campaign_permalink": "x", "start_date": "x", "end_date": "x",
            "qualified": true, "group_id": 1, "creative_id": 2, "version": "3",
        }));
        let ignored = &world.post(PATH, &ignored).await.ok()["campaign"];
        assert_ne!(ignored["id"], 7);
        assert!(ignored.get("campaign_permalink").is_none());
    }

    async fn e28_a_created_campaign_has_the_eleven_keys(world: World) {
        let created = world.post(PATH, &with(&json!({ "external_id": "e" }))).await.ok();
        let id = created["campaign"]["id"].clone();
        assert!(id.is_i64());
        assert_eq!(created, json!({
            "campaign": {
                "ends_at": "2023-12-01T05:00:00Z", "external_id": "e", "id": id, "metadata": {},
                "name": "Campaign Example", "starts_at": "2023-11-01T05:00:00Z", "status": "live",
                "total_budget": 0, "weight": 5, "campaign_type": "promotion", "template": "promotion",
            },
            "status": "ok",
        }));
    }

    async fn e29_ids_are_generated_and_dates_are_d1(world: World) {
        let offset = json!({ "starts_at": "2023-11-01T06:00:00+01:00", "ends_at": "2023-12-01 05:00:00" });
        let campaign = &world.post(PATH, &with(&offset)).await.ok()["campaign"];
        assert!(is_guid(campaign["external_id"].as_str().expect("a text")));
        assert_eq!(campaign["starts_at"], "2023-11-01T05:00:00Z");
        assert_eq!(campaign["ends_at"], "2023-12-01T05:00:00Z");
    }

    async fn e30_unknown_attributes_are_named(world: World) {
        let message = world.post(PATH, &with(&json!({ "test": 1 }))).await.fails(200, "argument_error");
        assert_eq!(message, "Unknown campaign attributes test.");
        for name in ["behaviors", "creatives", "id", "weight", "Name", ""] {
            let message = world.post(PATH, &with(&json!({ name: [] }))).await.fails(200, "argument_error");
            assert!(message.contains(name), "{message}");
        }
    }

    async fn e31_body_and_campaign_are_required(world: World) {
        for body in ["", "   ", "{}", r#"{"campaign":null}"#, "[]", "null", "7"] {
            world.post_text(PATH, body).await.fails(200, "missing_data");
        }
        for body in [r#"{"campaign":[]}"#, r#"{"campaign":"x"}"#] {
            world.post_text(PATH, body).await.fails(200, "validation");
        }
    }

    async fn e32_the_division_must_exist(world: World) {
        world.use_divisions(&["north"]).await;
        let created = world.post(PATH, &with(&json!({ "division_id": "north" }))).await.ok();
        assert_eq!(created["campaign"]["division_id"], "north");
        let unknown = with(&json!({ "name": "other", "division_id": "south" }));
        let message = world.post(PATH, &unknown).await.fails(404, "not_found");
        assert!(message.to_lowercase().starts_with("parent model not found"), "{message}");
    }

    async fn e33_the_division_must_be_of_the_same_organization(world: World) {
        let (other, _) = world.add_organization("Other", "key-2").await;
        let own = world.organization;
        let mut elsewhere = world;
        elsewhere.organization = other;
        elsewhere.use_divisions(&["theirs"]).await;
        elsewhere.organization = own;
        let message =
            elsewhere.post(PATH, &with(&json!({ "division_id": "theirs" }))).await.fails(404, "not_found");
        assert!(message.to_lowercase().starts_with("parent model not in same organization"), "{message}");
    }

    async fn e34_names_are_unique(world: World) {
        world.post(PATH, &with(&json!({}))).await.ok();
        world.post(PATH, &with(&json!({}))).await.fails(200, "validation");
        world.post(PATH, &with(&json!({ "name": "campaign example" }))).await.ok();
    }

    async fn e34_of_parallel_requests_for_a_name_one_wins(world: World) {
        let body = with(&json!({}));
        let (one, two, three) =
            tokio::join!(world.post(PATH, &body), world.post(PATH, &body), world.post(PATH, &body));
        let won = [&one, &two, &three].into_iter().filter(|reply| reply.json()["status"] == "ok").count();
        assert_eq!(won, 1);
        for reply in [one, two, three].into_iter().filter(|reply| reply.json()["status"] != "ok") {
            reply.fails(200, "validation");
        }
    }

    async fn e35_external_ids_are_unique(world: World) {
        world.post(PATH, &with(&json!({ "external_id": "e" }))).await.ok();
        world.post(PATH, &with(&json!({ "name": "other", "external_id": "e" }))).await.fails(200, "validation");
    }

    async fn e36_status_is_one_of_five(world: World) {
        for (index, status) in ["live", "paused", "draft", "inreview", "completed"].into_iter().enumerate() {
            let body = with(&json!({ "name": format!("c {index}"), "status": status }));
            assert_eq!(world.post(PATH, &body).await.ok()["campaign"]["status"], status);
        }
        for status in [json!("Live"), json!("running"), json!(1), json!(true)] {
            world.post(PATH, &with(&json!({ "name": "no", "status": status }))).await.fails(200, "validation");
        }
    }

    async fn e37_campaign_type_is_one_of_two(world: World) {
        for (name, value) in [("campaign_type", json!("push")), ("template", json!("x")), ("campaign_type", json!(1))] {
            world.post(PATH, &with(&json!({ name: value }))).await.fails(200, "validation");
        }
    }

    async fn e38_dates_must_be_read_and_in_order(world: World) {
        let start = "2023-11-01T05:00:00Z";
        let cases = [
            ("equal", start, start),
            ("reversed", "2023-12-02T00:00:00Z", "2023-12-01T05:00:00Z"),
            ("not a date", "tomorrow", "2023-12-01T05:00:00Z"),
            ("no such day", start, "2023-02-30T00:00:00Z"),
            ("beyond the year 9999 (H12)", start, "10000-01-01T00:00:00Z"),
        ];
        for (name, starts_at, ends_at) in cases {
            let body = with(&json!({ "starts_at": starts_at, "ends_at": ends_at }));
            let message = world.post(PATH, &body).await.fails(200, "validation");
            assert!(!message.is_empty(), "{name}");
        }
        for name in ["opt_in_starts_at", "opt_in_ends_at", "reporting_ends_at"] {
            world.post(PATH, &with(&json!({ name: "soon" }))).await.fails(200, "validation");
        }
        world.post(PATH, &with(&json!({ "starts_at": 1 }))).await.fails(200, "validation");
    }

    async fn e39_the_opt_in_window_starts_and_ends_with_the_run_window_at_the_latest(world: World) {
        let cases = [
            ("starts late", json!({ "opt_in_starts_at": "2023-11-01T05:00:01Z" })),
            ("ends late", json!({ "opt_in_ends_at": "2023-12-01T05:00:01Z" })),
            ("ends before it starts", json!({
                "opt_in_starts_at": "2023-10-02T00:00:00Z", "opt_in_ends_at": "2023-10-01T00:00:00Z",
            })),
        ];
        for (name, extra) in cases {
            let message = world.post(PATH, &with(&extra)).await.fails(200, "validation");
            assert!(!message.is_empty(), "{name}");
        }
        let edge = json!({
            "opt_in_starts_at": "2023-11-01T05:00:00Z", "opt_in_ends_at": "2023-12-01T05:00:00Z",
        });
        world.post(PATH, &with(&edge)).await.ok();
    }

    async fn e40_targeting_must_be_well_formed(world: World) {
        let cases = [
            json!({ "user.tags": { "$regex": "x" } }),
            json!({ "$and": [] }),
            json!({ "tags": "x" }),
            json!({ "user.tags": { "$in": "x" } }),
            json!([]),
            json!("x"),
            json!(7),
        ];
        for targeting in cases {
            world.post(PATH, &with(&json!({ "targeting": targeting }))).await.fails(200, "validation");
        }
        for (name, targeting) in [("empty", json!({})), ("null", Value::Null)] {
            world.post(PATH, &with(&json!({ "name": name, "targeting": targeting }))).await.ok();
        }
    }

    async fn e41_a_body_that_is_no_json_is_an_argument_error(world: World) {
        let unterminated = r#"{"campaign": {"name":"Campaign Example","status":"live","starts_at":"2021-12-31T05:00:00Z",
            "ends_at":"2022-01-04T05:00:00Z, "campaign_type": "promotion", "template": "promotion"}}"#;
        for body in [unterminated, "{", "nonsense", r#"{"campaign":{}} {}"#, "\u{fffd}"] {
            world.post_text(PATH, body).await.fails(200, "ARGUMENT_ERROR");
        }
    }

    async fn e41_odd_texts_are_refused_without_harm(world: World) {
        for body in [r#"{"campaign":{"name":"a\u0000b"}}"#, r#"{"campaign":{"metadata":{"\u0000":1}}}"#] {
            let message = world.post_text(PATH, body).await.fails(200, "validation");
            assert!(message.contains("NUL"), "{message}");
        }
        for name in ["metadata", "qualify_tag", "external_id", "optin_required", "division_id", "name"] {
            world.post(PATH, &with(&json!({ name: 7 }))).await.fails(200, "validation");
        }
        let long = with(&json!({ "name": "x".repeat(100_000) }));
        world.post(PATH, &long).await.fails(200, "validation");
        let large = with(&json!({ "metadata": { "x": "y".repeat(1_100_000) } }));
        world.post(PATH, &large).await.fails(413, "VALIDATION");
    }
}
