//! The log, the outbox, counters and places.

use crate::fixtures::{ORG, create, delete, event, id, outcome, update, uuid};
use crate::harness::Harness;
use muster_app::ports::{
    CommitRefusal, CreativeCount, CreativeTotals, CustomerWrite, OutboxEntry, PlaceChange,
};
use muster_domain::event::Event;
use muster_domain::ids::{CampaignId, CreativeId, OrganizationId};
use uuid::Uuid;

pub(crate) async fn events_come_back_in_order_of_arrival(h: Harness) {
    // Keys sort the other way round than positions.
    let first = [event(9, 1, "visit"), event(8, 2, "purchase")];
    let second =
        [event(7, 3, "visit"), Event { context: [].into(), admitted: vec![], ..event(1, 4, "refund") }];
    h.done(CustomerWrite { events: first.to_vec(), ..create(1) }).await;
    h.done(CustomerWrite { events: second.to_vec(), ..update(1, 1) }).await;
    h.done(CustomerWrite { events: vec![event(9, 1, "visit")], ..create(2) }).await;
    let all: Vec<Event> = first.iter().chain(&second).cloned().collect();
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    assert_eq!(h.store.events_of(ORG, id(1), &[]).await.unwrap(), all);
    assert_eq!(
        h.store.events_of(ORG, id(1), &named(&["visit", "none"])).await.unwrap(),
        [all[0].clone(), all[2].clone()]
    );
    assert!(h.store.events_of(ORG, id(1), &named(&["Visit"])).await.unwrap().is_empty());
    assert!(h.store.events_of(ORG, id(3), &[]).await.unwrap().is_empty());
    assert!(h.store.events_of(OrganizationId(2), id(1), &[]).await.unwrap().is_empty());
}

pub(crate) async fn an_event_key_is_never_logged_twice(h: Harness) {
    h.done(CustomerWrite { events: vec![event(1, 1, "visit")], ..create(1) }).await;
    let again = CustomerWrite {
        events: vec![event(2, 2, "visit"), event(1, 3, "visit")],
        outcomes: vec![outcome(1, id(1))],
        ..update(1, 1)
    };
    assert!(matches!(h.commit_one(again).await, Err(CommitRefusal::Stale)));
    assert_eq!(h.store.events_of(ORG, id(1), &[]).await.unwrap(), [event(1, 1, "visit")]);
    assert_eq!(h.store.customer(ORG, id(1)).await.unwrap().unwrap().version, 1);
    assert!(h.store.page_outbox(ORG, None, 10).await.unwrap().is_empty());
    // The same key of another customer is another event.
    h.done(CustomerWrite { events: vec![event(1, 1, "visit")], ..create(2) }).await;
}

