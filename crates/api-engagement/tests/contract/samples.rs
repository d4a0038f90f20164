//! The contract's own sample answers, each reproduced in an organization of its own with the clock set to its time.

use crate::common::*;
use muster_domain::behavior::Behavior;
use muster_domain::campaign::{ActionType, CampaignType, Delivery, OptIn, TileMessage};
use muster_domain::ids::OfferId;
use muster_domain::offer::{Deal, Offer, OfferMedia, OfferText};
use muster_domain::time::Window;
use serde_json::{Value, json};
use uuid::Uuid;

fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("a sample is JSON")
}

fn guid(text: &str) -> Uuid {
    text.parse().expect("a GUID")
}

/// The world with another key, base URL and time.
async fn set_up(world: &mut World, api_key: &str, base_url: &str, now: &str) {
    world.app = app(world.services.entropy.as_ref(), "Sample", api_key);
    world.put_app(&world.app).await;
    world.alter(|organization| organization.public_base_url = Some(base_url.to_owned())).await;
    world.clock.set(at(now));
}

fn campaign(id: i64, name: &str, permalink: &str, starts_at: &str, ends_at: &str) -> CampaignBuilder {
    CampaignBuilder::new(id).name(name).permalink(permalink).window(at(starts_at), at(ends_at))
}

/// A behavior that was there from the start.
fn known(behavior: BehaviorBuilder, external_id: &str, name: &str) -> BehaviorBuilder {
    behavior.name(name).with(|behavior: &mut Behavior| {
        external_id.clone_into(&mut behavior.external_id);
        behavior.published_at = at("2017-01-01T00:00:00Z");
    })
}

/// Something done once and for all, so that its campaign is completed.
fn done_by(id: i64, event: &str) -> BehaviorBuilder {
    known(BehaviorBuilder::count(id, event, 1).at_most(1), "e", "done")
}

const BEHAVIOR_GUID: &str = "86d77299-ed18-49ba-8fef-f8cb2241faac";

/// Method C4's three samples differ in the choice and in one behavior.
async fn c4(
    world: World,
    behavior_id: i64,
    event_name: &str,
    name: &str,
    choice: Option<bool>,
    expected: &str,
) {
    let behavior = known(BehaviorBuilder::count(behavior_id, event_name, 1), BEHAVIOR_GUID, name);
    world.put([CampaignBuilder::new(1).opt_in().behavior(behavior)]).await;
    world
        .ada_with(|customer| match choice {
            Some(opted_in) => customer.chose(1, opted_in),
            None => customer,
        })
        .await;
    assert_eq!(world.get(&format!("v1/{ADA}/campaigns/1/progress")).await.ok(), sample(expected));
}

