use super::super::{campaign_id, client};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::calls::read_contact;
use crate::document::DocumentError;
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::http::header;
use axum::response::IntoResponse;
use muster_app::usecases::dialler::{self, DiallerError, DiallerResult, IMPORT_MAX, Overwrite};
use muster_web::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Contacts to be imported.
#[derive(Deserialize, ToSchema)]
#[schema(as = CallContactsInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// At most 500 contacts, with the members of a contact in the dialler face (`Name`, `UserData`, `PhoneNumber1` …)
    /// and `zone` and `consent` beside them. Numbers are written as in the client account's region, or with `+`.
    #[schema(value_type = Vec<Object>)]
    contacts: Vec<Value>,
    /// Whether a contact replaces the fields of the one of the campaign that has the same `UserData`; left out, a
    /// second contact is made.
    #[serde(default)]
    overwrite: bool,
}

/// What became of contacts that were to be imported.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallContactsImported)]
pub(super) struct Output {
    /// Contacts that are in the campaign now.
    imported: usize,
    /// Contacts that are not.
    refused: usize,
    /// The id of each, in the order of the request; `null` for those that were refused.
    ids: Vec<Option<i64>>,
    /// Why not, for each of them.
    errors: Vec<Refused>,
}

/// A contact that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallContactRefused)]
struct Refused {
    /// Its place in the request, from 0.
    index: usize,
    /// The member that is wrong; empty where the contact as a whole is.
    place: String,
    /// Why.
    reason: String,
}

impl Refused {
    fn of(index: usize, error: DiallerError) -> Self {
        match error {
            DiallerError::Invalid { parameter, rule } => Self { index, place: parameter, reason: rule },
            DiallerError::Missing(parameter) => {
                Self { index, place: parameter, reason: "is missing".to_owned() }
            }
            other => Self { index, place: String::new(), reason: other.to_string() },
        }
    }
}

/// Import contacts into a call campaign, at most 500 at once.
///
/// As JSON, or a JSON object a line (`application/x-ndjson`, with `overwrite=true` in the query where that is wanted).
/// Those that keep the rules are imported in one transaction; the others are told, each by its place. Numbers on the
/// do-not-call list are marked as invalid. Repeating a request makes the contacts once more unless `overwrite` is set
/// and each has its `UserData`.
#[utoipa::path(
    post,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/contacts",
    operation_id = "import_call_contacts", tag = "call campaigns",
    request_body(content((Input = "application/json"), (String = "application/x-ndjson"))),
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("overwrite" = Option<bool>, Query, description = "With lines of JSON: as the member of the JSON body"),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn import_call_contacts(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let (rows, overwrite) = if is_lines(&call) {
        (lines(call.body())?, overwrite(&call)?)
    } else {
        let input = call.json::<Input>()?;
        (input.contacts.into_iter().map(Ok).collect(), input.overwrite)
    };
    if rows.len() > IMPORT_MAX {
        return Err(DocumentError::at("contacts", format!("at most {IMPORT_MAX} at once")).into());
    }
    let client = client(&call, snapshot.id(), &of).await?;
    let services = call.services();
    let target = dialler::campaign(services, client.id, campaign_id(&id)?).await?.value;
    let now = services.clock.now();
    let (mut inputs, mut places, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut ids = vec![None; rows.len()];
    for (index, row) in rows.into_iter().enumerate() {
        match row.and_then(|row| read_contact(row, &client.region, now)) {
            Ok(input) => {
                inputs.push(input);
                places.push(index);
            }
            Err(error) => errors.push(Refused::of(index, error)),
        }
    }
    let overwrite = if overwrite { Overwrite::SameUserData } else { Overwrite::Never };
    let imported = dialler::import_contacts(services, &target, inputs, overwrite).await?;
    for (index, result) in places.into_iter().zip(imported) {
        match result {
            Ok(contact) => ids[index] = Some(contact.id.0),
            Err(error) => errors.push(Refused::of(index, error)),
        }
    }
    errors.sort_by_key(|refused| refused.index);
    let output = Output { imported: ids.iter().flatten().count(), refused: errors.len(), ids, errors };
    Ok(Answer::ok(&output).into_response())
}

/// Whether the body is a JSON object a line.
fn is_lines(call: &Call) -> bool {
    let kind = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    ["application/x-ndjson", "application/ndjson", "application/jsonl"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

/// The lines that are not empty, each by itself: one that cannot be read spoils no other.
fn lines(body: &[u8]) -> Result<Vec<DiallerResult<Value>>, ApiError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| DocumentError::at("contacts", format!("must be UTF-8: {error}")))?;
    let text = text.trim_start_matches('\u{feff}');
    let read = |line: &str| {
        let value = json::parse(line.as_bytes())
            .map_err(|error| DiallerError::invalid("", format!("is not JSON: {error}")))?;
        match json::find_nul(&value) {
            Some(place) => Err(DiallerError::invalid(place, "must not contain the NUL character")),
            None => Ok(value),
        }
    };
    // Counted before they are read: a body of many short lines is not worth the work.
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(IMPORT_MAX + 1).collect();
    Ok(lines.into_iter().map(read).collect())
}

fn overwrite(call: &Call) -> Result<bool, ApiError> {
    match call.query.get("overwrite") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => {
            let reason = "must be true or false".to_owned();
            Err(ApiError::Parameter { name: "overwrite", reason })
        }
    }
}
