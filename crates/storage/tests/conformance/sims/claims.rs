//! Taking participants under a lease, and finding them by their cards.

use super::world::{World, at, change, claim, complete, keys, msisdn, newcomer, ordinals, reserve, sim};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{Claim, HoldWrite, LoadedParticipant, Pace, ParticipantWrite, SimWrite};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{Participant, ParticipantStatus};
use muster_domain::sim::{Sim, SimName};
use muster_domain::sim_campaign::SimCampaignStatus;
use muster_domain::time::UnixMillis;

/// Puts participants to a next try at these instants.
async fn retry(w: &World, due: &[(u64, i64)]) {
    for &(ordinal, seconds) in due {
        let loaded = w.load_one(1, ordinal).await;
        w.done(vec![change(&loaded, |participant| {
            participant.status = ParticipantStatus::Retry;
            participant.attempt = 1;
            participant.due_at = at(seconds);
        })])
        .await;
    }
}

pub(crate) async fn the_never_sent_go_first_and_then_the_longest_due(h: Harness) {
    let w = World::running(h, 8).await;
    retry(&w, &[(1, -10), (3, -30), (5, 0), (6, 1), (7, -20)]).await;
    let claimed = w.claim(1, 100).await;
    assert_eq!(ordinals(&claimed), [0, 2, 4, 3, 7, 1, 5], "6 is not due yet");
    for loaded in &claimed {
        assert_eq!(loaded.participant.due_at, at(60), "the lease");
        assert_eq!(loaded.card.number, loaded.participant.sim);
        assert_eq!(loaded.key_sets[0].sim, loaded.participant.sim);
        let stored = w.load_one(1, loaded.participant.ordinal).await;
        assert_eq!((stored.participant, stored.revision), (loaded.participant.clone(), loaded.revision));
    }
    assert_eq!(claimed.iter().map(|loaded| loaded.revision).collect::<Vec<_>>(), [2, 2, 2, 3, 3, 3, 3]);
}

pub(crate) async fn a_limit_is_kept(h: Harness) {
    let w = World::running(h, 5).await;
    retry(&w, &[(0, -10), (1, -20)]).await;
    for (limit, expected) in [(0, vec![]), (2, vec![2, 3]), (2, vec![4, 1]), (100, vec![0]), (100, vec![])] {
        assert_eq!(ordinals(&w.claim(1, limit).await), expected, "{limit}");
    }
}

pub(crate) async fn a_wave_bounds_those_never_sent_to(h: Harness) {
    let w = World::running(h, 8).await;
    retry(&w, &[(6, -10)]).await;
    let below = |below, now| Claim { below, now, lease_until: UnixMillis(now.0 + 1000), ..claim(1, 100) };
    let claimed = w.sims.claim_participants(below(Some(3), T0)).await.unwrap();
    assert_eq!(ordinals(&claimed), [0, 1, 2, 6], "a later try has its turn wherever it stands");
    // Claimed and left, they are due again when the lease ends, and the bound is theirs still.
    for (bound, seconds, expected) in
        [(Some(0), 1, vec![6]), (Some(2), 2, vec![0, 1, 6]), (None, 3, vec![3, 4, 5, 7, 2, 0, 1, 6])]
    {
        let claimed = w.sims.claim_participants(below(bound, at(seconds))).await.unwrap();
        assert_eq!(ordinals(&claimed), expected, "below {bound:?}");
    }
}

pub(crate) async fn a_lease_keeps_others_away_until_it_ends(h: Harness) {
    let w = World::running(h, 3).await;
    assert_eq!(ordinals(&w.claim(1, 2).await), [0, 1]);
    let later = |seconds| Claim { now: at(seconds), lease_until: at(seconds + 60), ..claim(1, 100) };
    assert_eq!(ordinals(&w.sims.claim_participants(later(59)).await.unwrap()), [2]);
    let again = w.sims.claim_participants(later(60)).await.unwrap();
    assert_eq!(ordinals(&again), [0, 1]);
    // The first holder of the lease comes too late.
    let mut late = again[0].clone();
    late.revision -= 1;
    assert!(w.commit(reserve(&late, 1)).await.is_err());
    // Written, a participant is due when it says so, whatever its lease was.
    w.done(vec![change(&again[1], |participant| participant.due_at = at(61))]).await;
    assert_eq!(ordinals(&w.sims.claim_participants(later(61)).await.unwrap()), [1]);
    // In flight or ended nobody claims it.
    w.done(vec![reserve(&again[0], 1)]).await;
    assert_eq!(ordinals(&w.sims.claim_participants(later(100_000)).await.unwrap()), [2, 1]);
}

