//! Many at once, on one handle and on two.

use super::world::{World, at, change, claim, complete, keys, make_campaign, newcomer, page, reserve};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{
    Claim, HoldWrite, LoadedParticipant, Pace, ParticipantWrite, SimStore, SimWrite, StepRefusal, Store,
};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::{SimCampaignStatus, WaveCounts};
use muster_domain::time::UnixMillis;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::task::JoinSet;

/// A second handle of the same database, as another node has it.
async fn other_node(w: &World) -> Arc<dyn Store> {
    muster_storage::open(w.harness.config.clone()).await.expect("another node opens the store")
}

async fn load(sims: &Arc<dyn SimStore>, campaign: i64) -> LoadedParticipant {
    sims.load_participants(&[(SimCampaignId(campaign), 0)]).await.unwrap().remove(0).unwrap()
}

pub(crate) async fn of_many_claimers_on_two_nodes_each_gets_others(h: Harness) {
    let w = World::running(h, 500).await;
    let other = other_node(&w).await;
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let sims = if n % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = sims.claim_participants(claim(1, 7 + n)).await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.iter().map(|loaded| loaded.participant.ordinal));
            }
        });
    }
    let mut all: Vec<u64> = tasks.join_all().await.concat();
    all.sort_unstable();
    assert_eq!(all, (0..500).collect::<Vec<_>>(), "each exactly once");
    other.close().await;
}

pub(crate) async fn a_pace_is_shared_by_two_nodes(h: Harness) {
    let w = World::running(h, 300).await;
    let other = other_node(&w).await;
    let mut tasks = JoinSet::new();
    for n in 0..10 {
        let sims = if n % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        tasks.spawn(async move {
            let mut claimed = 0;
            // Their clocks are never more than 4.5 s apart.
            for half in 0..10 {
                let paced = Claim {
                    now: UnixMillis(T0.0 + half * 500),
                    lease_until: at(3600),
                    pace: Some(Pace { per_s: 10, burst: 10 }),
                    ..claim(1, 100)
                };
                claimed += sims.claim_participants(paced).await.unwrap().len();
            }
            claimed
        });
    }
    let all: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(all, 10 + 45, "a burst, and ten a second for 4.5 s");
    other.close().await;
}

pub(crate) async fn of_many_timers_each_goes_to_one_node(h: Harness) {
    let w = World::running(h, 300).await;
    let claimed = w.claim(1, 300).await;
    w.done(claimed.iter().map(|loaded| reserve(loaded, 1)).collect()).await;
    let other = other_node(&w).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let sims = if n % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let due = sims.due_timers(at(60), at(120), 11).await.unwrap();
                if due.is_empty() {
                    return mine;
                }
                mine.extend(due.iter().map(|loaded| loaded.participant.ordinal));
            }
        });
    }
    let mut all: Vec<u64> = tasks.join_all().await.concat();
    all.sort_unstable();
    assert_eq!(all, (0..300).collect::<Vec<_>>());
    other.close().await;
}

pub(crate) async fn of_many_packets_each_takes_another_counter(h: Harness) {
    // Card 0 in twenty campaigns, all of which want its counter, from two nodes.
    let w = World::running(h, 1).await;
    for campaign in 2..=20 {
        w.campaign(campaign, 0..1).await;
    }
    let other = other_node(&w).await;
    let mut tasks = JoinSet::new();
    for campaign in 1..=20 {
        let sims = if campaign % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        tasks.spawn(async move {
            let mut mine = Vec::new();
            while mine.len() < 5 {
                let loaded = load(&sims, campaign).await;
                let counter = loaded.key_sets[0].next_counter;
                let write = ParticipantWrite {
                    key_set: Some(keys(Some(counter), HoldWrite::Keep)),
                    ..change(&loaded, |_| {})
                };
                match sims.commit_participants(vec![write]).await.remove(0) {
                    Ok(()) => mine.push(counter),
                    Err(StepRefusal::CounterMoved) => {}
                    Err(refusal) => panic!("{refusal:?}"),
                }
            }
            mine
        });
    }
    let mut all: Vec<u64> = tasks.join_all().await.concat();
    all.sort_unstable();
    assert_eq!(all, (1..=100).collect::<Vec<_>>(), "no counter twice, none left out");
    other.close().await;
}

