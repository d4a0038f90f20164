//! A face in front of a store of its own, and requests to it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use muster_app::card_keys::CardKeys;
use muster_app::ports::{FixedClock, SeededEntropy, Store};
use muster_app::usecases::authoring::{forget, tokens};
use muster_app::{RouteRate, Services, Settings};
use muster_domain::ids::OrganizationId;
use muster_storage::StoreConfig;
use muster_testkit::TestDatabase;
use muster_testkit::builders::NOW;
use muster_web::Limits;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt as _;

/// What a store needs to stay alive for.
enum Home {
    Folder(#[expect(dead_code, reason = "the folder goes with the value")] tempfile::TempDir),
    Database(#[expect(dead_code, reason = "the database goes with the value")] TestDatabase),
}

pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<FixedClock>,
    router: Router,
    /// Opens all organizations.
    pub(crate) global: String,
    _home: Home,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// A problem with this status and code, in the form that RFC 9457 asks for.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.body["code"], code, "{}", reply.body);
        assert_eq!(reply.body["status"], status);
        assert_eq!(reply.body["type"], format!("urn:muster:problem:{code}"));
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert!(reply.body["title"].is_string() && reply.body["detail"].is_string());
        reply
    }

    /// The place of the first fault.
    pub(crate) fn place(&self) -> &str {
        self.body["errors"][0]["place"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("printable"))
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    pub(crate) fn id(&self) -> i64 {
        self.body["id"].as_i64().expect("an id")
    }
}

/// A request under construction.
pub(crate) struct Ask<'a> {
    world: &'a World,
    method: Method,
    path: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

impl Ask<'_> {
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn matching(self, etag: &str) -> Self {
        self.header("if-match", etag)
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Body::from(body.to_string());
        self
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Body::from(body.to_owned());
        self
    }

    pub(crate) fn octets(mut self, body: Vec<u8>) -> Self {
        self.body = Body::from(body);
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let (status, headers, text) = self.send_text().await;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
        };
        Reply { status, headers, body }
    }

    /// For answers that are not JSON.
    pub(crate) async fn send_text(self) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder().method(self.method).uri(self.path);
        if let Some(token) = self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body).expect("a request");
        let response = self.world.router.clone().oneshot(request).await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        (status, headers, String::from_utf8(bytes.to_vec()).expect("text"))
    }
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let config = StoreConfig::parse(&folder.path().to_string_lossy()).expect("a data directory");
        Self::over(config, Home::Folder(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = TestDatabase::create();
        let config = StoreConfig::parse(database.url()).expect("a database address");
        Self::over(config, Home::Database(database)).await
    }

    async fn over(config: StoreConfig, home: Home) -> Self {
        let store: Arc<dyn Store> = muster_storage::open(config).await.expect("the store opens");
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(11));
        let ring = CardKeys::from_hex(&CardKeys::generate(&SeededEntropy::new(5))).expect("a card key");
        let routes = vec![RouteRate { name: "north".to_owned(), segments_per_s: 2 }];
        let settings = Settings { card_keys: Some(ring), routes, ..Settings::default() };
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, settings)
            .await
            .expect("starts");
        let router = muster_api_management::router(Arc::clone(&services), Limits::default());
        let made = tokens::create(&services, None, "tests", None, &forget).await.expect("a token");
        Self { services, clock, router, global: made.token, _home: home }
    }

    /// A request with the token that opens everything. The path begins below `/manage/v1`.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        Ask {
            world: self,
            method: method.parse().expect("a method"),
            path: format!("/manage/v1{path}"),
            token: Some(self.global.clone()),
            headers: Vec::new(),
            body: Body::empty(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path).json(body).send().await
    }

    /// Makes an organization and returns its address.
    pub(crate) async fn organization(&self, name: &str) -> String {
        let made = self.post("/organizations", &json!({ "name": name })).await.expect(201);
        format!("/organizations/{}", made.id())
    }

    /// Makes a token for one organization.
    pub(crate) async fn token_for(&self, organization: &str) -> String {
        let made = self.post(&format!("{organization}/tokens"), &json!({ "name": "own" })).await.expect(201);
        made.body["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn id_of(organization: &str) -> OrganizationId {
        let id = organization.rsplit('/').next().expect("an address").parse().expect("a number");
        OrganizationId(id)
    }
}

/// Runs tests on both stores.
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::world::World::sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::world::World::postgres().await).await;
            })*
        }
    };
}

pub(crate) use on_both_stores;
