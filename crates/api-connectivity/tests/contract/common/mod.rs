//! A face before a real store, with time and randomness that stand still, a small tree of customers, and requests that
//! read like the contract.

mod faulty_sims;
mod objects;
mod reply;

pub(crate) use faulty_sims::{Faults, FaultySims};
pub(crate) use muster_testkit::builders::NOW;
pub(crate) use objects::*;
pub(crate) use reply::Reply;

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request};
use muster_api_connectivity::{ConnectivityState, router};
use muster_app::ports::{
    CatalogWrite, Expected, FixedClock, NewParticipant, SeededEntropy, SimWrite, Store, Versioned,
};
use muster_app::{Services, Settings, secrets};
use muster_domain::account::{Account, ApiToken, ApiUser, Role};
use muster_domain::ids::{AccountId, OrganizationId, SimCampaignId};
use muster_domain::sim::Sim;
use muster_domain::sim_campaign::SimCampaign;
use muster_domain::tariff::{Package, Tariff};
use muster_domain::time::UnixMillis;
use muster_storage::{SqliteConfig, StoreConfig, Synchronous};
use muster_testkit::TestDatabase;
use muster_testkit::builders::organization;
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

/// The customer in the middle of things: it has the sub-customers [`SUB`] and [`OTHER_SUB`].
pub(crate) const PARENT: AccountId = account_id(1);
/// A sub-customer to whom offers are delegated.
pub(crate) const SUB: AccountId = account_id(2);
/// A sub-customer to whom offers are not delegated.
pub(crate) const OTHER_SUB: AccountId = account_id(3);
/// A sub-customer of [`SUB`].
pub(crate) const GRANDCHILD: AccountId = account_id(4);
/// A customer that has nothing to do with the others.
pub(crate) const STRANGER: AccountId = account_id(5);
/// A customer that is not there.
pub(crate) const NOBODY: &str = "00000000-0000-4000-8000-00000000dead";