pub(crate) async fn of_concurrent_ingests_each_event_counts_once(h: Harness) {
    h.done(create(1)).await;
    // Every task wants to log every key, as clients do that send again; each follows the rule: load, decide, commit.
    let tasks = (0..8).map(|_| {
        let store = h.store.clone();
        tokio::spawn(async move {
            for key in 1..=10_u8 {
                loop {
                    let load = muster_app::ports::EventLoad {
                        organization: ORG,
                        id: id(1),
                        keys: vec![event(key, 0, "visit").key],
                    };
                    let loaded = store.load_for_events(&[load]).await.unwrap().remove(0).unwrap();
                    if loaded.known[0] {
                        break;
                    }
                    let mut customer = loaded.stored.customer;
                    customer.events_logged += 1;
                    let write = CustomerWrite {
                        events: vec![event(key, customer.events_logged, "visit")],
                        outcomes: vec![outcome(u32::from(key), id(1))],
                        customer: Some(customer),
                        ..update(1, loaded.stored.version)
                    };
                    match store.commit(vec![write]).await.remove(0) {
                        Ok(()) => break,
                        Err(CommitRefusal::Stale) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let stored = h.store.customer(ORG, id(1)).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.customer.events_logged), (11, 10));
    let log = h.store.events_of(ORG, id(1), &[]).await.unwrap();
    assert_eq!(log.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=10).collect::<Vec<u64>>());
    assert_eq!(h.store.page_outbox(ORG, None, 100).await.unwrap().len(), 10);
}

pub(crate) async fn the_outbox_is_paged_in_the_order_of_commits(h: Harness) {
    let (five, three, four, one) =
        (outcome(5, id(1)), outcome(3, id(1)), outcome(4, id(2)), outcome(1, id(2)));
    h.done(CustomerWrite { outcomes: vec![five.clone(), three.clone()], ..create(1) }).await;
    h.done(CustomerWrite {
        organization: OrganizationId(2),
        outcomes: vec![OutboxEntry { payload: serde_json::Value::Null, ..outcome(2, id(1)) }],
        ..create(1)
    })
    .await;
    let page = |after: Option<Uuid>, limit| h.store.page_outbox(ORG, after, limit);
    assert_eq!(page(None, 9).await.unwrap(), [five.clone(), three.clone()]);
    // Made earlier, committed later: whoever has read up to here must still see it.
    h.done(CustomerWrite { outcomes: vec![four.clone(), one.clone()], ..create(2) }).await;
    assert_eq!(page(Some(three.id), 9).await.unwrap(), [four.clone(), one.clone()]);
    assert_eq!(page(None, 3).await.unwrap(), [five.clone(), three.clone(), four.clone()]);
    assert_eq!(page(Some(four.id), 3).await.unwrap(), std::slice::from_ref(&one));
    assert!(page(Some(one.id), 3).await.unwrap().is_empty());
    assert!(page(None, 0).await.unwrap().is_empty());
    assert_eq!(h.store.page_outbox(OrganizationId(2), None, 3).await.unwrap().len(), 1);
    // Ids that no entry has stand for the greatest below them.
    assert_eq!(page(Some(uuid(2)), 9).await.unwrap(), []);
    assert_eq!(page(Some(uuid(9)), 9).await.unwrap(), [three.clone(), four.clone(), one.clone()]);
    assert_eq!(page(Some(Uuid::nil()), 9).await.unwrap().len(), 4);
    // An entry goes with its customer; a reader who stands on it goes on where it stood.
    h.done(delete(1, 1)).await;
    assert_eq!(page(None, 9).await.unwrap(), [four.clone(), one.clone()]);
    assert_eq!(page(Some(five.id), 1).await.unwrap(), [four]);
    assert_eq!(page(Some(three.id), 9).await.unwrap().len(), 2);
}

pub(crate) async fn outcomes_of_a_customer_deleted_in_the_same_call_go_with_it(h: Harness) {
    let results = h
        .store
        .commit(vec![
            CustomerWrite { outcomes: vec![outcome(1, id(1))], ..create(1) },
            CustomerWrite { outcomes: vec![outcome(2, id(1))], ..delete(1, 1) },
            CustomerWrite { outcomes: vec![outcome(3, id(1))], ..create(1) },
        ])
        .await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(h.store.page_outbox(ORG, None, 9).await.unwrap(), [outcome(2, id(1)), outcome(3, id(1))]);
}

pub(crate) async fn a_reader_of_the_outbox_misses_nothing(h: Harness) {
    // Many writers whose ids are in no order, and a reader that goes on from the last id it saw.
    let writers = (0..8_u32).map(|task| {
        let store = h.store.clone();
        tokio::spawn(async move {
            for round in 0..40_u32 {
                let n = task * 40 + round;
                let made = (n * 7919) % 1009 + 1;
                let write = CustomerWrite { outcomes: vec![outcome(made, id(n))], ..create(n) };
                store.commit(vec![write]).await.remove(0).unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut seen = Vec::new();
    loop {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = h.store.page_outbox(ORG, seen.last().copied(), 7).await.unwrap();
        if finished && page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|entry| entry.id));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let distinct: std::collections::BTreeSet<Uuid> = seen.iter().copied().collect();
    assert_eq!((seen.len(), distinct.len()), (320, 320));
}

const CAMPAIGN: CampaignId = CampaignId(5);

fn place(delta: i32, limit: Option<u32>) -> PlaceChange {
    PlaceChange { campaign: CAMPAIGN, delta, limit }
}

pub(crate) async fn places_are_taken_given_back_and_counted(h: Harness) {
    for (n, change, accepted, taken) in [
        (1, place(1, Some(2)), true, 1),
        (2, place(1, Some(2)), true, 2),
        (3, place(1, Some(2)), false, 2),
        (4, place(1, None), true, 3),
        (5, place(-1, Some(2)), true, 2),
        (6, place(1, Some(2)), false, 2),
        (7, place(-1, None), true, 1),
        (8, place(1, Some(2)), true, 2),
        (9, place(-1, None), true, 1),
        (10, place(-1, None), true, 0),
        (11, place(-1, None), true, 0),
        (12, place(1, Some(0)), false, 0),
    ] {
        let outcome = h.commit_one(CustomerWrite { places: vec![change], ..create(n) }).await;
        match outcome {
            Ok(()) => assert!(accepted, "step {n}"),
            Err(CommitRefusal::LimitReached(campaign)) => {
                assert!(!accepted && campaign == CAMPAIGN, "step {n}");
            }
            Err(other) => panic!("step {n}: {other}"),
        }
        assert_eq!(h.store.places_taken(ORG, CAMPAIGN).await.unwrap(), taken, "step {n}");
    }
    assert_eq!(h.store.places_taken(OrganizationId(2), CAMPAIGN).await.unwrap(), 0);
    assert_eq!(h.store.places_taken(ORG, CampaignId(6)).await.unwrap(), 0);
}

pub(crate) async fn one_write_takes_several_places_or_none(h: Harness) {
    let other = |delta, limit| PlaceChange { campaign: CampaignId(6), delta, limit };
    // Each counts the ones before it.
    let write = |n, places| CustomerWrite { places, ..create(n) };
    let refused = h.commit_one(write(1, vec![other(1, None), place(1, Some(1)), place(1, Some(1))])).await;
    assert!(matches!(refused, Err(CommitRefusal::LimitReached(CAMPAIGN))));
    assert_eq!(h.store.places_taken(ORG, CampaignId(6)).await.unwrap(), 0);
    h.done(write(1, vec![other(1, Some(1)), place(1, Some(1)), place(-1, None), place(1, Some(1))])).await;
    assert_eq!(h.store.places_taken(ORG, CAMPAIGN).await.unwrap(), 1);
    assert_eq!(h.store.places_taken(ORG, CampaignId(6)).await.unwrap(), 1);
}

pub(crate) async fn a_stale_writer_is_told_so_before_it_is_told_of_the_limit(h: Harness) {
    // A customer opts in twice at once and takes the last place: the second is late, not too late.
    h.done(create(1)).await;
    let opt_in = || CustomerWrite { places: vec![place(1, Some(1))], ..update(1, 1) };
    let results = h.store.commit(vec![opt_in(), opt_in()]).await;
    assert!(results[0].is_ok());
    assert!(matches!(results[1], Err(CommitRefusal::Stale)), "{results:?}");
}

pub(crate) async fn of_sixty_four_takers_of_ten_places_ten_succeed(h: Harness) {
    let tasks = (1..=64).map(|n| {
        let store = h.store.clone();
        tokio::spawn(async move {
            store
                .commit(vec![CustomerWrite { places: vec![place(1, Some(10))], ..create(n) }])
                .await
                .remove(0)
        })
    });
    let mut taken = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => taken += 1,
            Err(CommitRefusal::LimitReached(campaign)) => assert_eq!(campaign, CAMPAIGN),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(taken, 10);
    assert_eq!(h.store.places_taken(ORG, CAMPAIGN).await.unwrap(), 10);
    assert_eq!(h.store.count_customers(ORG).await.unwrap(), 10);
}

pub(crate) async fn views_and_clicks_add_up(h: Harness) {
    let count = |creative, seen, clicked| CreativeCount {
        campaign: CAMPAIGN,
        creative: CreativeId(creative),
        seen,
        clicked,
    };
    let writes = (1..=20)
        .map(|n| CustomerWrite { counts: vec![count(2, 1, 0), count(1, 0, 1), count(2, 1, 1)], ..create(n) });
    assert!(h.store.commit(writes.collect()).await.iter().all(Result::is_ok));
    let totals = |creative, seen, clicked| CreativeTotals {
        campaign: CAMPAIGN,
        creative: CreativeId(creative),
        seen,
        clicked,
    };
    assert_eq!(h.store.creative_totals(ORG, CAMPAIGN).await.unwrap(), [totals(1, 0, 20), totals(2, 40, 20)]);
    assert!(h.store.creative_totals(ORG, CampaignId(6)).await.unwrap().is_empty());
    assert!(h.store.creative_totals(OrganizationId(2), CAMPAIGN).await.unwrap().is_empty());
    // What a deleted customer did stays counted: the figures are the campaign's.
    h.done(delete(1, 1)).await;
    assert_eq!(h.store.creative_totals(ORG, CAMPAIGN).await.unwrap()[1].seen, 40);
}
