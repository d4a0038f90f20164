//! Creatives as the customer's client gets them: tiles with message and action, pages as a URL.

use super::links::{Links, Url};
use muster_app::tracking::stat_id;
use muster_app::usecases::decide::CustomerView;
use muster_domain::campaign::{ActionType, Campaign, Creative, CreativeContent, TileAction, TileMessage};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a creative's projection needs besides the creative.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) view: &'a CustomerView,
    pub(crate) links: Links<'a>,
}

/// Method C3's `template`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Template<'a> {
    /// `internal_tile`, `internal_full_page` or `internal_behavior`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// On tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    /// On pages: where this customer's page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    html_payload: Option<Url<'a>>,
    /// On tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Action<'a>>,
}

impl<'a> Template<'a> {
    pub(crate) fn new(stage: Stage<'a>, campaign: &'a Campaign, creative: &'a Creative) -> Self {
        let kind = creative.content.kind();
        match &creative.content {
            CreativeContent::InternalTile { message, action } => {
                let mut shown = Action::new(stage, creative, action);
                shown.section = action.section.as_deref();
                shown.campaign_id = (action.kind == Some(ActionType::Campaign)).then_some(campaign.id.0);
                Self { kind, message: Some(Message::v1(message)), html_payload: None, action: Some(shown) }
            }
            _ => {
                Self { kind, message: None, html_payload: Some(stage.links.page(creative.id)), action: None }
            }
        }
    }
}

/// The v2 methods' `creative`, with the kinds that were asked for and that the campaign has.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Creative)]
pub(crate) struct Creatives<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tile: Option<Tile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) promotion: Option<Promotion<'a>>,
}

/// A tile of the activity feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tile<'a> {
    message: Message<'a>,
    action: Action<'a>,
}

impl<'a> Tile<'a> {
    /// The tile, if the creative is one.
    pub(crate) fn of(stage: Stage<'a>, creative: &'a Creative) -> Option<Self> {
        let CreativeContent::InternalTile { message, action } = &creative.content else { return None };
        Some(Self { message: Message::v2(message), action: Action::new(stage, creative, action) })
    }
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Promotion<'a> {
    /// `internal_full_page` or `internal_behavior`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Where this customer's page is.
    html_payload: Url<'a>,
}

impl<'a> Promotion<'a> {
    /// The page, if the creative is one.
    pub(crate) fn of(stage: Stage<'a>, creative: &Creative) -> Option<Self> {
        let page = matches!(
            creative.content,
            CreativeContent::InternalFullPage { .. } | CreativeContent::InternalBehavior { .. }
        );
        page.then(|| Self { kind: creative.content.kind(), html_payload: stage.links.page(creative.id) })
    }
}

/// What a tile shows; unset parts are left out.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subheader: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_url: Option<&'a str>,
    /// Method C3 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_icon_alt_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<&'a str>,
    /// Method C3 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    image_alt_text: Option<&'a str>,
    /// Method C3 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_to_action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<i64>,
    /// Method C3 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'a str>,
    /// Method C3 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn v2(message: &'a TileMessage) -> Self {
        Self {
            header: message.header.as_deref(),
            subheader: message.subheader.as_deref(),
            description: message.description.as_deref(),
            icon_url: message.icon_url.as_deref(),
            image_url: message.image_url.as_deref(),
            points: message.points,
            ..Self::default()
        }
    }

    fn v1(message: &'a TileMessage) -> Self {
        Self {
            app_icon_alt_text: message.app_icon_alt_text.as_deref(),
            image_alt_text: message.image_alt_text.as_deref(),
            call_to_action: message.call_to_action.as_deref(),
            layout: message.layout.as_deref(),
            video_url: message.video_url.as_deref(),
            ..Self::v2(message)
        }
    }
}

/// What tapping a tile does, and where views and clicks are reported.
#[derive(Debug, Serialize, ToSchema)]
struct Action<'a> {
    /// `open_ad`, `deep_link`, `external_link` or `campaign`; absent on tiles without an action.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The target, or with click tracking the address that counts and then leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    url: Option<Target<'a>>,
    /// Each counts a view.
    #[schema(value_type = Vec<String>)]
    tracking_urls: [Url<'a>; 1],
    /// Method C3 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'a str>,
    /// Method C3 only, on actions of type `campaign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<i64>,
    event_meta_data: EventMetaData,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Target<'a> {
    Plain(&'a str),
    Counted(Url<'a>),
}

/// Names the creative and this customer's record of it.
#[derive(Debug, Serialize, ToSchema)]
struct EventMetaData {
    ad_unit_id: i64,
    #[schema(value_type = String)]
    ad_stat_id: Uuid,
}

impl<'a> Action<'a> {
    fn new(stage: Stage<'a>, creative: &Creative, action: &'a TileAction) -> Self {
        let stored = &stage.view.stored;
        let organization = &stage.view.organization.organization;
        let stat = stat_id(organization, stored.id, &stored.customer, creative.id);
        let url = action.url.as_deref().map(|url| {
            if creative.click_tracking {
                Target::Counted(stage.links.click(creative.id, stat))
            } else {
                Target::Plain(url)
            }
        });
        Self {
            kind: action.kind.map(ActionType::as_str),
            url,
            tracking_urls: [stage.links.seen(creative.id, stat)],
            section: None,
            campaign_id: None,
            event_meta_data: EventMetaData { ad_unit_id: creative.id.0, ad_stat_id: stat },
        }
    }
}
