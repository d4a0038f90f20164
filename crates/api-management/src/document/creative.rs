//! Creatives in documents.

use super::campaign::WindowDocument;
use super::matching::Reading;
use super::{DocumentError, Span, When};
use muster_domain::behavior::Behavior;
use muster_domain::campaign::{
    ActionType, Creative, CreativeContent, Delivery, FrequencyCap, MessageStatus, MessageTemplate,
    TileAction, TileMessage,
};
use muster_domain::ids::CreativeId;
use muster_domain::time::Window;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Creative)]
#[serde(deny_unknown_fields)]
pub struct CreativeDocument {
    /// Identifier; left out, it is kept from the stored group's creative, or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Display name; by default that of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Message type; it decides which of `tile`, `html` and `message` is needed.
    #[serde(rename = "type")]
    pub kind: CreativeKind,
    /// Where the message is in its own life: `draft`, `in_review`, `pending`, `active` (by default), `rejected`,
    /// `paused`.
    #[serde(default = "active", skip_serializing_if = "is_active")]
    #[schema(value_type = String, example = "active")]
    pub status: MessageStatus,
    /// Texts and pictures, for `internal_tile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<TileDocument>,
    /// What tapping the tile does, for `internal_tile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionDocument>,
    /// Trusted HTML of the page, for `internal_full_page` and `internal_behavior`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What the channel needs, for the other types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageDocument>,
    /// When it is delivered; by default from the campaign's start on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryDocument>,
    /// Shown only inside this window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowDocument>,
    /// Of several tiles with the same tag only one is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_tag: Option<String>,
    /// How often one customer may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_cap: Option<FrequencyCapDocument>,
    /// Shown only to requests of this locale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Emitted addresses go through the click counter; on by default.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub click_tracking: bool,
    /// Client data, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub custom_payload: Option<Map<String, Value>>,
}

const fn active() -> MessageStatus {
    MessageStatus::Active
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_active(status: &MessageStatus) -> bool {
    matches!(status, MessageStatus::Active)
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to the predicate")]
const fn is_true(flag: &bool) -> bool {
    *flag
}

/// Message types. The first three are shown on request, the others are sent by channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreativeKind {
    /// A tile of the activity feed.
    InternalTile,
    /// A page rendered by Muster.
    InternalFullPage,
    /// A page about a behavior's progress.
    InternalBehavior,
    /// In-app mail.
    Inbox,
    /// E-mail.
    Email,
    /// Push notification.
    Push,
    /// Text message.
    Sms,
    /// Call to an external message provider.
    Webhook,
}

/// The texts and pictures of a tile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Tile)]
#[serde(deny_unknown_fields, default)]
pub struct TileDocument {
    /// Heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Sub-heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subheader: Option<String>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// Text of the app icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_icon_alt_text: Option<String>,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Text of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_alt_text: Option<String>,
    /// Label of the button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_to_action: Option<String>,
    /// Points it announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// Layout name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
}

/// What tapping a tile does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Action)]
#[serde(deny_unknown_fields)]
pub struct ActionDocument {
    /// `open_ad`, `deep_link`, `external_link` or `campaign`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "external_link")]
    pub kind: ActionType,
    /// Target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Campaign section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
}

/// What a channel needs to build a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Message)]
#[serde(deny_unknown_fields, default)]
pub struct MessageDocument {
    /// Which configured provider sends it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// The provider's template.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub template: String,
    /// Subject or title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Further data for the template.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

/// When a message is delivered: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Delivery)]
#[serde(deny_unknown_fields)]
pub struct DeliveryDocument {
    /// When the customer achieves this behavior of the campaign, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_by: Option<NameOrId>,
    /// From this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-03-01T12:00:00Z")]
    pub scheduled_at: Option<When>,
}

/// A reference: by name, or by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum NameOrId {
    /// By id.
    Id(i64),
    /// By name.
    Name(String),
}

/// At most so many views within any such period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FrequencyCap)]
#[serde(deny_unknown_fields)]
pub struct FrequencyCapDocument {
    /// Views.
    pub max_views: u32,
    /// Rolling period.
    #[schema(value_type = String, example = "1 day")]
    pub period: Span,
}

/// What a creative may refer to.
pub(super) struct Surroundings<'a> {
    pub(super) window: Window,
    pub(super) behaviors: &'a [Behavior],
}

