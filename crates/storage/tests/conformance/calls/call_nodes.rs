//! What several nodes on one PostgreSQL must not do to each other.

use super::world::{
    CAMPAIGN, CLIENT, World, at, call, campaign, changed, contact, in_hand, number, over, put, put_call,
    put_campaign, record,
};
use crate::harness::Harness;
use muster_app::ports::{CallRefusal, CallSequence, CallStore, CallWrite, ContactsOf, Expected, Store};
use muster_domain::calls::call::{CallOutcome, LedgerDay};
use muster_domain::calls::contact::Contact;
use muster_domain::calls::selection::{ALL_NUMBERS, BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, ContactId};
use muster_domain::participant::ParticipantStatus;
use muster_storage::open;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// Longer than any bound under test, shorter than patience.
const SOON: Duration = Duration::from_mins(1);

/// A store with contacts, and a further node on its database.
async fn two_nodes(contacts: i64) -> (World, [Arc<dyn Store>; 2]) {
    let w = World::new(Harness::postgres().await).await;
    w.add((1..=contacts).map(|n| contact(n, CAMPAIGN))).await;
    let other = open(w.harness.config.clone()).await.unwrap();
    let nodes = [Arc::clone(&w.harness.store), other];
    (w, nodes)
}

fn ready() -> Probe {
    Probe {
        campaign: CAMPAIGN,
        queue: Queue::Ready,
        bound: BoundTo::Nobody,
        numbers: ALL_NUMBERS,
        now: at(0),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_never_take_the_same_contact() {
    const CONTACTS: i64 = 40;
    let (w, nodes) = two_nodes(CONTACTS).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let calls = nodes[n % 2].calls();
        tasks.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let found = calls.probe(&ready(), 3).await.unwrap();
                let Some(first) = found.into_iter().next() else { return taken };
                let mut mine = first.value;
                mine.take(Some(&format!("agent {n}")), at(100), at(0));
                let id = mine.id;
                match calls.commit(vec![put(mine, first.version)]).await {
                    Ok(()) => taken.push(id),
                    Err(CallRefusal::Stale { what: "contact" }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        });
    }
    let mut all = BTreeSet::new();
    while let Some(taken) = tokio::time::timeout(SOON, tasks.join_next()).await.unwrap() {
        for id in taken.unwrap() {
            assert!(all.insert(id), "contact {id} was taken twice");
        }
    }
    assert_eq!(all.len() as i64, CONTACTS);
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().of(ParticipantStatus::Progress), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_are_never_given_the_same_ids() {
    let (_w, nodes) = two_nodes(0).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let calls = nodes[n % 2].calls();
        tasks.spawn(async move {
            let mut taken = Vec::new();
            for count in 1..=10 {
                let first = calls.take_ids(CallSequence::Call, count).await.unwrap();
                taken.extend(first..first + i64::from(count));
            }
            taken
        });
    }
    let mut all = BTreeSet::new();
    while let Some(taken) = tasks.join_next().await {
        for id in taken.unwrap() {
            assert!(all.insert(id), "{id} was given twice");
        }
    }
    assert_eq!(all.len(), 8 * 55);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_one_conducts_and_the_other_takes_over_when_time_has_run_out() {
    let (w, nodes) = two_nodes(1).await;
    let stores = [nodes[0].calls(), nodes[1].calls()];
    let names = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let mut fences = BTreeSet::new();
    for round in 0..10 {
        // Whoever had it is silent from here on.
        let (now, until) = (at(round * 100), at(round * 100 + 50));
        let (a, b) = tokio::join!(
            stores[0].own_campaign(CAMPAIGN, names[0], now, until),
            stores[1].own_campaign(CAMPAIGN, names[1], now, until)
        );
        let owners: Vec<_> = [a.unwrap(), b.unwrap()].into_iter().flatten().collect();
        assert_eq!(owners.len(), 1, "round {round}");
        fences.insert(owners[0].fence);
        // What is written in the name of an earlier one is refused.
        for fence in 1..=owners[0].fence {
            let told = w.calls.commit(vec![CallWrite::Owned { campaign: CAMPAIGN, fence }]).await;
            if fence == owners[0].fence {
                told.unwrap();
            } else {
                assert!(matches!(told, Err(CallRefusal::NotOwner)), "{told:?}");
            }
        }
    }
    let free = stores[0].own_campaign(CAMPAIGN, Uuid::from_u128(3), at(10_000), at(10_100)).await.unwrap();
    assert!(free.unwrap().is_new);
    assert!(!fences.contains(&free.unwrap().fence));
}

/// Whoever takes a campaign over waits for what its predecessor is committing, and sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_owner_sees_all_that_the_one_before_has_committed() {
    let (w, nodes) = two_nodes(1).await;
    let (old, new) = (nodes[0].calls(), nodes[1].calls());
    let mut node = 10;
    let mut owned = old.own_campaign(CAMPAIGN, Uuid::from_u128(node), at(0), at(1)).await.unwrap().unwrap();
    let mut id = 0;
    for round in 1..=15 {
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            id += 1;
            let (calls, id, fence) = (Arc::clone(&old), id, owned.fence);
            tasks.spawn(async move {
                let writes = vec![CallWrite::Owned { campaign: CAMPAIGN, fence }, put_call(call(id, 1))];
                calls.commit(writes).await.map(|()| id)
            });
        }
        node += 1;
        let now = at(round * 10);
        owned = new.own_campaign(CAMPAIGN, Uuid::from_u128(node), now, now).await.unwrap().unwrap();
        let seen: BTreeSet<i64> =
            new.open_calls(CAMPAIGN).await.unwrap().iter().map(|call| call.id.0).collect();
        while let Some(told) = tasks.join_next().await {
            match told.unwrap() {
                Ok(id) => assert!(seen.contains(&id), "round {round}: call {id} came after the take-over"),
                Err(CallRefusal::NotOwner) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().open_calls, {
        w.calls.open_calls(CAMPAIGN).await.unwrap().len() as u64
    });
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides.cast_unsigned()).cast_signed()
    }
}

