//! How many more calls are placed, for each campaign, at each look.

use super::agents::State;
use super::board::Board;
use super::line::Stage;
use super::loaded::{Loaded, Work, day_of};
use muster_app::ports::TrunkHealth;
use muster_domain::calls::call::LedgerDay;
use muster_domain::calls::pacing::{Busy, Decision, DialEnd, Pacer, Snapshot, Why};
use muster_domain::ids::CallCampaignId;
use muster_domain::time::UnixMillis;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most contacts asked for at a time.
const ASKED_MAX: u32 = 200;
/// After the list had nobody, it is asked again so much later.
const DRY_PAUSE: Duration = Duration::from_secs(1);

/// A campaign at work.
pub(super) struct Running {
    pub(super) loaded: Arc<Loaded>,
    pub(super) pacer: Pacer,
    pub(super) ledger: Vec<LedgerDay>,
    /// Contacts that the store is being asked for.
    pub(super) asked: u32,
    /// The list had nobody; not asked again before.
    pub(super) dry_until: Option<Instant>,
    /// No new call, on an operator's order, as long as the campaign's version is this one.
    pub(super) halted: Option<u64>,
    pub(super) last: Option<Why>,
    pub(super) waits_for: String,
}

impl Running {
    pub(super) fn new(loaded: Arc<Loaded>) -> Option<Self> {
        let pacer = match Pacer::new(loaded.pacing()) {
            Ok(pacer) => pacer,
            Err(error) => {
                tracing::error!(campaign = %loaded.id(), %error, "the campaign's pacing cannot be used");
                return None;
            }
        };
        let ledger = loaded.ledger.clone();
        Some(Self {
            loaded,
            pacer,
            ledger,
            asked: 0,
            dry_until: None,
            halted: None,
            last: None,
            waits_for: String::new(),
        })
    }

    /// The campaign was changed.
    pub(super) fn renew(&mut self, loaded: Arc<Loaded>) {
        if self.loaded.fence != loaded.fence {
            // Somebody else conducted it meanwhile; what they counted was read anew.
            self.ledger.clone_from(&loaded.ledger);
        }
        if let Err(error) = self.pacer.configure(loaded.pacing()) {
            tracing::error!(campaign = %loaded.id(), %error, "the campaign's pacing cannot be changed to this");
        }
        if self.halted.is_some_and(|version| version != loaded.version) {
            self.halted = None;
        }
        self.dry_until = None;
        self.loaded = loaded;
    }

    /// Somebody picked up, and it is known whether an agent was there.
    pub(super) fn count(&mut self, abandoned: bool, now: UnixMillis) {
        let day = day_of(now, &self.loaded.zone);
        self.pacer.on_resolved(abandoned);
        let add = u64::from(abandoned);
        match self.ledger.iter_mut().find(|known| known.day == day) {
            Some(known) => {
                known.live += 1;
                known.abandoned += add;
            }
            None => self.ledger.push(LedgerDay { day, live: 1, abandoned: add }),
        }
    }
}

/// Lines and calls a second that trunks still have.
#[derive(Clone, Copy, Default)]
struct Room {
    lines: u32,
    tokens: u32,
    any_up: bool,
}

/// Room for what can be placed until the next look, and a little more: trunks space their calls evenly, and a call that
/// comes too early waits for its turn.
fn room(trunks: &[TrunkHealth], allowed: &[String], look: Duration) -> Room {
    let ahead = |trunk: &TrunkHealth| {
        (f64::from(trunk.calls_per_minute) / 60.0 * look.as_secs_f64() * 1.5).ceil() as u32
    };
    trunks.iter().filter(|trunk| trunk.up && (allowed.is_empty() || allowed.contains(&trunk.name))).fold(
        Room::default(),
        |room, trunk| Room {
            lines: room.lines.saturating_add(trunk.max_channels.saturating_sub(trunk.busy)),
            tokens: room.tokens.saturating_add(ahead(trunk)),
            any_up: true,
        },
    )
}

impl Board {
    /// Decides for every campaign and asks the store for contacts.
    pub(super) fn pace(&mut self, at: Instant) {
        let now = self.shared.services.clock.now();
        let trunks = self.telephony.trunks();
        // What was promised and is not seen by the driver yet.
        let mut pending: u32 = self.running.values().map(|running| running.asked).sum();
        pending += self.lines.values().filter(|line| line.leg.is_none()).count() as u32;
        let mut ids: Vec<CallCampaignId> = self.running.keys().copied().collect();
        if !ids.is_empty() {
            // Another one is first each time, so that none takes all the lines.
            self.first = (self.first + 1) % ids.len();
            ids.rotate_left(self.first);
        }
        for id in ids {
            let asked = self.pace_one(id, &trunks, pending, now, at);
            pending += asked;
        }
    }

