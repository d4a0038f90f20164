//! Creatives: what is shown or sent, and on which condition.

use crate::ids::{BehaviorId, CreativeId};
use crate::time::{UnixMillis, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A message, also called ad unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Creative {
    /// Its identifier.
    pub id: CreativeId,
    /// Display name.
    pub name: String,
    /// Where the message is in its own life; only active ones are shown.
    pub status: MessageStatus,
    /// What it holds, by message type.
    pub content: CreativeContent,
    /// When it is delivered: triggered XOR scheduled.
    pub delivery: Delivery,
    /// Shown only inside this window, within the campaign's.
    pub window: Option<Window>,
    /// Of several tiles with the same tag only one is listed.
    pub tile_tag: Option<String>,
    /// How often one customer may see it.
    pub frequency_cap: Option<FrequencyCap>,
    /// Shown only to requests of this locale; `None` is for all.
    pub locale: Option<String>,
    /// Emitted URLs go through the click counter.
    pub click_tracking: bool,
    /// Client-defined object, emitted as `custom_payload`.
    pub custom_payload: Option<Map<String, Value>>,
}

/// A message's own life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Being written; goes active when its campaign launches.
    Draft,
    /// Waiting for approval.
    InReview,
    /// Approved, not yet launched.
    Pending,
    /// Shown and sent.
    Active,
    /// Refused in review.
    Rejected,
    /// Stopped for now.
    Paused,
}

/// Message types with the data each needs. The first three are shown through the engagement face; the others
/// are sent by channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CreativeContent {
    /// A tile of the activity feed.
    InternalTile {
        /// What the tile shows.
        message: TileMessage,
        /// What tapping it does.
        action: TileAction,
    },
    /// A page rendered by Muster.
    InternalFullPage {
        /// Trusted HTML of the page, written by the campaign's authors.
        html: String,
    },
    /// A page about a behavior's progress, rendered by Muster.
    InternalBehavior {
        /// Trusted HTML of the page, written by the campaign's authors.
        html: String,
    },
    /// In-app mail.
    Inbox(MessageTemplate),
    /// E-mail.
    Email(MessageTemplate),
    /// Push notification.
    Push(MessageTemplate),
    /// Text message.
    Sms(MessageTemplate),
    /// Call to an external message provider.
    Webhook(MessageTemplate),
}

impl CreativeContent {
    /// The wire's name of the message type.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InternalTile { .. } => "internal_tile",
            Self::InternalFullPage { .. } => "internal_full_page",
            Self::InternalBehavior { .. } => "internal_behavior",
            Self::Inbox(_) => "inbox",
            Self::Email(_) => "email",
            Self::Push(_) => "push",
            Self::Sms(_) => "sms",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Whether the customer pulls it (tile, full page, behavior page) rather than a channel sending it.
    pub const fn is_shown(&self) -> bool {
        matches!(
            self,
            Self::InternalTile { .. } | Self::InternalFullPage { .. } | Self::InternalBehavior { .. }
        )
    }

    /// Whether it is a tile.
    pub const fn is_tile(&self) -> bool {
        matches!(self, Self::InternalTile { .. })
    }
}

/// What a channel needs to build the message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageTemplate {
    /// Which configured provider sends it.
    pub provider: String,
    /// The provider's template.
    pub template: String,
    /// Subject or title.
    pub subject: Option<String>,
    /// Text.
    pub body: Option<String>,
    /// Further data for the template.
    pub data: Map<String, Value>,
}

/// The texts and pictures of a tile; unset ones are left out on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TileMessage {
    /// Heading.
    pub header: Option<String>,
    /// Sub-heading.
    pub subheader: Option<String>,
    /// Text.
    pub description: Option<String>,
    /// Icon.
    pub icon_url: Option<String>,
    /// Text of the app icon.
    pub app_icon_alt_text: Option<String>,
    /// Picture.
    pub image_url: Option<String>,
    /// Text of the picture.
    pub image_alt_text: Option<String>,
    /// Label of the button.
    pub call_to_action: Option<String>,
    /// Points it announces.
    pub points: Option<i64>,
    /// Layout name.
    pub layout: Option<String>,
    /// Video.
    pub video_url: Option<String>,
}

/// What tapping a tile does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TileAction {
    /// Kind; `None` for a tile without an action.
    #[serde(rename = "type")]
    pub kind: Option<ActionType>,
    /// Target; click tracking redirects to it and to nothing else.
    pub url: Option<String>,
    /// Campaign section.
    pub section: Option<String>,
}

/// Kinds of tile actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionType {
    /// Opens the ad.
    OpenAd,
    /// Opens a place inside the app.
    DeepLink,
    /// Opens a web page.
    ExternalLink,
    /// Opens the campaign.
    Campaign,
}

impl ActionType {
    /// The contract's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAd => "open_ad",
            Self::DeepLink => "deep_link",
            Self::ExternalLink => "external_link",
            Self::Campaign => "campaign",
        }
    }
}

/// How the message is delivered; exactly one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Delivery {
    /// When the customer achieves the behavior.
    Triggered {
        /// The triggering behavior of the same campaign.
        achievement_id: BehaviorId,
    },
    /// From a moment on.
    Scheduled {
        /// That moment.
        at: UnixMillis,
    },
}

/// At most `max_views` within any `period_s` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequencyCap {
    /// Views.
    pub max_views: u32,
    /// Rolling period in seconds.
    pub period_s: u32,
}
