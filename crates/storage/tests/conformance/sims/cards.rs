//! SIM cards, their names, key sets and profiles.

use super::world::{World, account, account_id, iccid, key_set, make_account, page, sim};
use crate::fixtures::ORG;
use crate::harness::Harness;
use muster_app::ports::{KeySetWrite, ParticipantWrite, SimRefusal, SimWrite, StoreError};
use muster_domain::ids::{OrganizationId, SimCampaignId, SimNumber};
use muster_domain::sim::{CardFlags, CardProfile, ImsiMsisdn, KeySet, Sim, SimName};

pub(crate) async fn cards_come_back_as_they_went(h: Harness) {
    let w = World::new(h).await;
    let rich = Sim {
        imsi_msisdn_pairs: (0..10)
            .map(|n| ImsiMsisdn {
                imsi: format!("26202{n:010}"),
                msisdn: (n % 2 == 0).then(|| format!("4917{n:09}")),
                is_last_active: n == 4,
            })
            .collect(),
        imei: Some("490154203237518".to_owned()),
        imeisv: Some("4901542032375181".to_owned()),
        ..sim(1, 1)
    };
    let poor = Sim { imsi_msisdn_pairs: vec![], alias: None, labels: vec![], time_zone: None, ..sim(2, 1) };
    let flags = CardFlags { blocked: true, resync: false };
    let sets =
        vec![key_set(SimNumber(0), 15, 0xFF_FFFF_FFFE), KeySet { flags, ..key_set(SimNumber(0), 1, 7) }];
    w.write(SimWrite::LoadSims(vec![(rich.clone(), sets), (poor.clone(), vec![])])).await;
    let stored = w.cards(1..3).await;
    assert!(stored[0].number < stored[1].number, "numbers are given in order of loading");
    for (stored, given) in stored.iter().zip([rich, poor]) {
        assert_eq!(*stored, Sim { number: stored.number, ..given });
    }
    let number = stored[0].number;
    let sets = w.sims.key_sets(number).await.unwrap();
    assert_eq!(sets, [KeySet { flags, ..key_set(number, 1, 7) }, key_set(number, 15, 0xFF_FFFF_FFFE)]);
    assert_eq!(w.sims.key_sets(stored[1].number).await.unwrap(), []);
}

pub(crate) async fn every_name_leads_to_its_card(h: Harness) {
    let w = World::new(h).await;
    let card = Sim { imei: Some("490154203237518".to_owned()), ..sim(1, 1) };
    w.write(SimWrite::LoadSims(vec![(card.clone(), vec![])])).await;
    let mut names = card.names();
    assert_eq!(names.len(), 4);
    // A text is a name of its own kind only.
    names.push(SimName::Imsi(iccid(1)));
    names.push(SimName::Iccid(String::new()));
    let found = |answers: &[Option<_>]| answers.iter().map(Option::is_some).collect::<Vec<_>>();
    let answers = w.sims.sims_by_names(&names).await.unwrap();
    assert_eq!(found(&answers), [true, true, true, true, false, false]);
    assert!(answers.iter().flatten().all(|sim| sim.version == 1 && sim.value.iccid == card.iccid));
    assert!(w.sims.sims_by_names(&[]).await.unwrap().is_empty());
    // As many as are asked for at once come in the order asked.
    let many: Vec<_> = names.iter().cycle().take(600).cloned().collect();
    let answers = w.sims.sims_by_names(&many).await.unwrap();
    assert_eq!(found(&answers), [true, true, true, true, false, false].repeat(100));
}

pub(crate) async fn a_taken_name_is_told_with_its_kind_and_place(h: Harness) {
    let w = World::new(h).await;
    let owner = Sim { imei: Some("490154203237518".to_owned()), ..sim(0, 1) };
    w.write(SimWrite::LoadSims(vec![(owner.clone(), vec![])])).await;
    let pair = |imsi: &str, msisdn: &str| {
        vec![ImsiMsisdn { imsi: imsi.to_owned(), msisdn: Some(msisdn.to_owned()), is_last_active: false }]
    };
    let owners = &owner.imsi_msisdn_pairs[0];
    let table = [
        ("iccid", owner.iccid.to_string(), Sim { iccid: owner.iccid.clone(), ..sim(2, 1) }),
        ("imsi", owners.imsi.clone(), Sim { imsi_msisdn_pairs: pair(&owners.imsi, "1"), ..sim(2, 1) }),
        (
            "msisdn",
            super::world::msisdn(0),
            Sim { imsi_msisdn_pairs: pair("1", &super::world::msisdn(0)), ..sim(2, 1) },
        ),
        ("imei", "490154203237518".to_owned(), Sim { imei: owner.imei.clone(), ..sim(2, 1) }),
        // Of one that comes before it in the same list.
        ("iccid", iccid(1), Sim { iccid: iccid(1).parse().unwrap(), ..sim(2, 1) }),
    ];
    for (kind, text, third) in table {
        let list = [sim(1, 1), sim(3, 1), third, sim(4, 1)];
        let load = SimWrite::LoadSims(list.into_iter().map(|sim| (sim, vec![])).collect());
        let refusal = w.refused(vec![load]).await;
        let SimRefusal::Duplicate { what, value, index } = refusal else { panic!("{kind}: {refusal:?}") };
        assert_eq!((what, value, index), (kind, text, 2));
    }
    // Nothing of the refused lists is left: no card, no name, no place in the account's list.
    assert_eq!(w.sims.page_sims(account_id(1), page(1, 10)).await.unwrap().total, 1);
    w.load(1..5, 1).await;
    let listed = w.sims.page_sims(account_id(1), page(1, 10)).await.unwrap();
    assert_eq!((listed.rows.len(), listed.total), (5, 5));
}

