//! Configuration: what is unique, what is guarded by a version, and who hears of a change.

use crate::fixtures::{ORG, T0, app, campaign, create, job, organization, reply};
use crate::harness::Harness;
use muster_app::ports::{
    AttributeModel, CatalogRefusal, CatalogWrite, CreativeCount, CustomerWrite, Expected, ManagementToken,
    PlaceChange,
};
use muster_domain::campaign::Campaign;
use muster_domain::ids::{ApiKey, CampaignId, CreativeId, DivisionId, OrganizationId};
use muster_domain::organization::{App, Division};
use std::collections::BTreeSet;
use std::time::Duration;

fn put(campaign: Campaign, expected: Expected) -> CatalogWrite {
    CatalogWrite::Campaign { campaign: Box::new(campaign), expected }
}

fn token(digest: char, organization: Option<OrganizationId>) -> ManagementToken {
    ManagementToken {
        sha256: digest.to_string().repeat(64),
        organization,
        name: format!("token-{digest}"),
        created_at: T0.plus_seconds(-i64::from(u32::from(digest))),
    }
}

/// Makes the organization [`ORG`].
async fn founded(h: &Harness) {
    let version = h.store.write_catalog(ORG, vec![CatalogWrite::Organization(organization(1, "one"))]).await;
    assert_eq!(version.unwrap(), 1);
}

#[track_caller]
fn assert_duplicate(refusal: Result<u64, CatalogRefusal>, what: &str, value: &str) {
    match refusal {
        Err(CatalogRefusal::Duplicate { what: found, value: found_value }) => {
            assert_eq!((found, found_value.as_str()), (what, value));
        }
        other => panic!("no duplicate: {other:?}"),
    }
}

pub(crate) async fn a_configuration_comes_back_as_it_went(h: Harness) {
    assert!(h.store.organizations().await.unwrap().is_empty());
    assert!(h.store.load_catalog(ORG).await.unwrap().is_none());
    let division = Division { id: DivisionId("north".to_owned()), name: "North".to_owned() };
    let model = AttributeModel {
        name: "user_profiles".to_owned(),
        version: 4,
        attributes: serde_json::json!({"b": {"type": "text"}, "a": 1}).as_object().cloned().unwrap(),
    };
    let first = vec![
        CatalogWrite::Organization(organization(1, "one")),
        CatalogWrite::Division(division.clone()),
        CatalogWrite::App(app("key-b", "web")),
        CatalogWrite::App(app("key-a", "phone")),
        put(campaign(12), Expected::Absent),
        put(campaign(11), Expected::Any),
        CatalogWrite::Model(model.clone()),
    ];
    assert_eq!(h.store.write_catalog(ORG, first).await.unwrap(), 1);
    let changed = Campaign { weight: 9, ..campaign(12) };
    let second = vec![put(changed.clone(), Expected::Version(1))];
    assert_eq!(h.store.write_catalog(ORG, second).await.unwrap(), 2);
    let other = vec![CatalogWrite::Organization(organization(2, "two"))];
    assert_eq!(h.store.write_catalog(OrganizationId(2), other).await.unwrap(), 1);

    assert_eq!(h.store.organizations().await.unwrap(), [(ORG, 2), (OrganizationId(2), 1)]);
    let catalog = h.store.load_catalog(ORG).await.unwrap().unwrap();
    assert_eq!(catalog.organization, organization(1, "one"));
    assert_eq!(catalog.version, 2);
    assert_eq!(catalog.divisions, [division]);
    assert_eq!(catalog.apps, [app("key-a", "phone"), app("key-b", "web")]);
    assert_eq!(catalog.models, [model]);
    let campaigns: Vec<(Campaign, u64)> =
        catalog.campaigns.iter().map(|(campaign, version)| ((**campaign).clone(), *version)).collect();
    assert_eq!(campaigns, [(campaign(11), 1), (changed, 2)]);
    assert_eq!(
        serde_json::to_string(&catalog.campaigns[0].0.metadata).unwrap(),
        r#"{"z":1,"a":2}"#,
        "keys stay in the author's order"
    );
    assert_eq!(h.store.find_app(&ApiKey("key-b".to_owned())).await.unwrap(), Some(ORG));
    assert!(h.store.find_app(&ApiKey("key-c".to_owned())).await.unwrap().is_none());
    assert!(h.store.load_catalog(OrganizationId(2)).await.unwrap().unwrap().campaigns.is_empty());
}

