//! C5: active campaigns that a customer is eligible for (rows E82 to E95).

use crate::common::*;
use muster_domain::campaign::{ActionType, CampaignStatus};
use serde_json::{Value, json};

fn path(query: &str) -> String {
    format!("v2/{ADA}/campaigns{query}")
}

fn ids(answer: &Value) -> Vec<i64> {
    let campaigns = answer["campaigns"].as_array().expect("an array");
    campaigns.iter().map(|campaign| campaign["campaign_id"].as_i64().expect("an id")).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

const PLAIN: [&str; 9] = [
    "campaign_id",
    "campaign_permalink",
    "ends_at",
    "name",
    "opt_in_ends_at",
    "opt_in_starts_at",
    "qualified",
    "starts_at",
    "status",
];

on_both_stores! {
    async fn e82_by_user_id(world: World) {
        world.put([CampaignBuilder::new(1), CampaignBuilder::new(2)]).await;
        world.ada().await;
        assert_eq!(ids(&world.get(&path("")).await.ok()), [1, 2]);
    }

    async fn e83_by_external_id(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        let by_external_id = world.get("v2/external/users/ext-1/campaigns").await.ok();
        assert_eq!(by_external_id, world.get(&path("")).await.ok());
    }

    async fn e84_each_section_adds_its_key(world: World) {
        let behavior = BehaviorBuilder::count(10, "visit", 3);
        world.put([CampaignBuilder::new(1).behavior(behavior).creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        assert_eq!(keys(&world.get(&path("")).await.ok()["campaigns"][0]), PLAIN);
        for section in ["progress", "behaviors", "offers", "redemptions"] {
            let campaign = &world.get(&path(&format!("?sections[]={section}"))).await.ok()["campaigns"][0];
            let mut expected = PLAIN.to_vec();
            expected.push(section);
            expected.sort_unstable();
            assert_eq!(keys(campaign), expected);
        }
        let all = "?sections[]=progress&sections[]=behaviors&sections[]=offers&sections[]=redemptions&sections[]=x";
        let campaign = &world.get(&path(all)).await.ok()["campaigns"][0];
        assert_eq!(campaign["progress"], json!({ "state": "qualified", "behaviors": [{
            "behavior_id": 10, "external_behavior_id": "00000000-0000-4000-8000-000000000010",
            "event_name": "visit", "name": "behavior 10", "progress": 0, "goal": 3,
        }]}));
        assert_eq!(keys(&campaign["behaviors"]), ["behavior 10"]);
        assert_eq!([&campaign["offers"], &campaign["redemptions"]], [&json!([]), &json!([])]);
        for query in ["?sections[]=", "?sections[]=x", "?sections", "?section[]=progress"] {
            assert_eq!(keys(&world.get(&path(query)).await.ok()["campaigns"][0]), PLAIN, "{query}");
        }
    }

    async fn e85_filters(world: World) {
        world
            .put([
                CampaignBuilder::new(1),
                CampaignBuilder::new(2).for_tag("vip"),
                CampaignBuilder::new(3).for_tag("vip").status(CampaignStatus::Paused),
                CampaignBuilder::new(4).window(NOW.plus_seconds(-1), NOW),
                CampaignBuilder::new(5),
            ])
            .await;
        world.ada().await;
        for (query, expected) in [
            ("", vec![1, 5]),
            ("?filters[]=eligible", vec![1, 5]),
            ("?filters[]=ineligible", vec![2]),
            ("?filters[]=all", vec![1, 2, 5]),
            ("?filters[]=eligible&filters[]=ineligible", vec![1, 2, 5]),
            ("?filters[]=all&filters[]=eligible", vec![1, 2, 5]),
            ("?filters[]=x", vec![1, 5]),
            ("?filters[]=x&filters[]=ineligible", vec![2]),
            ("?filters[]=", vec![1, 5]),
        ] {
            assert_eq!(ids(&world.get(&path(query)).await.ok()), expected, "{query}");
        }
    }

    async fn e86_creatives(world: World) {
        let both = CampaignBuilder::new(1).creative(CreativeBuilder::page(11)).creative(CreativeBuilder::tile(12));
        let page = CampaignBuilder::new(2).creative(CreativeBuilder::behavior_page(21));
        world.put([both, page]).await;
        world.ada().await;
        for query in ["", "?creatives[]=", "?creatives[]=x", "?creatives"] {
            let answer = world.get(&path(query)).await.ok();
            assert!(answer["campaigns"][0].get("creative").is_none(), "{query}");
        }
        for (query, first, second) in [
            ("?creatives[]=tile", vec!["tile"], vec![]),
            ("?creatives[]=tiles", vec!["tile"], vec![]),
            ("?creatives[]=promotion", vec!["promotion"], vec!["promotion"]),
            ("?creatives[]=promotion&creatives[]=tile", vec!["promotion", "tile"], vec!["promotion"]),
        ] {
            let answer = world.get(&path(query)).await.ok();
            assert_eq!(keys(&answer["campaigns"][0]["creative"]), first, "{query}");
            assert_eq!(keys(&answer["campaigns"][1]["creative"]), second, "{query}");
        }
        let answer = world.get(&path("?creatives=tile,promotion")).await.ok();
        let creative = &answer["campaigns"][0]["creative"];
        assert_eq!(keys(&creative["tile"]), ["action", "message"]);
        assert_eq!(creative["tile"]["message"], json!({ "header": "Tile 12" }));
        assert_eq!(keys(&creative["tile"]["action"]), ["event_meta_data", "tracking_urls"]);
        assert_eq!(creative["promotion"], json!({
            "type": "internal_full_page", "html_payload": format!("{BASE_URL}/apps/key-1/{ADA}/ads/11"),
        }));
        assert_eq!(answer["campaigns"][1]["creative"]["promotion"]["type"], "internal_behavior");
    }

    async fn e86_a_tile_has_the_keys_of_this_version(world: World) {
        let message = json!({
            "header": "h", "subheader": "s", "description": "d", "icon_url": "https://i.example/",
            "image_url": "https://im.example/", "points": 5,
        });
        let mut stored = message.clone();
        for key in ["app_icon_alt_text", "image_alt_text", "call_to_action", "layout"] {
            stored[key] = json!("only in v1");
        }
        let tile = CreativeBuilder::tile(1)
            .message(serde_json::from_value(stored).expect("a message"))
            .action(ActionType::OpenAd, Some("https://target.example/"))
            .click_tracking();
        world.put([CampaignBuilder::new(1).creative(tile)]).await;
        world.ada().await;
        let tile = &world.get(&path("?creatives[]=tile&locale=de-de")).await.ok()["campaigns"][0]["creative"]["tile"];
        assert_eq!(tile["message"], message);
        assert_eq!(keys(&tile["action"]), ["event_meta_data", "tracking_urls", "type", "url"]);
        let url = tile["action"]["url"].as_str().expect("a URL");
        assert!(url.contains("/click/redir?auth_token=&xsid=") && url.ends_with("&locale=de-de"), "{url}");
    }

    async fn e87_divisions_filter(world: World) {
        world.use_divisions(&["north", "south"]).await;
        let north = CampaignBuilder::new(1).division("north");
        world.put([north, CampaignBuilder::new(2).division("south"), CampaignBuilder::new(3)]).await;
        world.ada().await;
        let answer = world.get(&path("?division_ids[]=north&page_size=1")).await.ok();
        assert_eq!((ids(&answer), &answer["number_of_pages"]), (vec![1], &json!(1)));
        assert_eq!(ids(&world.get(&path("?division_ids=north,south")).await.ok()), [1, 2]);
        assert_eq!(ids(&world.get(&path("?division_ids=nowhere")).await.ok()), [0; 0]);
        world.get(&path("?division_ids[x]=a")).await.fails(200, "VALIDATION");
        world.alter(|organization| organization.multi_org = false).await;
        assert_eq!(ids(&world.get(&path("?division_ids[]=north")).await.ok()), [1, 2, 3]);
    }

    async fn e88_paging(world: World) {
        world.put((1..=45).map(CampaignBuilder::new)).await;
        world.ada().await;
        let paged = |answer: &Value| {
            let [page, size, pages] = ["page", "page_size", "number_of_pages"].map(|key| answer[key].as_i64());
            (page.expect("page"), size.expect("page_size"), pages.expect("number_of_pages"))
        };
        let first = world.get(&path("")).await.ok();
        assert_eq!((paged(&first), ids(&first)), ((1, 20, 3), (1..=20).collect()));
        let third = world.get(&path("?page=3")).await.ok();
        assert_eq!((paged(&third), ids(&third)), ((3, 20, 3), (41..=45).collect()));
        let small = world.get(&path("?page=2&page_size=7")).await.ok();
        assert_eq!((paged(&small), ids(&small)), ((2, 7, 7), (8..=14).collect()));
        let past = world.get(&path("?page=4")).await.ok();
        assert_eq!((paged(&past), ids(&past)), ((4, 20, 3), vec![]));
        let clamped = world.get(&path("?page_size=101")).await.ok();
        assert_eq!((paged(&clamped), ids(&clamped).len()), ((1, 100, 1), 45), "row H4");
        let far = world.get(&path("?page=18446744073709551615&page_size=100")).await.ok();
        assert_eq!(ids(&far), [0; 0]);
    }

    async fn e89_comma_lists_and_stray_commas(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        let all = world.get(&path("?sections[]=behaviors&sections[]=progress&sections[]=offers")).await.ok();
        for query in [
            "?sections=behaviors,progress,offers",
            "?sections[]=behaviors&sections[]=progress,&sections[]=offers",
            "?sections[]=,behaviors,,progress,offers,",
            "?sections%5B%5D=behaviors%2Cprogress&sections[7]=offers",
        ] {
            assert_eq!(world.get(&path(query)).await.ok(), all, "{query}");
        }
    }

    async fn e90_the_whole_answer(world: World) {
        world.put([CampaignBuilder::new(1).opt_in()]).await;
        world.ada().await;
        let mut expected = json!({
            "page": 1, "page_size": 20, "number_of_pages": 1, "status": "ok", "campaigns": [{
                "campaign_id": 1, "campaign_permalink": "campaign-1", "name": "Campaign 1",
                "starts_at": "2023-11-04 22:13:20", "ends_at": "2023-11-24 22:13:20",
                "opt_in_starts_at": "2023-11-04 22:13:20", "opt_in_ends_at": "2023-11-24 22:13:20",
                "qualified": true, "status": "qualified",
            }],
        });
        assert_eq!(world.get(&path("")).await.ok(), expected);
        world.get(&format!("v1/{ADA}/campaigns/1/opt_in")).await.ok();
        expected["campaigns"][0]["opted_in"] = json!(true);
        expected["campaigns"][0]["status"] = json!("opted_in");
        assert_eq!(world.get(&path("")).await.ok(), expected);
    }

    async fn e91_number_of_pages_is_the_same_everywhere(world: World) {
        world.put((1..=9).map(|id| {
            if id % 2 == 0 { CampaignBuilder::new(id).for_tag("vip") } else { CampaignBuilder::new(id) }
        })).await;
        world.ada().await;
        for filter in ["eligible", "ineligible", "all"] {
            for page in 1..=6 {
                let answer = world.get(&path(&format!("?page={page}&page_size=2&filters[]={filter}"))).await.ok();
                assert_eq!(answer["number_of_pages"], 5, "of all active campaigns, before the filter (Q20)");
            }
        }
        let listed = async |filter: &str, page: u32| {
            ids(&world.get(&path(&format!("?page={page}&page_size=2&filters[]={filter}"))).await.ok())
        };
        assert_eq!(listed("eligible", 2).await, [5, 7], "filtered, then sliced");
        assert_eq!(listed("ineligible", 2).await, [6, 8]);
    }

    async fn e92_who_is_not_qualified(world: World) {
        world.put([CampaignBuilder::new(1).for_tag("vip").creative(CreativeBuilder::tile(1))]).await;
        world.ada().await;
        let answer = world.get(&path("?filters[]=ineligible&creatives[]=tile")).await.ok();
        let campaign = &answer["campaigns"][0];
        assert_eq!([&campaign["qualified"], &campaign["status"]], [&json!(false), &json!("not_qualified")]);
        assert_eq!(keys(&campaign["creative"]), ["tile"], "shown all the same, as in the contract's sample");
    }

    async fn e93_nothing_is_no_error(world: World) {
        world.ada().await;
        let empty =
            json!({ "page": 1, "page_size": 20, "number_of_pages": 1, "status": "ok", "campaigns": [] });
        assert_eq!(world.get(&path("")).await.ok(), empty);
    }

    async fn e94_an_unknown_customer(world: World) {
        for customer in [NOBODY, "users/x", "external/users/nobody"] {
            world.get(&format!("v2/{customer}/campaigns")).await.fails(404, "USER_NOT_FOUND");
        }
    }

    async fn e95_bad_paging(world: World) {
        world.ada().await;
        for query in ["?page=0", "?page_size=abc", "?page=-1", "?page_size=0", "?page=1.5", "?page=", "?page=+1"] {
            world.get(&path(query)).await.fails(200, "VALIDATION");
        }
    }
}
