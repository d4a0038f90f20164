//! Agents at their desks.

use crate::document::rfc3339;
use muster_app::ports::AgentView;
use serde::Serialize;
use utoipa::ToSchema;

/// An agent who is logged in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AgentAtDesk)]
pub(crate) struct AgentAtDeskOutput {
    /// The agent.
    uid: String,
    /// `away` (the phone is not connected), `calling` (it is being called), `idle`, `reserved`, `talking`, `wrap`
    /// (writing up) or `paused`.
    state: &'static str,
    /// Since when.
    since: String,
    /// The contact shown, called or written up.
    contact: Option<i64>,
    /// The campaigns worked for.
    campaigns: Vec<ShareOutput>,
    /// Why the agent rests or is away, for people.
    reason: String,
}

/// A campaign that an agent works for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AgentShare)]
struct ShareOutput {
    /// The call campaign.
    campaign: i64,
    /// Its weight beside the agent's others.
    weight: u32,
}

impl AgentAtDeskOutput {
    /// The agent as the desk sees it.
    pub(crate) fn of(view: &AgentView) -> Self {
        let share = |share: &muster_app::ports::Share| ShareOutput {
            campaign: share.campaign.0,
            weight: share.weight,
        };
        Self {
            uid: view.uid.clone(),
            state: view.state.name(),
            since: rfc3339(view.since),
            contact: view.contact.map(|contact| contact.0),
            campaigns: view.shares.iter().map(share).collect(),
            reason: view.reason.clone(),
        }
    }
}
