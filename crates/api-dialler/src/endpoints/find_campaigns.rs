//! Campaigns by a part of their names (§3.3).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::campaigns::CampaignRow;
use muster_app::usecases::dialler::{DiallerError, campaigns_like};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::CampaignNotFound, DiallerError::missing("name")];
    face.route::<__path_find, _, _>(&errors, find)
}

/// Finds the campaigns whose names hold a text, in whatever case, in order of their names.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign", operation_id = "find_campaigns", tag = "Campaigns",
    params(("ClientsID" = i64, Path), ("name" = String, Query)), responses((status = 200, body = Records<CampaignRow>)))]
async fn find(call: Call) -> Answer {
    let found = campaigns_like(call.services(), call.client(), call.required("name")?).await?;
    envelope::records(found.into_iter().map(CampaignRow::from).collect())
}
