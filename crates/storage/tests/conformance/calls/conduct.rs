//! Who conducts a campaign.

use super::world::{CAMPAIGN, World, at, campaign, contact, put, put_campaign};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{CallRefusal, CallWrite, Expected, Ownership};
use muster_domain::ids::{CallCampaignId, ContactId};
use uuid::Uuid;

const ANN: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);

pub(crate) async fn one_node_conducts_a_campaign_at_a_time(h: Harness) {
    let mut w = World::new(h).await;
    let taken = |fence| Some(Ownership { fence, is_new: true });
    let kept = |fence| Some(Ownership { fence, is_new: false });
    let table = [
        // (node, now, until, what it gets)
        (ANN, 0, 10, taken(1)),
        (BOB, 5, 15, None),
        (ANN, 5, 15, kept(1)),
        (BOB, 14, 24, None),
        // Run out at this very moment: taken over.
        (BOB, 15, 25, taken(2)),
        (ANN, 16, 26, None),
        // Back late, but nobody was faster.
        (BOB, 40, 50, kept(2)),
        (ANN, 49, 60, None),
        (ANN, 51, 60, taken(3)),
    ];
    for (step, (node, now, until, expected)) in table.into_iter().enumerate() {
        let got = w.calls.own_campaign(CAMPAIGN, node, at(now), at(until)).await.unwrap();
        assert_eq!(got, expected, "step {step}");
    }
    w.reopen().await;
    assert_eq!(w.calls.own_campaign(CAMPAIGN, BOB, at(55), at(65)).await.unwrap(), None);
    // Given back with an old fence it is not; with its own it is, and the fence goes on growing.
    w.calls.disown_campaign(CAMPAIGN, 2).await.unwrap();
    assert_eq!(w.calls.own_campaign(CAMPAIGN, BOB, at(55), at(65)).await.unwrap(), None);
    w.calls.disown_campaign(CAMPAIGN, 3).await.unwrap();
    assert_eq!(w.calls.own_campaign(CAMPAIGN, ANN, at(55), at(65)).await.unwrap(), taken(4));
    assert_eq!(w.calls.own_campaign(CallCampaignId(9), ANN, at(0), at(9)).await.unwrap(), None);
    w.calls.disown_campaign(CallCampaignId(9), 1).await.unwrap();
}

pub(crate) async fn writes_of_an_owner_are_refused_once_it_is_none(h: Harness) {
    let w = World::new(h).await;
    let as_owner =
        |fence, id| vec![put(contact(id, CAMPAIGN), 0), CallWrite::Owned { campaign: CAMPAIGN, fence }];
    for fence in [0, 1] {
        let refusal = w.refused(as_owner(fence, 1)).await;
        assert!(matches!(refusal, CallRefusal::NotOwner), "nobody's, fence {fence}: {refusal:?}");
    }
    w.calls.own_campaign(CAMPAIGN, ANN, at(0), at(10)).await.unwrap();
    w.commit(as_owner(1, 1)).await;
    // A change of the campaign itself does not touch the conduct.
    w.write(put_campaign(campaign(1), Expected::Version(1))).await;
    w.commit(as_owner(1, 2)).await;
    w.calls.own_campaign(CAMPAIGN, BOB, at(20), at(30)).await.unwrap();
    let refusal = w.refused(as_owner(1, 3)).await;
    assert!(matches!(refusal, CallRefusal::NotOwner), "{refusal:?}");
    assert!(w.calls.contact(ContactId(3)).await.unwrap().is_none(), "nothing else was done");
    w.commit(as_owner(2, 3)).await;
    w.calls.disown_campaign(CAMPAIGN, 2).await.unwrap();
    let refusal = w.refused(as_owner(2, 4)).await;
    assert!(matches!(refusal, CallRefusal::NotOwner), "given back: {refusal:?}");
    w.calls.own_campaign(CAMPAIGN, ANN, at(20), at(30)).await.unwrap();
    w.delete(CAMPAIGN).await;
    let refusal = w.refused(vec![CallWrite::Owned { campaign: CAMPAIGN, fence: 3 }]).await;
    assert!(matches!(refusal, CallRefusal::NotOwner), "deleted: {refusal:?}");
}

pub(crate) async fn writes_that_need_an_active_campaign_are_refused_without(h: Harness) {
    let w = World::new(h).await;
    let active = || vec![CallWrite::Active(CAMPAIGN)];
    w.commit(active()).await;
    let mut stopped = campaign(1);
    stopped.active = false;
    w.write(put_campaign(stopped, Expected::Version(1))).await;
    let mut writes = active();
    writes.insert(0, put(contact(1, CAMPAIGN), 0));
    let refusal = w.refused(writes).await;
    assert!(matches!(refusal, CallRefusal::NotActive), "{refusal:?}");
    assert!(w.calls.contact(ContactId(1)).await.unwrap().is_none());
    w.commit([vec![put_campaign(campaign(1), Expected::Version(2))], active()].concat()).await;
    w.delete(CAMPAIGN).await;
    for writes in [active(), vec![CallWrite::Active(CallCampaignId(9))]] {
        let refusal = w.refused(writes).await;
        assert!(matches!(refusal, CallRefusal::NotActive), "{refusal:?}");
    }
    assert_eq!(w.calls.own_campaign(CAMPAIGN, ANN, T0, at(1)).await.unwrap(), None);
}
