use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{LIMIT_MAX, Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "jobs";

/// List jobs, newest first; the latest 500 can be listed.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/jobs", operation_id = "list_jobs", tag = "jobs",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_jobs(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let jobs = call.services().store.jobs(snapshot.id(), LIMIT_MAX).await?;
    let key = |job: &muster_app::ports::Job| format!("{:020}-{}", job.created_at.0, job.id);
    let keyed = jobs
        .iter()
        .map(|job| (key(job), Output::of(job)))
        .filter(|(key, _)| request.after.as_ref().is_none_or(|after| key < after))
        .take(request.limit as usize + 1)
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
