//! What holds for every operation, asked of every one that the OpenAPI document names.

use crate::common::*;
use axum::http::Method;
use muster_api_connectivity::openapi;
use serde_json::Value;

/// An operation with an address that names nothing that is there.
fn operations() -> Vec<(Method, String, Value)> {
    let document = serde_json::to_value(openapi()).expect("the document is JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let mut address = path.clone();
            for (name, value) in [
                ("{customerId}", PARENT.to_string()),
                ("{campaignId}", "1".to_owned()),
                ("{templateId}", "1".to_owned()),
                ("{packageId}", NOBODY.to_owned()),
                ("{requestId}", NOBODY.to_owned()),
                ("{type}", "iccid".to_owned()),
                ("{value}", iccid(1)),
            ] {
                address = address.replace(name, &value);
            }
            assert!(!address.contains('{'), "{address} has a parameter without a sample value");
            operations.push((method, address, operation.clone()));
        }
    }
    operations
}

on_both_stores! {
    async fn c49_every_operation_but_the_token_asks_for_a_token(world: World) {
        for (method, address, operation) in operations() {
            let asks = operation["security"].is_array();
            assert_eq!(asks, address != "/api/v2/auth/token", "{address}");
            if asks {
                for user in ["", "nobody"] {
                    for body in [None, Some("{")] {
                        let request = World::request(user, method.clone(), &address, body);
                        world.send(request).await.nak(401, "AUTH_9001");
                    }
                }
            }
        }
    }

    async fn who_may_only_read_changes_nothing(world: World) {
        for (method, address, operation) in operations() {
            if !operation["security"].is_array() {
                continue;
            }
            let reply = world.send(World::request("reader", method.clone(), &address, Some("{}"))).await;
            if method == Method::GET {
                assert_ne!(reply.status.as_u16(), 403, "{address}");
            } else {
                assert_eq!(reply.nak(403, "AUTH_9002"), "Operation not permitted", "{method} {address}");
            }
        }
    }

    async fn c2_a_slash_at_the_end_changes_nothing(world: World) {
        for (method, address, _) in operations() {
            let ask = async |address: &str| {
                let reply = world.send(World::request("parent", method.clone(), address, Some("{}"))).await;
                (reply.status, reply.body)
            };
            // A request id is new each time; nothing else differs. No operation succeeds with an empty body here.
            assert_eq!(ask(&address).await, ask(&format!("{address}/")).await, "{method} {address}");
        }
    }

    async fn c52_a_body_that_is_no_json_is_refused_by_every_operation_that_takes_one(world: World) {
        for (method, address, operation) in operations() {
            if operation["requestBody"].is_object() {
                let request = World::request("parent", method.clone(), &address, Some("{\"a\": "));
                world.send(request).await.nak(400, "GLOBAL_9002");
            }
        }
    }
}
