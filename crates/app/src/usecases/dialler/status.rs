//! How a campaign does: what has been counted of it.

use super::{DiallerResult, campaign, result_codes};
use crate::Services;
use crate::ports::CallCounts;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ClientId};
use muster_domain::time::UnixMillis;

/// A campaign and its counts.
#[derive(Debug, Clone)]
pub struct CampaignStatus {
    /// The campaign; [`CallCampaign::waits_for`] tells why it does not dial although it is active.
    pub campaign: CallCampaign,
    /// Contacts by status, calls by outcome, contacts by result.
    pub counts: CallCounts,
    /// Its result codes, to name the results by.
    pub codes: Vec<ResultCode>,
    /// When the next contact falls due that waits or follows up.
    pub next_due: Option<UnixMillis>,
}

/// The counts of a campaign.
pub async fn campaign_status(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
) -> DiallerResult<CampaignStatus> {
    let campaign = campaign(services, of, id).await?.value;
    Ok(CampaignStatus {
        campaign,
        counts: services.calls.counts(id).await?,
        codes: result_codes(services, of, id).await?,
        next_due: services.calls.next_due(id).await?,
    })
}
