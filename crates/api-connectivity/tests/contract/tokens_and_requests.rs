//! The envelope, tokens, routing, and what became of requests (rows C41, C42, C49 to C54).

use crate::common::*;
use axum::Router;
use axum::body::Body;
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Method, Request};
use muster_app::ports::SimWrite;
use muster_app::usecases::connectivity::{NewUser, change_password, create_user};
use muster_domain::account::Role;
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::SimCampaignStatus;
use muster_web::Limits;
use serde_json::{Value, json};
use std::time::Duration;

async fn sign_in(world: &World, username: &str, password: &str) -> Reply {
    let body = json!({ "username": username, "password": password });
    world.post_as("", "auth/token", &body).await
}

async fn user(world: &World, username: &str, password: &str) {
    let new = NewUser { username: username.to_owned(), account: PARENT, role: Role::User };
    create_user(&world.services, new, password).await.expect("the user is made");
}

async fn status(world: &World, request: &Value) -> String {
    let id = request["requestId"].as_str().expect("a request id");
    let row = world.get(&format!("global/call/{id}")).await.only();
    assert_eq!(row.as_object().map(serde_json::Map::len), Some(1), "{row}");
    let v3 = world.get(&format!("/api/v3/global/call/{id}")).await.content();
    assert_eq!(v3, [json!({ "requestId": id, "status": row["status"] })]);
    row["status"].as_str().expect("a text").to_owned()
}

