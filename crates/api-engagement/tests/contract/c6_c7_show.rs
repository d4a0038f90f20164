//! C6 and C7: one campaign for a customer (rows E96 to E113).

use crate::common::*;
use muster_domain::campaign::CampaignStatus;
use muster_domain::ids::OfferId;
use muster_domain::offer::{Deal, Offer, OfferMedia, OfferText};
use serde_json::{Value, json};

/// The seed's own query, as its sample sends it.
const ALL_SECTIONS: &str =
    "?sections[]=behaviors&sections[]=progress,&sections[]=offers&sections[]=redemptions";

fn c6(query: &str) -> String {
    format!("v2/{ADA}/campaigns/1{query}")
}

/// The ways of C7 to ask for campaign 1 and customer 1, the unambiguous alias included.
fn c7(query: &str) -> [String; 4] {
    [
        format!("v2/{ADA}/external/campaigns/campaign-1{query}"),
        format!("v2/external/users/ext-1/campaigns/campaign-1{query}"),
        format!("v2/external/users/ext-1/campaigns/1{query}"),
        format!("v2/external/users/ext-1/external/campaigns/campaign-1{query}"),
    ]
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn deal() -> Deal {
    Deal {
        id: "d1".to_owned(),
        root_offer_id: "r1".to_owned(),
        retailer_id: "s1".to_owned(),
        offer_type_id: "percent_discount".to_owned(),
        percent: Some(12.5),
        offer_text: vec![OfferText {
            id: "t1".to_owned(),
            offer_id: "o1".to_owned(),
            culture: "en".to_owned(),
            title: "Title".to_owned(),
            description: "Text".to_owned(),
            terms: "Fine print".to_owned(),
        }],
        valid_after_end_date: true,
        value_after_end_date: None,
        start_date: NOW,
        end_date: NOW.plus_seconds(DAY_S),
        validity_period: 1,
        validity_unit: "day".to_owned(),
        points: 200,
        buy_count: 0,
        max_recurrence: 1,
        item_price_affinity: 0,
        web_redeem: false,
        quantity: 3,
        reward_store: false,
        offer_catalog_restrictions: None,
        offer_purchase_restrictions: Some(vec![json!({ "day": "monday" })]),
        offer_redemption_restrictions: None,
        offer_location_restrictions: None,
        offer_media: vec![OfferMedia {
            id: "m1".to_owned(),
            uri: "https://media.example/".to_owned(),
            category_id: "c1".to_owned(),
            category_name: None,
            content_type: 1,
            culture: "en".to_owned(),
        }],
    }
}

fn offer(id: i64, deal: Option<Deal>) -> Offer {
    let kind = if deal.is_some() { "deal" } else { "trigger" }.to_owned();
    Offer { id: OfferId(id), name: format!("Offer {id}"), kind, total_available: 100, deal }
}

/// A campaign with something in every section.
fn full() -> CampaignBuilder {
    CampaignBuilder::new(1)
        .behavior(BehaviorBuilder::count(10, "visit", 3).name("Super-User 12").points(5))
        .offer(offer(1, Some(deal())))
        .offer(offer(2, None))
        .creative(CreativeBuilder::tile(11))
        .creative(CreativeBuilder::page(12))
}

async fn shows(world: &World, path: &str) {
    world.put([CampaignBuilder::new(1), CampaignBuilder::new(2)]).await;
    world.ada().await;
    let answer = world.get(path).await.ok();
    assert_eq!(
        answer,
        json!({ "status": "ok", "campaign": {
            "campaign_id": 1, "campaign_permalink": "campaign-1", "name": "Campaign 1",
            "starts_at": "2023-11-04 22:13:20", "ends_at": "2023-11-24 22:13:20",
            "opt_in_starts_at": "2023-11-04 22:13:20", "opt_in_ends_at": "2023-11-24 22:13:20",
            "qualified": true, "status": "qualified",
        }})
    );
}

/// What sections, filters and creatives do to the answer of a path.
async fn takes_parameters(world: &World, path: &str) {
    world.put([full()]).await;
    world.ada().await;
    let plain = world.get(path).await.ok();
    let plain = keys(&plain["campaign"]);
    let all = world.get(&format!("{path}{ALL_SECTIONS}&creatives[]=tile&creatives[]=promotion")).await.ok();
    let added: Vec<_> = keys(&all["campaign"]).into_iter().filter(|key| !plain.contains(key)).collect();
    assert_eq!(added, ["behaviors", "creative", "offers", "progress", "redemptions"]);
    assert_eq!(keys(&all["campaign"]["creative"]), ["promotion", "tile"]);
    assert_eq!(all["campaign"]["redemptions"], json!([]));
    world.get(&format!("{path}?filters[]=eligible")).await.ok();
    world.get(&format!("{path}?filters[]=all")).await.ok();
    world.get(&format!("{path}?filters[]=ineligible")).await.fails(200, "NOT_AVAILABLE");
    world.put([full().for_tag("vip")]).await;
    world.get(path).await.fails(200, "NOT_AVAILABLE");
    for filter in ["ineligible", "all"] {
        let answer = world.get(&format!("{path}?filters[]={filter}")).await.ok();
        assert_eq!(answer["campaign"]["qualified"], false, "rule C6-R2");
        assert_eq!(answer["campaign"]["status"], "not_qualified");
    }
}

async fn not_available(world: &World, paths: &[String]) {
    world.ada().await;
    let not_now = [
        CampaignBuilder::new(1).for_tag("vip"),
        CampaignBuilder::new(1).status(CampaignStatus::Paused),
        CampaignBuilder::new(1).status(CampaignStatus::Draft),
        CampaignBuilder::new(1).window(NOW.plus_seconds(1), NOW.plus_seconds(2)),
        CampaignBuilder::new(1).window(NOW.plus_seconds(-1), NOW),
    ];
    for (index, campaign) in not_now.into_iter().enumerate() {
        world.put([campaign]).await;
        for path in paths {
            world.get(path).await.fails(200, "NOT_AVAILABLE");
            if index > 0 {
                world.get(&format!("{path}?filters[]=all")).await.fails(200, "NOT_AVAILABLE");
            }
        }
    }
}

on_both_stores! {
    async fn e96_by_user_id_and_campaign_id(world: World) {
        shows(&world, &c6("")).await;
    }

    async fn e97_parameters(world: World) {
        takes_parameters(&world, &c6("")).await;
    }

    async fn e98_the_envelope_and_a_promotion(world: World) {
        world.put([full()]).await;
        world.ada().await;
        let answer = world.get(&c6("?creatives[]=promotion")).await.ok();
        assert_eq!(keys(&answer), ["campaign", "status"]);
        assert_eq!(answer["campaign"]["creative"], json!({ "promotion": {
            "type": "internal_full_page", "html_payload": format!("{BASE_URL}/apps/key-1/{ADA}/ads/12"),
        }}));
    }

    async fn e99_opted_in_and_completed(world: World) {
        let campaign = CampaignBuilder::new(1).opt_in().behavior(BehaviorBuilder::count(10, "visit", 1).at_most(1));
        world.put([campaign]).await;
        let ada = world.ada().await;
        assert!(world.get(&c6("")).await.ok()["campaign"].get("opted_in").is_none());
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        world.event(ada, "visit", 1).await;
        let campaign = &world.get(&c6("?sections[]=progress")).await.ok()["campaign"];
        assert_eq!([&campaign["opted_in"], &campaign["status"]], [&json!(true), &json!("completed")]);
        assert_eq!(campaign["progress"]["behaviors"].as_array().map(Vec::len), Some(1), "still listed (rule C3-R7)");
    }

    async fn e100_an_unknown_campaign(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        for campaign in ["2", "campaign-1", "0", "-1", "1x", "9999999999999999999999"] {
            world.get(&format!("v2/{ADA}/campaigns/{campaign}")).await.fails(404, "NOT_FOUND");
        }
    }

    async fn e101_not_for_this_customer_or_not_now(world: World) {
        not_available(&world, &[c6("")]).await;
    }

    async fn e102_an_unknown_customer(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        for customer in [NOBODY, "users/x"] {
            for campaign in ["1", "2", "x"] {
                world.get(&format!("v2/{customer}/campaigns/{campaign}")).await.fails(404, "USER_NOT_FOUND");
            }
        }
    }

    async fn e103_by_user_id_and_permalink(world: World) {
        shows(&world, &c7("")[0]).await;
    }

    async fn e104_by_external_id_and_permalink(world: World) {
        shows(&world, &c7("")[1]).await;
        world.get(&c7("")[3]).await.ok();
    }

    async fn e105_by_external_id_and_campaign_id(world: World) {
        shows(&world, &c7("")[2]).await;
    }

    async fn e105_digits_are_an_id_first_then_a_permalink(world: World) {
        world.put([CampaignBuilder::new(1).permalink("7"), CampaignBuilder::new(2).permalink("1")]).await;
        world.ada().await;
        let id = async |path: &str| world.get(path).await.ok()["campaign"]["campaign_id"].clone();
        assert_eq!(id("v2/external/users/ext-1/campaigns/1").await, 1);
        assert_eq!(id("v2/external/users/ext-1/campaigns/7").await, 1);
        assert_eq!(id("v2/external/users/ext-1/external/campaigns/1").await, 2);
        assert_eq!(id(&format!("v2/{ADA}/external/campaigns/1")).await, 2);
    }

    async fn e106_parameters(world: World) {
        for path in &c7("")[..1] {
            takes_parameters(&world, path).await;
        }
    }

    async fn e106_parameters_by_external_id(world: World) {
        takes_parameters(&world, &c7("")[1]).await;
    }

    async fn e107_wrapped_so_that_the_two_kinds_of_status_stay_apart(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        for path in c7("") {
            let answer = world.get(&path).await.ok();
            assert_eq!([&answer["status"], &answer["campaign"]["status"]], ["ok", "opted_in"]);
        }
    }

    async fn e108_behaviors(world: World) {
        world.put([full()]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 4).await;
        for path in c7("?sections[]=behaviors") {
            assert_eq!(world.get(&path).await.ok()["campaign"]["behaviors"], json!({ "super_user 12": {
                "event_name": "visit", "type": "count", "points": 5, "max_times_repeatable": null,
                "max_times_repeatable_per_period": null, "period": 7_776_000, "min_time_between_events": null,
                "consecutive": false, "achieved": 1, "current_count": 1, "total_count": 3,
            }}));
        }
    }

    async fn e109_offers(world: World) {
        world.put([full()]).await;
        world.ada().await;
        let offers = &world.get(&c7("?sections[]=offers")[1]).await.ok()["campaign"]["offers"];
        assert_eq!(*offers, json!([
            { "offer_id": 1, "name": "Offer 1", "type": "deal", "total_available": 100, "deal": {
                "percent": 12.5, "offer_type_id": "percent_discount", "id": "d1", "root_offer_id": "r1",
                "retailer_id": "s1", "offer_text": [{
                    "id": "t1", "offer_id": "o1", "culture": "en", "title": "Title", "description": "Text",
                    "terms": "Fine print",
                }],
                "valid_after_end_date": true, "value_after_end_date": null,
                "start_date": "2023-11-14T22:13:20+0000", "end_date": "2023-11-15T22:13:20+0000",
                "validity_period": 1, "validity_unit": "day", "points": 200, "buy_count": 0, "max_recurrence": 1,
                "item_price_affinity": 0, "web_redeem": false, "quantity": 3, "reward_store": false,
                "offer_catalog_restrictions": null, "offer_purchase_restrictions": [{ "day": "monday" }],
                "offer_redemption_restrictions": null, "offer_location_restrictions": null,
                "offer_media": [{
                    "id": "m1", "uri": "https://media.example/", "category_id": "c1", "category_name": null,
                    "content_type": 1, "culture": "en",
                }],
            }},
            { "offer_id": 2, "name": "Offer 2", "type": "trigger", "total_available": 100 },
        ]));
        let later = Deal { value_after_end_date: Some(NOW), percent: None, ..deal() };
        world.put([CampaignBuilder::new(1).offer(offer(1, Some(later)))]).await;
        let answer = world.get(&c6("?sections[]=offers")).await.ok();
        let deal = &answer["campaign"]["offers"][0]["deal"];
        assert_eq!(deal["value_after_end_date"], "2023-11-14T22:13:20+0000");
        assert_eq!(deal["percent"], Value::Null);
    }

    async fn e110_the_same_object_as_by_ids(world: World) {
        world.put([full().opt_in()]).await;
        let ada = world.ada().await;
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        world.event(ada, "visit", 1).await;
        let query = format!("{ALL_SECTIONS}&creatives=tile,promotion");
        let by_ids = world.get(&c6(&query)).await.ok();
        for path in c7(&query) {
            assert_eq!(world.get(&path).await.ok(), by_ids, "{path}");
        }
    }

    async fn e111_an_unknown_campaign(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        for path in [
            format!("v2/{ADA}/external/campaigns/1"),
            format!("v2/{ADA}/external/campaigns/other"),
            "v2/external/users/ext-1/campaigns/2".to_owned(),
            "v2/external/users/ext-1/campaigns/other".to_owned(),
            "v2/external/users/ext-1/external/campaigns/1".to_owned(),
        ] {
            world.get(&path).await.fails(404, "NOT_FOUND");
        }
    }

    async fn e112_not_for_this_customer_or_not_now(world: World) {
        not_available(&world, &c7("")).await;
    }

    async fn e113_an_unknown_customer(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        for path in [
            format!("v2/{NOBODY}/external/campaigns/campaign-1"),
            "v2/external/users/nobody/campaigns/campaign-1".to_owned(),
            "v2/external/users/nobody/campaigns/1".to_owned(),
            "v2/external/users/nobody/external/campaigns/other".to_owned(),
        ] {
            world.get(&path).await.fails(404, "USER_NOT_FOUND");
        }
    }
}
