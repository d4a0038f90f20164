//! `/manage/v1/organizations/{organization}/call-clients/{client}/prompts`

mod list;
mod put;
mod remove;

use crate::call::App;
use muster_app::usecases::dialler::SAMPLES_PER_S;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_call_prompts))
        .routes(routes!(put::put_call_prompt, remove::remove_call_prompt))
}

/// A sound that calls play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CallPrompt)]
pub(super) struct Output {
    /// Its name, by which messages and scripts refer to it.
    name: String,
    /// How long it lasts, in milliseconds.
    duration_ms: u64,
}

impl Output {
    fn of(name: String, samples: u64) -> Self {
        Self { name, duration_ms: samples * 1000 / SAMPLES_PER_S as u64 }
    }
}