const CONTACTS: i64 = 6;
const NUMBERS: i64 = 5;

/// Everything at once, in any order: contacts, their calls, numbers that are there or not, ledgers, another campaign.
async fn random_commit(calls: &Arc<dyn CallStore>, dice: &mut Dice, id: i64) -> Vec<CallWrite> {
    let mut writes = Vec::new();
    for step in 0..=dice.throw(5) {
        let n = dice.throw(CONTACTS) + 1;
        let stored = calls.contact(ContactId(n)).await.unwrap();
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        match dice.throw(10) {
            0 if version > 0 => writes.push(CallWrite::RemoveContact { id: ContactId(n), version }),
            0..=3 => {
                let mut contact: Contact = stored.map_or_else(|| contact(n, CAMPAIGN), |stored| stored.value);
                contact.campaign = CallCampaignId(dice.throw(2) + 1);
                contact.numbers[1].number = Some(number(100 + dice.throw(NUMBERS)));
                contact.tries += 1;
                writes.push(put(contact, version));
            }
            4 | 5 => {
                let call = call(id * 10 + step, n);
                writes.push(put_call(if step % 2 == 0 { call } else { over(call, CallOutcome::Busy) }));
            }
            6 | 7 => {
                let record = record(&number(dice.throw(NUMBERS)));
                let found =
                    calls.numbers(CLIENT, std::slice::from_ref(&record.number)).await.unwrap().remove(0);
                let version = found.map_or(0, |found| found.version);
                writes.push(CallWrite::Number { record: Box::new(record), version });
            }
            8 => {
                let add = LedgerDay { day: dice.throw(3) as i32, live: 1, abandoned: 0 };
                writes.push(CallWrite::Ledger { campaign: CallCampaignId(dice.throw(2) + 1), add });
            }
            _ => {
                let id = CallCampaignId(dice.throw(2) + 1);
                let stored = calls.campaign(id).await.unwrap().unwrap();
                let expected = Expected::Version(stored.version);
                writes.push(put_campaign(stored.value, expected));
            }
        }
    }
    writes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_nodes_commit_at_once_nobody_waits_for_ever_and_all_is_counted() {
    let (w, nodes) = two_nodes(CONTACTS).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let calls = nodes[task % 2].calls();
        tasks.spawn(async move {
            let mut dice = Dice(task as u64);
            let (mut done, mut refused) = (0, 0);
            for round in 0..40 {
                let writes = random_commit(&calls, &mut dice, task as i64 * 1000 + round).await;
                match calls.commit(writes).await {
                    Ok(()) => done += 1,
                    Err(CallRefusal::Stale { .. }) => refused += 1,
                    Err(other) => panic!("task {task}, round {round}: {other:?}"),
                }
            }
            (done, refused)
        });
    }
    let (mut done, mut refused) = (0, 0);
    while let Some(told) = tokio::time::timeout(SOON, tasks.join_next()).await.unwrap() {
        let told = told.unwrap();
        (done, refused) = (done + told.0, refused + told.1);
    }
    assert_eq!(done + refused, 320);
    assert!(done > 80 && refused > 10, "{done} done, {refused} refused");
    for campaign in [CAMPAIGN, CallCampaignId(2)] {
        let counts = w.calls.counts(campaign).await.unwrap();
        let contacts = w.calls.contacts(ContactsOf::Campaign(campaign), None, 100).await.unwrap();
        assert_eq!(counts.total(), contacts.len() as u64);
        let calls = w.calls.page_calls(campaign, None, 10_000).await.unwrap();
        let open = calls.iter().filter(|call| call.is_open()).count();
        assert_eq!(counts.open_calls, open as u64);
        let busy = counts.outcomes.get(&CallOutcome::Busy).copied().unwrap_or_default();
        assert_eq!(busy + counts.open_calls, calls.len() as u64);
    }
    for n in 0..NUMBERS {
        let found = w.calls.contacts_with_number(CLIENT, &number(100 + n)).await.unwrap();
        let by_scan: Vec<_> = w
            .calls
            .contacts(ContactsOf::Client(CLIENT), None, 100)
            .await
            .unwrap()
            .into_iter()
            .filter(|contact| contact.has_number(&number(100 + n)))
            .map(|contact| contact.id)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        assert_eq!(found.iter().map(|found| found.value.id).collect::<Vec<_>>(), by_scan);
    }
}

