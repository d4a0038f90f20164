//! Lists of contacts by name.

use super::world::{CAMPAIGN, CLIENT, World, campaign, changed, ids, put, put_campaign};
use crate::harness::Harness;
use muster_app::ports::{AfterContact, ContactsOf, Expected, sort_name};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId};

fn named(n: i64, campaign: i64, name: &str) -> Contact {
    changed(n, |contact| {
        contact.campaign = CallCampaignId(campaign);
        name.clone_into(&mut contact.details.name);
    })
}

/// All pages of a list, and the length of each.
async fn pages(w: &World, of: ContactsOf, limit: u32) -> (Vec<i64>, Vec<usize>) {
    let (mut all, mut lengths, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = w.calls.contacts(of, after.take(), limit).await.unwrap();
        lengths.push(page.len());
        all.extend(ids(&page));
        let Some(last) = page.last().filter(|_| page.len() == limit as usize) else { return (all, lengths) };
        after = Some(AfterContact { name: sort_name(&last.details.name), id: last.id });
    }
}

pub(crate) async fn contacts_are_listed_by_name_in_lower_case(h: Harness) {
    let w = World::new(h).await;
    w.write(put_campaign(campaign(2), Expected::Absent)).await;
    // In lower case: "", "alpha" three times, "beta", "zeta", "äther" twice, "ω", "𝄞"; by the bytes of UTF-8.
    w.add([
        named(90, 1, "Alpha"),
        named(20, 2, "ALPHA"),
        named(30, 1, "alpha"),
        named(40, 2, "Beta"),
        named(50, 1, "ÄTHER"),
        named(10, 2, "äther"),
        named(60, 1, "Zeta"),
        named(70, 2, "Ω"),
        named(80, 1, "𝄞"),
        named(99, 2, ""),
    ])
    .await;
    let all = [99, 20, 30, 90, 40, 60, 10, 50, 70, 80];
    for (of, expected) in [
        (ContactsOf::Client(CLIENT), &all[..]),
        (ContactsOf::Campaign(CAMPAIGN), &[30, 90, 60, 50, 80]),
        (ContactsOf::Campaign(CallCampaignId(2)), &[99, 20, 40, 10, 70]),
        (ContactsOf::Campaign(CallCampaignId(9)), &[]),
        (ContactsOf::Client(ClientId(9)), &[]),
    ] {
        for limit in [1, 2, 3, 5, 100, u32::MAX] {
            let (listed, _) = pages(&w, of, limit).await;
            assert_eq!(listed, expected, "{of:?} by {limit}");
        }
        assert!(w.calls.contacts(of, None, 0).await.unwrap().is_empty());
    }
    assert_eq!(pages(&w, ContactsOf::Client(CLIENT), 4).await.1, [4, 4, 2]);
    // Behind something that is not there.
    let after = AfterContact { name: "alphabet".to_owned(), id: muster_domain::ids::ContactId(0) };
    let rest = w.calls.contacts(ContactsOf::Client(CLIENT), Some(after), 2).await.unwrap();
    assert_eq!(ids(&rest), [40, 60]);
}

pub(crate) async fn a_contact_moves_in_the_list_with_its_name(h: Harness) {
    let w = World::new(h).await;
    w.add([named(1, 1, "b"), named(2, 1, "c"), named(3, 1, "d")]).await;
    w.write(put(named(3, 1, "A"), 1)).await;
    for of in [ContactsOf::Client(CLIENT), ContactsOf::Campaign(CAMPAIGN)] {
        assert_eq!(pages(&w, of, 2).await.0, [3, 1, 2]);
    }
}

pub(crate) async fn the_list_of_a_client_account_is_merged_from_many_campaigns(h: Harness) {
    let w = World::new(h).await;
    let (campaigns, each) = (12, 15);
    for id in 2..=campaigns {
        w.write(put_campaign(campaign(id), Expected::Absent)).await;
    }
    let mut expected = Vec::new();
    let mut contacts = Vec::new();
    for campaign in 1..=campaigns {
        for place in 0..each {
            let n = campaign * 100 + place;
            // Spread unevenly, with names that are met in several campaigns.
            let name = format!("name {:03}", (n * 37 + place * place) % 61);
            contacts.push(named(n, campaign, &name));
            if campaign % 3 != 0 {
                expected.push((name, n));
            }
        }
    }
    w.add(contacts).await;
    for id in (3..=campaigns).step_by(3) {
        w.delete(CallCampaignId(id)).await;
    }
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(_, n)| n).collect();
    for limit in [7, 50, 1000] {
        assert_eq!(pages(&w, ContactsOf::Client(CLIENT), limit).await.0, expected, "by {limit}");
    }
}
