//! The agents of a shift.

use super::age;
use crate::queue::Millis;
use crate::scenario::Leaving;
use muster_domain::calls::pacing::Busy;
use std::collections::VecDeque;

/// What an agent comes to the end of. The turn tells an end that still counts from one that was cut short.
#[derive(Debug, Clone, Copy)]
pub(super) enum AgentEvent {
    TalkEnds { agent: usize, turn: u32 },
    WrapEnds { agent: usize, turn: u32 },
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle { since: Millis },
    Talking { since: Millis },
    WrappingUp { since: Millis, talk_ms: u32 },
    Away { since: Millis },
}

#[derive(Debug)]
struct Agent {
    state: State,
    turn: u32,
    leaves_after_this: bool,
}

/// All agents, present or not.
#[derive(Debug)]
pub(super) struct Floor {
    agents: Vec<Agent>,
    /// Those who are idle, longest first.
    idle: VecDeque<usize>,
    talking: u32,
    wrapping_up: u32,
}

impl Floor {
    pub(super) fn new(count: u32) -> Self {
        let agents = (0..count)
            .map(|_| Agent { state: State::Idle { since: 0 }, turn: 0, leaves_after_this: false })
            .collect();
        Self { agents, idle: (0..count as usize).collect(), talking: 0, wrapping_up: 0 }
    }

    pub(super) fn idle(&self) -> u32 {
        self.idle.len() as u32
    }

    pub(super) const fn talking(&self) -> u32 {
        self.talking
    }

    pub(super) const fn wrapping_up(&self) -> u32 {
        self.wrapping_up
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.talking == 0 && self.wrapping_up == 0
    }

    pub(super) fn busy(&self, now: Millis, busy: &mut Vec<Busy>) {
        busy.clear();
        busy.extend(self.agents.iter().filter_map(|agent| match agent.state {
            // Who leaves after this call will not take another one.
            _ if agent.leaves_after_this => None,
            State::Talking { since } => Some(Busy::Talking { since_ms: age(now, since) }),
            State::WrappingUp { since, .. } => Some(Busy::WrappingUp { since_ms: age(now, since) }),
            State::Idle { .. } | State::Away { .. } => None,
        }));
    }

    /// Puts the agent who has been idle longest into a conversation. Says which event will end it, and since when the
    /// agent was idle.
    pub(super) fn take_longest_idle(&mut self, now: Millis) -> Option<(AgentEvent, Millis)> {
        let index = self.idle.pop_front()?;
        let agent = &mut self.agents[index];
        let idle_since = match agent.state {
            State::Idle { since } => since,
            _ => now,
        };
        agent.state = State::Talking { since: now };
        agent.turn += 1;
        self.talking += 1;
        Some((AgentEvent::TalkEnds { agent: index, turn: agent.turn }, idle_since))
    }

    /// The conversation has ended; says which event ends the write-up.
    pub(super) fn wraps_up(&mut self, event: AgentEvent, now: Millis) -> Option<AgentEvent> {
        let AgentEvent::TalkEnds { agent: index, turn } = event else { return None };
        let agent = &mut self.agents[index];
        let State::Talking { since } = agent.state else { return None };
        if agent.turn != turn {
            return None;
        }
        agent.state = State::WrappingUp { since: now, talk_ms: age(now, since) };
        self.talking -= 1;
        self.wrapping_up += 1;
        Some(AgentEvent::WrapEnds { agent: index, turn })
    }

    /// The write-up has ended; says how long conversation and write-up took.
    pub(super) fn is_free(&mut self, event: AgentEvent, now: Millis) -> Option<(u32, u32)> {
        let AgentEvent::WrapEnds { agent: index, turn } = event else { return None };
        let agent = &mut self.agents[index];
        let State::WrappingUp { since, talk_ms } = agent.state else { return None };
        if agent.turn != turn {
            return None;
        }
        self.wrapping_up -= 1;
        if agent.leaves_after_this {
            agent.leaves_after_this = false;
            agent.state = State::Away { since: now };
        } else {
            agent.state = State::Idle { since: now };
            self.idle.push_back(index);
        }
        Some((talk_ms, age(now, since)))
    }

    pub(super) fn leave(&mut self, count: u32, how: Leaving, now: Millis) {
        let mut left = count;
        for index in 0..self.agents.len() {
            let agent = &mut self.agents[index];
            if left == 0 || agent.leaves_after_this {
                continue;
            }
            match (agent.state, how) {
                (State::Away { .. }, _) => continue,
                (State::Talking { .. } | State::WrappingUp { .. }, Leaving::AfterTheirCall) => {
                    agent.leaves_after_this = true;
                }
                _ => self.goes(index, now),
            }
            left -= 1;
        }
    }

    /// Says how many were there.
    pub(super) fn everybody_leaves(&mut self, now: Millis) -> u32 {
        let mut gone = 0;
        for index in 0..self.agents.len() {
            if !matches!(self.agents[index].state, State::Away { .. }) {
                self.goes(index, now);
                gone += 1;
            }
        }
        gone
    }

    fn goes(&mut self, index: usize, now: Millis) {
        let agent = &mut self.agents[index];
        match agent.state {
            State::Talking { .. } => self.talking -= 1,
            State::WrappingUp { .. } => self.wrapping_up -= 1,
            State::Idle { .. } => self.idle.retain(|idle| *idle != index),
            State::Away { .. } => {}
        }
        agent.state = State::Away { since: now };
        agent.leaves_after_this = false;
        agent.turn += 1;
    }

    /// Those who went first come back first; somebody who had not gone yet stays.
    pub(super) fn return_some(&mut self, count: u32, now: Millis) {
        for _ in 0..count {
            let first_gone = self
                .agents
                .iter()
                .enumerate()
                .filter_map(|(index, agent)| match agent.state {
                    State::Away { since } => Some((since, index)),
                    _ => None,
                })
                .min();
            if let Some((_, index)) = first_gone {
                self.agents[index].state = State::Idle { since: now };
                self.idle.push_back(index);
            } else if let Some(agent) = self.agents.iter_mut().find(|agent| agent.leaves_after_this) {
                agent.leaves_after_this = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_at_once_takes_the_end_of_the_call_along() {
        let mut floor = Floor::new(2);
        let (talk, _) = floor.take_longest_idle(0).unwrap();
        floor.leave(1, Leaving::AtOnce, 10);
        assert!(floor.wraps_up(talk, 20).is_none(), "the call was cut");
        assert_eq!((floor.idle(), floor.talking()), (1, 0));
        floor.return_some(1, 30);
        assert_eq!(floor.idle(), 2);
    }

    #[test]
    fn who_leaves_after_the_call_finishes_it() {
        let mut floor = Floor::new(1);
        let (talk, idle_since) = floor.take_longest_idle(5).unwrap();
        assert_eq!(idle_since, 0);
        floor.leave(1, Leaving::AfterTheirCall, 10);
        let wrap = floor.wraps_up(talk, 105).unwrap();
        assert_eq!(floor.is_free(wrap, 125), Some((100, 20)));
        assert_eq!(floor.idle(), 0);
        assert!(floor.take_longest_idle(130).is_none());
    }
}