/// Two nodes purge two campaigns; each row is removed once, and none is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_purge_side_by_side() {
    let (w, nodes) = two_nodes(60).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    w.add((101..=160).map(|n| contact(n, CallCampaignId(2)))).await;
    w.delete(CAMPAIGN).await;
    w.delete(CallCampaignId(2)).await;
    let mut tasks = JoinSet::new();
    for n in 0..4 {
        let calls = nodes[n % 2].calls();
        tasks.spawn(async move {
            let mut removed = 0;
            loop {
                match calls.purge(7).await.unwrap() {
                    0 => return removed,
                    count => {
                        assert!(count <= 7, "{count} rows at once");
                        removed += count;
                    }
                }
            }
        });
    }
    let mut removed = 0;
    while let Some(told) = tokio::time::timeout(SOON, tasks.join_next()).await.unwrap() {
        removed += told.unwrap();
    }
    // Whoever came when all were in others' hands went away.
    while let count @ 1.. = w.calls.purge(100).await.unwrap() {
        removed += count;
    }
    let (client, connection) = tokio_postgres::connect(w.harness.database().url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    for table in ["call_contact", "call_contact_number", "call_count", "call_campaign"] {
        let left: i64 = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0);
        assert_eq!(left, 0, "{table}");
    }
    assert!(removed >= 122, "{removed}: 120 contacts, two campaigns and their counts");
}

/// A contact that somebody changes while its time comes is not moved twice and not lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promotion_and_changes_do_not_undo_each_other() {
    let (w, nodes) = two_nodes(0).await;
    w.add((1..=20).map(|n| changed(n, |contact| contact.next_try_at = Some(at(10))))).await;
    let mut tasks = JoinSet::new();
    for n in 1..=20 {
        let calls = nodes[0].calls();
        tasks.spawn(async move {
            let stored = calls.contact(ContactId(n)).await.unwrap().unwrap();
            let mut held = stored.value;
            in_hand(&mut held, at(500));
            calls.commit(vec![put(held, stored.version)]).await.unwrap();
        });
        let calls = nodes[1].calls();
        tasks.spawn(async move {
            calls.promote(CAMPAIGN, at(20), 3).await.unwrap();
        });
    }
    while let Some(told) = tokio::time::timeout(SOON, tasks.join_next()).await.unwrap() {
        told.unwrap();
    }
    assert!(w.calls.probe(&Probe { now: at(20), ..ready() }, 50).await.unwrap().is_empty());
    assert_eq!(w.calls.run_out(at(500), 50).await.unwrap().len(), 20);
    assert_eq!(w.calls.next_due(CAMPAIGN).await.unwrap(), None);
}
