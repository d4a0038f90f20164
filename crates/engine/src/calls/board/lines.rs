//! What events of a customer's leg lead to.

use super::Board;
use crate::calls::agents::{AgentKey, State};
use crate::calls::line::Stage;
use crate::calls::meters;
use crate::calls::script::{Next, Script};
use muster_app::ports::{CallWrite, Heard, LegEvent, LegId, PlayId};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::pacing::DialEnd;
use muster_domain::ids::CallId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys that are recorded of a call.
const DIGITS_MAX: usize = 64;

impl Board {
    pub(super) fn line_event(&mut self, call: CallId, leg: LegId, at: Instant, event: &LegEvent) {
        let now = self.shared.services.clock.now();
        let Some(line) = self.lines.get_mut(&call) else { return };
        match *event {
            LegEvent::Proceeding => {}
            LegEvent::Alerting => {
                if line.call.ringing_at.is_none() {
                    line.call.ringing_at = Some(now);
                    meters::rang(at.saturating_duration_since(line.began));
                }
            }
            LegEvent::Answered { late: true } => {
                // The driver has ended it; whoever picked up heard nothing.
                line.call.answered_at = Some(now);
                line.answered = Some(at);
                line.stage = Stage::Ending(CallOutcome::LateAnswer);
                let campaign = line.call.campaign;
                if line.needs_agent() {
                    self.resolved(campaign, true);
                }
            }
            LegEvent::Answered { late: false } => self.answered(call, leg, at),
            LegEvent::Digit(digit) => self.digit(call, leg, digit, at),
            LegEvent::Heard(heard) => self.heard(call, leg, heard),
            LegEvent::PlayDone(play) => self.played(call, play),
            LegEvent::Failed { .. } | LegEvent::Ended { .. } => self.over(call, leg, event, at),
        }
    }

    fn answered(&mut self, call: CallId, leg: LegId, at: Instant) {
        let now = self.shared.services.clock.now();
        let Some(line) = self.lines.get_mut(&call) else { return };
        if !line.is_dialling() {
            return;
        }
        line.call.answered_at = Some(now);
        line.answered = Some(at);
        if line.to_end {
            line.stage = Stage::Ending(CallOutcome::LateAnswer);
            return;
        }
        let campaign = line.call.campaign;
        let latency_ms = at.saturating_duration_since(line.began).as_millis() as u32;
        let reserved = line.reserved.clone();
        if !line.needs_agent() {
            line.stage = Stage::Script(Script::new(&line.loaded.campaign.dialling.script));
            self.go_on(call, leg, at);
            return;
        }
        let until = at + line.loaded.gate.connect_limit();
        line.stage = Stage::Offering { until };
        if reserved.is_none() {
            self.dial_ended(campaign, DialEnd::Live { latency_ms });
        }
        self.write(call);
        self.offer(call);
    }

    /// Gives an answered call to the agent it is for, or to whoever has been ready the longest.
    pub(super) fn offer(&mut self, call: CallId) {
        let Some(line) = self.lines.get(&call) else { return };
        let campaign = line.call.campaign;
        let reserved = line.reserved.as_ref().filter(|key| {
            let agent = self.agents.get(*key);
            agent.is_some_and(|agent| {
                agent.connected
                    && matches!(&agent.state, State::Reserved { call: Some(own), .. } if *own == call)
            })
        });
        let free = || {
            self.agents
                .values()
                .filter(|agent| agent.is_free() && agent.works_for(campaign))
                .min_by_key(|agent| agent.since.1)
                .map(|agent| agent.key.clone())
        };
        if let Some(key) = reserved.cloned().or_else(free) {
            self.connect(call, &key);
        }
    }

    /// An agent is ready: whoever has waited longest is connected.
    pub(in crate::calls) fn freed(&mut self, key: &AgentKey) {
        let Some(agent) = self.agents.get(key) else { return };
        if !agent.is_free() {
            return;
        }
        let waiting = self
            .lines
            .iter()
            .filter(|(_, line)| {
                matches!(line.stage, Stage::Offering { .. }) && agent.works_for(line.call.campaign)
            })
            .min_by_key(|(_, line)| line.answered)
            .map(|(call, _)| *call);
        if let Some(call) = waiting {
            self.connect(call, key);
        } else {
            self.draw_turn(key);
        }
    }

