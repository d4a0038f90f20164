//! Cloning a campaign (dialler contract §3.5): everything but its contacts.

use super::campaign_input::check_dates;
use super::campaigns::campaign_named;
use super::{DiallerError, DiallerResult, NAME_MAX_CHARS, check_length, check_text};
use crate::Services;
use crate::ports::{CallRefusal, CallSequence, CallWrite, Expected};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::ids::{CallCampaignId, ClientId, ResultCodeId};
use muster_domain::time::UnixMillis;

/// What is to be cloned, and how.
#[derive(Debug, Clone)]
pub struct CloneOrder {
    /// Exact name of the campaign to copy.
    pub source: String,
    /// Name of the new one.
    pub destination: String,
    /// The new one's own key; it never has that of the source.
    pub user_data: Option<String>,
    /// When the new one becomes valid; `None` copies it.
    pub valid_from: Option<Option<UnixMillis>>,
    /// When the new one ceases to be valid; `None` copies it.
    pub valid_to: Option<Option<UnixMillis>>,
}

/// Clones a campaign in one transaction. The clone has codes of its own and is not active.
pub async fn clone_campaign(
    services: &Services,
    of: ClientId,
    order: CloneOrder,
) -> DiallerResult<CallCampaign> {
    check_text("source", &order.source, usize::MAX)?;
    check_text("destination", &order.destination, NAME_MAX_CHARS)?;
    check_length("userData", order.user_data.as_deref().unwrap_or_default(), NAME_MAX_CHARS)?;
    check_dates(order.valid_from.flatten(), order.valid_to.flatten())?;
    let source = campaign_named(services, of, &order.source).await?.value;
    let valid_from = order.valid_from.unwrap_or(source.valid_from);
    let valid_to = order.valid_to.unwrap_or(source.valid_to);
    check_dates(valid_from, valid_to)?;
    if services.calls.campaign_named(of, &order.destination).await?.is_some() {
        return Err(DiallerError::DestinationExists);
    }
    let codes = services.calls.result_codes(source.id).await?;
    let id = CallCampaignId(services.calls.take_ids(CallSequence::Campaign, 1).await?);
    let first = match u32::try_from(codes.len()).unwrap_or(u32::MAX) {
        0 => 0,
        count => services.calls.take_ids(CallSequence::ResultCode, count).await?,
    };
    let copies: Vec<(ResultCodeId, ResultCodeId)> =
        codes.iter().zip(first..).map(|(code, new)| (code.id, ResultCodeId(new))).collect();
    let copy_of =
        |old: Option<ResultCodeId>| copies.iter().find(|(known, _)| Some(*known) == old).map(|(_, new)| *new);
    let clone = CallCampaign {
        id,
        name: order.destination,
        user_data: order.user_data,
        valid_from,
        valid_to,
        no_number_code: copy_of(source.no_number_code),
        incoming_code: copy_of(source.incoming_code),
        active: false,
        created_at: services.clock.now(),
        waits_for: String::new(),
        started_at: None,
        ..source
    };
    let mut writes =
        vec![CallWrite::Campaign { campaign: Box::new(clone.clone()), expected: Expected::Absent }];
    for (mut code, (_, new)) in codes.into_iter().zip(&copies) {
        (code.id, code.campaign) = (*new, id);
        writes.push(CallWrite::ResultCode(Box::new(code)));
    }
    match services.calls.commit(writes).await {
        Ok(()) => Ok(clone),
        Err(CallRefusal::Duplicate { what: "campaign", .. } | CallRefusal::Stale { what: "campaign" }) => {
            Err(DiallerError::DestinationExists)
        }
        Err(refusal) => Err(refusal.into()),
    }
}
