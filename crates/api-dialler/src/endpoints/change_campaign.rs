//! Changing a campaign (§4.3).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::campaign_body::{self, CampaignBody};
use crate::wire::campaigns::CampaignRow;
use muster_app::usecases::dialler::{DiallerError, change_campaign};

pub(super) fn mount(face: Face) -> Face {
    let errors = [
        DiallerError::CampaignNotFound,
        DiallerError::CampaignExists,
        DiallerError::invalid("dtTo", "must be after dtFrom"),
    ];
    face.route::<__path_change, _, _>(&errors, change)
}

/// Changes the fields of a campaign that are sent.
#[utoipa::path(put, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}",
    operation_id = "change_campaign", tag = "Campaigns", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path)),
    request_body = CampaignBody, responses((status = 200, body = Records<CampaignRow>)))]
async fn change(call: Call) -> Answer {
    let id = call.campaign_id()?;
    let input = call.read(campaign_body::read)?;
    let changed = change_campaign(call.services(), call.client(), id, &input).await?;
    envelope::one(CampaignRow::from(changed))
}
