//! The agents at the desk.

use muster_app::ports::{AgentState, AgentView, LegId, Share};
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId};
use muster_domain::time::UnixMillis;
use std::time::{Duration, Instant};

/// A client account and a uid.
pub(super) type AgentKey = (ClientId, String);

/// Pause before a phone is called again that did not answer or hung up.
const CALL_AGAIN: Duration = Duration::from_secs(3);

/// What an agent does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// The phone is not connected; it is called at `call_at`, once it is registered.
    Away { call_at: Instant },
    /// The phone is being called.
    Calling,
    /// Ready.
    Idle,
    /// Ready, and the store is being asked for a contact that is this agent's.
    Asking,
    /// A contact is shown; it is called at `dial_at`.
    Shown { campaign: CallCampaignId, contact: ContactId, dial_at: Instant },
    /// A call is being placed for this agent.
    Reserved { call: Option<CallId>, contact: Option<ContactId> },
    /// Talking.
    Talking { call: CallId, contact: ContactId },
    /// Writing up, until `until`.
    Wrap { campaign: CallCampaignId, contact: ContactId, talked: Duration, until: Instant, looking: bool },
    /// Resting.
    Paused,
}

/// An agent at the desk.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) key: AgentKey,
    pub(super) shares: Vec<Share>,
    pub(super) state: State,
    /// The phone's leg.
    pub(super) leg: Option<LegId>,
    /// Whether the phone has answered.
    pub(super) connected: bool,
    /// Since when, for people and for measuring.
    pub(super) since: (UnixMillis, Instant),
    /// Rest after this call.
    pub(super) wants_pause: bool,
    pub(super) reason: String,
    /// The campaign whose turn it is with this agent.
    pub(super) turn: Option<CallCampaignId>,
    /// When the store was last asked for a contact that is this agent's.
    pub(super) asked_at: Option<Instant>,
}

impl Agent {
    pub(super) fn new(key: AgentKey, now: UnixMillis, at: Instant) -> Self {
        Self {
            key,
            shares: Vec::new(),
            state: State::Away { call_at: at },
            leg: None,
            connected: false,
            since: (now, at),
            wants_pause: false,
            reason: "the phone is not connected".to_owned(),
            turn: None,
            asked_at: None,
        }
    }

    /// Passes to another state.
    pub(super) fn set(&mut self, state: State, now: UnixMillis, at: Instant) {
        self.state = state;
        self.since = (now, at);
    }

    /// What the agent does when nothing is left to do: ready, resting, or away.
    pub(super) fn rest(&mut self, now: UnixMillis, at: Instant) {
        let state = if !self.connected {
            "the phone is not connected".clone_into(&mut self.reason);
            State::Away { call_at: at + CALL_AGAIN }
        } else if self.wants_pause {
            State::Paused
        } else {
            self.reason.clear();
            State::Idle
        };
        self.set(state, now, at);
    }

    /// Whether a call may be given to this agent now.
    pub(super) fn is_free(&self) -> bool {
        self.state == State::Idle && self.connected
    }

    pub(super) fn works_for(&self, campaign: CallCampaignId) -> bool {
        self.shares.iter().any(|share| share.campaign == campaign)
    }

    /// The contact at hand.
    pub(super) fn contact(&self) -> Option<ContactId> {
        match &self.state {
            State::Shown { contact, .. } | State::Talking { contact, .. } | State::Wrap { contact, .. } => {
                Some(*contact)
            }
            State::Reserved { contact, .. } => *contact,
            _ => None,
        }
    }

    pub(super) fn view(&self) -> AgentView {
        AgentView {
            client: self.key.0,
            uid: self.key.1.clone(),
            state: self.shown(),
            since: self.since.0,
            contact: self.contact(),
            shares: self.shares.clone(),
            reason: self.reason.clone(),
        }
    }

    pub(super) fn shown(&self) -> AgentState {
        match self.state {
            State::Away { .. } => AgentState::Away,
            State::Calling => AgentState::Calling,
            State::Idle | State::Asking => AgentState::Idle,
            State::Shown { .. } | State::Reserved { .. } => AgentState::Reserved,
            State::Talking { .. } => AgentState::Talking,
            State::Wrap { .. } => AgentState::Wrap,
            State::Paused => AgentState::Paused,
        }
    }
}
