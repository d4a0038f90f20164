//! Who is targeted, and in which state customers are (rows E10 to E13).

use crate::common::*;
use muster_domain::campaign::CampaignStatus;
use muster_domain::customer::Tag;
use muster_domain::ids::CustomerId;
use serde_json::{Value, json};

/// What C4 says of customer 1 in campaign 1.
async fn state(world: &World) -> String {
    let answer = world.get(&format!("v1/{ADA}/campaigns/1/progress")).await.ok();
    answer["campaign"]["state"].as_str().expect("a state").to_owned()
}

/// What C5 says of customer 1 in campaign 1, which is active.
async fn qualified(world: &World) -> bool {
    let answer = world.get(&format!("v2/{ADA}/campaigns?filters[]=all")).await.ok();
    answer["campaigns"][0]["qualified"].as_bool().expect("qualified or not")
}

async fn tag(world: &World, ada: CustomerId, name: &str) {
    world
        .change(ada, |customer| {
            customer.tags.insert(name.to_owned(), Tag::Counter { count: 1 });
        })
        .await;
}

fn sample() -> Value {
    json!({ "$and": [{ "user.tags": { "$in": ["in"] } }, { "user.tags": { "$not": { "$in": ["out"] } } }] })
}

on_both_stores! {
    async fn e10_queries_on_tags(world: World) {
        world.ada_with(|customer| customer.tag("a").tag("b")).await;
        let cases = [
            (json!({}), true),
            (json!({ "user.tags": { "$in": ["a", "x"] } }), true),
            (json!({ "user.tags": { "$in": ["x", "y"] } }), false),
            (json!({ "user.tags": { "$not": { "$in": ["x"] } } }), true),
            (json!({ "user.tags": { "$not": { "$in": ["b"] } } }), false),
            (json!({ "$and": [{ "user.tags": "a" }, { "user.tags": "b" }] }), true),
            (json!({ "$and": [{ "user.tags": "a" }, { "user.tags": "x" }] }), false),
            (json!({ "$or": [{ "user.tags": "x" }, { "user.tags": "b" }] }), true),
            (json!({ "$or": [{ "user.tags": "x" }, { "user.tags": "y" }] }), false),
            (json!({ "$or": [{ "$and": [{ "user.tags": "a" }, { "user.tags": { "$nin": ["b"] } }] }, { "user.tags": "b" }] }), true),
            (json!({ "user.tags": { "$exists": false } }), false),
        ];
        for (query, expected) in cases {
            world.put([CampaignBuilder::new(1).targeting(query.clone())]).await;
            assert_eq!(qualified(&world).await, expected, "{query}");
            assert_eq!(state(&world).await, if expected { "qualified" } else { "not_qualified" }, "{query}");
        }
    }

    async fn e10_no_query_is_everyone_and_messages_only_narrow(world: World) {
        let tile = |id: i64, query: Value| CreativeBuilder::tile(id).targeting(query);
        world
            .put([
                CampaignBuilder::new(1)
                    .creative(CreativeBuilder::tile(10))
                    .creative(tile(11, json!({ "user.tags": "a" })))
                    .creative(tile(12, json!({ "user.tags": "x" }))),
                CampaignBuilder::new(2).for_tag("x").creative(tile(20, json!({ "user.tags": "a" }))),
            ])
            .await;
        world.ada_with(|customer| customer.tag("a")).await;
        let tiles = &world.get(&format!("v1/{ADA}/campaigns")).await.ok()["campaigns"]["tiles"];
        let listed: Vec<_> = tiles.as_array().expect("an array").iter().map(|tile| tile["creative_id"].clone()).collect();
        assert_eq!(listed, [10, 11]);
    }

    async fn e11_the_two_tags_alone_do_nothing(world: World) {
        let campaign = |targeting: Option<Value>| {
            let campaign = match targeting {
                Some(query) => CampaignBuilder::new(1).targeting(query),
                None => CampaignBuilder::new(1),
            };
            campaign.with(|campaign| {
                campaign.bundle.qualify_tag = Some("in".to_owned());
                campaign.bundle.disqualify_tag = Some("out".to_owned());
            })
        };
        world.put([campaign(None)]).await;
        let ada = world.ada().await;
        assert!(qualified(&world).await);
        tag(&world, ada, "out").await;
        assert!(qualified(&world).await);
        world.change(ada, |customer| customer.tags.clear()).await;
        world.put([campaign(Some(sample()))]).await;
        assert!(!qualified(&world).await);
        tag(&world, ada, "in").await;
        assert!(qualified(&world).await);
        tag(&world, ada, "out").await;
        assert!(!qualified(&world).await);
    }

    async fn e11_tagging_by_the_api_flips_qualified(world: World) {
        world.put([CampaignBuilder::new(1).targeting(sample())]).await;
        world.ada().await;
        assert!(!qualified(&world).await);
        world.post(&format!("v1/{ADA}/tags"), &json!({ "tags": ["in"] })).await.ok();
        assert!(qualified(&world).await);
        world.post(&format!("v1/{ADA}/tags"), &json!({ "tags": ["out"], "ttl": 60 })).await.ok();
        assert!(!qualified(&world).await);
        world.clock.advance_s(60);
        assert!(qualified(&world).await);
    }

    async fn e12_an_expired_tag_no_longer_matches(world: World) {
        world.put([CampaignBuilder::new(1).for_tag("soon gone")]).await;
        world.ada_with(|customer| customer.tag_until("soon gone", NOW.plus_seconds(60))).await;
        world.clock.advance_s(59);
        assert!(qualified(&world).await);
        world.clock.advance_s(1);
        assert!(!qualified(&world).await);
        assert_eq!(state(&world).await, "not_qualified");
    }

    async fn e12_who_ceased_marketing_or_is_suspended_never_qualifies(world: World) {
        world.put([CampaignBuilder::new(1).opt_in(), CampaignBuilder::new(2)]).await;
        let ada = world.ada().await;
        assert!(qualified(&world).await);
        world.change(ada, |customer| customer.standing.marketing_ceased = true).await;
        assert!(!qualified(&world).await);
        assert_eq!(state(&world).await, "not_qualified");
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.fails(200, "user_ineligible_for_campaign");
        world.get(&format!("v2/{ADA}/campaigns/2")).await.fails(200, "NOT_AVAILABLE");
        world.change(ada, |customer| {
            customer.standing.marketing_ceased = false;
            customer.standing.suspended = true;
        }).await;
        assert!(!qualified(&world).await);
    }

    async fn e13_all_six_states(world: World) {
        let campaign = |query: Value| {
            let behavior = BehaviorBuilder::count(10, "visit", 2).at_most(1);
            CampaignBuilder::new(1).opt_in().targeting(query).behavior(behavior)
        };
        world.put([campaign(json!({}))]).await;
        let ada = world.ada().await;
        assert_eq!(state(&world).await, "qualified");
        world.put([campaign(json!({ "user.tags": "vip" }))]).await;
        assert_eq!(state(&world).await, "not_qualified");
        world.put([campaign(json!({}))]).await;
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        assert_eq!(state(&world).await, "opted_in");
        world.event(ada, "visit", 1).await;
        assert_eq!(state(&world).await, "in_progress");
        world.event(ada, "visit", 1).await;
        assert_eq!(state(&world).await, "completed");
        world.get(&format!("v1/{ADA}/campaigns/1/opt_out")).await.ok();
        assert_eq!(state(&world).await, "opted_out");
    }

    async fn e13_precedence(world: World) {
        let campaign = |query: Value| {
            let capped = BehaviorBuilder::count(10, "visit", 2).at_most(1);
            CampaignBuilder::new(1).opt_in().targeting(query).behavior(capped)
        };
        let nobody = json!({ "user.tags": "nobody" });
        world.put([campaign(json!({}))]).await;
        let ada = world.ada().await;
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        world.event(ada, "visit", 1).await;
        world.put([campaign(nobody.clone())]).await;
        assert_eq!(state(&world).await, "not_qualified", "before in_progress and opted_in");
        world.put([campaign(json!({}))]).await;
        world.event(ada, "visit", 1).await;
        world.put([campaign(nobody)]).await;
        assert_eq!(state(&world).await, "completed", "before not_qualified");
        assert!(!qualified(&world).await, "the verdict is told apart from the state");
        world.get(&format!("v1/{ADA}/campaigns/1/opt_out")).await.ok();
        assert_eq!(state(&world).await, "opted_out", "before everything");
    }

    async fn e13_without_behaviors_never_completed(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        let ada = world.ada().await;
        assert_eq!(state(&world).await, "qualified");
        world.event(ada, "anything", 5).await;
        assert_eq!(state(&world).await, "qualified");
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        assert_eq!(state(&world).await, "opted_in");
    }

    async fn e13_unlimited_repeats_are_never_completed(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 1))]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 4).await;
        assert_eq!(state(&world).await, "in_progress", "question Q45");
        let (one, two) = (BehaviorBuilder::count(10, "visit", 1).at_most(9), BehaviorBuilder::count(11, "x", 1).at_most(1));
        world.put([CampaignBuilder::new(1).behavior(one).behavior(two)]).await;
        world.event(ada, "visit", 5).await;
        assert_eq!(state(&world).await, "in_progress", "one of two is exhausted");
        world.event(ada, "x", 1).await;
        assert_eq!(state(&world).await, "completed");
        let paused = CampaignBuilder::new(1)
            .status(CampaignStatus::Paused)
            .behavior(BehaviorBuilder::count(10, "visit", 1).at_most(9));
        world.put([paused]).await;
        assert_eq!(state(&world).await, "completed", "whatever the campaign's own status");
    }
}
