//! All campaigns of the client account (§3.1).

use crate::call::Call;
use crate::envelope::{self, Answer, List};
use crate::face::Face;
use crate::wire::campaigns::CampaignRow;
use muster_app::usecases::dialler::campaigns;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_list, _, _>(&[], list)
}

/// Lists the campaigns of the client account, in order of their names.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/campaigns", operation_id = "list_campaigns", tag = "Campaigns",
    params(("ClientsID" = i64, Path)), responses((status = 200, body = List<CampaignRow>)))]
async fn list(call: Call) -> Answer {
    let campaigns = campaigns(call.services(), call.client()).await?;
    envelope::list(campaigns.into_iter().map(CampaignRow::from).collect())
}
