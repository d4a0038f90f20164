//! A card that several campaigns want to send to.

use super::world::{World, at, change, claim, complete, key_set, keys, ordinals, reserve};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{
    Claim, HoldWrite, KeySetWrite, LoadedParticipant, ParticipantWrite, SimWrite, StepRefusal,
};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{DUE_FIRST, DUE_HELD, ParticipantStatus};

/// Campaigns 1 to 4 with card 0 in each.
async fn four(h: Harness) -> World {
    let w = World::running(h, 1).await;
    for campaign in 2..=4 {
        w.campaign(campaign, 0..1).await;
    }
    w
}

async fn holder(w: &World) -> Option<i64> {
    w.load_one(1, 0).await.key_sets[0].holder.map(|(campaign, _)| campaign.0)
}

/// Tries to take the card for a campaign's participant.
async fn take(w: &World, campaign: i64) -> Result<(), StepRefusal> {
    let loaded = w.load_one(campaign, 0).await;
    let counter = loaded.key_sets[0].next_counter;
    w.commit(reserve(&loaded, counter)).await
}

pub(crate) async fn whoever_comes_second_is_put_aside(h: Harness) {
    let w = four(h).await;
    take(&w, 2).await.unwrap();
    assert_eq!(holder(&w).await, Some(2));
    let before = w.load_one(1, 0).await;
    assert!(matches!(take(&w, 1).await, Err(StepRefusal::Held)));
    let after = w.load_one(1, 0).await;
    let mut expected = before.participant.clone();
    expected.due_at = DUE_HELD;
    assert_eq!((after.participant, after.revision), (expected, before.revision + 1));
    assert_eq!(after.key_sets[0].next_counter, 2, "no counter was taken");
    assert_eq!(w.sims.campaign_counts(SimCampaignId(1)).await.unwrap().of(ParticipantStatus::Pending), 1);
    // However long it takes, it is not claimed.
    let late = Claim { now: at(1_000_000_000), ..claim(1, 10) };
    assert!(w.sims.claim_participants(late).await.unwrap().is_empty());
    // The holder itself may take it again, for its next packet.
    let holder = w.load_one(2, 0).await;
    let again = ParticipantWrite {
        key_set: Some(keys(Some(2), HoldWrite::Take)),
        ..change(&holder, |participant| participant.status = ParticipantStatus::Progress)
    };
    w.done(vec![again]).await;
}

pub(crate) async fn those_that_wait_are_woken_in_order_of_their_campaigns(h: Harness) {
    let w = four(h).await;
    take(&w, 2).await.unwrap();
    for campaign in [4, 1, 3] {
        assert!(matches!(take(&w, campaign).await, Err(StepRefusal::Held)));
    }
    let revision = w.load_one(1, 0).await.revision;
    w.done(vec![complete(&w.load_one(2, 0).await, at(7))]).await;
    assert_eq!(holder(&w).await, None);
    // The oldest campaign's is due now; the others look again later, because its campaign may pause meanwhile.
    let mut instants = Vec::new();
    for campaign in [1, 3, 4] {
        instants.push(w.load_one(campaign, 0).await.participant.due_at);
    }
    assert_eq!(instants[0], at(7));
    assert!(instants.is_sorted_by(|a, b| a < b) && instants[2] < at(7 + 3600), "{instants:?}");
    let woken = w.load_one(1, 0).await;
    assert_eq!(woken.revision, revision + 1, "whoever decided before it was woken has to look again");
    let claimed = w.sims.claim_participants(Claim { now: at(7), ..claim(1, 10) }).await.unwrap();
    assert_eq!(ordinals(&claimed), [0]);
    take(&w, 1).await.unwrap();
    // Whoever comes too early waits anew, and is woken anew.
    assert!(matches!(take(&w, 3).await, Err(StepRefusal::Held)));
    assert_eq!(w.load_one(3, 0).await.participant.due_at, DUE_HELD);
    w.done(vec![complete(&w.load_one(1, 0).await, at(8))]).await;
    assert_eq!(w.load_one(3, 0).await.participant.due_at, at(8));
}

