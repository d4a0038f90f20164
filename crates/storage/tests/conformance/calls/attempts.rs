//! Calls.

use super::world::{CAMPAIGN, CLIENT, World, at, call, campaign, contact, over, put_call, put_campaign};
use crate::harness::Harness;
use muster_app::ports::Expected;
use muster_domain::calls::call::{Call, CallOutcome};
use muster_domain::ids::{CallCampaignId, CallId, ContactId, ResultCodeId};
use uuid::Uuid;

pub(crate) async fn a_call_comes_back_as_it_went(h: Harness) {
    let mut w = World::new(h).await;
    w.add([contact(1, CAMPAIGN)]).await;
    let full = Call {
        id: CallId(5),
        uuid: Uuid::from_u128(77),
        client: CLIENT,
        campaign: CAMPAIGN,
        contact: ContactId(1),
        number: "4930".to_owned(),
        index: 6,
        agent: Some("ann".to_owned()),
        started_at: at(1),
        ringing_at: Some(at(2)),
        answered_at: Some(at(3)),
        connected_at: Some(at(4)),
        ended_at: Some(at(5)),
        outcome: Some(CallOutcome::Answered),
        cause: Some(16),
        sip_status: Some(200),
        result_code: Some(ResultCodeId(3)),
        digits: "1#".to_owned(),
        reason: "gründlich".to_owned(),
    };
    w.write(put_call(full.clone())).await;
    w.reopen().await;
    assert_eq!(w.calls.call(CallId(5)).await.unwrap(), Some(full));
    assert_eq!(w.calls.call(CallId(6)).await.unwrap(), None);
}

pub(crate) async fn the_outcome_of_a_call_stays(h: Harness) {
    let w = World::new(h).await;
    w.write(put_call(call(1, 1))).await;
    w.write(put_call(Call { ringing_at: Some(at(1)), ..call(1, 1) })).await;
    assert_eq!(w.calls.call(CallId(1)).await.unwrap().unwrap().ringing_at, Some(at(1)));
    w.write(put_call(over(call(1, 1), CallOutcome::Busy))).await;
    for later in [over(call(1, 1), CallOutcome::Unknown), call(1, 1)] {
        let later = Call { reason: "later".to_owned(), result_code: Some(ResultCodeId(4)), ..later };
        w.write(put_call(later.clone())).await;
        let stored = w.calls.call(CallId(1)).await.unwrap().unwrap();
        assert_eq!(stored, Call { outcome: Some(CallOutcome::Busy), ..later });
    }
    assert!(w.calls.open_calls(CAMPAIGN).await.unwrap().is_empty());
    let counts = w.calls.counts(CAMPAIGN).await.unwrap();
    assert_eq!((counts.open_calls, counts.outcomes), (0, [(CallOutcome::Busy, 1)].into()));
}

pub(crate) async fn calls_are_listed_by_contact_and_by_campaign(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let elsewhere = Call { campaign: CallCampaignId(2), ..call(6, 3) };
    let calls = [
        call(9, 1),
        over(call(3, 1), CallOutcome::Answered),
        call(7, 2),
        over(call(5, 2), CallOutcome::NoAnswer),
        elsewhere,
        call(4, 1),
    ];
    w.commit(calls.map(put_call).into()).await;
    let listed = |calls: Vec<Call>| calls.iter().map(|call| call.id.0).collect::<Vec<_>>();
    assert_eq!(listed(w.calls.calls(ContactId(1)).await.unwrap()), [3, 4, 9]);
    assert_eq!(listed(w.calls.calls(ContactId(3)).await.unwrap()), [6]);
    assert!(w.calls.calls(ContactId(8)).await.unwrap().is_empty());
    let mut open = listed(w.calls.open_calls(CAMPAIGN).await.unwrap());
    open.sort_unstable();
    assert_eq!(open, [4, 7, 9]);
    for (after, limit, expected) in [
        (None, 2, &[3, 4][..]),
        (Some(4), 2, &[5, 7]),
        (Some(6), 9, &[7, 9]),
        (Some(9), 9, &[]),
        (None, 0, &[]),
        (None, u32::MAX, &[3, 4, 5, 7, 9]),
    ] {
        let page = w.calls.page_calls(CAMPAIGN, after.map(CallId), limit).await.unwrap();
        assert_eq!(listed(page), expected, "{limit} behind {after:?}");
    }
    assert_eq!(listed(w.calls.page_calls(CallCampaignId(2), None, 9).await.unwrap()), [6]);
}

pub(crate) async fn every_outcome_is_counted(h: Harness) {
    let w = World::new(h).await;
    let writes = (1..).zip(CallOutcome::ALL).map(|(id, outcome)| put_call(over(call(id, 1), outcome)));
    w.commit(writes.collect()).await;
    let counts = w.calls.counts(CAMPAIGN).await.unwrap();
    assert_eq!(counts.outcomes, CallOutcome::ALL.map(|outcome| (outcome, 1)).into());
    let stored = w.calls.page_calls(CAMPAIGN, None, 99).await.unwrap();
    assert!(stored.iter().map(|call| call.outcome).eq(CallOutcome::ALL.map(Some)));
}
