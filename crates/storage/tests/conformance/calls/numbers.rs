//! What is remembered of telephone numbers.

use super::world::{CAMPAIGN, CLIENT, World, at, record};
use crate::harness::Harness;
use muster_app::ports::{CallRefusal, CallWrite};
use muster_domain::calls::client::NumberRecord;
use muster_domain::ids::{CallId, ClientId};

fn put(record: NumberRecord, version: u64) -> CallWrite {
    CallWrite::Number { record: Box::new(record), version }
}

pub(crate) async fn a_number_is_remembered_in_the_version_read(h: Harness) {
    let w = World::new(h).await;
    let mut full = record("4930");
    full.begin(CallId(4), at(0));
    full.last_conversation = Some(at(1));
    full.last_abandon = Some(at(2));
    full.last_refusal = Some(at(3));
    full.last_machine = Some(at(4));
    full.suppressed = Some("on request".to_owned());
    w.commit(vec![put(full.clone(), 0), put(record("4940"), 0)]).await;
    let other = NumberRecord::new(ClientId(2), "4930".to_owned());
    w.write(put(other.clone(), 0)).await;
    for version in [0, 2] {
        let refusal = w.refused(vec![put(record("4930"), version)]).await;
        assert!(matches!(refusal, CallRefusal::Stale { what: "number" }), "{version}: {refusal:?}");
    }
    let refusal = w.refused(vec![put(record("4950"), 1)]).await;
    assert!(matches!(refusal, CallRefusal::Stale { what: "number" }), "{refusal:?}");
    w.write(put(record("4940"), 1)).await;
    let asked = ["4950", "4940", "4930", "4940"].map(str::to_owned);
    let told = w.calls.numbers(CLIENT, &asked).await.unwrap();
    let told: Vec<_> =
        told.into_iter().map(|found| found.map(|found| (found.value, found.version))).collect();
    let forty = Some((record("4940"), 2));
    assert_eq!(told, [None, forty.clone(), Some((full, 1)), forty]);
    let told = w.calls.numbers(ClientId(2), &asked[2..3]).await.unwrap();
    assert_eq!(told[0].as_ref().map(|found| &found.value), Some(&other));
    assert!(w.calls.numbers(CLIENT, &[]).await.unwrap().is_empty());
    // It outlives the campaigns.
    w.delete(CAMPAIGN).await;
    while w.calls.purge(100).await.unwrap() > 0 {}
    assert!(w.calls.numbers(CLIENT, &asked[2..3]).await.unwrap()[0].is_some());
}

pub(crate) async fn many_numbers_are_told_in_the_order_asked(h: Harness) {
    let w = World::new(h).await;
    let name = |n: usize| format!("49{n:05}");
    w.commit((0..300).filter(|n| n % 3 == 0).map(|n| put(record(&name(n)), 0)).collect()).await;
    let asked: Vec<_> = (0..300).rev().map(name).collect();
    let told = w.calls.numbers(CLIENT, &asked).await.unwrap();
    assert_eq!(told.len(), asked.len());
    for (n, found) in (0..300).rev().zip(told) {
        assert_eq!(found.map(|found| found.value.number), (n % 3 == 0).then(|| name(n)), "{n}");
    }
}

pub(crate) async fn suppressed_numbers_are_paged_by_number(h: Harness) {
    let w = World::new(h).await;
    let suppressed = |number: &str| NumberRecord { suppressed: Some("list".to_owned()), ..record(number) };
    w.commit(vec![
        put(suppressed("4930"), 0),
        put(suppressed("431"), 0),
        put(record("44"), 0),
        put(suppressed("1"), 0),
        put(suppressed("49300"), 0),
        put(NumberRecord { client: ClientId(2), ..suppressed("2") }, 0),
    ])
    .await;
    let page = async |after: Option<&str>, limit| {
        let page = w.calls.suppressed(CLIENT, after, limit).await.unwrap();
        page.into_iter().map(|record| record.number).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["1", "431"]);
    assert_eq!(page(Some("431"), 2).await, ["4930", "49300"]);
    assert!(page(Some("49300"), 2).await.is_empty());
    assert_eq!(page(Some("2"), 9).await, ["431", "4930", "49300"]);
    // Released and suppressed.
    w.commit(vec![put(record("431"), 1), put(suppressed("44"), 1)]).await;
    assert_eq!(page(None, 9).await, ["1", "44", "4930", "49300"]);
    assert_eq!(w.calls.suppressed(CLIENT, None, 1).await.unwrap(), [suppressed("1")]);
}
