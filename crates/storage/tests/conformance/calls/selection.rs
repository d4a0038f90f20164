//! Who is next: questions, promotion, due instants, leases.

use super::world::{
    CAMPAIGN, World, at, campaign, changed, contact, follow_up, ids, in_hand, put, put_at, put_campaign,
};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{Expected, Versioned};
use muster_domain::calls::contact::{Contact, Due};
use muster_domain::calls::selection::{ALL_NUMBERS, BoundTo, Probe, Queue};
use muster_domain::ids::CallCampaignId;
use muster_domain::participant::ParticipantStatus;

fn ann() -> BoundTo {
    BoundTo::Agent("ann".to_owned())
}

fn question(queue: Queue, bound: BoundTo) -> Probe {
    Probe { campaign: CAMPAIGN, queue, bound, numbers: ALL_NUMBERS, now: T0 }
}

async fn asked(w: &World, probe: &Probe, limit: u32) -> Vec<i64> {
    let found: Vec<Versioned<Contact>> = w.calls.probe(probe, limit).await.unwrap();
    ids(found.iter().map(|found| &found.value))
}

pub(crate) async fn ready_contacts_come_by_tries_sort_order_and_id(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let ready = |n, tries, sort, agent: Option<&str>| {
        changed(n, |contact| {
            contact.tries = tries;
            contact.sort = sort;
            contact.reserved_for = agent.map(str::to_owned);
        })
    };
    w.add([
        ready(1, 1, -50, None),
        ready(2, 0, 7, None),
        ready(3, 0, -7, None),
        ready(5, 0, 7, None),
        ready(4, 0, 7, None),
        ready(6, 0, 99, Some("ann")),
        ready(7, 0, 98, Some("ann")),
        ready(8, 0, 0, Some("bob")),
        contact(9, CallCampaignId(2)),
    ])
    .await;
    let nobody = question(Queue::Ready, BoundTo::Nobody);
    assert_eq!(asked(&w, &nobody, 10).await, [3, 2, 4, 5, 1]);
    assert_eq!(asked(&w, &nobody, 2).await, [3, 2]);
    assert!(asked(&w, &nobody, 0).await.is_empty());
    assert_eq!(asked(&w, &question(Queue::Ready, ann()), 10).await, [7, 6]);
    assert_eq!(asked(&w, &question(Queue::Ready, BoundTo::Anybody), 10).await, [3, 8, 2, 4, 5, 7, 6, 1]);
    for queue in [Queue::Appointment, Queue::Delay, Queue::Busy, Queue::Waiting] {
        assert!(asked(&w, &question(queue, BoundTo::Anybody), 10).await.is_empty(), "{queue:?}");
    }
    let found = w.calls.probe(&nobody, 1).await.unwrap().remove(0);
    assert_eq!((found.value, found.version), (ready(3, 0, -7, None), 1));
}

pub(crate) async fn follow_ups_come_by_time_once_they_are_due(h: Harness) {
    let w = World::new(h).await;
    for (queue, due) in [(Queue::Appointment, Due::Appointment), (Queue::Delay, Due::Delay)] {
        let base = i64::from(queue.number()) * 100;
        let contact = |n: i64, agent, seconds: i64| {
            changed(base + n, |contact| {
                follow_up(contact, due, agent, at(seconds));
                contact.sort = -n;
            })
        };
        w.add([
            contact(1, Some("ann"), -10),
            contact(2, Some("ann"), -30),
            contact(3, Some("ann"), 0),
            contact(4, Some("ann"), 1),
            contact(5, Some("bob"), -20),
            contact(6, None, -25),
            contact(7, None, -40),
            contact(8, None, -25),
            contact(9, None, 5),
        ])
        .await;
        let listed = |places: &[i64]| places.iter().map(|place| base + place).collect::<Vec<_>>();
        assert_eq!(asked(&w, &question(queue, ann()), 10).await, listed(&[2, 1, 3]));
        assert_eq!(asked(&w, &question(queue, BoundTo::Nobody), 10).await, listed(&[7, 8, 6]));
        assert_eq!(asked(&w, &question(queue, BoundTo::Anybody), 4).await, listed(&[7, 2, 8, 6]));
        assert_eq!(asked(&w, &question(queue, BoundTo::Anybody), 10).await, listed(&[7, 2, 8, 6, 5, 1, 3]));
        let later = Probe { now: at(5), ..question(queue, BoundTo::Anybody) };
        assert_eq!(asked(&w, &later, 10).await, listed(&[7, 2, 8, 6, 5, 1, 3, 4, 9]));
        assert!(asked(&w, &question(Queue::Ready, BoundTo::Anybody), 10).await.is_empty());
    }
}

