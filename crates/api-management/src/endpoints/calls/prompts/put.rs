use super::super::client;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::http::header;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;

/// Names under which WAV files are sent; one that says nothing is looked into.
const KINDS: [&str; 5] =
    ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "application/octet-stream"];

/// Make a prompt from a WAV file, or replace the one of that name.
///
/// One channel, 8,000 samples a second, PCM of 16 bits or G.711 (A-law, µ-law), at most 600 seconds. The face's limit
/// of a request's body applies.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/call-clients/{client}/prompts/{prompt}",
    operation_id = "put_call_prompt", tag = "call clients",
    request_body(content((Vec<u8> = "audio/wav"), (Vec<u8> = "application/octet-stream"))),
    params(("organization" = i64, Path), ("client" = i64, Path), ("prompt" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn put_call_prompt(
    Path((organization, id, name)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    check_kind(&call)?;
    let client = client(&call, snapshot.id(), &id).await?;
    let samples = dialler::put_prompt_file(call.services(), client.id, &name, call.body()).await?;
    Ok(Answer::ok(&Output::of(name, samples as u64)).into_response())
}

fn check_kind(call: &Call) -> Result<(), ApiError> {
    let Some(value) = call.headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let reason = "must be audio/wav or application/octet-stream: the body is a WAV file";
    Err(ApiError::Header { name: "Content-Type", reason })
}
