//! Tariffs and packages.

use super::world::{World, account, account_id, guid, iccid, make_account, page, sim};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{Expected, PackagesOf, SimRefusal, SimWrite};
use muster_domain::ids::{PackageId, TariffId};
use muster_domain::sim::{Sim, SimName};
use muster_domain::tariff::{Eligibility, Package, RenewalInterval, Tariff, TariffKind};

fn tariff(n: u128, account: u128) -> Tariff {
    Tariff {
        id: TariffId(guid(n)),
        account: account_id(account),
        name: format!("tariff {n}"),
        description: String::new(),
        kind: TariffKind::Pool,
        cost: "0.10".to_owned(),
        currency: "EUR".to_owned(),
        renewal_interval: RenewalInterval::SemiAnnually,
        is_prorated: false,
        created_at: T0,
        expires_at: None,
    }
}

fn package(n: u128, account: u128) -> Package {
    Package {
        id: PackageId(guid(n)),
        account: account_id(account),
        name: format!("package {n}"),
        description: Some("all in one".to_owned()),
        nested_offers: vec![TariffId(guid(2)), TariffId(guid(1))],
        eligibility: Eligibility::All,
        is_ever_used: false,
        deleted: false,
        created_at: T0,
    }
}

fn write(package: Package, expected: Expected) -> SimWrite {
    SimWrite::Package { package: Box::new(package), expected }
}

fn make(package: Package) -> SimWrite {
    write(package, Expected::Absent)
}

impl World {
    async fn stored(&self, n: u128) -> (Package, u64) {
        let stored = self.sims.package(PackageId(guid(n))).await.unwrap().expect("it was made");
        (stored.value, stored.version)
    }

    /// Gives card `n` a package, or takes it away.
    async fn give(&self, n: u64, package: Option<u128>) {
        let (sim, version) = self.with_package(n, package).await;
        self.write(SimWrite::Sim { sim: Box::new(sim), version }).await;
    }

    async fn with_package(&self, n: u64, package: Option<u128>) -> (Sim, u64) {
        let name = SimName::Iccid(iccid(n));
        let stored = self.sims.sims_by_names(&[name]).await.unwrap().remove(0).unwrap();
        (Sim { package: package.map(|n| PackageId(guid(n))), ..stored.value }, stored.version)
    }

    async fn listed(&self, of: PackagesOf) -> Vec<u128> {
        let listed = self.sims.page_packages(of, page(1, 100)).await.unwrap();
        assert_eq!(listed.total, listed.rows.len() as u64);
        listed.rows.iter().map(|package| package.id.0.as_u128()).collect()
    }
}

pub(crate) async fn tariffs_are_listed_in_order_of_making(h: Harness) {
    let w = World::new(h).await;
    for (n, account) in [(9, 1), (3, 1), (7, 2), (5, 1)] {
        w.write(SimWrite::Tariff(Box::new(tariff(n, account)))).await;
    }
    for (account, number, size, expected, total) in [
        (1, 1, 2, vec![9, 3], 3),
        (1, 2, 2, vec![5], 3),
        (1, 3, 2, vec![], 3),
        (2, 1, 9, vec![7], 1),
        (3, 1, 9, vec![], 0),
    ] {
        let told = w.sims.page_tariffs(account_id(account), page(number, size)).await.unwrap();
        let expected: Vec<_> = expected.into_iter().map(|n| tariff(n, account)).collect();
        assert_eq!((told.rows, told.total), (expected, total), "page {number} of {size} of {account}");
    }
    let asked: Vec<_> = [5, 6, 9].map(|n| TariffId(guid(n))).into();
    assert_eq!(w.sims.tariffs(&asked).await.unwrap(), [Some(tariff(5, 1)), None, Some(tariff(9, 1))]);
    let many: Vec<_> = asked.iter().copied().cycle().take(300).collect();
    assert_eq!(w.sims.tariffs(&many).await.unwrap().len(), 300);
    let refusal = w.refused(vec![SimWrite::Tariff(Box::new(tariff(7, 1)))]).await;
    assert!(matches!(refusal, SimRefusal::Stale { what: "tariff" }), "{refusal:?}");
}

