//! What every pass does with a participant: gather what the machine needs, keep what it asks for, write it.

use super::SimEngine;
use super::outgoing::{Outgoing, outgoing};
use super::programs::Plan;
use muster_app::ports::{
    HoldWrite, KeySetWrite, LoadedParticipant, ParticipantWrite, StepRefusal, StoreResult,
};
use muster_app::sim_program::{PacketRequest, Program, make_packet, result_line};
use muster_domain::participant::{
    Action, Change, Context, Hold, NextSend, Packet, Participant, ParticipantStatus, Purpose,
};
use muster_domain::sim::{CardFlags, CounterMode, KeySet, SimStatus};
use muster_domain::sim_campaign::{SimCampaign, WaveCounts};
use muster_domain::time::UnixMillis;
use std::sync::Arc;

const TERMINATED: &str = "the SIM is terminated";

/// A participant at work in a pass: what was read, what it has become, and what has to be written with it.
pub(super) struct Step {
    /// As it was read.
    pub(super) loaded: LoadedParticipant,
    /// Its status as it was read.
    from: ParticipantStatus,
    /// Its campaign.
    pub(super) campaign: Arc<SimCampaign>,
    /// Template, profile and packets, or why there are none.
    pub(super) plan: Result<Arc<Plan>, String>,
    /// Now.
    pub(super) now: UnixMillis,
    /// One for this pass.
    random: u32,
    timing: muster_domain::participant::Timing,
    counts: WaveCounts,
    hold: HoldWrite,
    take_counter: Option<u64>,
    raise_by: u64,
    flags: CardFlags,
    /// A packet leaves when it is written.
    sends: bool,
    /// Anything changed at all.
    pub(super) changed: bool,
}

impl SimEngine {
    /// Gathers what the machine needs; `None` if the campaign does not exist any more.
    pub(super) async fn step(&self, loaded: LoadedParticipant, now: UnixMillis) -> StoreResult<Option<Step>> {
        let sims = &*self.services.sims;
        let Some(campaign) = self.campaigns.get(sims, loaded.participant.campaign, now).await? else {
            return Ok(None);
        };
        let (organization, profile) = (loaded.card.organization, &loaded.card.profile);
        let plan = self.programs.get(sims, organization, campaign.template, profile, now).await?;
        Ok(Some(Step {
            from: loaded.participant.status,
            campaign,
            plan,
            now,
            random: self.random(),
            timing: self.settings.timing,
            counts: WaveCounts::default(),
            hold: HoldWrite::Keep,
            take_counter: None,
            raise_by: 0,
            flags: CardFlags::default(),
            sends: false,
            changed: false,
            loaded,
        }))
    }

    /// Writes steps in one go. What could leave is returned; what somebody else has changed is returned as stale, to
    /// be read again.
    pub(super) async fn write(&self, steps: Vec<Step>) -> Written {
        let mut written = Written::default();
        if steps.is_empty() {
            return written;
        }
        let writes = steps.iter().map(Step::to_write).collect();
        let results = self.services.sims.commit_participants(writes).await;
        for (step, result) in steps.into_iter().zip(results) {
            let key = super::flights::key_of(&step.loaded.participant);
            match result {
                Ok(()) => {
                    super::meters::stepped(step.from, &step.loaded.participant);
                    written.outgoing.extend(step.outgoing());
                    let mut loaded = step.loaded;
                    loaded.revision += 1;
                    self.flights.put(loaded);
                    written.done += 1;
                }
                Err(StepRefusal::Stale | StepRefusal::CounterMoved) => written.stale.push(key),
                // Its campaign is not as this pass thought. What was heard has to be judged by what the campaign is.
                Err(StepRefusal::NotRunning) => {
                    self.flights.take(key);
                    self.campaigns.forget(key.0);
                    written.stale.push(key);
                }
                // The store has put it to wait for the card.
                Err(StepRefusal::Held) => drop(self.flights.take(key)),
                Err(StepRefusal::Store(error)) => written.error = Some(error),
            }
        }
        written
    }
}

/// What became of steps.
#[derive(Default)]
pub(super) struct Written {
    /// Packets that may leave now.
    pub(super) outgoing: Vec<Outgoing>,
    /// How many were written.
    pub(super) done: usize,
    /// Participants that somebody else changed.
    pub(super) stale: Vec<super::outgoing::Key>,
    /// The store failed for at least one; those are as they were.
    pub(super) error: Option<muster_app::ports::StoreError>,
}