pub(crate) async fn unique_values_are_held_unique(h: Harness) {
    founded(&h).await;
    let two = OrganizationId(2);
    h.store.write_catalog(two, vec![CatalogWrite::Organization(organization(2, "two"))]).await.unwrap();
    let first = vec![
        CatalogWrite::App(app("key-1", "web")),
        put(campaign(11), Expected::Any),
        put(campaign(12), Expected::Any),
    ];
    h.store.write_catalog(ORG, first).await.unwrap();

    let write = async |organization, write| h.store.write_catalog(organization, vec![write]).await;
    assert_duplicate(write(two, CatalogWrite::Organization(organization(2, "one"))).await, "name", "one");
    assert_duplicate(write(two, CatalogWrite::App(app("key-1", "x"))).await, "api_key", "key-1");
    assert_duplicate(write(ORG, CatalogWrite::App(app("key-2", "web"))).await, "name", "web");
    for id in [12, 13] {
        let named = Campaign { name: "campaign-11".to_owned(), ..campaign(id) };
        assert_duplicate(write(ORG, put(named, Expected::Any)).await, "name", "campaign-11");
        let linked = Campaign { permalink: "link-11".to_owned(), ..campaign(id) };
        assert_duplicate(write(ORG, put(linked, Expected::Any)).await, "permalink", "link-11");
    }
    // What is somebody else's elsewhere is free here; one's own may stay.
    write(two, CatalogWrite::App(app("key-2", "web"))).await.unwrap();
    write(two, put(campaign(11), Expected::Absent)).await.unwrap();
    write(ORG, put(campaign(11), Expected::Version(1))).await.unwrap();
    write(ORG, CatalogWrite::App(App { revoked: true, ..app("key-1", "web") })).await.unwrap();
    write(ORG, CatalogWrite::Organization(organization(1, "one"))).await.unwrap();
    // Texts are compared byte by byte.
    write(ORG, CatalogWrite::App(app("KEY-1", "Web"))).await.unwrap();

    let catalog = h.store.load_catalog(ORG).await.unwrap().unwrap();
    assert_eq!(catalog.apps.len(), 2);
    assert!(catalog.apps.iter().any(|app| app.api_key.0 == "key-1" && app.revoked));
    assert_eq!(catalog.campaigns.len(), 2);
    assert_eq!(h.store.find_app(&ApiKey("key-1".to_owned())).await.unwrap(), Some(ORG));
}

pub(crate) async fn a_refused_write_takes_all_others_with_it(h: Harness) {
    founded(&h).await;
    h.store.write_catalog(ORG, vec![put(campaign(11), Expected::Any)]).await.unwrap();
    let twin = Campaign { permalink: "link-11".to_owned(), ..campaign(13) };
    let writes = vec![
        CatalogWrite::App(app("key-1", "web")),
        put(campaign(12), Expected::Absent),
        CatalogWrite::Job(job(1, 0)),
        CatalogWrite::Token(token('a', Some(ORG))),
        CatalogWrite::Reply(reply("once")),
        put(twin, Expected::Absent),
    ];
    assert_duplicate(h.store.write_catalog(ORG, writes).await, "permalink", "link-11");
    let catalog = h.store.load_catalog(ORG).await.unwrap().unwrap();
    assert_eq!((catalog.version, catalog.campaigns.len(), catalog.apps.len()), (2, 1, 0));
    assert!(h.store.jobs(ORG, 10).await.unwrap().is_empty());
    assert!(h.store.management_token(&"a".repeat(64)).await.unwrap().is_none());
    assert!(h.store.stored_reply("once").await.unwrap().is_none());
}

pub(crate) async fn an_entity_is_written_in_the_expected_version_only(h: Harness) {
    founded(&h).await;
    let one = CampaignId(11);
    let delete = |expected| CatalogWrite::DeleteCampaign { id: one, expected };
    for (step, write, accepted) in [
        ("not there yet", put(campaign(11), Expected::Version(1)), false),
        ("nothing to delete", delete(Expected::Version(1)), false),
        ("deleting nothing in any version", delete(Expected::Any), true),
        ("new", put(campaign(11), Expected::Absent), true),
        ("no longer absent", put(campaign(11), Expected::Absent), false),
        ("changed", put(campaign(11), Expected::Version(1)), true),
        ("changed before", put(campaign(11), Expected::Version(1)), false),
        ("replaced", put(campaign(11), Expected::Any), true),
        ("deleted in an old version", delete(Expected::Version(2)), false),
        ("deleted while it must be absent", delete(Expected::Absent), false),
        ("deleted", delete(Expected::Version(3)), true),
        ("new again", put(campaign(11), Expected::Absent), true),
    ] {
        match h.store.write_catalog(ORG, vec![write]).await {
            Ok(_) => assert!(accepted, "{step}"),
            Err(CatalogRefusal::Stale { what }) => assert!(!accepted && what == "campaign", "{step}"),
            Err(other) => panic!("{step}: {other}"),
        }
    }
    assert_eq!(h.store.load_catalog(ORG).await.unwrap().unwrap().version, 7);
}

