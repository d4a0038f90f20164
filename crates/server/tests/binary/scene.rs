//! A store with an app, a campaign and customers, and servers on it; on either database.

use crate::common::{NewApp, muster, new_app};
use muster_testkit::{Muster, Server, TestDatabase};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tempfile::TempDir;

/// The event that the campaign's behavior counts.
pub(crate) const EVENT: &str = "walk";

/// Where the store of a scene is; removed with it.
#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Database(TestDatabase),
}

/// A store, what is in it, and how to ask for it.
#[derive(Debug)]
pub(crate) struct Scene {
    place: Place,
    scratch: TempDir,
    pub(crate) app: NewApp,
    pub(crate) client: Client,
}

impl Scene {
    /// On the embedded store.
    pub(crate) fn embedded() -> Self {
        Self::on(Place::Folder(tempfile::tempdir().unwrap()))
    }

    /// On PostgreSQL.
    pub(crate) fn postgres() -> Self {
        Self::on_database(TestDatabase::create())
    }

    /// On that database.
    pub(crate) fn on_database(database: TestDatabase) -> Self {
        Self::on(Place::Database(database))
    }

    fn on(place: Place) -> Self {
        let app = new_app(&on_place(&place), "Acme", "Shop");
        // A pool of its own for each scene; connections of a killed server are found dead and replaced.
        let client = Client::builder().timeout(std::time::Duration::from_secs(20)).build().unwrap();
        Self { place, scratch: tempfile::tempdir().unwrap(), app, client }
    }

    /// The binary, pointed at the store.
    pub(crate) fn muster(&self) -> Muster {
        on_place(&self.place)
    }

    /// Loads customers with the external ids `c-0`, `c-1`, ….
    pub(crate) fn add_customers(&self, count: usize) {
        let file = self.scratch.path().join("customers.csv");
        let mut text = "external_id\n".to_owned();
        for number in 0..count {
            writeln!(text, "c-{number}").unwrap();
        }
        std::fs::write(&file, text).unwrap();
        let words = ["import", "customers", &file.to_string_lossy(), "--organization", "Acme"];
        self.muster().args(words).run().expect_success();
    }

    /// Makes a live campaign through `server`, with more attributes if given, and returns its id.
    pub(crate) async fn add_campaign(&self, server: &Server, more: Value) -> i64 {
        let mut document = json!({
            "name": "Walk",
            "status": "live",
            "starts_at": "2020-01-01T00:00:00Z",
            "ends_at": "2120-01-01T00:00:00Z",
            "behaviors": [{"name": "walk", "type": "count", "event": EVENT, "total_count": 1_000_000}],
        });
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        let path = format!("/manage/v1/organizations/{}/campaigns", self.app.organization_id);
        let request =
            self.client.post(server.at(&path)).bearer_auth(&self.app.management_token).json(&document);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 201, "{body}");
        body["id"].as_i64().unwrap()
    }

    /// A request of the app about a customer; `path` follows the customer's id.
    pub(crate) fn ask(&self, method: Method, url: &str, customer: usize, path: &str) -> RequestBuilder {
        let key = &self.app.api_key;
        let url = format!("{url}/priv/v1/apps/{key}/external/users/c-{customer}{path}");
        self.client.request(method, url).basic_auth(key, Some(&self.app.secret))
    }

    /// Reports the event once under that transaction id.
    pub(crate) fn report(&self, url: &str, customer: usize, transaction_id: &str) -> RequestBuilder {
        let body = json!({"events": {EVENT: {"transaction_id": transaction_id, "qty": 1}}});
        self.ask(Method::POST, url, customer, "/events").json(&body)
    }

    /// How often the customer's events counted for the campaign.
    pub(crate) async fn counted(&self, server: &Server, campaign: i64, customer: usize) -> u64 {
        let path = format!("/campaigns/{campaign}/progress");
        let answer = self.ask(Method::GET, server.url(), customer, &path).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        let progress = &body["campaign"]["behaviors"][0]["progress"];
        progress.as_u64().unwrap_or_else(|| panic!("no progress: {body}"))
    }
}

fn on_place(place: &Place) -> Muster {
    match place {
        Place::Folder(folder) => muster().on_folder(folder.path()),
        Place::Database(database) => muster().on_database(database),
    }
}

/// Whether an answer says that the request was done.
pub(crate) async fn is_ok(answer: Result<reqwest::Response, reqwest::Error>) -> bool {
    let Ok(answer) = answer else { return false };
    let status = answer.status();
    match answer.json::<Value>().await {
        Ok(body) => {
            assert!(status == 200 || status.is_server_error(), "{status}: {body}");
            status == 200 && body["status"] == "ok"
        }
        Err(_) => false,
    }
}
