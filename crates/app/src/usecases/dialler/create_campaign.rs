//! Making a campaign (dialler contract §4.3): the general result codes are copied into it.

use super::{CampaignInput, DiallerError, DiallerResult, check_start, client};
use crate::Services;
use crate::ports::{CallRefusal, CallSequence, CallWrite, Expected};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::{INCOMING, NO_NUMBER, general_codes};
use muster_domain::ids::{CallCampaignId, ClientId, ResultCodeId};

/// Makes a campaign. All or nothing.
pub async fn create_campaign(
    services: &Services,
    of: ClientId,
    input: CampaignInput,
) -> DiallerResult<CallCampaign> {
    let owner = client(services, of).await?;
    let name = input.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| DiallerError::missing("Name"))?;
    let now = services.clock.now();
    // Numbers are taken only for what will be made: those of a draft would be lost.
    let mut draft = CallCampaign::new(CallCampaignId(0), of, name, now);
    let (no_number_code, incoming_code, active) =
        (input.no_number_code, input.incoming_code, input.active.unwrap_or(false));
    input.write_into(&mut draft, &[])?;
    draft.active = active;
    draft.started_at = active.then_some(now);
    if active {
        check_start(services, &owner, &draft).await?;
    }
    if services.calls.campaign_named(of, &draft.name).await?.is_some() {
        return Err(DiallerError::CampaignExists);
    }
    let mut campaign = draft;
    campaign.id = CallCampaignId(services.calls.take_ids(CallSequence::Campaign, 1).await?);
    let first = services.calls.take_ids(CallSequence::ResultCode, 7).await?;
    let ids = std::array::from_fn(|place| ResultCodeId(first + place as i64));
    let codes = general_codes(campaign.id, ids);
    // Only `null` can have been sent for these: no code of the campaign was there to be named.
    campaign.no_number_code = no_number_code.map_or(Some(codes[NO_NUMBER].id), |_| None);
    campaign.incoming_code = incoming_code.map_or(Some(codes[INCOMING].id), |_| None);
    let made = campaign.clone();
    let write = CallWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent };
    let codes = codes.into_iter().map(|code| CallWrite::ResultCode(Box::new(code)));
    match services.calls.commit(std::iter::once(write).chain(codes).collect()).await {
        Ok(()) => Ok(made),
        Err(CallRefusal::Stale { what: "campaign" }) => Err(DiallerError::CampaignExists),
        Err(refusal) => Err(refusal.into()),
    }
}
