//! Addresses, envelopes and faults (rows D48 to D52).

use crate::common::*;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use muster_api_dialler::starting;
use muster_web::Limits;
use tower::ServiceExt;

on_both_stores! {
    World;

    async fn d48_unknown_addresses_have_an_empty_body(world: World) {
        for path in [
            "/rest/v1.0",
            "/rest/v1.0/",
            "/rest/v1.0/1",
            "/rest/v1.0/1/dialler",
            "/rest/v1.0/1/dialler/",
            "/rest/v1.0/1/acd/events",
            "campaign",
            "campaigns/1/2",
            "campaigns/campaign/1/result",
            "contacts/contact/1/locks",
            "agents",
        ] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let reply = world.send(World::request(TOKEN, method, path, None)).await;
                assert_eq!((reply.status, reply.body.as_str()), (StatusCode::NOT_FOUND, ""), "{path}");
            }
        }
    }

    async fn d49_a_known_address_tells_a_wrong_method(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for (method, path) in [
            (Method::DELETE, format!("campaigns/{}", campaign.id)),
            (Method::PUT, format!("campaigns/{}", campaign.id)),
            (Method::DELETE, "campaigns".to_owned()),
            (Method::GET, "campaigns/clone".to_owned()),
            (Method::POST, campaign.path()),
            (Method::GET, format!("{}/start", campaign.path())),
            (Method::DELETE, "contacts/1".to_owned()),
            (Method::GET, "contacts/import".to_owned()),
            (Method::GET, "agents/next".to_owned()),
            (Method::PATCH, "campaigns".to_owned()),
        ] {
            world.send(World::request(TOKEN, method, &path, None)).await.error(405);
        }
        world.get(&campaign.path()).await.only();
    }

    async fn d51_status_repeats_the_status_of_http(world: World) {
        // Every helper of these tests compares them; here they are told apart once.
        let campaign = world.campaign("A", |_| {}).await;
        for (reply, status) in [
            (world.get("campaigns").await, 200),
            (world.get(&campaign.path()).await, 200),
            (world.get("campaigns/999").await, 404),
            (world.get("campaigns/x").await, 400),
            (world.post("campaigns", &json!({"Name": "A"})).await, 409),
            (world.delete("campaigns").await, 405),
        ] {
            assert_eq!((reply.json()["status"].as_u64(), reply.status.as_u16()), (Some(status), status as u16));
        }
    }

    async fn d52_a_fault_of_the_store_is_told_without_its_cause(world: World) {
        world.campaign("A", |_| {}).await;
        world.services.store.close().await;
        let reply = world.post("campaigns", &json!({"Name": "B"})).await;
        assert_eq!(reply.error(500), "Internal server error");
        assert_eq!(reply.body, r#"{"status":500,"error":"Internal server error"}"#);
    }

    async fn a_body_beyond_the_limit_is_refused_in_the_envelope(world: World) {
        let face = world.face(Limits { body_max_bytes: 100, ..Limits::default() });
        let body = json!({"Name": "x".repeat(200)}).to_string();
        let request = World::request(TOKEN, Method::POST, "campaigns", Some(&body));
        assert_eq!(send(face, request).await.error(413), "Invalid body: the body is larger than 100 bytes");
    }

    async fn a_nul_is_refused_wherever_it_hides(world: World) {
        world.post("campaigns", &json!({"Name": "a\u{0}b"})).await.error(400);
        world.get("contacts/contact?userData=a%00").await.error(400);
        world.delete("campaigns/campaign?name=%00").await.error(400);
    }
}

#[tokio::test]
async fn a_face_that_starts_says_that_trying_again_helps() {
    for path in ["/rest/v1.0", "/rest/v1.0/1/dialler/campaigns"] {
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        let reply = Reply::read(starting().oneshot(request).await.expect("routers do not fail")).await;
        reply.error(503);
        assert_eq!(reply.header("retry-after"), "1");
    }
}
