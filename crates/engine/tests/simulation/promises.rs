//! What must hold, whatever happens.

use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{Outcome, Participant, ParticipantStatus as P};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus as C, shown_status};
use muster_engine::sim::Outgoing;
use muster_peers::card::Execution;
use std::collections::HashMap;

/// The witness: it remembers what was seen and compares.
#[derive(Default)]
pub(crate) struct Promises {
    seed: u64,
    /// Octets by card and counter.
    packets: HashMap<(String, u64), Vec<Vec<u8>>>,
    /// Outcomes that were seen.
    ended: HashMap<(SimCampaignId, u64), (P, String)>,
    /// Executions already looked at, and the last counter of each card.
    looked: usize,
    counters: HashMap<String, u64>,
    /// How often a card added to its counter file, which no template of ours may do twice.
    increases: HashMap<String, u32>,
}

impl Promises {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(crate) fn packets(&self) -> usize {
        self.packets.len()
    }

    /// A packet leaves: its campaign runs, and its counter was never used for other octets.
    pub(crate) fn leaves(&mut self, outgoing: &Outgoing, campaign: &SimCampaign, packet: &Participant) {
        let seed = self.seed;
        assert_eq!(campaign.status, C::Process, "seed {seed}: a message left a campaign that does not run");
        let counter = packet.work.packet.as_ref().map(|packet| packet.counter).expect("it sends a packet");
        let known = self
            .packets
            .entry((outgoing.iccid.clone(), counter))
            .or_insert_with(|| outgoing.packet.segments.clone());
        assert_eq!(
            *known, outgoing.packet.segments,
            "seed {seed}: counter {counter} was used for two packets"
        );
        assert!(packet.attempt <= 1 + campaign.max_retries, "seed {seed}: too many sends");
    }

    /// What cards did since the last look: counters only rise, and what must not run twice does not.
    pub(crate) fn executions(&mut self, executions: &[Execution]) {
        let seed = self.seed;
        for execution in &executions[self.looked..] {
            let card = execution.iccid.to_string();
            if &*execution.file == "3F00/ADF1/6F39" {
                let times = self.increases.entry(card.clone()).or_default();
                *times += 1;
                assert_eq!(*times, 1, "seed {seed}: {card} was added to twice");
            }
            let last = self.counters.insert(card.clone(), execution.counter);
            assert!(
                last.is_none_or(|last| last <= execution.counter),
                "seed {seed}: counters of {card} fell"
            );
        }
        self.looked = executions.len();
    }

    /// Participants as stored: outcomes stay, success is proven, one packet a card at a time.
    pub(crate) fn participants(
        &mut self,
        campaigns: &[(SimCampaign, Vec<Participant>)],
        proof: impl Fn(SimCampaignId, &str) -> bool,
    ) {
        let seed = self.seed;
        let mut in_flight: HashMap<i64, (SimCampaignId, u64)> = HashMap::new();
        for (campaign, participants) in campaigns {
            for participant in participants {
                let key = (participant.campaign, participant.ordinal);
                if participant.status.is_in_flight() {
                    let other = in_flight.insert(participant.sim.0, key);
                    assert_eq!(other, None, "seed {seed}: two packets are on their way to one card");
                    assert!(participant.timer_at.is_some(), "seed {seed}: nobody looks after {key:?}");
                }
                assert!(
                    participant.attempt <= 1 + campaign.max_retries,
                    "seed {seed}: {key:?} was sent too often"
                );
                if participant.status.is_terminal() {
                    let now = (participant.status, participant.code.clone());
                    let before = self.ended.entry(key).or_insert_with(|| now.clone());
                    assert_eq!(*before, now, "seed {seed}: {key:?} left its outcome");
                }
                if participant.status == P::Completed {
                    let attempt = participant.attempts.last().expect("an attempt");
                    assert_eq!(attempt.outcome, Some(Outcome::Ok), "seed {seed}: {key:?}");
                    assert!(
                        attempt.authenticated,
                        "seed {seed}: {key:?} succeeded without proof: {participant:#?}"
                    );
                    assert!(
                        proof(participant.campaign, participant.iccid.as_str()),
                        "seed {seed}: {key:?} is told as done and the card never did it: {participant:#?}"
                    );
                }
            }
        }
    }

    /// At the end nobody is left open.
    pub(crate) fn over(&self, campaigns: &[(SimCampaign, Vec<Participant>)]) {
        let seed = self.seed;
        for (campaign, participants) in campaigns {
            assert!(campaign.status.is_terminal(), "seed {seed}: {} is {:?}", campaign.id, campaign.status);
            for participant in participants {
                let shown = shown_status(participant.status, campaign.status);
                assert!(
                    shown.is_terminal(),
                    "seed {seed}: {shown:?} in {:?}: {participant:#?}",
                    campaign.status
                );
            }
        }
    }
}
