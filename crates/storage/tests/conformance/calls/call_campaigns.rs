//! Call campaigns, result codes, ledgers.

use super::world::{
    CAMPAIGN, CLIENT, World, call, campaign, changed, code, contact, number, over, put, put_call,
    put_campaign,
};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{CallCounts, CallRefusal, CallWrite, ContactsOf, Expected};
use muster_domain::calls::call::{CallOutcome, LedgerDay};
use muster_domain::calls::campaign::{CallCampaign, Pacing, ScriptStep};
use muster_domain::calls::selection::{BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId, ResultCodeId};
use uuid::Uuid;

fn named(id: i64, client: i64, name: &str) -> CallCampaign {
    CallCampaign { name: name.to_owned(), client: ClientId(client), ..campaign(id) }
}

pub(crate) async fn a_call_campaign_is_written_in_the_expected_version_only(h: Harness) {
    let w = World::new(h).await;
    let table = [
        (1, Expected::Absent, None),
        (1, Expected::Version(2), None),
        (1, Expected::Version(1), Some(2)),
        (1, Expected::Version(1), None),
        (1, Expected::Any, Some(3)),
        (2, Expected::Version(1), None),
        (2, Expected::Absent, Some(1)),
        (3, Expected::Any, Some(1)),
    ];
    for (step, (n, expected, version)) in table.into_iter().enumerate() {
        let mut changed = named(n, 1, &format!("step {step}"));
        changed.dialling.pacing = Some(Pacing::Power { ratio: 1.5 });
        changed.dialling.script = vec![ScriptStep::Collect {
            timeout_s: 5,
            keys: [("1".to_owned(), vec![ScriptStep::Suppress])].into(),
            otherwise: vec![ScriptStep::HangUp],
        }];
        changed.dialling.outcomes = [(CallOutcome::Busy, "BUSY".to_owned())].into();
        let write = put_campaign(changed.clone(), expected);
        let Some(version) = version else {
            let refusal = w.refused(vec![write]).await;
            assert!(matches!(refusal, CallRefusal::Stale { what: "campaign" }), "step {step}: {refusal:?}");
            continue;
        };
        w.write(write).await;
        let stored = w.calls.campaign(CallCampaignId(n)).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (changed, version), "step {step}");
    }
    assert!(w.calls.campaign(CallCampaignId(9)).await.unwrap().is_none());
}

pub(crate) async fn a_campaign_name_is_of_one_campaign_of_a_client_account(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(named(2, 1, "Ärger"), Expected::Absent)).await;
    for write in [
        put_campaign(named(3, 1, "Ärger"), Expected::Absent),
        put_campaign(named(1, 1, "Ärger"), Expected::Version(1)),
    ] {
        let refusal = w.refused(vec![write]).await;
        let CallRefusal::Duplicate { what: "campaign", value } = refusal else { panic!("{refusal:?}") };
        assert_eq!(value, "Ärger");
    }
    // Another spelling is another name, and another client account has names of its own.
    w.write(put_campaign(named(3, 1, "ärger"), Expected::Absent)).await;
    w.write(put_campaign(named(4, 2, "Ärger"), Expected::Absent)).await;
    for (client, name, expected) in
        [(1, "Ärger", Some(2)), (1, "ärger", Some(3)), (2, "Ärger", Some(4)), (2, "ärger", None)]
    {
        let found = w.calls.campaign_named(ClientId(client), name).await.unwrap();
        assert_eq!(found.map(|found| found.value.id.0), expected, "{client} {name}");
    }
    // Of somebody who decided on an old state it is not told that the name is taken.
    let refusal = w.refused(vec![put_campaign(named(1, 1, "Ärger"), Expected::Version(7))]).await;
    assert!(matches!(refusal, CallRefusal::Stale { what: "campaign" }), "{refusal:?}");
    // Given away within one transaction.
    w.commit(vec![
        put_campaign(named(2, 1, "other"), Expected::Version(1)),
        put_campaign(named(1, 1, "Ärger"), Expected::Version(1)),
    ])
    .await;
    assert_eq!(w.calls.campaign_named(CLIENT, "Ärger").await.unwrap().unwrap().value.id, CAMPAIGN);
}

pub(crate) async fn call_campaigns_are_listed_by_name(h: Harness) {
    let w = World::new(h).await;
    for (id, name) in [(7, "Zebra"), (6, "äpfel"), (5, "ÄPFEL"), (4, "apple"), (3, "Beta")] {
        let active = id % 2 == 0;
        w.write(put_campaign(CallCampaign { active, ..named(id, 1, name) }, Expected::Absent)).await;
    }
    w.write(put_campaign(named(8, 2, "other"), Expected::Absent)).await;
    let listed = w.calls.campaigns(CLIENT).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|found| found.value.id.0).collect();
    assert_eq!(listed, [4, 3, 1, 7, 5, 6], "by the name in lower case, then by id");
    let mut active: Vec<_> =
        w.calls.active_campaigns().await.unwrap().iter().map(|found| found.value.id.0).collect();
    active.sort_unstable();
    assert_eq!(active, [1, 4, 6, 8]);
}

