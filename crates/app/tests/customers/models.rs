//! The model of custom attributes.

use crate::{World, on_both_stores};
use muster_app::AppError;
use muster_app::usecases::customers::{DEFAULT_MODEL, add_attributes, read_model};
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn definitions(value: Value) -> Map<String, Value> {
    let Value::Object(definitions) = value else { panic!("definitions are an object") };
    definitions
}

on_both_stores! {
    async fn e134_definitions_are_added_and_replaced(world: World) {
        let empty = read_model(&world.snapshot(), DEFAULT_MODEL).expect("it is there from the start");
        assert_eq!((empty.version, empty.attributes.len()), (0, 0));
        let add = async |value| {
            add_attributes(&world.services, world.organization, DEFAULT_MODEL, &definitions(value)).await
        };
        add(json!({"shoe": "integer", "color": {"type": "string"}})).await.expect("added");
        add(json!({"shoe": {"type": "number"}})).await.expect("replaced");
        let model = add(json!({"shoe": {"type": "number"}})).await.expect("unchanged");
        assert_eq!(model.version, 2, "what stands already is not written");
        let read = read_model(&world.snapshot(), DEFAULT_MODEL).expect("there");
        let expected = json!({"shoe": {"type": "number"}, "color": {"type": "string"}});
        assert_eq!(Value::Object(read.attributes), expected);
    }

    async fn definitions_that_cannot_be_are_refused(world: World) {
        let many = |count: usize| (0..count).map(|at| (format!("a{at}"), json!("text"))).collect::<Map<_, _>>();
        let cases = [
            ("a number", definitions(json!({"a": 5}))),
            ("an empty name", definitions(json!({"": "text"}))),
            ("a long name", definitions(json!({"n".repeat(129): "text"}))),
            ("a long definition", definitions(json!({"a": "x".repeat(3000)}))),
            ("too many", many(201)),
        ];
        for (name, definitions) in cases {
            let refused = add_attributes(&world.services, world.organization, DEFAULT_MODEL, &definitions).await;
            assert!(matches!(refused, Err(AppError::Invalid(_))), "{name}");
        }
        add_attributes(&world.services, world.organization, DEFAULT_MODEL, &many(200)).await.expect("the limit");
        let unknown = add_attributes(&world.services, world.organization, "orders", &many(1)).await;
        assert!(matches!(unknown, Err(AppError::NotFound { .. })));
    }

    async fn definitions_added_at_once_are_all_kept(world: World) {
        let nodes = [Arc::clone(&world.services), world.another_node().await];
        let organization = world.organization;
        let tries: Vec<_> = (0..4)
            .map(|number| {
                let services = Arc::clone(&nodes[number % 2]);
                let definition = definitions(json!({format!("a{number}"): "text"}));
                tokio::spawn(async move {
                    add_attributes(&services, organization, DEFAULT_MODEL, &definition).await.map(drop)
                })
            })
            .collect();
        for attempt in tries {
            attempt.await.expect("no panic").expect("added");
        }
        world.services.catalog.reload(organization).await.expect("readable");
        let model = read_model(&world.snapshot(), DEFAULT_MODEL).expect("there");
        assert_eq!((model.attributes.len(), model.version), (4, 4));
    }
}
