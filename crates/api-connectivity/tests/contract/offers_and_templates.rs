//! Offers and templates (rows C74, C75).

use crate::common::*;
use muster_domain::sim::{Operation, TemplateKind};
use serde_json::{Value, json};

on_both_stores! {
    async fn c74_offers_are_made_and_listed(world: World) {
        let good = json!({
            "name": "Data 1 GB", "description": "for Europe", "type": "USAGE", "cost": 12.5, "currency": "EUR",
            "renewalInterval": "SEMI_ANNUALLY"
        });
        let made = world.post("parent/offer", &good).await.accepted();
        assert_eq!(made.as_object().expect("an object").keys().collect::<Vec<_>>(), ["offerId", "requestId"]);
        assert_eq!(
            world.get("parent/offer/created-offers").await.content(),
            [json!({
                "id": made["offerId"], "name": "Data 1 GB", "description": "for Europe", "type": "USAGE",
                "creationTime": "2023-11-14 22:13:20", "expirationTime": "", "renewalInterval": "SEMI_ANNUALLY",
                "isProrated": false, "usage": {"cost": 12.5, "currency": "EUR"}
            })]
        );
        for (kind, member) in [("RATE", "rate"), ("MONEY", "money"), ("POOL", "pool")] {
            let body = json!({"name": kind, "type": kind, "cost": "0.000001", "currency": "USD", "renewalInterval": "ONE_TIME"});
            world.post("parent/offer", &body).await.accepted();
            let row = world.get("parent/offer/created-offers").await.content().pop().expect("some");
            assert_eq!(row[member], json!({"cost": 0.000_001, "currency": "USD"}));
            let prices = ["rate", "money", "usage", "pool"];
            assert_eq!(prices.iter().filter(|name| row.get(**name).is_some()).count(), 1, "{row}");
        }
        for (member, value) in [
            ("name", json!(null)), ("name", json!("")), ("type", json!("usage")), ("type", json!(null)), ("cost", json!(null)),
            ("cost", json!(-1)), ("cost", json!("x")), ("cost", json!("1e3")), ("cost", json!(1e300)), ("cost", json!(true)),
            ("cost", json!("1234567890123456")), ("currency", json!("€")), ("currency", json!(null)),
            ("renewalInterval", json!("MONTH")), ("renewalInterval", json!(null)), ("description", json!([])),
        ] {
            let mut body = good.clone();
            body[member] = value.clone();
            let message = world.post("parent/offer", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with(&format!("Invalid request parameter: {member} ")), "{value}: {message}");
        }
        world.post("sub/offer", &good).await.nak(403, "AUTH_9002");
        world.post("stranger/offer", &good).await.nak(404, "CUSTOMER_1002");
        for customer in [SUB.to_string(), STRANGER.to_string(), NOBODY.to_owned()] {
            world.get(&format!("customer/{customer}/offer/created-offers")).await.nak(404, "CUSTOMER_1002");
        }
        assert_eq!(world.get("parent/offer/created-offers").await.content().len(), 4);
    }

    async fn c75_templates_are_made_and_read(world: World) {
        let body = json!({"name": "Search every 30 minutes", "kind": "FILE_UPDATE", "path": "3f00/adf1/6f31", "data": "0aFf"});
        let made = world.post("parent/campaign-template", &body).await.accepted();
        assert_eq!(made.as_object().expect("an object").keys().collect::<Vec<_>>(), ["templateId", "requestId"]);
        let id = made["templateId"].as_i64().expect("a number");
        let expected = json!({
            "id": id, "name": "Search every 30 minutes", "description": "", "kind": "FILE_UPDATE",
            "path": "3F00/ADF1/6F31", "data": "0AFF"
        });
        let path = format!("parent/campaign-template/{id}");
        assert_eq!(world.get(&path).await.only(), expected);
        assert_eq!(world.get("parent/campaign-template").await.content(), [expected]);
        // What goes with keys is shown to nobody.
        let body = json!({"name": "Keys", "description": "x", "kind": "KEY_WRITE", "data": "C0FFEE"});
        let secret = world.post("parent/campaign-template", &body).await.accepted()["templateId"].clone();
        let reply = world.get(&format!("parent/campaign-template/{secret}")).await;
        assert_eq!((&reply.only()["data"], &reply.only()["path"]), (&json!(""), &json!("")));
        assert!(!reply.body.to_lowercase().contains("c0ffee"), "{}", reply.body);
        let imsi = json!({"name": "IMSI", "kind": "IMSI_ADD", "data": "0102", "tar": "b20100"});
        let imsi = world.post("parent/campaign-template", &imsi).await.accepted()["templateId"].as_i64().expect("a number");
        assert_eq!(world.get(&format!("parent/campaign-template/{imsi}")).await.only()["data"], "0102");
        let stored = world.services.sims.template(muster_domain::ids::TemplateId(imsi)).await.expect("readable").expect("it exists");
        assert_eq!(stored.kind, TemplateKind::ImsiAdd);
        assert_eq!(stored.operations, [Operation::Application { tar: "B20100".to_owned(), data: "0102".to_owned() }]);
        assert!(id < imsi, "numbers go up");
        let ids: Vec<_> = world.get("parent/campaign-template").await.content().iter().map(|row| row["id"].as_i64()).collect();
        assert_eq!(ids, [Some(id), secret.as_i64(), Some(imsi)]);
        for unknown in ["999", "x", "0", "-1"] {
            world.get(&format!("parent/campaign-template/{unknown}")).await.nak(404, "CUSTOMER_9004");
        }
        world.get(&format!("sub/campaign-template/{id}")).await.nak(404, "CUSTOMER_9004");
        world.get(&format!("stranger/campaign-template/{id}")).await.nak(404, "CUSTOMER_1002");
        assert_eq!(world.get("sub/campaign-template").await.content(), Vec::<Value>::new());
    }

    async fn c75_what_is_no_template_is_refused(world: World) {
        let good = json!({"name": "T", "kind": "FILE_UPDATE", "path": "3F00/ADF1/6F31", "data": "05"});
        for (member, value) in [
            ("name", json!(null)), ("name", json!("")), ("kind", json!("file_update")), ("kind", json!("APPLET")), ("kind", json!(null)),
            ("path", json!(null)), ("path", json!("")), ("path", json!("ADF1/6F31")), ("path", json!("3F00")), ("path", json!("3F00/ADF1/6F3")),
            ("path", json!("3F00/ADFX/6F31")), ("path", json!("3F00//6F31")), ("path", json!("3F00/ADF1/6F31/")), ("path", json!(1)),
            ("data", json!(null)), ("data", json!("")), ("data", json!("5")), ("data", json!("0g")), ("data", json!("0 5")),
            ("data", json!("05".repeat(4097))), ("data", json!(5)), ("description", json!(1)),
        ] {
            let mut body = good.clone();
            body[member] = value.clone();
            let message = world.post("parent/campaign-template", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with(&format!("Invalid request parameter: {member} ")), "{value}: {message}");
        }
        for tar in ["B201", "B2010000", "xxxxxx"] {
            let body = json!({"name": "T", "kind": "IMSI_ADD", "data": "05", "tar": tar});
            world.post("parent/campaign-template", &body).await.nak(400, "GLOBAL_9001");
        }
        world.post("sub/campaign-template", &good).await.nak(403, "AUTH_9002");
        world.post("stranger/campaign-template", &good).await.nak(404, "CUSTOMER_1002");
        world.post_as("reader", "parent/campaign-template", &good).await.nak(403, "AUTH_9002");
        assert_eq!(world.get("parent/campaign-template").await.content(), Vec::<Value>::new());
    }
}
