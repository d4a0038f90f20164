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

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        let value = self.json();
        assert_eq!((self.status, &value["status"]), (StatusCode::OK, &json!("ok")), "{}", self.body);
        assert!(value.get("errors").is_none(), "a success has no errors: {}", self.body);
        value
    }

    /// Checks that this is a failure of that status and code, in exactly the contract's envelope, and gives its
    /// message.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str) -> String {
        let value = self.json();
        let message = value["errors"]["message"].as_str().unwrap_or_default().to_owned();
        let envelope = json!({ "status": "error", "errors": { "code": code, "message": message } });
        assert_eq!((self.status.as_u16(), &value), (status, &envelope));
        assert!(!message.is_empty(), "an error says what is wrong");
        message
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
