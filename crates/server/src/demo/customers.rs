//! The demo's customers and what they have done.

use crate::failure::{Failure, Outcome};
use muster_app::ports::CustomerName;
use muster_app::usecases::customers::{ImportRow, upsert_customers};
use muster_app::usecases::ingest::{IncomingEvent, ingest};
use muster_app::usecases::opt_in::{Choice, choose};
use muster_app::usecases::select::{CampaignSelector, CustomerSelector};
use muster_app::{Services, catalog::OrganizationSnapshot};
use muster_domain::customer::{Customer, ProfilePatch};
use muster_domain::event::Context;
use muster_domain::ids::CustomerId;
use serde::Deserialize;
use serde_json::{Map, Value};

const DAY_S: i64 = 86_400;

/// A line of `customers.ndjson`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// The profile, as the engagement API takes it.
    user: Map<String, Value>,
    #[serde(default)]
    tags: Vec<String>,
    /// Permalinks of campaigns to opt in to, before the events.
    #[serde(default)]
    opt_in: Vec<String>,
    #[serde(default)]
    events: Vec<EventLine>,
}

/// Something the customer did.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventLine {
    name: String,
    /// Fixed, so that loading again adds nothing.
    transaction_id: String,
    days_ago: i64,
    #[serde(default = "one")]
    qty: u32,
    #[serde(default)]
    context: Context,
}

const fn one() -> u32 {
    1
}

pub(super) fn parse(text: &str) -> Outcome<Vec<Line>> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(index, line)| {
            serde_json::from_str(line)
                .map_err(|error| failed(format!("line {} of the customers: {error}", index + 1)))
        })
        .collect()
}

/// Makes the customers who are not there, and returns the external id of the first. A customer who is there with
/// history is left alone: somebody may be trying things out with them.
pub(super) async fn load(
    services: &Services,
    organization: &OrganizationSnapshot,
    text: &str,
) -> Outcome<String> {
    let mut first = None;
    for line in parse(text)? {
        let external_id = line.user.get("external_id").and_then(Value::as_str);
        let external_id = external_id.ok_or_else(|| failed("a customer has no external_id"))?.to_owned();
        load_one(services, organization, &external_id, &line).await?;
        first.get_or_insert(external_id);
    }
    first.ok_or_else(|| failed("there are no customers"))
}

async fn load_one(
    services: &Services,
    organization: &OrganizationSnapshot,
    external_id: &str,
    line: &Line,
) -> Outcome<()> {
    let name = CustomerName::External(external_id.to_owned());
    let stored = services.store.customer_by_name(organization.id(), &name).await.map_err(failed)?;
    let is_complete = |customer: &Customer| {
        customer.events_logged >= line.events.len() as u64 && customer.choices.len() >= line.opt_in.len()
    };
    if stored.is_some_and(|stored| is_complete(&stored.customer)) {
        return Ok(());
    }
    let row = ImportRow {
        patch: ProfilePatch::from_json(&line.user).map_err(failed)?,
        tags: line.tags.clone(),
        ..ImportRow::default()
    };
    let made = upsert_customers(services, organization, vec![row]).await;
    let made = made.into_iter().next().ok_or_else(|| failed("a customer was not made"))?;
    let customer = made.map_err(failed)?.id;
    act(services, organization, customer, line).await
}

async fn act(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: CustomerId,
    line: &Line,
) -> Outcome<()> {
    let selector = CustomerSelector::Id(customer);
    for permalink in &line.opt_in {
        let campaign = CampaignSelector::Permalink(permalink.clone());
        choose(services, organization, &selector, &campaign, Choice::In).await.map_err(failed)?;
    }
    if line.events.is_empty() {
        return Ok(());
    }
    let now = services.clock.now();
    let event = |event: &EventLine| IncomingEvent {
        name: event.name.clone(),
        transaction_id: Some(event.transaction_id.clone()),
        quantity: event.qty,
        occurred_at: Some(now.plus_seconds(-event.days_ago.saturating_mul(DAY_S))),
        context: event.context.clone(),
        campaign: None,
    };
    let mut events: Vec<IncomingEvent> = line.events.iter().map(event).collect();
    // As they would have come in.
    events.sort_by_key(|event| event.occurred_at);
    ingest(services, organization, &selector, &events).await.map_err(failed)?;
    Ok(())
}

fn failed(reason: impl std::fmt::Display) -> Failure {
    Failure::new("load the demo", reason)
}
