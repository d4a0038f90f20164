use super::super::client;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler::{self, ClientChange};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// What changes of a client account; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = CallClientChange)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "left out, `null` and a name are three things")]
pub(super) struct Input {
    /// Display name.
    #[serde(default)]
    name: Option<String>,
    /// IANA zone.
    #[serde(default)]
    zone: Option<String>,
    /// ISO 3166 code of a country; empty for none.
    #[serde(default)]
    region: Option<String>,
    /// Calling policy: a preset, or one of its own; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    policy: Option<Option<String>>,
}

/// A member that is there, be it `null`.
#[expect(clippy::option_option, reason = "left out, `null` and a name are three things")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change a client account.
#[utoipa::path(
    patch, path = "/manage/v1/organizations/{organization}/call-clients/{client}",
    operation_id = "change_call_client", tag = "call clients", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn change_call_client(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let Input { name, zone, region, policy } = call.json::<Input>()?;
    let stored = client(&call, snapshot.id(), &id).await?;
    call.check_match(&etag::of_content(&Output::of(&stored)))?;
    let change = ClientChange { name, zone, region, policy };
    let shown = Output::of(&dialler::change_client(call.services(), stored.id, &change).await?);
    Ok(Answer::ok(&shown).etag(etag::of_content(&shown)).into_response())
}