pub(crate) async fn of_a_deleted_campaign_nothing_is_found(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let due = changed(1, |contact| {
        contact.details.user_data = Some("u".to_owned());
        super::world::in_hand(contact, T0);
    });
    let ready = contact(2, CAMPAIGN);
    let waiting = changed(3, |contact| contact.next_try_at = Some(super::world::at(5)));
    w.add([due, ready.clone(), waiting, contact(4, CallCampaignId(2))]).await;
    let day = LedgerDay { day: 3, live: 2, abandoned: 1 };
    w.commit(vec![
        CallWrite::ResultCode(Box::new(code(1))),
        put_call(call(1, 1)),
        CallWrite::Ledger { campaign: CAMPAIGN, add: day },
    ])
    .await;
    let refusal = w.refused(vec![CallWrite::DeleteCampaign { id: CAMPAIGN, version: 2 }]).await;
    assert!(matches!(refusal, CallRefusal::Stale { what: "campaign" }), "{refusal:?}");
    w.write(CallWrite::DeleteCampaign { id: CAMPAIGN, version: 1 }).await;

    let (late, calls) = (super::world::at(1000), &w.calls);
    assert!(calls.campaign(CAMPAIGN).await.unwrap().is_none());
    assert!(calls.campaign_named(CLIENT, "campaign 1").await.unwrap().is_none());
    assert_eq!(calls.campaigns(CLIENT).await.unwrap().len(), 1);
    assert_eq!(calls.active_campaigns().await.unwrap().len(), 1);
    assert!(calls.result_codes(CAMPAIGN).await.unwrap().is_empty());
    assert_eq!(calls.counts(CAMPAIGN).await.unwrap(), CallCounts::default());
    assert!(calls.ledger(CAMPAIGN, 0).await.unwrap().is_empty());
    assert!(calls.own_campaign(CAMPAIGN, Uuid::from_u128(1), T0, late).await.unwrap().is_none());
    for id in 1..=3 {
        assert!(calls.contact(ContactId(id)).await.unwrap().is_none());
        assert!(calls.contacts_with_number(CLIENT, &number(id)).await.unwrap().is_empty());
    }
    assert!(calls.contacts(ContactsOf::Campaign(CAMPAIGN), None, 9).await.unwrap().is_empty());
    let of_client = calls.contacts(ContactsOf::Client(CLIENT), None, 9).await.unwrap();
    assert_eq!(super::world::ids(&of_client), [4]);
    assert!(calls.contacts_with_user_data(CLIENT, None, "u").await.unwrap().is_empty());
    assert_eq!(calls.promote(CAMPAIGN, late, 9).await.unwrap(), 0);
    let probe =
        Probe { campaign: CAMPAIGN, queue: Queue::Ready, bound: BoundTo::Nobody, numbers: 63, now: late };
    assert!(calls.probe(&probe, 9).await.unwrap().is_empty());
    assert_eq!(calls.next_due(CAMPAIGN).await.unwrap(), None);
    assert!(calls.run_out(late, 9).await.unwrap().is_empty());
    assert!(calls.calls(ContactId(1)).await.unwrap().is_empty());
    assert!(calls.call(CallId(1)).await.unwrap().is_none());
    assert!(calls.open_calls(CAMPAIGN).await.unwrap().is_empty());
    assert!(calls.page_calls(CAMPAIGN, None, 9).await.unwrap().is_empty());

    // Its name is free, its id is not.
    w.write(put_campaign(named(3, 1, "campaign 1"), Expected::Absent)).await;
    for expected in [Expected::Absent, Expected::Any, Expected::Version(1), Expected::Version(2)] {
        let refusal = w.refused(vec![put_campaign(named(1, 1, "again"), expected)]).await;
        assert!(matches!(refusal, CallRefusal::Stale { what: "campaign" }), "{refusal:?}");
    }
    // Nothing is added to it, and nothing of it changed.
    for (write, no_campaign) in [
        (put(contact(9, CAMPAIGN), 0), true),
        (put(ready.clone(), 1), true),
        (CallWrite::ResultCode(Box::new(code(2))), true),
        (CallWrite::RemoveContact { id: ContactId(2), version: 1 }, false),
        (put(contact(2, CallCampaignId(2)), 1), false),
        (put(contact(2, CallCampaignId(2)), 0), false),
        (CallWrite::DeleteCampaign { id: CAMPAIGN, version: 1 }, false),
        (CallWrite::DeleteCampaign { id: CAMPAIGN, version: 2 }, false),
    ] {
        let what = format!("{write:?}");
        let refusal = w.refused(vec![write]).await;
        let as_expected = match refusal {
            CallRefusal::NoCampaign => no_campaign,
            CallRefusal::Stale { what: "contact" | "campaign" } => !no_campaign,
            _ => false,
        };
        assert!(as_expected, "{refusal:?} for {what}");
    }
    w.commit(vec![
        put_call(over(call(1, 1), CallOutcome::Answered)),
        put_call(call(2, 1)),
        CallWrite::Ledger { campaign: CAMPAIGN, add: day },
    ])
    .await;
    assert!(calls.call(CallId(2)).await.unwrap().is_none());
    assert!(calls.ledger(CAMPAIGN, 0).await.unwrap().is_empty());
}

