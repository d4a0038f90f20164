//! The result codes of a campaign (§3.4).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::result_codes::ResultCodeRow;
use muster_app::usecases::dialler::{DiallerError, campaign, result_codes};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::CampaignNotFound, DiallerError::missing("languagesID")];
    face.route::<__path_list, _, _>(&errors, list)
}

/// Lists the result codes of a campaign in a language, in order of their ids.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}/resultCodes",
    operation_id = "list_result_codes", tag = "Result codes", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path), ("languagesID" = i64, Query)),
    responses((status = 200, body = Records<ResultCodeRow>)))]
async fn list(call: Call) -> Answer {
    let id = call.campaign_id()?;
    let language = call.language()?;
    let of = campaign(call.services(), call.client(), id).await?.value;
    let codes = result_codes(call.services(), call.client(), id).await?;
    envelope::records(codes.into_iter().map(|code| ResultCodeRow::of(code, &of, language)).collect())
}
