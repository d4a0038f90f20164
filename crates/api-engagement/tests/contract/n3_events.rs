//! N3: events (rows E135 to E141).

use crate::common::*;
use muster_domain::campaign::{ActionType, CampaignStatus};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Reports events of customer 1.
async fn report(world: &World, body: &Value) -> Reply {
    world.post(&format!("v1/{ADA}/events"), body).await
}

/// What C4 says of the first behavior of a campaign.
async fn progress(world: &World, campaign: i64) -> Value {
    let reply = world.get(&format!("v1/{ADA}/campaigns/{campaign}/progress")).await.ok();
    reply["campaign"]["behaviors"][0]["progress"].clone()
}

async fn logged(world: &World) -> u64 {
    world.stored(CustomerBuilder::new(1).id()).await.events_logged
}

fn buying(campaign: i64) -> CampaignBuilder {
    CampaignBuilder::new(campaign).behavior(BehaviorBuilder::count(campaign * 10, "buy", 5).points(7))
}

on_both_stores! {
    async fn e135_the_three_paths_reach_the_same_customer(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        let body = json!({"events": {"buy": 1}});
        let paths = [
            format!("v1/{ADA}/events"),
            "v1/external/users/ext-1/events".to_owned(),
            format!("client/events?auth_token={TOKEN}"),
        ];
        for (count, path) in (1..).zip(&paths) {
            let reply = world.post(path, &body).await.ok();
            assert_eq!(reply["user"]["id"], "00000000-0000-0000-0000-000000000001");
            assert_eq!(reply["behaviors"]["behavior 10"]["current_count"], count);
            assert_eq!(progress(&world, 1).await, count);
        }
    }

    async fn e136_simple_complex_and_shorthand_events(world: World) {
        let unique = BehaviorBuilder::unique(20, "enter", "contest", 5);
        world.put([buying(1), CampaignBuilder::new(2).behavior(unique)]).await;
        world.ada().await;
        report(&world, &json!({"events": {"buy": {}}})).await.ok();
        assert_eq!(progress(&world, 1).await, 1, "simple");
        report(&world, &json!({"events": {"buy": 1}, "auto_claim": true})).await.ok();
        assert_eq!(progress(&world, 1).await, 2, "shorthand");
        let complex = json!({"events": {"enter": {
            "transaction_id": "1234", "qty": "1", "date": "2023-11-14T20:00:00Z",
            "context": {"contest": "camera_giveaway", "spent": 9.5, "vip": true, "note": null},
        }}});
        report(&world, &complex).await.ok();
        assert_eq!(progress(&world, 2).await, 1, "complex");
        assert_eq!(progress(&world, 1).await, 2);
    }

    async fn e136_several_events_in_a_call(world: World) {
        let other = CampaignBuilder::new(2).behavior(BehaviorBuilder::count(20, "sell", 5));
        world.put([buying(1), other]).await;
        world.ada().await;
        let reply = report(&world, &json!({"events": {"buy": 2, "sell": {"qty": "3"}, "unheard of": 1}})).await.ok();
        assert_eq!(reply["behaviors"]["behavior 10"]["current_count"], 2);
        assert_eq!(reply["behaviors"]["behavior 20"]["current_count"], 3);
        assert_eq!(reply["behaviors"].as_object().expect("a map").len(), 2);
        assert_eq!(logged(&world).await, 3, "an unknown event is stored, too (N3-R3)");
    }

    async fn e136_quantities_are_text_or_numbers(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        for (total, qty) in [(1, json!(1)), (2, json!("1")), (4, json!(2)), (5, json!("001"))] {
            report(&world, &json!({"events": {"buy": {"qty": qty}}})).await.ok();
            let stored = world.stored(CustomerBuilder::new(1).id()).await;
            let counted = progress(&world, 1).await.as_i64().expect("a number") + stored.points.available / 7 * 5;
            assert_eq!(counted, total, "{qty}");
        }
    }

    async fn e137_the_answer_shows_behaviors_deltas_points_and_notifications(world: World) {
        let action = CreativeBuilder::tile(5).action(ActionType::DeepLink, Some("app://prize")).triggered_by(10);
        let action = action.with(|creative| {
            creative.custom_payload = Some(serde_json::Map::from_iter([("color".to_owned(), json!("red"))]));
        });
        let behavior = BehaviorBuilder::count(10, "buy", 2).name("BuyTwo").points(7).at_most(9);
        world.put([CampaignBuilder::new(1).behavior(behavior).creative(action)]).await;
        world.ada().await;
        let first = report(&world, &json!({"events": {"buy": 1}})).await.ok();
        assert_eq!(first["user"], json!({"id": "00000000-0000-0000-0000-000000000001", "available_points": 0}));
        let behavior = |achieved: u32, current_count: u32| json!({"buy_two": {
            "campaign_id": 1, "external_behavior_id": "00000000-0000-4000-8000-000000000010", "event_name": "buy",
            "type": "count", "points": 7, "max_times_repeatable": 9, "max_times_repeatable_per_period": null,
            "period": 7_776_000, "min_time_between_events": null, "consecutive": false, "achieved": achieved,
            "current_count": current_count, "total_count": 2,
        }});
        assert_eq!(first["behaviors"], behavior(0, 1));
        assert_eq!(first["deltas"], json!({"buy_two": {"achieved": 0, "current_count": 1, "points": 0}}));
        assert_eq!(first["notifications"], json!([]));

        let second = report(&world, &json!({"events": {"buy": 1}})).await.ok();
        assert_eq!(second["user"]["available_points"], 7);
        assert_eq!(second["behaviors"], behavior(1, 0));
        assert_eq!(second["deltas"], json!({"buy_two": {"achieved": 1, "current_count": -1, "points": 7}}));
        let notification = json!([{
            "id": second["notifications"][0]["id"], "campaign_id": 1, "type": "internal_tile",
            "behavior_name": "BuyTwo", "action_type": "deep_link", "action_url": "app://prize",
            "message": "Tile 5", "payload": {"achieved": 1, "points": 7}, "data": {"color": "red"},
        }]);
        assert_eq!(second["notifications"], notification);
        assert_eq!(world.get(&format!("v1/{ADA}")).await.ok()["user"]["available_points"], 7);
    }

    async fn e137_notifications_without_a_message_and_with_a_page(world: World) {
        let plain = CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "buy", 1));
        let page = CampaignBuilder::new(2)
            .behavior(BehaviorBuilder::count(20, "buy", 1))
            .creative(CreativeBuilder::page(6).triggered_by(20));
        world.put([plain, page]).await;
        world.ada().await;
        let reply = report(&world, &json!({"events": {"buy": 1}})).await.ok();
        let [first, second] = &reply["notifications"].as_array().expect("an array")[..] else {
            panic!("two notifications: {reply}");
        };
        assert_eq!((&first["type"], &first["message"]), (&json!("achievement"), &json!("behavior 10")));
        assert!(first.get("action_type").is_none() && first.get("action_url").is_none());
        assert_eq!((&second["type"], &second["action_type"]), (&json!("internal_full_page"), &json!("open_ad")));
        let page = format!("{BASE_URL}/apps/key-1/{ADA}/ads/6");
        assert_eq!(second["action_url"], page.as_str());
    }

    async fn e137_behaviors_of_one_name_in_two_campaigns_are_both_shown(world: World) {
        let named = |campaign: i64| {
            CampaignBuilder::new(campaign).behavior(BehaviorBuilder::count(campaign * 10, "buy", 5).name("Buy"))
        };
        world.put([named(1), named(2)]).await;
        world.ada().await;
        let reply = report(&world, &json!({"events": {"buy": 1}})).await.ok();
        assert_eq!(reply["behaviors"]["buy"]["campaign_id"], 1);
        assert_eq!(reply["behaviors"]["buy (20)"]["campaign_id"], 2);
        assert_eq!(reply["deltas"]["buy (20)"]["current_count"], 1);
    }

    async fn e137_a_composite_is_shown_with_goals_and_groups(world: World) {
        let composite = BehaviorBuilder::composite(10).goal("0", "buy", true).goal("0", "sell", true).group("0", 2);
        world.put([CampaignBuilder::new(1).behavior(composite)]).await;
        world.ada().await;
        let reply = report(&world, &json!({"events": {"buy": 1}})).await.ok();
        let shown = &reply["behaviors"]["behavior 10"];
        assert_eq!(shown["type"], "composite");
        assert_eq!(shown["goals"]["buy"]["completed"], true);
        assert_eq!(shown["goals"]["sell"]["completed"], false);
        assert_eq!(shown["groups"]["0"]["current_count"], 1);
    }

    async fn e138_the_same_transaction_counts_once(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        let event = |id: &str| json!({"events": {"buy": {"transaction_id": id, "qty": 2}}});
        let first = report(&world, &event("t-1")).await.ok();
        let again = report(&world, &event("t-1")).await.ok();
        assert_eq!(again["behaviors"], first["behaviors"], "a repeat shows the current state");
        assert_eq!(again["deltas"], json!({"behavior 10": {"achieved": 0, "current_count": 0, "points": 0}}));
        report(&world, &event("t-2")).await.ok();
        let other_name = json!({"events": {"sell": {"transaction_id": "t-1"}}});
        report(&world, &other_name).await.ok();
        assert_eq!((progress(&world, 1).await, logged(&world).await), (json!(4), 3));
        let mixed = json!({"events": {"sell": {"transaction_id": "t-1"}, "buy": {"transaction_id": "t-3"}}});
        report(&world, &mixed).await.ok();
        assert_eq!((progress(&world, 1).await, logged(&world).await), (json!(0), 4), "the fifth achieves");
    }

    async fn e138_the_same_transaction_at_once_counts_once(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        let world = Arc::new(world);
        let attempts: Vec<_> = (0..16)
            .map(|number| {
                let world = Arc::clone(&world);
                let path = [
                    format!("v1/{ADA}/events"),
                    "v1/external/users/ext-1/events".to_owned(),
                    format!("client/events?auth_token={TOKEN}"),
                ][number % 3]
                    .clone();
                let body = json!({"events": {"buy": {"transaction_id": format!("t-{}", number % 2)}}});
                tokio::spawn(async move { world.post(&path, &body).await })
            })
            .collect();
        for attempt in attempts {
            attempt.await.expect("no panic").ok();
        }
        assert_eq!((progress(&world, 1).await, logged(&world).await), (json!(2), 2));
    }

    async fn e138_events_at_once_are_all_counted(world: World) {
        world.put([CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "buy", 100))]).await;
        world.ada().await;
        let world = Arc::new(world);
        let attempts: Vec<_> = (0..24)
            .map(|number| {
                let world = Arc::clone(&world);
                let body = json!({"events": {"buy": {"transaction_id": number.to_string()}}});
                tokio::spawn(async move { report(&world, &body).await })
            })
            .collect();
        for attempt in attempts {
            attempt.await.expect("no panic").ok();
        }
        assert_eq!((progress(&world, 1).await, logged(&world).await), (json!(24), 24));
    }

    async fn e139_the_date_is_what_counts(world: World) {
        let window = |campaign: CampaignBuilder| campaign.window(NOW.plus_seconds(-3600), NOW.plus_seconds(3600));
        world.put([window(buying(1))]).await;
        world.ada().await;
        // The clock stands at 2023-11-14T22:13:20Z.
        for (date, counted) in [
            ("2023-11-14T21:13:19Z", 0),
            ("2023-11-14T21:13:20Z", 1),
            ("2023-11-14 22:00:00", 2),
            ("2023-11-14T22:00:00+0000", 3),
            ("2023-11-15T00:13:20+02:00", 4),
        ] {
            report(&world, &json!({"events": {"buy": {"date": date}}})).await.ok();
            assert_eq!(progress(&world, 1).await, counted, "{date}");
        }
        world.clock.advance_s(4000);
        report(&world, &json!({"events": {"buy": 1}})).await.ok();
        assert_eq!(progress(&world, 1).await, 4, "without a date it is now, and the campaign is over");
        report(&world, &json!({"events": {"buy": {"date": "2023-11-14T22:30:00Z"}}})).await.ok();
        assert_eq!(world.stored(CustomerBuilder::new(1).id()).await.points.available, 7, "late, but in time (A9)");
    }

    async fn e139_the_near_future_is_now_and_the_far_one_is_refused(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        report(&world, &json!({"events": {"buy": {"date": "2023-11-14T22:18:20Z"}}})).await.ok();
        let beyond = json!({"events": {"buy": {"date": "2023-11-14T22:18:21Z"}}});
        report(&world, &beyond).await.fails(200, "VALIDATION");
        report(&world, &json!({"events": {"buy": {"date": "1970-01-01T00:00:00Z"}}})).await.ok();
        assert_eq!(logged(&world).await, 2, "the past has no limit (A16)");
    }

    async fn e140_events_can_be_kept_to_one_campaign(world: World) {
        world.put([buying(1), buying(2), buying(3)]).await;
        world.ada().await;
        let counts = async || (progress(&world, 1).await, progress(&world, 2).await, progress(&world, 3).await);
        report(&world, &json!({"events": {"buy": {"campaign_id": 1}}})).await.ok();
        assert_eq!(counts().await, (json!(1), json!(0), json!(0)));
        report(&world, &json!({"events": {"buy": {"campaign_id": "2"}}})).await.ok();
        report(&world, &json!({"events": {"buy": {"permalink": "campaign-2"}}})).await.ok();
        assert_eq!(counts().await, (json!(1), json!(2), json!(0)));
        let reply = report(&world, &json!({"campaign_id": 3, "events": {"buy": 1}})).await.ok();
        assert_eq!(counts().await, (json!(1), json!(2), json!(1)));
        assert_eq!(reply["deltas"]["behavior 30"]["current_count"], 1);
        report(&world, &json!({"events": {"buy": 1}})).await.ok();
        assert_eq!(counts().await, (json!(2), json!(3), json!(2)));
        for unknown in [json!({"campaign_id": 99}), json!({"permalink": "none"}), json!({"campaign_id": "campaign-1"})] {
            report(&world, &json!({"events": {"buy": unknown}})).await.fails(404, "NOT_FOUND");
        }
        assert_eq!(logged(&world).await, 5, "what is refused leaves nothing");
    }

    async fn e140_opt_in_and_out_by_event(world: World) {
        let campaign = CampaignBuilder::new(1).opt_in_limit(1).behavior(BehaviorBuilder::count(10, "buy", 5));
        world.put([campaign]).await;
        world.ada().await;
        world.customer(CustomerBuilder::new(2).external_id("ext-2")).await;
        let place = async || {
            let reply = world.get(&format!("v1/{ADA}/campaigns/1/progress")).await.ok();
            (reply["campaign"]["opted_in"].clone(), reply["campaign"]["state"].clone())
        };
        report(&world, &json!({"events": {"buy": 1}})).await.ok();
        assert_eq!(progress(&world, 1).await, 0, "events do not count before opt-in");
        report(&world, &json!({"events": {"campaigns.1.opt_in": 1}})).await.ok();
        assert_eq!(place().await, (json!(true), json!("opted_in")));
        let bob = "v1/external/users/ext-2/events";
        let refused = world.post(bob, &json!({"events": {"campaigns.1.opt_in": 1}})).await;
        refused.fails(200, "opt_in_limit_reached");
        report(&world, &json!({"events": {"campaigns.1.opt_out": 1}})).await.ok();
        assert_eq!(place().await, (json!(false), json!("opted_out")));
        world.post(bob, &json!({"events": {"campaigns.1.opt_in": 1}})).await.ok();
        report(&world, &json!({"events": {"campaigns.1.opt_in": 1}})).await.fails(200, "opt_in_limit_reached");
        report(&world, &json!({"events": {"campaigns.9.opt_in": 1}})).await.fails(404, "NOT_FOUND");
    }

    async fn e140_opt_in_by_event_goes_through_the_checks_of_c2(world: World) {
        let start = NOW.plus_seconds(DAY_S);
        world
            .put([
                CampaignBuilder::new(1),
                CampaignBuilder::new(2).opt_in().for_tag("vip"),
                CampaignBuilder::new(3).opt_in().status(CampaignStatus::Paused),
                CampaignBuilder::new(4).opt_in_window(start, start.plus_seconds(60)),
                CampaignBuilder::new(5).opt_in_window(NOW.plus_seconds(-60), NOW),
            ])
            .await;
        world.ada().await;
        for (campaign, code) in [
            (1, "opt_in_error"),
            (2, "user_ineligible_for_campaign"),
            (3, "user_ineligible_for_campaign"),
            (4, "opt_in_not_started"),
            (5, "opt_in_ended"),
        ] {
            let body = json!({"events": {"buy": 1, format!("campaigns.{campaign}.opt_in"): 1}});
            report(&world, &body).await.fails(200, code);
        }
        assert_eq!(logged(&world).await, 0, "a refused opt-in refuses the whole call");
    }

    async fn e141_no_events_is_missing_data(world: World) {
        world.ada().await;
        for body in [json!({}), json!([]), json!({"events": null}), json!({"events": {}}), json!({"auto_claim": true})] {
            report(&world, &body).await.fails(200, "MISSING_DATA");
        }
        world.post_text(&format!("v1/{ADA}/events"), "").await.fails(200, "MISSING_DATA");
        world.post_text(&format!("v1/{ADA}/events"), "{").await.fails(200, "ARGUMENT_ERROR");
    }

    async fn e141_one_bad_event_refuses_the_call_and_leaves_nothing(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        let bad = [
            json!({"context": {"deep": {"er": 1}}}),
            json!({"context": {"list": []}}),
            json!({"context": "text"}),
            json!({"qty": 0}),
            json!({"qty": -1}),
            json!({"qty": 1.5}),
            json!({"qty": "two"}),
            json!({"qty": " 2"}),
            json!({"qty": 4_294_967_296_u64}),
            json!({"date": "tomorrow"}),
            json!({"date": 1_700_000_000}),
            json!({"date": "10000-01-01T00:00:00Z"}),
            json!({"transaction_id": 7}),
            json!({"context": {"text": "x".repeat(5000)}}),
            json!({"context": {"nul": "\u{0}"}}),
            json!(null),
            json!([]),
        ];
        for detail in bad {
            let good = json!({"transaction_id": "t-1"});
            let body = json!({"events": {"buy": good, "bad": detail}});
            report(&world, &body).await.fails(200, "VALIDATION");
        }
        let twice = format!("v1/{ADA}/events");
        world.post_text(&twice, r#"{"events":{"buy":1,"buy":2}}"#).await.fails(200, "VALIDATION");
        assert_eq!((progress(&world, 1).await, logged(&world).await), (json!(0), 0));
        report(&world, &json!({"events": {"buy": {"transaction_id": "t-1"}}})).await.ok();
        assert_eq!(progress(&world, 1).await, 1, "the id of the refused call is free (A17)");
    }

    async fn e141_an_unknown_customer_is_told(world: World) {
        world.ada().await;
        let body = json!({"events": {"buy": 1}});
        for path in [format!("v1/{NOBODY}/events"), "v1/users/x/events".into(), "v1/external/users/no/events".into()] {
            world.post(&path, &body).await.fails(404, "USER_NOT_FOUND");
            world.post(&path, &json!({})).await.fails(404, "USER_NOT_FOUND");
        }
        for token in ["", "?auth_token=", "?auth_token=wrong", "?auth_token=v2--AA==--AA=="] {
            world.post(&format!("client/events{token}"), &body).await.fails(401, "INVALID_AUTH_TOKEN");
        }
    }

    async fn e141_a_failing_store_is_no_success(world: World) {
        world.put([buying(1)]).await;
        world.ada().await;
        let body = json!({"events": {"buy": {"transaction_id": "t-1"}}});
        world.faults.commits.store(true, Ordering::SeqCst);
        report(&world, &body).await.fails(500, "INTERNAL_SERVER_ERROR");
        world.faults.commits.store(false, Ordering::SeqCst);
        world.faults.overloaded.store(true, Ordering::SeqCst);
        report(&world, &body).await.fails(429, "rate_limited");
        world.faults.overloaded.store(false, Ordering::SeqCst);
        report(&world, &body).await.ok();
        assert_eq!(progress(&world, 1).await, 1, "trying again is safe");
    }
}
