//! Customers: versions, names, deletion, pages.

use crate::fixtures::{ORG, T0, create, customer, delete, event, id, outcome, reply, update, uuid};
use crate::harness::Harness;
use muster_app::ports::{
    ClientToken, CommitRefusal, CreativeCount, CustomerName, CustomerWrite, EventLoad, Expected, PlaceChange,
};
use muster_domain::event::EventKey;
use muster_domain::ids::{CampaignId, CreativeId, CustomerId, OrganizationId};
use uuid::Uuid;

fn external(text: &str) -> CustomerName {
    CustomerName::External(text.to_owned())
}

pub(crate) async fn a_customer_comes_back_as_it_went(h: Harness) {
    assert!(h.store.customer(ORG, id(1)).await.unwrap().is_none());
    h.done(create(1)).await;
    let stored = h.store.customer(ORG, id(1)).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.version), (id(1), 1));
    assert_eq!(stored.customer, customer("customer-1"));
    assert!(h.store.customer(OrganizationId(2), id(1)).await.unwrap().is_none(), "tenants are apart");
}

pub(crate) async fn a_version_is_used_once(h: Harness) {
    h.done(create(1)).await;
    for (write, wanted) in [
        (create(1), "exists already"),
        (update(1, 2), "not that version yet"),
        (update(1, 0), "never had it"),
        (update(2, 1), "does not exist"),
        (delete(1, 2), "not that version"),
        (delete(2, 1), "does not exist"),
        (CustomerWrite { expected: Expected::Any, ..update(1, 1) }, "`Any` is not allowed"),
        (CustomerWrite { expected: Expected::Any, ..create(3) }, "`Any` is not allowed, new or not"),
        (CustomerWrite { expected: Expected::Absent, ..delete(2, 1) }, "nothing to delete"),
    ] {
        let refusal = h.commit_one(write).await.expect_err(wanted);
        assert!(matches!(refusal, CommitRefusal::Stale), "{wanted}: {refusal}");
    }
    h.done(update(1, 1)).await;
    assert!(matches!(h.commit_one(update(1, 1)).await, Err(CommitRefusal::Stale)));
    assert_eq!(h.store.customer(ORG, id(1)).await.unwrap().unwrap().version, 2);
}

pub(crate) async fn writes_of_one_customer_in_one_call_follow_each_other(h: Harness) {
    let results = h.store.commit(vec![create(1), update(1, 1), update(1, 1), update(1, 2), create(1)]).await;
    let told: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(told, [true, true, false, true, false]);
    assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|r| matches!(r, CommitRefusal::Stale)));
    assert_eq!(h.store.customer(ORG, id(1)).await.unwrap().unwrap().version, 3);
}

pub(crate) async fn a_name_leads_to_its_customer(h: Harness) {
    let names =
        [external("x"), CustomerName::Email("x".to_owned()), CustomerName::Phone("+15550100".to_owned())];
    h.done(CustomerWrite { add_names: names.to_vec(), ..create(1) }).await;
    for name in &names {
        let found = h.store.customer_by_name(ORG, name).await.unwrap().unwrap();
        assert_eq!((found.id, found.version), (id(1), 1));
    }
    for other in [external("X"), external("+15550100"), external("")] {
        assert!(h.store.customer_by_name(ORG, &other).await.unwrap().is_none(), "{other:?}");
    }
    assert!(h.store.customer_by_name(OrganizationId(2), &names[0]).await.unwrap().is_none());
}