pub(crate) async fn a_configuration_is_guarded_as_a_whole(h: Harness) {
    let guarded = |version| vec![CatalogWrite::IfVersion(version), CatalogWrite::App(app("key", "web"))];
    assert!(matches!(
        h.store.write_catalog(ORG, guarded(0)).await,
        Err(CatalogRefusal::Stale { what: "organization" })
    ));
    founded(&h).await;
    for wrong in [0, 2] {
        let refusal = h.store.write_catalog(ORG, guarded(wrong)).await;
        assert!(matches!(refusal, Err(CatalogRefusal::Stale { what: "organization" })), "{refusal:?}");
    }
    assert!(h.store.load_catalog(ORG).await.unwrap().unwrap().apps.is_empty());
    assert_eq!(h.store.write_catalog(ORG, guarded(1)).await.unwrap(), 2);
}

pub(crate) async fn without_an_organization_only_what_needs_none_is_written(h: Harness) {
    for write in [
        CatalogWrite::App(app("key", "web")),
        CatalogWrite::Division(Division { id: DivisionId("n".to_owned()), name: "N".to_owned() }),
        put(campaign(1), Expected::Any),
        CatalogWrite::Token(token('b', Some(ORG))),
        CatalogWrite::Job(job(1, 0)),
    ] {
        let refusal = h.store.write_catalog(ORG, vec![CatalogWrite::Reply(reply("r")), write]).await;
        assert!(matches!(refusal, Err(CatalogRefusal::NoOrganization)), "{refusal:?}");
    }
    assert!(h.store.find_app(&ApiKey("key".to_owned())).await.unwrap().is_none());
    assert!(h.store.stored_reply("r").await.unwrap().is_none());
    // The first token of an empty store.
    assert_eq!(h.store.write_catalog(ORG, vec![CatalogWrite::Token(token('a', None))]).await.unwrap(), 0);
    assert_eq!(h.store.management_token(&"a".repeat(64)).await.unwrap(), Some(token('a', None)));
}

pub(crate) async fn a_deleted_campaign_takes_its_counters_along(h: Harness) {
    founded(&h).await;
    let id = CampaignId(11);
    h.store.write_catalog(ORG, vec![put(campaign(11), Expected::Any)]).await.unwrap();
    h.done(CustomerWrite {
        places: vec![PlaceChange { campaign: id, delta: 1, limit: None }],
        counts: vec![CreativeCount { campaign: id, creative: CreativeId(1), seen: 1, clicked: 1 }],
        ..create(1)
    })
    .await;
    let delete = CatalogWrite::DeleteCampaign { id, expected: Expected::Any };
    h.store.write_catalog(ORG, vec![delete]).await.unwrap();
    assert_eq!(h.store.places_taken(ORG, id).await.unwrap(), 0);
    assert!(h.store.creative_totals(ORG, id).await.unwrap().is_empty());
}

pub(crate) async fn tokens_are_listed_found_and_revoked(h: Harness) {
    founded(&h).await;
    let (a, b, c) = (token('a', Some(ORG)), token('b', Some(ORG)), token('c', None));
    let writes = [&a, &b, &c].map(|token| CatalogWrite::Token(token.clone()));
    h.store.write_catalog(ORG, writes.to_vec()).await.unwrap();
    assert_eq!(h.store.management_token(&b.sha256).await.unwrap(), Some(b.clone()));
    assert_eq!(h.store.management_tokens(Some(ORG)).await.unwrap(), [b.clone(), a.clone()], "oldest first");
    assert_eq!(h.store.management_tokens(None).await.unwrap(), [c]);
    assert!(h.store.management_tokens(Some(OrganizationId(2))).await.unwrap().is_empty());
    let again = ManagementToken { organization: None, ..a.clone() };
    assert_duplicate(h.store.write_catalog(ORG, vec![CatalogWrite::Token(again)]).await, "token", "token-a");
    let revoke = || vec![CatalogWrite::RevokeToken { sha256: b.sha256.clone() }];
    h.store.write_catalog(ORG, revoke()).await.unwrap();
    h.store.write_catalog(ORG, revoke()).await.unwrap();
    assert!(h.store.management_token(&b.sha256).await.unwrap().is_none());
    assert_eq!(h.store.management_tokens(Some(ORG)).await.unwrap(), [a]);
}