pub(crate) async fn a_package_is_written_in_the_expected_version_only(h: Harness) {
    let w = World::new(h).await;
    let table = [
        (Expected::Version(1), None),
        (Expected::Absent, Some(1)),
        (Expected::Absent, None),
        (Expected::Version(2), None),
        (Expected::Version(1), Some(2)),
        (Expected::Any, Some(3)),
    ];
    for (step, (expected, version)) in table.into_iter().enumerate() {
        let changed = Package { description: Some(format!("step {step}")), ..package(1, 1) };
        let Some(version) = version else {
            let refusal = w.refused(vec![write(changed, expected)]).await;
            assert!(matches!(refusal, SimRefusal::Stale { what: "package" }), "step {step}: {refusal:?}");
            continue;
        };
        w.write(write(changed.clone(), expected)).await;
        assert_eq!(w.stored(1).await, (changed, version), "step {step}");
    }
    assert!(w.sims.package(PackageId(guid(2))).await.unwrap().is_none());
}

pub(crate) async fn a_package_name_is_of_one_undeleted_package_of_an_account(h: Harness) {
    let w = World::new(h).await;
    let named = |n: u128, account| Package { name: "gold".to_owned(), ..package(n, account) };
    w.write(make(named(1, 1))).await;
    w.write(make(named(2, 2))).await;
    w.write(make(package(3, 1))).await;
    for taken in [make(named(4, 1)), write(named(3, 1), Expected::Version(1))] {
        let refusal = w.refused(vec![taken]).await;
        let SimRefusal::Duplicate { what: "package", value, index: 0 } = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!(value, "gold");
    }
    w.write(write(named(1, 1), Expected::Version(1))).await;
    // Deleted, it leaves its name to others, and cannot come back while it is taken.
    w.write(write(Package { deleted: true, ..named(1, 1) }, Expected::Version(2))).await;
    w.write(make(named(4, 1))).await;
    let refusal = w.refused(vec![write(named(1, 1), Expected::Version(3))]).await;
    assert!(matches!(refusal, SimRefusal::Duplicate { what: "package", .. }), "{refusal:?}");
    assert!(w.stored(1).await.0.deleted, "a deleted package is kept for the record");
}

pub(crate) async fn packages_are_listed_by_maker_by_right_and_by_use(h: Harness) {
    let w = World::new(h).await;
    w.write(make_account(account(2))).await;
    let these = |accounts: &[u128]| Eligibility::These(accounts.iter().map(|n| account_id(*n)).collect());
    w.write(make(package(9, 1))).await;
    w.write(make(Package { eligibility: these(&[3, 2]), ..package(5, 1) })).await;
    w.write(make(Package { eligibility: these(&[]), ..package(7, 1) })).await;
    w.write(make(Package { eligibility: these(&[2]), ..package(3, 1) })).await;
    w.write(make(package(4, 2))).await;
    w.write(write(Package { deleted: true, ..package(8, 1) }, Expected::Absent)).await;
    let created = |n| PackagesOf::CreatedBy(account_id(n));
    let open =
        |account, parent| PackagesOf::OpenTo { account: account_id(account), parent: account_id(parent) };
    for (of, expected) in [
        (created(1), vec![9, 5, 7, 3]),
        (created(2), vec![4]),
        (created(3), vec![]),
        (open(2, 1), vec![9, 5, 3]),
        (open(3, 1), vec![9, 5]),
        (open(4, 1), vec![9]),
        (open(1, 2), vec![4]),
    ] {
        assert_eq!(w.listed(of).await, expected, "{of:?}");
    }
    let second = w.sims.page_packages(open(2, 1), page(2, 2)).await.unwrap();
    assert_eq!((second.rows[0].id.0.as_u128(), second.rows.len(), second.total), (3, 1, 3));
    // Who is named can change.
    w.write(write(Package { eligibility: these(&[4]), ..package(5, 1) }, Expected::Version(1))).await;
    assert_eq!(w.listed(open(2, 1)).await, [9, 3]);
    assert_eq!(w.listed(open(4, 1)).await, [9, 5]);
    // Attached to cards: each package once, for as long as one card has it.
    let attached = |n| PackagesOf::AttachedIn(account_id(n));
    w.load(0..3, 1).await;
    w.load(3..4, 2).await;
    for (n, package) in [(0, 3), (1, 9), (2, 9), (3, 4)] {
        w.give(n, Some(package)).await;
    }
    assert_eq!((w.listed(attached(1)).await, w.listed(attached(2)).await), (vec![9, 3], vec![4]));
    w.give(1, None).await;
    w.give(0, Some(9)).await;
    assert_eq!(w.listed(attached(1)).await, [9]);
    w.give(2, Some(5)).await;
    w.give(0, None).await;
    assert_eq!(w.listed(attached(1)).await, [5]);
}

