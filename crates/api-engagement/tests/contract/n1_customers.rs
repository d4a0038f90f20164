//! N1: customers and client tokens (rows E129 to E133).

use crate::common::*;
use axum::http::Method;
use muster_app::usecases::authoring::{forget, standing};
use muster_app::usecases::customers::StandingPatch;
use muster_app::usecases::select::CustomerSelector;
use muster_domain::campaign::OptIn;
use muster_domain::ids::CustomerId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// Creates a customer and gives their id.
async fn create(world: &World, user: Value) -> String {
    let reply = world.post("v1/users", &json!({ "user": user })).await.ok();
    reply["user"]["id"].as_str().expect("an id").to_owned()
}

fn id(text: &str) -> CustomerId {
    CustomerId(Uuid::parse_str(text).expect("a GUID"))
}

on_both_stores! {
    async fn e129_create_read_update_delete_by_user_id(world: World) {
        let ada = create(&world, json!({"external_id": "ext-1", "first_name": "Ada"})).await;
        let path = format!("v1/users/{ada}");
        assert_eq!(world.get(&path).await.ok()["user"]["first_name"], "Ada");
        let changed = world.put_json(&path, &json!({"user": {"first_name": "Eva", "city": "Rome"}})).await.ok();
        assert_eq!(changed["user"]["first_name"], "Eva");
        assert_eq!(world.get(&path).await.ok(), changed);
        let deleted = world.delete(&path).await.ok();
        assert_eq!(deleted, changed, "the answer carries the deleted customer");
        for reply in [world.get(&path).await, world.delete(&path).await] {
            reply.fails(404, "USER_NOT_FOUND");
        }
        world.put_json(&path, &json!({"user": {}})).await.fails(404, "USER_NOT_FOUND");
    }

    async fn e129_create_read_update_delete_by_external_id(world: World) {
        let ada = create(&world, json!({"external_id": "ext/1 ä", "email": "ada@example.org"})).await;
        let path = "v1/external/users/ext%2F1%20%C3%A4";
        assert_eq!(world.get(path).await.ok()["user"]["id"], ada.as_str());
        let renamed = world.put_json(path, &json!({"user": {"external_id": "ext-2"}})).await.ok();
        assert_eq!(renamed["user"]["id"], ada.as_str());
        world.get(path).await.fails(404, "USER_NOT_FOUND");
        assert_eq!(world.delete("v1/external/users/ext-2").await.ok()["user"], renamed["user"]);
        world.get("v1/external/users/ext-2").await.fails(404, "USER_NOT_FOUND");
    }

    async fn e129_a_customer_is_its_organizations_own(world: World) {
        let ada = create(&world, json!({"external_id": "ext-1", "email": "ada@example.org"})).await;
        let (_, other) = world.add_organization("Other", "key-2").await;
        let request = |method: Method, path: String, body: Value| {
            let request = axum::http::Request::builder().method(method).uri(path);
            let request = request.header("authorization", basic(&other.api_key, &other.secret));
            request.body(axum::body::Body::from(body.to_string())).expect("a request")
        };
        let path = format!("/priv/v1/apps/key-2/users/{ada}");
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let body = json!({"user": {"first_name": "Eve"}});
            world.send(request(method, path.clone(), body)).await.fails(404, "USER_NOT_FOUND");
        }
        let twin = json!({"user": {"external_id": "ext-1", "email": "ada@example.org"}});
        world.send(request(Method::POST, "/priv/v1/apps/key-2/users".to_owned(), twin)).await.ok();
        assert!(world.get(&format!("v1/users/{ada}")).await.ok()["user"].get("first_name").is_none());
    }

    async fn e130_parameters_add_their_parts(world: World) {
        let user = json!({
            "external_id": "ext-1", "external_id_type": "crm",
            "identifiers": [{"external_id": "card-9", "external_id_type": "card"}, {"external_id": "old"}],
            "user_profile": {"shoe": 43},
        });
        let path = format!("v1/users/{}", create(&world, user).await);
        let plain = world.get(&path).await.ok()["user"].clone();
        for absent in ["user_profile", "identifiers", "tier", "tier_details"] {
            assert!(plain.get(absent).is_none(), "{absent} has to be asked for");
        }
        let shown = world.get(&format!("{path}?user[user_profile]=true&show_identifiers=true")).await.ok();
        assert_eq!(shown["user"]["user_profile"], json!({"shoe": 43, "_version": 1}));
        let identifiers = json!([
            {"external_id": "ext-1", "external_id_type": "crm"},
            {"external_id": "card-9", "external_id_type": "card"},
            {"external_id": "old"},
        ]);
        assert_eq!(shown["user"]["identifiers"], identifiers);
        let encoded = world.get(&format!("{path}?user%5Buser_profile%5D=true")).await.ok();
        assert_eq!(encoded["user"]["user_profile"]["shoe"], 43);
        let off = world.get(&format!("{path}?user[user_profile]=false&show_identifiers=0")).await.ok();
        assert_eq!(off["user"], plain);
        let incentives = world.get(&format!("{path}?expand_incentives=true")).await.ok();
        assert_eq!(incentives["user"], plain, "points are always there, and there are no tiers");
        assert_eq!(world.get("v1/external/users/card-9").await.ok()["user"], plain, "any external id leads there");
    }

    async fn e131_create_with_email_only(world: World) {
        let reply = world.post("v1/users", &json!({"user": {"email": "Ada@example.org"}})).await.ok();
        let user = &reply["user"];
        Uuid::parse_str(user["id"].as_str().expect("a text")).expect("a GUID");
        let expected = json!({
            "id": user["id"], "email": "Ada@example.org", "opted_in": true, "activated": true, "suspended": false,
            "test_account": false, "account_status": "good", "available_points": 0, "test_points": 0,
            "unclaimed_achievement_count": 0, "created_at": "2023-11-14 22:13:20",
            "updated_at": "2023-11-14 22:13:20", "registered_at": "2023-11-14 22:13:20",
        });
        assert_eq!(user, &expected);
    }

    async fn e131_create_with_external_id_only(world: World) {
        let ada = create(&world, json!({"external_id": "ext-1"})).await;
        assert_eq!(world.get("v1/external/users/ext-1").await.ok()["user"]["id"], ada.as_str());
    }

    async fn e131_creation_fires_the_platform_event(world: World) {
        let welcome = BehaviorBuilder::count(10, "__platform.user.created", 1).points(50);
        world.put([CampaignBuilder::new(1).behavior(welcome)]).await;
        let reply = world.post("v1/users", &json!({"user": {"external_id": "ext-1"}})).await.ok();
        assert_eq!(reply["user"]["available_points"], 50);
        let ada = reply["user"]["id"].as_str().expect("an id");
        let log = world.services.store.events_of(world.organization, id(ada), &[]).await.expect("readable");
        assert_eq!(log.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["__platform.user.created"]);
    }

    async fn e131_every_attribute_comes_back(world: World) {
        let written = json!({
            "external_id": "c-1", "external_id_type": "crm", "email": "ada@example.org", "opted_in": false,
            "first_name": "Ada", "last_name": "L", "gender": "f", "dob": "1990-12-10", "address": "1 St",
            "address2": "back", "city": "London", "state": "LND", "zip": "N1", "country": "GBR", "dma": "1",
            "locale": "en-GB", "ip": "192.0.2.1",
            "phone_numbers": [{"phone_number": "+44 1234567", "phone_type": "mobile"}],
            "time_zone": "Europe/London", "referral": {"referral_code": "Q"}, "referrer_code": "R",
            "profile_photo_url": "https://example.org/a.png",
        });
        let ada = create(&world, written.clone()).await;
        let read = world.get(&format!("v1/users/{ada}")).await.ok()["user"].clone();
        for (name, value) in written.as_object().expect("an object") {
            assert_eq!(&read[name], value, "{name}");
        }
        let back = world.put_json(&format!("v1/users/{ada}"), &json!({ "user": read })).await.ok();
        assert_eq!(back["user"], read, "a whole profile may be sent back");
        let proxies = json!({"user": {"proxy_id": {"register": "p-1"}}});
        let with_proxy = world.put_json(&format!("v1/users/{ada}"), &proxies).await.ok();
        assert_eq!(with_proxy["user"]["proxy_ids"], json!(["p-1"]));
    }

    async fn e131_read_only_attributes_cannot_be_written(world: World) {
        let user = json!({
            "external_id": "ext-1", "id": "00000000-0000-0000-0000-000000000001", "available_points": 1000,
            "suspended": true, "created_at": "2000-01-01 00:00:00", "tier": "gold", "unknown": 1,
        });
        let user = world.post("v1/users", &json!({ "user": user })).await.ok()["user"].clone();
        assert_ne!(user["id"], "00000000-0000-0000-0000-000000000001");
        assert_eq!((&user["available_points"], &user["suspended"]), (&json!(0), &json!(false)));
        assert_eq!(user["created_at"], "2023-11-14 22:13:20");
        assert!(user.get("tier").is_none() && user.get("unknown").is_none());
    }

    async fn e132_no_identity_is_missing_data(world: World) {
        for body in [
            json!({}),
            json!([]),
            json!({"user": null}),
            json!({"user": {}}),
            json!({"user": {"first_name": "Ada"}}),
            json!({"user": {"external_id": "", "email": null}}),
        ] {
            world.post("v1/users", &body).await.fails(200, "MISSING_DATA");
        }
        world.post_text("v1/users", "").await.fails(200, "MISSING_DATA");
        world.post_text("v1/users", "{").await.fails(200, "ARGUMENT_ERROR");
        let ada = create(&world, json!({"external_id": "ext-1"})).await;
        let path = format!("v1/users/{ada}");
        world.put_json(&path, &json!({"user": {"external_id": null}})).await.fails(200, "MISSING_DATA");
        world.put_json(&path, &json!({})).await.fails(200, "MISSING_DATA");
        assert_eq!(world.services.store.count_customers(world.organization).await.expect("readable"), 1);
    }

    async fn e132_broken_rules_are_validation_and_make_no_profile(world: World) {
        create(&world, json!({"external_id": "taken", "email": "ada@example.org",
            "phone_numbers": [{"phone_number": "+49 30 901820"}]})).await;
        let cases = [
            // The clock stands at 2023-11-14.
            ("twelve years old", json!({"dob": "2011-11-14"})),
            ("thirteen years old today", json!({"dob": "2010-11-14"})),
            ("a duplicate e-mail", json!({"email": "ADA@Example.org"})),
            ("a duplicate external id (H11)", json!({"external_id": "taken"})),
            ("a duplicate phone number", json!({"phone_numbers": [{"phone_number": "+49-30-901820"}]})),
            ("no e-mail", json!({"email": "ada"})),
            ("another gender", json!({"gender": "x"})),
            ("a two-letter country", json!({"country": "GB"})),
            ("no time zone", json!({"time_zone": "Nowhere"})),
            ("a number for text (H9)", json!({"first_name": 5})),
            ("text for a flag", json!({"opted_in": "yes"})),
            ("NUL (H8)", json!({"first_name": "A\u{0}"})),
            ("no object", json!([])),
        ];
        for (name, change) in cases {
            let mut user = json!({"external_id": "new"});
            match change.as_object() {
                Some(change) => user.as_object_mut().expect("an object").extend(change.clone()),
                None => user = change,
            }
            let reply = world.post("v1/users", &json!({ "user": user })).await;
            assert_eq!(reply.json()["errors"]["code"], "VALIDATION", "{name}: {}", reply.body);
        }
        assert_eq!(world.services.store.count_customers(world.organization).await.expect("readable"), 1);
        create(&world, json!({"external_id": "new", "dob": "2010-11-13"})).await;
    }

    async fn e132_an_unknown_customer_is_told(world: World) {
        for path in [
            format!("v1/{NOBODY}"),
            "v1/users/no-guid".to_owned(),
            "v1/external/users/nobody".to_owned(),
            format!("v1/external/users/{}", "x".repeat(300)),
        ] {
            world.get(&path).await.fails(404, "USER_NOT_FOUND");
            world.delete(&path).await.fails(404, "USER_NOT_FOUND");
            world.post(&format!("{path}/authenticate"), &json!({})).await.fails(404, "USER_NOT_FOUND");
            world.put_json(&path, &json!({"user": {"gender": "x"}})).await.fails(404, "USER_NOT_FOUND");
            world.put_json(&path, &json!({})).await.fails(404, "USER_NOT_FOUND");
        }
    }

    async fn e132_of_two_creations_at_once_one_is_refused(world: World) {
        let world = Arc::new(world);
        let attempts: Vec<_> = (0..2)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.post("v1/users", &json!({"user": {"email": "a@b.org"}})).await })
            })
            .collect();
        let mut answers = Vec::new();
        for attempt in attempts {
            answers.push(attempt.await.expect("no panic").json()["status"].as_str().expect("text").to_owned());
        }
        answers.sort();
        assert_eq!(answers, ["error", "ok"]);
    }

    async fn e132_a_failing_store_is_no_success(world: World) {
        world.ada().await;
        world.faults.commits.store(true, Ordering::SeqCst);
        let body = json!({"user": {"external_id": "new", "first_name": "New"}});
        world.post("v1/users", &body).await.fails(500, "INTERNAL_SERVER_ERROR");
        world.put_json(&format!("v1/{ADA}"), &body).await.fails(500, "INTERNAL_SERVER_ERROR");
        world.delete(&format!("v1/{ADA}")).await.fails(500, "INTERNAL_SERVER_ERROR");
        world.post("v1/authenticate", &json!({})).await.fails(500, "INTERNAL_SERVER_ERROR");
        world.faults.commits.store(false, Ordering::SeqCst);
        assert!(world.get(&format!("v1/{ADA}")).await.ok()["user"].get("first_name").is_none());
        assert_eq!(world.services.store.count_customers(world.organization).await.expect("readable"), 1);
    }

    async fn e133_a_token_for_a_registered_customer(world: World) {
        let open = |campaign: CampaignBuilder| campaign.with(|campaign| campaign.opt_in = OptIn {
            required: false, ..campaign.opt_in
        });
        world.put([open(CampaignBuilder::new(1)).creative(CreativeBuilder::tile(1))]).await;
        let ada = create(&world, json!({"external_id": "ext-1"})).await;
        for path in [format!("v1/users/{ada}/authenticate"), "v1/external/users/ext-1/authenticate".to_owned()] {
            let reply = world.post_text(&path, "").await;
            assert_eq!(reply.header("cache-control"), "no-store");
            let user = reply.ok()["user"].clone();
            assert_eq!(user["id"], ada.as_str());
            assert_eq!(user["expires"], "2023-11-15 22:13:20");
            let token = user["auth_token"].as_str().expect("a token");
            let parts: Vec<_> = token.split("--").collect();
            assert_eq!((parts.len(), parts[0]), (3, "v2"), "{token}");
            let campaigns = world.get(&format!("client/campaigns?auth_token={token}")).await.ok();
            assert_eq!(campaigns["campaigns"]["tiles"][0]["campaign_id"], 1);
        }
    }

    async fn e133_a_token_for_a_new_anonymous_customer(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        let user = world.post_text("v1/authenticate", "").await.ok()["user"].clone();
        let other = world.post_text("v1/authenticate", "{}").await.ok()["user"].clone();
        assert_ne!(user["id"], other["id"]);
        assert_ne!(user["auth_token"], other["auth_token"]);
        let token = user["auth_token"].as_str().expect("a token");
        world.get(&format!("client/campaigns?auth_token={token}")).await.ok();
        let path = format!("v1/users/{}", user["id"].as_str().expect("an id"));
        let read = world.get(&path).await.ok()["user"].clone();
        for absent in ["registered_at", "external_id", "email"] {
            assert!(read.get(absent).is_none(), "{absent}");
        }
        let known = world.put_json(&path, &json!({"user": {"email": "ada@example.org"}})).await.ok();
        assert_eq!(known["user"]["registered_at"], "2023-11-14 22:13:20");
    }

    async fn e133_expiry_is_honoured(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        let ada = create(&world, json!({"external_id": "ext-1"})).await;
        let user = world.post_text(&format!("v1/users/{ada}/authenticate"), "").await.ok()["user"].clone();
        let token = user["auth_token"].as_str().expect("a token").to_owned();
        let path = format!("client/campaigns?auth_token={token}");
        world.clock.advance_s(DAY_S - 1);
        world.get(&path).await.ok();
        world.clock.advance_s(1);
        world.get(&path).await.fails(401, "INVALID_AUTH_TOKEN");
    }

    async fn e133_a_token_ends_with_its_customer(world: World) {
        let ada = create(&world, json!({"external_id": "ext-1"})).await;
        let user = world.post_text(&format!("v1/users/{ada}/authenticate"), "").await.ok()["user"].clone();
        let token = user["auth_token"].as_str().expect("a token").to_owned();
        world.delete(&format!("v1/users/{ada}")).await.ok();
        world.get(&format!("client/campaigns?auth_token={token}")).await.fails(401, "INVALID_AUTH_TOKEN");
    }

    async fn a_deleted_customer_leaves_nothing_to_read(world: World) {
        let behavior = BehaviorBuilder::count(10, "buy", 3);
        world.put([CampaignBuilder::new(1).opt_in_limit(1).behavior(behavior)]).await;
        let ada = create(&world, json!({"external_id": "ext-1"})).await;
        world.get(&format!("v1/users/{ada}/campaigns/1/opt_in")).await.ok();
        world.event(id(&ada), "buy", 1).await;
        let bob = create(&world, json!({"external_id": "ext-2"})).await;
        let bobs = format!("v1/users/{bob}/campaigns/1/opt_in");
        world.get(&bobs).await.fails(200, "opt_in_limit_reached");
        world.delete(&format!("v1/users/{ada}")).await.ok();
        for path in ["campaigns", "campaigns/1/progress", "tags"] {
            let reply = world.get(&format!("v1/users/{ada}/{path}")).await;
            assert_eq!(reply.status.as_u16(), 404, "{path}: {}", reply.body);
        }
        world.get(&bobs).await.ok();
        create(&world, json!({"external_id": "ext-1"})).await;
        let again = world.get("v1/external/users/ext-1/campaigns/1/progress").await.ok();
        assert_eq!(again["campaign"]["behaviors"][0]["progress"], 0, "a new customer begins anew");
    }

    async fn what_operators_say_is_shown_and_decides(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        let ada = world.ada().await;
        let patch = StandingPatch {
            suspended: Some(true),
            account_status: Some("suspension requested".to_owned()),
            ..StandingPatch::default()
        };
        let ada = CustomerSelector::Id(ada);
        let set = standing::change(&world.services, world.organization, &ada, None, &patch, &forget).await;
        set.expect("set");
        let user = world.get(&format!("v1/{ADA}")).await.ok()["user"].clone();
        assert_eq!((&user["suspended"], &user["account_status"]), (&json!(true), &json!("suspension requested")));
        world.get(&format!("v1/{ADA}/campaigns")).await.fails(404, "No_active_campaign_found");
    }
}
