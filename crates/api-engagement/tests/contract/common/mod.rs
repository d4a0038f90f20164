//! A face before a real store, with time and randomness that stand still, and requests that read like the contract.

mod faulty_store;
mod reply;

pub(crate) use faulty_store::{Faults, FaultyStore};
pub(crate) use muster_testkit::builders::*;
pub(crate) use reply::Reply;

use axum::Router;
use axum::body::Body;
use axum::http::header::AUTHORIZATION;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_api_engagement::{EngagementState, ErrorCodeCase, router};
use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::{
    CatalogWrite, ClientToken, CustomerWrite, Expected, FixedClock, SeededEntropy, Store,
};
use muster_app::usecases::ingest::{IncomingEvent, ingest};
use muster_app::usecases::select::CustomerSelector;
use muster_app::{Services, Settings, secrets};
use muster_domain::campaign::Campaign;
use muster_domain::customer::Customer;
use muster_domain::event::Context;
use muster_domain::ids::{CampaignId, CustomerId, DivisionId, OrganizationId};
use muster_domain::organization::{Division, Organization};
use muster_domain::time::UnixMillis;
use muster_storage::{SqliteConfig, StoreConfig, Synchronous};
use muster_testkit::TestDatabase;
use muster_web::Limits;
use serde_json::Value;
use std::any::Any;
use std::sync::Arc;
use tower::ServiceExt;

