//! Whole tables of results, piece by piece: the answer is as long as the campaign, memory is not.

use super::super::{campaign_id, client};
use crate::call::{Call, Outcome};
use crate::calls::{CALL_COLUMNS, CONTACT_COLUMNS, CallResultOutput, ContactResultOutput};
use crate::error::ApiError;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream;
use muster_app::Services;
use muster_app::ports::{AfterContact, StoreError, sort_name};
use muster_app::usecases::dialler::{self, DiallerError, DiallerResult};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId};
use serde::Serialize;
use std::str::FromStr;

/// Rows of a piece.
const PIECE: u32 = 500;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A table with a line of column names.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// Which rows, and from where on.
#[derive(Debug, Clone)]
enum Next {
    Contacts(Option<AfterContact>),
    Calls(Option<CallId>),
}

/// A contact as a cursor: its id and the name that it is sorted by.
pub(super) struct AfterRow(pub(super) AfterContact);

impl FromStr for AfterRow {
    type Err = ();

    fn from_str(key: &str) -> Result<Self, ()> {
        let (id, name) = key.split_once(' ').ok_or(())?;
        Ok(Self(AfterContact { name: name.to_owned(), id: ContactId(id.parse().map_err(|_| ())?) }))
    }
}

/// The cursor of a contact.
pub(super) fn key_of(contact: &Contact) -> String {
    format!("{} {}", contact.id, sort_name(&contact.details.name))
}

/// The whole table that the query asks for.
pub(super) async fn export(call: Call, organization: &str, of: &str, id: &str, form: Form) -> Outcome {
    let snapshot = call.organization(organization).await?;
    let (begin, what) = match call.query.get("rows") {
        None | Some("contacts") => (Next::Contacts(None), "contacts"),
        Some("calls") => (Next::Calls(None), "calls"),
        Some(_) => {
            let reason = "must be contacts or calls".to_owned();
            return Err(ApiError::Parameter { name: "rows", reason });
        }
    };
    let client = client(&call, snapshot.id(), of).await?.id;
    let id = campaign_id(id)?;
    // The first piece before the answer begins: what fails at once is told as a problem. What fails later breaks the
    // answer off, so that nobody takes a part for the whole.
    let (first, next) = piece(call.services(), client, id, begin, form, true).await?;
    let services = call.shared();
    let rest = stream::try_unfold(next, move |next| {
        let services = services.clone();
        async move {
            let Some(next) = next else { return Ok(None) };
            piece(&services, client, id, next, form, false).await.map(Some)
        }
    });
    let first = stream::iter([Ok::<_, DiallerError>(first)]);
    let (kind, extension) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "csv"),
        Form::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let name = format!("attachment; filename=\"call-campaign-{id}-{what}.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(stream::StreamExt::chain(first, rest))).into_response())
}

/// A piece of the table, and where the next one begins.
async fn piece(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    from: Next,
    form: Form,
    is_first: bool,
) -> DiallerResult<(Bytes, Option<Next>)> {
    match from {
        Next::Contacts(after) => {
            let (rows, next) = dialler::page_results(services, of, id, after, PIECE).await?;
            let rows: Vec<_> = rows.into_iter().map(ContactResultOutput::of).collect();
            let columns = is_first.then_some(&CONTACT_COLUMNS[..]);
            Ok((written(&rows, columns, form)?, next.map(|next| Next::Contacts(Some(next)))))
        }
        Next::Calls(after) => {
            let rows = dialler::page_calls(services, of, id, after, PIECE).await?;
            let next = rows.last().filter(|_| rows.len() == PIECE as usize).map(|last| last.call.id);
            let rows: Vec<_> = rows.into_iter().map(CallResultOutput::of).collect();
            let columns = is_first.then_some(&CALL_COLUMNS[..]);
            Ok((written(&rows, columns, form)?, next.map(|next| Next::Calls(Some(next)))))
        }
    }
}

/// Rows as text; a table with its columns where they are given.
fn written(rows: &[impl Serialize], columns: Option<&[&str]>, form: Form) -> DiallerResult<Bytes> {
    let unwritable = |error: String| StoreError::Internal(format!("a row cannot be written: {error}"));
    match form {
        Form::Csv => {
            let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
            if let Some(columns) = columns {
                table.write_record(columns).map_err(|error| unwritable(error.to_string()))?;
            }
            for row in rows {
                table.serialize(row).map_err(|error| unwritable(error.to_string()))?;
            }
            Ok(table.into_inner().map_err(|error| unwritable(error.to_string()))?.into())
        }
        Form::Ndjson => {
            let mut lines = Vec::new();
            for row in rows {
                serde_json::to_writer(&mut lines, row).map_err(|error| unwritable(error.to_string()))?;
                lines.push(b'\n');
            }
            Ok(lines.into())
        }
    }
}