pub(crate) async fn a_name_belongs_to_one_customer_until_removed(h: Harness) {
    h.done(CustomerWrite { add_names: vec![external("x")], ..create(1) }).await;
    let wants = |n| CustomerWrite { add_names: vec![external("free"), external("x")], ..create(n) };
    assert!(
        matches!(h.commit_one(wants(2)).await, Err(CommitRefusal::NameTaken(name)) if name == external("x"))
    );
    assert!(h.store.customer(ORG, id(2)).await.unwrap().is_none());
    assert!(h.store.customer_by_name(ORG, &external("free")).await.unwrap().is_none());
    // Its own name may be given again; somebody else's removal does nothing.
    h.done(CustomerWrite { add_names: vec![external("x")], ..update(1, 1) }).await;
    h.done(CustomerWrite { remove_names: vec![external("x")], ..create(3) }).await;
    assert_eq!(h.store.customer_by_name(ORG, &external("x")).await.unwrap().unwrap().id, id(1));
    h.done(CustomerWrite { remove_names: vec![external("x")], ..update(1, 2) }).await;
    h.done(wants(2)).await;
    assert_eq!(h.store.customer_by_name(ORG, &external("x")).await.unwrap().unwrap().id, id(2));
    // The same name is free in another organization.
    h.done(CustomerWrite { organization: OrganizationId(2), ..wants(9) }).await;
}

pub(crate) async fn of_concurrent_writers_one_gets_the_name(h: Harness) {
    let attempts = (1..=16).map(|n| {
        let store = h.store.clone();
        tokio::spawn(async move {
            store.commit(vec![CustomerWrite { add_names: vec![external("x")], ..create(n) }]).await
        })
    });
    let mut won = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap().remove(0) {
            Ok(()) => won += 1,
            Err(CommitRefusal::NameTaken(name)) => assert_eq!(name, external("x")),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(h.store.count_customers(ORG).await.unwrap(), 1);
}

pub(crate) async fn deleting_leaves_nothing_behind(h: Harness) {
    let token = ClientToken { sha256: "c".repeat(64), customer: id(1), expires_at: T0 };
    let full = |n: u32, name: &str| CustomerWrite {
        add_names: vec![external(name)],
        events: vec![event(1, 1, "visit")],
        outcomes: vec![outcome(n, id(n))],
        ..create(n)
    };
    h.done(CustomerWrite { token: Some(token.clone()), ..full(1, "one") }).await;
    h.done(full(2, "two")).await;
    h.done(CustomerWrite { outcomes: vec![outcome(10, id(1))], ..delete(1, 1) }).await;

    assert!(h.store.customer(ORG, id(1)).await.unwrap().is_none());
    assert!(h.store.customer_by_name(ORG, &external("one")).await.unwrap().is_none());
    assert!(h.store.events_of(ORG, id(1), &[]).await.unwrap().is_empty());
    assert!(h.store.client_token(ORG, &token.sha256).await.unwrap().is_none());
    let outbox = h.store.page_outbox(ORG, None, 10).await.unwrap();
    assert_eq!(outbox, [outcome(2, id(2)), outcome(10, id(1))], "only what the deletion itself told remains");
    // The neighbour is whole, and the name is free.
    assert_eq!(h.store.events_of(ORG, id(2), &[]).await.unwrap().len(), 1);
    h.done(full(3, "one")).await;
    // The same id may live again, from version 1 and with an empty log.
    h.done(CustomerWrite { events: vec![event(1, 1, "visit")], ..create(1) }).await;
    assert_eq!(h.store.customer(ORG, id(1)).await.unwrap().unwrap().version, 1);
}

pub(crate) async fn customers_are_paged_in_order_of_id(h: Harness) {
    let results = h.store.commit((1..=25).rev().map(create).collect()).await;
    assert!(results.iter().all(Result::is_ok));
    h.done(CustomerWrite { organization: OrganizationId(2), ..create(3) }).await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = h.store.page_customers(ORG, after, 10).await.unwrap();
        assert!(page.len() <= 10);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|stored| stored.id));
    }
    assert_eq!(seen, (1..=25).map(id).collect::<Vec<_>>());
    assert_eq!(h.store.count_customers(ORG).await.unwrap(), 25);
    assert_eq!(h.store.count_customers(OrganizationId(2)).await.unwrap(), 1);
    assert_eq!(h.store.count_customers(OrganizationId(3)).await.unwrap(), 0);
    h.done(delete(7, 1)).await;
    assert_eq!(h.store.count_customers(ORG).await.unwrap(), 24);
}