pub(crate) async fn an_answer_is_remembered_once(h: Harness) {
    founded(&h).await;
    let write = |key: &str| vec![CatalogWrite::Reply(reply(key))];
    h.store.write_catalog(ORG, write("a")).await.unwrap();
    assert_eq!(h.store.stored_reply("a").await.unwrap(), Some(reply("a")));
    assert!(h.store.stored_reply("b").await.unwrap().is_none());
    assert!(matches!(h.store.write_catalog(ORG, write("a")).await, Err(CatalogRefusal::ReplyExists)));
    // Customer writes and configuration share the keys.
    let known = h.commit_one(CustomerWrite { reply: Some(reply("a")), ..create(1) }).await;
    assert!(matches!(known, Err(muster_app::ports::CommitRefusal::ReplyExists)));
    // In one call the first gets the key.
    let twice = |n| CustomerWrite { reply: Some(reply("c")), ..create(n) };
    let results = h.store.commit(vec![twice(2), twice(3)]).await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
}

pub(crate) async fn ids_never_repeat(h: Harness) {
    assert_eq!(h.store.allocate_ids(ORG, 3).await.unwrap(), 1);
    assert_eq!(h.store.allocate_ids(ORG, 1).await.unwrap(), 4);
    assert_eq!(
        h.store.allocate_ids(OrganizationId(2), 1).await.unwrap(),
        1,
        "each organization counts by itself"
    );
    h.store.reserve_ids_through(ORG, 100).await.unwrap();
    h.store.reserve_ids_through(ORG, 50).await.unwrap();
    h.store.reserve_ids_through(OrganizationId(3), 7).await.unwrap();
    h.store.reserve_ids_through(OrganizationId(4), -7).await.unwrap();
    assert_eq!(h.store.allocate_ids(ORG, 1).await.unwrap(), 101);
    assert_eq!(h.store.allocate_ids(OrganizationId(3), 1).await.unwrap(), 8);
    assert_eq!(h.store.allocate_ids(OrganizationId(4), 1).await.unwrap(), 1);

    let tasks = (0..16).map(|_| {
        let store = h.store.clone();
        tokio::spawn(async move {
            let mut given = Vec::new();
            for count in 1..=5_u32 {
                let first = store.allocate_ids(ORG, count).await.unwrap();
                given.extend(first..first + i64::from(count));
            }
            given
        })
    });
    let mut seen = BTreeSet::new();
    for task in tasks.collect::<Vec<_>>() {
        for id in task.await.unwrap() {
            assert!(id > 101 && seen.insert(id), "{id} was given twice");
        }
    }
    assert_eq!(seen.len(), 16 * 15);
}

pub(crate) async fn organization_ids_never_repeat(h: Harness) {
    let first = h.store.allocate_organization_id().await.unwrap();
    assert_eq!(first, OrganizationId(1));
    // An id that somebody chose is passed over.
    let chosen = OrganizationId(5);
    h.store.write_catalog(chosen, vec![CatalogWrite::Organization(organization(5, "five"))]).await.unwrap();
    assert_eq!(h.store.allocate_organization_id().await.unwrap(), OrganizationId(6));
    let low = vec![CatalogWrite::Organization(organization(2, "two"))];
    h.store.write_catalog(OrganizationId(2), low).await.unwrap();
    assert_eq!(h.store.allocate_organization_id().await.unwrap(), OrganizationId(7));
}

pub(crate) async fn versions_follow_each_other_under_concurrency(h: Harness) {
    founded(&h).await;
    let tasks = (1..=12).map(|n| {
        let store = h.store.clone();
        tokio::spawn(async move {
            store.write_catalog(ORG, vec![put(campaign(n), Expected::Absent)]).await.unwrap()
        })
    });
    let mut versions = BTreeSet::new();
    for task in tasks.collect::<Vec<_>>() {
        versions.insert(task.await.unwrap());
    }
    assert_eq!(versions, (2..=13).collect());
    assert_eq!(h.store.load_catalog(ORG).await.unwrap().unwrap().campaigns.len(), 12);
}

pub(crate) async fn whoever_listens_hears_of_a_change(h: Harness) {
    let mut hints = h.store.catalog_hints();
    hints.mark_unchanged();
    founded(&h).await;
    tokio::time::timeout(Duration::from_secs(20), hints.changed()).await.expect("a hint comes").unwrap();
}
