//! A valid campaign, and one fault a line.

use super::{
    ActionType, AdBundle, Campaign, CampaignStatus, CampaignType, Creative, CreativeContent, Delivery,
    FrequencyCap, Group, LineItem, MessageStatus, MessageTemplate, OptIn, TileAction, TileMessage, limits,
};
use crate::audience::Targeting;
use crate::behavior::{Behavior, Rule};
use crate::ids::{BehaviorId, CampaignId, CreativeId, DivisionId, GroupId, LineItemId, OfferId};
use crate::offer::{Deal, Offer, OfferMedia};
use crate::time::{UnixMillis, Window};
use serde_json::{Map, json};

const START: UnixMillis = UnixMillis(1_700_000_000_000);

fn day(offset: i64) -> UnixMillis {
    START.plus_seconds(offset * 86_400)
}

fn days(from: i64, to: i64) -> Window {
    Window { starts_at: day(from), ends_at: day(to) }
}

fn group(id: i64, content: CreativeContent, delivery: Delivery) -> Group {
    Group {
        id: GroupId(id),
        name: "Everyone".to_owned(),
        targeting: None,
        creative: Creative {
            id: CreativeId(id),
            name: "Message".to_owned(),
            status: MessageStatus::Active,
            content,
            delivery,
            window: None,
            tile_tag: None,
            frequency_cap: None,
            locale: None,
            click_tracking: true,
            custom_payload: None,
        },
    }
}

fn behavior(id: i64) -> Behavior {
    Behavior {
        id: BehaviorId(id),
        external_id: format!("86d77299-ed18-49ba-8fef-f8cb2241fa{id:02}"),
        name: "Coffee".to_owned(),
        event_name: "coffee".to_owned(),
        rule: Rule::Count { conditions: Vec::new(), total_count: 5 },
        points: 5,
        max_times_repeatable: None,
        max_times_repeatable_per_period: None,
        period_s: 0,
        min_time_between_events_s: None,
        consecutive: false,
        outcomes: Vec::new(),
        published_at: START,
    }
}

fn deal() -> Deal {
    Deal {
        id: "0b1c".to_owned(),
        root_offer_id: "0b1c".to_owned(),
        retailer_id: "7a7a".to_owned(),
        offer_type_id: "percent_discount".to_owned(),
        percent: Some(10.0),
        offer_text: Vec::new(),
        valid_after_end_date: false,
        value_after_end_date: None,
        start_date: day(0),
        end_date: day(30),
        validity_period: 7,
        validity_unit: "day".to_owned(),
        points: 0,
        buy_count: 0,
        max_recurrence: 1,
        item_price_affinity: 0,
        web_redeem: true,
        quantity: 100,
        reward_store: false,
        offer_catalog_restrictions: None,
        offer_purchase_restrictions: None,
        offer_redemption_restrictions: None,
        offer_location_restrictions: None,
        offer_media: Vec::new(),
    }
}

fn valid() -> Campaign {
    let tile = CreativeContent::InternalTile {
        message: TileMessage { header: Some("Hello".to_owned()), ..TileMessage::default() },
        action: TileAction {
            kind: Some(ActionType::DeepLink),
            url: Some("shop://coffee".to_owned()),
            section: None,
        },
    };
    let page = CreativeContent::InternalFullPage { html: "<p>Well done</p>".to_owned() };
    Campaign {
        id: CampaignId(1),
        permalink: "coffee".to_owned(),
        name: "Coffee".to_owned(),
        status: CampaignStatus::Live,
        window: days(0, 30),
        campaign_type: CampaignType::Promotion,
        metadata: Map::new(),
        total_budget: 0,
        weight: 5,
        ssap_name: None,
        reporting_ends_at: day(75),
        opt_in: OptIn { required: true, window: days(-7, 30), limit: Some(100) },
        bundle: AdBundle::default(),
        line_items: vec![LineItem {
            id: LineItemId(1),
            name: "Main".to_owned(),
            groups: vec![
                group(1, tile, Delivery::Scheduled { at: day(0) }),
                group(2, page, Delivery::Triggered { achievement_id: BehaviorId(1) }),
            ],
        }],
        behaviors: vec![behavior(1)],
        offers: vec![Offer {
            id: OfferId(1),
            name: "Ten percent".to_owned(),
            kind: "deal".to_owned(),
            total_available: 100,
            deal: Some(deal()),
        }],
        division: Some(DivisionId("north".to_owned())),
        version: 2,
        created_at: START,
        updated_at: START,
    }
}

