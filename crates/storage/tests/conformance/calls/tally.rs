//! Whatever happens, counts are what a count would find.

use super::world::{
    CAMPAIGN, CLIENT, World, at, call, campaign, changed, code, in_hand, put_at, put_call, put_campaign,
};
use crate::harness::Harness;
use muster_app::ports::{CallCounts, CallWrite, ContactsOf, Expected};
use muster_domain::calls::call::{Call, CallOutcome};
use muster_domain::calls::contact::{Contact, Due};
use muster_domain::calls::selection::{ALL_NUMBERS, BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, ContactId, ResultCodeId};
use muster_domain::participant::ParticipantStatus;

/// A small generator; every failure names its seed.
struct Dice(u64);

impl Dice {
    /// Evenly below `sides` (SplitMix64).
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.throw(list.len() as u64) as usize]
    }
}

const CONTACTS: u64 = 20;
const CAMPAIGNS: [CallCampaignId; 2] = [CAMPAIGN, CallCampaignId(2)];

pub(crate) async fn call_counts_equal_a_recount_after_random_changes(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    w.commit((1..4).map(|id| CallWrite::ResultCode(Box::new(code(id)))).collect()).await;
    let (mut done, mut refused) = (0, 0);
    for seed in [1, 2, 3] {
        let mut dice = Dice(seed);
        for step in 0..60 {
            let now = step * 20;
            let mut writes = Vec::new();
            for _ in 0..=dice.throw(4) {
                writes.push(random_write(&w, &mut dice, now).await);
            }
            match w.calls.commit(writes).await {
                Ok(()) => done += 1,
                Err(_) => refused += 1,
            }
            if dice.throw(5) == 0 {
                w.calls.promote(CAMPAIGN, at(now), 3).await.unwrap();
            }
        }
        for campaign in CAMPAIGNS {
            let told = w.calls.counts(campaign).await.unwrap();
            assert_eq!(told, recounted(&w, campaign).await, "seed {seed}, campaign {campaign}");
        }
        check_indexes(&w, seed).await;
    }
    assert!(done > 20 && refused > 20, "{done} done, {refused} refused");
}

async fn random_write(w: &World, dice: &mut Dice, now: i64) -> CallWrite {
    let n = dice.throw(CONTACTS) as i64;
    let stored = w.calls.contact(ContactId(n)).await.unwrap();
    // Some come too late.
    let version = stored.map_or(0, |stored| stored.version) + u64::from(dice.throw(20) == 0);
    match dice.throw(8) {
        0 => CallWrite::RemoveContact { id: ContactId(n), version },
        1 => CallWrite::RemoveResultCode { campaign: CAMPAIGN, id: ResultCodeId(dice.throw(3) as i64 + 1) },
        2 | 3 => put_call(random_call(dice, n)),
        _ => put_at(random_contact(dice, n, now), version, at(now)),
    }
}

fn random_result(dice: &mut Dice) -> Option<ResultCodeId> {
    (dice.throw(2) == 0).then(|| ResultCodeId(dice.throw(3) as i64 + 1))
}

fn random_call(dice: &mut Dice, contact: i64) -> Call {
    Call {
        campaign: dice.pick(&CAMPAIGNS),
        outcome: (dice.throw(3) > 0).then(|| dice.pick(&CallOutcome::ALL)),
        result_code: random_result(dice),
        ..call(dice.throw(30) as i64, contact)
    }
}

fn random_contact(dice: &mut Dice, n: i64, now: i64) -> Contact {
    changed(n, |contact| {
        contact.campaign = dice.pick(&CAMPAIGNS);
        contact.status = dice.pick(&ParticipantStatus::ALL);
        contact.result_code = random_result(dice);
        contact.locked = dice.throw(6) == 0;
        contact.tries = dice.throw(4) as u32;
        contact.sort = dice.throw(5) as i64;
        contact.due = dice.pick(&[
            Due::New,
            Due::Retry,
            Due::Delay,
            Due::Appointment,
            Due::BusySeries { index: 1, done: 1, since: at(now - 3) },
        ]);
        contact.next_try_at = (dice.throw(2) == 0).then(|| at(now + dice.throw(60) as i64 - 30));
        if dice.throw(3) == 0 {
            contact.numbers[2].number = Some("49300000".to_owned());
        }
        if dice.throw(4) == 0 {
            in_hand(contact, at(now + 10));
        }
        if dice.throw(3) == 0 {
            let agent = Some("ann".to_owned());
            (contact.reserved_for, contact.follow_up_agent, contact.last_agent) =
                (agent.clone(), agent.clone(), agent);
        }
    })
}

/// What a count of everything finds.
async fn recounted(w: &World, campaign: CallCampaignId) -> CallCounts {
    let mut counts = CallCounts::default();
    for contact in w.calls.contacts(ContactsOf::Campaign(campaign), None, 1000).await.unwrap() {
        counts.contacts[usize::from(contact.status.number())] += 1;
        if let Some(code) = contact.result_code {
            *counts.results.entry(code).or_default() += 1;
        }
    }
    for call in w.calls.page_calls(campaign, None, 1000).await.unwrap() {
        match call.outcome {
            Some(outcome) => *counts.outcomes.entry(outcome).or_default() += 1,
            None => counts.open_calls += 1,
        }
    }
    counts
}

/// Each question and each look-up finds those contacts whose own words say so.
async fn check_indexes(w: &World, seed: u64) {
    let now = at(1_000_000);
    while w.calls.promote(CAMPAIGN, now, 7).await.unwrap() > 0 {}
    let all = w.calls.contacts(ContactsOf::Campaign(CAMPAIGN), None, 1000).await.unwrap();
    for queue in [Queue::Appointment, Queue::Delay, Queue::Busy, Queue::Ready] {
        let standing: Vec<_> = all
            .iter()
            .filter(|contact| contact.callable() != 0)
            .filter_map(|contact| Some((contact.place(now)?, contact.id)))
            .filter(|(place, _)| place.queue == queue)
            .map(|(place, id)| (place.bound, place.first, place.second, id))
            .collect();
        for bound in [BoundTo::Anybody, BoundTo::Nobody, BoundTo::Agent("ann".to_owned())] {
            let mut expected: Vec<_> = standing
                .iter()
                .filter(|(agent, ..)| match &bound {
                    BoundTo::Anybody => true,
                    BoundTo::Nobody => agent.is_empty(),
                    BoundTo::Agent(uid) => agent == uid,
                })
                .collect();
            expected.sort_by_key(|place| (place.1, place.2, place.3));
            let probe = Probe { campaign: CAMPAIGN, queue, bound, numbers: ALL_NUMBERS, now };
            let found: Vec<_> =
                w.calls.probe(&probe, 100).await.unwrap().iter().map(|found| found.value.id).collect();
            assert_eq!(
                found,
                expected.iter().map(|place| place.3).collect::<Vec<_>>(),
                "seed {seed}: {probe:?}"
            );
        }
    }
    let mut with_number: Vec<_> = Vec::new();
    for campaign in CAMPAIGNS {
        let contacts = w.calls.contacts(ContactsOf::Campaign(campaign), None, 1000).await.unwrap();
        with_number.extend(
            contacts
                .iter()
                .filter(|contact| contact.is_open() || contact.is_in_hand())
                .filter(|contact| contact.numbers[2].number.is_some())
                .map(|contact| contact.id),
        );
    }
    with_number.sort_unstable();
    let found = w.calls.contacts_with_number(CLIENT, "49300000").await.unwrap();
    assert_eq!(found.iter().map(|found| found.value.id).collect::<Vec<_>>(), with_number, "seed {seed}");
}
