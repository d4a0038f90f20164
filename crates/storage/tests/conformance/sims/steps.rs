//! Participants' changes.

use super::world::{World, at, attempt, change, complete, keys, ordinals, packet, page, reserve, work};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{HoldWrite, KeySetWrite, LoadedParticipant, ParticipantWrite, StepRefusal};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::{DUE_HELD, Participant, ParticipantStatus, Phase, Work};
use muster_domain::sim::{COUNTER_MAX, CardFlags};
use muster_domain::sim_campaign::{SimCampaignStatus, WaveCounts};

pub(crate) async fn a_change_comes_back_as_it_went(h: Harness) {
    let w = World::running(h, 2).await;
    let full = |participant: &mut Participant| {
        *participant = Participant {
            status: ParticipantStatus::Wait,
            attempt: 7,
            code: "404".to_owned(),
            message: "ERROR - UPDATE - 3F00/ADF1/6F31 - data: 05 \"'\u{7f}é".to_owned(),
            updated_at: at(1),
            due_at: at(2),
            timer_at: Some(at(3)),
            work: work(),
            attempts: vec![attempt(1), attempt(2)],
            ..participant.clone()
        };
    };
    let edits: [fn(&mut Participant); 5] = [
        |_| {},
        |participant| {
            participant.work = Work { step: 3, ..Work::default() };
            participant.attempts.clear();
        },
        |participant| {
            let mut packet = packet(0);
            packet.segments.clear();
            packet.route.clear();
            participant.work = Work { packet: Some(packet), phase: Phase::Submitting, ..Work::default() };
        },
        |participant| {
            participant.attempts = (1..=11).map(attempt).collect();
            participant.attempts[3].outcome = None;
            participant.attempts[3].reason = "x".repeat(20_000);
        },
        |participant| {
            participant.work = Work::default();
            participant.attempts.clear();
            participant.status = ParticipantStatus::Retry;
            participant.timer_at = None;
            participant.due_at = DUE_HELD;
        },
    ];
    for (step, edit) in (1..).zip(edits) {
        let before = w.load_one(1, 1).await;
        let write = change(&before, |participant| {
            full(participant);
            edit(participant);
        });
        let given = write.participant.clone();
        w.done(vec![write]).await;
        let after = w.load_one(1, 1).await;
        assert_eq!((after.participant, after.revision), (given.clone(), step + 1), "step {step}");
        let row = w.sims.page_participants(SimCampaignId(1), page(2, 1)).await.unwrap().rows.remove(0);
        assert_eq!(
            (row.status, row.attempt, row.code, row.message, row.updated_at),
            (given.status, given.attempt, given.code, given.message, given.updated_at)
        );
    }
    assert_eq!(w.load_one(1, 0).await.revision, 1, "nobody else was touched");
}

pub(crate) async fn a_revision_is_used_once(h: Harness) {
    let w = World::running(h, 1).await;
    let loaded = w.load_one(1, 0).await;
    let write = || change(&loaded, |participant| participant.attempt = 9);
    let results = w.sims.commit_participants(vec![write(), write()]).await;
    assert!(matches!(&*results, [Ok(()), Err(StepRefusal::Stale)]), "{results:?}");
    assert!(matches!(w.commit(write()).await, Err(StepRefusal::Stale)));
    let next = w.load_one(1, 0).await;
    assert_eq!(next.revision, 2);
    // A status that is not the stored one would let the counts drift.
    let wrong = ParticipantWrite { from: ParticipantStatus::Wait, ..change(&next, |_| {}) };
    assert!(matches!(w.commit(wrong).await, Err(StepRefusal::Stale)));
    let nobody = ParticipantWrite {
        participant: Participant { ordinal: 5, ..next.participant.clone() },
        ..change(&next, |_| {})
    };
    assert!(matches!(w.commit(nobody).await, Err(StepRefusal::Stale)));
    // In one call a later change may build upon an earlier one.
    let second = ParticipantWrite { revision: 3, ..change(&next, |_| {}) };
    w.done(vec![change(&next, |_| {}), second]).await;
    assert_eq!(w.load_one(1, 0).await.revision, 4);
    assert!(w.sims.commit_participants(vec![]).await.is_empty());
}

pub(crate) async fn what_must_run_is_refused_while_its_campaign_does_not(h: Harness) {
    let w = World::running(h, 1).await;
    w.campaign(2, 0..1).await;
    for status in SimCampaignStatus::ALL {
        w.set_status(1, status).await;
        let loaded = w.load_one(1, 0).await;
        let anyway = change(&loaded, |_| {});
        let running =
            ParticipantWrite { while_running: true, revision: loaded.revision + 1, ..anyway.clone() };
        let other = w.load_one(2, 0).await;
        let other = ParticipantWrite { while_running: true, ..change(&other, |_| {}) };
        let results = w.sims.commit_participants(vec![anyway, running, other]).await;
        let refused = matches!(results[1], Err(StepRefusal::NotRunning));
        assert_eq!(refused, status != SimCampaignStatus::Process, "{status:?}: {:?}", results[1]);
        assert!(results[0].is_ok() && results[2].is_ok(), "{status:?}");
    }
}