on_both_stores! {
    async fn c41_c42_the_envelope_to_the_byte(world: World) {
        let reply = world.get("parent/child-customers?size=1").await;
        let expected = format!(
            r#"{{"errorCode":"","errorMessage":"","content":[{{"customerId":"{SUB}","customerName":"Sub"}}],"pageable":{{"page":1,"size":1,"totalPages":2,"totalElements":2}}}}"#
        );
        assert_eq!(reply.body, expected);
        assert_eq!(reply.header("content-type"), "application/json;charset=UTF-8");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!reply.header("x-request-id").is_empty());
        let reply = world.get("/api/v2/nowhere").await;
        assert_eq!(
            reply.body,
            r#"{"errorCode":"GLOBAL_9003","errorMessage":"Unknown resource","content":"","pageable":""}"#
        );
        assert_eq!(reply.header("content-type"), "application/json;charset=UTF-8");
    }

    async fn c49_no_or_a_bad_token(world: World) {
        user(&world, "ada", "a long password").await;
        let basic = "Basic cGFyZW50OnBhcmVudA==";
        for value in [None, Some("Bearer wrong"), Some("Bearer "), Some("parent"), Some(basic), Some("Bearer parent x")] {
            let mut request = Request::get(address("parent/campaign"));
            if let Some(value) = value {
                request = request.header(AUTHORIZATION, value);
            }
            let reply = world.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(reply.nak(401, "AUTH_9001"), "Authentication required", "{value:?}");
            assert!(reply.headers.contains_key(WWW_AUTHENTICATE));
        }
        let twice = Request::get(address("parent/campaign"))
            .header(AUTHORIZATION, "Bearer parent")
            .header(AUTHORIZATION, "Bearer parent");
        world.send(twice.body(Body::empty()).expect("a request")).await.nak(401, "AUTH_9001");
        // A token lasts an hour, to the second.
        let token = sign_in(&world, "ada", "a long password").await.only()["token"].clone();
        let token = token.as_str().expect("a text");
        world.clock.advance_s(3599);
        world.get_as(token, "parent/campaign").await.ack();
        world.clock.advance_s(1);
        world.get_as(token, "parent/campaign").await.nak(401, "AUTH_9001");
    }

    async fn c50_a_token_for_a_password(world: World) {
        user(&world, "ada", "a long password").await;
        let reply = sign_in(&world, "ada", "a long password").await;
        let row = reply.only();
        assert_eq!(row.as_object().expect("an object").keys().collect::<Vec<_>>(), ["token", "expiresIn"]);
        assert_eq!(row["expiresIn"], 3600);
        let token = row["token"].as_str().expect("a text");
        assert!(token.len() >= 40, "{token}");
        world.get_as(token, "parent/campaign").await.ack();
        let another = sign_in(&world, "ada", "a long password").await.only();
        assert_ne!(another["token"], token, "each is new");
        world.get_as(token, "parent/campaign").await.ack();
        // Another password is another password.
        change_password(&world.services, "ada", "another password").await.expect("changed");
        sign_in(&world, "ada", "a long password").await.nak(401, "AUTH_9003");
        sign_in(&world, "ada", "another password").await.ack();
    }

    async fn c51_a_bad_pair_or_a_missing_field(world: World) {
        user(&world, "ada", "a long password").await;
        let wrong = [
            ("ada", "a long passwor"), ("ada", "A long password"), ("nobody", "a long password"), ("Ada", "a long password"),
            ("ada ", "a long password"), (&"x".repeat(300), "x"), ("ada", &"x".repeat(2000)),
        ];
        for (username, password) in wrong {
            let message = sign_in(&world, username, password).await.nak(401, "AUTH_9003");
            assert_eq!(message, "Invalid credentials", "{username} {password}");
        }
        for (body, name) in [
            (json!({"password": "x"}), "username"), (json!({"username": "ada"}), "password"), (json!({}), "username"),
            (json!({"username": "", "password": "x"}), "username"), (json!({"username": null, "password": "x"}), "username"),
            (json!({"username": 7, "password": "x"}), "username"), (json!({"username": "ada", "password": ["x"]}), "password"),
            (json!({"username": "a\u{0}", "password": "x"}), "username"),
        ] {
            let message = world.post_as("", "auth/token", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.contains(name), "{message}");
            assert!(!message.contains("ada"), "nothing of the body comes back: {message}");
        }
    }

    async fn c52_unknown_paths_and_wrong_methods(world: World) {
        for path in [
            "/api/v2", "/api/v2/", "/api/v2/nowhere", "/api/v3", "/api/v3/customer", "/api/v3/nowhere/at/all",
            "/api/v2/customer",  "/api/v2/customer/x/campaign/1/2", "/api/v2/auth",
            "/api/v2/subscriber/iccid", "/api/v2/customer/x/package", "/api/v2/%00",
        ] {
            for method in [Method::GET, Method::DELETE, Method::OPTIONS] {
                // `POST /customer/{id}/package` exists, so its path is known.
                let reply = world.send(World::request("", method.clone(), path, None)).await;
                if path.ends_with("/package") {
                    reply.nak(405, "GLOBAL_9004");
                } else {
                    assert_eq!(reply.nak(404, "GLOBAL_9003"), "Unknown resource", "{method} {path}");
                }
            }
        }
        for (method, path) in [
            (Method::DELETE, "parent/campaign"), (Method::POST, "parent/campaign/67"), (Method::GET, "auth/token"),
            (Method::PATCH, "parent"), (Method::PUT, "parent/campaign/1/participants"),
            (Method::from_bytes(b"BREW").expect("a method"), "parent/campaign"),
        ] {
            // Without a token: route and method come first.
            let reply = world.send(World::request("", method.clone(), path, None)).await;
            assert_eq!(reply.nak(405, "GLOBAL_9004"), "Method not allowed", "{method} {path}");
            assert!(reply.headers.contains_key(ALLOW));
        }
    }

    async fn c53_a_request_and_what_became_of_it(world: World) {
        world.write(vec![SimWrite::Template(Box::new(template(PARENT, 20)))]).await;
        let mut later = campaign(world.organization, PARENT, 2);
        later.window = muster_domain::time::Window { starts_at: NOW.plus_seconds(60), ends_at: NOW.plus_seconds(120) };
        let mut over = campaign(world.organization, PARENT, 3);
        over.window = muster_domain::time::Window { starts_at: NOW.plus_seconds(-120), ends_at: NOW.plus_seconds(-60) };
        let mut broken = campaign(world.organization, PARENT, 4);
        broken.template = muster_domain::ids::TemplateId(21);
        world.campaigns([campaign(world.organization, PARENT, 1), later, over, broken]).await;
        let mut empty = template(PARENT, 21);
        empty.operations.clear();
        world.write(vec![SimWrite::Template(Box::new(empty))]).await;
        let ask = async |id: i64, status: &str| {
            world.put(&format!("parent/campaign/{id}/status"), &json!({ "status": status })).await.accepted()
        };

        let run = ask(1, "PROCESS").await;
        assert_eq!(status(&world, &run).await, "SUCCESS");
        assert_eq!(status(&world, &ask(2, "PROCESS").await).await, "SUCCESS", "it waits for its start");
        assert_eq!(status(&world, &ask(3, "PROCESS").await).await, "FAILURE", "its time was over");
        assert_eq!(status(&world, &ask(4, "PROCESS").await).await, "INTERNAL_ERROR", "its template does nothing");

        // Pausing and ending are open until nothing is on its way.
        world.sims(PARENT, [1]).await;
        world.enrol_with(1, [1], |participant| participant.status = ParticipantStatus::Wait).await;
        let suspended = ask(1, "SUSPEND").await;
        assert_eq!(status(&world, &suspended).await, "OPEN");
        let resumed = ask(1, "PROCESS").await;
        assert_eq!(status(&world, &suspended).await, "SUCCESS", "it was overtaken");
        assert_eq!(status(&world, &resumed).await, "SUCCESS");
        let canceled = ask(1, "CANCELED").await;
        assert_eq!(status(&world, &canceled).await, "OPEN");
        let keys = [(muster_domain::ids::SimCampaignId(1), 0)];
        let loaded = world.services.sims.load_participants(&keys).await.expect("readable").remove(0).expect("it exists");
        let mut participant = loaded.participant;
        participant.status = ParticipantStatus::Canceled;
        let write = muster_app::ports::ParticipantWrite {
            participant,
            revision: loaded.revision,
            from: ParticipantStatus::Wait,
            wave: 0,
            counts: muster_domain::sim_campaign::WaveCounts::default(),
            key_set: None,
            while_running: false,
            now: NOW,
        };
        world.services.sims.commit_participants(vec![write]).await.remove(0).expect("written");
        assert_eq!(status(&world, &canceled).await, "SUCCESS");
        assert_eq!(status(&world, &run).await, "SUCCESS", "it ran; ending it later changes nothing");
        // A campaign that ran and expired later did what was asked.
        let mut expiring = campaign(world.organization, PARENT, 5);
        expiring.created_at = NOW;
        world.campaigns([expiring]).await;
        let run = ask(5, "PROCESS").await;
        world.alter_campaign(5, |campaign| campaign.status = SimCampaignStatus::Expired).await;
        world.clock.advance_s(2 * 86_400);
        assert_eq!(status(&world, &run).await, "SUCCESS");
    }

    async fn c53_a_bulk_call_makes_a_request_for_each_entry(world: World) {
        world.sims(PARENT, 1..=3).await;
        let reply = world.send(World::request(
            "parent", Method::PUT, "bulk/subscriber/status", Some(&bulk(1..=3, &json!({"status": "SUSPEND"})).to_string()),
        )).await;
        let ids = reply.accepted_all();
        assert_eq!(ids.len(), 3);
        for id in &ids {
            assert_eq!(world.get(&format!("global/call/{id}")).await.only(), json!({"status": "SUCCESS"}));
            let all = world.get(&format!("/api/v3/global/call/{id}/")).await.content();
            let expected: Vec<_> = ids.iter().map(|id| json!({"requestId": id, "status": "SUCCESS"})).collect();
            assert_eq!(all, expected);
            let upper = id.to_uppercase();
            world.get(&format!("global/call/{upper}")).await.ack();
        }
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), 3);
    }

    async fn c54_foreign_and_unknown_requests(world: World) {
        world.sims(PARENT, 1..=2).await;
        let body = bulk(1..=2, &json!({"status": "SUSPEND"}));
        let own = world.put("bulk/subscriber/status", &body).await.accepted_all();
        world.get(&format!("global/call/{}", own[1])).await.ack();
        // One beyond the last of the call.
        let beyond: uuid::Uuid = own[1].parse().expect("a UUID");
        let beyond = uuid::Uuid::from_u128(beyond.as_u128() + 1).to_string();
        let unknown = [beyond.as_str(), NOBODY, "x", "1", "%FF", "00000000000040008000000000000000"];
        for version in ["v2", "v3"] {
            for id in unknown {
                let message = world.get(&format!("/api/{version}/global/call/{id}")).await.nak(404, "GLOBAL_1003");
                assert_eq!(message, "Provided request ID does not exist for your account");
            }
            for stranger in ["stranger", "sub"] {
                world.get_as(stranger, &format!("/api/{version}/global/call/{}", own[0])).await.nak(404, "GLOBAL_1003");
            }
        }
    }

    async fn bodies_that_cannot_be_read_are_refused_in_the_envelope(world: World) {
        for body in ["", " ", "{", "[]", "7", "\"x\"", "null", "{\"username\": }", "{}{}", "\u{feff}"] {
            world.send(World::request("", Method::POST, "auth/token", Some(body))).await.nak(400, "GLOBAL_9002");
        }
        let typed = |kind: &str| {
            Request::post(address("auth/token")).header(CONTENT_TYPE, kind)
                .body(Body::from(r#"{"username":"x","password":"x"}"#)).expect("a request")
        };
        for kind in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"] {
            world.send(typed(kind)).await.nak(415, "GLOBAL_9002");
        }
        for kind in ["application/json", "application/json;charset=UTF-8", "Application/JSON ; x=y"] {
            world.send(typed(kind)).await.nak(401, "AUTH_9003");
        }
        let small: Router = world.face(Limits { body_max_bytes: 8, ..Limits::default() });
        send(small, World::request("", Method::POST, "auth/token", Some("{\"username\":\"x\"}"))).await.nak(413, "GLOBAL_9002");
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        world.send(World::request("", Method::POST, "auth/token", Some(&deep))).await.nak(400, "GLOBAL_9002");
        // Whoever may not ask sends nothing that is kept: the token comes before the body.
        world.send(World::request("nobody", Method::POST, "parent/campaign", Some("{"))).await.nak(401, "AUTH_9001");
    }

    async fn what_the_guard_refuses_has_the_envelope(world: World) {
        let full = world.face(Limits { in_flight_max: 0, ..Limits::default() });
        let reply = send(full, World::request("parent", Method::GET, "parent/campaign", None)).await;
        assert_eq!(reply.nak(503, "GLOBAL_1001"), "Service unavailable. Please try again");
        assert_eq!(reply.header("retry-after"), "1");
        *world.faults.hangs.lock() = true;
        let late = world.face(Limits { request_timeout: Duration::from_millis(10), ..Limits::default() });
        send(late, World::request("parent", Method::GET, "parent/campaign", None)).await.nak(503, "GLOBAL_1001");
        *world.faults.hangs.lock() = false;
        *world.faults.panics.lock() = true;
        let message = world.get("parent/campaign").await.nak(503, "GLOBAL_1001");
        assert!(!message.contains("told"), "{message}");
    }
}
