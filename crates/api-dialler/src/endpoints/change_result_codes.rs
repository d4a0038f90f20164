//! Making, changing and deleting result codes (§4.3).

use crate::call::Call;
use crate::envelope::{self, Answer, Records, Status};
use crate::face::Face;
use crate::wire::result_code_body::{self, ResultCodeBody};
use crate::wire::result_codes::ResultCodeRow;
use muster_app::usecases::dialler::{
    DiallerError, campaign, change_result_code, create_result_code, delete_result_code,
};
use muster_domain::calls::result_code::ResultCode;

pub(super) fn mount(face: Face) -> Face {
    let create_errors =
        [DiallerError::CampaignNotFound, DiallerError::missing("ExportKey"), DiallerError::ResultCodeExists];
    let kept = DiallerError::ResultCodeKept("it may not be deleted");
    let errors = [DiallerError::CampaignNotFound, DiallerError::ResultCodeNotFound, kept];
    face.route::<__path_create, _, _>(&create_errors, create)
        .route::<__path_change, _, _>(&errors, change)
        .route::<__path_delete, _, _>(&errors, delete)
}

/// Adds a result code to a campaign. It is shown in the language asked for, or else in the campaign's.
#[utoipa::path(post, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}/resultCodes",
    operation_id = "create_result_code", tag = "Result codes",
    params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path), ("languagesID" = Option<i64>, Query)),
    request_body = ResultCodeBody, responses((status = 200, body = Records<ResultCodeRow>)))]
async fn create(call: Call) -> Answer {
    let id = call.campaign_id()?;
    let input = call.read(result_code_body::read)?;
    // What is asked for is checked before anything is made.
    call.language_if_any()?;
    let made = create_result_code(call.services(), call.client(), id, input).await?;
    show(&call, made).await
}

/// Changes the fields of a result code that are sent.
#[utoipa::path(put,
    path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}/resultCodes/{DiallerCampaignsResultCodesID}",
    operation_id = "change_result_code", tag = "Result codes",
    params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path), ("DiallerCampaignsResultCodesID" = i64, Path), ("languagesID" = Option<i64>, Query)),
    request_body = ResultCodeBody, responses((status = 200, body = Records<ResultCodeRow>)))]
async fn change(call: Call) -> Answer {
    let (id, code) = (call.campaign_id()?, call.result_code_id()?);
    let input = call.read(result_code_body::read)?;
    call.language_if_any()?;
    let changed = change_result_code(call.services(), call.client(), id, code, input).await?;
    show(&call, changed).await
}

/// Deletes a result code that may be deleted and that nothing refers to.
#[utoipa::path(delete,
    path = "/rest/v1.0/{ClientsID}/dialler/campaigns/campaign/{DiallerCampaignsID}/resultCodes/{DiallerCampaignsResultCodesID}",
    operation_id = "delete_result_code", tag = "Result codes", params(("ClientsID" = i64, Path), ("DiallerCampaignsID" = i64, Path), ("DiallerCampaignsResultCodesID" = i64, Path)),
    responses((status = 200, body = Status)))]
async fn delete(call: Call) -> Answer {
    let (id, code) = (call.campaign_id()?, call.result_code_id()?);
    delete_result_code(call.services(), call.client(), id, code).await?;
    envelope::done()
}

async fn show(call: &Call, code: ResultCode) -> Answer {
    let of = campaign(call.services(), call.client(), code.campaign).await?.value;
    let language = call.language_if_any()?.unwrap_or(of.language);
    envelope::one(ResultCodeRow::of(code, &of, language))
}
