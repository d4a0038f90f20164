//! Contacts by id, number and user data.

use super::world::{
    CAMPAIGN, CLIENT, World, at, call, campaign, changed, client, contact, follow_up, ids, in_hand, number,
    over, put, put_call, put_campaign, put_client,
};
use crate::harness::Harness;
use muster_app::ports::{AfterContact, CallRefusal, CallWrite, ContactsOf, Expected, sort_name};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::contact::{Contact, Due};
use muster_domain::calls::selection::{BoundTo, Probe, Queue};
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId, ResultCodeId};
use muster_domain::participant::ParticipantStatus;
use serde_json::Number;

/// A contact with something in every part.
fn full() -> Contact {
    changed(1, |contact| {
        let text = |text: &str| Some(text.to_owned());
        "Åse Øst".clone_into(&mut contact.details.name);
        contact.details.user_data = text("crm-1");
        contact.details.company = text("Ørsted & Søn");
        contact.details.amount = Number::from_f64(12.25);
        contact.details.comment = text("zwei\nZeilen");
        contact.details.zone = text("Europe/Oslo");
        contact.numbers[3].number = Some("4790000001".to_owned());
        contact.numbers[3].invalid = Some(true);
        contact.numbers[3].tries = 4;
        contact.numbers[3].last_cause = Some(17);
        contact.numbers[3].last_try_at = Some(at(-5));
        follow_up(contact, Due::BusySeries { index: 1, done: 2, since: at(-60) }, Some("ann"), at(60));
        contact.reserved_for = text("bob");
        contact.last_result_mailbox = Some(false);
        contact.last_end_reason = Some(-3);
        contact.result_code = Some(ResultCodeId(7));
        contact.export_key = text("TER");
        contact.open_call = Some(CallId(9));
        contact.tries = 6;
        contact.sort = i64::MIN;
    })
}

pub(crate) async fn a_contact_comes_back_as_it_went(h: Harness) {
    let mut w = World::new(h).await;
    w.add([full(), contact(2, CAMPAIGN)]).await;
    w.reopen().await;
    let stored = w.calls.contact(ContactId(1)).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (full(), 1));
    let later = changed(1, |contact| contact.locked = true);
    w.write(put(later.clone(), 1)).await;
    let stored = w.calls.contact(ContactId(1)).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (later, 2));
    assert!(w.calls.contact(ContactId(3)).await.unwrap().is_none());
}

pub(crate) async fn a_contact_is_replaced_in_the_version_read(h: Harness) {
    let w = World::new(h).await;
    let table = [
        // (contact, version read, version afterwards or refused)
        (1, 1, None),
        (1, 0, Some(1)),
        (1, 0, None),
        (1, 2, None),
        (1, 1, Some(2)),
        (1, 1, None),
        (1, 2, Some(3)),
    ];
    for (step, (n, version, expected)) in table.into_iter().enumerate() {
        let write = put(changed(n, |contact| contact.tries = step as u32), version);
        let Some(expected) = expected else {
            let refusal = w.refused(vec![put(contact(9, CAMPAIGN), 0), write]).await;
            assert!(matches!(refusal, CallRefusal::Stale { what: "contact" }), "step {step}: {refusal:?}");
            continue;
        };
        w.write(write).await;
        let stored = w.calls.contact(ContactId(n)).await.unwrap().unwrap();
        assert_eq!((stored.value.tries, stored.version), (step as u32, expected), "step {step}");
    }
    assert!(w.calls.contact(ContactId(9)).await.unwrap().is_none());
    // Twice in one transaction: each names the version that the one before left.
    w.commit(vec![put(contact(1, CAMPAIGN), 3), put(full(), 4)]).await;
    assert_eq!(w.version(1).await, 5);
    let refusal = w.refused(vec![put(contact(2, CallCampaignId(9)), 0)]).await;
    assert!(matches!(refusal, CallRefusal::NoCampaign), "{refusal:?}");
}

