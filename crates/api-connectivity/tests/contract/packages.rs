//! Packages: made, changed, deleted, attached, detached, and open to sub-customers (rows C62 to C73).

use crate::common::*;
use axum::http::Method;
use muster_app::ports::{Expected, SimWrite};
use muster_domain::tariff::Eligibility;
use serde_json::{Value, json};

const CREATED: &str = "parent/package/created-packages";

/// Offers 1 to 3 of the parent, and offer 4 of its sub-customer.
async fn offers(world: &World) {
    world.tariffs([tariff(PARENT, 1), tariff(PARENT, 2), tariff(PARENT, 3), tariff(SUB, 4)]).await;
}

fn ids(numbers: &[u128]) -> Value {
    json!(numbers.iter().map(|number| tariff_id(*number).to_string()).collect::<Vec<_>>())
}

fn body(name: &str) -> Value {
    json!({"name": name, "nestedOffers": ids(&[1]), "eligibleSubAccountIds": []})
}

/// The address of a package of the parent.
fn of(number: u128) -> String {
    format!("parent/package/{}", package_id(number))
}

fn step(number: u64, package: u128, step: &str) -> String {
    format!("subscriber/iccid/{}/package/{}/{step}", iccid(number), package_id(package))
}

/// A package of the parent, open to whomever.
async fn open_package(world: &World, number: u128, eligibility: Eligibility) {
    let mut open = package(PARENT, number);
    open.eligibility = eligibility;
    world.packages([open]).await;
}

async fn modify(world: &World, number: u128, body: &Value) -> Reply {
    world.patch(&of(number), body).await
}

