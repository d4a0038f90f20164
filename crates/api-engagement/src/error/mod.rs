//! The one mapping from what went wrong to the contract's error envelope (§2.3, §2.6).

pub mod codes;

use crate::auth::Access;
use crate::wire::events::EventsError;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use muster_app::AppError;
use muster_app::ports::StoreError;
use muster_domain::campaign::OptInRefusal;
use muster_web::json::JsonError;
use muster_web::{BodyError, PagingError, QueryError, Refusal};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How codes are spelled (Q4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorCodeCase {
    /// As documented for each method, capitals included.
    #[default]
    Documented,
    /// All in lower case.
    Lower,
}

/// The contract's methods, as far as they spell codes differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// C1.
    CreateCampaign,
    /// C2 and its counterpart N4.
    OptIn,
    /// C3.
    ListCampaigns,
    /// C4.
    CampaignProgress,
    /// C5, C6, C7.
    CampaignsV2,
    /// C8.
    ActiveCampaigns,
    /// C9.
    CampaignInfo,
    /// N8.
    Tracking,
    /// N1 to N5 but N4: customers, events, tags.
    Customers,
    /// No route.
    None,
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    App(#[from] AppError),
    #[error("no application was found for the given key")]
    UnknownApp,
    #[error("{0}")]
    AccessDenied(String),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Paging(#[from] PagingError),
    #[error("{0} is not valid UTF-8")]
    PathEncoding(&'static str),
    #[error("there is nothing at this address")]
    NoRoute,
    #[error("this address does not take the method")]
    NoMethod,
    #[error("the answer could not be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    #[error("{}", refusal_text(*.0))]
    Refused(Refusal),
}

const fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Busy => "more requests are in flight than the server takes; try again a little later",
        Refusal::TimedOut => "the request did not finish in time; whether it changed anything is unknown",
        Refusal::Panicked => "an unexpected error occurred",
    }
}

impl From<EventsError> for Fault {
    fn from(error: EventsError) -> Self {
        match error {
            EventsError::Json(error) => Self::Json(error),
            EventsError::Rule(error) => Self::App(error),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::App(AppError::Store(error))
    }
}

/// The error envelope.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error, example = json!({
    "status": "error", "errors": {"code": "NOT_FOUND", "message": "no campaign was found for the given id"}
}))]
pub(crate) struct ErrorBody {
    #[schema(example = "error")]
    status: &'static str,
    errors: ErrorDetail,
}

/// One error; there is never more than one.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// Decides; compare this one.
    #[schema(value_type = String)]
    code: String,
    /// For people.
    message: String,
}

/// Codes of one method, where methods differ.
struct Spelling {
    customer: &'static str,
    campaign: &'static str,
    app: &'static str,
    missing: &'static str,
    invalid: &'static str,
    parent: &'static str,
}

impl Operation {
    const fn spelling(self) -> Spelling {
        const GENERIC: Spelling = Spelling {
            customer: codes::USER_NOT_FOUND,
            campaign: codes::NOT_FOUND,
            app: codes::INVALID_API_KEY,
            missing: codes::MISSING_DATA,
            invalid: codes::VALIDATION,
            parent: codes::NOT_FOUND,
        };
        match self {
            Self::CreateCampaign | Self::ActiveCampaigns => Spelling {
                missing: codes::CAMPAIGN_MISSING_DATA,
                invalid: codes::CAMPAIGN_VALIDATION,
                parent: codes::CAMPAIGN_NOT_FOUND,
                ..GENERIC
            },
            Self::ListCampaigns | Self::CampaignInfo => Spelling {
                customer: codes::LISTED_USER_NOT_FOUND,
                campaign: codes::NO_ACTIVE_CAMPAIGN_FOUND,
                app: codes::LISTED_INVALID_API_KEY,
                ..GENERIC
            },
            Self::CampaignProgress => Spelling { campaign: codes::NO_CAMPAIGN_FOUND, ..GENERIC },
            Self::OptIn | Self::CampaignsV2 | Self::Tracking | Self::Customers | Self::None => GENERIC,
        }
    }
}