pub(crate) async fn a_counter_is_given_once_and_never_back(h: Harness) {
    let w = World::running(h, 2).await;
    w.campaign(2, 0..2).await;
    let next = async |ordinal| w.load_one(1, ordinal).await.key_sets[0].next_counter;
    let take = |loaded: &LoadedParticipant, counter| ParticipantWrite {
        key_set: Some(keys(Some(counter), HoldWrite::Keep)),
        ..change(loaded, |_| {})
    };
    let (mine, others) = (w.load_one(1, 0).await, w.load_one(2, 0).await);
    for wrong in [0, 2, u64::MAX] {
        assert!(matches!(w.commit(take(&mine, wrong)).await, Err(StepRefusal::CounterMoved)), "{wrong}");
    }
    // Two campaigns share the card's counter.
    let results = w.sims.commit_participants(vec![take(&mine, 1), take(&others, 1)]).await;
    assert!(matches!(&*results, [Ok(()), Err(StepRefusal::CounterMoved)]), "{results:?}");
    assert_eq!((next(0).await, next(1).await), (2, 1));
    assert_eq!(w.load_one(2, 0).await.revision, 1, "a refused change changes nothing");
    w.done(vec![take(&others, 2)]).await;
    assert_eq!(next(0).await, 3);
    // Raised, beside being taken, and up to its end.
    let raise = |loaded: &LoadedParticipant, take_counter, raise_by| {
        let key_set = KeySetWrite { raise_by, ..keys(take_counter, HoldWrite::Keep) };
        ParticipantWrite { key_set: Some(key_set), ..change(loaded, |_| {}) }
    };
    for (take_counter, raise_by, expected) in [
        (None, 0, 3),
        (None, 1000, 1003),
        (Some(1003), 1000, 2004),
        (None, u64::MAX, COUNTER_MAX + 1),
        (None, 5, COUNTER_MAX + 1),
    ] {
        w.done(vec![raise(&w.load_one(1, 0).await, take_counter, raise_by)]).await;
        assert_eq!(next(0).await, expected, "{take_counter:?} and {raise_by}");
    }
}

pub(crate) async fn flags_are_set_and_stay(h: Harness) {
    let w = World::running(h, 1).await;
    let flags = |blocked, resync| CardFlags { blocked, resync };
    for (given, kept) in [
        (flags(false, false), flags(false, false)),
        (flags(false, true), flags(false, true)),
        (flags(false, false), flags(false, true)),
        (flags(true, false), flags(true, true)),
        (flags(false, false), flags(true, true)),
    ] {
        let loaded = w.load_one(1, 0).await;
        let key_set = KeySetWrite { flags: given, ..keys(None, HoldWrite::Keep) };
        w.done(vec![ParticipantWrite { key_set: Some(key_set), ..change(&loaded, |_| {}) }]).await;
        assert_eq!(w.load_one(1, 0).await.key_sets[0].flags, kept);
    }
}

pub(crate) async fn a_key_set_that_is_not_there_has_nothing_to_take(h: Harness) {
    let w = World::running(h, 1).await;
    let with = |loaded: &LoadedParticipant, take_counter, hold| {
        let key_set = KeySetWrite { kvn: 9, ..keys(take_counter, hold) };
        ParticipantWrite { key_set: Some(key_set), ..change(loaded, |_| {}) }
    };
    for (take_counter, hold, goes) in [
        (Some(0), HoldWrite::Keep, false),
        (Some(1), HoldWrite::Release, false),
        (None, HoldWrite::Take, false),
        (None, HoldWrite::Keep, true),
        (None, HoldWrite::Release, true),
    ] {
        let told = w.commit(with(&w.load_one(1, 0).await, take_counter, hold)).await;
        match told {
            Ok(()) => assert!(goes, "{take_counter:?} {hold:?}"),
            Err(StepRefusal::CounterMoved) => assert!(!goes, "{take_counter:?} {hold:?}"),
            Err(refusal) => panic!("{take_counter:?} {hold:?}: {refusal:?}"),
        }
    }
}

