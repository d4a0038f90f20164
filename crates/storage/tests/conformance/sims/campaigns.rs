//! Templates and SIM campaigns.

use super::world::{World, account, account_id, make_account, make_campaign, page, sim_campaign};
use crate::fixtures::T0;
use crate::harness::Harness;
use muster_app::ports::{CampaignCounts, Expected, Sequence, SimRefusal, SimWrite};
use muster_domain::ids::{SimCampaignId, TemplateId};
use muster_domain::sim::{Operation, Template, TemplateKind};
use muster_domain::sim_campaign::{SimCampaign, SimCampaignStatus};
use std::sync::Arc;

fn template(id: i64, account: u128) -> Template {
    Template {
        id: TemplateId(id),
        account: account_id(account),
        name: format!("template {id}"),
        description: "writes the service table".to_owned(),
        kind: TemplateKind::FileUpdate,
        operations: vec![
            Operation::UpdateBinary {
                path: "3F00/ADF1/6F31".parse().unwrap(),
                offset: 2,
                data: "05FF".to_owned(),
            },
            Operation::ReadRecord { path: "3F00/7F20/6F07".parse().unwrap(), record: 1, length: 9 },
        ],
        accept_replay_as_done: true,
        fail_fast: false,
        created_at: T0,
    }
}

fn add(template: Template) -> SimWrite {
    SimWrite::Template(Box::new(template))
}

pub(crate) async fn templates_are_listed_in_order_of_id_and_added_once(h: Harness) {
    let w = World::new(h).await;
    for (id, account) in [(30, 1), (7, 1), (20, 2), (15, 1)] {
        w.write(add(template(id, account))).await;
    }
    for (account, number, size, expected, total) in
        [(1, 1, 2, vec![7, 15], 3), (1, 2, 2, vec![30], 3), (1, 3, 2, vec![], 3), (2, 1, 9, vec![20], 1)]
    {
        let told = w.sims.page_templates(account_id(account), page(number, size)).await.unwrap();
        let expected: Vec<_> = expected.into_iter().map(|id| template(id, account)).collect();
        assert_eq!((told.rows, told.total), (expected, total), "page {number} of {size} of {account}");
    }
    assert_eq!(w.sims.template(TemplateId(20)).await.unwrap(), Some(template(20, 2)));
    assert_eq!(w.sims.template(TemplateId(1)).await.unwrap(), None);
    let refusal = w.refused(vec![add(template(20, 1))]).await;
    let SimRefusal::Duplicate { what: "template", value, index: 0 } = refusal else { panic!("{refusal:?}") };
    assert_eq!(value, "20");
    assert_eq!(w.sims.template(TemplateId(20)).await.unwrap(), Some(template(20, 2)));
}

pub(crate) async fn numbers_never_repeat_and_lie_behind_those_that_were_chosen(h: Harness) {
    let w = World::new(h).await;
    for sequence in [Sequence::Template, Sequence::SimCampaign] {
        assert_eq!(w.sims.next_number(sequence).await.unwrap(), 1, "{sequence:?}");
        assert_eq!(w.sims.next_number(sequence).await.unwrap(), 2, "{sequence:?}");
    }
    for id in [100, 50, -7] {
        w.write(add(template(id, 1))).await;
        w.write(make_campaign(id * 10, 1, SimCampaignStatus::Created)).await;
    }
    assert_eq!(w.sims.next_number(Sequence::Template).await.unwrap(), 101);
    assert_eq!(w.sims.next_number(Sequence::SimCampaign).await.unwrap(), 1001);
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let sims = Arc::clone(&w.sims);
            tokio::spawn(async move { sims.next_number(Sequence::Template).await.unwrap() })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.push(task.await.unwrap());
    }
    given.sort_unstable();
    assert_eq!(given, (102..142).collect::<Vec<_>>());
}

pub(crate) async fn a_campaign_is_written_in_the_expected_version_only(h: Harness) {
    let w = World::new(h).await;
    assert!(w.sims.sim_campaign(SimCampaignId(1)).await.unwrap().is_none());
    assert_eq!(w.sims.campaign_counts(SimCampaignId(1)).await.unwrap(), CampaignCounts::default());
    let table = [
        (Expected::Version(1), None),
        (Expected::Absent, Some(1)),
        (Expected::Version(2), None),
        (Expected::Version(1), Some(2)),
        (Expected::Version(1), None),
        (Expected::Any, Some(3)),
    ];
    for (step, (expected, version)) in table.into_iter().enumerate() {
        let name = format!("step {step}");
        let changed = SimCampaign { name, ..sim_campaign(1, 1, SimCampaignStatus::Created) };
        let write = SimWrite::Campaign { campaign: Box::new(changed.clone()), expected };
        let Some(version) = version else {
            let refusal = w.refused(vec![write]).await;
            assert!(matches!(refusal, SimRefusal::Stale { what: "campaign" }), "step {step}: {refusal:?}");
            continue;
        };
        w.write(write).await;
        let stored = w.sims.sim_campaign(SimCampaignId(1)).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (changed, version), "step {step}");
    }
    let refusal = w.refused(vec![make_campaign(1, 1, SimCampaignStatus::Created)]).await;
    let SimRefusal::Duplicate { what: "campaign", value, index: 0 } = refusal else { panic!("{refusal:?}") };
    assert_eq!(value, "1");
}