pub(crate) async fn busy_series_come_by_their_beginning_once_they_are_due(h: Harness) {
    let w = World::new(h).await;
    let busy = |n, agent, since: i64, next: i64| {
        changed(n, |contact| {
            follow_up(contact, Due::BusySeries { index: 1, done: 1, since: at(since) }, agent, at(next));
        })
    };
    w.add([
        busy(1, Some("ann"), -10, -1),
        busy(2, Some("ann"), -90, 1),
        busy(3, Some("bob"), -50, 0),
        busy(4, None, -40, -39),
        busy(5, Some("ann"), -60, -50),
    ])
    .await;
    assert_eq!(asked(&w, &question(Queue::Busy, ann()), 10).await, [5, 1]);
    assert_eq!(asked(&w, &question(Queue::Busy, BoundTo::Nobody), 10).await, [4]);
    assert_eq!(asked(&w, &question(Queue::Busy, BoundTo::Anybody), 10).await, [5, 3, 4, 1]);
    let later = Probe { now: at(1), ..question(Queue::Busy, BoundTo::Anybody) };
    assert_eq!(asked(&w, &later, 1).await, [2]);
}

pub(crate) async fn a_question_sees_contacts_with_one_of_its_numbers(h: Harness) {
    let w = World::new(h).await;
    let with = |n, places: &[usize]| {
        changed(n, |contact| {
            contact.numbers[0].number = None;
            for place in places {
                contact.numbers[*place].number = Some("4930".to_owned());
            }
        })
    };
    let mut invalid = with(5, &[0, 5]);
    invalid.numbers[0].invalid = Some(true);
    let mut exhausted = with(6, &[1]);
    exhausted.numbers[1].exhausted = true;
    let mut busy = with(7, &[0, 2]);
    follow_up(&mut busy, Due::BusySeries { index: 3, done: 1, since: T0 }, None, T0);
    w.add([with(1, &[0]), with(2, &[1]), with(3, &[0, 2]), with(4, &[]), invalid, exhausted, busy]).await;
    for (numbers, ready, series) in [
        (0b00_0001, vec![1, 3], vec![]),
        (0b00_0010, vec![2], vec![]),
        (0b00_0100, vec![3], vec![7]),
        (0b00_0011, vec![1, 2, 3], vec![]),
        (0b10_0000, vec![5], vec![]),
        (0b01_1000, vec![], vec![]),
        (0, vec![], vec![]),
        (ALL_NUMBERS, vec![1, 2, 3, 5], vec![7]),
    ] {
        for (queue, expected) in [(Queue::Ready, ready), (Queue::Busy, series)] {
            for bound in [BoundTo::Nobody, BoundTo::Anybody] {
                let probe = Probe { numbers, ..question(queue, bound) };
                assert_eq!(asked(&w, &probe, 10).await, expected, "{probe:?}");
            }
        }
    }
}

