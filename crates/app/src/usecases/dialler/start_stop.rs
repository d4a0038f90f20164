//! Starting and stopping a campaign (dialler contract §4.3).

use super::change_campaign::alter_version;
use super::{DiallerError, DiallerResult, policy};
use crate::Services;
use muster_domain::calls::campaign::{CallCampaign, Pacing};
use muster_domain::calls::client::Client;
use muster_domain::calls::policy::Policies;
use muster_domain::ids::{CallCampaignId, ClientId};

/// Starts a campaign; one that runs stays as it is.
pub async fn start_campaign(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
) -> DiallerResult<CallCampaign> {
    set_active(services, of, id, None, true).await
}

/// Stops a campaign: calls that are under way come to their end, none is begun. One that does not run stays as it is.
pub async fn stop_campaign(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
) -> DiallerResult<CallCampaign> {
    set_active(services, of, id, None, false).await
}

/// Starts or stops a campaign; with a `version` only while the campaign has it, or [`DiallerError::Stale`].
pub async fn set_active(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    version: Option<u64>,
    active: bool,
) -> DiallerResult<CallCampaign> {
    alter_version(services, of, id, version, |campaign, _| {
        campaign.active = active;
        Ok(())
    })
    .await
}

/// Whether a campaign with these settings may run. Calls that are placed before an agent is free can be abandoned, so
/// a policy has to say how many of them may be: without one there is no such dialling.
pub async fn check_start(services: &Services, owner: &Client, campaign: &CallCampaign) -> DiallerResult<()> {
    let ahead_of_agents = match campaign.dialling.pacing {
        None | Some(Pacing::Progressive) => false,
        Some(Pacing::Power { .. } | Pacing::Predictive) => true,
    };
    let forbidden = |reason: String| DiallerError::StartForbidden(reason);
    // Both hold, the client account's and the campaign's own.
    let mut own = Vec::new();
    for name in owner.policy.iter().chain(&campaign.dialling.policy) {
        own.push(policy(services, owner.id, name).await.map_err(|error| match error {
            DiallerError::Store(error) => error.into(),
            error => forbidden(format!("the policy {name:?} cannot be used: {error}")),
        })?);
    }
    if own.is_empty() && ahead_of_agents {
        return Err(forbidden("no policy rules it, so no calls are placed ahead of agents".to_owned()));
    }
    let policies: Vec<_> = own.iter().collect();
    let policies = Policies::new(&policies);
    let shown = campaign.shown_number();
    let permitted = if ahead_of_agents {
        policies.permits_predictive(campaign.dialling.message.is_some(), shown)
    } else {
        policies.check_caller_id(shown)
    };
    permitted.map_err(|refusal| forbidden(refusal.reason))
}