pub(crate) async fn a_number_shared_by_the_imsis_of_one_card_is_no_duplicate(h: Harness) {
    let w = World::new(h).await;
    let pair = |imsi: &str| ImsiMsisdn {
        imsi: imsi.to_owned(),
        msisdn: Some("4915".to_owned()),
        is_last_active: false,
    };
    let card = Sim { imsi_msisdn_pairs: vec![pair("262011"), pair("262012")], ..sim(1, 1) };
    w.write(SimWrite::LoadSims(vec![(card, vec![])])).await;
    // The number stays the card's for as long as one of its IMSIs has it.
    let stored = w.cards(1..2).await.remove(0);
    let one = Sim { imsi_msisdn_pairs: vec![pair("262012")], ..stored };
    w.write(SimWrite::Sim { sim: Box::new(one), version: 1 }).await;
    let names = [SimName::Msisdn("4915".to_owned()), SimName::Imsi("262011".to_owned())];
    let found = w.sims.sims_by_names(&names).await.unwrap();
    assert!(found[0].is_some() && found[1].is_none());
}

pub(crate) async fn cards_are_paged_in_order_of_loading(h: Harness) {
    let w = World::new(h).await;
    w.write(make_account(account(2))).await;
    // Two accounts' cards in turns, also within one list.
    for n in (0..10).step_by(2) {
        let list = vec![(sim(n, 1), vec![]), (sim(n + 1, 2), vec![])];
        w.write(SimWrite::LoadSims(list)).await;
    }
    let table: [(u128, u64, u32, &[u64], u64); 7] = [
        (1, 1, 2, &[0, 2], 5),
        (1, 3, 2, &[8], 5),
        (1, 4, 2, &[], 5),
        (1, 6, 1, &[], 5),
        (1, u64::MAX, u32::MAX, &[], 5),
        (2, 1, 100, &[1, 3, 5, 7, 9], 5),
        (3, 1, 100, &[], 0),
    ];
    for (account, number, size, expected, total) in table {
        let told = w.sims.page_sims(account_id(account), page(number, size)).await.unwrap();
        let iccids: Vec<_> = told.rows.iter().map(|sim| sim.iccid.to_string()).collect();
        let expected: Vec<_> = expected.iter().map(|n| iccid(*n)).collect();
        assert_eq!((iccids, told.total), (expected, total), "page {number} of {size} of {account}");
        assert!(told.rows.iter().all(|sim| sim.number.0 > 0), "a card comes with its number");
    }
    let refusal = w.refused(vec![SimWrite::LoadSims(vec![(sim(50, 9), vec![])])]).await;
    assert!(matches!(refusal, SimRefusal::Stale { what: "account" }), "{refusal:?}");
}

