//! What tasks tell the board when they are done.

use super::{Board, Owner, phone};
use crate::calls::agents::{AgentKey, State};
use crate::calls::choose::{Chosen, ForAgent};
use crate::calls::close::{Closed, Over};
use crate::calls::line::{Begun, Line, Stage};
use crate::calls::loaded::Loaded;
use muster_app::ports::{
    AgentPhone, AgentView, DeskRefusal, LegGone, LegId, Originate, OriginateError, PlayId, Prompt,
    StoreResult,
};
use muster_domain::calls::call::CallOutcome;
use muster_domain::ids::{CallCampaignId, CallId, ContactId};
use muster_domain::participant::ParticipantStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often it is looked whether the result of a call was recorded.
const LOOK: Duration = Duration::from_millis(500);
/// How often the store is asked for an agent's own contacts.
const ASK: Duration = Duration::from_secs(1);

/// How long a call waits for its turn on a trunk, which spaces them evenly.
const TURN_MAX: Duration = Duration::from_secs(2);
const TURN_PAUSE: Duration = Duration::from_millis(20);

/// Where the answer to an operator's order goes.
pub(super) type Asker = oneshot::Sender<Result<AgentView, DeskRefusal>>;

pub(in crate::calls) enum Note {
    /// Contacts were chosen for the pool.
    Chosen { campaign: CallCampaignId, loaded: Arc<Loaded>, result: StoreResult<Chosen> },
    /// A contact was looked for on behalf of an agent.
    ForAgent { agent: AgentKey, loaded: Arc<Loaded>, asker: Option<Asker>, result: StoreResult<ForAgent> },
    /// The contact that an agent asked for cannot be called.
    Unreserved { agent: AgentKey },
    /// The driver took a call, or not.
    Placed { call: CallId, result: Result<LegId, OriginateError> },
    /// The driver calls an agent's phone, or not.
    AgentPlaced { agent: AgentKey, result: Result<LegId, OriginateError> },
    /// A prompt is being played to a call.
    Playing { call: CallId, result: Result<PlayId, LegGone> },
    /// The end of a call is stored.
    Stored { campaign: CallCampaignId, contact: ContactId, agent: Option<AgentKey>, closed: Closed },
    /// Whether a result is still awaited.
    Looked { agent: AgentKey, contact: ContactId, awaited: bool },
}

impl Board {
    pub(super) fn note(&mut self, note: Note) {
        match note {
            Note::Chosen { campaign, loaded, result } => {
                let at = Self::at();
                let chosen = result.unwrap_or_else(|error| {
                    tracing::warn!(%campaign, %error, "no contacts could be chosen; trying again");
                    Chosen { begun: Vec::new(), dry: true }
                });
                self.chosen(campaign, chosen.dry && chosen.begun.is_empty(), at);
                for begun in chosen.begun {
                    self.place(&loaded, begun, None, at);
                }
            }
            Note::ForAgent { agent, loaded, asker, result } => self.found_for(&agent, &loaded, asker, result),
            Note::Unreserved { agent } => self.free_again(&agent),
            Note::Placed { call, result } => self.placed(call, result),
            Note::AgentPlaced { agent, result } => self.agent_placed(&agent, result),
            Note::Playing { call, result } => self.playing(call, result),
            Note::Stored { campaign, contact, agent, closed } => {
                self.closing -= 1;
                self.stored(campaign, contact, agent, closed);
            }
            Note::Looked { agent, contact, awaited } => self.looked(&agent, contact, awaited),
        }
    }

    /// Asks the store for contacts that are nobody's.
    pub(in crate::calls) fn spawn_choose(&self, loaded: &Arc<Loaded>, want: u32) {
        let (shared, notes, loaded) = (Arc::clone(&self.shared), self.notes.clone(), Arc::clone(loaded));
        tokio::spawn(async move {
            let result = shared.choose(&loaded, want).await;
            // The board is gone only when the process ends; then whoever conducts next closes what was begun.
            let _ = notes.send(Note::Chosen { campaign: loaded.id(), loaded, result });
        });
    }

