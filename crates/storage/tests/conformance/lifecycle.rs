//! Sweeping, health, closing and opening again.

use crate::fixtures::{
    ORG, T0, campaign, create, customer, event, id, job, organization, outcome, reply, update, uuid,
};
use crate::harness::Harness;
use muster_app::ports::{
    CatalogRefusal, CatalogWrite, ClientToken, CommitRefusal, CustomerName, CustomerWrite, Expected,
    StoreError, StoredReply,
};
use muster_domain::ids::OrganizationId;
use muster_storage::{StoreReport, inspect, newest_schema};
use std::task::Poll;

pub(crate) async fn what_has_expired_is_swept(h: Harness) {
    let write = |n: u32, expires_s: i64, replied_s: i64| CustomerWrite {
        token: Some(ClientToken {
            sha256: format!("{n:064}"),
            customer: id(n),
            expires_at: T0.plus_seconds(expires_s),
        }),
        reply: Some(StoredReply { created_at: T0.plus_seconds(replied_s), ..reply(&format!("reply-{n}")) }),
        ..create(n)
    };
    for write in [write(1, -1, -11), write(2, 0, -10), write(3, 1, 0)] {
        h.done(write).await;
    }
    assert_eq!(h.store.sweep(T0, T0.plus_seconds(-10)).await.unwrap(), 3);
    assert_eq!(h.store.sweep(T0, T0.plus_seconds(-10)).await.unwrap(), 0);
    for (n, token_stays, reply_stays) in [(1, false, false), (2, false, true), (3, true, true)] {
        let token = h.store.client_token(ORG, &format!("{n:064}")).await.unwrap();
        assert_eq!(token.is_some(), token_stays, "token {n}");
        let reply = h.store.stored_reply(&format!("reply-{n}")).await.unwrap();
        assert_eq!(reply.is_some(), reply_stays, "reply {n}");
        assert!(h.store.customer(ORG, id(n)).await.unwrap().is_some());
    }
}

pub(crate) async fn a_sweep_goes_on_until_nothing_is_left(h: Harness) {
    // More than one step of it deletes.
    for part in 0..5 {
        let writes = (0..500).map(|n| {
            let n = part * 500 + n;
            CustomerWrite { reply: Some(reply(&format!("reply-{n}"))), ..create(n) }
        });
        assert!(h.store.commit(writes.collect()).await.iter().all(Result::is_ok));
    }
    assert_eq!(h.store.sweep(T0, T0.plus_seconds(1)).await.unwrap(), 2500);
}

pub(crate) async fn a_store_that_works_answers_a_ping(h: Harness) {
    for _ in 0..3 {
        h.store.ping().await.unwrap();
    }
}

pub(crate) async fn everything_is_there_after_opening_again(mut h: Harness) {
    let name = CustomerName::Email("a@example.org".to_owned());
    h.store
        .write_catalog(
            ORG,
            vec![
                CatalogWrite::Organization(organization(1, "one")),
                CatalogWrite::Campaign { campaign: Box::new(campaign(11)), expected: Expected::Absent },
                CatalogWrite::Job(job(1, 0)),
            ],
        )
        .await
        .unwrap();
    let next = h.store.allocate_ids(ORG, 1).await.unwrap() + 1;
    h.done(CustomerWrite {
        add_names: vec![name.clone()],
        events: vec![event(1, 1, "visit")],
        outcomes: vec![outcome(1, id(1))],
        reply: Some(reply("once")),
        ..create(1)
    })
    .await;
    h.done(update(1, 1)).await;
    for _ in 0..2 {
        h.reopen().await;
        let stored = h.store.customer_by_name(ORG, &name).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.customer), (2, customer("customer-1")));
        assert_eq!(h.store.events_of(ORG, id(1), &[]).await.unwrap(), [event(1, 1, "visit")]);
        assert_eq!(h.store.page_outbox(ORG, None, 9).await.unwrap(), [outcome(1, id(1))]);
        assert_eq!(h.store.stored_reply("once").await.unwrap(), Some(reply("once")));
        assert_eq!(h.store.load_catalog(ORG).await.unwrap().unwrap().campaigns.len(), 1);
        assert_eq!(h.store.job(ORG, uuid(1)).await.unwrap(), Some(job(1, 0)));
    }
    assert_eq!(h.store.allocate_ids(ORG, 1).await.unwrap(), next);
}

pub(crate) async fn closing_finishes_what_was_accepted(mut h: Harness) {
    // Accepted means queued: each future is polled once, and then the store is closed under them.
    let mut waiting = Vec::new();
    let mut answered = Vec::new();
    for part in 0..20 {
        let store = h.store.clone();
        let writes: Vec<_> = (0..50).map(|n| create(part * 50 + n)).collect();
        let mut commit = Box::pin(async move { store.commit(writes).await });
        match futures_util::poll!(commit.as_mut()) {
            Poll::Pending => waiting.push(commit),
            Poll::Ready(results) => answered.push(results),
        }
    }
    let ((), waited) =
        futures_util::future::join(h.store.close(), futures_util::future::join_all(waiting)).await;
    answered.extend(waited);
    assert!(answered.iter().flatten().all(Result::is_ok));
    h.reopen().await;
    assert_eq!(h.store.count_customers(ORG).await.unwrap(), 1000);
}

pub(crate) async fn a_closed_store_says_so(h: Harness) {
    h.done(create(1)).await;
    h.store.close().await;
    h.store.close().await;
    let refused = h.commit_one(create(2)).await;
    assert!(matches!(refused, Err(CommitRefusal::Store(StoreError::Unreachable(_)))), "{refused:?}");
    let refused = h.store.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "one"))]).await;
    assert!(matches!(refused, Err(CatalogRefusal::Store(StoreError::Unreachable(_)))), "{refused:?}");
    assert!(matches!(h.store.customer(ORG, id(1)).await, Err(StoreError::Unreachable(_))));
    assert!(matches!(h.store.ping().await, Err(StoreError::Unreachable(_))));
    assert!(matches!(h.store.allocate_ids(ORG, 1).await, Err(StoreError::Unreachable(_))));
}

pub(crate) async fn a_store_can_be_looked_at_while_it_is_open(h: Harness) {
    h.done(create(1)).await;
    let StoreReport { schema_version, newest_schema: newest, size_bytes, place, details, .. } =
        inspect(h.config.clone()).await.unwrap();
    assert_eq!((schema_version, newest), (newest_schema(), newest_schema()));
    assert!(size_bytes > 0 && !details.is_empty());
    assert_eq!(place, h.config.to_string());
}

pub(crate) async fn many_customers_and_large_ones_pass(h: Harness) {
    // Larger than a page of either database.
    let mut large = customer("large");
    large.profile.user_profile.insert("text".to_owned(), "x".repeat(200_000).into());
    h.done(CustomerWrite { customer: Some(large.clone()), ..create(1) }).await;
    assert_eq!(h.store.customer(ORG, id(1)).await.unwrap().unwrap().customer, large);
    let writes: Vec<_> = (2..=1500)
        .map(|n| CustomerWrite { add_names: vec![CustomerName::External(format!("c-{n}"))], ..create(n) })
        .collect();
    assert!(h.store.commit(writes).await.iter().all(Result::is_ok), "more than one batch in one call");
    let found = h.store.customer_by_name(ORG, &CustomerName::External("c-1500".to_owned())).await.unwrap();
    assert_eq!(found.unwrap().id, id(1500));
    assert_eq!(h.store.count_customers(ORG).await.unwrap(), 1500);
    assert_eq!(h.store.count_customers(OrganizationId(9)).await.unwrap(), 0);
}
