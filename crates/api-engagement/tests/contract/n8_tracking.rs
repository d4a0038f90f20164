//! N8: views, clicks and pages (row E146).

use crate::common::*;
use axum::http::Method;
use muster_domain::campaign::ActionType;
use muster_domain::ids::CustomerId;
use serde_json::Value;

const TARGET: &str = "https://target.example/a?b=c&d=ü";

async fn stage(world: &World) -> CustomerId {
    world
        .put([CampaignBuilder::new(1)
            .creative(
                CreativeBuilder::tile(2).action(ActionType::ExternalLink, Some(TARGET)).click_tracking(),
            )
            .creative(CreativeBuilder::tile(3))
            .creative(CreativeBuilder::page(4))])
        .await;
    world.ada().await
}

/// The first tile's action, as C3 gives it to a server or to a client.
async fn action(world: &World, path: &str) -> Value {
    world.get(path).await.ok()["campaigns"]["tiles"][0]["template"]["action"].clone()
}

async fn server_action(world: &World) -> Value {
    action(world, &format!("v1/{ADA}/campaigns")).await
}

async fn client_action(world: &World) -> Value {
    action(world, &format!("client/campaigns?auth_token={TOKEN}")).await
}

/// The path of a URL in an answer.
fn local(url: &Value) -> String {
    let url = url.as_str().expect("a URL");
    url.strip_prefix(BASE_URL).unwrap_or_else(|| panic!("{url} begins with {BASE_URL}")).to_owned()
}

/// Views and clicks of a creative, as the campaign's counters and as the customer's own record have them.
async fn counted(world: &World, ada: CustomerId, creative: i64) -> [(u64, u64); 2] {
    let store = &world.services.store;
    let totals = store.creative_totals(world.organization, world.campaign(1).id).await.expect("readable");
    let total = totals.iter().find(|total| total.creative.0 == creative);
    let own = world.stored(ada).await.impressions;
    let own =
        own.get(&muster_domain::ids::CreativeId(creative)).map_or((0, 0), |own| (own.seen, own.clicked));
    [total.map_or((0, 0), |total| (total.seen, total.clicked)), own]
}

