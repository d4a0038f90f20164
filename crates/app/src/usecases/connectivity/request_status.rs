//! Accepted changes and what became of them.

use super::{ConnectivityError, ConnectivityResult};
use crate::Services;
use muster_domain::account::{Request, RequestOutcome, RequestStatus};
use muster_domain::ids::{AccountId, SimCampaignId};
use muster_domain::sim_campaign::SimCampaignStatus;
use uuid::Uuid;

/// A record of `count` requests of an account, to be stored in the transaction that does what they ask for.
pub(super) fn accept(services: &Services, by: AccountId, outcome: RequestOutcome, count: usize) -> Request {
    Request {
        id: Request::first_id(services.entropy.uuid()),
        count: count.clamp(1, usize::from(u16::MAX)) as u16,
        account: by,
        outcome,
        created_at: services.clock.now(),
    }
}

/// What became of a request of the account.
pub async fn request_status(
    services: &Services,
    by: AccountId,
    id: Uuid,
) -> ConnectivityResult<RequestStatus> {
    let request = find(services, by, id).await?;
    judge(services, &request).await
}

/// What became of each request that was accepted together with this one, itself included, in order.
pub async fn request_statuses(
    services: &Services,
    by: AccountId,
    id: Uuid,
) -> ConnectivityResult<Vec<(Uuid, RequestStatus)>> {
    let request = find(services, by, id).await?;
    let status = judge(services, &request).await?;
    Ok(request.ids().map(|id| (id, status)).collect())
}

async fn find(services: &Services, by: AccountId, id: Uuid) -> ConnectivityResult<Request> {
    let found = services.sims.request(Request::first_id(id)).await?;
    found.filter(|request| request.account == by && request.has(id)).ok_or(ConnectivityError::RequestNotFound)
}

async fn judge(services: &Services, request: &Request) -> ConnectivityResult<RequestStatus> {
    match request.outcome {
        RequestOutcome::Done => Ok(RequestStatus::Success),
        RequestOutcome::Run(campaign) => judge_run(services, request, campaign).await,
        RequestOutcome::Settle(campaign) => judge_settled(services, campaign).await,
    }
}

async fn judge_run(
    services: &Services,
    request: &Request,
    campaign: SimCampaignId,
) -> ConnectivityResult<RequestStatus> {
    let Some(campaign) = services.sims.sim_campaign(campaign).await? else {
        return Ok(RequestStatus::InternalError);
    };
    let campaign = campaign.value;
    Ok(match campaign.status {
        SimCampaignStatus::Exception => RequestStatus::InternalError,
        // Asked to run when its time was over; one that expired later did what was asked.
        SimCampaignStatus::Expired if campaign.window.is_over(request.created_at) => RequestStatus::Failure,
        SimCampaignStatus::Created => RequestStatus::Open,
        _ => RequestStatus::Success,
    })
}

async fn judge_settled(services: &Services, campaign: SimCampaignId) -> ConnectivityResult<RequestStatus> {
    let Some(found) = services.sims.sim_campaign(campaign).await? else {
        return Ok(RequestStatus::InternalError);
    };
    if matches!(found.value.status, SimCampaignStatus::Process | SimCampaignStatus::Scheduled) {
        // It was resumed since: what was in flight then no longer matters.
        return Ok(RequestStatus::Success);
    }
    let counts = services.sims.campaign_counts(campaign).await?;
    Ok(if counts.in_flight() > 0 { RequestStatus::Open } else { RequestStatus::Success })
}
