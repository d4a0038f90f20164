use super::super::client;
use super::{Output, desk};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::document::DocumentError;
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::ports::Share;
use muster_app::usecases::dialler;
use muster_domain::ids::CallCampaignId;
use serde::Deserialize;
use utoipa::ToSchema;

/// Most campaigns that an agent works for at once.
const CAMPAIGNS_MAX: usize = 50;
/// Largest weight of one of them.
const WEIGHT_MAX: u32 = 1000;

/// What an agent is to work for.
#[derive(Deserialize, ToSchema)]
#[schema(as = DeskInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// 1 to 50 campaigns of the client account.
    campaigns: Vec<ShareInput>,
}

/// A campaign, and its share of the agent's time.
#[derive(Deserialize, ToSchema)]
#[schema(as = DeskShare)]
#[serde(deny_unknown_fields)]
struct ShareInput {
    /// The call campaign.
    campaign: i64,
    /// Its weight beside the agent's others, 1 to 1000; left out, 1.
    #[serde(default = "one")]
    weight: u32,
}

const fn one() -> u32 {
    1
}

/// Log an agent in, or change the campaigns of one who is.
///
/// The agent's phone is called as soon as it is registered, and stays connected between calls.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/call-clients/{client}/desk/{agent}",
    operation_id = "log_agent_in", tag = "desk", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path), ("agent" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn log_agent_in(
    Path((organization, id, uid)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let shares = read(call.json::<Input>()?)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let desk = desk(&call)?;
    for share in &shares {
        dialler::campaign(call.services(), client.id, share.campaign).await?;
    }
    let view = desk.log_in(client.id, &uid, shares).await?;
    Ok(Answer::ok(&Output::of(&view)).into_response())
}

fn read(input: Input) -> Result<Vec<Share>, ApiError> {
    if input.campaigns.is_empty() || input.campaigns.len() > CAMPAIGNS_MAX {
        return Err(DocumentError::at("campaigns", format!("must be 1 to {CAMPAIGNS_MAX}")).into());
    }
    let mut shares: Vec<Share> = Vec::with_capacity(input.campaigns.len());
    for (place, share) in input.campaigns.into_iter().enumerate() {
        let campaign = CallCampaignId(share.campaign);
        if !(1..=WEIGHT_MAX).contains(&share.weight) {
            let reason = format!("must be 1 to {WEIGHT_MAX}");
            return Err(DocumentError::at(format!("campaigns[{place}].weight"), reason).into());
        }
        if shares.iter().any(|known| known.campaign == campaign) {
            let place = format!("campaigns[{place}].campaign");
            return Err(DocumentError::at(place, "is named twice").into());
        }
        shares.push(Share { campaign, weight: share.weight });
    }
    Ok(shares)
}