pub(crate) async fn contacts_of_different_numbers_come_in_one_order(h: Harness) {
    let w = World::new(h).await;
    let places: [&[usize]; 4] = [&[0], &[1], &[0, 4], &[5]];
    let numbered = |n: i64, contact: &mut Contact| {
        contact.numbers[0].number = None;
        for place in places[(n % 4) as usize] {
            contact.numbers[*place].number = Some(super::world::number(n));
        }
    };
    let busy = |n: i64| Due::BusySeries {
        index: places[(n % 4) as usize][0] as u8 + 1,
        done: 1,
        since: at(n * 13 % 41),
    };
    w.add((0..40).map(|n| {
        changed(n, |contact| {
            numbered(n, contact);
            contact.sort = n * 17 % 41;
            contact.reserved_for = (n % 3 == 0).then(|| "ann".to_owned());
        })
    }))
    .await;
    w.add((40..80).map(|n| {
        changed(n, |contact| {
            numbered(n, contact);
            follow_up(contact, busy(n), (n % 3 == 0).then_some("ann"), at(0));
        })
    }))
    .await;
    for numbers in [ALL_NUMBERS, 0b00_0001, 0b10_0010, 0b01_0000] {
        let seen = |n: &i64| places[(n % 4) as usize].iter().any(|place| numbers & (1 << place) != 0);
        for (bound, who) in [(BoundTo::Nobody, Some(false)), (ann(), Some(true)), (BoundTo::Anybody, None)] {
            let mine = |n: &i64| who.is_none_or(|bound| bound == (n % 3 == 0));
            let mut ready: Vec<i64> = (0..40).filter(seen).filter(mine).collect();
            ready.sort_by_key(|n| (n * 17 % 41, *n));
            // In a series only the busy number counts.
            let busy_seen = |n: &i64| numbers & (1 << places[(n % 4) as usize][0]) != 0;
            let mut series: Vec<i64> = (40..80).filter(busy_seen).filter(mine).collect();
            series.sort_by_key(|n| (n * 13 % 41, *n));
            for (queue, expected) in [(Queue::Ready, ready), (Queue::Busy, series)] {
                let probe = Probe { numbers, ..question(queue, bound.clone()) };
                for limit in [1, 4, 100] {
                    let found = asked(&w, &probe, limit).await;
                    assert_eq!(found, expected[..expected.len().min(limit as usize)], "{limit} of {probe:?}");
                }
            }
        }
    }
}

pub(crate) async fn whoever_is_closed_in_hand_or_locked_is_not_next(h: Harness) {
    let w = World::new(h).await;
    let ready = question(Queue::Ready, BoundTo::Nobody);
    w.add([contact(1, CAMPAIGN)]).await;
    for (version, (change, is_next)) in (1..).zip([
        (Box::new(|contact: &mut Contact| in_hand(contact, at(9))) as Box<dyn Fn(&mut Contact)>, false),
        (Box::new(|contact| contact.status = ParticipantStatus::Wait), false),
        (Box::new(|contact| contact.status = ParticipantStatus::Retry), true),
        (Box::new(|contact| contact.status = ParticipantStatus::Completed), false),
        (Box::new(|contact| contact.status = ParticipantStatus::Exception), false),
        (Box::new(|contact| contact.locked = true), false),
        (Box::new(|_| {}), true),
    ]) {
        w.write(put(changed(1, change), version)).await;
        assert_eq!(asked(&w, &ready, 9).await.len(), usize::from(is_next), "version {version}");
    }
}

pub(crate) async fn waiting_contacts_are_promoted_when_their_time_has_come(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let waiting = |n, seconds: i64, tries| {
        changed(n, |contact| {
            contact.status = ParticipantStatus::Retry;
            contact.due = Due::Retry;
            contact.next_try_at = Some(at(seconds));
            contact.tries = tries;
            contact.sort = -n;
        })
    };
    let mut reserved = waiting(5, 20, 1);
    reserved.reserved_for = Some("ann".to_owned());
    let mut elsewhere = waiting(6, 10, 1);
    elsewhere.campaign = CallCampaignId(2);
    let appointment = changed(7, |contact| follow_up(contact, Due::Appointment, None, at(15)));
    w.add([waiting(1, 30, 2), waiting(2, 10, 3), waiting(3, 20, 2), waiting(4, 10, 1), reserved, elsewhere])
        .await;
    w.add([appointment]).await;
    let ready = question(Queue::Ready, BoundTo::Nobody);
    assert_eq!(w.calls.promote(CAMPAIGN, at(9), 10).await.unwrap(), 0);
    assert!(asked(&w, &ready, 9).await.is_empty());
    assert_eq!(w.calls.promote(CAMPAIGN, at(10), 1).await.unwrap(), 1, "a limit is kept");
    assert_eq!(w.calls.promote(CAMPAIGN, at(10), 0).await.unwrap(), 0);
    assert_eq!(w.calls.promote(CAMPAIGN, at(10), 10).await.unwrap(), 1);
    assert_eq!(asked(&w, &ready, 9).await, [4, 2], "by tries, whatever the instant was");
    assert_eq!(w.calls.promote(CAMPAIGN, at(29), 10).await.unwrap(), 2);
    assert_eq!(asked(&w, &ready, 9).await, [4, 3, 2]);
    assert_eq!(asked(&w, &question(Queue::Ready, ann()), 9).await, [5]);
    assert_eq!(
        asked(&w, &Probe { now: at(29), ..question(Queue::Appointment, BoundTo::Nobody) }, 9).await,
        [7]
    );
    // Neither its version nor what it says has changed, and a change by somebody who read it before is taken.
    let stored = w.calls.contact(muster_domain::ids::ContactId(4)).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (waiting(4, 10, 1), 1));
    w.write(put_at(waiting(4, 60, 2), 1, at(29))).await;
    assert_eq!(asked(&w, &ready, 9).await, [3, 2]);
    assert_eq!(w.calls.promote(CAMPAIGN, at(90), 10).await.unwrap(), 2);
    assert_eq!(asked(&w, &ready, 9).await, [4, 3, 1, 2]);
    assert_eq!(w.calls.promote(CallCampaignId(2), at(90), 10).await.unwrap(), 1);
    assert_eq!(w.calls.promote(CallCampaignId(9), at(90), 10).await.unwrap(), 0);
}

