use super::super::account;
use super::input::SimsInput;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::document::DocumentError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::ConnectivityError;
use muster_app::usecases::connectivity::operators::{self, IMPORT_SIMS_MAX, Imported};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of SIM cards that were to be taken in.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = SimsImported)]
pub(super) struct Report {
    /// New cards.
    created: u64,
    /// Known cards that got key sets.
    keys_added: u64,
    /// Known cards of which everything was known.
    unchanged: u64,
    /// Cards that were not taken in.
    refused: u64,
    /// Why not, one for each.
    errors: Vec<Refused>,
}

/// A card that was not taken in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimRefused)]
struct Refused {
    /// Where in the request, such as `sims[3]`.
    place: String,
    /// Its serial number as given.
    iccid: String,
    /// Why.
    reason: String,
}

/// Take in SIM cards, with the keys of their cards or without.
///
/// Cards that can be taken in are, and the others are told. Repeating a request changes nothing: a card that is known
/// under the same numbers gets the key sets that it does not have, and nothing known is overwritten. Keys are sealed
/// before they are stored and are never shown.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/accounts/{account}/sims",
    operation_id = "import_sims", tag = "SIM cards", request_body = SimsInput,
    params(("organization" = i64, Path), ("account" = String, Path)),
    responses((status = 200, body = Report), Problems)
)]
pub(super) async fn import_sims(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let input = call.json::<SimsInput>()?;
    if input.sims.len() > IMPORT_SIMS_MAX {
        return Err(DocumentError::at("sims", format!("at most {IMPORT_SIMS_MAX}")).into());
    }
    let account = account(&call, snapshot.id(), &id).await?;
    let given: Vec<String> = input.sims.iter().map(|sim| sim.iccid.clone()).collect();
    let mut report = Report::default();
    let (mut rows, mut places) = (Vec::with_capacity(given.len()), Vec::with_capacity(given.len()));
    for (place, sim) in input.sims.into_iter().enumerate() {
        match sim.read(input.check_digit) {
            Ok(row) => {
                rows.push(row);
                places.push(place);
            }
            Err(reason) => report.refuse(place, &given, format!("iccid: {reason}")),
        }
    }
    let answers = operators::import_sims(call.services(), &account, &rows).await?;
    for (place, answer) in places.into_iter().zip(answers) {
        match answer {
            Ok(Imported::Created) => report.created += 1,
            Ok(Imported::KeysAdded) => report.keys_added += 1,
            Ok(Imported::Unchanged) => report.unchanged += 1,
            Err(ConnectivityError::Store(error)) => return Err(error.into()),
            Err(error) => report.refuse(place, &given, error.to_string()),
        }
    }
    Ok(Answer::ok(&report).into_response())
}

impl Report {
    fn refuse(&mut self, place: usize, given: &[String], reason: String) {
        self.refused += 1;
        let iccid = given.get(place).cloned().unwrap_or_default();
        self.errors.push(Refused { place: format!("sims[{place}]"), iccid, reason });
    }
}
