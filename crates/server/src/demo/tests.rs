//! The demo as it is loaded.

use super::{API_KEY, FILES, load};
use crate::as_code::Folder;
use muster_app::ports::{CatalogWrite, CustomerName, FixedClock, SeededEntropy, StoredCustomer};
use muster_app::usecases::decide::{EligibilityFilter, view_customer};
use muster_app::usecases::select::CustomerSelector;
use muster_app::{Services, Settings};
use muster_domain::campaign::ParticipationState;
use muster_domain::ids::OrganizationId;
use muster_domain::time::UnixMillis;
use muster_storage::StoreConfig;
use muster_testkit::builders::organization;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// 2026-03-10T15:45:30Z.
const NOW: UnixMillis = UnixMillis(1_773_157_530_000);

pub(super) async fn services() -> (Arc<Services>, Arc<FixedClock>, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let config = StoreConfig::parse(&data.path().to_string_lossy()).unwrap();
    let store = muster_storage::open(config).await.unwrap();
    let clock = Arc::new(FixedClock::new(NOW));
    let entropy = Arc::new(SeededEntropy::new(3));
    let services =
        Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, Settings::default()).await.unwrap();
    (services, clock, data)
}

async fn customers(services: &Services, id: i64) -> Vec<StoredCustomer> {
    services.store.page_customers(OrganizationId(id), None, 1000).await.unwrap()
}

#[tokio::test]
async fn the_demo_loads_once_and_is_alive() {
    let (services, clock, _data) = services().await;
    let first = load(&services).await.unwrap();
    let loaded = customers(&services, first.organization_id).await;
    assert!(loaded.len() >= 8, "{} customers", loaded.len());
    let snapshot = services.catalog.organization(OrganizationId(first.organization_id)).unwrap();
    assert_eq!(snapshot.campaigns.len(), FILES.len() - 1);
    assert!(snapshot.active(NOW).count() >= 6, "campaigns are live today");

    let states: Vec<ParticipationState> = {
        let mut states = Vec::new();
        for stored in &loaded {
            let selector = CustomerSelector::Id(stored.id);
            let view = view_customer(&services, Arc::clone(&snapshot), &selector).await.unwrap();
            let decisions = view.active(EligibilityFilter::All);
            states.extend(decisions.map(|decision| decision.participation.state));
        }
        states
    };
    for state in [
        ParticipationState::Qualified,
        ParticipationState::NotQualified,
        ParticipationState::InProgress,
        ParticipationState::Completed,
    ] {
        assert!(states.contains(&state), "the demo shows {state:?}");
    }
    let first_customer = CustomerName::External(first.customer.clone());
    let begin = services.store.customer_by_name(snapshot.id(), &first_customer).await.unwrap();
    assert!(begin.unwrap().customer.points.available > 0, "the first customer has points to show");

    clock.advance_s(3 * 86_400);
    assert_eq!(load(&services).await.unwrap(), first);
    let again = customers(&services, first.organization_id).await;
    assert_eq!(again.len(), loaded.len());
    for (before, after) in loaded.iter().zip(&again) {
        assert_eq!(
            (before.version, &before.customer),
            (after.version, &after.customer),
            "nothing is repeated"
        );
    }
}

#[tokio::test]
async fn an_organization_of_the_same_name_is_left_alone() {
    let (services, _clock, _data) = services().await;
    let name = Folder::parse(&FILES).unwrap().organization.name;
    let id = services.store.allocate_organization_id().await.unwrap();
    let own = CatalogWrite::Organization(organization(id, &name));
    services.store.write_catalog(id, vec![own]).await.unwrap();
    services.catalog.refresh().await.unwrap();
    let refused = load(&services).await.unwrap_err().to_string();
    assert!(refused.contains("holds the organization"), "{refused}");
    assert_eq!(services.catalog.organization(id).unwrap().campaigns.len(), 0);
    assert!(services.catalog.by_key(&muster_domain::ids::ApiKey(API_KEY.to_owned())).is_none());
}

#[test]
fn every_file_of_the_demo_folder_is_compiled_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo");
    let read = Folder::read(&folder).unwrap();
    let compiled = Folder::parse(&FILES).unwrap();
    assert_eq!(read.organization, compiled.organization);
    let file_name = |path: &str| Path::new(path).file_name().unwrap().to_string_lossy().into_owned();
    let names: Vec<_> = read.campaigns.iter().map(|(path, _)| file_name(path)).collect();
    let known: Vec<_> = compiled.campaigns.iter().map(|(path, _)| file_name(path)).collect();
    assert_eq!(names, known);
    let text = fs::read_to_string(folder.join("customers.ndjson")).unwrap();
    assert!(super::customers::parse(&text).unwrap().len() >= 8);
}

#[tokio::test]
async fn the_customers_of_the_connectivity_face_load_once() {
    use super::connectivity::{PARENT, PARENT_USER, PASSWORD, STRANGER_USER, SUB, SUB_USER};
    use muster_app::ports::PageOf;
    use muster_app::usecases::connectivity::{self, sign_in};
    let (services, _clock, _data) = services().await;
    load(&services).await.unwrap();
    load(&services).await.unwrap();
    for user in [PARENT_USER, SUB_USER, STRANGER_USER] {
        let token = sign_in(&services, user, PASSWORD).await.unwrap().token;
        connectivity::authenticate(&services, &token).await.unwrap();
    }
    let page = PageOf { number: 1, size: 10 };
    let parent = services.sims.account(PARENT).await.unwrap().unwrap().value;
    let campaigns = connectivity::page_campaigns(&services, &parent, page).await.unwrap();
    let shown: Vec<_> =
        campaigns.rows.iter().map(|campaign| (campaign.id.0, campaign.status.name())).collect();
    assert!(shown.starts_with(&[(67, "COMPLETED"), (524, "CREATED")]), "{shown:?}");
    let participants = connectivity::page_participants(&services, &parent, campaigns.rows[0].id, page).await;
    let shown: Vec<_> = participants.unwrap().rows.iter().map(|row| (row.id.0, row.status.name())).collect();
    assert_eq!(shown, [(1_030_247, "COMPLETED"), (1_040_348, "RETRY")]);
    let packages = connectivity::created_packages(&services, &parent, page).await.unwrap();
    assert_eq!(
        packages.rows.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(),
        ["roaming", "regular"]
    );
    let sub = services.sims.account(SUB).await.unwrap().unwrap().value;
    assert_eq!(connectivity::eligible_packages(&services, &sub, page).await.unwrap().total, 1);
    assert_eq!(connectivity::child_accounts(&services, &parent, page).await.unwrap().total, 2);
}