impl Step {
    pub(super) fn participant(&mut self) -> &mut Participant {
        &mut self.loaded.participant
    }

    /// Lets the machine work on the participant.
    pub(super) fn with<T>(&mut self, work: impl FnOnce(&mut Participant, &Context<'_>) -> T) -> T {
        let program = self.program();
        let step = self.loaded.participant.work.step as usize;
        let at = program.and_then(|program| program.steps.get(step));
        let context = Context {
            campaign: self.campaign.status,
            window: self.campaign.window,
            max_retries: self.campaign.max_retries,
            por_timeout_s: self.campaign.plan.por_timeout_s,
            backoff: &self.campaign.plan.backoff,
            timing: self.timing,
            steps: program.map_or(1, |program| program.steps.len() as u32),
            restart_step: at.map_or(0, |step| step.restart),
            counts_by_one: self
                .plan
                .as_ref()
                .is_ok_and(|plan| plan.profile.counter_mode == CounterMode::Increment),
            can_read_back: at.is_some_and(|step| step.read_back.is_some()),
            accept_replay_as_done: self.plan.as_ref().is_ok_and(|plan| plan.template.accept_replay_as_done),
            fail_fast: self.plan.as_ref().is_ok_and(|plan| plan.template.fail_fast),
            now: self.now,
            random: self.random,
        };
        work(&mut self.loaded.participant, &context)
    }

    pub(super) fn program(&self) -> Option<&Program> {
        self.plan.as_ref().ok()?.program.as_ref().ok()
    }

    /// The operation that the result line is about when nothing more is known: the last one of the step at work.
    pub(super) fn last_operation(&self) -> usize {
        let work = &self.loaded.participant.work;
        let purpose = work.packet.as_ref().map_or(Purpose::Run, |packet| packet.purpose);
        self.program()
            .and_then(|program| program.steps.get(work.step as usize))
            .map_or(0, |step| step.body(purpose).operation_of(usize::MAX))
    }

    /// Keeps what a transition asks for. `operation` and `data` are for the result line of an attempt that ended.
    pub(super) fn keep(
        &mut self,
        services: &muster_app::Services,
        change: Change,
        operation: usize,
        data: &[u8],
    ) {
        self.changed = true;
        if let Some(ended) = change.ended {
            let template = self.plan.as_ref().ok().map(|plan| Arc::clone(&plan.template));
            if ended.ok {
                self.counts.attempts_ok += 1;
            } else {
                self.counts.attempts_failed += 1;
                self.counts.config_errors += u64::from(ended.config);
            }
            if let Some(template) = template {
                let ok = self.loaded.participant.status == ParticipantStatus::Completed;
                self.loaded.participant.message = result_line(&template, operation, ok, data);
            }
        }
        if change.hold == Hold::Release {
            self.hold = HoldWrite::Release;
            self.sends = false;
        }
        self.raise_by += change.raise_counter;
        self.flags.blocked |= change.flags.blocked;
        self.flags.resync |= change.flags.resync;
        match change.action {
            Action::None => {}
            Action::SendAgain => self.sends = true,
            Action::NextStep => self.prepare(services, Purpose::Run),
        }
    }

    /// Gives the card back without any other change.
    pub(super) const fn release(&mut self) {
        self.hold = HoldWrite::Release;
        self.changed = true;
    }

    /// Makes what comes next for a participant that is due, or a reason why nothing can be sent to it.
    pub(super) fn begin(&mut self, services: &muster_app::Services) {
        let work = &self.loaded.participant.work;
        match (work.next, &work.packet) {
            (NextSend::Resend, Some(packet)) if !self.was_overtaken(packet) => {
                let kvn = packet.kvn;
                if self.loaded.card.status == SimStatus::Terminated {
                    return self.give_up(services, TERMINATED);
                }
                if self.loaded.key_sets.iter().all(|keys| keys.kvn != kvn) {
                    return self
                        .give_up(services, &format!("the card has no key set of version {kvn} any more"));
                }
                self.with(Participant::restart);
                self.hold = HoldWrite::Take;
                self.sends = true;
                self.changed = true;
            }
            (NextSend::ReadBack, _) if self.can_read_back() => self.prepare(services, Purpose::ReadBack),
            _ => self.prepare(services, Purpose::Run),
        }
    }

    fn can_read_back(&self) -> bool {
        let step = self.loaded.participant.work.step as usize;
        self.program()
            .and_then(|program| program.steps.get(step))
            .is_some_and(|step| step.read_back.is_some())
    }

    /// Whether another campaign's packet took a later counter: the card would refuse the kept octets, and what does no
    /// harm when it runs twice is made anew.
    fn was_overtaken(&self, packet: &Packet) -> bool {
        let keys = self.loaded.key_sets.iter().find(|keys| keys.kvn == packet.kvn);
        packet.idempotent
            && packet.replay_safe
            && keys.is_some_and(|keys| keys.next_counter > packet.counter.saturating_add(1))
    }

    /// Makes a packet under the next counter.
    fn prepare(&mut self, services: &muster_app::Services, purpose: Purpose) {
        match self.packet(services, purpose) {
            Ok(packet) => {
                self.take_counter = Some(packet.counter).filter(|counter| *counter > 0);
                self.hold = HoldWrite::Take;
                self.sends = true;
                self.changed = true;
                self.with(|participant, context| participant.start(packet, context));
            }
            Err(reason) => self.give_up(services, &reason),
        }
    }

    fn packet(&self, services: &muster_app::Services, purpose: Purpose) -> Result<Packet, String> {
        let plan = self.plan.as_ref().map_err(Clone::clone)?;
        let program = plan.program.as_ref().map_err(ToString::to_string)?;
        let card = &self.loaded.card;
        if card.status == SimStatus::Terminated {
            return Err(TERMINATED.to_owned());
        }
        if card.msisdn().is_none() {
            return Err("the card has no number to send to".to_owned());
        }
        let kvn = plan.profile.kvn;
        let keys: &KeySet = self
            .loaded
            .key_sets
            .iter()
            .find(|keys| keys.kvn == kvn)
            .ok_or_else(|| format!("the card has no key set of version {kvn}"))?;
        let ring = services.card_keys().map_err(|error| error.to_string())?;
        let request = PacketRequest {
            card: &card.iccid,
            profile: &plan.profile,
            keys,
            program,
            step: self.loaded.participant.work.step,
            purpose,
            reference: keys.next_counter as u8,
        };
        make_packet(ring, &request).map_err(|error| error.to_string())
    }

    fn give_up(&mut self, services: &muster_app::Services, reason: &str) {
        let change = self.with(|participant, context| participant.cannot_send(reason, context));
        self.keep(services, change, 0, &[]);
    }

    fn outgoing(&self) -> Option<Outgoing> {
        if !self.sends {
            return None;
        }
        let participant = &self.loaded.participant;
        let packet = participant.work.packet.as_ref()?;
        outgoing(participant, packet, &self.loaded.card, &self.campaign, self.now)
    }

    fn key_set(&self) -> Option<KeySetWrite> {
        let idle = self.hold == HoldWrite::Keep
            && self.take_counter.is_none()
            && self.raise_by == 0
            && self.flags == CardFlags::default();
        if idle {
            return None;
        }
        // The packet is gone when the participant has its outcome; its attempt remembers the key set.
        let participant = &self.loaded.participant;
        let kvn = participant
            .work
            .packet
            .as_ref()
            .map(|packet| packet.kvn)
            .or_else(|| participant.attempts.last().map(|attempt| attempt.kvn))
            .filter(|kvn| *kvn > 0)?;
        Some(KeySetWrite {
            kvn,
            take_counter: self.take_counter,
            raise_by: self.raise_by,
            hold: self.hold,
            flags: self.flags,
        })
    }

    fn to_write(&self) -> ParticipantWrite {
        let participant = self.loaded.participant.clone();
        let mut counts = self.counts;
        if participant.status.is_terminal() && !self.from.is_terminal() {
            if participant.status == ParticipantStatus::Completed {
                counts.succeeded += 1;
            } else {
                counts.failed += 1;
            }
        }
        ParticipantWrite {
            revision: self.loaded.revision,
            from: self.from,
            wave: self.campaign.runtime.wave_of(participant.ordinal),
            counts,
            key_set: self.key_set(),
            while_running: self.sends,
            now: self.now,
            participant,
        }
    }
}
