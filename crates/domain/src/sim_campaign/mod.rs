//! SIM campaigns: one template, many cards, a window, and a plan for going about it.
//!
//! What a participant's stored status means to a reader depends on its campaign ([`shown_status`]): pausing,
//! cancelling or expiring a campaign of two million cards changes one row.

mod hours;
mod life_cycle;
mod plan;

pub use hours::{HoursError, SendHours, Zone};
pub use life_cycle::{Command, NotAllowed, SimCampaignStatus, tick};
pub use plan::{Backoff, Plan, PlanError, Runtime, Thresholds, Verdict, Wave, WaveCounts, WaveEnd};

use crate::ids::{AccountId, OrganizationId, SimCampaignId, TemplateId};
use crate::participant::ParticipantStatus;
use crate::time::{UnixMillis, Window};
use serde::{Deserialize, Serialize};

/// Sends after the first, where a creator says nothing.
pub const DEFAULT_MAX_RETRIES: u32 = 3;
/// Length of the window where a creator says nothing.
pub const DEFAULT_WINDOW_S: i64 = 24 * 3600;
/// Most sends after the first that may be asked for.
pub const MAX_RETRIES_MAX: u32 = 10;

/// The message of a participant that its campaign's end overtook.
pub const EXPIRED_MESSAGE: &str = "Campaign expired";

/// A campaign that changes SIM cards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimCampaign {
    /// `id` on the wire.
    pub id: SimCampaignId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The account that made it. Only its cards, and those of its direct sub-accounts, can take part.
    pub account: AccountId,
    /// Display name; need not be unique.
    pub name: String,
    /// Optional description.
    pub description: String,
    /// What is done to each card.
    pub template: TemplateId,
    /// Where it is in its life.
    pub status: SimCampaignStatus,
    /// Why it is where it is, in words for operators: which threshold paused it, what made it fail. Empty otherwise.
    pub reason: String,
    /// When it was made (`timestamp` on the wire).
    pub created_at: UnixMillis,
    /// When its status last changed.
    pub status_changed_at: UnixMillis,
    /// `effectiveStart` and `effectiveEnd`.
    pub window: Window,
    /// Sends after the first, at most [`MAX_RETRIES_MAX`].
    pub max_retries: u32,
    /// How it goes about it.
    pub plan: Plan,
    /// How far it is with its plan.
    pub runtime: Runtime,
}

/// What a participant's status is to a reader: the stored one seen through its campaign's.
pub const fn shown_status(stored: ParticipantStatus, campaign: SimCampaignStatus) -> ParticipantStatus {
    use ParticipantStatus as P;
    use SimCampaignStatus as C;
    match (stored, campaign) {
        (P::Pending | P::Retry, C::Suspend) => P::Suspended,
        (P::Pending | P::Retry | P::Suspended, C::Canceled | C::Expired) => P::Canceled,
        (P::Progress | P::Wait, C::Canceled) => P::Canceling,
        (P::Pending | P::Retry | P::Suspended | P::Progress | P::Wait | P::Canceling, C::Exception) => {
            P::Exception
        }
        _ => stored,
    }
}