pub(crate) async fn only_the_holder_gives_a_card_back(h: Harness) {
    let w = four(h).await;
    take(&w, 2).await.unwrap();
    assert!(matches!(take(&w, 3).await, Err(StepRefusal::Held)));
    let release = |loaded: &LoadedParticipant| ParticipantWrite {
        key_set: Some(keys(None, HoldWrite::Release)),
        ..change(loaded, |_| {})
    };
    for campaign in [1, 3] {
        w.done(vec![release(&w.load_one(campaign, 0).await)]).await;
        assert_eq!(holder(&w).await, Some(2), "after campaign {campaign}");
        assert_eq!(w.load_one(3, 0).await.participant.due_at, DUE_HELD);
    }
    // Keeping it through a change, and giving it back in one that goes on.
    let loaded = w.load_one(2, 0).await;
    w.done(vec![ParticipantWrite { key_set: Some(keys(None, HoldWrite::Keep)), ..change(&loaded, |_| {}) }])
        .await;
    assert_eq!(holder(&w).await, Some(2));
    w.done(vec![release(&w.load_one(2, 0).await)]).await;
    assert_eq!(holder(&w).await, None);
    assert_eq!(w.load_one(3, 0).await.participant.due_at, T0);
}

pub(crate) async fn a_stale_writer_is_not_put_aside(h: Harness) {
    let w = four(h).await;
    take(&w, 2).await.unwrap();
    let loaded = w.load_one(3, 0).await;
    w.done(vec![change(&loaded, |_| {})]).await;
    assert!(matches!(w.commit(reserve(&loaded, 2)).await, Err(StepRefusal::Stale)));
    assert_eq!(w.load_one(3, 0).await.participant.due_at, DUE_FIRST);
    // And nobody thinks that somebody waits.
    w.done(vec![complete(&w.load_one(2, 0).await, at(1))]).await;
    assert_eq!(w.load_one(3, 0).await.revision, 2);
}

pub(crate) async fn key_sets_of_one_card_are_held_apart(h: Harness) {
    let w = four(h).await;
    let number = w.cards(0..1).await[0].number;
    w.write(SimWrite::KeySet(key_set(number, 2, 100))).await;
    take(&w, 1).await.unwrap();
    let second = |loaded: &LoadedParticipant, take_counter, hold| {
        let key_set = KeySetWrite { kvn: 2, ..keys(take_counter, hold) };
        ParticipantWrite { key_set: Some(key_set), ..reserve(loaded, 0) }
    };
    let loaded = w.load_one(2, 0).await;
    w.done(vec![second(&loaded, Some(100), HoldWrite::Take)]).await;
    let sets = w.sims.key_sets(number).await.unwrap();
    let told: Vec<_> =
        sets.iter().map(|set| (set.holder.map(|holder| holder.0.0), set.next_counter)).collect();
    assert_eq!(told, [(Some(1), 2), (Some(2), 101)]);
}

pub(crate) async fn taking_and_giving_back_follow_each_other_in_one_call(h: Harness) {
    let w = four(h).await;
    take(&w, 1).await.unwrap();
    let (first, second, third) = (w.load_one(1, 0).await, w.load_one(2, 0).await, w.load_one(3, 0).await);
    let writes =
        vec![reserve(&second, 2), complete(&first, at(5)), reserve(&third, 2), complete(&first, at(6))];
    let results = w.sims.commit_participants(writes).await;
    assert!(
        matches!(&*results, [Err(StepRefusal::Held), Ok(()), Ok(()), Err(StepRefusal::Stale)]),
        "{results:?}"
    );
    assert_eq!(holder(&w).await, Some(3));
    assert_eq!(w.load_one(2, 0).await.participant.due_at, at(5), "woken by the one that gave it back");
}
