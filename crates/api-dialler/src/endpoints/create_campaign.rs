//! Making a campaign (§4.3).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::campaign_body::{self, CampaignBody};
use crate::wire::campaigns::CampaignRow;
use muster_app::usecases::dialler::{DiallerError, create_campaign};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::missing("Name"), DiallerError::CampaignExists];
    face.route::<__path_create, _, _>(&errors, create)
}

/// Makes a campaign, with the general result codes.
#[utoipa::path(post, path = "/rest/v1.0/{ClientsID}/dialler/campaigns", operation_id = "create_campaign", tag = "Campaigns",
    params(("ClientsID" = i64, Path)), request_body = CampaignBody, responses((status = 200, body = Records<CampaignRow>)))]
async fn create(call: Call) -> Answer {
    let input = call.read(campaign_body::read)?;
    let made = create_campaign(call.services(), call.client(), input).await?;
    envelope::one(CampaignRow::from(made))
}
