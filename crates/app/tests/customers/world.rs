//! The use cases before a real store, with time and randomness that stand still.

use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::{
    CatalogWrite, CustomerName, Expected, FixedClock, SeededEntropy, Store, StoredCustomer,
};
use muster_app::usecases::customers::create_customer;
use muster_app::usecases::select::CustomerSelector;
use muster_app::{AppResult, Services, Settings};
use muster_domain::customer::ProfilePatch;
use muster_domain::event::Event;
use muster_domain::ids::{CampaignId, CustomerId, OrganizationId};
use muster_storage::{SqliteConfig, StoreConfig, Synchronous};
use muster_testkit::TestDatabase;
use muster_testkit::builders::{CampaignBuilder, NOW, organization};
use serde_json::Value;
use std::any::Any;
use std::sync::Arc;

/// Runs each test on every kind of store.
macro_rules! on_both_stores {
    ($(async fn $name:ident($world:ident: World) $body:block)*) => {
        mod cases {
            use super::*;
            $(pub(super) async fn $name($world: World) $body)*
        }

        mod sqlite {
            use super::World;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::cases::$name(World::on_sqlite().await).await;
            })*
        }

        mod postgres {
            use super::World;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::cases::$name(World::on_postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both_stores;

pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) organization: OrganizationId,
    /// Removes the store's files, or drops its database, when the world ends.
    _keep: Box<dyn Any + Send + Sync>,
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = SqliteConfig::new(directory.path());
        // Nothing here must survive a power cut.
        config.synchronous = Synchronous::Normal;
        let store = muster_storage::open(StoreConfig::Sqlite(config)).await.expect("the store opens");
        Self::over(store, Box::new(directory)).await
    }

    pub(crate) async fn on_postgres() -> Self {
        let database = tokio::task::spawn_blocking(TestDatabase::create).await.expect("a database");
        let config = StoreConfig::parse(database.url()).expect("an address");
        let store = muster_storage::open(config).await.expect("the store opens");
        Self::over(store, Box::new(database)).await
    }

    async fn over(store: Arc<dyn Store>, keep: Box<dyn Any + Send + Sync>) -> Self {
        let id = store.allocate_organization_id().await.expect("an id");
        let writes = vec![CatalogWrite::Organization(organization(id, "Organization"))];
        store.write_catalog(id, writes).await.expect("the organization is written");
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(1));
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, Settings::default())
            .await
            .expect("the catalog loads");
        Self { services, clock, organization: id, _keep: keep }
    }

    /// A second node on the same store, with a catalog and turns of its own.
    pub(crate) async fn another_node(&self) -> Arc<Services> {
        let entropy = Arc::new(SeededEntropy::new(2));
        let clock = Arc::<FixedClock>::clone(&self.clock);
        Services::start(Arc::clone(&self.services.store), clock, entropy, Settings::default())
            .await
            .expect("the catalog loads")
    }

    pub(crate) async fn put(&self, campaign: CampaignBuilder) {
        let campaign = Box::new(campaign.build());
        let writes = vec![CatalogWrite::Campaign { campaign, expected: Expected::Any }];
        self.services.store.write_catalog(self.organization, writes).await.expect("the campaign is written");
        self.services.catalog.reload(self.organization).await.expect("the catalog loads");
    }

    pub(crate) fn snapshot(&self) -> Arc<OrganizationSnapshot> {
        self.services.catalog.organization(self.organization).expect("the organization is loaded")
    }

    pub(crate) async fn create(&self, user: Value) -> AppResult<StoredCustomer> {
        create_customer(&self.services, &self.snapshot(), &patch(user)).await
    }

    pub(crate) async fn named(&self, name: &CustomerName) -> Option<CustomerId> {
        let found = self.services.store.customer_by_name(self.organization, name).await.expect("readable");
        found.map(|stored| stored.id)
    }

    pub(crate) async fn external(&self, external_id: &str) -> Option<CustomerId> {
        self.named(&CustomerName::External(external_id.to_owned())).await
    }

    pub(crate) async fn stored(&self, id: CustomerId) -> Option<StoredCustomer> {
        self.services.store.customer(self.organization, id).await.expect("readable")
    }

    pub(crate) async fn log(&self, id: CustomerId) -> Vec<Event> {
        self.services.store.events_of(self.organization, id, &[]).await.expect("readable")
    }

    pub(crate) async fn count(&self) -> u64 {
        self.services.store.count_customers(self.organization).await.expect("readable")
    }

    pub(crate) async fn places(&self, campaign: i64) -> u64 {
        let campaign = CampaignId(campaign);
        self.services.store.places_taken(self.organization, campaign).await.expect("readable")
    }
}

pub(crate) fn by_id(id: CustomerId) -> CustomerSelector {
    CustomerSelector::Id(id)
}

pub(crate) fn patch(user: Value) -> ProfilePatch {
    let Value::Object(user) = user else { panic!("a customer is an object") };
    ProfilePatch::from_json(&user).expect("readable")
}
