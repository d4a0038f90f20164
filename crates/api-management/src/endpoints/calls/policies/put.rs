use super::super::client;
use super::Output;
use super::read::find;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A calling policy as a document: `preset` to start from (`STRICT` where it is left out), and what differs from it.
#[derive(ToSchema)]
#[schema(as = CallPolicyDocument, value_type = Object)]
#[expect(dead_code, reason = "stands in the document for what the domain reads")]
pub(super) struct Input(Value);

/// Make a calling policy of a client account, or replace the one of that name.
///
/// It rules calls from now on, also those of campaigns that run. Names of presets are taken.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-policies/{policy}",
    operation_id = "put_call_policy", tag = "calling policies", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path), ("policy" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn put_call_policy(
    Path((organization, id, name)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let document = call.json::<Map<String, Value>>()?;
    let client = client(&call, snapshot.id(), &id).await?;
    dialler::put_policy(call.services(), client.id, &name, Value::Object(document)).await?;
    let shown = find(&call, client.id, name).await?;
    Ok(Answer::ok(&shown).etag(etag::of_content(&shown)).into_response())
}
