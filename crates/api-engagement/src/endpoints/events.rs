//! N3: events that customers cause (§4.3).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::behaviors::{BehaviorObject, Form, progress_of};
use crate::wire::events::parse;
use crate::wire::links::{Links, Url};
use muster_app::catalog::{CatalogCampaign, OrganizationSnapshot};
use muster_app::tracking::stat_id;
use muster_app::usecases::ingest::{BehaviorChange, Ingested, Notification, ingest};
use muster_domain::behavior::Behavior;
use muster_domain::campaign::{ActionType, Creative, CreativeContent};
use muster_domain::ids::CustomerId;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use utoipa::ToSchema;
use uuid::Uuid;

const OPERATION: Operation = Operation::Customers;
/// About what a behavior with its delta takes, for the buffer.
const BEHAVIOR_BYTES: usize = 640;

/// Events that happened.
#[derive(ToSchema)]
#[schema(as = ReportEvents)]
#[expect(dead_code, reason = "the document describes the request; a function of bytes reads it")]
struct Request {
    /// By event name: how often it happened, or its details.
    #[schema(value_type = BTreeMap<String, EventDetail>)]
    events: Value,
    /// Accepted and of no effect: achievements are always claimed at once.
    auto_claim: Option<bool>,
    /// The only campaign that all the events may count for.
    campaign_id: Option<i64>,
    /// The same by permalink.
    permalink: Option<String>,
}

/// What happened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request")]
struct EventDetail {
    /// The same customer, event name and id are counted once.
    transaction_id: Option<String>,
    /// How often, as a number or in digits; default 1.
    #[schema(value_type = Option<String>, example = "1")]
    qty: Option<Value>,
    /// When; default now.
    #[schema(example = "2021-12-31T05:00:00Z")]
    date: Option<String>,
    /// Flat key-values that rules may ask for.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// The only campaign it may count for.
    campaign_id: Option<i64>,
    /// The same by permalink.
    permalink: Option<String>,
}

/// What came of the events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventsAnswer)]
struct Body<'a> {
    status: StatusOk,
    user: UserBalance,
    /// The behaviors of live campaigns that listen to the events, as they are now.
    behaviors: BTreeMap<&'a str, CampaignBehavior<'a>>,
    /// What the events did to them, under the same keys.
    deltas: BTreeMap<&'a str, Delta>,
    /// What the customer may be told.
    notifications: Vec<NotificationObject<'a>>,
}

/// The customer's balance.
#[derive(Debug, Serialize, ToSchema)]
struct UserBalance {
    #[schema(value_type = String)]
    id: CustomerId,
    available_points: i64,
}

/// A behavior with its campaign.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignBehavior<'a> {
    campaign_id: i64,
    #[serde(flatten)]
    behavior: BehaviorObject<'a>,
}

/// A difference.
#[derive(Debug, Serialize, ToSchema)]
struct Delta {
    achieved: i64,
    current_count: i64,
    points: i64,
}

/// An achievement, with the message that it sets off if there is one to show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
struct NotificationObject<'a> {
    #[schema(value_type = String)]
    id: Uuid,
    campaign_id: i64,
    /// The type of the message, or `achievement` if there is none.
    #[serde(rename = "type")]
    kind: &'static str,
    behavior_name: &'a str,
    /// `open_ad`, `deep_link`, `external_link` or `campaign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    action_url: Option<Target<'a>>,
    /// Text for people.
    message: &'a str,
    payload: Payload,
    /// The client's own data of the message.
    #[schema(value_type = Object)]
    data: &'a Map<String, Value>,
}

