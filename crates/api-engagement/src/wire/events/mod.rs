//! The body of an event report, read by a pure function (§4.3).

mod node;
#[cfg(test)]
mod tests;

use super::dates;
use muster_app::AppError;
use muster_app::usecases::ingest::IncomingEvent;
use muster_app::usecases::select::{CampaignSelector, parse_id};
use muster_domain::event::{Context, ContextValue};
use muster_domain::ids::CampaignId;
use muster_web::json::{self, JsonError};
use node::Node;
use std::collections::BTreeSet;

/// Why a body reports no events.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It breaks a rule.
    #[error(transparent)]
    Rule(#[from] AppError),
}

type Read<T> = Result<T, AppError>;
type Members = Vec<(String, Node)>;

/// Reads the body: `events` maps each event's name to how often it happened or to its details. An object with a
/// repeated key is refused, so that no event is lost to another of its name.
pub fn parse(body: &[u8]) -> Result<Vec<IncomingEvent>, EventsError> {
    let body: Node = json::parse_as(body)?;
    if let Some(text) = body.find_nul() {
        let shown = text.replace('\0', "\u{2400}");
        return Err(invalid(format!("{shown:.40?} holds a NUL")).into());
    }
    Ok(read(&body)?)
}

fn read(body: &Node) -> Read<Vec<IncomingEvent>> {
    let missing = || AppError::Missing("events".to_owned());
    let Node::Object(body) = body else { return Err(missing()) };
    check_keys(body, "the body")?;
    match member(body, "auto_claim") {
        // Achievements are always claimed at once; the switch has no other effect.
        None | Some(Node::Bool(_)) => {}
        Some(_) => return Err(invalid("auto_claim must be true or false")),
    }
    let restricted = campaign(body, "the body")?;
    let events = match member(body, "events") {
        None => return Err(missing()),
        Some(Node::Object(events)) if events.is_empty() => return Err(missing()),
        Some(Node::Object(events)) => events,
        Some(_) => return Err(invalid("events must be an object of event names")),
    };
    check_keys(events, "events")?;
    events.iter().map(|(name, detail)| event(name, detail, restricted.as_ref())).collect()
}

fn event(name: &str, detail: &Node, restricted: Option<&CampaignSelector>) -> Read<IncomingEvent> {
    let at = format!("event {name:.40?}");
    let mut event = IncomingEvent {
        name: name.to_owned(),
        transaction_id: None,
        quantity: 1,
        occurred_at: None,
        context: Context::new(),
        campaign: restricted.cloned(),
    };
    let Node::Object(detail) = detail else {
        event.quantity = quantity(detail, &at)?;
        return Ok(event);
    };
    check_keys(detail, &at)?;
    if let Some(qty) = member(detail, "qty") {
        event.quantity = quantity(qty, &at)?;
    }
    event.transaction_id = match member(detail, "transaction_id") {
        None => None,
        Some(Node::Text(id)) if !id.is_empty() => Some(id.clone()),
        // An empty id would make every such event a repeat of the first.
        Some(_) => return Err(invalid(format!("{at}: transaction_id must be text that is not empty"))),
    };
    event.occurred_at = match member(detail, "date") {
        None => None,
        Some(Node::Text(date)) => Some(dates::parse(date).ok_or_else(|| {
            invalid(format!("{at}: date must be an ISO 8601 date and time with its offset"))
        })?),
        Some(_) => return Err(invalid(format!("{at}: date must be text"))),
    };
    event.context = match member(detail, "context") {
        None => Context::new(),
        Some(Node::Object(members)) => context(members, &at)?,
        Some(_) => return Err(invalid(format!("{at}: context must be an object"))),
    };
    if let Some(own) = campaign(detail, &at)? {
        event.campaign = Some(own);
    }
    Ok(event)
}

/// A whole number from 1 to 2³²−1, as a number or in digits (contract row A18).
fn quantity(node: &Node, at: &str) -> Read<u32> {
    let read = match node {
        Node::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Node::Text(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    read.filter(|quantity| *quantity > 0)
        .ok_or_else(|| invalid(format!("{at}: the quantity must be a whole number from 1 to {}", u32::MAX)))
}

fn context(members: &Members, at: &str) -> Read<Context> {
    let at = format!("{at}: context");
    check_keys(members, &at)?;
    members
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Node::Null => ContextValue::Null,
                Node::Bool(flag) => ContextValue::Bool(*flag),
                Node::Text(text) => ContextValue::Text(text.clone()),
                Node::Number(number) => match (number.as_i64(), number.as_f64()) {
                    (Some(integer), _) => ContextValue::Integer(integer),
                    (None, Some(number)) => ContextValue::Number(number),
                    (None, None) => return Err(invalid(format!("{at}: {key:.40?} is no number"))),
                },
                Node::Array(_) | Node::Object(_) => {
                    return Err(invalid(format!("{at} must be flat, and {key:.40?} is nested")));
                }
            };
            Ok((key.clone(), value))
        })
        .collect()
}

/// The one campaign that `campaign_id` or `permalink` restricts processing to (contract rule B14).
fn campaign(members: &Members, at: &str) -> Read<Option<CampaignSelector>> {
    let by_id = match member(members, "campaign_id") {
        None => None,
        Some(node) => Some(CampaignSelector::Id(campaign_id(node)?)),
    };
    let by_permalink = match member(members, "permalink") {
        None => None,
        Some(Node::Text(permalink)) => Some(CampaignSelector::Permalink(permalink.clone())),
        Some(_) => return Err(invalid(format!("{at}: permalink must be text"))),
    };
    match (by_id, by_permalink) {
        (Some(_), Some(_)) => Err(invalid(format!("{at}: give campaign_id or permalink, not both"))),
        (by_id, by_permalink) => Ok(by_id.or(by_permalink)),
    }
}

/// What is no campaign id names no campaign (contract row H10).
fn campaign_id(node: &Node) -> Read<CampaignId> {
    let read = match node {
        Node::Number(number) => number.as_i64().map(CampaignId),
        Node::Text(text) => parse_id(text),
        _ => None,
    };
    read.ok_or(AppError::CampaignNotFound)
}

/// A member that says something; `null` says as little as none.
fn member<'a>(members: &'a Members, key: &str) -> Option<&'a Node> {
    members.iter().find(|(name, _)| name == key).map(|(_, node)| node).filter(|node| **node != Node::Null)
}

fn check_keys(members: &Members, at: &str) -> Read<()> {
    let mut seen = BTreeSet::new();
    match members.iter().find(|(key, _)| !seen.insert(key)) {
        Some((key, _)) => {
            Err(invalid(format!("{at} has {key:.40?} more than once; report them one call each")))
        }
        None => Ok(()),
    }
}

fn invalid(message: impl Into<String>) -> AppError {
    AppError::Invalid(message.into())
}
