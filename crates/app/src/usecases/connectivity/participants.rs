//! Participants as readers see them: through their campaign.

use super::{ConnectivityError, ConnectivityResult, Requestor, SimIdentifier, campaigns, sims};
use crate::Services;
use crate::ports::{PageOf, Paged, ParticipantRow};
use futures_util::{StreamExt, TryStreamExt, stream};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, ParticipantId, SimCampaignId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::Iccid;
use muster_domain::sim_campaign::{EXPIRED_MESSAGE, SimCampaign, SimCampaignStatus, shown_status};
use muster_domain::time::UnixMillis;

/// How many campaigns of one page are read at once.
const CAMPAIGNS_AT_ONCE: usize = 8;
/// Accounts above a SIM's own that are looked at; no tree of customers is as deep.
const LEVELS_MAX: usize = 16;

/// A participant as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: ParticipantId,
    /// Its campaign.
    pub campaign: SimCampaignId,
    /// The card.
    pub iccid: Iccid,
    /// Its status, seen through its campaign's.
    pub status: ParticipantStatus,
    /// Sends so far.
    pub attempt: u32,
    /// Result code of the last message.
    pub code: String,
    /// Result line of the last message, or that the campaign expired.
    pub message: String,
    /// When what is shown last changed, by itself or with the campaign.
    pub changed_at: UnixMillis,
}

impl Shown {
    fn new(row: ParticipantRow, campaign: &SimCampaign) -> Self {
        let status = shown_status(row.status, campaign.status);
        let by_campaign = status != row.status;
        let message = if by_campaign && campaign.status == SimCampaignStatus::Expired {
            EXPIRED_MESSAGE.to_owned()
        } else {
            row.message
        };
        let changed_at =
            if by_campaign { row.updated_at.max(campaign.status_changed_at) } else { row.updated_at };
        Self {
            id: row.id,
            campaign: row.campaign,
            iccid: row.iccid,
            status,
            attempt: row.attempt,
            code: row.code,
            message,
            changed_at,
        }
    }
}

/// Participants of a campaign that is connected to the account.
pub async fn page_participants(
    services: &Services,
    account: &Account,
    campaign: SimCampaignId,
    page: PageOf,
) -> ConnectivityResult<Paged<Shown>> {
    let campaign = campaigns::campaign(services, account.id, campaign).await?.value;
    let rows = services.sims.page_participants(campaign.id, page).await?;
    let shown = rows.rows.into_iter().map(|row| Shown::new(row, &campaign)).collect();
    Ok(Paged { rows: shown, total: rows.total })
}

/// In what campaigns a SIM takes part, or how it does in one of them. The SIM may sit at any level below the
/// requestor (connectivity contract §4.7).
pub async fn sim_participations(
    services: &Services,
    requestor: &Requestor,
    name: &SimIdentifier,
    campaign: Option<SimCampaignId>,
    page: PageOf,
) -> ConnectivityResult<Paged<Shown>> {
    let found = sims::look_up(services, std::slice::from_ref(name)).await?;
    let sim = found.into_iter().next().flatten().ok_or(ConnectivityError::SimNotFound)?.value;
    if !is_below(services, requestor.account.id, sim.account).await? {
        return Err(ConnectivityError::SimNotFound);
    }
    let rows = services.sims.participations(sim.number, campaign, page).await?;
    if campaign.is_some() && rows.total == 0 {
        return Err(ConnectivityError::CampaignNotFound);
    }
    let shown = stream::iter(rows.rows)
        .map(async |row| match services.sims.sim_campaign(row.campaign).await {
            Ok(Some(campaign)) => Ok(Shown::new(row, &campaign.value)),
            Ok(None) => Err(ConnectivityError::CampaignNotFound),
            Err(error) => Err(error.into()),
        })
        .buffered(CAMPAIGNS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(Paged { rows: shown, total: rows.total })
}

/// Whether `account` is `top` or lies anywhere below it.
async fn is_below(services: &Services, top: AccountId, account: AccountId) -> ConnectivityResult<bool> {
    let mut at = account;
    for _ in 0..LEVELS_MAX {
        if at == top {
            return Ok(true);
        }
        let Some(parent) = services.sims.account(at).await?.and_then(|found| found.value.parent) else {
            return Ok(false);
        };
        at = parent;
    }
    Ok(false)
}
