//! Rendering a full-page creative for one customer (contract N8-R4).

use super::decide::view_customer;
use super::ingest::{IncomingEvent, ingest};
use super::select::CustomerSelector;
use crate::catalog::OrganizationSnapshot;
use crate::{AppError, AppResult, Services};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use muster_domain::campaign::CreativeContent;
use muster_domain::event::Context;
use muster_domain::ids::CreativeId;
use serde::Serialize;
use std::sync::Arc;

/// Steps that a page's template may take; a page that needs more is refused rather than left to run.
const TEMPLATE_FUEL: u64 = 50_000;

#[derive(Serialize)]
struct BehaviorOnPage<'a> {
    name: &'a str,
    progress: u32,
    goal: u32,
    achieved: u32,
    points: i64,
}

/// The page as HTML. With `raise`, showing it raises the event `campaigns.<id>.loaded` for the customer, once the
/// page is known to render.
///
/// Templates see `customer.first_name`, `customer.last_name`, `customer.available_points`, `campaign.id`,
/// `campaign.name`, and `behaviors` with `name`, `progress`, `goal`, `achieved`, `points`; values are escaped.
pub async fn render_creative(
    services: &Services,
    organization: &Arc<OrganizationSnapshot>,
    customer: &CustomerSelector,
    creative: CreativeId,
    raise: bool,
) -> AppResult<String> {
    let unknown = || AppError::NotFound { what: "creative", id: creative.to_string() };
    let view = view_customer(services, Arc::clone(organization), customer).await?;
    let entry = organization.campaign_of_creative(creative).ok_or_else(unknown)?;
    let group = entry.campaign.group_of(creative).ok_or_else(unknown)?;
    let (CreativeContent::InternalFullPage { html } | CreativeContent::InternalBehavior { html }) =
        &group.creative.content
    else {
        return Err(unknown());
    };
    let decision = view.one(entry);
    let shown = decision.participation.eligible
        && view.shown_groups(&decision, None).iter().any(|group| group.creative.id == creative);
    if !shown {
        return Err(AppError::NotAvailable);
    }
    let profile = &view.stored.customer.profile;
    let behaviors: Vec<_> = entry
        .campaign
        .behaviors
        .iter()
        .map(|behavior| {
            let progress = view.stored.customer.progress.get(&behavior.id).cloned().unwrap_or_default();
            let round = progress.round(behavior);
            BehaviorOnPage {
                name: &behavior.name,
                progress: round.progress,
                goal: round.goal,
                achieved: progress.achieved(),
                points: behavior.points,
            }
        })
        .collect();
    let page = render(
        html,
        context! {
            customer => context! {
                first_name => profile.first_name.clone(),
                last_name => profile.last_name.clone(),
                available_points => view.stored.customer.points.available,
            },
            campaign => context! { id => entry.campaign.id.0, name => entry.campaign.name.clone() },
            behaviors => minijinja::value::Serde(&behaviors),
        },
    )
    .map_err(|error| AppError::BrokenPage(error.to_string()))?;
    if !raise {
        return Ok(page);
    }
    let loaded = IncomingEvent {
        name: format!("campaigns.{}.loaded", entry.campaign.id),
        transaction_id: None,
        quantity: 1,
        occurred_at: None,
        context: Context::new(),
        campaign: None,
    };
    ingest(services, organization, &CustomerSelector::Id(view.stored.id), &[loaded]).await?;
    Ok(page)
}

/// Checks a page's template when its author hands it in: it is rendered once for a made-up customer, which finds
/// errors of grammar, unknown filters and includes.
pub fn check_template(html: &str) -> Result<(), String> {
    let behavior = BehaviorOnPage { name: "Behavior", progress: 1, goal: 2, achieved: 0, points: 10 };
    let behaviors = [behavior];
    let values = context! {
        customer => context! { first_name => "First", last_name => "Last", available_points => 0 },
        campaign => context! { id => 1, name => "Campaign" },
        behaviors => minijinja::value::Serde(&behaviors),
    };
    render(html, values).map(|_| ()).map_err(|error| error.to_string())
}

fn render(html: &str, values: minijinja::Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // What a customer lacks is left out; it must not cost them the page.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(TEMPLATE_FUEL));
    environment.template_from_str(html)?.render(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_markup_is_kept() {
        let page = render("<b>{{ name }}</b>", context! { name => "<script>" }).expect("renders");
        assert_eq!(page, "<b>&lt;script&gt;</b>");
    }

    #[test]
    fn a_template_that_runs_too_long_is_refused() {
        let endless =
            "{% for a in xs %}{% for b in xs %}{% for c in xs %}.{% endfor %}{% endfor %}{% endfor %}";
        let xs: Vec<u32> = (0..100).collect();
        assert!(render(endless, context! { xs }).is_err());
    }

    #[test]
    fn a_broken_template_is_told_to_its_author() {
        for broken in ["{% if %}", "{{ campaign.name|nosuchfilter }}", "{% include \"/etc/passwd\" %}"] {
            assert!(check_template(broken).is_err(), "{broken}");
        }
        for sound in
            ["<p>{{ customer.first_name }}</p>", "{{ user.first_name }}", "{{ campaign.name|upper }}"]
        {
            assert_eq!(check_template(sound), Ok(()), "{sound}");
        }
    }
}
