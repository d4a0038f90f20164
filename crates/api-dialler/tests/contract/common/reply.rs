//! An answer, and what the contract says of every answer.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is complete").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("the body is UTF-8");
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// The body, whose `status` is that of HTTP (row D51).
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        let value: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body));
        assert_eq!(value["status"], json!(self.status.as_u16()), "{}", self.body);
        value
    }

    #[track_caller]
    fn envelope(&self, keys: &[&str]) -> Value {
        let value = self.json();
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let found: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(found, keys, "{}", self.body);
        if keys.contains(&"count") {
            assert_eq!(value["count"], json!(value["records"].as_array().expect("an array").len()));
        }
        value
    }

    /// `records` of a list, in exactly the contract's envelope.
    #[track_caller]
    pub(crate) fn list(&self) -> Vec<Value> {
        let value = self.envelope(&[
            "filter",
            "limitStart",
            "limitPageSize",
            "records",
            "count",
            "orderBy",
            "ascending",
            "status",
        ]);
        let fixed = ["filter", "limitStart", "limitPageSize", "orderBy", "ascending"];
        let fixed: Vec<_> = fixed.iter().map(|key| value[*key].clone()).collect();
        assert_eq!(fixed, [json!(""), json!(0), json!(-1), json!("Name"), json!(true)]);
        value["records"].as_array().expect("an array").clone()
    }

    /// `records` of what was asked for, in exactly the contract's envelope.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<Value> {
        let value = self.envelope(&["records", "count", "status"]);
        value["records"].as_array().expect("an array").clone()
    }

    /// The only record.
    #[track_caller]
    pub(crate) fn only(&self) -> Value {
        let mut records = self.records();
        assert_eq!(records.len(), 1, "{}", self.body);
        records.remove(0)
    }

    /// Checks that it is done, and says nothing else.
    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!(self.envelope(&["status"]), json!({"status": 200}));
    }

    /// Checks that this is a failure of that status, in exactly the contract's envelope, and gives its text.
    #[track_caller]
    pub(crate) fn error(&self, status: u16) -> String {
        let value = self.json();
        let text = value["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!((self.status.as_u16(), &value), (status, &json!({"status": status, "error": text})));
        assert!(!text.is_empty(), "a failure says what is wrong");
        text
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