pub(crate) async fn a_prefix_of_twelve_bytes_finds_its_customers(h: Harness) {
    let base = Uuid::from_u128(0xfedc_ba98_7654_3210_fedc_ba98_0000_0000);
    let with_tail = |tail: u32| Uuid::from_u128(base.as_u128() | u128::from(tail));
    let neighbours = [base.as_u128() - 1, base.as_u128() + (1 << 32)].map(Uuid::from_u128);
    for uuid in [with_tail(0), with_tail(u32::MAX), neighbours[0], neighbours[1]] {
        h.done(CustomerWrite { id: CustomerId(uuid), ..create(1) }).await;
    }
    let found = h.store.customers_by_prefix(ORG, with_tail(0x1234_5678)).await.unwrap();
    assert_eq!(found.iter().map(|c| c.id.0).collect::<Vec<_>>(), [with_tail(0), with_tail(u32::MAX)]);
    assert!(h.store.customers_by_prefix(ORG, uuid(99)).await.unwrap().is_empty());
}

pub(crate) async fn a_client_token_is_found_expired_or_not(h: Harness) {
    let token = ClientToken { sha256: "d".repeat(64), customer: id(1), expires_at: T0 };
    h.done(CustomerWrite { token: Some(token.clone()), ..create(1) }).await;
    assert_eq!(h.store.client_token(ORG, &token.sha256).await.unwrap(), Some(token.clone()));
    assert!(h.store.client_token(OrganizationId(2), &token.sha256).await.unwrap().is_none());
    // A digest given away twice is a defect of the caller, and must not move the token to another customer.
    let stolen = ClientToken { customer: id(2), ..token.clone() };
    assert!(matches!(
        h.commit_one(CustomerWrite { token: Some(stolen), ..create(2) }).await,
        Err(CommitRefusal::Store(_))
    ));
    assert_eq!(h.store.client_token(ORG, &token.sha256).await.unwrap(), Some(token));
    assert!(h.store.customer(ORG, id(2)).await.unwrap().is_none());
}

pub(crate) async fn the_refused_leave_no_trace_and_the_others_stand(h: Harness) {
    h.done(CustomerWrite { add_names: vec![external("taken")], ..create(1) }).await;
    h.done(CustomerWrite { reply: Some(reply("known")), ..create(2) }).await;
    let full = PlaceChange { campaign: CampaignId(5), delta: 1, limit: Some(0) };
    let place = PlaceChange { campaign: CampaignId(6), delta: 1, limit: Some(100) };
    let everything = |n: u32| CustomerWrite {
        add_names: vec![external(&format!("name-{n}"))],
        events: vec![event(1, 1, "visit")],
        outcomes: vec![outcome(n, id(n))],
        places: vec![place],
        counts: vec![CreativeCount { campaign: CampaignId(6), creative: CreativeId(1), seen: 1, clicked: 0 }],
        token: Some(ClientToken { sha256: format!("{n:064}"), customer: id(n), expires_at: T0 }),
        reply: Some(reply(&format!("reply-{n}"))),
        ..create(n)
    };
    let mut twice = everything(14);
    twice.events.push(event(1, 2, "visit"));
    let writes = vec![
        everything(10),
        CustomerWrite { add_names: vec![external("name-11"), external("taken")], ..everything(11) },
        everything(20),
        CustomerWrite { reply: Some(reply("known")), ..everything(12) },
        CustomerWrite { places: vec![place, full], ..everything(13) },
        twice,
        CustomerWrite { expected: Expected::Version(4), ..everything(15) },
        everything(21),
    ];
    let results = h.store.commit(writes).await;
    assert_eq!(
        results.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, true, false, false, false, false, true]
    );
    assert!(matches!(&results[1], Err(CommitRefusal::NameTaken(name)) if *name == external("taken")));
    assert!(matches!(results[3], Err(CommitRefusal::ReplyExists)));
    assert!(matches!(results[4], Err(CommitRefusal::LimitReached(CampaignId(5)))));
    assert!(matches!(results[5], Err(CommitRefusal::Stale)));
    assert!(matches!(results[6], Err(CommitRefusal::Stale)));

    for n in [10, 20, 21, 11, 12, 13, 14, 15] {
        let stands = [10, 20, 21].contains(&n);
        let name = external(&format!("name-{n}"));
        assert_eq!(h.store.customer(ORG, id(n)).await.unwrap().is_some(), stands, "customer {n}");
        assert_eq!(h.store.customer_by_name(ORG, &name).await.unwrap().is_some(), stands, "name {n}");
        assert_eq!(
            h.store.events_of(ORG, id(n), &[]).await.unwrap().len(),
            usize::from(stands),
            "events {n}"
        );
        assert_eq!(
            h.store.client_token(ORG, &format!("{n:064}")).await.unwrap().is_some(),
            stands,
            "token {n}"
        );
        assert_eq!(h.store.stored_reply(&format!("reply-{n}")).await.unwrap().is_some(), stands, "reply {n}");
    }
    assert_eq!(h.store.page_outbox(ORG, None, 100).await.unwrap().len(), 3);
    assert_eq!(h.store.places_taken(ORG, CampaignId(6)).await.unwrap(), 3);
    assert_eq!(h.store.places_taken(ORG, CampaignId(5)).await.unwrap(), 0);
    assert_eq!(h.store.creative_totals(ORG, CampaignId(6)).await.unwrap()[0].seen, 3);
}

