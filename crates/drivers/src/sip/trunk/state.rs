//! What is known of a trunk, and its lines.

use super::breaker::Breaker;
use super::pace::Pace;
use crate::sip::meters::TrunkMeters;
use crate::sip::settings::{SipTimers, TrunkAuth, TrunkSettings};
use crate::sip::stack::Way;
use muster_app::ports::TrunkHealth;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// OPTIONS in a row without an answer after which a trunk is down.
const PINGS_LOST: u32 = 3;
/// Refusals (403 without a cause) in a row after which the trunk, and not the number called, is what refuses.
const REFUSALS: u32 = 3;
/// How long a trunk rests that did not take our credentials, before one call tries again.
const AUTH_REST: Duration = Duration::from_mins(1);
/// Answers that are looked back on for busy signals that come too fast to be true.
const FAST_WINDOW: usize = 10;

/// What the end of a call says about its trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It worked; whatever became of the call was the called side's doing.
    Works,
    /// It worked, and said busy (486, 600). `fast`: within 400 ms and without ringing.
    Busy {
        /// Whether it came faster than a telephone can be busy.
        fast: bool,
    },
    /// It failed (5xx), or said nothing in time.
    Failed,
    /// It has too much to do (503, or 403 and 429 that say so).
    Congested,
    /// It did not take our credentials.
    Unauthorized,
    /// It refused without a cause (403).
    Refused,
    /// Nothing can be said: we gave up.
    Nothing,
}

#[derive(Debug)]
struct State {
    busy: u32,
    pace: Pace,
    breaker: Breaker,
    /// The way to its proxy.
    way: Option<Way>,
    /// Whether it may be used: a stream must have brought an answer, for a datagram it is enough to know where to.
    proven: bool,
    /// Why the registration is missing, where one is needed.
    unregistered: Option<String>,
    /// Why the connection is missing.
    unreachable: String,
    pings_lost: u32,
    unauthorized: Option<(Instant, String)>,
    refusals: u32,
    recent: VecDeque<bool>,
    usual_busy: f64,
}

/// A trunk.
#[derive(Debug)]
pub(crate) struct Trunk {
    pub(crate) settings: TrunkSettings,
    pub(crate) meters: TrunkMeters,
    state: Mutex<State>,
}

/// Why a trunk takes no call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    /// All its lines are taken, or its calls of this second are.
    Full,
    /// It is down.
    Down,
}

impl Trunk {
    pub(crate) fn new(settings: TrunkSettings, timers: &SipTimers, now: Instant) -> Self {
        let unregistered = (settings.auth == TrunkAuth::Register).then(|| "not registered yet".to_owned());
        Self {
            meters: TrunkMeters::new(&settings.name),
            state: Mutex::new(State {
                busy: 0,
                pace: Pace::new(settings.cps, now),
                breaker: Breaker::new(timers.breaker()),
                way: None,
                proven: false,
                unregistered,
                unreachable: "not connected yet".to_owned(),
                pings_lost: 0,
                unauthorized: None,
                refusals: 0,
                recent: VecDeque::with_capacity(FAST_WINDOW),
                usual_busy: 0.1,
            }),
            settings,
        }
    }

    /// How many first digits of a number it was given; `None` where it takes no such number.
    pub(crate) fn matches(&self, digits: &str) -> Option<usize> {
        if self.settings.prefixes.is_empty() {
            return Some(0);
        }
        let fitting = self.settings.prefixes.iter().filter(|prefix| digits.starts_with(prefix.as_str()));
        fitting.map(String::len).max()
    }

    /// Whether a call could begin now.
    pub(crate) fn could_take(&self, now: Instant) -> Result<(), Busy> {
        let state = self.state.lock();
        state.down(now).map_or(Ok(()), |_| Err(Busy::Down))?;
        if state.busy >= self.settings.max_channels || !state.pace.ready(now) {
            return Err(Busy::Full);
        }
        Ok(())
    }

    /// Takes a line for a call that begins now.
    pub(crate) fn take(self: &Arc<Self>, now: Instant) -> Result<Line, Busy> {
        let mut state = self.state.lock();
        if state.down(now).is_some() {
            return Err(Busy::Down);
        }
        if state.busy >= self.settings.max_channels || !state.pace.ready(now) {
            return Err(Busy::Full);
        }
        state.pace.take(now);
        state.busy += 1;
        let probe = state.breaker.begin();
        self.meters.calls.increment(1);
        self.meters.busy.set(state.busy);
        Ok(Line { trunk: Arc::clone(self), probe, judged: false })
    }

