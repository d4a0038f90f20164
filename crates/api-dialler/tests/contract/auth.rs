//! Tokens (rows D46 and D47).

use crate::common::*;
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use muster_app::usecases::dialler::{NewClient, create_client, remove_token, rotate_token};

on_both_stores! {
    World;

    async fn d46_token_and_client_must_belong_together(world: World) {
        world.campaign("A", |_| {}).await;
        for (token, path) in [
            ("", "campaigns"),
            ("wrong", "campaigns"),
            (OTHER_TOKEN, "campaigns"),
            (TOKEN, "/rest/v1.0/2/dialler/campaigns"),
            (TOKEN, "/rest/v1.0/999/dialler/campaigns"),
            (TOKEN, "/rest/v1.0/x/dialler/campaigns"),
            (TOKEN, "/rest/v1.0/99999999999999999999/dialler/campaigns"),
            (&"x".repeat(5000), "campaigns"),
        ] {
            let reply = world.send(World::request(token, Method::GET, path, None)).await;
            assert_eq!(reply.error(401), "Unauthorized", "{path}");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
        for scheme in ["Basic b25lOg==", "one", "Bearer", "Bearer one two"] {
            let mut request = World::request("", Method::GET, "campaigns", None);
            request.headers_mut().insert(AUTHORIZATION, scheme.parse().expect("a header"));
            world.send(request).await.error(401);
        }
        world.send(World::request(OTHER_TOKEN, Method::GET, "/rest/v1.0/2/dialler/campaigns", None)).await.list();
    }

    async fn d47_a_replaced_token_is_dead_at_once(world: World) {
        let new = rotate_token(&world.services, CLIENT).await.expect("a token");
        world.get("campaigns").await.error(401);
        let ask = async |token: &str| world.send(World::request(token, Method::GET, "campaigns", None)).await;
        ask(&new).await.list();
        remove_token(&world.services, CLIENT).await.expect("it is removed");
        ask(&new).await.error(401);
        ask("").await.error(401);
    }

    async fn a_new_client_has_a_token_that_opens_its_own_data_only(world: World) {
        let new = NewClient {
            id: None,
            organization: world.organization,
            name: "Third".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            region: "DE".to_owned(),
            policy: Some("UK".to_owned()),
        };
        let (client, token) = create_client(&world.services, new.clone()).await.expect("it is made");
        let path = format!("/rest/v1.0/{}/dialler/campaigns", client.id);
        world.send(World::request(&token, Method::GET, &path, None)).await.list();
        world.send(World::request(&token, Method::GET, "campaigns", None)).await.error(401);
        for wrong in [
            NewClient { id: Some(client.id), ..new.clone() },
            NewClient { zone: "Mars/Base".to_owned(), ..new.clone() },
            NewClient { region: "Germany".to_owned(), ..new.clone() },
            NewClient { policy: Some("nobody's".to_owned()), ..new.clone() },
            NewClient { name: String::new(), ..new },
        ] {
            create_client(&world.services, wrong).await.expect_err("it is refused");
        }
    }
}
