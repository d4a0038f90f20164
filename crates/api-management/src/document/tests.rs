//! Documents and campaigns, back and forth.

use super::CampaignDocument;
use muster_domain::audience::Targeting;
use muster_domain::behavior::{
    Behavior, Condition, ConditionOperator, EventMatch, Goal, GoalGroup, Measure, Outcome, Rule,
};
use muster_domain::campaign::{
    ActionType, AdBundle, Campaign, CampaignStatus, CampaignType, Creative, CreativeContent, Delivery,
    FrequencyCap, Group, LineItem, MessageStatus, MessageTemplate, OptIn, TileAction, TileMessage,
};
use muster_domain::event::ContextValue;
use muster_domain::ids::{BehaviorId, CampaignId, CreativeId, DivisionId, GroupId, LineItemId, OfferId};
use muster_domain::offer::{Deal, Offer, OfferMedia, OfferText};
use muster_domain::time::{UnixMillis, Window};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn instant() -> impl Strategy<Value = UnixMillis> {
    prop_oneof![
        Just(NOW),
        (-400_000_000_000..400_000_000_000i64).prop_map(|offset| UnixMillis(NOW.0 + offset))
    ]
}

fn window() -> impl Strategy<Value = Window> {
    (instant(), 1..10_000_000_000i64)
        .prop_map(|(starts_at, length)| Window { starts_at, ends_at: UnixMillis(starts_at.0 + length) })
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zéø0-9 :#'\"{}-]{1,12}"
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop::option::of(value)
}

fn data() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(
        text(),
        prop_oneof![Just(json!(null)), any::<i32>().prop_map(Value::from), text().prop_map(Value::from)],
        0..3,
    )
    .prop_map(|map| map.into_iter().collect())
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let value = prop_oneof![
        any::<i64>().prop_map(ContextValue::Integer),
        text().prop_map(ContextValue::Text),
        any::<bool>().prop_map(ContextValue::Bool),
        (-1000i32..1000).prop_map(|number| ContextValue::Number(f64::from(number) + 0.5)),
    ];
    let operator = prop_oneof![
        Just((ConditionOperator::Equal, 1)),
        Just((ConditionOperator::NotEqual, 1)),
        Just((ConditionOperator::GreaterOrEqual, 1)),
        Just((ConditionOperator::In, 1)),
        Just((ConditionOperator::In, 3)),
        Just((ConditionOperator::Exists, 0)),
    ];
    let condition =
        (text(), operator, prop::collection::vec(value, 3)).prop_map(|(key, (operator, count), values)| {
            Condition { key, operator, values: values[..count].to_vec() }
        });
    prop::collection::vec(condition, 0..3)
}

fn goal(index: usize) -> impl Strategy<Value = Goal> {
    let measure = prop_oneof![
        (1..5u32).prop_map(|total_count| Measure::Count { total_count }),
        (text(), 1..5u32).prop_map(|(context_key, total_count)| Measure::Unique { context_key, total_count }),
    ];
    (
        conditions().boxed(),
        measure.boxed(),
        0..3i64,
        any::<bool>(),
        1..3u32,
        prop_oneof![Just("0"), Just("1")],
    )
        .prop_map(move |(conditions, measure, points, required, earn_count, group)| Goal {
            event: EventMatch { event_name: format!("event {index}"), conditions },
            measure,
            points,
            required,
            earn_count,
            group_id: group.to_owned(),
        })
}

fn rule() -> impl Strategy<Value = Rule> {
    let groups =
        prop_oneof![Just(vec![("0", 1)]), Just(vec![("0", 1), ("1", 1)]), Just(vec![("1", 1), ("0", 2)])];
    prop_oneof![
        (conditions(), 1..9u32).prop_map(|(conditions, total_count)| Rule::Count { conditions, total_count }),
        (conditions(), text(), 1..9u32).prop_map(|(conditions, context_key, total_count)| Rule::Unique {
            conditions,
            context_key,
            total_count
        }),
        (goal(0).boxed(), goal(1).boxed(), groups.boxed()).prop_map(|(first, second, groups)| {
            Rule::Composite {
                goals: vec![first, second],
                groups: groups
                    .into_iter()
                    .map(|(id, total_count)| GoalGroup { id: id.to_owned(), total_count })
                    .collect(),
            }
        }),
    ]
}

fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let outcome = prop_oneof![
        any::<i64>().prop_map(|amount| Outcome::Points { amount }),
        (text(), maybe(any::<u32>())).prop_map(|(name, ttl_s)| Outcome::Tag { name, ttl_s }),
        (text(), 1..9u32).prop_map(|(name, quantity)| Outcome::Event { name, quantity }),
    ];
    prop::collection::vec(outcome, 0..3)
}

fn behavior(id: i64) -> impl Strategy<Value = Behavior> {
    let caps = (maybe(1..9u32), maybe(1..9u32), any::<u32>(), maybe(any::<u32>()), any::<bool>());
    (text(), text(), rule().boxed(), 0..9i64, caps.boxed(), outcomes().boxed()).prop_map(
        move |(
            name,
            event_name,
            rule,
            points,
            (lifetime, per_period, period_s, spacing, consecutive),
            outcomes,
        )| {
            Behavior {
                id: BehaviorId(id),
                external_id: format!("external {id}"),
                name,
                event_name,
                rule,
                points,
                max_times_repeatable: lifetime,
                max_times_repeatable_per_period: per_period,
                period_s,
                min_time_between_events_s: spacing,
                consecutive,
                outcomes,
                published_at: UnixMillis(0),
            }
        },
    )
}

fn content() -> impl Strategy<Value = CreativeContent> {
    let template = (text(), text(), maybe(text()), maybe(text()), data()).prop_map(
        |(provider, template, subject, body, data)| MessageTemplate {
            provider,
            template,
            subject,
            body,
            data,
        },
    );
    let template = template.boxed();
    let action = prop_oneof![
        Just(TileAction::default()),
        maybe(text()).prop_map(|url| TileAction { kind: Some(ActionType::OpenAd), url, section: None }),
        maybe(text()).prop_map(|section| TileAction { kind: Some(ActionType::Campaign), url: None, section }),
    ];
    let tile = (maybe(text()), maybe(text()), maybe(any::<i64>())).prop_map(|(header, image_url, points)| {
        TileMessage { header, image_url, points, ..TileMessage::default() }
    });
    prop_oneof![
        (tile, action).prop_map(|(message, action)| CreativeContent::InternalTile { message, action }),
        text().prop_map(|html| CreativeContent::InternalFullPage { html }),
        text().prop_map(|html| CreativeContent::InternalBehavior { html }),
        template.clone().prop_map(CreativeContent::Inbox),
        template.clone().prop_map(CreativeContent::Email),
        template.clone().prop_map(CreativeContent::Push),
        template.clone().prop_map(CreativeContent::Sms),
        template.prop_map(CreativeContent::Webhook),
    ]
}

fn targeting() -> impl Strategy<Value = Option<Targeting>> {
    maybe(text().prop_map(|tag| {
        Targeting::parse(json!({ "user.tags": { "$in": [tag] } })).expect("a well-formed query")
    }))
}

fn creative(id: i64) -> impl Strategy<Value = Creative> {
    let delivery = prop_oneof![
        instant().prop_map(|at| Delivery::Scheduled { at }),
        prop_oneof![Just(11), Just(12)].prop_map(|id| Delivery::Triggered { achievement_id: BehaviorId(id) }),
    ];
    let status = prop_oneof![
        Just(MessageStatus::Draft),
        Just(MessageStatus::Active),
        Just(MessageStatus::Paused),
        Just(MessageStatus::InReview)
    ];
    let cap = (1..9u32, any::<u32>()).prop_map(|(max_views, period_s)| FrequencyCap { max_views, period_s });
    let rest = (maybe(window()), maybe(text()), maybe(cap), maybe(text()), any::<bool>(), maybe(data()));
    (text(), status, content().boxed(), delivery.boxed(), rest.boxed()).prop_map(
        move |(
            name,
            status,
            content,
            delivery,
            (window, tile_tag, frequency_cap, locale, click_tracking, payload),
        )| {
            Creative {
                id: CreativeId(id),
                name,
                status,
                content,
                delivery,
                window,
                tile_tag,
                frequency_cap,
                locale,
                click_tracking,
                custom_payload: payload,
            }
        },
    )
}