    fn judge(&self, probe: bool, verdict: Verdict, now: Instant) {
        let mut state = self.state.lock();
        let failed = match verdict {
            Verdict::Nothing => {
                if probe {
                    state.breaker.forget_probe(now);
                }
                return;
            }
            Verdict::Failed => true,
            _ => false,
        };
        if state.breaker.end(probe, failed, now) {
            tracing::warn!(trunk = self.settings.name, "the trunk fails too often and is left alone");
        }
        match verdict {
            Verdict::Congested => self.slow_down(&mut state, now),
            Verdict::Unauthorized => {
                tracing::error!(trunk = self.settings.name, "the trunk does not take our credentials");
                state.unauthorized = Some((now + AUTH_REST, "it does not take our credentials".to_owned()));
            }
            Verdict::Refused => {
                state.refusals += 1;
                if state.refusals >= REFUSALS {
                    tracing::error!(trunk = self.settings.name, "the trunk refuses call after call (403)");
                    state.unauthorized =
                        Some((now + AUTH_REST, "it refuses call after call (403)".to_owned()));
                    state.refusals = 0;
                }
            }
            Verdict::Works | Verdict::Busy { .. } => {
                state.refusals = 0;
                state.unauthorized = None;
            }
            Verdict::Failed | Verdict::Nothing => {}
        }
        if matches!(verdict, Verdict::Works | Verdict::Busy { .. }) {
            let fast = matches!(verdict, Verdict::Busy { fast: true });
            let busy = matches!(verdict, Verdict::Busy { .. });
            if state.recent.len() == FAST_WINDOW {
                state.recent.pop_front();
            }
            state.recent.push_back(fast);
            let share = state.recent.iter().filter(|fast| **fast).count() as f64 / FAST_WINDOW as f64;
            if share > 3.0 * state.usual_busy && share > 0.4 {
                // Some networks say "busy" where they mean "too much".
                state.recent.clear();
                self.slow_down(&mut state, now);
            } else if !fast {
                state.usual_busy += (f64::from(u8::from(busy)) - state.usual_busy) * 0.01;
            }
        }
    }

    fn slow_down(&self, state: &mut State, now: Instant) {
        state.pace.congested(now);
        self.meters.congestions.increment(1);
        let per_minute = state.pace.per_minute(now);
        tracing::warn!(trunk = self.settings.name, calls_per_minute = per_minute, "the trunk is congested");
    }

    /// A way to it was found.
    pub(crate) fn connected(&self, way: Way) {
        let mut state = self.state.lock();
        state.proven = !way.connection.is_reliable();
        "connected, and not heard of yet".clone_into(&mut state.unreachable);
        state.way = Some(way);
    }

    /// The way to it.
    pub(crate) fn way(&self) -> Option<Way> {
        self.state.lock().way.clone()
    }

    /// Whether the way to it may be used.
    pub(crate) fn is_proven(&self) -> bool {
        self.state.lock().proven
    }

    /// Its proxy answered.
    pub(crate) fn reached(&self) {
        let mut state = self.state.lock();
        state.pings_lost = 0;
        state.proven = true;
    }

    /// An OPTIONS stayed without an answer.
    pub(crate) fn ping_lost(&self) {
        let mut state = self.state.lock();
        state.pings_lost = state.pings_lost.saturating_add(1);
        if state.pings_lost == PINGS_LOST {
            tracing::error!(trunk = self.settings.name, "the trunk is down: it does not answer");
        }
    }

    /// No connection could be made.
    pub(crate) fn unreachable(&self, why: String) {
        let mut state = self.state.lock();
        if state.proven || state.unreachable != why {
            tracing::error!(trunk = self.settings.name, why, "the trunk is down: no connection");
        }
        state.proven = false;
        state.unreachable = why;
    }

    /// It took our registration.
    pub(crate) fn registered(&self) {
        let mut state = self.state.lock();
        state.unregistered = None;
        state.unauthorized = None;
    }

    /// It did not take our registration, or we took it back.
    pub(crate) fn unregistered(&self, why: String) {
        tracing::error!(trunk = self.settings.name, why, "the trunk is down: not registered");
        self.state.lock().unregistered = Some(why);
    }

    pub(crate) fn health(&self, now: Instant) -> TrunkHealth {
        let mut state = self.state.lock();
        let down = state.down(now);
        let calls_per_minute = state.pace.per_minute(now);
        self.meters.up.set(u32::from(down.is_none()));
        self.meters.pace.set(calls_per_minute);
        self.meters.breaker.set(u32::from(state.breaker.is_open()));
        TrunkHealth {
            name: self.settings.name.clone(),
            up: down.is_none(),
            reason: down.unwrap_or_default(),
            busy: state.busy,
            max_channels: self.settings.max_channels,
            tokens: u32::from(state.pace.ready(now) && state.busy < self.settings.max_channels),
            calls_per_minute,
        }
    }
}

impl State {
    /// Why no call may begin.
    fn down(&self, now: Instant) -> Option<String> {
        if !self.proven {
            return Some(self.unreachable.clone());
        }
        if self.pings_lost >= PINGS_LOST {
            return Some("it does not answer".to_owned());
        }
        if let Some(why) = &self.unregistered {
            return Some(why.clone());
        }
        if let Some((until, why)) = &self.unauthorized
            && now < *until
        {
            return Some(why.clone());
        }
        (!self.breaker.lets(now)).then(|| "too many calls failed".to_owned())
    }
}

