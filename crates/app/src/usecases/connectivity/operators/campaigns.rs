//! SIM campaigns of an organization: made, looked at, planned anew, and led through their life.

use super::super::campaigns::{self, NewCampaign, check_plan};
use super::super::{TRIES, control_campaign};
use super::accounts::account;
use super::{ConnectivityError, ConnectivityResult, Remember, commit, spelled};
use crate::Services;
use crate::ports::{CampaignCounts, Expected, PageOf, Paged, SimRefusal, SimWrite, Versioned};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, OrganizationId, SimCampaignId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::{
    Command, Plan, Runtime, SimCampaign, SimCampaignStatus, WaveCounts, shown_status,
};

/// Makes a campaign of the account. It does nothing until it is started.
pub async fn create_campaign(
    services: &Services,
    account: &Account,
    new: NewCampaign,
    remember: Remember<'_, SimCampaign>,
) -> ConnectivityResult<SimCampaign> {
    let made = campaigns::make(services, account, new).await.map_err(spelled)?;
    commit(services, remember(&made), [campaigns::write(&made)]).await?;
    Ok(made)
}

/// The organization's campaign of that id.
pub async fn campaign(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
) -> ConnectivityResult<Versioned<SimCampaign>> {
    let found = services.sims.sim_campaign(id).await?;
    found.filter(|found| found.value.organization == organization).ok_or(ConnectivityError::CampaignNotFound)
}

/// Campaigns connected to one of the organization's accounts, in order of id.
pub async fn page_campaigns(
    services: &Services,
    organization: OrganizationId,
    id: AccountId,
    page: PageOf,
) -> ConnectivityResult<Paged<SimCampaign>> {
    let account = account(services, organization, id).await?.value;
    Ok(services.sims.page_sim_campaigns(account.id, page).await?)
}

/// Where a campaign stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Cards enrolled.
    pub participants: u64,
    /// How many are shown in which status; statuses that nobody has are left out.
    pub by_status: Vec<(ParticipantStatus, u64)>,
    /// Its waves in order, the last one being everybody behind those of the plan. Before the first start it has none.
    pub waves: Vec<WaveProgress>,
}

/// How far a wave is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaveProgress {
    /// Ordinal of its first card.
    pub from: u64,
    /// How many cards it has.
    pub cards: u64,
    /// Whether its cards may be sent to: it is the present one or lies before it.
    pub is_open: bool,
    /// What has been counted in it.
    pub counts: WaveCounts,
}

/// Where a campaign stands by what has been counted.
pub async fn overview(services: &Services, campaign: &SimCampaign) -> ConnectivityResult<Overview> {
    Ok(Overview::of(campaign, &services.sims.campaign_counts(campaign.id).await?))
}

impl Overview {
    fn of(campaign: &SimCampaign, counts: &CampaignCounts) -> Self {
        let participants = counts.participants();
        let shown = |status| {
            let stored = ParticipantStatus::ALL.into_iter();
            let seen = stored.filter(|stored| shown_status(*stored, campaign.status) == status);
            seen.map(|stored| counts.of(stored)).sum::<u64>()
        };
        let by_status = ParticipantStatus::ALL.into_iter().map(|status| (status, shown(status)));
        let begun = campaign.status != SimCampaignStatus::Created;
        Self {
            participants,
            by_status: by_status.filter(|(_, count)| *count > 0).collect(),
            waves: if begun { waves(&campaign.runtime, counts, participants) } else { Vec::new() },
        }
    }
}

fn waves(runtime: &Runtime, counts: &CampaignCounts, participants: u64) -> Vec<WaveProgress> {
    let ends = runtime.limits.iter().copied().chain([u64::MAX]);
    let mut from = 0;
    let mut waves = Vec::with_capacity(runtime.limits.len() + 1);
    for (index, end) in ends.enumerate() {
        let end = end.min(participants);
        let cards = end.saturating_sub(from);
        // Everybody behind the last wave of the plan: mostly nobody.
        if index < runtime.limits.len() || cards > 0 {
            let counts = counts.waves.get(index).copied().unwrap_or_default();
            waves.push(WaveProgress {
                from,
                cards,
                is_open: index as u64 <= u64::from(runtime.wave),
                counts,
            });
        }
        from = from.max(end);
    }
    waves
}