pub(crate) async fn the_refused_are_told_and_the_others_stand(h: Harness) {
    let w = World::running(h, 6).await;
    let claimed = w.claim(1, 6).await;
    let mut writes: Vec<_> = claimed.iter().map(|loaded| reserve(loaded, 1)).collect();
    writes[1].revision = 1;
    writes[3].key_set = Some(keys(Some(9), HoldWrite::Take));
    writes[4].participant.campaign = SimCampaignId(77);
    writes[4].while_running = false;
    let results = w.sims.commit_participants(writes).await;
    let told: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(()) => "done",
            Err(StepRefusal::Stale) => "stale",
            Err(StepRefusal::CounterMoved) => "moved",
            Err(other) => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["done", "stale", "done", "moved", "stale", "done"]);
    let counts = w.sims.campaign_counts(SimCampaignId(1)).await.unwrap();
    assert_eq!(
        (counts.of(ParticipantStatus::Pending), counts.of(ParticipantStatus::Progress)),
        (3, 3),
        "only what was done is counted"
    );
    for (ordinal, counter) in [(0, 2), (1, 1), (2, 2), (3, 1), (4, 1), (5, 2)] {
        let loaded = w.load_one(1, ordinal).await;
        assert_eq!(loaded.key_sets[0].next_counter, counter, "card {ordinal}");
        assert_eq!(loaded.key_sets[0].holder.is_some(), counter == 2, "card {ordinal}");
    }
}

pub(crate) async fn what_a_change_breaks_first_is_what_is_told(h: Harness) {
    // Stale before not running, not running before held, held before moved.
    let w = World::running(h, 1).await;
    w.campaign(2, 0..1).await;
    w.done(vec![reserve(&w.load_one(1, 0).await, 1)]).await;
    let loaded = w.load_one(2, 0).await;
    let wrong = || reserve(&loaded, 55);
    w.set_status(2, SimCampaignStatus::Suspend).await;
    let stale = ParticipantWrite { revision: 9, ..wrong() };
    assert!(matches!(w.commit(stale.clone()).await, Err(StepRefusal::Stale)));
    assert!(matches!(w.commit(wrong()).await, Err(StepRefusal::NotRunning)));
    w.set_status(2, SimCampaignStatus::Process).await;
    assert!(matches!(w.commit(stale).await, Err(StepRefusal::Stale)));
    assert_eq!(w.load_one(2, 0).await.revision, 1);
    assert!(matches!(w.commit(wrong()).await, Err(StepRefusal::Held)));
    w.done(vec![complete(&w.load_one(1, 0).await, T0)]).await;
    let woken = w.load_one(2, 0).await;
    let stale = ParticipantWrite { revision: 2, ..reserve(&woken, 55) };
    assert!(matches!(w.commit(stale).await, Err(StepRefusal::Stale)));
    assert!(matches!(w.commit(reserve(&woken, 55)).await, Err(StepRefusal::CounterMoved)));
    w.done(vec![reserve(&woken, 2)]).await;
}

pub(crate) async fn counts_follow_every_change(h: Harness) {
    let w = World::running(h, 10).await;
    let counts = async || {
        let counts = w.sims.campaign_counts(SimCampaignId(1)).await.unwrap();
        (counts.by_status, counts.waves)
    };
    let claimed = w.claim(1, 10).await;
    assert_eq!(ordinals(&claimed), (0..10).collect::<Vec<_>>());
    w.done(claimed.iter().take(6).map(|loaded| reserve(loaded, 1)).collect()).await;
    assert_eq!(counts().await, ([4, 0, 6, 0, 0, 0, 0, 0, 0], vec![]));
    let ended = |succeeded, failed, config_errors| WaveCounts {
        succeeded,
        failed,
        attempts_ok: succeeded,
        attempts_failed: failed,
        config_errors,
    };
    // The third wave first: the ones before it are there, and empty.
    let third = complete(&w.load_one(1, 0).await, T0);
    w.done(vec![ParticipantWrite { wave: 2, counts: ended(1, 0, 0), ..third }]).await;
    let none = WaveCounts::default();
    assert_eq!(counts().await, ([4, 0, 5, 0, 0, 0, 1, 0, 0], vec![none, none, ended(1, 0, 0)]));
    // Several of one call, in several waves, and one refused among them.
    let mut writes = Vec::new();
    for (ordinal, wave, counts) in
        [(1, 0, ended(1, 0, 0)), (2, 0, ended(0, 1, 1)), (3, 2, ended(0, 1, 0)), (4, 0, ended(1, 0, 0))]
    {
        let write = complete(&w.load_one(1, ordinal).await, T0);
        writes.push(ParticipantWrite { wave, counts, ..write });
    }
    writes[3].revision = 77;
    let results = w.sims.commit_participants(writes).await;
    assert!(matches!(results[3], Err(StepRefusal::Stale)));
    assert_eq!(counts().await, ([4, 0, 2, 0, 0, 0, 4, 0, 0], vec![ended(1, 1, 1), none, ended(1, 1, 0)]));
    assert_eq!(w.sims.campaign_counts(SimCampaignId(2)).await.unwrap().participants(), 0);
}
