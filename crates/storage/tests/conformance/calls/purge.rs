//! Removing what belongs to deleted campaigns, and campaigns of some size.

use super::world::{
    CAMPAIGN, CLIENT, World, call, campaign, changed, code, contact, number, over, put, put_call,
    put_campaign,
};
use crate::harness::Harness;
use muster_app::ports::{CallWrite, ContactsOf, Expected};
use muster_domain::calls::call::{CallOutcome, LedgerDay};
use muster_domain::calls::selection::{ALL_NUMBERS, BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, ContactId};

pub(crate) async fn deleted_campaigns_are_purged_a_little_at_a_time(h: Harness) {
    let w = World::new(h).await;
    for id in [2, 3] {
        w.write(put_campaign(campaign(id), Expected::Absent)).await;
    }
    assert_eq!(w.calls.purge(100).await.unwrap(), 0, "nothing is deleted");
    for id in 1..=3 {
        let ids = (0..20).map(|n| id * 100 + n);
        w.add(ids.clone().map(|n| contact(n, CallCampaignId(id)))).await;
        let calls = ids.map(|n| {
            let mut call = over(call(n, n), CallOutcome::Busy);
            call.campaign = CallCampaignId(id);
            put_call(call)
        });
        let mut code = code(id);
        code.campaign = CallCampaignId(id);
        let ledger = CallWrite::Ledger {
            campaign: CallCampaignId(id),
            add: LedgerDay { day: 1, live: 1, abandoned: 0 },
        };
        w.commit(calls.chain([CallWrite::ResultCode(Box::new(code)), ledger]).collect()).await;
    }
    w.delete(CallCampaignId(1)).await;
    w.delete(CallCampaignId(3)).await;
    assert_eq!(w.calls.purge(0).await.unwrap(), 0);
    let mut removed = 0;
    loop {
        let step = w.calls.purge(7).await.unwrap();
        assert!(step <= 7, "{step}");
        removed += step;
        if step == 0 {
            break;
        }
        assert_eq!(w.calls.counts(CallCampaignId(2)).await.unwrap().total(), 20);
    }
    // Contacts, calls, the code, the ledger's day, the campaign itself, and whatever counts are kept as.
    assert!(removed >= 2 * (20 + 20 + 1 + 1 + 1), "{removed}");
    assert_eq!(w.calls.purge(1000).await.unwrap(), 0);

    let left = CallCampaignId(2);
    assert_eq!(w.calls.contacts(ContactsOf::Campaign(left), None, 99).await.unwrap().len(), 20);
    assert_eq!(w.calls.page_calls(left, None, 99).await.unwrap().len(), 20);
    assert_eq!(w.calls.result_codes(left).await.unwrap().len(), 1);
    assert_eq!(w.calls.ledger(left, 0).await.unwrap().len(), 1);
    assert_eq!(w.calls.contacts_with_number(CLIENT, &number(205)).await.unwrap().len(), 1);
    // With everything gone the ids are free, and nothing of before is met again.
    w.write(put_campaign(campaign(1), Expected::Absent)).await;
    assert!(w.calls.contacts(ContactsOf::Campaign(CAMPAIGN), None, 99).await.unwrap().is_empty());
    assert!(w.calls.result_codes(CAMPAIGN).await.unwrap().is_empty());
    assert!(w.calls.ledger(CAMPAIGN, 0).await.unwrap().is_empty());
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().total(), 0);
    w.write(put(contact(100, CAMPAIGN), 0)).await;
    assert!(w.calls.calls(ContactId(100)).await.unwrap().is_empty());
    assert_eq!(w.calls.contacts_with_number(CLIENT, &number(100)).await.unwrap().len(), 1);
}

pub(crate) async fn a_campaign_of_five_thousand_is_cloned_chosen_from_and_purged(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let clone = |n: i64, campaign| {
        put(
            changed(n, |contact| {
                contact.campaign = campaign;
                // Spread, so that order of choosing is not order of adding.
                contact.sort = (n * 7919) % 5003;
            }),
            0,
        )
    };
    w.commit((0..5000).map(|n| clone(n, CAMPAIGN)).collect()).await;
    w.commit((0..5000).map(|n| clone(n + 5000, CallCampaignId(2))).collect()).await;
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().total(), 5000);
    let probe = Probe {
        campaign: CAMPAIGN,
        queue: Queue::Ready,
        bound: BoundTo::Nobody,
        numbers: ALL_NUMBERS,
        now: crate::fixtures::T0,
    };
    let first = w.calls.probe(&probe, 3).await.unwrap();
    let sorts: Vec<_> = first.iter().map(|found| found.value.sort).collect();
    let mut expected: Vec<_> = (0..5000).map(|n| (n * 7919) % 5003).collect();
    expected.sort_unstable();
    assert_eq!(sorts, expected[..3]);
    // One that is stale spoils none of the others.
    let refused = w.calls.commit((9990..10_500).map(|n| clone(n, CAMPAIGN)).collect()).await;
    assert!(refused.is_err());
    assert_eq!(w.calls.counts(CAMPAIGN).await.unwrap().total(), 5000);
    w.delete(CAMPAIGN).await;
    let listed = w.calls.contacts(ContactsOf::Client(CLIENT), None, 2).await.unwrap();
    assert_eq!(super::world::ids(&listed), [5000, 5001]);
    let mut removed = 0;
    loop {
        match w.calls.purge(1800).await.unwrap() {
            0 => break,
            step => removed += step,
        }
    }
    assert!(removed >= 5001, "{removed}");
    assert_eq!(w.calls.counts(CallCampaignId(2)).await.unwrap().total(), 5000);
}