    fn connect(&mut self, call: CallId, key: &AgentKey) {
        let at = Self::at();
        let now = self.shared.services.clock.now();
        let (Some(line), Some(agent)) = (self.lines.get_mut(&call), self.agents.get_mut(key)) else { return };
        let (Some(leg), Some(agent_leg)) = (line.leg, agent.leg) else { return };
        let waited = line.answered.map_or(Duration::ZERO, |answered| at.saturating_duration_since(answered));
        meters::connected(waited);
        line.stage = Stage::Connected { agent: key.clone(), since: at };
        line.call.connected_at = Some(now);
        line.call.agent = Some(key.1.clone());
        line.reserved = Some(key.clone());
        let (campaign, contact) = (line.call.campaign, line.call.contact);
        agent.set(State::Talking { call, contact }, now, at);
        let telephony = Arc::clone(&self.telephony);
        tokio::spawn(async move {
            // A leg that is gone tells its end by itself.
            if telephony.bridge(leg, agent_leg).await.is_err() {
                tracing::info!(%call, "a call ended before its agent could be connected");
            }
        });
        self.resolved(campaign, false);
        self.write(call);
    }

    /// Whoever picked up has an agent, or is left without one.
    pub(super) fn resolved(&mut self, campaign: muster_domain::ids::CallCampaignId, abandoned: bool) {
        let now = self.shared.services.clock.now();
        if let Some(running) = self.running.get_mut(&campaign) {
            running.count(abandoned, now);
        }
    }