pub(crate) async fn a_contact_is_removed_with_its_calls(h: Harness) {
    let w = World::new(h).await;
    w.add([full(), contact(2, CAMPAIGN)]).await;
    let mut with_result = over(call(3, 1), CallOutcome::Answered);
    with_result.result_code = Some(ResultCodeId(7));
    w.commit(vec![put_call(call(1, 1)), put_call(call(2, 2)), put_call(with_result)]).await;
    for (id, version) in [(1, 0), (1, 2), (7, 1)] {
        let refusal = w.refused(vec![CallWrite::RemoveContact { id: ContactId(id), version }]).await;
        assert!(matches!(refusal, CallRefusal::Stale { what: "contact" }), "{id} {version}: {refusal:?}");
    }
    w.write(CallWrite::RemoveContact { id: ContactId(1), version: 1 }).await;
    assert!(w.calls.contact(ContactId(1)).await.unwrap().is_none());
    assert!(w.calls.calls(ContactId(1)).await.unwrap().is_empty());
    assert!(w.calls.call(CallId(3)).await.unwrap().is_none());
    assert!(w.calls.contacts_with_number(CLIENT, &number(1)).await.unwrap().is_empty());
    assert!(w.calls.contacts_with_user_data(CLIENT, None, "crm-1").await.unwrap().is_empty());
    assert_eq!(w.calls.page_calls(CAMPAIGN, None, 9).await.unwrap(), [call(2, 2)]);
    let counts = w.calls.counts(CAMPAIGN).await.unwrap();
    assert_eq!((counts.total(), counts.open_calls), (1, 1));
    assert!(counts.outcomes.is_empty() && counts.results.is_empty(), "{counts:?}");
    // The id may be used again.
    w.write(put(contact(1, CAMPAIGN), 0)).await;
    assert_eq!(w.version(1).await, 1);
}

pub(crate) async fn a_number_leads_to_contacts_that_are_not_closed(h: Harness) {
    let w = World::new(h).await;
    w.commit(vec![put_client(client(2), Expected::Absent), put_campaign(campaign(2), Expected::Absent)])
        .await;
    let shared = "4940123";
    let with = |n, change: &dyn Fn(&mut Contact)| {
        changed(n, |contact| {
            contact.numbers[1].number = Some(shared.to_owned());
            contact.numbers[5].number = Some(shared.to_owned());
            change(contact);
        })
    };
    let status = |status| move |contact: &mut Contact| contact.status = status;
    w.add([
        with(8, &|_| {}),
        with(7, &status(ParticipantStatus::Retry)),
        with(6, &status(ParticipantStatus::Completed)),
        with(5, &status(ParticipantStatus::Exception)),
        with(4, &|contact| in_hand(contact, at(9))),
        with(3, &status(ParticipantStatus::Wait)),
        with(2, &|contact| contact.locked = true),
        with(1, &|contact| contact.campaign = CallCampaignId(2)),
        with(9, &|contact| contact.client = ClientId(2)),
    ])
    .await;
    let found = async |client, number: &str| {
        let found = w.calls.contacts_with_number(ClientId(client), number).await.unwrap();
        ids(found.iter().map(|found| &found.value))
    };
    assert_eq!(found(1, shared).await, [1, 2, 3, 4, 7, 8]);
    assert_eq!(found(2, shared).await, [9]);
    assert_eq!(found(1, &number(7)).await, [7]);
    assert!(found(1, "49").await.is_empty());
    // Closed, given another number, opened again.
    w.commit(vec![
        put(with(8, &status(ParticipantStatus::Completed)), 1),
        put(changed(7, |contact| contact.numbers[0].number = Some("4940999".to_owned())), 1),
        put(with(6, &status(ParticipantStatus::Pending)), 1),
        put(with(4, &|contact| contact.client = ClientId(2)), 1),
    ])
    .await;
    assert_eq!(found(1, shared).await, [1, 2, 3, 6]);
    assert_eq!(found(2, shared).await, [4, 9]);
    assert!(found(1, &number(7)).await.is_empty());
    assert_eq!(found(1, "4940999").await, [7]);
    let found = w.calls.contacts_with_number(CLIENT, "4940999").await.unwrap();
    assert_eq!(found[0].version, 2);
}