pub(crate) async fn the_next_due_instant_is_that_of_whoever_waits_or_follows_up(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let due = async || w.calls.next_due(CAMPAIGN).await.unwrap();
    assert_eq!(due().await, None);
    w.add([contact(1, CAMPAIGN)]).await;
    assert_eq!(due().await, None, "ready is not waiting");
    let waiting = |n, seconds: i64| changed(n, |contact| contact.next_try_at = Some(at(seconds)));
    let mut elsewhere = waiting(2, 1);
    elsewhere.campaign = CallCampaignId(2);
    let mut locked = waiting(3, 2);
    locked.locked = true;
    w.add([elsewhere, locked, waiting(4, 50), waiting(5, 60)]).await;
    assert_eq!(due().await, Some(at(50)));
    for (n, seconds, kind) in [
        (6, 40, Due::Appointment),
        (7, 30, Due::Delay),
        (8, 20, Due::BusySeries { index: 1, done: 1, since: at(-500) }),
    ] {
        w.add([changed(n, |contact| follow_up(contact, kind, Some("ann"), at(seconds)))]).await;
        assert_eq!(due().await, Some(at(seconds)), "{kind:?}");
    }
    let done = |n| put(changed(n, |contact| contact.status = ParticipantStatus::Completed), 1);
    w.commit(vec![done(6), done(7), done(8)]).await;
    assert_eq!(due().await, Some(at(50)));
    w.calls.promote(CAMPAIGN, at(55), 10).await.unwrap();
    assert_eq!(due().await, Some(at(60)));
    assert_eq!(w.calls.next_due(CallCampaignId(9)).await.unwrap(), None);
}

pub(crate) async fn leases_that_ran_out_are_told_oldest_first(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let held = |n, seconds| changed(n, |contact| in_hand(contact, at(seconds)));
    let mut elsewhere = held(4, -30);
    elsewhere.campaign = CallCampaignId(2);
    let mut waits = held(5, -40);
    waits.status = ParticipantStatus::Wait;
    // A lease that nobody took away counts no more once the contact is in nobody's hand.
    let mut given_back = held(6, -50);
    given_back.status = ParticipantStatus::Retry;
    let endless = changed(7, |contact| contact.status = ParticipantStatus::Progress);
    w.add([held(1, 0), held(2, -10), held(3, 1), elsewhere, waits, given_back, endless]).await;
    let run_out = async |now, limit| {
        let found = w.calls.run_out(at(now), limit).await.unwrap();
        ids(found.iter().map(|found| &found.value))
    };
    assert_eq!(run_out(0, 10).await, [5, 4, 2, 1]);
    assert_eq!(run_out(0, 2).await, [5, 4]);
    assert_eq!(run_out(1, 10).await, [5, 4, 2, 1, 3]);
    assert!(run_out(-41, 10).await.is_empty());
    w.write(put(held(2, 90), 1)).await;
    assert_eq!(run_out(0, 10).await, [5, 4, 1]);
    assert_eq!(w.calls.run_out(T0, 1).await.unwrap()[0].version, 1);
}
