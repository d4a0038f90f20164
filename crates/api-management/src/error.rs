//! The one mapping of failures to the management API's errors: RFC 9457 problem details.

use crate::document::DocumentError;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_app::AppError;
use muster_app::ports::{DeskRefusal, StoreError};
use muster_app::usecases::authoring::AuthoringError;
use muster_app::usecases::connectivity::ConnectivityError;
use muster_app::usecases::dialler::DiallerError;
use muster_web::json::JsonError;
use muster_web::{BodyError, QueryError, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

/// Content type of an error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What the scheme of credentials is called when they are missing.
const WWW_AUTHENTICATE: &str = "Bearer realm=\"muster management\"";

/// Code of what only a server that places calls can do.
const NOT_DIALLING: &str = "not_dialling";

/// Seconds after which trying again makes sense when the store is busy.
const RETRY_AFTER_S: &str = "1";

/// An error as RFC 9457 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Which kind of problem: `urn:muster:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:muster:problem:stale")]
    pub(crate) kind: String,
    /// The kind in a few words; the same for every problem of the kind.
    pub(crate) title: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
    /// What went wrong this time.
    pub(crate) detail: String,
    /// The kind as a word to branch on.
    #[schema(example = "stale")]
    pub(crate) code: &'static str,
    /// Where the request is wrong, as far as it can be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Place>,
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Place {
    /// Where, such as `line_items[0].groups[2].creative.delivery`.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) reason: String,
}

/// Why a request was not answered as asked.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No token, or not one of ours.
    Unauthenticated,
    /// The token does not open this.
    Forbidden,
    /// No such route.
    NoRoute,
    /// The route has no such method.
    NoMethod,
    /// The object does not exist, or not for this token.
    NotFound { what: &'static str, id: String },
    /// A change of a known object without `If-Match`.
    MatchRequired,
    /// `If-Match` names another version.
    MatchFailed,
    /// A header cannot be read.
    Header { name: &'static str, reason: &'static str },
    /// A query parameter cannot be read.
    Parameter { name: &'static str, reason: String },
    /// The query string is too long.
    Query(QueryError),
    /// The body did not arrive.
    Body(BodyError),
    /// The body is not JSON.
    Json(JsonError),
    /// The body is JSON and not what was asked for.
    Document(DocumentError),
    /// The idempotency key was used for a different request.
    KeyReused,
    /// The use case refused.
    Authoring(Box<AuthoringError>),
    /// A use case of SIM cards and SIM campaigns refused.
    Connectivity(Box<ConnectivityError>),
    /// A use case of call campaigns refused.
    Dialler(Box<DiallerError>),
    /// The desk refused.
    Desk(DeskRefusal),
    /// The guard refused.
    Guard(Refusal),
}

impl From<ConnectivityError> for ApiError {
    fn from(error: ConnectivityError) -> Self {
        Self::Connectivity(Box::new(error))
    }
}

impl From<DiallerError> for ApiError {
    fn from(error: DiallerError) -> Self {
        Self::Dialler(Box::new(error))
    }
}

impl From<DeskRefusal> for ApiError {
    fn from(refusal: DeskRefusal) -> Self {
        Self::Desk(refusal)
    }
}

impl From<AuthoringError> for ApiError {
    fn from(error: AuthoringError) -> Self {
        Self::Authoring(Box::new(error))
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        Self::from(AuthoringError::App(error))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::from(AppError::Store(error))
    }
}

impl From<DocumentError> for ApiError {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

impl ApiError {
    /// The object does not exist, or not for this token.
    pub(crate) fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    /// Whether the store itself failed, so that asking it again makes no sense.
    pub(crate) fn is_of_store(&self) -> bool {
        self.store_error().is_some()
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Authoring(error) => match &**error {
                AuthoringError::App(AppError::Store(cause)) => Some(cause),
                _ => None,
            },
            Self::Connectivity(error) => match &**error {
                ConnectivityError::Store(cause)
                | ConnectivityError::CustomerUnreadable(cause)
                | ConnectivityError::SimNotUpdated(cause) => Some(cause),
                _ => None,
            },
            Self::Dialler(error) => match &**error {
                DiallerError::Store(cause) => Some(cause),
                _ => None,
            },
            _ => None,
        }
    }

    /// The problem that a caller reads.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Unauthenticated => make(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "A valid management token is needed",
                "send the header `Authorization: Bearer <token>` with a management token",
            ),
            Self::Forbidden => make(
                StatusCode::FORBIDDEN,
                "forbidden",
                "The token does not open this",
                "a token of one organization cannot do this; one for all organizations can",
            ),
            Self::NoRoute => make(
                StatusCode::NOT_FOUND,
                "no_route",
                "There is no such address",
                "see /docs for all of them",
            ),
            Self::NoMethod => make(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The address does not know this method",
                "the header `Allow` lists those it knows",
            ),
            Self::NotFound { what, id } => not_found(what, id),
            Self::MatchRequired => make(
                StatusCode::PRECONDITION_REQUIRED,
                "match_required",
                "The version that is changed must be named",
                "read the object and send its `ETag` in `If-Match`, so that nobody's change is lost",
            ),
            Self::MatchFailed => stale("the object"),
            Self::Header { name, reason } => make(
                StatusCode::BAD_REQUEST,
                "bad_header",
                "A header cannot be read",
                format!("{name}: {reason}"),
            ),
            Self::Parameter { name, reason } => with_place(
                make(
                    StatusCode::BAD_REQUEST,
                    "bad_parameter",
                    "A query parameter cannot be read",
                    format!("{name}: {reason}"),
                ),
                name,
                reason,
            ),
            Self::Query(error) => make(
                StatusCode::URI_TOO_LONG,
                "query_too_long",
                "The query string is too long",
                error.to_string(),
            ),
            Self::Body(error) => body(*error),
            Self::Json(error) => {
                make(StatusCode::BAD_REQUEST, "malformed_json", "The body is not JSON", error.to_string())
            }
            Self::Document(error) => invalid(&error.place, &error.reason),
            Self::KeyReused => make(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "The idempotency key belongs to another request",
                "the key was used with another method, address or body; make a new one for a new request",
            ),
            Self::Authoring(error) => authoring(error),
            Self::Connectivity(error) => connectivity(error),
            Self::Dialler(error) => dialler(error),
            Self::Desk(refusal) => desk(refusal),
            Self::Guard(refusal) => guard(*refusal),
        }
    }
}

