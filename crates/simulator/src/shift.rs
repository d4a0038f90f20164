//! One shift, event by event.

mod agents;
mod dials;
mod statistics;

use crate::policy::Policy;
use crate::queue::{EventQueue, Millis};
use crate::random::Random;
use crate::report::ShiftReport;
use crate::scenario::{Change, Scenario};
use agents::{AgentEvent, Floor};
use dials::{CallId, Ending, InFlight};
use muster_domain::calls::pacing::{DialEnd, LedgerWindow, Snapshot};
use statistics::Statistics;
use std::collections::VecDeque;

/// How long the message to somebody without an agent holds a line.
const MESSAGE_MS: Millis = 5_000;
/// How long agents need to be back after a restart.
const BACK_AFTER_RESTART_MS: Millis = 60_000;

#[derive(Debug, Clone, Copy)]
enum Event {
    Decide,
    CallEnds(CallId, Ending),
    /// A person whose call was held for detection is offered to the agents.
    Offered(CallId, Millis),
    GivesUp(CallId),
    MessageOver,
    Agent(AgentEvent),
    Changes(Change),
    AgentsBack(u32),
}

/// Simulates the scenario under the policy. The same arguments give the same report.
pub fn run_shift(scenario: &Scenario, policy: &mut dyn Policy, seed: u64) -> ShiftReport {
    let mut shift = Shift::new(scenario, policy, seed);
    shift.run();
    let seconds = shift.now as f64 / 1000.0;
    let finished = (shift.contacts == 0).then_some(seconds);
    shift.statistics.report(scenario.pacing.cap, finished)
}

struct Shift<'a> {
    scenario: &'a Scenario,
    policy: &'a mut dyn Policy,
    random: Random,
    queue: EventQueue<Event>,
    now: Millis,
    floor: Floor,
    in_flight: InFlight,
    /// Answered calls without an agent, oldest first.
    waiting: VecDeque<CallId>,
    messages: u32,
    /// People held for detection.
    held: u32,
    contacts: u64,
    answer_rate: f64,
    tokens: f64,
    tick: Millis,
    statistics: Statistics,
    ages: Vec<u32>,
    busy: Vec<muster_domain::calls::pacing::Busy>,
}

impl<'a> Shift<'a> {
    fn new(scenario: &'a Scenario, policy: &'a mut dyn Policy, seed: u64) -> Self {
        // Small teams are decided for at every event, large ones by the clock alone.
        let tick = if scenario.agents > 20 { 400 } else { 500 };
        let mut queue = EventQueue::new();
        queue.add(0, Event::Decide);
        for (at_s, change) in &scenario.changes {
            queue.add(millis(*at_s), Event::Changes(*change));
        }
        Self {
            scenario,
            policy,
            random: Random::seeded(seed),
            queue,
            now: 0,
            floor: Floor::new(scenario.agents),
            in_flight: InFlight::default(),
            waiting: VecDeque::new(),
            messages: 0,
            held: 0,
            contacts: scenario.contacts,
            answer_rate: scenario.callers.answer_rate,
            tokens: 0.0,
            tick,
            statistics: Statistics::new(millis(scenario.warm_up_s)),
            ages: Vec::new(),
            busy: Vec::new(),
        }
    }

    fn run(&mut self) {
        let end = millis(self.scenario.shift_s);
        while let Some((at, event)) = self.queue.next_before(end) {
            self.advance(at);
            let by_the_clock = matches!(event, Event::Decide);
            self.happens(event);
            if by_the_clock {
                self.queue.add(at + self.tick, Event::Decide);
            }
            if by_the_clock || self.scenario.agents <= 20 {
                self.decide();
            }
            if self.contacts == 0 && self.is_quiet() {
                return;
            }
        }
        self.advance(end);
    }

    fn is_quiet(&self) -> bool {
        self.in_flight.is_empty() && self.waiting.is_empty() && self.held == 0 && self.floor.is_quiet()
    }