    /// Stores how far a call is, so that nobody has to guess after a crash.
    fn write(&mut self, call: CallId) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        let (shared, record) = (Arc::clone(&self.shared), line.call.clone());
        let before = line.write.take();
        line.write = Some(tokio::spawn(async move {
            if let Some(before) = before {
                // One that panicked has told so; this one has everything that it had.
                let _ = before.await;
            }
            if let Err(error) = shared.services.calls.commit(vec![CallWrite::Call(Box::new(record))]).await {
                tracing::warn!(%error, %call, "how far a call is could not be stored");
            }
        }));
    }

    /// Goes on with the script of an agentless call.
    pub(super) fn go_on(&mut self, call: CallId, leg: LegId, at: Instant) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        let Stage::Script(script) = &mut line.stage else { return };
        match script.go_on(&line.loaded.prompts, at) {
            Next::Play(prompt) => self.play(call, leg, prompt),
            Next::Wait => {}
            Next::Transfer => {
                line.result = script.result.take().or(line.result.take());
                line.suppress |= script.suppress;
                let until = at + line.loaded.gate.connect_limit();
                line.stage = Stage::Offering { until };
                self.offer(call);
            }
            Next::HangUp => self.hang_up(leg),
        }
    }

    fn digit(&mut self, call: CallId, leg: LegId, digit: char, at: Instant) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        if line.call.digits.len() < DIGITS_MAX {
            line.call.digits.push(digit);
        }
        match &mut line.stage {
            Stage::Script(script) => {
                if script.pressed(digit) {
                    self.stop_playing(leg);
                }
                self.go_on(call, leg, at);
            }
            Stage::Message { .. } if line.loaded.gate.is_opt_out(digit) => {
                line.suppress = true;
                self.hang_up(leg);
            }
            _ => {}
        }
    }

    fn stop_playing(&self, leg: LegId) {
        let telephony = Arc::clone(&self.telephony);
        tokio::spawn(async move {
            // A leg that is gone plays nothing.
            let _ = telephony.stop_playing(leg).await;
        });
    }

    /// The driver says what the voice is taken for.
    fn heard(&mut self, call: CallId, leg: LegId, heard: Heard) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        let outcome = match heard {
            Heard::Human => return,
            Heard::Machine => CallOutcome::Machine,
            Heard::Fax => CallOutcome::Fax,
        };
        let undecided = matches!(line.stage, Stage::Offering { .. } | Stage::Script(_));
        if undecided && line.loaded.listens() {
            line.stage = Stage::Ending(outcome);
            self.hang_up(leg);
        }
    }

    pub(super) fn played(&mut self, call: CallId, play: PlayId) {
        let at = Self::at();
        let Some(line) = self.lines.get_mut(&call) else { return };
        let Some(leg) = line.leg else { return };
        match &mut line.stage {
            Stage::Script(script) => {
                if script.played(play) {
                    self.go_on(call, leg, at);
                } else {
                    line.played_early.push(play);
                }
            }
            Stage::Message { play: Some(own) } if *own == play => self.hang_up(leg),
            Stage::Message { play: None } => line.played_early.push(play),
            _ => {}
        }
    }

    /// No agent became free in time: the message, or without one the end.
    fn abandon(&mut self, call: CallId) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        let Some(leg) = line.leg else { return };
        let campaign = line.call.campaign;
        let message = line.loaded.message().cloned();
        line.stage = Stage::Message { play: None };
        let counts = line.needs_agent();
        if let Some(message) = message {
            self.play(call, leg, message);
        } else {
            tracing::warn!(%campaign, %call, "nobody was free for somebody who answered, and there is no message");
            self.hang_up(leg);
        }
        if counts {
            self.resolved(campaign, true);
        }
    }

    /// Ends a call that was not answered, on somebody's order.
    pub(super) fn end_line(&mut self, call: CallId, outcome: CallOutcome) {
        let Some(line) = self.lines.get_mut(&call) else { return };
        line.cancelled = outcome == CallOutcome::CancelledRing;
        match line.leg {
            Some(leg) => self.hang_up(leg),
            None => line.to_end = true,
        }
    }

    /// A call is over: its end is stored, and whoever talked writes up.
    fn over(&mut self, call: CallId, leg: LegId, event: &LegEvent, at: Instant) {
        self.legs.remove(&leg);
        let Some(mut line) = self.lines.remove(&call) else { return };
        let now = self.shared.services.clock.now();
        let campaign = line.call.campaign;
        let (write, reserved, loaded) = (line.write.take(), line.reserved.clone(), Arc::clone(&line.loaded));
        let needs_agent = line.needs_agent();
        let was_dialling = line.is_dialling();
        let was_offered = matches!(line.stage, Stage::Offering { .. });
        let in_pool = reserved.is_none();
        let (over, stage) = line.over(event, at, now);
        if was_dialling && in_pool && over.call.outcome != Some(CallOutcome::CancelledRing) {
            self.dial_ended(campaign, DialEnd::NotLive);
        }
        if was_offered && needs_agent {
            let abandoned = over.call.outcome.is_some_and(CallOutcome::is_abandoned);
            self.resolved(campaign, abandoned);
        }
        let talked = match stage {
            Stage::Connected { agent, since } => Some((agent, at.saturating_duration_since(since))),
            _ => None,
        };
        let contact = over.call.contact;
        let writer = talked.as_ref().map(|(agent, _)| agent.clone());
        self.store_end(Arc::clone(&loaded), over, writer, write);
        if let Some((key, talked)) = talked {
            self.wrap_up(&key, &loaded, contact, talked, at);
        } else if let Some(key) = reserved
            && let Some(agent) = self.agents.get_mut(&key)
            && matches!(&agent.state, State::Reserved { call: Some(own), .. } if *own == call)
        {
            agent.rest(now, at);
            self.freed(&key);
        }
    }

    fn wrap_up(
        &mut self,
        key: &AgentKey,
        loaded: &Arc<crate::calls::loaded::Loaded>,
        contact: muster_domain::ids::ContactId,
        talked: Duration,
        at: Instant,
    ) {
        let now = self.shared.services.clock.now();
        let Some(agent) = self.agents.get_mut(key) else { return };
        let until = at + Duration::from_secs(u64::from(loaded.campaign.dialling.wrap_s));
        // `looking` until the end is stored: before that the store would say that nothing is awaited.
        agent.set(State::Wrap { campaign: loaded.id(), contact, talked, until, looking: true }, now, at);
    }

    /// What is due by itself.
    pub(super) fn due(&mut self) {
        let at = Self::at();
        let mut abandoned = Vec::new();
        let mut silent = Vec::new();
        for (call, line) in &mut self.lines {
            match &mut line.stage {
                Stage::Offering { until } if *until <= at => abandoned.push(*call),
                Stage::Script(script) if script.is_due(at) => {
                    script.time_out();
                    silent.push((*call, line.leg));
                }
                _ => {}
            }
        }
        for call in abandoned {
            self.abandon(call);
        }
        for (call, leg) in silent {
            if let Some(leg) = leg {
                self.go_on(call, leg, at);
            }
        }
        self.agents_due(at);
    }

    /// Whoever called in: contacts of that number are closed where their campaign says so.
    pub(super) fn incoming(&mut self, caller: String, called: &str) {
        tracing::debug!(called, "somebody called in");
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { shared.called_in(&caller).await });
    }
}
