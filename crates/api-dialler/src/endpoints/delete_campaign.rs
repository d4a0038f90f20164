//! Deleting a campaign with all that belongs to it (§3.6, §3.7).

use crate::call::Call;
use crate::envelope::{self, Answer, Status};
use crate::face::Face;
use muster_app::usecases::dialler::{DiallerError, delete_campaign, delete_campaign_named};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::CampaignNotFound];
    let named = [DiallerError::CampaignNotFound, DiallerError::missing("name")];
    face.route::<__path_delete, _, _>(&errors, delete)
        .route::<__path_delete_named, _, _>(&named, delete_named)
}

/// Deletes a campaign with its contacts, attempts and result codes.
#[utoipa::path(delete, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}",
    operation_id = "delete_campaign", tag = "Campaigns", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path)),
    responses((status = 200, body = Status)))]
async fn delete(call: Call) -> Answer {
    delete_campaign(call.services(), call.client(), call.campaign_id()?).await?;
    envelope::done()
}

/// Deletes the campaign of exactly that name.
#[utoipa::path(delete, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign", operation_id = "delete_campaign_by_name",
    tag = "Campaigns", params(("ClientsID" = i64, Path), ("name" = String, Query)), responses((status = 200, body = Status)))]
async fn delete_named(call: Call) -> Answer {
    delete_campaign_named(call.services(), call.client(), call.required("name")?).await?;
    envelope::done()
}
