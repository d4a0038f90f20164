//! N5: tags (row E143).

use crate::common::*;
use serde_json::{Value, json};

on_both_stores! {
    async fn e143_a_counter_tag_counts(world: World) {
        world.ada().await;
        let paths = [format!("v1/{ADA}/tags"), "v1/external/users/ext-1/tags".to_owned()];
        for (count, path) in [(1, &paths[0]), (2, &paths[1]), (3, &paths[0])] {
            let reply = world.post(path, &json!({"tags": ["a", "b"]})).await.ok();
            let both = json!({"status": "ok", "tags": {"a": {"count": count}, "b": {"count": count}}});
            assert_eq!(reply, both);
        }
        for path in paths {
            assert_eq!(world.get(&path).await.ok()["tags"], json!({"a": {"count": 3}, "b": {"count": 3}}));
        }
    }

    async fn e143_an_expiring_tag_vanishes(world: World) {
        world.put([CampaignBuilder::new(1).for_tag("t")]).await;
        world.ada().await;
        let path = format!("v1/{ADA}/tags");
        let tags = async || world.get(&path).await.ok()["tags"].clone();
        let state = async || world.get(&format!("v1/{ADA}/campaigns/1/progress")).await.ok()["campaign"]["state"].clone();
        assert_eq!(state().await, "not_qualified");
        let reply = world.post(&path, &json!({"tags": ["t"], "ttl": 20_000})).await.ok();
        assert_eq!(reply["tags"], json!({"t": {"ttl": 20_000}}));
        assert_eq!(state().await, "qualified");
        world.clock.advance_s(19_999);
        assert_eq!(tags().await, json!({"t": {"ttl": 1}}));
        assert_eq!(state().await, "qualified");
        world.clock.advance_s(1);
        assert_eq!(tags().await, json!({}));
        assert_eq!(state().await, "not_qualified");
    }

    async fn e143_a_tag_never_has_both_and_the_last_write_decides(world: World) {
        world.ada().await;
        let path = format!("v1/{ADA}/tags");
        for (body, expected) in [
            (json!({"tags": ["t"]}), json!({"count": 1})),
            (json!({"tags": ["t"]}), json!({"count": 2})),
            (json!({"tags": ["t"], "ttl": 60}), json!({"ttl": 60})),
            (json!({"tags": ["t"], "ttl": 30}), json!({"ttl": 30})),
            (json!({"tags": ["t"]}), json!({"count": 1})),
            (json!({"tags": ["t"], "ttl": null}), json!({"count": 2})),
        ] {
            assert_eq!(world.post(&path, &body).await.ok()["tags"]["t"], expected, "{body}");
        }
    }

    async fn e143_the_list_is_empty_before_any(world: World) {
        world.ada().await;
        let none = json!({"status": "ok", "tags": {}});
        assert_eq!(world.get(&format!("v1/{ADA}/tags")).await.ok(), none);
        assert_eq!(world.get("v1/external/users/ext-1/tags").await.ok(), none);
    }

    async fn e143_what_breaks_a_rule_gives_no_tag_at_all(world: World) {
        world.ada().await;
        let path = format!("v1/{ADA}/tags");
        let bad: [Value; 12] = [
            json!({"tags": "t"}),
            json!({"tags": {"t": 1}}),
            json!({"tags": ["t", 1]}),
            json!({"tags": ["t", ""]}),
            json!({"tags": ["t", "x".repeat(256)]}),
            json!({"tags": ["t", "\u{0}"]}),
            json!({"tags": ["t"], "ttl": 0}),
            json!({"tags": ["t"], "ttl": -1}),
            json!({"tags": ["t"], "ttl": 1.5}),
            json!({"tags": ["t"], "ttl": "60"}),
            json!({"tags": ["t"], "ttl": 5_000_000_000_u64}),
            json!({"tags": (0..101).map(|number| number.to_string()).collect::<Vec<_>>()}),
        ];
        for body in bad {
            world.post(&path, &body).await.fails(200, "VALIDATION");
        }
        for body in [json!({}), json!({"tags": []}), json!({"tags": null}), json!({"ttl": 60})] {
            world.post(&path, &body).await.fails(200, "MISSING_DATA");
        }
        assert_eq!(world.get(&path).await.ok()["tags"], json!({}));
        for customer in [NOBODY, "external/users/nobody"] {
            world.post(&format!("v1/{customer}/tags"), &json!({"tags": ["t"]})).await.fails(404, "USER_NOT_FOUND");
            world.get(&format!("v1/{customer}/tags")).await.fails(404, "USER_NOT_FOUND");
        }
    }
}
