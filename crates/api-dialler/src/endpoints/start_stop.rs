//! Starting and stopping a campaign (§4.3).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::campaigns::CampaignRow;
use muster_app::usecases::dialler::{DiallerError, start_campaign, stop_campaign};

pub(super) fn mount(face: Face) -> Face {
    let forbidden = DiallerError::StartForbidden("no policy rules it".to_owned());
    face.route::<__path_start, _, _>(&[DiallerError::CampaignNotFound, forbidden], start)
        .route::<__path_stop, _, _>(&[DiallerError::CampaignNotFound], stop)
}

/// Starts a campaign; one that runs stays as it is.
#[utoipa::path(put, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}/start",
    operation_id = "start_campaign", tag = "Campaigns", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path)),
    responses((status = 200, body = Records<CampaignRow>)))]
async fn start(call: Call) -> Answer {
    let started = start_campaign(call.services(), call.client(), call.campaign_id()?).await?;
    envelope::one(CampaignRow::from(started))
}

/// Stops a campaign: calls under way come to their end, none is begun.
#[utoipa::path(put, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}/stop",
    operation_id = "stop_campaign", tag = "Campaigns", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path)),
    responses((status = 200, body = Records<CampaignRow>)))]
async fn stop(call: Call) -> Answer {
    let stopped = stop_campaign(call.services(), call.client(), call.campaign_id()?).await?;
    envelope::one(CampaignRow::from(stopped))
}