fn make(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
    Problem {
        kind: format!("urn:muster:problem:{code}"),
        title,
        status: status.as_u16(),
        detail: detail.into(),
        code,
        errors: Vec::new(),
    }
}

fn with_place(mut problem: Problem, place: &str, reason: &str) -> Problem {
    problem.errors.push(Place { place: place.to_owned(), reason: reason.to_owned() });
    problem
}

fn not_found(what: &str, id: &str) -> Problem {
    missing(format!("there is no {what} {id:?} for this token"))
}

/// What was found a moment ago, or is not named by the path.
fn gone(what: &str) -> Problem {
    missing(format!("there is no such {what} for this token"))
}

fn missing(detail: String) -> Problem {
    make(StatusCode::NOT_FOUND, "not_found", "The object does not exist", detail)
}

fn stale(what: &str) -> Problem {
    make(
        StatusCode::PRECONDITION_FAILED,
        "stale",
        "Somebody else changed the object",
        format!(
            "{what} is no longer in the version that `If-Match` names: read it again and repeat the change"
        ),
    )
}

fn invalid(place: &str, reason: &str) -> Problem {
    let problem = make(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "The request breaks a rule",
        format!("{place}: {reason}"),
    );
    with_place(problem, place, reason)
}

fn duplicate(what: &str, value: &str) -> Problem {
    let reason = format!("{value:?} is already in use");
    let problem =
        make(StatusCode::CONFLICT, "duplicate", "A unique value is taken", format!("{what} {reason}"));
    with_place(problem, what, &reason)
}

