//! `/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns`

mod calls;
mod emergency_stop;
mod export;
mod export_csv;
mod export_ndjson;
mod import;
mod list;
mod put_dialling;
mod read;
mod results;
mod status;
mod step;

use crate::answer::Answer;
use crate::call::{App, Call};
use crate::calls::CallCampaignOutput as Output;
use crate::error::ApiError;
use crate::etag;
use muster_app::ports::Versioned;
use muster_app::usecases::dialler;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::ids::{CallCampaignId, ClientId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_call_campaigns))
        .routes(routes!(read::read_call_campaign))
        .routes(routes!(put_dialling::put_dialling))
        .routes(routes!(step::take_call_campaign_step))
        .routes(routes!(status::read_call_campaign_status))
        .routes(routes!(emergency_stop::stop_call_campaign_at_once))
        .routes(routes!(import::import_call_contacts))
        .routes(routes!(results::list_call_contact_results))
        .routes(routes!(calls::list_calls))
        .routes(routes!(export_csv::export_call_results_csv))
        .routes(routes!(export_ndjson::export_call_results_ndjson))
}

/// The answer that shows a campaign.
fn shown(stored: &Versioned<CallCampaign>) -> Answer {
    Answer::ok(&Output::of(stored)).etag(etag::of_version(stored.version))
}

/// The answer that shows a campaign as it is now that it was changed.
async fn changed(call: &Call, of: ClientId, id: CallCampaignId) -> Result<Answer, ApiError> {
    Ok(shown(&dialler::campaign(call.services(), of, id).await?))
}

/// The version that `If-Match` demands, if there is such a header and it holds.
async fn demanded(call: &Call, of: ClientId, id: CallCampaignId) -> Result<Option<u64>, ApiError> {
    let stored = dialler::campaign(call.services(), of, id).await?;
    let conditional = call.check_match(&etag::of_version(stored.version))?;
    Ok(conditional.then_some(stored.version))
}
