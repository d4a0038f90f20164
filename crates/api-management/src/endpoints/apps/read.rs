use super::{Output, find, shown, tag};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::read::known_or;

/// Read an app, without its secrets.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/apps/{api_key}", operation_id = "read_app",
    tag = "apps", params(("organization" = i64, Path), ("api_key" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_app(Path((organization, key)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let app = find(&snapshot, &key)?;
    Ok(known_or(&call, &tag(app), || shown(app)))
}
