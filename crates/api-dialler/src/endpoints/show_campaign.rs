//! One campaign (§3.2), at two addresses: sister functions of the contract use the longer one.

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::campaigns::CampaignRow;
use muster_app::usecases::dialler::{DiallerError, campaign};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::CampaignNotFound, DiallerError::invalid("DiallerCampaignsID", "an integer")];
    face.route::<__path_show, _, _>(&errors, show).route::<__path_show_alias, _, _>(&errors, show_alias)
}

/// Shows a campaign.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/{DiallerCampaignsID}",
    operation_id = "show_campaign", tag = "Campaigns", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path)),
    responses((status = 200, body = Records<CampaignRow>)))]
async fn show(call: Call) -> Answer {
    let found = campaign(call.services(), call.client(), call.campaign_id()?).await?;
    envelope::one(CampaignRow::from(found.value))
}

/// Shows a campaign, at the address where the others change it.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}",
    operation_id = "show_campaign_alias", tag = "Campaigns", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path)),
    responses((status = 200, body = Records<CampaignRow>)))]
async fn show_alias(call: Call) -> Answer {
    show(call).await
}
