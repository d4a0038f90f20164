use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::authoring::replay;
use uuid::Uuid;

/// Read a job's progress.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/jobs/{job}", operation_id = "read_job", tag = "jobs",
    params(("organization" = i64, Path), ("job" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_job(Path((organization, job)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let id = Uuid::try_parse(&job).map_err(|_| ApiError::not_found("job", job))?;
    let job = replay::job(call.services(), snapshot.id(), id).await?;
    Ok(Answer::ok(&Output::of(&job)).into_response())
}