pub(crate) async fn user_data_leads_to_its_contacts(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    let with = |n, campaign, user_data: Option<&str>| {
        changed(n, |contact| {
            contact.campaign = CallCampaignId(campaign);
            contact.details.user_data = user_data.map(str::to_owned);
        })
    };
    w.add([
        with(5, 1, Some("a")),
        with(4, 2, Some("a")),
        with(3, 1, Some("A")),
        with(2, 1, None),
        with(1, 1, Some("a")),
        with(6, 1, Some("")),
    ])
    .await;
    w.write(put(Contact { status: ParticipantStatus::Completed, ..with(1, 1, Some("a")) }, 1)).await;
    for (campaign, user_data, expected) in [
        (None, "a", vec![(1, 2), (4, 1), (5, 1)]),
        (Some(1), "a", vec![(1, 2), (5, 1)]),
        (Some(2), "a", vec![(4, 1)]),
        (None, "A", vec![(3, 1)]),
        (None, "", vec![(6, 1)]),
        (None, "b", vec![]),
        (Some(9), "a", vec![]),
    ] {
        let campaign = campaign.map(CallCampaignId);
        let found = w.calls.contacts_with_user_data(CLIENT, campaign, user_data).await.unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.value.id.0, found.version)).collect();
        assert_eq!(found, expected, "{campaign:?} {user_data:?}");
    }
    assert!(w.calls.contacts_with_user_data(ClientId(2), None, "a").await.unwrap().is_empty());
    w.write(put(with(5, 1, Some("b")), 1)).await;
    assert_eq!(w.calls.contacts_with_user_data(CLIENT, None, "a").await.unwrap().len(), 2);
}

pub(crate) async fn a_contact_moves_to_another_campaign_with_its_counts(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    w.add([full()]).await;
    w.write(put(Contact { campaign: CallCampaignId(2), ..full() }, 1)).await;
    let counts = w.calls.counts(CAMPAIGN).await.unwrap();
    assert!(counts.total() == 0 && counts.results.is_empty(), "{counts:?}");
    let counts = w.calls.counts(CallCampaignId(2)).await.unwrap();
    assert_eq!(counts.of(ParticipantStatus::Retry), 1);
    assert_eq!(counts.results, [(ResultCodeId(7), 1)].into());
}

pub(crate) async fn any_text_is_kept_found_and_sorted(h: Harness) {
    let w = World::new(h).await;
    let long = |c: char| c.to_string().repeat(20_000);
    let texts =
        [String::new(), "a\0b".to_owned(), "a".to_owned(), long('z'), long('ü'), "\u{10ffff}".to_owned()];
    for (n, text) in (1..).zip(&texts) {
        let with_text = changed(n, |contact| {
            contact.details.name.clone_from(text);
            contact.details.user_data = Some(text.clone());
            contact.reserved_for = Some(text.clone());
        });
        w.add([with_text.clone()]).await;
        let found = w.calls.contacts_with_user_data(CLIENT, None, text).await.unwrap();
        assert_eq!(ids(found.iter().map(|found| &found.value)), [n]);
        assert_eq!(found[0].value, with_text);
        let bound = BoundTo::Agent(text.clone());
        let probe = Probe { campaign: CAMPAIGN, queue: Queue::Ready, bound, numbers: 1, now: at(0) };
        let found = w.calls.probe(&probe, 9).await.unwrap();
        assert_eq!(ids(found.iter().map(|found| &found.value)), [n]);
        let mut named = campaign(100 + n);
        named.name = format!("{text}!");
        w.write(put_campaign(named.clone(), Expected::Absent)).await;
        let found = w.calls.campaign_named(CLIENT, &named.name).await.unwrap().unwrap();
        assert_eq!(found.value, named);
    }
    let listed = w.calls.contacts(ContactsOf::Client(CLIENT), None, 9).await.unwrap();
    assert_eq!(ids(&listed), [1, 3, 2, 4, 5, 6]);
    let after = AfterContact { name: sort_name(&texts[3]), id: ContactId(4) };
    let rest = w.calls.contacts(ContactsOf::Campaign(CAMPAIGN), Some(after), 9).await.unwrap();
    assert_eq!(ids(&rest), [5, 6]);
}