pub(crate) async fn a_card_wanted_by_many_is_held_by_one_and_all_get_through(h: Harness) {
    // Three cards in twelve campaigns; whoever is put aside waits to be woken, and nobody is forgotten.
    let w = World::running(h, 3).await;
    for campaign in 2..=12 {
        w.campaign(campaign, 0..3).await;
    }
    let other = other_node(&w).await;
    // Time goes on with every look, so that those woken later have their turn.
    let clock = Arc::new(AtomicI64::new(T0.0));
    let mut tasks = JoinSet::new();
    for n in 0..12_i64 {
        let sims = if n % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        let clock = Arc::clone(&clock);
        tasks.spawn(async move {
            let campaign = SimCampaignId(n + 1);
            for _ in 0..3000 {
                if sims.campaign_counts(campaign).await.unwrap().open() == 0 {
                    return;
                }
                let now = UnixMillis(clock.fetch_add(5000, Ordering::SeqCst));
                let claim = Claim { now, lease_until: UnixMillis(now.0 + 60_000), ..claim(campaign.0, 10) };
                for loaded in sims.claim_participants(claim).await.unwrap() {
                    send(&sims, &loaded, now).await;
                }
            }
            let stuck = sims.scan_participants(campaign, 0, 10).await.unwrap();
            panic!("never done: {stuck:?}");
        });
    }
    tasks.join_all().await;
    let number = w.cards(0..1).await[0].number;
    let set = w.sims.key_sets(number).await.unwrap().remove(0);
    assert_eq!((set.holder, set.next_counter), (None, 13), "one packet for each campaign");
    other.close().await;
}

/// Reserves, checks that nobody else has the card, and completes; or is put aside.
async fn send(sims: &Arc<dyn SimStore>, loaded: &LoadedParticipant, now: UnixMillis) {
    let counter = loaded.key_sets[0].next_counter;
    match sims.commit_participants(vec![reserve(loaded, counter)]).await.remove(0) {
        Ok(()) => {}
        // A lease that ended while the clock ran is somebody else's by now; both others come again by themselves.
        Err(StepRefusal::Held | StepRefusal::CounterMoved | StepRefusal::Stale) => return,
        Err(refusal) => panic!("{refusal:?}"),
    }
    let me = &loaded.participant;
    let key = (me.campaign, me.ordinal);
    let held = sims.load_participants(&[key]).await.unwrap().remove(0).unwrap();
    assert_eq!(held.key_sets[0].holder, Some(key));
    let found = sims.participants_by_msisdn(&[held.card.msisdn().unwrap().to_owned()]).await.unwrap();
    let found = found.into_iter().next().flatten().expect("its message is on its way");
    assert_eq!((found.participant.campaign, found.participant.ordinal), key);
    sims.commit_participants(vec![complete(&held, now)]).await.remove(0).unwrap();
}

pub(crate) async fn concurrent_changes_are_all_counted(h: Harness) {
    let w = World::running(h, 400).await;
    let claimed = w.claim(1, 400).await;
    let other = other_node(&w).await;
    let mut tasks = JoinSet::new();
    for (n, part) in claimed.chunks(10).enumerate() {
        let sims = if n % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        let part = part.to_vec();
        tasks.spawn(async move {
            let reserved = sims.commit_participants(part.iter().map(|one| reserve(one, 1)).collect()).await;
            assert!(reserved.iter().all(Result::is_ok));
            let keys: Vec<_> =
                part.iter().map(|one| (one.participant.campaign, one.participant.ordinal)).collect();
            let loaded = sims.load_participants(&keys).await.unwrap();
            let writes = loaded.iter().flatten().map(|one| {
                let counts = WaveCounts { succeeded: 1, attempts_ok: 1, ..Default::default() };
                ParticipantWrite { counts, wave: (n % 3) as u32, ..complete(one, at(1)) }
            });
            let done = sims.commit_participants(writes.collect()).await;
            assert!(done.iter().all(Result::is_ok));
        });
    }
    tasks.join_all().await;
    let counts = w.sims.campaign_counts(SimCampaignId(1)).await.unwrap();
    assert_eq!(counts.of(ParticipantStatus::Completed), 400);
    assert_eq!(counts.open(), 0);
    assert_eq!(counts.waves.iter().map(|wave| wave.succeeded).collect::<Vec<_>>(), [140, 130, 130]);
    other.close().await;
}

pub(crate) async fn of_two_that_enrol_one_card_one_succeeds(h: Harness) {
    let w = World::new(h).await;
    w.load(0..8, 1).await;
    w.write(make_campaign(1, 1, SimCampaignStatus::Created)).await;
    let cards = w.cards(0..8).await;
    let other = other_node(&w).await;
    let mut tasks = JoinSet::new();
    for n in 0..16_usize {
        let sims = if n % 2 == 0 { Arc::clone(&w.sims) } else { other.sims() };
        let participants = vec![newcomer(&cards[n % 8])];
        tasks.spawn(async move {
            let write = SimWrite::Enrol { campaign: SimCampaignId(1), participants };
            (n % 8, sims.write_sims(vec![write]).await.is_ok())
        });
    }
    let mut succeeded = BTreeMap::new();
    for (card, ok) in tasks.join_all().await {
        *succeeded.entry(card).or_insert(0) += u32::from(ok);
    }
    assert!(succeeded.values().all(|count| *count == 1), "{succeeded:?}");
    let rows = w.sims.page_participants(SimCampaignId(1), page(1, 100)).await.unwrap();
    let places: Vec<_> = rows.rows.iter().map(|row| row.ordinal).collect();
    assert_eq!(places, (0..8).collect::<Vec<_>>(), "dense");
    assert!(rows.rows.is_sorted_by(|a, b| a.id < b.id), "in order of id");
    assert_eq!(rows.total, 8);
    other.close().await;
}