/// A line of a trunk, taken by a call; free again when dropped.
#[derive(Debug)]
pub(crate) struct Line {
    trunk: Arc<Trunk>,
    probe: bool,
    judged: bool,
}

impl Line {
    pub(crate) fn trunk(&self) -> &Arc<Trunk> {
        &self.trunk
    }

    /// Says what the call showed about the trunk. Only the first word counts.
    pub(crate) fn judge(&mut self, verdict: Verdict, now: Instant) {
        if !std::mem::replace(&mut self.judged, true) {
            self.trunk.judge(self.probe, verdict, now);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.judge(Verdict::Nothing, Instant::now());
        let mut state = self.trunk.state.lock();
        state.busy = state.busy.saturating_sub(1);
        self.trunk.meters.busy.set(state.busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unconnected(settings: TrunkSettings) -> Arc<Trunk> {
        Arc::new(Trunk::new(settings, &SipTimers::default(), Instant::now()))
    }

    fn trunk(settings: TrunkSettings) -> Arc<Trunk> {
        let trunk = unconnected(settings);
        trunk.reached();
        trunk
    }

    fn settings() -> TrunkSettings {
        TrunkSettings { cps: 1000, max_channels: 1000, ..TrunkSettings::new("t", "127.0.0.1:5060", "4930") }
    }

    /// A call each 1.5 s from then on, all with the same verdict; when the last one was.
    fn calls(trunk: &Arc<Trunk>, mut now: Instant, count: u32, verdict: Verdict) -> Instant {
        for _ in 0..count {
            now += Duration::from_millis(1500);
            trunk.take(now).unwrap().judge(verdict, now);
        }
        now
    }

    #[test]
    fn a_trunk_is_down_for_the_reason_told() {
        let reason = |trunk: &Arc<Trunk>, now| trunk.health(now).reason;
        let now = Instant::now();
        let fresh = trunk(settings());
        assert_eq!(reason(&fresh, now), "");
        for _ in 0..PINGS_LOST - 1 {
            fresh.ping_lost();
            assert!(fresh.health(now).up);
        }
        fresh.ping_lost();
        assert_eq!(reason(&fresh, now), "it does not answer");
        fresh.reached();
        assert!(fresh.health(now).up);

        let register = trunk(TrunkSettings { auth: TrunkAuth::Register, ..settings() });
        assert_eq!(reason(&register, now), "not registered yet");
        register.registered();
        assert!(register.health(now).up);

        let stream = unconnected(settings());
        assert_eq!(reason(&stream, now), "not connected yet");
        assert_eq!(stream.take(now).unwrap_err(), Busy::Down);
        stream.reached();
        assert!(stream.health(now).up);

        let refused = trunk(settings());
        let now = calls(&refused, now, 1, Verdict::Unauthorized);
        assert_eq!(reason(&refused, now), "it does not take our credentials");
        assert!(refused.health(now + AUTH_REST).up, "one call may try again");

        let one_number = trunk(settings());
        let now = calls(&one_number, now, 2, Verdict::Refused);
        let now = calls(&one_number, now, 1, Verdict::Works);
        assert!(one_number.health(now).up, "two refused numbers are no refused trunk");
        let now = calls(&one_number, now, REFUSALS, Verdict::Refused);
        assert!(!one_number.health(now).up);
    }

    #[test]
    fn busy_that_comes_too_fast_and_too_often_is_congestion() {
        let fast = trunk(settings());
        let now = calls(&fast, Instant::now(), 10, Verdict::Busy { fast: true });
        assert!(fast.health(now).calls_per_minute < 60_000);
        let slow = trunk(settings());
        let now = calls(&slow, Instant::now(), 10, Verdict::Busy { fast: false });
        assert_eq!(slow.health(now).calls_per_minute, 60_000);
    }

    #[test]
    fn the_longest_prefix_counts() {
        let of = |prefixes: &[&str]| {
            trunk(TrunkSettings {
                prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
                ..settings()
            })
        };
        for (prefixes, number, expected) in
            [(&["49", "4930"][..], "49301", Some(4)), (&["49"], "4312", None), (&[], "4312", Some(0))]
        {
            assert_eq!(of(prefixes).matches(number), expected);
        }
    }

    proptest! {
        /// I4: a trunk never has more calls than channels.
        #[test]
        fn no_more_calls_than_channels(max_channels in 1_u32..5, steps in proptest::collection::vec(any::<bool>(), 1..60)) {
            let trunk = trunk(TrunkSettings { max_channels, ..settings() });
            let mut now = Instant::now();
            let mut lines = Vec::new();
            for begins in steps {
                now += Duration::from_millis(10);
                if begins {
                    let taken = trunk.take(now);
                    prop_assert_eq!(taken.is_ok(), (lines.len() as u32) < max_channels);
                    lines.extend(taken);
                } else {
                    lines.pop();
                }
                prop_assert_eq!(trunk.health(now).busy, lines.len() as u32);
            }
        }
    }
}
