//! SIM campaigns: made, read, and connected to further accounts.

use super::{
    ConnectivityError, ConnectivityResult, DESCRIPTION_MAX_CHARS, check_length, check_name, request_status,
    templates,
};
use crate::Services;
use crate::ports::{Expected, PageOf, Paged, Sequence, SimWrite, Versioned};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::{AccountId, SimCampaignId, TemplateId};
use muster_domain::sim_campaign::{
    DEFAULT_MAX_RETRIES, DEFAULT_WINDOW_S, MAX_RETRIES_MAX, Plan, Runtime, SimCampaign, SimCampaignStatus,
};
use muster_domain::time::{UnixMillis, Window};

/// A campaign to be made.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// Display name.
    pub name: String,
    /// Optional description.
    pub description: String,
    /// What is done to each card.
    pub template: TemplateId,
    /// Beginning of the window; now if it is not given.
    pub starts_at: Option<UnixMillis>,
    /// End of the window; a day after its beginning if it is not given.
    pub ends_at: Option<UnixMillis>,
    /// Sends after the first; three if it is not given.
    pub max_retries: Option<u32>,
    /// How it goes about it.
    pub plan: Plan,
}

/// Makes a campaign of the account and connects it to it. It does nothing until it is asked to run.
pub async fn create_campaign(
    services: &Services,
    account: &Account,
    new: NewCampaign,
) -> ConnectivityResult<(SimCampaign, Request)> {
    let campaign = make(services, account, new).await?;
    let request = request_status::accept(services, account.id, RequestOutcome::Done, 1);
    services.sims.write_sims(vec![write(&campaign), SimWrite::Request(request.clone())]).await?;
    Ok((campaign, request))
}

/// The write that adds a campaign.
pub(super) fn write(campaign: &SimCampaign) -> SimWrite {
    SimWrite::Campaign { campaign: Box::new(campaign.clone()), expected: Expected::Absent }
}

/// Checks a campaign and makes it ready to be stored.
pub(super) async fn make(
    services: &Services,
    account: &Account,
    new: NewCampaign,
) -> ConnectivityResult<SimCampaign> {
    check_name("name", &new.name)?;
    check_length("description", &new.description, DESCRIPTION_MAX_CHARS)?;
    let now = services.clock.now();
    let starts_at = new.starts_at.unwrap_or(now);
    let window = Window {
        starts_at,
        ends_at: new.ends_at.unwrap_or_else(|| starts_at.plus_seconds(DEFAULT_WINDOW_S)),
    };
    if window.ends_at <= window.starts_at {
        return Err(ConnectivityError::invalid("effectiveEnd", "later than effectiveStart"));
    }
    if window.ends_at > UnixMillis::MAX_WIRE {
        return Err(ConnectivityError::invalid("effectiveEnd", "not later than the year 9999"));
    }
    let max_retries = new.max_retries.unwrap_or(DEFAULT_MAX_RETRIES);
    if max_retries > MAX_RETRIES_MAX {
        return Err(ConnectivityError::invalid("maxRetries", format!("0 to {MAX_RETRIES_MAX}")));
    }
    check_plan(&new.plan)?;
    templates::template(services, account, new.template).await?;
    Ok(SimCampaign {
        id: SimCampaignId(services.sims.next_number(Sequence::SimCampaign).await?),
        organization: account.organization,
        account: account.id,
        name: new.name,
        description: new.description,
        template: new.template,
        status: SimCampaignStatus::Created,
        reason: String::new(),
        created_at: now,
        status_changed_at: now,
        window,
        max_retries,
        plan: new.plan,
        runtime: Runtime::default(),
    })
}

pub(super) fn check_plan(plan: &Plan) -> ConnectivityResult<()> {
    plan.validate().map_err(|error| {
        let place = format!("plan.{}", error.place);
        ConnectivityError::invalid(place, error.rule)
    })
}

/// Campaigns connected to the account.
pub async fn page_campaigns(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<SimCampaign>> {
    Ok(services.sims.page_sim_campaigns(account.id, page).await?)
}

/// The campaign of that id, if it is connected to the account.
pub async fn campaign(
    services: &Services,
    account: AccountId,
    id: SimCampaignId,
) -> ConnectivityResult<Versioned<SimCampaign>> {
    // The campaign first: most ids that somebody asks for without a right to them do not exist at all.
    let found = services.sims.sim_campaign(id).await?.ok_or(ConnectivityError::CampaignNotFound)?;
    if found.value.account == account || services.sims.is_connected(id, account).await? {
        Ok(found)
    } else {
        Err(ConnectivityError::CampaignNotFound)
    }
}

/// The account's campaign of that id, to be changed: one that was made by another account is only looked at.
pub(super) async fn campaign_to_change(
    services: &Services,
    account: AccountId,
    id: SimCampaignId,
) -> ConnectivityResult<Versioned<SimCampaign>> {
    let found = campaign(services, account, id).await?;
    if found.value.account == account {
        Ok(found)
    } else {
        Err(ConnectivityError::NotPermitted("the campaign belongs to another customer"))
    }
}

/// Connects a campaign of `owner` to a direct sub-account, which sees all of its participants from then on.
pub async fn connect_campaign(
    services: &Services,
    owner: &Account,
    id: SimCampaignId,
    sub_account: &Account,
) -> ConnectivityResult<Request> {
    if sub_account.parent != Some(owner.id) {
        return Err(ConnectivityError::NotPermitted("a campaign is connected to direct sub-customers"));
    }
    campaign_to_change(services, owner.id, id).await?;
    let request = request_status::accept(services, owner.id, RequestOutcome::Done, 1);
    let connect = SimWrite::Connect { campaign: id, account: sub_account.id };
    services.sims.write_sims(vec![connect, SimWrite::Request(request.clone())]).await?;
    Ok(request)
}