impl Fault {
    /// Code and HTTP status of the fault in one method.
    pub(crate) fn code(&self, operation: Operation) -> (&'static str, StatusCode) {
        let spelling = operation.spelling();
        match self {
            Self::App(error) => app_code(error, operation, &spelling),
            Self::UnknownApp => (spelling.app, StatusCode::UNAUTHORIZED),
            Self::AccessDenied(_) => (codes::ACCESS_DENIED, StatusCode::UNAUTHORIZED),
            Self::Body(BodyError::TooLarge { .. }) => (codes::VALIDATION, StatusCode::PAYLOAD_TOO_LARGE),
            Self::Body(BodyError::Timeout { .. }) => (codes::VALIDATION, StatusCode::REQUEST_TIMEOUT),
            Self::Body(BodyError::Broken) => (codes::ARGUMENT_ERROR, StatusCode::BAD_REQUEST),
            Self::Json(JsonError::Empty) => (spelling.missing, StatusCode::OK),
            Self::Json(JsonError::Syntax { .. }) | Self::PathEncoding(_) => {
                (codes::ARGUMENT_ERROR, StatusCode::OK)
            }
            Self::Json(JsonError::TooDeep) | Self::Query(_) | Self::Paging(_) => {
                (spelling.invalid, StatusCode::OK)
            }
            Self::NoRoute => (codes::NOT_FOUND, StatusCode::NOT_FOUND),
            Self::NoMethod => (codes::ARGUMENT_ERROR, StatusCode::METHOD_NOT_ALLOWED),
            Self::Refused(Refusal::Busy) => (codes::RATE_LIMITED, StatusCode::TOO_MANY_REQUESTS),
            Self::Refused(Refusal::TimedOut | Refusal::Panicked) | Self::Unwritable(_) => {
                (codes::INTERNAL_SERVER_ERROR, StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// The caller's message. Causes inside the server are logged, not told.
    fn message(&self) -> String {
        match self {
            Self::App(AppError::Store(StoreError::Overloaded { .. })) => {
                refusal_text(Refusal::Busy).to_owned()
            }
            Self::App(AppError::Store(_) | AppError::BrokenPage(_)) | Self::Unwritable(_) => {
                "an unexpected error occurred".to_owned()
            }
            other => other.to_string(),
        }
    }

    fn body(&self, operation: Operation, case: ErrorCodeCase) -> (StatusCode, ErrorBody) {
        let (code, status) = self.code(operation);
        let code = match case {
            ErrorCodeCase::Documented => code.to_owned(),
            ErrorCodeCase::Lower => code.to_ascii_lowercase(),
        };
        (status, ErrorBody { status: "error", errors: ErrorDetail { code, message: self.message() } })
    }

    /// Status and body as an example for the documentation.
    pub(crate) fn example(&self, operation: Operation) -> (StatusCode, Value) {
        let (status, body) = self.body(operation, ErrorCodeCase::Documented);
        let ErrorDetail { code, message } = body.errors;
        (status, json!({ "status": body.status, "errors": { "code": code, "message": message } }))
    }

    /// The answer that the caller gets.
    pub(crate) fn into_response(self, operation: Operation, case: ErrorCodeCase) -> Response {
        let (status, body) = self.body(operation, case);
        if status.is_server_error() {
            tracing::error!(error = ?self, "the request failed");
        }
        let body = serde_json::to_vec(&body).expect("two texts can always be written as JSON");
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self, Self::AccessDenied(_)) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"muster\", Bearer"));
        }
        response
    }
}