    /// Asks the store for contacts of the agents whose turn it is: with `shown` for the next one of all, otherwise for
    /// those that are bound to the agent.
    pub(in crate::calls) fn ask_for_agents(&mut self, loaded: &Arc<Loaded>, shown: bool, at: Instant) {
        let id = loaded.id();
        let now = self.shared.services.clock.now();
        for agent in self.agents.values_mut() {
            let waited = agent.asked_at.is_none_or(|asked| at.saturating_duration_since(asked) >= ASK);
            let wanted = agent.is_free() && waited && agent.works_for(id);
            // Bound contacts are this agent's whatever campaign's turn it is.
            if !wanted || (shown && agent.turn != Some(id)) {
                continue;
            }
            agent.asked_at = Some(at);
            agent.set(State::Asking, now, at);
            let (shared, notes, loaded) = (Arc::clone(&self.shared), self.notes.clone(), Arc::clone(loaded));
            let key = agent.key.clone();
            tokio::spawn(async move {
                let result = shared.choose_for(&loaded, &key.1, shown, !shown).await;
                let _ = notes.send(Note::ForAgent { agent: key, loaded, asker: None, result });
            });
        }
    }

    /// Begins the call of a certain contact for an agent.
    pub(super) fn spawn_begin_for(
        &self,
        agent: AgentKey,
        loaded: Arc<Loaded>,
        contact: ContactId,
        asker: Option<Asker>,
    ) {
        let (shared, notes) = (Arc::clone(&self.shared), self.notes.clone());
        tokio::spawn(async move {
            let result = shared.begin_for(&loaded, contact, &agent.1).await;
            let _ = notes.send(Note::ForAgent { agent, loaded, asker, result });
        });
    }

