//! What holds for every method (rows E1 to E9), asked of every path that the OpenAPI document names.

use crate::common::*;
use axum::body::Body;
use axum::http::header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{Method, Request};
use muster_api_engagement::{ErrorCodeCase, openapi};
use muster_web::Limits;
use serde_json::json;
use std::sync::atomic::Ordering;

/// A path of the document with what it asks of its caller.
struct Endpoint {
    method: Method,
    path: String,
    server: bool,
    client: bool,
    /// The code of an unknown key in this method.
    unknown_key: String,
}

impl Endpoint {
    /// The address for an app, with ids that need not exist.
    fn address(&self, api_key: &str) -> String {
        let mut address = self.path.replace("{api_key}", api_key);
        for (name, value) in [
            ("{user_id}", "00000000-0000-0000-0000-000000000001"),
            ("{external_id}", "ext-1"),
            ("{campaign_id}", "1"),
            ("{permalink}", "campaign-1"),
            ("{campaign}", "campaign-1"),
            ("{creative_id}", "1"),
            ("{ad_stat_id}", "00000000-0000-8000-8000-000000000001"),
            ("{model_name}", "user_profiles"),
        ] {
            address = address.replace(name, value);
        }
        assert!(!address.contains('{'), "{address} has a parameter without a sample value");
        address
    }
}

fn endpoints() -> Vec<Endpoint> {
    let document = serde_json::to_value(openapi()).expect("the document is JSON");
    let mut endpoints = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let asks = |scheme: &str| {
                let security = operation["security"].as_array();
                security.is_some_and(|any| any.iter().any(|one| one.get(scheme).is_some()))
            };
            let examples = &operation["responses"]["401"]["content"]["application/json"]["examples"];
            let codes: Vec<_> = examples.as_object().into_iter().flat_map(|all| all.keys()).collect();
            let unknown_key = codes.iter().find(|code| code.eq_ignore_ascii_case("invalid_api_key"));
            endpoints.push(Endpoint {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                path: path.clone(),
                server: asks("basic"),
                client: asks("auth_token"),
                unknown_key: unknown_key
                    .map_or_else(|| panic!("{path} shows no unknown key"), |code| (*code).clone()),
            });
        }
    }
    endpoints
}

fn request(endpoint: &Endpoint, address: &str, authorization: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(&endpoint.method).uri(address);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    request.body(Body::empty()).expect("a request")
}

#[test]
fn e1_every_path_of_the_server_plane_asks_for_credentials() {
    for endpoint in endpoints() {
        assert_eq!(endpoint.server, endpoint.path.starts_with("/priv/"), "{}", endpoint.path);
        assert_eq!(endpoint.client, endpoint.path.starts_with("/api/"), "{}", endpoint.path);
    }
}