/// Runs each test on every kind of store.
macro_rules! on_both_stores {
    ($($(#[$attribute:meta])* async fn $name:ident($world:ident: World) $body:block)*) => {
        mod cases {
            use super::*;
            $($(#[$attribute])* pub(super) async fn $name($world: World) $body)*
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

/// The base of URLs unless an organization has its own.
pub(crate) const BASE_URL: &str = "https://muster.example";
/// Customer 1, as paths of the server plane name her.
pub(crate) const ADA: &str = "users/00000000-0000-0000-0000-000000000001";
/// A customer whom nobody has created.
pub(crate) const NOBODY: &str = "users/00000000-0000-0000-0000-00000000dead";
/// A client token that every world has for customer 1.
pub(crate) const TOKEN: &str = "v2--Z2l2ZW4=--dG9rZW4=";

/// A face, its store, and one organization with one app.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) organization: OrganizationId,
    pub(crate) app: NewApp,
    pub(crate) faults: Arc<Faults>,
    router: Router,
    /// Removes the store's files, or drops its database, when the world ends.
    _keep: Box<dyn Any + Send + Sync>,
}

impl World {
    /// A world whose store is embedded.
    pub(crate) async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = SqliteConfig::new(directory.path());
        // Nothing here must survive a power cut.
        config.synchronous = Synchronous::Normal;
        let store = muster_storage::open(StoreConfig::Sqlite(config)).await.expect("the store opens");
        Self::over(store, Box::new(directory)).await
    }

    /// A world on a database of its own.
    pub(crate) async fn on_postgres() -> Self {
        let database = tokio::task::spawn_blocking(TestDatabase::create).await.expect("a database");
        let config = StoreConfig::parse(database.url()).expect("an address");
        let store = muster_storage::open(config).await.expect("the store opens");
        Self::over(store, Box::new(database)).await
    }

    async fn over(store: Arc<dyn Store>, keep: Box<dyn Any + Send + Sync>) -> Self {
        let faults = Arc::new(Faults::default());
        let store: Arc<dyn Store> = Arc::new(FaultyStore::new(store, Arc::clone(&faults)));
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(1));
        let settings = Settings { public_base_url: BASE_URL.to_owned(), ..Settings::default() };
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, settings)
            .await
            .expect("the catalog loads");
        let state = EngagementState::new(Arc::clone(&services), ErrorCodeCase::Documented, Limits::default());
        let mut world = Self {
            router: router(&state),
            organization: OrganizationId(0),
            app: app(services.entropy.as_ref(), "App", "none"),
            services,
            clock,
            faults,
            _keep: keep,
        };
        let (organization, app) = world.add_organization("Organization", "key-1").await;
        (world.organization, world.app) = (organization, app);
        world
    }

    /// The same world behind a face with other settings.
    pub(crate) fn face(&self, case: ErrorCodeCase, limits: Limits) -> Router {
        router(&EngagementState::new(Arc::clone(&self.services), case, limits))
    }

    /// The face, to be asked in ways that this world has no words for.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// One more organization with an app of that key.
    pub(crate) async fn add_organization(&self, name: &str, api_key: &str) -> (OrganizationId, NewApp) {
        let id = self.services.store.allocate_organization_id().await.expect("an id");
        let app = app(self.services.entropy.as_ref(), name, api_key);
        let writes =
            vec![CatalogWrite::Organization(organization(id, name)), CatalogWrite::App(app.app.clone())];
        self.write(id, writes).await;
        (id, app)
    }

    async fn write(&self, organization: OrganizationId, writes: Vec<CatalogWrite>) {
        self.services.store.write_catalog(organization, writes).await.expect("the configuration is written");
        self.services.catalog.reload(organization).await.expect("the catalog loads");
    }

    /// The configuration in force.
    pub(crate) fn snapshot(&self) -> Arc<OrganizationSnapshot> {
        self.services.catalog.organization(self.organization).expect("the organization is loaded")
    }

    /// Changes the organization.
    pub(crate) async fn alter(&self, change: impl FnOnce(&mut Organization)) {
        let mut organization = self.snapshot().organization.clone();
        change(&mut organization);
        self.write(self.organization, vec![CatalogWrite::Organization(organization)]).await;
    }

    /// Turns divisions on and adds some.
    pub(crate) async fn use_divisions(&self, divisions: &[&str]) {
        let divisions = divisions.iter().map(|id| {
            let id = DivisionId((*id).to_owned());
            CatalogWrite::Division(Division { name: format!("Division {id}"), id })
        });
        self.write(self.organization, divisions.collect()).await;
        self.alter(|organization| organization.multi_org = true).await;
    }

    /// Adds or replaces an app.
    pub(crate) async fn put_app(&self, app: &NewApp) {
        self.write(self.organization, vec![CatalogWrite::App(app.app.clone())]).await;
    }

    /// Creates or replaces campaigns.
    pub(crate) async fn put(&self, campaigns: impl IntoIterator<Item = CampaignBuilder>) {
        let writes: Vec<_> = campaigns
            .into_iter()
            .map(|campaign| CatalogWrite::Campaign {
                campaign: Box::new(campaign.build()),
                expected: Expected::Any,
            })
            .collect();
        self.services
            .store
            .reserve_ids_through(self.organization, 1_000_000)
            .await
            .expect("ids are reserved");
        self.write(self.organization, writes).await;
    }

    /// The campaign as the catalog has it.
    pub(crate) fn campaign(&self, id: i64) -> Arc<Campaign> {
        Arc::clone(&self.snapshot().campaign(CampaignId(id)).expect("the campaign exists").campaign)
    }

    /// Creates a customer.
    pub(crate) async fn customer(&self, customer: CustomerBuilder) -> CustomerId {
        let id = customer.id();
        self.commit(customer.into_write(self.organization)).await;
        id
    }

    /// Gives a customer a client token.
    pub(crate) async fn token(&self, customer: CustomerId, token: &str, expires_at: UnixMillis) {
        let stored = self.services.store.customer(self.organization, customer).await.expect("readable");
        let stored = stored.expect("the customer exists");
        let expected = Expected::Version(stored.version);
        let mut write = CustomerWrite::new(self.organization, customer, expected, Some(stored.customer));
        write.token = Some(ClientToken { sha256: secrets::digest(token), customer, expires_at });
        self.commit(write).await;
    }

    async fn commit(&self, write: CustomerWrite) {
        let mut results = self.services.store.commit(vec![write]).await;
        results.remove(0).expect("the customer is written");
    }

    /// Customer 1, known outside as `ext-1`, with [`TOKEN`] for a day.
    pub(crate) async fn ada(&self) -> CustomerId {
        self.ada_with(|customer| customer).await
    }

    /// As [`World::ada`], with changes.
    pub(crate) async fn ada_with(
        &self,
        change: impl FnOnce(CustomerBuilder) -> CustomerBuilder,
    ) -> CustomerId {
        let id = self.customer(change(CustomerBuilder::new(1).external_id("ext-1"))).await;
        self.token(id, TOKEN, NOW.plus_seconds(DAY_S)).await;
        id
    }

    /// The customer as stored.
    pub(crate) async fn stored(&self, id: CustomerId) -> Customer {
        let stored = self.services.store.customer(self.organization, id).await.expect("readable");
        stored.expect("the customer exists").customer
    }

    /// Changes a customer as if by some other way in.
    pub(crate) async fn change(&self, id: CustomerId, change: impl FnOnce(&mut Customer)) {
        let stored = self.services.store.customer(self.organization, id).await.expect("readable");
        let stored = stored.expect("the customer exists");
        let mut customer = stored.customer;
        change(&mut customer);
        let expected = Expected::Version(stored.version);
        self.commit(CustomerWrite::new(self.organization, id, expected, Some(customer))).await;
    }

    /// Reports an event that happened now, `quantity` times.
    pub(crate) async fn event(&self, id: CustomerId, name: &str, quantity: u32) {
        self.event_with(id, name, quantity, Context::new()).await;
    }

    /// Reports an event with a context.
    pub(crate) async fn event_with(&self, id: CustomerId, name: &str, quantity: u32, context: Context) {
        let event = IncomingEvent {
            name: name.to_owned(),
            transaction_id: None,
            quantity,
            occurred_at: None,
            context,
            campaign: None,
        };
        ingest(&self.services, &self.snapshot(), &CustomerSelector::Id(id), &[event])
            .await
            .expect("the event is taken in");
    }

    /// The address of a path: `v1/…` and `v2/…` are of the server plane, `client/…` is of the client plane,
    /// anything else is taken as it is.
    pub(crate) fn address(&self, path: &str) -> String {
        let key = &self.app.api_key;
        if let Some(rest) = path.strip_prefix("v1/") {
            format!("/priv/v1/apps/{key}/{rest}")
        } else if let Some(rest) = path.strip_prefix("v2/") {
            format!("/priv/v2/apps/{key}/{rest}")
        } else if let Some(rest) = path.strip_prefix("client/") {
            format!("/api/v1/apps/{key}/{rest}")
        } else {
            path.to_owned()
        }
    }

    /// A request with the app's credentials where the path is of the server plane.
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let address = self.address(path);
        let server = address.starts_with("/priv/");
        let request = Request::builder().method(method).uri(address);
        if server {
            request.header(AUTHORIZATION, basic(&self.app.api_key, &self.app.secret))
        } else {
            request
        }
    }

    /// Sends a request to the face.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        send(self.router(), request).await
    }

    /// GET with the app's credentials.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).body(Body::empty()).expect("a request")).await
    }

    /// HEAD with the app's credentials.
    pub(crate) async fn head(&self, path: &str) -> Reply {
        self.send(self.request(Method::HEAD, path).body(Body::empty()).expect("a request")).await
    }

    /// POST of a JSON body with the app's credentials.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_text(path, &body.to_string()).await
    }

    /// PUT of a JSON body with the app's credentials.
    pub(crate) async fn put_json(&self, path: &str, body: &Value) -> Reply {
        let body = Body::from(body.to_string());
        self.send(self.request(Method::PUT, path).body(body).expect("a request")).await
    }

    /// DELETE with the app's credentials.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).expect("a request")).await
    }

    /// POST of whatever body with the app's credentials.
    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Reply {
        let body = Body::from(body.to_owned());
        self.send(self.request(Method::POST, path).body(body).expect("a request")).await
    }
}

/// Sends a request to a face.
pub(crate) async fn send(router: Router, request: Request<Body>) -> Reply {
    Reply::read(router.oneshot(request).await.expect("routers do not fail")).await
}

/// The value of a Basic `Authorization` header.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The instant of an RFC 3339 text.
pub(crate) fn at(text: &str) -> UnixMillis {
    text.parse::<jiff::Timestamp>().expect("a timestamp").into()
}