impl CreativeDocument {
    pub(super) fn read(
        &self,
        place: &str,
        group_name: &str,
        stored: Option<&Creative>,
        around: &Surroundings<'_>,
        reading: &Reading,
    ) -> Result<Creative, DocumentError> {
        Ok(Creative {
            id: CreativeId(reading.id(place, self.id, stored.map(|creative| creative.id.0))?),
            name: self.name.clone().unwrap_or_else(|| group_name.to_owned()),
            status: self.status,
            content: self.content(place)?,
            delivery: match &self.delivery {
                None => Delivery::Scheduled { at: around.window.starts_at },
                Some(delivery) => {
                    let before = stored.map(|creative| creative.delivery);
                    delivery.read(&format!("{place}.delivery"), before, around, reading)?
                }
            },
            window: self
                .window
                .map(|window| window.read(stored.and_then(|creative| creative.window), reading)),
            tile_tag: self.tile_tag.clone(),
            frequency_cap: self
                .frequency_cap
                .map(|cap| FrequencyCap { max_views: cap.max_views, period_s: cap.period.seconds }),
            locale: self.locale.clone(),
            click_tracking: self.click_tracking,
            custom_payload: self.custom_payload.clone(),
        })
    }

    fn content(&self, place: &str) -> Result<CreativeContent, DocumentError> {
        use CreativeKind as Kind;
        let needs = match self.kind {
            Kind::InternalTile => "tile",
            Kind::InternalFullPage | Kind::InternalBehavior => "html",
            Kind::Inbox | Kind::Email | Kind::Push | Kind::Sms | Kind::Webhook => "message",
        };
        let given = [
            ("tile", self.tile.is_some()),
            ("action", self.action.is_some()),
            ("html", self.html.is_some()),
            ("message", self.message.is_some()),
        ];
        let belongs = |field: &str| field == needs || field == "action" && needs == "tile";
        if let Some((field, _)) = given.into_iter().find(|(field, given)| *given && !belongs(field)) {
            let reason = format!("a creative of this type has no `{field}`");
            return Err(DocumentError::at(format!("{place}.{field}"), reason));
        }
        let missing = || {
            let reason = format!("a creative of this type needs `{needs}`");
            DocumentError::at(format!("{place}.{needs}"), reason)
        };
        let html = || self.html.clone().ok_or_else(missing);
        let message = || self.message.as_ref().map(MessageDocument::read).ok_or_else(missing);
        Ok(match self.kind {
            Kind::InternalTile => CreativeContent::InternalTile {
                message: self.tile.as_ref().ok_or_else(missing)?.read(),
                action: self.action.as_ref().map(ActionDocument::read).unwrap_or_default(),
            },
            Kind::InternalFullPage => CreativeContent::InternalFullPage { html: html()? },
            Kind::InternalBehavior => CreativeContent::InternalBehavior { html: html()? },
            Kind::Inbox => CreativeContent::Inbox(message()?),
            Kind::Email => CreativeContent::Email(message()?),
            Kind::Push => CreativeContent::Push(message()?),
            Kind::Sms => CreativeContent::Sms(message()?),
            Kind::Webhook => CreativeContent::Webhook(message()?),
        })
    }

    pub(super) fn of(creative: &Creative, group_name: &str, around: &Surroundings<'_>) -> Self {
        let (mut tile, mut action, mut page, mut message) = (None, None, None, None);
        let kind = match &creative.content {
            CreativeContent::InternalTile { message: texts, action: tap } => {
                tile = Some(TileDocument::of(texts));
                action = ActionDocument::of(tap);
                CreativeKind::InternalTile
            }
            CreativeContent::InternalFullPage { html } => {
                page = Some(html.clone());
                CreativeKind::InternalFullPage
            }
            CreativeContent::InternalBehavior { html } => {
                page = Some(html.clone());
                CreativeKind::InternalBehavior
            }
            CreativeContent::Inbox(template) => {
                message = Some(MessageDocument::of(template));
                CreativeKind::Inbox
            }
            CreativeContent::Email(template) => {
                message = Some(MessageDocument::of(template));
                CreativeKind::Email
            }
            CreativeContent::Push(template) => {
                message = Some(MessageDocument::of(template));
                CreativeKind::Push
            }
            CreativeContent::Sms(template) => {
                message = Some(MessageDocument::of(template));
                CreativeKind::Sms
            }
            CreativeContent::Webhook(template) => {
                message = Some(MessageDocument::of(template));
                CreativeKind::Webhook
            }
        };
        Self {
            id: Some(creative.id.0).filter(|id| *id > 0),
            name: (creative.name != group_name).then(|| creative.name.clone()),
            kind,
            status: creative.status,
            tile,
            action,
            html: page,
            message,
            delivery: DeliveryDocument::of(creative.delivery, around),
            window: creative.window.map(WindowDocument::of),
            tile_tag: creative.tile_tag.clone(),
            frequency_cap: creative.frequency_cap.map(|cap| FrequencyCapDocument {
                max_views: cap.max_views,
                period: Span { seconds: cap.period_s },
            }),
            locale: creative.locale.clone(),
            click_tracking: creative.click_tracking,
            custom_payload: creative.custom_payload.clone(),
        }
    }
}

