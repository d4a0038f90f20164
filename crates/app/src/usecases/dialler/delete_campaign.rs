//! Deleting a campaign with all that belongs to it (dialler contract §3.6, §3.7). It is gone at once for everybody; its
//! rows are removed in the background.

use super::{DiallerResult, campaign, campaigns::campaign_named, tried, until_done};
use crate::Services;
use crate::ports::CallWrite;
use muster_domain::ids::{CallCampaignId, ClientId};

/// Deletes a campaign.
pub async fn delete_campaign(services: &Services, of: ClientId, id: CallCampaignId) -> DiallerResult<()> {
    until_done!(async {
        let version = campaign(services, of, id).await?.version;
        tried(services.calls.commit(vec![CallWrite::DeleteCampaign { id, version }]).await, ())
    })
}

/// Deletes the campaign of exactly that name.
pub async fn delete_campaign_named(services: &Services, of: ClientId, name: &str) -> DiallerResult<()> {
    let id = campaign_named(services, of, name).await?.value.id;
    delete_campaign(services, of, id).await
}
