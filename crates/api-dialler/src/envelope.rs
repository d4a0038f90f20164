//! The envelopes of every answer (dialler contract §2.2). `status` repeats the HTTP status in each.

use crate::error::Fault;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use std::io;
use utoipa::ToSchema;

/// What a handler gives back.
pub(crate) type Answer = Result<Response, Fault>;

/// A list: all campaigns, all contacts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    /// Empty.
    #[schema(example = "")]
    filter: &'static str,
    /// 0.
    #[schema(example = 0)]
    limit_start: u32,
    /// -1: all.
    #[schema(example = -1)]
    limit_page_size: i32,
    /// All that there are, in order of their names.
    records: Vec<T>,
    /// How many.
    count: usize,
    /// `Name`.
    #[schema(example = "Name")]
    order_by: &'static str,
    /// true.
    #[schema(example = true)]
    ascending: bool,
    /// The HTTP status.
    #[schema(example = 200)]
    status: u16,
}

/// Records that were asked for: always an array, also of one.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract's key")]
pub(crate) struct Records<T> {
    /// What was asked for.
    records: Vec<T>,
    /// How many.
    #[schema(example = 1)]
    count: usize,
    /// The HTTP status.
    #[schema(example = 200)]
    status: u16,
}

/// An answer that says nothing but that it is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// The HTTP status.
    #[schema(example = 200)]
    status: u16,
}

/// An answer of failure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// The HTTP status.
    #[schema(example = 404)]
    pub(crate) status: u16,
    /// What is wrong, for people.
    #[schema(example = "Dialler campaign not found")]
    pub(crate) error: String,
}

/// A whole list.
pub(crate) fn list<T: Serialize>(records: Vec<T>) -> Answer {
    let count = records.len();
    json(&List {
        filter: "",
        limit_start: 0,
        limit_page_size: -1,
        records,
        count,
        order_by: "Name",
        ascending: true,
        status: 200,
    })
}

/// A list that is written while it is read: pages of records, each already JSON. Once the first page is there the answer
/// is 200; if a later one fails, the connection is cut, so that nobody takes a part for the whole.
#[expect(clippy::unnecessary_wraps, reason = "an answer as every other one")]
pub(crate) fn list_of_pages<S>(pages: S) -> Answer
where
    S: Stream<Item = Result<Page, Fault>> + Send + 'static,
{
    const HEAD: &str = r#"{"filter":"","limitStart":0,"limitPageSize":-1,"records":["#;
    let head = stream::once(async { Ok(Bytes::from_static(HEAD.as_bytes())) });
    let records = pages.map(Some).chain(stream::once(async { None })).scan(0_u64, |count, page| {
        let chunk = match page {
            Some(Ok(page)) => {
                let separator = if *count > 0 && page.count > 0 { "," } else { "" };
                *count += page.count;
                Ok(Bytes::from([separator.as_bytes(), &page.records].concat()))
            }
            Some(Err(fault)) => {
                tracing::error!(error = ?fault, "a list ends before its end");
                Err(io::Error::other("the list could not be read to its end"))
            }
            None => Ok(Bytes::from(format!(
                r#"],"count":{count},"orderBy":"Name","ascending":true,"status":200}}"#
            ))),
        };
        std::future::ready(Some(chunk))
    });
    Ok(response(StatusCode::OK, Body::from_stream(head.chain(records))))
}

/// A part of a list: records as JSON, with commas between them.
pub(crate) struct Page {
    records: Vec<u8>,
    count: u64,
}

impl Page {
    /// Writes records.
    pub(crate) fn of<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Self, Fault> {
        let mut page = Self { records: Vec::new(), count: 0 };
        for row in rows {
            if page.count > 0 {
                page.records.push(b',');
            }
            serde_json::to_writer(&mut page.records, &row)?;
            page.count += 1;
        }
        Ok(page)
    }
}

/// One record.
pub(crate) fn one<T: Serialize>(record: T) -> Answer {
    records(vec![record])
}

/// Records that were asked for.
pub(crate) fn records<T: Serialize>(records: Vec<T>) -> Answer {
    let count = records.len();
    json(&Records { records, count, status: 200 })
}

/// Done, and nothing to show.
pub(crate) fn done() -> Answer {
    json(&Status { status: 200 })
}

fn json<T: Serialize>(envelope: &T) -> Answer {
    Ok(response(StatusCode::OK, serde_json::to_vec(envelope)?.into()))
}

/// A response of JSON. Nobody keeps it: what a token opens is not for others.
pub(crate) fn response(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
