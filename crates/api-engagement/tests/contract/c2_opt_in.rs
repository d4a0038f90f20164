//! C2: opting a customer into a campaign (rows E42 to E53), and N4: out of it again (row E142).

use crate::common::*;
use axum::http::Method;
use muster_domain::campaign::CampaignStatus;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

fn opt_in() -> String {
    format!("v1/{ADA}/campaigns/1/opt_in")
}

fn opt_out() -> String {
    format!("v1/{ADA}/campaigns/1/opt_out")
}

/// What C4 says of a customer in campaign 1: the choice and the state.
async fn place(world: &World, customer: &str) -> (Option<bool>, String) {
    let campaign = world.get(&format!("v1/{customer}/campaigns/1/progress")).await.ok()["campaign"].clone();
    (
        campaign.get("opted_in").and_then(Value::as_bool),
        campaign["state"].as_str().expect("a state").to_owned(),
    )
}

fn opted(into: bool) -> (Option<bool>, String) {
    (Some(into), if into { "opted_in" } else { "opted_out" }.to_owned())
}

on_both_stores! {
    async fn e42_opt_in_by_user_id(world: World) {
        world.put([CampaignBuilder::new(1).opt_in().creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        world.get(&opt_in()).await.ok();
        assert_eq!(place(&world, ADA).await, opted(true));
    }

    async fn e42_post_is_taken_too_and_head_changes_nothing(world: World) {
        world.put([CampaignBuilder::new(1).opt_in().creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        let head = world.head(&opt_in()).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
        assert_eq!(place(&world, ADA).await, (None, "qualified".to_owned()), "row H5");
        world.post_text(&opt_in(), "").await.ok();
        assert_eq!(place(&world, ADA).await, opted(true));
        world.head(&opt_out()).await;
        assert_eq!(place(&world, ADA).await, opted(true));
        let put = world.request(Method::PUT, &opt_in()).body(axum::body::Body::empty()).expect("a request");
        world.send(put).await.fails(405, "ARGUMENT_ERROR");
    }

    async fn e43_opt_in_by_external_id(world: World) {
        world.put([CampaignBuilder::new(1).opt_in().creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        world.get("v1/external/users/ext-1/campaigns/1/opt_in").await.ok();
        assert_eq!(place(&world, ADA).await, opted(true));
        world.post_text("v1/external/users/ext-1/campaigns/1/opt_in", "").await.ok();
    }

    async fn e44_a_campaign_id_must_be_a_number(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        for id in ["campaign-1", "1x", "-1", "+1", "1.0", "%31x", "0x1", "%20"] {
            world.get(&format!("v1/{ADA}/campaigns/{id}/opt_in")).await.fails(200, "ARGUMENT_ERROR");
            world.get(&format!("v1/{ADA}/campaigns/{id}/opt_out")).await.fails(200, "ARGUMENT_ERROR");
        }
        world.get(&format!("v1/{NOBODY}/campaigns/x/opt_in")).await.fails(404, "USER_NOT_FOUND");
    }

    async fn e45_success_answers_the_list_and_shows_in_c4(world: World) {
        let campaign = CampaignBuilder::new(1).opt_in().behavior(BehaviorBuilder::count(10, "e", 3));
        world.put([campaign.creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        let reply = world.get(&opt_in()).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let answer = reply.ok();
        assert_eq!(answer, world.get(&format!("v1/{ADA}/campaigns")).await.ok(), "the answer is C3's");
        assert_eq!(answer["campaigns"]["tiles"][0]["progress"]["opted_in"], true);
        assert_eq!(answer["campaigns"]["tiles"][0]["progress"]["state"], "opted_in");
        assert_eq!(place(&world, ADA).await, opted(true));
    }

    async fn e45_nothing_to_show_is_no_error(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        let empty = json!({ "status": "ok", "campaigns": { "tiles": [], "promotions": [] } });
        assert_eq!(world.get(&opt_in()).await.ok(), empty, "row H2");
        assert_eq!(world.get(&opt_out()).await.ok(), empty);
    }

    async fn e46_repeats_and_second_thoughts_succeed(world: World) {
        world.put([CampaignBuilder::new(1).opt_in_limit(1)]).await;
        let ada = world.ada().await;
        world.get(&opt_in()).await.ok();
        let chosen = world.stored(ada).await.choices;
        world.clock.advance_s(60);
        world.get(&opt_in()).await.ok();
        assert_eq!(world.stored(ada).await.choices, chosen, "a repeat changes nothing");
        let taken = world.services.store.places_taken(world.organization, world.campaign(1).id).await;
        assert_eq!(taken.expect("readable"), 1, "a repeat takes no second place");
        world.get(&opt_out()).await.ok();
        assert_eq!(place(&world, ADA).await, opted(false));
        world.get(&opt_in()).await.ok();
        assert_eq!(place(&world, ADA).await, opted(true));
    }

    async fn e46_the_opt_in_window_may_open_before_the_campaign(world: World) {
        let (before, start, end) = (NOW.plus_seconds(-1), NOW.plus_seconds(DAY_S), NOW.plus_seconds(2 * DAY_S));
        world.put([CampaignBuilder::new(1).window(start, end).opt_in_window(before, end)]).await;
        world.ada().await;
        world.get(&opt_in()).await.ok();
        assert_eq!(place(&world, ADA).await, opted(true));
    }

    async fn e47_who_may_not_take_part_is_ineligible(world: World) {
        let code = "user_ineligible_for_campaign";
        let statuses =
            [CampaignStatus::Paused, CampaignStatus::Draft, CampaignStatus::InReview, CampaignStatus::Completed];
        world.ada().await;
        for status in statuses {
            world.put([CampaignBuilder::new(1).opt_in().status(status)]).await;
            world.get(&opt_in()).await.fails(200, code);
        }
        world.put([CampaignBuilder::new(1).opt_in().for_tag("vip")]).await;
        world.get(&opt_in()).await.fails(200, code);
        world.put([CampaignBuilder::new(1).window(NOW.plus_seconds(-10), NOW).opt_in()]).await;
        world.get(&opt_in()).await.fails(200, code);
        assert_eq!(place(&world, ADA).await.0, None, "a refused opt-in leaves no trace");
    }

    async fn e48_before_the_window(world: World) {
        let end = NOW.plus_seconds(DAY_S);
        world.put([CampaignBuilder::new(1).window(NOW.plus_seconds(10), end).opt_in()]).await;
        world.ada().await;
        world.clock.set(NOW.plus_seconds(9));
        world.get(&opt_in()).await.fails(200, "opt_in_not_started");
        world.clock.set(NOW.plus_seconds(10));
        world.get(&opt_in()).await.ok();
    }

    async fn e49_after_the_window(world: World) {
        world.put([CampaignBuilder::new(1).opt_in_window(NOW.plus_seconds(-10), NOW.plus_seconds(10))]).await;
        world.ada().await;
        world.clock.set(NOW.plus_seconds(10));
        world.get(&opt_in()).await.fails(200, "opt_in_ended");
        world.clock.set(NOW.plus_seconds(9));
        world.get(&opt_in()).await.ok();
    }

    async fn e50_the_limit_is_reached(world: World) {
        world.put([CampaignBuilder::new(1).opt_in_limit(2)]).await;
        for number in 1..=3 {
            world.customer(CustomerBuilder::new(number).external_id(&format!("ext-{number}"))).await;
        }
        world.get("v1/external/users/ext-1/campaigns/1/opt_in").await.ok();
        world.get("v1/external/users/ext-2/campaigns/1/opt_in").await.ok();
        world.get("v1/external/users/ext-3/campaigns/1/opt_in").await.fails(200, "opt_in_limit_reached");
        let third = world.get("v1/external/users/ext-3/campaigns/1/progress").await.ok();
        assert!(third["campaign"].get("opted_in").is_none());
    }

    async fn e50_of_parallel_requests_for_the_last_place_exactly_one_wins(world: World) {
        for round in 0..5_u128 {
            let campaign = 1 + i64::try_from(round).expect("small");
            world.put([CampaignBuilder::new(campaign).opt_in_limit(1)]).await;
            let mut asking = tokio::task::JoinSet::new();
            for number in 1..=8 {
                let number = round * 100 + number;
                let id = world.customer(CustomerBuilder::new(number)).await;
                let path = format!("v1/users/{id}/campaigns/{campaign}/opt_in");
                let request = world.request(Method::GET, &path).body(axum::body::Body::empty()).expect("a request");
                let router = world.router();
                asking.spawn(async move { send(router, request).await });
            }
            let replies = asking.join_all().await;
            let (won, lost): (Vec<_>, Vec<_>) =
                replies.iter().partition(|reply| reply.json()["status"] == "ok");
            assert_eq!(won.len(), 1);
            for reply in lost {
                reply.fails(200, "opt_in_limit_reached");
            }
        }
    }

    async fn e50_parallel_requests_of_one_customer_take_one_place(world: World) {
        world.put([CampaignBuilder::new(1).opt_in_limit(1)]).await;
        world.ada().await;
        let path = opt_in();
        let (one, two, three, four) =
            tokio::join!(world.get(&path), world.get(&path), world.get(&path), world.get(&path));
        for reply in [one, two, three, four] {
            reply.ok();
        }
    }

    async fn e51_a_campaign_that_takes_no_opt_ins(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        world.get(&opt_in()).await.fails(200, "opt_in_error");
        world.get(&opt_out()).await.fails(200, "opt_in_error");
    }

    async fn e51_a_choice_that_cannot_be_written_down(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        world.faults.commits.store(true, Ordering::SeqCst);
        let message = world.get(&opt_in()).await.fails(500, "opt_in_error");
        assert!(!message.contains("told to fail"), "{message}");
        world.faults.commits.store(false, Ordering::SeqCst);
        assert_eq!(place(&world, ADA).await.0, None);
    }

    async fn e52_an_unknown_customer(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        for customer in [NOBODY, "users/nonsense", "external/users/nobody"] {
            world.get(&format!("v1/{customer}/campaigns/1/opt_in")).await.fails(404, "USER_NOT_FOUND");
            world.get(&format!("v1/{customer}/campaigns/2/opt_in")).await.fails(404, "USER_NOT_FOUND");
        }
    }

    async fn e53_an_unknown_campaign(world: World) {
        world.ada().await;
        for id in ["1", "0", "99999999999999999999999"] {
            world.get(&format!("v1/{ADA}/campaigns/{id}/opt_in")).await.fails(404, "NOT_FOUND");
        }
    }

    async fn e53_a_campaign_of_another_organization_is_unknown(world: World) {
        world.ada().await;
        let (other, _) = world.add_organization("Other", "key-other").await;
        let write = muster_app::ports::CatalogWrite::Campaign {
            campaign: Box::new(CampaignBuilder::new(1).opt_in().build()),
            expected: muster_app::ports::Expected::Absent,
        };
        world.services.store.write_catalog(other, vec![write]).await.expect("written");
        world.services.catalog.reload(other).await.expect("loaded");
        world.get(&opt_in()).await.fails(404, "NOT_FOUND");
    }

    async fn e142_opting_out_shows_frees_a_place_and_repeats(world: World) {
        world.put([CampaignBuilder::new(1).opt_in_limit(1).creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        world.customer(CustomerBuilder::new(2).external_id("ext-2")).await;
        world.get(&opt_in()).await.ok();
        world.get("v1/external/users/ext-2/campaigns/1/opt_in").await.fails(200, "opt_in_limit_reached");
        let reply = world.get("v1/external/users/ext-1/campaigns/1/opt_out").await;
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.ok()["campaigns"]["tiles"][0]["progress"], json!({ "opted_in": false, "state": "opted_out" }));
        assert_eq!(place(&world, ADA).await, opted(false));
        world.get(&opt_out()).await.ok();
        world.post_text(&opt_out(), "").await.ok();
        let taken = world.services.store.places_taken(world.organization, world.campaign(1).id).await;
        assert_eq!(taken.expect("readable"), 0, "repeating gives no second place back");
        world.get("v1/external/users/ext-2/campaigns/1/opt_in").await.ok();
        assert_eq!(place(&world, "external/users/ext-2").await, opted(true));
        world.get(&opt_in()).await.fails(200, "opt_in_limit_reached");
    }

    async fn e142_opting_out_is_allowed_at_any_time_and_without_an_opt_in_before(world: World) {
        world.put([CampaignBuilder::new(1).window(NOW.plus_seconds(-10), NOW).opt_in().status(CampaignStatus::Paused)])
            .await;
        world.ada().await;
        world.get(&opt_out()).await.ok();
        assert_eq!(place(&world, ADA).await, opted(false));
        world.get(&format!("v1/{NOBODY}/campaigns/1/opt_out")).await.fails(404, "USER_NOT_FOUND");
        world.get(&format!("v1/{ADA}/campaigns/2/opt_out")).await.fails(404, "NOT_FOUND");
    }
}
