//! Agents at the desk: orders about them, and what their phones tell.

use super::notes::Asker;
use super::{Board, phone};
use crate::calls::agents::{Agent, AgentKey, State};
use crate::calls::desk::{Command, Order};
use muster_app::ports::{AgentView, DeskRefusal, LegEvent, LegId, Share};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::client::of_phone_username;
use muster_domain::calls::selection::weighted_order;
use muster_domain::ids::{CallCampaignId, ContactId};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The key by which an agent ends the call with a contact.
const HANG_UP_KEY: char = '*';

impl Board {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Agent { client, uid, order, answer } => {
                let key = (client, uid);
                if let Order::Dial(contact) = order {
                    self.dial(&key, contact, answer);
                    return;
                }
                let result = self.order(&key, order);
                // Whoever asked may have gone.
                let _ = answer.send(result);
            }
            Command::Agents { client, answer } => {
                let views =
                    self.agents.values().filter(|agent| agent.key.0 == client).map(Agent::view).collect();
                let _ = answer.send(views);
            }
            Command::Halt { campaign, cancel_ringing, answer } => {
                self.halt(campaign, cancel_ringing);
                let _ = answer.send(());
            }
        }
    }

    fn halt(&mut self, campaign: CallCampaignId, cancel_ringing: bool) {
        if let Some(running) = self.running.get_mut(&campaign) {
            running.halted = Some(running.loaded.version);
        }
        if !cancel_ringing {
            return;
        }
        let ringing: Vec<_> = self
            .lines
            .iter()
            .filter(|(_, line)| line.call.campaign == campaign && line.is_dialling())
            .map(|(call, _)| *call)
            .collect();
        for call in ringing {
            self.end_line(call, CallOutcome::CancelledRing);
        }
    }

    fn order(&mut self, key: &AgentKey, order: Order) -> Result<AgentView, DeskRefusal> {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        if let Order::LogIn { shares } = order {
            return Ok(self.log_in(key, shares, at));
        }
        let missing = || DeskRefusal::NotLoggedIn(key.1.clone());
        let agent = self.agents.get_mut(key).ok_or_else(missing)?;
        match order {
            Order::Pause(paused) => {
                agent.wants_pause = paused;
                match &mut agent.state {
                    State::Idle if paused => agent.set(State::Paused, now, at),
                    State::Paused if !paused => {
                        agent.rest(now, at);
                        self.freed(key);
                    }
                    State::Wrap { until, .. } if !paused => *until = at,
                    State::Shown { contact, .. } if paused => {
                        let contact = *contact;
                        agent.set(State::Paused, now, at);
                        self.give_back(contact);
                    }
                    _ => {}
                }
            }
            Order::HangUp => match agent.state.clone() {
                State::Talking { call, .. } => self.hang_up_line(call),
                State::Reserved { call: Some(call), .. } => self.end_line(call, CallOutcome::CancelledRing),
                other => {
                    let state = Agent { state: other, ..Agent::new(key.clone(), now, at) }.shown().name();
                    return Err(DeskRefusal::Engaged(key.1.clone(), state));
                }
            },
            Order::LogOut => {
                let view = agent.view();
                self.log_out(key);
                return Ok(view);
            }
            Order::LogIn { .. } | Order::Dial(_) => {}
        }
        self.agents.get(key).map(Agent::view).ok_or_else(missing)
    }

    fn hang_up_line(&self, call: muster_domain::ids::CallId) {
        if let Some(leg) = self.lines.get(&call).and_then(|line| line.leg) {
            self.hang_up(leg);
        }
    }

    fn log_in(&mut self, key: &AgentKey, shares: Vec<Share>, at: Instant) -> AgentView {
        let now = self.shared.services.clock.now();
        let agent = self.agents.entry(key.clone()).or_insert_with(|| Agent::new(key.clone(), now, at));
        agent.shares = shares;
        agent.turn = None;
        let view = agent.view();
        self.draw_turn(key);
        view
    }

    fn log_out(&mut self, key: &AgentKey) {
        let Some(agent) = self.agents.remove(key) else { return };
        match agent.state {
            State::Talking { call, .. } => self.hang_up_line(call),
            State::Reserved { call: Some(call), .. } => {
                if let Some(line) = self.lines.get_mut(&call) {
                    line.reserved = None;
                }
                self.end_line(call, CallOutcome::CancelledRing);
            }
            State::Shown { contact, .. } => self.give_back(contact),
            _ => {}
        }
        if let Some(leg) = agent.leg {
            self.legs.remove(&leg);
            self.hang_up(leg);
        }
    }

    fn dial(&mut self, key: &AgentKey, contact: ContactId, asker: Asker) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        let refusal = match self.agents.get(key) {
            None => Some(DeskRefusal::NotLoggedIn(key.1.clone())),
            Some(agent) => match agent.state {
                State::Idle | State::Paused if agent.connected => None,
                State::Shown { contact: shown, .. } if shown == contact && agent.connected => None,
                _ => Some(DeskRefusal::Engaged(key.1.clone(), agent.shown().name())),
            },
        };
        if let Some(refusal) = refusal {
            let _ = asker.send(Err(refusal));
            return;
        }
        if let Some(agent) = self.agents.get_mut(key) {
            agent.set(State::Reserved { call: None, contact: Some(contact) }, now, at);
        }
        let campaigns: Vec<_> = self.conducted.values().map(Arc::clone).collect();
        let (shared, notes, agent) = (Arc::clone(&self.shared), self.notes.clone(), key.clone());
        tokio::spawn(async move {
            use super::notes::Note;
            use crate::calls::choose::ForAgent;
            let found = match shared.services.calls.contact(contact).await {
                Ok(found) => found.filter(|found| found.value.client == agent.0),
                Err(error) => {
                    let _ = asker.send(Err(DeskRefusal::NotNow(error.to_string())));
                    let _ = notes.send(Note::Unreserved { agent });
                    return;
                }
            };
            let campaign = found.map(|found| found.value.campaign);
            let loaded = campaign.and_then(|id| campaigns.into_iter().find(|loaded| loaded.id() == id));
            let Some(loaded) = loaded else {
                let refusal = campaign.map_or_else(
                    || DeskRefusal::NotNow("there is no such contact".to_owned()),
                    DeskRefusal::NoCampaign,
                );
                let _ = asker.send(Err(refusal));
                let _ = notes.send(Note::Unreserved { agent });
                return;
            };
            let result: muster_app::ports::StoreResult<ForAgent> =
                shared.begin_for(&loaded, contact, &agent.1).await;
            let _ = notes.send(Note::ForAgent { agent, loaded, asker: Some(asker), result });
        });
    }

    /// Draws the campaign whose turn it is with an agent, by the weights.
    pub(super) fn draw_turn(&mut self, key: &AgentKey) {
        let Some(agent) = self.agents.get(key) else { return };
        let shares: Vec<Share> = agent
            .shares
            .iter()
            .filter(|share| {
                self.running.get(&share.campaign).is_none_or(|running| running.waits_for.is_empty())
            })
            .copied()
            .collect();
        let weights: Vec<u32> = shares.iter().map(|share| share.weight.max(1)).collect();
        let order = weighted_order(&weights, || self.shared.random());
        let turn = order.first().map(|place| shares[*place].campaign);
        if let Some(agent) = self.agents.get_mut(key) {
            agent.turn = turn.or(agent.shares.first().map(|share| share.campaign));
        }
    }

    pub(super) fn phone_up(&mut self, username: &str) {
        let Some((client, uid)) = of_phone_username(username) else { return };
        let at = Self::at();
        if let Some(agent) = self.agents.get_mut(&(client, uid.to_owned()))
            && let State::Away { call_at } = &mut agent.state
        {
            *call_at = at;
        }
    }

    pub(super) fn phone_down(&mut self, username: &str) {
        let Some((client, uid)) = of_phone_username(username) else { return };
        if let Some(agent) = self.agents.get_mut(&(client, uid.to_owned())) {
            "the phone is not registered".clone_into(&mut agent.reason);
        }
    }

    pub(super) fn agent_event(&mut self, key: &AgentKey, leg: LegId, event: &LegEvent) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        let Some(agent) = self.agents.get_mut(key).filter(|agent| agent.leg == Some(leg)) else { return };
        match event {
            LegEvent::Answered { late: false } => {
                agent.connected = true;
                if agent.state == State::Calling {
                    agent.rest(now, at);
                    self.freed(key);
                }
            }
            LegEvent::Digit(HANG_UP_KEY) => {
                if let State::Talking { call, .. } = agent.state {
                    self.hang_up_line(call);
                }
            }
            LegEvent::Failed { text, .. } => {
                let reason = format!("the phone did not answer: {text}");
                self.phone_gone(key, leg, reason);
            }
            LegEvent::Ended { .. } => self.phone_gone(key, leg, "the phone hung up".to_owned()),
            _ => {}
        }
    }

    /// The phone's leg is over. A call in progress ends with it; one that is being placed goes on without this agent.
    fn phone_gone(&mut self, key: &AgentKey, leg: LegId, reason: String) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        self.legs.remove(&leg);
        let Some(agent) = self.agents.get_mut(key) else { return };
        agent.leg = None;
        agent.connected = false;
        let state = agent.state.clone();
        match &state {
            // Writing up goes on without the phone.
            State::Wrap { .. } | State::Talking { .. } => {}
            _ => agent.rest(now, at),
        }
        agent.reason = reason;
        match state {
            State::Talking { call, .. } => self.hang_up_line(call),
            State::Reserved { call: Some(call), .. } => {
                if let Some(line) = self.lines.get_mut(&call) {
                    line.reserved = None;
                }
            }
            State::Shown { contact, .. } => self.give_back(contact),
            _ => {}
        }
    }

    /// What is due of agents: phones to be called, contacts that were shown long enough, writing up that is over.
    pub(super) fn agents_due(&mut self, at: Instant) {
        let now = self.shared.services.clock.now();
        let due: Vec<AgentKey> = self
            .agents
            .values()
            .filter(|agent| match &agent.state {
                State::Away { call_at } => *call_at <= at && self.telephony.is_registered(&phone(&agent.key)),
                State::Shown { dial_at, .. } => *dial_at <= at,
                State::Wrap { until, looking, .. } => *until <= at && !looking,
                _ => false,
            })
            .map(|agent| agent.key.clone())
            .collect();
        for key in due {
            let Some(agent) = self.agents.get_mut(&key) else { continue };
            match agent.state.clone() {
                State::Away { .. } => {
                    if !self.stopping {
                        agent.set(State::Calling, now, at);
                        self.call_phone(&key);
                    } else if let State::Away { call_at } = &mut agent.state {
                        *call_at = at + Duration::from_hours(1);
                    }
                }
                State::Shown { campaign, contact, .. } => {
                    agent.set(State::Reserved { call: None, contact: Some(contact) }, now, at);
                    if let Some(loaded) = self.conducted.get(&campaign).cloned() {
                        self.spawn_begin_for(key, loaded, contact, None);
                    } else {
                        agent.rest(now, at);
                        self.give_back(contact);
                    }
                }
                State::Wrap { campaign, contact, talked, .. } => {
                    let wrapped = at.saturating_duration_since(agent.since.1);
                    agent.rest(now, at);
                    if let Some(running) = self.running.get_mut(&campaign) {
                        running.pacer.on_handle_ended(talked.as_millis() as u32, wrapped.as_millis() as u32);
                        let (shared, loaded) = (Arc::clone(&self.shared), Arc::clone(&running.loaded));
                        tokio::spawn(async move {
                            if let Err(error) = shared.miss_result(&loaded, contact).await {
                                // It is found again as left in hand.
                                tracing::warn!(%error, %contact, "a missing result could not be stored");
                            }
                        });
                    }
                    self.freed(&key);
                }
                _ => {}
            }
        }
    }
}
