//! SIM campaigns: `…/accounts/{account}/sim-campaigns` for many, `…/sim-campaigns/{sim_campaign}` for one.

mod create;
mod dry_run;
mod enrol;
mod list;
mod participants;
mod read;
mod replace_plan;
mod results;
mod retry_failed;
mod step;

use crate::answer::Answer;
use crate::call::{App, Call};
use crate::connectivity::SimCampaignOutput as Output;
use crate::error::ApiError;
use crate::etag;
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::operators;
use muster_domain::sim_campaign::SimCampaign;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sim_campaigns, create::create_sim_campaign))
        .routes(routes!(read::read_sim_campaign))
        .routes(routes!(replace_plan::replace_plan))
        .routes(routes!(step::take_sim_campaign_step))
        .routes(routes!(enrol::enrol))
        .routes(routes!(dry_run::dry_run))
        .routes(routes!(participants::list_participants))
        .routes(routes!(results::export_results))
        .routes(routes!(retry_failed::retry_failed))
}

/// The answer to a change of a campaign; what has been counted does not change with it.
fn changed(written: &Versioned<SimCampaign>, overview: &operators::Overview) -> Answer {
    Answer::ok(&Output::of(written, overview)).etag(etag::of_version(written.version))
}

/// The version that `If-Match` demands, if there is such a header and it holds.
fn demanded(call: &Call, stored: &Versioned<SimCampaign>) -> Result<Option<u64>, ApiError> {
    let conditional = call.check_match(&etag::of_version(stored.version))?;
    Ok(conditional.then_some(stored.version))
}
