//! The port to what is going on right now: agents at their desks, and calls that last.

use async_trait::async_trait;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};
use muster_domain::time::UnixMillis;
use std::collections::BTreeMap;

/// A campaign that an agent works for, and its share of the agent's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The campaign.
    pub campaign: CallCampaignId,
    /// Its weight beside the agent's others.
    pub weight: u32,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentState {
    /// Logged in; the phone is not connected.
    Away,
    /// The phone is being called.
    Calling,
    /// Ready for a call.
    Idle,
    /// A contact is shown, or a call is being placed for this agent.
    Reserved,
    /// Talking.
    Talking,
    /// Writing up.
    Wrap,
    /// Resting.
    Paused,
}

impl AgentState {
    /// Its name in the management API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Calling => "calling",
            Self::Idle => "idle",
            Self::Reserved => "reserved",
            Self::Talking => "talking",
            Self::Wrap => "wrap",
            Self::Paused => "paused",
        }
    }
}

/// An agent at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    /// The client account.
    pub client: ClientId,
    /// The agent.
    pub uid: String,
    /// What the agent does.
    pub state: AgentState,
    /// Since when.
    pub since: UnixMillis,
    /// The contact shown, called, or written up.
    pub contact: Option<ContactId>,
    /// The campaigns worked for.
    pub shares: Vec<Share>,
    /// Why the agent rests or is away, for people.
    pub reason: String,
}

/// What a campaign does right now on this node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveCampaign {
    /// Calls that were begun and were not answered yet.
    pub dialling: u32,
    /// Answered calls that wait for an agent.
    pub waiting: u32,
    /// Calls with an agent, or in the script.
    pub talking: u32,
    /// Calls to which the message is played.
    pub message: u32,
    /// Agents by state.
    pub agents: BTreeMap<&'static str, u32>,
    /// Persons who picked up in the policy's tightest window.
    pub live: u64,
    /// Those of them who were left without an agent.
    pub abandoned: u64,
    /// What decided the number of calls last.
    pub paced_by: &'static str,
    /// Why nothing is dialled, for people; empty while something may be.
    pub waits_for: String,
}

/// Why the desk refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefusal {
    /// This node does not place calls.
    #[error("this server places no calls: switch on calls.enabled and give it a trunk")]
    NotDialling,
    /// Nobody of that name may work here.
    #[error("the client account has no agent {0:?}")]
    NoAgent(String),
    /// The agent is not logged in.
    #[error("agent {0:?} is not logged in")]
    NotLoggedIn(String),
    /// The agent is in a call or writing one up.
    #[error("agent {0:?} is {1}")]
    Engaged(String, &'static str),
    /// The campaign is not the client account's, or not active here.
    #[error("campaign {0} does not run here")]
    NoCampaign(CallCampaignId),
    /// The contact cannot be called.
    #[error("the contact cannot be called: {0}")]
    NotNow(String),
    /// The engine did not answer.
    #[error("the dialling engine does not answer")]
    Silent,
}

/// The desk of this node.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Logs an agent in, or changes the campaigns of one who is. The phone is called as soon as it is registered.
    async fn log_in(&self, client: ClientId, uid: &str, shares: Vec<Share>)
    -> Result<AgentView, DeskRefusal>;

    /// Logs an agent out: the phone's leg ends; a call in progress with it.
    async fn log_out(&self, client: ClientId, uid: &str) -> Result<(), DeskRefusal>;

    /// Lets an agent rest after the present call, or be ready again. Being ready ends the writing up.
    async fn pause(&self, client: ClientId, uid: &str, paused: bool) -> Result<AgentView, DeskRefusal>;

    /// Ends the agent's call with the contact; the agent's own leg stays up.
    async fn hang_up(&self, client: ClientId, uid: &str) -> Result<AgentView, DeskRefusal>;

    /// Calls a contact for an agent, who is connected at the answer. Refused with the reason where the rules forbid it now.
    async fn dial(&self, client: ClientId, uid: &str, contact: ContactId) -> Result<AgentView, DeskRefusal>;

    /// The agents at the desk of a client account, by uid.
    async fn agents(&self, client: ClientId) -> Result<Vec<AgentView>, DeskRefusal>;

    /// What a campaign does right now; `None` where this node does not conduct it.
    async fn live(&self, campaign: CallCampaignId) -> Result<Option<LiveCampaign>, DeskRefusal>;

    /// Lets no new call leave for a campaign from now on, whatever its pace; with `cancel_ringing` calls that ring are
    /// cancelled, which is counted as such. The campaign's own record is stopped by the caller.
    async fn emergency_stop(&self, campaign: CallCampaignId, cancel_ringing: bool)
    -> Result<(), DeskRefusal>;
}