    fn found_for(
        &mut self,
        key: &AgentKey,
        loaded: &Arc<Loaded>,
        asker: Option<Asker>,
        result: StoreResult<ForAgent>,
    ) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        let mut refused = None;
        match result {
            Ok(ForAgent::Begun(begun)) => {
                let call = begun.call.id;
                let contact = begun.contact;
                self.place(loaded, *begun, Some(key.clone()), at);
                match self.agents.get_mut(key) {
                    Some(agent)
                        if matches!(
                            agent.state,
                            State::Asking | State::Reserved { .. } | State::Shown { .. }
                        ) =>
                    {
                        agent.set(State::Reserved { call: Some(call), contact: Some(contact) }, now, at);
                    }
                    // The agent left meanwhile: nobody is there for whom it would ring.
                    _ => self.end_line(call, CallOutcome::CancelledRing),
                }
            }
            Ok(ForAgent::Shown(contact)) => {
                let dial_at = at + Duration::from_secs(u64::from(loaded.campaign.preview_s));
                match self.agents.get_mut(key) {
                    Some(agent) if agent.state == State::Asking => {
                        agent.set(State::Shown { campaign: loaded.id(), contact, dial_at }, now, at);
                    }
                    _ => self.give_back(contact),
                }
            }
            Ok(ForAgent::Nobody) => self.free_again(key),
            Ok(ForAgent::PutOff(reason)) => {
                refused = Some(DeskRefusal::NotNow(reason));
                self.free_again(key);
            }
            Err(error) => {
                tracing::warn!(%error, "no contact could be read for an agent");
                refused = Some(DeskRefusal::NotNow("the store cannot be read now".to_owned()));
                self.free_again(key);
            }
        }
        if let Some(asker) = asker {
            let answer = match (refused, self.agents.get(key)) {
                (Some(refusal), _) => Err(refusal),
                (None, Some(agent)) => Ok(agent.view()),
                (None, None) => Err(DeskRefusal::NotLoggedIn(key.1.clone())),
            };
            let _ = asker.send(answer);
        }
    }

    /// The agent has nothing in hand after all.
    fn free_again(&mut self, key: &AgentKey) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        if let Some(agent) = self.agents.get_mut(key)
            && matches!(agent.state, State::Asking | State::Shown { .. } | State::Reserved { call: None, .. })
        {
            agent.rest(now, at);
            self.freed(key);
        }
    }

    /// Gives back a contact that was taken in hand and will not be called now.
    pub(super) fn give_back(&self, contact: ContactId) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { shared.release(contact).await });
    }

    /// A stored call is handed to the driver.
    fn place(&mut self, loaded: &Arc<Loaded>, begun: Begun, reserved: Option<AgentKey>, at: Instant) {
        let call = begun.call;
        let (id, dialling) = (call.id, &loaded.campaign.dialling);
        let request = Originate {
            attempt: call.uuid,
            to: call.number.clone(),
            caller_id: loaded.campaign.shown_number().map(str::to_owned),
            trunks: dialling.trunks.clone(),
            ring_limit: Duration::from_secs(u64::from(loaded.ring_s())),
            setup_limit: self.shared.settings.setup_limit,
            listen: loaded.listens(),
        };
        self.lines.insert(id, Line::new(Arc::clone(loaded), call, reserved, at));
        let (telephony, notes) = (Arc::clone(&self.telephony), self.notes.clone());
        let (shared, campaign) = (Arc::clone(&self.shared), loaded.id());
        tokio::spawn(async move {
            let since = Self::at();
            let result = loop {
                // Who was told that the campaign stands still must not see a call leave after that (I9).
                if !shared.is_active(campaign).await {
                    break Err(OriginateError::Stopping);
                }
                let result = telephony.originate(request.clone()).await;
                let waits = matches!(result, Err(OriginateError::NoCapacity));
                if !waits || Self::at().saturating_duration_since(since) > TURN_MAX {
                    break result;
                }
                tokio::time::sleep(TURN_PAUSE).await;
            };
            let _ = notes.send(Note::Placed { call: id, result });
        });
    }

    fn placed(&mut self, call: CallId, result: Result<LegId, OriginateError>) {
        let Some(line) = self.lines.get_mut(&call) else {
            // Nobody waits for it any more.
            if let Ok(leg) = result {
                self.hang_up(leg);
            }
            return;
        };
        match result {
            Ok(leg) => {
                line.leg = Some(leg);
                let to_end = line.to_end;
                self.adopt(leg, &Owner::Line(call));
                if to_end {
                    self.hang_up(leg);
                }
            }
            Err(error) => {
                line.call.outcome = Some(match error {
                    // No trunk takes such numbers: looked at again later and later, as after a trunk's failure.
                    OriginateError::Refused(_) => CallOutcome::TrunkFailure,
                    _ => CallOutcome::NoCapacity,
                });
                line.call.reason = error.to_string();
                self.never_left(call);
            }
        }
    }

    /// A call that was stored and never left.
    fn never_left(&mut self, call: CallId) {
        let Some(mut line) = self.lines.remove(&call) else { return };
        let now = self.shared.services.clock.now();
        line.call.ended_at = Some(now);
        let agent = line.reserved.take();
        let over = Over { call: line.call, result: None, suppress: false, unsent: true, counts: false };
        if let Some(key) = &agent
            && let Some(agent) = self.agents.get_mut(key)
            && matches!(&agent.state, State::Reserved { call: Some(own), .. } if *own == call)
        {
            agent.rest(now, Self::at());
            self.freed(key);
        }
        self.store_end(line.loaded, over, None, line.write);
    }

    /// Plays a prompt to a call.
    pub(super) fn play(&self, call: CallId, leg: LegId, prompt: Arc<Prompt>) {
        let (telephony, notes) = (Arc::clone(&self.telephony), self.notes.clone());
        tokio::spawn(async move {
            let result = telephony.play(leg, prompt).await;
            let _ = notes.send(Note::Playing { call, result });
        });
    }

    fn playing(&mut self, call: CallId, result: Result<PlayId, LegGone>) {
        // Where the leg is gone its end is on its way.
        let (Some(line), Ok(play)) = (self.lines.get_mut(&call), result) else { return };
        match &mut line.stage {
            Stage::Script(script) => script.plays(play),
            Stage::Message { play: slot } => *slot = Some(play),
            _ => {}
        }
        let early: Vec<PlayId> = std::mem::take(&mut line.played_early);
        if early.contains(&play) {
            self.played(call, play);
        }
    }

    /// Stores the end of a call, after whatever is still being written about it.
    pub(super) fn store_end(
        &mut self,
        loaded: Arc<Loaded>,
        over: Over,
        agent: Option<AgentKey>,
        before: Option<tokio::task::JoinHandle<()>>,
    ) {
        self.closing += 1;
        if let Some(outcome) = over.call.outcome {
            crate::calls::meters::ended(outcome);
        }
        let (shared, notes) = (Arc::clone(&self.shared), self.notes.clone());
        tokio::spawn(async move {
            if let Some(before) = before {
                // A write that panicked has told so; the end is stored all the same.
                let _ = before.await;
            }
            let closed = shared.close(&loaded, &over).await;
            let (campaign, contact) = (over.call.campaign, over.call.contact);
            let _ = notes.send(Note::Stored { campaign, contact, agent, closed });
        });
    }

    fn stored(
        &mut self,
        campaign: CallCampaignId,
        contact: ContactId,
        agent: Option<AgentKey>,
        closed: Closed,
    ) {
        let Some(key) = agent else { return };
        let wrap = self.running.get(&campaign).map_or(Duration::ZERO, |running| {
            Duration::from_secs(u64::from(running.loaded.campaign.dialling.wrap_s))
        });
        let at = Self::at();
        let Some(agent) = self.agents.get_mut(&key) else { return };
        let State::Wrap { contact: own, until, looking, .. } = &mut agent.state else { return };
        if *own != contact {
            return;
        }
        // The end was being stored; from here on it is looked whether the result has come.
        *looking = false;
        if closed == Closed::Done || wrap.is_zero() {
            *until = at;
        }
    }

    /// Looks whether results of agents who write up have been recorded.
    pub(super) fn look_at_wraps(&mut self, at: Instant) {
        for agent in self.agents.values_mut() {
            let waited = agent.asked_at.is_none_or(|asked| at.saturating_duration_since(asked) >= LOOK);
            let State::Wrap { contact, looking, .. } = &mut agent.state else { continue };
            if *looking || !waited {
                continue;
            }
            agent.asked_at = Some(at);
            *looking = true;
            let (shared, notes) = (Arc::clone(&self.shared), self.notes.clone());
            let (key, contact) = (agent.key.clone(), *contact);
            tokio::spawn(async move {
                let awaited = shared.awaits_result(contact).await;
                let _ = notes.send(Note::Looked { agent: key, contact, awaited });
            });
        }
    }

    fn looked(&mut self, key: &AgentKey, contact: ContactId, awaited: bool) {
        let at = Self::at();
        if let Some(agent) = self.agents.get_mut(key)
            && let State::Wrap { contact: own, until, looking, .. } = &mut agent.state
            && *own == contact
        {
            *looking = false;
            if !awaited {
                *until = at;
            }
        }
    }

    /// Calls an agent's phone.
    pub(super) fn call_phone(&self, key: &AgentKey) {
        let (telephony, notes) = (Arc::clone(&self.telephony), self.notes.clone());
        let request = AgentPhone { username: phone(key), ring_limit: self.shared.settings.agent_ring };
        let agent = key.clone();
        tokio::spawn(async move {
            let result = telephony.call_agent(request).await;
            let _ = notes.send(Note::AgentPlaced { agent, result });
        });
    }

    fn agent_placed(&mut self, key: &AgentKey, result: Result<LegId, OriginateError>) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        match (self.agents.get_mut(key), result) {
            (Some(agent), Ok(leg)) if agent.leg.is_none() => {
                agent.leg = Some(leg);
                self.adopt(leg, &Owner::Agent(key.clone()));
            }
            (_, Ok(leg)) => self.hang_up(leg),
            (Some(agent), Err(error)) => {
                agent.rest(now, at);
                agent.reason = error.to_string();
            }
            (None, Err(_)) => {}
        }
    }
}

impl crate::calls::Shared {
    /// Whether a campaign is active, as the store says now; not where it cannot be asked.
    async fn is_active(&self, campaign: CallCampaignId) -> bool {
        match self.services.calls.campaign(campaign).await {
            Ok(found) => found.is_some_and(|found| found.value.active),
            Err(error) => {
                tracing::warn!(%error, %campaign, "a call is not placed: the store cannot be asked");
                false
            }
        }
    }

    async fn awaits_result(&self, contact: ContactId) -> bool {
        match self.services.calls.contact(contact).await {
            Ok(found) => found.is_some_and(|found| found.value.status == ParticipantStatus::Wait),
            Err(error) => {
                tracing::warn!(%error, "a contact whose result is awaited could not be read");
                true
            }
        }
    }
}