/// The achievement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPayload)]
struct Payload {
    /// How many times.
    achieved: u32,
    /// Credited with it.
    points: i64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Target<'a> {
    Plain(&'a str),
    Ours(Url<'a>),
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
        .route::<__path_by_token, _, _>(OPERATION, Access::Client, by_token)
}

/// Reports events of a customer.
///
/// All are taken in or none. They are durable when the answer comes, and visible to every later read.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/users/{user_id}/events",
    operation_id = "report_events", tag = "Events",
    params(("api_key" = String, Path), ("user_id" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    report(&call).await
}

/// Reports events of a customer, by the client's own id.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/events",
    operation_id = "report_events_by_external_id", tag = "Events",
    params(("api_key" = String, Path), ("external_id" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    report(&call).await
}

/// Reports events of the customer behind a client token.
#[utoipa::path(post, path = "/api/v1/apps/{api_key}/events",
    operation_id = "report_events_by_token", tag = "Events",
    params(("api_key" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn by_token(call: Call) -> Answer {
    report(&call).await
}

async fn report(call: &Call) -> Answer {
    let customer = call.customer()?;
    let events = call.customer_first(&customer, parse(call.body())).await?;
    let ingested = ingest(call.services(), &call.organization, &customer, &events).await?;
    let organization = &call.organization;
    let customer = &ingested.stored.customer;
    let keys = keys(organization, &ingested.changes);
    let mut behaviors = BTreeMap::new();
    let mut deltas = BTreeMap::new();
    for (key, change) in keys.iter().zip(&ingested.changes) {
        let (entry, behavior) = place(organization, change.campaign, change.behavior);
        let object = BehaviorObject::new(behavior, progress_of(customer, behavior), Form::V1);
        behaviors
            .insert(key.as_str(), CampaignBehavior { campaign_id: entry.campaign.id.0, behavior: object });
        let BehaviorChange { achieved, current_count, points, .. } = *change;
        deltas.insert(key.as_str(), Delta { achieved, current_count, points });
    }
    let links = Links::new(
        &organization.organization,
        &call.services().settings,
        call.api_key(),
        (ingested.stored.id, customer),
        call.auth_token(),
        None,
    );
    let body = Body {
        status: StatusOk,
        user: UserBalance { id: ingested.stored.id, available_points: customer.points.available },
        notifications: ingested
            .notifications
            .iter()
            .map(|notification| announce(organization, &ingested, notification, links))
            .collect(),
        behaviors,
        deltas,
    };
    ok(&body, 256 + BEHAVIOR_BYTES * keys.len())
}

/// The keys of the behaviors map. Two campaigns may have a behavior of the same name; from the second on, the
/// behavior's id tells them apart, as within one campaign (§2.10).
fn keys(organization: &OrganizationSnapshot, changes: &[BehaviorChange]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::with_capacity(changes.len());
    for change in changes {
        let (entry, behavior) = place(organization, change.campaign, change.behavior);
        let plain = &entry.behavior_keys[change.behavior];
        let taken = keys.contains(plain);
        keys.push(if taken { format!("{plain} ({})", behavior.id) } else { plain.clone() });
    }
    keys
}

/// The campaign and behavior that ingest names by index into the snapshot it was given.
fn place(
    organization: &OrganizationSnapshot,
    campaign: usize,
    behavior: usize,
) -> (&CatalogCampaign, &Behavior) {
    let entry = &organization.campaigns[campaign];
    (entry, &entry.campaign.behaviors[behavior])
}

fn announce<'a>(
    organization: &'a OrganizationSnapshot,
    ingested: &Ingested,
    notification: &Notification,
    links: Links<'a>,
) -> NotificationObject<'a> {
    static NO_DATA: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    let (entry, behavior) = place(organization, notification.campaign, notification.behavior);
    let creative = notification.group.and_then(|index| entry.campaign.groups().nth(index));
    let creative = creative.map(|group| &group.creative);
    let (action_type, action_url) = match creative {
        Some(creative) => action(organization, ingested, creative, links),
        None => (None, None),
    };
    NotificationObject {
        id: notification.id,
        campaign_id: entry.campaign.id.0,
        kind: creative.map_or("achievement", |creative| creative.content.kind()),
        behavior_name: &behavior.name,
        action_type,
        action_url,
        message: creative.and_then(|creative| text(&creative.content)).unwrap_or(&behavior.name),
        payload: Payload {
            achieved: notification.achievement.times,
            points: notification.achievement.points,
        },
        data: creative.and_then(|creative| creative.custom_payload.as_ref()).unwrap_or(&NO_DATA),
    }
}

/// What following the notification does: as the tile says, or the page is opened.
fn action<'a>(
    organization: &OrganizationSnapshot,
    ingested: &Ingested,
    creative: &'a Creative,
    links: Links<'a>,
) -> (Option<&'static str>, Option<Target<'a>>) {
    match &creative.content {
        CreativeContent::InternalTile { action, .. } => {
            let url = action.url.as_deref().map(|url| {
                if creative.click_tracking {
                    let stored = &ingested.stored;
                    let stat = stat_id(&organization.organization, stored.id, &stored.customer, creative.id);
                    Target::Ours(links.click(creative.id, stat))
                } else {
                    Target::Plain(url)
                }
            });
            (action.kind.map(ActionType::as_str), url)
        }
        CreativeContent::InternalFullPage { .. } | CreativeContent::InternalBehavior { .. } => {
            (Some(ActionType::OpenAd.as_str()), Some(Target::Ours(links.page(creative.id))))
        }
        _ => (None, None),
    }
}

fn text(content: &CreativeContent) -> Option<&str> {
    match content {
        CreativeContent::InternalTile { message, .. } => message.header.as_deref(),
        CreativeContent::InternalFullPage { .. } | CreativeContent::InternalBehavior { .. } => None,
        CreativeContent::Inbox(template)
        | CreativeContent::Email(template)
        | CreativeContent::Push(template)
        | CreativeContent::Sms(template)
        | CreativeContent::Webhook(template) => template.subject.as_deref().or(template.body.as_deref()),
    }
}
