//! Campaigns of a customer (rows C1 to C17, C87).

use crate::common::*;
use axum::http::Method;
use muster_app::ports::{SimWrite, StoreError};
use muster_domain::ids::TemplateId;
use muster_domain::sim_campaign::SimCampaignStatus;
use muster_domain::time::Window;
use serde_json::{Value, json};

const FIELDS: [&str; 9] = [
    "id",
    "name",
    "description",
    "templateId",
    "status",
    "timestamp",
    "effectiveStart",
    "effectiveEnd",
    "maxRetries",
];

/// The two campaigns of the contract's example.
async fn samples(world: &World) {
    let mut first = campaign(world.organization, PARENT, 67);
    "test https key write bap 1 from resume".clone_into(&mut first.name);
    first.status = SimCampaignStatus::Completed;
    first.created_at = at("2022-08-22 14:13:59");
    first.window = Window { starts_at: at("2022-08-22 13:08:59"), ends_at: at("2022-08-23 13:08:59") };
    let mut second = campaign(world.organization, PARENT, 524);
    "Add TIS IMSI".clone_into(&mut second.name);
    second.template = TemplateId(21);
    second.created_at = at("2023-04-28 06:34:03");
    second.window = Window { starts_at: at("2022-08-22 08:57:14"), ends_at: at("2022-08-23 08:57:14") };
    // Written last first: the order of the answer is that of the ids.
    world.campaigns([second, first]).await;
}