pub(crate) async fn result_codes_are_removed_unless_something_has_them(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    w.commit([5, 3, 9, 7].map(|id| CallWrite::ResultCode(Box::new(code(id)))).into()).await;
    let mut changed_code = code(3);
    changed_code.german = Some("Drei".to_owned());
    w.write(CallWrite::ResultCode(Box::new(changed_code.clone()))).await;
    let listed = w.calls.result_codes(CAMPAIGN).await.unwrap();
    assert_eq!(listed, [changed_code, code(5), code(7), code(9)]);
    assert!(w.calls.result_codes(CallCampaignId(2)).await.unwrap().is_empty());

    // 5 is a contact's, 7 a call's; in another campaign neither is.
    let mut with_five = contact(1, CAMPAIGN);
    with_five.result_code = Some(ResultCodeId(5));
    let mut with_seven = over(call(1, 1), CallOutcome::Answered);
    with_seven.result_code = Some(ResultCodeId(7));
    w.commit(vec![put(with_five.clone(), 0), put_call(with_seven.clone())]).await;
    let remove = |id| CallWrite::RemoveResultCode { campaign: CAMPAIGN, id: ResultCodeId(id) };
    for id in [5, 7] {
        let refusal = w.refused(vec![remove(9), remove(id)]).await;
        assert!(matches!(refusal, CallRefusal::InUse), "{refusal:?}");
    }
    assert_eq!(w.calls.result_codes(CAMPAIGN).await.unwrap().len(), 4);
    w.commit(vec![
        remove(9),
        remove(4),
        CallWrite::RemoveResultCode { campaign: CallCampaignId(2), id: ResultCodeId(5) },
    ])
    .await;
    // Given up in the same transaction, they are removed; taken up in it, they are not.
    let without = put(contact(1, CAMPAIGN), 1);
    let with_nine = {
        let mut contact = contact(2, CAMPAIGN);
        contact.result_code = Some(ResultCodeId(7));
        put(contact, 0)
    };
    w.commit(vec![without, remove(5)]).await;
    with_seven.result_code = None;
    let refusal = w.refused(vec![put_call(with_seven.clone()), with_nine, remove(7)]).await;
    assert!(matches!(refusal, CallRefusal::InUse), "{refusal:?}");
    w.commit(vec![put_call(with_seven), remove(7)]).await;
    let left: Vec<_> = w.calls.result_codes(CAMPAIGN).await.unwrap().iter().map(|code| code.id.0).collect();
    assert_eq!(left, [3]);
}

pub(crate) async fn a_result_code_needs_its_campaign(h: Harness) {
    let w = World::new(h).await;
    let mut stray = code(1);
    stray.campaign = CallCampaignId(9);
    let refusal = w.refused(vec![CallWrite::ResultCode(Box::new(stray.clone()))]).await;
    assert!(matches!(refusal, CallRefusal::NoCampaign), "{refusal:?}");
    w.commit(vec![put_campaign(campaign(9), Expected::Absent), CallWrite::ResultCode(Box::new(stray))]).await;
    assert_eq!(w.calls.result_codes(CallCampaignId(9)).await.unwrap().len(), 1);
}

pub(crate) async fn a_ledger_adds_up_by_day(h: Harness) {
    let w = World::new(h).await;
    let add = |campaign, day, live, abandoned| CallWrite::Ledger {
        campaign: CallCampaignId(campaign),
        add: LedgerDay { day, live, abandoned },
    };
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    w.commit(vec![add(1, 20, 1, 0), add(1, -3, 5, 1), add(2, 20, 9, 9), add(1, 20, 2, 1)]).await;
    w.write(add(1, 21, 1, 1)).await;
    w.write(add(8, 21, 1, 1)).await;
    let day = |day, live, abandoned| LedgerDay { day, live, abandoned };
    let all = [day(-3, 5, 1), day(20, 3, 1), day(21, 1, 1)];
    for (from, expected) in [(-9, &all[..]), (-2, &all[1..]), (20, &all[1..]), (21, &all[2..]), (22, &[])] {
        assert_eq!(w.calls.ledger(CAMPAIGN, from).await.unwrap(), expected, "from {from}");
    }
    assert!(w.calls.ledger(CallCampaignId(8), 0).await.unwrap().is_empty());
}