    fn pace_one(
        &mut self,
        id: CallCampaignId,
        trunks: &[TrunkHealth],
        pending: u32,
        now: UnixMillis,
        at: Instant,
    ) -> u32 {
        let Some(running) = self.running.get(&id) else { return 0 };
        let loaded = Arc::clone(&running.loaded);
        let room = room(trunks, &loaded.campaign.dialling.trunks, self.shared.settings.poll);
        let waits_for = self.waits_for(id, &loaded, room, now);
        let may = waits_for.is_empty();
        if let Some(running) = self.running.get_mut(&id) {
            running.waits_for = waits_for;
        }
        if !may {
            return 0;
        }
        match loaded.work() {
            Work::Manual => 0,
            Work::Preview => {
                self.ask_for_agents(&loaded, true, at);
                0
            }
            Work::Agentless => self.ask(&loaded, room, pending, now, at),
            Work::Paced(_) => {
                self.ask_for_agents(&loaded, false, at);
                self.ask(&loaded, room, pending, now, at)
            }
        }
    }

    /// Why nothing of a campaign may be dialled now; empty where something may.
    fn waits_for(&self, id: CallCampaignId, loaded: &Loaded, room: Room, now: UnixMillis) -> String {
        if self.stopping {
            return "the server is stopping".to_owned();
        }
        let Some(running) = self.running.get(&id) else { return String::new() };
        if running.halted.is_some() {
            return "stopped by an operator".to_owned();
        }
        if !self.conducted.contains_key(&id) {
            return "it is not active".to_owned();
        }
        if !loaded.lacks.is_empty() {
            return loaded.lacks.clone();
        }
        if let Some(reason) = loaded.closed_at(now) {
            return reason.to_owned();
        }
        if !room.any_up {
            return "no trunk is up".to_owned();
        }
        String::new()
    }

    /// Asks the store for as many contacts as the pacer wants.
    fn ask(&mut self, loaded: &Arc<Loaded>, room: Room, pending: u32, now: UnixMillis, at: Instant) -> u32 {
        let decision = self.decide(loaded, room, pending, now, at);
        let Some(running) = self.running.get_mut(&loaded.id()) else { return 0 };
        running.last = Some(decision.why);
        let want = decision.dial.min(ASKED_MAX);
        if want == 0 || running.asked > 0 {
            return 0;
        }
        running.asked = want;
        self.spawn_choose(loaded, want);
        want
    }

    fn decide(&self, loaded: &Loaded, room: Room, pending: u32, now: UnixMillis, at: Instant) -> Decision {
        let id = loaded.id();
        let Some(running) = self.running.get(&id) else {
            return Decision { dial: 0, floor: 0, why: Why::List };
        };
        let own = || self.lines.values().filter(move |line| line.call.campaign == id);
        let millis = |from: Instant| at.saturating_duration_since(from).as_millis() as u32;
        let mut in_flight: Vec<u32> = own()
            .filter(|line| line.is_dialling() && line.reserved.is_none())
            .map(|line| millis(line.began))
            .collect();
        in_flight.extend((0..running.asked).map(|_| 0));
        let waiting = own().filter(|line| matches!(line.stage, Stage::Offering { .. })).count() as u32;
        let mut idle = 0;
        let mut busy = Vec::new();
        for agent in self.agents.values() {
            match &agent.state {
                State::Idle | State::Asking if agent.turn == Some(id) => idle += 1,
                State::Talking { call, .. } if self.is_of(*call, id) => {
                    busy.push(Busy::Talking { since_ms: millis(agent.since.1) });
                }
                State::Wrap { campaign, .. } if *campaign == id => {
                    busy.push(Busy::WrappingUp { since_ms: millis(agent.since.1) });
                }
                _ => {}
            }
        }
        let up = own().count() as u32 + running.asked;
        let cap = loaded.campaign.max_parallel_lines.map_or(u32::MAX, |most| most.saturating_sub(up));
        let windows = loaded.gate.windows(&loaded.campaign, &loaded.zone, &running.ledger, now);
        let dry = running.dry_until.is_some_and(|until| at < until);
        running.pacer.decide(&Snapshot {
            idle,
            busy: &busy,
            in_flight_ms: &in_flight,
            waiting,
            free_lines: room.lines.saturating_sub(pending).min(cap),
            rate_tokens: room.tokens.saturating_sub(pending),
            ready: if dry { 0 } else { u32::MAX },
            // The desk is a part of this process: while it is asked it is there.
            desk_silent_ms: 0,
            windows: &windows,
        })
    }

    fn is_of(&self, call: muster_domain::ids::CallId, campaign: CallCampaignId) -> bool {
        self.lines.get(&call).is_some_and(|line| line.call.campaign == campaign)
    }

    /// The list had nobody, or it had.
    pub(super) fn chosen(&mut self, id: CallCampaignId, dry: bool, at: Instant) {
        if let Some(running) = self.running.get_mut(&id) {
            running.asked = 0;
            running.dry_until = dry.then(|| at + DRY_PAUSE);
        }
    }

    /// A call was answered, or will not be.
    pub(super) fn dial_ended(&mut self, id: CallCampaignId, end: DialEnd) {
        if let Some(running) = self.running.get_mut(&id) {
            running.pacer.on_dial_ended(end);
        }
    }
}
