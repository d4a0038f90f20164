//! C9: information on one campaign (rows E121 to E128).

use crate::common::*;
use muster_api_engagement::codes;
use muster_domain::campaign::CampaignStatus;
use serde_json::json;

const BY_ID: &str = "v1/campaigns/1/info";
const BY_PERMALINK: &str = "v1/external/campaigns/campaign-1/info";

on_both_stores! {
    async fn e121_information_by_id(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        assert_eq!(world.get(BY_ID).await.ok()["campaign"]["campaign_id"], 1);
    }

    async fn e122_information_by_permalink(world: World) {
        world.put([CampaignBuilder::new(1), CampaignBuilder::new(2).permalink("1")]).await;
        assert_eq!(world.get(BY_PERMALINK).await.ok()["campaign"]["campaign_id"], 1);
        assert_eq!(world.get("v1/external/campaigns/1/info").await.ok()["campaign"]["campaign_id"], 2);
    }

    async fn e123_api_version_is_taken_and_ignored(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        let plain = world.get(BY_ID).await.ok();
        assert_eq!(world.get(&format!("{BY_ID}?api_version=7&api_version[]=x")).await.ok(), plain);
    }

    async fn e124_the_seven_keys_alike_by_both_selectors(world: World) {
        let opt_in_ends = NOW.plus_seconds(DAY_S);
        world.put([CampaignBuilder::new(1).opt_in_window(NOW, opt_in_ends)]).await;
        let expected = json!({ "status": "ok", "campaign": {
            "campaign_id": 1, "permalink": "campaign-1",
            "starts_at": "2023-11-04 22:13:20", "ends_at": "2023-11-24 22:13:20",
            "optin_required": true,
            "opt_in_starts_at": "2023-11-14 22:13:20", "opt_in_ends_at": "2023-11-15 22:13:20",
        }});
        assert_eq!(world.get(BY_ID).await.ok(), expected);
        assert_eq!(world.get(BY_PERMALINK).await.ok(), expected);
    }

    async fn e125_a_future_campaign_is_found(world: World) {
        world.put([CampaignBuilder::new(1).window(NOW.plus_seconds(1), NOW.plus_seconds(2))]).await;
        let campaign = &world.get(BY_ID).await.ok()["campaign"];
        assert_eq!(campaign["opt_in_starts_at"], campaign["starts_at"]);
        assert_eq!(campaign["opt_in_ends_at"], campaign["ends_at"]);
        assert_eq!(campaign["optin_required"], false);
    }

    async fn e126_unknown_not_live_and_ended_are_not_found(world: World) {
        let code = "No_active_campaign_found";
        for path in [BY_ID, BY_PERMALINK, "v1/campaigns/campaign-1/info", "v1/campaigns/-1/info"] {
            world.get(path).await.fails(404, code);
        }
        for status in
            [CampaignStatus::Draft, CampaignStatus::Paused, CampaignStatus::InReview, CampaignStatus::Completed]
        {
            world.put([CampaignBuilder::new(1).status(status)]).await;
            world.get(BY_ID).await.fails(404, code);
        }
        world.put([CampaignBuilder::new(1).window(NOW.plus_seconds(-10), NOW)]).await;
        world.get(BY_ID).await.fails(404, code);
        world.get(BY_PERMALINK).await.fails(404, code);
        world.clock.advance_s(-1);
        world.get(BY_ID).await.ok();
    }

    async fn e127_user_not_found_is_reserved(world: World) {
        assert_eq!(codes::LISTED_USER_NOT_FOUND, "User_not_found");
        for path in [BY_ID, BY_PERMALINK] {
            assert_ne!(world.get(path).await.json()["errors"]["code"], codes::LISTED_USER_NOT_FOUND);
        }
    }

    async fn e128_an_unknown_key(world: World) {
        for path in ["/priv/v1/apps/unknown/campaigns/1/info", "/priv/v1/apps/unknown/external/campaigns/p/info"] {
            world.get(path).await.fails(401, "Invalid_api_key");
        }
    }
}