pub(crate) async fn attaching_a_package_marks_it_for_good(h: Harness) {
    let w = World::new(h).await;
    w.load(0..2, 1).await;
    w.write(make(package(1, 1))).await;
    w.give(0, Some(1)).await;
    assert_eq!(w.stored(1).await, (Package { is_ever_used: true, ..package(1, 1) }, 2));
    // Whoever read it as unused comes too late.
    let refusal = w.refused(vec![write(package(1, 1), Expected::Version(1))]).await;
    assert!(matches!(refusal, SimRefusal::Stale { what: "package" }), "{refusal:?}");
    w.give(1, Some(1)).await;
    w.give(0, None).await;
    assert_eq!(w.stored(1).await.1, 2, "only the first use changes the package");
    // Writing it as unused does not make it so.
    w.write(write(package(1, 1), Expected::Version(2))).await;
    assert!(w.stored(1).await.0.is_ever_used);
    assert!(
        w.sims.page_packages(PackagesOf::CreatedBy(account_id(1)), page(1, 1)).await.unwrap().rows[0]
            .is_ever_used
    );
    // A card that comes with one is one more use.
    w.write(make(package(2, 1))).await;
    let with = Sim { package: Some(PackageId(guid(2))), ..sim(5, 1) };
    w.write(SimWrite::LoadSims(vec![(with, vec![])])).await;
    assert_eq!(w.stored(2).await, (Package { is_ever_used: true, ..package(2, 1) }, 2));
}

pub(crate) async fn a_package_in_use_is_not_deleted_and_a_deleted_one_not_used(h: Harness) {
    let w = World::new(h).await;
    w.load(0..2, 1).await;
    w.write(make(package(1, 1))).await;
    w.give(0, Some(1)).await;
    w.give(1, Some(1)).await;
    let deleted = || Package { deleted: true, ..package(1, 1) };
    for n in [0, 1] {
        let refusal = w.refused(vec![write(deleted(), Expected::Any)]).await;
        assert!(matches!(refusal, SimRefusal::PackageInUse), "{refusal:?}");
        w.give(n, None).await;
    }
    w.write(write(deleted(), Expected::Any)).await;
    for n in [1, 99] {
        let (card, version) = w.with_package(0, Some(n)).await;
        let refusal = w.refused(vec![SimWrite::Sim { sim: Box::new(card), version }]).await;
        assert!(matches!(refusal, SimRefusal::NoPackage), "{n}: {refusal:?}");
        let with = Sim { package: Some(PackageId(guid(n))), ..sim(5, 1) };
        let refusal = w.refused(vec![SimWrite::LoadSims(vec![(with, vec![])])]).await;
        assert!(matches!(refusal, SimRefusal::NoPackage), "{n}: {refusal:?}");
    }
}

pub(crate) async fn a_card_keeps_its_package_through_other_changes(h: Harness) {
    let w = World::new(h).await;
    w.load(0..1, 1).await;
    w.write(make(package(1, 1))).await;
    w.give(0, Some(1)).await;
    let (sim, version) = w.with_package(0, Some(1)).await;
    w.write(SimWrite::Sim { sim: Box::new(Sim { alias: None, ..sim }), version }).await;
    w.give(0, None).await;
    // Counted once, it is free after being taken away once.
    w.write(write(Package { deleted: true, ..package(1, 1) }, Expected::Any)).await;
}
