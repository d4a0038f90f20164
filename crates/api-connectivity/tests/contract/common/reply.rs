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

    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json;charset=UTF-8", "{}", self.body);
        let value: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body));
        let keys: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, ["errorCode", "errorMessage", "content", "pageable"], "{}", self.body);
        value
    }

    #[track_caller]
    fn success(&self, status: StatusCode) -> Value {
        let value = self.json();
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!((&value["errorCode"], &value["errorMessage"]), (&json!(""), &json!("")));
        assert!(value["content"].is_array(), "{}", self.body);
        let pageable = value["pageable"].as_object().expect("pageable is an object");
        let keys: Vec<_> = pageable.keys().map(String::as_str).collect();
        assert_eq!(keys, ["page", "size", "totalPages", "totalElements"]);
        assert!(pageable.values().all(Value::is_u64), "{}", self.body);
        value
    }

    /// The answer of a read.
    #[track_caller]
    pub(crate) fn ack(&self) -> Value {
        self.success(StatusCode::OK)
    }

    /// `content` of a read.
    #[track_caller]
    pub(crate) fn content(&self) -> Vec<Value> {
        self.ack()["content"].as_array().expect("an array").clone()
    }

    /// The only element of `content` of a read that names one object.
    #[track_caller]
    pub(crate) fn only(&self) -> Value {
        let value = self.ack();
        assert_eq!(value["pageable"], json!({"page": 1, "size": 10, "totalPages": 1, "totalElements": 1}));
        assert_eq!(value["content"].as_array().map(Vec::len), Some(1), "{}", self.body);
        value["content"][0].clone()
    }

    /// The only element of `content` of an accepted change; it has a request id.
    #[track_caller]
    pub(crate) fn accepted(&self) -> Value {
        let value = self.success(StatusCode::ACCEPTED);
        assert_eq!(value["pageable"], json!({"page": 1, "size": 10, "totalPages": 1, "totalElements": 1}));
        assert_eq!(value["content"].as_array().map(Vec::len), Some(1), "{}", self.body);
        assert!(value["content"][0]["requestId"].is_string(), "{}", self.body);
        value["content"][0].clone()
    }

    /// The request ids of an accepted bulk call.
    #[track_caller]
    pub(crate) fn accepted_all(&self) -> Vec<String> {
        let value = self.success(StatusCode::ACCEPTED);
        let content = value["content"].as_array().expect("an array");
        content.iter().map(|row| row["requestId"].as_str().expect("a request id").to_owned()).collect()
    }

    /// Checks that this is a failure of that status and code, in exactly the contract's envelope, and gives its
    /// message.
    #[track_caller]
    pub(crate) fn nak(&self, status: u16, code: &str) -> String {
        let value = self.json();
        let message = value["errorMessage"].as_str().unwrap_or_default().to_owned();
        let envelope = json!({ "errorCode": code, "errorMessage": message, "content": "", "pageable": "" });
        assert_eq!((self.status.as_u16(), &value), (status, &envelope));
        assert!(!message.is_empty(), "a failure says what is wrong");
        message
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
