//! N2: custom attributes and their model (row E134).

use crate::common::*;
use serde_json::{Map, Value, json};

on_both_stores! {
    async fn e134_attributes_are_added_and_read_through_n1(world: World) {
        world.ada().await;
        let by_id = format!("v1/{ADA}/models/user_profile");
        let first = world.post(&by_id, &json!({"user_profile": {"shoe": 43, "color": "red"}})).await.ok();
        assert_eq!(first["user_profile"], json!({"shoe": 43, "color": "red", "_version": 1}));
        let by_external_id = "v1/external/users/ext-1/models/user_profile";
        let second = json!({"user_profile": {"color": null, "pets": ["cat", {"name": "Rex"}]}});
        world.post(by_external_id, &second).await.ok();
        let read = world.get(&format!("v1/{ADA}?user[user_profile]=true")).await.ok();
        let expected = json!({"shoe": 43, "pets": ["cat", {"name": "Rex"}], "_version": 2});
        assert_eq!(read["user"]["user_profile"], expected);
        let riding = json!({"user": {"user_profile": {"shoe": 44, "_version": 7}}});
        let ridden = world.put_json(&format!("v1/{ADA}?user[user_profile]=true"), &riding).await.ok();
        assert_eq!(ridden["user"]["user_profile"]["shoe"], 44);
        assert_eq!(ridden["user"]["user_profile"]["_version"], 3, "the version cannot be written");
    }

    async fn e134_attributes_decide_who_qualifies(world: World) {
        let targeting = json!({"user.user_profile.shoe": {"$gte": 43}});
        world.put([CampaignBuilder::new(1).targeting(targeting)]).await;
        world.ada().await;
        let state = async || world.get(&format!("v1/{ADA}/campaigns/1/progress")).await.ok()["campaign"]["state"].clone();
        assert_eq!(state().await, "not_qualified");
        world.post(&format!("v1/{ADA}/models/user_profile"), &json!({"user_profile": {"shoe": 43}})).await.ok();
        assert_eq!(state().await, "qualified");
        world.post(&format!("v1/{ADA}/models/user_profile"), &json!({"user_profile": {"shoe": "43"}})).await.ok();
        assert_eq!(state().await, "not_qualified", "text is no number");
    }

    async fn e134_what_breaks_a_rule_is_refused_whole(world: World) {
        world.ada().await;
        let path = format!("v1/{ADA}/models/user_profile");
        let many = |count: usize| (0..count).map(|at| (format!("a{at}"), json!(1))).collect::<Map<_, _>>();
        let nested = (0..8).fold(json!(1), |inner, _| json!([inner]));
        for attributes in [
            Value::Object(many(201)),
            json!({"good": 1, "": 1}),
            json!({"good": 1, "deep": nested}),
            json!({"good": 1, "long": "x".repeat(20_000)}),
            json!({"good": 1, "nul": "\u{0}"}),
            json!([]),
            json!("text"),
        ] {
            world.post(&path, &json!({ "user_profile": attributes })).await.fails(200, "VALIDATION");
        }
        for body in [json!({}), json!({"user_profile": null}), json!({"shoe": 43})] {
            world.post(&path, &body).await.fails(200, "MISSING_DATA");
        }
        world.post_text(&path, "").await.fails(200, "MISSING_DATA");
        world.post(&format!("v1/{NOBODY}/models/user_profile"), &json!({"user_profile": {"a": 1}}))
            .await
            .fails(404, "USER_NOT_FOUND");
        assert!(world.stored(muster_domain::ids::CustomerId(uuid::Uuid::from_u128(1))).await.profile.user_profile.is_empty());
        world.post(&path, &json!({ "user_profile": many(200) })).await.ok();
    }

    async fn e134_the_model_is_read_and_extended(world: World) {
        let empty = world.get("v1/models/user_profiles").await.ok();
        let expected = json!({"name": "user_profiles", "version": 0, "request_key": "user_profile", "attributes": {}});
        assert_eq!(empty["model"], expected);
        let object = json!({"attributes": {"shoe": {"type": "integer"}, "color": "string"}});
        let added = world.post("v1/models/user_profiles/attributes", &object).await.ok();
        assert_eq!(added["model"]["version"], 1);
        let array = json!({"attributes": [{"name": "pets", "type": "array"}]});
        world.post("v1/models/user_profiles/attributes", &array).await.ok();
        let read = world.get("v1/models/user_profiles").await.ok();
        let attributes = json!({"shoe": {"type": "integer"}, "color": "string", "pets": {"type": "array"}});
        assert_eq!(read["model"]["attributes"], attributes);
    }

    async fn e134_models_and_definitions_that_cannot_be_are_refused(world: World) {
        world.get("v1/models/orders").await.fails(404, "NOT_FOUND");
        let path = "v1/models/user_profiles/attributes";
        world.post("v1/models/orders/attributes", &json!({"attributes": {"a": "string"}})).await.fails(404, "NOT_FOUND");
        world.post(path, &json!({})).await.fails(200, "MISSING_DATA");
        for attributes in [json!("a"), json!({"a": 5}), json!([{"type": "string"}]), json!(["a"]), json!([{"name": 1}])] {
            world.post(path, &json!({ "attributes": attributes })).await.fails(200, "VALIDATION");
        }
        assert_eq!(world.get("v1/models/user_profiles").await.ok()["model"]["version"], 0);
    }
}