fn group(id: i64) -> impl Strategy<Value = Group> {
    (text(), targeting().boxed(), creative(id + 100).boxed())
        .prop_map(move |(name, targeting, creative)| Group { id: GroupId(id), name, targeting, creative })
}

fn offer(id: i64) -> impl Strategy<Value = Offer> {
    let deal = (text(), maybe(0..100u8), window(), maybe(instant()), any::<bool>(), 0..99i64).prop_map(
        |(id, percent, window, value_after_end_date, flag, number)| Deal {
            id: format!("deal {id}"),
            root_offer_id: format!("root {id}"),
            retailer_id: format!("retailer {id}"),
            offer_type_id: "percent_discount".to_owned(),
            percent: percent.map(f64::from),
            offer_text: vec![OfferText {
                id: "text".to_owned(),
                offer_id: "owner".to_owned(),
                culture: "en".to_owned(),
                title: id.clone(),
                description: String::new(),
                terms: String::new(),
            }],
            valid_after_end_date: flag,
            value_after_end_date,
            start_date: window.starts_at,
            end_date: window.ends_at,
            validity_period: number,
            validity_unit: "day".to_owned(),
            points: number,
            buy_count: number,
            max_recurrence: number,
            item_price_affinity: 1,
            web_redeem: flag,
            quantity: number,
            reward_store: !flag,
            offer_catalog_restrictions: flag.then(|| vec![json!({ "sku": id })]),
            offer_purchase_restrictions: None,
            offer_redemption_restrictions: None,
            offer_location_restrictions: Some(Vec::new()),
            offer_media: vec![OfferMedia {
                id: "media".to_owned(),
                uri: "https://img.example/a.png".to_owned(),
                category_id: "1".to_owned(),
                category_name: None,
                content_type: 1,
                culture: "da".to_owned(),
            }],
        },
    );
    (text(), maybe(deal), 0..99i64).prop_map(move |(name, deal, total_available)| Offer {
        id: OfferId(id),
        name,
        kind: if deal.is_some() { "deal" } else { "trigger" }.to_owned(),
        total_available,
        deal,
    })
}