    fn advance(&mut self, to: Millis) {
        self.statistics.passes(self.now, to, &self.floor);
        let rate = self.scenario.calls_per_s;
        if rate.is_finite() {
            let burst = (rate * self.tick as f64 / 1000.0).max(1.0);
            self.tokens = (self.tokens + rate * (to - self.now) as f64 / 1000.0).min(burst);
        }
        self.now = to;
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Decide => {}
            Event::CallEnds(call, ending) => {
                if let Some(placed_at) = self.in_flight.take(call) {
                    self.call_ends(call, placed_at, ending);
                }
            }
            Event::Offered(call, answered_at) => {
                if self.held > 0 {
                    self.held -= 1;
                    self.offer(call, answered_at);
                }
            }
            Event::GivesUp(call) => {
                if let Some(place) = self.waiting.iter().position(|waiting| *waiting == call) {
                    self.waiting.remove(place);
                    self.abandon();
                    self.messages += 1;
                    self.queue.add(self.now + MESSAGE_MS, Event::MessageOver);
                }
            }
            Event::MessageOver => self.messages -= 1,
            Event::Agent(event) => self.agent(event),
            Event::Changes(change) => self.changes(change),
            Event::AgentsBack(count) => {
                self.floor.return_some(count, self.now);
                self.serve_waiting();
            }
        }
    }

    fn call_ends(&mut self, call: CallId, placed_at: Millis, ending: Ending) {
        match (ending, self.scenario.detection) {
            (Ending::NotLive, _) => self.policy.on_dial_ended(DialEnd::NotLive),
            (Ending::Live, None) => self.live_answer(call, placed_at),
            (Ending::Live, Some(detection)) => {
                let verdict_ms = self.random.between(800.0, 1_400.0) as Millis;
                if self.random.unit() < detection.false_positive_rate {
                    self.policy.on_dial_ended(DialEnd::NotLive);
                    self.statistics.mistaken();
                } else {
                    self.policy.on_dial_ended(DialEnd::Live { latency_ms: age(self.now, placed_at) });
                    self.statistics.live();
                    self.held += 1;
                    self.queue.add(self.now + verdict_ms, Event::Offered(call, self.now));
                }
            }
        }
    }

    fn live_answer(&mut self, call: CallId, placed_at: Millis) {
        self.policy.on_dial_ended(DialEnd::Live { latency_ms: age(self.now, placed_at) });
        self.statistics.live();
        self.offer(call, self.now);
    }

    fn offer(&mut self, call: CallId, answered_at: Millis) {
        self.waiting.push_back(call);
        self.serve_waiting();
        if self.waiting.contains(&call) {
            let limit = answered_at + Millis::from(self.scenario.pacing.connect_limit_ms);
            self.queue.add(limit.max(self.now), Event::GivesUp(call));
        }
    }

    fn serve_waiting(&mut self) {
        while !self.waiting.is_empty()
            && let Some((agent, idle_since)) = self.floor.take_longest_idle(self.now)
        {
            self.waiting.pop_front();
            self.statistics.served(self.now, idle_since);
            self.policy.on_resolved(false);
            let talk_ms = millis(self.random.lognormal(self.scenario.callers.talk_s, 1.0));
            self.queue.add(self.now + talk_ms, Event::Agent(agent));
        }
    }

    fn abandon(&mut self) {
        self.statistics.abandoned(self.now);
        self.policy.on_resolved(true);
    }

    fn agent(&mut self, event: AgentEvent) {
        match event {
            AgentEvent::TalkEnds { .. } => {
                if let Some(next) = self.floor.wraps_up(event, self.now) {
                    let wrap_ms = millis(self.random.lognormal(self.scenario.callers.wrap_s, 0.5));
                    self.queue.add(self.now + wrap_ms, Event::Agent(next));
                }
            }
            AgentEvent::WrapEnds { .. } => {
                if let Some((talk_ms, wrap_ms)) = self.floor.is_free(event, self.now) {
                    self.policy.on_handle_ended(talk_ms, wrap_ms);
                    self.serve_waiting();
                }
            }
        }
    }

    fn changes(&mut self, change: Change) {
        match change {
            Change::AnswerRate(rate) => self.answer_rate = rate,
            Change::Leave(count, how) => self.floor.leave(count, how, self.now),
            Change::Return(count) => {
                self.floor.return_some(count, self.now);
                self.serve_waiting();
            }
            Change::EverybodyAnswers => {
                for (call, placed_at) in self.in_flight.take_all() {
                    self.call_ends(call, placed_at, Ending::Live);
                }
            }
            Change::Restart => {
                self.in_flight.take_all();
                for _ in 0..self.waiting.len() + self.held as usize {
                    self.statistics.abandoned(self.now);
                }
                self.waiting.clear();
                self.held = 0;
                let gone = self.floor.everybody_leaves(self.now);
                self.queue.add(self.now + BACK_AFTER_RESTART_MS, Event::AgentsBack(gone));
                self.policy.on_restart();
            }
        }
    }

    fn decide(&mut self) {
        let up = self.waiting.len() as u32 + self.messages + self.held + self.floor.talking();
        let free_lines = self.scenario.lines.saturating_sub(up).saturating_sub(self.in_flight.len());
        let rate_tokens = if self.scenario.calls_per_s.is_finite() { self.tokens as u32 } else { u32::MAX };
        self.in_flight.ages(self.now, &mut self.ages);
        self.floor.busy(self.now, &mut self.busy);
        let (live, abandoned) = self.statistics.ledger();
        let window = LedgerWindow { live, abandoned, cap: self.scenario.pacing.cap, long: false };
        let decision = self.policy.decide(
            self.now,
            &Snapshot {
                idle: self.floor.idle(),
                busy: &self.busy,
                in_flight_ms: &self.ages,
                waiting: self.waiting.len() as u32 + self.held,
                free_lines,
                rate_tokens,
                ready: u32::try_from(self.contacts).unwrap_or(u32::MAX),
                desk_silent_ms: 0,
                windows: &[window],
            },
        );
        self.statistics.decided(self.now, &decision);
        for _ in 0..decision.dial {
            self.dial();
        }
        self.tokens -= f64::from(decision.dial);
        self.statistics.peak(self.in_flight.len());
    }

    fn dial(&mut self) {
        let (after_ms, ending) = dials::fate(&self.scenario.callers, self.answer_rate, &mut self.random);
        let call = self.in_flight.place(self.now);
        self.queue.add(self.now + after_ms, Event::CallEnds(call, ending));
        if self.contacts != u64::MAX {
            self.contacts -= 1;
        }
        self.statistics.dialled();
    }
}

/// Seconds as virtual milliseconds.
fn millis(seconds: f64) -> Millis {
    (seconds * 1000.0).round().max(0.0) as Millis
}

fn age(now: Millis, since: Millis) -> u32 {
    u32::try_from(now.saturating_sub(since)).unwrap_or(u32::MAX)
}
