//! C3: all campaigns for a customer (rows E54 to E67).

use crate::common::*;
use muster_domain::campaign::{ActionType, CampaignStatus, CreativeContent, MessageTemplate, TileMessage};
use serde_json::{Value, json};

fn path() -> String {
    format!("v1/{ADA}/campaigns")
}

/// The ids of the creatives in one of the two arrays.
fn creatives(answer: &Value, array: &str) -> Vec<i64> {
    let elements =
        answer["campaigns"][array].as_array().unwrap_or_else(|| panic!("{array} is an array: {answer}"));
    elements.iter().map(|element| element["creative_id"].as_i64().expect("an id")).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

on_both_stores! {
    async fn e54_by_user_id(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        assert_eq!(creatives(&world.get(&path()).await.ok(), "tiles"), [1]);
    }

    async fn e55_by_external_id(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        world.customer(CustomerBuilder::new(1).external_id("a b/ü%")).await;
        let answer = world.get("v1/external/users/a%20b%2F%C3%BC%25/campaigns").await.ok();
        assert_eq!(creatives(&answer, "tiles"), [1]);
    }

    async fn e56_by_token_of_an_anonymous_customer(world: World) {
        let everyone = CampaignBuilder::new(1).creative(CreativeBuilder::tile(1));
        let tagged = CampaignBuilder::new(2).for_tag("visitor").creative(CreativeBuilder::tile(2));
        let others = CampaignBuilder::new(3).for_tag("other").creative(CreativeBuilder::tile(3));
        world.put([everyone, tagged, others]).await;
        let id = world.customer(CustomerBuilder::new(7).anonymous().tag("visitor")).await;
        world.token(id, "v2--YQ==--Yg==", NOW.plus_seconds(60)).await;
        let answer = world.get("client/campaigns?auth_token=v2--YQ==--Yg==").await.ok();
        assert_eq!(creatives(&answer, "tiles"), [1, 2], "judged by the profile behind the token (rule C3-R6)");
        let seen = &answer["campaigns"]["tiles"][0]["template"]["action"]["tracking_urls"][0];
        let seen = seen.as_str().expect("a URL");
        assert!(seen.starts_with(&format!("{BASE_URL}/api/v1/apps/key-1/creatives/1/stats/")), "{seen}");
        assert!(seen.contains("/seen/track?auth_token=v2--YQ==--Yg==&xsid="), "{seen}");
    }

    async fn e57_divisions_filter(world: World) {
        world.use_divisions(&["north", "south"]).await;
        let campaign = |id| CampaignBuilder::new(id).creative(CreativeBuilder::tile(id));
        world.put([campaign(1).division("north"), campaign(2).division("south"), campaign(3)]).await;
        world.ada().await;
        for (query, expected) in [
            ("", vec![1, 2, 3]),
            ("?division_ids[]=north", vec![1]),
            ("?division_ids=north,south", vec![1, 2]),
        ] {
            assert_eq!(creatives(&world.get(&format!("{}{query}", path())).await.ok(), "tiles"), expected, "{query}");
        }
        let nowhere = world.get(&format!("{}?division_ids[]=nowhere", path())).await;
        nowhere.fails(404, "No_active_campaign_found");
        world.alter(|organization| organization.multi_org = false).await;
        assert_eq!(creatives(&world.get(&format!("{}?division_ids[]=north", path())).await.ok(), "tiles"), [1, 2, 3]);
    }

    async fn e58_locale_selects_creatives_and_shows_in_urls(world: World) {
        let french = CreativeBuilder::tile(2).with(|creative| creative.locale = Some("fr-FR".to_owned()));
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1)).creative(french)]).await;
        world.ada().await;
        for (query, expected, locale) in [
            ("", vec![1, 2], "en-us"),
            ("?locale=", vec![1, 2], "en-us"),
            ("?locale=fr-fr", vec![1, 2], "fr-fr"),
            ("?locale=en-us", vec![1], "en-us"),
            ("?locale=a%26b%20", vec![1], "a%26b%20"),
        ] {
            let answer = world.get(&format!("{}{query}", path())).await.ok();
            assert_eq!(creatives(&answer, "tiles"), expected, "{query}");
            let url = &answer["campaigns"]["tiles"][0]["template"]["action"]["tracking_urls"][0];
            assert!(url.as_str().expect("a URL").ends_with(&format!("&locale={locale}")), "{url}");
        }
    }

    async fn e59_two_arrays_of_one_shape(world: World) {
        let campaign = CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "visit", 3));
        world.put([campaign.creative_in(70, CreativeBuilder::tile(7)).creative_in(80, CreativeBuilder::page(8))]).await;
        world.ada().await;
        let answer = world.get(&path()).await.ok();
        assert_eq!(keys(&answer["campaigns"]), ["promotions", "tiles"]);
        let expected = [
            "behaviors", "campaign_id", "creative_id", "end_date", "group_id", "name", "opt_in_ends_at",
            "opt_in_starts_at", "permalink", "progress", "start_date", "template", "version",
        ];
        let (tile, page) = (&answer["campaigns"]["tiles"][0], &answer["campaigns"]["promotions"][0]);
        assert_eq!(keys(tile), expected);
        assert_eq!(keys(page), expected);
        assert_eq!([&tile["group_id"], &page["group_id"]], [70, 80]);
        assert_eq!([&tile["campaign_id"], &page["campaign_id"]], [1, 1]);
        assert_eq!(tile["version"], 2, "an integer (Q7)");
        assert_eq!(tile["permalink"], "campaign-1");
        assert_eq!(tile["progress"], json!({ "state": "qualified", "behaviors": [{
            "behavior_id": 10, "external_behavior_id": "00000000-0000-4000-8000-000000000010",
            "event_name": "visit", "name": "behavior 10", "progress": 0, "goal": 3,
        }]}));
        assert_eq!(tile["behaviors"], json!({ "behavior 10": {
            "external_behavior_id": "00000000-0000-4000-8000-000000000010", "event_name": "visit", "type": "count",
            "points": 0, "achieved": 0, "max_times_repeatable": null, "max_times_repeatable_per_period": null,
            "period": 7_776_000, "min_time_between_events": null, "consecutive": false,
            "current_count": 0, "total_count": 3,
        }}));
    }

    async fn e59_custom_payload_is_passed_on(world: World) {
        let payload = json!({ "any": ["thing", 1] });
        let own = payload.as_object().cloned();
        let tile = CreativeBuilder::tile(1).with(|creative| creative.custom_payload = own);
        world.put([CampaignBuilder::new(1).creative(tile)]).await;
        world.ada().await;
        assert_eq!(world.get(&path()).await.ok()["campaigns"]["tiles"][0]["custom_payload"], payload);
    }

    async fn e60_kinds_of_creatives_go_to_their_array(world: World) {
        let email = CreativeContent::Email(MessageTemplate::default());
        let campaign = CampaignBuilder::new(1)
            .creative(CreativeBuilder::tile(1).action(ActionType::OpenAd, Some("https://target.example/")))
            .creative(CreativeBuilder::page(2))
            .creative(CreativeBuilder::behavior_page(3))
            .creative(CreativeBuilder::new(4, email));
        world.put([campaign]).await;
        world.ada().await;
        let answer = world.get(&path()).await.ok();
        assert_eq!(creatives(&answer, "tiles"), [1]);
        assert_eq!(creatives(&answer, "promotions"), [2, 3]);
        let tile = &answer["campaigns"]["tiles"][0]["template"];
        assert_eq!(keys(tile), ["action", "message", "type"]);
        assert_eq!(tile["type"], "internal_tile");
        for (index, (kind, creative)) in [("internal_full_page", 2), ("internal_behavior", 3)].into_iter().enumerate() {
            let url = format!("{BASE_URL}/apps/key-1/users/00000000-0000-0000-0000-000000000001/ads/{creative}");
            let template = &answer["campaigns"]["promotions"][index]["template"];
            assert_eq!(*template, json!({ "type": kind, "html_payload": url }));
        }
    }

    async fn e60_all_keys_of_a_message(world: World) {
        let full = json!({
            "header": "h", "subheader": "s", "description": "d", "icon_url": "https://i.example/", "points": 5,
            "app_icon_alt_text": "aia", "image_url": "https://im.example/", "image_alt_text": "ia",
            "call_to_action": "c", "layout": "l", "video_url": "https://v.example/",
        });
        let message: TileMessage = serde_json::from_value(full.clone()).expect("a message");
        world
            .put([CampaignBuilder::new(1)
                .creative(CreativeBuilder::tile(1).message(message))
                .creative(CreativeBuilder::tile(2).message(TileMessage { points: Some(0), ..Default::default() }))])
            .await;
        world.ada().await;
        let tiles = &world.get(&path()).await.ok()["campaigns"]["tiles"];
        assert_eq!(tiles[0]["template"]["message"], full);
        assert_eq!(tiles[1]["template"]["message"], json!({ "points": 0 }), "unset keys are left out");
    }

    async fn e61_urls_of_actions(world: World) {
        let target = "https://target.example/a?b=c";
        let campaign = CampaignBuilder::new(1)
            .creative(CreativeBuilder::tile(1).action(ActionType::ExternalLink, Some(target)))
            .creative(CreativeBuilder::tile(2).action(ActionType::DeepLink, Some("app://x")).click_tracking())
            .creative(CreativeBuilder::tile(3).action(ActionType::Campaign, None).with(|creative| {
                if let CreativeContent::InternalTile { action, .. } = &mut creative.content {
                    action.section = Some("top".to_owned());
                }
            }))
            .creative(CreativeBuilder::tile(4));
        world.put([campaign]).await;
        let ada = world.ada().await;
        let xsid = world.stored(ada).await.tracking_id;
        let answer = world.get(&path()).await.ok();
        let action = |index: usize| answer["campaigns"]["tiles"][index]["template"]["action"].clone();
        let stat = |index: usize| {
            action(index)["event_meta_data"]["ad_stat_id"].as_str().expect("a text").to_owned()
        };
        let seen = |index: usize, creative: i64| {
            format!(
                "{BASE_URL}/priv/v1/apps/key-1/{ADA}/creatives/{creative}/stats/{}/seen/track?xsid={xsid}&locale=en-us",
                stat(index)
            )
        };
        let click = format!(
            "{BASE_URL}/api/v1/apps/key-1/creatives/2/stats/{}/click/redir?auth_token=&xsid={xsid}&locale=en-us", stat(1)
        );
        let meta = |index: usize, creative: i64| json!({ "ad_unit_id": creative, "ad_stat_id": stat(index) });
        assert_eq!(action(0), json!({
            "type": "external_link", "url": target, "tracking_urls": [seen(0, 1)], "event_meta_data": meta(0, 1),
        }));
        assert_eq!(action(1), json!({
            "type": "deep_link", "url": click, "tracking_urls": [seen(1, 2)], "event_meta_data": meta(1, 2),
        }));
        assert_eq!(action(2), json!({
            "type": "campaign", "section": "top", "campaign_id": 1, "tracking_urls": [seen(2, 3)],
            "event_meta_data": meta(2, 3),
        }));
        assert_eq!(action(3), json!({ "tracking_urls": [seen(3, 4)], "event_meta_data": meta(3, 4) }));
        assert_eq!(answer, world.get(&path()).await.ok(), "the stat ids stay");
    }

    async fn e61_urls_begin_with_the_organizations_own_base(world: World) {
        world.alter(|organization| organization.public_base_url = Some("http://ads.host".to_owned())).await;
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::page(1))]).await;
        world.ada().await;
        let url = &world.get(&path()).await.ok()["campaigns"]["promotions"][0]["template"]["html_payload"];
        assert_eq!(*url, format!("http://ads.host/apps/key-1/{ADA}/ads/1"));
    }

    async fn e62_without_behaviors_and_when_completed_there_are_none(world: World) {
        let bare = CampaignBuilder::new(1).creative(CreativeBuilder::tile(1));
        let done = CampaignBuilder::new(2)
            .behavior(BehaviorBuilder::count(20, "visit", 1).at_most(1))
            .creative(CreativeBuilder::tile(2));
        world.put([bare, done]).await;
        let ada = world.ada().await;
        world.event(ada, "visit", 1).await;
        let tiles = &world.get(&path()).await.ok()["campaigns"]["tiles"];
        assert_eq!([&tiles[0]["progress"], &tiles[0]["behaviors"]], [&json!({ "state": "qualified" }), &json!({})]);
        assert_eq!([&tiles[1]["progress"], &tiles[1]["behaviors"]], [&json!({ "state": "completed" }), &json!({})]);
    }

    async fn e63_a_composite_with_goals_and_groups(world: World) {
        let composite = BehaviorBuilder::composite(10)
            .name("TEstt0714441 Campaign-Action 1")
            .group("0", 1)
            .group("1", 1)
            .goal("0", "open", true)
            .counting_goal("0", "buy", false, 3)
            .goal("1", "share", false)
            .points(7)
            .apart(0)
            .at_most(9);
        world.put([CampaignBuilder::new(1).behavior(composite).creative(CreativeBuilder::page(1))]).await;
        let ada = world.ada().await;
        world.event(ada, "open", 1).await;
        world.event(ada, "buy", 2).await;
        let element = &world.get(&path()).await.ok()["campaigns"]["promotions"][0];
        let goal = |event: &str, completed: bool, required: bool, group: &str, achieved, current, total| {
            json!({
                "type": "goal", "points": 0, "completed": completed, "required": required, "earn_count": 1,
                "group_id": group, "progress": {
                    "event_name": event, "type": "count", "points": 0, "max_times_repeatable": null,
                    "max_times_repeatable_per_period": null, "period": 7_776_000, "min_time_between_events": 0,
                    "consecutive": false, "achieved": achieved, "current_count": current, "total_count": total,
                },
            })
        };
        assert_eq!(element["behaviors"], json!({ "t_estt0714441 campaign_action 1": {
            "external_behavior_id": "00000000-0000-4000-8000-000000000010", "type": "composite", "points": 7,
            "achieved": 0, "max_times_repeatable": 9, "max_times_repeatable_per_period": null, "period": 7_776_000,
            "min_time_between_events": 0, "consecutive": false,
            "goals": {
                "open": goal("open", true, true, "0", 1, 0, 1),
                "buy": goal("buy", false, false, "0", 0, 2, 3),
                "share": goal("share", false, false, "1", 0, 0, 1),
            },
            "groups": {
                "0": { "type": "group", "current_count": 1, "total_count": 1, "num_goals": 2, "completed": true },
                "1": { "type": "group", "current_count": 0, "total_count": 1, "num_goals": 1, "completed": false },
            },
        }}));
        assert_eq!(element["progress"]["state"], "in_progress");
        assert_eq!(element["progress"]["behaviors"][0]["progress"], 1, "completed goals (Q29)");
        assert_eq!(element["progress"]["behaviors"][0]["goal"], 2);
    }

    async fn e63_names_that_meet_in_one_key_are_told_apart(world: World) {
        let campaign = CampaignBuilder::new(1)
            .behavior(BehaviorBuilder::count(10, "a", 1).name("Super User"))
            .behavior(BehaviorBuilder::count(11, "b", 1).name("super user"))
            .creative(CreativeBuilder::tile(1));
        world.put([campaign]).await;
        world.ada().await;
        let behaviors = &world.get(&path()).await.ok()["campaigns"]["tiles"][0]["behaviors"];
        assert_eq!(keys(behaviors), ["super user", "super user (11)"]);
    }

    async fn e64_only_eligible_campaigns_in_order(world: World) {
        let campaign = |id| CampaignBuilder::new(id).creative(CreativeBuilder::tile(id * 10));
        world
            .put([
                campaign(1).status(CampaignStatus::Paused),
                campaign(2).window(NOW.plus_seconds(1), NOW.plus_seconds(2)),
                campaign(3).for_tag("somebody else"),
                campaign(4),
                campaign(5).weight(9).creative(CreativeBuilder::tile(49)),
                campaign(6).for_tag("mine"),
                campaign(7).weight(9).opt_in(),
            ])
            .await;
        world.ada_with(|customer| customer.tag("mine")).await;
        assert_eq!(creatives(&world.get(&path()).await.ok(), "tiles"), [49, 50, 70, 40, 60]);
    }

    async fn e64_of_tiles_with_a_tag_one_is_listed(world: World) {
        let tile = |id| CreativeBuilder::tile(id).tile_tag("hero");
        let page = CreativeBuilder::page(12).tile_tag("hero");
        world
            .put([
                CampaignBuilder::new(1).creative(tile(10)).creative(CreativeBuilder::tile(11)).creative(page),
                CampaignBuilder::new(2).weight(6).creative(tile(20)),
            ])
            .await;
        world.ada().await;
        let answer = world.get(&path()).await.ok();
        assert_eq!(creatives(&answer, "tiles"), [20, 11]);
        assert_eq!(creatives(&answer, "promotions"), [12]);
    }

    async fn e64_creatives_wait_for_their_moment(world: World) {
        let scheduled = CreativeBuilder::tile(1)
            .with(|creative| creative.delivery = muster_domain::campaign::Delivery::Scheduled { at: NOW.plus_seconds(5) });
        let campaign = CampaignBuilder::new(1)
            .behavior(BehaviorBuilder::count(10, "visit", 1))
            .creative(scheduled)
            .creative(CreativeBuilder::tile(2).triggered_by(10))
            .creative(CreativeBuilder::tile(3).targeting(json!({ "user.tags": "vip" })))
            .creative(CreativeBuilder::tile(4).with(|creative| {
                creative.status = muster_domain::campaign::MessageStatus::Paused;
            }))
            .creative(CreativeBuilder::tile(5));
        world.put([campaign]).await;
        let ada = world.ada().await;
        let tiles = async || creatives(&world.get(&path()).await.ok(), "tiles");
        assert_eq!(tiles().await, [5]);
        world.clock.advance_s(5);
        assert_eq!(tiles().await, [1, 5]);
        world.event(ada, "visit", 1).await;
        assert_eq!(tiles().await, [1, 2, 5]);
        world.change(ada, |customer| {
            customer.tags.insert("vip".to_owned(), muster_domain::customer::Tag::Counter { count: 1 });
        }).await;
        assert_eq!(tiles().await, [1, 2, 3, 5]);
    }

    async fn e65_nothing_to_show(world: World) {
        world.ada().await;
        world.get(&path()).await.fails(404, "No_active_campaign_found");
        world.get(&format!("client/campaigns?auth_token={TOKEN}")).await.fails(404, "No_active_campaign_found");
        world.put([CampaignBuilder::new(1)]).await;
        world.get(&path()).await.fails(404, "No_active_campaign_found");
        world.put([CampaignBuilder::new(1).for_tag("x").creative(CreativeBuilder::tile(1))]).await;
        world.get(&path()).await.fails(404, "No_active_campaign_found");
    }

    async fn e66_an_unknown_customer(world: World) {
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        for customer in [NOBODY, "users/nonsense", "users/1", "external/users/nobody", "external/users/%20"] {
            world.get(&format!("v1/{customer}/campaigns")).await.fails(404, "User_not_found");
        }
    }

    async fn e66_a_customer_of_another_organization_is_unknown(world: World) {
        let (other, _) = world.add_organization("Other", "key-other").await;
        world.put([CampaignBuilder::new(1).creative(CreativeBuilder::tile(1))]).await;
        let theirs = CustomerBuilder::new(1).external_id("ext-1").into_write(other);
        world.services.store.commit(vec![theirs]).await.remove(0).expect("written");
        world.get(&path()).await.fails(404, "User_not_found");
        world.get("v1/external/users/ext-1/campaigns").await.fails(404, "User_not_found");
    }

    async fn e67_an_unknown_key(world: World) {
        let query = format!("?auth_token={TOKEN}");
        for path in [
            format!("/priv/v1/apps/unknown/{ADA}/campaigns"),
            "/priv/v1/apps/unknown/external/users/ext-1/campaigns".to_owned(),
            format!("/api/v1/apps/unknown/campaigns{query}"),
        ] {
            world.get(&path).await.fails(401, "Invalid_api_key");
        }
    }
}