pub(crate) async fn names_change_hands_within_one_call(h: Harness) {
    h.done(CustomerWrite { add_names: vec![external("x")], ..create(1) }).await;
    let results = h
        .store
        .commit(vec![
            CustomerWrite { remove_names: vec![external("x")], ..update(1, 1) },
            CustomerWrite { add_names: vec![external("x")], ..create(2) },
            CustomerWrite { add_names: vec![external("x")], ..create(3) },
        ])
        .await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(h.store.customer_by_name(ORG, &external("x")).await.unwrap().unwrap().id, id(2));
}

pub(crate) async fn what_ingest_needs_is_loaded_in_the_order_asked(h: Harness) {
    h.done(CustomerWrite { events: vec![event(1, 1, "a"), event(2, 2, "b")], ..create(1) }).await;
    h.done(create(2)).await;
    let load = |n: u32, keys: &[u8]| EventLoad {
        organization: ORG,
        id: id(n),
        keys: keys.iter().map(|key| EventKey([*key; 16])).collect(),
    };
    let mut loads = vec![load(2, &[1]), load(9, &[1, 2]), load(1, &[2, 3, 1, 2]), load(1, &[])];
    loads.push(EventLoad { organization: OrganizationId(2), ..load(1, &[1]) });
    // Few and many take different ways through the store.
    for repeat in [1, 20] {
        let asked: Vec<EventLoad> = loads.iter().cycle().take(loads.len() * repeat).cloned().collect();
        let loaded = h.store.load_for_events(&asked).await.unwrap();
        assert_eq!(loaded.len(), asked.len());
        for part in loaded.chunks(loads.len()) {
            let told: Vec<_> = part
                .iter()
                .map(|l| l.as_ref().map(|l| (l.stored.id, l.stored.version, l.known.clone())))
                .collect();
            assert_eq!(
                told,
                [
                    Some((id(2), 1, vec![false])),
                    None,
                    Some((id(1), 1, vec![true, false, true, true])),
                    Some((id(1), 1, vec![])),
                    None,
                ]
            );
        }
    }
    assert!(h.store.load_for_events(&[]).await.unwrap().is_empty());
}

pub(crate) async fn nothing_to_commit_is_nothing_done(h: Harness) {
    assert!(h.store.commit(vec![]).await.is_empty());
}
