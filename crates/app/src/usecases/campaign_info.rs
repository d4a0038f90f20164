//! One campaign without any customer (contract C9).

use super::select::{CampaignSelector, find_campaign};
use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::{AppError, AppResult};
use muster_domain::campaign::CampaignStatus;
use muster_domain::time::UnixMillis;

/// The campaign if it is live and not over. One that has not started is found, because its opt-in may be open.
pub fn campaign_info<'a>(
    organization: &'a OrganizationSnapshot,
    selector: &CampaignSelector,
    now: UnixMillis,
) -> AppResult<&'a CatalogCampaign> {
    find_campaign(organization, selector)
        .ok()
        .filter(|entry| entry.campaign.status == CampaignStatus::Live && !entry.campaign.window.is_over(now))
        .ok_or(AppError::NoActiveCampaign)
}