on_both_stores! {
    async fn e1_no_or_wrong_credentials_are_refused(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        let key = world.app.api_key.clone();
        let wrong = [
            None,
            Some(basic(&key, "wrong")),
            Some(basic(&key, "")),
            Some(basic("", &world.app.secret)),
            Some(basic(&key, &format!("{} ", world.app.secret))),
            Some("Basic !!!".to_owned()),
            Some("Bearer wrong".to_owned()),
            Some(format!("Bearer {}", world.app.secret)),
            Some("Digest x".to_owned()),
            Some(basic(&key, &world.app.bearer)),
        ];
        for endpoint in endpoints().iter().filter(|endpoint| endpoint.server) {
            for authorization in &wrong {
                let request = request(endpoint, &endpoint.address(&key), authorization.as_deref());
                let reply = world.send(request).await;
                reply.fails(401, "ACCESS_DENIED");
                assert!(reply.headers.contains_key(WWW_AUTHENTICATE));
            }
        }
    }

    async fn e2_credentials_of_another_app_are_refused(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        let sibling = app(world.services.entropy.as_ref(), "Sibling", "key-sibling");
        world.put_app(&sibling).await;
        let (_, stranger) = world.add_organization("Other", "key-other").await;
        for endpoint in endpoints().iter().filter(|endpoint| endpoint.server) {
            for other in [&sibling, &stranger] {
                let address = endpoint.address(&world.app.api_key);
                let basic = basic(&other.api_key, &other.secret);
                world.send(request(endpoint, &address, Some(&basic))).await.fails(401, "ACCESS_DENIED");
                let bearer = format!("Bearer {}", other.bearer);
                world.send(request(endpoint, &address, Some(&bearer))).await.fails(401, "ACCESS_DENIED");
            }
        }
        let of_sibling = format!("/priv/v1/apps/{}/campaigns", sibling.api_key);
        let request = Request::get(of_sibling).header(AUTHORIZATION, basic(&sibling.api_key, &sibling.secret));
        world.send(request.body(Body::empty()).expect("a request")).await.ok();
    }

    async fn e3_a_bearer_token_stands_in_for_basic(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        let request = Request::get(world.address("v1/campaigns"))
            .header(AUTHORIZATION, format!("bearer {}", world.app.bearer));
        let reply = world.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(reply.ok()["campaigns"][0]["id"], 1);
    }

    async fn e4_an_unknown_key_is_told_in_the_spelling_of_the_method(world: World) {
        for endpoint in endpoints() {
            for key in ["unknown", "%00", "%FF", "%20", "a%2Fb", &"x".repeat(300)] {
                let address = endpoint.address(key);
                let credentials = basic(&world.app.api_key, &world.app.secret);
                for authorization in [None, Some(credentials.as_str())] {
                    let reply = world.send(request(&endpoint, &address, authorization)).await;
                    reply.fails(401, &endpoint.unknown_key);
                }
            }
        }
        let capitalized: Vec<_> =
            endpoints().into_iter().filter(|endpoint| endpoint.unknown_key == "Invalid_api_key").collect();
        assert_eq!(capitalized.len(), 5, "three paths of C3 and two of C9");
    }

    async fn e4_a_key_made_on_another_node_is_found_at_once(world: World) {
        let fresh = app(world.services.entropy.as_ref(), "Fresh", "key-fresh");
        let write = muster_app::ports::CatalogWrite::App(fresh.app.clone());
        world.services.store.write_catalog(world.organization, vec![write]).await.expect("written");
        assert!(world.services.catalog.by_key(&fresh.app.api_key).is_none(), "the catalog has not heard of it");
        let request = Request::get(format!("/priv/v1/apps/{}/campaigns", fresh.api_key))
            .header(AUTHORIZATION, basic(&fresh.api_key, &fresh.secret));
        world.send(request.body(Body::empty()).expect("a request")).await.ok();
    }

    async fn e4_a_revoked_app_authenticates_nobody(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::page(1))]).await;
        world.ada().await;
        let mut app = world.app.clone();
        app.app.revoked = true;
        world.put_app(&app).await;
        world.get("v1/campaigns").await.fails(401, "ACCESS_DENIED");
        world.get(&format!("client/campaigns?auth_token={TOKEN}")).await.fails(401, "ACCESS_DENIED");
        world.get(&format!("/apps/key-1/{ADA}/ads/1")).await.fails(401, "ACCESS_DENIED");
    }

    async fn e5_bad_and_expired_tokens_are_refused(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        let ada = world.ada().await;
        world.token(ada, "v2--b2xk--b2xk", NOW).await;
        let gone = world.customer(CustomerBuilder::new(2)).await;
        world.token(gone, "v2--Z29uZQ==--Z29uZQ==", NOW.plus_seconds(DAY_S)).await;
        for endpoint in endpoints().iter().filter(|endpoint| endpoint.client) {
            for query in ["", "?auth_token=", "?auth_token=4296", "?auth_token=v2--b2xk--b2xk", "?auth_token=%FF", "?auth_token[]=x"] {
                let address = format!("{}{query}", endpoint.address(&world.app.api_key));
                let reply = world.send(request(endpoint, &address, None)).await;
                reply.fails(401, "INVALID_AUTH_TOKEN");
            }
        }
        let list = format!("client/campaigns?auth_token={TOKEN}");
        world.get(&list).await.ok();
        world.clock.advance_s(DAY_S);
        world.get(&list).await.fails(401, "INVALID_AUTH_TOKEN");
    }

    async fn e6_envelopes_are_those_of_the_contract(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        for path in [
            "v1/campaigns", "v1/campaigns/1/info", &format!("v1/{ADA}/campaigns"), &format!("v2/{ADA}/campaigns"),
            &format!("v2/{ADA}/campaigns/1"), &format!("v1/{ADA}/campaigns/1/progress"),
        ] {
            world.get(path).await.ok();
        }
        // `fails` compares the whole body: one object, one code, one message.
        world.get(&format!("v2/{ADA}/campaigns/2")).await.fails(404, "NOT_FOUND");
    }

    async fn e7_unknown_routes_and_methods_have_the_envelope(world: World) {
        let key = world.app.api_key.clone();
        for path in [
            "/", "/nowhere", "/priv/v1/apps", "/priv/v3/apps/key-1/campaigns", "/priv/v1/apps/key-1/campaigns/",
            "/priv/v2/apps/key-1/campaigns", "/api/v2/apps/key-1/campaigns", "/%00", "/%FF", "/priv//apps",
            "/apps/key-1/users/x/ads",
        ] {
            world.get(path).await.fails(404, "NOT_FOUND");
        }
        let delete = world.request(Method::DELETE, "v1/campaigns").body(Body::empty()).expect("a request");
        let reply = world.send(delete).await;
        reply.fails(405, "ARGUMENT_ERROR");
        let allowed = reply.headers.get(ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
        let brew = Method::from_bytes(b"BREW").expect("a method");
        let address = format!("/priv/v1/apps/{key}/campaigns");
        let brew = Request::builder().method(brew).uri(address).body(Body::empty()).expect("a request");
        world.send(brew).await.fails(405, "ARGUMENT_ERROR");
    }

    async fn e7_unexpected_failures_are_500_and_tell_nothing_of_the_inside(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        world.faults.reads.store(true, Ordering::SeqCst);
        for path in [
            format!("v1/{ADA}/campaigns"), format!("v1/{ADA}/campaigns/1/progress"),
            format!("v2/{ADA}/campaigns"), format!("v2/{ADA}/campaigns/1"),
        ] {
            let message = world.get(&path).await.fails(500, "INTERNAL_SERVER_ERROR");
            assert!(!message.contains("told to fail"), "{message}");
        }
        world.faults.panics.store(true, Ordering::SeqCst);
        let message = world.get(&format!("v2/{ADA}/campaigns")).await.fails(500, "INTERNAL_SERVER_ERROR");
        assert!(!message.contains("told"), "{message}");
        world.faults.panics.store(false, Ordering::SeqCst);
        world.faults.reads.store(false, Ordering::SeqCst);
        world.faults.overloaded.store(true, Ordering::SeqCst);
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.fails(429, "rate_limited");
    }

    async fn e8_every_date_has_its_format(world: World) {
        let campaign = CampaignBuilder::new(1).creative(CreativeBuilder::page(1)).opt_in();
        world.put([campaign]).await;
        world.ada().await;
        let (d1_start, d1_end) = ("2023-11-04T22:13:20Z", "2023-11-24T22:13:20Z");
        let (d2_start, d2_end) = ("2023-11-04 22:13:20", "2023-11-24 22:13:20");
        let listed = &world.get("v1/campaigns").await.ok()["campaigns"][0];
        assert_eq!([&listed["starts_at"], &listed["ends_at"]], [d1_start, d1_end]);
        assert_eq!(listed["reporting_ends_at"], "2024-01-08T22:13:20Z");
        let v1 = &world.get(&format!("v1/{ADA}/campaigns")).await.ok()["campaigns"]["promotions"][0];
        assert_eq!([&v1["start_date"], &v1["end_date"]], [d2_start, d2_end]);
        assert_eq!([&v1["opt_in_starts_at"], &v1["opt_in_ends_at"]], [d2_start, d2_end]);
        let list = &world.get(&format!("v2/{ADA}/campaigns")).await.ok()["campaigns"][0];
        let show = &world.get(&format!("v2/{ADA}/campaigns/1")).await.ok()["campaign"];
        let info = &world.get("v1/campaigns/1/info").await.ok()["campaign"];
        for campaign in [list, show, info] {
            assert_eq!([&campaign["starts_at"], &campaign["ends_at"]], [d2_start, d2_end]);
            assert_eq!([&campaign["opt_in_starts_at"], &campaign["opt_in_ends_at"]], [d2_start, d2_end]);
        }
    }

    async fn e9_division_id_is_there_only_with_divisions_in_use(world: World) {
        let campaign = || CampaignBuilder::new(1).division("north").opt_in();
        world.use_divisions(&["north"]).await;
        world.put([campaign().creative(CreativeBuilder::tile(1)).creative(CreativeBuilder::page(2))]).await;
        world.ada().await;
        let places = [
            ("v1/campaigns", "/campaigns/0"),
            ("v1/campaigns/1/info", "/campaign"),
            (&format!("v1/{ADA}/campaigns"), "/campaigns/tiles/0"),
            (&format!("v1/{ADA}/campaigns"), "/campaigns/promotions/0"),
            (&format!("v1/{ADA}/campaigns/1/opt_in"), "/campaigns/tiles/0"),
            (&format!("v1/{ADA}/campaigns/1/progress"), "/campaign"),
            (&format!("v2/{ADA}/campaigns"), "/campaigns/0"),
            (&format!("v2/{ADA}/campaigns/1"), "/campaign"),
        ];
        for multi_org in [true, false] {
            world.alter(|organization| organization.multi_org = multi_org).await;
            for (path, pointer) in places {
                let reply = world.get(path).await.ok();
                let division = reply.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {reply}")).get("division_id");
                assert_eq!(division, multi_org.then(|| json!("north")).as_ref(), "{path}");
            }
        }
    }

    async fn codes_are_lower_case_when_so_configured(world: World) {
        let face = world.face(ErrorCodeCase::Lower, Limits::default());
        let ask = async |path: &str| {
            let request = world.request(Method::GET, path).body(Body::empty()).expect("a request");
            send(face.clone(), request).await
        };
        ask(&format!("v1/{NOBODY}/campaigns")).await.fails(404, "user_not_found");
        ask("/priv/v1/apps/unknown/campaigns/1/info").await.fails(401, "invalid_api_key");
        ask("/nowhere").await.fails(404, "not_found");
        world.faults.panics.store(true, Ordering::SeqCst);
        ask(&format!("v2/{NOBODY}/campaigns")).await.fails(500, "internal_server_error");
    }

    async fn requests_beyond_the_limit_are_told_to_come_back(world: World) {
        let face = world.face(ErrorCodeCase::Documented, Limits { in_flight_max: 0, ..Limits::default() });
        let request = world.request(Method::GET, "v1/campaigns").body(Body::empty()).expect("a request");
        send(face, request).await.fails(429, "rate_limited");
    }

    async fn odd_paths_and_queries_are_answered_without_harm(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        let cases = [
            ("v1/users/%FF/campaigns", 200, "ARGUMENT_ERROR"),
            ("v1/users/%00/campaigns", 200, "VALIDATION"),
            ("v1/external/users/a%00b/campaigns", 200, "VALIDATION"),
            ("v1/external/users/%zz/campaigns", 404, "User_not_found"),
            ("v1/external/users/%/campaigns", 404, "User_not_found"),
            ("v1/external/users/%F0%9F%A6%80/campaigns", 404, "User_not_found"),
            ("v1/external/users/'%20OR%201=1/campaigns", 404, "User_not_found"),
            ("v1/users/1/campaigns", 404, "User_not_found"),
            ("v1/users/00000000-0000-0000-0000-00000000000g/campaigns", 404, "User_not_found"),
            ("v2/external/users/ext-1/campaigns/99999999999999999999999999", 404, "NOT_FOUND"),
            ("v2/external/users/ext-1/campaigns/-1", 404, "NOT_FOUND"),
            ("v2/external/users/ext-1/campaigns/%2e%2e", 404, "NOT_FOUND"),
            ("v2/external/users/ext-1/campaigns?page=%00", 200, "VALIDATION"),
            ("v1/campaigns?x=%00", 200, "validation"),
            ("v1/campaigns/99999999999999999999/info", 404, "No_active_campaign_found"),
            ("v1/campaigns/1%00/info", 200, "VALIDATION"),
        ];
        for (path, status, code) in cases {
            world.get(path).await.fails(status, code);
        }
        let long = format!("v1/campaigns?x={}", "y".repeat(20_000));
        world.get(&long).await.fails(200, "validation");
        world.get(&format!("v2/{ADA}/campaigns?page=%zz")).await.fails(200, "VALIDATION");
        world.get(&format!("v2/{ADA}/campaigns?sections[]=%FF%zz&filters[=x&=&&[]=[")).await.ok();
    }
}
