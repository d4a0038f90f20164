//! `/manage/v1/organizations/{organization}/jobs`

mod list;
mod read;

use crate::call::App;
use crate::document::rfc3339;
use muster_app::ports::{Job, JobState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list_jobs)).routes(routes!(read::read_job))
}

/// Work in the background.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct Output {
    /// Its identifier.
    id: String,
    /// Kind, such as `behavior.replay`.
    kind: String,
    /// Parameters by kind.
    #[schema(value_type = Object)]
    parameters: Value,
    /// `pending`, `running`, `completed` or `failed`.
    state: &'static str,
    /// Customers handled.
    done: u64,
    /// Customers to handle, as counted when it started; `null` before that.
    total: Option<u64>,
    /// Why it failed.
    error: Option<String>,
    /// When it was asked for.
    created_at: String,
    /// When it last moved.
    updated_at: String,
}

impl Output {
    pub(super) fn of(job: &Job) -> Self {
        Self {
            id: job.id.to_string(),
            kind: job.kind.clone(),
            parameters: job.parameters.clone(),
            state: match job.state {
                JobState::Pending => "pending",
                JobState::Running => "running",
                JobState::Completed => "completed",
                JobState::Failed => "failed",
            },
            done: job.done,
            total: job.total,
            error: job.error.clone(),
            created_at: rfc3339(job.created_at),
            updated_at: rfc3339(job.updated_at),
        }
    }
}
