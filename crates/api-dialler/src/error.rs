//! The one mapping from what went wrong to the contract's envelope of failure (§2.2, §2.3).

use crate::envelope::{self, Failure};
use axum::body::Body;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use muster_app::ports::StoreError;
use muster_app::usecases::dialler::DiallerError;
use muster_web::json::JsonError;
use muster_web::{BodyError, QueryError, Refusal};
use serde_json::Value;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    App(#[from] DiallerError),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("the body is not sent as application/json")]
    ContentType,
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("there is nothing at this address")]
    NoRoute,
    #[error("this address does not take the method")]
    NoMethod,
    #[error("the answer could not be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    #[error("the guard refused: {0:?}")]
    Refused(Refusal),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// Text of a failure that is ours to mend; its cause is in the log.
const INTERNAL: &str = "Internal server error";

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::App(error) => app_status(error),
            // Faults of the transport, for which HTTP has words that programs between client and server understand.
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Timeout { .. }) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Broken) | Self::Json(_) | Self::NotAnObject | Self::Query(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::NoMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(Refusal::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unwritable(_) | Self::Refused(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The caller's text. Causes inside the server are logged, not told.
    fn text(&self) -> String {
        match self {
            Self::App(error) => app_text(error),
            Self::Body(_) | Self::Json(_) | Self::NotAnObject => format!("Invalid body: {self}"),
            Self::Query(error) => format!("Invalid query: {error}"),
            Self::ContentType => "Content-Type must be application/json".to_owned(),
            Self::NoRoute => String::new(),
            Self::NoMethod => "Method not allowed".to_owned(),
            Self::Refused(Refusal::Busy) => "Service busy, please try again".to_owned(),
            Self::Unwritable(_) | Self::Refused(_) => INTERNAL.to_owned(),
        }
    }

    /// The answer that the caller gets.
    pub(crate) fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = ?self, "the request failed");
        } else {
            tracing::debug!(error = %self, "the request was refused");
        }
        if matches!(self, Self::NoRoute) {
            // By the empty body a client tells a wrong address from a missing record (row D48).
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            return response;
        }
        let failure = Failure { status: status.as_u16(), error: self.text() };
        let body = serde_json::to_vec(&failure).expect("texts can always be written as JSON");
        let mut response = envelope::response(status, body.into());
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn app_status(error: &DiallerError) -> StatusCode {
    use DiallerError as E;
    match error {
        E::Unauthorized | E::ClientNotFound | E::OrganizationNotFound => StatusCode::UNAUTHORIZED,
        E::Missing(_) | E::Invalid { .. } => StatusCode::BAD_REQUEST,
        E::AgentNotFound
        | E::PromptNotFound
        | E::PolicyNotFound
        | E::CampaignNotFound
        | E::ContactNotFound
        | E::ResultCodeNotFound => StatusCode::NOT_FOUND,
        E::ClientExists
        | E::CampaignExists
        | E::DestinationExists
        | E::ResultCodeExists
        | E::ResultCodeKept(_)
        | E::InUse(_)
        | E::ContactLocked
        | E::StartForbidden(_)
        | E::Stale(_)
        | E::Contended => StatusCode::CONFLICT,
        E::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn app_text(error: &DiallerError) -> String {
    use DiallerError as E;
    let text = match error {
        E::Unauthorized | E::ClientNotFound | E::OrganizationNotFound => "Unauthorized",
        E::Missing(parameter) => return format!("Missing parameter: {parameter}"),
        E::Invalid { parameter, rule } => return format!("Invalid parameter: {parameter} ({rule})"),
        E::AgentNotFound => "Agent not found",
        E::PromptNotFound => "Prompt not found",
        E::PolicyNotFound => "Policy not found",
        E::CampaignNotFound => "Dialler campaign not found",
        E::ContactNotFound => "Dialler contact not found",
        E::ResultCodeNotFound => "Dialler result code not found",
        E::ClientExists => "Client account already exists",
        E::CampaignExists => "Dialler campaign already exists",
        E::DestinationExists => "Destination campaign already exists",
        E::ResultCodeExists => "Dialler result code already exists",
        E::ResultCodeKept(reason) => return format!("Dialler result code is needed: {reason}"),
        E::InUse(what) => return format!("In use: {what}"),
        E::ContactLocked => "Dialler contact is locked",
        E::StartForbidden(reason) => return format!("Dialler campaign may not be started: {reason}"),
        E::Stale(_) | E::Contended => "Too many simultaneous changes, please try again",
        E::Store(_) => INTERNAL,
    };
    text.to_owned()
}

/// A failure as an example for the documentation.
pub(crate) fn example(error: DiallerError) -> (StatusCode, Value) {
    documented(&Fault::App(error))
}

/// The failures that every operation that takes a body has, as examples.
pub(crate) fn body_examples() -> [(StatusCode, Value); 2] {
    [documented(&Fault::NotAnObject), documented(&Fault::ContentType)]
}

fn documented(fault: &Fault) -> (StatusCode, Value) {
    let status = fault.status();
    let failure = Failure { status: status.as_u16(), error: fault.text() };
    (status, serde_json::to_value(failure).expect("texts can always be written as JSON"))
}

/// Renders what the guard refuses before any handler.
pub(crate) fn refuse(refusal: Refusal) -> Response {
    Fault::Refused(refusal).into_response()
}