fn conflict(detail: String) -> Problem {
    make(StatusCode::CONFLICT, "conflict", "The object's state does not allow this", detail)
}

fn authoring(error: &AuthoringError) -> Problem {
    match error {
        AuthoringError::Campaign(error) => invalid(&error.place, &error.fault.to_string()),
        AuthoringError::Field { place, reason } => invalid(place, reason),
        AuthoringError::Transition { .. } | AuthoringError::Conflict(_) => conflict(error.to_string()),
        AuthoringError::Repeated => in_flight(),
        AuthoringError::App(error) => app(error),
    }
}

/// The answer of a repeated request is about to be readable; only a store that forgets could bring this about twice.
fn in_flight() -> Problem {
    conflict("the same request is being answered at this moment: repeat it".to_owned())
}

fn app(error: &AppError) -> Problem {
    match error {
        AppError::CustomerNotFound => gone("customer"),
        AppError::CampaignNotFound | AppError::NoActiveCampaign => gone("campaign"),
        AppError::NotFound { what, id } => not_found(what, id),
        AppError::ParentNotFound(text) | AppError::ParentElsewhere(text) => {
            invalid("parent", &format!("{text} does not exist here"))
        }
        AppError::Duplicate { what, value } => duplicate(what, value),
        AppError::Stale("idempotent request") => in_flight(),
        AppError::Stale(what) => stale(what),
        AppError::IdempotencyMismatch => ApiError::KeyReused.problem(),
        AppError::Contended => unavailable("too many changes at the same time; nothing was changed"),
        AppError::Store(error) => store(error),
        AppError::Missing(_)
        | AppError::Invalid(_)
        | AppError::UnknownAttributes(_)
        | AppError::Argument(_)
        | AppError::NotAvailable
        | AppError::OptIn(_)
        | AppError::InvalidAuthToken
        | AppError::BrokenPage(_)
        | AppError::RegisteredCustomerRequired => {
            make(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request breaks a rule", error.to_string())
        }
    }
}

fn connectivity(error: &ConnectivityError) -> Problem {
    use ConnectivityError as E;
    match error {
        E::Invalid { parameter, rule } => invalid(parameter, rule),
        E::CustomerNotFound | E::SubAccountNotFound(_) => gone("account"),
        E::CampaignNotFound => gone("SIM campaign"),
        E::TemplateNotFound => gone("template"),
        E::PackageNotFound => gone("package"),
        E::SimNotFound => gone("SIM"),
        E::OfferNotFound(_) => gone("offer"),
        E::RequestNotFound => gone("request"),
        E::UsernameTaken(name) => duplicate("username", name),
        E::NotPermitted(_)
        | E::TransitionNotAllowed(_)
        | E::PackageNameTaken
        | E::NestedOffersFrozen
        | E::PackageInUse
        | E::NotAttached
        | E::PackageAttached
        | E::AlreadyParticipates => conflict(error.to_string()),
        E::Bulk(faults) => {
            let mut problem = make(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "The request breaks a rule",
                error.to_string(),
            );
            problem.errors.extend(
                faults
                    .iter()
                    .map(|fault| Place { place: fault.name.clone(), reason: fault.error.to_string() }),
            );
            problem
        }
        E::Busy => unavailable("too many passwords are being checked; nothing was changed"),
        E::Contended => unavailable("too many changes at the same time; nothing was changed"),
        E::Password(_) | E::Unauthenticated | E::InvalidCredentials => internal(),
        E::Store(cause) | E::CustomerUnreadable(cause) | E::SimNotUpdated(cause) => store(cause),
    }
}

fn dialler(error: &DiallerError) -> Problem {
    use DiallerError as E;
    match error {
        E::Missing(parameter) => invalid(parameter, "is missing"),
        E::Invalid { parameter, rule } => invalid(parameter, rule),
        E::ClientNotFound => gone("client account"),
        E::OrganizationNotFound => gone("organization"),
        E::AgentNotFound => gone("agent"),
        E::PromptNotFound => gone("prompt"),
        E::PolicyNotFound => gone("calling policy"),
        E::CampaignNotFound => gone("call campaign"),
        E::ContactNotFound => gone("contact"),
        E::ResultCodeNotFound => gone("result code"),
        E::ClientExists | E::CampaignExists | E::DestinationExists | E::ResultCodeExists => {
            make(StatusCode::CONFLICT, "duplicate", "A unique value is taken", error.to_string())
        }
        E::ResultCodeKept(_) | E::InUse(_) | E::ContactLocked | E::StartForbidden(_) => {
            conflict(error.to_string())
        }
        E::Stale(what) => stale(&format!("the {what}")),
        E::Contended => unavailable("too many changes at the same time; nothing was changed"),
        // Tokens of client accounts are none of this face's.
        E::Unauthorized => internal(),
        E::Store(cause) => store(cause),
    }
}

fn desk(refusal: &DeskRefusal) -> Problem {
    match refusal {
        DeskRefusal::NotDialling => make(
            StatusCode::SERVICE_UNAVAILABLE,
            NOT_DIALLING,
            "This server places no calls",
            refusal.to_string(),
        ),
        DeskRefusal::NoAgent(_) => missing(refusal.to_string()),
        DeskRefusal::NotLoggedIn(_)
        | DeskRefusal::Engaged(..)
        | DeskRefusal::NoCampaign(_)
        | DeskRefusal::NotNow(_) => conflict(refusal.to_string()),
        DeskRefusal::Silent => {
            unavailable("the dialling engine does not answer; what became of it is not known")
        }
    }
}

fn unavailable(detail: &str) -> Problem {
    make(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now; trying again can help", detail)
}

fn store(error: &StoreError) -> Problem {
    match error {
        StoreError::Locked(_) | StoreError::Unreachable(_) | StoreError::Overloaded { .. } => {
            unavailable("the store does not answer in time; nothing was changed")
        }
        StoreError::Full(_) => unavailable("the store is full; nothing was changed"),
        StoreError::ReadOnly(_) => unavailable("the store can only be read; nothing was changed"),
        StoreError::Unknown(_) => make(
            StatusCode::SERVICE_UNAVAILABLE,
            "outcome_unknown",
            "Whether the change happened is not known",
            "read the object before repeating the request, or repeat it with the same idempotency key",
        ),
        StoreError::NewerSchema { .. } | StoreError::Corrupt(_) | StoreError::Internal(_) => internal(),
    }
}

fn internal() -> Problem {
    make(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "The server failed",
        "the cause is in the server's log under this request's id",
    )
}

fn body(error: BodyError) -> Problem {
    let (status, code, title) = match error {
        BodyError::TooLarge { .. } => {
            (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
        }
        BodyError::Timeout { .. } => {
            (StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body came too slowly")
        }
        BodyError::Broken => (StatusCode::BAD_REQUEST, "body_broken", "The body broke off"),
    };
    make(status, code, title, error.to_string())
}

fn guard(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Busy => unavailable("as many requests as allowed are being answered"),
        Refusal::TimedOut => make(
            StatusCode::GATEWAY_TIMEOUT,
            "timed_out",
            "The request took too long",
            "whether it changed anything is not known: read before repeating, or repeat with the same \
             idempotency key",
        ),
        Refusal::Panicked => internal(),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = self.store_error() {
            tracing::error!(error = %cause, "the store failed a management request");
        }
        if let Self::Connectivity(error) = &self
            && let ConnectivityError::Password(cause) = &**error
        {
            tracing::error!(error = %cause, "a password could not be hashed");
        }
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_string(&problem).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))];
        let mut response = (status, content_type, text).into_response();
        let extra: Option<(HeaderName, &'static str)> = match status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, WWW_AUTHENTICATE)),
            // Trying again changes nothing about a server that is set up without calls.
            StatusCode::SERVICE_UNAVAILABLE if problem.code == NOT_DIALLING => None,
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, RETRY_AFTER_S)),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Renders what the guard refuses.
pub(crate) fn refuse(refusal: Refusal) -> Response {
    ApiError::Guard(refusal).into_response()
}
