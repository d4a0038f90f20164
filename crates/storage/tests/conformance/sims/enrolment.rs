//! Enrolling cards in campaigns, and pages of participants.

use super::world::{World, at, iccid, make_campaign, newcomer, ordinals, page};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{NewParticipant, ParticipantRow, SimRefusal, SimWrite};
use muster_domain::ids::{ParticipantId, SimCampaignId, SimNumber};
use muster_domain::participant::{DUE_FIRST, Participant, ParticipantStatus};
use muster_domain::sim_campaign::SimCampaignStatus;

fn enrol(campaign: i64, participants: Vec<NewParticipant>) -> SimWrite {
    SimWrite::Enrol { campaign: SimCampaignId(campaign), participants }
}

pub(crate) async fn participants_get_places_and_ids_in_order(h: Harness) {
    let w = World::new(h).await;
    w.load(0..9, 1).await;
    for id in [1, 2] {
        w.write(make_campaign(id, 1, SimCampaignStatus::Created)).await;
    }
    let cards = w.cards(0..9).await;
    let some = |range: std::ops::Range<usize>| cards[range].iter().map(newcomer).collect::<Vec<_>>();
    let chosen = |n: usize, id| NewParticipant { id: Some(ParticipantId(id)), ..newcomer(&cards[n]) };
    w.write(enrol(1, some(0..3))).await;
    w.write(enrol(2, some(0..2))).await;
    // Ids that were chosen move the ones that are given; a lower one does not move them back.
    w.write(enrol(1, vec![chosen(3, 1000), chosen(4, 500)])).await;
    w.write(enrol(1, vec![])).await;
    w.write(enrol(2, some(4..6))).await;
    w.write(enrol(1, some(5..7))).await;
    let ids = async |campaign| {
        let told = w.sims.page_participants(SimCampaignId(campaign), page(1, 100)).await.unwrap();
        assert_eq!(told.total, told.rows.len() as u64);
        told.rows.iter().map(|row| (row.ordinal, row.id.0)).collect::<Vec<_>>()
    };
    assert_eq!(ids(1).await, [(0, 1), (1, 2), (2, 3), (3, 1000), (4, 500), (5, 1003), (6, 1004)]);
    assert_eq!(ids(2).await, [(0, 4), (1, 5), (2, 1001), (3, 1002)]);
    // Those that are given lie above those chosen in the same list too.
    w.write(enrol(1, vec![newcomer(&cards[7]), chosen(8, 5000)])).await;
    w.write(enrol(2, some(6..7))).await;
    let last = ids(2).await[4].1;
    assert!(last > 5000, "{last}");
    let loaded = w.load_one(1, 2).await;
    let expected = Participant::enrolled(
        SimCampaignId(1),
        2,
        ParticipantId(3),
        cards[2].number,
        cards[2].iccid.clone(),
        T0,
    );
    assert_eq!((loaded.participant, loaded.revision), (expected, 1));
    assert_eq!(loaded.card, cards[2]);
    assert_eq!(loaded.key_sets, w.sims.key_sets(cards[2].number).await.unwrap());
    assert_eq!(
        w.sims.campaign_counts(SimCampaignId(1)).await.unwrap().by_status,
        [9, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(w.sims.campaign_counts(SimCampaignId(1)).await.unwrap().waves, []);
}

pub(crate) async fn a_card_takes_part_once(h: Harness) {
    let w = World::running(h, 3).await;
    w.load(3..9, 1).await;
    let cards = w.cards(0..9).await;
    let table: [(&[usize], usize, u64); 3] = [
        (&[3, 4, 1, 5], 2, 1),
        // Twice in one list.
        (&[5, 6, 7, 5], 3, 5),
        (&[2], 0, 2),
    ];
    for (list, index, card) in table {
        let participants = list.iter().map(|n| newcomer(&cards[*n])).collect();
        let refusal = w.refused(vec![enrol(1, participants)]).await;
        let SimRefusal::Duplicate { what: "participant", value, index: told } = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!((value, told), (iccid(card), index));
    }
    assert_eq!(w.sims.campaign_counts(SimCampaignId(1)).await.unwrap().participants(), 3);
    // The refused left no gap in the places; ids only grow.
    w.write(enrol(1, vec![newcomer(&cards[8])])).await;
    let row = w.sims.page_participants(SimCampaignId(1), page(4, 1)).await.unwrap();
    assert_eq!((row.rows[0].ordinal, row.total), (3, 4));
    assert!(row.rows[0].id > ParticipantId(3));
}

pub(crate) async fn a_campaign_that_ended_takes_nobody(h: Harness) {
    let w = World::new(h).await;
    w.load(0..1, 1).await;
    let cards = w.cards(0..1).await;
    for (id, status) in (1..).zip(SimCampaignStatus::ALL) {
        w.write(make_campaign(id, 1, status)).await;
        let told = w.sims.write_sims(vec![enrol(id, vec![newcomer(&cards[0])])]).await;
        match told {
            Ok(()) => assert!(!status.is_terminal(), "{status:?}"),
            Err(SimRefusal::CampaignEnded) => assert!(status.is_terminal(), "{status:?}"),
            Err(refusal) => panic!("{status:?}: {refusal:?}"),
        }
    }
    let refusal = w.refused(vec![enrol(99, vec![newcomer(&cards[0])])]).await;
    assert!(matches!(refusal, SimRefusal::Stale { what: "campaign" }), "{refusal:?}");
}

pub(crate) async fn participants_are_paged_in_order(h: Harness) {
    let w = World::running(h, 25).await;
    w.campaign(2, 0..3).await;
    let campaign = SimCampaignId(1);
    for (number, size, first, count) in [
        (1, 10, 0, 10),
        (3, 10, 20, 5),
        (4, 10, 0, 0),
        (25, 1, 24, 1),
        (26, 1, 0, 0),
        (1, u32::MAX, 0, 25),
        (u64::MAX, u32::MAX, 0, 0),
    ] {
        let told = w.sims.page_participants(campaign, page(number, size)).await.unwrap();
        let expected: Vec<_> = (first..first + count).collect();
        let given: Vec<_> = told.rows.iter().map(|row| row.ordinal).collect();
        assert_eq!((given, told.total), (expected, 25), "page {number} of {size}");
        assert!(told.rows.iter().all(|row| row.campaign == campaign));
    }
    for (campaign, total) in [(2, 3), (3, 0)] {
        let told = w.sims.page_participants(SimCampaignId(campaign), page(1, 50)).await.unwrap();
        assert_eq!((told.rows.len() as u64, told.total), (total, total));
    }
}

pub(crate) async fn participants_are_scanned_with_their_cards(h: Harness) {
    let w = World::running(h, 25).await;
    let campaign = SimCampaignId(1);
    for (from, limit, expected) in [
        (0, 10, 0..10),
        (20, 10, 20..25),
        (24, 1, 24..25),
        (25, 10, 0..0),
        (u64::MAX, 10, 0..0),
        (0, 0, 0..0),
    ] {
        let told = w.sims.scan_participants(campaign, from, limit).await.unwrap();
        assert_eq!(ordinals(&told), expected.collect::<Vec<_>>(), "{limit} from {from}");
        for loaded in told {
            assert_eq!(loaded.card.number, loaded.participant.sim);
            assert_eq!(loaded.key_sets.len(), 1);
            assert_eq!(loaded.revision, 1, "looking changes nothing");
        }
    }
}

pub(crate) async fn participants_are_loaded_in_the_order_asked(h: Harness) {
    let w = World::running(h, 3).await;
    let asked: Vec<_> = [(1, 2), (1, 3), (2, 0), (1, 0)].map(|(id, at)| (SimCampaignId(id), at)).into();
    for times in [1, 100] {
        let asked: Vec<_> = asked.iter().copied().cycle().take(4 * times).collect();
        let told = w.sims.load_participants(&asked).await.unwrap();
        let told: Vec<_> = told.iter().map(|one| one.as_ref().map(|one| one.participant.ordinal)).collect();
        assert_eq!(told, [Some(2), None, None, Some(0)].repeat(times));
    }
    assert!(w.sims.load_participants(&[]).await.unwrap().is_empty());
}

pub(crate) async fn a_cards_participations_are_listed_by_campaign(h: Harness) {
    let w = World::new(h).await;
    w.load(0..2, 1).await;
    for campaign in [30, 10, 20] {
        w.campaign(campaign, 0..1).await;
    }
    w.campaign(15, 1..2).await;
    let card = w.cards(0..1).await[0].number;
    let table = [
        (card, None, 1, 2, vec![10, 20], 3),
        (card, None, 2, 2, vec![30], 3),
        (card, None, 3, 2, vec![], 3),
        (card, Some(20), 1, 10, vec![20], 1),
        (card, Some(20), 2, 10, vec![], 1),
        (card, Some(15), 1, 10, vec![], 0),
        (SimNumber(999), None, 1, 10, vec![], 0),
        (SimNumber(999), Some(10), 1, 10, vec![], 0),
    ];
    for (sim, campaign, number, size, expected, total) in table {
        let told = w.sims.participations(sim, campaign.map(SimCampaignId), page(number, size)).await.unwrap();
        let given: Vec<_> = told.rows.iter().map(|row| row.campaign.0).collect();
        assert_eq!((given, told.total), (expected, total), "page {number} of {size} in {campaign:?}");
    }
}

pub(crate) async fn participants_are_taken_over_as_they_were(h: Harness) {
    let w = World::new(h).await;
    w.load(0..9, 1).await;
    w.write(make_campaign(1, 1, SimCampaignStatus::Process)).await;
    let cards = w.cards(0..9).await;
    let participants = cards.iter().zip(ParticipantStatus::ALL).map(|(card, status)| NewParticipant {
        status,
        attempt: 2,
        code: "404".to_owned(),
        message: "ERROR - UPDATE".to_owned(),
        updated_at: at(-5),
        ..newcomer(card)
    });
    w.write(enrol(1, participants.collect())).await;
    let told = w.sims.page_participants(SimCampaignId(1), page(1, 9)).await.unwrap();
    for ((row, card), status) in told.rows.iter().zip(&cards).zip(ParticipantStatus::ALL) {
        let expected = ParticipantRow {
            ordinal: row.ordinal,
            id: ParticipantId(row.ordinal as i64 + 1),
            campaign: SimCampaignId(1),
            iccid: card.iccid.clone(),
            status,
            attempt: 2,
            code: "404".to_owned(),
            message: "ERROR - UPDATE".to_owned(),
            updated_at: at(-5),
        };
        assert_eq!(*row, expected);
    }
    assert_eq!(w.sims.campaign_counts(SimCampaignId(1)).await.unwrap().by_status, [1; 9]);
    // Who was in flight is looked at once, because no answer will ever come for it here.
    let due = w.sims.due_timers(T0, at(60), 100).await.unwrap();
    let mut statuses: Vec<_> = due.iter().map(|loaded| loaded.participant.status).collect();
    statuses.sort_unstable_by_key(|status| status.number());
    assert_eq!(
        statuses,
        [ParticipantStatus::Progress, ParticipantStatus::Wait, ParticipantStatus::Canceling]
    );
    // Who was never sent to comes before whose try is due.
    let claimed = w.claim(1, 100).await;
    let statuses: Vec<_> = claimed.iter().map(|loaded| loaded.participant.status).collect();
    assert_eq!(statuses, [ParticipantStatus::Pending, ParticipantStatus::Retry]);
    assert_ne!(claimed[0].participant.due_at, DUE_FIRST);
}