on_both_stores! {
    async fn e28_the_sample_of_c1(world: World) {
        world.services.store.reserve_ids_through(world.organization, 720).await.expect("reserved");
        let body = json!({ "campaign": {
            "name": "Campaign Example", "status": "live", "external_id": "d4f5fc94-dcad-11ea-845e-7001986d963d",
            "starts_at": "2020-08-12T15:02:54Z", "ends_at": "2020-08-19T15:02:54Z",
            "campaign_type": "promotion", "template": "promotion",
        }});
        let answer = world.post("v1/campaigns", &body).await.ok();
        assert_eq!(answer, sample(include_str!("fixtures/c1_response.json")));
    }

    async fn e59_the_sample_of_c3(world: World) {
        let mut world = world;
        let key = "70261ce1e55ee3a5c282d48bdd4fa343230c04e0";
        set_up(&mut world, key, "https://api-qa4.q-sessionm.com", "2017-07-15T00:00:00Z").await;
        let composite = known(
            BehaviorBuilder::composite(1444).group("0", 1).goal("0", "campaigns.1443.loaded", true),
            BEHAVIOR_GUID,
            "TEstt0714441 Campaign Action 1",
        )
        .with(|behavior| {
            "3dac9302-68d4-11e7-9412-9e32bae62f9c".clone_into(&mut behavior.event_name);
            if let muster_domain::behavior::Rule::Composite { goals, .. } = &mut behavior.rule {
                goals[0].points = 4;
            }
        });
        let tile = CreativeBuilder::tile(2983).message(TileMessage { points: Some(0), ..TileMessage::default() });
        world
            .put([
                campaign(
                    1255, "promotionCampaign", "6a04f24c-6022-11e7-8c24-3bcbbae62f9c",
                    "2017-07-03T19:04:18Z", "2017-08-03T19:04:18Z",
                )
                .behavior(done_by(1, "done"))
                .creative_in(2917, delivered_then(tile)),
                campaign(
                    1064, "Launch 2", "6ce11f7c-51f9-11e7-822a-02d3bae62f9c",
                    "2017-06-15T18:35:37Z", "2017-07-15T18:35:37Z",
                )
                .behavior(done_by(2, "done"))
                .creative_in(2578, delivered_then(CreativeBuilder::page(2640))),
                campaign(
                    1443, "TEstt0714441", "3964b522-68d4-11e7-8479-4fdfbae62f9c",
                    "2017-07-14T20:37:16Z", "2017-08-14T20:37:16Z",
                )
                .behavior(composite)
                .creative_in(3232, delivered_then(CreativeBuilder::page(3364))),
            ])
            .await;
        let customer = CustomerBuilder::with_id(guid("48792ee2-0e5e-11e7-8716-93115045e6c0"))
            .stat_id(2983, guid("3726c65e-7de4-11e7-959f-f9d291045c00"))
            .with(|customer| customer.tracking_id = guid("48792ee2-0e5e-11e7-8716-9311a9d25bb0"));
        let customer = world.customer(customer).await;
        let token = "v2--Ga0yJV7TyMJsIjOZ40MitXJQanHlX_SrG3IZl-TmYXY=--\
                     QyLCZ-H6d08Ny9dzS_xavtjKjOMT2HznmZz8nfGcOm3NXKduOSzkkJpZ4bgoPKjQsA==";
        world.token(customer, token, NOW).await;
        world.event(customer, "done", 1).await;
        world.event(customer, "campaigns.1443.loaded", 4).await;
        let answer = world.get(&format!("client/campaigns?auth_token={token}")).await.ok();
        assert_eq!(answer, sample(include_str!("fixtures/c3.json")));
    }

    async fn e76_the_first_sample_of_c4(world: World) {
        let event = "ada7af74-9710-11e7-8803-9bbc32d1fae9";
        c4(world, 525, event, "my_campaign_event_name", None, include_str!("fixtures/c4_qualified.json")).await;
    }

    async fn e76_the_second_sample_of_c4(world: World) {
        let event = "bce50a3c-9c8c-11e7-832f-e29b32d1fae9";
        c4(world, 543, event, "moose_sleep_b", Some(true), include_str!("fixtures/c4_opted_in.json")).await;
    }

    async fn e76_the_third_sample_of_c4(world: World) {
        let event = "ada7af74-9710-11e7-8803-9bbc32d1fae9";
        c4(world, 525, event, "pretty_llamas-b", Some(false), include_str!("fixtures/c4_opted_out.json")).await;
    }

    async fn e90_the_sample_of_c5(world: World) {
        let mut world = world;
        let key = "xyz15cbf87b9068363df55fc6344e05b550e49c98060";
        set_up(&mut world, key, "http://ads.host", "2017-11-28T00:00:00Z").await;
        let message = json!({
            "header": "Test Header", "subheader": "Test Subheader", "description": "Test Description",
            "icon_url": "http://bit.ly/foo.png", "image_url": "http://getm.pt/foo.png", "points": 20,
        });
        let tile = CreativeBuilder::tile(2)
            .message(serde_json::from_value(message).expect("a message"))
            .action(ActionType::OpenAd, Some("https://target.example/"))
            .click_tracking();
        world
            .put([campaign(
                1, "Campaign 1", "45650900-d457-11e7-9d65-94bc328254fd",
                "2017-11-27T16:14:55Z", "2017-12-01T16:14:55Z",
            )
            .for_tag("somebody else")
            .creative(delivered_then(tile))])
            .await;
        let customer = CustomerBuilder::with_id(guid("457583c0-d457-11e7-88dd-f369328254fd"))
            .stat_id(2, guid("457869f0-d457-11e7-99dd-ee69328254fd"))
            .with(|customer| customer.tracking_id = guid("457583c0-d457-11e7-88dd-f3698c9fdcfd"));
        let customer = world.customer(customer).await;
        let path = format!("v2/users/{customer}/campaigns?filters[]=all&creatives[]=tile");
        assert_eq!(world.get(&path).await.ok(), sample(include_str!("fixtures/c5.json")));
    }

    async fn e98_the_sample_of_c6(world: World) {
        let mut world = world;
        let key = "xyz130d6fdeb9ef1af877dae1d3b749e842727543cc5";
        set_up(&mut world, key, "http://ads.host", "2017-11-28T00:00:00Z").await;
        world
            .put([campaign(
                11, "Campaign 11", "9f86dafb-b999-4b61-8c71-59d9d45628f2",
                "2017-11-27T16:22:41Z", "2017-12-01T16:22:41Z",
            )
            .opt_in()
            .behavior(done_by(1, "done"))
            .creative(delivered_then(CreativeBuilder::page(11)))])
            .await;
        let customer = CustomerBuilder::with_id(guid("5a296e48-d458-11e7-9958-5691328254fd"));
        let customer = world.customer(customer).await;
        world.get(&format!("v1/users/{customer}/campaigns/11/opt_in")).await.ok();
        world.event(customer, "done", 1).await;
        let path = format!("v2/users/{customer}/campaigns/11?creatives[]=promotion");
        assert_eq!(world.get(&path).await.ok(), sample(include_str!("fixtures/c6.json")));
    }

    async fn e107_the_sample_of_c7(world: World) {
        let mut world = world;
        set_up(&mut world, "sample", "http://ads.host", "2017-11-28T17:00:00Z").await;
        let super_user = known(BehaviorBuilder::count(1, "Event 12", 1), "a", "super user 12")
            .points(5)
            .at_most_within(1, 86_400);
        let challenge = known(BehaviorBuilder::count(2, "entry", 1), "b", "participation challenge")
            .at_most(1)
            .at_most_within(1, 7_776_000);
        world
            .put([campaign(
                16, "Campaign 16", "d615678c-d458-11e7-8ac1-c27a328254fd",
                "2017-11-27T16:26:09Z", "2017-12-01T16:26:09Z",
            )
            .behavior(super_user)
            .behavior(challenge)
            .offer(Offer {
                id: OfferId(1),
                name: "Offer 1 gift card".to_owned(),
                kind: "deal".to_owned(),
                total_available: 100,
                deal: Some(deal()),
            })
            .offer(Offer {
                id: OfferId(2),
                name: "referrer points".to_owned(),
                kind: "trigger".to_owned(),
                total_available: 1_000_000_000,
                deal: None,
            })])
            .await;
        world.ada().await;
        let path = "v2/external/users/ext-1/campaigns/d615678c-d458-11e7-8ac1-c27a328254fd\
                    ?sections[]=behaviors&sections[]=offers";
        assert_eq!(world.get(path).await.ok(), sample(include_str!("fixtures/c7.json")));
    }

    /// The sample lists a draft among the active campaigns (question Q15). Here it is live, and everything but the
    /// status must agree.
    async fn e116_the_sample_of_c8(world: World) {
        let mut expected = sample(include_str!("fixtures/c8.json"));
        let targeting = expected["campaigns"][0]["targeting"].clone();
        assert_eq!(expected["campaigns"][0]["status"], "draft");
        expected["campaigns"][0]["status"] = json!("live");
        world.clock.set(at("2017-12-01T00:00:00Z"));
        world
            .put([campaign(
                367, "Campaign Example", "cc8b6c38-b5c8-11e7-9082-dc7a60cca317",
                "2017-10-01T18:59:00Z", "2018-02-28T19:59:00Z",
            )
            .targeting(targeting)
            .with(|campaign| {
                campaign.campaign_type = CampaignType::Messaging;
                campaign.ssap_name = Some("10/20 test 11".to_owned());
                campaign.reporting_ends_at = at("2018-04-14T18:59:00Z");
                campaign.metadata.insert("campaign_version".to_owned(), json!(2));
                campaign.bundle.qualify_tag = Some("my_tag_to_target_user".to_owned());
                campaign.bundle.disqualify_tag = Some("my_tag_to_target_away_from_user".to_owned());
            })])
            .await;
        assert_eq!(world.get("v1/campaigns").await.ok(), expected);
    }

    async fn e124_the_sample_of_c9(world: World) {
        world.clock.set(at("2017-05-10T00:00:00Z"));
        let window = Window { starts_at: at("2017-05-09T17:36:48Z"), ends_at: at("2017-05-13T17:36:48Z") };
        world
            .put([CampaignBuilder::new(1).permalink("my_flock_to_unlock_campaign").with(|campaign| {
                campaign.window = window;
                campaign.opt_in = OptIn { required: true, window, limit: None };
            })])
            .await;
        let expected = sample(include_str!("fixtures/c9.json"));
        assert_eq!(world.get("v1/campaigns/1/info").await.ok(), expected);
        assert_eq!(world.get("v1/external/campaigns/my_flock_to_unlock_campaign/info").await.ok(), expected);
    }
}

