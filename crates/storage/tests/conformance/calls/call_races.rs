//! Many at once.

use super::world::{CAMPAIGN, World, at, call, changed, code, contact, in_hand, over, put, put_call};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{CallRefusal, CallSequence, CallWrite};
use muster_domain::calls::call::{CallOutcome, LedgerDay};
use muster_domain::ids::{ContactId, ResultCodeId};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

pub(crate) async fn of_concurrent_writers_of_a_contact_one_succeeds(h: Harness) {
    let w = World::new(h).await;
    w.add([contact(1, CAMPAIGN)]).await;
    for round in 1..=5 {
        let mut tasks = JoinSet::new();
        for n in 0..8 {
            let calls = Arc::clone(&w.calls);
            tasks.spawn(async move {
                let taken = changed(1, |contact| in_hand(contact, at(n)));
                calls.commit(vec![put(taken, round), put_call(call(round as i64 * 100 + n, 1))]).await
            });
        }
        let (mut done, mut stale) = (0, 0);
        while let Some(result) = tasks.join_next().await {
            match result.unwrap() {
                Ok(()) => done += 1,
                Err(CallRefusal::Stale { what: "contact" }) => stale += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((done, stale), (1, 7), "round {round}");
    }
    assert_eq!(w.version(1).await, 6);
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().open_calls, 5, "the refused left no call behind");
}

pub(crate) async fn of_concurrent_adders_of_a_contact_one_succeeds(h: Harness) {
    let w = World::new(h).await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let calls = Arc::clone(&w.calls);
        tasks.spawn(async move { calls.commit(vec![put(contact(1, CAMPAIGN), 0)]).await });
    }
    let mut done = 0;
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            Ok(()) => done += 1,
            Err(refusal) => assert!(matches!(refusal, CallRefusal::Stale { what: "contact" }), "{refusal:?}"),
        }
    }
    assert_eq!((done, w.calls.counts(CAMPAIGN).await.unwrap().total()), (1, 1));
}

pub(crate) async fn concurrent_commits_are_all_counted(h: Harness) {
    let w = World::new(h).await;
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let calls = Arc::clone(&w.calls);
        tasks.spawn(async move {
            // Two contacts and their calls in whatever order: nobody waits for somebody who waits for him.
            let (a, b) = if n % 2 == 0 { (n * 2, n * 2 + 1) } else { (n * 2 + 1, n * 2) };
            let day = LedgerDay { day: (n % 3) as i32, live: 1, abandoned: 0 };
            calls
                .commit(vec![
                    put(contact(a, CAMPAIGN), 0),
                    put_call(over(call(a, a), CallOutcome::Busy)),
                    put(contact(b, CAMPAIGN), 0),
                    put_call(call(b, b)),
                    CallWrite::Ledger { campaign: CAMPAIGN, add: day },
                ])
                .await
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap().unwrap();
    }
    let counts = w.calls.counts(CAMPAIGN).await.unwrap();
    assert_eq!((counts.total(), counts.open_calls), (128, 64));
    assert_eq!(counts.outcomes, [(CallOutcome::Busy, 64)].into());
    let live: u64 = w.calls.ledger(CAMPAIGN, 0).await.unwrap().iter().map(|day| day.live).sum();
    assert_eq!(live, 64);
}

pub(crate) async fn of_many_nodes_one_conducts(h: Harness) {
    let w = World::new(h).await;
    for round in 1..=4 {
        let mut tasks = JoinSet::new();
        for node in 0..8u128 {
            let calls = Arc::clone(&w.calls);
            let (now, until) = (at(round * 100), at(round * 100 + 50));
            tasks.spawn(async move {
                calls.own_campaign(CAMPAIGN, Uuid::from_u128(round as u128 * 10 + node), now, until).await
            });
        }
        let mut got = Vec::new();
        while let Some(result) = tasks.join_next().await {
            got.extend(result.unwrap().unwrap());
        }
        assert_eq!(got.len(), 1, "round {round}: {got:?}");
        assert_eq!((got[0].fence, got[0].is_new), (round as u64, true));
    }
}

pub(crate) async fn concurrent_takers_of_call_ids_get_others(h: Harness) {
    let w = World::new(h).await;
    let mut tasks = JoinSet::new();
    for n in 0..32u32 {
        let calls = Arc::clone(&w.calls);
        tasks.spawn(async move {
            let count = n % 4 + 1;
            (calls.take_ids(CallSequence::Contact, count).await.unwrap(), count)
        });
    }
    let mut taken = BTreeSet::new();
    while let Some(result) = tasks.join_next().await {
        let (first, count) = result.unwrap();
        for id in first..first + i64::from(count) {
            assert!(taken.insert(id), "{id} was given twice");
        }
    }
    assert_eq!(taken.len(), 80);
}

pub(crate) async fn nothing_is_added_to_a_campaign_that_goes(h: Harness) {
    let w = World::new(h).await;
    let mut tasks = JoinSet::new();
    for n in 0..40 {
        let calls = Arc::clone(&w.calls);
        tasks.spawn(async move {
            if n == 20 {
                calls.commit(vec![CallWrite::DeleteCampaign { id: CAMPAIGN, version: 1 }]).await.unwrap();
                return;
            }
            match calls.commit(vec![put(contact(n, CAMPAIGN), 0)]).await {
                Ok(()) | Err(CallRefusal::NoCampaign) => {}
                Err(other) => panic!("{other:?}"),
            }
        });
        let calls = Arc::clone(&w.calls);
        tasks.spawn(async move {
            calls.purge(5).await.unwrap();
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap();
    }
    while w.calls.purge(100).await.unwrap() > 0 {}
    // The campaign and everything of it is gone: whoever comes now has the ids for himself.
    w.write(super::world::put_campaign(super::world::campaign(1), muster_app::ports::Expected::Absent)).await;
    w.add((0..40).map(|n| contact(n, CAMPAIGN))).await;
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().total(), 40);
}

pub(crate) async fn a_result_code_is_not_removed_from_under_a_contact(h: Harness) {
    let w = World::new(h).await;
    for round in 1..=10 {
        w.write(CallWrite::ResultCode(Box::new(code(round)))).await;
        let with_code = changed(round, |contact| contact.result_code = Some(ResultCodeId(round)));
        let remove = CallWrite::RemoveResultCode { campaign: CAMPAIGN, id: ResultCodeId(round) };
        let (added, removed) =
            tokio::join!(w.calls.commit(vec![put(with_code, 0)]), w.calls.commit(vec![remove]));
        added.unwrap();
        let is_there = w.calls.result_codes(CAMPAIGN).await.unwrap().iter().any(|code| code.id.0 == round);
        match removed {
            Ok(()) => assert!(!is_there),
            Err(CallRefusal::InUse) => assert!(is_there),
            Err(other) => panic!("{other:?}"),
        }
        assert!(w.calls.contact(ContactId(round)).await.unwrap().is_some());
    }
    assert_eq!(w.calls.run_out(T0, 5).await.unwrap().len(), 0);
}