pub(crate) async fn only_a_running_campaign_is_claimed(h: Harness) {
    let w = World::running(h, 1).await;
    for status in SimCampaignStatus::ALL {
        w.set_status(1, status).await;
        let claimed = w.claim(1, 10).await;
        assert_eq!(claimed.len(), usize::from(status == SimCampaignStatus::Process), "{status:?}");
        if let [loaded] = &*claimed {
            w.done(vec![change(loaded, |participant| participant.due_at = UnixMillis(0))]).await;
        }
    }
    assert!(w.claim(99, 10).await.is_empty());
}

pub(crate) async fn a_pace_is_kept_over_all_claims(h: Harness) {
    let w = World::running(h, 100).await;
    let paced = |millis: i64, limit| Claim {
        now: UnixMillis(T0.0 + millis),
        lease_until: at(3600),
        pace: Some(Pace { per_s: 10, burst: 5 }),
        ..claim(1, limit)
    };
    let table = [
        (0, 3, 3),
        (0, 100, 2),
        (99, 100, 0),
        (100, 100, 1),
        (350, 100, 2),
        (10_000, 100, 5),
        (10_000, 1, 0),
    ];
    for (millis, limit, expected) in table {
        let claimed = w.sims.claim_participants(paced(millis, limit)).await.unwrap();
        assert_eq!(claimed.len(), expected, "at {millis} ms");
    }
    // Without a pace everything goes, and what another campaign does is its own.
    w.campaign(2, 0..10).await;
    let other = Claim { campaign: SimCampaignId(2), ..paced(10_000, 100) };
    assert_eq!(w.sims.claim_participants(other).await.unwrap().len(), 5);
    assert_eq!(w.claim(1, 1000).await.len(), 87);
    // A claim that finds nobody uses nothing up.
    for _ in 0..3 {
        let none = Claim { below: Some(0), ..paced(20_000, 100) };
        assert_eq!(w.sims.claim_participants(none).await.unwrap().len(), 0);
    }
    w.load(100..110, 1).await;
    let newcomers = w.cards(100..110).await.iter().map(newcomer).collect();
    w.write(SimWrite::Enrol { campaign: SimCampaignId(1), participants: newcomers }).await;
    assert_eq!(w.sims.claim_participants(paced(20_000, 100)).await.unwrap().len(), 5);
}

pub(crate) async fn timers_come_in_order_whatever_the_campaign(h: Harness) {
    let w = World::running(h, 4).await;
    w.load(4..6, 1).await;
    w.campaign(2, 4..6).await;
    assert!(w.sims.due_timers(at(10_000), at(20_000), 10).await.unwrap().is_empty());
    for (campaign, ordinal, status, seconds) in [
        (1, 0, ParticipantStatus::Progress, -10),
        (1, 1, ParticipantStatus::Wait, -30),
        (2, 0, ParticipantStatus::Canceling, -20),
        (1, 2, ParticipantStatus::Wait, 1),
        // Whoever is not in flight has no timer, whatever was written.
        (1, 3, ParticipantStatus::Retry, -50),
    ] {
        let loaded = w.load_one(campaign, ordinal).await;
        w.done(vec![change(&loaded, |participant| {
            participant.status = status;
            participant.timer_at = Some(at(seconds));
        })])
        .await;
    }
    let places = |loaded: &[LoadedParticipant]| -> Vec<_> {
        loaded.iter().map(|one| (one.participant.campaign.0, one.participant.ordinal)).collect()
    };
    let due = w.sims.due_timers(T0, at(60), 2).await.unwrap();
    assert_eq!(places(&due), [(1, 1), (2, 0)]);
    assert!(due.iter().all(|one| one.participant.timer_at == Some(at(60)) && one.revision == 3));
    assert_eq!(places(&w.sims.due_timers(T0, at(70), 10).await.unwrap()), [(1, 0)]);
    assert!(w.sims.due_timers(T0, at(60), 10).await.unwrap().is_empty());
    // The lease ends, and whoever is left is looked at again.
    w.done(vec![complete(&due[0], T0)]).await;
    let again = w.sims.due_timers(at(60), at(120), 10).await.unwrap();
    assert_eq!(places(&again), [(1, 2), (2, 0)]);
    assert_eq!(again[1].revision, 4);
}

