//! Changing a campaign (dialler contract §4.3).

use super::{CampaignInput, DiallerError, DiallerResult, campaign, check_start, client, tried, until_done};
use crate::Services;
use crate::ports::{CallWrite, Expected};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ClientId};

/// Changes the fields that are given. One that becomes active is started, under the same conditions.
pub async fn change_campaign(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    input: &CampaignInput,
) -> DiallerResult<CallCampaign> {
    if input.name.as_deref() == Some("") {
        return Err(DiallerError::missing("Name"));
    }
    alter_campaign(services, of, id, |campaign, codes| {
        input.clone().write_into(campaign, codes)?;
        if let Some(active) = input.active {
            campaign.active = active;
        }
        Ok(())
    })
    .await
}

/// Changes a campaign as often as somebody is faster. Nothing is written where nothing changed; whatever becomes
/// active, or stays so with other settings, must be allowed to start.
pub(super) async fn alter_campaign(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    change: impl Fn(&mut CallCampaign, &[ResultCode]) -> DiallerResult<()>,
) -> DiallerResult<CallCampaign> {
    alter_version(services, of, id, None, change).await
}

/// As [`alter_campaign`]; with a `version` only while the campaign has it, or [`DiallerError::Stale`].
pub(super) async fn alter_version(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    version: Option<u64>,
    change: impl Fn(&mut CallCampaign, &[ResultCode]) -> DiallerResult<()>,
) -> DiallerResult<CallCampaign> {
    until_done!(async {
        let found = campaign(services, of, id).await?;
        if version.is_some_and(|version| version != found.version) {
            return Err(DiallerError::Stale("call campaign"));
        }
        let before = found.value;
        let mut after = before.clone();
        let codes = services.calls.result_codes(id).await?;
        change(&mut after, &codes)?;
        if after == before {
            return Ok(super::Tried::Done(after));
        }
        if after.active {
            check_start(services, &client(services, of).await?, &after).await?;
            after.started_at = after.started_at.or_else(|| Some(services.clock.now()));
        } else {
            after.waits_for.clear();
        }
        let expected = Expected::Version(found.version);
        let write = CallWrite::Campaign { campaign: Box::new(after.clone()), expected };
        tried(services.calls.commit(vec![write]).await, after)
    })
}