/// A face, its store, and a tree of customers, each with a user whose token is its name.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) organization: OrganizationId,
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
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(1));
        let mut services =
            Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, Settings::default())
                .await
                .expect("the catalog loads");
        let inner = Arc::get_mut(&mut services).expect("nobody else has it yet");
        inner.sims = Arc::new(FaultySims::new(Arc::clone(&inner.sims), Arc::clone(&faults)));
        let router = router(&ConnectivityState::new(Arc::clone(&services), Limits::default()));
        let organization_id = services.store.allocate_organization_id().await.expect("an id");
        let write = CatalogWrite::Organization(organization(organization_id, "Organization"));
        services
            .store
            .write_catalog(organization_id, vec![write])
            .await
            .expect("the organization is written");
        services.catalog.reload(organization_id).await.expect("the catalog loads");
        let world = Self { services, clock, organization: organization_id, faults, router, _keep: keep };
        world.populate().await;
        world
    }

    async fn populate(&self) {
        let tree = [
            (PARENT, None, "Parent", true),
            (SUB, Some(PARENT), "Sub", true),
            (OTHER_SUB, Some(PARENT), "Other sub", false),
            (GRANDCHILD, Some(SUB), "Grandchild", true),
            (STRANGER, None, "Stranger", true),
        ];
        for (id, parent, name, delegated) in tree {
            self.write(vec![SimWrite::Account {
                account: Box::new(account(self.organization, id, parent, name, delegated)),
                expected: Expected::Absent,
            }])
            .await;
        }
        for (name, account, role) in [
            ("parent", PARENT, Role::User),
            ("reader", PARENT, Role::ReadOnly),
            ("sub", SUB, Role::User),
            ("other-sub", OTHER_SUB, Role::User),
            ("grandchild", GRANDCHILD, Role::User),
            ("stranger", STRANGER, Role::User),
        ] {
            self.user(name, account, role).await;
        }
    }

    /// A user whose token is its name, for ever. It has no password.
    pub(crate) async fn user(&self, name: &str, account: AccountId, role: Role) {
        let user = ApiUser {
            username: name.to_owned(),
            account,
            password_hash: String::new(),
            role,
            created_at: NOW,
        };
        let token = ApiToken {
            sha256: secrets::digest(name),
            username: name.to_owned(),
            expires_at: UnixMillis::MAX_WIRE,
        };
        self.write(vec![SimWrite::User(user), SimWrite::Token(token)]).await;
    }

    /// The same world behind a face with other limits.
    pub(crate) fn face(&self, limits: Limits) -> Router {
        router(&ConnectivityState::new(Arc::clone(&self.services), limits))
    }

    /// The face, to be asked in ways that this world has no words for.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    // --- What is there without having been asked for over the wire ---

    /// Writes to the store as it is.
    pub(crate) async fn write(&self, writes: Vec<SimWrite>) {
        self.services.sims.write_sims(writes).await.expect("the store takes it");
    }

    /// Campaigns as they are.
    pub(crate) async fn campaigns(&self, campaigns: impl IntoIterator<Item = SimCampaign>) {
        let write =
            |campaign| SimWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent };
        self.write(campaigns.into_iter().map(write).collect()).await;
    }

    /// Changes a campaign behind the face's back.
    pub(crate) async fn alter_campaign(&self, id: i64, change: impl FnOnce(&mut SimCampaign)) {
        let stored = self.stored_campaign(id).await;
        let mut campaign = stored.value;
        change(&mut campaign);
        let expected = Expected::Version(stored.version);
        self.write(vec![SimWrite::Campaign { campaign: Box::new(campaign), expected }]).await;
    }

    /// The campaign as stored.
    pub(crate) async fn stored_campaign(&self, id: i64) -> Versioned<SimCampaign> {
        let found = self.services.sims.sim_campaign(SimCampaignId(id)).await.expect("readable");
        found.expect("the campaign exists")
    }

    /// SIMs of an account: the ones of these numbers, as [`sim`] makes them.
    pub(crate) async fn sims(&self, account: AccountId, numbers: impl IntoIterator<Item = u64>) {
        let sims = numbers.into_iter().map(|number| (sim(self.organization, account, number), Vec::new()));
        self.write(vec![SimWrite::LoadSims(sims.collect())]).await;
    }

    /// The SIM of that number as stored.
    pub(crate) async fn stored_sim(&self, number: u64) -> Versioned<Sim> {
        let name = muster_domain::sim::SimName::Iccid(iccid(number));
        let mut found = self.services.sims.sims_by_names(&[name]).await.expect("readable");
        found.remove(0).expect("the SIM exists")
    }

    /// Enrols the SIMs of these numbers as they are said to be.
    pub(crate) async fn enrol(&self, campaign: i64, numbers: impl IntoIterator<Item = u64>) {
        self.enrol_with(campaign, numbers, |_| {}).await;
    }

    /// As [`World::enrol`], with changes.
    pub(crate) async fn enrol_with(
        &self,
        campaign: i64,
        numbers: impl IntoIterator<Item = u64>,
        change: impl Fn(&mut NewParticipant),
    ) {
        let mut participants = Vec::new();
        for number in numbers {
            let sim = self.stored_sim(number).await.value;
            let mut participant = participant(&sim);
            change(&mut participant);
            participants.push(participant);
        }
        self.write(vec![SimWrite::Enrol { campaign: SimCampaignId(campaign), participants }]).await;
    }

    /// Tariffs as they are.
    pub(crate) async fn tariffs(&self, tariffs: impl IntoIterator<Item = Tariff>) {
        self.write(tariffs.into_iter().map(|tariff| SimWrite::Tariff(Box::new(tariff))).collect()).await;
    }

    /// Packages as they are.
    pub(crate) async fn packages(&self, packages: impl IntoIterator<Item = Package>) {
        let write = |package| SimWrite::Package { package: Box::new(package), expected: Expected::Absent };
        self.write(packages.into_iter().map(write).collect()).await;
    }

    /// Changes an account behind the face's back.
    pub(crate) async fn alter_account(&self, id: AccountId, change: impl FnOnce(&mut Account)) {
        let stored = self.services.sims.account(id).await.expect("readable").expect("the account exists");
        let mut account = stored.value;
        change(&mut account);
        let expected = Expected::Version(stored.version);
        self.write(vec![SimWrite::Account { account: Box::new(account), expected }]).await;
    }

    // --- What is asked over the wire ---

    /// A request of the user of that name.
    pub(crate) fn request(user: &str, method: Method, path: &str, body: Option<&str>) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(address(path));
        if !user.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {user}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_owned()))).expect("a request")
    }

    /// Sends a request to the face.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        send(self.router(), request).await
    }

    /// GET as the parent.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.get_as("parent", path).await
    }

    /// GET as somebody.
    pub(crate) async fn get_as(&self, user: &str, path: &str) -> Reply {
        self.send(Self::request(user, Method::GET, path, None)).await
    }

    /// POST of a JSON body as the parent.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as("parent", path, body).await
    }

    /// POST of a JSON body as somebody.
    pub(crate) async fn post_as(&self, user: &str, path: &str, body: &Value) -> Reply {
        self.send(Self::request(user, Method::POST, path, Some(&body.to_string()))).await
    }

    /// PUT of a JSON body as the parent.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.put_as("parent", path, body).await
    }

    /// PUT of a JSON body as somebody.
    pub(crate) async fn put_as(&self, user: &str, path: &str, body: &Value) -> Reply {
        self.send(Self::request(user, Method::PUT, path, Some(&body.to_string()))).await
    }

    /// PATCH of a JSON body as the parent.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Self::request("parent", Method::PATCH, path, Some(&body.to_string()))).await
    }

    /// DELETE as the parent.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Self::request("parent", Method::DELETE, path, None)).await
    }
}

/// Sends a request to a face.
pub(crate) async fn send(router: Router, request: Request<Body>) -> Reply {
    Reply::read(router.oneshot(request).await.expect("routers do not fail")).await
}

/// The address of a path: `parent/…`, `sub/…` and so on are below that customer; what begins with a slash is taken as
/// it is; the rest is below `/api/v2`.
pub(crate) fn address(path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let (head, rest) = path.split_at(path.find(['/', '?']).unwrap_or(path.len()));
    let customer = match head {
        "parent" => PARENT,
        "sub" => SUB,
        "other-sub" => OTHER_SUB,
        "grandchild" => GRANDCHILD,
        "stranger" => STRANGER,
        _ => return format!("/api/v2/{path}"),
    };
    format!("/api/v2/customer/{customer}{rest}")
}

/// The instant of a text of the contract.
pub(crate) fn at(text: &str) -> UnixMillis {
    let at: jiff::civil::DateTime = text.parse().expect("a date");
    UnixMillis(at.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0)).as_millis() as i64)
}
