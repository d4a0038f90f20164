//! A request on its way to an endpoint: authenticated first, then read.

use crate::answer::{Answer, Remembered};
use crate::document::DocumentError;
use crate::error::ApiError;
use crate::etag::{self, Condition};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use muster_app::Services;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::{ManagementToken, StoredReply};
use muster_app::secrets;
use muster_app::usecases::authoring::{self, tokens};
use muster_domain::ids::OrganizationId;
use muster_web::guard::RequestContext;
use muster_web::{Credentials, Limits, Query, json, read_body};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The state that handlers share.
pub(crate) type App = Arc<Services>;

/// What a handler gives back.
pub(crate) type Outcome = Result<Response, ApiError>;

/// Longest `Idempotency-Key`, in characters.
const IDEMPOTENCY_KEY_MAX_CHARS: usize = 255;

/// A request that was let in.
pub(crate) struct Call {
    services: App,
    /// Whose token it is.
    token: ManagementToken,
    /// The query.
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    method: Method,
    path: String,
    body: Bytes,
    idempotency_key: Option<String>,
}

impl FromRequest<App> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, services: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let token = authenticate(services, &parts.headers).await?;
        let query = Query::parse(parts.uri.query().unwrap_or_default()).map_err(ApiError::Query)?;
        if let Some(name) = query.find_nul() {
            let name = name.replace('\0', "\u{2400}");
            return Err(ApiError::Parameter { name: "query", reason: format!("{name} holds a NUL") });
        }
        let idempotency_key = idempotency_key(&parts.headers)?;
        let context = parts.extensions.get::<RequestContext>();
        let limits = context.map_or_else(Limits::default, |context| context.limits);
        let body = read_body(&parts.headers, body, &limits).await.map_err(ApiError::Body)?;
        Ok(Self {
            services: Arc::clone(services),
            token,
            query,
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            method: parts.method,
            body,
            idempotency_key,
        })
    }
}

async fn authenticate(services: &Services, headers: &HeaderMap) -> Result<ManagementToken, ApiError> {
    let Ok(Credentials::Bearer(token)) = Credentials::from_headers(headers) else {
        return Err(ApiError::Unauthenticated);
    };
    tokens::find(services, token.expose()).await?.ok_or(ApiError::Unauthenticated)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let unreadable = |reason| ApiError::Header { name: "Idempotency-Key", reason };
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| unreadable("must be printable ASCII"))?.trim();
    if values.next().is_some() {
        return Err(unreadable("must be sent once"));
    }
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_MAX_CHARS {
        return Err(unreadable("must have 1 to 255 characters"));
    }
    Ok(Some(text.to_owned()))
}

impl Call {
    /// The use cases' services.
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// The same, for an answer that outlives the request.
    pub(crate) fn shared(&self) -> App {
        Arc::clone(&self.services)
    }

    /// The token that came with the request.
    pub(crate) fn token(&self) -> &ManagementToken {
        &self.token
    }

    /// Refuses tokens of one organization.
    pub(crate) fn require_global(&self) -> Result<(), ApiError> {
        if self.token.organization.is_none() { Ok(()) } else { Err(ApiError::Forbidden) }
    }

    /// The organization that the path names, as it is now, if the token opens it. One that the token does not open
    /// is answered like one that does not exist, so that nobody learns which ids are in use.
    pub(crate) async fn organization(&self, id: &str) -> Result<Arc<OrganizationSnapshot>, ApiError> {
        let missing = || ApiError::not_found("organization", id);
        let organization = path_id(id).map(OrganizationId).ok_or_else(missing)?;
        if self.token.organization.is_some_and(|own| own != organization) {
            return Err(missing());
        }
        Ok(authoring::current(&self.services, organization).await?)
    }

    /// The body as it came.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as a document.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let value = json::parse(&self.body).map_err(ApiError::Json)?;
        if let Some(place) = json::find_nul(&value) {
            return Err(DocumentError::at(place, "must not contain the NUL character").into());
        }
        if !value.is_object() {
            return Err(DocumentError::at(".", "the body must be a JSON object").into());
        }
        // Read from the text once more, so that a key given twice is noticed.
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let error = DocumentError::from(error);
            let reason = error.reason.rsplit_once(" at line ").map_or(&*error.reason, |(reason, _)| reason);
            DocumentError::at(error.place, reason).into()
        })
    }

    /// `If-Match`, which a change of a known object needs.
    pub(crate) fn if_match(&self) -> Result<Condition, ApiError> {
        etag::if_match(&self.headers)?.ok_or(ApiError::MatchRequired)
    }

    /// `If-Match` where it is optional: a condition that does not hold is refused, none is none.
    pub(crate) fn check_match(&self, tag: &str) -> Result<bool, ApiError> {
        match etag::if_match(&self.headers)? {
            None => Ok(false),
            Some(condition) if condition.holds(tag) => Ok(true),
            Some(_) => Err(ApiError::MatchFailed),
        }
    }

    /// The answer to the same request under the same idempotency key, if there is one.
    pub(crate) async fn remembered(&self) -> Result<Option<Response>, ApiError> {
        let Some(key) = self.stored_key() else { return Ok(None) };
        let Some(reply) = self.services.store.stored_reply(&key).await? else { return Ok(None) };
        if reply.fingerprint != self.fingerprint() {
            return Err(ApiError::KeyReused);
        }
        Ok(Some(Remembered::of(&reply)?.into_response()))
    }

    /// The id of the object that the same request made under the same idempotency key, if it did.
    pub(crate) async fn remembered_id(&self) -> Result<Option<i64>, ApiError> {
        let Some(key) = self.stored_key() else { return Ok(None) };
        let Some(reply) = self.services.store.stored_reply(&key).await? else { return Ok(None) };
        if reply.fingerprint != self.fingerprint() {
            return Err(ApiError::KeyReused);
        }
        Ok(Remembered::of(&reply)?.id())
    }

    /// What to remember about an answer; `None` without an idempotency key.
    pub(crate) fn remember(&self, answer: &Answer) -> Option<StoredReply> {
        Some(StoredReply {
            key: self.stored_key()?,
            fingerprint: self.fingerprint(),
            status: answer.status.as_u16(),
            body: Remembered::text(answer),
            created_at: self.services.clock.now(),
        })
    }

    /// The response to what a use case came to. A repetition that overtook itself, and is refused for what its
    /// twin has done, gets its twin's answer.
    pub(crate) async fn finish<T, E: Into<ApiError>>(
        &self,
        result: Result<T, E>,
        answer: impl FnOnce(&T) -> Answer,
    ) -> Outcome {
        match result {
            Ok(value) => Ok(answer(&value).into_response()),
            Err(error) => {
                let error = error.into();
                // A store that just failed is not asked again.
                let twin = if error.is_of_store() { None } else { self.remembered().await? };
                twin.ok_or(error)
            }
        }
    }

    /// Keys of different tokens do not meet.
    fn stored_key(&self) -> Option<String> {
        let key = self.idempotency_key.as_ref()?;
        Some(format!("manage {} {key}", self.token.sha256))
    }

    fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [self.method.as_str().as_bytes(), self.path.as_bytes(), &self.body] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        secrets::hex(&hasher.finalize())
    }
}

/// An id in decimal digits, without sign or space.
pub(crate) fn path_id(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Parameters of the path. What cannot be decoded names nothing.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|axum::extract::Path(value)| Self(value)).map_err(|_| ApiError::NoRoute)
    }
}
