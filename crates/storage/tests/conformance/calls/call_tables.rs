//! Large tables on PostgreSQL: no question reads more than it answers.

use super::world::{CAMPAIGN, CLIENT, World, at, call, campaign, changed, contact, number, put, put_call};
use super::world::{put_campaign, record};
use crate::harness::Harness;
use muster_app::ports::{AfterContact, CallWrite, ContactsOf, Expected};
use muster_domain::calls::call::LedgerDay;
use muster_domain::calls::selection::{ALL_NUMBERS, BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, CallId, ContactId};
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

/// Longer than any bound under test, shorter than patience.
const SOON: Duration = Duration::from_secs(30);

/// Contacts of the campaign, and of another one that was deleted and not yet purged.
const SIZE: i64 = 50_000;

/// A tenth of the least id of those, which all have six digits.
const FIRST: i64 = 10_000;

/// Everything that the engine and the faces do all the time. Three contacts lie behind `before`.
async fn work(w: &World, round: i64, before: i64) {
    let calls = &w.calls;
    let (now, agent) = (at(round), || BoundTo::Agent("ann".to_owned()));
    for (queue, bound, numbers) in [
        (Queue::Appointment, agent(), ALL_NUMBERS),
        (Queue::Appointment, BoundTo::Nobody, ALL_NUMBERS),
        (Queue::Delay, BoundTo::Nobody, ALL_NUMBERS),
        (Queue::Busy, BoundTo::Anybody, ALL_NUMBERS),
        (Queue::Ready, agent(), ALL_NUMBERS),
        (Queue::Ready, BoundTo::Nobody, ALL_NUMBERS),
        // Nobody has a second number.
        (Queue::Ready, BoundTo::Nobody, 0b10),
    ] {
        let is_found = queue == Queue::Ready && bound == BoundTo::Nobody && numbers == ALL_NUMBERS;
        let probe = Probe { campaign: CAMPAIGN, queue, bound, numbers, now };
        let found = calls.probe(&probe, 3).await.unwrap();
        assert_eq!(found.len(), if is_found { 3 } else { 0 }, "{probe:?}");
    }
    assert_eq!(calls.promote(CAMPAIGN, now, 10).await.unwrap(), 0);
    assert_eq!(calls.next_due(CAMPAIGN).await.unwrap(), None);
    assert!(calls.run_out(now, 10).await.unwrap().is_empty());
    let after = AfterContact { name: format!("contact {before:05}"), id: ContactId(before) };
    for of in [ContactsOf::Client(CLIENT), ContactsOf::Campaign(CAMPAIGN)] {
        assert_eq!(calls.contacts(of, Some(after.clone()), 10).await.unwrap().len(), 3);
        assert_eq!(calls.contacts(of, None, 2).await.unwrap().len(), 2);
    }
    assert_eq!(calls.contacts_with_user_data(CLIENT, None, "a key").await.unwrap().len(), 1);
    assert!(!calls.contacts_with_number(CLIENT, &number(1)).await.unwrap().is_empty());
    calls.numbers(CLIENT, &[number(1), number(2), number(before)]).await.unwrap();
    assert!(calls.suppressed(CLIENT, None, 5).await.unwrap().is_empty());
    calls.calls(ContactId(1)).await.unwrap();
    calls.open_calls(CAMPAIGN).await.unwrap();
    calls.page_calls(CAMPAIGN, Some(CallId(before)), 3).await.unwrap();
    calls.active_campaigns().await.unwrap();
    calls.campaigns(CLIENT).await.unwrap();
    calls.counts(CAMPAIGN).await.unwrap();
    let stored = calls.contact(ContactId(1)).await.unwrap().unwrap();
    let known = calls.numbers(CLIENT, &[number(1)]).await.unwrap().remove(0);
    w.commit(vec![
        CallWrite::Active(CAMPAIGN),
        put(stored.value, stored.version),
        put(contact(1_000_000 + round, CAMPAIGN), 0),
        put_call(call(1_000_000 + round, 1)),
        CallWrite::Number {
            record: Box::new(record(&number(1))),
            version: known.map_or(0, |known| known.version),
        },
        CallWrite::Ledger { campaign: CAMPAIGN, add: LedgerDay { day: 1, live: 1, abandoned: 0 } },
    ])
    .await;
    w.write(CallWrite::RemoveContact { id: ContactId(1_000_000 + round), version: 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_of_contacts_is_ever_scanned() {
    let w = World::new(Harness::postgres().await).await;
    let (admin, connection) = tokio_postgres::connect(w.harness.database().url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    w.add((1..=6).map(|n| contact(n, CAMPAIGN))).await;
    w.add([changed(7, |contact| {
        contact.details.user_data = Some("a key".to_owned());
        contact.details.name = "a name".to_owned();
    })])
    .await;
    w.add([contact(8, CallCampaignId(2))]).await;
    w.commit((1..=6).map(|n| put_call(call(n, n))).collect()).await;
    w.delete(CallCampaignId(2)).await;
    // What is prepared while the server knows that the tables are all but empty is used when they are large, before
    // anything has told it so.
    admin.batch_execute("ANALYZE").await.unwrap();
    for round in 0..10 {
        work(&w, round, 3).await;
    }
    admin
        .batch_execute(&format!(
            "INSERT INTO call_contact
                 SELECT n * 10 + c.campaign, c.campaign, c.client, convert_to('contact ' || n * 10 + c.campaign, 'UTF8'),
                        NULL, c.status, NULL, c.queue, c.bound, c.first, n, c.due, c.mask, c.tries, NULL, '', 1, c.body
                 FROM call_contact c, generate_series({FIRST}, {FIRST} + {SIZE} - 1) n WHERE c.id IN (6, 8);
             INSERT INTO call_contact_number
                 SELECT client, convert_to(id::text, 'UTF8'), id FROM call_contact WHERE id > 1000;
             INSERT INTO call_attempt
                 SELECT id, campaign, id, 1, NULL, (SELECT body FROM call_attempt WHERE id = 6)
                 FROM call_contact WHERE id > 1000;
             INSERT INTO call_number
                 SELECT client, number, false, 1, '' FROM call_contact_number WHERE contact > 1000;
             SELECT pg_stat_force_next_flush()"
        ))
        .await
        .unwrap();
    let read = async || {
        let rows = admin
            .query(
                "SELECT t.relname::text, t.seq_tup_read, t.idx_tup_fetch,
                        (SELECT sum(i.idx_tup_read)::bigint FROM pg_stat_user_indexes i WHERE i.relid = t.relid)
                 FROM pg_stat_user_tables t
                 WHERE t.relname IN
                     ('call_contact', 'call_contact_number', 'call_attempt', 'call_number', 'call_campaign')
                 ORDER BY t.relname",
                &[],
            )
            .await
            .unwrap();
        rows.iter()
            .map(|row| (row.get(0), [row.get(1), row.get(2), row.get(3)]))
            .collect::<Vec<(String, [i64; 3])>>()
    };
    let before = read().await;
    for round in 10..20 {
        work(&w, round, (FIRST + SIZE - 4) * 10 + 1).await;
    }
    for _ in 0..10 {
        assert_eq!(w.calls.purge(20).await.unwrap(), 20);
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
    let mut told = Vec::new();
    for ((table, before), (_, after)) in before.into_iter().zip(read().await) {
        for (what, before, after) in [
            ("rows were read by scans", before[0], after[0]),
            ("rows were read", before[1], after[1]),
            ("entries of indexes were read", before[2], after[2]),
        ] {
            // Ten rounds of some dozen look-ups of a few rows each; a single scan would read 50,000.
            if after - before >= 5000 {
                told.push(format!("{table}: {} {what}", after - before));
            }
        }
    }
    assert!(told.is_empty(), "for some hundred answers: {told:#?}");
}
