//! What events do to the numbers that answers show (rows E14 to E19).

use crate::common::*;
use muster_domain::campaign::CampaignStatus;
use muster_domain::event::{Context, ContextValue};
use muster_domain::ids::CustomerId;
use serde_json::{Value, json};

/// Section `behaviors` of campaign 1, whatever the customer's verdict.
async fn behavior(world: &World, key: &str) -> Value {
    let answer = world.get(&format!("v2/{ADA}/campaigns/1?sections[]=behaviors&filters[]=all")).await.ok();
    answer["campaign"]["behaviors"][key].clone()
}

/// Times achieved and the count of the current round.
async fn counts(world: &World, key: &str) -> (u64, u64) {
    let behavior = behavior(world, key).await;
    let number = |name: &str| behavior[name].as_u64().unwrap_or_else(|| panic!("{name}: {behavior}"));
    (number("achieved"), number("current_count"))
}

async fn points(world: &World, ada: CustomerId) -> i64 {
    world.stored(ada).await.points.available
}

async fn scan(world: &World, ada: CustomerId, shop: &str) {
    let context: Context = [("shop".to_owned(), ContextValue::Text(shop.to_owned()))].into();
    world.event_with(ada, "scan", 1, context).await;
}

on_both_stores! {
    async fn e14_count_achieves_at_total_count(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3).points(5))]).await;
        let ada = world.ada().await;
        world.event(ada, "other", 9).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 0), "rule B1");
        world.event(ada, "visit", 2).await;
        assert_eq!((counts(&world, "behavior 10").await, points(&world, ada).await), ((0, 2), 0));
        world.event(ada, "visit", 1).await;
        assert_eq!((counts(&world, "behavior 10").await, points(&world, ada).await), ((1, 0), 5));
        world.event(ada, "visit", 7).await;
        assert_eq!((counts(&world, "behavior 10").await, points(&world, ada).await), ((3, 1), 15), "reading A1");
    }

    async fn e15_unique_counts_a_value_once_a_round(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::unique(10, "scan", "shop", 2))]).await;
        let ada = world.ada().await;
        for (shop, expected) in [("a", (0, 1)), ("a", (0, 1)), ("b", (1, 0)), ("a", (1, 1)), ("c", (2, 0))] {
            scan(&world, ada, shop).await;
            assert_eq!(counts(&world, "behavior 10").await, expected, "{shop}");
        }
        world.event(ada, "scan", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (2, 0), "an event without the key does not count (A11)");
    }

    async fn e16_composite_takes_required_goals_and_enough_of_each_group(world: World) {
        let composite = BehaviorBuilder::composite(10)
            .group("0", 2)
            .goal("0", "must", true)
            .goal("0", "may", false)
            .goal("0", "might", false)
            .points(9);
        world.put([CampaignBuilder::new(1).behavior(composite)]).await;
        let ada = world.ada().await;
        world.event(ada, "may", 1).await;
        world.event(ada, "might", 1).await;
        let shown = behavior(&world, "behavior 10").await;
        assert_eq!(shown["achieved"], 0, "the required goal is open");
        assert_eq!(shown["groups"]["0"], json!({
            "type": "group", "current_count": 2, "total_count": 2, "num_goals": 3, "completed": true,
        }));
        assert_eq!([&shown["goals"]["may"]["completed"], &shown["goals"]["must"]["completed"]], [true, false]);
        world.event(ada, "must", 1).await;
        let shown = behavior(&world, "behavior 10").await;
        assert_eq!((&shown["achieved"], points(&world, ada).await), (&json!(1), 9));
        assert_eq!(shown["groups"]["0"]["current_count"], 0, "a new round");
        assert_eq!(shown["goals"]["may"]["completed"], false);
        world.event(ada, "must", 1).await;
        world.event(ada, "might", 1).await;
        assert_eq!(behavior(&world, "behavior 10").await["achieved"], 2, "two of three goals are enough");
    }

    async fn e17_caps(world: World) {
        let campaign = CampaignBuilder::new(1)
            .behavior(BehaviorBuilder::count(10, "visit", 1).at_most(2))
            .behavior(BehaviorBuilder::count(11, "visit", 1).at_most_within(1, 60))
            .behavior(BehaviorBuilder::count(12, "visit", 1));
        world.put([campaign]).await;
        let ada = world.ada().await;
        for (advance_s, expected) in [(0, [1, 1, 1]), (59, [2, 1, 2]), (1, [2, 2, 3]), (60, [2, 3, 4])] {
            world.clock.advance_s(advance_s);
            world.event(ada, "visit", 1).await;
            let achieved = [
                counts(&world, "behavior 10").await.0, counts(&world, "behavior 11").await.0,
                counts(&world, "behavior 12").await.0,
            ];
            assert_eq!(achieved, expected, "after {advance_s} s");
        }
        assert_eq!(behavior(&world, "behavior 12").await["max_times_repeatable"], Value::Null);
    }

    async fn e18_time_between_events(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 9).apart(60))]).await;
        let ada = world.ada().await;
        for (advance_s, expected) in [(0, 1), (59, 1), (1, 2), (30, 2), (30, 3)] {
            world.clock.advance_s(advance_s);
            world.event(ada, "visit", 1).await;
            assert_eq!(counts(&world, "behavior 10").await, (0, expected), "after {advance_s} s");
        }
    }

    async fn e18_consecutive_days(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3).consecutive())]).await;
        let ada = world.ada().await;
        for (advance_s, expected) in [(0, (0, 1)), (60, (0, 1)), (DAY_S, (0, 2)), (2 * DAY_S, (0, 1)), (DAY_S, (0, 2)), (DAY_S, (1, 0))] {
            world.clock.advance_s(advance_s);
            world.event(ada, "visit", 1).await;
            assert_eq!(counts(&world, "behavior 10").await, expected, "after {advance_s} s");
        }
    }

    async fn e18_days_are_those_of_the_customers_zone(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3).consecutive())]).await;
        let ada = world
            .ada_with(|customer| customer.with(|customer| customer.profile.time_zone = Some("Asia/Tokyo".to_owned())))
            .await;
        world.clock.set(at("2023-11-15T14:30:00Z"));
        world.event(ada, "visit", 1).await;
        world.clock.set(at("2023-11-15T15:30:00Z"));
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 2), "it is already tomorrow in Tokyo");
    }

    async fn e19_events_do_not_count_before_opt_in(world: World) {
        world.put([CampaignBuilder::new(1).opt_in().behavior(BehaviorBuilder::count(10, "visit", 9))]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 0));
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 1));
        world.get(&format!("v1/{ADA}/campaigns/1/opt_out")).await.ok();
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 1));
    }

    async fn e19_events_do_not_count_for_who_is_not_qualified(world: World) {
        world.put([CampaignBuilder::new(1).for_tag("vip").behavior(BehaviorBuilder::count(10, "visit", 9))]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 0));
        world.change(ada, |customer| {
            customer.tags.insert("vip".to_owned(), muster_domain::customer::Tag::Counter { count: 1 });
        }).await;
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 1));
        world.change(ada, |customer| customer.standing.marketing_ceased = true).await;
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 1), "no outcomes either (B12)");
    }

    async fn e19_events_count_for_live_campaigns_only(world: World) {
        let campaign = |status| {
            CampaignBuilder::new(1).status(status).behavior(BehaviorBuilder::count(10, "visit", 9))
        };
        let ada = world.ada().await;
        for status in
            [CampaignStatus::Draft, CampaignStatus::InReview, CampaignStatus::Paused, CampaignStatus::Completed]
        {
            world.put([campaign(status)]).await;
            world.event(ada, "visit", 1).await;
        }
        world.put([campaign(CampaignStatus::Live)]).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 0));
        world.event(ada, "visit", 1).await;
        assert_eq!(counts(&world, "behavior 10").await, (0, 1));
    }

    async fn e19_events_count_inside_the_run_window_only(world: World) {
        let (start, end) = (NOW.plus_seconds(10), NOW.plus_seconds(20));
        world.put([CampaignBuilder::new(1).window(start, end).behavior(BehaviorBuilder::count(10, "visit", 9))]).await;
        let ada = world.ada().await;
        let progress = async || {
            let answer = world.get(&format!("v1/{ADA}/campaigns/1/progress")).await.ok();
            answer["campaign"]["behaviors"][0]["progress"].as_u64().expect("a number")
        };
        for (at_s, expected) in [(9, 0), (10, 1), (19, 2), (20, 2)] {
            world.clock.set(NOW.plus_seconds(at_s));
            world.event(ada, "visit", 1).await;
            assert_eq!(progress().await, expected, "at {at_s} s");
        }
    }
}
