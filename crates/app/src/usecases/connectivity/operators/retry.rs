//! A second chance for those who failed: a new campaign that does the same in the same way.

use super::super::NAME_MAX_CHARS;
use super::super::campaigns::{self, NewCampaign};
use super::accounts::account;
use super::campaigns::campaign;
use super::{ConnectivityResult, Remember, commit};
use crate::Services;
use muster_domain::ids::{OrganizationId, SimCampaignId};
use muster_domain::sim_campaign::SimCampaign;

/// Makes a campaign with template, plan and retries of another one, and a window of the same length that begins now.
/// Nobody takes part in it yet: [`super::enrol_from`] enrols the ones who failed.
pub async fn retry_failed(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    name: Option<String>,
    remember: Remember<'_, SimCampaign>,
) -> ConnectivityResult<SimCampaign> {
    let source = campaign(services, organization, id).await?.value;
    let account = account(services, organization, source.account).await?.value;
    let now = services.clock.now();
    let length_s = (source.window.ends_at.since(source.window.starts_at) / 1000).max(1);
    let new = NewCampaign {
        name: name.unwrap_or_else(|| again(&source.name)),
        description: format!("Another try of campaign {id}"),
        template: source.template,
        starts_at: Some(now),
        ends_at: Some(now.plus_seconds(length_s)),
        max_retries: Some(source.max_retries),
        plan: source.plan,
    };
    let made = campaigns::make(services, &account, new).await?;
    commit(services, remember(&made), [campaigns::write(&made)]).await?;
    Ok(made)
}

/// The name of a second try.
fn again(name: &str) -> String {
    const SUFFIX: &str = " (retry)";
    let kept: String = name.chars().take(NAME_MAX_CHARS - SUFFIX.len()).collect();
    format!("{kept}{SUFFIX}")
}
