use super::find;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// What a campaign has come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignTotals)]
pub(super) struct Totals {
    /// Customers opted in at the moment.
    places_taken: u64,
    /// How many may be; `null` has no limit.
    places_limit: Option<u32>,
    /// Views and clicks of each creative.
    creatives: Vec<CreativeTotals>,
}

/// Views and clicks of one creative.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreativeTotals)]
pub(super) struct CreativeTotals {
    /// The creative.
    creative: i64,
    /// Its name.
    name: String,
    /// Views reported.
    seen: u64,
    /// Clicks counted.
    clicked: u64,
}

/// Read a campaign's totals: places taken, views and clicks.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/totals",
    operation_id = "read_campaign_totals", tag = "campaigns",
    params(("organization" = i64, Path), ("campaign" = i64, Path)),
    responses((status = 200, body = Totals), Problems)
)]
pub(super) async fn read_totals(
    Path((organization, campaign)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let campaign = &find(&snapshot, &campaign)?.campaign;
    let store = &call.services().store;
    let places_taken = store.places_taken(snapshot.id(), campaign.id).await?;
    let counted = store.creative_totals(snapshot.id(), campaign.id).await?;
    let creatives = campaign.groups().map(|group| {
        let own = counted.iter().find(|totals| totals.creative == group.creative.id);
        CreativeTotals {
            creative: group.creative.id.0,
            name: group.creative.name.clone(),
            seen: own.map_or(0, |totals| totals.seen),
            clicked: own.map_or(0, |totals| totals.clicked),
        }
    });
    let creatives = creatives.collect();
    let totals = Totals { places_taken, places_limit: campaign.opt_in.limit, creatives };
    Ok(Answer::ok(&totals).into_response())
}
