//! What several nodes on one PostgreSQL, and large tables there, must not do to each other.

use super::world::{
    World, account_id, at, change, claim, complete, iccid, key_set, make_campaign, msisdn, newcomer, page,
    reserve, sim,
};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{
    Claim, NewParticipant, Pace, ParticipantWrite, SimRefusal, SimStore, SimWrite, StepRefusal, Store,
    StoreError,
};
use muster_domain::ids::{ParticipantId, SimCampaignId, SimNumber};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::SimName;
use muster_domain::sim_campaign::SimCampaignStatus;
use muster_domain::time::UnixMillis;
use muster_storage::open;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// Longer than any bound under test, shorter than patience.
const SOON: Duration = Duration::from_secs(30);

/// A further node on the same database.
async fn node(w: &World) -> Arc<dyn Store> {
    open(w.harness.config.clone()).await.unwrap()
}

/// A session of the database that is not a node's.
async fn session(w: &World) -> Client {
    let (client, connection) = tokio_postgres::connect(w.harness.database().url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Everything that the engine and the faces do all the time, at the end of a campaign of `size` cards.
async fn work_at_the_end(w: &World, size: u64, now: UnixMillis) {
    let campaign = SimCampaignId(1);
    let (last, first) = (size - 1, size.saturating_sub(3));
    let claims = [None, Some(Pace { per_s: 1000, burst: 2 })].map(|pace| Claim {
        now,
        lease_until: UnixMillis(now.0 + 1),
        pace,
        ..claim(1, 2)
    });
    for claim in claims {
        for loaded in w.sims.claim_participants(claim).await.unwrap() {
            w.done(vec![reserve(&loaded, loaded.key_sets[0].next_counter)]).await;
        }
    }
    for loaded in w.sims.due_timers(UnixMillis(now.0 + 60_000), at(1), 4).await.unwrap() {
        w.done(vec![change(&loaded, |participant| {
            participant.status = ParticipantStatus::Retry;
            participant.timer_at = None;
            participant.due_at = UnixMillis(now.0 - 1);
        })])
        .await;
    }
    for pages in [page(size, 1), page(size.div_ceil(2), 2), page(size + 9, 1)] {
        w.sims.page_participants(campaign, pages).await.unwrap();
        w.sims.page_sims(account_id(1), pages).await.unwrap();
    }
    assert_eq!(w.sims.scan_participants(campaign, first, 3).await.unwrap().len(), 3);
    assert!(w.sims.load_participants(&[(campaign, last)]).await.unwrap()[0].is_some());
    w.sims.participants_by_msisdn(&[msisdn(last), msisdn(0)]).await.unwrap();
    w.sims.resting_participants(&msisdn(last)).await.unwrap();
    let found = w.sims.sims_by_names(&[SimName::Iccid(iccid(last))]).await.unwrap().remove(0).unwrap();
    w.sims.participations(found.value.number, None, page(1, 5)).await.unwrap();
    w.sims.participations(found.value.number, Some(campaign), page(1, 5)).await.unwrap();
    assert_eq!(w.sims.campaign_counts(campaign).await.unwrap().participants(), size);
    assert_eq!(w.sims.live_sim_campaigns().await.unwrap().len(), 2);
    // Two campaigns want one card: the second is put aside and woken.
    let (here, there) = (w.load_one(1, 0).await, w.load_one(2, 0).await);
    let counter = here.key_sets[0].next_counter;
    w.done(vec![reserve(&here, counter)]).await;
    assert!(matches!(w.commit(reserve(&there, counter)).await, Err(StepRefusal::Held)));
    let done = w.load_one(1, 0).await;
    w.done(vec![ParticipantWrite {
        participant: here.participant.clone(),
        ..complete(&done, UnixMillis(now.0 + 3_600_000))
    }])
    .await;
    let replaced = SimWrite::Sim { sim: Box::new(found.value), version: found.version };
    w.write(replaced).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_of_cards_is_ever_scanned() {
    const SIZE: u64 = 50_000;
    let w = World::running(Harness::postgres().await, 4).await;
    w.campaign(2, 0..1).await;
    let admin = session(&w).await;
    // What is prepared while the server knows that the tables are all but empty is used when they are large, before
    // anything has told it so.
    admin.batch_execute("ANALYZE").await.unwrap();
    for round in 0..10 {
        work_at_the_end(&w, 4, at(round)).await;
    }
    admin
        .batch_execute(&format!(
            "INSERT INTO sim (account, ordinal, version, body)
                 SELECT account, n, 1, body FROM sim, generate_series(4, {SIZE} - 1) n WHERE ordinal = 0;
             INSERT INTO sim_name (kind, name, sim)
                 SELECT 1, '8935771' || lpad(ordinal::text, 12, '0'), number FROM sim WHERE ordinal >= 4;
             INSERT INTO sim_name (kind, name, sim)
                 SELECT 3, '4915' || lpad(ordinal::text, 9, '0'), number FROM sim WHERE ordinal >= 4;
             INSERT INTO key_set (sim, kvn, next_counter, flags, body)
                 SELECT s.number, 1, 1, 0, k.body FROM sim s, key_set k
                 WHERE s.ordinal >= 4 AND k.sim = (SELECT number FROM sim WHERE ordinal = 0);
             INSERT INTO participant (campaign, ordinal, id, sim, iccid, status, attempt, code, message, updated_at,
                                      due_at, revision)
                 SELECT 1, ordinal, ordinal + 100, number, '8935771' || lpad(ordinal::text, 12, '0'), 0, 0, '', '',
                        1, 0, 1 FROM sim WHERE ordinal >= 4;
             UPDATE sim_campaign SET participants = {SIZE} WHERE id = 1;
             UPDATE account SET sims = {SIZE};
             UPDATE campaign_count SET participants = participants + {SIZE} - 4 WHERE campaign = 1 AND status = 0"
        ))
        .await
        .unwrap();
    // Scans made so far, by the lines above.
    admin.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
    let read = async || {
        let rows = admin
            .query(
                "SELECT relname::text, seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables
                 WHERE relname IN ('participant', 'sim', 'sim_name', 'key_set') ORDER BY relname",
                &[],
            )
            .await
            .unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect::<Vec<(String, i64, i64)>>()
    };
    let before = read().await;
    for round in 10..20 {
        work_at_the_end(&w, SIZE, at(round)).await;
    }
    // What a connection has counted is told when it ends.
    w.harness.store.close().await;
    let begun = Instant::now();
    while admin
        .query_one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()", &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        > 1
    {
        assert!(begun.elapsed() < SOON, "the connections of a closed store end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for ((table, scanned_before, fetched_before), (_, scanned, fetched)) in
        before.into_iter().zip(read().await)
    {
        let (scanned, fetched) = (scanned - scanned_before, fetched - fetched_before);
        // Ten rounds of two dozen look-ups of a few rows each; a single scan would read 50,000.
        assert!(scanned < 5000, "{table}: {scanned} rows were read by scans");
        assert!(fetched < 5000, "{table}: {fetched} rows were read for some hundred answers");
    }
}

/// Four nodes on the database of a world, its own among them.
async fn nodes(w: &World) -> Vec<Arc<dyn SimStore>> {
    let mut nodes = vec![Arc::clone(&w.sims)];
    for _ in 0..3 {
        nodes.push(node(w).await.sims());
    }
    nodes
}

/// Reserves, then ends, the participants of a campaign as the engine does, until none is left; returns the counters
/// that were taken, by card.
async fn engine(store: Arc<dyn SimStore>, campaign: i64, seed: u64) -> Vec<(SimNumber, u64)> {
    let mut taken = Vec::new();
    let mut idle = 0;
    let mut now = T0;
    while idle < 3 {
        now = UnixMillis(now.0 + 120_000);
        let claimed =
            Claim { now, lease_until: UnixMillis(now.0 + 1), ..claim(campaign, 7 + (seed % 5) as u32) };
        let mut claimed = store.claim_participants(claimed).await.unwrap();
        idle = if claimed.is_empty() { idle + 1 } else { 0 };
        if seed % 2 == 1 {
            claimed.reverse();
        }
        let reserves =
            claimed.iter().map(|loaded| reserve(loaded, loaded.key_sets[0].next_counter)).collect();
        let results = store.commit_participants(reserves).await;
        let mut ends = Vec::new();
        for (loaded, result) in claimed.iter().zip(results) {
            match result {
                Ok(()) => {
                    taken.push((loaded.participant.sim, loaded.key_sets[0].next_counter));
                    ends.push((loaded.participant.campaign, loaded.participant.ordinal));
                }
                Err(StepRefusal::Stale | StepRefusal::Held | StepRefusal::CounterMoved) => {}
                Err(other) => panic!("{other}"),
            }
        }
        let loaded = store.load_participants(&ends).await.unwrap();
        let ends = loaded.into_iter().flatten().map(|loaded| complete(&loaded, now)).collect();
        for result in store.commit_participants(ends).await {
            result.expect("nobody else changes what this node holds");
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_work_on_the_same_cards_all_come_through() {
    const CARDS: u64 = 60;
    const CAMPAIGNS: i64 = 3;
    let w = World::running(Harness::postgres().await, CARDS).await;
    for campaign in 2..=CAMPAIGNS {
        w.campaign(campaign, 0..CARDS).await;
    }
    let mut engines = Vec::new();
    for (seed, store) in (0..).zip(nodes(&w).await) {
        for campaign in 1..=CAMPAIGNS {
            engines.push(tokio::spawn(engine(Arc::clone(&store), campaign, seed)));
        }
    }
    let mut taken = Vec::new();
    for engine in engines {
        taken.extend(engine.await.unwrap());
    }
    // Whoever gave up while others held its card is left to one more.
    for campaign in 1..=CAMPAIGNS {
        taken.extend(engine(Arc::clone(&w.sims), campaign, 0).await);
    }
    let distinct: BTreeSet<_> = taken.iter().copied().collect();
    assert_eq!(distinct.len(), taken.len(), "a counter was given twice");
    assert_eq!(taken.len() as u64, CARDS * CAMPAIGNS as u64);
    for campaign in 1..=CAMPAIGNS {
        let counts = w.sims.campaign_counts(SimCampaignId(campaign)).await.unwrap();
        assert_eq!(counts.of(ParticipantStatus::Completed), CARDS, "{counts:?}");
        assert_eq!(counts.participants(), CARDS);
    }
    for card in w.cards(0..CARDS).await {
        let sets = w.sims.key_sets(card.number).await.unwrap();
        assert_eq!((sets[0].next_counter, sets[0].holder), (1 + CAMPAIGNS as u64, None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_let_through_and_holds_from_then_on() {
    let w = World::running(Harness::postgres().await, 40).await;
    let paused = Arc::new(AtomicBool::new(false));
    let mut busy = Vec::new();
    for (index, store) in (0..).zip(nodes(&w).await) {
        let paused = Arc::clone(&paused);
        // Each node changes participants of its own without a pause, so that some change is always being committed.
        busy.push(tokio::spawn(async move {
            let mut accepted = 0;
            loop {
                let was_paused = paused.load(Ordering::Acquire);
                let keys: Vec<_> = (index * 10..index * 10 + 10).map(|n| (SimCampaignId(1), n)).collect();
                let loaded = store.load_participants(&keys).await.unwrap();
                let changes = loaded
                    .into_iter()
                    .flatten()
                    .map(|loaded| ParticipantWrite { while_running: true, ..change(&loaded, |_| {}) })
                    .collect();
                for result in store.commit_participants(changes).await {
                    match result {
                        Ok(()) if was_paused => {
                            panic!("a change was accepted after the pause was acknowledged")
                        }
                        Ok(()) => accepted += 1,
                        Err(StepRefusal::NotRunning) if was_paused => return accepted,
                        Err(StepRefusal::NotRunning) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        }));
    }
    let moving = || async { w.load_one(1, 0).await.revision > 5 && w.load_one(1, 39).await.revision > 5 };
    let begun = Instant::now();
    while !moving().await {
        assert!(begun.elapsed() < SOON);
    }
    w.set_status(1, SimCampaignStatus::Suspend).await;
    paused.store(true, Ordering::Release);
    for node in busy {
        assert!(node.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_enrol_at_once_leave_no_gap_between_places() {
    const CARDS: u64 = 120;
    let w = World::new(Harness::postgres().await).await;
    w.load(0..CARDS, 1).await;
    for campaign in [1, 2] {
        w.write(make_campaign(campaign, 1, SimCampaignStatus::Created)).await;
    }
    let cards = w.cards(0..CARDS).await;
    let nodes = nodes(&w).await;
    let enrolments = cards.chunks(10).enumerate().flat_map(|(index, cards)| {
        let nodes = &nodes;
        [1, 2].map(move |campaign| {
            let store = Arc::clone(&nodes[index % nodes.len()]);
            let mut participants: Vec<NewParticipant> = cards.iter().map(newcomer).collect();
            if campaign == 2 && index % 4 == 0 {
                participants[0].id = Some(ParticipantId(1_000_000 * (index as i64 + 1)));
            }
            let write = SimWrite::Enrol { campaign: SimCampaignId(campaign), participants };
            tokio::spawn(async move { store.write_sims(vec![write]).await })
        })
    });
    for enrolment in enrolments.collect::<Vec<_>>() {
        enrolment.await.unwrap().unwrap();
    }
    let mut ids = BTreeSet::new();
    for campaign in [1, 2] {
        let told = w.sims.page_participants(SimCampaignId(campaign), page(1, 1000)).await.unwrap();
        assert_eq!(
            told.rows.iter().map(|row| row.ordinal).collect::<Vec<_>>(),
            (0..CARDS).collect::<Vec<_>>()
        );
        assert!(campaign == 2 || told.rows.is_sorted_by_key(|row| row.id), "ids ascend with the places");
        ids.extend(told.rows.iter().map(|row| row.id));
    }
    assert_eq!(ids.len() as u64, 2 * CARDS, "an id was given twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_nodes_that_load_the_same_cards_one_succeeds() {
    let w = World::new(Harness::postgres().await).await;
    let loads = nodes(&w).await.into_iter().zip(0_u64..).map(|(store, index)| {
        // One card of its own, then the same ones in an order of its own.
        let mut cards: Vec<u64> = (0..50).collect();
        if index % 2 == 1 {
            cards.reverse();
        }
        cards.insert(0, 1000 + index);
        let loads = cards.into_iter().map(|n| (sim(n, 1), vec![key_set(SimNumber(0), 1, 1)])).collect();
        tokio::spawn(async move { store.write_sims(vec![SimWrite::LoadSims(loads)]).await })
    });
    let mut loaded = 0;
    for load in loads.collect::<Vec<_>>() {
        match load.await.unwrap() {
            Ok(()) => loaded += 1,
            Err(SimRefusal::Duplicate { index: 1, what: "iccid", .. }) => {}
            Err(refusal) => panic!("{refusal:?}"),
        }
    }
    assert_eq!(loaded, 1);
    let told = w.sims.page_sims(account_id(1), page(1, 1000)).await.unwrap();
    assert_eq!((told.rows.len(), told.total), (51, 51), "the refused leave no gap between places");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_fire_no_counter_is_given_twice_and_nothing_acknowledged_is_lost() {
    const CARDS: u64 = 8;
    let w = World::running(Harness::postgres().await, CARDS).await;
    let admin = session(&w).await;
    // Each card's participant takes counter after counter while all connections are ended again and again.
    let progress = Arc::new(AtomicU64::new(0));
    let senders = (0..CARDS).map(|ordinal| {
        let store = Arc::clone(&w.sims);
        let progress = Arc::clone(&progress);
        tokio::spawn(async move {
            let (mut acknowledged, mut unknown) = (0_u64, 0_u64);
            let begun = Instant::now();
            while acknowledged < 10 {
                assert!(begun.elapsed() < SOON, "{acknowledged} acknowledged and {unknown} unknown");
                let Ok(mut loaded) = store.load_participants(&[(SimCampaignId(1), ordinal)]).await else {
                    continue;
                };
                let loaded = loaded.remove(0).unwrap();
                let write = reserve(&loaded, loaded.key_sets[0].next_counter);
                match store.commit_participants(vec![write]).await.remove(0) {
                    Ok(()) => {
                        acknowledged += 1;
                        progress.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(StepRefusal::Store(StoreError::Unknown(_))) => unknown += 1,
                    Err(StepRefusal::Store(StoreError::Unreachable(_))) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            (acknowledged, unknown)
        })
    });
    let senders: Vec<_> = senders.collect();
    let mut seen = 0;
    while !senders.iter().all(tokio::task::JoinHandle::is_finished) {
        let now = progress.load(Ordering::Relaxed);
        if now >= seen + 3 {
            seen = now;
            admin
                .execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'muster'",
                    &[],
                )
                .await
                .unwrap();
        }
        tokio::task::yield_now().await;
    }
    for (sender, ordinal) in senders.into_iter().zip(0..) {
        let (acknowledged, unknown) = sender.await.unwrap();
        let loaded = w.load_one(1, ordinal).await;
        let taken = loaded.key_sets[0].next_counter - 1;
        assert!(
            (acknowledged..=acknowledged + unknown).contains(&taken),
            "{taken} of {acknowledged}+{unknown}"
        );
        assert_eq!(loaded.revision, 1 + taken, "a counter and its participant are written together");
        assert_eq!(u64::from(loaded.participant.attempt), taken);
    }
    let counts = w.sims.campaign_counts(SimCampaignId(1)).await.unwrap();
    assert_eq!((counts.participants(), counts.in_flight()), (CARDS, CARDS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_parts_that_arrive_at_several_nodes_one_is_told_of_all() {
    let w = World::new(Harness::postgres().await).await;
    let nodes = nodes(&w).await;
    for reference in 0..20 {
        let parts = nodes.iter().zip(1..).map(|(store, sequence)| {
            let store = Arc::clone(store);
            let part = super::answers::part(reference, 4, sequence, 0);
            tokio::spawn(async move { store.add_answer_part(part).await.unwrap().len() })
        });
        let mut told = Vec::new();
        for part in parts.collect::<Vec<_>>() {
            told.push(part.await.unwrap());
        }
        told.sort_unstable();
        assert_eq!(told, [1, 2, 3, 4], "message {reference}");
    }
}
