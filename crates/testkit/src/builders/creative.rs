use super::{DAY_S, NOW};
use muster_domain::audience::Targeting;
use muster_domain::campaign::{
    ActionType, Creative, CreativeContent, Delivery, FrequencyCap, MessageStatus, TileAction, TileMessage,
};
use muster_domain::ids::{BehaviorId, CreativeId};
use serde_json::Value;

/// An active creative, delivered since a hundred days before [`NOW`], without click tracking.
#[derive(Debug, Clone)]
pub struct CreativeBuilder {
    creative: Creative,
    targeting: Option<Targeting>,
}

impl CreativeBuilder {
    /// A creative with that content.
    pub fn new(id: i64, content: CreativeContent) -> Self {
        let creative = Creative {
            id: CreativeId(id),
            name: format!("Creative {id}"),
            status: MessageStatus::Active,
            content,
            delivery: Delivery::Scheduled { at: NOW.plus_seconds(-100 * DAY_S) },
            window: None,
            tile_tag: None,
            frequency_cap: None,
            locale: None,
            click_tracking: false,
            custom_payload: None,
        };
        Self { creative, targeting: None }
    }

    /// A tile with the header `Tile <id>` and no action.
    pub fn tile(id: i64) -> Self {
        let message = TileMessage { header: Some(format!("Tile {id}")), ..TileMessage::default() };
        Self::new(id, CreativeContent::InternalTile { message, action: TileAction::default() })
    }

    /// A page that reads `<h1>Page <id></h1>`.
    pub fn page(id: i64) -> Self {
        Self::new(id, CreativeContent::InternalFullPage { html: format!("<h1>Page {id}</h1>") })
    }

    /// A page about a behavior.
    pub fn behavior_page(id: i64) -> Self {
        Self::new(id, CreativeContent::InternalBehavior { html: format!("<h1>Page {id}</h1>") })
    }

    /// The tile's message. Nothing happens to creatives of another kind.
    pub fn message(mut self, new: TileMessage) -> Self {
        if let CreativeContent::InternalTile { message, .. } = &mut self.creative.content {
            *message = new;
        }
        self
    }

    /// The tile's action. Nothing happens to creatives of another kind.
    pub fn action(mut self, kind: ActionType, url: Option<&str>) -> Self {
        if let CreativeContent::InternalTile { action, .. } = &mut self.creative.content {
            *action = TileAction { kind: Some(kind), url: url.map(str::to_owned), section: None };
        }
        self
    }

    /// Clicks are counted.
    pub fn click_tracking(mut self) -> Self {
        self.creative.click_tracking = true;
        self
    }

    /// Only for those who match.
    ///
    /// Panics if the query is malformed.
    pub fn targeting(mut self, query: Value) -> Self {
        self.targeting = Some(Targeting::parse(query).expect("a well-formed query"));
        self
    }

    /// Delivered on achievement of a behavior.
    pub fn triggered_by(mut self, behavior: i64) -> Self {
        self.creative.delivery = Delivery::Triggered { achievement_id: BehaviorId(behavior) };
        self
    }

    /// Of tiles with the same tag one is listed.
    pub fn tile_tag(mut self, tag: &str) -> Self {
        self.creative.tile_tag = Some(tag.to_owned());
        self
    }

    /// At most so many views within so many seconds.
    pub fn frequency_cap(mut self, max_views: u32, period_s: u32) -> Self {
        self.creative.frequency_cap = Some(FrequencyCap { max_views, period_s });
        self
    }

    /// Any other change.
    pub fn with(mut self, change: impl FnOnce(&mut Creative)) -> Self {
        change(&mut self.creative);
        self
    }

    pub(super) fn id(&self) -> CreativeId {
        self.creative.id
    }

    pub(super) fn into_parts(self) -> (Creative, Option<Targeting>) {
        (self.creative, self.targeting)
    }
}