pub(crate) async fn a_number_leads_to_the_message_on_its_way(h: Harness) {
    let w = World::running(h, 2).await;
    for campaign in [2, 3] {
        w.campaign(campaign, 0..1).await;
    }
    let find = async |n| {
        let mut found = w.sims.participants_by_msisdn(&[msisdn(n)]).await.unwrap();
        found.remove(0).map(|loaded| loaded.participant.campaign.0)
    };
    assert_eq!(find(0).await, None, "nothing is on its way");
    assert_eq!(find(77).await, None, "nobody has that number");
    // In flight without the card: better than nothing.
    let in_flight = |seconds| {
        move |participant: &mut Participant| {
            participant.status = ParticipantStatus::Wait;
            participant.updated_at = at(seconds);
        }
    };
    let third = w.load_one(3, 0).await;
    w.done(vec![change(&third, in_flight(50))]).await;
    assert_eq!(find(0).await, Some(3));
    // Who holds the card goes before everybody.
    let second = w.load_one(2, 0).await;
    w.done(vec![ParticipantWrite {
        key_set: Some(keys(Some(1), HoldWrite::Take)),
        ..change(&second, in_flight(1))
    }])
    .await;
    assert_eq!(find(0).await, Some(2));
    // Of those that do not, the one that changed last.
    let second = w.load_one(2, 0).await;
    w.done(vec![complete(&second, at(60))]).await;
    let first = w.load_one(1, 0).await;
    w.done(vec![change(&first, in_flight(40))]).await;
    assert_eq!(find(0).await, Some(3));
    let numbers: Vec<_> = (0..20).map(msisdn).collect();
    let found = w.sims.participants_by_msisdn(&numbers).await.unwrap();
    let found: Vec<_> = found.iter().map(Option::is_some).collect();
    assert_eq!(found, (0..20).map(|n| n == 0).collect::<Vec<_>>());
    assert!(w.sims.participants_by_msisdn(&[]).await.unwrap().is_empty());
}

pub(crate) async fn the_last_participation_at_rest_is_found_by_number(h: Harness) {
    let w = World::running(h, 2).await;
    for campaign in [2, 3, 4] {
        w.campaign(campaign, 0..1).await;
    }
    let find = async |n| {
        let found = w.sims.resting_participants(&msisdn(n)).await.unwrap();
        found.iter().map(|loaded| loaded.participant.campaign.0).collect::<Vec<_>>()
    };
    for (campaign, status, seconds, expected) in [
        (2, ParticipantStatus::Completed, 10, 2),
        (3, ParticipantStatus::Wait, 50, 2),
        (1, ParticipantStatus::Retry, 20, 1),
        (4, ParticipantStatus::Exception, 20, 4),
    ] {
        let loaded = w.load_one(campaign, 0).await;
        w.done(vec![change(&loaded, |participant| {
            participant.status = status;
            participant.updated_at = at(seconds);
        })])
        .await;
        assert_eq!(find(0).await, [expected], "after campaign {campaign}");
    }
    assert_eq!(find(1).await, [1]);
    assert!(find(77).await.is_empty());
    // A card that takes no part.
    w.write(SimWrite::LoadSims(vec![(sim(50, 1), vec![])])).await;
    assert!(find(50).await.is_empty());
    assert_eq!(w.sims.participants_by_msisdn(&[msisdn(50)]).await.unwrap().len(), 1);
}

pub(crate) async fn a_number_that_moved_leads_to_its_new_card(h: Harness) {
    let w = World::running(h, 2).await;
    let [first, second]: [Sim; 2] = w.cards(0..2).await.try_into().unwrap();
    let bare = Sim { imsi_msisdn_pairs: vec![], ..first.clone() };
    w.write(SimWrite::Sim { sim: Box::new(bare), version: 1 }).await;
    let pairs = [first.imsi_msisdn_pairs, second.imsi_msisdn_pairs.clone()].concat();
    let both = Sim { imsi_msisdn_pairs: pairs, ..second };
    w.write(SimWrite::Sim { sim: Box::new(both.clone()), version: 1 }).await;
    let found = w.sims.resting_participants(&msisdn(0)).await.unwrap();
    assert_eq!((ordinals(&found), &found[0].card), (vec![1], &both));
    let names = [SimName::Msisdn(msisdn(0))];
    assert_eq!(w.sims.sims_by_names(&names).await.unwrap()[0].as_ref().unwrap().value, both);
}
