//! Running, pausing and ending a SIM campaign.

use super::{ConnectivityError, ConnectivityResult, TRIES, campaigns, request_status};
use crate::Services;
use crate::ports::{Expected, SimRefusal, SimWrite};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::SimCampaignId;
use muster_domain::sim_campaign::{Command, SimCampaign, SimCampaignStatus};

/// Applies a command to the account's campaign. Whether it came to anything is told by the request, which is open
/// until no card is in flight that should not be.
pub async fn control_campaign(
    services: &Services,
    account: &Account,
    id: SimCampaignId,
    command: Command,
) -> ConnectivityResult<(SimCampaign, Request)> {
    let outcome = match command {
        Command::Run => RequestOutcome::Run(id),
        Command::Suspend | Command::Cancel => RequestOutcome::Settle(id),
    };
    for _ in 0..TRIES {
        let stored = campaigns::campaign_to_change(services, account.id, id).await?;
        let mut campaign = stored.value;
        apply(services, &mut campaign, command).await?;
        let request = request_status::accept(services, account.id, outcome, 1);
        let write = SimWrite::Campaign {
            campaign: Box::new(campaign.clone()),
            expected: Expected::Version(stored.version),
        };
        match services.sims.write_sims(vec![write, SimWrite::Request(request.clone())]).await {
            Ok(()) => return Ok((campaign, request)),
            // The engine moves campaigns too: look again whether the command still leads anywhere.
            Err(SimRefusal::Stale { .. }) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}

/// Applies a command to a campaign as it was read.
pub(super) async fn apply(
    services: &Services,
    campaign: &mut SimCampaign,
    command: Command,
) -> ConnectivityResult<()> {
    let now = services.clock.now();
    let before = campaign.status;
    campaign.status = command.apply(before, campaign.window, now)?;
    campaign.status_changed_at = now;
    campaign.reason.clear();
    if matches!(campaign.status, SimCampaignStatus::Process | SimCampaignStatus::Scheduled) {
        begin(services, campaign, before).await?;
    }
    Ok(())
}

/// Fixes the waves when it runs for the first time, and has thresholds counted from now on. A campaign whose template
/// does nothing cannot run.
async fn begin(
    services: &Services,
    campaign: &mut SimCampaign,
    before: SimCampaignStatus,
) -> ConnectivityResult<()> {
    let template = services.sims.template(campaign.template).await?;
    if template.is_none_or(|template| template.operations.is_empty()) {
        campaign.status = SimCampaignStatus::Exception;
        "the template does nothing: it was made without its data".clone_into(&mut campaign.reason);
        return Ok(());
    }
    let counts = services.sims.campaign_counts(campaign.id).await?;
    if before == SimCampaignStatus::Created {
        campaign.runtime.begin(&campaign.plan, counts.participants());
    }
    campaign.runtime.set_baseline(&counts.waves);
    Ok(())
}