on_both_stores! {
    async fn e146_views_count_on_both_planes(world: World) {
        let ada = stage(&world).await;
        let by_server = local(&server_action(&world).await["tracking_urls"][0]);
        assert!(by_server.starts_with(&format!("/priv/v1/apps/key-1/{ADA}/creatives/2/stats/")), "{by_server}");
        let reply = world.get(&by_server).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (204, ""));
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(counted(&world, ada, 2).await, [(1, 0); 2]);
        let by_client = local(&client_action(&world).await["tracking_urls"][0]);
        assert!(by_client.starts_with("/api/v1/apps/key-1/creatives/2/stats/"), "{by_client}");
        assert_eq!(world.get(&by_client).await.status.as_u16(), 204);
        assert_eq!(counted(&world, ada, 2).await, [(2, 0); 2]);
        assert_eq!(counted(&world, ada, 3).await, [(0, 0); 2]);
    }

    async fn e146_a_view_on_the_server_plane_asks_for_credentials(world: World) {
        let ada = stage(&world).await;
        let url = local(&server_action(&world).await["tracking_urls"][0]);
        let request = axum::http::Request::get(&url).body(axum::body::Body::empty()).expect("a request");
        world.send(request).await.fails(401, "ACCESS_DENIED");
        assert_eq!(counted(&world, ada, 2).await, [(0, 0); 2]);
    }

    async fn e146_clicks_count_and_lead_to_the_stored_target(world: World) {
        let ada = stage(&world).await;
        for action in [server_action(&world).await, client_action(&world).await] {
            let url = local(&action["url"]);
            assert!(url.contains("/click/redir?auth_token="), "{url}");
            for forged in ["", "&url=https://evil.example/", "&target=https://evil.example/&redirect=https://evil.example/"] {
                let reply = world.get(&format!("{url}{forged}")).await;
                assert_eq!(reply.status.as_u16(), 302);
                assert_eq!(reply.header("location"), "https://target.example/a?b=c&d=%C3%BC");
                assert_eq!(reply.header("cache-control"), "no-store");
            }
        }
        assert_eq!(counted(&world, ada, 2).await, [(0, 6); 2]);
    }

    async fn e146_a_click_on_a_tile_without_a_target_counts(world: World) {
        let ada = stage(&world).await;
        let seen = world.get(&format!("v1/{ADA}/campaigns")).await.ok()["campaigns"]["tiles"][1]["template"]["action"]
            ["tracking_urls"][0]
            .clone();
        let stat = local(&seen);
        let stat = stat.split("/stats/").nth(1).and_then(|rest| rest.split('/').next()).expect("a stat id");
        let path = format!("client/creatives/3/stats/{stat}/click/redir?auth_token={TOKEN}");
        let reply = world.get(&path).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (204, ""));
        assert_eq!(counted(&world, ada, 3).await, [(0, 1); 2]);
    }

    async fn e146_head_counts_nothing(world: World) {
        let ada = stage(&world).await;
        let action = server_action(&world).await;
        assert_eq!(world.head(&local(&action["tracking_urls"][0])).await.status.as_u16(), 204);
        let click = world.head(&local(&action["url"])).await;
        assert_eq!((click.status.as_u16(), click.header("location").is_empty()), (302, false));
        let page = world.head(&format!("/apps/key-1/{ADA}/ads/4")).await;
        assert_eq!((page.status.as_u16(), page.body.as_str()), (200, ""));
        assert_eq!(counted(&world, ada, 2).await, [(0, 0); 2]);
        assert_eq!(world.stored(ada).await.events_logged, 0, "row H5");
    }

    async fn e146_unknown_and_tampered_ids_are_not_found(world: World) {
        let ada = stage(&world).await;
        let other = world.customer(CustomerBuilder::new(2).with(|customer| {
            customer.tracking_id = uuid::Uuid::from_u128(0xFF);
        })).await;
        let action = server_action(&world).await;
        let (seen, click) = (local(&action["tracking_urls"][0]), local(&action["url"]));
        let stat = action["event_meta_data"]["ad_stat_id"].as_str().expect("a text");
        let xsid = world.stored(ada).await.tracking_id.to_string();
        let strange = "ffffffff-ffff-8fff-8fff-ffffffffffff";
        let cases = [
            seen.replace("creatives/2", "creatives/3"),
            seen.replace("creatives/2", "creatives/999"),
            seen.replace("creatives/2", "creatives/x"),
            seen.replace("creatives/2", "creatives/99999999999999999999"),
            seen.replace(stat, strange),
            seen.replace(stat, "nonsense"),
            seen.replace(ADA, &format!("users/{other}")),
            seen.replace(ADA, NOBODY),
            click.replace("creatives/2", "creatives/3"),
            click.replace(stat, strange),
            click.replace(&xsid, strange),
            click.replace(&xsid, "nonsense"),
            click.replace(&xsid, &ada.to_string()),
            click.replace(&xsid, "00000000-0000-0000-0000-0000000000ff"),
        ];
        for url in cases {
            let reply = world.get(&url).await;
            assert_eq!((reply.status.as_u16(), reply.header("location")), (404, ""), "{url}");
            assert_eq!(reply.json()["status"], "error", "{url}");
        }
        world.get(&click.replace(&format!("&xsid={xsid}"), "")).await.fails(401, "INVALID_AUTH_TOKEN");
        assert_eq!(counted(&world, ada, 2).await, [(0, 0); 2]);
        assert_eq!(counted(&world, ada, 3).await, [(0, 0); 2]);
    }

    async fn e146_a_link_outlives_its_token(world: World) {
        let ada = stage(&world).await;
        let action = client_action(&world).await;
        world.clock.advance_s(2 * DAY_S);
        assert_eq!(world.get(&local(&action["url"])).await.status.as_u16(), 302);
        assert_eq!(world.get(&local(&action["tracking_urls"][0])).await.status.as_u16(), 204);
        assert_eq!(counted(&world, ada, 2).await, [(1, 1); 2]);
    }

    async fn e146_nothing_is_counted_after_the_end_of_reporting(world: World) {
        let ada = stage(&world).await;
        let action = server_action(&world).await;
        world.clock.set(world.campaign(1).reporting_ends_at);
        assert_eq!(world.get(&local(&action["tracking_urls"][0])).await.status.as_u16(), 204);
        assert_eq!(world.get(&local(&action["url"])).await.status.as_u16(), 302);
        assert_eq!(counted(&world, ada, 2).await, [(0, 0); 2]);
        world.clock.advance_s(-1);
        world.get(&local(&action["url"])).await;
        assert_eq!(counted(&world, ada, 2).await, [(0, 1); 2]);
    }

    async fn e146_parallel_views_are_all_counted(world: World) {
        let ada = stage(&world).await;
        let url = local(&server_action(&world).await["tracking_urls"][0]);
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let request = world.request(Method::GET, &url).body(axum::body::Body::empty()).expect("a request");
            let router = world.router();
            asking.spawn(async move { send(router, request).await.status.as_u16() });
        }
        assert_eq!(asking.join_all().await, [204; 16]);
        assert_eq!(counted(&world, ada, 2).await, [(16, 0); 2]);
    }

    async fn e146_seen_often_enough_a_capped_creative_is_no_longer_listed(world: World) {
        let capped = CreativeBuilder::tile(2).frequency_cap(2, 3600);
        world.put([CampaignBuilder::new(1).creative(capped).creative(CreativeBuilder::page(4))]).await;
        world.ada().await;
        let url = local(&server_action(&world).await["tracking_urls"][0]);
        let listed = async || world.get(&format!("v1/{ADA}/campaigns")).await.ok()["campaigns"]["tiles"]
            .as_array().map(Vec::len);
        world.get(&url).await;
        assert_eq!(listed().await, Some(1));
        world.get(&url).await;
        assert_eq!(listed().await, Some(0));
        world.clock.advance_s(3600);
        assert_eq!(listed().await, Some(1));
    }

    async fn e146_the_page_renders_and_fires_loaded(world: World) {
        let html = "<p>{{ customer.first_name }} / {{ campaign.name }} / {% for b in behaviors %}{{ b.progress }}{% endfor %}</p>";
        let page = CreativeBuilder::page(4).with(|creative| {
            creative.content = muster_domain::campaign::CreativeContent::InternalFullPage { html: html.to_owned() };
        });
        let behavior = BehaviorBuilder::count(10, "campaigns.1.loaded", 2);
        world.put([CampaignBuilder::new(1).behavior(behavior).creative(page)]).await;
        let ada = world.ada_with(|customer| {
            customer.with(|customer| customer.profile.first_name = Some("<Ada>".to_owned()))
        }).await;
        let list = world.get(&format!("v1/{ADA}/campaigns")).await.ok();
        let url = local(&list["campaigns"]["promotions"][0]["template"]["html_payload"]);
        let reply = world.get(&url).await;
        assert_eq!(reply.status.as_u16(), 200);
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.body, "<p>&lt;Ada&gt; / Campaign 1 / 0</p>", "values are escaped");
        let events =
            world.services.store.events_of(world.organization, ada, &[]).await.expect("readable");
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["campaigns.1.loaded"]);
        assert_eq!(world.get(&url).await.body, "<p>&lt;Ada&gt; / Campaign 1 / 1</p>");
    }

    async fn e146_a_page_that_is_not_shown_is_not_found(world: World) {
        let ada = stage(&world).await;
        let page = |customer: &str, creative: &str| format!("/apps/key-1/{customer}/ads/{creative}");
        for url in [
            page(ADA, "2"), page(ADA, "999"), page(ADA, "x"), page(ADA, "-4"), page(NOBODY, "4"), page("users/x", "4"),
            page("users/%FF", "4"),
        ] {
            let reply = world.get(&url).await;
            assert_eq!(reply.json()["status"], "error", "{url}");
            assert!(url.contains("%FF") || reply.status.as_u16() == 404, "{url}");
        }
        world.get("/apps/unknown/users/x/ads/4").await.fails(401, "INVALID_API_KEY");
        world.put([CampaignBuilder::new(1).for_tag("vip").creative(CreativeBuilder::page(4))]).await;
        world.get(&page(ADA, "4")).await.fails(404, "NOT_AVAILABLE");
        world.put([CampaignBuilder::new(1).window(NOW.plus_seconds(-1), NOW).creative(CreativeBuilder::page(4))]).await;
        world.get(&page(ADA, "4")).await.fails(404, "NOT_AVAILABLE");
        assert_eq!(world.stored(ada).await.events_logged, 0, "nothing was raised");
    }
}
