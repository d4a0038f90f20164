//! Whatever happens, counters are what a count would find.

use super::world::{World, at, change, claim, complete, keys, make_campaign, newcomer, page, reserve};
use crate::harness::Harness;
use muster_app::ports::{
    Claim, HoldWrite, KeySetWrite, LoadedParticipant, NewParticipant, ParticipantWrite, SimWrite,
};
use muster_domain::ids::{ParticipantId, SimCampaignId};
use muster_domain::participant::{Participant, ParticipantStatus};
use muster_domain::sim::CardFlags;
use muster_domain::sim_campaign::{SimCampaignStatus, WaveCounts};
use muster_domain::time::UnixMillis;
use std::collections::BTreeMap;

/// A small generator; every failure names its seed.
struct Dice(u64);

impl Dice {
    /// Evenly below `sides` (SplitMix64).
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.throw(list.len() as u64) as usize]
    }
}

const CAMPAIGNS: [i64; 3] = [1, 2, 3];
const CARDS: u64 = 12;

/// What must be true, kept beside the store.
#[derive(Default)]
struct Model {
    waves: BTreeMap<(i64, u32), WaveCounts>,
    /// The greatest counter seen of each card.
    counters: BTreeMap<i64, u64>,
}

pub(crate) async fn counters_equal_a_recount_after_random_changes(h: Harness) {
    let w = World::new(h).await;
    w.load(0..CARDS, 1).await;
    for id in CAMPAIGNS {
        w.write(make_campaign(id, 1, SimCampaignStatus::Process)).await;
    }
    for seed in [1, 2, 3] {
        let (mut dice, mut model) = (Dice(seed), Model::default());
        let base = wave_counts(&w).await;
        for step in 0..120 {
            random_change(&w, &mut dice, &mut model, step).await;
        }
        check(&w, &mut model, &base, seed).await;
    }
}

async fn wave_counts(w: &World) -> BTreeMap<(i64, u32), WaveCounts> {
    let mut all = BTreeMap::new();
    for id in CAMPAIGNS {
        let counts = w.sims.campaign_counts(SimCampaignId(id)).await.unwrap();
        all.extend((0..).zip(counts.waves).map(|(wave, counts)| ((id, wave), counts)));
    }
    all
}

async fn random_change(w: &World, dice: &mut Dice, model: &mut Model, step: i64) {
    let campaign = dice.pick(&CAMPAIGNS);
    let now = UnixMillis(at(step * 40).0);
    match dice.throw(10) {
        0 => enrol(w, dice, campaign).await,
        1 => {
            let status = dice.pick(&[
                SimCampaignStatus::Process,
                SimCampaignStatus::Process,
                SimCampaignStatus::Suspend,
            ]);
            w.set_status(campaign, status).await;
        }
        2 | 3 => {
            let limit = dice.throw(6) as u32;
            let below = (dice.throw(2) == 0).then(|| dice.throw(CARDS));
            let claim = Claim { now, lease_until: at(step * 40 + 60), below, ..claim(campaign, limit) };
            w.sims.claim_participants(claim).await.unwrap();
        }
        4 => {
            w.sims.due_timers(now, at(step * 40 + 30), dice.throw(6) as u32).await.unwrap();
        }
        _ => commit(w, dice, model, now).await,
    }
}

/// Enrols some cards, of which some take part already: then nothing of it may be left.
async fn enrol(w: &World, dice: &mut Dice, campaign: i64) {
    let cards = w.cards(0..CARDS).await;
    let count = 1 + dice.throw(3);
    let participants = (0..count)
        .map(|_| NewParticipant {
            id: (dice.throw(4) == 0).then(|| ParticipantId(dice.throw(5000) as i64)),
            status: dice.pick(&ParticipantStatus::ALL),
            ..newcomer(&cards[dice.throw(CARDS) as usize])
        })
        .collect();
    let write = SimWrite::Enrol { campaign: SimCampaignId(campaign), participants };
    // Refused or not: the recount tells whether it was done as a whole.
    drop(w.sims.write_sims(vec![write]).await);
}

