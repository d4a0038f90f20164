use super::super::client;
use super::{Output, desk};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_app::usecases::dialler;
use muster_domain::ids::ContactId;
use serde::Deserialize;
use utoipa::ToSchema;

/// Whom to call.
#[derive(Deserialize, ToSchema)]
#[schema(as = DeskCallInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The contact, `DiallerContactsID` of the dialler face.
    contact: i64,
}

/// Call a contact for an agent, who is connected at the answer.
///
/// Refused with the reason where the contact cannot be called now.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/call-clients/{client}/desk/{agent}/calls",
    operation_id = "dial_contact", tag = "desk", request_body = Input,
    params(("organization" = i64, Path), ("client" = i64, Path), ("agent" = String, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn dial_contact(
    Path((organization, id, uid)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let contact = ContactId(call.json::<Input>()?.contact);
    let client = client(&call, snapshot.id(), &id).await?;
    let desk = desk(&call)?;
    dialler::contact(call.services(), client.id, contact).await?;
    let view = desk.dial(client.id, &uid, contact).await?;
    Ok(Answer::ok(&Output::of(&view)).into_response())
}
