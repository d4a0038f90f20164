//! Answers, as they are given and as they are remembered under an idempotency key.

use crate::error::ApiError;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_app::ports::{StoreError, StoredReply};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer to a successful request.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `None` for 204.
    pub(crate) body: Option<Value>,
    pub(crate) etag: Option<String>,
    pub(crate) location: Option<String>,
    /// Shown now and never again: not remembered, not cached.
    pub(crate) secrets: Vec<(&'static str, String)>,
}

impl Answer {
    /// 200 with a body.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::with(StatusCode::OK, body)
    }

    /// 201 with a body and the new object's address.
    pub(crate) fn created(body: &impl Serialize, location: String) -> Self {
        Self { location: Some(location), ..Self::with(StatusCode::CREATED, body) }
    }

    /// 204.
    pub(crate) fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, etag: None, location: None, secrets: Vec::new() }
    }

    fn with(status: StatusCode, body: &impl Serialize) -> Self {
        // Wire types are plain data; one that cannot be written as JSON would be a bug, seen as `null`.
        let body = Some(serde_json::to_value(body).unwrap_or(Value::Null));
        Self { status, body, etag: None, location: None, secrets: Vec::new() }
    }

    /// With another status.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With the entity's tag.
    pub(crate) fn etag(mut self, tag: String) -> Self {
        self.etag = Some(tag);
        self
    }

    /// With something that is shown once, as a member of the body.
    pub(crate) fn secret(mut self, name: &'static str, value: &str) -> Self {
        self.secrets.push((name, value.to_owned()));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        insert(&mut headers, header::ETAG, self.etag.as_deref());
        insert(&mut headers, header::LOCATION, self.location.as_deref());
        let cache = if self.secrets.is_empty() { "no-cache" } else { "no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        let Some(mut body) = self.body else { return (self.status, headers).into_response() };
        if let Value::Object(members) = &mut body {
            for (name, value) in self.secrets {
                members.insert(name.to_owned(), Value::String(value));
            }
        }
        headers.insert(header::CONTENT_TYPE, JSON);
        (self.status, headers, body.to_string()).into_response()
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    // Tags and addresses are made of printable ASCII; what is not a header value is left out.
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

/// An answer as the store keeps it, without secrets.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    #[serde(skip)]
    status: u16,
    body: Option<Value>,
    etag: Option<String>,
    location: Option<String>,
}

impl Remembered {
    /// The text to store.
    pub(crate) fn text(answer: &Answer) -> String {
        let kept = Self {
            status: 0,
            body: answer.body.clone(),
            etag: answer.etag.clone(),
            location: answer.location.clone(),
        };
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// The id of the object that the answer shows.
    pub(crate) fn id(&self) -> Option<i64> {
        self.body.as_ref()?.get("id")?.as_i64()
    }

    /// Reads what was stored.
    pub(crate) fn of(reply: &StoredReply) -> Result<Self, ApiError> {
        let kept: Self = serde_json::from_str(&reply.body)
            .map_err(|error| StoreError::Corrupt(format!("a remembered answer: {error}")))?;
        Ok(Self { status: reply.status, ..kept })
    }
}

impl IntoResponse for Remembered {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let answer =
            Answer { status, body: self.body, etag: self.etag, location: self.location, secrets: Vec::new() };
        let mut response = answer.into_response();
        let name = HeaderName::from_static("idempotent-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
        response
    }
}