/// Commits some changes at once, good ones and bad ones.
async fn commit(w: &World, dice: &mut Dice, model: &mut Model, now: UnixMillis) {
    let mut writes = Vec::new();
    for _ in 0..=dice.throw(6) {
        let campaign = SimCampaignId(dice.pick(&CAMPAIGNS));
        let key = [(campaign, dice.throw(CARDS))];
        if let Some(loaded) = w.sims.load_participants(&key).await.unwrap().remove(0) {
            writes.push(random_write(dice, &loaded, now));
        }
    }
    let results = w.sims.commit_participants(writes.clone()).await;
    for (write, result) in writes.into_iter().zip(results) {
        if result.is_err() {
            continue;
        }
        let sum = model.waves.entry((write.participant.campaign.0, write.wave)).or_default();
        sum.succeeded += write.counts.succeeded;
        sum.failed += write.counts.failed;
        sum.attempts_ok += write.counts.attempts_ok;
        sum.attempts_failed += write.counts.attempts_failed;
        sum.config_errors += write.counts.config_errors;
        if let Some(taken) = write.key_set.and_then(|keys| keys.take_counter) {
            let before = model.counters.insert(write.participant.sim.0, taken);
            assert!(before.is_none_or(|before| before < taken), "counter {taken} was given before");
        }
    }
}

fn random_write(dice: &mut Dice, loaded: &LoadedParticipant, now: UnixMillis) -> ParticipantWrite {
    let counter = loaded.key_sets[0].next_counter;
    let mut write = match dice.throw(4) {
        0 => reserve(loaded, counter),
        1 => complete(loaded, now),
        _ => {
            let status = dice.pick(&ParticipantStatus::ALL);
            let hold = dice.pick(&[HoldWrite::Keep, HoldWrite::Take, HoldWrite::Release]);
            let key_set = KeySetWrite {
                raise_by: dice.throw(3),
                flags: CardFlags { blocked: false, resync: dice.throw(2) == 0 },
                ..keys((dice.throw(2) == 0).then_some(counter), hold)
            };
            let edit = |participant: &mut Participant| {
                participant.status = status;
                participant.timer_at = Some(now);
                participant.due_at = now;
            };
            ParticipantWrite { key_set: Some(key_set), ..change(loaded, edit) }
        }
    };
    write.now = now;
    write.wave = dice.throw(4) as u32;
    write.counts = WaveCounts {
        succeeded: dice.throw(2),
        failed: dice.throw(2),
        attempts_ok: dice.throw(3),
        attempts_failed: dice.throw(3),
        config_errors: dice.throw(2),
    };
    // Some come too late.
    write.revision -= u64::from(dice.throw(8) == 0);
    write
}

async fn check(w: &World, model: &mut Model, base: &BTreeMap<(i64, u32), WaveCounts>, seed: u64) {
    for id in CAMPAIGNS {
        let campaign = SimCampaignId(id);
        let rows = w.sims.scan_participants(campaign, 0, 1000).await.unwrap();
        let ordinals: Vec<_> = rows.iter().map(|row| row.participant.ordinal).collect();
        assert_eq!(ordinals, (0..rows.len() as u64).collect::<Vec<_>>(), "seed {seed}: places are dense");
        let mut by_status = [0; 9];
        for row in &rows {
            by_status[usize::from(row.participant.status.number())] += 1;
        }
        let counts = w.sims.campaign_counts(campaign).await.unwrap();
        assert_eq!(counts.by_status, by_status, "seed {seed}: campaign {id}");
        let total = w.sims.page_participants(campaign, page(1, 1)).await.unwrap().total;
        assert_eq!(total, rows.len() as u64, "seed {seed}: campaign {id}");
    }
    let stored = wave_counts(w).await;
    for (key, counts) in &model.waves {
        let (now, before) = (stored[key], base.get(key).copied().unwrap_or_default());
        let added = WaveCounts {
            succeeded: now.succeeded - before.succeeded,
            failed: now.failed - before.failed,
            attempts_ok: now.attempts_ok - before.attempts_ok,
            attempts_failed: now.attempts_failed - before.attempts_failed,
            config_errors: now.config_errors - before.config_errors,
        };
        assert_eq!(added, *counts, "seed {seed}: wave {key:?}");
    }
    assert!(!model.waves.is_empty() && !model.counters.is_empty(), "seed {seed} changed something");
}
