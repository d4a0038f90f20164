//! The envelope of every answer (connectivity contract §2.3): four keys, always all of them, in this order.

use crate::error::Fault;
use crate::paging::Pageable;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use muster_app::ports::{PageOf, Paged};
use muster_domain::account::Request;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a handler gives back.
pub(crate) type Answer = Result<Response, Fault>;

/// An answer of success.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ack<T> {
    /// Empty.
    #[schema(example = "")]
    error_code: &'static str,
    /// Empty.
    #[schema(example = "")]
    error_message: &'static str,
    /// What was asked for: always an array, also of one element or of none.
    content: Vec<T>,
    /// Which page of how many it is.
    pageable: Pageable,
}

/// An answer of failure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nak {
    /// Decides; compare this one.
    #[schema(example = "CUSTOMER_1037", value_type = String)]
    pub(crate) error_code: &'static str,
    /// For people.
    #[schema(example = "Campaign does not exist")]
    pub(crate) error_message: String,
    /// An empty text, not an array.
    #[schema(example = "")]
    pub(crate) content: &'static str,
    /// An empty text, not an object.
    #[schema(example = "")]
    pub(crate) pageable: &'static str,
}

impl Nak {
    pub(crate) fn new(error_code: &'static str, error_message: String) -> Self {
        Self { error_code, error_message, content: "", pageable: "" }
    }
}

/// An accepted change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    /// By which its outcome is asked for.
    pub(crate) request_id: Uuid,
}

/// A page of a list.
pub(crate) fn list<T, R: Serialize>(page: PageOf, paged: Paged<T>, row: impl FnMut(T) -> R) -> Answer {
    let pageable = Pageable::new(page, paged.total);
    respond(StatusCode::OK, paged.rows.into_iter().map(row).collect(), pageable)
}

/// One object.
pub(crate) fn one<R: Serialize>(row: R) -> Answer {
    all(vec![row])
}

/// All of a list that has no pages.
pub(crate) fn all<R: Serialize>(rows: Vec<R>) -> Answer {
    let pageable = Pageable::whole(rows.len());
    respond(StatusCode::OK, rows, pageable)
}

/// Accepted: one entry for each request of the record.
pub(crate) fn accepted(request: &Request) -> Answer {
    let rows: Vec<_> = request.ids().map(|request_id| Accepted { request_id }).collect();
    let pageable = Pageable::whole(rows.len());
    respond(StatusCode::ACCEPTED, rows, pageable)
}

/// Accepted, with what was made.
pub(crate) fn made<R: Serialize>(row: R) -> Answer {
    respond(StatusCode::ACCEPTED, vec![row], Pageable::whole(1))
}

fn respond<R: Serialize>(status: StatusCode, content: Vec<R>, pageable: Pageable) -> Answer {
    let body = serde_json::to_vec(&Ack { error_code: "", error_message: "", content, pageable })?;
    Ok(response(status, body))
}

/// A response of JSON. Nobody keeps it: what a token opens is not for others.
pub(crate) fn response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
