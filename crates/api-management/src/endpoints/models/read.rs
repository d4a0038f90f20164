use super::{Output, shown};
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;
use muster_app::usecases::customers::read_model as read;

/// Read an attribute model.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/models/{model}", operation_id = "read_model",
    tag = "models", params(("organization" = i64, Path), ("model" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_model(Path((organization, model)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let model = read(&snapshot, &model)?;
    Ok(known_or(&call, &etag::of_version(model.version), || shown(&model)))
}