fn first(campaign: &mut Campaign) -> &mut Creative {
    &mut campaign.line_items[0].groups[0].creative
}

fn terms(campaign: &mut Campaign) -> &mut Deal {
    campaign.offers[0].deal.as_mut().expect("the valid campaign has a deal")
}

fn long(chars: usize) -> String {
    "é".repeat(chars)
}

#[test]
fn a_valid_campaign_passes_also_at_its_edges() {
    let mut campaign = valid();
    assert_eq!(campaign.validate(), Ok(()));
    campaign.name = long(limits::MAX_TEXT_CHARS);
    campaign.opt_in.window = days(0, 30);
    campaign.reporting_ends_at = campaign.window.starts_at;
    campaign.window.ends_at = UnixMillis::MAX_WIRE;
    campaign.metadata.insert("k".to_owned(), json!("x".repeat(limits::MAX_DATA_BYTES - 8)));
    first(&mut campaign).delivery = Delivery::Scheduled { at: UnixMillis(UnixMillis::MAX_WIRE.0 - 1) };
    assert_eq!(campaign.validate(), Ok(()));
}

#[test]
fn each_fault_is_reported_with_its_place() {
    type Spoil = fn(&mut Campaign);
    let table: &[(&str, Spoil)] = &[
        ("name: must not be empty", |c| c.name = "  ".to_owned()),
        ("name: is longer than 255 characters", |c| c.name = long(256)),
        ("name: must not contain the NUL", |c| c.name = "a\0b".to_owned()),
        ("permalink: must not be empty", |c| c.permalink.clear()),
        ("ends_at: must lie after", |c| c.window.ends_at = c.window.starts_at),
        ("ends_at: must lie between the years", |c| {
            c.window.ends_at = UnixMillis(UnixMillis::MAX_WIRE.0 + 1);
        }),
        ("opt_in.ends_at: must lie after", |c| c.opt_in.window = days(-1, -1)),
        ("opt_in.starts_at: must start on or before", |c| c.opt_in.window = days(1, 30)),
        ("opt_in.ends_at: must end on or before", |c| c.opt_in.window = days(0, 31)),
        ("opt_in.limit: must be between 1", |c| c.opt_in.limit = Some(0)),
        ("reporting_ends_at: must not lie before", |c| c.reporting_ends_at = day(-1)),
        ("metadata: is larger than 65536 bytes", |c| {
            c.metadata.insert("k".to_owned(), json!("x".repeat(limits::MAX_DATA_BYTES - 7)));
        }),
        ("metadata: must not contain the NUL", |c| {
            c.metadata.insert("k".to_owned(), json!([{ "a": "\0" }]));
        }),
        ("version: must be between 1", |c| c.version = 0),
        ("targeting: ", |c| {
            c.bundle.targeting = serde_json::from_value(json!({ "user.tags": { "$near": 1 } })).ok();
        }),
        ("qualify_tag: must not be empty", |c| c.bundle.qualify_tag = Some(String::new())),
        ("division: must not be empty", |c| c.division = Some(DivisionId(String::new()))),
        ("behaviors[0]: ", |c| c.behaviors[0].event_name.clear()),
        ("behaviors[1]: 1 is given twice", |c| c.behaviors.push(behavior(1))),
        ("behaviors[1].external_id: ", |c| {
            c.behaviors.push(Behavior { id: BehaviorId(2), ..behavior(1) });
        }),
        ("line_items[1]: 1 is given twice", |c| c.line_items.push(c.line_items[0].clone())),
        ("line_items[0].groups[1]: 1 is given twice", |c| {
            c.line_items[0].groups[1].id = GroupId(1);
        }),
        ("line_items[0].groups[1].creative: 1 is given twice", |c| {
            c.line_items[0].groups[1].creative.id = CreativeId(1);
        }),
        ("line_items[0].groups[1].creative.delivery: behavior 9 is not one", |c| {
            c.line_items[0].groups[1].creative.delivery =
                Delivery::Triggered { achievement_id: BehaviorId(9) };
        }),
        ("line_items[0].groups[0].creative.delivery: lies wholly outside", |c| {
            first(c).delivery = Delivery::Scheduled { at: day(30) };
        }),
        ("line_items[0].groups[0].creative.window: lies wholly outside", |c| {
            first(c).window = Some(days(30, 31));
        }),
        ("line_items[0].groups[0].creative.window.ends_at: must lie after", |c| {
            first(c).window = Some(days(3, 2));
        }),
        ("line_items[0].groups[1].creative.tile_tag: must be left out", |c| {
            c.line_items[0].groups[1].creative.tile_tag = Some("hero".to_owned());
        }),
        ("line_items[0].groups[0].creative.frequency_cap.max_views: must", |c| {
            first(c).frequency_cap = Some(FrequencyCap { max_views: 0, period_s: 60 });
        }),
        ("line_items[0].groups[0].creative.frequency_cap.period: must", |c| {
            first(c).frequency_cap = Some(FrequencyCap { max_views: 1, period_s: 0 });
        }),
        ("line_items[0].groups[0].creative.action.url: is needed", |c| {
            first(c).content = CreativeContent::InternalTile {
                message: TileMessage::default(),
                action: TileAction { kind: Some(ActionType::ExternalLink), ..TileAction::default() },
            };
        }),
        ("line_items[0].groups[0].creative.action.url: must be an absolute", |c| {
            first(c).content = CreativeContent::InternalTile {
                message: TileMessage::default(),
                action: TileAction {
                    kind: Some(ActionType::ExternalLink),
                    url: Some("JavaScript:alert(1)".to_owned()),
                    section: None,
                },
            };
        }),
        ("line_items[0].groups[0].creative.tile.image_url: must be an absolute", |c| {
            first(c).content = CreativeContent::InternalTile {
                message: TileMessage { image_url: Some("/a.png".to_owned()), ..TileMessage::default() },
                action: TileAction::default(),
            };
        }),
        ("line_items[0].groups[0].creative.html: must not be empty", |c| {
            first(c).content = CreativeContent::InternalFullPage { html: " ".to_owned() };
        }),
        ("line_items[0].groups[0].creative.message.provider: must not be empty", |c| {
            first(c).content = CreativeContent::Email(MessageTemplate::default());
        }),
        ("line_items[0].groups[0].creative.message: is needed", |c| {
            first(c).content = CreativeContent::Inbox(MessageTemplate::default());
        }),
        ("offers[1]: 1 is given twice", |c| c.offers.push(c.offers[0].clone())),
        ("offers[0].deal: is needed", |c| c.offers[0].deal = None),
        ("offers[0].deal: must be left out", |c| c.offers[0].kind = "trigger".to_owned()),
        ("offers[0].total_available: must be", |c| c.offers[0].total_available = -1),
        ("offers[0].deal.end_date: must lie after", |c| terms(c).end_date = day(0)),
        ("offers[0].deal.percent: must be between", |c| terms(c).percent = Some(100.5)),
        ("offers[0].deal.percent: is needed", |c| terms(c).percent = None),
        ("offers[0].deal.item_price_affinity: must be", |c| terms(c).item_price_affinity = 2),
        ("offers[0].deal.offer_media[0].content_type: must be", |c| {
            terms(c).offer_media.push(OfferMedia {
                id: "1".to_owned(),
                uri: "https://img.example/a.png".to_owned(),
                category_id: "1".to_owned(),
                category_name: None,
                content_type: 3,
                culture: "en".to_owned(),
            });
        }),
    ];
    for (expected, spoil) in table {
        let mut campaign = valid();
        spoil(&mut campaign);
        let error = campaign.validate().expect_err(expected).to_string();
        assert!(error.starts_with(expected), "expected {expected:?}, got {error:?}");
    }
}

#[test]
fn text_that_spells_an_escaped_nul_is_no_nul() {
    let mut campaign = valid();
    campaign.metadata.insert("k".to_owned(), json!("\\u0000"));
    assert_eq!(campaign.validate(), Ok(()));
}

#[test]
fn targeting_that_parses_passes() {
    let mut campaign = valid();
    campaign.bundle.targeting = Targeting::parse(json!({ "user.tags": { "$in": ["vip"] } })).ok();
    assert!(campaign.bundle.targeting.is_some());
    assert_eq!(campaign.validate(), Ok(()));
}
