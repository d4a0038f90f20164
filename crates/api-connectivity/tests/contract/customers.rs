//! Customers and sub-customers (rows C55, C56).

use crate::common::*;
use serde_json::{Value, json};

on_both_stores! {
    async fn c55_sub_customers_one_level_down(world: World) {
        let content = world.get("parent/child-customers").await.content();
        assert_eq!(
            content,
            [
                json!({"customerId": SUB.to_string(), "customerName": "Sub"}),
                json!({"customerId": OTHER_SUB.to_string(), "customerName": "Other sub"}),
            ]
        );
        let content = world.get_as("sub", "sub/child-customers").await.content();
        assert_eq!(content, [json!({"customerId": GRANDCHILD.to_string(), "customerName": "Grandchild"})]);
        assert_eq!(world.get_as("grandchild", "grandchild/child-customers").await.content(), Vec::<Value>::new());
        // The children of a sub-customer are its own affair.
        for customer in [SUB.to_string(), GRANDCHILD.to_string(), STRANGER.to_string(), NOBODY.to_owned()] {
            world.get(&format!("customer/{customer}/child-customers")).await.nak(404, "CUSTOMER_1002");
        }
    }

    async fn c56_a_customer_and_its_fields(world: World) {
        let row = world.get("parent").await.only();
        assert_eq!(
            row,
            json!({
                "customerId": PARENT.to_string(), "status": "ACTIVE", "type": "BUSINESS", "name": "Parent",
                "currency": "EUR", "allowOfferDelegation": true, "isAllowedImeiLock": false,
                "isImeiLockEnabled": false, "companyNumber": "", "vatRegistrationNumber": "", "bankNumber": ""
            })
        );
        assert_eq!(row.as_object().expect("an object").keys().next().map(String::as_str), Some("customerId"));
        assert_eq!(world.get("parent/").await.only(), row);
        assert_eq!(world.get("sub").await.only()["name"], "Sub");
        for customer in [GRANDCHILD.to_string(), STRANGER.to_string(), NOBODY.to_owned(), "x".to_owned()] {
            world.get(&format!("customer/{customer}")).await.nak(404, "CUSTOMER_1002");
        }
        world.get_as("sub", "parent").await.nak(404, "CUSTOMER_1002");
    }

    async fn c56_a_sub_customer_is_made(world: World) {
        let body = json!({
            "status": "SUSPEND", "type": "PRIVATE", "name": "New", "currency": "USD", "allowOfferDelegation": true,
            "isAllowedImeiLock": true, "vatRegistrationNumber": "IE1", "companyNumber": "77",
            "mfaConfiguration": "ENABLED", "contact": {"email": "ada@example.com"}, "address": [{"city": "Cork"}],
            "customFields": {"a": [1]}, "logo": null, "unknown": true
        });
        let made = world.post("parent", &body).await.accepted();
        let id = made["customerId"].as_str().expect("an id");
        assert_eq!(made.as_object().expect("an object").keys().collect::<Vec<_>>(), ["customerId", "requestId"]);
        let row = world.get(&format!("customer/{id}")).await.only();
        assert_eq!(
            row,
            json!({
                "customerId": id, "status": "SUSPEND", "type": "PRIVATE", "name": "New", "currency": "USD",
                "allowOfferDelegation": true, "isAllowedImeiLock": true, "isImeiLockEnabled": false,
                "companyNumber": "77", "vatRegistrationNumber": "IE1", "bankNumber": "",
                "mfaConfiguration": "ENABLED", "contact": {"email": "ada@example.com"}, "address": [{"city": "Cork"}],
                "customFields": {"a": [1]}
            })
        );
        let request = made["requestId"].as_str().expect("an id");
        assert_eq!(world.get(&format!("global/call/{request}")).await.only()["status"], "SUCCESS");
        let children = world.get("parent/child-customers").await.content();
        assert_eq!(children.last().expect("three")["customerId"], id, "the newest comes last");
        // The least that it takes.
        let made = world.post("parent", &json!({"status": "ACTIVE", "currency": "EUR"})).await.accepted();
        let row = world.get(&format!("customer/{}", made["customerId"].as_str().expect("an id"))).await.only();
        assert_eq!((&row["type"], &row["name"], &row["allowOfferDelegation"]), (&json!("PRIVATE"), &json!(""), &json!(false)));
    }

    async fn c56_what_is_no_sub_customer_is_refused(world: World) {
        let good = json!({"status": "ACTIVE", "currency": "EUR"});
        for (member, value) in [
            ("status", json!(null)), ("status", json!("active")), ("status", json!("INACTIVE")), ("status", json!(1)),
            ("type", json!("Business")), ("currency", json!(null)), ("currency", json!("EURO")), ("currency", json!("eur")),
            ("currency", json!("")), ("name", json!(7)), ("name", json!(" ")), ("name", json!("x".repeat(256))),
            ("allowOfferDelegation", json!("true")), ("mfaConfiguration", json!("ON")), ("contact", json!("x")),
            ("address", json!({})), ("customFields", json!([])), ("logo", json!(1)),
        ] {
            let mut body = good.clone();
            body[member] = value;
            let message = world.post("parent", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with(&format!("Invalid request parameter: {member} ")), "{message}");
        }
        world.post("sub", &good).await.nak(403, "AUTH_9002");
        world.post("grandchild", &good).await.nak(404, "CUSTOMER_1002");
        world.post("stranger", &good).await.nak(404, "CUSTOMER_1002");
        world.post("customer/x", &good).await.nak(404, "CUSTOMER_1002");
        world.post_as("reader", "parent", &good).await.nak(403, "AUTH_9002");
        assert_eq!(world.get("parent/child-customers").await.content().len(), 2, "nothing was made");
    }
}