fn campaign() -> impl Strategy<Value = Campaign> {
    let status =
        prop_oneof![Just(CampaignStatus::Draft), Just(CampaignStatus::Live), Just(CampaignStatus::Paused)];
    let kind = prop_oneof![Just(CampaignType::Promotion), Just(CampaignType::Messaging)];
    let opt_in = (any::<bool>(), maybe(window()), maybe(1..99u32));
    let head = (text(), text(), status, kind, window(), opt_in, maybe(instant()));
    let bundle = (targeting(), maybe(text()), maybe(text()));
    let below = (
        behavior(11).boxed(),
        behavior(12).boxed(),
        group(21).boxed(),
        group(22).boxed(),
        offer(31).boxed(),
        offer(32).boxed(),
    );
    let figures = (0..9i64, 0..9i64, maybe(text()), 1..4i64, maybe(text()), data());
    (head.boxed(), bundle.boxed(), below.boxed(), figures.boxed()).prop_map(
        |(head, bundle, below, figures)| {
            let (name, permalink, status, campaign_type, window, (required, own, limit), reporting) = head;
            let (weight, total_budget, ssap_name, version, division, metadata) = figures;
            Campaign {
                id: CampaignId(1),
                permalink,
                name,
                status,
                window,
                campaign_type,
                metadata,
                total_budget,
                weight,
                ssap_name,
                reporting_ends_at: reporting.unwrap_or_else(|| window.ends_at.plus_seconds(45 * 86_400)),
                opt_in: OptIn { required, window: own.unwrap_or(window), limit },
                bundle: AdBundle { targeting: bundle.0, qualify_tag: bundle.1, disqualify_tag: bundle.2 },
                line_items: vec![
                    LineItem { id: LineItemId(2), name: "A".to_owned(), groups: vec![below.2] },
                    LineItem { id: LineItemId(3), name: "B".to_owned(), groups: vec![below.3] },
                ],
                behaviors: vec![below.0, below.1],
                offers: vec![below.4, below.5],
                division: division.map(DivisionId),
                version,
                created_at: NOW,
                updated_at: NOW,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// A campaign survives its document, the document survives its text, and the document is in normal form.
    #[test]
    fn a_campaign_is_what_its_document_says(campaign in campaign()) {
        let document = CampaignDocument::of(&campaign);
        let text = serde_json::to_string(&document).expect("plain data");
        let read: CampaignDocument = serde_json::from_str(&text).expect("its own text");
        prop_assert_eq!(&read, &document);
        let back = read.read(None, NOW).expect("its own document");
        prop_assert_eq!(&back, &campaign);
        prop_assert_eq!(CampaignDocument::of(&back), document);
    }

    /// Ids that are left out are found again in what is stored, whatever else changed.
    #[test]
    fn what_is_stored_is_recognised_without_ids(campaign in campaign()) {
        let mut document = CampaignDocument::of(&campaign);
        prop_assume!(campaign.behaviors[0].name != campaign.behaviors[1].name);
        prop_assume!(campaign.offers[0].name != campaign.offers[1].name);
        document.id = None;
        document.permalink = None;
        for behavior in &mut document.behaviors {
            behavior.id = None;
            behavior.external_id = None;
        }
        for offer in &mut document.offers {
            offer.id = None;
        }
        for item in &mut document.line_items {
            item.id = None;
            for group in &mut item.groups {
                group.id = None;
                group.creative.id = None;
            }
        }
        prop_assert_eq!(document.read(Some(&campaign), NOW).expect("still readable"), campaign);
    }
}

#[test]
fn an_unknown_id_for_a_stored_behavior_is_refused() {
    let campaign = |behaviors: Value| -> CampaignDocument {
        let json =
            json!({ "name": "C", "starts_at": "now", "ends_at": "1 day from now", "behaviors": behaviors });
        serde_json::from_value(json).expect("a document")
    };
    let behavior = |id: Option<i64>, external_id: Option<&str>, name: &str| {
        let mut json = json!({ "name": name, "type": "count", "event": "e", "total_count": 1 });
        if let Some(id) = id {
            json["id"] = id.into();
        }
        if let Some(external_id) = external_id {
            json["external_id"] = external_id.into();
        }
        json
    };
    let first = campaign(json!([behavior(Some(1), Some("x"), "A")]));
    let stored = first.read(None, NOW).expect("readable");
    let table = [
        (vec![behavior(Some(7), Some("x"), "A")], Some("behaviors[0].id")),
        (vec![behavior(Some(7), None, "A")], Some("behaviors[0].id")),
        (vec![behavior(None, None, "B"), behavior(Some(7), Some("x"), "C")], Some("behaviors[1].id")),
        // Nobody's place is taken.
        (vec![behavior(Some(7), Some("y"), "B")], None),
        (vec![behavior(Some(7), None, "A"), behavior(Some(1), None, "B")], None),
        (vec![behavior(Some(7), None, "A"), behavior(None, Some("x"), "B")], None),
    ];
    for (behaviors, place) in table {
        let read = campaign(Value::from(behaviors.clone())).read(Some(&stored), NOW);
        assert_eq!(read.err().map(|error| error.place).as_deref(), place, "{behaviors:?}");
    }
}

#[test]
fn a_behavior_named_by_id_may_be_renamed() {
    let json = json!({
        "name": "C", "starts_at": "now", "ends_at": "1 day from now",
        "behaviors": [
            { "name": "A", "type": "count", "event": "e", "total_count": 1 },
            { "name": "B", "type": "count", "event": "e", "total_count": 1 },
        ],
    });
    let first: CampaignDocument = serde_json::from_value(json).expect("a document");
    let mut stored = first.read(None, NOW).expect("readable");
    stored.behaviors[0].id = BehaviorId(1);
    stored.behaviors[1].id = BehaviorId(2);
    // B takes A's name, and A is named by id: the new A is not mistaken for the old one.
    let json = json!({
        "name": "C", "starts_at": "now", "ends_at": "1 day from now",
        "behaviors": [
            { "name": "A", "type": "count", "event": "e", "total_count": 1 },
            { "id": 1, "name": "Z", "type": "count", "event": "e", "total_count": 1 },
        ],
    });
    let second: CampaignDocument = serde_json::from_value(json).expect("a document");
    let read = second.read(Some(&stored), NOW).expect("readable");
    let ids: Vec<_> = read.behaviors.iter().map(|behavior| behavior.id.0).collect();
    assert!(ids[0] < 0, "a new behavior: {ids:?}");
    assert_eq!(ids[1], 1);
}
