//! Campaigns, read (dialler contract §3.1 to §3.3).

use super::{DiallerError, DiallerResult};
use crate::Services;
use crate::ports::{Versioned, sort_name};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::ids::{CallCampaignId, ClientId};

/// All campaigns of a client account, by name.
pub async fn campaigns(services: &Services, of: ClientId) -> DiallerResult<Vec<CallCampaign>> {
    let found = services.calls.campaigns(of).await?;
    Ok(found.into_iter().map(|campaign| campaign.value).collect())
}

/// The campaigns whose names hold `part`, in whatever case, by name. None is [`DiallerError::CampaignNotFound`].
pub async fn campaigns_like(
    services: &Services,
    of: ClientId,
    part: &str,
) -> DiallerResult<Vec<CallCampaign>> {
    let part = sort_name(part);
    let mut found = campaigns(services, of).await?;
    found.retain(|campaign| sort_name(&campaign.name).contains(&part));
    if found.is_empty() { Err(DiallerError::CampaignNotFound) } else { Ok(found) }
}

/// One campaign with its version.
pub async fn campaign(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
) -> DiallerResult<Versioned<CallCampaign>> {
    let found = services.calls.campaign(id).await?;
    found.filter(|campaign| campaign.value.client == of).ok_or(DiallerError::CampaignNotFound)
}

/// The campaign of exactly that name.
pub(super) async fn campaign_named(
    services: &Services,
    of: ClientId,
    name: &str,
) -> DiallerResult<Versioned<CallCampaign>> {
    services.calls.campaign_named(of, name).await?.ok_or(DiallerError::CampaignNotFound)
}