pub(crate) async fn a_card_is_replaced_in_the_version_read_and_its_names_with_it(h: Harness) {
    let w = World::new(h).await;
    w.load(0..2, 1).await;
    let [card, other]: [Sim; 2] = w.cards(0..2).await.try_into().unwrap();
    let renamed = Sim { imsi_msisdn_pairs: vec![], imei: Some("35".to_owned()), alias: None, ..card.clone() };
    w.write(SimWrite::Sim { sim: Box::new(renamed.clone()), version: 1 }).await;
    let answers = w.sims.sims_by_names(&[card.names(), renamed.names()].concat()).await.unwrap();
    let versions: Vec<_> = answers.iter().map(|sim| sim.as_ref().map(|sim| sim.version)).collect();
    assert_eq!(versions, [Some(2), None, None, Some(2), Some(2)]);
    assert_eq!(answers[3].as_ref().unwrap().value, renamed);
    // A version is used once; a card that is not there has none.
    for sim in [card.clone(), Sim { number: SimNumber(999), ..card.clone() }] {
        let refusal = w.refused(vec![SimWrite::Sim { sim: Box::new(sim), version: 1 }]).await;
        assert!(matches!(refusal, SimRefusal::Stale { what: "sim" }), "{refusal:?}");
    }
    // The name that became free is anybody's; one that is not is refused, and the old ones stay.
    let taking = Sim { imsi_msisdn_pairs: card.imsi_msisdn_pairs.clone(), ..other.clone() };
    w.write(SimWrite::Sim { sim: Box::new(taking.clone()), version: 1 }).await;
    let refusal = w.refused(vec![SimWrite::Sim { sim: Box::new(card.clone()), version: 2 }]).await;
    assert!(matches!(refusal, SimRefusal::Duplicate { what: "imsi", index: 0, .. }), "{refusal:?}");
    assert_eq!(w.cards(0..2).await, [renamed.clone(), taking]);
    // What identifies a card cannot change.
    for changed in [
        Sim { account: account_id(2), ..renamed.clone() },
        Sim { iccid: iccid(9).parse().unwrap(), ..renamed.clone() },
    ] {
        let refusal = w.refused(vec![SimWrite::Sim { sim: Box::new(changed), version: 2 }]).await;
        assert!(matches!(refusal, SimRefusal::Store(StoreError::Internal(_))), "{refusal:?}");
    }
}

pub(crate) async fn a_key_set_keeps_its_counter_and_its_holder(h: Harness) {
    let w = World::running(h, 1).await;
    let number = w.cards(0..1).await[0].number;
    // Counter 1 is taken, the card is held, and both flags are set.
    let flags = CardFlags { blocked: true, resync: true };
    let loaded = w.load_one(1, 0).await;
    let reserve = super::world::reserve(&loaded, 1);
    let key_set_write = reserve.key_set.map(|keys| KeySetWrite { flags, ..keys });
    w.done(vec![ParticipantWrite { key_set: key_set_write, ..reserve }]).await;
    let holder = Some((SimCampaignId(1), 0));
    let stored = |next_counter, flags| KeySet { holder, flags, ..key_set(number, 1, next_counter) };
    assert_eq!(w.sims.key_sets(number).await.unwrap(), [stored(2, flags)]);
    let table = [(1, 2), (0, 2), (50, 50), (49, 50), (50, 50)];
    for (given, kept) in table {
        let holder = Some((SimCampaignId(77), 7));
        w.write(SimWrite::KeySet(KeySet { holder, flags, ..key_set(number, 1, given) })).await;
        assert_eq!(w.sims.key_sets(number).await.unwrap(), [stored(kept, CardFlags::default())], "{given}");
    }
    // Another version stands beside it.
    let second = KeySet { flags, ..key_set(number, 3, 9) };
    w.write(SimWrite::KeySet(second.clone())).await;
    assert_eq!(w.sims.key_sets(number).await.unwrap(), [stored(50, CardFlags::default()), second]);
    let refusal = w.refused(vec![SimWrite::KeySet(key_set(SimNumber(999), 1, 1))]).await;
    assert!(matches!(refusal, SimRefusal::Stale { what: "sim" }), "{refusal:?}");
    // The holder is still the one that may give the card back.
    let loaded = w.load_one(1, 0).await;
    w.done(vec![super::world::complete(&loaded, super::world::at(1))]).await;
    assert_eq!(w.sims.key_sets(number).await.unwrap()[0].holder, None);
}

pub(crate) async fn a_card_profile_has_its_name_in_its_organization(h: Harness) {
    let w = World::new(h).await;
    let other = OrganizationId(2);
    let profile =
        |name: &str, kvn| Box::new(CardProfile { name: name.to_owned(), kvn, ..CardProfile::default() });
    for (organization, name, kvn) in [(ORG, "b", 1), (other, "b", 2), (ORG, "a", 3), (ORG, "b", 4)] {
        w.write(SimWrite::Profile { organization, profile: profile(name, kvn) }).await;
    }
    for (organization, expected) in
        [(ORG, vec![("a", 3), ("b", 4)]), (other, vec![("b", 2)]), (OrganizationId(3), vec![])]
    {
        let expected: Vec<_> = expected.into_iter().map(|(name, kvn)| *profile(name, kvn)).collect();
        assert_eq!(w.sims.card_profiles(organization).await.unwrap(), expected);
        for profile in expected {
            assert_eq!(w.sims.card_profile(organization, &profile.name).await.unwrap(), Some(profile));
        }
    }
    assert_eq!(w.sims.card_profile(other, "a").await.unwrap(), None);
}