/// The creative, delivered long before the samples.
fn delivered_then(creative: CreativeBuilder) -> CreativeBuilder {
    creative.with(|creative| {
        creative.delivery = Delivery::Scheduled { at: at("2017-01-01T00:00:00Z") };
    })
}

fn deal() -> Deal {
    Deal {
        id: "0c7af47e-12ef-4474-a0b7-3540948783bb".to_owned(),
        root_offer_id: "d616c71c-d458-11e7-9903-c0c9328254fd".to_owned(),
        retailer_id: "d616ee2c-d458-11e7-9d46-e185377754fd".to_owned(),
        offer_type_id: "percent_discount".to_owned(),
        percent: Some(10.0),
        offer_text: vec![OfferText {
            id: "0c7af47e-12ef-4474-a0b7-3540948783bb".to_owned(),
            offer_id: "ff4b3d3c-8185-48b7-8014-dd03c2c55864".to_owned(),
            culture: "en".to_owned(),
            title: "Test for Offer796899".to_owned(),
            description: "Testing Issue Offer".to_owned(),
            terms: "Don't panic!".to_owned(),
        }],
        valid_after_end_date: true,
        value_after_end_date: None,
        start_date: at("2017-11-28T16:26:10Z"),
        end_date: at("2017-11-29T16:26:10Z"),
        validity_period: 1,
        validity_unit: "day".to_owned(),
        points: 200,
        buy_count: 0,
        max_recurrence: 1,
        item_price_affinity: 0,
        web_redeem: false,
        quantity: 0,
        reward_store: false,
        offer_catalog_restrictions: None,
        offer_purchase_restrictions: None,
        offer_redemption_restrictions: None,
        offer_location_restrictions: None,
        offer_media: vec![OfferMedia {
            id: "d617153c-d458-11e7-9ad9-8d08328254fd".to_owned(),
            uri: "http://www.example.com".to_owned(),
            category_id: "d617153c-d458-11e7-9ad9-8d08328254fd".to_owned(),
            category_name: None,
            content_type: 1,
            culture: "en".to_owned(),
        }],
    }
}
