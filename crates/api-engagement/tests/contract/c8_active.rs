//! C8: all active campaigns (rows E114 to E120).

use crate::common::*;
use muster_api_engagement::codes;
use muster_domain::campaign::CampaignStatus;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const PATH: &str = "v1/campaigns";

fn ids(answer: &Value) -> Vec<i64> {
    let campaigns = answer["campaigns"].as_array().expect("an array");
    campaigns.iter().map(|campaign| campaign["id"].as_i64().expect("an id")).collect()
}

on_both_stores! {
    async fn e114_all_active_campaigns(world: World) {
        world.put([CampaignBuilder::new(2), CampaignBuilder::new(1), CampaignBuilder::new(3).weight(9)]).await;
        assert_eq!(ids(&world.get(PATH).await.ok()), [3, 1, 2]);
    }

    async fn e115_divisions_filter(world: World) {
        world.use_divisions(&["north", "south"]).await;
        world
            .put([
                CampaignBuilder::new(1).division("north"),
                CampaignBuilder::new(2).division("south"),
                CampaignBuilder::new(3),
            ])
            .await;
        for (query, expected) in [
            ("", vec![1, 2, 3]),
            ("?division_ids[]=north", vec![1]),
            ("?division_ids[]=north&division_ids[]=south", vec![1, 2]),
            ("?division_ids=north,south,", vec![1, 2]),
            ("?division_ids[]=nowhere", vec![]),
            ("?division_ids[]=", vec![1, 2, 3]),
        ] {
            assert_eq!(ids(&world.get(&format!("{PATH}{query}")).await.ok()), expected, "{query}");
        }
        world.alter(|organization| organization.multi_org = false).await;
        assert_eq!(ids(&world.get(&format!("{PATH}?division_ids[]=north")).await.ok()), [1, 2, 3]);
    }

    async fn e115_paging_keys_come_with_paging(world: World) {
        world.put((1..=5).map(CampaignBuilder::new)).await;
        let plain = world.get(PATH).await.ok();
        assert_eq!(ids(&plain), [1, 2, 3, 4, 5]);
        for key in ["page", "page_size", "number_of_pages"] {
            assert!(plain.get(key).is_none(), "{key}");
        }
        let second = world.get(&format!("{PATH}?page=2&page_size=2")).await.ok();
        assert_eq!(ids(&second), [3, 4]);
        assert_eq!([&second["page"], &second["page_size"], &second["number_of_pages"]], [2, 2, 3]);
        let first = world.get(&format!("{PATH}?page=1")).await.ok();
        assert_eq!([&first["page"], &first["page_size"], &first["number_of_pages"]], [1, 20, 1]);
        let clamped = world.get(&format!("{PATH}?page_size=1000")).await.ok();
        assert_eq!(clamped["page_size"], 100, "row H4");
        assert_eq!(ids(&world.get(&format!("{PATH}?page=9")).await.ok()), [0; 0]);
    }

    async fn e116_the_keys_of_a_campaign(world: World) {
        let targeting = json!({ "$or": [{ "user.tags": { "$in": ["b", "a"] } }, {}], "user.city": "X" });
        let campaign = CampaignBuilder::new(1).targeting(targeting.clone()).with(|campaign| {
            campaign.bundle.qualify_tag = Some("a".to_owned());
            campaign.bundle.disqualify_tag = Some("z".to_owned());
            campaign.metadata.insert("campaign_version".to_owned(), json!(2));
            campaign.ssap_name = Some("10/20 test 11".to_owned());
        });
        world.put([campaign, CampaignBuilder::new(2)]).await;
        let reply = world.get(PATH).await;
        assert!(reply.body.contains(&targeting.to_string()), "verbatim, order included: {}", reply.body);
        let common = json!({
            "id": 2, "external_id": "campaign-2", "name": "Campaign 2", "status": "live",
            "starts_at": "2023-11-04T22:13:20Z", "ends_at": "2023-11-24T22:13:20Z",
            "reporting_ends_at": "2024-01-08T22:13:20Z", "weight": 5, "total_budget": 0, "ssap_name": "Campaign 2",
            "campaign_type": "promotion", "template": "promotion", "metadata": {},
        });
        let answer = reply.ok();
        assert_eq!(answer["campaigns"][1], common);
        let mut full = common;
        for (key, value) in [
            ("id", json!(1)), ("external_id", json!("campaign-1")), ("name", json!("Campaign 1")),
            ("metadata", json!({ "campaign_version": 2 })), ("ssap_name", json!("10/20 test 11")),
            ("targeting", targeting), ("qualify_tag", json!("a")), ("disqualify_tag", json!("z")),
        ] {
            full[key] = value;
        }
        assert_eq!(answer["campaigns"][0], full);
    }

    async fn e117_only_live_campaigns_inside_their_run_window(world: World) {
        assert_eq!(world.get(PATH).await.ok(), json!({ "status": "ok", "campaigns": [] }));
        world
            .put([
                CampaignBuilder::new(1).status(CampaignStatus::Draft),
                CampaignBuilder::new(2).status(CampaignStatus::Paused),
                CampaignBuilder::new(3).status(CampaignStatus::InReview),
                CampaignBuilder::new(4).status(CampaignStatus::Completed),
                CampaignBuilder::new(5).window(NOW.plus_seconds(1), NOW.plus_seconds(10)),
                CampaignBuilder::new(6).window(NOW.plus_seconds(-10), NOW),
                CampaignBuilder::new(7).window(NOW, NOW.plus_seconds(1)),
                CampaignBuilder::new(8).for_tag("nobody has this"),
            ])
            .await;
        assert_eq!(ids(&world.get(PATH).await.ok()), [7, 8], "targeting is not evaluated here");
        world.clock.advance_s(1);
        assert_eq!(ids(&world.get(PATH).await.ok()), [5, 8]);
    }

    async fn e118_missing_data_is_reserved(world: World) {
        assert_eq!(codes::CAMPAIGN_MISSING_DATA, "missing_data");
        for query in ["", "?division_ids[]=", "?page=1", "?division_ids=x&page_size=1", "?x"] {
            world.get(&format!("{PATH}{query}")).await.ok();
        }
    }

    async fn e119_an_app_without_an_organization(world: World) {
        world.faults.orphan_keys.store(true, Ordering::SeqCst);
        world.get("/priv/v1/apps/orphan/campaigns").await.fails(404, "not_found");
    }

    async fn e120_malformed_parameters(world: World) {
        for query in [
            "page=0", "page=x", "page=-1", "page=1.5", "page=", "page_size=0", "page_size=abc",
            "division_ids[x]=a", "division_ids[=a", "division_ids[0][id]=a",
        ] {
            world.get(&format!("{PATH}?{query}")).await.fails(200, "validation");
        }
    }
}
