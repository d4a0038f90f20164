//! Packages that a customer made (rows C30 to C40).

use crate::common::*;
use muster_app::ports::{Expected, SimWrite, StoreError};
use muster_domain::ids::{AccountId, PackageId, TariffId};
use muster_domain::tariff::{Eligibility, Package};
use serde_json::{Value, json};

const PATH: &str = "parent/package/created-packages";
const FIELDS: [&str; 6] =
    ["id", "name", "description", "nestedOffers", "eligibleSubAccountIds", "isEverUsed"];

/// The two packages of the contract's example.
async fn samples(world: &World) {
    let id = |text: &str| text.parse().expect("a UUID");
    let roaming = Package {
        id: PackageId(id("e7fcef24-5c03-41dd-9e33-995b7d6f47a7")),
        name: "roaming".to_owned(),
        description: Some("roaming bundle".to_owned()),
        nested_offers: vec![
            TariffId(id("1b15048b-1ed4-4d34-a074-c7e26520e12a")),
            TariffId(id("ee74dca6-8e7f-4b85-a42b-13860913b3b1")),
        ],
        eligibility: Eligibility::These(vec![
            AccountId(id("ff74dca6-8e7f-4b85-a42b-13860913b370")),
            AccountId(id("95aeee09-6dc4-41ba-9d1c-8584de2fcf0c")),
        ]),
        ..package(PARENT, 1)
    };
    let regular = Package {
        id: PackageId(id("ff74dca6-8e7f-4b85-a42b-13860913b250")),
        name: "regular".to_owned(),
        description: Some("regular bundle".to_owned()),
        nested_offers: vec![TariffId(id("fb3e01cf-3798-4d53-b2b4-914b3e36c83c"))],
        is_ever_used: true,
        ..package(PARENT, 2)
    };
    world.packages([roaming, regular]).await;
}

on_both_stores! {
    async fn c30_c31_c32_the_sample_packages(world: World) {
        samples(&world).await;
        let expected: Vec<Value> =
            serde_json::from_str(include_str!("fixtures/created_packages.json")).expect("a fixture");
        let reply = world.get(PATH).await;
        assert_eq!(reply.content(), expected);
        // Here the example is complete, so its totals hold too.
        assert_eq!(
            reply.ack()["pageable"],
            json!({"page": 1, "size": 10, "totalPages": 1, "totalElements": 2})
        );
        for row in reply.content() {
            assert_eq!(row.as_object().expect("an object").keys().map(String::as_str).collect::<Vec<_>>(), FIELDS);
        }
        assert!(reply.body.contains(r#""eligibleSubAccountIds":[],"isEverUsed":true"#), "{}", reply.body);
    }

    async fn c33_c34_all_is_a_word_and_offers_keep_their_order(world: World) {
        let mut open = package(PARENT, 1);
        open.eligibility = Eligibility::All;
        open.nested_offers = [3, 1, 2].map(tariff_id).to_vec();
        world.packages([open]).await;
        let row = world.get(PATH).await.content()[0].clone();
        assert_eq!(row["eligibleSubAccountIds"], json!(["ALL"]));
        assert_eq!(row["nestedOffers"], json!([3, 1, 2].map(|number| tariff_id(number).to_string())));
        assert_eq!(row["description"], "", "no description is an empty one");
    }

    async fn c35_ever_used_is_for_ever(world: World) {
        world.packages([package(PARENT, 1)]).await;
        world.sims(SUB, [1]).await;
        let used = async || world.get(PATH).await.content()[0]["isEverUsed"].clone();
        assert_eq!(used().await, false);
        let path = format!("subscriber/iccid/{}/package/{}", iccid(1), package_id(1));
        world.post(&format!("{path}/attach"), &json!({})).await.accepted();
        assert_eq!(used().await, true);
        world.post(&format!("{path}/detach"), &json!({})).await.accepted();
        assert_eq!(used().await, true);
    }

    async fn c36_only_ones_own_are_shown(world: World) {
        world.packages([package(SUB, 1)]).await;
        for customer in [NOBODY.to_owned(), "x".to_owned(), STRANGER.to_string(), SUB.to_string()] {
            let path = format!("customer/{customer}/package/created-packages");
            world.get(&path).await.nak(404, "CUSTOMER_1002");
        }
        assert_eq!(world.get_as("sub", "sub/package/created-packages").await.content().len(), 1);
    }

    async fn c37_data_that_cannot_be_read(world: World) {
        for error in [StoreError::Corrupt("secret".to_owned()), StoreError::Internal("secret".to_owned())] {
            *world.faults.lists.lock() = Some(error);
            let reply = world.get(PATH).await;
            assert_eq!(
                reply.body,
                r#"{"errorCode":"CUSTOMER_1006","errorMessage":"Failed to retrieve customer details","content":"","pageable":""}"#
            );
            reply.nak(500, "CUSTOMER_1006");
            world.get("parent/child-customers").await.nak(500, "CUSTOMER_1006");
            // It is told of known customers only.
            world.get(&format!("customer/{NOBODY}/package/created-packages")).await.nak(404, "CUSTOMER_1002");
        }
    }

    async fn c38_a_store_that_does_not_answer(world: World) {
        for error in [
            StoreError::Unreachable("secret".to_owned()), StoreError::Locked(String::new()),
            StoreError::Overloaded { queued: 1 }, StoreError::Full(String::new()), StoreError::ReadOnly(String::new()),
            StoreError::Unknown(String::new()),
        ] {
            *world.faults.lists.lock() = Some(error);
            let reply = world.get(PATH).await;
            assert_eq!(
                reply.body,
                r#"{"errorCode":"GLOBAL_1001","errorMessage":"Service unavailable. Please try again","content":"","pageable":""}"#
            );
            reply.nak(503, "GLOBAL_1001");
        }
    }

    async fn c39_packages_of_the_parent_are_not_ones_own(world: World) {
        let mut open = package(PARENT, 1);
        open.eligibility = Eligibility::All;
        world.packages([open]).await;
        assert_eq!(world.get_as("sub", "sub/package/my-eligible-packages").await.content().len(), 1);
        assert_eq!(world.get_as("sub", "sub/package/created-packages").await.content(), Vec::<Value>::new());
    }

    async fn c40_a_deleted_package_is_not_listed(world: World) {
        world.packages([package(PARENT, 1), package(PARENT, 2)]).await;
        let stored = world.services.sims.package(package_id(1)).await.expect("readable").expect("it exists");
        let deleted = Package { deleted: true, ..stored.value };
        world
            .write(vec![SimWrite::Package {
                package: Box::new(deleted),
                expected: Expected::Version(stored.version),
            }])
            .await;
        let reply = world.get(PATH).await.ack();
        assert_eq!(reply["content"].as_array().map(Vec::len), Some(1));
        assert_eq!(reply["content"][0]["id"], package_id(2).to_string());
        assert_eq!(reply["pageable"]["totalElements"], 1);
    }
}
