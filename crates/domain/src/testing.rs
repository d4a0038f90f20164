//! Campaigns and customers for this crate's tests, with good defaults.

use crate::audience::Facts;
use crate::behavior::{Behavior, Progress, Rule};
use crate::campaign::{
    AdBundle, Campaign, CampaignStatus, CampaignType, Creative, CreativeContent, Delivery, Group, LineItem,
    MessageStatus, OptIn,
};
use crate::customer::{Customer, OptInChoice, Points, Profile, Standing};
use crate::ids::{BehaviorId, CampaignId, CreativeId, GroupId, LineItemId};
use crate::time::{UnixMillis, Window};
use serde_json::Map;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The first instant of [`campaign`]'s run window.
pub(crate) const START: UnixMillis = UnixMillis(1_500_000_000_000);

/// An instant so many seconds after the start.
pub(crate) fn at(offset_s: i64) -> UnixMillis {
    START.plus_seconds(offset_s)
}

/// A live campaign for everyone, that runs for 1,000 seconds and has one full page, no behavior, no opt-in.
pub(crate) fn campaign() -> Campaign {
    let window = Window { starts_at: START, ends_at: at(1_000) };
    Campaign {
        id: CampaignId(16),
        permalink: "d615678c-d458-11e7-8ac1-c27a328254fd".to_owned(),
        name: "Campaign 16".to_owned(),
        status: CampaignStatus::Live,
        window,
        campaign_type: CampaignType::Promotion,
        metadata: Map::new(),
        total_budget: 0,
        weight: 5,
        ssap_name: None,
        reporting_ends_at: at(2_000),
        opt_in: OptIn { required: false, window, limit: None },
        bundle: AdBundle::default(),
        line_items: vec![LineItem {
            id: LineItemId(1),
            name: "Line".to_owned(),
            groups: vec![group(1, CreativeContent::InternalFullPage { html: "<p>Hello</p>".to_owned() })],
        }],
        behaviors: Vec::new(),
        offers: Vec::new(),
        division: None,
        version: 2,
        created_at: START,
        updated_at: START,
    }
}

/// A group for everyone whose active creative is due since the start.
pub(crate) fn group(id: i64, content: CreativeContent) -> Group {
    Group {
        id: GroupId(id),
        name: "Group".to_owned(),
        targeting: None,
        creative: Creative {
            id: CreativeId(id),
            name: "Creative".to_owned(),
            status: MessageStatus::Active,
            content,
            delivery: Delivery::Scheduled { at: START },
            window: None,
            tile_tag: None,
            frequency_cap: None,
            locale: None,
            click_tracking: false,
            custom_payload: None,
        },
    }
}

/// A behavior that two `entry` events achieve, once in a lifetime.
pub(crate) fn behavior(id: i64) -> Behavior {
    Behavior {
        id: BehaviorId(id),
        external_id: format!("behavior-{id}"),
        name: format!("Behavior {id}"),
        event_name: "entry".to_owned(),
        rule: Rule::Count { conditions: Vec::new(), total_count: 2 },
        points: 5,
        max_times_repeatable: Some(1),
        max_times_repeatable_per_period: None,
        period_s: 86_400,
        min_time_between_events_s: None,
        consecutive: false,
        outcomes: Vec::new(),
        published_at: START,
    }
}

/// A registered customer who has done nothing.
pub(crate) fn customer() -> Customer {
    Customer {
        profile: Profile::default(),
        standing: Standing::default(),
        tags: BTreeMap::new(),
        choices: BTreeMap::new(),
        progress: BTreeMap::new(),
        points: Points::default(),
        impressions: BTreeMap::new(),
        tracking_id: Uuid::nil(),
        events_logged: 0,
        created_at: START,
        updated_at: START,
        registered_at: Some(START),
    }
}

/// The customer at an instant, without past events.
pub(crate) fn facts(customer: &Customer, now: UnixMillis) -> Facts<'_> {
    Facts { customer, events: &[], now }
}

/// The choice to take part or not, made at the start.
pub(crate) fn choice(opted_in: bool) -> OptInChoice {
    OptInChoice { opted_in, at: START }
}

/// Progress after so many `entry` events of one second each.
pub(crate) fn progress_after(behavior: &Behavior, events: u32) -> Progress {
    use crate::behavior::{DayZone, fold};
    use crate::event::{Context, Event, EventKey};
    let mut progress = Progress::new();
    for sequence in 1..=u64::from(events) {
        let at = START.plus_seconds(sequence as i64);
        let event = Event {
            key: EventKey([0; 16]),
            sequence,
            name: "entry".to_owned(),
            occurred_at: at,
            received_at: at,
            quantity: 1,
            context: Context::new(),
            restricted_to: None,
            admitted: Vec::new(),
        };
        fold(behavior, &mut progress, &event, &DayZone::UTC).expect("events are in order");
    }
    progress
}
