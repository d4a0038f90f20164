use super::super::client;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;
use muster_app::usecases::dialler;
use muster_domain::ids::ClientId;

/// Read a calling policy of a client account.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-policies/{policy}",
    operation_id = "read_call_policy", tag = "calling policies",
    params(("organization" = i64, Path), ("client" = i64, Path), ("policy" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_call_policy(
    Path((organization, id, name)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let client = client(&call, snapshot.id(), &id).await?;
    let shown = find(&call, client.id, name).await?;
    let tag = etag::of_content(&shown);
    Ok(known_or(&call, &tag, || Answer::ok(&shown).etag(tag.clone())))
}

/// One of the client account's own policies.
pub(super) async fn find(call: &Call, of: ClientId, name: String) -> Result<Output, ApiError> {
    let found = dialler::policies(call.services(), of).await?.into_iter().find(|(known, _)| *known == name);
    let Some((name, document)) = found else { return Err(ApiError::not_found("calling policy", name)) };
    let effective = dialler::read_policy(&document)?;
    Ok(Output { name, document, effective })
}