impl TileDocument {
    fn read(&self) -> TileMessage {
        let tile = self.clone();
        TileMessage {
            header: tile.header,
            subheader: tile.subheader,
            description: tile.description,
            icon_url: tile.icon_url,
            app_icon_alt_text: tile.app_icon_alt_text,
            image_url: tile.image_url,
            image_alt_text: tile.image_alt_text,
            call_to_action: tile.call_to_action,
            points: tile.points,
            layout: tile.layout,
            video_url: tile.video_url,
        }
    }

    fn of(message: &TileMessage) -> Self {
        let tile = message.clone();
        Self {
            header: tile.header,
            subheader: tile.subheader,
            description: tile.description,
            icon_url: tile.icon_url,
            app_icon_alt_text: tile.app_icon_alt_text,
            image_url: tile.image_url,
            image_alt_text: tile.image_alt_text,
            call_to_action: tile.call_to_action,
            points: tile.points,
            layout: tile.layout,
            video_url: tile.video_url,
        }
    }
}

impl ActionDocument {
    fn read(&self) -> TileAction {
        TileAction { kind: Some(self.kind), url: self.url.clone(), section: self.section.clone() }
    }

    fn of(action: &TileAction) -> Option<Self> {
        let kind = action.kind?;
        Some(Self { kind, url: action.url.clone(), section: action.section.clone() })
    }
}

impl MessageDocument {
    fn read(&self) -> MessageTemplate {
        let message = self.clone();
        MessageTemplate {
            provider: message.provider,
            template: message.template,
            subject: message.subject,
            body: message.body,
            data: message.data,
        }
    }

    fn of(template: &MessageTemplate) -> Self {
        let message = template.clone();
        Self {
            provider: message.provider,
            template: message.template,
            subject: message.subject,
            body: message.body,
            data: message.data,
        }
    }
}

impl DeliveryDocument {
    fn read(
        &self,
        place: &str,
        stored: Option<Delivery>,
        around: &Surroundings<'_>,
        reading: &Reading,
    ) -> Result<Delivery, DocumentError> {
        match (&self.triggered_by, self.scheduled_at) {
            (None, Some(at)) => {
                let stored = match stored {
                    Some(Delivery::Scheduled { at }) => Some(at),
                    Some(Delivery::Triggered { .. }) | None => None,
                };
                Ok(Delivery::Scheduled { at: reading.instant(at, stored) })
            }
            (Some(behavior), None) => {
                let found = find_behavior(behavior, around.behaviors)
                    .map_err(|reason| DocumentError::at(format!("{place}.triggered_by"), reason))?;
                Ok(Delivery::Triggered { achievement_id: found.id })
            }
            _ => Err(DocumentError::at(place, "needs exactly one of `triggered_by` and `scheduled_at`")),
        }
    }

    fn of(delivery: Delivery, around: &Surroundings<'_>) -> Option<Self> {
        match delivery {
            Delivery::Scheduled { at } if at == around.window.starts_at => None,
            Delivery::Scheduled { at } => Some(Self { triggered_by: None, scheduled_at: Some(at.into()) }),
            Delivery::Triggered { achievement_id } => {
                let named = around.behaviors.iter().find(|behavior| behavior.id == achievement_id);
                let unambiguous = named.filter(|named| {
                    around.behaviors.iter().filter(|behavior| behavior.name == named.name).count() == 1
                });
                let reference = match unambiguous {
                    Some(behavior) => NameOrId::Name(behavior.name.clone()),
                    None => NameOrId::Id(achievement_id.0),
                };
                Some(Self { triggered_by: Some(reference), scheduled_at: None })
            }
        }
    }
}

fn find_behavior<'a>(reference: &NameOrId, behaviors: &'a [Behavior]) -> Result<&'a Behavior, String> {
    match reference {
        NameOrId::Id(id) => behaviors
            .iter()
            .find(|behavior| behavior.id.0 == *id)
            .ok_or_else(|| format!("the campaign has no behavior with id {id}")),
        NameOrId::Name(name) => {
            let mut named = behaviors.iter().filter(|behavior| behavior.name == *name);
            match (named.next(), named.next()) {
                (Some(behavior), None) => Ok(behavior),
                (None, _) => Err(format!("the campaign has no behavior named {name:?}")),
                (Some(_), Some(_)) => {
                    Err(format!("several behaviors are named {name:?}: refer to one by its id"))
                }
            }
        }
    }
}
