//! What holds for every operation, asked of every one that the OpenAPI document names.

use crate::common::*;
use axum::http::Method;
use muster_api_dialler::openapi;

/// An operation with an address that names nothing that is there.
fn operations() -> Vec<(Method, String, Value)> {
    let document = serde_json::to_value(openapi()).expect("the document is JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let mut address = path.replace("{ClientsID}", "1");
            for name in ["{DiallerCampaignsID}", "{DiallerContactsID}", "{DiallerCampaignsResultCodesID}"] {
                address = address.replace(name, "999");
            }
            assert!(!address.contains('{'), "{address} has a parameter without a sample value");
            operations.push((method, address, operation.clone()));
        }
    }
    operations
}

on_both_stores! {
    World;

    async fn d46_every_operation_asks_for_the_clients_token(world: World) {
        for (method, address, operation) in operations() {
            assert!(operation["security"].is_array(), "{address}");
            for token in ["", "nobody", OTHER_TOKEN] {
                for body in [None, Some("{")] {
                    let request = World::request(token, method.clone(), &address, body);
                    world.send(request).await.error(401);
                }
            }
        }
    }

    async fn d37_every_operation_with_a_body_wants_json(world: World) {
        for (method, address, operation) in operations() {
            if operation["requestBody"].is_object() {
                let request = World::request(TOKEN, method.clone(), &address, Some("{\"a\": "));
                world.send(request).await.error(400);
                let mut request = World::request(TOKEN, method, &address, Some("{}"));
                request.headers_mut().remove("content-type");
                world.send(request).await.error(415);
            }
        }
    }

    async fn d52_no_operation_pretends_that_a_broken_store_works(world: World) {
        world.services.store.close().await;
        for (method, address, _) in operations() {
            let body = json!({"Name": "x", "source": "x", "destination": "y", "UsersUID": "x", "ExportKey": "x",
                "Contents": {"1": "x"}, "DiallerResultCodesTypesID": 1, "DiallerCampaignsID": 1, "PhoneNumber1": "123",
                "campaigns": [{"DiallerCampaignsID": 1}], "DiallerCampaignsResultCodesID": 1});
            let address = format!("{address}?name=x&userData=x&languagesID=1");
            let request = World::request(TOKEN, method.clone(), &address, Some(&body.to_string()));
            let reply = world.send(request).await;
            if method == Method::GET && reply.status.as_u16() != 500 {
                // An embedded store can still be read after it was closed for writing.
                assert_ne!(reply.status.as_u16(), 401, "{address}");
            } else if reply.status.as_u16() != 404 {
                assert_eq!(reply.error(500), "Internal server error", "{method} {address}");
            }
        }
    }
}