fn app_code(error: &AppError, operation: Operation, spelling: &Spelling) -> (&'static str, StatusCode) {
    match error {
        AppError::CustomerNotFound => (spelling.customer, StatusCode::NOT_FOUND),
        AppError::CampaignNotFound => (spelling.campaign, StatusCode::NOT_FOUND),
        AppError::NoActiveCampaign => (codes::NO_ACTIVE_CAMPAIGN_FOUND, StatusCode::NOT_FOUND),
        AppError::NotFound { .. } | AppError::ParentNotFound(_) | AppError::ParentElsewhere(_) => {
            (spelling.parent, StatusCode::NOT_FOUND)
        }
        // Browsers open these addresses; to them, status 200 would be a page.
        AppError::NotAvailable if operation == Operation::Tracking => {
            (codes::NOT_AVAILABLE, StatusCode::NOT_FOUND)
        }
        AppError::NotAvailable => (codes::NOT_AVAILABLE, StatusCode::OK),
        AppError::OptIn(refusal) => (opt_in_code(*refusal), StatusCode::OK),
        AppError::Missing(_) => (spelling.missing, StatusCode::OK),
        AppError::Invalid(_) | AppError::Duplicate { .. } | AppError::IdempotencyMismatch => {
            (spelling.invalid, StatusCode::OK)
        }
        AppError::UnknownAttributes(_) => (codes::CAMPAIGN_ARGUMENT_ERROR, StatusCode::OK),
        AppError::Argument(_) => (codes::ARGUMENT_ERROR, StatusCode::OK),
        AppError::InvalidAuthToken => (codes::INVALID_AUTH_TOKEN, StatusCode::UNAUTHORIZED),
        AppError::RegisteredCustomerRequired => (codes::REQUIRES_REGISTERED_USER, StatusCode::OK),
        AppError::Contended | AppError::Stale(_) | AppError::Store(StoreError::Overloaded { .. }) => {
            (codes::RATE_LIMITED, StatusCode::TOO_MANY_REQUESTS)
        }
        // The method has a code of its own for it; the status still says that trying again may help.
        AppError::Store(_) if operation == Operation::OptIn => {
            (codes::OPT_IN_ERROR, StatusCode::INTERNAL_SERVER_ERROR)
        }
        AppError::Store(_) | AppError::BrokenPage(_) => {
            (codes::INTERNAL_SERVER_ERROR, StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

const fn opt_in_code(refusal: OptInRefusal) -> &'static str {
    match refusal {
        OptInRefusal::NotRequired => codes::OPT_IN_ERROR,
        OptInRefusal::Ineligible => codes::USER_INELIGIBLE_FOR_CAMPAIGN,
        OptInRefusal::NotStarted => codes::OPT_IN_NOT_STARTED,
        OptInRefusal::Ended => codes::OPT_IN_ENDED,
        OptInRefusal::LimitReached => codes::OPT_IN_LIMIT_REACHED,
    }
}

/// The errors that callers of a method should be ready for, for its documentation.
pub(crate) fn documented(operation: Operation, access: Access) -> Vec<Fault> {
    let division = || "division north".to_owned();
    let mut faults =
        vec![Fault::UnknownApp, Fault::Refused(Refusal::Busy), Fault::Refused(Refusal::Panicked)];
    match access {
        Access::Server => {
            faults.push(Fault::AccessDenied("the credentials are not those of this application".to_owned()));
        }
        Access::Client | Access::Link => faults.push(Fault::App(AppError::InvalidAuthToken)),
        Access::Address => {}
    }
    let app: Vec<AppError> = match operation {
        Operation::CreateCampaign => {
            faults.push(Fault::Json(JsonError::Empty));
            vec![
                AppError::UnknownAttributes(vec!["test".to_owned()]),
                AppError::Missing("campaign.name".to_owned()),
                AppError::ParentNotFound(division()),
                AppError::ParentElsewhere(division()),
                AppError::Duplicate { what: "name", value: "Campaign Example".to_owned() },
                AppError::Argument("the body is not valid JSON".to_owned()),
            ]
        }
        Operation::OptIn => vec![
            AppError::OptIn(OptInRefusal::Ineligible),
            AppError::OptIn(OptInRefusal::NotStarted),
            AppError::OptIn(OptInRefusal::Ended),
            AppError::OptIn(OptInRefusal::LimitReached),
            AppError::OptIn(OptInRefusal::NotRequired),
            AppError::CustomerNotFound,
            AppError::CampaignNotFound,
            AppError::Argument("campaign_id must be a number".to_owned()),
        ],
        Operation::ListCampaigns => vec![AppError::CustomerNotFound, AppError::NoActiveCampaign],
        Operation::CampaignProgress => vec![AppError::CustomerNotFound, AppError::CampaignNotFound],
        Operation::CampaignsV2 => vec![
            AppError::CustomerNotFound,
            AppError::CampaignNotFound,
            AppError::NotAvailable,
            AppError::Invalid("page must be a whole number of at least 1".to_owned()),
        ],
        Operation::ActiveCampaigns => vec![
            AppError::NotFound { what: "organization", id: "of the application".to_owned() },
            AppError::Invalid("page must be a whole number of at least 1".to_owned()),
        ],
        Operation::CampaignInfo => vec![AppError::NoActiveCampaign],
        Operation::Tracking => vec![
            AppError::CustomerNotFound,
            AppError::NotFound { what: "creative", id: "2983".to_owned() },
            AppError::NotAvailable,
        ],
        Operation::Customers => vec![
            AppError::CustomerNotFound,
            AppError::Missing("user".to_owned()),
            AppError::Invalid("email must be a text".to_owned()),
        ],
        Operation::None => Vec::new(),
    };
    faults.extend(app.into_iter().map(Fault::App));
    faults
}

/// Renders what the guard refuses before any handler, in the documented spelling.
pub(crate) fn refuse(refusal: Refusal) -> Response {
    Fault::Refused(refusal).into_response(Operation::None, ErrorCodeCase::Documented)
}

/// As [`refuse`], in lower case.
pub(crate) fn refuse_lower(refusal: Refusal) -> Response {
    Fault::Refused(refusal).into_response(Operation::None, ErrorCodeCase::Lower)
}

#[cfg(test)]
mod tests;