/// Gives a campaign that does not run another plan. Waves are fixed once it has run; the rest can be changed
/// whenever it is paused. `version` is the one that was read, if it has to be that one.
pub async fn replace_plan(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    version: Option<u64>,
    plan: Plan,
    remember: Remember<'_, Versioned<SimCampaign>>,
) -> ConnectivityResult<Versioned<SimCampaign>> {
    check_plan(&plan)?;
    change(services, organization, id, version, remember, &Change::Plan(plan)).await
}

/// A step in a campaign's life, as operators name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Run it for the first time.
    Start,
    /// Pause it.
    Suspend,
    /// Run it again after a pause.
    Resume,
    /// End it.
    Cancel,
}

impl Step {
    /// Reads its name: `start`, `suspend`, `resume`, `cancel`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "start" => Some(Self::Start),
            "suspend" => Some(Self::Suspend),
            "resume" => Some(Self::Resume),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }

    /// Whether a campaign in that status is where the step leads.
    const fn is_taken(self, status: SimCampaignStatus) -> bool {
        use SimCampaignStatus as S;
        match self {
            Self::Start | Self::Resume => matches!(status, S::Process | S::Scheduled),
            Self::Suspend => matches!(status, S::Suspend),
            Self::Cancel => matches!(status, S::Canceled),
        }
    }

    /// The command that takes the step from that status, if it begins there.
    const fn command(self, status: SimCampaignStatus) -> Option<Command> {
        use SimCampaignStatus as S;
        match (self, status) {
            (Self::Start, S::Created) | (Self::Resume, S::Suspend) => Some(Command::Run),
            (Self::Suspend, _) => Some(Command::Suspend),
            (Self::Cancel, _) => Some(Command::Cancel),
            (Self::Start | Self::Resume, _) => None,
        }
    }
}

/// Takes a step. One that leads where the campaign is already changes nothing. `version` is the one that was read, if
/// it has to be that one.
pub async fn take_step(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    step: Step,
    version: Option<u64>,
    remember: Remember<'_, Versioned<SimCampaign>>,
) -> ConnectivityResult<Versioned<SimCampaign>> {
    change(services, organization, id, version, remember, &Change::Step(step)).await
}

/// What is changed of a campaign.
enum Change {
    Plan(Plan),
    Step(Step),
}

impl Change {
    /// Makes the change; `false` if there is nothing to change.
    async fn apply(&self, services: &Services, campaign: &mut SimCampaign) -> ConnectivityResult<bool> {
        let status = campaign.status;
        match self {
            Self::Plan(plan) => {
                if !matches!(status, SimCampaignStatus::Created | SimCampaignStatus::Suspend) {
                    return Err(ConnectivityError::TransitionNotAllowed(status));
                }
                if status == SimCampaignStatus::Suspend && campaign.plan.waves != plan.waves {
                    let rule = "fixed since the campaign was first started";
                    return Err(ConnectivityError::invalid("plan.waves", rule));
                }
                campaign.plan = plan.clone();
                Ok(true)
            }
            Self::Step(step) if step.is_taken(status) => Ok(false),
            Self::Step(step) => {
                let command = step.command(status).ok_or(ConnectivityError::TransitionNotAllowed(status))?;
                control_campaign::apply(services, campaign, command).await?;
                Ok(true)
            }
        }
    }
}

/// Decides on a campaign as it is now and writes under the condition that it still is; decides anew when somebody
/// else was faster, except where the caller asked for one version.
async fn change(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    version: Option<u64>,
    remember: Remember<'_, Versioned<SimCampaign>>,
    made: &Change,
) -> ConnectivityResult<Versioned<SimCampaign>> {
    for _ in 0..TRIES {
        let mut stored = campaign(services, organization, id).await?;
        if version.is_some_and(|version| version != stored.version) {
            return Err(ConnectivityError::Contended);
        }
        let expected = Expected::Version(stored.version);
        let write = if made.apply(services, &mut stored.value).await? {
            stored.version += 1;
            Some(SimWrite::Campaign { campaign: Box::new(stored.value.clone()), expected })
        } else {
            None
        };
        let reply = remember(&stored).map(SimWrite::Reply);
        let writes: Vec<_> = reply.into_iter().chain(write).collect();
        if writes.is_empty() {
            return Ok(stored);
        }
        match services.sims.write_sims(writes).await {
            Ok(()) => return Ok(stored),
            // The engine moves campaigns too: look again whether this still leads anywhere.
            Err(SimRefusal::Stale { .. }) if version.is_none() => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}
