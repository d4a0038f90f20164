//! The one mapping from what went wrong to the contract's envelope of failure (§2.3, §2.7).

pub mod codes;

use crate::envelope::{self, Nak};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use codes::Code;
use muster_app::ports::StoreError;
use muster_app::usecases::connectivity::{ConnectivityError, EntryFault};
use muster_web::json::JsonError;
use muster_web::{BodyError, QueryError, Refusal};
use serde_json::Value;
use std::fmt::Write as _;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    App(#[from] ConnectivityError),
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

impl Fault {
    /// Shorthand for a parameter that breaks a rule.
    pub(crate) fn invalid(parameter: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::App(ConnectivityError::invalid(parameter, rule))
    }

    /// The fault of the only entry where the contract knows no bulk.
    pub(crate) fn of_one(error: ConnectivityError) -> Self {
        match error {
            ConnectivityError::Bulk(mut faults) if faults.len() == 1 => Self::App(faults.remove(0).error),
            other => Self::App(other),
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::App(error) => app_code(error),
            Self::Body(_) | Self::Json(_) | Self::NotAnObject | Self::ContentType => codes::GLOBAL_9002,
            Self::Query(_) => codes::GLOBAL_9001,
            Self::NoRoute => codes::GLOBAL_9003,
            Self::NoMethod => codes::GLOBAL_9004,
            Self::Unwritable(_) | Self::Refused(_) => codes::GLOBAL_1001,
        }
    }

    /// The status that goes with the code, but for faults of the transport, for which HTTP has words that programs
    /// between client and server understand.
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Timeout { .. }) => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            other => other.code().status,
        }
    }

    /// The caller's message: the contract's own, with what is wrong where that is the caller's to mend. Causes inside
    /// the server are logged, not told.
    fn message(&self) -> String {
        let message = self.code().message;
        match self {
            Self::App(ConnectivityError::Invalid { parameter, rule }) => {
                format!("{message}: {parameter} ({rule})")
            }
            Self::App(ConnectivityError::Bulk(faults)) => bulk_message(message, faults),
            Self::Query(error) => format!("{message}: query ({error})"),
            Self::Body(_) | Self::Json(_) | Self::NotAnObject | Self::ContentType => {
                format!("{message}: {self}")
            }
            _ => message.to_owned(),
        }
    }

    fn nak(&self) -> Nak {
        Nak::new(self.code().text, self.message())
    }

    /// The answer that the caller gets.
    pub(crate) fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = ?self, "the request failed");
        } else {
            tracing::debug!(error = %self, "the request was refused");
        }
        let body = serde_json::to_vec(&self.nak()).expect("texts can always be written as JSON");
        let mut response = envelope::response(status, body);
        let headers = response.headers_mut();
        if matches!(self, Self::App(ConnectivityError::Unauthenticated)) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Names each failed entry with its code; the entries that passed are not told.
fn bulk_message(message: &str, faults: &[EntryFault]) -> String {
    let mut text = format!("{message}. Nothing was done; failed entries:");
    for (index, fault) in faults.iter().enumerate() {
        let separator = if index == 0 { "" } else { ";" };
        let code = app_code(&fault.error).text;
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator} [{}] {}: {code}", fault.place, fault.name);
        if let ConnectivityError::Invalid { parameter, rule } = &fault.error {
            let _ = write!(text, " {parameter} ({rule})");
        }
    }
    text
}

fn app_code(error: &ConnectivityError) -> Code {
    use ConnectivityError as E;
    match error {
        E::Unauthenticated => codes::AUTH_9001,
        E::NotPermitted(_) => codes::AUTH_9002,
        E::InvalidCredentials => codes::AUTH_9003,
        E::Invalid { .. } | E::UsernameTaken(_) => codes::GLOBAL_9001,
        E::CustomerNotFound => codes::CUSTOMER_1002,
        E::CustomerUnreadable(_) => codes::CUSTOMER_1006,
        E::CampaignNotFound => codes::CUSTOMER_1037,
        E::TemplateNotFound => codes::CUSTOMER_9004,
        E::TransitionNotAllowed(_) => codes::CUSTOMER_9005,
        E::PackageNotFound => codes::CUSTOMER_1051,
        E::PackageNameTaken => codes::CUSTOMER_9001,
        E::NestedOffersFrozen => codes::CUSTOMER_9002,
        E::PackageInUse => codes::CUSTOMER_1053,
        E::OfferNotFound(_) => codes::CUSTOMER_9003,
        E::SubAccountNotFound(_) => codes::CUSTOMER_9006,
        E::SimNotFound => codes::SUBSCRIBER_1002,
        E::SimNotUpdated(_) => codes::SUBSCRIBER_1008,
        E::NotAttached => codes::SUBSCRIBER_9001,
        E::PackageAttached => codes::SUBSCRIBER_9002,
        E::AlreadyParticipates => codes::SUBSCRIBER_9003,
        E::RequestNotFound => codes::GLOBAL_1003,
        // The code of the first one that failed decides.
        E::Bulk(faults) => faults.first().map_or(codes::GLOBAL_1001, |fault| app_code(&fault.error)),
        E::Busy | E::Password(_) | E::Contended | E::Store(_) => codes::GLOBAL_1001,
    }
}

/// A code as an example for the documentation.
pub(crate) fn example(code: Code) -> Value {
    let nak = Nak::new(code.text, code.message.to_owned());
    serde_json::to_value(nak).expect("texts can always be written as JSON")
}

/// Renders what the guard refuses before any handler.
pub(crate) fn refuse(refusal: Refusal) -> Response {
    Fault::Refused(refusal).into_response()
}