pub(crate) async fn campaigns_are_listed_for_the_accounts_they_are_connected_to(h: Harness) {
    let w = World::new(h).await;
    w.write(make_account(account(2))).await;
    for (id, account) in [(30, 1), (10, 1), (20, 2), (40, 1)] {
        w.write(make_campaign(id, account, SimCampaignStatus::Created)).await;
    }
    let connect = |campaign, account| SimWrite::Connect {
        campaign: SimCampaignId(campaign),
        account: account_id(account),
    };
    for (campaign, account) in [(20, 1), (20, 1), (30, 2), (10, 1)] {
        w.write(connect(campaign, account)).await;
    }
    for (account, number, size, expected, total) in [
        (1, 1, 3, vec![10, 20, 30], 4),
        (1, 2, 3, vec![40], 4),
        (1, 3, 3, vec![], 4),
        (2, 1, 9, vec![20, 30], 2),
        (3, 1, 9, vec![], 0),
    ] {
        let told = w.sims.page_sim_campaigns(account_id(account), page(number, size)).await.unwrap();
        let ids: Vec<_> = told.rows.iter().map(|campaign| campaign.id.0).collect();
        assert_eq!((ids, told.total), (expected, total), "page {number} of {size} of {account}");
    }
    for (campaign, account, connected) in
        [(10, 1, true), (10, 2, false), (20, 1, true), (20, 2, true), (99, 1, false)]
    {
        let told = w.sims.is_connected(SimCampaignId(campaign), account_id(account)).await.unwrap();
        assert_eq!(told, connected, "{campaign} and {account}");
    }
    let refusal = w.refused(vec![connect(99, 1)]).await;
    assert!(matches!(refusal, SimRefusal::Stale { what: "campaign" }), "{refusal:?}");
}

pub(crate) async fn only_what_may_go_on_is_live(h: Harness) {
    let w = World::new(h).await;
    for (id, status) in (1..).zip(SimCampaignStatus::ALL) {
        w.write(make_campaign(id, 1, SimCampaignStatus::Created)).await;
        w.set_status(id, status).await;
    }
    let live = w.sims.live_sim_campaigns().await.unwrap();
    let told: Vec<_> = live.iter().map(|campaign| (campaign.value.status, campaign.version)).collect();
    assert_eq!(
        told,
        [(SimCampaignStatus::Process, 2), (SimCampaignStatus::Scheduled, 2), (SimCampaignStatus::Suspend, 2),]
    );
}

pub(crate) async fn a_refused_change_of_several_leaves_nothing(h: Harness) {
    let w = World::new(h).await;
    let good = || {
        vec![
            make_account(account(2)),
            add(template(5, 1)),
            make_campaign(5, 1, SimCampaignStatus::Process),
            SimWrite::LoadSims(vec![(super::world::sim(1, 1), vec![])]),
        ]
    };
    // Whatever is refused, wherever it stands.
    for place in 0..=4 {
        let mut writes = good();
        writes.insert(place, make_account(account(1)));
        let refusal = w.refused(writes).await;
        assert!(matches!(refusal, SimRefusal::Stale { what: "account" }), "{refusal:?}");
        assert!(w.sims.account(account_id(2)).await.unwrap().is_none());
        assert!(w.sims.template(TemplateId(5)).await.unwrap().is_none());
        assert!(w.sims.sim_campaign(SimCampaignId(5)).await.unwrap().is_none());
        assert_eq!(w.sims.page_sims(account_id(1), page(1, 9)).await.unwrap().total, 0);
    }
    // The sequences have not moved either, and nothing stands in the way of the same changes.
    assert_eq!(w.sims.next_number(Sequence::Template).await.unwrap(), 1);
    w.sims.write_sims(good()).await.unwrap();
    w.sims.write_sims(vec![]).await.unwrap();
    // Later changes of a list see the earlier ones.
    let stored = sim_campaign(5, 1, SimCampaignStatus::Suspend);
    let both = vec![
        SimWrite::Campaign { campaign: Box::new(stored.clone()), expected: Expected::Version(1) },
        SimWrite::Campaign { campaign: Box::new(stored), expected: Expected::Version(2) },
    ];
    w.sims.write_sims(both).await.unwrap();
    assert_eq!(w.sims.sim_campaign(SimCampaignId(5)).await.unwrap().unwrap().version, 3);
}