on_both_stores! {
    async fn c62_a_package_is_made(world: World) {
        offers(&world).await;
        let made = world
            .post(
                "parent/package",
                &json!({
                    "name": "roaming", "description": "roaming bundle", "nestedOffers": ids(&[3, 1]),
                    "eligibleSubAccountIds": [SUB.to_string()]
                }),
            )
            .await
            .accepted();
        assert_eq!(made.as_object().expect("an object").keys().collect::<Vec<_>>(), ["packageId", "requestId"]);
        let expected = json!({
            "id": made["packageId"], "name": "roaming", "description": "roaming bundle", "nestedOffers": ids(&[3, 1]),
            "eligibleSubAccountIds": [SUB.to_string()], "isEverUsed": false
        });
        assert_eq!(world.get(CREATED).await.content(), [expected]);
        let request = made["requestId"].as_str().expect("an id");
        assert_eq!(world.get(&format!("global/call/{request}")).await.only()["status"], "SUCCESS");
        for (name, eligible, shown) in
            [("a", json!(""), json!([])), ("b", json!("ALL"), json!(["ALL"])), ("c", json!(["ALL"]), json!(["ALL"]))]
        {
            let mut body = body(name);
            body["eligibleSubAccountIds"] = eligible;
            world.post("parent/package", &body).await.accepted();
            let listed = world.get(CREATED).await.content();
            assert_eq!(listed.last().expect("some")["eligibleSubAccountIds"], shown);
        }
    }

    async fn c63_what_is_no_package_is_refused(world: World) {
        offers(&world).await;
        for (member, value) in [
            ("name", json!(null)), ("name", json!("")), ("name", json!(" ")), ("name", json!(1)), ("name", json!("x".repeat(256))),
            ("description", json!(1)), ("description", json!("x".repeat(2001))),
            ("nestedOffers", json!(null)), ("nestedOffers", json!([])), ("nestedOffers", json!("")), ("nestedOffers", json!("x")),
            ("nestedOffers", json!(["x"])), ("nestedOffers", json!([1])), ("nestedOffers", ids(&[1, 1])),
            ("nestedOffers", json!((0..101).map(|number| tariff_id(number).to_string()).collect::<Vec<_>>())),
            ("eligibleSubAccountIds", json!(null)), ("eligibleSubAccountIds", json!("SOME")), ("eligibleSubAccountIds", json!(["x"])),
            ("eligibleSubAccountIds", json!(["ALL", SUB.to_string()])),
        ] {
            let mut body = body("roaming");
            body[member] = value.clone();
            let message = world.post("parent/package", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with(&format!("Invalid request parameter: {member} ")), "{value}: {message}");
        }
        assert_eq!(world.get(CREATED).await.content(), Vec::<Value>::new());
    }

    async fn c64_names_offers_and_sub_accounts_that_do_not_fit(world: World) {
        offers(&world).await;
        world.post("parent/package", &body("roaming")).await.accepted();
        assert_eq!(world.post("parent/package", &body("roaming")).await.nak(409, "CUSTOMER_9001"), "Package name already exists");
        // Another customer's package may have the name.
        let mut of_sub = body("roaming");
        of_sub["nestedOffers"] = ids(&[4]);
        world.post_as("sub", "sub/package", &of_sub).await.accepted();
        for offers in [&[9][..], &[1, 9], &[4]] {
            let mut body = body("other");
            body["nestedOffers"] = ids(offers);
            assert_eq!(world.post("parent/package", &body).await.nak(404, "CUSTOMER_9003"), "Unknown offer id");
        }
        for account in [GRANDCHILD.to_string(), STRANGER.to_string(), PARENT.to_string(), NOBODY.to_owned()] {
            let mut body = body("other");
            body["eligibleSubAccountIds"] = json!([SUB.to_string(), account]);
            assert_eq!(world.post("parent/package", &body).await.nak(404, "CUSTOMER_9006"), "Unknown sub-account id");
        }
        world.post("sub/package", &body("other")).await.nak(403, "AUTH_9002");
        world.post("stranger/package", &body("other")).await.nak(404, "CUSTOMER_1002");
        world.post_as("reader", "parent/package", &body("other")).await.nak(403, "AUTH_9002");
        assert_eq!(world.get(CREATED).await.content().len(), 1);
    }

    async fn c65_what_is_sent_changes_and_the_rest_stays(world: World) {
        offers(&world).await;
        let mut given = package(PARENT, 1);
        given.description = Some("first".to_owned());
        world.packages([given]).await;
        let shown = async || world.get(CREATED).await.content()[0].clone();
        let before = shown().await;
        modify(&world, 1, &json!({})).await.accepted();
        assert_eq!(shown().await, before, "absent members are untouched");
        modify(&world, 1, &json!({"description": "second"})).await.accepted();
        assert_eq!((&shown().await["description"], &shown().await["nestedOffers"]), (&json!("second"), &ids(&[1])));
        modify(&world, 1, &json!({"eligibleSubAccountIds": [OTHER_SUB.to_string(), SUB.to_string()]})).await.accepted();
        let row = shown().await;
        assert_eq!(row["eligibleSubAccountIds"], json!([OTHER_SUB.to_string(), SUB.to_string()]));
        assert_eq!(row["description"], "second");
        for empty in [json!(""), json!(null)] {
            modify(&world, 1, &json!({"description": "x", "eligibleSubAccountIds": "ALL"})).await.accepted();
            modify(&world, 1, &json!({"description": empty, "eligibleSubAccountIds": empty})).await.accepted();
            let row = shown().await;
            assert_eq!((&row["description"], &row["eligibleSubAccountIds"]), (&json!(""), &json!([])));
            let stored = world.services.sims.package(package_id(1)).await.expect("readable").expect("it exists");
            assert_eq!(stored.value.description, None, "an empty value is none");
        }
        for (body, name) in [
            (json!({"name": "x"}), "name"), (json!({"description": 1}), "description"), (json!({"nestedOffers": []}), "nestedOffers"),
            (json!({"nestedOffers": ""}), "nestedOffers"), (json!({"eligibleSubAccountIds": "x"}), "eligibleSubAccountIds"),
        ] {
            let message = modify(&world, 1, &body).await.nak(400, "GLOBAL_9001");
            assert!(message.contains(name), "{message}");
        }
        modify(&world, 1, &json!({"eligibleSubAccountIds": [STRANGER.to_string()]})).await.nak(404, "CUSTOMER_9006");
    }

    async fn c66_offers_are_frozen_once_it_was_attached(world: World) {
        offers(&world).await;
        world.packages([package(PARENT, 1)]).await;
        world.sims(SUB, [1]).await;
        modify(&world, 1, &json!({"nestedOffers": ids(&[2, 3])})).await.accepted();
        assert_eq!(world.get(CREATED).await.content()[0]["nestedOffers"], ids(&[2, 3]));
        modify(&world, 1, &json!({"nestedOffers": ids(&[9])})).await.nak(404, "CUSTOMER_9003");
        world.post(&step(1, 1, "attach"), &json!({})).await.accepted();
        for offers in [&[3, 2][..], &[2, 3], &[2]] {
            let message = modify(&world, 1, &json!({"nestedOffers": ids(offers)})).await.nak(409, "CUSTOMER_9002");
            assert_eq!(message, "Nested offers cannot be modified");
        }
        world.post(&step(1, 1, "detach"), &json!({})).await.accepted();
        modify(&world, 1, &json!({"nestedOffers": ids(&[1]), "description": "x"})).await.nak(409, "CUSTOMER_9002");
        assert_eq!(world.get(CREATED).await.content()[0]["description"], "", "nothing of it was done");
        modify(&world, 1, &json!({"description": "x", "eligibleSubAccountIds": "ALL"})).await.accepted();
    }

    async fn c66_a_change_upon_a_change(world: World) {
        offers(&world).await;
        world.packages([package(PARENT, 1)]).await;
        let stored = world.services.sims.package(package_id(1)).await.expect("readable").expect("it exists");
        let mut other = stored.value;
        other.eligibility = Eligibility::All;
        let expected = Expected::Version(stored.version);
        *world.faults.overtaken_by.lock() = vec![vec![SimWrite::Package { package: Box::new(other), expected }]];
        modify(&world, 1, &json!({"description": "x"})).await.accepted();
        let row = world.get(CREATED).await.content()[0].clone();
        assert_eq!((&row["description"], &row["eligibleSubAccountIds"]), (&json!("x"), &json!(["ALL"])), "neither is lost");
        // Attached in the very moment that its offers change.
        world.sims(SUB, [1]).await;
        let stored = world.stored_sim(1).await;
        let mut attached = stored.value;
        attached.package = Some(package_id(1));
        *world.faults.overtaken_by.lock() = vec![vec![SimWrite::Sim { sim: Box::new(attached), version: stored.version }]];
        modify(&world, 1, &json!({"nestedOffers": ids(&[2])})).await.nak(409, "CUSTOMER_9002");
    }

    async fn c67_a_package_is_deleted(world: World) {
        offers(&world).await;
        world.packages([package(PARENT, 1), package(PARENT, 2)]).await;
        let accepted = world.delete(&of(1)).await.accepted();
        let request = accepted["requestId"].as_str().expect("an id");
        assert_eq!(world.get(&format!("global/call/{request}")).await.only()["status"], "SUCCESS");
        let rows = world.get(CREATED).await.content();
        assert_eq!(rows.iter().map(|row| row["name"].clone()).collect::<Vec<_>>(), ["Package 2"]);
        world.delete(&of(1)).await.nak(404, "CUSTOMER_1051");
        modify(&world, 1, &json!({"description": "x"})).await.nak(404, "CUSTOMER_1051");
        world.post("parent/package", &body("Package 1")).await.accepted();
        // A body, as some clients send with every method, is not looked at.
        let request = World::request("parent", Method::DELETE, &of(2), Some("rubbish"));
        world.send(request).await.accepted();
    }

    async fn c68_packages_that_cannot_be_deleted(world: World) {
        world.packages([package(PARENT, 1), package(STRANGER, 2), package(SUB, 3)]).await;
        world.sims(SUB, [1]).await;
        world.post(&step(1, 1, "attach"), &json!({})).await.accepted();
        let message = world.delete(&of(1)).await.nak(409, "CUSTOMER_1053");
        assert_eq!(message, "Package deletion failure. It is not allowed to delete a package in use by subscribers.");
        for package in [package_id(2).to_string(), package_id(3).to_string(), NOBODY.to_owned(), "x".to_owned(), "%FF".to_owned()] {
            let message = world.delete(&format!("parent/package/{package}")).await.nak(404, "CUSTOMER_1051");
            assert_eq!(message, "Unknown package id.");
            let path = format!("parent/package/{package}");
            world.patch(&path, &json!({"description": "x"})).await.nak(404, "CUSTOMER_1051");
        }
        world.delete(&format!("sub/package/{}", package_id(3))).await.nak(403, "AUTH_9002");
        world.delete(&format!("stranger/package/{}", package_id(2))).await.nak(404, "CUSTOMER_1002");
        world.post(&step(1, 1, "detach"), &json!({})).await.accepted();
        world.delete(&of(1)).await.accepted();
    }

    async fn c69_the_creator_attaches_to_sims_of_sub_customers(world: World) {
        world.packages([package(PARENT, 1), package(SUB, 2), package(PARENT, 3)]).await;
        world.sims(SUB, [1]).await;
        world.sims(PARENT, [2]).await;
        world.sims(STRANGER, [3]).await;
        world.sims(OTHER_SUB, [4]).await;
        // The sub-customer needs neither eligibility nor delegation for it.
        world.post(&step(1, 1, "attach"), &json!({"myPackage": false})).await.accepted();
        world.send(World::request("parent", Method::POST, &step(4, 1, "attach"), None)).await.accepted();
        assert_eq!(world.stored_sim(1).await.value.package, Some(package_id(1)));
        assert_eq!(world.get(CREATED).await.content()[0]["isEverUsed"], true);
        assert_eq!(world.get(CREATED).await.content()[1]["isEverUsed"], false);
        world.post(&step(2, 1, "attach"), &json!({})).await.nak(403, "AUTH_9002");
        world.post(&step(3, 1, "attach"), &json!({})).await.nak(404, "SUBSCRIBER_1002");
        world.post(&step(9, 1, "attach"), &json!({})).await.nak(404, "SUBSCRIBER_1002");
        for package in [2, 9] {
            world.post(&step(1, package, "attach"), &json!({})).await.nak(404, "CUSTOMER_1051");
        }
        let malformed = format!("subscriber/iccid/{}/package/x/attach", iccid(1));
        world.post(&malformed, &json!({})).await.nak(404, "CUSTOMER_1051");
        world.post(&step(1, 3, "attach"), &json!({"myPackage": "false"})).await.nak(400, "GLOBAL_9001");
        world.delete(&of(3)).await.accepted();
        world.post(&step(1, 3, "attach"), &json!({})).await.nak(404, "CUSTOMER_1051");
        // The sub-customer's SIM, asked for by the sub-customer without self-service.
        world.post_as("sub", &step(1, 1, "attach"), &json!({})).await.nak(404, "CUSTOMER_1051");
        world.post_as("reader", &step(1, 1, "attach"), &json!({})).await.nak(403, "AUTH_9002");
    }

    async fn c70_self_service_needs_delegation_and_eligibility(world: World) {
        let mine = json!({"myPackage": true});
        open_package(&world, 1, Eligibility::All).await;
        open_package(&world, 2, Eligibility::These(vec![SUB])).await;
        open_package(&world, 3, Eligibility::These(vec![OTHER_SUB])).await;
        open_package(&world, 4, Eligibility::These(vec![])).await;
        world.packages([package(STRANGER, 5)]).await;
        world.sims(SUB, [1, 2]).await;
        world.sims(OTHER_SUB, [3]).await;
        world.sims(GRANDCHILD, [4]).await;
        world.post_as("sub", &step(1, 1, "attach"), &mine).await.accepted();
        world.post_as("sub", &step(2, 2, "attach"), &mine).await.accepted();
        world.post_as("sub", &step(2, 2, "detach"), &mine).await.accepted();
        // Not eligible, and nobody is.
        world.post_as("sub", &step(2, 3, "attach"), &mine).await.nak(403, "AUTH_9002");
        world.post_as("sub", &step(2, 4, "attach"), &mine).await.nak(403, "AUTH_9002");
        // Eligible, and nothing is delegated.
        world.post_as("other-sub", &step(3, 3, "attach"), &mine).await.nak(403, "AUTH_9002");
        world.post_as("other-sub", &step(3, 1, "attach"), &mine).await.nak(403, "AUTH_9002");
        // Not the parent's package; somebody else's SIM.
        world.post_as("sub", &step(2, 5, "attach"), &mine).await.nak(404, "CUSTOMER_1051");
        world.post_as("sub", &step(4, 1, "attach"), &mine).await.nak(403, "AUTH_9002");
        world.post_as("sub", &step(3, 1, "attach"), &mine).await.nak(404, "SUBSCRIBER_1002");
        world.post_as("grandchild", &step(4, 1, "attach"), &mine).await.nak(404, "CUSTOMER_1051");
        world.post_as("stranger", &step(1, 5, "attach"), &mine).await.nak(404, "SUBSCRIBER_1002");
        // Taken out of the eligible, the sub-customer keeps its SIMs and cannot detach them itself.
        modify(&world, 1, &json!({"eligibleSubAccountIds": []})).await.accepted();
        assert_eq!(world.stored_sim(1).await.value.package, Some(package_id(1)));
        world.post_as("sub", &step(1, 1, "detach"), &mine).await.nak(403, "AUTH_9002");
        world.post(&step(1, 1, "detach"), &json!({})).await.accepted();
        // Delegation is taken back.
        world.alter_account(SUB, |account| account.allow_offer_delegation = false).await;
        world.post_as("sub", &step(1, 2, "attach"), &mine).await.nak(403, "AUTH_9002");
    }

    async fn c71_one_package_at_most(world: World) {
        world.packages([package(PARENT, 1), package(PARENT, 2)]).await;
        world.sims(SUB, [1]).await;
        world.post(&step(1, 1, "attach"), &json!({})).await.accepted();
        for package in [1, 2] {
            let message = world.post(&step(1, package, "attach"), &json!({})).await.nak(409, "SUBSCRIBER_9002");
            assert_eq!(message, "Another package is attached");
        }
        assert_eq!(world.get(CREATED).await.content()[1]["isEverUsed"], false, "an attempt is no use");
        world.post(&step(1, 1, "detach"), &json!({})).await.accepted();
        world.post(&step(1, 2, "attach"), &json!({})).await.accepted();
        // Somebody else attaches one in the same moment.
        world.post(&step(1, 2, "detach"), &json!({})).await.accepted();
        let stored = world.stored_sim(1).await;
        let mut attached = stored.value;
        attached.package = Some(package_id(1));
        *world.faults.overtaken_by.lock() = vec![vec![SimWrite::Sim { sim: Box::new(attached), version: stored.version }]];
        world.post(&step(1, 2, "attach"), &json!({})).await.nak(409, "SUBSCRIBER_9002");
    }

    async fn c72_detaching_one_or_many(world: World) {
        world.packages([package(PARENT, 1), package(PARENT, 2)]).await;
        world.sims(SUB, 1..=3).await;
        let not_attached = world.post(&step(1, 1, "detach"), &json!({})).await.nak(409, "SUBSCRIBER_9001");
        assert_eq!(not_attached, "Package is not attached");
        let content = json!({"packageId": package_id(1).to_string()});
        let ids = world.post("bulk/subscriber/package/attach", &bulk(1..=3, &content)).await.accepted_all();
        assert_eq!(ids.len(), 3);
        assert_eq!(world.stored_sim(3).await.value.package, Some(package_id(1)));
        world.post(&step(1, 2, "detach"), &json!({})).await.nak(409, "SUBSCRIBER_9001");
        // One that cannot be done, and none is; the same SIM twice is one too many.
        world.post(&step(2, 1, "detach"), &json!({"myPackage": false})).await.accepted();
        let message = world.post("bulk/subscriber/package/detach", &bulk(1..=3, &content)).await.nak(409, "SUBSCRIBER_9001");
        assert!(message.contains(&format!("[1] ICCID {}: SUBSCRIBER_9001", iccid(2))), "{message}");
        world.post("bulk/subscriber/package/detach", &bulk([1, 3, 1], &content)).await.nak(409, "SUBSCRIBER_9001");
        world.post("bulk/subscriber/package/attach", &bulk([2, 2], &content)).await.nak(409, "SUBSCRIBER_9002");
        assert_eq!(world.stored_sim(1).await.value.package, Some(package_id(1)));
        assert_eq!(world.stored_sim(2).await.value.package, None);
        world.post("bulk/subscriber/package/detach", &bulk([1, 3], &content)).await.accepted_all();
        assert_eq!(world.stored_sim(1).await.value.package, None);
        for content in [json!({}), json!({"packageId": "x"}), json!({"packageId": package_id(1).to_string(), "myPackage": 1})] {
            world.post("bulk/subscriber/package/attach", &bulk([1], &content)).await.nak(400, "GLOBAL_9001");
        }
        let unknown = json!({"packageId": NOBODY});
        world.post("bulk/subscriber/package/attach", &bulk([1], &unknown)).await.nak(404, "CUSTOMER_1051");
        let mine = json!({"packageId": package_id(1).to_string(), "myPackage": true});
        world.post_as("sub", "bulk/subscriber/package/attach", &bulk([1], &mine)).await.nak(403, "AUTH_9002");
    }

    async fn c72_packages_by_the_device_a_sim_is_in(world: World) {
        world.packages([package(PARENT, 1)]).await;
        let mut in_device = sim(world.organization, SUB, 1);
        in_device.imei = Some("352099001761481".to_owned());
        in_device.imeisv = Some("3520990017614823".to_owned());
        world.write(vec![SimWrite::LoadSims(vec![(in_device, Vec::new())])]).await;
        let body = |value: &str| json!({"bulk": [{
            "subscriberIdentifiers": {"type": "IMEISV", "value": value},
            "content": {"packageId": package_id(1).to_string()}
        }]});
        // The same device with other software is not the one that is known.
        world.post("bulk/subscriber/package/attach", &body("3520990017614824")).await.nak(404, "SUBSCRIBER_1002");
        world.post("bulk/subscriber/package/attach", &body("3520990017614823")).await.accepted_all();
        assert_eq!(world.stored_sim(1).await.value.package, Some(package_id(1)));
    }

    async fn c73_packages_that_are_open_and_packages_in_use(world: World) {
        open_package(&world, 1, Eligibility::All).await;
        open_package(&world, 2, Eligibility::These(vec![OTHER_SUB])).await;
        open_package(&world, 3, Eligibility::These(vec![SUB, OTHER_SUB])).await;
        open_package(&world, 4, Eligibility::All).await;
        world.delete(&of(4)).await.accepted();
        let names = |rows: Vec<Value>| rows.iter().map(|row| row["name"].as_str().expect("a text").to_owned()).collect::<Vec<_>>();
        let eligible = world.get_as("sub", "sub/package/my-eligible-packages").await.content();
        assert_eq!(
            eligible[0],
            json!({"id": package_id(1).to_string(), "name": "Package 1", "description": "", "nestedOffers": ids(&[1])})
        );
        assert_eq!(eligible[0].as_object().expect("an object").keys().next().map(String::as_str), Some("id"));
        assert_eq!(names(eligible), ["Package 1", "Package 3"]);
        // Without delegation nothing is open, and a root customer has no parent to open anything.
        assert!(world.get_as("other-sub", "other-sub/package/my-eligible-packages").await.content().is_empty());
        assert!(world.get("parent/package/my-eligible-packages").await.content().is_empty());
        world.get("sub/package/my-eligible-packages").await.nak(404, "CUSTOMER_1002");

        world.sims(SUB, 1..=3).await;
        world.sims(OTHER_SUB, [4]).await;
        for (sim, package) in [(1, 3), (2, 3), (3, 1), (4, 2)] {
            world.post(&step(sim, package, "attach"), &json!({})).await.accepted();
        }
        assert_eq!(names(world.get_as("sub", "sub/package/my-packages").await.content()), ["Package 1", "Package 3"]);
        assert_eq!(names(world.get("sub/package/my-packages").await.content()), ["Package 1", "Package 3"]);
        assert_eq!(names(world.get("other-sub/package/my-packages").await.content()), ["Package 2"]);
        assert!(world.get("parent/package/my-packages").await.content().is_empty());
        world.get("grandchild/package/my-packages").await.nak(404, "CUSTOMER_1002");
        world.post(&step(3, 1, "detach"), &json!({})).await.accepted();
        assert_eq!(names(world.get("sub/package/my-packages").await.content()), ["Package 3"]);
    }
}
