//! C4: a customer's progress in one campaign (rows E68 to E81).

use crate::common::*;
use muster_domain::campaign::CampaignStatus;
use serde_json::{Value, json};

/// All six ways to ask for campaign 1 and customer 1.
fn paths() -> [String; 6] {
    paths_with(TOKEN)
}

/// The same with another token.
fn paths_with(token: &str) -> [String; 6] {
    [
        format!("v1/{ADA}/campaigns/1/progress"),
        format!("v1/{ADA}/external/campaigns/campaign-1/progress"),
        "v1/external/users/ext-1/campaigns/1/progress".to_owned(),
        "v1/external/users/ext-1/external/campaigns/campaign-1/progress".to_owned(),
        format!("client/campaigns/1/progress?auth_token={token}"),
        format!("client/external/campaigns/campaign-1/progress?auth_token={token}"),
    ]
}

async fn shows_progress(world: &World, index: usize) {
    world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3))]).await;
    let ada = world.ada().await;
    world.event(ada, "visit", 2).await;
    let expected = json!({ "status": "ok", "campaign": { "state": "in_progress", "behaviors": [{
        "behavior_id": 10, "external_behavior_id": "00000000-0000-4000-8000-000000000010",
        "event_name": "visit", "name": "behavior 10", "progress": 2, "goal": 3,
    }]}});
    assert_eq!(world.get(&paths()[index]).await.ok(), expected);
}

async fn campaign(world: &World) -> Value {
    world.get(&paths()[0]).await.ok()["campaign"].clone()
}

on_both_stores! {
    async fn e68_by_user_id_and_campaign_id(world: World) {
        shows_progress(&world, 0).await;
    }

    async fn e69_by_user_id_and_permalink(world: World) {
        shows_progress(&world, 1).await;
    }

    async fn e70_by_external_id_and_campaign_id(world: World) {
        shows_progress(&world, 2).await;
    }

    async fn e71_by_external_id_and_permalink(world: World) {
        shows_progress(&world, 3).await;
    }

    async fn e72_by_token_and_campaign_id(world: World) {
        shows_progress(&world, 4).await;
    }

    async fn e73_by_token_and_permalink(world: World) {
        shows_progress(&world, 5).await;
    }

    async fn e74_all_selectors_reach_the_same(world: World) {
        let composite = BehaviorBuilder::composite(11).group("0", 1).goal("0", "visit", true);
        let campaign = CampaignBuilder::new(1).opt_in().behavior(BehaviorBuilder::count(10, "visit", 2));
        world.put([campaign.behavior(composite)]).await;
        let ada = world.ada().await;
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        world.event(ada, "visit", 1).await;
        let first = world.get(&paths()[0]).await.ok();
        for path in &paths()[1..] {
            assert_eq!(world.get(path).await.ok(), first, "{path}");
        }
    }

    async fn e75_opted_in_is_there_after_an_explicit_choice(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        assert!(campaign(&world).await.get("opted_in").is_none());
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        assert_eq!(campaign(&world).await["opted_in"], true);
        world.get(&format!("v1/{ADA}/campaigns/1/opt_out")).await.ok();
        assert_eq!(campaign(&world).await["opted_in"], false);
    }

    async fn e76_state_and_behaviors(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        let ada = world.ada().await;
        assert_eq!(campaign(&world).await, json!({ "state": "qualified", "behaviors": [] }));
        let capped = BehaviorBuilder::count(10, "visit", 2).at_most(1);
        let unique = BehaviorBuilder::unique(11, "scan", "shop", 4);
        world.put([CampaignBuilder::new(1).behavior(capped).behavior(unique)]).await;
        world.event(ada, "visit", 2).await;
        let behavior = |id: i64, event: &str, progress: u32, goal: u32| json!({
            "behavior_id": id, "external_behavior_id": format!("00000000-0000-4000-8000-{id:012}"),
            "event_name": event, "name": format!("behavior {id}"), "progress": progress, "goal": goal,
        });
        assert_eq!(
            campaign(&world).await,
            json!({ "state": "in_progress", "behaviors": [behavior(10, "visit", 0, 2), behavior(11, "scan", 0, 4)] })
        );
    }

    async fn e76_a_completed_campaign_keeps_its_behaviors_here(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 1).at_most(1))]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 1).await;
        let campaign = campaign(&world).await;
        assert_eq!(campaign["state"], "completed");
        assert_eq!(campaign["behaviors"].as_array().map(Vec::len), Some(1));
    }

    async fn e77_it_works_after_the_end_and_in_any_status(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3))]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 2).await;
        world.clock.advance_s(11 * DAY_S);
        world.token(ada, "v2--bGF0ZXI=--dG9rZW4=", NOW.plus_seconds(100 * DAY_S)).await;
        for path in paths_with("v2--bGF0ZXI=--dG9rZW4=") {
            let campaign = &world.get(&path).await.ok()["campaign"];
            assert_eq!([&campaign["state"], &campaign["behaviors"][0]["progress"]], [&json!("in_progress"), &json!(2)]);
        }
        let behavior = BehaviorBuilder::count(10, "visit", 3);
        world.put([CampaignBuilder::new(1).behavior(behavior).status(CampaignStatus::Completed)]).await;
        assert_eq!(campaign(&world).await["state"], "in_progress");
    }

    async fn e78_a_customer_who_is_not_targeted(world: World) {
        world.put([CampaignBuilder::new(1).for_tag("vip")]).await;
        world.ada().await;
        assert_eq!(campaign(&world).await, json!({ "state": "not_qualified", "behaviors": [] }));
    }

    async fn e79_an_unknown_campaign(world: World) {
        world.ada().await;
        for path in paths() {
            world.get(&path).await.fails(404, "no_campaign_found");
        }
        world.put([CampaignBuilder::new(1)]).await;
        for campaign in ["campaigns/2", "campaigns/campaign-1", "campaigns/x", "external/campaigns/1"] {
            world.get(&format!("v1/{ADA}/{campaign}/progress")).await.fails(404, "no_campaign_found");
        }
    }

    async fn e80_an_unknown_customer(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        for customer in [NOBODY, "users/x", "external/users/nobody"] {
            for campaign in ["campaigns/1", "campaigns/2", "campaigns/x", "external/campaigns/campaign-1"] {
                world.get(&format!("v1/{customer}/{campaign}/progress")).await.fails(404, "USER_NOT_FOUND");
            }
        }
    }

    async fn e81_a_bad_token(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        for path in ["client/campaigns/1/progress", "client/external/campaigns/campaign-1/progress"] {
            for query in ["", "?auth_token=", "?auth_token=wrong", "?auth_token=v2--YQ==--Yg=="] {
                world.get(&format!("{path}{query}")).await.fails(401, "INVALID_AUTH_TOKEN");
            }
        }
    }

    async fn reading_progress_changes_nothing(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3))]).await;
        let ada = world.ada().await;
        let before = world.services.store.customer(world.organization, ada).await.expect("readable").expect("exists");
        for path in paths() {
            world.get(&path).await.ok();
        }
        let after = world.services.store.customer(world.organization, ada).await.expect("readable").expect("exists");
        assert_eq!((after.version, after.customer), (before.version, before.customer), "rule C4-R3");
    }
}
