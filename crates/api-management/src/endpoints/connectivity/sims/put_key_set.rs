use super::input::{KeysInput, kvn};
use super::{KeySetOutput, iccid};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

/// Add a key set to a SIM card, or replace the one of that version.
///
/// What the card's answers said about the old one is forgotten. The counter never falls: the greater of the stored
/// and the given one counts on.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/sims/{iccid}/key-sets/{kvn}",
    operation_id = "put_key_set", tag = "SIM cards", request_body = KeysInput,
    params(("organization" = i64, Path), ("iccid" = String, Path), ("kvn" = u8, Path)),
    responses((status = 200, body = KeySetOutput), Problems)
)]
pub(super) async fn put_key_set(
    Path((organization, id, version)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let keys = call.json::<KeysInput>()?.of_version(kvn(&version)?);
    let stored = operators::put_key_set(call.services(), snapshot.id(), &iccid(&id)?, &keys).await?;
    Ok(Answer::ok(&KeySetOutput::of(&stored)).into_response())
}