on_both_stores! {
    async fn c1_c2_every_connected_campaign_is_listed(world: World) {
        samples(&world).await;
        world.campaigns([campaign(world.organization, STRANGER, 600)]).await;
        let reply = world.get("parent/campaign").await;
        let content = reply.content();
        assert_eq!(content.iter().map(|row| row["id"].as_i64()).collect::<Vec<_>>(), [Some(67), Some(524)]);
        for row in &content {
            let keys: Vec<_> = row.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(keys, FIELDS);
        }
        assert_eq!(world.get("parent/campaign/").await.body, reply.body);
        assert_eq!(world.get("parent/campaign/?page=1&size=10").await.body, reply.body);
    }

    async fn c3_one_campaign_is_an_array_of_one(world: World) {
        samples(&world).await;
        let row = world.get("parent/campaign/67").await.only();
        assert_eq!(row, world.get("parent/campaign").await.content()[0]);
        // Paging is harmless where there are no pages.
        for query in ["?page=7&size=3", "?page=x", "/"] {
            assert_eq!(world.get(&format!("parent/campaign/67{query}")).await.only(), row);
        }
    }

    async fn c4_the_sample_campaigns(world: World) {
        samples(&world).await;
        let expected: Vec<Value> =
            serde_json::from_str(include_str!("fixtures/campaigns.json")).expect("a fixture");
        assert_eq!(world.get("parent/campaign").await.content(), expected);
        for row in &expected {
            assert_eq!(&world.get(&format!("parent/campaign/{}", row["id"])).await.only(), row);
        }
    }

    async fn c5_c6_c10_customers_that_are_not_seen_do_not_exist(world: World) {
        samples(&world).await;
        let unseen = [
            NOBODY.to_owned(), String::new(), "not-a-uuid".to_owned(), "%FF".to_owned(), "%00".to_owned(), "1".to_owned(),
            "{00000000-0000-4000-8000-00000000dead}".to_owned(), STRANGER.to_string(), GRANDCHILD.to_string(),
            // Without hyphens it is no customer id, even of one's own.
            PARENT.to_string().replace('-', ""),
        ];
        let expected = r#"{"errorCode":"CUSTOMER_1002","errorMessage":"Customer does not exist","content":"","pageable":""}"#;
        for customer in unseen {
            for path in ["campaign", "campaign/67", "campaign/999999", "campaign/67/participants"] {
                let address = format!("/api/v2/customer/{}/{path}", customer.replace('{', "%7B").replace('}', "%7D"));
                let reply = world.get(&address).await;
                assert_eq!((reply.status.as_u16(), reply.body.as_str()), (404, expected), "{address}");
            }
        }
        // The parent is not seen by its own sub-customer.
        world.get_as("sub", "parent/campaign").await.nak(404, "CUSTOMER_1002");
    }

    async fn c7_c8_c9_campaigns_that_are_not_connected_do_not_exist(world: World) {
        samples(&world).await;
        world.campaigns([campaign(world.organization, STRANGER, 600), campaign(world.organization, SUB, 601)]).await;
        let unknown = world.get("parent/campaign/999999").await;
        assert_eq!(
            unknown.body,
            r#"{"errorCode":"CUSTOMER_1037","errorMessage":"Campaign does not exist","content":"","pageable":""}"#
        );
        unknown.nak(404, "CUSTOMER_1037");
        for id in [
            "600", "601", "abc", "0", "-67", "+67", "67.0", "6 7", "%36x", "9223372036854775808",
            "99999999999999999999", "%FF", "%00",
        ] {
            let reply = world.get(&format!("parent/campaign/{}", id.replace(' ', "%20"))).await;
            assert_eq!((reply.status, &reply.body), (unknown.status, &unknown.body), "{id}");
        }
        assert_eq!(world.get("sub/campaign/601").await.only()["id"], 601, "connected to the sub-customer");
    }

    async fn c11_campaigns_of_a_direct_sub_customer_are_shown(world: World) {
        world.campaigns([campaign(world.organization, SUB, 601)]).await;
        assert_eq!(world.get("sub/campaign").await.content()[0]["id"], 601);
        assert_eq!(world.get_as("sub", "sub/campaign").await.content()[0]["id"], 601);
        world.get_as("stranger", "sub/campaign").await.nak(404, "CUSTOMER_1002");
        world.get_as("other-sub", "sub/campaign").await.nak(404, "CUSTOMER_1002");
    }

    async fn c12_a_store_that_does_not_answer(world: World) {
        samples(&world).await;
        let expected = r#"{"errorCode":"GLOBAL_1001","errorMessage":"Service unavailable. Please try again","content":"","pageable":""}"#;
        for error in [
            StoreError::Unreachable("secret-host".to_owned()), StoreError::Locked(String::new()),
            StoreError::Overloaded { queued: 7 }, StoreError::Corrupt(String::new()), StoreError::Internal(String::new()),
        ] {
            *world.faults.reads.lock() = Some(error);
            for path in ["parent/campaign", "parent/campaign/67"] {
                let reply = world.get(path).await;
                assert_eq!((reply.status.as_u16(), reply.body.as_str()), (503, expected));
                reply.nak(503, "GLOBAL_1001");
            }
        }
        *world.faults.reads.lock() = None;
        world.get("parent/campaign").await.ack();
    }

    async fn c13_a_customer_without_campaigns(world: World) {
        let reply = world.get("parent/campaign").await;
        assert_eq!(
            reply.body,
            r#"{"errorCode":"","errorMessage":"","content":[],"pageable":{"page":1,"size":10,"totalPages":0,"totalElements":0}}"#
        );
    }

    async fn c14_c28_bodies_of_reads_are_ignored(world: World) {
        samples(&world).await;
        for path in ["parent/campaign", "parent/campaign/67", "parent/campaign/67/participants"] {
            let expected = world.get(path).await;
            for body in ["{}", "{\"fullData\": false}", "{\"fullData\": true}", "rubbish", "\u{0}", "[", ""] {
                let reply = world.send(World::request("parent", Method::GET, path, Some(body))).await;
                assert_eq!((reply.status, reply.body), (expected.status, expected.body.clone()), "{body:?}");
            }
        }
    }

    async fn c15_every_status_has_its_word(world: World) {
        let words =
            ["CREATED", "PROCESS", "SCHEDULED", "SUSPEND", "CANCELED", "COMPLETED", "EXCEPTION", "EXPIRED"];
        let campaigns = SimCampaignStatus::ALL.into_iter().zip(1..).map(|(status, id)| {
            let mut campaign = campaign(world.organization, PARENT, id);
            campaign.status = status;
            campaign
        });
        world.campaigns(campaigns.collect::<Vec<_>>()).await;
        let content = world.get("parent/campaign").await.content();
        assert_eq!(content.iter().map(|row| row["status"].as_str().expect("a text")).collect::<Vec<_>>(), words);
    }

    async fn c16_c17_an_empty_description_is_there_and_dates_have_their_form(world: World) {
        let mut odd = campaign(world.organization, PARENT, 1);
        // Milliseconds are cut, never rounded; an early second keeps its zeros.
        odd.created_at = muster_domain::time::UnixMillis(at("2024-02-29 01:02:03").0 + 999);
        odd.window = Window { starts_at: at("2024-02-29 00:00:00"), ends_at: at("9999-12-31 23:59:59") };
        world.campaigns([odd]).await;
        let reply = world.get("parent/campaign/1").await;
        assert!(reply.body.contains(r#""name":"Campaign 1","description":"","templateId":20,"#), "{}", reply.body);
        let row = reply.only();
        assert_eq!(
            [&row["timestamp"], &row["effectiveStart"], &row["effectiveEnd"]],
            [&json!("2024-02-29 01:02:03"), &json!("2024-02-29 00:00:00"), &json!("9999-12-31 23:59:59")]
        );
    }

    async fn c87_a_campaign_that_was_never_activated_does_not_expire(world: World) {
        samples(&world).await;
        world.write(vec![SimWrite::Template(Box::new(template(PARENT, 21)))]).await;
        world.clock.advance_s(365 * 86_400);
        assert_eq!(world.get("parent/campaign/524").await.only()["status"], "CREATED");
        let live = world.services.sims.live_sim_campaigns().await.expect("readable");
        assert!(live.is_empty(), "nothing looks after it by itself");
        // Activating it is what ends it.
        world.put("parent/campaign/524/status", &json!({"status": "PROCESS"})).await.accepted();
        assert_eq!(world.get("parent/campaign/524").await.only()["status"], "EXPIRED");
    }
}
