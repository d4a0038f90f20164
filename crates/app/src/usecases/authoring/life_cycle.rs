//! The life of a campaign, one named step at a time.

use super::{AuthoringError, AuthoringResult, Remember, Versioned, campaigns};
use crate::Services;
use muster_domain::campaign::{Campaign, CampaignStatus};
use muster_domain::ids::{CampaignId, OrganizationId};

/// A step in a campaign's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Hands a draft to those who approve.
    Submit,
    /// Takes it back to be written on.
    Withdraw,
    /// Makes it live; messages not yet launched become active.
    Launch,
    /// Stops it for now.
    Pause,
    /// Goes on after a pause.
    Resume,
    /// Ends it for good.
    Complete,
}

impl Step {
    /// The steps with their names on the wire.
    pub const ALL: [(&'static str, Self); 6] = [
        ("submit", Self::Submit),
        ("withdraw", Self::Withdraw),
        ("launch", Self::Launch),
        ("pause", Self::Pause),
        ("resume", Self::Resume),
        ("complete", Self::Complete),
    ];

    /// Reads the wire's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, step)| step)
    }

    /// Where it leads.
    pub const fn target(self) -> CampaignStatus {
        match self {
            Self::Submit => CampaignStatus::InReview,
            Self::Withdraw => CampaignStatus::Draft,
            Self::Launch | Self::Resume => CampaignStatus::Live,
            Self::Pause => CampaignStatus::Paused,
            Self::Complete => CampaignStatus::Completed,
        }
    }

    /// Whether it can be taken from there; where it leads already, it changes nothing.
    pub fn starts_at(self, status: CampaignStatus) -> bool {
        use CampaignStatus::{Draft, InReview, Live, Paused};
        status == self.target()
            || match self {
                Self::Submit => status == Draft,
                Self::Withdraw => status == InReview,
                Self::Launch => matches!(status, Draft | InReview),
                Self::Pause => status == Live,
                Self::Resume => status == Paused,
                Self::Complete => true,
            }
    }
}

/// Takes the step. Where it leads already, nothing is written; a run window that has passed cannot be launched
/// into.
pub async fn take(
    services: &Services,
    organization: OrganizationId,
    id: CampaignId,
    step: Step,
    version: Option<u64>,
    remember: Remember<'_, Versioned<Campaign>>,
) -> AuthoringResult<Versioned<Campaign>> {
    let now = services.clock.now();
    let snapshot = super::current(services, organization).await?;
    let entry = snapshot.campaign(id).ok_or(crate::AppError::CampaignNotFound)?;
    if entry.campaign.status == step.target() && version.is_none_or(|known| known == entry.version) {
        return Ok(Versioned { value: Campaign::clone(&entry.campaign), version: entry.version });
    }
    campaigns::alter(services, organization, id, version, remember, |stored| {
        if !step.starts_at(stored.status) {
            return Err(AuthoringError::Transition { from: stored.status, to: step.target() });
        }
        if step.target() == CampaignStatus::Live
            && stored.status != CampaignStatus::Live
            && stored.window.is_over(now)
        {
            return Err(AuthoringError::Conflict(
                "the campaign's run window has passed: change its dates before it goes live".to_owned(),
            ));
        }
        let mut campaign = stored.clone();
        campaign.status = step.target();
        Ok(campaign)
    })
    .await
}
