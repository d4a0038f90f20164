//! `/manage/v1/organizations/{organization}/models`

mod list;
mod put;
mod read;

use crate::answer::Answer;
use crate::call::App;
use crate::etag;
use muster_app::ports::AttributeModel;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list_models)).routes(routes!(read::read_model, put::put_model))
}

/// Definitions of custom attributes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Model)]
pub(super) struct Output {
    /// Its name; `user_profiles` is the customers' own.
    name: String,
    /// Grows by one with each change.
    version: u64,
    /// Attribute name to definition, a type's name or an object that tells more.
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
}

/// New definitions.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ModelInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Attribute name to definition.
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
}

impl Output {
    fn of(model: &AttributeModel) -> Self {
        Self { name: model.name.clone(), version: model.version, attributes: model.attributes.clone() }
    }
}

fn shown(model: &AttributeModel) -> Answer {
    Answer::ok(&Output::of(model)).etag(etag::of_version(model.version))
}
